#include <cubicle/interface.h>

int late_function(void);

CUBICLE_INTERFACE(late);
