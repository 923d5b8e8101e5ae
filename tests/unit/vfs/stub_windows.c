#include "stub_windows.h"

#include <cubicle.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define WINDOWS 64
#define RANGES 16
#define PEERS_MAX 16

static struct {
    bool used, open[PEERS_MAX];
    struct {
        const char *base;
        size_t len;
        int rights;
    } ranges[RANGES];
} windows[WINDOWS + 1];

int stub_windows_left = -1;

int cubicle_self(void)
{
    return STUB_SELF;
}

int stub_window_rights(int peer, const void *at)
{
    int rights = 0;
    for (int id = 1; id <= WINDOWS; id++) {
        for (int i = 0; windows[id].used && windows[id].open[peer] && i < RANGES; i++) {
            const char *base = windows[id].ranges[i].base;
            if ((uintptr_t)at - (uintptr_t)base < windows[id].ranges[i].len) {
                rights |= windows[id].ranges[i].rights;
            }
        }
    }
    return rights;
}

unsigned stub_windows_used(void)
{
    unsigned used = 0;
    for (int id = 1; id <= WINDOWS; id++) {
        used += windows[id].used;
    }
    return used;
}

void stub_windows_forget(int peer)
{
    for (int id = 1; id <= WINDOWS; id++) {
        windows[id].open[peer] = false;
    }
}

int cubicle_window_init(void)
{
    for (int id = 1; id <= WINDOWS && stub_windows_left != 0; id++) {
        if (!windows[id].used) {
            stub_windows_left -= stub_windows_left > 0;
            windows[id].used = true;
            return id;
        }
    }
    return -ENOSPC;
}

int cubicle_window_add(int id, void *base, size_t len, int rights)
{
    if (id < 1 || id > WINDOWS || !windows[id].used || len == 0 ||
        (rights != CUBICLE_READ && rights != CUBICLE_WRITE)) {
        abort();
    }
    for (int i = 0; i < RANGES; i++) {
        if (windows[id].ranges[i].len == 0) {
            windows[id].ranges[i].base = base;
            windows[id].ranges[i].len = len;
            windows[id].ranges[i].rights = rights;
            return 0;
        }
    }
    return -ENOSPC;
}

int cubicle_window_remove(int id, void *base)
{
    int error = -ENOENT;
    for (int i = 0; i < RANGES; i++) {
        if (windows[id].ranges[i].len != 0 && windows[id].ranges[i].base == base) {
            windows[id].ranges[i].len = 0;
            error = 0;
        }
    }
    return error;
}

int cubicle_window_open(int id, int peer)
{
    if (peer <= 0 || peer >= PEERS_MAX) {
        return -ESRCH;
    }
    windows[id].open[peer] = true;
    return 0;
}

int cubicle_window_destroy(int id)
{
    for (int i = 0; i < RANGES; i++) {
        windows[id].ranges[i].len = 0;
    }
    for (int peer = 0; peer < PEERS_MAX; peer++) {
        windows[id].open[peer] = false;
    }
    windows[id].used = false;
    return 0;
}
