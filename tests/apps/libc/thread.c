/* What the POSIX thread calls mean where there is one thread. */
#define _GNU_SOURCE
#include "groups.h"

#include <pthread.h>
#include <semaphore.h>
#include <time.h>
#include <unistd.h>

static int once_count;

static void once(void)
{
    once_count++;
}

static void *never(void *argument)
{
    return argument;
}

static void test_locks(void)
{
    pthread_mutex_t plain = PTHREAD_MUTEX_INITIALIZER, recursive;
    pthread_mutexattr_t attributes;
    CHECK_INT(pthread_mutex_lock(&plain), 0);
    CHECK_INT(pthread_mutex_trylock(&plain), EBUSY);
    CHECK_INT(pthread_mutex_unlock(&plain), 0);
    CHECK_INT(pthread_mutexattr_init(&attributes), 0);
    CHECK_INT(pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE), 0);
    CHECK_INT(pthread_mutex_init(&recursive, &attributes), 0);
    CHECK_INT(pthread_mutex_lock(&recursive), 0);
    CHECK_INT(pthread_mutex_lock(&recursive), 0);
    CHECK_INT(pthread_mutex_unlock(&recursive), 0);
    CHECK_INT(pthread_mutex_unlock(&recursive), 0);
    CHECK_INT(pthread_mutex_unlock(&recursive), EPERM);

    pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 10000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&plain);
    CHECK_INT(pthread_cond_timedwait(&condition, &plain, &until), ETIMEDOUT);
    CHECK_INT(pthread_cond_signal(&condition), 0);
    pthread_mutex_unlock(&plain);

    sem_t semaphore;
    CHECK_INT(sem_init(&semaphore, 0, 1), 0);
    CHECK_INT(sem_wait(&semaphore), 0);
    CHECK_ERROR(sem_trywait(&semaphore), EAGAIN);
    CHECK_INT(sem_post(&semaphore), 0);

    pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
    CHECK_INT(pthread_rwlock_rdlock(&rw), 0);
    CHECK_INT(pthread_rwlock_tryrdlock(&rw), 0);
    CHECK_INT(pthread_rwlock_trywrlock(&rw), EBUSY);
    pthread_rwlock_unlock(&rw);
    pthread_rwlock_unlock(&rw);
}

void test_thread(void)
{
    pthread_t thread;
    pthread_key_t key;
    pthread_once_t control = PTHREAD_ONCE_INIT;

    test_locks();
    CHECK_INT(pthread_create(&thread, NULL, never, NULL), EAGAIN);
    CHECK(pthread_equal(pthread_self(), pthread_self()));
    pthread_once(&control, once);
    pthread_once(&control, once);
    CHECK_INT(once_count, 1);
    CHECK_INT(pthread_key_create(&key, NULL), 0);
    CHECK(pthread_getspecific(key) == NULL);
    CHECK_INT(pthread_setspecific(key, &key), 0);
    CHECK(pthread_getspecific(key) == &key);
    CHECK_INT(pthread_key_delete(key), 0);
    CHECK_INT(gettid(), getpid());
}
