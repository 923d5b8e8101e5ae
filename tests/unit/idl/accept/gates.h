/* An interface that the monitor provides. */
#include <cubicle/interface.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

CUBICLE_INTERFACE(gates);

struct gates_record {
    int a, b;
};

int gates_add(int a, int b);
double gates_half(double whole, uint8_t places);
ssize_t gates_read(CUBICLE_OUT(count, ret) void *buf, size_t count);
int gates_put(CUBICLE_IN(size) const struct gates_record *records, size_t size,
              CUBICLE_OUT(sizeof(struct gates_record)) struct gates_record *last);
int gates_lend(CUBICLE_OPAQUE const void *base, size_t len, CUBICLE_CALLER int caller);
int gates_fetch(CUBICLE_IN(n) CUBICLE_ON_DEMAND const void *p, size_t n);
uint64_t gates_find(CUBICLE_STRING(16) const char *name,
                    CUBICLE_OUT(2 * sizeof(uint32_t)) uint32_t where[2]);
void gates_stop(void) __attribute__((noreturn));
