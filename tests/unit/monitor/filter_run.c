#include "filter_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <linux/seccomp.h>

static uint32_t filter_step(const struct sock_filter *at,
                            const struct seccomp_data *data, uint32_t *a, size_t *next)
{
    switch (at->code) {
    case BPF_LD | BPF_W | BPF_ABS:
        assert_true(at->k % 4 == 0 && at->k <= sizeof(*data) - 4);
        memcpy(a, (const char *)data + at->k, 4);
        return 0;
    case BPF_ALU | BPF_AND | BPF_K:
        *a &= at->k;
        return 0;
    case BPF_JMP | BPF_JEQ | BPF_K:
        *next += *a == at->k ? at->jt : at->jf;
        return 0;
    case BPF_JMP | BPF_JSET | BPF_K:
        *next += (*a & at->k) != 0 ? at->jt : at->jf;
        return 0;
    case BPF_RET | BPF_K:
        return at->k;
    default:
        fail_msg("instruction %#x", at->code);
        return 0;
    }
}

uint32_t filter_run(const struct filter *filter, uint32_t arch, uint32_t call,
                    unsigned argument, uint64_t value)
{
    struct seccomp_data data = {.nr = (int)call, .arch = arch};
    uint32_t a = 0;
    uint32_t action = 0;

    data.args[argument] = value;
    for (size_t next = 0; action == 0;) {
        assert_true(next < filter->len);
        const struct sock_filter *at = &filter->code[next++];
        action = filter_step(at, &data, &a, &next);
    }
    return action;
}
