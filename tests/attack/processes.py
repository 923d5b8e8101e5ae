#!/usr/bin/env python3
"""Attacks on --isolation=ipc: a process that has been taken over, against the kernel and its peers.

    tests/attack/processes.py [WORD...]     only tests whose name contains a word
"""

import functools
import re
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from harness import (  # noqa: E402
    CUBICLE,
    EXIT_FAULT,
    SYSTEMS,
    Suite,
    check,
    run_system,
    target_of,
    temporary_directory,
)

FORGED = SYSTEMS / "forged.yaml"
# What the attacker asks the kernel for; the names are those of forger.c.
CALLS = ["kill", "kill-group", "ptrace", "read-memory", "open", "openat", "socket", "fork", "clone",
         "execve", "memfd", "prctl", "executable", "make-executable", "mremap", "write-elsewhere",
         "close", "ioctl", "futex-requeue", "x32", "shmat", "io-uring", "pidfd", "setuid"]
# Whose channel the attacker writes to.
VICTIMS = ["callee", "random", "parent"]


@functools.cache
def offsets():
    """Where in the command the attacker finds what it needs: it knows the program it runs in."""
    names = subprocess.run(["nm", CUBICLE], capture_output=True, text=True, check=True).stdout
    slots = subprocess.run(["objdump", "-R", CUBICLE], capture_output=True, text=True,
                           check=True).stdout
    found = [re.search(rf"^(\w+) \w {name}$", names, re.M) for name in ("ipc_enter", "peers")]
    found.append(re.search(r"^(\w+) \S+\s+syscall@", slots, re.M))
    check(all(found), "the command has no symbols")
    return [match.group(1) for match in found]


def attack(*arguments, system=FORGED, **rest):
    return run_system(system, *arguments, *offsets(), isolation="ipc", **rest)


def host_call(name):
    """The kernel ends the process; the system is told, and goes on without it."""
    result = attack("kernel", name)
    check("SURVIVED" not in result.out, "it came back", result)
    check("fault: forger: its process ended: system call that the cubicle may not make"
          in result.err, "not reported", result)
    check("policy fail-call: cubicle forger is dead" in result.err, "no policy", result)
    check(result.status == 1 or result.status == EXIT_FAULT, "wrong exit status", result)


def forged(victim):
    """Whatever is written to its channels, and meanwhile, the other end lives and answers others."""
    result = attack("forge", victim, timeout=120)
    check("forged\n" in result.out and "BROKEN" not in result.out, "the attack is broken", result)
    check("well\n" in result.out, "somebody does not answer any more", result)
    check(not result.faults() and "internal error" not in result.err, "somebody died", result)
    check(result.status == 0, "the system did not end as usual", result)


def others_memory():
    """Nothing of others is mapped: not at any address where something of theirs lies."""
    with temporary_directory() as folder:
        stats = Path(folder) / "log"
        log = run_system(FORGED, "?", isolation="ipc", options=["--log"]).err
        codes = re.findall(r"code of module \S*/(\S+)\.cub at (0x[0-9a-f]+)", log)
        check(len(codes) > 5, f"no addresses in {stats}")
    for module, address in codes:
        if module == "test-forger":
            continue
        result = attack("touch", address)
        check("SURVIVED" not in result.out, f"{module} is mapped", result)
        check(target_of(result) == int(address, 16) and result.faults(), "no report", result)


def quota():
    """The kernel keeps the quota of a process whose own monitor does not."""
    result = attack("memory", "all")
    taken = re.search(r"^took (\d+) MiB$", result.out, re.M)
    check(taken and 1 <= int(taken.group(1)) <= 64, "more than the quota", result)
    check(result.status == 0, "wrong exit status", result)


def main():
    tests = Suite("processes")
    for name in CALLS:
        tests.add(f"ipc: 33-36 host call {name}", host_call, name)
    for victim in VICTIMS:
        tests.add(f"ipc: 28 forged messages to {victim}", forged, victim)
    tests.add("ipc: 31 more memory than the quota", quota)
    tests.add("ipc: 1 others' memory", others_memory)
    return tests.main()


if __name__ == "__main__":
    sys.exit(main())
