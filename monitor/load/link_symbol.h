/* What symbols of a module stand for; for link*.c only. */
#ifndef MONITOR_LINK_SYMBOL_H
#define MONITOR_LINK_SYMBOL_H

#include "link.h"

struct link_context {
    const struct link_system *system;
    struct module *module;
};

/** The value of @symbol of the context's module: of an import, the stub of a trampoline. 0 or a
 *  negative errno after a message. */
int link_symbol(const struct link_context *context, const struct image_symbol *symbol,
                uint64_t *value) __attribute__((warn_unused_result));

/** @symbol stands for @value from now on, however many relocations name it. */
void link_resolve(const struct link_context *context, const struct image_symbol *symbol,
                  uint64_t value);

/** How far below the thread pointer the TLS block begins. */
uint64_t link_tls_offset(const struct image *image);

#endif
