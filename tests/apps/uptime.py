#!/usr/bin/env python3
"""The network on hosts that have just started, or have been up for weeks: milliseconds of 32 bits go round after 50 days, and
are negative for half of that time.

    tests/apps/uptime.py [WORD...]     only tests whose name contains a word
"""

import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from clocks import at_uptime  # noqa: E402
from harness import CUBICLE, SYSTEMS, Suite, check, execute, mode  # noqa: E402
from martians import martians  # noqa: E402

HALF_S, WHOLE_S = (1 << 31) / 1000, (1 << 32) / 1000
UPTIMES = {"a second": 1, "25 days in a moment": HALF_S - 2, "a month": HALF_S + 500_000, "50 days in a moment": WHOLE_S - 2}


def addresses(seconds):
    """The stack's timers run: it has an address of IPv6 when it has looked for a second whether that is taken."""
    martians(at_uptime(seconds))


def connections(seconds):
    """Between programs of a system, where nothing but the clock passes."""
    for name in ("same_port", "bulk"):
        result = execute([*at_uptime(seconds), CUBICLE, "run", SYSTEMS / "sockets.yaml", *mode("sfi"), "--", "lwip", name])
        check(f"PASS {name} " in result.out and result.status == 0, "a check failed", result)


def main():
    suite = Suite("uptime")
    for name, seconds in UPTIMES.items():
        suite.add(f"addresses, {name}", addresses, seconds)
        suite.add(f"connections, {name}", connections, seconds)
    return suite.main()


if __name__ == "__main__":
    sys.exit(main())
