#include <cubicle/interface.h>

CUBICLE_INTERFACE(twice);
CUBICLE_INTERFACE_MANY(again);

int twice_function(void);
