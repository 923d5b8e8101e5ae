/* Included by every.h: what it declares is not part of interface `every'. */
#include <cubicle/interface.h>

CUBICLE_INTERFACE(neighbour);

int neighbour_function(int a);
