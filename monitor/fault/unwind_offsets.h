/* Numbers that unwind_entry.S and C have in common; unwind.c checks them. */
#ifndef MONITOR_UNWIND_OFFSETS_H
#define MONITOR_UNWIND_OFFSETS_H

#define UNWIND_NOT_CALLER 1
#define UNWIND_NOT_OURS 2
#define UNWIND_CHANGED 3

#define THREAD_MONITOR_STACK 4104
#define UNWIND_FRAME 0
#define UNWIND_LEAVE 8
#define UNWIND_RESULT 16

#endif
