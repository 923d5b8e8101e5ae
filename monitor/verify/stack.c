/*
 * The stack pointer: where it may go, so that disp(%rsp) and push stay in the view.
 *
 * Let V be the base of the view. Views are 4 GiB, 4 GiB-aligned and at least 8 GiB
 * apart, so nothing is mapped in [V - 4 GiB, V) and [V + 4 GiB, V + 8 GiB); the lowest
 * and highest 64 KiB of every view are not mapped either.
 *
 * Invariants (clean, dirty: pass->dirty is false, true):
 *  S1. Clean, rsp is in [V, V + 4 GiB]. That holds when code is entered, and at every
 *      branch, so at every branch target.
 *  S2. push, pop, call and ret move rsp by 8 and touch memory there: rsp stays within 8
 *      bytes of mapped memory, or the code faults. Only the 64-bit forms are listed.
 *  S3. Clean rsp may be moved by a 32-bit constant. It is then dirty and in
 *      [V - 2 GiB, V + 6 GiB], and disp(%rsp) falls in [V - 4 GiB, V + 8 GiB + 32): the
 *      view, what surrounds it, the unmapped start of the next view.
 *  S4. Dirty rsp is not moved again. An access that succeeds closer to rsp than 64 KiB
 *      shows that S1 holds and makes it clean. Prefetches, masked moves, shifts by %cl
 *      or by 0 (they may skip the access), lea and nop show nothing.
 *  S5. No branch of any kind while dirty. So tracking in address order is exact: who
 *      arrives by a branch is clean, whatever the lines above left.
 *  S6. Any other write of rsp is a 32-bit write of esp, followed in its group by
 *      movq %fs:VIEW,%r11; leaq (%rsp,%r11),%rsp (groups.c): clean, whatever rsp was
 *      before.
 *  S7. ud2 and int3 never continue.
 */
#include "internal.h"

enum verify_reason stack_check(struct pass *pass, const struct insn *insn)
{
    if (insn->flow == FLOW_NEVER) {
        pass->dirty = false; /* S7 */
        return VERIFY_OK;
    }
    if (insn->flow != FLOW_NEXT) {
        return pass->dirty ? VERIFY_STACK_UNPROBED : VERIFY_OK; /* S5 */
    }
    if (insn->probes) {
        pass->dirty = false; /* S4 */
    }
    switch (insn->stack) {
    case STACK_MOVE:
        if (pass->dirty) {
            return VERIFY_STACK_UNPROBED; /* S4 */
        }
        pass->dirty = true; /* S3 */
        return VERIFY_OK;
    case STACK_BASE:
        return VERIFY_STACK_WRITE; /* S6: only as the end of its group */
    default:
        return VERIFY_OK; /* STACK_CUT has begun its group */
    }
}
