#!/usr/bin/env python3
"""Conformance of libc in a cubicle: every group of tests, and the ways a program ends.

    tests/libc/run.py [WORD...]     only tests whose name contains a word
"""

import re
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from harness import (  # noqa: E402
    EXIT_FAULT,
    SYSTEMS,
    TOP,
    Suite,
    check,
    check_fault,
    run_system,
    temporary_directory,
)

GROUPS = re.findall(
    r'\{"(\w+)", test_\w+, false\}', (TOP / "tests" / "apps" / "libc" / "main.c").read_text()
)
CONFIGURATIONS = {
    "sfi": ("sfi", []),
    "none": ("none", []),
    "direct": ("none", ["--link=direct"]),
    "ipc": ("ipc", []),
}
TLS_PAIRS = re.findall(
    r"\b\d+-\d+\b",
    re.search(
        r"TLS_PAIRS := ((?:.|\n)*?)\n\n",
        (TOP / "tests/apps/libc-tls-matrix/module.mk").read_text(),
    ).group(1),
)
HANDLERS = "registered second\nregistered first\ndestructor\n"
# How a program ends: its status and what it writes.
ENDS = [
    ("return", 47, "not flushed yet" + HANDLERS),
    ("exit", 5, HANDLERS),
    ("_exit", 6, ""),
    ("pthread_exit", 0, HANDLERS),
]
# Ends that stop the cubicle, and the reason in the report.
STOPS = [
    ("abort", r"abort\(\) was called"),
    ("assert", r"abort\(\) was called"),
    ("deadlock", r"deadlock"),
]


def run(configuration, *arguments, system="libc"):
    isolation, options = CONFIGURATIONS[configuration]
    return run_system(
        SYSTEMS / f"{system}.yaml", *arguments, isolation=isolation, options=options
    )


def group(name, configuration):
    result = run(configuration, name)
    check(f"PASS {name} " in result.out and result.status == 0, "a check failed", result)


def end(how, status, out, configuration):
    result = run(configuration, "end", how)
    check(result.status == status, f"status {result.status}, expected {status}", result)
    check(result.out == out, "the output differs", result)


def stop(how, reason, configuration):
    result = run(configuration, "end", how)
    check(result.status == EXIT_FAULT, f"status {result.status}", result)
    check(re.search(reason, result.err), f"no '{reason}' in the report", result)


def tls(configuration):
    result = run(configuration, system="libc-tls")
    check(result.status == 0 and result.out == "PASS tls\n", "a check failed", result)


def run_changed(configuration, system, old, new, *arguments):
    """As run(), with @new for @old in the manifest."""
    isolation, options = CONFIGURATIONS[configuration]
    text = (SYSTEMS / f"{system}.yaml").read_text()
    check(old in text, f"{system}.yaml has no {old!r}")
    with temporary_directory() as folder:
        manifest = Path(folder) / f"{system}.yaml"
        manifest.write_text(text.replace(old, new))
        return run_system(manifest, *arguments, isolation=isolation, options=options)


def tls_aligned(pair, configuration):
    result = run_changed(configuration, "libc-tls", "test-libc-tls", f"test-tls-{pair}")
    expected = 7 * (not pair.startswith("0-")) + 10 * (not pair.endswith("-0"))
    check(
        result.status == 0 and result.out == f"PASS {expected} variables\n",
        "a variable is not as it should be",
        result,
    )


def tls_elsewhere(configuration):
    """A module that takes its block to be elsewhere than the loader does not start."""
    result = run_changed(configuration, "libc-tls", "test-libc-tls", "test-tls-wrong")
    check(result.status != 0 and result.out == "", "it ran", result)
    check("libc and the loader place them differently" in result.err, "no reason", result)


def exhausted(quota, configuration):
    """Memory ends, and what the program says about it arrives."""
    limit = f"\n    quota: {quota}" if quota else ""
    module = "modules: [test-libc]"
    result = run_changed(configuration, "libc", module, module + limit, "end", "exhausted")
    check(result.status == 7, f"status {result.status}", result)
    check(result.out == "out of memory\nformatted, 1\n" + HANDLERS, "the output differs", result)
    check(result.err == "error\n", "the errors differ", result)


def stack_of(size, megabytes, configuration):
    """The stack is as large as getrlimit() and pthread_getattr_np() say, and its guard below."""
    module = "modules: [test-libc]"
    stack = f"\n    stack: {size}" if size else ""
    result = run_changed(configuration, "libc", module, module + stack, "end", "guard")
    check(result.out == f"{megabytes << 20} 0 0\n", "another size", result)
    check_fault(result, "libc", "guard", access="read")


def lacking(configuration):
    """A process and a thread that cannot be: each told once."""
    result = run(configuration, "end", "lacking")
    check(result.status == 0, "a call did not fail as it should", result)
    lines = [
        r"cubicle: test-libc: this program called fork\(\), .*ENOSYS.*",
        r"cubicle: test-libc: this program called pthread_create\(\), .*EAGAIN.*",
    ]
    check(re.fullmatch("\n".join(lines) + "\n", result.err), "other lines", result)


def environment(configuration):
    """What the command line says replaces what libc adds."""
    isolation, options = CONFIGURATIONS[configuration]
    options = [*options, "--env=TMPDIR=/elsewhere", "--env=OTHER=x"]
    result = run_system(
        SYSTEMS / "libc.yaml", "environment", "list", isolation=isolation, options=options
    )
    check(result.status == 0, "it failed", result)
    lines = sorted(line for line in result.out.splitlines() if "=" in line)
    expected = ["HOME=/", "LOGNAME=root", "OTHER=x", "PATH=/bin", "TMPDIR=/elsewhere", "USER=root"]
    check(lines == expected, "the environment differs", result)


def full(configuration):
    """A file system of shared memory without room: errors, and the program goes on."""
    result = run_changed(configuration, "libc", '"ramfs /"', '"ramfs / size=1M"', "full")
    check(result.status == 0 and result.out == "PASS full\n", "a check failed", result)


def main():
    suite = Suite("libc")
    for configuration in CONFIGURATIONS:
        for name in GROUPS:
            if configuration == "ipc" and name == "shared":
                continue  # processes share no memory
            suite.add(f"{configuration}: {name}", group, name, configuration)
        for how, status, out in ENDS:
            suite.add(f"{configuration}: end by {how}", end, how, status, out, configuration)
        for how, reason in STOPS:
            suite.add(f"{configuration}: stop by {how}", stop, how, reason, configuration)
        for quota in (None, "16M"):
            name = f"{configuration}: no memory left ({quota or 'in the system'})"
            suite.add(name, exhausted, quota, configuration)
        suite.add(f"{configuration}: processes and threads", lacking, configuration)
        suite.add(f"{configuration}: variables given", environment, configuration)
        if configuration != "ipc":
            suite.add(f"{configuration}: a full file system", full, configuration)
        if configuration != "direct":
            suite.add(f"{configuration}: thread-local storage", tls, configuration)
            suite.add(f"{configuration}: thread-local elsewhere", tls_elsewhere, configuration)
            for size, megabytes in ((None, 8), ("3M", 3)):
                name = f"{configuration}: a stack of {megabytes} MiB"
                suite.add(name, stack_of, size, megabytes, configuration)
            for pair in TLS_PAIRS:
                name = f"{configuration}: thread-local aligned {pair}"
                suite.add(name, tls_aligned, pair, configuration)
    return suite.main()


if __name__ == "__main__":
    sys.exit(main())
