/* eventfd(2): a count. No other cubicle runs while a call waits, so instead of waiting it is EAGAIN or EDEADLK. */
#include "core.h"

#include <cubicle/in.h>

#include <stdlib.h>
#include <sys/eventfd.h>

#define COUNT_MAX (UINT64_MAX - 1)

struct eventfd {
    uint64_t count;
    uint64_t changes;
    bool semaphore;
};

static ssize_t event_read(struct file *file, void *buf, size_t count)
{
    struct eventfd *event = file->object;
    if (count < sizeof(event->count)) {
        return -EINVAL;
    }
    if (event->count == 0) {
        return would_block(file);
    }
    const uint64_t taken = event->semaphore ? 1 : event->count;
    event->count -= taken;
    event->changes++;
    memcpy(buf, &taken, sizeof(taken));
    return sizeof(taken);
}

static ssize_t event_write(struct file *file, const void *buf, size_t count)
{
    struct eventfd *event = file->object;
    uint64_t more;
    if (count < sizeof(more)) {
        return -EINVAL;
    }
    if (cubicle_in_copy(&more, buf, sizeof(more)) != 0) {
        return -EFAULT;
    }
    if (more > COUNT_MAX) {
        return -EINVAL;
    }
    if (more > COUNT_MAX - event->count) {
        return would_block(file);
    }
    event->count += more;
    event->changes++;
    return sizeof(more);
}

static int event_poll(const struct file *file)
{
    const struct eventfd *event = file->object;
    return (event->count > 0 ? POLLIN | POLLRDNORM : 0) |
           (event->count < COUNT_MAX ? POLLOUT | POLLWRNORM : 0);
}

static uint64_t event_changes(const struct file *file)
{
    return ((const struct eventfd *)file->object)->changes;
}

static void event_close(struct file *file)
{
    free(file->object);
}

const struct special special_eventfd = {
    .read = event_read,
    .write = event_write,
    .poll = event_poll,
    .changes = event_changes,
    .readable = special_not_readable,
    .close = event_close,
    .mode = 0600,
};

int vfs_eventfd(uint32_t initial, int flags, int caller)
{
    struct client *client = client_get(caller);
    if (client == NULL) {
        return -EDEADLK;
    }
    if ((flags & ~(EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE)) != 0) {
        return -EINVAL;
    }
    struct eventfd *event = malloc(sizeof(*event));
    struct file *file =
        event == NULL ? NULL : special_new(&special_eventfd, (uint32_t)flags);
    if (file == NULL) {
        free(event);
        return -ENOMEM;
    }
    *event =
        (struct eventfd){.count = initial, .semaphore = (flags & EFD_SEMAPHORE) != 0};
    file->object = event;
    return special_install(client, file, (flags & EFD_CLOEXEC) != 0);
}
