#!/usr/bin/env python3
"""What mpk does in numbers that are the same on every machine: calls, traps and changes of keys,
of SQLite and of systems with more cubicles than keys. For the projection of costs.

    tests/vm/counts.py [WORD...]     only those whose name contains a word
"""

import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from harness import (  # noqa: E402
    CUBICLE,
    ISOLATIONS,
    Suite,
    check,
    execute,
    temporary_directory,
)
from scale import scale_manifest  # noqa: E402

ROUNDS = 200  # of bench/micro/many.c


def counts(system, *arguments):
    """Result, calls, traps, changes of keys."""
    with temporary_directory() as folder:
        path = Path(folder) / "stats.json"
        result = execute(
            [CUBICLE, "run", system, f"--isolation={ISOLATIONS[0]}", "--stats",
             f"--json={path}", "--", *arguments],
            timeout=60,
        )
        check(result.status == 0, "wrong status", result)
        stats = json.loads(path.read_text())
    calls = sum(edge["calls"] for edge in stats["edges"])
    return (result, calls, *(sum(c[key] for c in stats["cubicles"])
                             for key in ("traps", "retags")))


def sqlite(system, size):
    _, calls, traps, retags = counts(system, "--size", size, "/test.db")
    print(f"# counts: {system} --size {size}: {calls} calls, {traps} traps, "
          f"{retags} changes of keys", flush=True)
    check(traps < calls / 10, f"{traps} traps in {calls} calls")


def many(count):
    with temporary_directory() as folder:
        result, _, traps, retags = counts(scale_manifest(folder, count), count)
    check(result.out.startswith(f"{count} "), "it did not come to its end", result)
    calls = ROUNDS * count
    print(f"# counts: {count + 9} cubicles, each called in turn: {traps / calls:.2f} traps and "
          f"{retags / calls:.2f} changes of keys a call", flush=True)


def main():
    tests = Suite("counts")
    for system in ("speedtest1", "speedtest1-4", "speedtest1-3"):
        tests.add(f"{ISOLATIONS[0]}: {system}", sqlite, system, 5)
    for count in (2, 4, 8, 16, 32, 55):
        tests.add(f"{ISOLATIONS[0]}: {count + 9} cubicles", many, count)
    return tests.main()


if __name__ == "__main__":
    sys.exit(main())
