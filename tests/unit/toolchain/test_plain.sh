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
        echo "ok $number - $name"
    else
        echo "not ok $number - $name"
        sed 's/^/# /' log
        status=1
    fi
}
check 'no warnings' test ! -s warnings

# A module whose distances spell things once it is placed as the loader places it: code, one
# page, constants. near is known to the linker, behind to the assembler.
cat >distances.s <<'EOF'
        .text
        .globl  answer, near, far
        .type   answer, @function
answer: movl    $1, %eax
        call    near
        call    far
        addl    constant(%rip), %eax
        cmpl    $40, other(%rip)
        jne     .Lbehind
        ret
        .org    10 + 0x50f
near:   incl    %eax
        ret
        .org    34 + 0x50f
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
        .section .note.GNU-stack,"",@progbits
EOF
"$plain" -o distances.o distances.s
ld -r -o linked.o distances.o
cp linked.o unchanged.o
# How many there are in the code of $1 where the loader puts it.
count() {
    ld -o placed --entry=answer -Ttext=0x100000 --section-start=.rodata=0x110000 "$1" &&
        objcopy -O binary -j .text placed code && ./run code
}
answer() {
    printf 'int answer(void); int main(void) { return answer() != 43; }\n' >main.c &&
        ${CC:-cc} -no-pie -o main main.c "$1" && ./main
}
check 'distances spell five things' test "$(count unchanged.o)" = 5
check 'a linked module is changed' "$plain" --linked linked.o
check 'then they spell none' test "$(count linked.o)" = 0
check 'it does what it did' answer unchanged.o
check 'and still does' answer linked.o
cp linked.o again.o
check 'once more' "$plain" --linked again.o
check 'changes nothing' cmp linked.o again.o
echo "1..$number"
exit $status
