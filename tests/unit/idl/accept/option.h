/* What the command line defines is seen. */
#include <cubicle/interface.h>

CUBICLE_INTERFACE(opt);

TYPE opt_function(void);
