#include "libc.h"
#include "locale_impl.h"

locale_t __uselocale(locale_t new)
{
    const locale_t old = __current_locale, global = &libc.global_locale;
    if (new) {
        __current_locale = new == LC_GLOBAL_LOCALE ? global : new;
    }
    return old == global ? LC_GLOBAL_LOCALE : old;
}

weak_alias(__uselocale, uselocale);
