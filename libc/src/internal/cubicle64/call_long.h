/* Transfers in several calls. */
#ifndef CALL_LONG_H
#define CALL_LONG_H

/* Whether a stream of which something has been read already has more, for which nobody need wait. */
int __call_reads_on(int fd) __attribute__((__visibility__("hidden")));

#endif
