/* Memory that is about to be written: one host call instead of a fault for each page. */
#ifndef MONITOR_POPULATE_H
#define MONITOR_POPULATE_H

#include "layout.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif

/** Has the host provide the pages that lie wholly in [@at, @at + @size), which is writable
 *  memory. Only a hint: a host that cannot lets them come one by one. */
static inline void populate(void *at, size_t size)
{
    const uintptr_t begin =
        ((uintptr_t)at + PAGE_SIZE - 1) & ~(uintptr_t)(PAGE_SIZE - 1);
    const uintptr_t end = ((uintptr_t)at + size) & ~(uintptr_t)(PAGE_SIZE - 1);

    if (end > begin + PAGE_SIZE) {
        (void)madvise((void *)begin, end - begin, MADV_POPULATE_WRITE);
    }
}

#endif
