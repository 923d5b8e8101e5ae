#!/usr/bin/env python3
"""Runs suites one after the other: in an emulated machine, or where the processor has what they
need. run.py chooses the machine.

    guest.py SUITE...
"""

import os
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
MPK = {"CUBICLE_ISOLATIONS": "mpk"}
# Of conformance under sfi, what depends on how views are switched.
VIEWS = ["chosen", "sfi: windows", "sfi: calls", "sfi: ranges", "sfi: registers", "sfi: memory",
         "death by", "abort by"]
# Of SQLite in fewer cubicles a part is enough.
SQLITE = ["mpk: ", "4 cubicles: speedtest1", "3 cubicles: basic", "starts"]
# NAME: runner, and words that choose tests; environment.
SUITES = {
    "conformance": (["tests/conformance/run.py"], MPK),
    "attack": (["tests/attack/run.py"], MPK),
    "sqlite": (["tests/apps/sqlite.py", *SQLITE], MPK),
    "counts": (["tests/vm/counts.py"], MPK),
    "views-kernel": (["tests/conformance/run.py", *VIEWS],
                     {"CUBICLE_ISOLATIONS": "sfi", "CUBICLE_VIEW_SWITCH": "kernel"}),
    "views-syscall": (["tests/conformance/run.py", *VIEWS],
                      {"CUBICLE_ISOLATIONS": "sfi", "CUBICLE_VIEW_SWITCH": "syscall"}),
}


def main():
    common = {"CUBICLE_BUILD": str(TOP / "build"), "CUBICLE_TEST_STARTS": "5",
              "CUBICLE_TEST_SLOW": "10"}
    for name in sys.argv[1:]:
        (runner, *words), environment = SUITES[name]
        print(f"== {name}", flush=True)
        subprocess.run([sys.executable, TOP / runner, *words],
                       env={**os.environ, **common, **environment}, check=False)
    print("== end", flush=True)


if __name__ == "__main__":
    main()
