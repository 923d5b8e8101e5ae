#include <cubicle/interface.h>

CUBICLE_ROLE(host);
CUBICLE_INTERFACE(role);
CUBICLE_ROLE(king);
CUBICLE_ROLE(host);
CUBICLE_ROLE(boot);

int role_function(int a);

CUBICLE_ROLE(boot);
