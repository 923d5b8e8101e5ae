/*
 * Every rule begins with the number of the call in the accumulator, and where it does not
 * decide goes on behind its end with the number there again.
 */
#include "filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>

#define X32_CALL 0x40000000u /* set in the number of a call of the x32 ABI */

#define AT(field) ((uint32_t)offsetof(struct seccomp_data, field))

static void filter_add(struct filter *f, uint16_t code, uint32_t k, uint8_t if_true,
                       uint8_t if_false)
{
    if (f->len == FILTER_MAX) {
        f->full = true;
        return;
    }
    f->code[f->len++] =
        (struct sock_filter){.code = code, .jt = if_true, .jf = if_false, .k = k};
}

static void filter_load_word(struct filter *f, uint32_t at)
{
    filter_add(f, BPF_LD | BPF_W | BPF_ABS, at, 0, 0);
}

/* Goes on with the next instruction where the accumulator is @value, else behind @skip more. */
static void filter_equal(struct filter *f, uint32_t value, uint8_t skip)
{
    filter_add(f, BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip);
}

static void filter_return(struct filter *f, uint32_t action)
{
    filter_add(f, BPF_RET | BPF_K, action, 0, 0);
}

void filter_begin(struct filter *f)
{
    f->len = 0;
    f->full = false;
    filter_load_word(f, AT(arch));
    filter_add(f, BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0);
    filter_return(f, SECCOMP_RET_KILL_PROCESS);
    filter_load_word(f, AT(nr));
    filter_add(f, BPF_JMP | BPF_JSET | BPF_K, X32_CALL, 0, 1);
    filter_return(f, SECCOMP_RET_KILL_PROCESS);
}

void filter_allow(struct filter *f, unsigned call)
{
    filter_equal(f, call, 1);
    filter_return(f, SECCOMP_RET_ALLOW);
}

/* At host call @call, takes @action where the masked argument is @value, as @equal says, or else where it
 * is not. */
static void filter_compare(struct filter *f, unsigned call, unsigned argument,
                           uint64_t mask, uint64_t value, bool equal, uint32_t action)
{
    const uint32_t low = AT(args) + (uint32_t)sizeof(uint64_t) * argument;
    const uint32_t high = low + (uint32_t)sizeof(uint32_t);
    filter_equal(f, call, 8); /* the number is still there */
    filter_load_word(f, high);
    filter_add(f, BPF_ALU | BPF_AND | BPF_K, (uint32_t)(mask >> 32), 0, 0);
    filter_equal(f, (uint32_t)(value >> 32), equal ? 4 : 3);
    filter_load_word(f, low);
    filter_add(f, BPF_ALU | BPF_AND | BPF_K, (uint32_t)mask, 0, 0);
    filter_add(f, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)value, equal ? 0 : 1,
               equal ? 1 : 0);
    filter_return(f, action);
    filter_load_word(f, AT(nr));
}

void filter_allow_if(struct filter *f, unsigned call, unsigned argument, uint64_t mask,
                     uint64_t value)
{
    filter_compare(f, call, argument, mask, value, true, SECCOMP_RET_ALLOW);
}

void filter_require(struct filter *f, unsigned call, unsigned argument, uint64_t mask,
                    uint64_t value)
{
    filter_compare(f, call, argument, mask, value, false, SECCOMP_RET_KILL_PROCESS);
}

int filter_end(struct filter *f)
{
    filter_return(f, SECCOMP_RET_KILL_PROCESS);
    return f->full ? -E2BIG : 0;
}

int filter_load(struct filter *f)
{
    struct sock_fprog program = {.len = (unsigned short)f->len, .filter = f->code};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0 ? 0 : -errno;
}
