/*
 * Signals that somebody sends to the system: TERM, INT, QUIT, HUP, USR1, USR2, WINCH and ALRM.
 * What becomes of them is the application's to say (interfaces/cubicle.h, cubicle_signal_set);
 * what it does not say is Linux's default.
 *
 * Invariants
 *   SI1  Only the application's cubicle changes or takes anything here; no cubicle can raise a
 *        signal.
 *   SI2  A signal that the application neither catches, nor holds, nor ignores has its default
 *        effect at once, whoever runs.
 *   SI3  A signal that is caught ends the wait that it finds, or the next one: none is slept
 *        through.
 */
#ifndef MONITOR_SIGNAL_PENDING_H
#define MONITOR_SIGNAL_PENDING_H

#include <stdbool.h>
#include <stdint.h>

struct cubicle;

/** What the application says about signals, and what has come for it. */
struct signal_state {
    uint64_t catches, holds, ignores, noted; /* bit SIGNAL - 1 */
    uint64_t said; /* not 0: it has said so in its present life */
};

/** Handles the signals from now on. Those that are ignored stay so. Before the wall. 0 or a
 *  negative errno. */
int signal_setup(void) __attribute__((warn_unused_result));

/** True while there is a signal that the application catches: waits may end early. */
bool signal_wanted(void);

/**
 * Waits until descriptor @fd (-1: none) has one of @events, POLLIN and the like, for at most
 * @timeout_ns (negative: for ever). The events that it has, > 0; 0 the time is over; -EINTR it
 * has none, and a signal for the application is pending; another negative errno of ppoll(2).
 */
int signal_wait(int fd, short events, int64_t timeout_ns);

/* Its gates are those of interface `cubicle`: cubicle_gates.h declares them. */

/** @cubicle begins anew: it has said nothing yet. */
void signal_forget(const struct cubicle *cubicle);

/*
 * Where cubicles are processes. Before these are made, the monitor's process has the state of
 * @application in @shared, which it and the application's process can write, and those that
 * wait for the host can read; and it makes a descriptor for each that waits, by which it and
 * the application's process wake the others. 0 or a negative errno.
 */
int signal_share(struct signal_state *shared, const struct cubicle *application)
    __attribute__((warn_unused_result));
int signal_add_process(unsigned id) __attribute__((warn_unused_result));

/** This process is that of cubicle @id, and waits for its descriptor. */
void signal_become(unsigned id);

/** The descriptor of cubicle @id's process, which is readable when a signal has been noted; -1:
 *  it has none. */
int signal_descriptor(unsigned id);

#endif
