/* An interface without a declaration. */
#include <cubicle/interface.h>

int unnamed_function(void);
