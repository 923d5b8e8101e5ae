/* Handlers return like any function. */
#include "ksigaction.h"

void __restore_rt(void)
{
}
