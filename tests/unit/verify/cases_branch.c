/* Branches and layout: B1 to B4 of branch.c, V2 of verify.c. */
#include "verify_case.h"

/* clang-format off */
static const struct verify_case cases[] = {
    ACCEPT("B1", 0, "jmp .+2", "\xeb\x00"),
    ACCEPT("B1", 0, "e9 00 00 00 00", "\xe9\x00\x00\x00\x00"),
    ACCEPT("B1", 0, "je .+2", "\x74\x00"),
    ACCEPT("B1", 0, "0f 84 00 00 00 00", "\x0f\x84\x00\x00\x00\x00"),
    ACCEPT("B1", 27, "call .+5", "\xe8\x00\x00\x00\x00"),
    REJECT("B1", 0, "4 bytes on AMD", "\x66\xe9\x00\x00\x00\x00", PREFIX_SIZE, 0),
    REJECT("B1", 0, "66 eb 00", "\x66\xeb\x00", PREFIX_SIZE, 0),
    REJECT("B1", 0, "66 0f 84 00 00 00 00",
           "\x66\x0f\x84\x00\x00\x00\x00", PREFIX_SIZE, 0),
    REJECT("B1", 0, "66 74 00", "\x66\x74\x00", PREFIX_SIZE, 0),
    REJECT("B1", 26, "66 e8 00 00 00 00", "\x66\xe8\x00\x00\x00\x00", PREFIX_SIZE, 26),
    REJECT("B1", 0, "67 eb 00", "\x67\xeb\x00", PREFIX_ADDRESS, 0),
    REJECT("B1", 0, "67 74 00", "\x67\x74\x00", PREFIX_ADDRESS, 0),
    REJECT("B1", 0, "bnd jmp", "\xf2\xe9\x00\x00\x00\x00", PREFIX_REP, 0),
    REJECT("B1", 0, "f2 74 00", "\xf2\x74\x00", PREFIX_REP, 0),
    REJECT("B1", 0, "f3 e9 00 00 00 00", "\xf3\xe9\x00\x00\x00\x00", PREFIX_REP, 0),
    REJECT("B1", 0, "not taken", "\x2e\x74\x00", PREFIX_SEGMENT, 0),
    REJECT("B1", 0, "taken", "\x3e\x74\x00", PREFIX_SEGMENT, 0),
    REJECT("B1", 0, "48 74 00", "\x48\x74\x00", PREFIX_REX, 0),
    REJECT("B1", 0, "48 e9 00 00 00 00", "\x48\xe9\x00\x00\x00\x00", PREFIX_REX, 0),
    REJECT("B1", 0, "40 eb 00", "\x40\xeb\x00", PREFIX_REX, 0),
    REJECT("B1", 0, "loop .+2", "\xe2\x00", UNLISTED, 0),
    REJECT("B1", 0, "loopne .+2", "\xe0\x00", UNLISTED, 0),
    REJECT("B1", 0, "jrcxz .+2", "\xe3\x00", UNLISTED, 0),
    REJECT("B1", 0, "jecxz .+3", "\x67\xe3\x00", UNLISTED, 0),
    REJECT("B1", 0, "xbegin .+6", "\xc7\xf8\x00\x00\x00\x00", UNLISTED, 0),
    REJECT("B1", 0, "xabort $1", "\xc6\xf8\x01", UNLISTED, 0),
    REJECT("B1", 0, "xend", "\x0f\x01\xd5", UNLISTED, 0),
    REJECT("B1", 0, "far call", "\x9a\x00\x00\x00\x00\x00\x00", DECODE, 0),
    REJECT("B1", 0, "far jmp", "\xea\x00\x00\x00\x00\x00\x00", DECODE, 0),
    REJECT("B1", 0, "ljmp *%gs:(%eax)", "\x65\x67\xff\x28", INDIRECT, 0),
    REJECT("B1", 0, "rex.W ljmp *%gs:(%eax)", "\x65\x67\x48\xff\x28", PREFIX_REX, 0),
    REJECT("B1", 28, "lcall *%gs:(%eax)", "\x65\x67\xff\x18", INDIRECT, 28),
    REJECT("B2", 0, "call .+5", "\xe8\x00\x00\x00\x00", CALL_END, 0),
    REJECT("B2", 26, "call .+5", "\xe8\x00\x00\x00\x00", CALL_END, 26),
    REJECT("B2", 0, "andl $-32,%eax; call *%rax", "\x83\xe0\xe0\xff\xd0", CALL_END, 3),
    REJECT("B3", 0, "jmp .+1", "\xeb\xff", TARGET_INSIDE, 0),
    REJECT("B3", 0, "jmp .+3; movl $0x90909090,%eax",
           "\xeb\x01\xb8\x90\x90\x90\x90", TARGET_INSIDE, 0),
    REJECT("B3", 0, "je .+4; movl $0x90909090,%eax",
           "\x74\x02\xb8\x90\x90\x90\x90", TARGET_INSIDE, 0),
    REJECT("B3", 0, "0f 84 02 00 00 00; movl $0x90909090,%eax",
           "\x0f\x84\x02\x00\x00\x00\xb8\x90\x90\x90\x90", TARGET_INSIDE, 0),
    REJECT("B3", 27, "call .+6; movl $0x90909090,%eax",
           "\xe8\x01\x00\x00\x00\xb8\x90\x90\x90\x90", TARGET_INSIDE, 27),
    ACCEPT("B3", 0, "jmp .+2; andl $-32,%eax; jmp *%rax",
           "\xeb\x00\x83\xe0\xe0\xff\xe0"),
    REJECT("B3", 0, "jmp .+5; andl $-32,%eax; jmp *%rax",
           "\xeb\x03\x83\xe0\xe0\xff\xe0", TARGET_INSIDE, 0),
    REJECT("B3", 0, "jmp .+10; andq $0x7fffffe0,(%rsp); ret",
           "\xeb\x08\x48\x81\x24\x24\xe0\xff\xff\x7f\xc3", TARGET_INSIDE, 0),
    ACCEPT("B3", 0, "jmp .+2; movl %eax,%esp; movq %fs:view,%r11; "
           "leaq (%rsp,%r11),%rsp",
           "\xeb\x00\x89\xc4\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff"
           "\x4a\x8d\x24\x1c"),
    REJECT("B3", 0, "jmp .+4; movl %eax,%esp; movq %fs:view,%r11; "
           "leaq (%rsp,%r11),%rsp",
           "\xeb\x02\x89\xc4\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff"
           "\x4a\x8d\x24\x1c", TARGET_INSIDE, 0),
    REJECT("B3", 0, "jmp .+13; movl %eax,%esp; movq %fs:view,%r11; "
           "leaq (%rsp,%r11),%rsp",
           "\xeb\x0b\x89\xc4\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff"
           "\x4a\x8d\x24\x1c", TARGET_INSIDE, 0),
    ACCEPT("B3", 0, "jmp .+2; movq %fs:view,%r11; movl %edi,%edi; "
           "leaq (%rdi,%r11),%rdi; stosb",
           "\xeb\x00\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x89\xff"
           "\x4a\x8d\x3c\x1f\xaa"),
    REJECT("B3", 0, "jmp .+11; movq %fs:view,%r11; movl %edi,%edi; "
           "leaq (%rdi,%r11),%rdi; stosb",
           "\xeb\x09\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x89\xff"
           "\x4a\x8d\x3c\x1f\xaa", TARGET_INSIDE, 0),
    REJECT("B3", 0, "jmp .+13; movq %fs:view,%r11; movl %edi,%edi; "
           "leaq (%rdi,%r11),%rdi; stosb",
           "\xeb\x0b\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x89\xff"
           "\x4a\x8d\x3c\x1f\xaa", TARGET_INSIDE, 0),
    REJECT("B3", 0, "jmp .+17; movq %fs:view,%r11; movl %edi,%edi; "
           "leaq (%rdi,%r11),%rdi; stosb",
           "\xeb\x0f\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x89\xff"
           "\x4a\x8d\x3c\x1f\xaa", TARGET_INSIDE, 0),
    ACCEPT("B3", 0, "jmp .+18; movq %fs:view,%r11; movl %edi,%edi; "
           "leaq (%rdi,%r11),%rdi; stosb; movl %edi,%edi",
           "\xeb\x10\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x89\xff"
           "\x4a\x8d\x3c\x1f\xaa\x89\xff"),
    REJECT("B3", 0, "jmp .+23; movq %fs:view,%r11; movl %edi,%edi; "
           "leaq (%rdi,%r11),%rdi; movl %esi,%esi; leaq (%rsi,%r11),%rsi; "
           "movsb",
           "\xeb\x15\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x89\xff"
           "\x4a\x8d\x3c\x1f\x89\xf6\x4a\x8d\x34\x1e\xa4", TARGET_INSIDE, 0),
    ACCEPT("B3", 0, "subq $8,%rsp; popq %rax; jmp .-1", "\x48\x83\xec\x08\x58\xeb\xfd"),
    REJECT("V2", 31, "movl %eax,%ecx", "\x89\xc1", BUNDLE_CROSS, 31),
    REJECT("V2", 28, "movl $1,%ecx", "\xb9\x01\x00\x00\x00", BUNDLE_CROSS, 28),
    REJECT("V2", 28, "0f 1f 44 00 00", "\x0f\x1f\x44\x00\x00", BUNDLE_CROSS, 28),
    ACCEPT("V2", 30, "movl %eax,%ecx", "\x89\xc1"),
    ACCEPT("B1", 0, "jo .+2; 0f 80 00 00 00 00", "\x70\x00\x0f\x80\x00\x00\x00\x00"),
    ACCEPT("B1", 0, "jno .+2; 0f 81 00 00 00 00", "\x71\x00\x0f\x81\x00\x00\x00\x00"),
    ACCEPT("B1", 0, "jb .+2; 0f 82 00 00 00 00", "\x72\x00\x0f\x82\x00\x00\x00\x00"),
    ACCEPT("B1", 0, "jae .+2; 0f 83 00 00 00 00", "\x73\x00\x0f\x83\x00\x00\x00\x00"),
    ACCEPT("B1", 0, "je .+2; 0f 84 00 00 00 00", "\x74\x00\x0f\x84\x00\x00\x00\x00"),
    ACCEPT("B1", 0, "jne .+2; 0f 85 00 00 00 00", "\x75\x00\x0f\x85\x00\x00\x00\x00"),
    ACCEPT("B1", 0, "jbe .+2; 0f 86 00 00 00 00", "\x76\x00\x0f\x86\x00\x00\x00\x00"),
    ACCEPT("B1", 0, "ja .+2; 0f 87 00 00 00 00", "\x77\x00\x0f\x87\x00\x00\x00\x00"),
    ACCEPT("B1", 0, "js .+2; 0f 88 00 00 00 00", "\x78\x00\x0f\x88\x00\x00\x00\x00"),
    ACCEPT("B1", 0, "jns .+2; 0f 89 00 00 00 00", "\x79\x00\x0f\x89\x00\x00\x00\x00"),
    ACCEPT("B1", 0, "jp .+2; 0f 8a 00 00 00 00", "\x7a\x00\x0f\x8a\x00\x00\x00\x00"),
    ACCEPT("B1", 0, "jnp .+2; 0f 8b 00 00 00 00", "\x7b\x00\x0f\x8b\x00\x00\x00\x00"),
    ACCEPT("B1", 0, "jl .+2; 0f 8c 00 00 00 00", "\x7c\x00\x0f\x8c\x00\x00\x00\x00"),
    ACCEPT("B1", 0, "jge .+2; 0f 8d 00 00 00 00", "\x7d\x00\x0f\x8d\x00\x00\x00\x00"),
    ACCEPT("B1", 0, "jle .+2; 0f 8e 00 00 00 00", "\x7e\x00\x0f\x8e\x00\x00\x00\x00"),
    ACCEPT("B1", 0, "jg .+2; 0f 8f 00 00 00 00", "\x7f\x00\x0f\x8f\x00\x00\x00\x00"),
    REJECT("B1", 0, "CS on a jcc", "\x2e\x70\x00", PREFIX_SEGMENT, 0),
    REJECT("B1", 0, "CS on a jcc", "\x2e\x71\x00", PREFIX_SEGMENT, 0),
    REJECT("B1", 0, "CS on a jcc", "\x2e\x72\x00", PREFIX_SEGMENT, 0),
    REJECT("B1", 0, "CS on a jcc", "\x2e\x73\x00", PREFIX_SEGMENT, 0),
    REJECT("B1", 0, "CS on a jcc", "\x2e\x74\x00", PREFIX_SEGMENT, 0),
    REJECT("B1", 0, "CS on a jcc", "\x2e\x75\x00", PREFIX_SEGMENT, 0),
    REJECT("B1", 0, "CS on a jcc", "\x2e\x76\x00", PREFIX_SEGMENT, 0),
    REJECT("B1", 0, "CS on a jcc", "\x2e\x77\x00", PREFIX_SEGMENT, 0),
    REJECT("B1", 0, "CS on a jcc", "\x2e\x78\x00", PREFIX_SEGMENT, 0),
    REJECT("B1", 0, "CS on a jcc", "\x2e\x79\x00", PREFIX_SEGMENT, 0),
    REJECT("B1", 0, "CS on a jcc", "\x2e\x7a\x00", PREFIX_SEGMENT, 0),
    REJECT("B1", 0, "CS on a jcc", "\x2e\x7b\x00", PREFIX_SEGMENT, 0),
    REJECT("B1", 0, "CS on a jcc", "\x2e\x7c\x00", PREFIX_SEGMENT, 0),
    REJECT("B1", 0, "CS on a jcc", "\x2e\x7d\x00", PREFIX_SEGMENT, 0),
    REJECT("B1", 0, "CS on a jcc", "\x2e\x7e\x00", PREFIX_SEGMENT, 0),
    REJECT("B1", 0, "CS on a jcc", "\x2e\x7f\x00", PREFIX_SEGMENT, 0),
};
/* clang-format on */

const struct verify_case_set cases_branch = {cases, sizeof(cases) / sizeof(cases[0])};
