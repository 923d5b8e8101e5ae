#!/usr/bin/env python3
"""Sums up a meson test log (testlog.json): the last line is "N passed, N failed, N skipped".

Before it, for each program that failed, the checks that did, and what they said of it.

A program that reports single checks (TAP, or a closing line "N passed, N failed") counts with
those; any other counts as one.
"""

import json
import re
import sys

COUNTS = re.compile(r"^(?:\w+: )?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.MULTILINE)
FAILED = re.compile(r"^\s*not ok\b(?!.*#\s*skip)(?:.*\n?)(?:\s*#.*\n?)*", re.MULTILINE | re.IGNORECASE)
LINES_MAX = 12  # of each check that failed
TAP = re.compile(r"^\s*(not )?ok\b[^#\n]*(#\s*skip)?", re.MULTILINE | re.IGNORECASE)


def count(test):
    """Passed, failed and skipped checks of one program."""
    output = test.get("stdout", "")
    passed = failed = skipped = 0
    closing = COUNTS.findall(output)
    if closing:
        passed, failed, skipped = (int(n or 0) for n in closing[-1])
    else:
        for negative, skip in TAP.findall(output):
            skipped += bool(skip)
            failed += bool(negative) and not skip
            passed += not negative and not skip
    ok = test["result"] in ("OK", "EXPECTEDFAIL")
    if test["result"] == "SKIP":
        skipped = max(skipped, 1)
    elif not ok and failed == 0:
        failed = 1  # died before or after its checks
    elif ok and passed + failed + skipped == 0:
        passed = 1
    return passed, failed, skipped


def explain(test):
    """The checks of @test that failed, each with the first lines of what follows it."""
    for check in FAILED.findall(test.get("stdout", "")):
        lines = check.rstrip().splitlines()
        yield from lines[:LINES_MAX]
        if len(lines) > LINES_MAX:
            yield f"# ({len(lines) - LINES_MAX} more lines in testlog.txt)"


def main():
    totals = [0, 0, 0]
    failures = []
    with open(sys.argv[1], encoding="utf-8") as log:
        for line in log:
            test = json.loads(line)
            counts = count(test)
            totals = [a + b for a, b in zip(totals, counts)]
            if counts[1] > 0:
                failures.append(test)
    for test in failures:
        print(f"failed: {test['name']}")
        for line in explain(test):
            print(f"    {line}")
    print(f"{totals[0]} passed, {totals[1]} failed, {totals[2]} skipped")
    return 1 if totals[1] > 0 or totals[0] == 0 else 0


sys.exit(main())
