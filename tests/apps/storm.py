#!/usr/bin/env python3
"""Cubicles call each other, many calls deep and in turns, while their processes are killed: no call waits for ever, and
none has another result than the right one (tests/apps/storm/main.c).

    tests/apps/storm.py [WORD...]                    only tests whose name contains a word
    STORM_SECONDS=60 STORM_SEEDS=7,8 tests/apps/storm.py     longer, and by other numbers
"""

import contextlib
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from harness import CUBICLE, SLOW, SYSTEMS, Suite, check, run_system  # noqa: E402

SECONDS = float(os.environ.get("STORM_SECONDS", "6"))
SEEDS = [int(seed) for seed in os.environ.get("STORM_SEEDS", "1,2").split(",")]
CALM = 30  # seconds after the last death, at most
KILLED = ("east", "north", "west")
# How many deaths follow each other, how many milliseconds apart, and how long nobody dies then. At most three: a cubicle
# whose process is killed three times in a row while it begins anew stays dead.
BURSTS = {"one death": (1, (0, 0), (20, 80)), "two deaths": (2, (0, 20), (60, 120)), "three deaths": (3, (0, 8), (60, 150))}


def processes_of(system):
    """{pid: name} of those that may be killed."""
    found = {}
    for pid in children(system.pid):
        for child in children(pid):
            with contextlib.suppress(OSError):
                found[child] = Path(f"/proc/{child}/comm").read_text().strip()
    return {pid: name for pid, name in found.items() if name in KILLED}


def children(pid):
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def kill_one(system, chance):
    names = processes_of(system)
    if not names:
        return 0
    victim = chance.choice(sorted(names, key=names.get))
    with contextlib.suppress(ProcessLookupError):
        os.kill(victim, signal.SIGKILL)
    return 1


def kill_some(system, burst, chance):
    """Until it has ended, or SECONDS are over; how many."""
    count, apart, pause = burst
    end, killed = time.monotonic() + SECONDS, 0
    while system.poll() is None and time.monotonic() < end:
        for _ in range(count):
            killed += kill_one(system, chance)
            time.sleep(chance.uniform(*apart) / 1000)
        time.sleep(chance.uniform(*pause) / 1000)
    return killed


def storm(burst, seed):
    argv = [CUBICLE, "run", SYSTEMS / "storm.yaml", "--isolation=ipc", "--", str(SECONDS), str(CALM * SLOW), str(seed)]
    with subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as system:
        try:
            check(system.stdout.readline() == "running\n", "it does not begin")
            killed = kill_some(system, burst, random.Random(seed))
            out, err = system.communicate(timeout=(60 + CALM) * SLOW)
        except subprocess.TimeoutExpired:
            check(False, "a call waits for ever")
        finally:
            system.kill()
    what = f"seed {seed}, {killed} killed\n{out}{err[-2000:]}"
    check(out.startswith("PASS storm: ") and system.returncode == 0, what)
    check(killed > 20 and err.count("policy restart: ") >= killed / 2, f"nobody died: {what}")
    check(int(re.search(r"(\d+) errors", out).group(1)) > 0, f"no call met a death: {what}")


def calm(isolation):
    """Only those die that fault by themselves."""
    result = run_system(SYSTEMS / "storm.yaml", "1", str(CALM), "3", isolation=isolation, timeout=60)
    check("PASS storm: " in result.out and result.status == 0, "a check failed", result)


def main():
    suite = Suite("storm")
    for isolation in ("none", "ipc"):
        suite.add(f"{isolation}: nobody is killed", calm, isolation)
    for name, burst in BURSTS.items():
        for seed in SEEDS:
            suite.add(f"{name}, seed {seed}", storm, burst, seed)
    return suite.main()


if __name__ == "__main__":
    sys.exit(main())
