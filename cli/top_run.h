/* `cubicle run --top`: the system runs, and a process beside it shows what happens. */
#ifndef CLI_TOP_RUN_H
#define CLI_TOP_RUN_H

#include <stdint.h>
#include <sys/types.h>

struct top_run {
    pid_t viewer;
    int viewer_fd; /* of that process */
    int output; /* file that takes what the system writes to the terminal; -1: it writes to none */
    int kept[3]; /* the standard streams that were replaced; -1: not this one */
};

/** Starts to show this process's system as soon as it is loaded. Until top_run_end() the terminal is the screen's: the system reads
 *  nothing from it, and what it writes there is kept. 0, or -1 after a message. */
int top_run_begin(struct top_run *run);

/** How much is kept of what the system writes meanwhile: the last of it. */
#define TOP_RUN_KEPT (INT64_C(1) << 20)

/** Lets go of what is more than that in @output; -1: there is none. Also while it is written to. */
void top_run_trim(int output);

/** Ends the screen, and writes what was kept. */
void top_run_end(struct top_run *run);

#endif
