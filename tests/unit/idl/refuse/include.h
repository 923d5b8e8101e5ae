#include <cubicle/interface.h>
#include <no/such/header.h>

CUBICLE_INTERFACE(include);
int include_function(void);
