#!/usr/bin/env python3
"""Weakens one check of the trusted code after the other, and expects a test to fail.

    tools/mutants.py                    all that have no result yet
    tools/mutants.py --only WORD...     mutants with a word in their name or file, again
    tools/mutants.py --quick            only the tests that are named
    tools/mutants.py --table            sums the results up in docs/testing.md
    tools/mutants.py --check            every mutant still applies
    tools/mutants.py --apply NAME FILE  writes the weakened source file to FILE

The mutants are in tests/mutants/*.txt; the head of each says what they are about. A mutant:

    == NAME FILE [in FUNCTION]
    - text of a line, or of lines in a row, without the space around it
    + what is there instead; none: nothing
    tests: TEST...
    defence: WHY        nothing fails, and why that is no hole (instead of `tests`)

The text must be there exactly once, in FUNCTION if one is named. A TEST is the name of a unit
test of meson, or attack:WORDS, conformance:WORDS (as their run.py takes them, joined by `+`),
processes:WORDS (of attack/processes.py), storm:WORDS (of apps/storm.py), or escape. They run in this order; the first that fails ends it. If none does, all unit tests of
trusted code, attacks and conformance tests run.

It all happens in a copy of the tree, build/mutants/tree, with programs of its own and the
modules of build/. tests/mutants/results.tsv keeps the results, by what was weakened: a line
has a hash of that, the mutant's name, and the test that failed; none: no test did.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
LISTS = TOP / "tests" / "mutants"
WORK = TOP / "build" / "mutants"
TREE = WORK / "tree"
HOST = TREE / "build" / "host"
RESULTS = LISTS / "results.tsv"
DOCUMENT = TOP / "docs" / "testing.md"
BEGIN, END = "<!-- mutants: begin -->\n", "<!-- mutants: end -->\n"
TIMEOUT = 300  # seconds for one test
SUITES = ("unit", "attack", "conformance")


class Bad(Exception):
    """A mutant that cannot be made; the text says why."""


class Mutant:
    def __init__(self, name, file, function, group):
        self.name, self.file, self.function, self.group = name, file, function, group
        self.old, self.new, self.tests, self.defence = [], [], [], ""

    def key(self):
        parts = (self.file, self.function, self.old, self.new)
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

    def source(self):
        """The file with the weakened check."""
        lines = (TOP / self.file).read_text().splitlines(keepends=True)
        start, end = self.bounds(lines)
        n = len(self.old)
        places = [
            i
            for i in range(start, end - n + 1)
            if [line.strip() for line in lines[i : i + n]] == self.old
        ]
        if n == 0 or len(places) != 1:
            where = f"{self.file}, {self.function}()" if self.function else self.file
            raise Bad(
                f"{self.name}: the text is {len(places)} times in {where}: "
                + " / ".join(self.old)
            )
        at = places[0]
        new = [line + "\n" for line in self.new]
        new += ["\n"] * (n - len(new))  # the lines below keep their numbers
        return "".join(lines[:at] + new + lines[at + n :])

    def bounds(self, lines):
        if not self.function:
            return 0, len(lines)
        head = re.compile(rf"^[A-Za-z].*\b{re.escape(self.function)}\(")
        for i, line in enumerate(lines):
            if head.match(line) and not line.rstrip().endswith(";"):
                for end in range(i + 1, len(lines)):
                    if lines[end].startswith("}"):
                        return i, end
        raise Bad(f"{self.name}: {self.file} has no function {self.function}()")


def parse(path):
    mutants = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        kind, _, rest = line.partition(" ")
        rest = rest.strip()
        if kind == "==":
            words = rest.split()
            if len(words) not in (2, 4):
                raise Bad(f"{path}:{number}: == NAME FILE [in FUNCTION]")
            function = words[3] if len(words) == 4 else ""
            mutants.append(Mutant(words[0], words[1], function, path.stem))
        elif kind in ("-", "+", "tests:", "defence:") and not mutants:
            raise Bad(f"{path}:{number}: no mutant begins above")
        elif kind == "-":
            mutants[-1].old.append(rest)
        elif kind == "+":
            mutants[-1].new.append(rest)
        elif kind == "tests:":
            mutants[-1].tests += rest.split()
        elif kind == "defence:":
            mutants[-1].defence = rest
        elif line.strip() and kind != "#":
            raise Bad(f"{path}:{number}: what is this? {line}")
    return mutants


def load():
    mutants = [m for path in sorted(LISTS.glob("*.txt")) for m in parse(path)]
    names = [m.name for m in mutants]
    twice = {n for n in names if names.count(n) > 1}
    if twice or not names:
        raise Bad(f"names that are there twice: {' '.join(sorted(twice))}")
    return mutants


def check(mutants):
    """All that do not apply, one line each."""
    bad = []
    for mutant in mutants:
        try:
            mutant.source()
        except (Bad, OSError) as error:
            bad.append(str(error))
        if not mutant.tests and not mutant.defence:
            bad.append(f"{mutant.name}: neither tests nor a reason")
    return bad


# ---- running ----


def call(argv, **options):
    """Exit status and output of a command; None: it took too long, and was ended with all
    that it had started."""
    process = subprocess.Popen(
        [str(a) for a in argv],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        errors="replace",
        start_new_session=True,
        **options,
    )
    try:
        output, _ = process.communicate(timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return None, ""
    return process.returncode, output


def need(argv, **options):
    status, output = call(argv, **options)
    if status != 0:
        raise Bad(f"{' '.join(map(str, argv))}: status {status}\n{output[-2000:]}")


def copy_tree():
    """Brings the copy up to date with the tracked files; unchanged ones keep their time. Tests
    build what they need of it."""
    names = subprocess.run(
        ["git", "-C", TOP, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        check=True,
        text=True,
    ).stdout.split("\0")
    for name in filter(None, names):
        source, target = TOP / name, TREE / name
        if not source.is_file():
            continue
        if not target.exists() or target.read_bytes() != source.read_bytes():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    build = TREE / "build"
    build.mkdir(exist_ok=True)
    (build / "bin").mkdir(exist_ok=True)
    for path in (TOP / "build").iterdir():
        if path.name not in ("host", "bin", "mutants") and not (build / path.name).exists():
            (build / path.name).symlink_to(path)
    for path in (TOP / "build" / "bin").iterdir():
        if path.name != "cubicle":
            target = build / "bin" / path.name
            target.unlink(missing_ok=True)
            target.symlink_to(path)
    if not (HOST / "build.ninja").exists():
        need(["meson", "setup", HOST, TREE, "--buildtype=release", f"--prefix={build}",
              "-Dwerror=false"])  # fmt: skip
    need(["ninja", "-C", HOST, "build.ninja"])  # tests may have come since


def introspect(what):
    """What meson knows of the copy."""
    return json.loads(
        subprocess.run(
            ["meson", "introspect", what, HOST], capture_output=True, check=True, text=True
        ).stdout
    )


def unit_targets():
    """Of each unit test: the program's target, whether or not it has been built."""
    programs = {name for t in introspect("--targets") for name in t["filename"]}
    targets = {}
    for test in introspect("--tests"):
        if test["suite"] and test["suite"][0].endswith("unit"):
            targets[test["name"]] = [
                str(Path(p).relative_to(HOST)) for p in test["cmd"] if p in programs
            ]
    return targets


class Runner:
    def __init__(self, quick):
        self.quick = quick
        copy_tree()
        self.targets = unit_targets()
        self.environment = dict(
            os.environ,
            CUBICLE_TOP=str(TREE),
            CUBICLE_BUILD=str(TREE / "build"),
            CUBICLE_ISOLATIONS="sfi",
            CUBICLE_TEST_JOBS="1",
        )

    def ninja(self, *targets):
        status, output = call(["ninja", "-C", HOST, "-j1", *targets])
        if status is None:
            raise Bad(f"not built within {TIMEOUT} s: {' '.join(targets)}")
        if status != 0:
            raise Bad("does not compile:\n" + output[-1500:])

    def unit(self, names):
        targets = sorted({t for n in names for t in self.targets[n]})
        self.ninja(*targets)
        return self.fails(["meson", "test", "-C", HOST, "--no-rebuild", "-t", "4", *names])

    def system(self, suite, words, runner="run.py"):
        self.ninja("cli/cubicle", *(["tests/conformance/lose", "tests/conformance/interrupt"]
                                    if suite == "conformance" else []))  # fmt: skip
        program = TREE / "build" / "bin" / "cubicle"
        program.unlink(missing_ok=True)  # it may still run
        shutil.copy(HOST / "cli" / "cubicle", program)
        return self.fails([TREE / "tests" / suite / runner, *words])

    def escape(self):
        self.ninja("tests/fuzz/escape/escape")
        return self.fails([TREE / "tests/fuzz/escape/run.sh", HOST / "tests/fuzz/escape/escape",
                           "--seconds", "20", "--seed", "1"])  # fmt: skip

    def fails(self, argv):
        status, output = call(argv, env=self.environment, cwd=TREE)
        if status is None:
            return "hangs"
        if status == 0:
            return None
        failed = re.findall(r"^not ok \d+ - (.*)$", output, re.MULTILINE)
        return failed[0] if failed else "fails"

    def kill(self, mutant):
        """Which test fails, or None."""
        target = TREE / mutant.file
        original = target.read_text()
        target.write_text(mutant.source())
        try:
            return self.run(mutant)
        finally:
            target.write_text(original)

    def all_units(self, folder):
        """The unit tests of trusted code in tests/unit/@folder."""
        place = f"tests/unit/{folder}/"
        return [n for n, t in self.targets.items() if any(f.startswith(place) for f in t)]

    def test(self, test):
        """Why one of the tests that mutants name fails, or None."""
        suite, _, words = test.partition(":")
        if suite == "escape":
            return self.escape()
        if suite == "processes":
            return self.system("attack", words.split("+"), "processes.py")
        if suite == "storm":
            return self.system("apps", words.split("+"), "storm.py")
        if words:
            return self.system(suite, words.split("+"))
        if test not in self.targets:
            raise Bad(f"no unit test is called {test}")
        return self.unit([test])

    def baseline(self, mutants):
        """A test that fails anyhow tells nothing."""
        for test in sorted({t for m in mutants for t in m.tests}):
            why = self.test(test)
            if why:
                raise Bad(f"{test} fails without any mutant: {why}")

    def run(self, mutant):
        for test in mutant.tests:
            why = self.test(test)
            if why:
                return test if why == "fails" else f"{test} ({why})"
        if self.quick:
            return None
        why = self.unit(self.all_units("verify" if "/verify/" in mutant.file else "monitor"))
        if why:
            return "unit"
        for suite in SUITES[1:]:
            why = self.system(suite, [])
            if why:
                return f"{suite} ({why})"
        return None


def run(mutants, chosen, again, quick):
    results = read_results()
    todo = [m for m in chosen if again or m.key() not in results]
    print(f"{len(chosen)} mutants, {len(todo)} to run", flush=True)
    if not todo:
        return results
    runner = Runner(quick)
    runner.baseline(todo)
    for number, mutant in enumerate(todo, 1):
        begin = time.monotonic()
        try:
            killer = runner.kill(mutant)
        except Bad as error:
            print(error)
            print(f"[{number}/{len(todo)}] {mutant.name}: no result")
            continue
        # A few tests that pass do not mean that all do.
        if killer or not quick:
            results[mutant.key()] = killer or ""
            write_results(mutants, results)
        word = f"killed by {killer}" if killer else "SURVIVES"
        print(
            f"[{number}/{len(todo)}] {mutant.name}: {word}, {time.monotonic() - begin:.0f} s",
            flush=True,
        )
    return results


# ---- results ----


def read_results():
    """{what was weakened: the test that failed, or nothing}"""
    rows = RESULTS.read_text().splitlines() if RESULTS.exists() else []
    return {key: killer for key, _, killer in (row.split("\t") for row in rows)}


def write_results(mutants, results):
    """In the order of the lists; results of what is no longer in them go."""
    rows = [f"{m.key()}\t{m.name}\t{results[m.key()]}\n" for m in mutants if m.key() in results]
    RESULTS.write_text("".join(rows))


def outcome(mutant, results):
    killer = results.get(mutant.key())
    if killer is None:
        return "not run"
    return "killed" if killer else "defended" if mutant.defence else "SURVIVES"


def table(mutants, results):
    folders = {}
    for mutant in mutants:
        outcomes = folders.setdefault(mutant.file.rpartition("/")[0], [])
        outcomes.append(outcome(mutant, results))
    columns = {"killed": "a test fails", "defended": "nothing that counts changes",
               "SURVIVES": "no test fails", "not run": "not run yet"}  # fmt: skip
    columns = {c: head for c, head in columns.items() if any(c in o for o in folders.values())}
    lines = [f"| | mutants | {' | '.join(columns.values())} |\n", "|---" * (len(columns) + 2) + "|\n"]
    folders = {f"`{name}/`": outcomes for name, outcomes in sorted(folders.items())}
    folders["all"] = [o for outcomes in folders.values() for o in outcomes]
    for name, outcomes in folders.items():
        counts = [str(outcomes.count(c)) for c in columns]
        lines.append(f"| {name} | {len(outcomes)} | {' | '.join(counts)} |\n")
    lines += ["\nNo test can fail for these:\n\n", "| mutant | why that is no hole |\n", "|---|---|\n"]
    lines += [f"| {m.name.replace('-', ' ')} | {m.defence} |\n" for m in mutants
              if outcome(m, results) == "defended"]  # fmt: skip
    text = DOCUMENT.read_text()
    if BEGIN not in text or END not in text:
        raise Bad(f"{DOCUMENT}: no place for the table")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    DOCUMENT.write_text(before + BEGIN + "".join(lines) + END + after)


def main():
    head, _, rest = __doc__.partition("\n\n")
    parser = argparse.ArgumentParser(description=head, epilog=rest,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=[], metavar="WORD")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--apply", nargs=2, metavar=("NAME", "FILE"))
    options = parser.parse_args()
    mutants = load()
    if options.apply:
        name, file = options.apply
        chosen = [m for m in mutants if m.name == name]
        if not chosen:
            raise Bad(f"no mutant is called {name}")
        Path(file).write_text(chosen[0].source())
        return 0
    bad = check(mutants)
    if bad:
        print("\n".join(bad))
        print("tests/mutants/: put in what the source says now, or take the mutant out")
        return 1
    if options.check:
        print(f"all {len(mutants)} mutants apply")
        return 0
    if options.table:
        table(mutants, read_results())
        return 0
    chosen = [
        m
        for m in mutants
        if not options.only or any(w in m.name or w in m.file for w in options.only)
    ]
    for word in options.only:
        if not any(word in m.name or word in m.file for m in mutants):
            raise Bad(f"no mutant has in its name or file: {word}")
    WORK.mkdir(parents=True, exist_ok=True)
    results = run(mutants, chosen, bool(options.only), options.quick)
    survivors = [m.name for m in chosen if outcome(m, results) in ("SURVIVES", "not run")]
    print(f"{len(chosen)} mutants, {len(survivors)} survive: {' '.join(survivors)}")
    return 1 if survivors else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Bad as problem:
        print(f"mutants: {problem}", file=sys.stderr)
        sys.exit(2)
