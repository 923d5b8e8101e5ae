#include "round_sse.h"

ROUND_DOUBLE(trunc, ROUND_TRUNC)
