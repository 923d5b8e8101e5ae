/*
 * What accepted code may never do, said without the verifier's words: by where the processor
 * is, what it accesses, and a reading of the code of its own.
 */
#include "escape.h"

#include <Zydis/Zydis.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define EDGE UINT64_C(0x10000)
#define ACCESS_MAX 32
#define FLAGS_FIXED (0x400u | 0x3000u | 0x4000u | 0x40000u) /* DF IOPL NT AC */
#define REBASES "\x4a\x8d\x24\x1c"                          /* leaq (%rsp,%r11),%rsp */

static struct {
    const struct snippet *snippet;
    ZydisDecoder decoder;
    uint8_t length[STAGE_SLOT]; /* at the start of an instruction, else 0 */
    bool inside[STAGE_SLOT];    /* ... that is inside a group */
    bool transient[STAGE_SLOT]; /* ... before which rsp is being set */
} code;

/* ---- reading ---- */

/* Marks @at and the @count instructions before it. */
static void judge_mark(bool *marks, uint32_t at, unsigned count)
{
    marks[at] = true;
    while (count > 0 && at > 0) {
        if (code.length[--at] != 0) {
            marks[at] = true;
            count--;
        }
    }
}

static bool judge_is_string(const ZydisDecodedInstruction *instruction)
{
    return instruction->meta.category == ZYDIS_CATEGORY_STRINGOP;
}

static bool judge_is_indirect(const ZydisDecodedInstruction *instruction)
{
    return instruction->mnemonic == ZYDIS_MNEMONIC_RET ||
           (instruction->opcode == 0xff &&
            instruction->opcode_map == ZYDIS_OPCODE_MAP_DEFAULT &&
            (instruction->mnemonic == ZYDIS_MNEMONIC_JMP ||
             instruction->mnemonic == ZYDIS_MNEMONIC_CALL));
}

bool judge_read(const struct snippet *snippet)
{
    ZydisDecodedInstruction instruction;

    memset(&code, 0, sizeof(code));
    code.snippet = snippet;
    ZydisDecoderInit(&code.decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    for (uint32_t at = 0; at < snippet->length; at += instruction.length) {
        const uint8_t *bytes = snippet->code + at;
        if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(
                &code.decoder, NULL, bytes, snippet->length - at, &instruction))) {
            return false;
        }
        code.length[at] = instruction.length;
        if (at / 32 != (at + instruction.length - 1) / 32) {
            return false;
        }
        if (memcmp(bytes, REBASES, 4) == 0) {
            judge_mark(code.inside, at, 1);
            judge_mark(code.transient, at, 1);
        } else if (judge_is_string(&instruction)) {
            judge_mark(code.inside, at, (instruction.opcode & 0xfe) == 0xaa ? 2 : 4);
        } else if (judge_is_indirect(&instruction)) {
            judge_mark(code.inside, at, 0);
        }
    }
    for (uint32_t at = 0; at < snippet->length; at += 32) {
        if (code.length[at] == 0 || code.inside[at]) {
            return false;
        }
    }
    return true;
}

static bool judge_in_code(uint64_t rip)
{
    return rip >= stage.slot && rip < stage.slot + code.snippet->length;
}

/* ---- where the processor is ---- */

static bool judge_between(uint64_t value, uint64_t low, uint64_t high)
{
    return value - low < high - low; /* around 0 too: the low view */
}

/* An access of @size bytes at @address. */
static bool judge_reaches(uint64_t address, uint64_t size)
{
    return judge_between(address, stage.view - 4 * GIB, stage.view + 8 * GIB + EDGE) &&
           judge_between(address + size - 1, stage.view - 4 * GIB,
                         stage.view + 8 * GIB + EDGE);
}

static bool judge_clean(uint64_t rsp)
{
    return rsp - stage.view <= 4 * GIB;
}

static const char *judge_registers(const struct user_regs_struct *regs, bool transient)
{
    if (regs->gs_base != stage.view && regs->gs_base != stage.park) {
        return "the base of GS changed";
    }
    if (regs->fs_base != stage.fs) {
        return "the base of FS changed";
    }
    if (regs->cs != 0x33 || regs->ss != 0x2b || regs->ds != 0 || regs->es != 0 ||
        regs->fs != 0 || regs->gs != 0) {
        return "a segment register changed";
    }
    if ((regs->eflags & FLAGS_FIXED) != 0) {
        return "a system flag is set";
    }
    if (!(transient && regs->rsp < 4 * GIB) &&
        !judge_between(regs->rsp, stage.view - 2 * GIB, stage.view + 6 * GIB + 1)) {
        return "rsp is out of reach of the view";
    }
    return NULL;
}

static bool judge_is_secret(uint64_t value)
{
    return (uint32_t)value == STAGE_SECRET || (uint32_t)(value >> 32) == STAGE_SECRET;
}

const char *judge_secrets(const struct user_regs_struct *regs)
{
    const uint64_t values[] = {
        regs->rax, regs->rbx, regs->rcx, regs->rdx, regs->rsi,
        regs->rdi, regs->rbp, regs->r8,  regs->r9,  regs->r10,
        regs->r11, regs->r12, regs->r13, regs->r14, regs->r15,
    };
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        if (judge_is_secret(values[i])) {
            return "a register holds what another cubicle has in its memory";
        }
    }
    return NULL;
}

/* Outside of the snippet everything is int3; whoever comes there has jumped. */
static const char *judge_elsewhere(const struct user_regs_struct *regs, uint64_t rip)
{
    if (rip % 32 != 0 || rip >= 4 * GIB) {
        return "jumps anywhere";
    }
    return judge_clean(regs->rsp) ? NULL : "jumps with rsp out of the view";
}

/* ---- what it accesses ---- */

static uint64_t judge_register(const struct user_regs_struct *regs, ZydisRegister reg)
{
    const uint64_t values[] = {
        regs->rax, regs->rcx, regs->rdx, regs->rbx, regs->rsp, regs->rbp,
        regs->rsi, regs->rdi, regs->r8,  regs->r9,  regs->r10, regs->r11,
        regs->r12, regs->r13, regs->r14, regs->r15,
    };
    const ZydisRegisterClass class = ZydisRegisterGetClass(reg);

    if (class == ZYDIS_REGCLASS_GPR64) {
        return values[ZydisRegisterGetId(reg)];
    }
    if (class == ZYDIS_REGCLASS_GPR32) {
        return (uint32_t)values[ZydisRegisterGetId(reg)];
    }
    return reg == ZYDIS_REGISTER_RIP ? regs->rip : 0;
}

static const char *judge_operand(const struct user_regs_struct *regs,
                                 const ZydisDecodedInstruction *instruction,
                                 const ZydisDecodedOperand *operand)
{
    const ZydisDecodedOperandMem *memory = &operand->mem;
    uint64_t address = judge_register(regs, memory->base) +
                       judge_register(regs, memory->index) * memory->scale +
                       (uint64_t)memory->disp.value;

    /* push and pop use all of rsp, whatever the other operand has. */
    if (instruction->address_width == 32 && memory->base != ZYDIS_REGISTER_RSP) {
        address = (uint32_t)address;
    }
    if (memory->base == ZYDIS_REGISTER_RIP) {
        address += instruction->length;
    }
    if (memory->segment == ZYDIS_REGISTER_FS) {
        return address == (uint64_t)(int64_t)stage.tp_disp ||
                       address == (uint64_t)(int64_t)stage.view_disp
                   ? NULL
                   : "accesses thread-local memory of the monitor";
    }
    /* With GS lost it traps in the park. */
    address += memory->segment == ZYDIS_REGISTER_GS ? stage.view : 0;
    return judge_reaches(address, 1) ? NULL : "accesses memory out of reach";
}

const char *judge_next(const struct user_regs_struct *regs)
{
    ZydisDecodedInstruction instruction;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];

    if (!judge_in_code(regs->rip)) {
        return NULL;
    }
    const uint32_t at = (uint32_t)(regs->rip - stage.slot);
    if (code.length[at] == 0) {
        return "runs inside an instruction";
    }
    if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&code.decoder, code.snippet->code + at,
                                             code.snippet->length - at, &instruction,
                                             operands)) ||
        instruction.mnemonic == ZYDIS_MNEMONIC_NOP) {
        return NULL;
    }
    for (unsigned i = 0; i < instruction.operand_count; i++) {
        if (operands[i].type == ZYDIS_OPERAND_TYPE_MEMORY &&
            operands[i].mem.type != ZYDIS_MEMOP_TYPE_AGEN) {
            const char *wrong = judge_operand(regs, &instruction, &operands[i]);
            if (wrong != NULL) {
                return wrong;
            }
        }
    }
    return NULL;
}

/* ---- ends and steps ---- */

bool judge_heals(const struct stage_state *state)
{
    const uint64_t address = (uint64_t)(uintptr_t)state->info.si_addr;
    return state->end == STAGE_FAULT && state->regs.gs_base == stage.park &&
           address - stage.park < 4 * GIB + ACCESS_MAX && state->regs.rip < 4 * GIB;
}

static const char *judge_fault(const struct stage_state *state)
{
    const struct user_regs_struct *regs = &state->regs;
    const uint64_t address = (uint64_t)(uintptr_t)state->info.si_addr;

    if (state->info.si_signo == SIGSEGV && state->info.si_code == SI_KERNEL) {
        /* No address: not canonical, or a vector that is not aligned. */
        return judge_in_code(regs->rip) ? judge_next(regs) : "jumps anywhere";
    }
    if (state->info.si_signo != SIGSEGV) {
        return "a fault that is not a page fault";
    }
    if (!judge_in_code(regs->rip)) {
        return address == regs->rip ? judge_elsewhere(regs, regs->rip)
                                    : "other code ran";
    }
    if (code.length[regs->rip - stage.slot] == 0) {
        return "runs inside an instruction";
    }
    return judge_reaches(address, 1) ? NULL : "accesses memory out of reach";
}

static const char *judge_place(const struct stage_state *state)
{
    const struct user_regs_struct *regs = &state->regs;
    const uint64_t rip = regs->rip - (state->end == STAGE_TRAP);

    if (state->end == STAGE_FAULT) {
        return judge_fault(state);
    }
    if (!judge_in_code(rip)) {
        return judge_elsewhere(regs, rip);
    }
    return code.length[rip - stage.slot] != 0 ? NULL : "runs inside an instruction";
}

const char *judge_vectors(const struct user_fpregs_struct *vectors)
{
    if ((vectors->mxcsr & ~0x3fu) != 0x1f80 || vectors->cwd != 0x37f) {
        return "a control word changed";
    }
    for (size_t i = 0; i < sizeof(vectors->xmm_space) / sizeof(vectors->xmm_space[0]);
         i++) {
        if (vectors->xmm_space[i] == STAGE_SECRET) {
            return "a vector holds what another cubicle has in its memory";
        }
    }
    return NULL;
}

const char *judge_end(const struct stage_state *state)
{
    const struct user_regs_struct *regs = &state->regs;

    if (state->end == STAGE_GONE) {
        return "the process ended";
    }
    if (state->end == STAGE_CALL) {
        return "a system call";
    }
    const bool transient = state->end == STAGE_TIME && judge_in_code(regs->rip) &&
                           code.transient[regs->rip - stage.slot];
    const char *wrong = judge_registers(regs, transient);
    if (wrong == NULL) {
        wrong = judge_place(state);
    }
    return wrong != NULL ? wrong : judge_secrets(regs);
}

const char *judge_step(const struct user_regs_struct *before,
                       const struct user_regs_struct *after)
{
    const uint32_t from = (uint32_t)(before->rip - stage.slot);
    const bool in_code = judge_in_code(after->rip);
    const uint32_t to = in_code ? (uint32_t)(after->rip - stage.slot) : 0;
    const bool jumped =
        after->rip != before->rip && after->rip != before->rip + code.length[from];
    const char *wrong = judge_registers(after, in_code && code.transient[to]);

    if (wrong != NULL) {
        return wrong;
    }
    if (in_code && code.length[to] == 0) {
        return "runs inside an instruction";
    }
    if (jumped && in_code && code.inside[to]) {
        return "jumps inside a group";
    }
    if (jumped && !judge_clean(after->rsp)) {
        return "jumps with rsp out of the view";
    }
    return in_code ? judge_secrets(after) : judge_elsewhere(after, after->rip);
}

/* ---- report ---- */

static void judge_write_registers(FILE *file, const struct user_regs_struct *regs)
{
    fprintf(file,
            "; rax %016llx rbx %016llx rcx %016llx rdx %016llx\n"
            "; rsi %016llx rdi %016llx rbp %016llx rsp %016llx\n"
            "; r8  %016llx r9  %016llx r10 %016llx r11 %016llx\n"
            "; r12 %016llx r13 %016llx r14 %016llx r15 %016llx\n"
            "; rip %016llx gs  %016llx fs  %016llx eflags %llx\n",
            regs->rax, regs->rbx, regs->rcx, regs->rdx, regs->rsi, regs->rdi, regs->rbp,
            regs->rsp, regs->r8, regs->r9, regs->r10, regs->r11, regs->r12, regs->r13,
            regs->r14, regs->r15, regs->rip, regs->gs_base, regs->fs_base,
            regs->eflags);
}

void judge_write(const char *path, const struct snippet *snippet,
                 const struct stage_state *state, const char *wrong)
{
    FILE *file = fopen(path, "we");
    ZydisDisassembledInstruction instruction;

    if (file == NULL) {
        return;
    }
    fprintf(file, "; %s\n; view %" PRIx64 ", park %" PRIx64 "; at the start:\n", wrong,
            stage.view, stage.park);
    judge_write_registers(file, &snippet->regs);
    fprintf(file, "; at the end, signal %d, address %p:\n", state->info.si_signo,
            state->info.si_addr);
    judge_write_registers(file, &state->regs);
    for (uint32_t at = 0; at < snippet->length;) {
        const uint64_t rip = stage.slot + at;
        const bool readable = ZYAN_SUCCESS(
            ZydisDisassembleATT(ZYDIS_MACHINE_MODE_LONG_64, rip, snippet->code + at,
                                snippet->length - at, &instruction));
        const uint32_t length = readable ? instruction.info.length : 1;
        fprintf(file, "%8" PRIx64 ": ", rip);
        for (uint32_t i = 0; i < 12; i++) {
            fprintf(file, i < length ? "%02x " : "   ", snippet->code[at + i]);
        }
        fprintf(file, "%s\n", readable ? instruction.text : "(bad)");
        at += length;
    }
    fclose(file);
}
