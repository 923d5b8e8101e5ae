#!/usr/bin/env python3
"""Assembly that uses %r11, rewritten and run in a view, against the same assembly built for
the host: registers, flags and memory must be the same behind every function. TAP.

    test_r11.py CUBICLE-CC RUN-VIEW

Each function is one form of an instruction, or a random sequence of forms (of a fixed seed).
"""

import pathlib
import random
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
CPU = pathlib.Path("/proc/cpuinfo").read_text().split()

# Of the functions that are tested: what they get, in struct context, and leave there.
REGISTERS = "rax rbx rcx rdx rsi rbp r8 r9 r10 r11 r12 r13 r14 r15".split()
MEMORY = 8 * 16  # offset in the context of 256 bytes that functions may change

WIDTHS = (
    ("q", "%r11", {"a": "%rax", "b": "%rbx", "c": "%rcx", "x": "%r10", "y": "%r12"}),
    ("l", "%r11d", {"a": "%eax", "b": "%ebx", "c": "%ecx", "x": "%r10d", "y": "%r12d"}),
    ("w", "%r11w", {"a": "%ax", "b": "%bx", "c": "%cx", "x": "%r10w", "y": "%r12w"}),
    ("b", "%r11b", {"a": "%al", "b": "%bl", "c": "%cl", "x": "%r10b", "y": "%r12b"}),
)

POINTER = f"lea {MEMORY}(%rdi),%r11; "  # %r11 points to the memory
NO_POINTER = "; sub %rdi,%r11"  # the same number on the host and in the view


def arithmetic():
    """Two operands, in every width."""
    for name in "add sub and or xor adc sbb cmp test mov".split():
        for suffix, r11, other in WIDTHS:
            yield f"{name} {other['a']},{r11}"
            yield f"{name}{suffix} {r11},{other['x']}"
            yield f"{name}{suffix} {r11},{r11}"
            yield f"{name} $-7,{r11}"
            yield f"{name}{suffix} {r11},{MEMORY + 8}(%rdi)"
            if name != "test":
                yield f"{name} {MEMORY + 16}(%rdi),{r11}"
            yield f"{POINTER}{name} {other['y']},24(%r11){NO_POINTER}"
            yield f"{POINTER}{name}{suffix} $3,32(%r11){NO_POINTER}"
            yield f"and $7,%r11d; {name} {other['b']},{MEMORY}(%rdi,%r11,8)"
            if suffix in "ql":
                yield f"{POINTER}{name} {r11},40(%r11); mov $0,%r11; movl %r11d,{MEMORY + 40}(%rdi); mov %r11,{MEMORY + 40}(%rdi); cmp $1,%r11"
    yield "mov $0x123456789abcdef,%r11"
    yield "movabs $-2,%r11"
    yield "mov $0xfffffffe,%r11d"
    yield "mov $0x80000000,%r11"
    yield "add $0x7fffffff,%r11"
    yield "Mov %R11, % rax; ADD % r11 , %R11"
    yield "mov %r11,%rax; mov %ecx,%r11d; add %r11,%rax"


def unary():
    """One operand, shifts, and what sets or moves bits."""
    for name in "inc dec neg not mul imul".split():
        for suffix, r11, _ in WIDTHS:
            yield f"{name} {r11}"
            yield f"{POINTER}{name}{suffix} 8(%r11){NO_POINTER}"
    for name in "shl sal shr sar rol ror rcl rcr".split():
        for suffix, r11, _ in WIDTHS:
            yield f"{name} $3,{r11}; setc %al"
            yield f"{name} %cl,{r11}; seto %al; mov $0,%r9; cmp %r9,%r9"
            yield f"{name} {r11}"
            yield f"{POINTER}{name}{suffix} $5,16(%r11){NO_POINTER}"
    for suffix, r11, other in WIDTHS[:3]:
        for name in "shld shrd".split():
            yield f"{name} $5,{r11},{other['a']}; mov $0,%r9; cmp %r9,%r9"
            yield f"{name} $3,{other['a']},{r11}; mov $0,%r9; cmp %r9,%r9"
        yield f"imul {r11},{other['a']}"
        yield f"imul {other['a']},{r11}"
        yield f"imul $77,{r11},{other['y']}"
        yield f"imul $77,{r11}"
        yield f"imul $77,{other['y']},{r11}"
        for name in "bsf bsr".split():
            yield f"or $1,{other['a']}; {name} {other['a']},{r11}; cmp %rax,%rax"
            yield f"or $1,{r11}; {name} {r11},{other['a']}; cmp %rax,%rax"
        for name in "bt bts btr btc".split():
            yield f"{name} {r11},{other['a']}; setc %cl; cmp %rax,%rax"
            yield f"{name} {other['a']},{r11}; setc %cl; cmp %rax,%rax"
            yield f"{name}{suffix} $9,{r11}; setc %cl; cmp %rax,%rax"
        for condition in "z nz c s a l".split():
            yield f"cmov{condition} {r11},{other['a']}"
            yield f"cmov{condition} {other['a']},{r11}"
    for form in "bswap %r11|bswap %r11d|sete %r11b|seta %r11b".split("|"):
        yield form
    yield "xor %edx,%edx; or $1,%r11; div %r11; cmp %rax,%rax"
    yield "xor %edx,%edx; or $1,%r11d; div %r11d; cmp %rax,%rax"


def moves():
    """Extension, exchange, addresses, the stack."""
    for name, source in (("movzbl", "b"), ("movsbl", "b"), ("movzwl", "w"), ("movswl", "w")):
        yield f"{name} %r11{source},%eax"
        yield f"{name} {'%al' if source == 'b' else '%ax'},%r11d"
        yield f"{name} {MEMORY}(%rdi),%r11d"
    yield from ("movslq %r11d,%rax", "movslq %eax,%r11", "movzbw %r11b,%ax")
    yield from ("movzbw %al,%r11w", "movsbq %r11b,%r11", "movslq %r11d,%r11")
    for suffix, r11, other in WIDTHS:
        for name in "xchg xadd cmpxchg".split():
            yield f"{name} {other['x']},{r11}"
            yield f"{name} {r11},{other['x']}"
            yield f"{name} {r11},{MEMORY}(%rdi)"
            yield f"{POINTER}lock {name}{suffix} {other['b']},8(%r11){NO_POINTER}"
        yield f"lock xadd {r11},{MEMORY}(%rdi)"
        yield f"lock add {r11},{MEMORY + 8}(%rdi)"
        yield f"cmpxchg {r11},{r11}"
    yield "lea 8(%r11),%rax"
    yield "lea 8(%rax,%r11,4),%r11"
    yield "lea (%r11,%r11),%r11d"
    yield "leal -1(%r11d),%eax"
    yield "lea (,%r11,8),%ax"
    yield "push %r11; pop %rax"
    yield "push %rax; pop %r11"
    yield f"{POINTER}push 8(%r11); pop 16(%r11){NO_POINTER}"
    yield f"push %rax; {POINTER}; pop (%r11){NO_POINTER}"
    yield "mov %r11,-8(%rsp); add -8(%rsp),%r11"
    yield "sub $64,%rsp; mov %r11,%rax; mov %rax,(%rsp); and $7,%r11d; mov (%rsp,%r11),%bl; add $64,%rsp; mov $0,%bl; test %rbx,%rbx"
    yield "mov %rsp,%r11; sub $64,%rsp; movq $5,(%rsp); mov %r11,%rsp; sub %rsp,%r11"
    yield "lea 8(%rsp),%r11; sub %rsp,%r11"
    yield "lea -64(%rsp),%r11; lea (%r11),%rsp; push %rax; lea 72(%rsp),%rsp; add $64,%r11; cmp %rsp,%r11; mov $0,%r11"
    yield "mov %rsp,%r11; cmp %rsp,%r11; mov $0,%r11"
    yield f"{POINTER}mov %rsp,48(%r11); cmp 48(%r11),%rsp; movq $0,48(%r11); mov $0,%r11"
    yield "push %rdi; mov %rdi,%rsi; mov $2,%ecx; lea 160(%rdi),%r11; mov %r11,%rdi; lea 128(%rsi),%rsi; rep movsq; sub %rdi,%r11; pop %rdi; sub %rdi,%rsi"
    yield f"mov %fs:0,%r11; mov $0,%r11"
    yield f"{POINTER}prefetcht0 (%r11); nopw 0(%r11,%rax,1){NO_POINTER}"


def vectors():
    """SSE registers next to %r11, and what newer processors have."""
    yield "movq %r11,%xmm0; paddq %xmm0,%xmm0; movq %xmm0,%rax"
    yield "movq %rax,%xmm1; movq %xmm1,%r11"
    yield "movd %r11d,%xmm2; movd %xmm2,%r11d"
    yield "movd %eax,%xmm2; movd %xmm2,%r11d"
    yield "cvtsi2sd %r11,%xmm0; movq %xmm0,%rax"
    yield "cvtsi2sd %eax,%xmm0; cvttsd2si %xmm0,%r11"
    yield f"{POINTER}movups 16(%r11),%xmm0; movups %xmm0,32(%r11){NO_POINTER}"
    yield f"{POINTER}fildll 8(%r11); fistpll 24(%r11){NO_POINTER}"
    if "popcnt" in CPU:
        yield from ("popcnt %r11,%rax", "popcnt %eax,%r11d")
    if "sse4_2" in CPU:
        yield from ("crc32q %r11,%rax", "crc32b %cl,%r11d", "crc32b %r11b,%eax")
        yield "movq %rax,%xmm0; pinsrq $1,%r11,%xmm0; pextrq $1,%xmm0,%rbx"
        yield "movq %rax,%xmm0; pextrq $0,%xmm0,%r11; pextrd $1,%xmm0,%r11d"
    if "movbe" in CPU:
        yield f"{POINTER}movbe 8(%r11),%rax{NO_POINTER}"
    if "bmi2" not in CPU or "avx2" not in CPU:
        return
    for a, b, c in (("%r11", "%rax", "%rcx"), ("%rax", "%r11", "%rcx"),
                    ("%rax", "%rcx", "%r11"), ("%r11", "%r11", "%r11")):
        for name in "andn bextr bzhi shlx shrx sarx pdep pext".split():
            yield f"{name} {a},{b},{c}; cmp %rax,%rax"
        yield f"mulx {a},{b},{c}"
    yield from ("rorx $7,%r11,%rax", "rorx $7,%rax,%r11", "blsr %r11,%rax", "blsi %eax,%r11d")
    yield from ("tzcnt %r11,%rax; cmp %rax,%rax", "lzcnt %rax,%r11; cmp %rax,%rax")
    yield from ("rep bsf %r11,%rax; cmp %rax,%rax", "rep bsf %eax,%r11d; cmp %rax,%rax")
    yield f"{POINTER}shlx %rcx,8(%r11),%r11"
    yield f"{POINTER}mulx 8(%r11),%r11,%rax"
    yield "vmovq %r11,%xmm3; vmovq %xmm3,%rax"
    yield "vmovq %rax,%xmm3; vmovq %xmm3,%r11"
    yield f"{POINTER}vmovdqu (%r11),%ymm1; vpaddd %ymm1,%ymm1,%ymm1; vmovdqu %ymm1,64(%r11){NO_POINTER}"


def control():
    """Branches; @ makes a label of this function's own. Indirect ones change the flags."""
    yield "mov $.L@a,%r11d; jmp *%r11; mov $1,%rax; .L@a: lea 3(%rax),%rax; mov $0,%r11; cmp %rax,%rax"
    yield "mov $called_@,%r11d; call *%r11; jmp .L@end; called_@: add $5,%r11; ret; .L@end: mov $0,%r11; cmp $1,%r11"
    yield "and $1,%r11d; jmp *.Ltable_@(,%r11,8); .Lz@: add $1,%rax; .Lo@: add $2,%rax; .section .rodata; .balign 8; .Ltable_@: .quad .Lz@, .Lo@; .text; nop"
    yield "lea .Ltable_@(%rip),%r11; jmp *8(%r11); mov $7,%r11; .Ly@: mov $0,%r11; cmp %rax,%rax; .section .rodata; .balign 8; .Ltable_@: .quad 0, .Ly@; .text; nop"
    yield "push $.L@a; mov $8,%r11d; mov (%rsp),%r11; add $8,%rsp; jmp *%r11; .L@a: mov $0,%r11; cmp %rax,%rax"
    yield "mov %r11,%rax; test $1,%r11b; jz .L@a; add $3,%r11; .L@a: add %r11,%rax; jmp .L@b; .L@b: xor %rax,%r11"
    yield "and $15,%r11d; .L@a: add %r11,%rax; sub $1,%r11; jg .L@a; add %r11,%rax"
    yield "call inner_@; add %r11,%rax; jmp .L@end; inner_@: add %rax,%r11; ret; .L@end: add %r11,%rax"
    yield "add %r11,%rax; sub $40,%rsp; add %r11,%rax; jz .L@a; add $2,%r11; .L@a: add $40,%rsp; cmp %r11,%rax"
    yield "add %r11,%rax; lea -8(%rsp),%rsp; mov %r11,(%rsp); lea 8(%rsp),%rsp; add %r11,%rax"


def straight():
    """The forms without labels."""
    return [*arithmetic(), *unary(), *moves(), *vectors()]


def functions():
    """All bodies: single forms, then random sequences, some with branches."""
    forms = straight()
    jumps = list(control())
    yield from forms
    yield from jumps
    pick = random.Random(11)
    for _ in range(400):
        yield "; ".join(pick.choice(forms) for _ in range(pick.randint(3, 12)))
    for _ in range(100):
        yield "; ".join([*pick.sample(forms, 4), pick.choice(jumps), *pick.sample(forms, 4)])


def assembly(bodies):
    """The source: functions that load all registers, run a body and store them."""
    lines = [".text"]
    saved = "rbx rbp r12 r13 r14 r15".split()
    for number, body in enumerate(bodies):
        name = f"f{number}_"
        lines += [f".globl {name}", f".type {name}, @function", f"{name}:"]
        lines += [f"push %{register}" for register in saved]
        lines += [f"mov {8 * i}(%rdi),%{r}" for i, r in enumerate(REGISTERS)]
        lines += ["cmp %r9,%r8"]
        lines += body.replace("@", name).split("; ")
        lines += [f"mov %{r},{8 * i}(%rdi)" for i, r in enumerate(REGISTERS)]
        lines += ["lahf", "seto %al", f"mov %ax,{8 * len(REGISTERS)}(%rdi)"]
        lines += [f"pop %{register}" for register in reversed(saved)]
        lines += ["ret"]
    lines += [".section .rodata", ".globl tested", ".balign 8", "tested:"]
    lines += [f".quad f{number}_" for number in range(len(bodies))]
    lines += [".quad 0", '.section .note.GNU-stack,"",@progbits', ""]
    return "\n".join(lines)


PROGRAM = """
#include "probe.h"

struct context {
    uint64_t registers[14];
    uint64_t flags;
    uint64_t spare;
    uint8_t memory[256];
};
extern void (*const tested[])(struct context *context);

static uint64_t state;

static uint64_t next(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static uint64_t run(void (*function)(struct context *), unsigned round)
{
    static struct context context;
    uint64_t sum = 0;

    state = 0x9e3779b97f4a7c15u + round;
    for (unsigned i = 0; i < sizeof(context) / 8; i++) {
        /* large, small, around the sign of 32 bits */
        ((uint64_t *)&context)[i] = round == 0 ? next() : round == 1 ? next() >> 58
                                  : 0x7fffffffu + (next() >> 62);
    }
    function(&context);
    context.flags &= ~(uint64_t)0x1000; /* auxiliary carry: often undefined */
    for (unsigned i = 0; i < sizeof(context) / 8; i++) {
        sum = sum * 0x100000001b3u + ((uint64_t *)&context)[i];
    }
    return sum;
}

void program(void)
{
    for (unsigned i = 0; tested[i]; i++) {
        uint64_t sum = 0;

        for (unsigned round = 0; round < 3; round++) {
            sum = sum * 31 + run(tested[i], round);
        }
        probe_int("", (int64_t)sum);
    }
}
"""

SLOT = "_Thread_local unsigned long __libc_r11[2];\n"  # libc's, which is not linked here


def build(cc, run_view, work, bodies):
    """Returns what the host and the view print, a line for each body."""
    def command(*words):
        result = subprocess.run(words, capture_output=True, text=True, check=False)
        if result.returncode:
            raise RuntimeError(" ".join(map(str, words[:3])) + "\n" + result.stderr[:4000])
        return result.stdout.splitlines()

    sources = [work / "r11.S", work / "r11.c", HERE / "programs/probe.c"]
    sources[0].write_text(assembly(bodies))
    sources[1].write_text(PROGRAM)
    (work / "slot.c").write_text(SLOT)
    options = ["-O1", "-w", "-I", HERE / "programs"]
    command("gcc", *options, "-fno-pie", "-no-pie", "-o", work / "host", *sources,
            HERE / "programs/host_main.c")
    gcc_include = command("gcc", "-print-file-name=include")[0]
    command(cc, *options, "--cubicle-isolation=sfi",
            f"--cubicle-interfaces={HERE / 'registry'}", "--cubicle-provides=probe",
            "-nostdinc", "-isystem", gcc_include, "-ffreestanding", "-nostdlib", "-o",
            work / "r11.cub", *sources, HERE / "programs/memory.c", work / "slot.c")
    return command(work / "host"), command(run_view, work / "r11.cub")


def main():
    """Builds all functions into one program and compares."""
    cc, run_view = sys.argv[1:3]
    bodies = list(functions())
    print(f"1..{len(bodies)}")
    with tempfile.TemporaryDirectory() as work:
        expected, found = build(cc, run_view, pathlib.Path(work), bodies)
    if len(expected) != len(bodies) or len(found) != len(bodies):
        sys.exit(f"Bail out! {len(expected)} and {len(found)} lines for {len(bodies)}")
    for number, (body, want, have) in enumerate(zip(bodies, expected, found), 1):
        print(f"{'ok' if want == have else 'not ok'} {number} - {body}")


main()
