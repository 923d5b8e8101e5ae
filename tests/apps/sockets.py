#!/usr/bin/env python3
"""Sockets: the same program over a stack in a cubicle and natively on Linux.

    tests/apps/sockets.py [WORD...]     only tests whose name contains a word
"""

import os
import re
import sys
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
    temporary_directory,
)

SOURCE = TOP / "tests" / "apps" / "sockets"
GROUPS = re.findall(r"each\((\w+)\)", (SOURCE / "main.c").read_text())
CONFIGURATIONS = {
    "sfi": ("sfi", []),
    "none": ("none", []),
    "direct": ("none", ["--link=direct"]),
    "ipc": ("ipc", []),
}
# Over a device that gives every frame back, with its options; and what is tested there.
DEVICES = {
    "device": "",
    "device, offload": "offload",
    "device, offload, MTU 1500": "offload mtu=1500",
    "device, delay": "mtu=1500 delay_us=3000",
    "device, loss": "mtu=1500 drop=20 reorder=20 duplicate=20 seed=7",
    "device, loss, offload": "mtu=1500 offload drop=10 reorder=20 duplicate=20 seed=8",
}
OVER_DEVICE = ["bytes", "half_close", "reset", "level", "edge", "oneshot", "bulk", "slow_reader", "room", "many"]
OVER_LOSS = ["half_close", "bulk", "slow_reader"]


def passed(result, name):
    check(f"PASS {name} " in result.out and result.status == 0, "a check failed", result)


def in_cubicles(name, configuration):
    isolation, options = CONFIGURATIONS[configuration]
    passed(
        run_system(
            SYSTEMS / ("sockets-processes.yaml" if isolation == "ipc" else "sockets.yaml"), "lwip", name,
            isolation=isolation, options=options
        ),
        name,
    )


def over_device(name, options, isolation="sfi"):
    stack = f"lwip loopback address=10.0.2.15/24 swap {options}"
    passed(
        run_system(SYSTEMS / "sockets.yaml", stack, name, isolation=isolation, timeout=120), name
    )


def natively():
    with temporary_directory() as directory:
        program = Path(directory) / "sockets"
        sources = [p for p in sorted(SOURCE.glob("*.c")) if p.name != "net_cubicle.c"]
        built = execute(
            [os.environ.get("CC", "cc"), "-D_GNU_SOURCE", "-std=gnu11", "-o", program] + sources
        )
        check(built.status == 0, "does not compile natively", built)
        result = execute([program, "linux"])
        for name in GROUPS:
            passed(result, name)


def main():
    suite = Suite("sockets")
    suite.add("native: all", natively)
    for configuration in CONFIGURATIONS:
        for name in GROUPS:
            suite.add(f"{configuration}: {name}", in_cubicles, name, configuration)
    for device, options in DEVICES.items():
        for name in OVER_LOSS if "loss" in device else OVER_DEVICE:
            suite.add(f"{device}: {name}", over_device, name, options)
    return suite.main()


if __name__ == "__main__":
    sys.exit(main())
