/*
 * Waiting, of poll(2) and epoll(7). Nothing changes while a call waits but time and what comes from outside: the
 * console, and the network. So a call waits in the stack, in the console's device, or for its time limit; with a socket
 * and the console it takes turns. A wait that could never end is answered EDEADLK.
 */
#include "core.h"

#include <clock.h>
#include <cubicle.h>
#include <time.h>

#define NS_PER_MS 1000000
#define TURN_NS \
    (10 * NS_PER_MS) /* in the network while there is a console to look at */

#define DEVICE_BITS (POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM | POLLHUP | POLLERR)

int wait_look(const struct file *file, struct wait *wait)
{
    const struct node *node = file->node;
    if ((file->flags & O_PATH) != 0) {
        return POLLNVAL;
    }
    if (file->special == &special_epoll) {
        return epoll_ready(file, wait);
    }
    if (file->special != NULL) {
        const int ready = file->special->poll(file);
        if (file->special == &special_socket) {
            wait->sockets = true;
        } else if (file->special == &special_timerfd) {
            const int64_t due_ns = timerfd_due_ns(file);
            if (due_ns >= 0 && (wait->limit_ns < 0 || due_ns < wait->limit_ns)) {
                wait->limit_ns = due_ns;
            }
        }
        return ready;
    }
    if (node->pipe != NULL) {
        return pipe_poll(file);
    }
    if ((node->flags & FS_NODE_STREAM) == 0) {
        return POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
    }
    int ready;
    PROVIDER(ready, node->ops->fs_poll(node->number, 0));
    if (ready < 0) {
        return ready == -EINTR ? 0 : POLLERR; /* whoever waits will be told */
    }
    wait->device = file;
    return ready & DEVICE_BITS;
}

int64_t wait_limit(const struct wait *wait, int64_t left_ns)
{
    int64_t limit = left_ns;
    if (wait->limit_ns >= 0 && (limit < 0 || wait->limit_ns < limit)) {
        limit = wait->limit_ns;
    }
    if (wait->device != NULL && (wait->sockets || stack.nsockets > 0) &&
        (limit < 0 || limit > TURN_NS)) {
        limit = TURN_NS;
    }
    return limit;
}

/** Milliseconds of a time limit, never less than it. */
static int milliseconds(int64_t ns)
{
    return ns < 0 ? -1
           : ns > (int64_t)INT_MAX * NS_PER_MS
               ? INT_MAX
               : (int)((ns + NS_PER_MS - 1) / NS_PER_MS);
}

/** For sockets of @owner's, or of nobody's (-1). 0: look again; or an error. */
static int wait_in_stack(int owner, int64_t limit_ns)
{
    int result;
    PROVIDER(result, stack.ops.socket_wait(owner, limit_ns, 0));
    result = (int)stack_checked(result, 1);
    return result < 0 ? result : 0;
}

int wait_step(const struct wait *wait, const struct client *client, int64_t left_ns)
{
    const int64_t limit = wait_limit(wait, left_ns);
    int result;
    if (wait->sockets) {
        return wait_in_stack(client_id(client), limit);
    }
    if (stack.nsockets > 0 && limit >= 0) { /* they go on meanwhile */
        result = wait_in_stack(-1, limit);
        if (result == 0 || result == -EINTR) {
            return result;
        }
    }
    if (wait->device != NULL) {
        const struct node *node = wait->device->node;
        PROVIDER(result, node->ops->fs_poll(node->number, milliseconds(limit)));
        if (result < 0) {
            return checked(result);
        }
        /* The next look tells; but without a limit something has come. */
        return limit < 0 && (result & ~(POLLOUT | POLLWRNORM)) == 0 ? -EIO : 0;
    }
    if (limit < 0) {
        return -EDEADLK;
    }
    PROVIDER(result, clock_sleep_ns((uint64_t)limit));
    return checked(result);
}

int wait_for_input(const struct file *file)
{
    int error = 0;
    while (stack.nsockets > 0 && (file->flags & O_NONBLOCK) == 0 && error == 0) {
        struct wait wait = WAIT_NONE;
        if ((wait_look(file, &wait) & ~(POLLOUT | POLLWRNORM)) != 0) {
            return 0;
        }
        error = wait_step(&wait, NULL, -1);
    }
    return error;
}

int64_t deadline_left(struct deadline *deadline)
{
    if (deadline->timeout_ns <= 0) {
        return deadline->timeout_ns;
    }
    const int64_t now = cubicle_clock(CLOCK_MONOTONIC);
    if (deadline->end_ns == 0) {
        deadline->end_ns = deadline->timeout_ns < INT64_MAX - now
                               ? now + deadline->timeout_ns
                               : INT64_MAX;
        return deadline->timeout_ns;
    }
    return deadline->end_ns > now ? deadline->end_ns - now : 0;
}
