/* The command line of a C compiler, as far as it concerns more than the compiler
 * proper. */
#include "option_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- inputs ---- */

static void add_input(struct options *options, const char *name, enum language language)
{
    if (options->ninputs == options->inputs_capacity) {
        const struct input *old = options->inputs;

        options->inputs_capacity = options->inputs_capacity * 2 + 16;
        options->inputs = arena_alloc(options->inputs_capacity * sizeof(*old));
        if (old) {
            memcpy(options->inputs, old, options->ninputs * sizeof(*old));
        }
    }
    options->inputs[options->ninputs++] = (struct input){name, language};
}

static enum language language_of_file(const char *name)
{
    static const struct {
        const char *suffix;
        enum language language;
    } suffixes[] = {
        {".c", LANGUAGE_C},
        {".i", LANGUAGE_PREPROCESSED_C},
        {".s", LANGUAGE_ASSEMBLER},
        {".S", LANGUAGE_ASSEMBLER_CPP},
        {".sx", LANGUAGE_ASSEMBLER_CPP},
    };
    const char *dot = strrchr(name, '.');

    for (size_t i = 0; dot && i < sizeof(suffixes) / sizeof(*suffixes); i++) {
        if (!strcmp(dot, suffixes[i].suffix)) {
            return suffixes[i].language;
        }
    }
    return LANGUAGE_NONE;
}

/* Sources that gcc would compile and cubicle-cc cannot. */
static bool is_other_language(const char *name)
{
    static const char *const suffixes[] = {
        ".cc", ".cp", ".cpp", ".cxx", ".c++", ".C",   ".ii", ".m",
        ".mm", ".f",  ".f90", ".F90", ".d",   ".adb", ".go", ".rs"};
    const char *dot = strrchr(name, '.');

    for (size_t i = 0; dot && i < sizeof(suffixes) / sizeof(*suffixes); i++) {
        if (!strcmp(dot, suffixes[i])) {
            return true;
        }
    }
    return false;
}

static bool language_of_option(const char *name, enum language *language, bool *given)
{
    *given = true;
    if (!strcmp(name, "c") || !strcmp(name, "c-header")) {
        *language = LANGUAGE_C;
    } else if (!strcmp(name, "cpp-output")) {
        *language = LANGUAGE_PREPROCESSED_C;
    } else if (!strcmp(name, "assembler")) {
        *language = LANGUAGE_ASSEMBLER;
    } else if (!strcmp(name, "assembler-with-cpp")) {
        *language = LANGUAGE_ASSEMBLER_CPP;
    } else if (!strcmp(name, "none")) {
        *given = false;
    } else {
        return fail("-x %s: only C and assembler are supported", name);
    }
    return true;
}

/* -lNAME: what libc.a holds needs no library of its own. */
static void add_library(struct options *options, const char *name)
{
    static const char *const in_libc[] = {"c",     "m",    "pthread", "rt",
                                          "dl",    "util", "xnet",    "resolv",
                                          "crypt", "gcc",  "gcc_eh",  "gcc_s"};

    for (size_t i = 0; i < sizeof(in_libc) / sizeof(*in_libc); i++) {
        if (!strcmp(name, in_libc[i])) {
            return;
        }
    }
    add_input(options, arena_printf("-l%s", name), LANGUAGE_NONE);
}

/* -Wl,a,b: keeps what has a meaning for `ld -r'. */
static void add_linker_options(struct options *options, const char *text)
{
    static const char *const kept[] = {
        "--start-group",
        "--end-group",
        "-(",
        "-)",
        "-Map*",
        "--whole-archive",
        "--no-whole-archive",
        "-t",
        "--trace*",
        "--wrap*",
        "--defsym*",
        "--undefined=*",
        "-u*",
        "--print-map",
        "--print-gc-sections",
    };

    while (*text) {
        size_t len = strcspn(text, ",");
        const char *option = arena_printf("%.*s", (int)len, text);

        for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++) {
            if (option_matches(kept[i], option)) {
                add_input(options, option, LANGUAGE_NONE);
                break;
            }
        }
        text += len + (text[len] == ',');
    }
}

/* ---- the parser ---- */

struct parser {
    struct options *options;
    struct list words;
    size_t at;
    enum language language;
    bool language_given; /* by -x */
};

static const char *next_word(struct parser *parser, const char *option)
{
    if (++parser->at >= parser->words.count) {
        fail("%s needs an argument", option);
        return NULL;
    }
    return parser->words.items[parser->at];
}

/* `-oNAME` or `-o NAME`. */
static const char *attached(struct parser *parser, const char *option)
{
    return option[2] ? option + 2 : next_word(parser, option);
}

/* Each of these functions returns 1 if it has read the option, 0 if the option is none
 * of its own, and -1 after a message. */
static int parse_own(struct parser *parser, const char *option)
{
    struct options *options = parser->options;
    static const char provides[] = "--cubicle-provides=";
    static const char isolation[] = "--cubicle-isolation=";
    static const char sysroot[] = "--cubicle-sysroot=";
    static const char interfaces[] = "--cubicle-interfaces=";

    if (!strncmp(option, provides, strlen(provides))) {
        char *names = arena_printf("%s", option + strlen(provides));

        options->provides_given = true;
        for (char *name = strtok(names, ","); name; name = strtok(NULL, ",")) {
            list_add(&options->provides, name);
        }
    } else if (!strncmp(option, isolation, strlen(isolation))) {
        const char *name = option + strlen(isolation);

        options->isolated = strcmp(name, "none") != 0;
        if (options->isolated && strcmp(name, "sfi") != 0) {
            fail("%s: must be sfi or none", option);
            return -1;
        }
    } else if (!strncmp(option, sysroot, strlen(sysroot))) {
        options->sysroot = option + strlen(sysroot);
    } else if (!strncmp(option, interfaces, strlen(interfaces))) {
        options->interfaces = option + strlen(interfaces);
    } else if (!strncmp(option, "--cubicle", 9)) {
        fail("%s: unknown option (see --help)", option);
        return -1;
    } else {
        return 0;
    }
    return 1;
}

static void set_mode(struct options *options, enum mode mode)
{
    /* -E beats -S beats -c. */
    if (mode > options->mode) {
        options->mode = mode;
    }
}

static int parse_mode(struct parser *parser, const char *option)
{
    struct options *options = parser->options;
    static const struct {
        const char *option;
        enum mode mode;
    } modes[] = {
        {"-c", MODE_OBJECT},      {"-S", MODE_ASSEMBLY},
        {"-E", MODE_PREPROCESS},  {"-M", MODE_PREPROCESS},
        {"-MM", MODE_PREPROCESS}, {"-fsyntax-only", MODE_PREPROCESS},
    };

    for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
        if (!strcmp(option, modes[i].option)) {
            set_mode(options, modes[i].mode);
            if (modes[i].mode == MODE_PREPROCESS) {
                list_add(&options->compile, option);
            }
            return 1;
        }
    }
    if (!strcmp(option, "--help")) {
        fputs(options_help, stdout);
        options->mode = MODE_DONE;
        return 1;
    }
    if (!strcmp(option, "--version")) {
        puts("cubicle-cc: makes modules for CubicleOS with");
        options->mode = MODE_ASK_GCC;
        return 1;
    }
    return 0;
}

static int parse_flag(struct parser *parser, const char *option)
{
    struct options *options = parser->options;
    const struct {
        const char *option;
        bool *flag;
        bool compiler; /* the compiler gets the option, too */
    } flags[] = {
        {"-v", &options->verbose, false},
        {"-###", &options->dry_run, false},
        {"-r", &options->partial, false},
        {"-s", &options->strip, false},
        {"-nostartfiles", &options->no_startfiles, false},
        {"-nodefaultlibs", &options->no_libc, false},
        {"-nolibc", &options->no_libc, false},
        {"-nostdinc", &options->no_includes, true},
        {"-MD", &options->dependencies, true},
        {"-MMD", &options->dependencies, true},
    };

    for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
        if (!strcmp(option, flags[i].option)) {
            *flags[i].flag = true;
            if (flags[i].compiler) {
                list_add(&options->compile, option);
            }
            return 1;
        }
    }
    if (!strcmp(option, "-nostdlib")) {
        options->no_startfiles = true;
        options->no_libc = true;
        return 1;
    }
    return 0;
}

static int parse_argument(struct parser *parser, const char *option)
{
    struct options *options = parser->options;
    const char *value;

    if (!strncmp(option, "-o", 2)) {
        value = options->output = attached(parser, option);
    } else if (!strncmp(option, "-x", 2)) {
        value = attached(parser, option);
        if (value &&
            !language_of_option(value, &parser->language, &parser->language_given)) {
            return -1;
        }
    } else if (!strncmp(option, "-l", 2)) {
        value = attached(parser, option);
        if (value) {
            add_library(options, value);
        }
    } else if (!strncmp(option, "-Wl,", 4)) {
        value = option;
        add_linker_options(options, option + 4);
    } else if (!strcmp(option, "-Xlinker")) {
        value = next_word(parser, option);
        if (value) {
            add_linker_options(options, value);
        }
    } else if (!strncmp(option, "-MF", 3)) {
        value = option[3] ? option + 3 : next_word(parser, option);
        options->depend_file = value;
        list_add(&options->compile, "-MF");
        list_add(&options->compile, value ? value : "");
    } else {
        return 0;
    }
    return value ? 1 : -1;
}

static int parse_by_rule(struct parser *parser, const char *option)
{
    struct options *options = parser->options;
    const struct option_rule *rule = option_rule_find(option);
    enum option_action action = rule ? rule->action : TO_COMPILER;
    const char *value = NULL;

    if (!strncmp(option, "-MT", 3) || !strncmp(option, "-MQ", 3)) {
        options->depend_target = true;
    }
    if (action == REFUSE) {
        fail("%s is not supported: %s", option, rule->help);
        return -1;
    }
    if (action == ASK_GCC) {
        options->mode = MODE_ASK_GCC;
    }
    if (rule && rule->argument && !(value = next_word(parser, option))) {
        return -1;
    }
    struct list *list = action == TO_COMPILER ? &options->compile
                        : action == TO_LINKER ? &options->link
                                              : NULL;
    if (list) {
        list_add(list, option);
        if (value) {
            list_add(list, value);
        }
    }
    return 1;
}

static bool parse_word(struct parser *parser)
{
    static int (*const parsers[])(struct parser *, const char *) = {
        parse_own, parse_mode, parse_flag, parse_argument, parse_by_rule,
    };
    const char *word = parser->words.items[parser->at];
    int taken = 0;

    if (*word != '-' || !word[1]) {
        enum language language =
            parser->language_given ? parser->language : language_of_file(word);

        if (!strcmp(word, "-") && language == LANGUAGE_NONE) {
            language = LANGUAGE_C;
        }
        if (language == LANGUAGE_NONE && is_other_language(word)) {
            return fail("%s: only C and assembler are supported", word);
        }
        add_input(parser->options, word, language);
        return true;
    }
    for (size_t i = 0; !taken && i < sizeof(parsers) / sizeof(*parsers); i++) {
        taken = parsers[i](parser, word);
    }
    return taken > 0;
}

static bool check(const struct options *options)
{
    size_t sources = 0;

    for (size_t i = 0; i < options->ninputs; i++) {
        sources += options->inputs[i].language != LANGUAGE_NONE;
    }
    if (options->mode >= MODE_ASK_GCC) {
        return true;
    }
    if (!options->ninputs) {
        return options->verbose || fail("no input files");
    }
    if (options->output && sources > 1 &&
        (options->mode == MODE_OBJECT || options->mode == MODE_ASSEMBLY)) {
        return fail("-o with -c or -S and several source files");
    }
    return true;
}

bool options_parse(int argc, char **argv, struct options *options)
{
    struct parser parser = {.options = options};
    const char *isolation = getenv("CUBICLE_ISOLATION");
    bool ok = true;

    *options =
        (struct options){.isolated = !isolation || strcmp(isolation, "none") != 0};
    for (int i = 1; ok && i < argc; i++) {
        ok = response_expand(argv[i], &parser.words);
    }
    for (parser.at = 0; ok && parser.at < parser.words.count; parser.at++) {
        ok = parse_word(&parser);
        if (options->mode == MODE_DONE) {
            break;
        }
    }
    return ok && check(options);
}
