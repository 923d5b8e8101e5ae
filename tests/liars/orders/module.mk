# The network's components gone mad, see mad.h: the liars of ../modules, which take orders from the traffic.

ORDERS := tests/liars/orders

# $(1) component
define mad_of
MODULES += mad-$(1)
mad-$(1)_SOURCES := $(liar-$(1)_SOURCES) $(ORDERS)/mad.c $(ORDERS)/$(1).c
mad-$(1)_PARTS := $(liar-$(1)_PARTS)
mad-$(1)_PROVIDES := $(liar-$(1)_PROVIDES)
mad-$(1)_CFLAGS := $(liar-$(1)_CFLAGS) -include $(ORDERS)/$(1).h
mad-$(1)_DEPS := $(liar-$(1)_DEPS)
endef
mad-netdev_KINDS := sfi
$(foreach c,lwip netdev,$(eval $(call mad_of,$(c))))
