/*
 * verify-bytes FILE BASE TP_DISP VIEW_DISP [TARGET...]: verifies a flat binary (linked and
 * relocated code, as `objcopy -O binary -j .text` writes it) that is to run at address
 * BASE. Numbers as in C. TARGETs are the addresses outside the code that it may branch
 * to; `any` allows every 32-aligned one. A file that is no multiple of 32 is filled
 * with int3. Exit status: 0 accepted, 1 refused, 2 not done.
 */
#include "verify.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct targets {
    char **argv;
    int count;
};

static bool target_allowed(void *context, uint32_t target)
{
    const struct targets *targets = context;

    for (int i = 0; i < targets->count; i++) {
        if (strcmp(targets->argv[i], "any") == 0 ||
            strtoul(targets->argv[i], NULL, 0) == target) {
            return true;
        }
    }
    return false;
}

/* Reads @path and fills it up to a bundle. Returns the bytes, owned by the caller. */
static uint8_t *read_code(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    uint8_t *code = NULL;
    long size = 0;

    if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0) {
        goto done;
    }
    rewind(file);
    *len = ((size_t)size + VERIFY_BUNDLE - 1) / VERIFY_BUNDLE * VERIFY_BUNDLE;
    code = malloc(*len + VERIFY_BUNDLE);
    if (code == NULL) {
        goto done;
    }
    memset(code, 0xcc, *len + VERIFY_BUNDLE);
    if (fread(code, 1, (size_t)size, file) != (size_t)size) {
        free(code);
        code = NULL;
    }
done:
    if (file != NULL) {
        fclose(file);
    }
    return code;
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fprintf(stderr,
                "usage: verify-bytes FILE BASE TP_DISP VIEW_DISP [TARGET|any]...\n");
        return 2;
    }
    size_t len = 0;
    uint8_t *code = read_code(argv[1], &len);
    if (code == NULL) {
        fprintf(stderr, "verify-bytes: %s: %s\n", argv[1], strerror(errno));
        return 2;
    }
    struct targets targets = {argv + 5, argc - 5};
    const struct verify_policy policy = {
        .tp_disp = (int32_t)strtol(argv[3], NULL, 0),
        .view_disp = (int32_t)strtol(argv[4], NULL, 0),
        .target_allowed = target_allowed,
        .context = &targets,
    };
    const uint32_t base = (uint32_t)strtoul(argv[2], NULL, 0);
    struct verify_result result;

    const clock_t start = clock();
    const bool accepted = verify_code(code, len, base, &policy, &result);
    const double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    free(code);
    if (accepted) {
        printf("%s: %zu bytes accepted in %.1f ms\n", argv[1], len, seconds * 1e3);
        return 0;
    }
    printf("%s: +0x%x (0x%x): %s: %s\n    %s\n", argv[1], result.offset,
           base + result.offset, result.text[0] ? result.text : "(no instruction)",
           verify_reason_text(result.reason), verify_reason_name(result.reason));
    return 1;
}
