/* Which modules may provide the interface. */
#include <cubicle/interface.h>

CUBICLE_INTERFACE(role);
CUBICLE_ROLE(allocator);

int role_function(int a);
