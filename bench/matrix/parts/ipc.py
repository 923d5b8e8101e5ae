"""Processes and messages: SQLite by grouping, on all processors and on one; single operations; NGINX."""

import functools
import json
import os
import tempfile
from pathlib import Path

from matrix import configurations as c
from matrix.commands import CUBICLE, Failed, Missing, execute
from matrix.figures import spread
from matrix.parts import ipc_nginx, micro, sqlite
from matrix.results import Row, Sample
from matrix.table import compared
from matrix.turns import Part, Plan, Step

ONE = ", one CPU"
GROUPS = ("", "-4", "-3")  # of the manifest's name: 8 cubicles, 4, 3
SHOWN = ("direct", "sfi", "ipc", f"ipc{ONE}")
COUNTED_SIZE = 20  # of speedtest1: a trace has the calls of no more
CLOCK_MS = 0.5  # what takes less than a step of speedtest1's clock takes this
# Queries are heavy on the system where they make more calls between components for each millisecond of plain calls.
HEAVY_CALLS_PER_MS = (10, 200, 0)


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


# --- Calls of each query


def number_of(row):
    """The number of the query that @row is about; None: it is about something else."""
    number = row.split(" ", 1)[0]
    return int(number) if number.isdigit() else None


def calls_row(number):
    return f"calls in a ms of plain calls, query {number}"


def calls_of_queries(events, numbers):
    """{query: calls between cubicles} of a trace. The program says when a query begins: by a line on the console."""
    calls = sorted((e["ts"], e["name"]) for e in events if e["ph"] == "X" and e["args"]["caller"] != "monitor")
    lines = [i for i, (_, name) in enumerate(calls) if name == "plat_console_write"]
    lines = lines[-len(numbers) - 1:]  # the last is that with the total
    if len(lines) <= len(numbers):
        raise Failed("the trace does not have the calls of all queries")
    return {n: end - begin for n, begin, end in zip(sorted(numbers), lines, lines[1:])}


def count_calls(size, _note):
    """Of each query, for each millisecond that it takes with plain calls."""
    size = min(size, COUNTED_SIZE)
    plain = [sqlite.once("speedtest1", c.DIRECT, size) for _ in range(3)]
    times = {number_of(row): spread([each[row] for each in plain]).median * 1000 for row in plain[0] if number_of(row)}
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / "trace.json"
        execute([CUBICLE, "run", "speedtest1", *c.NONE.options, f"--trace={trace}", "--", "--size", size, "/test.db"])
        calls = calls_of_queries(json.loads(trace.read_text(encoding="utf-8"))["traceEvents"], times)
    return [Sample("direct", Row(calls_row(number), "1/ms"), calls[number] / max(times[number], CLOCK_MS))
            for number in times]


def counted_queries(result):
    """{row: calls in a millisecond} of the queries that all of SHOWN have."""
    found = {}
    for row in result.rows:
        calls = result.median(calls_row(number_of(row)), "direct") if number_of(row) else None
        if calls is not None and all(result.get(row, name) for name in SHOWN):
            found[row] = calls
    return found


def query_lines(result):
    queries = counted_queries(result)
    if not queries:
        return []
    lines = [f"{'query, ms':44s}{'calls/ms':>9s}" + "".join(f"{name:>14s}" for name in SHOWN) + f"{'ipc of sfi':>12s}"]
    for row, calls in queries.items():
        times = [result.median(row, name) * 1000 for name in SHOWN]
        ratio = f"{min(times[2:]) / times[1]:12.1f}" if times[1] > 0 else ""
        lines.append(f"{row[:43]:44s}{calls:9.1f}" + "".join(f"{time:14.0f}" for time in times) + ratio)
    return lines


def base_of(name):
    """`sfi` in the grouping of configuration @name."""
    return next((f"sfi{group}" for group in GROUPS if group and group in name), "sfi")


def sum_line(result, name, heavy):
    cells = ""
    for queries in heavy.values():
        mine, direct, sfi = (sum(result.median(row, of) or 0 for row in queries) for of in (name, "direct", base_of(name)))
        cells += f"{mine * 1000:16.0f}{mine / max(direct, 1e-9):10.2f}{mine / max(sfi, 1e-9):8.2f}"
    return f"{name:20s}{cells}"


def sum_lines(result):
    queries = counted_queries(result)
    if not queries:
        return []
    heavy = {limit: [row for row, calls in queries.items() if calls > limit] for limit in HEAVY_CALLS_PER_MS}
    names = [name for name in result.configurations() if all(result.get(row, name) for row in queries)]
    return ["", "sums of queries with more than so many calls in a millisecond of plain calls, and how many these are",
            f"{'':20s}" + "".join(f"{f'>{limit} ({len(rows)}), ms':>16s}{'of direct':>10s}{'of sfi':>8s}"
                                  for limit, rows in heavy.items()),
            *(sum_line(result, name, heavy) for name in names)]


# --- The part


def plan(settings):
    steps = [Step(name, name, 0.3 + 0.08 * settings.size,
                  functools.partial(measure, name, prefix, which, settings.size))
             for name, (prefix, which) in variants().items()]
    steps.append(Step("counted", "calls of each query", 3, functools.partial(count_calls, settings.size), once=True))
    inner = micro.QUICK if settings.quick else micro.FULL
    small = {"none": ([], c.NONE), "sfi": ([], c.SFI), "ipc": ([], c.IPC), f"ipc{ONE}": (on_one(), c.IPC)}
    steps += [Step(name, f"one operation, {name}", 8, functools.partial(measure_micro, name, *which, inner))
              for name, which in small.items()]
    absent = [("ipc", "windows, and pages that are lent", "processes share no memory"),
              ("the others", "one operation", "calls do not depend on the grouping")]
    try:
        steps += ipc_nginx.steps(GROUPS, ONE, settings.seconds)
    except Missing as missing:
        absent.append(("all", "NGINX", str(missing)))
    return Plan(steps, {"size": settings.size, "inner rounds": inner[0], "seconds each": settings.seconds}, absent)


def summary(result):
    totals = [line for base in ("direct", "sfi") for line in compared(result, sqlite.TOTAL_ROW, base)]
    return totals + query_lines(result) + sum_lines(result) + ipc_nginx.lines(result, base_of)


PART = Part("ipc", "Processes and messages, by grouping",
            "speedtest1, single operations and NGINX with a process for each cubicle.", plan, summary)
