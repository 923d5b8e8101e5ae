/* Groups: G1 to G4 of groups.c. */
#include "verify_case.h"

/* clang-format off */
static const struct verify_case cases[] = {
    ACCEPT("G1", 0, "andl $-32,%eax; jmp *%rax", "\x83\xe0\xe0\xff\xe0"),
    ACCEPT("G1", 0, "andl $-32,%r11d; jmp *%r11", "\x41\x83\xe3\xe0\x41\xff\xe3"),
    ACCEPT("G1", 0, "81 e1 e0 ff ff ff; jmp *%rcx", "\x81\xe1\xe0\xff\xff\xff\xff\xe1"),
    ACCEPT("G1", 0, "25 e0 ff ff ff; jmp *%rax", "\x25\xe0\xff\xff\xff\xff\xe0"),
    ACCEPT("G1", 27, "andl $-32,%eax; call *%rax", "\x83\xe0\xe0\xff\xd0"),
    ACCEPT("G1", 25, "andl $-32,%r12d; call *%r12", "\x41\x83\xe4\xe0\x41\xff\xd4"),
    REJECT("G1", 0, "jmp *%rax", "\xff\xe0", INDIRECT, 0),
    REJECT("G1", 30, "call *%rax", "\xff\xd0", INDIRECT, 30),
    REJECT("G1", 0, "andl $-32,%ecx; jmp *%rax", "\x83\xe1\xe0\xff\xe0", INDIRECT, 3),
    REJECT("G1", 0, "andl $-16,%eax; jmp *%rax", "\x83\xe0\xf0\xff\xe0", INDIRECT, 3),
    REJECT("G1", 0, "andl $-64,%eax; jmp *%rax", "\x83\xe0\xc0\xff\xe0", INDIRECT, 3),
    REJECT("G1", 0, "andl $0x7fffffe0,%eax; jmp *%rax",
           "\x25\xe0\xff\xff\x7f\xff\xe0", INDIRECT, 5),
    REJECT("G1", 0, "andq $-32,%rax; jmp *%rax",
           "\x48\x83\xe0\xe0\xff\xe0", INDIRECT, 4),
    REJECT("G1", 0, "andw $-32,%ax; jmp *%rax",
           "\x66\x83\xe0\xe0\xff\xe0", INDIRECT, 4),
    REJECT("G1", 0, "andb $-32,%al; jmp *%rax", "\x24\xe0\xff\xe0", INDIRECT, 2),
    REJECT("G1", 0, "andl $-32,%eax; nop; jmp *%rax",
           "\x83\xe0\xe0\x90\xff\xe0", INDIRECT, 4),
    REJECT("G1", 0, "andl $-32,%eax; incl %eax; jmp *%rax",
           "\x83\xe0\xe0\xff\xc0\xff\xe0", INDIRECT, 5),
    REJECT("G1", 0, "andl $-32,%eax; jne .+2; jmp *%rax",
           "\x83\xe0\xe0\x75\x00\xff\xe0", INDIRECT, 5),
    REJECT("G1", 0, "andl %ecx,%eax; jmp *%rax", "\x21\xc8\xff\xe0", INDIRECT, 2),
    REJECT("G1", 0, "orl $-32,%eax; jmp *%rax", "\x83\xc8\xe0\xff\xe0", INDIRECT, 3),
    REJECT("G1", 0, "subl $-32,%eax; jmp *%rax", "\x83\xe8\xe0\xff\xe0", INDIRECT, 3),
    REJECT("G1", 0, "andl $-32,%eax; jmp *%r8",
           "\x83\xe0\xe0\x41\xff\xe0", INDIRECT, 3),
    REJECT("G1", 0, "andl $-32,%r8d; jmp *%rax",
           "\x41\x83\xe0\xe0\xff\xe0", INDIRECT, 4),
    REJECT("G1", 0, "andl $-32,%eax; jmp *%gs:(%eax)",
           "\x83\xe0\xe0\x65\x67\xff\x20", INDIRECT, 3),
    REJECT("G1", 0, "jmp *%gs:(%eax)", "\x65\x67\xff\x20", INDIRECT, 0),
    REJECT("G1", 0, "jmp *(%rsp)", "\xff\x24\x24", INDIRECT, 0),
    REJECT("G1", 0, "jmp *(%rax)", "\xff\x20", ACCESS_SEGMENT, 0),
    REJECT("G1", 28, "call *%gs:(%eax)", "\x65\x67\xff\x10", INDIRECT, 28),
    REJECT("G1", 0, "andl $-32,%esp; jmp *%rsp",
           "\x83\xe4\xe0\xff\xe4", STACK_REBASE, 0),
    REJECT("G1", 0, "jmp *%rsp", "\xff\xe4", INDIRECT, 0),
    REJECT("G1", 0, "andl $-32,%gs:(%eax); jmp *%rax",
           "\x65\x67\x83\x20\xe0\xff\xe0", INDIRECT, 5),
    REJECT("G1", 0, "andl $-32,%eax; rex.W", "\x83\xe0\xe0\x48\xff\xe0", PREFIX_REX, 3),
    REJECT("G1", 0, "andl $-32,%eax; 66 ff e0",
           "\x83\xe0\xe0\x66\xff\xe0", PREFIX_SIZE, 3),
    REJECT("G1", 0, "andl $-32,%eax; notrack",
           "\x83\xe0\xe0\x3e\xff\xe0", PREFIX_SEGMENT, 3),
    REJECT("G1", 0, "andl $-32,%eax; bnd", "\x83\xe0\xe0\xf2\xff\xe0", PREFIX_REP, 3),
    ACCEPT("G1", 0, "andl $-32,%eax; andl $-32,%eax; jmp *%rax",
           "\x83\xe0\xe0\x83\xe0\xe0\xff\xe0"),
    ACCEPT("G2", 0, "andq $0x7fffffe0,(%rsp); ret",
           "\x48\x81\x24\x24\xe0\xff\xff\x7f\xc3"),
    REJECT("G2", 0, "ret", "\xc3", RETURN, 0),
    REJECT("G2", 0, "nop; ret", "\x90\xc3", RETURN, 1),
    REJECT("G2", 0, "andq $0x7fffffe0,(%rsp); nop; ret",
           "\x48\x81\x24\x24\xe0\xff\xff\x7f\x90\xc3", RETURN, 9),
    REJECT("G2", 0, "andl $0x7fffffe0,(%rsp); ret",
           "\x81\x24\x24\xe0\xff\xff\x7f\xc3", RETURN, 7),
    REJECT("G2", 0, "andq $0x7fffffe0,8(%rsp); ret",
           "\x48\x81\x64\x24\x08\xe0\xff\xff\x7f\xc3", RETURN, 9),
    REJECT("G2", 0, "andq $0x7ffffff0,(%rsp); ret",
           "\x48\x81\x24\x24\xf0\xff\xff\x7f\xc3", RETURN, 8),
    REJECT("G2", 0, "andq $0x7fffffc0,(%rsp); ret",
           "\x48\x81\x24\x24\xc0\xff\xff\x7f\xc3", RETURN, 8),
    REJECT("G2", 0, "andq $-32,(%rsp); ret", "\x48\x83\x24\x24\xe0\xc3", RETURN, 5),
    REJECT("G2", 0, "andq $0x7fffffe0,%gs:(%esp); ret",
           "\x65\x67\x48\x81\x24\x24\xe0\xff\xff\x7f\xc3", RETURN, 10),
    REJECT("G2", 0, "andq $0x7fffffe0,%gs:(%eax); ret",
           "\x65\x67\x48\x81\x20\xe0\xff\xff\x7f\xc3", RETURN, 9),
    REJECT("G2", 0, "orq $0x7fffffe0,(%rsp); ret",
           "\x48\x81\x0c\x24\xe0\xff\xff\x7f\xc3", RETURN, 8),
    REJECT("G2", 0, "andl $-32,%eax; ret", "\x83\xe0\xe0\xc3", RETURN, 3),
    REJECT("G2", 0, "andq $0x7fffffe0,(%rsp); popq %rax; ret",
           "\x48\x81\x24\x24\xe0\xff\xff\x7f\x58\xc3", RETURN, 9),
    REJECT("G2", 0, "andq $0x7fffffe0,(%rsp); ret $8",
           "\x48\x81\x24\x24\xe0\xff\xff\x7f\xc2\x08\x00", RETURN, 8),
    REJECT("G2", 0, "andq $0x7fffffe0,(%rsp); lretl",
           "\x48\x81\x24\x24\xe0\xff\xff\x7f\xcb", RETURN, 8),
    REJECT("G2", 0, "andq $0x7fffffe0,(%rsp); f3 c3",
           "\x48\x81\x24\x24\xe0\xff\xff\x7f\xf3\xc3", PREFIX_REP, 8),
    REJECT("G2", 0, "andq $0x7fffffe0,(%rsp); f2 c3",
           "\x48\x81\x24\x24\xe0\xff\xff\x7f\xf2\xc3", PREFIX_REP, 8),
    REJECT("G2", 0, "andq $0x7fffffe0,(%rsp); 66 c3",
           "\x48\x81\x24\x24\xe0\xff\xff\x7f\x66\xc3", PREFIX_SIZE, 8),
    REJECT("G2", 0, "andq $0x7fffffe0,(%rsp); 48 c3",
           "\x48\x81\x24\x24\xe0\xff\xff\x7f\x48\xc3", PREFIX_REX, 8),
    REJECT("G2", 0, "andq $0x7fffffe0,(%rsp); jmp *%rax",
           "\x48\x81\x24\x24\xe0\xff\xff\x7f\xff\xe0", INDIRECT, 8),
    REJECT("G2", 0, "ret $8", "\xc2\x08\x00", RETURN, 0),
    REJECT("G2", 0, "lretq", "\x48\xcb", PREFIX_REX, 0),
    REJECT("G2", 0, "lretl $8", "\xca\x08\x00", RETURN, 0),
    REJECT("G2", 24, "andq $0x7fffffe0,(%rsp); ret",
           "\x48\x81\x24\x24\xe0\xff\xff\x7f\xc3", GROUP_CROSS, 24),
    REJECT("G1", 29, "andl $-32,%eax; jmp *%rax",
           "\x83\xe0\xe0\xff\xe0", GROUP_CROSS, 29),
    REJECT("G3", 30, "movl %eax,%esp; movq %fs:view,%r11; leaq (%rsp,%r11),%rsp",
           "\x89\xc4\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x4a\x8d"
           "\x24\x1c", GROUP_CROSS, 30),
    REJECT("G3", 21, "movl %eax,%esp; movq %fs:view,%r11; leaq (%rsp,%r11),%rsp",
           "\x89\xc4\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x4a\x8d"
           "\x24\x1c", GROUP_CROSS, 21),
    ACCEPT("G4", 0, "movq %fs:view,%r11; movl %edi,%edi; leaq (%rdi,%r11),%rdi; "
           "movl %esi,%esi; leaq (%rsi,%r11),%rsi; rep movsb",
           "\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x89\xff\x4a\x8d"
           "\x3c\x1f\x89\xf6\x4a\x8d\x34\x1e\xf3\xa4"),
    ACCEPT("G4", 0, "movq %fs:view,%r11; movl %edi,%edi; leaq (%rdi,%r11),%rdi; "
           "movl %esi,%esi; leaq (%rsi,%r11),%rsi; movsw; movl %edi,%edi; "
           "movl %esi,%esi",
           "\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x89\xff\x4a\x8d"
           "\x3c\x1f\x89\xf6\x4a\x8d\x34\x1e\x66\xa5\x89\xff\x89"
           "\xf6"),
    ACCEPT("G4", 0, "movq %fs:view,%r11; movl %edi,%edi; leaq (%rdi,%r11),%rdi; "
           "movl %esi,%esi; leaq (%rsi,%r11),%rsi; movsl",
           "\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x89\xff\x4a\x8d"
           "\x3c\x1f\x89\xf6\x4a\x8d\x34\x1e\xa5"),
    ACCEPT("G4", 0, "movq %fs:view,%r11; movl %edi,%edi; leaq (%rdi,%r11),%rdi; "
           "movl %esi,%esi; leaq (%rsi,%r11),%rsi; rep movsq",
           "\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x89\xff\x4a\x8d"
           "\x3c\x1f\x89\xf6\x4a\x8d\x34\x1e\xf3\x48\xa5"),
    ACCEPT("G4", 0, "movq %fs:view,%r11; movl %edi,%edi; leaq (%rdi,%r11),%rdi; "
           "rep stosb",
           "\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x89\xff\x4a\x8d"
           "\x3c\x1f\xf3\xaa"),
    ACCEPT("G4", 0, "movq %fs:view,%r11; movl %edi,%edi; leaq (%rdi,%r11),%rdi; "
           "stosw",
           "\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x89\xff\x4a\x8d"
           "\x3c\x1f\x66\xab"),
    ACCEPT("G4", 0, "movq %fs:view,%r11; movl %edi,%edi; leaq (%rdi,%r11),%rdi; "
           "stosl; movl %edi,%edi",
           "\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x89\xff\x4a\x8d"
           "\x3c\x1f\xab\x89\xff"),
    ACCEPT("G4", 0, "movq %fs:view,%r11; movl %edi,%edi; leaq (%rdi,%r11),%rdi; "
           "rep stosq",
           "\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x89\xff\x4a\x8d"
           "\x3c\x1f\xf3\x48\xab"),
    ACCEPT("G4", 0, "movq %fs:view,%r11; 8b ff; leaq (%rdi,%r11),%rdi; stosb",
           "\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x8b\xff\x4a\x8d"
           "\x3c\x1f\xaa"),
    REJECT("G4", 0, "movsb", "\xa4", STRING, 0),
    REJECT("G4", 0, "rep movsb", "\xf3\xa4", STRING, 0),
    REJECT("G4", 0, "rep stosq", "\xf3\x48\xab", STRING, 0),
    REJECT("G4", 0, "stosb", "\xaa", STRING, 0),
    REJECT("G4", 0, "cmpsb", "\xa6", UNLISTED, 0),
    REJECT("G4", 0, "repe cmpsb", "\xf3\xa6", UNLISTED, 0),
    REJECT("G4", 0, "lodsb", "\xac", UNLISTED, 0),
    REJECT("G4", 0, "repne scasb", "\xf2\xae", UNLISTED, 0),
    REJECT("G4", 0, "insb", "\x6c", UNLISTED, 0),
    REJECT("G4", 0, "outsb", "\x6e", UNLISTED, 0),
    REJECT("G4", 0, "rdgsbase %r11", "\xf3\x49\x0f\xae\xcb", UNLISTED, 0),
    REJECT("G4", 0, "rdgsbase %rax", "\xf3\x48\x0f\xae\xc8", UNLISTED, 0),
    REJECT("G4", 0, "rdgsbase %r11d", "\xf3\x41\x0f\xae\xcb", UNLISTED, 0),
    REJECT("G4", 0, "rdgsbase %rsp", "\xf3\x48\x0f\xae\xcc", UNLISTED, 0),
    REJECT("M3", 0, "movq %fs:view,%rax",
           "\x64\x48\x8b\x04\x25\xc8\xff\xff\xff", ACCESS_FS, 0),
    REJECT("M3", 0, "movq %fs:view,%rsp",
           "\x64\x48\x8b\x24\x25\xc8\xff\xff\xff", ACCESS_FS, 0),
    REJECT("M3", 0, "movl %fs:view,%r11d",
           "\x64\x44\x8b\x1c\x25\xc8\xff\xff\xff", ACCESS_FS, 0),
    REJECT("M3", 0, "movq %fs:view+1,%r11",
           "\x64\x4c\x8b\x1c\x25\xc9\xff\xff\xff", ACCESS_FS, 0),
    REJECT("M3", 0, "movq %fs:view(%rax),%r11",
           "\x64\x4c\x8b\x98\xc8\xff\xff\xff", ACCESS_FS, 0),
    REJECT("M3", 0, "addq %fs:view,%r11",
           "\x64\x4c\x03\x1c\x25\xc8\xff\xff\xff", ACCESS_FS, 0),
    REJECT("M3", 0, "movq %r11,%fs:view",
           "\x64\x4c\x89\x1c\x25\xc8\xff\xff\xff", ACCESS_FS, 0),
    REJECT("M3", 0, "movq %fs:view,%r11 with 32-bit addresses",
           "\x64\x67\x4c\x8b\x1c\x25\xc8\xff\xff\xff", ACCESS_FS, 0),
    REJECT("G4", 0, "movq %fs:view,%r11",
           "\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff", VIEW, 0),
    REJECT("G4", 0, "movq %fs:tp,%r11; movl %edi,%edi; leaq (%rdi,%r11),%rdi; stosb",
           "\x64\x4c\x8b\x1c\x25\xc0\xff\xff\xff\x89\xff\x4a\x8d"
           "\x3c\x1f\xaa", STRING, 15),
    REJECT("S6", 0, "movl %eax,%esp; movq %fs:tp,%r11; leaq (%rsp,%r11),%rsp",
           "\x89\xc4\x64\x4c\x8b\x1c\x25\xc0\xff\xff\xff\x4a\x8d"
           "\x24\x1c", STACK_REBASE, 0),
    REJECT("G4", 0, "rdfsbase %r11", "\xf3\x49\x0f\xae\xc3", UNLISTED, 0),
    REJECT("G4", 0, "wrgsbase %r11", "\xf3\x49\x0f\xae\xdb", UNLISTED, 0),
    REJECT("G4", 0, "wrfsbase %r11", "\xf3\x49\x0f\xae\xd3", UNLISTED, 0),
    REJECT("G4", 0, "swapgs", "\x0f\x01\xf8", UNLISTED, 0),
    REJECT("G4", 0, "movq %fs:view,%r11; nop",
           "\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x90", VIEW, 0),
    REJECT("G4", 0, "movq %fs:view,%r11; leaq (%rsp,%r11),%rsp",
           "\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x4a\x8d\x24\x1c", VIEW, 0),
    REJECT("G4", 0, "movq %fs:view,%r11; stosb",
           "\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\xaa", VIEW, 0),
    REJECT("G4", 0, "movq %fs:view,%r11; movl %edi,%edi; stosb",
           "\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x89\xff\xaa", VIEW, 0),
    REJECT("G4", 0, "movq %fs:view,%r11; leaq (%rdi,%r11),%rdi; stosb",
           "\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x4a\x8d\x3c\x1f"
           "\xaa", VIEW, 0),
    REJECT("G4", 0, "movq %fs:view,%r11; movl %esi,%esi; leaq (%rsi,%r11),%rsi; "
           "movsb",
           "\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x89\xf6\x4a\x8d"
           "\x34\x1e\xa4", VIEW, 0),
    REJECT("G4", 0, "movq %fs:view,%r11; movl %edi,%edi; leaq (%rdi,%r11),%rdi; "
           "movsb",
           "\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x89\xff\x4a\x8d"
           "\x3c\x1f\xa4", VIEW, 0),
    REJECT("G4", 0, "movq %fs:view,%r11; movl %edi,%edi; leaq (%rdi,%r11),%rdi; "
           "movl %esi,%esi; movsb",
           "\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x89\xff\x4a\x8d"
           "\x3c\x1f\x89\xf6\xa4", VIEW, 0),
    REJECT("G4", 0, "movq %fs:view,%r11; movl %edi,%edi; leaq (%rdi,%r11),%rdi; "
           "movl %esi,%esi; leaq (%rsi,%r11),%rsi; stosb",
           "\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x89\xff\x4a\x8d"
           "\x3c\x1f\x89\xf6\x4a\x8d\x34\x1e\xaa", VIEW, 0),
    REJECT("G4", 0, "movq %fs:view,%r11; movl %edi,%edi; leaq (%rdi,%r11),%rdi; "
           "nop; stosb",
           "\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x89\xff\x4a\x8d"
           "\x3c\x1f\x90\xaa", VIEW, 0),
    REJECT("G4", 0, "movq %fs:view,%r11; movl %edi,%edi; leaq (%rdi,%r11),%rdi; "
           "jmp .+2",
           "\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x89\xff\x4a\x8d"
           "\x3c\x1f\xeb\x00", VIEW, 0),
    REJECT("G4", 0, "movq %fs:view,%r11; movl %edi,%esi; leaq (%rdi,%r11),%rdi; "
           "stosb",
           "\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x89\xfe\x4a\x8d"
           "\x3c\x1f\xaa", VIEW, 0),
    REJECT("G4", 0, "movq %fs:view,%r11; movl %eax,%edi; leaq (%rdi,%r11),%rdi; "
           "stosb",
           "\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x89\xc7\x4a\x8d"
           "\x3c\x1f\xaa", VIEW, 0),
    REJECT("G4", 0, "movq %fs:view,%r11; movq %rdi,%rdi; leaq (%rdi,%r11),%rdi; "
           "stosb",
           "\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x48\x89\xff\x4a"
           "\x8d\x3c\x1f\xaa", VIEW, 0),
    REJECT("G4", 0, "movq %fs:view,%r11; movw %di,%di; leaq (%rdi,%r11),%rdi; stosb",
           "\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x66\x89\xff\x4a"
           "\x8d\x3c\x1f\xaa", VIEW, 0),
    REJECT("G4", 0, "movq %fs:view,%r11; movl %edi,%edi; leaq 8(%rdi,%r11),%rdi; "
           "stosb",
           "\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x89\xff\x4a\x8d"
           "\x7c\x1f\x08\xaa", VIEW, 0),
    REJECT("G4", 0, "movq %fs:view,%r11; movl %edi,%edi; leaq (%rdi,%r11,8),%rdi; "
           "stosb",
           "\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x89\xff\x4a\x8d"
           "\x3c\xdf\xaa", VIEW, 0),
    REJECT("G4", 0, "movq %fs:view,%r11; movl %edi,%edi; leaq (%rdi,%r10),%rdi; "
           "stosb",
           "\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x89\xff\x4a\x8d"
           "\x3c\x17\xaa", VIEW, 0),
    REJECT("G4", 0, "movq %fs:view,%r11; movl %edi,%edi; leaq (%rsi,%r11),%rdi; "
           "stosb",
           "\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x89\xff\x4a\x8d"
           "\x3c\x1e\xaa", VIEW, 0),
    REJECT("G4", 0, "movq %fs:view,%r11; movl %edi,%edi; leal (%rdi,%r11),%edi; "
           "stosb",
           "\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x89\xff\x42\x8d"
           "\x3c\x1f\xaa", VIEW, 0),
    REJECT("G4", 0, "movq %fs:view,%r11; movl %edi,%edi; leaq (%edi,%r11d),%rdi; "
           "stosb",
           "\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x89\xff\x67\x4a"
           "\x8d\x3c\x1f\xaa", VIEW, 0),
    REJECT("G4", 0, "movq %fs:view,%r10; movl %edi,%edi; leaq (%rdi,%r10),%rdi; "
           "stosb",
           "\x64\x4c\x8b\x14\x25\xc8\xff\xff\xff\x89\xff\x4a\x8d"
           "\x3c\x17\xaa", ACCESS_FS, 0),
    REJECT("G4", 0, "movq %fs:view,%r11; movl %edi,%edi; leaq (%rdi,%r11),%rdi; "
           "repne stosb",
           "\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x89\xff\x4a\x8d"
           "\x3c\x1f\xf2\xaa", PREFIX_REP, 15),
    REJECT("G4", 0, "movq %fs:view,%r11; movl %edi,%edi; leaq (%rdi,%r11),%rdi; "
           "addr32 stosb",
           "\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x89\xff\x4a\x8d"
           "\x3c\x1f\x67\xaa", PREFIX_ADDRESS, 15),
    REJECT("G4", 0, "movq %fs:view,%r11; movl %edi,%edi; leaq (%rdi,%r11),%rdi; "
           "addr32 rep stosb",
           "\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x89\xff\x4a\x8d"
           "\x3c\x1f\x67\xf3\xaa", PREFIX_ADDRESS, 15),
    REJECT("G4", 0, "movq %fs:view,%r11; movl %edi,%edi; leaq (%rdi,%r11),%rdi; "
           "65 aa",
           "\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x89\xff\x4a\x8d"
           "\x3c\x1f\x65\xaa", PREFIX_SEGMENT, 15),
    REJECT("G4", 0, "movq %fs:view,%r11; movl %edi,%edi; leaq (%rdi,%r11),%rdi; "
           "movl %esi,%esi; leaq (%rsi,%r11),%rsi; "
           "movsb %fs:(%rsi),%es:(%rdi)",
           "\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x89\xff\x4a\x8d"
           "\x3c\x1f\x89\xf6\x4a\x8d\x34\x1e\x64\xa4", PREFIX_SEGMENT, 21),
    REJECT("G4", 0, "movq %fs:view,%r11; movl %edi,%edi; leaq (%rdi,%r11),%rdi; "
           "movl %esi,%esi; leaq (%rsi,%r11),%rsi; cmpsb",
           "\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x89\xff\x4a\x8d"
           "\x3c\x1f\x89\xf6\x4a\x8d\x34\x1e\xa6", UNLISTED, 21),
    REJECT("G4", 0, "movq %fs:view,%r11; movl %edi,%edi; leaq (%rdi,%r11),%rdi; "
           "66 aa",
           "\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x89\xff\x4a\x8d"
           "\x3c\x1f\x66\xaa", PREFIX_SIZE, 15),
    REJECT("G4", 16, "movq %fs:view,%r11; movl %edi,%edi; leaq (%rdi,%r11),%rdi; nop",
           "\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x89\xff\x4a\x8d"
           "\x3c\x1f\x90", VIEW, 16),
    REJECT("G4", 16, "movq %fs:view,%r11; movl %edi,%edi; leaq (%rdi,%r11),%rdi; "
           "nop; rep stosb",
           "\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x89\xff\x4a\x8d"
           "\x3c\x1f\x90\xf3\xaa", VIEW, 16),
    REJECT("G4", 17, "movq %fs:view,%r11; movl %edi,%edi; leaq (%rdi,%r11),%rdi; "
           "rep stosb",
           "\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x89\xff\x4a\x8d"
           "\x3c\x1f\xf3\xaa", GROUP_CROSS, 17),
    REJECT("G4", 0, "std", "\xfd", UNLISTED, 0),
    REJECT("G4", 0, "cld", "\xfc", UNLISTED, 0),
    REJECT("G2", 0, "andq $0x7fffffe0,0(%rsp) with a displacement byte; ret",
           "\x48\x81\x64\x24\x00\xe0\xff\xff\x7f\xc3", RETURN, 9),
    REJECT("G4", 0, "movq %fs:view,%r11; movl %edi,%edi; stosb; "
           "leaq 0(%rdi,%r11),%rdi with a displacement byte",
           "\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff\x89\xff\x4a\x8d"
           "\x7c\x1f\x00\xaa", VIEW, 0),
};
/* clang-format on */

const struct verify_case_set cases_groups = {cases, sizeof(cases) / sizeof(cases[0])};
