#include "view_switch.h"
#include "base/clock.h"
#include "base/filter.h"
#include "base/layout.h"
#include "base/message.h"
#include "base/thread.h"
#include "view_probe.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <asm/prctl.h>

#define ACCESS_MAX 32 /* bytes: an access may start at the last byte of a view */

/* GS6: so many losses in a row at one instruction, with the same registers and within this
 * time. The scheduler alone does not switch as often. */
#define STUCK_HEALS 1000u
#define STUCK_NS INT64_C(2500000000)

/* view_switch_text.S */
extern const struct emit_text view_text_show, view_text_write, view_text_again,
    view_text_call_entering, view_text_call_returning;
_Static_assert(TEXT_VIEW == offsetof(struct thread, shown.view), "view_text_show");
_Static_assert(ARCH_SET_GS == 0x1001 && SYS_arch_prctl == 158, "view_text_call");

static enum monitor_view_switch way;
static uint64_t park;
static uint64_t heals;
static const char *why_slow; /* the way is syscall */

static int view_switch_refuse(const char *why)
{
    return message_error(-ENOTSUP, "--view-switch=%s is not possible here: %s",
                         view_switch_names[way], why);
}

int view_switch_init(enum monitor_view_switch wanted, uint64_t at)
{
    struct monitor_view_offer offer;
    view_probe(at, &offer);
    park = at;
    way = wanted != MONITOR_VIEW_SWITCH_AUTO ? wanted : offer.best;
    if (way == MONITOR_VIEW_SWITCH_AUTO) { /* say what is missing for the last resort */
        way = MONITOR_VIEW_SWITCH_SYSCALL;
    }
    if (way != MONITOR_VIEW_SWITCH_SYSCALL && !offer.executes) {
        return view_switch_refuse(
            "this CPU does not execute wrgsbase, or the kernel or "
            "hypervisor has not enabled it; --view-switch=syscall "
            "does without");
    }
    if (way == MONITOR_VIEW_SWITCH_KERNEL) {
        return offer.kernel_offers
                   ? 0
                   : view_switch_refuse(
                         "the kernel does not offer FSGSBASE to programs "
                         "(Linux 5.9 or later does), and so may lose what "
                         "wrgsbase has written; --view-switch=parked bears "
                         "that");
    }
    if (offer.arch_prctl_error != 0) {
        return message_error(
            -ENOTSUP,
            "--view-switch=%s is not possible here: the system call "
            "arch_prctl(ARCH_SET_GS) fails (%s): a sandbox or container "
            "around this program forbids it; let its seccomp filter "
            "allow call %d, or use a kernel that offers FSGSBASE (Linux "
            "5.9 or later)",
            view_switch_names[way], strerror(offer.arch_prctl_error), SYS_arch_prctl);
    }
    why_slow = wanted == way    ? "--view-switch=syscall was asked for"
               : offer.executes ? "a tracer watches this program"
                                : "wrgsbase does not execute here";
    return 0;
}

bool view_switch_keeps_zero(void)
{
    return way != MONITOR_VIEW_SWITCH_SYSCALL;
}

int view_switch_start_thread(void)
{
    if (way == MONITOR_VIEW_SWITCH_SYSCALL && isatty(STDERR_FILENO)) {
        (void)message_error(0,
                            "note: %s, so that each call between cubicles makes two "
                            "system calls, which is slow",
                            why_slow);
    }
    thread_self.shown.view = park;
    if (way != MONITOR_VIEW_SWITCH_KERNEL &&
        syscall(SYS_arch_prctl, ARCH_SET_GS, park) != 0) {
        return -errno; /* GS4 */
    }
    if (way != MONITOR_VIEW_SWITCH_SYSCALL) {
        view_write_gs(park);
    }
    return 0;
}

void view_switch_emit(struct emitter *e, uint64_t view, bool returning)
{
    emit_set(e, EMIT_HOLE(VIEW), view);
    emit_text(e, &view_text_show);
    if (way != MONITOR_VIEW_SWITCH_SYSCALL) {
        emit_text(e, &view_text_write);
    } else {
        emit_text(e, returning ? &view_text_call_returning : &view_text_call_entering);
    }
}

void view_switch_emit_again(struct emitter *e, uint64_t view)
{
    if (way == MONITOR_VIEW_SWITCH_PARKED) {
        emit_set(e, EMIT_HOLE(VIEW), view);
        emit_text(e, &view_text_again);
    }
}

/* GS6: one more loss. */
static void view_switch_count(const ucontext_t *context)
{
    static greg_t last[REG_RIP + 1]; /* r8-r15, rdi ... rsp, rip */
    static unsigned in_a_row;
    static int64_t since;
    const greg_t *now = context->uc_mcontext.gregs;

    heals++;
    if (memcmp(last, now, sizeof(last)) == 0 && ++in_a_row < STUCK_HEALS) {
        return;
    }
    const int64_t time_ns = clock_ns(CLOCK_MONOTONIC);
    if (in_a_row == STUCK_HEALS && time_ns - since < STUCK_NS) {
        struct message m = {.len = 0};
        message_add(
            &m, "cubicle: the running cubicle's view is lost again and again before "
                "one access to memory: a tracer stops this program at each return "
                "from a signal; start it under the tracer instead, or with "
                "--view-switch=syscall; the system is stopped");
        message_write(&m);
        _exit(MONITOR_EXIT_FAULT);
    }
    in_a_row = 0;
    since = time_ns;
    memcpy(last, now, sizeof(last));
}

bool view_switch_heal(const ucontext_t *context, uint64_t address, uint64_t view)
{
    if (way != MONITOR_VIEW_SWITCH_PARKED ||
        address - park >= SPACE_SIZE + ACCESS_MAX || view_read_gs() != park) {
        return false;
    }
    view_switch_count(context);
    view_write_gs(view);
    return true;
}

void view_switch_allow(struct filter *filter)
{
    if (way == MONITOR_VIEW_SWITCH_SYSCALL) {
        filter_allow_if(filter, SYS_arch_prctl, 0, UINT64_MAX, ARCH_SET_GS);
    }
}

const char *view_switch_name(uint64_t *count)
{
    *count = heals;
    return view_switch_names[way];
}
