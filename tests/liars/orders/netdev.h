/* Included before every source of mad-netdev, behind the generated names of the liar: one function is looked into. */
#undef netif_exchange
#define netif_exchange honest_netif_exchange
