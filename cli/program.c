#include "program.h"

#include "base/message.h"
#include "cli.h"
#include "module_note.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The module of the default systems that the file takes the place of. */
#define PROGRAM "program"

static const char suffix[] = ".cub";

static bool has_suffix(const char *name)
{
    const size_t len = strlen(name);

    return len > strlen(suffix) && strcmp(name + len - strlen(suffix), suffix) == 0;
}

/* Reads the first @size bytes of @file. Returns how many there are; 0: none. */
static size_t read_start(const char *file, char *start, size_t size)
{
    FILE *in = fopen(file, "re");

    if (in == NULL) {
        return 0;
    }
    const size_t n = fread(start, 1, size, in);
    fclose(in);
    return n;
}

/* A program that somebody's makefile has linked may have any name; a name without a folder
 * is a system's. */
bool program_is_module(const char *system)
{
    char start[4];

    return has_suffix(system) ||
           (strchr(system, '/') != NULL &&
            read_start(system, start, sizeof(start)) == sizeof(start) &&
            memcmp(start, "\177ELF", sizeof(start)) == 0);
}

/* Text under a module's name is most likely a manifest. */
static bool looks_like_manifest(const char *file)
{
    char start[4096]; /* behind the comment that a manifest begins with */
    const size_t n = read_start(file, start, sizeof(start));

    return n > 0 && memchr(start, '\0', n) == NULL && memchr(start, ':', n) != NULL;
}

/* 0, or -1 with a message when @file cannot be the application, or, not @program, a component
 * of it. */
static int module_check(const char *file, bool program, bool plain)
{
    struct module_note note;
    struct image_error error;
    struct stat st;

    if (stat(file, &st) != 0) {
        cli_error("%s: %s", file, strerror(errno));
        return -1;
    }
    if (!S_ISREG(st.st_mode)) {
        cli_error("%s: not a module: not a regular file", file);
        return -1;
    }
    if (module_note_read(file, &note, &error) != 0) {
        (void)message_error(-1, "%s", error.text);
        if (looks_like_manifest(file)) {
            cli_hint("it looks like a manifest: the name of a manifest ends in .yaml");
        } else {
            cli_hint("'cubicle-cc FILE.c -o FILE.cub' makes a module");
        }
        return -1;
    }
    if (note.program != program) {
        cli_error("%s: the module has %s main()", file, program ? "no" : "a");
        cli_hint(program ? "a component runs next to a program: --component=FILE.cub "
                           "PROGRAM.cub, or a manifest (docs/manifests.md)"
                         : "a component is made with cubicle-cc "
                           "--cubicle-provides=INTERFACE, and has no main()");
        return -1;
    }
    if (note.plain != plain) {
        cli_error("%s: the module has %s, and this isolation needs %s", file,
                  note.plain ? "plain code" : "code for sfi",
                  plain ? "plain code" : "code for sfi");
        cli_hint(note.plain ? "run it with --isolation=none or --isolation=mpk, or "
                              "make it without --cubicle-isolation=none"
                            : "run it with --isolation=sfi, which is the default, or "
                              "make it with cubicle-cc --cubicle-isolation=none");
        return -1;
    }
    return 0;
}

/* The name of @file without folder and suffix, where that may name a module and is free, else
 * NULL. */
static char *file_name(const struct manifest *manifest, const char *file)
{
    const char *slash = strrchr(file, '/');
    const char *base = slash != NULL ? slash + 1 : file;
    const size_t cut = has_suffix(base) ? strlen(suffix) : 0;
    char *name = cli_format("%.*s", (int)(strlen(base) - cut), base);

    if (!manifest_name_is_valid(name) || manifest_cubicle_of(manifest, name) != NULL) {
        free(name);
        return NULL;
    }
    return name;
}

/* Rows of `bind` for the program go by its name. */
static void rename_consumer(struct manifest *manifest, char *name)
{
    for (unsigned i = 0; i < manifest->bind_count; i++) {
        if (strcmp(manifest->bind[i].consumer, PROGRAM) == 0) {
            manifest->bind[i].consumer = name;
        }
    }
}

/* Puts a cubicle with the module @file in front of the last one, the program's. */
static int add_component(struct manifest *manifest, const char *file)
{
    char *name = file_name(manifest, file);

    if (name == NULL) {
        cli_error("%s: no component of the system can have its name", file);
        cli_hint("a name has small letters, digits, '-' and '_', and is not that of "
                 "another: 'plat', 'alloc' and the others of systems/program.yaml");
        return -1;
    }
    const unsigned last = manifest->cubicles_count - 1;
    struct manifest_cubicle *cubicles =
        cli_calloc(manifest->cubicles_count + 1, sizeof(*cubicles));
    char **modules = cli_calloc(1, sizeof(*modules));
    modules[0] = name;
    memcpy(cubicles, manifest->cubicles, last * sizeof(*cubicles));
    cubicles[last] = (struct manifest_cubicle){
        .name = name,
        .modules = modules,
        .modules_count = 1,
        .file = file,
        .on_fault = MONITOR_ON_FAULT_RESTART,
    };
    cubicles[last + 1] = manifest->cubicles[last];
    manifest->cubicles = cubicles;
    manifest->cubicles_count++;
    return 0;
}

static int add_components(struct manifest *manifest, const char *const *files,
                          unsigned nfiles, bool plain)
{
    for (unsigned i = 0; i < nfiles; i++) {
        if (module_check(files[i], false, plain) != 0 ||
            add_component(manifest, files[i]) != 0) {
            return -1;
        }
    }
    return 0;
}

struct manifest *program_manifest(const char *file, const char *const *components,
                                  unsigned ncomponents, bool plain, bool network)
{
    if (module_check(file, true, plain) != 0) {
        return NULL;
    }
    struct manifest *manifest = manifest_read(cli_build_path(
        network ? "systems/" PROGRAM "-network.yaml" : "systems/" PROGRAM ".yaml"));
    if (manifest == NULL) {
        return NULL;
    }
    if (add_components(manifest, components, ncomponents, plain) != 0) {
        return NULL;
    }
    char *name = file_name(manifest, file);
    if (name == NULL) {
        name = cli_format(PROGRAM);
    }
    rename_consumer(manifest, name);
    for (unsigned i = 0; i < manifest->cubicles_count; i++) {
        struct manifest_cubicle *cubicle = &manifest->cubicles[i];
        if (strcmp(cubicle->name, PROGRAM) == 0) {
            cubicle->name = cubicle->modules[0] = name;
            cubicle->file = file;
        }
    }
    manifest->name = manifest->application = name;
    return manifest;
}
