#!/usr/bin/env python3
"""A program that goes on while components under it are begun anew (tests/apps/restart/main.c).

    tests/apps/restart.py [WORD...]     only tests whose name contains a word
"""

import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from harness import (  # noqa: E402
    BUILD,
    CUBICLE,
    SYSTEMS,
    Suite,
    check,
    execute,
    mode,
    run_system,
    temporary_directory,
)

CRASH = BUILD / "host/tests/conformance/crash"

CONFIGURATIONS = {
    "sfi": ("sfi", []),
    "none": ("none", []),
    "direct": ("none", ["--link=direct"]),
    "ipc": ("ipc", []),
}


def nothing_dies(configuration):
    """No error is met, and nothing is remembered wrongly."""
    isolation, options = CONFIGURATIONS[configuration]
    result = run_system(
        SYSTEMS / "restart.yaml", "20000", "1", "none", isolation=isolation, options=options
    )
    check("PASS restart: " in result.out and result.status == 0, "a check failed", result)


CRASHES = "12"
ALL = "time,random,ramfs,devfs,vfscore"
RUNS = {"sfi": ["time,random", "ramfs", "vfscore", ALL], "none": [ALL]}


def crashes(modules, isolation):
    """They crash at random instructions, and begin anew."""
    with temporary_directory() as folder:
        system = Path(folder) / "restart.yaml"
        text = (SYSTEMS / "restart.yaml").read_text()
        for module in modules.split(","):
            text = text.replace(f"modules: [{module}]\n",
                                f"modules: [{module}]\n    on_fault: restart\n")
        system.write_text(text)
        result = execute([CRASH, modules, CRASHES, "1", CUBICLE, "run", "--perf-map", system,
                          *mode(isolation), "--", "0", "1"], timeout=280)
        check("PASS restart: " in result.out and result.status == 0, "a check failed", result)
        check(result.err.count("policy restart: ") >= int(CRASHES), "a crash without a report", result)


def main():
    suite = Suite("restart")
    for configuration in CONFIGURATIONS:
        suite.add(f"{configuration}: nothing dies", nothing_dies, configuration)
    for isolation, sets in RUNS.items():
        for modules in sets:
            suite.add(f"{isolation}: crashes of {modules}", crashes, modules, isolation)
    return suite.main()


if __name__ == "__main__":
    sys.exit(main())
