/* The command line of `cubicle run`. */
#ifndef CLI_RUN_OPTIONS_H
#define CLI_RUN_OPTIONS_H

#include "monitor.h"
#include "network_spec.h"

#include <stdbool.h>

enum run_isolation {
    RUN_ISOLATION_AUTO,
    RUN_ISOLATION_SFI,
    RUN_ISOLATION_MPK,
    RUN_ISOLATION_NONE,
    RUN_ISOLATION_IPC
};

struct run_options {
    const char *system;
    char **arguments; /* of the program, NULL-terminated */
    int narguments;
    enum run_isolation isolation;
    enum monitor_view_switch view_switch;
    enum monitor_link link;
    enum monitor_acl acl;
    enum monitor_revoke revoke;
    bool log, stats, top, perf_map;
    const char *json;    /* file, "-", or NULL */
    const char *graph;   /* file, or NULL */
    const char *trace;   /* file, or NULL */
    const char *root;    /* or NULL */
    const char *export;  /* or NULL */
    const char **mounts; /* --mount, as given */
    int nmounts;
    const char **environment;
    int nenvironment;
    struct network_spec network;
    const char **publish;
    unsigned npublish;
    const char **components; /* files */
    unsigned ncomponents;
    const char *modules, *interfaces; /* folders, or NULL for those of the build */
};

/** Ends the command with a message where the command line is wrong. */
void run_options_parse(int argc, char **argv, struct run_options *options);

#endif
