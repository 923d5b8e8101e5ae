#!/usr/bin/env python3
"""Conformance of files: the same program in cubicles and natively on Linux.

    tests/apps/files.py [WORD...]     only tests whose name contains a word
"""

import os
import re
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from harness import (  # noqa: E402
    SYSTEMS,
    TOP,
    Suite,
    check,
    execute,
    run_system,
)

SOURCE = TOP / "tests" / "apps" / "files"
CHECK = TOP / "tests" / "support" / "check"
ROWS = re.findall(r'\{"(\w+)", test_\w+, (\w+)\}', (SOURCE / "main.c").read_text())
GROUPS = [name for name, on_request in ROWS if on_request == "false"]
CONFIGURATIONS = {
    "sfi": ("sfi", []),
    "none": ("none", []),
    "direct": ("none", ["--link=direct"]),
    "ipc": ("ipc", []),
}
NOBODY = 65534


def passed(result, name):
    check(f"PASS {name} " in result.out and result.status == 0, "a check failed", result)


def in_cubicles(name, configuration, timeout=60):
    isolation, options = CONFIGURATIONS[configuration]
    result = run_system(
        SYSTEMS / "files.yaml", name, isolation=isolation, options=options, timeout=timeout
    )
    passed(result, name)


def natively():
    """As a user to whom mode bits apply, as in a cubicle; on tmpfs, for on others telldir()
    names places by hashes of names."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as directory:
        program = Path(directory) / "files"
        compiler = os.environ.get("CC", "cc")
        built = execute(
            [compiler, "-D_GNU_SOURCE", "-std=gnu11", f"-I{CHECK}", "-o", program]
            + sorted(SOURCE.glob("*.c")) + [CHECK / "check.c"]
        )
        check(built.status == 0, "does not compile natively", built)
        Path(directory).chmod(0o777)
        user = {"user": NOBODY, "group": NOBODY} if os.geteuid() == 0 else {}
        result = execute([program], env={"TMPDIR": directory}, **user)
        for name in GROUPS:
            passed(result, name)


def main():
    suite = Suite("files")
    suite.add("native: all", natively)
    for configuration in CONFIGURATIONS:
        for name in GROUPS:
            suite.add(f"{configuration}: {name}", in_cubicles, name, configuration)
    suite.add("none: large", in_cubicles, "large", "none", timeout=120)
    return suite.main()


if __name__ == "__main__":
    sys.exit(main())
