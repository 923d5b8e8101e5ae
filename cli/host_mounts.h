/*
 * Directories of the host that a system mounts: --mount=DIR:/PATH[:ro|rw], and mounts of the manifest whose provider is
 * named under `hostfiles`, "PROVIDER /PATH DIR [ro|rw]" with DIR relative to the manifest's folder.
 */
#ifndef CLI_HOST_MOUNTS_H
#define CLI_HOST_MOUNTS_H

#include "manifest.h"
#include "run_options.h"

/**
 * Opens them all for @config. *@lines receives the mounts of the whole system, in order, as boot
 * expects them: in place of a directory of the host its number. @lines[@*nbefore] and what follows
 * are mounted when the root is filled: the first directory of the host that is not the root, and
 * what may lie in it. Manifest @path is for messages. 0, or -1 with a message. Nothing is freed: it lives as long as the run.
 */
int host_mounts_open(const char *path, const struct manifest *manifest,
                     const struct run_options *options, struct monitor_config *config,
                     char ***lines, unsigned *nlines, unsigned *nbefore);

#endif
