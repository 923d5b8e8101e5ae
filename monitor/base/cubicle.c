#include "cubicle.h"

#include <string.h>

static struct cubicle cubicles[CUBICLE_MAX + 1];
static size_t count;

struct cubicle *cubicle_get(unsigned id)
{
    return id >= 1 && id <= count ? &cubicles[id] : NULL;
}

struct cubicle *cubicle_by_name(const char *name)
{
    for (unsigned id = 1; id <= count; id++) {
        if (strcmp(cubicles[id].name, name) == 0) {
            return &cubicles[id];
        }
    }
    return NULL;
}

size_t cubicle_count(void)
{
    return count;
}

struct cubicle *cubicle_create(const char *name)
{
    if (count == CUBICLE_MAX) {
        return NULL;
    }
    const unsigned id = (unsigned)++count;
    cubicles[id] = (struct cubicle){
        .id = id,
        .name = name,
        .state = CUBICLE_STARTING,
        .quota_pages = UINT64_MAX,
    };
    return &cubicles[id];
}

const char *cubicle_name(unsigned id)
{
    if (id == CUBICLE_MONITOR) {
        return "monitor";
    }
    return id <= count ? cubicles[id].name : "?";
}
