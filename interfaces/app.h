/* An application: a program with main(), started by boot. */
#ifndef CUBICLE_APP_H
#define CUBICLE_APP_H

#include <cubicle/interface.h>

CUBICLE_INTERFACE(app);
CUBICLE_ROLE(application);

/** Fetches its arguments and environment from plat, runs main() and exit(); returns the exit status (0-255). */
CUBICLE_BOOT_ONLY
int app_main(void);

#endif
