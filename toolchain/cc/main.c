#include "cc.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Hands a question about the compiler on to gcc. */
static bool ask_gcc(const struct options *options, int argc, char **argv)
{
    struct list command = {0};

    list_add(&command, compiler_name());
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--cubicle", 9) != 0) {
            list_add(&command, argv[i]);
        }
    }
    return process_run(options, &command);
}

static bool run(const struct options *options, int argc, char **argv)
{
    struct list objects = {0};
    bool ok;

    switch (options->mode) {
    case MODE_DONE:
        return true;
    case MODE_ASK_GCC:
        return ask_gcc(options, argc, argv);
    case MODE_PREPROCESS:
        return compile_preprocess(options);
    default:
        break;
    }
    if (!options->ninputs) {
        return ask_gcc(options, argc, argv); /* -v alone */
    }
    ok = compile_all(options, &objects);
    if (ok && options->mode == MODE_LINK) {
        ok = options->partial ? link_partial(options, &objects)
                              : link_module(options, &objects);
    }
    return ok;
}

int main(int argc, char **argv)
{
    struct options options;

    if (!options_parse(argc, argv, &options)) {
        return 1;
    }
    paths_defaults(&options, argv[0]);
    /* The arena is not freed: the names of temporary files are needed until the end. */
    return run(&options, argc, argv) ? 0 : 1;
}
