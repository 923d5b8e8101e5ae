/* The backend of the running system, NULL before it is chosen; unit tests have their own. */
#include "backend.h"

const struct backend *backend;
