MODULES += loopback
loopback_SOURCES := $(wildcard components/loopback/*.c)
loopback_PROVIDES := netif
