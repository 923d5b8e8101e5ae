#!/usr/bin/env python3
"""Liars: every interface with a hostile consumer, and with a hostile provider. Both are generated.

    tests/liars/run.py [WORD...]      only tests whose name contains a word
    LIARS_SEED=N                      another seed for what is random (1)

docs/testing.md says how it works, and how to run one row by hand.
"""

import functools
import os
import re
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from harness import (  # noqa: E402
    BUILD, SLOW, SYSTEMS, TOP, Failure, Skip, Suite, check, check_fault, run_system, temporary_directory)

SEED = os.environ.get("LIARS_SEED", "1")
SYSTEM = (SYSTEMS / "liars.yaml").read_text()
FOLDER = temporary_directory()
LOOP_MS = 40  # that a liar may compute

# tests/interfaces/tell.h
LIES = {name: number for number, name in enumerate(
    re.findall(r"^    TELL_(\w+),", (TOP / "tests/interfaces/tell.h").read_text(), re.MULTILINE))}
# Ways to die, in the order of tell.h, and what the report must say; None: there is none.
DEATHS = {"NULL": "null", "ILLEGAL": "illegal", "DIVIDE": "divide", "STACK": "guard", "ABORT": "liar", "EXIT": None,
          "LOOP": "limit"}

# Lies that a function tells from its first call on, while the system starts.
FIRST = [("RETURN", 1), ("RETURN", -1), ("RETURN", -(2**63)), ("REENTER", 0)]
FIRST_RESULTS = [("ROOM", 1), ("FILL", 1), ("MUTATE", 1)]

# What nobody calls in this system but the loader: no liar of it can be met.
UNMET = {"app"}


class Component:
    """A folder under components/."""

    def __init__(self, folder):
        self.name = folder.name
        provides = re.search(r"_PROVIDES := *(.*)", (folder / "module.mk").read_text()).group(1)
        self.interfaces = provides.split()
        self.functions, self.results = [], set()
        for interface in self.interfaces:
            for line in (BUILD / "interfaces" / f"{interface}.desc").read_text().splitlines():
                words = line.split()
                if words[0] == "function":
                    self.functions.append(words[1])
                elif words[0] == "arg" and words[2] in ("out", "inout"):
                    self.results.add(self.functions[-1])

    @functools.cache
    def system(self):
        """The system in which it lies, and the believer is the application."""
        return self.write(Path(FOLDER.name))

    def fresh(self):
        """The same, with nothing left of other runs: hostfs has a directory of the host."""
        return self.write(Path(tempfile.mkdtemp(dir=FOLDER.name)))

    def write(self, folder):
        liar = (f"[{self.name}=liar-{self.name}]\n    on_fault: fail-call\n"
                f"    call_limit_ms: {LOOP_MS * SLOW:.0f}")
        text = SYSTEM.replace(f"modules: [{self.name}]", f"modules: {liar}")
        check(text != SYSTEM, f"tests/systems/liars.yaml: component {self.name} is missing")
        text = re.sub(r".*consumer: test-caller.*\n", "", text)
        text = text.replace("test-caller", "test-liars-believer")
        text = text.replace("quota: 64M", "quota: 1G")  # what liars leave behind adds up
        for interface, provider in (("tell", self.name), ("socket", "lwip")):
            text += f"  - {{consumer: test-liars-believer, interface: {interface}, provider: {provider}}}\n"
        if self.name not in ("lwip", "loopback"):  # so that a wait for nothing is refused, not waited
            text = re.sub(r"^network: .*\n", "", text, flags=re.MULTILINE)
        if self.name == "hostfs":  # in the place of ramfs: all files are those of a folder
            folder.chmod(0o755)
            host = folder / "host"
            host.mkdir(mode=0o777, exist_ok=True)
            host.chmod(0o777)
            text = text.replace('"ramfs /"', '"hostfs / host rw"')
        path = folder / f"{self.name}.yaml"
        path.write_text(text)
        return path

    def cubicle(self):
        return self.name


# What needs a device of the host; its interface is that of a component that needs none.
SAME = {"netdev": "loopback"}
COMPONENTS = [Component(path.parent) for path in sorted(TOP.glob("components/*/module.mk"))
              if path.parent.name not in SAME]


def said(result):
    """The lines of the tests, whatever a hostile call has written between them."""
    return re.findall(r"liar: ([^\r\n]*)", result.err)


def honest_lives(result, liar=None):
    """Nobody has faulted but the liar, and the monitor is well."""
    for fault in result.faults():
        check(fault["cubicle"] == liar, f"cubicle {fault['cubicle']} faulted", result)
    check("internal error" not in result.err, "the monitor has failed", result)


@functools.cache
def called(provider):
    arguments = [f"seed={SEED}", f"bind={provider}"]
    arguments += ["only=fs_"] if provider == "devfs" else []
    text = SYSTEM.replace("{consumer: test-caller, interface: fs, provider: scratch}",
                          f"{{consumer: test-caller, interface: fs, provider: {provider}}}")
    path = Path(FOLDER.name) / f"caller-{provider}.yaml"
    path.write_text(text)
    return run_system(path, *arguments, timeout=120)


def consumer(provider):
    """Everything that an application can call, with all that it can say."""
    result = called(provider)
    honest_lives(result)
    bad = [line for line in said(result) if line.startswith("BAD")]
    check(not bad, "\n".join(bad), result)
    done = [line for line in said(result) if line.startswith("done: ")]
    check(done and result.status == 0, "it did not come to its end", result)
    counts = [line for line in said(result) if re.search(r" \d+ calls, 0 bad$", line)]
    check(len(counts) > (10 if provider == "devfs" else 50), "hardly any function", result)


class Batches:
    """The run of each component that tells all its lies, once. Those that will be asked for begin in good time."""

    def __init__(self):
        self.pool = ThreadPoolExecutor(os.cpu_count() or 1)
        self.lock, self.runs = threading.Lock(), {}

    def begin(self, component):
        with self.lock:
            if component.name not in self.runs:
                self.runs[component.name] = self.pool.submit(
                    run_system, component.system(), component.name, f"seed={SEED}", timeout=300)
            return self.runs[component.name]


BATCHES = Batches()
LONGEST = ("vfscore", "ramfs", "hostfs", "devfs", "lwip")  # which are begun first, where all tests run


def provider(component, function):
    """Row @function of the batch in which @component lies."""
    result = BATCHES.begin(component).result()
    honest_lives(result)
    row = [line for line in said(result) if re.match(rf"{function} \d+ lies, ", line)]
    bad = [line for line in said(result) if line.startswith(f"BELIEVED only={function} ")]
    check(not bad, "\n".join(bad[:5]), result)
    if not row:  # the batch ended before
        show = run_system(component.system(), component.name, f"only={function}", "show",
                          f"seed={SEED}", timeout=30)
        check(False, f"no end of the batch; last: {said(show)[-1:]}", result)
    check(row[0].endswith(" 0 bad"), row[0], result)
    if " 0 told," in row[0]:
        raise Skip("nobody calls it after the start; see the test `from the start`")


def ends_well(component, result):
    """The system has ended by itself; one that was not started, or was stopped, says why."""
    honest_lives(result, component.cubicle())
    known = (0, 98, 125, 126, 139) if component.name != "boot" else range(256)
    check(result.status in known, "it did not end by itself", result)
    check("BELIEVED" not in result.err, "it was believed", result)
    if component.name not in ("boot", "plat"):  # those could say it, or hide it
        check(result.status != 125 or re.search(REFUSED, result.err, re.MULTILINE), "no reason", result)
    check(result.status != 139 or result.faults(), "no report", result)


# How a start ends that a liar makes impossible: what could not be done, and why.
REFUSED = r"^(boot|cubicle): .*(cannot|failed|refused).*: \S"


def first(component, function):
    if component.name == "alloc":
        raise Skip("it calls the monitor only, and cannot be told at the start")
    for name, value in FIRST + (FIRST_RESULTS if function in component.results else []):
        lie = f"LIE={function}:{LIES[name]}:{value % 2**64:#x}"
        result = run_system(component.system(), "-", options=[f"--env={lie}"], timeout=20)
        check(not re.search(r"honest: .*, [1-9]\d* bad", result.err), f"{lie} was believed", result)
        ends_well(component, result)


def told(component, function, lie):
    """The run of one lie, and whether somebody has met it and the liar lives on."""
    result = run_system(component.fresh(), component.name, f"only={function}", f"lie={lie}", timeout=20)
    counts = [line for line in said(result) if line.startswith(f"{function} 1 lies, ")]
    return result, bool(counts) and " 0 told," not in counts[0]


@functools.cache
def is_met(component, function):
    """Does the workload call it? Asked by a lie that harms nobody."""
    return told(component, function, f"{LIES['REENTER']}:0")[1]


def dies(component, function):
    if not is_met(component, function):
        raise Skip("nobody calls it after the start; see the test `from the start`")
    # Every way to die once for each component, in the first function that is met.
    every = function == next(f for f in component.functions if is_met(component, f))
    for number, (how, reason) in enumerate(DEATHS.items()):
        if how not in ("NULL", "EXIT") and not every:
            continue
        result, lives = told(component, function, f"{LIES['DIE']}:{number}")
        ends_well(component, result)
        check(not lives, f"{how}: it lives", result)
        if reason is not None:
            check_fault(result, component.cubicle(), reason)
            check(len(result.faults()) == 1, f"{how}: more than one report", result)
        else:
            check(not result.faults(), f"{how}: a report", result)


def around(component, function):
    believed_lines = []
    for name, value in (("AROUND", 16), ("AROUND", 0x10000 + 16), ("AROUND", 0x10000 + 4096),
                        ("LATE", 0)):
        lie = f"lie={LIES[name]}:{value}"
        result = run_system(component.system(), component.name, f"only={function}", lie, timeout=20)
        honest_lives(result, component.cubicle())
        believed_lines += [line for line in said(result) if "BELIEVED" in line]
    check(not believed_lines, "\n".join(believed_lines))


def complete():
    """Every interface has a provider here, and each function is met by somebody."""
    have = {i for c in COMPONENTS for i in c.interfaces} | UNMET | {"cubicle", "host", "hostfiles", "hostnet", "module"}
    all_ = {path.stem for path in TOP.glob("interfaces/*.h")}
    check(have == all_, f"no component of the test systems provides: {sorted(all_ - have)}")


def main():
    tests = Suite("liars")
    tests.add("every interface has its liars", complete)
    for name in ("scratch", "devfs"):
        tests.add(f"hostile consumer of all, file system {name}", consumer, name)
    for component in COMPONENTS:
        for function in component.functions:
            name = f"{component.name} {function}"
            tests.add(f"{name}: lies", provider, component, function)
            tests.add(f"{name}: from the start", first, component, function)
            tests.add(f"{name}: dies", dies, component, function)
            if function in component.results:
                tests.add(f"{name}: writes around", around, component, function)
    print(f"# LIARS_SEED={SEED}")
    if len(sys.argv) == 1:
        for component in sorted(COMPONENTS, key=lambda c: c.name not in LONGEST):
            BATCHES.begin(component)
    return tests.main()


if __name__ == "__main__":
    sys.exit(main())
