/* The module that `verify` and `inspect` look at. */
#ifndef CLI_MODULE_FILE_H
#define CLI_MODULE_FILE_H

struct module_options {
    const char *module;     /* as given */
    const char *path;       /* of the file */
    const char *interfaces; /* folder of the registry */
    int sections;           /* --sections, of `inspect` only */
};

/**
 * Parses "[--interfaces=DIR] MODULE", where MODULE is a path or the name of a module of
 * the build. Ends the command where the command line is wrong.
 */
void module_options_parse(int argc, char **argv, const char *doc, int with_sections,
                          struct module_options *options);

#endif
