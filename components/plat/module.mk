MODULES += plat
plat_SOURCES := components/plat/plat.c
plat_PROVIDES := plat
