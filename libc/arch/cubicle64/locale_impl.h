/*
 * The current locale belongs to this libc, not to the thread: modules that share a
 * thread pointer have different ones, and there is one thread.
 */
#ifndef CUBICLE64_LOCALE_IMPL_H
#define CUBICLE64_LOCALE_IMPL_H

#include_next "locale_impl.h"

extern hidden locale_t __current_locale;

#undef CURRENT_LOCALE
#define CURRENT_LOCALE __current_locale

#undef CURRENT_UTF8
#define CURRENT_UTF8 (!!__current_locale->cat[LC_CTYPE])

#endif
