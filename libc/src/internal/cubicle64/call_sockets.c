#include "call_sockets.h"

const struct call_sockets *__call_sockets;
