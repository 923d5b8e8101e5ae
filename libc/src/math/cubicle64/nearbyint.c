#include "round_sse.h"

ROUND_DOUBLE(nearbyint, ROUND_CURRENT | ROUND_NOEXC)
