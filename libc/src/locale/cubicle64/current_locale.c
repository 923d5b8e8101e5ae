#include "libc.h"
#include "locale_impl.h"

locale_t __current_locale = &libc.global_locale;
