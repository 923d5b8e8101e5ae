/* The loader's symbol, as on a processor with AVX (libc/src/string/cubicle64/vec.h). */
extern const char __cubicle_has_avx[1];
const char __cubicle_has_avx[1] = {1};
