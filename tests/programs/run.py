#!/usr/bin/env python3
"""Builds programs of others for cubicles, runs their tests, and compares them with native ones.

    tests/programs/run.py [NAME...]           all programs, or some
    tests/programs/run.py --table             also writes the results into docs/programs.md, once
                                              there is one of each program

Each program is built twice with its own build system, by gcc and by cubicle-cc, under
build/programs/NAME; a log of each lies beside. Its own tests run in cubicles and, to compare,
natively; the runs of its recipe must have the same output; the time is processor time, in turn,
medians. program.py describes a recipe.

Exit status: 0 when whatever fails or differs has its reason in the recipe, 1 when not, 2 when
the command line or a recipe is wrong.
"""

import argparse
import json
import os
import re
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
from program import BUILD, HERE, TOP, Bad, Program  # noqa: E402

RESULTS = BUILD / "programs" / "results.json"
DOCUMENT = TOP / "docs" / "programs.md"
BEGIN, END = "<!-- programs: begin -->\n", "<!-- programs: end -->\n"


def note(text):
    print(f"programs: {text}", file=sys.stderr, flush=True)


def kept():
    """The last results of all programs that have run here."""
    return json.loads(RESULTS.read_text()) if RESULTS.exists() else {}


def keep(name, result):
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps({**kept(), name: result}, indent=1))


def examine(program, rounds):
    """All results of one program; see `row` for the keys."""
    result = {"version": "", "change": program.change, "slow": program.slow, "notes": []}
    try:
        note(f"{program.name}: building")
        program.make()
        version = (BUILD / "src" / f"{program.source}.version").read_text()
        result["version"] = re.search(r"^version (?:\d+:)?(.*)-", version, re.MULTILINE).group(1)
        note(f"{program.name}: its own tests")
        result["tests"] = program.test()
        note(f"{program.name}: {len(program.runs)} runs are compared")
        result["same"], different = program.compare()
        result["runs"] = len(program.runs)
        explain(program, result, different)
        if program.time and rounds:
            note(f"{program.name}: {rounds} rounds are measured")
            result["seconds"], result["ratio"] = program.measure(rounds)
    except Bad as error:
        result["notes"].append((str(error), None))
    return result


def explain(program, result, different):
    """Notes what failed or differs, with its reason."""
    if result["tests"]:
        native = result["tests"]["native"]
        for test in result["tests"]["sfi"][1]:
            why = program.reason(test)
            if not why and test in native[1] and native[0]:
                why = "fails natively, too"
            result["notes"].append((f"test {test}", why))
    for line in different:
        result["notes"].append((f"output of `{line}`", program.reason(line)))


def row(name, result):
    tests = "none"
    if result.get("tests"):
        passed, failed = result["tests"]["sfi"]
        tests = f"{passed} passed, {len(failed)} failed" if failed else f"{passed} passed"
    runs = f"{result['same']} of {result['runs']}" if result.get("runs") else "-"
    ratio = "-"
    if "ratio" in result:
        ratio = f"{result['ratio']:.2f} ({result['seconds']['native']:.1f} s)"
    built = "unchanged" if not result["change"] else "changed"
    if "tests" not in result:
        built = "**no**"
    return f"| {name} {result['version']} | {built} | {tests} | {runs} | {ratio} |\n"


def table(results):
    text = "| program | builds | own tests | same output | time |\n|---|---|---|---|---|\n"
    for name, result in sorted(results.items()):
        text += row(name, result)
    lines = []
    for name, result in sorted(results.items()):
        if result["change"]:
            lines.append(f"- {name}, change: {result['change']}\n")
        lines += [f"- {name}, {what}: {why or '**no reason known**'}\n"
                  for what, why in result["notes"]]
        if result["slow"] and "ratio" in result:
            lines.append(f"- {name}, time: {result['slow']}\n")
    return text + ("\n" if lines else "") + "".join(lines)


def machine():
    cpu = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return f"{cpu.group(1) if cpu else 'unknown processor'}, {os.cpu_count()} processors"


def write(results):
    text = DOCUMENT.read_text()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    body = f"Measured on: {machine()}; Debian's gcc 12.\n\n" + table(results)
    DOCUMENT.write_text(before + BEGIN + body + END + after)


def main():
    head, _, rest = __doc__.partition("\n\n")
    parser = argparse.ArgumentParser(description=head, epilog=rest,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--rounds", type=int, default=5, help="of the measurement; 0: none")
    parser.add_argument("--table", action="store_true", help="write docs/programs.md")
    options = parser.parse_args()
    known = sorted(p.parent.name for p in HERE.glob("*/recipe.toml"))
    unknown = set(options.names) - set(known)
    if unknown:
        parser.error(f"no program is called {', '.join(sorted(unknown))}; there are: "
                     f"{', '.join(known)}")
    begin = time.monotonic()
    results = {}
    try:
        programs = [Program(name) for name in options.names or known]
    except Bad as error:
        parser.error(str(error))
    for program in programs:
        name = program.name
        results[name] = examine(program, options.rounds)
        keep(name, results[name])
        note(row(name, results[name]).strip())
    print(table(results), end="")
    open_ends = sum(why is None for r in results.values() for _, why in r["notes"])
    note(f"{len(results)} programs, {open_ends} failures without a reason, "
         f"{time.monotonic() - begin:.0f} s")
    if options.table:
        last = {name: r for name, r in kept().items() if name in known}
        if len(last) == len(known):
            write(last)
        else:
            note("docs/programs.md stays as it is: not every program has run here")
    return 1 if open_ends else 0


if __name__ == "__main__":
    sys.exit(main())
