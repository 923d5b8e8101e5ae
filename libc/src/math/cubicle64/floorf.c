#include "round_sse.h"

ROUND_FLOAT(floorf, ROUND_FLOOR)
