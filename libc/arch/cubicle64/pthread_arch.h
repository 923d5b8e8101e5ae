/* The thread pointer: the loader defines __cubicle_tp as the FS displacement of its
 * slot. */
static inline uintptr_t __get_tp()
{
    uintptr_t tp;
    __asm__("movq %%fs:__cubicle_tp,%0" : "=r"(tp));
    return tp;
}

#define MC_PC gregs[REG_RIP]
