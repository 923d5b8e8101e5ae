#include <cubicle/interface.h>

CUBICLE_INTERFACE_MANY(role);
CUBICLE_ROLE(host);

int role_function(int a);
