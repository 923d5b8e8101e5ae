#include "round_sse.h"

ROUND_FLOAT(ceilf, ROUND_CEIL)
