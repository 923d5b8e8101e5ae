# Large blocks that grow, come and go (memory.yaml; bench/run --only memory).
MODULES += bench-memory
bench-memory_SOURCES := bench/memory/memory.c
bench-memory_PROVIDES := app
