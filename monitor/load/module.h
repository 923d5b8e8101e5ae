/*
 * A module of the running system: its image, its note, and where it lies.
 */
#ifndef MONITOR_MODULE_H
#define MONITOR_MODULE_H

#include "base/cubicle.h"
#include "call/descriptor.h"
#include "elf_image.h"

#include <stdbool.h>
#include <stdint.h>

#define MODULE_INTERFACES_MAX 32
#define MODULE_NO_ENTRY UINT32_MAX

struct trampoline;

struct module {
    const char *name;
    struct cubicle *cubicle;
    unsigned rights; /* MONITOR_RIGHT_*, as the manifest says */
    bool is_boot;    /* the same */
    struct image image;
    /* Both are indexed by the numbers of the registry's functions, and owned. */
    bool *imports; /* the module has an undefined symbol of that name */
    /* Offset in its code of each function that it provides; else MODULE_NO_ENTRY. */
    uint32_t *entries;
    /* Where its entry points are, in ascending order; owned. */
    uint32_t *starts;
    size_t nstarts;
    const struct descriptor *provides[MODULE_INTERFACES_MAX];
    size_t nprovides;
    const struct descriptor *uses[MODULE_INTERFACES_MAX];
    size_t nuses;
    /* Functions that the monitor calls. `ended` and `restarted` may be NULL (lifecycle.h). */
    const struct trampoline *init, *ended, *restarted;
    /* Contents of its data segment before anything ran; owned. NULL: the monitor keeps none. */
    uint8_t *fresh_data;
    size_t fresh_size;
    uint32_t base[IMAGE_SEGMENTS]; /* offset of each segment; 0 for an empty one */
};

/**
 * Reads and checks the module file @path, its note included: built for code kind @code
 * ("sfi" or "plain"), every interface known with the same fingerprint.
 * 0, or a negative errno with a message written and nothing to free.
 */
int module_read(const char *path, const char *code, struct module *module)
    __attribute__((warn_unused_result));

/** Frees what module_read() has allocated. */
void module_close(struct module *module);

/** Does the note say that the module provides, or uses, @interface? */
bool module_provides(const struct module *module, const struct descriptor *interface);
bool module_uses(const struct module *module, const struct descriptor *interface);

/** Address of @function, of an interface that the module provides, or 0. */
uint32_t module_entry(const struct module *module,
                      const struct descriptor_function *function);

/** Is @address one of the module's entry points? */
bool module_has_entry_at(const struct module *module, uint64_t address);

/** Does the module import @function? No where that is NULL. */
bool module_imports(const struct module *module,
                    const struct descriptor_function *function);

/** Pages and bytes of each segment. */
uint32_t module_segment_pages(const struct module *module, enum image_segment segment);

/** The module whose code covers absolute address @address, or NULL. */
const struct module *module_at(uint64_t address);

#endif
