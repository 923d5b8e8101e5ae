/*
 * Shared mappings of files. The file system lends its own pages, and they have the same
 * address here as there.
 *
 * 1. The file system is not trusted. The monitor must confirm that one other cubicle lends the
 *    pages, so that no file system can pass off this cubicle's own memory as a file. And the
 *    pages must not be in a mapping of another file, or of another part of this one.
 * 2. A mapping can end without a call of the program: the file system was begun anew, or takes its
 *    pages back. Its address stays in the table, so fresh memory that turns up there is not used
 *    (call_map.c): nothing else is written to through what the program takes for a file.
 * 3. A page that was mapped twice is in the table twice, and is to be unmapped twice.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "call_shared.h"
#include "map_shared.h"
#include "syscall.h"

#define SHARED_MAX 64 /* what a file system lends to one client, more or less */

/* Below it, a function of vfs is of a module in this cubicle, and not a trampoline's stub. */
#define STUBS_START 0x7f000000ul

struct shared {
    unsigned long base, len; /* len 0: not in use */
    unsigned long offset;
    dev_t dev;
    ino_t ino;
};

static struct shared table[SHARED_MAX];

static unsigned long end_of(const struct shared *s)
{
    return s->base + s->len;
}

static struct shared *shared_free(void)
{
    for (int i = 0; i < SHARED_MAX; i++) {
        if (table[i].len == 0) {
            return &table[i];
        }
    }
    return 0;
}

/* A mapping that overlaps the range. */
static struct shared *shared_find(unsigned long base, unsigned long len)
{
    for (int i = 0; i < SHARED_MAX; i++) {
        struct shared *s = &table[i];
        if (s->len != 0 && s->base < base + len && base < end_of(s)) {
            return s;
        }
    }
    return 0;
}

static int shared_has(unsigned long base, unsigned long len)
{
    return shared_find(base, len) != 0;
}

/* A mapping that contains @base: the one of exactly this range, if there is. */
static struct shared *shared_pick(unsigned long base, unsigned long len)
{
    for (int i = 0; i < SHARED_MAX; i++) {
        if (table[i].base == base && table[i].len == len) {
            return &table[i];
        }
    }
    return shared_find(base, 1);
}

/* Is all of the range in the table? */
static int shared_covers(unsigned long base, unsigned long len)
{
    const unsigned long end = base + len;
    while (base < end) {
        const struct shared *s = shared_find(base, 1);
        if (s == 0) {
            return 0;
        }
        base = end_of(s);
    }
    return 1;
}

/* Does @s, which overlaps @wanted, mean the same bytes of the same file? */
static int shared_agrees(const struct shared *s, const struct shared *wanted)
{
    return s->dev == wanted->dev && s->ino == wanted->ino &&
           s->base - s->offset == wanted->base - wanted->offset;
}

static int shared_fits(const struct shared *wanted)
{
    for (int i = 0; i < SHARED_MAX; i++) {
        const struct shared *s = &table[i];
        if (s->len != 0 && s->base < end_of(wanted) && wanted->base < end_of(s) &&
            !shared_agrees(s, wanted)) {
            return 0;
        }
    }
    return 1;
}

static int rights_of(int prot)
{
    return prot & PROT_WRITE ? CUBICLE_WRITE : prot & PROT_READ ? CUBICLE_READ : 0;
}

/* Is the range another cubicle's memory, lent to this one? Where vfs is a part of this cubicle no
 * check is needed, for vfs can change all memory of the cubicle anyway. */
static int shared_is_lent(unsigned long base, unsigned long len, int rights)
{
    return (unsigned long)vfs_map < STUBS_START ||
           cubicle_window_lender((void *)base, len, rights) > 0;
}

/* Has vfs set @prot for pages in the table, and checks that the monitor agrees. */
static long shared_protect(unsigned long base, unsigned long len, int prot)
{
    const int rights = rights_of(prot);
    if (!shared_covers(base, len)) {
        return -ENOMEM;
    }
    const long r = __call_zero(vfs_map_protect((void *)base, len, rights, CALL_SELF));
    if (r == 0 && rights != 0 && !shared_is_lent(base, len, rights)) {
        return -EIO;
    }
    return r == -EINVAL ? -ENOMEM : r;
}

/* Takes pages out of @s, which contains all of them. The rest behind them goes to @spare, if there
 * is a rest before them, too. */
static void shared_cut(struct shared *s, unsigned long base, unsigned long len,
                       struct shared *spare)
{
    const unsigned long end = end_of(s);
    struct shared rest = *s;
    rest.base = base + len;
    rest.len = end - rest.base;
    rest.offset += rest.base - s->base;
    s->len = base - s->base;
    if (rest.len != 0) {
        *(s->len == 0 ? s : spare) = rest;
    }
}

/* Ends one mapping of each page. Where the file system knows of no mapping, it has ended already.
 */
static long shared_unmap(unsigned long base, unsigned long len)
{
    if (!shared_covers(base, len)) {
        return -EINVAL;
    }
    while (len != 0) {
        struct shared *s = shared_pick(base, len);
        struct shared *spare = shared_free();
        const unsigned long left = end_of(s) - base;
        const unsigned long part = left < len ? left : len;
        if (spare == 0 && base > s->base && part < left) {
            return -ENOMEM;
        }
        const long r = __call_zero(vfs_unmap((void *)base, part, CALL_SELF));
        if (r != 0 && r != -EINVAL) {
            return r;
        }
        shared_cut(s, base, part, spare);
        base += part;
        len -= part;
    }
    return 0;
}

static long shared_sync(unsigned long base, unsigned long len)
{
    if (!shared_covers(base, len)) {
        return -ENOMEM;
    }
    for (const unsigned long end = base + len; base < end;) {
        const long r = __call_zero(vfs_map_sync((void *)base, CALL_SELF));
        if (r != 0) {
            return r == -EINVAL ? -EIO : r; /* it has ended */
        }
        base = end_of(shared_find(base, 1));
    }
    return 0;
}

static long shared_resize(unsigned long base, unsigned long len, unsigned long new_len)
{
    struct shared *s = shared_pick(base, len);
    if (s == 0 || base + len > end_of(s)) {
        return -EFAULT;
    }
    if (new_len <= len) {
        const long r = new_len == len ? 0 : shared_unmap(base + new_len, len - new_len);
        return r != 0 ? r : (long)base;
    }
    struct shared more = *s;
    more.base = base + len;
    more.len = new_len - len;
    more.offset += more.base - s->base;
    if (base + len != end_of(s) || new_len > UINT32_MAX - base || !shared_fits(&more)) {
        return -ENOMEM;
    }
    const long r = __call_zero(vfs_map_grow((void *)base, len, new_len, CALL_SELF));
    if (r != 0) {
        return r;
    }
    if (!shared_is_lent(more.base, more.len, CUBICLE_READ)) { /* nor with PROT_NONE */
        vfs_unmap((void *)more.base, more.len, CALL_SELF);
        return -ENOMEM;
    }
    s->len += more.len;
    return base;
}

static const struct call_shared shared = {
    .has = shared_has,
    .unmap = shared_unmap,
    .protect = shared_protect,
    .sync = shared_sync,
    .resize = shared_resize,
};

/* Checks @r, an answer of vfs_map(): -EIO where it is not valid. */
static long shared_check(const struct shared *wanted, long r)
{
    if (r < 0) {
        return __call_lie(r);
    }
    if (r & 4095 || r == 0 || r > UINT32_MAX || wanted->len > UINT32_MAX - (unsigned long)r) {
        return -EIO;
    }
    return 0;
}

long __map_shared(unsigned long len, int prot, int fd, long off)
{
    struct stat st;
    struct shared *slot = shared_free();
    if (prot & PROT_EXEC) {
        return -EACCES;
    }
    if (slot == 0) {
        return -ENOMEM;
    }
    long r = __call_zero(vfs_fstat(fd, &st, CALL_SELF));
    if (r != 0) {
        return r;
    }
    struct shared wanted = {
        .len = len, .offset = off, .dev = st.st_dev, .ino = st.st_ino};
    /* What is lent without rights cannot be told from what is not lent. */
    const int rights = rights_of(prot | PROT_READ);
    const long base = vfs_map(fd, off, len, rights, CALL_SELF);
    r = shared_check(&wanted, base);
    if (r != 0) {
        return r;
    }
    wanted.base = base;
    if (!shared_fits(&wanted) || !shared_is_lent(base, len, rights)) {
        vfs_unmap((void *)base, len, CALL_SELF);
        return -EIO;
    }
    *slot = wanted;
    __call_shared = &shared;
    if ((prot & (PROT_READ | PROT_WRITE)) == 0) {
        r = shared_protect(base, len, prot);
        if (r != 0) {
            shared_unmap(base, len);
        }
    }
    return r != 0 ? r : base;
}
