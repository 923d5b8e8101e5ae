#include "report.h"
#include "base/thread.h"
#include "call/demand.h"
#include "call/trampoline.h"
#include "load/module.h"

#define REPORT_CALLS_MAX 8
#define REPORT_FUNCTION_MAX 256 /* bytes of a name that a module's author chose */

void fault_report_start(struct message *m, const struct cubicle *cubicle, uint64_t rip)
{
    message_add(m, "cubicle: fault: ", cubicle->name);
    const struct module *module = rip != 0 ? module_at(rip) : NULL;
    if (module != NULL) {
        uint64_t into = 0;
        const uint64_t offset = rip - module->base[IMAGE_CODE];
        const char *function = image_function_at(&module->image, offset, &into);
        message_add(m, " (module ", module->name, ", ");
        message_add_name(m, function != NULL ? function : "code", REPORT_FUNCTION_MAX);
        message_add(m, "+");
        message_add_hex(m, function != NULL ? into : offset, into < 0x10000 ? 4 : 8);
        message_add(m, ")");
    }
    message_add(m, ": ");
}

void fault_report_text(const struct cubicle *cubicle, uint64_t rip, const char *reason)
{
    struct message m = {.len = 0};
    fault_report_start(&m, cubicle, rip);
    message_add(&m, reason);
    message_write(&m);
}

/* "memory of cubicle sqlite (heap)" */
static void fault_report_owner(struct message *m, const struct fault_event *event)
{
    const struct page_info info = page_get(page_of((uint64_t)event->offset));
    message_add(m, "memory of cubicle ", cubicle_name(info.owner), " (",
                page_kind_name(info.kind), ")");
}

static void fault_report_reason(struct message *m, const struct cubicle *cubicle,
                                const struct fault_event *event,
                                enum fault_verdict verdict)
{
    const struct page_info info = page_get(page_of((uint64_t)event->offset));
    switch (verdict) {
    case FAULT_OUTSIDE:
        message_add(m, "the address lies outside the cubicle's memory");
        break;
    case FAULT_GUARD:
        message_add(m, event->offset >= 0 && event->offset < (int64_t)SPACE_GUARD
                           ? "null pointer: the first 64 KiB are never mapped"
                           : "beyond the end of memory");
        break;
    case FAULT_WILD:
        message_add(m, demand_stands_for((uint64_t)event->offset)
                           ? "an argument on demand, which only cubicle_in_copy() reads"
                           : "unmapped memory");
        break;
    case FAULT_STACK_OVERFLOW:
        message_add(m, "guard page of the stack (stack overflow)");
        break;
    case FAULT_NOT_CODE:
        message_add(m, "not code");
        break;
    case FAULT_CODE:
        message_add(m, "code");
        if (info.kind == PAGE_CODE) {
            message_add(m, " of cubicle ", cubicle_name(info.owner));
        }
        message_add(m, (event->access & PAGE_WRITE) != 0 ? ", which is read-only"
                                                         : ", which is never data");
        break;
    case FAULT_RIGHTS:
        message_add(m, "the cubicle's own ", page_kind_name(info.kind),
                    info.rights == 0 ? ", protected" : ", read-only");
        break;
    case FAULT_READ_ONLY:
        fault_report_owner(m, event);
        message_add(m, "; read-only window");
        break;
    case FAULT_MAP: /* allowed, but the host could not map it */
        fault_report_owner(m, event);
        message_add(m, "; the host has no memory to map it");
        break;
    default:
        fault_report_owner(m, event);
        message_add(m, "; no window from ", cubicle_name(info.owner), " to ",
                    cubicle->name, " covers it");
        break;
    }
}

void fault_report_memory(const struct cubicle *cubicle, uint64_t rip,
                         const struct fault_event *event, enum fault_verdict verdict,
                         uint64_t address)
{
    struct message m = {.len = 0};
    fault_report_start(&m, cubicle, event->access == FAULT_EXECUTE ? 0 : rip);
    message_add(&m, event->access == FAULT_EXECUTE ? "cannot execute "
                    : event->access == PAGE_WRITE  ? "cannot write "
                                                   : "cannot read ");
    const bool inside = event->offset >= 0 && event->offset < (int64_t)SPACE_SIZE;
    message_add_hex(&m,
                    inside && event->access != FAULT_EXECUTE ? (uint64_t)event->offset
                                                             : address,
                    inside || address < SPACE_SIZE ? 8 : 16);
    message_add(&m, ": ");
    fault_report_reason(&m, cubicle, event, verdict);
    message_write(&m);
}

void fault_report_policy(const struct cubicle *cubicle)
{
    struct message m = {.len = 0};
    unsigned ncalls = 0;
    for (const struct call_frame *frame = thread_self.control - 1;
         frame->trampoline != 0 && ncalls < REPORT_CALLS_MAX; frame--, ncalls++) {
        const struct trampoline *t = trampoline_get(frame->trampoline);
        message_add(&m, ncalls == 0 ? "cubicle:   in " : ", in ", t->function->name,
                    " called by ");
        const bool came = t->message && t->caller == CUBICLE_MONITOR;
        message_add(&m, cubicle_name(came ? (unsigned)frame->sender : t->caller));
    }
    if (ncalls > 0) {
        message_write(&m);
    }
    message_add(&m, "cubicle:   policy ");
    if (cubicle->on_fault == MONITOR_ON_FAULT_ABORT) {
        message_add(&m, "abort: the system is stopped");
    } else if (cubicle->may_restart) {
        message_add(&m, "restart: the call fails, and cubicle ", cubicle->name,
                    " begins anew");
    } else {
        const bool begins = cubicle->on_fault == MONITOR_ON_FAULT_RESTART;
        message_add(&m, begins ? "restart: cubicle " : "fail-call: cubicle ",
                    cubicle->name,
                    begins ? " could not be set up" : " is dead, calls into it fail");
    }
    message_write(&m);
}

void fault_report_panic(int signal, uint64_t rip, uint64_t address)
{
    struct message m = {.len = 0};
    message_add(&m, "cubicle: internal error of the monitor: signal ");
    message_add_decimal(&m, (uint64_t)signal);
    message_add(&m, " at instruction ");
    message_add_hex(&m, rip, 16);
    message_add(&m, ", address ");
    message_add_hex(&m, address, 16);
    message_add(&m, ", while running ", cubicle_name((unsigned)thread_self.running),
                "; the system is stopped");
    message_write(&m);
}
