/* Included before every source of mad-lwip, behind the generated names of the liar: two functions are looked into. */
#undef socket_receive
#undef socket_set_wait
#define socket_receive honest_socket_receive
#define socket_set_wait honest_socket_set_wait
