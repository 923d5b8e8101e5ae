"""What the test runners share: running a system, reading fault reports, counting.

All wording of the monitor that tests rely on is in this file.
"""

import atexit
import concurrent.futures
import functools
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
BUILD = Path(os.environ.get("CUBICLE_BUILD", TOP / "build"))
CUBICLE = BUILD / "bin" / "cubicle"
SYSTEMS = TOP / "tests" / "systems"

# What the suites run on; a list, the first is what tests of one isolation use.
ISOLATIONS = os.environ.get("CUBICLE_ISOLATIONS", "sfi,none").split(",")
# How `sfi` switches views in them; empty: as it chooses.
VIEW_SWITCH = os.environ.get("CUBICLE_VIEW_SWITCH", "")
# How many times as long as usual things may take: in an emulated machine, say.
SLOW = float(os.environ.get("CUBICLE_TEST_SLOW", "1"))

EXIT_CONFIG = 125  # nothing was started
EXIT_FAULT = 139  # a cubicle was stopped by policy `abort`

# cubicle: fault: CUBICLE (module MODULE, FUNCTION+0xOFF): cannot ACCESS 0xADDRESS: REASON
FAULT = re.compile(
    r"^cubicle: fault: (?P<cubicle>[^ :]+)"
    r"(?: \(module (?P<module>[^,)]+)(?:, (?P<function>[^)]+))?\))?: "
    r"(?:cannot (?P<access>read|write|execute) (?P<address>0x[0-9a-f]+): )?(?P<reason>.*)$",
    re.MULTILINE,
)

# What is said instead of a run for which a part of the monitor was left out (meson_options.txt).
LEFT_OUT = re.compile(r"this build has no .* \(made with WITHOUT=\w+\)")

# What a report says after the address; {o} is the owner, {c} who runs.
REASONS = {
    "on demand": r"an argument on demand, which only cubicle_in_copy\(\) reads",
    "heap": r"memory of cubicle {o} \(heap\); no window from {o} to {c} covers it",
    "stack": r"memory of cubicle {o} \(stack\); no window from {o} to {c} covers it",
    "data": r"memory of cubicle {o} \(data\); no window from {o} to {c} covers it",
    "rodata": r"memory of cubicle {o} \(rodata\); no window from {o} to {c} covers it",
    "code": r"code( of cubicle {o})?, which is (never data|read-only)",
    "own-rodata": r"the cubicle's own rodata, read-only",
    "null": r"null pointer: .*",
    "end": r"beyond the end of memory",
    "outside": r"the address lies outside the cubicle's memory",
    "unmapped": r"unmapped memory",
    "not code": r"not code",
    "guard": r"guard page of the stack \(stack overflow\)",
    "read-only": r"memory of cubicle {o} \(\w+\); read-only window",
    "import": r"cannot call .*: not an entry point the cubicle imports",
    "return": r"cannot return .*: return without a matching call",
    "changed": r"cannot return .*: the return address on the stack has changed",
    "illegal": r"illegal instruction",
    "system call": r"system call",
    "divide": r"division by zero.*",
    "limit": r"the call computes longer than the cubicle's time limit",
    "trap": r"trap instruction",
    "misaligned": r"access to a misaligned vector.*",
    "depth": r".*\(call depth\)",
    "abort": r"stopped by itself: the peer wants to",
    "liar": r"stopped by itself: a liar wants to",
}


class Failure(Exception):
    """A check of a test that did not hold."""


class Skip(Exception):
    """A test that cannot run here; the text says why."""


class Result:
    def __init__(self, argv, status, out, err, seconds):
        self.argv, self.status, self.out, self.err = argv, status, out, err
        self.seconds = seconds

    def faults(self):
        return [m.groupdict() for m in FAULT.finditer(self.err)]

    def describe(self):
        return (
            f"command: {' '.join(map(str, self.argv))}\nstatus: {self.status}\n"
            f"stdout: {self.out[-2000:]}\nstderr: {self.err[-2000:]}"
        )


def execute(argv, stdin="", timeout=60, text=True, **options):
    """Runs a command to its end. Data on standard input is text or bytes."""
    start = time.monotonic()
    argv = [str(a) for a in argv]
    timeout *= SLOW
    try:
        done = subprocess.run(
            argv,
            input=stdin,
            capture_output=True,
            timeout=timeout,
            text=text,
            errors="replace" if text else None,
            check=False,
            **options,
        )
    except subprocess.TimeoutExpired as late:
        out = (late.stdout or b"").decode(errors="replace")
        err = (late.stderr or b"").decode(errors="replace")
        raise Failure(
            f"no end after {timeout} s\n" + Result(argv, None, out, err, timeout).describe()
        ) from late
    skip_if_left_out(done.stderr)
    return Result(
        argv, done.returncode, done.stdout, done.stderr, time.monotonic() - start
    )


def skip_if_left_out(err):
    """Skips the test where @err says that this build has not what the run asked for."""
    found = LEFT_OUT.search(err if isinstance(err, str) else err.decode(errors="replace"))
    if found:
        raise Skip(found.group())


@functools.cache
def left_out(*options):
    """Why this build cannot run with @options of `cubicle run`, which ask for parts of the monitor; None: it can."""
    try:
        execute([CUBICLE, "run", *options, "hello"])
    except Skip as why:
        return str(why)
    return None


def require(options):
    """Skips the test where this build has not what those of @options ask for that are about parts of the monitor."""
    parts = [str(o) for o in options if re.match("--(isolation|acl|revoke|link)=", str(o))]
    why = left_out(*parts)
    if why:
        raise Skip(why)


def mode(isolation):
    """The options of `cubicle run` for @isolation."""
    way = [f"--view-switch={VIEW_SWITCH}"] if VIEW_SWITCH and isolation == "sfi" else []
    return [f"--isolation={isolation}", *way]


def modules_of(isolation):
    """The folder of the modules that run under @isolation."""
    return BUILD / "modules" / ("sfi" if isolation == "sfi" else "plain")


# Not where views are switched by a system call.
HAS_LOW_VIEW = VIEW_SWITCH != "syscall"


@functools.cache
def low(system):
    """@system with the view of its application at address 0, as it is by default."""
    text = system.read_text()
    check("low_view: none\n" in text, f"{system}: no low_view")
    folder = temporary_directory()
    atexit.register(folder.cleanup)
    changed = Path(folder.name) / system.name
    changed.write_text(text.replace("low_view: none\n", ""))
    return changed


def run_system(system, *arguments, options=(), isolation=ISOLATIONS[0], **rest):
    """cubicle run SYSTEM --isolation=... OPTIONS -- ARGUMENTS"""
    return execute(
        [CUBICLE, "run", system, *mode(isolation), *options, "--", *arguments],
        **rest,
    )


def check(condition, text, result=None):
    if not condition:
        raise Failure(text + ("\n" + result.describe() if result else ""))


def check_fault(result, cubicle, reason, owner="", access=None, address=None):
    """The first report is about @cubicle, for @reason (a row of REASONS), at @address."""
    faults = result.faults()
    check(faults, f"no fault report; expected '{reason}'", result)
    fault = faults[0]
    check(fault["cubicle"] == cubicle, f"the report is about {fault['cubicle']}", result)
    pattern = REASONS[reason].format(o=re.escape(owner), c=re.escape(cubicle))
    check(
        re.fullmatch(pattern, fault["reason"]),
        f"the reason is '{fault['reason']}', expected /{pattern}/",
        result,
    )
    if access is not None:
        check(fault["access"] == access, f"the access is '{fault['access']}'", result)
    if address is not None:
        have = fault["address"]
        check(
            have is not None and int(have, 16) == address,
            f"the address is {have}, expected 0x{address:08x}",
            result,
        )


def target_of(result):
    """The address that the test program announced."""
    match = re.search(r"^target (0x[0-9a-f]+)$", result.out, re.MULTILINE)
    return int(match.group(1), 16) if match else None


def view_switch_refused():
    """Why this machine cannot switch views in that way; None: it can."""
    result = run_system("hello", isolation="sfi")
    found = re.search(r"is not possible here: (.*)", result.err)
    return found.group(1) if result.status == EXIT_CONFIG and found else None


def refuse(why):
    raise Skip(why)


class Suite:
    """Named tests; prints TAP and a count."""

    def __init__(self, name, needs=None):
        """@needs: an option of `cubicle run` that all tests give it."""
        self.name, self.needs = name, needs
        self.tests = []

    def add(self, name, function, *arguments, **named):
        self.tests.append((name, function, arguments, named))

    def main(self, argv=None):
        """Runs the tests whose name contains one of the words of the command line."""
        words = (sys.argv[1:] if argv is None else argv) or [""]
        unknown = [w for w in words if not any(w in t[0] for t in self.tests)]
        if unknown:
            print(f"1..1\nnot ok 1 - no test of {self.name} has in its name: {', '.join(unknown)}")
            return 1
        why = view_switch_refused() if VIEW_SWITCH else None
        if why:
            self.tests, words = [], [""]
            self.add(f"views switched by {VIEW_SWITCH}", refuse, why)
        why = left_out(self.needs) if self.needs else None
        if why:
            self.tests, words = [], [""]
            self.add(self.needs, refuse, why)
        tests = [t for t in self.tests if any(w in t[0] for w in words)]
        counts = {"ok": 0, "not ok": 0, "skip": 0}
        start = time.monotonic()
        print(f"1..{len(tests)}")
        jobs = int(os.environ.get("CUBICLE_TEST_JOBS", os.cpu_count() or 1))
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            pending = [pool.submit(self.run_one, t) for t in tests]
            for number, (test, future) in enumerate(zip(tests, pending), 1):
                kind, text = future.result()
                counts[kind] += 1
                if kind == "skip":
                    print(f"ok {number} - {test[0]} # SKIP {text}")
                else:
                    print(f"{kind} {number} - {test[0]}")
                    for line in text.splitlines():
                        print(f"# {line}")
                sys.stdout.flush()
        print(
            f"# {self.name}: {counts['ok']} passed, {counts['not ok']} failed, "
            f"{counts['skip']} skipped, {time.monotonic() - start:.1f} s"
        )
        return 1 if counts["not ok"] or not tests else 0

    @staticmethod
    def run_one(test):
        name, function, arguments, named = test
        try:
            function(*arguments, **named)
        except Skip as why:
            must = os.environ.get("CUBICLE_MUST_RUN", "").split(",")
            if any(word and word in name for word in must):
                return "not ok", f"skipped, but CUBICLE_MUST_RUN: {why}"
            return "skip", str(why)
        except Failure as failure:
            return "not ok", str(failure)
        except Exception as error:  # a broken test must not hide the others
            return "not ok", f"{type(error).__name__}: {error}"
        return "ok", ""


def temporary_directory():
    return tempfile.TemporaryDirectory(prefix="cubicle-test-")
