#include "counters_names.h"
#include "backend/backend.h"
#include "base/counters.h"
#include "base/cubicle.h"
#include "base/populate.h"
#include "call/trampoline.h"
#include "sampler.h"

#include <string.h>
#include <unistd.h>

/* Copies as much of @name as fits. @to is zero. */
static void counters_copy(char *to, size_t size, const char *name)
{
    memcpy(to, name, strnlen(name, size - 1));
}

/* Adds @name to all names, where *@used bytes are taken. Where it begins; 0, the empty name, when it does not fit. */
static uint32_t counters_add(struct counters *c, uint32_t *used, const char *name)
{
    const size_t size = strlen(name) + 1;
    const uint32_t at = *used;
    if (size > COUNTERS_NAMES_SIZE - at) {
        return 0;
    }
    memcpy(c->names + at, name, size);
    *used += (uint32_t)size;
    return at;
}

static void counters_name_edges(struct counters *c)
{
    const char *interface = NULL; /* of the edge before: mostly it is the same */
    uint32_t used = 1, interface_at = 0;
    populate(c->edges, (trampoline_count() + 1) * sizeof(c->edges[0]));
    for (uint32_t id = 1; id <= trampoline_count(); id++) {
        const struct trampoline *t = trampoline_get(id);
        if (t->interface != interface) {
            interface = t->interface;
            interface_at = counters_add(c, &used, interface);
        }
        c->edges[id].interface = interface_at;
        c->edges[id].function = counters_add(c, &used, t->function->name);
    }
}

void counters_announce(const struct monitor_config *config)
{
    struct counters *c = counters_shared();
    if (c == NULL) {
        return;
    }
    memcpy(c->magic, COUNTERS_MAGIC, sizeof(c->magic));
    c->version = COUNTERS_VERSION;
    c->size = sizeof(*c);
    c->runner = getppid();
    c->monitor = getpid();
    c->sample_ms = config->sample ? SAMPLER_TICK_MS : 0;
    c->ncubicles = (uint32_t)cubicle_count();
    c->nedges = trampoline_count();
    counters_copy(c->isolation, sizeof(c->isolation), backend->name);
    counters_copy(c->system, sizeof(c->system), config->system);
    for (unsigned id = 0; id <= cubicle_count(); id++) {
        counters_copy(c->cubicles[id].name, COUNTERS_NAME_SIZE, cubicle_name(id));
        if (id > 0) {
            counters_tell(cubicle_get(id));
        }
    }
    counters_name_edges(c);
    __atomic_store_n(&c->ready, 1, __ATOMIC_RELEASE);
}
