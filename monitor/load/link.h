/* Placing modules in the offset space, and binding their symbols. */
#ifndef MONITOR_LINK_H
#define MONITOR_LINK_H

#include "gates.h"
#include "module.h"
#include "monitor.h"

/** The modules of the system in start order, and how they are bound. */
struct link_system {
    struct module *modules;
    size_t nmodules;
    const struct monitor_config *config;
    /** The interface @name of the monitor's own, NULL where it is none of them. */
    const struct gate_interface *(*gates)(const char *name);
    bool standalone; /* one module to look at: its imports lead nowhere */
};

/** The module of @system with this name; NULL: there is none. */
const struct module *link_module(const struct link_system *system, const char *name);

/** Bytes of a segment of @module that its file gives: what is behind them is zero. */
size_t link_segment_contents(const struct module *module, enum image_segment segment);

/** Gives @module its place and its pages, and copies its sections there. */
int link_place(struct module *module) __attribute__((warn_unused_result));

/**
 * Would the 32 bits @value at @offset of the code [@code, @code + @size), with what stands
 * around them, spell what the backend refuses?
 */
bool link_spells(const uint8_t *code, uint64_t size, uint64_t offset, uint32_t value);

/**
 * Applies @module's relocations; imports become trampolines, or plain addresses inside a
 * cubicle. All modules have been placed.
 */
int link_relocate(const struct link_system *system, struct module *module)
    __attribute__((warn_unused_result));

/** Sets the final rights of @module's pages and has the backend verify its code. */
int link_seal(struct module *module) __attribute__((warn_unused_result));

/** Writes the trampolines behind cubicle_bind() for every module that imports it. */
int link_bind_providers(const struct link_system *system)
    __attribute__((warn_unused_result));

/**
 * Fills @table with the addresses of @interface's functions of provider @provider as
 * cubicle @caller may call them; see cubicle_bind().
 */
int link_bound_table(unsigned caller, const char *interface, uint64_t fingerprint,
                     const char *provider, uint64_t *table, size_t size);

/** Address that @module may call for function @name of @interface provided by @provider;
 *  0 with a message when there is no room for another trampoline. */
uint32_t link_function(const struct module *module, const struct module *provider,
                       const struct descriptor *interface,
                       const struct descriptor_function *function);

/**
 * The module that provides @interface, which has one provider, to @module: by binding, else the
 * only one that may.
 * @function is for messages. 0 and *@provider, or -ENOEXEC with a message.
 */
int link_provider(const struct link_system *system, const struct module *module,
                  const struct descriptor *interface, const char *function,
                  const struct module **provider) __attribute__((warn_unused_result));

/** True when @module imports function @name, of whatever interface. */
bool link_imports(const struct module *module, const char *name);

/** True when the cubicle holds a module that can change the floating-point environment. */
bool link_uses_fenv(const struct cubicle *cubicle);

#endif
