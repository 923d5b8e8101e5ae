MODULES += hostfs
hostfs_SOURCES := $(wildcard components/hostfs/*.c)
hostfs_PROVIDES := fs
