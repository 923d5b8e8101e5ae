/*
 * The instructions of trampolines: each function of emit.h writes the bytes that the
 * assembler writes for the mnemonic in its name. Where emit.c keeps a REX prefix that
 * means nothing (it is always there, so that lengths do not vary), the row says so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/emit.h"
#include "base/emit_plain.h"

/* One comparison: what @write emits, and [begin, end) as the assembler has it. */
struct row {
    const uint8_t *begin, *end;
    void (*write)(struct emitter *e);
    const char *name;
};
extern const struct row rows_begin[], rows_end[];

__asm__(".pushsection rows, \"aw\"\n"
        ".globl rows_begin\n"
        "rows_begin:\n"
        ".popsection\n");

#define ROW(name, call, text)                                                        \
    static void __attribute__((used)) write_##name(struct emitter *e)                \
    {                                                                                \
        call;                                                                        \
    }                                                                                \
    __asm__(".pushsection .text.rows, \"ax\"\n"                                      \
            "begin_" #name ": " text "\n"                                            \
            "end_" #name ": .asciz \"" #name "\"\n"                                  \
            ".popsection\n"                                                          \
            ".pushsection rows, \"aw\"\n"                                            \
            ".quad begin_" #name ", end_" #name ", write_" #name ", end_" #name "\n" \
            ".popsection\n");

static bool spells_0x88(const uint8_t *bytes, size_t n)
{
    return memchr(bytes, 0x88, n) != NULL;
}

static void avoided(struct emitter *e, enum emit_register reg)
{
    e->spells = spells_0x88;
    emit_mov_imm64_reg(e, UINT64_C(0x8877554433221100), reg);
}

/* "" or the prefix that is kept without need, for registers that need none. */
#define LOW ".byte 0x40; "
#define HIGH ""

/* X(register, 64-bit name, 32-bit name, 16-bit name, 8-bit name, REX for 32-bit forms) */
#define EACH_BUT_SPECIAL(X)                               \
    X(RAX, "%rax", "%eax", "%ax", "%al", LOW, LOW)        \
    X(RCX, "%rcx", "%ecx", "%cx", "%cl", LOW, LOW)        \
    X(RDX, "%rdx", "%edx", "%dx", "%dl", LOW, LOW)        \
    X(RBX, "%rbx", "%ebx", "%bx", "%bl", LOW, LOW)        \
    X(RBP, "%rbp", "%ebp", "%bp", "%bpl", LOW, HIGH)      \
    X(RSI, "%rsi", "%esi", "%si", "%sil", LOW, HIGH)      \
    X(RDI, "%rdi", "%edi", "%di", "%dil", LOW, HIGH)      \
    X(R8, "%r8", "%r8d", "%r8w", "%r8b", HIGH, HIGH)      \
    X(R9, "%r9", "%r9d", "%r9w", "%r9b", HIGH, HIGH)      \
    X(R10, "%r10", "%r10d", "%r10w", "%r10b", HIGH, HIGH) \
    X(R11, "%r11", "%r11d", "%r11w", "%r11b", HIGH, HIGH) \
    X(R13, "%r13", "%r13d", "%r13w", "%r13b", HIGH, HIGH) \
    X(R14, "%r14", "%r14d", "%r14w", "%r14b", HIGH, HIGH) \
    X(R15, "%r15", "%r15d", "%r15w", "%r15b", HIGH, HIGH)
#define EACH(X)                                      \
    EACH_BUT_SPECIAL(X)                              \
    X(RSP, "%rsp", "%esp", "%sp", "%spl", LOW, HIGH) \
    X(R12, "%r12", "%r12d", "%r12w", "%r12b", HIGH, HIGH)

/* Operands that are registers: any. */
#define REGISTERS(r, q, l, w, b, rex, rex8)                                           \
    ROW(mov_imm64_avoided_##r, avoided(e, r),                                         \
        "movabsq $0x7788aabbccddeeff, " q "; notq " q)                                \
    ROW(mov_imm64_##r, emit_mov_imm64_reg(e, UINT64_C(0x8877665544332211), r),        \
        "movabsq $0x8877665544332211, " q)                                            \
    ROW(mov_imm32_##r, emit_mov_imm32_reg(e, 0x80000001u, r), "movl $0x80000001, " l) \
    ROW(mov_from_##r, emit_mov_reg_reg(e, r, R9), "movq " q ", %r9")                  \
    ROW(mov_to_##r, emit_mov_reg_reg(e, RDX, r), "movq %rdx, " q)                     \
    ROW(mov_fs_##r, emit_mov_fs_reg(e, -0x1234, r), "movq %fs:-0x1234, " q)           \
    ROW(mov_to_fs_##r, emit_mov_reg_fs(e, r, 0x1234), "movq " q ", %fs:0x1234")       \
    ROW(load_##r, emit_mov_mem_reg(e, 0x1234, RBX, r), "movq 0x1234(%rbx), " q)       \
    ROW(store_##r, emit_mov_reg_mem(e, r, -0x1234, R11), "movq " q ", -0x1234(%r11)") \
    ROW(lea_##r, emit_lea(e, -512, R11, r), "leaq -512(%r11), " q)                    \
    ROW(zero_##r, emit_zero(e, r), "xorl " l ", " l)                                  \
    ROW(truncate1_##r, emit_truncate(e, r, 1), rex8 "movzbl " b ", " l)               \
    ROW(truncate2_##r, emit_truncate(e, r, 2), rex "movzwl " w ", " l)                \
    ROW(truncate4_##r, emit_truncate(e, r, 4), rex "movl " l ", " l)                  \
    ROW(truncate8_##r, emit_truncate(e, r, 8), "")                                    \
    ROW(jmp_##r, emit_jmp_reg(e, r), rex "jmp *" q)                                   \
    ROW(call_##r, emit_call_reg(e, r), rex "call *" q)                                \
    ROW(wrgsbase_##r, emit_wrgsbase(e, r), "wrgsbase " q)
EACH(REGISTERS)

/* Bases: any but RSP and R12, which need one more byte. */
#define BASES(r, q, l, w, b, rex, rex8)                                                \
    ROW(load_base_##r, emit_mov_mem_reg(e, 0x7fffffff, r, R15),                        \
        "movq 0x7fffffff(" q "), %r15")                                                \
    ROW(store_base_##r, emit_mov_reg_mem(e, RAX, 0x180, r), "movq %rax, 0x180(" q ")") \
    ROW(store_imm_base_##r, emit_movl_imm_mem(e, 0xfffffffeu, 0x180, r),               \
        rex "movl $0xfffffffe, 0x180(" q ")")                                          \
    ROW(cmpl_base_##r, emit_cmpl_imm_mem(e, 0x12345678u, -0x180, r),                   \
        rex "cmpl $0x12345678, -0x180(" q ")")                                         \
    ROW(lea_base_##r, emit_lea(e, 0x200, r, RDI), "leaq 0x200(" q "), %rdi")
EACH_BUT_SPECIAL(BASES)

ROW(mov_imm_fs, emit_mov_imm_fs(e, 0x1234567, -0x2000), "movq $0x1234567, %fs:-0x2000")
ROW(cmp_imm_fs, emit_cmp_imm_fs(e, 0x1234567, 0x2000), "cmpq $0x1234567, %fs:0x2000")
ROW(cmp_imm_fs_high, emit_cmp_imm_fs(e, 0xffff8000u, 0x2000),
    "cmpq $-0x8000, %fs:0x2000")

/* X(n, modrm of n and n) */
#define EACH_VECTOR_8(X) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)
#define EACH_VECTOR_2_TO_7(X) X(2) X(3) X(4) X(5) X(6) X(7)
#define VPXOR(n) "{vex3} vpxor %xmm" #n ", %xmm" #n ", %xmm" #n "\n"
#define PXOR(n) "pxor %xmm" #n ", %xmm" #n "\n"
#define PXOR_REX(n) ".byte 0x66, 0x40, 0x0f, 0xef, 0xc0 + 9 * " #n "\n"
ROW(clear_vectors_avx, emit_clear_vectors(e, 0, true),
    VPXOR(0) VPXOR(1) EACH_VECTOR_2_TO_7(VPXOR) EACH_VECTOR_8(VPXOR))
ROW(clear_vectors_sse, emit_clear_vectors(e, 0, false),
    PXOR_REX(0) PXOR_REX(1) EACH_VECTOR_2_TO_7(PXOR_REX) EACH_VECTOR_8(PXOR))
ROW(clear_vectors_avx_keep, emit_clear_vectors(e, 3, true),
    "vmovq %xmm0, %xmm0\n vmovq %xmm1, %xmm1\n" EACH_VECTOR_2_TO_7(VPXOR)
        EACH_VECTOR_8(VPXOR))
ROW(clear_vectors_sse_keep, emit_clear_vectors(e, 1, false),
    "movq %xmm0, %xmm0\n" PXOR_REX(1) EACH_VECTOR_2_TO_7(PXOR_REX) EACH_VECTOR_8(PXOR))

#define FLDZ_8 "fldz\n fldz\n fldz\n fldz\n fldz\n fldz\n fldz\n fldz\n"
ROW(clear_x87, emit_clear_x87(e),
    "movq %rax, %r10\n fnstsw %ax\n testw %ax, %ax\n je 1f\n fninit\n"
    "1: movq %r10, %rax\n emms\n" FLDZ_8 "emms")

#define VPXORD(n) "vpxord %zmm" #n ", %zmm" #n ", %zmm" #n "\n"
#define KXORW(n) "kxorw %k" #n ", %k" #n ", %k" #n "\n"
#define EACH_VECTOR_16(X) X(16) X(17) X(18) X(19) X(20) X(21) X(22) X(23)
#define EACH_VECTOR_24(X) X(24) X(25) X(26) X(27) X(28) X(29) X(30) X(31)
ROW(clear_avx512, emit_clear_avx512(e),
    EACH_VECTOR_16(VPXORD) EACH_VECTOR_24(VPXORD) KXORW(0) KXORW(1)
        EACH_VECTOR_2_TO_7(KXORW))

static void patched(struct emitter *e, bool conditional, unsigned n)
{
    uint8_t *jump = conditional ? emit_jne(e) : emit_jmp(e);

    for (unsigned i = 0; i < n; i++) {
        emit_u8(e, 0x90);
    }
    emit_patch(e, jump);
}
ROW(jne_next, patched(e, true, 0), ".byte 0x0f, 0x85, 0, 0, 0, 0")
ROW(jne_far, patched(e, true, 200), "jne 1f; .rept 200; nop; .endr; 1:")
ROW(jmp_next, patched(e, false, 0), ".byte 0xe9, 0, 0, 0, 0")
ROW(jmp_far, patched(e, false, 200), "jmp 1f; .rept 200; nop; .endr; 1:")
ROW(bytes, (emit_u8(e, 0xc3), emit_u32(e, 0x44332211)), "ret; .long 0x44332211")

__asm__(".pushsection rows, \"aw\"\n"
        ".globl rows_end\n"
        "rows_end:\n"
        ".popsection\n");

#define BYTES_MAX 256

static void print_bytes(const char *what, const uint8_t *bytes, size_t n)
{
    print_error("%s:", what);
    for (size_t i = 0; i < n; i++) {
        print_error(" %02x", bytes[i]);
    }
    print_error("\n");
}

static void test_bytes(void **state)
{
    (void)state;
    assert_true(rows_end - rows_begin > 300);
    for (const struct row *row = rows_begin; row < rows_end; row++) {
        uint8_t bytes[BYTES_MAX];
        struct emitter e = {.at = bytes, .end = bytes + sizeof(bytes)};
        const size_t expected = (size_t)(row->end - row->begin);
        row->write(&e);
        const size_t n = (size_t)(e.at - bytes);
        if (n != expected || memcmp(bytes, row->begin, n) != 0) {
            print_bytes(row->name, bytes, n);
            print_bytes("  the assembler", row->begin, expected);
        }
        assert_false(e.full);
        assert_int_equal(n, expected);
        assert_memory_equal(bytes, row->begin, n);
    }
}

/* With any less room than needed nothing is written behind the end, and `full` tells. */
static void test_full(void **state)
{
    (void)state;
    for (const struct row *row = rows_begin; row < rows_end; row++) {
        const size_t needed = (size_t)(row->end - row->begin);
        for (size_t room = 0; room < needed; room++) {
            uint8_t bytes[BYTES_MAX + 1];
            struct emitter e = {.at = bytes, .end = bytes + room};
            memset(bytes, 0x5a, sizeof(bytes));
            row->write(&e);
            assert_true(e.full);
            assert_true(e.at <= e.end);
            for (size_t i = room; i < sizeof(bytes); i++) {
                assert_int_equal(bytes[i], 0x5a);
            }
            /* Once full, always full: a smaller instruction does not slip in. */
            const uint8_t *at = e.at;
            emit_u8(&e, 0xcc);
            assert_ptr_equal(e.at, at);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_full),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("emit", tests, NULL, NULL);
}
