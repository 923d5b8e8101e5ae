# lwIP from Debian's source package, with patches/*.patch applied to a copy under build/, below the interface `socket`.
FETCH += lwip

LWIP_SRC := $(B)/obj/lwip-source
LWIP_PATCHES := $(sort $(wildcard components/lwip/patches/*.patch))
LWIP_PARTS := \
    core/def core/inet_chksum core/init core/ip core/mem core/netif core/pbuf core/tcp core/tcp_in core/tcp_out \
    core/timeouts core/udp \
    core/ipv4/dhcp core/ipv4/etharp core/ipv4/icmp core/ipv4/ip4 core/ipv4/ip4_addr core/ipv4/ip4_frag \
    core/ipv6/ethip6 core/ipv6/icmp6 core/ipv6/ip6 core/ipv6/ip6_addr core/ipv6/ip6_frag core/ipv6/mld6 core/ipv6/nd6 \
    netif/ethernet
LWIP_CFLAGS := -Icomponents/lwip -isystem $(LWIP_SRC)/include

PARTS += lwip-core
lwip-core_SOURCES := $(LWIP_PARTS:%=$(LWIP_SRC)/%.c)
lwip-core_CFLAGS := $(LWIP_CFLAGS)
lwip-core_WARNINGS := -w

MODULES += lwip
lwip_PARTS := lwip-core
lwip_SOURCES := $(wildcard components/lwip/*.c)
lwip_PROVIDES := socket lifecycle
lwip_CFLAGS := $(LWIP_CFLAGS)
lwip_DEPS := $(LWIP_SRC)/patched

$(LWIP_SRC)/patched: $(B)/src/lwip.version $(LWIP_PATCHES)
	$(call say,PATCH,$@)
	$(Q)rm -rf $(@D) && mkdir -p $(@D) && cp -r $(B)/src/lwip/src/. $(@D)
	$(Q)for p in $(LWIP_PATCHES); do \
	    patch --quiet --directory=$(@D) --strip=1 --no-backup-if-mismatch <$$p || exit 1; done
	@touch $(lwip-core_SOURCES) $@
$(lwip-core_SOURCES): $(LWIP_SRC)/patched ;
