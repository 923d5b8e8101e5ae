/* The end of the process where the monitor cannot trust itself any longer. */
#ifndef MONITOR_PANIC_H
#define MONITOR_PANIC_H

/** The monitor's own state makes no sense: says so, with @what, and ends the process. In
 *  signal handlers too. */
void panic(const char *what) __attribute__((noreturn));

#endif
