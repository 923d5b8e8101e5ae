MODULES += alloc
alloc_SOURCES := $(wildcard components/alloc/*.c)
alloc_PROVIDES := alloc lifecycle
