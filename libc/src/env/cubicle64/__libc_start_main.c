/* What the kernel and the ELF entry do for a process: called by module_init() of
 * crt1.o. */
#include <elf.h>
#include <errno.h>
#include <unistd.h>

#include "libc.h"
#include "syscall.h"

hidden int __init_thread(void);

static size_t auxv[] = {AT_PAGESZ, 4096, AT_NULL, 0};
static char *no_environment[] = {0};

int __libc_setup(void)
{
    libc.auxv = auxv;
    libc.page_size = 4096;
    __environ = no_environment;
    __progname = __progname_full = "";
    return __init_thread();
}
