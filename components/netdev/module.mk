MODULES += netdev
netdev_SOURCES := $(wildcard components/netdev/*.c)
netdev_PROVIDES := netif
