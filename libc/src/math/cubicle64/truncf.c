#include "round_sse.h"

ROUND_FLOAT(truncf, ROUND_TRUNC)
