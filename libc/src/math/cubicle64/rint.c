#include "round_sse.h"

ROUND_DOUBLE(rint, ROUND_CURRENT)
