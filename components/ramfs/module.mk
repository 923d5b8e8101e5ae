MODULES += ramfs
ramfs_SOURCES := $(wildcard components/ramfs/*.c)
ramfs_PROVIDES := fs lifecycle
