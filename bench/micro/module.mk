# Micro-benchmarks: a caller and a callee, and the small cubicles of the scaling benchmark.

MODULES += bench-micro bench-callee bench-unit bench-many

bench-micro_SOURCES := bench/micro/micro.c
bench-micro_CFLAGS := -Itests/interfaces
bench-micro_PROVIDES := app

bench-callee_SOURCES := bench/micro/callee.c
bench-callee_CFLAGS := -Itests/interfaces
bench-callee_PROVIDES := bench

bench-unit_SOURCES := bench/micro/unit.c
bench-unit_CFLAGS := -Itests/interfaces
bench-unit_PROVIDES := unit

bench-many_SOURCES := bench/micro/many.c
bench-many_CFLAGS := -Itests/interfaces -I$(B)/interfaces/gen
bench-many_PROVIDES := app
