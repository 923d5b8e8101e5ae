#include "run_options.h"

#include "cli.h"
#include "publish.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>

enum run_key {
    KEY_ISOLATION = 256,
    KEY_VIEW_SWITCH,
    KEY_LINK,
    KEY_ACL,
    KEY_REVOKE,
    KEY_STATS,
    KEY_JSON,
    KEY_GRAPH,
    KEY_TOP,
    KEY_TRACE,
    KEY_ROOT,
    KEY_EXPORT,
    KEY_MOUNT,
    KEY_ENV,
    KEY_LOG,
    KEY_NETWORK,
    KEY_PUBLISH,
    KEY_PERF_MAP,
    KEY_COMPONENT,
    KEY_MODULES,
    KEY_INTERFACES,
};

static const struct argp_option options[] = {
    {NULL, 0, NULL, 0, "Isolation:", 1},
    {"isolation", KEY_ISOLATION, "MODE", 0,
     "auto (default: sfi), sfi (verified code, own view of memory), mpk (protection "
     "keys), "
     "ipc (a process each), none (to compare)",
     0},
    {"view-switch", KEY_VIEW_SWITCH, "WAY", 0,
     "how sfi switches views: auto (default: the fastest that is possible), kernel "
     "(the "
     "kernel offers FSGSBASE), parked (only the instructions execute), syscall (slow, "
     "runs everywhere)",
     0},
    {"link", KEY_LINK, "MODE", 0,
     "trampoline (default) or direct: plain calls, without isolation, to compare", 0},
    {"acl", KEY_ACL, "MODE", 0,
     "windows: on (default), app (not enforced for the application), off", 0},
    {"revoke", KEY_REVOKE, "MODE", 0,
     "closing a window: strict (default, revokes at once) or lazy", 0},
    {"component", KEY_COMPONENT, "FILE.cub", 0,
     "with the file of a program: a module that it calls, in a cubicle of its own, "
     "which begins anew after a fault; may be repeated",
     0},
    {NULL, 0, NULL, 0, "Files and environment:", 2},
    {"root", KEY_ROOT, "DIR|FILE.cpio", 0,
     "initial root file system: a directory, or a cpio archive, also compressed", 0},
    {"export", KEY_EXPORT, "DIR|FILE.cpio", 0,
     "write the root file system there when the program has ended: to a new directory, "
     "or "
     "to a cpio archive",
     0},
    {"mount", KEY_MOUNT, "DIR:/PATH[:ro|rw]", 0,
     "shows directory DIR of the host as /PATH, read-only (default) or writable; may "
     "be "
     "repeated",
     0},
    {"env", KEY_ENV, "NAME=VALUE", 0, "environment variable; may be repeated", 0},
    {NULL, 0, NULL, 0, "Network:", 3},
    {"network", KEY_NETWORK, "KIND[,NAME=VALUE...]", 0,
     "none, stream (default where the system has a network: a helper process, which "
     "needs no rights), stream:passt, stream:slirp, stream:PATH (a UNIX socket), "
     "tap:NAME; "
     "and address=, gateway=, dns=, address6=, gateway6=, mtu=, mac=, "
     "offload=, memory=",
     0},
    {"publish", KEY_PUBLISH, "[ADDRESS:]HOSTPORT:PORT[/udp]", 0,
     "have a port of the host (of 127.0.0.1, unless ADDRESS says otherwise) lead to "
     "one "
     "of the system; may be repeated, and replaces those of the manifest",
     0},
    {NULL, 0, NULL, 0, "What happened (on standard error where no FILE is named):", 4},
    {"stats", KEY_STATS, NULL, 0, "calls, bytes, traps and pages as tables, at the end",
     0},
    {"json", KEY_JSON, "FILE", OPTION_ARG_OPTIONAL,
     "the tables of --stats as JSON, to FILE", 0},
    {"graph", KEY_GRAPH, "FILE", 0,
     "draw who called whom to FILE.svg (by Graphviz), or as DOT to another FILE; see "
     "'cubicle graph'",
     0},
    {"trace", KEY_TRACE, "FILE", 0,
     "write calls, traps and faults as they happen to FILE, as JSON for the trace "
     "viewers of Chrome and Perfetto: the last million",
     0},
    {"top", KEY_TOP, NULL, 0,
     "show what happens while it happens, on the terminal, which the system then does "
     "not "
     "read; what it writes there comes at the end. See 'cubicle top'",
     0},
    {"log", KEY_LOG, NULL, 0, "a line for each window, trap and fault", 0},
    {"perf-map", KEY_PERF_MAP, NULL, 0,
     "write the names of all code to /tmp/perf-PID.map, where perf looks for them", 0},
    {NULL, 0, NULL, 0, "Other places than those of the build:", 5},
    {"modules", KEY_MODULES, "DIR", 0, "module files, NAME.cub", 0},
    {"interfaces", KEY_INTERFACES, "DIR", 0, "interface registry, NAME.desc", 0},
    {NULL, 0, NULL, 0, NULL, -1},
    {0},
};

static const char doc[] =
    "Runs SYSTEM: a name from systems/, the path of a manifest (.yaml), or the file of "
    "a "
    "program that cubicle-cc made (.cub, or any path), which runs in the system "
    "systems/program.yaml, with --network or --publish in "
    "systems/program-network.yaml. "
    "ARGS go to the application; standard input and output are those of the command.\v"
    "Exit status: the program's own; 125 when the command line, the manifest or a "
    "module "
    "is wrong and nothing was started; 139 when a cubicle was stopped by a fault; 128 "
    "+ N "
    "when signal N ended the system.\n\n"
    "Examples:\n"
    "  cubicle run hello\n"
    "  cubicle run ./program.cub -- argument\n"
    "  cubicle run ./server.cub --publish=8000:80\n"
    "  cubicle run ./program.cub --component=./parser.cub\n"
    "  cubicle run sqlite --mount=data:/data:rw -- /data/my.db\n"
    "  cubicle run sqlite --root=dir --export=new-dir -- data.db\n"
    "  cubicle run speedtest1 --stats -- --size 10 test.db";

struct word {
    const char *name;
    int value;
};

/* The value of @argument in @words, which end with a NULL name. */
static int choose(const struct argp_state *state, const char *option,
                  const char *argument, const struct word *words)
{
    for (const struct word *word = words; word->name != NULL; word++) {
        if (strcmp(argument, word->name) == 0) {
            return word->value;
        }
    }
    char *names = cli_format("%s", words[0].name);
    for (const struct word *word = words + 1; word->name != NULL; word++) {
        char *longer = cli_format("%s, %s", names, word->name);
        free(names);
        names = longer;
    }
    argp_error(state, "--%s=%s: no such mode; there are: %s", option, argument, names);
    return -1;
}

static int choose_isolation(const struct argp_state *state, const char *argument)
{
    static const struct word words[] = {
        {"auto", RUN_ISOLATION_AUTO}, {"sfi", RUN_ISOLATION_SFI},
        {"mpk", RUN_ISOLATION_MPK},   {"ipc", RUN_ISOLATION_IPC},
        {"none", RUN_ISOLATION_NONE}, {NULL, 0}};

    return choose(state, "isolation", argument, words);
}

static error_t parse_mode(int key, const char *argument, const struct argp_state *state,
                          struct run_options *o)
{
    static const struct word links[] = {{"trampoline", MONITOR_LINK_TRAMPOLINE},
                                        {"direct", MONITOR_LINK_DIRECT},
                                        {NULL, 0}};
    static const struct word acls[] = {{"on", MONITOR_ACL_ON},
                                       {"app", MONITOR_ACL_APP},
                                       {"off", MONITOR_ACL_OFF},
                                       {NULL, 0}};
    static const struct word revokes[] = {
        {"strict", MONITOR_REVOKE_STRICT}, {"lazy", MONITOR_REVOKE_LAZY}, {NULL, 0}};

    static const struct word ways[] = {{"auto", MONITOR_VIEW_SWITCH_AUTO},
                                       {"kernel", MONITOR_VIEW_SWITCH_KERNEL},
                                       {"parked", MONITOR_VIEW_SWITCH_PARKED},
                                       {"syscall", MONITOR_VIEW_SWITCH_SYSCALL},
                                       {NULL, 0}};

    switch (key) {
    case KEY_ISOLATION:
        o->isolation = (enum run_isolation)choose_isolation(state, argument);
        return 0;
    case KEY_VIEW_SWITCH:
        o->view_switch =
            (enum monitor_view_switch)choose(state, "view-switch", argument, ways);
        return 0;
    case KEY_LINK:
        o->link = (enum monitor_link)choose(state, "link", argument, links);
        return 0;
    case KEY_ACL:
        o->acl = (enum monitor_acl)choose(state, "acl", argument, acls);
        return 0;
    case KEY_REVOKE:
        o->revoke = (enum monitor_revoke)choose(state, "revoke", argument, revokes);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void parse_argument(char *argument, const struct argp_state *state,
                           struct run_options *o)
{
    /* state->quoted: the index of what comes first after "--". */
    if (state->quoted != 0 && state->next > state->quoted) {
        o->arguments[o->narguments++] = argument;
    } else if (o->system == NULL) {
        o->system = argument;
    } else {
        argp_error(state, "'%s': arguments of the program come after '--'", argument);
    }
}

static void parse_network(const char *argument, const struct argp_state *state,
                          struct run_options *o)
{
    const char *reason = network_parse(argument, &o->network);

    if (reason != NULL) {
        argp_error(state, "--network=%s: %s", argument, reason);
    }
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct run_options *o = state->input;
    struct publish publish;

    switch (key) {
    case KEY_STATS:
        o->stats = true;
        return 0;
    case KEY_JSON:
        o->json = argument != NULL ? argument : "-";
        return 0;
    case KEY_GRAPH:
        o->graph = argument;
        return 0;
    case KEY_TOP:
        o->top = true;
        return 0;
    case KEY_TRACE:
        o->trace = argument;
        return 0;
    case KEY_ROOT:
        o->root = argument;
        return 0;
    case KEY_EXPORT:
        o->export = argument;
        return 0;
    case KEY_MOUNT:
        o->mounts[o->nmounts++] = argument;
        return 0;
    case KEY_ENV:
        if (argument[0] == '=' || strchr(argument, '=') == NULL) {
            argp_error(state, "--env=%s: it is NAME=VALUE", argument);
        }
        o->environment[o->nenvironment++] = argument;
        return 0;
    case KEY_NETWORK:
        parse_network(argument, state, o);
        return 0;
    case KEY_PUBLISH:
        if (!publish_parse(argument, &publish)) {
            argp_error(state, "--publish=%s: it is [ADDRESS:]HOSTPORT:PORT[/udp]",
                       argument);
        }
        o->publish[o->npublish++] = argument;
        return 0;
    case KEY_LOG:
        o->log = true;
        return 0;
    case KEY_PERF_MAP:
        o->perf_map = true;
        return 0;
    case KEY_COMPONENT:
        o->components[o->ncomponents++] = argument;
        return 0;
    case KEY_MODULES:
        o->modules = argument;
        return 0;
    case KEY_INTERFACES:
        o->interfaces = argument;
        return 0;
    case ARGP_KEY_ARG:
        parse_argument(argument, state, o);
        return 0;
    case ARGP_KEY_END:
        if (o->system == NULL) {
            argp_error(state, "which system?");
        }
        if (o->trace != NULL && o->link == MONITOR_LINK_DIRECT) {
            argp_error(
                state,
                "--trace does not go with --link=direct: plain calls leave no trace");
        }
        if (o->graph != NULL && o->link == MONITOR_LINK_DIRECT) {
            argp_error(
                state,
                "--graph does not go with --link=direct: plain calls are not counted");
        }
        if (o->top && o->link == MONITOR_LINK_DIRECT) {
            argp_error(
                state,
                "--top does not go with --link=direct: plain calls are not counted");
        }
        if (o->trace != NULL && strcmp(o->trace, "-") == 0) {
            argp_error(state, "--trace=-: name a file");
        }
        return 0;
    default:
        return parse_mode(key, argument, state, o);
    }
}

void run_options_parse(int argc, char **argv, struct run_options *o)
{
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "SYSTEM [-- ARGS...]",
        .doc = doc,
    };

    memset(o, 0, sizeof(*o));
    o->arguments = cli_calloc((size_t)argc + 1, sizeof(*o->arguments));
    o->mounts = cli_calloc((size_t)argc + 1, sizeof(*o->mounts));
    o->environment = cli_calloc((size_t)argc + 1, sizeof(*o->environment));
    o->components = cli_calloc((size_t)argc + 1, sizeof(*o->components));
    o->publish = cli_calloc((size_t)argc + 1, sizeof(*o->publish));
    o->network = (struct network_spec){.where = "", .options = ""};
    argp_err_exit_status = MONITOR_EXIT_CONFIG;
    cli_parse(&argp, argc, argv, ARGP_IN_ORDER, o);
}
