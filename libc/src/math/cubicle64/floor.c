#include "round_sse.h"

ROUND_DOUBLE(floor, ROUND_FLOOR)
