#!/bin/sh
# cubicle-cc as a drop-in compiler, and what it makes of modules. TAP.
#
#   test_cc.sh CUBICLE-CC
set -u

cc=$(realpath "$1") || exit 1
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
mkdir tmp
export TMPDIR="$work/tmp"
unset CUBICLE_ISOLATION

number=0
failed() {
    echo "not ok $number - $1"
    sed 's/^/# /' log
}

# $1 name, then a function of this script; it passes if that succeeds and no temporary file
# is left.
check() {
    number=$((number + 1))
    name=$1
    shift
    : >log
    if "$@" >>log 2>&1 && [ -z "$(ls tmp)" ]; then
        echo "ok $number - $name"
    else
        ls tmp >>log
        rm -rf tmp/*
        failed "$name"
    fi
}

run() {
    "$cc" "$@"
}

# Compiles without headers; links without libc.
link() {
    "$cc" --cubicle-interfaces="$here/registry" -nostdlib -nostdinc "$@"
}

# Runs the command, which must fail and say all of $1.
fails() {
    says=$1
    shift
    if "$@" >said 2>&1; then
        return 1
    fi
    cat said
    grep -qF -- "$says" said
}

has_note() {
    objcopy -O binary --only-section=.cubicle.note --set-section-flags .cubicle.note=alloc \
        "$1" note && grep -qx "$2" note
}

cat >one.c <<'C'
#ifdef VALUE
int value(void) { return VALUE; }
#endif
int one(void) { return 1; }
C
cat >letters.c <<'C'
int größe = 3;
static int façade(int ñ) { return ñ + größe; }
int (*const 関数[])(int) = {façade};
int naïve(int i) { return i ? 関数[i](i) : façade(i); }
C
cat >two.c <<'C'
int one(void);
int two(void) { return one() + 1; }
C
cat >module.c <<'C'
static int count;
static void constructor(void) __attribute__((constructor));
static void constructor(void) { count++; }
extern void (*const __init_array_start[])(void), (*const __init_array_end[])(void);
int absent(void) __attribute__((weak));
int unused(void) { extern int nowhere(void); return nowhere(); }
int two(void);
long probe_echo(long a, double b);
int module_init(void)
{
    for (void (*const *f)(void) = __init_array_start; f != __init_array_end; f++) {
        (*f)();
    }
    return count + two() + (int)probe_echo(1, 2.0) + (absent ? absent() : 0);
}
C
cat >provider.c <<'C'
int module_init(void) { return 0; }
int probe_run(void *out, unsigned long size) { return out != 0 && size != 0; }
C
echo 'int one(void); int f(void) { return one(); } int module_init(void) { return f(); }' >lost.c
printf '.text\n.globl f\n.type f,@function\nf: mov (%%rdi),%%eax\n ret\n' >plain.s
printf '#define LOAD mov (%%rdi),%%eax\n.text\n.globl g\ng: LOAD\n ret\n' >pre.S
echo '#include "header.h"' >uses.c
echo 'int from_header(void);' >header.h

t_object() { run -nostdinc -O2 -c one.c && [ -e one.o ] && run -c two.c -o second.o; }
t_two_objects() { rm -f one.o two.o && run -c one.c two.c && [ -e one.o ] && [ -e two.o ]; }
t_two_to_one() { fails '-o with -c' run -c one.c two.c -o x.o; }
t_assembly() { run -S one.c && grep -q 'one:' one.s && ! grep -q 0x7fffffe0 one.s; }
t_from_assembly() { run -c one.s -o one-s.o && objdump -d one-s.o | grep -q 0x7fffffe0; }
t_assembler() { run -c plain.s && objdump -d plain.o | grep -q '%gs:(%edi)'; }
t_assembler_cpp() { run -nostdinc -c pre.S && objdump -d pre.o | grep -q '%gs:(%edi)'; }
t_preprocess() { run -nostdinc -E -DVALUE=77 one.c | grep -q 'return 77'; }
t_stdin() {
    echo 'int f(void) { return 0; }' | run -nostdinc -x c -c - -o stdin.o && [ -e stdin.o ]
}
t_stdin_preprocess() { echo 'int f = VALUE;' | run -nostdinc -E -DVALUE=7 - | grep -q 'f = 7'; }
t_language() { cp one.c odd.txt && run -nostdinc -x c -c odd.txt -o odd.o && [ -e odd.o ]; }
t_other_language() { echo >x.cpp && fails 'only C and assembler' run -c x.cpp; }
t_response() {
    printf '%s\n' '-c "-DVALUE=5"' "-o 'with space.o'" one.c >args
    run -nostdinc @args && [ -e 'with space.o' ] && nm 'with space.o' | grep -q value
}
t_no_input() { fails 'no input files' run -c; }
t_no_such_file() { fails 'nosuch.c' run -c nosuch.c; }
t_no_argument() { fails '-o needs an argument' run -c one.c -o; }
t_syntax_error() { echo 'int f(' >bad.c; fails 'bad.c:1' run -nostdinc -c bad.c && [ ! -e bad.o ]; }
t_refused_code() {
    printf '\n\nvoid f(void) { __asm__("hlt"); }\n' >asm.c
    fails 'asm.c:3: error: in `f'"'"': `hlt' run -nostdinc -c asm.c && [ ! -e asm.o ]
}
# The compiler writes no lines unless it is asked; -g is not.
t_refused_lines() {
    cat >lines.c <<'C'
static int helper(int x)
{
    __asm__("rdtsc" : "+a"(x) : : "edx");
    return x;
}
int outer(int a)
{
    int nested(int b) { return helper(a + b); }
    return nested(a);
}
__attribute__((target("avx512f"))) void wide(double *at)
{
    typedef double eight __attribute__((vector_size(64), aligned(8)));
    *(eight *)at += 1;
}
C
    for options in -O0 -O2 '-O1 -g'; do
        # shellcheck disable=SC2086
        fails 'lines.c:3: error: in ' run -nostdinc $options -c lines.c || return 1
        grep -Eq "^lines.c:14: error: in .wide': .*AVX-512" said || return 1
        [ "$(grep -c 'lines.c:3: error' said)" = 1 ] || return 1
        [ "$(sort said | uniq -d | grep -c error)" = 0 ] || return 1
        grep -v '^lines.c:[1-9]' said | grep error && return 1
    done
    run -nostdinc -O1 -S lines.c && fails 'lines.s:' run -c lines.s &&
        grep -Eq "^lines.s:[0-9]+: error: in .* of lines.c: " said
}
t_indirect() {
    cat >indirect.c <<'C'
__attribute__((target_clones("avx2", "default"))) int one(void) { return 1; }
C
    fails '`one'"'"': indirect functions are not supported' run -O2 -c indirect.c -o indirect.o &&
        fails '`one'"'"': indirect functions' \
            link --cubicle-isolation=none module.c indirect.c two.c -o indirect.cub &&
        [ ! -e indirect.cub ]
}
t_no_main() {
    mkdir -p root/lib root/include && : >crt.c && run -nostdinc -c crt.c -o root/lib/crt1.o &&
        ar cr root/lib/libc.a || return 1
    fails "undefined reference to \`main'" "$cc" --cubicle-interfaces="$here/registry" \
        --cubicle-sysroot="$PWD/root" -nostdinc one.c -o program.cub
    [ ! -e program.cub ]
}
t_other_letters() {
    run -nostdinc -O2 -c letters.c && nm letters.o | grep -q ' größe$' &&
        nm letters.o | grep -q ' naïve$' && echo 'int one(void) { return 1; }' >>letters.c &&
        run -nostdinc -g -O2 -c letters.c && CUBICLE_ISOLATION=none run -nostdinc -c letters.c
}
t_dependencies() {
    mkdir -p sub && run -nostdinc -MMD -c uses.c -o sub/uses.o &&
        grep -q '^sub/uses.o: uses.c header.h' sub/uses.d
}
t_dependency_file() {
    run -nostdinc -MD -MP -MF deps -MT target -c uses.c && grep -q '^target: ' deps &&
        grep -q '^header.h:' deps
}
t_list_dependencies() { run -nostdinc -MM uses.c | grep -q '^uses.o: uses.c header.h'; }
t_debug() { run -nostdinc -g -O2 -c two.c -o debug.o && readelf -S debug.o | grep -q debug_line; }
t_ignored() {
    run -nostdinc -fPIC -pthread -fstack-protector-strong -flto -pipe -Wa,--noexecstack \
        -c one.c -o ignored.o && ! readelf -r ignored.o | grep -q GOT
}
t_shared() { fails '-shared is not supported' run -shared one.c; }
t_m32() { fails '-m32 is not supported' run -m32 -c one.c; }
t_unknown_own() { fails 'unknown option' run --cubicle-x -c one.c; }
t_bad_isolation() { fails 'must be sfi or none' run --cubicle-isolation=mpk -c one.c; }
t_plain() {
    run --cubicle-isolation=none -nostdinc -O2 -c one.c -o none.o &&
        ! objdump -d none.o | grep -q 0x7fffffe0
}
t_plain_environment() {
    CUBICLE_ISOLATION=none run -nostdinc -O2 -c one.c -o none.o &&
        ! objdump -d none.o | grep -q 0x7fffffe0
}
t_help() { run --help | grep -q '^SYNOPSIS'; }
t_version() { run --version | grep -q 'Free Software Foundation'; }
t_questions() {
    [ "$(run -dumpversion)" = "$(gcc -dumpversion)" ] &&
        [ "$(run -print-prog-name=as)" = "$(gcc -print-prog-name=as)" ]
}
t_dry_run() {
    rm -f dry.o && run -nostdinc '-###' -c one.c -o dry.o 2>&1 | grep -q cubicle-rewrite &&
        [ ! -e dry.o ]
}

t_link() { run -nostdinc -c one.c two.c && link module.c one.o two.o -o module.cub; }
t_exports() { [ "$(nm -g --defined-only module.cub | cut -d' ' -f3)" = module_init ]; }
t_imports() { [ "$(nm -u module.cub | tr -d ' U' | grep -v '^__cubicle_')" = probe_echo ]; }
t_collected() { ! nm module.cub | grep -qE 'unused|nowhere'; }
t_constructor() { readelf -r module.cub | grep -q 'rela.init_array'; }
t_note() {
    has_note module.cub 'cubicle-module 2' && has_note module.cub 'isolation sfi' &&
        has_note module.cub 'provides module 00000000000000a3' &&
        has_note module.cub 'uses probe_host 00000000000000a2'
}
t_note_plain() {
    link --cubicle-isolation=none module.c one.c two.c -o plain.cub &&
        has_note plain.cub 'isolation plain'
}
# An address of libc's data spells int $0x80 behind an object that padding cannot move.
t_plain_page() {
    cat >page.c <<'C'
static char page[4096] __attribute__((aligned(4096)));
int far(int i);
int one(void) { return ++page[far(1)]; }
C
    cat >far.s <<'S'
    .globl far
far:
    movslq %edi, %rcx
    mov table(,%rcx,8), %rdx
    mov %edx, %eax
    ret
    .bss
    .balign 8
    .zero 128
table:
    .zero 64
    .section .note.GNU-stack,"",@progbits
S
    rm -f libc.a && run --cubicle-isolation=none -nostdinc -c far.s -o far.o &&
        ar rcs libc.a far.o &&
        link --cubicle-isolation=none module.c page.c two.c libc.a -o page.cub >said 2>&1 &&
        cat said && [ ! -s said ] && objdump -d page.cub | grep -q '48 8b 14 cd'
}
t_provides() {
    link --cubicle-provides=probe provider.c -o provider.cub &&
        nm -g provider.cub | grep -q 'T probe_run' &&
        has_note provider.cub 'provides probe 00000000000000a1'
}
t_archive() {
    rm -f libone.a && run -nostdinc -c one.c two.c && ar rcs libone.a one.o &&
        link module.c two.o -L. -lone -o a.cub && ar rcs libtwo.a two.o &&
        link module.c -L"$work" -Wl,--start-group -lone libtwo.a -Wl,--end-group -lm -o b.cub
}
t_partial() { link -r one.o two.o -o both.o && link module.c both.o -o c.cub; }
t_default_name() { rm -f a.out && link provider.c && [ -e a.out ]; }
t_aligned() {
    readelf -SW module.cub | grep -E ' \.text .* 32$' &&
        nm module.cub | awk '$2 ~ /[Tt]/ && $1 !~ /[02468ace]0$/ { bad = 1 } END { exit bad }'
}
t_undefined() {
    fails 'undefined reference to `one'"'" link lost.c -o lost.cub && [ ! -e lost.cub ]
}
# Which object it is: a source of the command line, an object, a member of an archive.
t_undefined_where() {
    run -nostdinc -c lost.c -o lost.o && rm -f liblost.a && ar rcs liblost.a lost.o &&
        fails "error: lost.c: undefined reference to \`one'" link lost.c -o lost.cub &&
        fails "error: lost.o: undefined reference to \`one'" link lost.o -o lost.cub &&
        fails "error: ./liblost.a(lost.o): undefined reference to \`one'" \
            link ./liblost.a -o lost.cub
}
t_not_provided() {
    fails '`probe_run'"'"' is not defined' link --cubicle-provides=probe module.c one.o two.o \
        -o x.cub && [ ! -e x.cub ]
}
t_no_interface() { fails 'is not in the registry' link --cubicle-provides=nosuch provider.c; }
t_no_registry() {
    fails 'interface registry /nosuch' run --cubicle-interfaces=/nosuch -nostdlib one.o
}
t_interrupted() {
    # A compiler that never ends, ended by a signal: nothing may stay behind.
    mkfifo pipe
    run -nostdinc -x c -c pipe -o pipe.o &
    pid=$!
    while [ -z "$(ls tmp)" ]; do sleep 0.1; done
    kill -TERM $pid
    : >pipe
    ! wait $pid && sleep 0.2
}

tests='object two_objects two_to_one assembly from_assembly assembler assembler_cpp preprocess
    stdin stdin_preprocess language other_language response no_input no_such_file no_argument
    syntax_error refused_code refused_lines indirect no_main other_letters dependencies dependency_file list_dependencies debug ignored
    shared m32 unknown_own bad_isolation plain plain_environment help version questions
    dry_run link exports imports collected constructor note note_plain plain_page provides archive
    partial default_name aligned undefined undefined_where not_provided no_interface no_registry interrupted'
# shellcheck disable=SC2086
set -- $tests
echo "1..$#"
for test in "$@"; do
    check "$test" "t_$test"
done
