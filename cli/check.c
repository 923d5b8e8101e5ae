#include "cli.h"
#include "network.h"
#include "probe.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

static const struct argp argp = {
    .doc = "Shows what this CPU and kernel offer, and which isolation 'run' uses.\v"
           "Exit status: 0 when programs can run isolated here, else 1.",
};

static void row(const char *name, bool present, const char *meaning)
{
    printf("  %-14s %-5s %s\n", name, present ? "yes" : "no", meaning);
}

static void print_machine(const struct probe *probe)
{
    struct utsname name;

    uname(&name);
    printf("Linux %s, %s\n\n", name.release, name.machine);
    row("FSGSBASE", probe->views.kernel_offers,
        "offered by the kernel: switches between the views of cubicles");
    row("wrgsbase", probe->views.executes,
        "executes: switches views also where the kernel does not know");
    row("arch_prctl", probe->views.arch_prctl_error == 0,
        "may set GS: needed where the kernel does not offer FSGSBASE");
    row("AVX", probe->avx, "wider registers, cleared on calls between cubicles");
    row("PKU", probe->pku, "memory protection keys");
    row("memfd", probe->memfd, "shares pages between cubicles");
    row("seccomp", probe->seccomp, "filters the monitor's host calls");
    row("low memory", probe->low_memory, "code lies below 2 GiB");
    printf("\n  vm.mmap_min_addr %ld, vm.overcommit_memory %d, vm.max_map_count %ld, "
           "transparent huge pages: %s\n",
           probe->mmap_min_addr, probe->overcommit, probe->max_map_count, probe->thp);
    if (probe->overcommit == 2) {
        printf("  note: strict overcommit may refuse the 8 GiB of addresses of a "
               "cubicle\n");
    }
    if (probe->max_map_count >= 0 && probe->max_map_count < 65530) {
        printf("  note: a system of many cubicles may need vm.max_map_count=65530\n");
    }
}

static void print_backend(const char *name, bool usable, const char *reason,
                          const char *meaning)
{
    printf("  %-6s %-14s %s\n", name, usable ? "available" : "not available",
           usable ? meaning : reason);
}

/* A line of what a build can leave out: what asks for it, and whether this build has it. */
static void print_option(const char *name, const char *meaning,
                         const struct monitor_config *asks)
{
    const char *lacks = monitor_lacks(asks);

    row(name, lacks == NULL, lacks != NULL ? lacks : meaning);
}
#define OPTION(name, meaning, ...) \
    print_option(name, meaning,    \
                 &(const struct monitor_config){MONITOR_NO_FILES, __VA_ARGS__})

/* The same, where a module with @right asks for it. */
static void print_right(const char *name, const char *meaning, unsigned right)
{
    const struct monitor_module module = {.rights = right};
    const struct monitor_cubicle cubicle = {.modules = &module, .nmodules = 1};

    OPTION(name, meaning, .cubicles = &cubicle, .ncubicles = 1);
}

/* What a build can leave out besides backends. */
static void print_options(void)
{
    printf("\noptions to compare with\n");
    OPTION("--acl", "windows that are not enforced", .acl = MONITOR_ACL_OFF);
    OPTION("--revoke=lazy", "windows that close later", .revoke = MONITOR_REVOKE_LAZY);
    OPTION("--link=direct", "plain calls", .link = MONITOR_LINK_DIRECT);
    printf("\nparts of the monitor\n");
    print_right("--network", "a network device of the host", MONITOR_RIGHT_HOSTNET);
    print_right("--mount", "directories of the host", MONITOR_RIGHT_HOSTFILES);
    OPTION("--stats", "statistics; --graph, --top, --trace, --perf-map",
           .sample = true);
}

static const char *explain_switch(enum monitor_view_switch best)
{
    switch (best) {
    case MONITOR_VIEW_SWITCH_KERNEL:
        return "views are switched by wrgsbase (--view-switch=kernel)";
    case MONITOR_VIEW_SWITCH_PARKED:
        return "views are switched by wrgsbase, and set again when the kernel loses "
               "them "
               "(--view-switch=parked)";
    default:
        return "views are switched by a system call each time, which is slow "
               "(--view-switch=syscall)";
    }
}

static void print_helper(enum network_kind kind, const char *name, const char *package)
{
    char *path = network_helper_path(kind);

    printf("  %-14s %-5s %s\n", name, path != NULL ? "yes" : "no",
           path != NULL ? path : package);
    free(path);
}

/* What --network can use here. */
static void print_network(void)
{
    const bool tap = access("/dev/net/tun", R_OK | W_OK) == 0;

    printf("\nnetwork\n");
    print_helper(NETWORK_PASST, "stream:passt",
                 "not installed: 'apt-get install passt'");
    printf("  %-14s %-5s %s\n", "", "",
           "an old one, as in Debian 12, never opens a connection in which the server "
           "speaks first (SSH, SMTP): take --network=stream:slirp");
    print_helper(NETWORK_SLIRP, "stream:slirp",
                 "cubicle-slirp is not built: 'apt-get install libslirp-dev', 'make'");
    row("tap", tap,
        tap ? geteuid() == 0 ? "any device" : "devices that belong to you"
            : "/dev/net/tun is not there, or not yours");
}

int cli_check(int argc, char **argv)
{
    struct probe probe;
    const char *sfi_reason, *mpk_reason, *none_reason, *ipc_reason;

    argp_err_exit_status = CLI_EXIT_USAGE;
    cli_parse(&argp, argc, argv, 0, NULL);
    probe_machine(&probe);
    probe_settings(&probe);
    const bool sfi = probe_sfi(&probe, &sfi_reason);
    const bool mpk = probe_mpk(&probe, &mpk_reason);
    const bool none = probe_none(&probe, &none_reason);
    const bool ipc = probe_ipc(&probe, &ipc_reason);

    print_machine(&probe);
    printf("\nisolation\n");
    print_backend("sfi", sfi, sfi_reason,
                  "verified code; each cubicle has its own view of memory");
    if (sfi) {
        printf("  %-6s %-14s %s\n", "", "", explain_switch(probe.views.best));
    }
    print_backend("mpk", mpk, mpk_reason, "protection keys; plain machine code");
    print_backend("ipc", ipc, ipc_reason, "processes and messages; plain machine code");
    print_backend("none", none, none_reason,
                  "no isolation; the same calls, to compare");
    print_options();
    print_network();
    printf("\n'cubicle run' uses %s\n",
           sfi ? "sfi: it is the default wherever it is available"
               : "nothing: it does not run without isolation unless told to");
    return sfi ? CLI_EXIT_OK : CLI_EXIT_NO;
}
