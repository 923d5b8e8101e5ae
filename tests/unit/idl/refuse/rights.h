#include <cubicle/interface.h>

CUBICLE_INTERFACE_MANY(rights);

CUBICLE_BOOT_ONLY int rights_of_many(void);
