#ifndef CPUID_IMPL_H
#define CPUID_IMPL_H

/** The answer to CPUID @leaf, @subleaf: EAX, EBX, ECX, EDX. Uses general registers only. */
void __libc_cpuid_words(unsigned leaf, unsigned subleaf, unsigned out[4]);

#endif
