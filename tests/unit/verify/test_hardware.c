/*
 * Every instruction that the verifier accepts alone, out of a sweep over the opcode
 * maps, executed once by the processor: it must have the length that the verifier
 * believes, move rsp only as listed, and leave segment bases, system flags and control
 * words alone.
 *
 * S4: every one that shows where rsp is, for it is accepted between a move of rsp and a branch,
 * runs again with rsp where nothing is mapped, and must fault at disp(%rsp): with flags set
 * and clear, counts, lengths and masks of 0.
 *
 * With `--list FILE` executes nothing and writes the accepted instructions to FILE,
 * each in a bundle, with int3 and a push of its length at the end: objdump.sh reads
 * that with another disassembler.
 */
#include "box.h"
#include "verify.h"

#include <Zydis/Zydis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static struct box box;
static FILE *dump;
static unsigned long ntried, naccepted, nexecuted, nfaulted, nproblems;
static unsigned long nprobes, nprobed; /* accepted as such; and executed */
static unsigned long nprobe_problems;
static uint32_t mxcsr_before;
static uint16_t x87_before;
static ZydisDecoder decoder;

static void problem(const uint8_t *code, const char *what)
{
    nproblems++;
    printf("# ");
    for (int i = 0; i < 15; i++) {
        printf("%02x ", code[i]);
    }
    printf(": %s\n", what);
}

/* Length by the verifier: the shortest piece that a branch may land behind. */
static unsigned accepted_length(const uint8_t *code)
{
    ZydisDecodedInstruction instruction;

    return ZYAN_SUCCESS(
               ZydisDecoderDecodeInstruction(&decoder, NULL, code, 15, &instruction))
               ? instruction.length
               : 0;
}

/* May the instruction move rsp, by its bytes: push, pop, add, sub, lea, call, ret. */
static bool moves_stack(const uint8_t *code)
{
    const uint8_t *at = code;

    while (*at == 0x65 || *at == 0x67 || *at == 0x48 || *at == 0x41) {
        at++;
    }
    return (*at >= 0x50 && *at <= 0x5f) || *at == 0x68 || *at == 0x6a || *at == 0x8f ||
           *at == 0xff || *at == 0xe8 || *at == 0x81 || *at == 0x83 || *at == 0x8d;
}

static bool may_want_alignment(const uint8_t *code)
{
    const uint8_t *at = code;

    while (*at == 0x65 || *at == 0x67 || *at == 0x66 || *at == 0xf2 || *at == 0xf3 ||
           (*at & 0xf0) == 0x40) {
        at++;
    }
    return *at == 0x0f || *at == 0xc4 || *at == 0xc5;
}

static bool is_branch(const uint8_t *code)
{
    return (code[0] & 0xf0) == 0x70 || code[0] == 0xeb || code[0] == 0xe9 ||
           code[0] == 0xe8 || (code[0] == 0x0f && (code[1] & 0xf0) == 0x80);
}

static void check_stepped(const uint8_t *code, const struct user_regs_struct *before,
                          const struct user_regs_struct *after)
{
    const char *wrong = box_check(&box, after, false);

    if (wrong != NULL) {
        problem(code, wrong);
    }
    if (!is_branch(code) && after->rip != BOX_CODE + accepted_length(code)) {
        problem(code, "the processor sees another length");
    }
    if (before->rsp != after->rsp && !moves_stack(code)) {
        problem(code, "rsp moved");
    }
}

static void check_fault(const uint8_t *code, const struct user_regs_struct *regs,
                        const siginfo_t *info)
{
    const char *wrong = box_check_fault(&box, regs, info);

    if (wrong != NULL) {
        problem(code, wrong);
    }
    if (info->si_code == SI_KERNEL && !may_want_alignment(code)) {
        problem(code, "a general protection fault");
    }
}

static void execute(const uint8_t *code)
{
    struct user_regs_struct before, after;
    siginfo_t info;

    memcpy(box.code, code, 32);
    box_registers(&box, &before, 0);
    before.rsp &= ~UINT64_C(63);
    if (!box_set(&box, &before)) {
        problem(code, "the child is gone");
        exit(1);
    }
    switch (box_step(&box, &after, &info)) {
    case BOX_STEPPED:
        nexecuted++;
        check_stepped(code, &before, &after);
        break;
    case BOX_FAULTED:
        nfaulted++;
        check_fault(code, &after, &info);
        break;
    case BOX_TRAPPED:
        break;
    default:
        problem(code, "ended the child");
        exit(1);
    }
}

static void check_control_words(size_t map)
{
    uint32_t mxcsr = 0;
    uint16_t x87 = 0;

    if (dump != NULL) {
        return;
    }
    if (!box_control_words(&box, &mxcsr, &x87) || mxcsr != mxcsr_before ||
        x87 != x87_before) {
        nproblems++;
        printf("# a control word changed in map %zu\n", map);
    }
}

static void try_code(const uint8_t *bytes)
{
    static const struct verify_policy policy = {.tp_disp = BOX_TP,
                                                .view_disp = BOX_VIEW};
    uint8_t code[64];
    struct verify_result result;

    ntried++;
    memset(code, 0xcc, sizeof(code));
    const unsigned length = accepted_length(bytes);
    if (length == 0) {
        return;
    }
    memcpy(code, bytes, length);
    if (!verify_code(code, 64, BOX_CODE, &policy, &result)) {
        return;
    }
    naccepted++;
    if (dump == NULL) {
        execute(code);
        return;
    }
    code[30] = 0x6a;
    code[31] = (uint8_t)length;
    fwrite(code, 1, 32, dump);
}

/* ---- probes ---- */

#define HOLE 0x40000000u /* offset in the view: nothing is mapped there, aligned */
#define FLAGS_ALL 0x8d5u

static void probe_problem(const uint8_t *code, const char *what)
{
    nprobe_problems++;
    problem(code, what);
    nproblems--;
}

/* Where @code accesses the stack, from rsp on. */
static int32_t probe_distance(const uint8_t *code, int32_t disp)
{
    const uint8_t *at = code + ((*code & 0xf0) == 0x40 || *code == 0x66);

    if ((*at >= 0x50 && *at <= 0x57) || *at == 0x68 || *at == 0x6a) {
        return -8; /* push */
    }
    return *at >= 0x58 && *at <= 0x5f ? 0 : disp; /* pop */
}

/* One run of a probe with rsp in the hole; @set: flags and counts are not 0. */
static void execute_probe(const uint8_t *code, int32_t disp, bool set)
{
    struct user_regs_struct regs;
    siginfo_t info;

    memcpy(box.code, code, 32);
    box_registers(&box, &regs, 0);
    regs.rsp = box.view + HOLE;
    regs.eflags |= set ? FLAGS_ALL : 0;
    regs.rax = regs.rdx = regs.rcx = set;
    const uint64_t expected = regs.rsp + (uint64_t)(int64_t)probe_distance(code, disp);
    if (!box_set(&box, &regs)) {
        problem(code, "the child is gone");
        exit(1);
    }
    const enum box_event event = box_step(&box, &regs, &info);
    if (event == BOX_TRAPPED && info.si_signo == SIGILL) {
        return; /* not an instruction of this processor */
    }
    nprobed++;
    if (event != BOX_FAULTED || info.si_signo != SIGSEGV || info.si_code == SI_KERNEL ||
        (uint64_t)(uintptr_t)info.si_addr != expected) {
        probe_problem(code, "is taken for a probe, and does not access disp(%rsp)");
    }
}

/* Does the verifier take @bytes for a probe: subq $8,%rsp; bytes; jmp .+2? */
static bool is_probe(const uint8_t *bytes, unsigned length)
{
    static const struct verify_policy policy = {.tp_disp = BOX_TP,
                                                .view_disp = BOX_VIEW};
    uint8_t code[64];
    struct verify_result result;

    memset(code, 0xcc, sizeof(code));
    memcpy(code, "\x48\x83\xec\x08", 4);
    memcpy(code + 4, bytes, length);
    memcpy(code + 4 + length, "\xeb", 2); /* jmp .+2 */
    return verify_code(code, sizeof(code), BOX_CODE, &policy, &result);
}

/* @disp: the displacement in @bytes. */
static void try_probe(const uint8_t *bytes, int32_t disp)
{
    uint8_t code[32];
    const unsigned length = accepted_length(bytes);

    if (length == 0 || !is_probe(bytes, length) || bytes[0] == 0xcc ||
        (bytes[0] == 0x0f && bytes[1] == 0x0b)) {
        return; /* int3 and ud2 do not go on (S7) */
    }
    memset(code, 0xcc, sizeof(code));
    memcpy(code, bytes, length);
    nprobes++;
    /* Not push and pop: pushq %gs:disp(%esp) too reads there, and then pushes. */
    if (bytes[0] != 0x65 && probe_distance(code, disp) == disp &&
        (disp >= 0x10000 || disp <= -0x10000)) {
        probe_problem(code, "is taken for a probe, too far from rsp");
    }
    if (dump == NULL) {
        execute_probe(code, disp, false);
        execute_probe(code, disp, true);
    }
}

/* The opcode before @at with disp(%rsp), near and far, every ModRM.reg, and every immediate
 * where @immediates (shifts by 0 access nothing, perhaps). */
static void sweep_probes(const uint8_t *opcode, unsigned at, bool immediates)
{
    static const int32_t far[] = {0xffc0, -0xffc0, 0x10000, -0x10000};
    uint8_t code[64];

    for (unsigned reg = 0; reg < 8; reg++) {
        memset(code, 0x02, sizeof(code));
        memcpy(code, opcode, at);
        code[at + 1] = 0x24;
        code[at] = (uint8_t)(0x04 | reg << 3);
        try_probe(code, 0);
        code[at] = (uint8_t)(0x44 | reg << 3);
        code[at + 2] = 0x40;
        for (unsigned value = immediates ? 0 : 2; value < (immediates ? 256 : 3);
             value++) {
            code[at + 3] = (uint8_t)value;
            try_probe(code, 0x40);
        }
        code[at] = (uint8_t)(0x84 | reg << 3);
        for (size_t i = 0; i < LENGTH(far); i++) {
            memcpy(code + at + 2, &far[i], 4);
            try_probe(code, far[i]);
        }
    }
}

/* ---- sweeps ---- */

/* The ModRM bytes, with displacement and immediate bytes. With all opcode extensions
 * and memory at (%eax), (%rip), 2(%rsp) and an absolute address, where @extended. */
static void sweep_modrm(uint8_t *code, unsigned at, bool all, bool extended)
{
    static const uint8_t some[] = {0xc0, 0xc4, 0xe0, 0xe4, 0xcc, 0xe1};

    memset(code + at, 0x02, 14);
    for (unsigned i = 0; i < (all ? 64 : LENGTH(some)); i++) {
        code[at] = all ? (uint8_t)(0xc0 | i) : some[i];
        try_code(code);
    }
    for (unsigned reg = 0; reg < 8; reg += extended ? 1 : 4) {
        code[at] = (uint8_t)(reg << 3);
        try_code(code);
        code[at] = (uint8_t)(reg << 3 | 5);
        try_code(code);
        code[at] = (uint8_t)(0x44 | reg << 3);
        code[at + 1] = 0x24;
        try_code(code);
        code[at] = (uint8_t)(0x04 | reg << 3);
        code[at + 1] = 0x25;
        try_code(code);
        code[at + 1] = 0x02;
    }
}

/* Shifts, rotations and double shifts by an immediate. */
static bool has_count(size_t map, unsigned opcode)
{
    return map == 0 ? opcode == 0xc0 || opcode == 0xc1
                    : map == 1 && (opcode == 0xa4 || opcode == 0xac);
}

static void sweep_legacy(void)
{
    static const char *const prefixes[] = {
        "",
        "\x66",
        "\xf2",
        "\xf3",
        "\x48",
        "\x45",
        "\x66\x48",
        "\xf2\x48",
        "\xf3\x48",
        "\x66\xf2",
        "\x65\x67",
        "\x65\x67\x66",
        "\x65\x67\xf2",
        "\x65\x67\xf3",
        "\x65\x67\x48",
        "\x65\x67\xf0",
        "\x64",
        "\x64\x48",
        "\x67",
        "\x65",
        "\x2e",
        "\xf0",
    };
    static const char *const maps[] = {"", "\x0f", "\x0f\x38", "\x0f\x3a"};
    uint8_t code[64];

    for (size_t m = 0; m < LENGTH(maps); m++) {
        for (size_t p = 0; p < LENGTH(prefixes); p++) {
            for (unsigned opcode = 0; opcode < 256; opcode++) {
                unsigned at = 0;
                memset(code, 0x02, sizeof(code));
                memcpy(code, prefixes[p], strlen(prefixes[p]));
                at += (unsigned)strlen(prefixes[p]);
                memcpy(code + at, maps[m], strlen(maps[m]));
                at += (unsigned)strlen(maps[m]);
                code[at++] = (uint8_t)opcode;
                sweep_probes(code, at, has_count(m, opcode));
                sweep_modrm(code, at, strlen(prefixes[p]) == 0, true);
            }
        }
        check_control_words(m);
    }
}

/* @map 1: 0F, 2: 0F 38, 3: 0F 3A, in the three-byte form */
static void sweep_vex(void)
{
    static const uint8_t vvvv[] = {15, 15 ^ 4, 15 ^ 3};

    for (unsigned bits = 0; bits < 3 * 4 * 2 * 2 * 3 * 2; bits++) {
        unsigned rest = bits;
        const unsigned map = 1 + rest % 3, pp = (rest /= 3) % 4, w = (rest /= 4) % 2,
                       l = (rest /= 2) % 2, v = (rest /= 2) % 3, gs = (rest /= 3) % 2;
        for (unsigned opcode = 0; opcode < 256; opcode++) {
            uint8_t code[64] = {0x65, 0x67};
            uint8_t *vex = code + (gs ? 2 : 0);
            memset(vex, 0x02, 32);
            vex[0] = 0xc4;
            vex[1] = (uint8_t)(0xe0 | map);
            vex[2] = (uint8_t)(w << 7 | vvvv[v] << 3 | l << 2 | pp);
            vex[3] = (uint8_t)opcode;
            sweep_probes(code, (unsigned)(vex - code) + 4, false);
            sweep_modrm(code, (unsigned)(vex - code) + 4, false, false);
        }
    }
    check_control_words(4);
}

static int list(const char *path)
{
    dump = fopen(path, "wb");
    if (dump == NULL) {
        perror(path);
        return 1;
    }
    sweep_legacy();
    sweep_vex();
    if (fclose(dump) != 0) {
        perror(path);
        return 1;
    }
    printf("%lu\n", naccepted);
    return 0;
}

int main(int argc, char **argv)
{
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    if (argc == 3 && strcmp(argv[1], "--list") == 0) {
        return list(argv[2]);
    }
    if (!box_open(&box)) {
        const char *must = getenv("CUBICLE_MUST_RUN");
        printf("1..0 # SKIP %s\n", box.problem);
        return must != NULL && strstr(must, "sfi") != NULL ? 1 : 0;
    }
    if (!box_control_words(&box, &mxcsr_before, &x87_before)) {
        return 1;
    }
    sweep_legacy();
    sweep_vex();
    box_close(&box);
    printf("1..2\n# %lu tried, %lu accepted, %lu executed, %lu faulted, %lu problems\n"
           "# %lu taken for probes, %lu runs of them\n",
           ntried, naccepted, nexecuted, nfaulted, nproblems, nprobes, nprobed);
    const bool enough = naccepted > 10000 && nprobes > 10000;
    printf("%s 1 - hardware\n", nproblems == 0 && enough ? "ok" : "not ok");
    printf("%s 2 - probes\n", nprobe_problems == 0 && enough ? "ok" : "not ok");
    return nproblems == 0 && nprobe_problems == 0 && enough ? 0 : 1;
}
