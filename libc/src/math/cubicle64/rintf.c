#include "round_sse.h"

ROUND_FLOAT(rintf, ROUND_CURRENT)
