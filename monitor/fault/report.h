/* The words of a fault report; see docs/fault-path.md for examples. */
#ifndef MONITOR_FAULT_REPORT_H
#define MONITOR_FAULT_REPORT_H

#include "base/cubicle.h"
#include "base/message.h"
#include "decide.h"

/** "cubicle: fault: NAME (module M, FUNCTION+0xOFF): "; @rip 0 where it is not known. */
void fault_report_start(struct message *m, const struct cubicle *cubicle, uint64_t rip);

void fault_report_memory(const struct cubicle *cubicle, uint64_t rip,
                         const struct fault_event *event, enum fault_verdict verdict,
                         uint64_t address);
void fault_report_text(const struct cubicle *cubicle, uint64_t rip, const char *reason);

/** The calls in progress, and what the policy does now. */
void fault_report_policy(const struct cubicle *cubicle);

void fault_report_panic(int signal, uint64_t rip, uint64_t address);

#endif
