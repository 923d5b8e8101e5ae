#!/usr/bin/env python3
"""Runs the suites under mpk, one after the other. In the test machine, or where the processor
has protection keys.

    guest.py [SUITE...]
"""

import os
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
# NAME: runner, and words that choose tests.
SUITES = {
    "conformance": ["tests/conformance/run.py"],
    "attack": ["tests/attack/run.py"],
    "sqlite": ["tests/apps/sqlite.py"],
    "counts": ["tests/vm/counts.py"],
}


def main():
    environment = dict(
        os.environ,
        CUBICLE_ISOLATIONS="mpk",
        CUBICLE_BUILD=str(TOP / "build"),
        CUBICLE_TEST_STARTS="5",
        CUBICLE_TEST_SLOW="10",
    )
    for name in sys.argv[1:] or SUITES:
        runner, *words = SUITES[name]
        print(f"== {name}", flush=True)
        subprocess.run([sys.executable, TOP / runner, *words], env=environment, check=False)
    print("== end", flush=True)


if __name__ == "__main__":
    main()
