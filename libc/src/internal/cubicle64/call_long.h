/* Transfers in several calls. */
#ifndef CALL_LONG_H
#define CALL_LONG_H

/* May a stream that has been read from be read again without a wait, since it has more? */
int __call_reads_on(int fd) __attribute__((__visibility__("hidden")));

#endif
