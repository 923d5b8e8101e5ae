/*
 * The verifier on any code. What it accepts must
 *   - be accepted again as part of long code (where plain.c may answer for its end too),
 *   - contain nothing that a second reading, by properties and not by a list, forbids,
 *   - run in the box (a child process under ptrace, see box.h) without reaching outside
 * its view, landing inside an instruction or a group, moving rsp out of reach, or
 * changing segment bases, system flags and control words.
 *
 * An odd first byte is followed by raw code. An even one is followed by a program:
 * picks from the tables of the unit tests, and bytes to spoil in the result, so that
 * accepted and almost accepted code is frequent.
 */
#include "box.h"
#include "verify.h"
#include "verify_case.h"

#include <Zydis/Zydis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CODE_MAX 512u
#define LONG_CODE 16384u
#define STEPS 300u
#define GIB (UINT64_C(1) << 30)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct verify_case_set *const case_sets[] = {
    VERIFY_CASE_SETS,
};
static const struct verify_form_set *const form_sets[] = {
    VERIFY_FORM_SETS,
};
static const struct verify_policy policy = {.tp_disp = CASE_TP, .view_disp = CASE_VIEW};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* The code of one input, and what a plain linear reading finds in it. */
struct code {
    uint8_t bytes[CODE_MAX];
    uint32_t len;
    uint8_t length[CODE_MAX]; /* at the start of an instruction */
    bool inside[CODE_MAX];    /* ... that is inside a group */
    bool transient[CODE_MAX]; /* ... while rsp is being set */
};

static struct box box;
static bool box_works;
static unsigned long ninputs, naccepted, nsteps;

static void fail(const struct code *code, uint32_t at, const char *what)
{
    fprintf(stderr, "at 0x%x: %s\n", at, what);
    for (uint32_t i = 0; i < code->len; i++) {
        fprintf(stderr, "%02x%s", code->bytes[i], i % 32 == 31 ? "\n" : " ");
    }
    abort();
}

/* ---- input ---- */

/* Adds @bytes where they are, which may be across a bundle's end. */
static void append_raw(struct code *code, const void *bytes, uint32_t length)
{
    if (code->len + length <= CODE_MAX - 2 * VERIFY_BUNDLE) {
        memcpy(code->bytes + code->len, bytes, length);
        code->len += length;
    }
}

static void append_nops(struct code *code, uint32_t count)
{
    while (count-- > 0) {
        append_raw(code, "\x90", 1);
    }
}

/* Adds @bytes in one bundle. */
static void append(struct code *code, const void *bytes, uint32_t length)
{
    const uint32_t room = VERIFY_BUNDLE - code->len % VERIFY_BUNDLE;

    if (length > room) {
        append_nops(code, room);
    }
    append_raw(code, bytes, length);
}

static void append_case(struct code *code, uint32_t pick)
{
    const struct verify_case_set *set = case_sets[pick % LENGTH(case_sets)];
    const struct verify_case *row = &set->cases[pick / LENGTH(case_sets) % set->count];

    if (row->nops != 0) {
        append_nops(code, -code->len % VERIFY_BUNDLE + row->nops);
        append_raw(code, row->bytes, row->length);
    } else {
        append(code, row->bytes, row->length);
    }
}

/* What the rows have only together with what makes it safe. */
static void append_piece(struct code *code, uint32_t pick)
{
    static const struct {
        const char *bytes;
        uint32_t length;
    } pieces[] = {
        {"\x48\x81\xec\xff\xff\xff\x7f", 7},         /* subq $0x7fffffff,%rsp */
        {"\x48\x81\xc4\xf0\xff\xff\x7f", 7},         /* addq $0x7ffffff0,%rsp */
        {"\x48\x8d\xa4\x24\x00\x00\x00\x80", 8},     /* leaq -0x80000000(%rsp),%rsp */
        {"\x48\x83\xec\x40", 4},                     /* subq $64,%rsp */
        {"\x44\x0f\xb6\x1c\x24", 5},                 /* movzbl (%rsp),%r11d */
        {"\x8b\x84\x24\x00\x00\x01\x00", 7},         /* movl 0x10000(%rsp),%eax */
        {"\x8b\x84\x24\x10\x00\x00\x80", 7},         /* movl -0x7ffffff0(%rsp),%eax */
        {"\x50", 1},                                 /* pushq %rax */
        {"\x59", 1},                                 /* popq %rcx */
        {"\x89\xc4", 2},                             /* movl %eax,%esp */
        {"\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff", 9}, /* movq %fs:view,%r11 */
        {"\x4a\x8d\x24\x1c", 4},                     /* leaq (%rsp,%r11),%rsp */
        {"\x89\xff", 2},                             /* movl %edi,%edi */
        {"\x4a\x8d\x3c\x1f", 4},                     /* leaq (%rdi,%r11),%rdi */
        {"\x89\xf6", 2},                             /* movl %esi,%esi */
        {"\x4a\x8d\x34\x1e", 4},                     /* leaq (%rsi,%r11),%rsi */
        {"\xf3\xaa", 2},                             /* rep stosb */
        {"\xa4", 1},                                 /* movsb */
        {"\x83\xe0\xe0", 3},                         /* andl $-32,%eax */
        {"\xff\xe0", 2},                             /* jmp *%rax */
        {"\xff\xd0", 2},                             /* call *%rax */
        {"\x48\x81\x24\x24\xe0\xff\xff\x7f", 8},     /* andq $0x7fffffe0,(%rsp) */
        {"\xc3", 1},                                 /* ret */
        {"\xeb\x03", 2},                             /* jmp .+5 */
        {"\x75\xf0", 2},                             /* jne .-14 */
        {"\x48\xb8\x00\x00\x00\x00\x00\x00\x00\x70", 10}, /* movabs $...,%rax */
    };

    append(code, pieces[pick % LENGTH(pieces)].bytes,
           pieces[pick % LENGTH(pieces)].length);
}

static void append_form(struct code *code, uint32_t pick)
{
    const struct verify_form_set *set = form_sets[pick % LENGTH(form_sets)];
    const struct verify_form *form = &set->forms[pick / LENGTH(form_sets) % set->count];
    uint8_t bytes[32] = {0x65, 0x67};

    if (form->nmemory != 0 && (pick & 0x4000)) {
        memcpy(bytes + 2, form->memory, form->nmemory);
        append(code, bytes, form->nmemory + 2);
    } else {
        append(code, form->registers, form->nregisters);
    }
}

static void build_program(struct code *code, const uint8_t *data, size_t size)
{
    const size_t nspoilt = size > 0 ? data[0] & 3 : 0;
    const uint8_t *spoilt = data + 1;
    size_t at = 1 + nspoilt * 3;

    for (; at + 2 <= size; at += 2) {
        const uint32_t pick = (uint32_t)data[at] | (uint32_t)data[at + 1] << 8;
        if (pick & 0x8000) {
            append_form(code, pick & 0x7fff);
        } else if (pick & 0x4000) {
            append_piece(code, pick & 0x3fff);
        } else {
            append_case(code, pick);
        }
    }
    for (size_t i = 0; i < nspoilt && 1 + i * 3 + 3 <= size && code->len > 0; i++) {
        const uint32_t where = (uint32_t)spoilt[i * 3] | (uint32_t)spoilt[i * 3 + 1]
                                                             << 8;
        code->bytes[where % code->len] = spoilt[i * 3 + 2];
    }
}

static void build(struct code *code, const uint8_t *data, size_t size)
{
    memset(code, 0, sizeof(*code));
    memset(code->bytes, 0xcc, sizeof(code->bytes));
    if (data[0] & 1) {
        code->len = (uint32_t)(size - 1 < CODE_MAX - 64 ? size - 1 : CODE_MAX - 64);
        memcpy(code->bytes, data + 1, code->len);
    } else {
        build_program(code, data + 1, size - 1);
    }
    code->len = (code->len / VERIFY_BUNDLE + 1) * VERIFY_BUNDLE;
}

/* ---- second reading ---- */

static bool is_group_base(const uint8_t *bytes)
{
    return memcmp(bytes, "\xf3\x49\x0f\xae\xcb", 5) == 0;
}

/* Marks the @count instructions before @at, and @at itself, as inside a group. */
static void mark_inside(struct code *code, uint32_t at, unsigned count)
{
    code->inside[at] = true;
    while (count > 0 && at > 0) {
        if (code->length[--at] != 0) {
            code->inside[at] = true;
            count--;
        }
    }
}

static void check_flags(const struct code *code, uint32_t at,
                        const ZydisAccessedFlags *flags)
{
    const ZydisAccessedFlagsMask system =
        ZYDIS_CPUFLAG_TF | ZYDIS_CPUFLAG_IF | ZYDIS_CPUFLAG_DF | ZYDIS_CPUFLAG_IOPL |
        ZYDIS_CPUFLAG_NT | ZYDIS_CPUFLAG_RF | ZYDIS_CPUFLAG_VM | ZYDIS_CPUFLAG_AC |
        ZYDIS_CPUFLAG_VIF | ZYDIS_CPUFLAG_VIP | ZYDIS_CPUFLAG_ID;

    if (flags != NULL &&
        ((flags->modified | flags->set_0 | flags->set_1 | flags->undefined) & system)) {
        fail(code, at, "writes a system flag");
    }
}

static void check_memory(const struct code *code, uint32_t at,
                         const ZydisDecodedInstruction *instruction,
                         const ZydisDecodedOperandMem *memory)
{
    if (instruction->mnemonic == ZYDIS_MNEMONIC_NOP ||
        memory->type == ZYDIS_MEMOP_TYPE_AGEN) {
        return;
    }
    const bool view = memory->segment == ZYDIS_REGISTER_GS &&
                      instruction->address_width == 32 &&
                      memory->base != ZYDIS_REGISTER_EIP;
    const bool stack = memory->segment == ZYDIS_REGISTER_SS &&
                       memory->base == ZYDIS_REGISTER_RSP &&
                       memory->index == ZYDIS_REGISTER_NONE;
    const bool slot =
        memory->segment == ZYDIS_REGISTER_FS && memory->base == ZYDIS_REGISTER_NONE &&
        memory->index == ZYDIS_REGISTER_NONE &&
        (memory->disp.value == CASE_TP || memory->disp.value == CASE_VIEW);
    const bool string = instruction->meta.category == ZYDIS_CATEGORY_STRINGOP;
    if (!view && !stack && !slot && !string) {
        fail(code, at, "reaches memory that is not its own");
    }
}

static void check_properties(const struct code *code, uint32_t at,
                             const ZydisDecodedInstruction *instruction,
                             const ZydisDecodedOperand *operands)
{
    static const ZydisInstructionCategory forbidden[] = {
        ZYDIS_CATEGORY_SYSCALL,  ZYDIS_CATEGORY_SYSRET,     ZYDIS_CATEGORY_SYSTEM,
        ZYDIS_CATEGORY_IO,       ZYDIS_CATEGORY_IOSTRINGOP, ZYDIS_CATEGORY_SEGOP,
        ZYDIS_CATEGORY_GATHER,   ZYDIS_CATEGORY_SCATTER,    ZYDIS_CATEGORY_XSAVE,
        ZYDIS_CATEGORY_XSAVEOPT, ZYDIS_CATEGORY_MMX,        ZYDIS_CATEGORY_AMD3DNOW,
        ZYDIS_CATEGORY_VTX,      ZYDIS_CATEGORY_SGX,        ZYDIS_CATEGORY_CET,
        ZYDIS_CATEGORY_PKU,      ZYDIS_CATEGORY_MPX,        ZYDIS_CATEGORY_CLZERO,
        ZYDIS_CATEGORY_MOVDIR,   ZYDIS_CATEGORY_ENQCMD,     ZYDIS_CATEGORY_XOP,
        ZYDIS_CATEGORY_WAITPKG,  ZYDIS_CATEGORY_UINTR,      ZYDIS_CATEGORY_AVX512,
    };

    for (size_t i = 0; i < LENGTH(forbidden); i++) {
        if (instruction->meta.category == forbidden[i]) {
            fail(code, at, "is of a forbidden category");
        }
    }
    if (instruction->attributes &
        (ZYDIS_ATTRIB_IS_PRIVILEGED | ZYDIS_ATTRIB_HAS_EVEX)) {
        fail(code, at, "is privileged or EVEX");
    }
    if (instruction->meta.branch_type == ZYDIS_BRANCH_TYPE_FAR) {
        fail(code, at, "is a far branch");
    }
    if (instruction->mnemonic != ZYDIS_MNEMONIC_INT3) {
        check_flags(code, at, instruction->cpu_flags);
    }
    for (unsigned i = 0; i < instruction->operand_count; i++) {
        if (operands[i].type == ZYDIS_OPERAND_TYPE_MEMORY) {
            check_memory(code, at, instruction, &operands[i].mem);
        }
    }
}

static void read_linear(struct code *code)
{
    ZydisDecoder decoder;
    ZydisDecodedInstruction instruction;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    uint32_t before = 0;

    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    for (uint32_t at = 0; at < code->len; at += instruction.length) {
        const uint8_t *bytes = code->bytes + at;
        if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, bytes, code->len - at,
                                                 &instruction, operands))) {
            fail(code, at, "is no instruction");
        }
        code->length[at] = instruction.length;
        check_properties(code, at, &instruction, operands);
        if (at / VERIFY_BUNDLE != (at + instruction.length - 1) / VERIFY_BUNDLE) {
            fail(code, at, "crosses a bundle");
        }
        if (memcmp(bytes, "\x4a\x8d\x24\x1c", 4) == 0) {
            mark_inside(code, at, 1);
            code->transient[at] = code->transient[before] = true;
        } else if (instruction.meta.category == ZYDIS_CATEGORY_STRINGOP) {
            mark_inside(code, at, (instruction.opcode & 0xfe) == 0xaa ? 2 : 4);
        } else if (instruction.mnemonic == ZYDIS_MNEMONIC_RET ||
                   ((instruction.mnemonic == ZYDIS_MNEMONIC_JMP ||
                     instruction.mnemonic == ZYDIS_MNEMONIC_CALL) &&
                    operands[0].type == ZYDIS_OPERAND_TYPE_REGISTER)) {
            mark_inside(code, at, 0);
        }
        before = at;
    }
    for (uint32_t at = 0; at < code->len; at += VERIFY_BUNDLE) {
        if (code->length[at] == 0 || code->inside[at]) {
            fail(code, at, "a bundle starts inside something");
        }
        if (is_group_base(code->bytes + at) && code->transient[at]) {
            fail(code, at, "a bundle starts while rsp is being set");
        }
    }
}

/* ---- the box ---- */

static uint32_t mix(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* Low halves that mean something; high halves that must not. */
static uint64_t some_value(uint32_t *state)
{
    static const uint32_t low[] = {
        BOX_DATA + 0x8000,  BOX_DATA + 0x10000,       0, 0xffffffff, 0x80000000,
        BOX_STACK + 0x8000, BOX_CODE & ~UINT32_C(31), 7, 0xfffffff8, BOX_CODE + 64,
    };
    const uint64_t high = (mix(state) & 3) == 0 ? 0 : UINT64_C(0x70000000000);

    const uint32_t pick = mix(state) & 3 ? 1 : mix(state) % LENGTH(low);

    return high | (low[pick] + (mix(state) & 0x18));
}

static void some_registers(struct user_regs_struct *regs, uint32_t *state)
{
    unsigned long long *const general[] = {
        &regs->rax, &regs->rbx, &regs->rdx, &regs->rsi, &regs->rdi,
        &regs->rbp, &regs->r8,  &regs->r9,  &regs->r10, &regs->r11,
        &regs->r12, &regs->r13, &regs->r14, &regs->r15,
    };

    for (size_t i = 0; i < LENGTH(general); i++) {
        *general[i] = some_value(state);
    }
    regs->rcx = mix(state) & 1 ? mix(state) & 15 : some_value(state);
}

static bool may_want_alignment(const uint8_t *bytes)
{
    while (*bytes == 0x65 || *bytes == 0x67 || *bytes == 0x66 || *bytes == 0xf2 ||
           *bytes == 0xf3 || (*bytes & 0xf0) == 0x40) {
        bytes++;
    }
    return *bytes == 0x0f || *bytes == 0xc4 || *bytes == 0xc5;
}

/* The step from @from to @to. False: the code was left, in an allowed way. */
static bool check_step(const struct code *code, const struct user_regs_struct *from,
                       const struct user_regs_struct *to)
{
    const uint32_t at = (uint32_t)(from->rip - BOX_CODE);
    const bool in_code = to->rip >= BOX_CODE && to->rip < BOX_CODE + code->len;
    const uint32_t next = in_code ? (uint32_t)(to->rip - BOX_CODE) : 0;
    const bool jumped = to->rip != from->rip && to->rip != from->rip + code->length[at];
    const char *wrong = box_check(&box, to, in_code && code->transient[next]);

    if (wrong != NULL) {
        fail(code, at, wrong);
    }
    if (in_code && code->length[next] == 0) {
        fail(code, at, "goes inside an instruction");
    }
    if (jumped && in_code && code->inside[next]) {
        fail(code, at, "jumps inside a group");
    }
    if (jumped && !in_code && (to->rip % VERIFY_BUNDLE != 0 || to->rip >= 4 * GIB)) {
        fail(code, at, "jumps anywhere");
    }
    if (jumped && (to->rsp < box.view || to->rsp > box.view + 4 * GIB)) {
        fail(code, at, "jumps with rsp out of the view");
    }
    return in_code;
}

static void run(const struct code *code, uint32_t seed)
{
    struct user_regs_struct regs, next;
    siginfo_t info;
    uint32_t mxcsr = 0;
    uint16_t x87 = 0;

    memcpy(box.code, code->bytes, code->len);
    box_registers(&box, &regs, seed % (code->len / VERIFY_BUNDLE) * VERIFY_BUNDLE);
    some_registers(&regs, &seed);
    if (!box_set(&box, &regs)) {
        fail(code, 0, "the child is gone");
    }
    for (unsigned step = 0; step < STEPS; step++) {
        const uint32_t at = (uint32_t)(regs.rip - BOX_CODE);
        const enum box_event event = box_step(&box, &next, &info);

        if (event == BOX_BROKEN) {
            fail(code, at, "ended the child");
        }
        if (event == BOX_FAULTED) {
            const char *wrong = box_check_fault(&box, &next, &info);
            if (wrong != NULL) {
                fail(code, at, wrong);
            }
            if (info.si_code == SI_KERNEL && !may_want_alignment(code->bytes + at)) {
                fail(code, at, "a general protection fault");
            }
            break;
        }
        if (event == BOX_TRAPPED || !check_step(code, &regs, &next)) {
            break;
        }
        nsteps++;
        regs = next;
    }
    if (!box_control_words(&box, &mxcsr, &x87) || mxcsr != 0x1f80 || x87 != 0x37f) {
        fail(code, 0, "changed a control word");
    }
}

/* ---- */

static void report(void)
{
    fprintf(stderr, "%lu inputs, %lu accepted, %lu instructions executed\n", ninputs,
            naccepted, nsteps);
}

static void check_as_part(const struct code *code)
{
    static uint8_t part[LONG_CODE + CODE_MAX];
    struct verify_result result;
    uint32_t len = 0;

    while (len < LONG_CODE) {
        memcpy(part + len, code->bytes, code->len);
        len += code->len;
    }
    if (!verify_code(part, len, BOX_CODE, &policy, &result)) {
        fail(code, result.offset % code->len, "refused as part of long code");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool started;
    static struct code code;
    struct verify_result result;
    uint32_t seed = 1;

    ninputs++;
    if (!started) {
        started = true;
        atexit(report);
        box_works = box_open(&box);
        if (!box_works) {
            fprintf(stderr, "nothing is executed: %s\n", box.problem);
        }
    }
    if (size < 2) {
        return 0;
    }
    build(&code, data, size);
    if (!verify_code(code.bytes, code.len, BOX_CODE, &policy, &result)) {
        if (result.offset >= code.len || result.reason == VERIFY_OK ||
            result.reason >= VERIFY_REASON_COUNT) {
            fail(&code, result.offset, "refused for no reason");
        }
        return 0;
    }
    naccepted++;
    read_linear(&code);
    for (size_t i = 0; i < size; i++) {
        seed = (seed ^ data[i]) * 16777619u;
    }
    if (seed % 8 == 0) {
        check_as_part(&code);
    }
    if (box_works) {
        run(&code, seed >> 4);
    }
    return 0;
}
