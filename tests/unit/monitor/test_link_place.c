/*
 * Placing modules: where segments lie, what is in their pages, and that code is verified only
 * when nobody can write it any more. The code lies at real low addresses, as in a system; the
 * rest in a view that this test reserves.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "backend/backend.h"
#include "base/thread.h"
#include "call/trampoline.h"
#include "elf_builder.h"
#include "fake_message.h"
#include "load/link.h"
#include "memory/memory.h"

#define LOW_SIZE (UINT64_C(16) << 20) /* of the module space, for code */
#define ENTRY 0x40u                   /* of a module beside the one that is placed */

static struct cubicle cubicle = {.id = 1, .name = "c"};
static struct module module, beside = {.name = "beside", .cubicle = &cubicle};
static struct module *modules[] = {&module, &beside};
static struct trampoline mine = {.id = 1, .caller = 1}, others = {.id = 2, .caller = 2};
static struct backend fake;
const struct backend *backend = &fake;
_Thread_local struct thread thread_self;

/* What was asked of memory.c. */
static struct {
    uint32_t page, npages;
    enum page_kind kind;
    unsigned rights;
} given[8], protected[8];
static unsigned ngiven, nprotected;

static uint32_t spells_below; /* addresses that the backend refuses in code */
static unsigned nspelled;
static bool good;               /* what the verifier says */
static bool was_writable, runs; /* when it was asked */
static struct verify_policy policy;

int memory_give(struct cubicle *c, uint32_t page, uint32_t npages, enum page_kind kind)
{
    assert_ptr_equal(c, &cubicle);
    given[ngiven].page = page;
    given[ngiven].npages = npages;
    given[ngiven++].kind = kind;
    return 0;
}

int memory_protect(struct cubicle *c, uint32_t page, uint32_t npages,
                   enum page_kind kind, unsigned rights)
{
    assert_ptr_equal(c, &cubicle);
    protected[nprotected].page = page;
    protected[nprotected].npages = npages;
    protected[nprotected].kind = kind;
    protected[nprotected++].rights = rights;
    return 0;
}

uint32_t module_segment_pages(const struct module *m, enum image_segment segment)
{
    return (uint32_t)(page_round_up(m->image.segment_size[segment]) >> PAGE_SHIFT);
}

bool module_has_entry_at(const struct module *m, uint64_t address)
{
    return m == &beside && address == ENTRY;
}

struct trampoline *trampoline_at(uint32_t address)
{
    return address == STUBS_START        ? &mine
           : address == STUBS_START + 96 ? &others
                                         : NULL;
}

int32_t thread_disp(void)
{
    return -0x1000;
}

const char *verify_reason_text(enum verify_reason reason)
{
    return reason == VERIFY_OK ? "good" : "a rule";
}

/* Can the kernel write to @at, or read there? It knows the rights of pages. */
static bool kernel_can_write(const void *at)
{
    const int zeros = open("/dev/zero", O_RDONLY);
    const bool can = read(zeros, (void *)(uintptr_t)at, 1) == 1;

    assert_true(can || errno == EFAULT);
    close(zeros);
    return can;
}

static bool fake_verify(const uint8_t *code, size_t len, uint32_t base,
                        const struct verify_policy *p, struct verify_result *result)
{
    assert_int_equal((uintptr_t)code, base);
    assert_int_equal(base, module.base[IMAGE_CODE]);
    assert_int_equal(len, PAGE_SIZE);
    was_writable = kernel_can_write(code + len - 1);
    policy = *p;
    runs = true;
    *result = (struct verify_result){.reason = good ? VERIFY_OK : VERIFY_OK + 1,
                                     .offset = 40};
    return good;
}

/* Code spells an address as it stands there, with two bytes before and behind it. */
static bool fake_spells(const uint8_t *bytes, size_t len)
{
    uint32_t value;

    assert_int_equal(len, 8);
    memcpy(&value, bytes + 2, sizeof(value));
    nspelled++;
    return value < spells_below;
}

/* A module with every kind of section, and an address of its data in its code. */
static void open_module(void)
{
    struct elf_builder b;
    struct image_error error;
    size_t size;

    elf_good(&b, NULL);
    elf_rela(&b, 1, 16, R_X86_64_32S, GOOD_COUNTER, 0);
    uint8_t *file = elf_finish(&b, &size);
    module = (struct module){.name = "m", .cubicle = &cubicle};
    if (image_open("m.cub", file, size, &module.image, &error) != 0) {
        fail_msg("%s", error.text);
    }
    ngiven = nprotected = nspelled = 0;
    message[0] = '\0';
    fake = (struct backend){.spells = backend_spells_nothing, .verify = fake_verify};
}

bool backend_spells_nothing(const uint8_t *code, size_t len)
{
    (void)code;
    (void)len;
    return false;
}

/* Where the owner has the section @name. */
static uint8_t *placed(const char *name)
{
    for (size_t i = 0; i < module.image.nsections; i++) {
        const struct image_section *section = &module.image.sections[i];
        if (section->name != NULL && strcmp(section->name, name) == 0) {
            return cubicle_address(&cubicle,
                                   module.base[section->segment] + section->at);
        }
    }
    fail_msg("no section %s", name);
    return NULL;
}

/* Segment after segment, each on pages of its own with one between that nobody has. */
static void test_places(void **state)
{
    (void)state;
    open_module();
    const uint64_t npages = cubicle.npages;
    assert_int_equal(link_place(&module), 0);
    assert_int_equal(cubicle.npages,
                     npages + 1); /* P4: its code; memory.c has the rest */
    assert_in_range(module.base[IMAGE_CODE], MODULES_START, MODULES_END - 1);
    for (unsigned s = 1; s < IMAGE_SEGMENTS; s++) {
        const uint32_t before = page_of(module.base[s - 1]);
        assert_int_equal(page_of(module.base[s]),
                         before + module_segment_pages(&module, s - 1) + 1);
    }
    static const enum page_kind kinds[] = {PAGE_RODATA, PAGE_DATA, PAGE_RODATA};
    assert_int_equal(ngiven, 3);
    for (unsigned i = 0; i < ngiven; i++) {
        assert_int_equal(given[i].page, page_of(module.base[i + 1]));
        assert_int_equal(given[i].npages, module_segment_pages(&module, i + 1));
        assert_int_equal(given[i].kind, kinds[i]);
    }
    const struct page_info code = page_get(page_of(module.base[IMAGE_CODE]));
    assert_int_equal(code.owner, cubicle.id);
    assert_int_equal(code.kind, PAGE_CODE);
    assert_int_equal(code.rights, 0); /* no view has it as data */
    image_close(&module.image);
}

/* The bytes of the file where they belong, and traps in the rest of the code. */
static void test_contents(void **state)
{
    (void)state;
    open_module();
    assert_int_equal(link_place(&module), 0);
    static const struct {
        const char *section;
        uint8_t byte;
    } filled[] = {{".rodata", 0x11}, {".data", 0x22}, {".tdata", 0x33}};
    for (unsigned i = 0; i < sizeof(filled) / sizeof(filled[0]); i++) {
        assert_int_equal(*placed(filled[i].section), filled[i].byte);
    }
    assert_int_equal(*placed(".bss"), 0);
    const uint8_t *code = (const uint8_t *)(uintptr_t)module.base[IMAGE_CODE];
    for (unsigned i = 0; i < PAGE_SIZE; i++) {
        assert_int_equal(code[i], 0xcc); /* the sections, too: elf_good() */
    }
    assert_in_range(link_segment_contents(&module, IMAGE_DATA), 24, 24 + 24 + 16);
    image_close(&module.image);
}

/* The next module begins behind the last, with a page between. */
static void test_one_after_another(void **state)
{
    (void)state;
    open_module();
    assert_int_equal(link_place(&module), 0);
    const uint32_t end =
        page_of(module.base[IMAGE_TLS]) + module_segment_pages(&module, IMAGE_TLS);
    image_close(&module.image);
    open_module();
    assert_int_equal(link_place(&module), 0);
    assert_int_equal(page_of(module.base[IMAGE_CODE]), end + 1);
    image_close(&module.image);
}

/* P4: code counts like everything else, and what cannot be placed is named. */
static void test_quota(void **state)
{
    (void)state;
    open_module();
    const uint64_t quota = cubicle.quota_pages, npages = cubicle.npages;
    cubicle.quota_pages = cubicle.npages;
    assert_int_equal(link_place(&module), -ENOMEM);
    assert_non_null(strstr(message, "m: cannot place the module's code: 1 pages"));
    assert_non_null(strstr(message, "quota of cubicle c"));
    assert_int_equal(page_get(page_of(module.base[IMAGE_CODE])).kind, PAGE_FREE);
    assert_int_equal(cubicle.npages, npages);
    cubicle.quota_pages = quota;
    image_close(&module.image);
}

/* A place whose addresses spell what the backend refuses is left for a later one. */
static void test_spelling(void **state)
{
    (void)state;
    open_module();
    assert_int_equal(link_place(&module), 0);
    const uint32_t next = module.base[IMAGE_DATA];
    image_close(&module.image);
    open_module();
    fake.spells = fake_spells;
    spells_below = next + (20u << PAGE_SHIFT);
    assert_int_equal(link_place(&module), 0);
    assert_true(module.base[IMAGE_DATA] + 24 >= spells_below);
    assert_true(nspelled > 1);
    /* The segments keep their distances. */
    assert_int_equal(page_of(module.base[IMAGE_DATA]),
                     page_of(module.base[IMAGE_RODATA]) + 2);
    image_close(&module.image);
}

/* Where no place is better, the first is taken, and the verifier will refuse it. */
static void test_spelling_everywhere(void **state)
{
    (void)state;
    open_module();
    fake.spells = fake_spells;
    spells_below = UINT32_MAX;
    assert_int_equal(link_place(&module), 0);
    assert_int_equal(nspelled, 64);
    image_close(&module.image);
}

static size_t spelled_len;
static uint8_t spelled[8];

static bool note_bytes(const uint8_t *bytes, size_t len)
{
    spelled_len = len;
    memcpy(spelled, bytes, len);
    return false;
}

/* The value is seen with two bytes of either side, as far as there are any. */
static void test_spelled_bytes(void **state)
{
    static const uint8_t code[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    static const uint8_t middle[] = {2, 3, 0xdd, 0xcc, 0xbb, 0xaa, 8, 9};
    static const uint8_t first[] = {0xdd, 0xcc, 0xbb, 0xaa, 5, 6};
    static const uint8_t last[] = {5, 6, 0xdd, 0xcc, 0xbb, 0xaa};

    (void)state;
    fake.spells = note_bytes;
    assert_false(link_spells(code, sizeof(code), 3, 0xaabbccdd));
    assert_int_equal(spelled_len, sizeof(middle));
    assert_memory_equal(spelled, middle, sizeof(middle));
    assert_false(link_spells(code, sizeof(code), 0, 0xaabbccdd));
    assert_int_equal(spelled_len, sizeof(first));
    assert_memory_equal(spelled, first, sizeof(first));
    assert_false(link_spells(code, sizeof(code), 6, 0xaabbccdd));
    assert_int_equal(spelled_len, sizeof(last));
    assert_memory_equal(spelled, last, sizeof(last));
}

/* Code is final before it is verified; constants are read-only afterwards. */
static void test_seal(void **state)
{
    (void)state;
    open_module();
    assert_int_equal(link_place(&module), 0);
    good = true;
    runs = false;
    assert_int_equal(link_seal(&module), 0);
    assert_true(runs);
    assert_false(was_writable);
    assert_int_equal(nprotected, 2);
    static const enum image_segment constants[] = {IMAGE_RODATA, IMAGE_TLS};
    for (unsigned i = 0; i < nprotected; i++) {
        assert_int_equal(protected[i].page, page_of(module.base[constants[i]]));
        assert_int_equal(protected[i].npages, 1);
        assert_int_equal(protected[i].kind, PAGE_RODATA);
        assert_int_equal(protected[i].rights, PAGE_READ);
    }
    image_close(&module.image);
}

/* Code may leave the module for its own cubicle's trampolines and entry points only. */
static void test_targets(void **state)
{
    (void)state;
    open_module();
    assert_int_equal(link_place(&module), 0);
    good = true;
    assert_int_equal(link_seal(&module), 0);
    assert_true(policy.target_allowed(policy.context, STUBS_START));
    assert_false(policy.target_allowed(policy.context, STUBS_START + 96));
    assert_true(policy.target_allowed(policy.context, ENTRY));
    assert_false(policy.target_allowed(policy.context, ENTRY + 32));
    assert_int_equal(policy.tp_disp, THREAD_DISP(tp));
    assert_int_equal(policy.view_disp, THREAD_DISP(shown.view));
    image_close(&module.image);
}

/* What the verifier refuses is named: file, place, function, reason. */
static void test_refused(void **state)
{
    (void)state;
    open_module();
    assert_int_equal(link_place(&module), 0);
    good = false;
    assert_int_equal(link_seal(&module), -ENOEXEC);
    assert_string_equal(message,
                        "m.cub: refused by the verifier at code offset 0x28, in "
                        "other+0x8: a rule (no instruction)");
    assert_int_equal(nprotected, 0);
    image_close(&module.image);
}

/* Last, for no module has a place after it. */
static void test_no_room(void **state)
{
    (void)state;
    open_module();
    module.image.segment_size[IMAGE_DATA] = MODULES_END;
    assert_int_equal(link_place(&module), -ENOSPC);
    assert_non_null(strstr(message, "m: no room for the module: "));
    assert_int_equal(ngiven, 0);
    image_close(&module.image);
}

static int setup(void **state)
{
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    void *low = mmap((void *)(uintptr_t)MODULES_START, LOW_SIZE, PROT_NONE,
                     flags | MAP_FIXED_NOREPLACE, -1, 0);
    void *view = mmap(NULL, SPACE_SIZE, PROT_READ | PROT_WRITE, flags, -1, 0);

    (void)state;
    cubicle.view = (uint64_t)(uintptr_t)view;
    cubicle.quota_pages = UINT64_MAX;
    cubicle.modules = modules;
    cubicle.nmodules = 2;
    return low == (void *)(uintptr_t)MODULES_START && view != MAP_FAILED ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_contents),
        cmocka_unit_test(test_one_after_another),
        cmocka_unit_test(test_quota),
        cmocka_unit_test(test_spelling),
        cmocka_unit_test(test_spelling_everywhere),
        cmocka_unit_test(test_spelled_bytes),
        cmocka_unit_test(test_seal),
        cmocka_unit_test(test_targets),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_no_room),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("link_place", tests, setup, NULL);
}
