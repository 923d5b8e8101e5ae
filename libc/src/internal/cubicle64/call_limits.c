#include "call_limits.h"

unsigned long __call_mapped;
unsigned long __call_mapped_max = -1UL;
