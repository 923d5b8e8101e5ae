MODULES += alloc
alloc_SOURCES := components/alloc/alloc.c components/alloc/extent.c
alloc_PROVIDES := alloc
