/* From a source file to an object: gcc -S, then the rewriter; for plain code
 * cubicle-plain, which keeps it free of forbidden bytes. */
#include "cc.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Code and data live below 2 GiB at addresses that the loader fixes, so nothing is
 * position independent. fisttp (SSE3) converts without touching the x87 control word.
 */
static const char *const common_options[] = {
    "-fno-pic",
    "-fno-pie",
    "-mcmodel=small",
    "-ftls-model=local-exec",
    "-mno-tls-direct-seg-refs",
    "-fno-stack-protector",
    "-fcf-protection=none",
    "-fno-asynchronous-unwind-tables",
    "-ffunction-sections",
    "-fdata-sections",
    "-fno-common",
    "-fno-lto",
    "-falign-functions=32",
    "-msse3",
    "-D__CUBICLE__=1",
};

static const char tuning[] = "-mtune-ctrl=single_push,single_pop,"
                             "^use_gather,^use_gather_2parts,^use_gather_4parts";

/*
 * Options that make rewritten code fast: no indirect branches through memory, loops
 * that start a bundle but no other padding, no string instructions (their set-up is
 * long). A push or pop of 8 bytes proves the stack pointer good, where add and sub need
 * a probe after them. The last lines keep what a -march option may bring and the
 * verifier does not know: gathers, AVX-512, AMD's XOP and FMA4.
 */
static const char *const isolated_options[] = {
    "-D__CUBICLE_SFI__=1",
    "-ffixed-r11",
    "-falign-loops=32",
    "-falign-jumps=1",
    "-falign-labels=1",
    "-mindirect-branch-register",
    tuning,
    "-mmemcpy-strategy=unrolled_loop:256:noalign,libcall:-1:noalign",
    "-mmemset-strategy=unrolled_loop:256:noalign,libcall:-1:noalign",
    "-mno-avx512f",
    "-mno-xop",
    "-mno-fma4",
    "-mno-tbm",
    "-mno-lwp",
};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static const char *const language_names[] = {
    [LANGUAGE_C] = "c",
    [LANGUAGE_PREPROCESSED_C] = "cpp-output",
    [LANGUAGE_ASSEMBLER] = "assembler",
    [LANGUAGE_ASSEMBLER_CPP] = "assembler-with-cpp",
};

const char *compiler_name(void)
{
    const char *name = getenv("CUBICLE_GCC");

    return name && *name ? name : "gcc";
}

/* gcc's own headers (stdarg.h, immintrin.h): they belong behind those of libc. */
static const char *compiler_headers(void)
{
    static char folder[PATH_MAX];
    struct list argv = {0};

    if (!*folder) {
        list_add(&argv, compiler_name());
        list_add(&argv, "-print-file-name=include");
        if (!process_read(&argv, STDOUT_FILENO, folder, sizeof(folder))) {
            exit(1); /* there is no compiler */
        }
    }
    return folder;
}

/* gcc with everything but the language, the input and the output. */
static void compiler_command(const struct options *options, struct list *argv)
{
    list_add(argv, compiler_name());
    list_add_all(argv, &options->compile);
    for (size_t i = 0; i < COUNT(common_options); i++) {
        list_add(argv, common_options[i]);
    }
    for (size_t i = 0; options->isolated && i < COUNT(isolated_options); i++) {
        list_add(argv, isolated_options[i]);
    }
    if (!options->no_includes) {
        list_add(argv, "-nostdinc");
        list_add(argv, "-isystem");
        list_add(argv, arena_printf("%s/include", options->sysroot));
        list_add(argv, "-isystem");
        list_add(argv, compiler_headers());
    }
}

/* "dir/name.c" -> "name" + @suffix, in the current folder, as every compiler does. */
static const char *default_output(const char *input, const char *suffix)
{
    const char *slash = strrchr(input, '/');
    const char *base = slash ? slash + 1 : input;
    const char *dot = strrchr(base, '.');
    size_t len = dot && dot != base ? (size_t)(dot - base) : strlen(base);

    return arena_printf("%.*s%s", (int)len, base, suffix);
}

/* Adds the options that -MD needs because gcc does not know the name of the object. */
static void add_dependencies(const struct options *options, struct list *argv,
                             const struct input *input, const char *object)
{
    if (!options->dependencies) {
        return;
    }
    if (!options->depend_file) {
        const char *dot = strrchr(object, '.');
        size_t len = dot && !strchr(dot, '/') ? (size_t)(dot - object) : strlen(object);
        bool named = options->mode != MODE_LINK && options->output;

        list_add(argv, "-MF");
        list_add(argv, named ? arena_printf("%.*s.d", (int)len, object)
                             : default_output(input->name, ".d"));
    }
    if (!options->depend_target) {
        list_add(argv, "-MQ");
        list_add(argv, object);
    }
}

/* Runs gcc with @step (-S, -c or -E) on @input. @object: what -MD calls the target. */
static bool run_compiler(const struct options *options, const struct input *input,
                         const char *step, const char *output, const char *object)
{
    struct list argv = {0};

    compiler_command(options, &argv);
    add_dependencies(options, &argv, input, object);
    list_add(&argv, step);
    list_add(&argv, "-o");
    list_add(&argv, output);
    list_add(&argv, "-x");
    list_add(&argv, language_names[input->language]);
    list_add(&argv, input->name);
    return process_run(options, &argv);
}

/* Runs the program that makes an object of the assembly: the rewriter or cubicle-plain.
 * @ask: may it ask for the lines of the source? Returns its exit status. */
static int run_assembly(const struct options *options, const char *source,
                        const char *object, bool ask)
{
    struct list argv = {0};

    list_add(&argv, options->isolated ? paths_rewriter() : paths_plain());
    if (ask) {
        list_add(&argv, "--ask-lines");
    }
    list_add(&argv, "-o");
    list_add(&argv, object);
    list_add(&argv, source);
    return process_status(options, &argv);
}

#define ASK_LINES 3 /* exit status of cubicle-rewrite --ask-lines */

/*
 * gcc writes no line numbers into its assembly unless asked to. It is asked only when
 * the rewriter has a message about code that it cannot rewrite.
 */
static bool explain(const struct options *options, const struct input *input,
                    const char *assembly, const char *object)
{
    struct options with_lines = *options;

    with_lines.compile = (struct list){0};
    list_add_all(&with_lines.compile, &options->compile);
    list_add(&with_lines.compile, "-g1");
    list_add(&with_lines.compile, "-w"); /* warnings were shown */
    return run_compiler(&with_lines, input, "-S", assembly, object) &&
           run_assembly(options, assembly, object, false) == 0;
}

static bool compile_object(const struct options *options, const struct input *input,
                           const char *object)
{
    if (input->language == LANGUAGE_ASSEMBLER) {
        return run_assembly(options, input->name, object, false) == 0;
    }
    bool c = input->language != LANGUAGE_ASSEMBLER_CPP;
    bool ask = c && options->isolated && strcmp(input->name, "-") != 0;
    const char *assembly = temporary_file(".s");

    if (!assembly || !run_compiler(options, input, c ? "-S" : "-E", assembly, object)) {
        return false;
    }
    int status = run_assembly(options, assembly, object, ask);

    return status == ASK_LINES ? explain(options, input, assembly, object)
                               : status == 0;
}

static bool compile_one(const struct options *options, const struct input *input,
                        struct list *objects)
{
    const char *output = options->output;

    switch (options->mode) {
    case MODE_ASSEMBLY:
        output = output ? output : default_output(input->name, ".s");
        return run_compiler(options, input, "-S", output, output);
    case MODE_OBJECT:
        output = output ? output : default_output(input->name, ".o");
        return compile_object(options, input, output);
    default:
        output = temporary_file(".o");
        if (!output) {
            return false;
        }
        list_add(objects, output);
        return compile_object(options, input, output);
    }
}

bool compile_all(const struct options *options, struct list *objects)
{
    bool ok = true;

    for (size_t i = 0; i < options->ninputs; i++) {
        const struct input *input = &options->inputs[i];

        if (input->language == LANGUAGE_NONE) {
            list_add(objects, input->name);
        } else {
            ok &= compile_one(options, input, objects);
        }
    }
    return ok;
}

bool compile_preprocess(const struct options *options)
{
    struct list argv = {0};

    compiler_command(options, &argv);
    if (options->output) {
        list_add(&argv, "-o");
        list_add(&argv, options->output);
    }
    for (size_t i = 0; i < options->ninputs; i++) {
        if (options->inputs[i].language != LANGUAGE_NONE) {
            list_add(&argv, "-x");
            list_add(&argv, language_names[options->inputs[i].language]);
            list_add(&argv, options->inputs[i].name);
        }
    }
    return process_run(options, &argv);
}
