/* Functions of headers that it includes do not count. */
#include <cubicle/interface.h>
#include <string.h>

CUBICLE_INTERFACE(empty);
