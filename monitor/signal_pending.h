/*
 * Signals that somebody sends to the system: TERM, INT, QUIT, HUP, USR1, USR2, WINCH and ALRM. What becomes of them is
 * the application's to say (interfaces/cubicle.h, cubicle_signal_set); what it does not say is Linux's default.
 *
 * Invariants
 *   SI1  Only the application's cubicle changes or takes anything here; no cubicle can raise a signal.
 *   SI2  A signal that the application neither catches, nor holds, nor ignores has its default effect at once, whoever runs.
 *   SI3  A signal that is caught ends the wait that it finds, or the next one: none is slept through.
 */
#ifndef MONITOR_SIGNAL_PENDING_H
#define MONITOR_SIGNAL_PENDING_H

#include <stdbool.h>
#include <stdint.h>

/** Handles the signals from now on. Those that are ignored stay so. Before the wall. 0 or a negative errno. */
int signal_setup(void) __attribute__((warn_unused_result));

/** True while there is a signal that the application catches: waits may end early. */
bool signal_wanted(void);

/** True while a signal that the application catches has not been taken. */
bool signal_pending(void);

/**
 * Waits until descriptor @fd (-1: none) has one of @events, POLLIN and the like, for at most @timeout_ns (negative: for
 * ever). The events that it has, > 0; 0 the time is over; -EINTR it has none, and a signal for the application is
 * pending; another negative errno of ppoll(2).
 */
int signal_wait(int fd, short events, int64_t timeout_ns);

/* The gates of cubicle.h, whose contracts are there. */
int64_t signal_set(uint64_t catches, uint64_t holds, uint64_t ignores);
int64_t signal_take(uint64_t which);
int signal_await(uint64_t which, int64_t timeout_ns);
int signal_timer(uint64_t first_ns, uint64_t interval_ns, uint64_t *left);

/** The descriptor that becomes readable when a signal has been noted. */
int signal_descriptor(void);

#endif
