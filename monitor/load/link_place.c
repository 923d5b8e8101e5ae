/*
 * Placing a module: its segments take consecutive pages of the module space, data is
 * written through the owner's view, code at its absolute address, writable until sealed.
 * The segments of a module keep their distances wherever it is placed: cubicle-cc counts
 * on that.
 */
#include "backend/backend.h"
#include "base/message.h"
#include "base/populate.h"
#include "call/trampoline.h"
#include "link.h"
#include "memory/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static uint32_t next_page = MODULES_START >> PAGE_SHIFT;

static const enum page_kind segment_kinds[IMAGE_SEGMENTS] = {
    [IMAGE_CODE] = PAGE_CODE,
    [IMAGE_RODATA] = PAGE_RODATA,
    [IMAGE_DATA] = PAGE_DATA,
    [IMAGE_TLS] = PAGE_RODATA,
};

/* Where the monitor writes the segment while loading. */
static uint8_t *link_segment_memory(const struct module *module,
                                    enum image_segment segment)
{
    return segment == IMAGE_CODE
               ? (uint8_t *)(uintptr_t)module->base[IMAGE_CODE]
               : cubicle_address(module->cubicle, module->base[segment]);
}

/* Code pages lie in no view, so nobody has rights to them as data; they count towards the
 * quota like all others. */
static int link_map_code(struct module *module, uint32_t page, uint32_t npages)
{
    if (!cubicle_quota_allows(module->cubicle, npages)) {
        return -ENOMEM;
    }
    const int error = page_claim(page, npages, module->cubicle->id, PAGE_CODE, 0);
    if (error != 0) {
        return error;
    }
    const size_t size = (size_t)npages << PAGE_SHIFT;
    void *at = (void *)((uintptr_t)page << PAGE_SHIFT);
    if (mprotect(at, size, PROT_READ | PROT_WRITE) != 0) {
        page_free(page, npages);
        return -ENOMEM;
    }
    populate(at, size);
    memset(at, 0xcc, size); /* what is between functions traps */
    cubicle_book(module->cubicle, npages);
    return 0;
}

/* Sets the bases that the segments have when the module begins at @page; returns the page
 * behind it. An unmapped page between modules and segments catches small overruns. */
static uint32_t link_lay_out(struct module *module, uint32_t page)
{
    for (unsigned s = 0; s < IMAGE_SEGMENTS; s++) {
        const uint32_t npages = module_segment_pages(module, s);
        if (npages != 0) {
            module->base[s] = page << PAGE_SHIFT;
            page += npages + 1;
        }
    }
    return page;
}

bool link_spells(const uint8_t *code, uint64_t size, uint64_t offset, uint32_t value)
{
    enum { AROUND = 2 };
    const uint64_t before = offset < AROUND ? offset : AROUND;
    const uint64_t behind = size - offset - sizeof(value);
    uint8_t bytes[AROUND + sizeof(value) + AROUND];
    const size_t len = (size_t)(before + sizeof(value)) +
                       (behind < AROUND ? (size_t)behind : (size_t)AROUND);
    memcpy(bytes, code + offset - before, len);
    memcpy(bytes + before, &value, sizeof(value));
    return backend->spells(bytes, len);
}

/* Does an address of the module itself, where its code mentions it, spell such a thing? Stops
 * at the first. */
static int link_visit_spelling(void *context, const struct image_relocation *r)
{
    const struct module *module = context;
    if (r->section->segment != IMAGE_CODE || r->section->data == NULL ||
        (r->type != R_X86_64_32 && r->type != R_X86_64_32S) ||
        r->symbol->section == SHN_UNDEF ||
        r->symbol->section >= module->image.nsections) {
        return 0;
    }
    const struct image_section *to = &module->image.sections[r->symbol->section];
    if (to->segment == IMAGE_NOT_LOADED) {
        return 0;
    }
    const uint32_t value = (uint32_t)(module->base[to->segment] + to->at +
                                      r->symbol->value + (uint64_t)r->addend);
    return link_spells(r->section->data, r->section->size, r->offset, value) ? 1 : 0;
}

/* Chooses the module's place. Where its addresses would spell what the backend refuses,
 * others are tried, further and further on; with none better the first is left to be refused. */
static int link_choose(struct module *module)
{
    enum { TRIES = 64 };
    const uint32_t first = next_page;
    /* The gap behind the last segment may lie beyond the end. */
    const uint32_t end = (MODULES_END >> PAGE_SHIFT) + 1;
    struct image_error error = {.text = ""};
    for (uint32_t i = 0; i < TRIES && backend->spells != backend_spells_nothing; i++) {
        next_page = link_lay_out(module, first + i * (i + 1) / 2);
        if (next_page <= end &&
            image_visit_relocations(&module->image, link_visit_spelling, module,
                                    &error) == 0) {
            return 0;
        }
    }
    next_page = link_lay_out(module, first);
    return next_page <= end
               ? 0
               : message_error(-ENOSPC, "%s: no room for the module: %u pages",
                               module->name, next_page - first);
}

/* What is behind them may never be touched. */
size_t link_segment_contents(const struct module *module, enum image_segment segment)
{
    size_t size = 0;
    for (size_t i = 0; i < module->image.nsections; i++) {
        const struct image_section *section = &module->image.sections[i];
        if (section->segment == segment && section->data != NULL &&
            section->at + section->size > size) {
            size = section->at + section->size;
        }
    }
    return size;
}

int link_place(struct module *module)
{
    const int unplaced = link_choose(module);
    if (unplaced != 0) {
        return unplaced;
    }
    for (unsigned s = 0; s < IMAGE_SEGMENTS; s++) {
        const uint32_t npages = module_segment_pages(module, s);
        const uint32_t page = page_of(module->base[s]);
        if (npages == 0) {
            continue;
        }
        const int error = s == IMAGE_CODE ? link_map_code(module, page, npages)
                                          : memory_give(module->cubicle, page, npages,
                                                        segment_kinds[s]);
        if (error != 0) {
            return message_error(
                error,
                "%s: cannot place the module's %s: %u pages on top of %llu, "
                "quota of cubicle %s %lld pages (-1: none): %s",
                module->name, page_kind_name(segment_kinds[s]), npages,
                (unsigned long long)module->cubicle->npages, module->cubicle->name,
                (long long)module->cubicle->quota_pages, strerror(-error));
        }
        if (s != IMAGE_CODE) {
            populate(link_segment_memory(module, s), link_segment_contents(module, s));
        }
    }
    for (size_t i = 0; i < module->image.nsections; i++) {
        const struct image_section *section = &module->image.sections[i];
        if (section->segment != IMAGE_NOT_LOADED && section->data != NULL) {
            memcpy(link_segment_memory(module, section->segment) + section->at,
                   section->data, section->size);
        }
    }
    return 0;
}

static bool link_target_allowed(void *context, uint32_t target)
{
    const struct module *module = context;
    const struct trampoline *t = trampoline_at(target);
    if (t != NULL) {
        return t->caller == module->cubicle->id;
    }
    /* A plain call to another module of the same cubicle: one of its entry points. */
    for (size_t i = 0; i < module->cubicle->nmodules; i++) {
        if (module_has_entry_at(module->cubicle->modules[i], target)) {
            return true;
        }
    }
    return false;
}

static int link_verify(const struct module *module)
{
    const size_t size = (size_t)module_segment_pages(module, IMAGE_CODE) << PAGE_SHIFT;
    const struct verify_policy policy = {
        .tp_disp = THREAD_DISP(tp),
        .view_disp = THREAD_DISP(shown.view),
        .target_allowed = link_target_allowed,
        .context = (void *)(uintptr_t)module,
    };
    struct verify_result result;
    if (backend->verify((const uint8_t *)(uintptr_t)module->base[IMAGE_CODE], size,
                        module->base[IMAGE_CODE], &policy, &result)) {
        return 0;
    }
    uint64_t into = 0;
    const char *function = image_function_at(&module->image, result.offset, &into);
    return message_error(-ENOEXEC,
                         "%s: refused by the verifier at code offset %#x, in %s+%#llx: "
                         "%s (%s)",
                         module->image.path, result.offset,
                         function != NULL ? function : "?", (unsigned long long)into,
                         verify_reason_text(result.reason),
                         result.text[0] != '\0' ? result.text : "no instruction");
}

int link_seal(struct module *module)
{
    const uint32_t npages = module_segment_pages(module, IMAGE_CODE);
    if (npages != 0) {
        void *code = (void *)(uintptr_t)module->base[IMAGE_CODE];
        if (mprotect(code, (size_t)npages << PAGE_SHIFT, PROT_READ | PROT_EXEC) != 0) {
            return message_error(-errno, "%s: cannot make the code executable: %s",
                                 module->name, strerror(errno));
        }
        /* The bytes are final: nobody can write them any more. */
        const int error = link_verify(module);
        if (error != 0) {
            return error;
        }
    }
    static const enum image_segment constant[] = {IMAGE_RODATA, IMAGE_TLS};
    for (size_t i = 0; i < sizeof(constant) / sizeof(constant[0]); i++) {
        const uint32_t pages = module_segment_pages(module, constant[i]);
        if (pages == 0) {
            continue;
        }
        const int error =
            memory_protect(module->cubicle, page_of(module->base[constant[i]]), pages,
                           PAGE_RODATA, PAGE_READ);
        if (error != 0) {
            return message_error(error, "%s: cannot protect read-only data: %s",
                                 module->name, strerror(-error));
        }
    }
    return 0;
}
