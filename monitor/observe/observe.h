/*
 * What the command is told of a system, in the order in which a start comes to it. A build can leave
 * this folder out (parts.h).
 */
#ifndef MONITOR_OBSERVE_H
#define MONITOR_OBSERVE_H

#include "monitor.h"

struct observe {
    /** Before trampolines are made: a trace begins, if @config asks for one. */
    void (*setup)(const struct monitor_config *config);
    /** When all are made, and the names of code are known: tells them, where @config wants them. 0,
     *  or a negative errno after a message. */
    int (*tell_names)(const struct monitor_config *config);
    /** Starts counting where processor time goes (sampler.h). 0 or a negative errno. Each process
     *  of a system does that for itself. */
    int (*sample)(void);
    /** Before cubicles run: whoever watches the system may begin to (counters_names.h). */
    void (*announce)(const struct monitor_config *config);
    /** When the system has ended: writes statistics, where @config wants them. An error is a
     *  message. */
    void (*finish)(const struct monitor_config *config);
};

extern const struct observe observe;

#endif
