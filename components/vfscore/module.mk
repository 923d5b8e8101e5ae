MODULES += vfscore
vfscore_SOURCES := $(wildcard components/vfscore/*.c)
vfscore_PROVIDES := vfs lifecycle
