#include "counters.h"
#include "cubicle.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct counters *counters;
static bool shared;

/* Maps @fd and lets nobody else write to it (C1). NULL: it is not used. */
static struct counters *counters_map(int fd)
{
    struct stat status;
    if (fstat(fd, &status) != 0 || status.st_size != (off_t)sizeof(struct counters)) {
        return NULL;
    }
    void *at =
        mmap(NULL, sizeof(struct counters), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) {
        return NULL;
    }
    /* From here the kernel refuses write(), and mappings that can be written or made so; nor
     * can the file shrink under its readers. */
    if (fcntl(fd, F_ADD_SEALS,
              F_SEAL_FUTURE_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
        (void)munmap(at, sizeof(struct counters));
        return NULL;
    }
    return at;
}

int counters_setup(int fd)
{
    struct counters *at = fd >= 0 ? counters_map(fd) : NULL;
    shared = at != NULL;
    if (fd >= 0) {
        (void)close(fd); /* C2 */
    }
    if (!shared) {
        at = mmap(NULL, sizeof(*at), PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if ((void *)at == MAP_FAILED) {
            return -ENOMEM;
        }
    }
    counters = at;
    return 0;
}

size_t counters_part_size(uint32_t nedges)
{
    return page_round_up(offsetof(struct counters, edges) +
                         (nedges + UINT64_C(1)) * sizeof(struct counters_edge));
}

int counters_count_in(int fd, uint64_t offset, size_t size)
{
    uint8_t *start = (uint8_t *)counters;
    if (mmap(start, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
             (off_t)offset) == MAP_FAILED ||
        munmap(start + size, sizeof(struct counters) - size) != 0) {
        return -errno;
    }
    shared = true;
    return 0;
}

struct counters_edge *counters_edge(uint32_t id, uint16_t caller, uint16_t callee)
{
    struct counters_edge *edge = &counters->edges[id];
    edge->caller = caller;
    edge->callee = callee;
    return edge;
}

void counters_calls(uint64_t calls[CUBICLE_MAX + 1])
{
    memset(calls, 0, (CUBICLE_MAX + 1) * sizeof(*calls));
    /* Ids are given in order, and nobody calls the monitor from the monitor. */
    for (uint32_t id = 1; counters != NULL && id < COUNTERS_EDGES_MAX; id++) {
        const struct counters_edge *edge = &counters->edges[id];
        if (edge->caller == edge->callee) {
            break;
        }
        calls[edge->callee] += edge->calls;
    }
}

struct counters *counters_shared(void)
{
    return shared ? counters : NULL;
}

void counters_tell(const struct cubicle *cubicle)
{
    if (!shared) {
        return;
    }
    struct counters_cubicle *to = &counters->cubicles[cubicle->id];
    to->npages = cubicle->npages;
    to->peak_pages = cubicle->peak_pages;
    to->quota_pages = cubicle->quota_pages;
    to->traps = cubicle->traps;
    to->retags = cubicle->retags;
    to->mapped = cubicle->mapped;
    to->restarts = cubicle->restarts;
    to->state = (uint32_t)cubicle->state;
}
