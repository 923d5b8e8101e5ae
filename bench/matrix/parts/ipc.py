"""Processes and messages: SQLite by grouping, on all processors and on one."""

import functools
import os

from matrix import configurations as c
from matrix.commands import execute
from matrix.parts import micro, sqlite
from matrix.results import Row, Sample
from matrix.table import compared
from matrix.turns import Part, Plan, Step

ONE = ", one CPU"
GROUPS = ("", "-4", "-3")  # of the manifest's name: 8 cubicles, 4, 3


def on_one():
    """The command that keeps another on a single processor."""
    return ["taskset", "-c", str(max(os.sched_getaffinity(0)))]


def variants():
    """{name: (prefix of the command, configuration)}"""
    found = {"direct": ([], c.DIRECT)}
    for base in (c.SFI, c.IPC):
        for group in GROUPS:
            found[base.name + group] = ([], base._replace(suffix=group))
    for group in GROUPS:
        found[f"ipc{group}{ONE}"] = (on_one(), c.IPC._replace(suffix=group))
    return found


def measure(name, prefix, configuration, size, _note):
    out, _ = execute([*prefix, *sqlite.command("speedtest1", configuration, size)])
    return [Sample(name, Row(row, "s", step=sqlite.STEP_S), value) for row, value in sqlite.read_times(out).items()]


def measure_micro(name, prefix, configuration, inner, _note):
    found = micro.operations([*prefix, micro.CUBICLE, "run", micro.MANIFEST, *configuration.options,
                              "--", *inner])
    return [Sample(name, Row(f"one operation: {row}", "ns"), value) for row, value in found.items()]


def plan(settings):
    steps = [Step(name, name, 0.3 + 0.08 * settings.size,
                  functools.partial(measure, name, prefix, which, settings.size))
             for name, (prefix, which) in variants().items()]
    inner = micro.QUICK if settings.quick else micro.FULL
    small = {"none": ([], c.NONE), "sfi": ([], c.SFI), "ipc": ([], c.IPC), f"ipc{ONE}": (on_one(), c.IPC)}
    steps += [Step(name, f"one operation, {name}", 8, functools.partial(measure_micro, name, *which, inner))
              for name, which in small.items()]
    absent = [("ipc", "windows, and pages that are lent", "processes share no memory"),
              ("the others", "one operation", "calls do not depend on the grouping")]
    return Plan(steps, {"size": settings.size, "inner rounds": inner[0]}, absent)


def summary(result):
    return [line for base in ("direct", "sfi") for line in compared(result, sqlite.TOTAL_ROW, base)]


PART = Part("ipc", "Processes and messages, by grouping",
            "speedtest1 and single operations with a process for each cubicle.", plan, summary)
