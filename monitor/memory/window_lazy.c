/*
 * Lazy revocation, to measure what the strict one costs: --revoke=lazy. When a window shrinks or
 * closes only the permission ends at once. What is mapped is taken back when pages are freed, a
 * cubicle ends, or many ranges have come together.
 */
#include "window.h"

#define PENDING_MAX 64
static struct {
    uint32_t page, npages;
} pending[PENDING_MAX];
static unsigned npending;

static void lazy_flush(void)
{
    for (unsigned i = 0; i < npending; i++) {
        window_settle(pending[i].page, pending[i].npages);
    }
    npending = 0;
}

static void lazy_put_off(uint32_t page, uint32_t npages)
{
    if (npending == PENDING_MAX) {
        lazy_flush();
    }
    pending[npending].page = page;
    pending[npending++].npages = npages;
}

const struct window_lazy window_lazy = {
    .put_off = lazy_put_off,
    .flush = lazy_flush,
};
