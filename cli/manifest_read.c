/* The manifest's schema, and messages with the place in the file. */
#include "cli.h"
#include "manifest.h"

#include <ctype.h>
#include <cyaml/cyaml.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_MAX_LENGTH 63
#define TEXT_MAX_LENGTH 1024

static const cyaml_schema_value_t name_schema = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, NAME_MAX_LENGTH),
};

static const cyaml_schema_value_t module_schema = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, 2 * NAME_MAX_LENGTH + 1),
};

static const cyaml_schema_value_t text_schema = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, TEXT_MAX_LENGTH),
};

static const cyaml_strval_t on_fault_names[] = {
    {"abort", MONITOR_ON_FAULT_ABORT},
    {"fail-call", MONITOR_ON_FAULT_FAIL_CALL},
    {"restart", MONITOR_ON_FAULT_RESTART},
};

#define OPTIONAL_TEXT(key, type, member)                                        \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, type, \
                           member, 1, TEXT_MAX_LENGTH)

#define OPTIONAL_NAMES(key, member)                                        \
    CYAML_FIELD_SEQUENCE(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,    \
                         struct manifest_cubicle, member, &name_schema, 0, \
                         MANIFEST_CUBICLES_MAX)

static const cyaml_schema_field_t cubicle_fields[] = {
    CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER, struct manifest_cubicle, name, 1,
                           NAME_MAX_LENGTH),
    CYAML_FIELD_SEQUENCE("modules", CYAML_FLAG_POINTER, struct manifest_cubicle,
                         modules, &module_schema, 1, MANIFEST_CUBICLES_MAX),
    OPTIONAL_NAMES("host", host),
    OPTIONAL_NAMES("hostnet", hostnet),
    OPTIONAL_NAMES("hostfiles", hostfiles),
    OPTIONAL_TEXT("allocator", struct manifest_cubicle, allocator),
    OPTIONAL_TEXT("stack", struct manifest_cubicle, stack),
    OPTIONAL_TEXT("quota", struct manifest_cubicle, quota),
    CYAML_FIELD_UINT("call_limit_ms", CYAML_FLAG_OPTIONAL, struct manifest_cubicle,
                     call_limit_ms),
    CYAML_FIELD_ENUM("on_fault", CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT,
                     struct manifest_cubicle, on_fault, on_fault_names,
                     CYAML_ARRAY_LEN(on_fault_names)),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t cubicle_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct manifest_cubicle, cubicle_fields),
};

static const cyaml_schema_field_t binding_fields[] = {
    CYAML_FIELD_STRING_PTR("consumer", CYAML_FLAG_POINTER, struct manifest_binding,
                           consumer, 1, NAME_MAX_LENGTH),
    CYAML_FIELD_STRING_PTR("interface", CYAML_FLAG_POINTER, struct manifest_binding,
                           interface, 1, NAME_MAX_LENGTH),
    CYAML_FIELD_STRING_PTR("provider", CYAML_FLAG_POINTER, struct manifest_binding,
                           provider, 1, NAME_MAX_LENGTH),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t binding_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct manifest_binding, binding_fields),
};

static const cyaml_schema_field_t manifest_fields[] = {
    CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER, struct manifest, name, 1,
                           NAME_MAX_LENGTH),
    OPTIONAL_TEXT("description", struct manifest, description),
    CYAML_FIELD_SEQUENCE("cubicles", CYAML_FLAG_POINTER, struct manifest, cubicles,
                         &cubicle_schema, 1, MANIFEST_CUBICLES_MAX),
    OPTIONAL_TEXT("boot", struct manifest, boot),
    OPTIONAL_TEXT("application", struct manifest, application),
    OPTIONAL_TEXT("low_view", struct manifest, low_view),
    OPTIONAL_TEXT("root", struct manifest, root),
    CYAML_FIELD_SEQUENCE("mounts", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                         struct manifest, mounts, &text_schema, 0, 64),
    OPTIONAL_TEXT("network", struct manifest, network),
    CYAML_FIELD_SEQUENCE("publish", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                         struct manifest, publish, &text_schema, 0, 64),
    CYAML_FIELD_SEQUENCE("environment", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                         struct manifest, environment, &text_schema, 0, 256),
    CYAML_FIELD_SEQUENCE("bind", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                         struct manifest, bind, &binding_schema, 0,
                         MANIFEST_CUBICLES_MAX),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t manifest_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct manifest, manifest_fields),
};

/* What libcyaml says is wrong, and where: "... (line: 3, column: 5)" of its backtrace.
 */
struct manifest_log {
    char reason[256];
    char field[128];
    unsigned line, column;
};

static void manifest_log(cyaml_log_t level, void *context, const char *format,
                         va_list arguments)
{
    struct manifest_log *log = context;
    char text[512];

    if (level != CYAML_LOG_ERROR) {
        return;
    }
    vsnprintf(text, sizeof(text), format, arguments);
    text[strcspn(text, "\n")] = '\0';
    const char *line = strstr(text, "line: ");
    const char *column = strstr(text, "column: ");
    const char *field = strstr(text, "in mapping field '");
    if (line != NULL && log->line == 0) {
        log->line = (unsigned)strtoul(line + 6, NULL, 10);
        log->column = column != NULL ? (unsigned)strtoul(column + 8, NULL, 10) : 0;
    }
    if (field != NULL && log->field[0] == '\0') {
        field += strlen("in mapping field '");
        snprintf(log->field, sizeof(log->field), "%.*s", (int)strcspn(field, "'"),
                 field);
    }
    const char *reason = strncmp(text, "Load: ", 6) == 0 ? text + 6 : text;
    const bool is_place = reason[0] == ' ' || strncmp(reason, "Backtrace", 9) == 0;
    if (log->reason[0] == '\0' && !is_place) {
        snprintf(log->reason, sizeof(log->reason), "%.250s", reason);
        log->reason[0] = (char)tolower((unsigned char)log->reason[0]);
    }
}

/* Reads the whole file, NUL-terminated. NULL after a message. */
static char *manifest_text(const char *path, size_t *size)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0) {
        cli_error("%s: %s", path, strerror(errno));
        goto fail;
    }
    if (!S_ISREG(st.st_mode) || st.st_size > MANIFEST_FILE_MAX) {
        cli_error("%s: not a system manifest: %s", path,
                  S_ISREG(st.st_mode) ? "larger than 1 MiB" : "not a regular file");
        goto fail;
    }
    char *text = cli_calloc((size_t)st.st_size + 1, 1);
    const ssize_t n = read(fd, text, (size_t)st.st_size);
    if (n < 0) {
        cli_error("%s: %s", path, strerror(errno));
        free(text);
        goto fail;
    }
    close(fd);
    *size = (size_t)n;
    return text;

fail:
    if (fd >= 0) {
        close(fd);
    }
    return NULL;
}

/* libcyaml knows an unexpected key's place only by what came before it. */
static void manifest_find_key(struct manifest_log *log, const char *text)
{
    static const char unexpected[] = "unexpected key: ";
    const size_t len = strlen(unexpected);

    if (log->line == 0 || strncmp(log->reason, unexpected, len) != 0) {
        return;
    }
    char *key = cli_format("%s:", log->reason + len);
    unsigned line = 1;
    for (const char *at = text; *at != '\0'; line++) {
        const size_t size = strcspn(at, "\n");
        const char *found = memmem(at, size, key, strlen(key));
        if (line >= log->line && found != NULL) {
            log->line = line;
            log->column = (unsigned)(found - at) + 1;
            break;
        }
        at += size + (at[size] != '\0');
    }
    free(key);
}

/* libcyaml names the word that is none of an enumeration's, not the words that there are. */
static void manifest_name_words(struct manifest_log *log)
{
    static const char invalid[] = "invalid ENUM value: ";
    char word[64];

    if (strncmp(log->reason, invalid, strlen(invalid)) != 0 ||
        strcmp(log->field, "on_fault") != 0) {
        return;
    }
    snprintf(word, sizeof(word), "%.63s", log->reason + strlen(invalid));
    size_t len =
        (size_t)snprintf(log->reason, sizeof(log->reason), "'%s' is none of", word);
    for (size_t i = 0; i < CYAML_ARRAY_LEN(on_fault_names); i++) {
        len += (size_t)snprintf(log->reason + len, sizeof(log->reason) - len, "%s %s",
                                i > 0 ? "," : "", on_fault_names[i].str);
    }
}

static void manifest_report(const char *path, const struct manifest_log *log,
                            cyaml_err_t error)
{
    const char *reason = log->reason[0] != '\0' ? log->reason
                         : error == CYAML_OK    ? "the file is empty"
                                                : cyaml_strerror(error);
    const char *in = log->field[0] != '\0' ? ", in '" : "";
    const char *end = log->field[0] != '\0' ? "'" : "";

    if (log->line != 0) {
        cli_error("%s:%u:%u: %s%s%s%s", path, log->line, log->column, reason, in,
                  log->field, end);
    } else {
        cli_error("%s: %s%s%s%s", path, reason, in, log->field, end);
    }
    cli_hint("docs/manifests.md describes system manifests");
}

static cyaml_config_t manifest_config(struct manifest_log *log)
{
    return (cyaml_config_t){
        .log_fn = manifest_log,
        .log_ctx = log,
        .log_level = CYAML_LOG_ERROR,
        .mem_fn = cyaml_mem,
        .flags = CYAML_CFG_NO_ALIAS,
    };
}

/* `root` is relative to the folder of the manifest. */
static void manifest_place_root(const char *path, struct manifest *manifest)
{
    const char *slash = strrchr(path, '/');

    if (manifest->root != NULL && manifest->root[0] != '/' && slash != NULL) {
        char *root = cli_format("%.*s/%s", (int)(slash - path), path, manifest->root);
        free(manifest->root);
        manifest->root = root;
    }
}

struct manifest *manifest_read(const char *path)
{
    struct manifest_log log = {.line = 0};
    const cyaml_config_t config = manifest_config(&log);
    struct manifest *manifest = NULL;
    size_t size;

    char *text = manifest_text(path, &size);
    if (text == NULL) {
        return NULL;
    }
    const cyaml_err_t error =
        cyaml_load_data((const uint8_t *)text, size, &config, &manifest_schema,
                        (cyaml_data_t **)&manifest, NULL);
    manifest_find_key(&log, text);
    manifest_name_words(&log);
    free(text);
    if (error != CYAML_OK || manifest == NULL) {
        manifest_report(path, &log, error);
        return NULL;
    }
    if (manifest_check(path, manifest) != 0) {
        manifest_free(manifest);
        return NULL;
    }
    manifest_place_root(path, manifest);
    return manifest;
}

void manifest_free(struct manifest *manifest)
{
    struct manifest_log log = {.line = 0};
    const cyaml_config_t config = manifest_config(&log);

    cyaml_free(&config, &manifest_schema, manifest, 0);
}
