/* Looking at one module without running it: what `cubicle verify` asks. */
#ifndef MONITOR_VERIFY_FILE_H
#define MONITOR_VERIFY_FILE_H

#include <stdbool.h>
#include <stddef.h>

/**
 * Reads, places and links module file @path as the loader does, its imports bound to
 * trampolines that lead nowhere, and has its code verified as `sfi` or @mpk does.
 * @code_size receives the bytes of code on success.
 * 0; or a negative errno, with the reason, function and offset written to standard error.
 * Once per process.
 */
int verify_file(const char *path, bool mpk, const char *interfaces_dir,
                size_t *code_size) __attribute__((warn_unused_result));

#endif
