/*
 * Instructions that change PKRU or FS without being asked are taken out of the libraries
 * that are in the process. Those that enter the kernel stay: the libraries need them.
 */
#include "base/message.h"
#include "forbidden.h"
#include "mpk.h"

#include <Zydis/Zydis.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

/* Is there an instruction that begins at @at, give or take its prefixes? Decoded from the
 * start: that falls into step long before. */
static bool scan_is_instruction(const uint8_t *code, size_t len, size_t at)
{
    ZydisDecoder decoder;
    ZydisDecodedInstruction instruction;
    if (!ZYAN_SUCCESS(ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64,
                                       ZYDIS_STACK_WIDTH_64))) {
        return false;
    }
    const size_t start = at > 65536 ? at - 65536 : 0;
    for (size_t i = start; i <= at;) {
        if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoder, ZYAN_NULL, code + i,
                                                        len - i, &instruction))) {
            i++;
            continue;
        }
        if (i + instruction.raw.prefix_count >= at ||
            i + instruction.length > at) { /* reaches it */
            return at - i <= instruction.raw.prefix_count;
        }
        i += instruction.length;
    }
    return false;
}

/* Replaces every such instruction by one that traps: of what the monitor calls, nothing
 * uses them (pkey_set(), and lazy binding of functions, which is off). */
static int scan_library(const char *path, uint8_t *code, size_t len)
{
    const char *name = NULL;
    bool writable = false;
    for (size_t at; (at = forbidden_find(code, len, false, &name)) != len;) {
        if (!scan_is_instruction(code, len, at)) {
            return message_error(
                -ENOTSUP,
                "%s: the bytes of %s lie inside another instruction at "
                "%#zx of its code, so mpk isolates nothing with this "
                "library; use --isolation=sfi",
                path, name, at);
        }
        /* Executable meanwhile: it may be the library that mprotect() is in. */
        if (!writable && mprotect(code, len, PROT_READ | PROT_WRITE | PROT_EXEC) != 0) {
            return message_error(-errno, "%s: cannot write its code: %s", path,
                                 strerror(errno));
        }
        writable = true;
        code[at] = 0x0f; /* ud2 */
        code[at + 1] = 0x0b;
    }
    if (writable && mprotect(code, len, PROT_READ | PROT_EXEC) != 0) {
        return message_error(-errno, "%s: cannot make its code executable again: %s",
                             path, strerror(errno));
    }
    return 0;
}

/* The monitor's own, which are guarded, lie in entry.S; anything else is a mistake. */
static int scan_monitor(const char *path, const uint8_t *code, size_t len)
{
    const size_t begin = (size_t)((const uint8_t *)mpk_entry_begin - code);
    const size_t end = (size_t)((const uint8_t *)mpk_entry_end - code);
    const char *name = NULL;
    size_t at = forbidden_find(code, begin, false, &name);
    if (at == begin) {
        at = forbidden_find(code + end, len - end, false, &name);
        if (at == len - end) {
            return 0;
        }
        at += end;
    }
    return message_error(-ENOTSUP, "%s: the bytes of %s at %#zx of its code", path,
                         name, at);
}

int scan_process(void)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[512];
    int error = maps != NULL ? 0 : -errno;
    while (error == 0 && fgets(line, sizeof(line), maps) != NULL) {
        unsigned long start;
        unsigned long end;
        char rights[5];
        int path = 0;
        if (sscanf(line, "%lx-%lx %4s %*s %*s %*s %n", &start, &end, rights, &path) !=
                3 ||
            rights[2] != 'x' || strncmp(line + path, "[vsyscall]", 10) == 0) {
            continue; /* the page of vsyscall cannot be read, and has nothing of this */
        }
        line[strcspn(line, "\n")] = '\0';
        uint8_t *code = (uint8_t *)start;
        const bool own = (unsigned long)mpk_entry_begin - start < end - start;
        error = own ? scan_monitor(line + path, code, end - start)
                    : scan_library(line + path, code, end - start);
    }
    if (maps != NULL) {
        (void)fclose(maps);
    }
    return error;
}
