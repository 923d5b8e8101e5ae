/* A network stack for tests: sockets whose state the test sets, and sets of them. */
#ifndef STUB_STACK_H
#define STUB_STACK_H

#include <socket_ops.h>
#include <stdbool.h>

#define STUB_SOCKETS 64

struct stub_socket {
    bool open, is_set;
    int owner, flags;
    uint32_t ready;  /* EPOLL* that socket_poll() answers */
    int set;         /* it is a member of; 0: none */
    uint32_t events; /* as it is in that set */
    uint64_t data;
    char sent[256]; /* what it was sent last */
    size_t sent_size;
    int sent_flags;
    char received[256]; /* what it receives next */
    size_t received_size;
};

extern struct stub_stack {
    struct socket_ops ops;                    /* a test may put others in */
    struct stub_socket sockets[STUB_SOCKETS]; /* by their handles */
    int starts, waits;
    int64_t waited_ns; /* what the last wait was given */
    int wakes; /* this socket becomes ready for reading in the next wait; 0: none */
    bool lost; /* it has been begun anew: every handle is -EBADF */
} stub_stack;

/** Fills the table of functions, once. */
void stub_stack_start(void);

#endif
