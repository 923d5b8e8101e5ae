#include "round_sse.h"

ROUND_FLOAT(nearbyintf, ROUND_CURRENT | ROUND_NOEXC)
