/* The command line of cubicle-idl, and the order of a run. */
#include "idl.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char help[] =
    "Usage: cubicle-idl [OPTION]... HEADER [-- COMPILER-OPTION...]\n"
    "Compiles an interface header to the monitor's descriptor DIR/NAME.desc, and for "
    "an\n"
    "interface with several providers to a table of its functions, "
    "DIR/gen/NAME_ops.h.\n"
    "\n"
    "  -o DIR             where the files go (default: the current directory)\n"
    "      --ops          make the table for an interface with one provider too\n"
    "      --gates        make DIR/NAME_gates.h: prototypes and a list of the "
    "functions\n"
    "                     for the monitor, where it provides the interface itself\n"
    "      --functions    make DIR/NAME_functions.h: the declarations alone,\n"
    "                     without typedefs\n"
    "      --plain        HEADER is a third-party header without annotations: every\n"
    "                     function that it declares itself is an entry point, every\n"
    "                     pointer crosses as a value. What cannot cross is listed and\n"
    "                     left out\n"
    "      --interface NAME  with --plain: the interface's name (default: the "
    "header's)\n"
    "      --strict       warnings are errors\n"
    "      --depfile FILE write a make rule with every file that was read\n"
    "  -I DIR, -D NAME[=VALUE], -U NAME  as for a compiler\n"
    "      --help         show this text and exit\n"
    "\n"
    "Exit status: 0 done, 1 HEADER was refused or a file cannot be written (nothing "
    "was\n"
    "changed then), 2 wrong usage.\n";

enum {
    OPTION_HELP = 256,
    OPTION_PLAIN,
    OPTION_INTERFACE,
    OPTION_STRICT,
    OPTION_DEPFILE,
    OPTION_OPS,
    OPTION_GATES,
    OPTION_FUNCTIONS,
};

static const struct option options[] = {
    {"help", no_argument, NULL, OPTION_HELP},
    {"plain", no_argument, NULL, OPTION_PLAIN},
    {"interface", required_argument, NULL, OPTION_INTERFACE},
    {"strict", no_argument, NULL, OPTION_STRICT},
    {"depfile", required_argument, NULL, OPTION_DEPFILE},
    {"ops", no_argument, NULL, OPTION_OPS},
    {"gates", no_argument, NULL, OPTION_GATES},
    {"functions", no_argument, NULL, OPTION_FUNCTIONS},
    {NULL, 0, NULL, 0},
};

static void add_clang_arg(struct idl *idl, const char *arg)
{
    idl->clang_args[idl->nclang_args++] = arg;
}

/* False: the usage was wrong, which has been said. */
static bool parse_option(struct idl *idl, int option)
{
    switch (option) {
    case OPTION_PLAIN:
        idl->plain = true;
        return true;
    case OPTION_INTERFACE:
        idl->plain_name = optarg;
        return true;
    case OPTION_STRICT:
        idl->strict = true;
        return true;
    case OPTION_DEPFILE:
        idl->depfile = optarg;
        return true;
    case OPTION_OPS:
        idl->ops = true;
        return true;
    case OPTION_GATES:
        idl->gates = true;
        return true;
    case OPTION_FUNCTIONS:
        idl->functions_header = true;
        return true;
    case 'o':
        idl->out_dir = optarg;
        return true;
    case 'I':
    case 'D':
    case 'U':
        add_clang_arg(idl, idl_printf("-%c%s", option, optarg));
        return true;
    default:
        fputs("Try `cubicle-idl --help'.\n", stderr);
        return false;
    }
}

static bool usage_error(const char *message)
{
    fprintf(stderr, "cubicle-idl: %s\nTry `cubicle-idl --help'.\n", message);
    return false;
}

static bool parse_command_line(struct idl *idl, int argc, char **argv)
{
    int nours = 1;

    while (nours < argc && strcmp(argv[nours], "--") != 0) {
        nours++;
    }
    idl->clang_args = idl_calloc((size_t)argc * sizeof(idl->clang_args[0]));
    for (int option;
         (option = getopt_long(nours, argv, "o:I:D:U:", options, NULL)) != -1;) {
        if (option == OPTION_HELP) {
            fputs(help, stdout);
            idl_free_all();
            exit(fflush(stdout) == 0 ? 0 : 1);
        }
        if (!parse_option(idl, option)) {
            return false;
        }
    }
    if (optind + 1 != nours) {
        return usage_error(optind == nours ? "no header given"
                                           : "more than one header");
    }
    if (idl->plain_name != NULL && !idl->plain) {
        return usage_error("--interface goes with --plain");
    }
    if (idl->gates && idl->plain) {
        return usage_error("--gates does not go with --plain");
    }
    idl->header = argv[optind];
    for (int i = nours + 1; i < argc; i++) {
        add_clang_arg(idl, argv[i]);
    }
    return true;
}

/* "include/zlib.h" is interface "zlib". */
static const char *name_of_header(const char *header)
{
    const char *base = strrchr(header, '/');

    base = base != NULL ? base + 1 : header;
    return idl_strndup(base, strcspn(base, "."));
}

static void name_interface(struct idl *idl)
{
    const struct idl_location at = {.file = idl->header, .line = 1, .column = 1};
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";

    if (!idl->plain) {
        if (idl->name == NULL) {
            idl_error(
                idl, at,
                "add CUBICLE_INTERFACE(name);, or compile a third-party header with "
                "--plain",
                "the header declares no interface");
        }
        return;
    }
    if (idl->name == NULL) {
        idl->name =
            idl->plain_name != NULL ? idl->plain_name : name_of_header(idl->header);
    }
    size_t len = strlen(idl->name);
    if (len == 0 || len > DESCRIPTOR_INTERFACE_MAX ||
        strspn(idl->name, letters) != len ||
        strchr("0123456789", idl->name[0]) != NULL) {
        idl_error(idl, at, "give one with --interface",
                  "`%s' is not a name for an interface", idl->name);
    }
}

static void check_not_empty(struct idl *idl)
{
    const struct idl_location at = {.file = idl->header, .line = 1, .column = 1};
    const struct idl_function *f = idl->functions;

    while (f != NULL && f->left_out) {
        f = f->next;
    }
    if (f == NULL) {
        idl_error(idl, idl->name_at.line != 0 ? idl->name_at : at,
                  "functions of headers that it includes do not count",
                  "no function that can cross");
    }
}

/* Reads the header. True: it can be emitted. */
static bool compile(struct idl *idl)
{
    if (idl_parse(idl)) {
        name_interface(idl);
        idl_annotate(idl);
        idl_evaluate(idl);
        idl_check_sizes(idl);
        if (idl->nerrors == 0) {
            check_not_empty(idl);
        }
    }
    return idl->nerrors == 0;
}

/* The monitor's own parser has the last word. */
static bool self_check(const char *path, const char *text)
{
    struct descriptor descriptor;
    struct descriptor_error error;

    if (descriptor_parse(path, text, strlen(text), &descriptor, &error) != 0) {
        fprintf(stderr, "cubicle-idl: internal error: %s\n", error.text);
        return false;
    }
    descriptor_free(&descriptor);
    return true;
}

static bool make_folder(const char *path)
{
    if (mkdir(path, 0777) != 0 && errno != EEXIST) {
        fprintf(stderr, "cubicle-idl: %s: %s\n", path, strerror(errno));
        return false;
    }
    return true;
}

static bool emit(const struct idl *idl)
{
    const char *desc = idl_printf("%s/%s.desc", idl->out_dir, idl->name);
    const char *gen = idl_printf("%s/gen", idl->out_dir);
    struct idl_file files[5] = {{desc, idl_emit_descriptor(idl)}};
    size_t nfiles = 1;

    if (!self_check(desc, files[0].text) || !make_folder(idl->out_dir)) {
        return false;
    }
    if (idl->many || idl->ops) {
        if (!make_folder(gen)) {
            return false;
        }
        files[nfiles++] = (struct idl_file){idl_printf("%s/%s_ops.h", gen, idl->name),
                                            idl_emit_ops(idl)};
    }
    if (idl->functions_header) {
        files[nfiles++] =
            (struct idl_file){idl_printf("%s/%s_functions.h", idl->out_dir, idl->name),
                              idl_emit_functions(idl)};
    }
    if (idl->gates) {
        files[nfiles++] = (struct idl_file){
            idl_printf("%s/%s_gates.h", idl->out_dir, idl->name), idl_emit_gates(idl)};
    }
    if (idl->depfile != NULL) {
        files[nfiles++] = (struct idl_file){idl->depfile, idl_emit_depfile(idl, desc)};
    }
    return idl_write_files(files, nfiles);
}

int main(int argc, char **argv)
{
    struct idl idl = {.out_dir = "."};
    int status = 2;

    idl.functions_tail = &idl.functions;
    idl.constants_tail = &idl.constants;
    if (parse_command_line(&idl, argc, argv)) {
        bool good = compile(&idl);
        idl_print_messages(&idl, stderr);
        status = good && emit(&idl) ? 0 : 1;
        if (status == 0 && idl.plain) {
            printf("%s: %zu entry points, %zu functions left out\n", idl.name,
                   idl.nfunctions - idl.nleft_out, idl.nleft_out);
        }
    }
    free(idl.inclusions);
    idl_free_all();
    return status;
}
