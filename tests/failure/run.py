#!/usr/bin/env python3
"""The N-th host call or allocation fails, for every N from the start of `cubicle run` to
its end: each run ends by itself, with an error that says what happened, or as if nothing
had been wrong. Row 41 of the attack catalogue.

    tests/failure/run.py [WORD...]     only tests whose name contains a word
"""

import os
import re
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from harness import BUILD, CUBICLE, SYSTEMS, Failure, Skip, Suite, check, execute, temporary_directory

LIBRARY = Path(os.environ.get("FAIL_NTH_LIBRARY", BUILD / "host/tests/failure/fail_nth.so"))
SHARED = "II120s"  # struct shared of fail_nth.c
RUNS_MAX = 20000
CHUNKS = 8  # tests per system, so that they run side by side

MOUNTED = str(SYSTEMS / "mounted.yaml")  # with a directory of the host
OUTPUT = "hello"  # is in what a good run writes

# Said by the command where the monitor itself has gone wrong.
CRASHED = re.compile(r"internal error of the monitor|this is a bug|Assertion|Sanitizer")


def run(directory, nth, isolation, system):
    """One run in which call @nth fails (0: none). Its result, the calls made, the name of
    the call that failed."""
    file = Path(directory) / f"nth-{nth}"
    file.write_bytes(struct.pack(SHARED, 0, nth, b""))
    env = dict(os.environ, LD_PRELOAD=str(LIBRARY), FAIL_NTH=str(file))
    result = execute(
        [CUBICLE, "run", system, f"--isolation={isolation}"], timeout=20, env=env
    )
    calls, _, name = struct.unpack(SHARED, file.read_bytes())
    file.unlink()
    return result, calls, name.rstrip(b"\0").decode()


def judge(nth, name, result):
    where = f"call {nth}, {name}, failed"
    check(result.status is not None and result.status >= 0, f"{where}: killed", result)
    check(not CRASHED.search(result.err), f"{where}: a crash", result)
    if result.status == 0:
        check(OUTPUT in result.out, f"{where}: success without the output", result)
    else:
        check(result.err.strip(), f"{where}: no word about it", result)


def good_run(directory, isolation, system):
    result, calls, name = run(directory, 0, isolation, system)
    if result.status == 127 or calls == 0:
        raise Skip(f"{LIBRARY} cannot be preloaded")
    check(result.status == 0 and OUTPUT in result.out, "the system does not run", result)
    check(name == "" and 50 < calls < RUNS_MAX, f"{calls} calls were counted", result)
    return calls


def sweep(isolation, chunk, system="hello"):
    """Every N = @chunk modulo CHUNKS."""
    failures, names = [], set()
    with temporary_directory() as directory:
        calls = good_run(directory, isolation, system)
        for nth in range(chunk + 1, calls + 1, CHUNKS):
            result, _, name = run(directory, nth, isolation, system)
            names.add(name)
            try:
                judge(nth, name, result)
            except Failure as failure:
                failures.append(str(failure))
    if failures:
        raise Failure(f"{len(failures)} runs:\n" + "\n".join(failures[:5]))
    check(names - {""}, "no call failed at all")


def main():
    tests = Suite("failure")
    for isolation in ("sfi", "none"):
        for chunk in range(CHUNKS):
            tests.add(f"41: {isolation}, every {CHUNKS}th from {chunk + 1}", sweep,
                      isolation, chunk)
    for chunk in range(CHUNKS):
        tests.add(f"41: sfi, a directory of the host, every {CHUNKS}th from {chunk + 1}", sweep, "sfi",
                  chunk, MOUNTED)
    return tests.main()


if __name__ == "__main__":
    sys.exit(main())
