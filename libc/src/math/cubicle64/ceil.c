#include "round_sse.h"

ROUND_DOUBLE(ceil, ROUND_CEIL)
