/*
 * The bits of CPUID that cubicle code reads as the processor has them; all others read as
 * 0. A bit stands here when the verifier accepts the instructions that it promises
 * (tests/unit/verify/test_offered.c). Intel SDM volume 2, CPUID; AMD APM volume 3, E.
 */
#ifndef CPU_OFFERED_H
#define CPU_OFFERED_H

#define CPU_BIT(n) (1u << (n))

/* Leaf 1. EBX: only the size of what CLFLUSH would write, the line of the cache. */
#define CPU_OFFERED_1_EBX 0xff00u
#define CPU_OFFERED_1_ECX                                          \
    (CPU_BIT(0)    /* SSE3 */                                      \
     | CPU_BIT(1)  /* PCLMULQDQ */                                 \
     | CPU_BIT(9)  /* SSSE3 */                                     \
     | CPU_BIT(12) /* FMA */                                       \
     | CPU_BIT(19) /* SSE4.1 */                                    \
     | CPU_BIT(20) /* SSE4.2 */                                    \
     | CPU_BIT(22) /* MOVBE */                                     \
     | CPU_BIT(23) /* POPCNT */                                    \
     | CPU_BIT(25) /* AES */                                       \
     | CPU_BIT(27) /* OSXSAVE: xgetbv, which libc stands in for */ \
     | CPU_BIT(28) /* AVX */)
#define CPU_OFFERED_1_EDX                               \
    (CPU_BIT(0)    /* FPU, but for its control word */  \
     | CPU_BIT(15) /* CMOV */                           \
     | CPU_BIT(25) /* SSE, but for MXCSR */             \
     | CPU_BIT(26) /* SSE2 */)

/* Leaf 7, subleaf 0. */
#define CPU_OFFERED_7_EBX                                       \
    (CPU_BIT(3)    /* BMI1 */                                    \
     | CPU_BIT(5)  /* AVX2, but for gathers */                   \
     | CPU_BIT(8)  /* BMI2 */                                    \
     | CPU_BIT(9)  /* ERMS: rep movsb is fast; no instruction */ \
     | CPU_BIT(29) /* SHA */)
#define CPU_OFFERED_7_EDX (CPU_BIT(4) /* FSRM: so is a short one */)

/* Leaf 80000001. */
#define CPU_OFFERED_80000001_ECX      \
    (CPU_BIT(0)   /* LAHF and SAHF */ \
     | CPU_BIT(5) /* LZCNT */         \
     | CPU_BIT(8) /* PREFETCHW */)
#define CPU_OFFERED_80000001_EDX (CPU_BIT(29) /* 64-bit mode */)

#endif
