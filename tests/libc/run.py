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
    run_system,
    temporary_directory,
)

GROUPS = re.findall(
    r'\{"(\w+)", test_\w+\}', (TOP / "tests" / "apps" / "libc" / "main.c").read_text()
)
CONFIGURATIONS = {
    "sfi": ("sfi", []),
    "none": ("none", []),
    "direct": ("none", ["--link=direct"]),
}
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


def full(configuration):
    with temporary_directory() as folder:
        system = Path(folder) / "full.yaml"
        text = (SYSTEMS / "libc.yaml").read_text()
        system.write_text(text.replace('"ramfs /"', '"ramfs / size=1M"'))
        isolation, options = CONFIGURATIONS[configuration]
        result = run_system(system, "full", isolation=isolation, options=options)
        check(result.status == 0 and result.out == "PASS full\n", "a check failed", result)


def main():
    suite = Suite("libc")
    for configuration in CONFIGURATIONS:
        for name in GROUPS:
            suite.add(f"{configuration}: {name}", group, name, configuration)
        for how, status, out in ENDS:
            suite.add(f"{configuration}: end by {how}", end, how, status, out, configuration)
        for how, reason in STOPS:
            suite.add(f"{configuration}: stop by {how}", stop, how, reason, configuration)
        suite.add(f"{configuration}: a full file system", full, configuration)
        if configuration != "direct":
            suite.add(f"{configuration}: thread-local storage", tls, configuration)
    return suite.main()


if __name__ == "__main__":
    sys.exit(main())
