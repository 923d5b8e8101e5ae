/*
 * System manifests (systems/NAME.yaml): which modules make up a system and which of
 * them share a cubicle. docs/manifests.md describes the format.
 */
#ifndef CLI_MANIFEST_H
#define CLI_MANIFEST_H

#include "monitor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MANIFEST_FILE_MAX (1u << 20)
#define MANIFEST_CUBICLES_MAX 1024
#define MANIFEST_MODULES_MAX \
    1024 /* of all cubicles together: each is compared with each */

struct manifest_cubicle {
    char *name;
    char **modules; /* NAME, or NAME=FILE for a second instance of a module */
    unsigned modules_count;
    const char *file; /* of its only module; NULL: modules are those of the build */
    /* Modules of this cubicle that may import the interface of the same name. */
    char **host, **hostnet, **hostfiles;
    unsigned host_count, hostnet_count, hostfiles_count;
    char *allocator;     /* module of this cubicle, or NULL */
    char *stack, *quota; /* sizes as text ("64M"), or NULL */
    enum monitor_on_fault on_fault;
    uint32_t call_limit_ms; /* 0: no limit */
};

/** A key of a cubicle that gives modules a right: what it is called, and whom it names. */
struct manifest_grant {
    const char *key;
    enum monitor_right right;
    char *const *modules;
    unsigned count;
};
#define MANIFEST_GRANTS 3

struct manifest_binding {
    char *consumer, *interface, *provider;
};

struct manifest {
    char *name, *description;
    struct manifest_cubicle *cubicles;
    unsigned cubicles_count;
    char *boot; /* a module, or NULL: the one named boot */
    char *application;
    char *low_view; /* a cubicle, "none", or NULL: that of the application */
    char *root;     /* what is in the root at first: an absolute path, or one from the
                       current folder; NULL: nothing */
    char **mounts;
    unsigned mounts_count;
    char *network;  /* "STACK DEVICE NAME=VALUE...", or NULL */
    char **publish; /* "[ADDRESS:]HOSTPORT:PORT[/udp]" */
    unsigned publish_count;
    char **environment;
    unsigned environment_count;
    struct manifest_binding *bind;
    unsigned bind_count;
};

/** The path of manifest @system: as given where it looks like one, else NAME.yaml of the
 *  systems. NULL after a message. The caller frees it. */
char *manifest_find(const char *system);

/**
 * Reads and checks the manifest at @path: every name, size and reference in it.
 * NULL after a message that names the file and the place. manifest_free() frees it.
 */
struct manifest *manifest_read(const char *path);
void manifest_free(struct manifest *manifest);

/** The cubicle that holds @module, or NULL. */
const struct manifest_cubicle *manifest_cubicle_of(const struct manifest *manifest,
                                                   const char *module);

/** Does a row of `bind` let any module use @provider for @interface? */
bool manifest_binds(const struct manifest *manifest, const char *interface,
                    const char *provider);

/** What @cubicle grants; @index < MANIFEST_GRANTS. */
struct manifest_grant manifest_grant(const struct manifest_cubicle *cubicle,
                                     unsigned index);

/** The checks of manifest_read() that the file format cannot express. 0, or -1 with a
 *  message. */
int manifest_check(const char *path, const struct manifest *manifest);

/**
 * Fills @config's system, cubicles, boot, application and bindings from @manifest, which must
 * outlive it. Where @config has directories of the host, or could have had, cubicles that have
 * only modules under `hostfiles` and none of the directories are left out. Module files are @modules_dir/FILE.cub. 0, or -1 with a message when a
 * file does not exist.
 */
int manifest_configure(const char *path, const struct manifest *manifest,
                       const char *modules_dir, struct monitor_config *config);

/** May @name be that of a cubicle? Then it may also be that of a module. */
bool manifest_name_is_valid(const char *name);

/** Bytes of "4096", "64K", "64M" or "2G". 0, or -1 when @text is none of those. */
int manifest_size(const char *text, uint64_t *size);

#endif
