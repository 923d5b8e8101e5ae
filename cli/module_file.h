/* The module that `verify` and `inspect` look at. */
#ifndef CLI_MODULE_FILE_H
#define CLI_MODULE_FILE_H

struct module_options {
    const char *module;     /* as given */
    const char *path;       /* of the file */
    const char *interfaces; /* folder of the registry */
    int sections;           /* --sections, of `inspect` only */
    int mpk;                /* --isolation=mpk, of `verify` only */
    const char *modules;    /* --modules, of `verify` only: instead of a module */
};

enum module_command { MODULE_INSPECT, MODULE_VERIFY };

/**
 * Parses "[--interfaces=DIR] MODULE" and what @command has besides, where MODULE is a path or the name of a module of
 * the build. Ends the command where the command line is wrong.
 */
void module_options_parse(int argc, char **argv, const char *doc,
                          enum module_command command, struct module_options *options);

/** Writes @name, which the author of a module or a file chose, to standard output: as one that neither drives a
 *  terminal nor looks like another line. */
void module_print_name(const char *name);

#endif
