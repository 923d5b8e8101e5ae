/* Who may import a function. */
#include <cubicle/interface.h>

CUBICLE_INTERFACE(rights);

CUBICLE_BOOT_ONLY int rights_own_line(int a);
CUBICLE_BOOT_ONLY CUBICLE_OPAQUE void *rights_two(void);
void rights_behind(void) CUBICLE_BOOT_ONLY __attribute__((noreturn));
int rights_everybody(void);
