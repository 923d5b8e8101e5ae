/* timerfd_create(2). A timer is its next time: how often it has expired is asked of the clock. */
#include "core.h"

#include <cubicle.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>

#define NS_PER_S INT64_C(1000000000)
#define SET_FLAGS (TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)

struct timerfd {
    int32_t clock;
    int64_t next_ns;     /* of the clock; 0: not set */
    int64_t interval_ns; /* 0: once */
    uint64_t taken;      /* expirations that have been read */
};

static int64_t clock_ns(const struct timerfd *timer)
{
    /* CLOCK_BOOTTIME is the monotonic one: nobody puts the system to sleep. */
    return cubicle_clock(timer->clock == CLOCK_REALTIME ? CLOCK_REALTIME
                                                        : CLOCK_MONOTONIC);
}

/** How often it has expired since it was read. */
static uint64_t timerfd_count(const struct timerfd *timer, int64_t now)
{
    if (timer->next_ns == 0 || now < timer->next_ns) {
        return 0;
    }
    return timer->interval_ns == 0
               ? 1
               : 1 + (uint64_t)(now - timer->next_ns) / (uint64_t)timer->interval_ns;
}

static ssize_t timerfd_read(struct file *file, void *buf, size_t size)
{
    struct timerfd *timer = file->object;
    uint64_t count;
    if (size < sizeof(count)) {
        return -EINVAL;
    }
    for (;;) {
        const int64_t now = clock_ns(timer);
        count = timerfd_count(timer, now);
        if (count != 0) {
            break;
        }
        if ((file->flags & O_NONBLOCK) != 0 || timer->next_ns == 0) {
            return would_block(file);
        }
        const struct wait wait = WAIT_NONE;
        const int error = wait_step(&wait, NULL, timer->next_ns - now);
        if (error != 0) {
            return error;
        }
    }
    timer->taken += count;
    timer->next_ns = timer->interval_ns == 0
                         ? 0
                         : timer->next_ns + (int64_t)count * timer->interval_ns;
    memcpy(buf, &count, sizeof(count));
    return sizeof(count);
}

static int timerfd_poll(const struct file *file)
{
    const struct timerfd *timer = file->object;
    return timerfd_count(timer, clock_ns(timer)) != 0 ? POLLIN | POLLRDNORM : 0;
}

static uint64_t timerfd_changes(const struct file *file)
{
    const struct timerfd *timer = file->object;
    return timer->taken + timerfd_count(timer, clock_ns(timer));
}

int64_t timerfd_due_ns(const struct file *file)
{
    const struct timerfd *timer = file->object;
    if (timer->next_ns == 0) {
        return -1;
    }
    const int64_t now = clock_ns(timer);
    const uint64_t count = timerfd_count(timer, now);
    if (count != 0 && timer->interval_ns == 0) {
        return -1;
    }
    return timer->next_ns + (int64_t)count * timer->interval_ns - now;
}

static void timerfd_close(struct file *file)
{
    free(file->object);
}

const struct special special_timerfd = {
    .read = timerfd_read,
    .write = special_no_write,
    .poll = timerfd_poll,
    .changes = timerfd_changes,
    .readable = special_not_readable,
    .close = timerfd_close,
    .mode = 0600,
};

int vfs_timerfd_create(int clock, int flags, int caller)
{
    struct client *client = client_get(caller);
    if (client == NULL) {
        return -EDEADLK;
    }
    if ((flags & ~(TFD_CLOEXEC | TFD_NONBLOCK)) != 0 ||
        (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC &&
         clock != CLOCK_BOOTTIME)) {
        return -EINVAL;
    }
    struct timerfd *timer = malloc(sizeof(*timer));
    struct file *file =
        timer == NULL ? NULL : special_new(&special_timerfd, (uint32_t)flags);
    if (file == NULL) {
        free(timer);
        return -ENOMEM;
    }
    *timer = (struct timerfd){.clock = clock};
    file->object = timer;
    return special_install(client, file, (flags & TFD_CLOEXEC) != 0);
}

static bool time_valid(const struct timespec *time)
{
    return time->tv_sec >= 0 && time->tv_nsec >= 0 && time->tv_nsec < NS_PER_S;
}

/** Nanoseconds of @time; more than a clock will ever show is as much as it could. */
static int64_t time_ns(const struct timespec *time)
{
    return time->tv_sec >= INT64_MAX / NS_PER_S / 4
               ? INT64_MAX / 4
               : time->tv_sec * NS_PER_S + time->tv_nsec;
}

static struct timespec time_of(int64_t ns)
{
    return (struct timespec){.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};
}

static void timerfd_show(const struct timerfd *timer, int64_t now,
                         struct itimerspec *shown)
{
    *shown = (struct itimerspec){.it_interval = time_of(timer->interval_ns)};
    if (timer->next_ns == 0) {
        return;
    }
    const uint64_t count = timerfd_count(timer, now);
    if (count == 0 || timer->interval_ns != 0) {
        shown->it_value =
            time_of(timer->next_ns + (int64_t)count * timer->interval_ns - now);
    }
}

static struct timerfd *timerfd_of(int fd, int caller, int *error)
{
    const struct file *file = file_of(fd, caller);
    if (file == NULL || file->special != &special_timerfd) {
        *error = file == NULL ? -EBADF : -EINVAL;
        return NULL;
    }
    return file->object;
}

int vfs_timerfd_settime(int fd, int flags, const struct itimerspec *next,
                        struct itimerspec *before, int caller)
{
    int error = 0;
    struct timerfd *timer = timerfd_of(fd, caller, &error);
    if (timer == NULL) {
        return error;
    }
    if ((flags & ~SET_FLAGS) != 0 || !time_valid(&next->it_value) ||
        !time_valid(&next->it_interval)) {
        return -EINVAL;
    }
    const int64_t now = clock_ns(timer);
    timerfd_show(timer, now, before);
    const int64_t value = time_ns(&next->it_value);
    timer->next_ns =
        value == 0 || (flags & TFD_TIMER_ABSTIME) != 0 ? value : now + value;
    timer->interval_ns = value == 0 ? 0 : time_ns(&next->it_interval);
    return 0;
}

int vfs_timerfd_gettime(int fd, struct itimerspec *shown, int caller)
{
    int error = 0;
    const struct timerfd *timer = timerfd_of(fd, caller, &error);
    if (timer == NULL) {
        return error;
    }
    timerfd_show(timer, clock_ns(timer), shown);
    return 0;
}
