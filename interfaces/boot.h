/* The component that the monitor calls once every module is set up: the one that the manifest names as `boot`. Nobody
 * else may call it. */
#ifndef CUBICLE_BOOT_H
#define CUBICLE_BOOT_H

#include <cubicle/interface.h>

CUBICLE_INTERFACE(boot);
CUBICLE_ROLE(boot);

/** Mounts the file systems, unpacks the initial root, runs the application, exports; returns the exit status. */
int boot_main(void);

#endif
