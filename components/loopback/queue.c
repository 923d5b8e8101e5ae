/* Frames on their way, in the order in which they arrive: a ring. */
#include "loopback.h"

#include <stdlib.h>

static struct loopback_frame frames[LOOPBACK_FRAMES];
static unsigned first, count;

static struct loopback_frame *queue_at(unsigned index)
{
    return &frames[(first + index) % LOOPBACK_FRAMES];
}

void queue_clear(void)
{
    while (count > 0) {
        queue_drop();
    }
}

bool queue_put(const struct loopback_frame *frame, bool overtakes)
{
    if (count == LOOPBACK_FRAMES) {
        return false;
    }
    struct loopback_frame *at = queue_at(count++);
    *at = *frame;
    if (overtakes && count > 1) {
        struct loopback_frame *before = queue_at(count - 2);
        *at = *before;
        *before = *frame;
        before->due_ns = at->due_ns; /* they are due in their order */
    }
    return true;
}

const struct loopback_frame *queue_first(void)
{
    return count > 0 ? queue_at(0) : NULL;
}

void queue_drop(void)
{
    free(queue_at(0)->bytes);
    first = (first + 1) % LOOPBACK_FRAMES;
    count--;
}
