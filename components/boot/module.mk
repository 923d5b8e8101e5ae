MODULES += boot
boot_SOURCES := $(wildcard components/boot/*.c)
boot_PROVIDES := boot lifecycle
