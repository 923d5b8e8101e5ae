/*
 * The monitor's only door for its embedder (the `cubicle` command): a description of the
 * system to run, and the run itself. Everything here is plain data owned by the embedder
 * and read-only to the monitor for the time of the call.
 */
#ifndef MONITOR_MONITOR_H
#define MONITOR_MONITOR_H

#include <cubicle/abi.h>
#include <cubicle/host_net.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum monitor_isolation {
    MONITOR_ISOLATION_SFI,
    MONITOR_ISOLATION_MPK,
    MONITOR_ISOLATION_NONE,
    MONITOR_ISOLATION_IPC
};
/** How `sfi` switches between the views of cubicles; see backend/sfi/view_switch.h. */
enum monitor_view_switch {
    MONITOR_VIEW_SWITCH_AUTO, /* the fastest that is possible */
    MONITOR_VIEW_SWITCH_KERNEL,
    MONITOR_VIEW_SWITCH_PARKED,
    MONITOR_VIEW_SWITCH_SYSCALL
};
enum monitor_link { MONITOR_LINK_TRAMPOLINE, MONITOR_LINK_DIRECT };
enum monitor_acl { MONITOR_ACL_ON, MONITOR_ACL_APP, MONITOR_ACL_OFF };
enum monitor_revoke { MONITOR_REVOKE_STRICT, MONITOR_REVOKE_LAZY };
enum monitor_on_fault {
    MONITOR_ON_FAULT_ABORT,
    MONITOR_ON_FAULT_FAIL_CALL,
    MONITOR_ON_FAULT_RESTART,
};

/** What the manifest may give to a module: to import an interface, or functions, of the monitor. */
enum monitor_right {
    MONITOR_RIGHT_HOST = 1,      /* interface `host` */
    MONITOR_RIGHT_HOSTNET = 2,   /* interface `hostnet`: the network device */
    MONITOR_RIGHT_HOSTFILES = 4, /* interface `hostfiles`: directories of the host */
    MONITOR_RIGHT_ALLOCATOR = 8, /* assigns and releases pages for its callers */
};

/** One module file and where it lives. */
struct monitor_module {
    const char *name; /* as in the manifest: unique in the system */
    const char *path; /* host path of the .cub file */
    unsigned rights;  /* MONITOR_RIGHT_* */
};

struct monitor_cubicle {
    const char *name;
    const struct monitor_module *modules; /* in start order */
    size_t nmodules;
    /* Bytes; 0: the default, 1 MiB, or 8 MiB where a module is the application. */
    uint64_t stack_size;
    uint64_t quota; /* bytes of memory of any kind; 0: no limit */
    enum monitor_on_fault on_fault;
    uint64_t call_limit_ms; /* CPU time in one call into the cubicle; 0: no limit */
};

/** "@consumer (a module) uses @provider for interface @interface". */
struct monitor_binding {
    const char *consumer, *interface, *provider;
};

/** A name and value that components can read through host_setting(). */
struct monitor_setting {
    const char *name, *value;
};

/** Kinds of network devices, as interface `hostnet` has them. */
enum monitor_network_kind {
    MONITOR_NETWORK_TAP = HOSTNET_TAP,
    MONITOR_NETWORK_STREAM = HOSTNET_STREAM
};

/** The network device, and what components are told of it. */
struct monitor_network {
    int fd; /* a TAP device or a connected stream socket; the monitor makes it nonblocking */
    enum monitor_network_kind kind;
    uint32_t mtu; /* bytes, without the Ethernet header */
    uint8_t mac[6];
    uint16_t offloads; /* NETIF_* of interface `netif` */
};

/** A directory of the host that a module may use. */
struct monitor_directory {
    const char *module; /* one with MONITOR_RIGHT_HOSTFILES */
    const char *path;   /* for messages */
    int fd;             /* opened with O_PATH */
    bool writable;
};

struct trace_memory;

struct monitor_config {
    const char *system;                     /* for messages */
    const struct monitor_cubicle *cubicles; /* in start order */
    size_t ncubicles;
    const char *boot;        /* module whose boot_main the monitor calls */
    const char *application; /* module whose app_main boot calls; may be NULL */
    /* The cubicle whose memory begins at address 0, which is faster and lets it read all
     * code (sfi); NULL: none. */
    const char *low_view;
    const struct monitor_binding *bindings;
    size_t nbindings;
    const struct monitor_setting *settings;
    size_t nsettings;
    const char *interfaces_dir;     /* the interface registry: *.desc */
    const char *const *arguments;   /* NULL-terminated; [0] is the application's name */
    const char *const *environment; /* NULL-terminated */
    const struct monitor_directory
        *directories;                      /* hostfiles knows them by their index */
    size_t ndirectories;                   /* at most HOSTFILES_ROOTS_MAX */
    int root_fd;                           /* cpio stream of the initial root, or -1 */
    int export_fd;                         /* receives the exported root, or -1 */
    const struct monitor_network *network; /* NULL: none */
    enum monitor_isolation isolation;
    enum monitor_view_switch view_switch;
    enum monitor_link link;
    enum monitor_acl acl;
    enum monitor_revoke revoke;
    uint32_t
        descriptors; /* that the application may have open at first; 0: libc's default */
    struct trace_memory
        *trace;      /* shared; receives events as they happen (trace.h); or NULL */
    bool sample;     /* count where processor time goes, for the statistics */
    bool log;        /* one line per window, trap and fault on standard error */
    int stats_fd;    /* receives the statistics as JSON when the system ends, or -1 */
    int counters_fd; /* a file of sizeof(struct counters) for what happens as it happens
                        (counters.h), which the monitor takes; or -1 */
    int symbols_fd; /* receives the names of all code before it runs, or -1 (symbols.h) */
};

/** The descriptors that a configuration has not. */
#define MONITOR_NO_FILES \
    .root_fd = -1, .export_fd = -1, .stats_fd = -1, .counters_fd = -1, .symbols_fd = -1

/**
 * Why this build cannot run @config, part by part: one of the options in meson_options.txt has left
 * out what it asks for. A sentence without a full stop; NULL: the build has everything.
 */
const char *monitor_lacks(const struct monitor_config *config);

/** What this machine offers to switch views with. */
struct monitor_view_offer {
    bool kernel_offers;   /* the kernel keeps what wrgsbase has written (AT_HWCAP2) */
    bool executes;        /* wrgsbase and rdgsbase do */
    int arch_prctl_error; /* of arch_prctl(ARCH_SET_GS): 0, or an errno value */
    bool traced; /* a tracer is attached; asked only where the kernel loses GS */
    /* What MONITOR_VIEW_SWITCH_AUTO comes to; itself where nothing is possible. */
    enum monitor_view_switch best;
};

/** Finds out by trying, in the calling thread; its GS base is 0 afterwards. */
void monitor_probe_views(struct monitor_view_offer *offer);

/**
 * How the embedder passes a signal on that it was sent: sigqueue() of this one, with the
 * signal's number as the value. It is to be blocked when monitor_run() is called, which lets it
 * in when it can take it.
 */
#define MONITOR_SIGNAL_PASSED_ON SIGRTMIN

/** Exit statuses of a system that did not end by itself. */
#define MONITOR_EXIT_CONFIG CUBICLE_EXIT_CONFIG
#define MONITOR_EXIT_FAULT CUBICLE_EXIT_FAULT

/**
 * Loads, verifies, starts and runs the system in the calling process, which it takes over
 * (signal handlers, seccomp filter): call it in a process of its own.
 * Returns the exit status of the application or MONITOR_EXIT_*; what went wrong has then
 * been written to standard error.
 */
int monitor_run(const struct monitor_config *config);

#endif
