#!/usr/bin/env python3
"""Conformance: the same checks of windows, calls, memory and death on every backend.

    tests/conformance/run.py [WORD...]     only tests whose name contains a word
"""

import json
import re
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from harness import (  # noqa: E402
    BUILD,
    CUBICLE,
    EXIT_FAULT,
    HAS_LOW_VIEW,
    ISOLATIONS,
    SLOW,
    SYSTEMS,
    VIEW_SWITCH,
    Suite,
    check,
    check_fault,
    execute,
    low,
    mode,
    run_system,
    temporary_directory,
)

# Where cubicles are processes nothing is lent: what is about windows does not run.
LENDING = ["windows", "delegation", "hot"]
SUITES = ["windows", "delegation", "calls", "ranges", "demand", "registers", "memory", "hot"]
# How the peer dies, what the report says.
DEATHS = [
    ("null", "null"),
    ("illegal", "illegal"),
    ("divide", "divide"),
    ("stack", "guard"),
    ("abort", "abort"),
]

INTERRUPT = BUILD / "host/tests/conformance/interrupt"
CRASH = BUILD / "host/tests/conformance/crash"
LOSE = BUILD / "host/tests/conformance/lose"
DENSE = str(int(2000000 / SLOW))  # rounds in a storm
# Addresses that it interrupts, by what lies there.
LEAST = {"stubs": 80, "bodies": 2000, "cubicles": 200, "monitor": 300, "way back": 12,
         "bans": 20}


def suite(name, isolation, options=(), system=SYSTEMS / "conformance.yaml"):
    result = run_system(system, name, isolation=isolation, options=options)
    failed = re.findall(r"^not ok.*(?:\n#.*)?", result.out, re.MULTILINE)
    check(not failed, "\n".join(failed), None)
    check(result.status == 0, "the driver failed", result)
    check(re.search(r"^1\.\.\d+$", result.out, re.MULTILINE), "no plan", result)


def counters(name, isolation):
    """{cubicle: what --json says of it} of a suite."""
    with temporary_directory() as folder:
        path = Path(folder) / "stats.json"
        result = run_system(SYSTEMS / "conformance.yaml", name, isolation=isolation,
                            options=["--stats", f"--json={path}"])
        check(result.status == 0, "the driver failed", result)
        return {c["name"]: c for c in json.loads(path.read_text())["cubicles"]}


def windows_cost(isolation):
    """Not every page of a window traps: test_many_pages() alone touches 280."""
    have = counters("windows", isolation)["peer"]["traps"]
    check(0 < have < 80, f"{have} traps, expected fewer than 80")


def hot_costs(isolation):
    """A window that both sides use again and again costs no change of keys each time."""
    stats = counters("hot", isolation)
    for name, most in (("driver", 300), ("peer", 50)):
        have = stats[name]["traps"] + stats[name]["retags"]
        check(have < most, f"{name}: {have} traps and changes of keys, expected fewer than {most}")


def death(how, reason, isolation):
    result = run_system(SYSTEMS / "conformance.yaml", "death", how, isolation=isolation)
    check(result.status == 0, "the driver failed", result)
    check("not ok" not in result.out, "a check failed", result)
    check_fault(result, "peer", reason)
    check(len(result.faults()) == 1, "it was reported dead more than once", result)


def death_deeper(isolation):
    result = run_system(SYSTEMS / "conformance.yaml", "death", "third", isolation=isolation)
    check(result.status == 0 and "not ok" not in result.out, "a check failed", result)
    check_fault(result, "third", "illegal")
    check(len(result.faults()) == 1, "it was reported dead more than once", result)


def death_exit(isolation):
    result = run_system(SYSTEMS / "conformance.yaml", "death", "exit", isolation=isolation)
    check(result.status == 0 and "not ok" not in result.out, "a check failed", result)
    check(not result.faults(), "an exit is not a fault", result)


RESTARTS = 100
CRASHES = "100"


def restarting(folder):
    """The system, in @folder, with a peer that begins anew."""
    system = Path(folder) / "restart.yaml"
    text = (SYSTEMS / "conformance.yaml").read_text()
    system.write_text(text.replace("[test-peer]\n    on_fault: fail-call",
                                   "[test-peer]\n    on_fault: restart"))
    return system


def survive(isolation):
    """The peer crashes at random instructions, and the driver goes on."""
    with temporary_directory() as folder:
        result = execute([CRASH, "test-peer", CRASHES, "1", CUBICLE, "run", "--perf-map",
                          restarting(folder), *mode(isolation), "--", "survive"])
        check(result.status == 0 and "not ok" not in result.out, "a check failed", result)
        check(result.err.count("policy restart: ") > int(CRASHES), "a crash without a report", result)


def restart(isolation):
    """The peer begins anew after each death; what that takes does not add up."""
    with temporary_directory() as folder:
        system = restarting(folder)
        peak = []
        for times in (10, RESTARTS):
            path = Path(folder) / "stats.json"
            result = run_system(system, "restart", str(times), isolation=isolation,
                                options=["--stats", f"--json={path}"])
            check(result.status == 0 and "not ok" not in result.out, "a check failed", result)
            peer = {c["name"]: c for c in json.loads(path.read_text())["cubicles"]}["peer"]
            check(peer["restarts"] >= times + 8, f"{peer['restarts']} restarts", result)
            peak.append(peer["peak_pages"])
        check(peak[1] <= peak[0] + 100, f"the peer has come to {peak[1]} pages", result)


def restart_of_allocator(isolation):
    """It would not know what it has given to others."""
    with temporary_directory() as folder:
        system = Path(folder) / "restart.yaml"
        text = (SYSTEMS / "conformance.yaml").read_text()
        system.write_text(text.replace("modules: [alloc]\n",
                                       "modules: [alloc]\n    on_fault: restart\n"))
        result = run_system(system, "calls", isolation=isolation)
        check(result.status != 0 and "an allocator cannot begin anew" in result.err,
              "not refused", result)


def abort_policy(how, reason, isolation):
    result = run_system(
        SYSTEMS / "conformance-abort.yaml", "death", how, isolation=isolation
    )
    check(result.status == EXIT_FAULT, "the exit status is not that of a fault", result)
    check_fault(result, "peer", reason)
    check("# have" not in result.out, "the driver went on", result)


def interrupted(isolation):
    """A signal may arrive at every instruction of a switch; see interrupt.c."""
    command = [CUBICLE, "run", SYSTEMS / "conformance-ticks.yaml", *mode(isolation), "--",
               "switches"]
    alone = execute(command)
    check(alone.status == 0 and alone.out.endswith("\n1..2\n"), "the driver failed", alone)
    result = execute([INTERRUPT, *command])
    check((result.out, result.status, result.faults()) ==
          (alone.out, alone.status, alone.faults()), "signals changed something", result)
    line = re.search(r"^interrupt: .*", result.err, re.MULTILINE)
    check(line, "no counts", result)
    counts = {kind: int(n) for kind, n in re.findall(r"(\w[\w ]*) (\d+),", line.group())}
    for kind, least in LEAST.items():
        if kind not in ("way back", "bans") or isolation == "mpk":
            check(counts[kind] >= least, f"{kind}: fewer than {least}", result)


def lost(how, arguments, losses, system=SYSTEMS / "conformance-ticks.yaml"):
    """GS is the park before every instruction, or at any moment: nothing changes by that."""
    command = [CUBICLE, "run", system, *mode("sfi"), "--", *arguments]
    alone = execute(command)
    check(alone.status == 0 and "not ok" not in alone.out, "the driver failed", alone)
    result = execute([LOSE, how, *command])
    check((result.out, result.status, result.faults()) ==
          (alone.out, alone.status, alone.faults()), "losing GS changed something", result)
    counts = re.search(r"^lose: (\d+) losses, (\d+) heals, (\d+) checks", result.err, re.M)
    check(counts, "no counts", result)
    check(int(counts.group(3)) > 100, "too few checks", result)
    if VIEW_SWITCH == "parked":
        check(int(counts.group(1)) >= losses and int(counts.group(2)) >= losses / 10,
              f"fewer than {losses} losses, or a tenth of them mended", result)


def waits():
    """A program may wait as often, and as briefly, as it likes: GS6 does not take that for a tracer."""
    command = [CUBICLE, "run", SYSTEMS / "conformance-ticks.yaml", *mode("sfi"), "--", "waits", "1500"]
    result = execute([LOSE, "waits", *command])
    check(result.status == 0 and result.out.endswith("\n1..1\n"), "it did not go on", result)
    counts = re.search(r"^lose: (\d+) losses,", result.err, re.M)
    check(counts, "no counts", result)
    check(int(counts.group(1)) >= 1500 or VIEW_SWITCH != "parked", "too few losses", result)


def chosen():
    """The fastest way that this machine offers."""
    offers = execute([CUBICLE, "check"])
    words = {line.split()[0]: line.split()[1] for line in offers.out.splitlines()
             if len(line.split()) > 1}
    way = ("kernel" if words["FSGSBASE"] == "yes" else
           "parked" if words["wrgsbase"] == "yes" else "syscall")
    flags = Path("/proc/cpuinfo").read_text()
    check(("fsgsbase" in flags) == (way == "kernel"), f"FSGSBASE: {words['FSGSBASE']}", offers)
    check(f"--view-switch={way})" in offers.out, "another one is announced", offers)
    result = execute([CUBICLE, "run", "hello", "--stats"])
    check(f"rights switched by {way}" in result.err, f"it is not {way}", result)


def stuck():
    """A tracer that stops it at each return from a signal: a message, not a livelock."""
    result = execute([LOSE, "return", CUBICLE, "run", SYSTEMS / "conformance-ticks.yaml",
                      *mode("sfi"), "--", "dense", "1000000"])
    check(result.status == EXIT_FAULT, "wrong exit status", result)
    check("start it under the tracer instead, or with --view-switch=syscall" in result.err,
          "no message that helps", result)


def main():
    tests = Suite("conformance")
    for isolation in ISOLATIONS:
        for name in SUITES:
            if isolation != "ipc" or name not in LENDING:
                tests.add(f"{isolation}: {name}", suite, name, isolation)
        if isolation == "ipc":
            tests.add("ipc: no windows", suite, "no-windows", isolation)
        if isolation != "mpk":  # see monitor/backend/mpk/notes.md
            tests.add(f"{isolation}: control-words", suite, "control-words", isolation)
        if isolation not in ("mpk", "ipc"):  # the tracer follows one process
            tests.add(f"{isolation}: crashes at random instructions", survive, isolation)
        if isolation == "sfi":
            tests.add("sfi: windows cost few traps", windows_cost, isolation)
        if isolation == "mpk":
            tests.add("mpk: hot windows cost little", hot_costs, isolation)
        if isolation not in ("none", "ipc"):
            tests.add(f"{isolation}: foreign", suite, "foreign", isolation)
            tests.add(f"{isolation}: demand-foreign", suite, "demand-foreign", isolation)
        for how, reason in DEATHS:
            tests.add(f"{isolation}: death by {how}", death, how, reason, isolation)
            tests.add(f"{isolation}: abort by {how}", abort_policy, how, reason, isolation)
        tests.add(f"{isolation}: death deeper down", death_deeper, isolation)
        tests.add(f"{isolation}: policy restart", restart, isolation)
        tests.add(f"{isolation}: policy restart of the allocator", restart_of_allocator, isolation)
        tests.add(f"{isolation}: exit of a callee", death_exit, isolation)
        if isolation != "ipc":
            tests.add(f"{isolation}: a signal at every instruction", interrupted, isolation)
        if isolation == "sfi":
            tests.add("sfi: the way to switch views that is chosen", chosen)
            tests.add("sfi: the base of GS is lost at every instruction, calls", lost, "every",
                      ["switches"], 250)
            tests.add("sfi: the base of GS is lost at every instruction, strings and stacks",
                      lost, "every", ["dense", "5"], 3000)
            tests.add("sfi: the base of GS is lost at each wait", waits)
            tests.add("sfi: the base of GS is lost in a storm", lost, "storm",
                      ["dense", DENSE], 300)
        if isolation == "sfi" and HAS_LOW_VIEW:
            for name in SUITES:
                tests.add(f"sfi: {name}, low view", suite, name, "sfi",
                          system=low(SYSTEMS / "conformance.yaml"))
            tests.add("sfi: the base of GS is lost at every instruction, low view", lost, "every",
                      ["switches"], 250, low(SYSTEMS / "conformance-ticks.yaml"))
            tests.add("sfi: the base of GS is lost in a storm, low view", lost, "storm",
                      ["dense", DENSE], 300, low(SYSTEMS / "conformance-ticks.yaml"))
        if isolation == "sfi" and VIEW_SWITCH == "parked":
            tests.add("sfi: the base of GS is lost at each return from a signal", stuck)
        if isolation not in ("none", "ipc"):
            tests.add(f"{isolation}: windows, lazy revocation", suite, "windows", isolation,
                      ["--revoke=lazy"])
    return tests.main()


if __name__ == "__main__":
    sys.exit(main())
