/* Instruction forms that compilers seldom write: see assembly_forms.S. */
#include "probe.h"

long forms_push_pop(long *memory);
long forms_call_memory(long (**function)(long), long argument);
long forms_jump_table(long which);
long forms_frame(long a, long b);
long forms_stack_pointer(void);
long forms_numeric_labels(long n);
long forms_macro_registers(long n);

static long plus_seven(long x)
{
    return x + 7;
}

static long (*pointers[])(long) = {plus_seven};
static long memory[4] = {11, 22, 33, 44};

void program(void)
{
    probe_int("push_pop", forms_push_pop(memory));
    probe_int("memory", memory[0] + memory[1] * 100 + memory[2] * 10000);
    probe_int("call_memory", forms_call_memory(pointers, probe_hide(5)));
    for (int i = 0; i < 4; i++) {
        probe_int("jump_table", forms_jump_table(probe_hide(i)));
    }
    probe_int("frame", forms_frame(probe_hide(3), 4));
    probe_int("stack_pointer", forms_stack_pointer());
    probe_int("numeric_labels", forms_numeric_labels(probe_hide(10)));
    probe_int("macro_registers", forms_macro_registers(probe_hide(10)));
}
