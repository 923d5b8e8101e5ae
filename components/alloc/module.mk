MODULES += alloc
alloc_SOURCES := components/alloc/alloc.c components/alloc/extent.c components/alloc/kept.c
alloc_PROVIDES := alloc lifecycle
