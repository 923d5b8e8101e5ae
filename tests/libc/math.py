#!/usr/bin/env python3
"""Compares libc's mathematics in a cubicle with musl's own, built by gcc for this machine.

    tests/libc/math.py [--count N] [--seed N] [WORD...]     only functions with a word in the name

Both run tests/apps/math: the same arguments for each function in each rounding mode. Results
must have the same bits, except that any NaN is one, and leave the same exception flags.
"""

import argparse
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from harness import BUILD, ISOLATIONS, SYSTEMS, Suite, check, execute, run_system  # noqa: E402

NATIVE = BUILD / "native" / "math"
TIMEOUT_S = 1200


def native(*arguments):
    result = execute([NATIVE, *arguments], timeout=TIMEOUT_S)
    check(result.status == 0, f"status {result.status}", result)
    return result.out.splitlines()


def isolated(isolation, *arguments):
    result = run_system(
        SYSTEMS / "math.yaml", *arguments, isolation=isolation, timeout=TIMEOUT_S
    )
    check(result.status == 0, f"status {result.status}", result)
    return result.out.splitlines()


def hashes(lines):
    """{(function, mode): hash}"""
    return {tuple(line.split()[:2]): line.split()[2] for line in lines}


def difference(seed, count, key, isolation):
    """The first calls of a function that answer differently."""
    have = isolated(isolation, seed, count, *key)
    want = native(seed, count, *key)
    pairs = [(h, w) for h, w in zip(have[:-1], want[:-1]) if h != w]
    text = f"{key[0]}, rounding {key[1]}: {len(pairs)} of {count} calls differ\n"
    for h, w in pairs[:3]:
        text += f"here: {h}\nmusl: {w}\n"
    return text


def compare(name, seed, count, isolation, want, have):
    keys = [key for key in want if key[0] == name]
    wrong = [key for key in keys if want[key] != have.get(key)]
    check(len(keys) == 4, f"{name} is not compared in 4 rounding modes")
    check(not wrong, "".join(difference(seed, count, key, isolation) for key in wrong))


def main():
    head, _, rest = __doc__.partition("\n\n")
    parser = argparse.ArgumentParser(
        description=head, epilog=rest, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=1000, help="calls of each function")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("words", nargs="*", metavar="WORD")
    options = parser.parse_args()
    suite = Suite("math")
    want = hashes(native(options.seed, options.count))
    for isolation in ISOLATIONS:
        have = hashes(isolated(isolation, options.seed, options.count))
        for name in dict.fromkeys(name for name, _ in want):
            suite.add(
                f"{isolation}: {name}", compare, name, options.seed, options.count,
                isolation, want, have,
            )
    return suite.main(options.words)


if __name__ == "__main__":
    sys.exit(main())
