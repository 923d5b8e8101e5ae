"""Attacks on a system that starts: calls before the callee is set up, and claims of roles
that the manifest has given to others. Modules are compiled here, each for one test."""

import re
import shutil
from pathlib import Path

from harness import (
    BUILD,
    EXIT_CONFIG,
    ISOLATIONS,
    SYSTEMS,
    TOP,
    Skip,
    check,
    execute,
    modules_of,
    run_system,
    temporary_directory,
)

ISOLATION = ISOLATIONS[0]
EAGAIN = 11

HEAD = """#include <cubicle.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>
int component_init(void);
static void say(const char *text) { (void)!write(1, text, strlen(text)); }
"""


def compile_module(folder, name, provides, text, isolation=ISOLATION):
    if shutil.which("gcc") is None:
        raise Skip("no compiler here")
    source = Path(folder) / f"{name}.c"
    source.write_text(HEAD + text)
    options = [f"--cubicle-provides={provides}",
               f"--cubicle-isolation={'sfi' if isolation == 'sfi' else 'none'}"]
    made = execute(
        [BUILD / "bin/cubicle-cc", *options, "-O2", f"-I{TOP}/tests/interfaces",
         "-o", Path(folder) / f"{name}.cub", source]
    )
    check(made.status == 0, f"{name} does not compile", made)


def run_changed(folder, change, *, system="attack", isolation=ISOLATION, options=()):
    """Runs tests/systems/attack.yaml, changed by @change, with the modules of @folder."""
    folder = Path(folder)
    for path in modules_of(isolation).glob("*.cub"):
        if not (folder / path.name).exists():
            (folder / path.name).symlink_to(path)
    manifest = folder / f"{system}.yaml"
    manifest.write_text(change((SYSTEMS / f"{system}.yaml").read_text()))
    return run_system(manifest, "none", isolation=isolation,
                      options=[f"--modules={folder}", *options])


def check_usual(result):
    """The attacker has been started, and has nothing to do."""
    check(result.status == 99 and "no case" in result.out, "the system does not run", result)


def before(name, *modules, quiet=""):
    """Puts a cubicle with @modules before cubicle @name."""
    new = modules[0]
    return lambda text: text.replace(
        f"  - name: {name}\n", f"  - name: {new}\n    modules: [{', '.join(modules)}]\n{quiet}"
        f"  - name: {name}\n", 1)


# What the giver imports of the attacker, in whose place another module is.
GREEDY = """#include <greedy.h>
ssize_t greedy_fill(char *buf, size_t size) { (void)buf; (void)size; return -1; }
ssize_t greedy_take(const char *buf, size_t size) { (void)buf; (void)size; return -1; }
"""

# A call that comes before its callee is set up: what is called, and what it must give.
EARLY = {
    "range": ("vfs.h", "char c[8]; long r = vfs_read(0, c, 8, 0)", -EAGAIN),
    "range with a result": ("vfs.h", "char c[8]; long r = vfs_getcwd(c, 8, 0)", -EAGAIN),
    "string": ("vfs.h", 'long r = vfs_chdir("/", 0)', -EAGAIN),
    "plain": ("vfs.h", "long r = vfs_umask(0, 0)", -EAGAIN),
    "plain, 64 bits": ("vfs.h", "long r = vfs_lseek(0, 0, 0, 0)", -EAGAIN),
    "unsigned": ("victim.h", "long r = (long)victim_address(0)", -EAGAIN),
    "later module": ("victim.h", "long r = victim_intact()", -EAGAIN),
}


def early(call, isolation=ISOLATION, policy="abort"):
    """44: an earlier module's module_init calls what is not set up yet."""
    header, body, expected = EARLY[call]
    with temporary_directory() as folder:
        compile_module(folder, "early", "hostile", f"""#include <hostile.h>
#include <{header}>
static long result;
int component_init(void) {{
    for (int i = 0; i < 3; i++) {{ {body}; result = r; if (r != {expected}) return (int)r - 1000; }}
    return 0;
}}
int hostile_event(int event) {{ return event < 0 ? (int)result : 0; }}
""", isolation)
        compile_module(folder, "late", "app,greedy", GREEDY + """#include <hostile.h>
#include <vfs.h>
#include <victim.h>
int main(void) {
    if (vfs_umask(022, 0) < 0 || !victim_intact()) { say("BROKEN\\n"); }
    say("served\\n");
    return -hostile_event(-1);
}
""", isolation)

        def change(text):
            text = before("vfscore", "early", quiet=f"    on_fault: {policy}\n")(text)
            return text.replace("test-attacker", "late")

        result = run_changed(folder, change, isolation=isolation, options=["--log"])
        check(not result.faults(), "a fault", result)
        check(result.out == "served\n" and result.status == -expected, "not served", result)
        function = re.search(r"(vfs|victim)_\w+", body).group()
        lines = re.findall(rf"log: .*\b{function} .*early.*not set up", result.err)
        check(len(lines) == 3, "no trace of the refusal", result)


def called_back(function):
    """44: a module that is set up already calls back into the one that is just being."""
    call = {"plain": "victim_intact()", "range": "victim_hold(c, sizeof(c), 0)"}[function]
    with temporary_directory() as folder:
        compile_module(folder, "caller", "hostile", f"""#include <hostile.h>
#include <victim.h>
int hostile_event(int event) {{ (void)event; char c[8] = ""; return {call}; }}
""")
        compile_module(folder, "half", "victim", f"""#include <hostile.h>
#include <victim.h>
static int ready;
int component_init(void) {{
    for (int i = 0; i < 3; i++) {{
        const int result = hostile_event(0);
        if (result != -EAGAIN) return -1000 - result;
    }}
    ready = 1;
    return 0;
}}
int victim_intact(void) {{ return ready ? 1 : 77; }}
int victim_hold(char *memory, size_t size, int event)
{{ (void)memory; (void)size; (void)event; return ready ? 1 : 77; }}
uint64_t victim_address(int what) {{ (void)what; return 0; }}
int victim_call(int event) {{ (void)event; return 0; }}
int victim_increment(uint64_t address, uint64_t stride, uint64_t count)
{{ (void)address; (void)stride; (void)count; return 0; }}
int victim_leave(int kind, int event) {{ (void)kind; (void)event; return 0; }}
int victim_lend(int peer) {{ (void)peer; return 0; }}
""")
        compile_module(folder, "last", "app,greedy", GREEDY + """#include <hostile.h>
int main(void) { say(hostile_event(0) == 1 ? "served\\n" : "BROKEN\\n"); return 0; }
""")

        def change(text):
            text = before("victim", "caller")(text)
            return text.replace("test-victim", "half").replace("test-attacker", "last")

        result = run_changed(folder, change)
        check(result.out == "served\n" and result.status == 0, "entered too early", result)


def grouped():
    """44: of a cubicle of several modules, none is entered before all are set up."""
    with temporary_directory() as folder:
        compile_module(folder, "caller", "hostile", """#include <hostile.h>
#include <vfs.h>
int hostile_event(int event) { (void)event; return vfs_umask(022, 0); }
""")
        compile_module(folder, "second", "", """#include <hostile.h>
int component_init(void) { return hostile_event(0) == -EAGAIN ? 0 : -1; }
""")
        compile_module(folder, "last", "app,greedy", GREEDY + """#include <hostile.h>
int main(void) { say(hostile_event(0) >= 0 ? "served\\n" : "BROKEN\\n"); return 0; }
""")

        def change(text):
            text = before("vfscore", "caller")(text)
            text = text.replace("modules: [vfscore]", "modules: [vfscore, second]")
            return text.replace("test-attacker", "last")

        result = run_changed(folder, change)
        check(result.out == "served\n" and result.status == 0, "entered too early", result)


# What a module without any right in the manifest says that it provides.
CLAIMS = {
    "boot": """#include <boot.h>
#include <plat.h>
int boot_main(void) { (void)plat_console_write(1, "captured\\n", 9); return 42; }
""",
    "alloc": """#include <alloc.h>
int64_t alloc_map(size_t size, int caller) { (void)size; (void)caller; return -ENOMEM; }
int alloc_unmap(void *base, size_t size, int caller)
{ (void)base; (void)size; (void)caller; return 0; }
""" + "".join(
        f"{kind} alloc_{name}({arguments}, int caller) {{ {body} (void)caller; return -ENOMEM; }}\n"
        for kind, name, arguments, body in (
            ("int64_t", "map_room", "size_t s, size_t r", "(void)s; (void)r;"),
            ("int64_t", "map_again", "size_t s", "(void)s;"),
            ("int", "grow", "void *b, size_t o, size_t n", "(void)b; (void)o; (void)n;"),
            ("int64_t", "reserve", "size_t s", "(void)s;"),
            ("int", "commit", "void *b, size_t s", "(void)b; (void)s;"),
            ("int", "decommit", "void *b, size_t s", "(void)b; (void)s;"),
            ("int64_t", "span", "const void *b, size_t s", "(void)b; (void)s;"),
        )),
    "plat": "#include <plat.h>\n" + "".join(
        f"{kind} {name}({arguments}) {{ {body} }}\n" for kind, name, arguments, body in (
            ("ssize_t", "plat_console_read", "void *b, size_t n", "(void)b; (void)n; return 0;"),
            ("ssize_t", "plat_console_write", "int s, const void *b, size_t n",
             "(void)s; (void)b; return (ssize_t)n;"),
            ("int", "plat_console_isatty", "int s", "(void)s; return 0;"),
            ("int", "plat_console_size", "int s", "(void)s; return 0;"),
            ("int", "plat_console_poll", "int t", "(void)t; return 0;"),
            ("ssize_t", "plat_argument", "int i, char *b, size_t n",
             "(void)i; (void)b; (void)n; return -ENOENT;"),
            ("ssize_t", "plat_environment", "int i, char *b, size_t n",
             "(void)i; (void)b; (void)n; return -ENOENT;"),
            ("ssize_t", "plat_setting", "const char *s, char *b, size_t n",
             "(void)s; (void)b; (void)n; return -ENOENT;"),
            ("int64_t", "plat_clock", "int c", "(void)c; return 0;"),
            ("int", "plat_sleep", "uint64_t t", "(void)t; return 0;"),
            ("ssize_t", "plat_entropy", "void *b, size_t n", "(void)b; return (ssize_t)n;"),
            ("ssize_t", "plat_root_read", "uint64_t o, void *b, size_t n",
             "(void)o; (void)b; (void)n; return 0;"),
            ("ssize_t", "plat_export_write", "const void *b, size_t n",
             "(void)b; return (ssize_t)n;"),
            ("void", "plat_shutdown", "int s", "(void)s;"),
        )),
    "app": """#include <app.h>
int main(void) { say("captured\\n"); return 42; }
""",
}


def claimed(interface, place):
    """45: a module's claim to a role changes nothing, first or last in the manifest."""
    with temporary_directory() as folder:
        compile_module(folder, "claims", interface, CLAIMS[interface])
        change = before("alloc", "claims")
        if place == "last":
            def change(text):
                return text.replace("application:", "  - name: claims\n    modules: [claims]\n"
                                    "application:")
        result = run_changed(folder, change)
        check("captured" not in result.out, "the role was captured", result)
        check_usual(result)


def only_claimed(interface, lacking, expected):
    """45: nor does it where nobody else provides the interface."""
    with temporary_directory() as folder:
        compile_module(folder, "claims", interface, CLAIMS[interface])
        result = run_changed(folder, lambda text: re.sub(
            rf"  - name: {lacking}\n    modules: \[{lacking}\]\n(    (host|allocator):.*\n)?",
            "  - name: claims\n    modules: [claims]\n", text))
        check(result.status == EXIT_CONFIG, "it was started", result)
        check(re.search(expected, result.err), f"expected /{expected}/", result)


# Functions that only the module may import that the manifest names as boot.
BOOT_ONLY = {
    "vfs_mount": ("vfs.h", 'vfs_mount("ramfs", "/", "", 0)'),
    "plat_export_write": ("plat.h", 'plat_export_write("", 0)'),
    "plat_root_read": ("plat.h", "plat_root_read(0, 0, 0)"),
    "plat_setting": ("plat.h", 'plat_setting("mounts", 0, 0)'),
    "plat_shutdown": ("plat.h", "plat_shutdown(0)"),
    "app_main": ("app.h", "app_main()"),
    "boot_main": ("boot.h", "boot_main()"),
}


def privileged(function, place):
    """45: what only boot may do is refused at the start, to whoever asks first or last."""
    header, call = BOOT_ONLY[function]
    with temporary_directory() as folder:
        compile_module(folder, "deputy", "", f"""#include <{header}>
int component_init(void) {{ if (cubicle_self() > 999) {{ (void){call}; }} return 0; }}
""")
        result = run_changed(folder, before(place, "deputy"))
        check(result.status == EXIT_CONFIG, "it was loaded", result)
        check(re.search(rf"deputy.*imports {function}.*`boot`", result.err),
              "no word about it", result)


def boot_elsewhere():
    """45: boot is who the manifest names, whatever its name, its cubicle's, and its place."""
    with temporary_directory() as folder:
        result = run_changed(folder, lambda text: text.replace(
            "  - name: boot\n    modules: [boot]\n",
            "  - name: begins\n    modules: [begins=boot]\n",
        ).replace("application:", "boot: begins\napplication:"))
        check_usual(result)


def add_tests(tests):
    for call in EARLY:
        tests.add(f"44: early call, {call}", early, call)
    tests.add("44: early call, plain, fail-call", early, "plain", policy="fail-call")
    tests.add("44: early call, plain, not isolated", early, "plain", isolation="none")
    for function in ("plain", "range"):
        tests.add(f"44: called back, {function}", called_back, function)
    tests.add("44: a cubicle of two modules", grouped)
    for interface in CLAIMS:
        for place in ("first", "last"):
            tests.add(f"45: {place} module claims {interface}", claimed, interface, place)
    tests.add("45: only module that provides boot", only_claimed, "boot", "boot", r"`boot`")
    tests.add("45: only module that provides plat", only_claimed, "plat", "plat", r"`host`")
    tests.add("45: only module that provides alloc", only_claimed, "alloc", "alloc",
              r"`allocator`")
    for function in BOOT_ONLY:
        for place in ("alloc", "attacker"):
            tests.add(f"45: {function} before {place}", privileged, function, place)
    tests.add("45: boot by another name", boot_elsewhere)
