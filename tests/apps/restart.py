#!/usr/bin/env python3
"""A program that goes on while components under it are begun anew (tests/apps/restart/main.c).

    tests/apps/restart.py [WORD...]     only tests whose name contains a word
"""

import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from harness import SYSTEMS, Suite, check, run_system  # noqa: E402

CONFIGURATIONS = {
    "sfi": ("sfi", []),
    "none": ("none", []),
    "direct": ("none", ["--link=direct"]),
}


def nothing_dies(configuration):
    """No error is met, and nothing is remembered wrongly."""
    isolation, options = CONFIGURATIONS[configuration]
    result = run_system(
        SYSTEMS / "restart.yaml", "20000", "1", "none", isolation=isolation, options=options
    )
    check("PASS restart: " in result.out and result.status == 0, "a check failed", result)


def main():
    suite = Suite("restart")
    for configuration in CONFIGURATIONS:
        suite.add(f"{configuration}: nothing dies", nothing_dies, configuration)
    return suite.main()


if __name__ == "__main__":
    sys.exit(main())
