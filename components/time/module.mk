MODULES += time
time_SOURCES := components/time/time.c
time_PROVIDES := clock
