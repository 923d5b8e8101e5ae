#!/bin/sh
# cubicle-plain: the instructions of plain.txt come out without forbidden bytes and do the
# same; what only distances spell is taken out of a linked module. TAP.
#
#   test_plain.sh CUBICLE-PLAIN
set -eu

plain=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
monitor=$here/../../../monitor/backend/mpk
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

grep -v '^#' "$here/plain.txt" >list
# One function a line: raw_N and plain_N in two files, and the table of both.
functions() {
    awk -v name="$1" '{
        printf ".text\n.globl %s_%d, %s_%d_end\n%s_%d:\n", name, NR, name, NR, name, NR
        printf "\t%s\n\tret\n%s_%d_end:\n", $0, name, NR
    } END { print ".section .note.GNU-stack,\"\",@progbits" }' list
}
functions raw >raw.s
functions plain >plain.s
awk 'BEGIN { print "\t.data\n\t.globl rows\nrows:" }
     { text = $0; gsub(/"/, "", text)
       printf "\t.quad 1f, raw_%d, raw_%d_end, plain_%d, plain_%d_end\n", NR, NR, NR, NR
       printf "\t.section .rodata\n1:\t.asciz \"%s\"\n\t.data\n", text }
     END { print "\t.quad 0, 0, 0, 0, 0\n\t.section .note.GNU-stack,\"\",@progbits" }' list >rows.s
as -o raw.o raw.s
as -o rows.o rows.s
"$plain" -o plain.o plain.s 2>warnings
${CC:-cc} -O1 -no-pie -I"$monitor" -o run "$here/plain_run.c" "$monitor/forbidden.c" raw.o \
    plain.o rows.o
number=$(grep -c . list)
./run >tap && status=0 || status=1
grep -v '^1\.\.' tap
check() {
    number=$((number + 1))
    name=$1
    shift
    if "$@" >log 2>&1; then
        printf 'ok %d - %s\n' $number "$name"
    else
        printf 'not ok %d - %s\n' $number "$name"
        sed 's/^/# /' log
        status=1
    fi
}
check 'no warnings' test ! -s warnings

# What it cannot tell apart from something else stays as it is, with a warning: a prefix, masks
# and broadcasts, several statements, comments, tables, distances in bytes, macros, strings.
# shellcheck disable=SC2317 # check() calls it
left_alone() {
    as -o as.o "$1" && "$plain" -o own.o "$1" 2>warnings && grep -q 'warning: ' warnings &&
        objcopy -O binary -j .text as.o as.bin && objcopy -O binary -j .text own.o own.bin &&
        cmp as.bin own.bin
}

while IFS= read -r line; do

    printf '%b\n' "$line" >left.s
    check "left alone: $line" left_alone left.s
done <<'EOF'
lock; addl $1, 1295(%rdi)
vmovdqu32 %zmm0, 1295(%rdi){%k1}
vaddps 1295(%rdi){1to16}, %zmm1, %zmm0
vpgatherdd %ymm2, 1295(%rax,%ymm1,4), %ymm0
movl $1295, %eax; ret # more
addl $1295, %r8d /* more */
.byte 1, 2, 0x0f\n.byte 0x05, 3
jmp .+4\n movb $15, %al\n addl $0x12345678, %eax
.macro movplus a, b\n movl \\a+1, \\b\n .endm\n movplus $1294, %eax
movl 1295(%r8d), %eax
addl $1295, 8(%esp)
1: lock; addl $1, 1295(%rdi)
.file 1 "x.c"\n lock\n\n.loc 1 1\n0:\n addl $1, 1295(%rdi)
.byte 0xf0\n addl $1, 1295(%rdi)
fs; movl 1295(%rdi), %eax
sub $1295, (%rdi)
movl 1295(%rdi), %R8D
PUSHQ 1295(%rdi)
.set out, %r8d\n movl 1295(%rdi), out
data16 movq %rsp, 1295(%rdi)
jmp 1f+5\n 1: movl $1295, %edx\n ret\n .fill 9
leaq 7(%rip), %rax\n movl $1295, %edx\n ret
.rept 2\n movl $1295, %edx\n .endr
jrcxz 1f\n orb $-128, %ch\n .fill 119, 1, 0x90\n 1: ret
jrcxz 1f\n .fill 118, 1, 0x90\n movl 1295(%rdi), %eax\n 1: ret
EOF
printf '.section .rodata\n.asciz "mov %%fs:0"\n' >string.s
"$plain" -o string.o string.s
# shellcheck disable=SC2016 # no variables
printf '.section .rodata\n.asciz "/*"\n.text\n movl $1295, %%edx # . is one\n' >string.s
"$plain" -o clean.o string.s 2>warnings
check 'nor are they comments' test ! -s warnings
check 'strings are no instructions' grep -q 'mov %fs:0' string.o

# A module whose distances spell things once it is placed as the loader places it: code, one
# page, constants. near is known to the linker, behind to the assembler.
cat >distances.s <<'EOF'
        .text
        .globl  answer, near, far, constant, place
        .type   answer, @function
answer: movl    $1, %eax
        call    near
        call    far
        addl    constant(%rip), %eax
        cmpl    $40, other(%rip)
        movl    $constant, place(%rip)
        jne     .Lbehind
        ret
        .size   answer, . - answer
        .org    10 + 0x50f
near:   incl    %eax
        ret
        .org    44 + 0x50f
.Lbehind:
        incl    %eax
        ret
        .org    15 + 0x340f
far:    addl    $2, %eax
        ret
        .org    0xe800
        .section .rodata
        .org    21 + 0x50f
constant: .long 38
        .org    28 + 0x50f
other:  .long   41
        .org    0xe800
        .data
        .org    38 + 0x50f
place:  .long   0
        .section .note.GNU-stack,"",@progbits
EOF
"$plain" -o distances.o distances.s
ld -r -o linked.o distances.o
cp linked.o unchanged.o
# How many there are in the code of $1 where the loader puts it.
count() {
    ld -o placed --entry=answer -Ttext=0x100000 --section-start=.rodata=0x110000 \
        --section-start=.data=0x120000 "$1" &&
        objcopy -O binary -j .text placed code && ./run code
}
# shellcheck disable=SC2317 # check() calls it
answer() {
    cat >main.c <<'EOC' &&
extern const int constant;
extern int place;
int answer(void);
int main(void)
{
    return answer() != 43 || place != (int)(long)&constant;
}
EOC
        ${CC:-cc} -no-pie -o main main.c "$1" && ./main
}
check 'distances spell six things' test "$(count unchanged.o)" = 6
check 'a linked module is changed' "$plain" --linked linked.o
check 'then they spell none' test "$(count linked.o)" = 0
check 'it does what it did' answer unchanged.o
check 'and still does' answer linked.o
cp linked.o again.o
check 'once more' "$plain" --linked again.o
check 'changes nothing' cmp linked.o again.o
echo "1..$number"
exit "$status"
