/* Applying relocations: the values of symbols are written into the module. */
#include "base/message.h"
#include "call/trampoline.h"
#include "link.h"
#include "link_symbol.h"

#include <errno.h>
#include <string.h>

/* What a relocation writes, modulo 2^64: the module's author may have chosen any addend. */
static int64_t link_result(const struct module *module,
                           const struct image_relocation *r, uint64_t value,
                           uint64_t place)
{
    const uint64_t result = value + (uint64_t)r->addend;
    switch (r->type) {
    case R_X86_64_PC32:
    case R_X86_64_PLT32:
        return (int64_t)(result - place);
    case R_X86_64_TPOFF32:
        return (int64_t)(result - link_tls_offset(&module->image));
    default:
        return (int64_t)result;
    }
}

/* @narrow: the distance to the trampoline at @value, for code at @field; where it spells what
 * the backend refuses, to another trampoline that is written for it. */
static int link_call(const struct link_context *context,
                     const struct image_relocation *r, const uint8_t *field,
                     uint64_t value, int32_t *narrow)
{
    enum { TRIES = 8 };
    for (unsigned i = 0; i < TRIES; i++) {
        *narrow =
            (int32_t)link_result(context->module, r, value, (uint64_t)(uintptr_t)field);
        if (value >= SPACE_SIZE || !link_spells(field - r->offset, r->section->size,
                                                r->offset, (uint32_t)*narrow)) {
            break;
        }
        if (trampoline_at((uint32_t)value) == NULL) {
            break; /* verification says what is wrong */
        }
        const struct trampoline *t = trampoline_renew((uint32_t)value);
        if (t == NULL) {
            return -ENOSPC; /* once: each of many calls would say so */
        }
        value = t->entry;
        link_resolve(context, r->symbol, value);
    }
    return 0;
}

static int link_apply(void *opaque, const struct image_relocation *r)
{
    const struct link_context *context = opaque;
    const struct module *module = context->module;
    const enum image_segment segment = r->section->segment;
    const uint64_t place = module->base[segment] + r->section->at + r->offset;
    uint8_t *memory = segment == IMAGE_CODE ? (uint8_t *)(uintptr_t)place
                                            : cubicle_address(module->cubicle, place);
    const bool is_tls = r->symbol->section < module->image.nsections &&
                        r->symbol->section != SHN_UNDEF &&
                        module->image.sections[r->symbol->section].segment == IMAGE_TLS;
    if (is_tls != (r->type == R_X86_64_TPOFF32)) {
        return message_error(-ENOEXEC, "%s: %s+%#llx: wrong kind of access to %s",
                             module->image.path, r->section->name,
                             (unsigned long long)r->offset, r->symbol->name);
    }
    uint64_t value = 0;
    const int error = link_symbol(context, r->symbol, &value);
    if (error != 0) {
        return error;
    }
    const int64_t result = link_result(module, r, value, place);
    if (r->type == R_X86_64_64) {
        memcpy(memory, &result, 8);
        return 0;
    }
    const bool fits = r->type == R_X86_64_32 ? (uint64_t)result == (uint32_t)result
                                             : result == (int32_t)result;
    if (!fits) {
        return message_error(-ENOEXEC,
                             "%s: %s+%#llx: relocation of type %u against %s is out of "
                             "range",
                             module->image.path, r->section->name,
                             (unsigned long long)r->offset, r->type, r->symbol->name);
    }
    /* Not where the function's address is meant, of which there is one. */
    const bool is_call = segment == IMAGE_CODE && r->symbol->section == SHN_UNDEF &&
                         (r->type == R_X86_64_PC32 || r->type == R_X86_64_PLT32);
    int32_t narrow = (int32_t)result;
    const int full = is_call ? link_call(context, r, memory, value, &narrow) : 0;
    if (full != 0) {
        return full;
    }
    memcpy(memory, &narrow, 4);
    return 0;
}

int link_relocate(const struct link_system *system, struct module *module)
{
    struct link_context context = {.system = system, .module = module};
    struct image_error error = {.text = ""};
    const int failed =
        image_visit_relocations(&module->image, link_apply, &context, &error);
    if (failed != 0 && error.text[0] != '\0') {
        return message_error(failed, "%s", error.text);
    }
    return failed;
}
