"""One program of others: its recipe, its two builds, and what is done with them.

A recipe is tests/programs/NAME/recipe.toml:

    source    Debian source package
    folder    folder of the source that its own build begins in; default: the top
    change    what must be changed for it to build; "" (default): nothing
    build     shell lines, in the folder
    program   what they build, a path from the folder. Below, its name is in $P, its folder is
              the first of $PATH, and the recipe's folder of the source is $D
    tests     shell lines: the program's own tests, in the folder. One that has no `passed`
              is one test
    passed, failed
              regular expressions of a passed and a failed test in what `tests` prints; a group
              is the test's name, or a count
    input     shell lines that make inputs, from what is in $SRC (sources) and $R (recipes)
    runs      shell lines whose output and status are compared
    time      arguments of the run that is measured; `stdin` names its standard input, and then
              it has no other files
    slow      why it is slower than is expected, when it is
    reasons   {regular expression: why}: for failed tests and runs that differ

The lines of input, runs and time run in a folder with a copy of the recipe's own folder.
Everything is done twice: with $CC = gcc, and with $CC = a compiler for cubicles (cc.sh) whose
programs run by launch.py.
"""

import hashlib
import itertools
import os
import re
import shutil
import statistics
import subprocess
import tempfile
import time
import tomllib
from pathlib import Path

from launch import prepare

TOP = Path(__file__).resolve().parent.parent.parent
HERE = Path(__file__).resolve().parent
BUILD = TOP / "build"
KINDS = ("native", "sfi")
KEYS = {"source", "folder", "change", "build", "program", "tests", "passed", "failed",
        "input", "runs", "time", "stdin", "slow", "reasons"}
LINE_LIMIT_S = 1500


class Bad(Exception):
    """A recipe that is wrong, or a step that did not end well."""


def shell(line, folder, environment, log):
    """Runs a line with bash; what it prints goes to @log and is returned with its status."""
    begin = time.monotonic()
    try:
        done = subprocess.run(["bash", "-c", line], cwd=folder, env=environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=LINE_LIMIT_S, check=False)
        out, status = done.stdout, done.returncode
    except subprocess.TimeoutExpired as late:
        out, status = (late.stdout or b"") + b"\n(no end)\n", 124
    with log.open("ab") as file:
        file.write(f"$ {line}\n".encode() + out)
        file.write(f"(status {status}, {time.monotonic() - begin:.1f} s)\n".encode())
    return out, status


class Program:
    """One program. Folders: build/programs/NAME/{native,sfi}/{tree,files}, and a log beside."""

    def __init__(self, name):
        self.name = name
        self.here = HERE / name
        path = self.here / "recipe.toml"
        try:
            self.recipe = tomllib.loads(path.read_text())
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise Bad(f"{path}: {error}") from error
        unknown = self.recipe.keys() - KEYS
        missing = {"source", "build", "program"} - self.recipe.keys()
        if unknown or missing:
            raise Bad(f"{path}: unknown: {unknown or '-'}, missing: {missing or '-'}")
        self.work = BUILD / "programs" / name

    def __getattr__(self, key):
        if key in KEYS:
            return self.recipe.get(key, "" if key in ("folder", "change", "slow", "stdin") else
                                   {} if key == "reasons" else
                                   None if key in ("passed", "failed") else [])
        raise AttributeError(key)

    def path(self, kind):
        """The program that was built."""
        return self.work / kind / "tree" / self.folder / self.program

    def environment(self, kind):
        tree = self.work / kind / "tree" / self.folder
        return {
            "PATH": f"{self.path(kind).parent}:{os.environ['PATH']}", "HOME": "/", "LC_ALL": "C", "TZ": "UTC",
            "CC": "gcc" if kind == "native" else str(HERE / "cc.sh"), "CFLAGS": "-O2",
            "P": self.path(kind).name, "D": str(tree), "SRC": str(BUILD / "src"), "R": str(HERE),
        }

    def lines(self, lines, kind, folder):
        """Runs lines of the recipe up to the first that fails; all output, and that line."""
        log = self.work / f"{kind}.log"
        printed = b""
        for line in lines:
            out, status = shell(line, folder, self.environment(kind), log)
            printed += out
            if status != 0:
                return printed, f"`{line}`: status {status}, see {log}"
        return printed, None

    # ---- building ----

    def key(self, kind):
        """What a build depends on, besides the machine's compiler."""
        used = [BUILD / "src" / f"{self.source}.version"]
        if kind == "sfi":
            used += [BUILD / "bin" / "cubicle-cc", BUILD / "bin" / "cubicle-rewrite",
                     BUILD / "sysroot" / "sfi" / "lib" / "libc.a", HERE / "cc.sh"]
        steps = [self.source, self.folder, self.recipe["build"], self.program]
        total = hashlib.sha256(repr(steps).encode())
        for file in used:
            total.update(file.read_bytes())
        return total.hexdigest()

    def build_one(self, kind):
        home = self.work / kind
        key, done = self.key(kind), home / "built"
        if not (done.exists() and done.read_text() == key):
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir(parents=True)
            (self.work / f"{kind}.log").unlink(missing_ok=True)
            shutil.copytree(BUILD / "src" / self.source, home / "tree", symlinks=True)
            _, wrong = self.lines(self.recipe["build"], kind, home / "tree" / self.folder)
            if wrong or not self.path(kind).exists():
                raise Bad(f"{self.name} does not build: {wrong or self.path(kind)}")
            done.write_text(key)
        shutil.rmtree(home / "files", ignore_errors=True)
        shutil.copytree(self.here, home / "files")
        _, wrong = self.lines(self.input, kind, home / "files")
        if wrong:
            raise Bad(f"{self.name}: no input: {wrong}")

    def make(self):
        done = subprocess.run([TOP / "tools" / "fetch.sh", self.source], check=False)
        if done.returncode:
            raise Bad(f"{self.source}: cannot be fetched")
        for kind in KINDS:
            self.build_one(kind)

    # ---- its own tests ----

    def test(self):
        """{kind: (number of passed tests, names of failed ones)}"""
        return {kind: self.test_one(kind) for kind in KINDS} if self.tests else {}

    def test_one(self, kind):
        folder = self.work / kind / "tree" / self.folder
        if not self.passed:
            wrong = [line for line in self.tests if self.lines([line], kind, folder)[1]]
            return len(self.tests) - len(wrong), wrong
        out = b"".join(self.lines([line], kind, folder)[0] for line in self.tests)
        out = out.decode(errors="replace")
        failed = re.findall(self.failed, out, re.MULTILINE) if self.failed else []
        passed = re.findall(self.passed, out, re.MULTILINE)
        count = sum(int(p) if p.isdecimal() else 1 for p in passed)
        failed = [f for f in failed if f != "0"]
        if not count and not failed:
            failed = ["no test ran"]
        return count, failed

    # ---- the same output ----

    def compare(self):
        """Numbers of runs that are the same, and the lines of those that differ."""
        different = []
        for line in self.runs:
            have = {}
            for kind in KINDS:
                log = self.work / f"{kind}.log"
                files = self.work / kind / "files"
                have[kind] = shell(line, files, self.environment(kind), log)
            if have["sfi"] != have["native"]:
                different.append(line)
                self.show_difference(*(have[kind][0] for kind in KINDS))
        return len(self.runs) - len(different), different

    def show_difference(self, native, sfi):
        """Logs the first line that differs."""
        pairs = itertools.zip_longest(native.split(b"\n"), sfi.split(b"\n"))
        pair = next(((n, s) for n, s in pairs if n != s), ("status", "status"))
        with (self.work / "sfi.log").open("a") as file:
            file.write(f"differs: natively {pair[0]!r}\n         here     {pair[1]!r}\n")

    # ---- time ----

    def measure(self, rounds):
        """Medians of processor seconds, {kind: seconds}, and of the ratio of each round."""
        seconds = {kind: [] for kind in KINDS}
        with tempfile.TemporaryDirectory(prefix="cubicle-program-") as folder:
            for number in range(rounds):
                for kind in KINDS[:: 1 if number % 2 else -1]:
                    seconds[kind].append(self.run_timed(kind, Path(folder)))
                for link in Path(folder).iterdir():
                    link.unlink()
        ratios = [s / n for s, n in zip(seconds["sfi"], seconds["native"])]
        return {k: statistics.median(v) for k, v in seconds.items()}, statistics.median(ratios)

    def run_timed(self, kind, folder):
        files = self.work / kind / "files"
        command = [str(self.path(kind))]
        if kind == "sfi":
            # The program is a script (cc.sh), and may have been copied from where it was linked.
            module = Path(re.search(r'"([^"]+\.cub)"', self.path(kind).read_text()).group(1))
            root = [] if self.stdin else [f"--root={files}"]
            command = [*prepare(module, folder), *root, "--"]
        stdin = files / self.stdin if self.stdin else Path("/dev/null")
        with stdin.open("rb") as source:
            child = subprocess.Popen(  # pylint: disable=consider-using-with
                [*command, *self.time], cwd=files, stdin=source, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, env=self.environment(kind))
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = status
        if status != 0:
            status = os.waitstatus_to_exitcode(status)
            raise Bad(f"{self.name}: the measured run under {kind} ends with status {status}")
        return usage.ru_utime + usage.ru_stime

    def reason(self, what):
        """Why @what fails or differs; None: the recipe does not say."""
        for pattern, why in self.reasons.items():
            if re.search(pattern, what):
                return why
        return None
