/*
 * Preloaded into a program and its children: counts host calls and allocations, and
 * makes one of them fail. FAIL_NTH names a file of `struct shared`: which call fails,
 * and what it turned out to be. Left alone are functions whose failure nobody can be
 * told about (write, free, close). Libraries' calls fail like all others.
 */
#undef _FILE_OFFSET_BITS /* NAME and NAME64 are two functions here */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

/* run.py knows this layout. */
struct shared {
    _Atomic uint32_t calls;
    uint32_t fail_at;
    char
        name[120]; /* "FUNCTION in OBJECT" of the call that failed; "" while none has */
};

static struct shared *shared;

/* True when this call, from the code at @from, is the one that fails. Makes no host
 * call, so that it can be made behind the outer wall. */
static bool fails_from(const char *name, void *from)
{
    Dl_info info = {.dli_fname = "?"};
    if (shared == NULL || atomic_fetch_add(&shared->calls, 1) + 1 != shared->fail_at) {
        return false;
    }
    const char *slash = strrchr(info.dli_fname, '/');
    (void)dladdr(from, &info);
    snprintf(shared->name, sizeof(shared->name), "%s in %s", name,
             slash != NULL ? slash + 1 : info.dli_fname);
    return true;
}
#define fails(name) fails_from(name, __builtin_return_address(0))

/* name, its declaration, its arguments, what it returns and errno (0: none) on failure */
#define WRAP(result, name, parameters, arguments, value, error) \
    static result(*real_##name) parameters;                     \
    result name parameters;                                     \
    result name parameters                                      \
    {                                                           \
        if (real_##name == NULL) {                              \
            *(void **)&real_##name = dlsym(RTLD_NEXT, #name);   \
        }                                                       \
        if (fails(#name)) {                                     \
            errno = (error);                                    \
            return (value);                                     \
        }                                                       \
        return real_##name arguments;                           \
    }

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wmissing-prototypes"

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);

/* dlsym() may allocate: these three cannot ask it. */
void *malloc(size_t size)
{
    if (fails("malloc")) {
        errno = ENOMEM;
        return NULL;
    }
    return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    if (fails("calloc")) {
        errno = ENOMEM;
        return NULL;
    }
    return __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
    if (fails("realloc")) {
        errno = ENOMEM;
        return NULL;
    }
    return __libc_realloc(old, size);
}

/* Programs with large file offsets, as ours are built, call NAME64. */
#define WRAP64(result, name, parameters, arguments, value, error) \
    WRAP(result, name, parameters, arguments, value, error)       \
    WRAP(result, name##64, parameters, arguments, value, error)

WRAP64(void *, mmap, (void *at, size_t size, int prot, int flags, int fd, off_t offset),
       (at, size, prot, flags, fd, offset), MAP_FAILED, ENOMEM)
WRAP(int, mprotect, (void *at, size_t size, int prot), (at, size, prot), -1, ENOMEM)
WRAP(int, madvise, (void *at, size_t size, int advice), (at, size, advice), -1, EINVAL)
WRAP(int, memfd_create, (const char *name, unsigned flags), (name, flags), -1, EMFILE)
WRAP64(int, ftruncate, (int fd, off_t size), (fd, size), -1, EFBIG)
WRAP64(int, fallocate, (int fd, int mode, off_t at, off_t size), (fd, mode, at, size),
       -1, ENOSPC)
WRAP(int, fstat, (int fd, struct stat *st), (fd, st), -1, EIO)
WRAP(int, fstat64, (int fd, struct stat64 *st), (fd, st), -1, EIO)
WRAP(ssize_t, read, (int fd, void *buf, size_t n), (fd, buf, n), -1, EIO)
WRAP64(ssize_t, pwrite, (int fd, const void *buf, size_t n, off_t at), (fd, buf, n, at),
       -1, ENOSPC)
WRAP64(FILE *, fopen, (const char *path, const char *mode), (path, mode), NULL, EMFILE)
WRAP(DIR *, opendir, (const char *path), (path), NULL, EMFILE)
WRAP(int, sigaction, (int n, const struct sigaction *new, struct sigaction *old),
     (n, new, old), -1, EINVAL)
WRAP(int, sigaltstack, (const stack_t *new, stack_t *old), (new, old), -1, ENOMEM)
WRAP(int, setrlimit, (__rlimit_resource_t what, const struct rlimit *limit),
     (what, limit), -1, EPERM)
WRAP(int, setgroups, (size_t n, const gid_t *groups), (n, groups), -1, EPERM)
WRAP(int, setresgid, (gid_t r, gid_t e, gid_t s), (r, e, s), -1, EAGAIN)
WRAP(int, setresuid, (uid_t r, uid_t e, uid_t s), (r, e, s), -1, EAGAIN)
WRAP(pid_t, fork, (void), (), -1, EAGAIN)

#define WRAP_OPEN(name)                                \
    int name(const char *path, int flags, ...)         \
    {                                                  \
        static int (*real)(const char *, int, ...);    \
        va_list more;                                  \
        va_start(more, flags);                         \
        const int mode = va_arg(more, int);            \
        va_end(more);                                  \
        if (real == NULL) {                            \
            *(void **)&real = dlsym(RTLD_NEXT, #name); \
        }                                              \
        if (fails(#name)) {                            \
            errno = EMFILE;                            \
            return -1;                                 \
        }                                              \
        return real(path, flags, mode);                \
    }
WRAP_OPEN(open)
WRAP_OPEN(open64)

int prctl(int option, ...)
{
    static int (*real)(int, ...);
    va_list more;
    unsigned long a[4];

    va_start(more, option);
    for (int i = 0; i < 4; i++) {
        a[i] = va_arg(more, unsigned long);
    }
    va_end(more);
    if (real == NULL) {
        *(void **)&real = dlsym(RTLD_NEXT, "prctl");
    }
    if (fails("prctl")) {
        errno = EINVAL;
        return -1;
    }
    return real(option, a[0], a[1], a[2], a[3]);
}

#pragma GCC diagnostic pop

__attribute__((constructor)) static void start(void)
{
    const char *path = getenv("FAIL_NTH");
    const int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;

    if (fd >= 0) {
        void *at =
            mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        close(fd);
        shared = at != MAP_FAILED ? at : NULL;
    }
    unsetenv("FAIL_NTH");
}
