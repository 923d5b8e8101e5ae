/*
 * Times of files. A change only marks the node. The clock is asked, and the marks
 * become times, at the next look (stat), when a description that could write is
 * closed, or when the node is forgotten. One reading serves every node that waits. So a
 * file's time lies between the change and the first look at it, and is never too early.
 * Reading does not change the access time, as on a Linux file system mounted with
 * noatime.
 */
#include "core.h"

#include <cubicle.h>
#include <time.h>

static void to_timespec(int64_t ns, struct timespec *ts)
{
    ts->tv_sec = ns / 1000000000;
    ts->tv_nsec = ns % 1000000000;
    if (ts->tv_nsec < 0) {
        ts->tv_nsec += 1000000000;
        ts->tv_sec--;
    }
}

void time_forget(struct node *node)
{
    if (node->marks == 0) {
        return;
    }
    node->marks = 0;
    *node->marked_at = node->marked_next;
    if (node->marked_next != NULL) {
        node->marked_next->marked_at = node->marked_at;
    }
}

void time_mark(struct node *node, uint8_t marks)
{
    if (unlikely((node->flags & FS_NODE_TIMES) != 0)) {
        return; /* its file system does it */
    }
    if (node->marks == 0) {
        node->marked_next = core.marked;
        node->marked_at = &core.marked;
        if (core.marked != NULL) {
            core.marked->marked_at = &node->marked_next;
        }
        core.marked = node;
    }
    node->marks |= marks;
}

void time_mark_dir(struct node *dir)
{
    dir->stale |= STALE_ATTR;
    time_mark(dir, MARK_WRITTEN);
}

int64_t time_now(void)
{
    const int64_t now = cubicle_clock(CLOCK_REALTIME);
    if (now > core.now_ns) {
        core.now_ns = now;
    }
    struct timespec ts;
    to_timespec(core.now_ns, &ts);
    while (core.marked != NULL) {
        struct node *node = core.marked;
        if ((node->marks & MARK_ATIME) != 0) {
            node->st.st_atim = ts;
        }
        if ((node->marks & MARK_MTIME) != 0) {
            node->st.st_mtim = ts;
        }
        if ((node->marks & MARK_CTIME) != 0) {
            node->st.st_ctim = ts;
        }
        node->times_unsaved = true;
        time_forget(node);
    }
    return core.now_ns;
}

void time_settle(struct node *node)
{
    if (node->marks != 0) {
        time_now();
    }
}

void time_mark_written(struct node *node)
{
    time_mark(node, MARK_WRITTEN);
    const mode_t mode = node->st.st_mode;
    mode_t drop = mode & S_ISUID;
    if ((mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP)) {
        drop |= S_ISGID;
    }
    if (unlikely(drop != 0)) {
        node_set_mode(node, mode & ~drop);
    }
}

int64_t time_to_ns(const struct timespec *ts)
{
    int64_t ns;
    if (__builtin_mul_overflow((int64_t)ts->tv_sec, 1000000000, &ns) ||
        __builtin_add_overflow(ns, (int64_t)ts->tv_nsec, &ns)) {
        return ts->tv_sec < 0 ? INT64_MIN : INT64_MAX;
    }
    return ns;
}

void time_from_attr(struct node *node, const struct fs_attr *attr)
{
    to_timespec(attr->atime_ns, &node->st.st_atim);
    to_timespec(attr->mtime_ns, &node->st.st_mtim);
    to_timespec(attr->ctime_ns, &node->st.st_ctim);
}

void time_save(struct node *node)
{
    time_settle(node);
    if (!node->times_unsaved) {
        return;
    }
    const struct fs_attr attr = {
        .atime_ns = time_to_ns(&node->st.st_atim),
        .mtime_ns = time_to_ns(&node->st.st_mtim),
        .ctime_ns = time_to_ns(&node->st.st_ctim),
    };
    int ignored; /* the file system may know better: nothing is lost but a time */
    PROVIDER(ignored,
             node->ops->fs_setattr(node->number,
                                   FS_SET_ATIME | FS_SET_MTIME | FS_SET_CTIME, &attr));
    (void)ignored;
    node->times_unsaved = false;
}
