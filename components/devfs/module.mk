MODULES += devfs
devfs_SOURCES := $(wildcard components/devfs/*.c)
devfs_PROVIDES := fs
