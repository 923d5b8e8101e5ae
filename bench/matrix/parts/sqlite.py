"""SQLite's own benchmark, speedtest1: every query, the total, and both at once on one processor."""

import functools
import itertools
import json
import os
import re
import tempfile
from pathlib import Path

from beside import together
from matrix import configurations as c
from matrix.commands import CUBICLE, NATIVE, SHARED, Failed, execute
from matrix.figures import number, ratios, relative, spread
from matrix.plots import Plot
from matrix.results import Row, Sample
from matrix.table import compared
from matrix.turns import Part, Plan, Step

QUERY = re.compile(r"^ *(\d+) - (.*?)\.{2,} +([\d.]+)s$", re.MULTILINE)
TOTAL = re.compile(r"^ +TOTAL\.+ +([\d.]+)s$", re.MULTILINE)
TOTAL_ROW = "total"
BESIDE_ROW = "processor time, both at once"
CALLS = "cross-cubicle calls"
WORST = 8  # queries in the plot
STEP_S = 0.001  # of speedtest1's clock
SHORT_S = 0.005  # queries of a few steps have no ratio


def read_times(out):
    """({row: seconds}) of what speedtest1 prints."""
    rows = QUERY.findall(out)
    total = TOTAL.search(out)
    if not rows or not total:
        raise Failed(f"speedtest1 printed no times\n{out[-1000:]}")
    times = {f"{query} {title}": float(seconds) for query, title, seconds in rows}
    return {**times, TOTAL_ROW: float(total.group(1))}


def command(system, configuration, size):
    """How speedtest1 runs in cubicles."""
    return [CUBICLE, "run", system + configuration.suffix, *configuration.options, "--",
            "--size", size, "/test.db"]


def once(system, configuration, size):
    """One run: {row: seconds}."""
    if configuration.options is not None:
        return read_times(execute(command(system, configuration, size))[0])
    with tempfile.TemporaryDirectory(dir=SHARED) as folder:
        return read_times(execute([NATIVE / system, "--size", size, f"{folder}/test.db"])[0])


def measure(system, configuration, size, _note):
    return [Sample(configuration.name, Row(row, "s", step=STEP_S), seconds)
            for row, seconds in once(system, configuration, size).items()]


def both_at_once(system, size, processor):
    commands = [(command(system, which, size), {}) for which in (c.DIRECT, c.SFI)]
    return together(commands, processor)


def measure_beside(system, size, turn, _note):
    """Processor seconds of both, which share a processor, less those of a run of size 1. @turn: of the processors."""
    processors = sorted(os.sched_getaffinity(0))
    processor = processors[next(turn) % len(processors)]
    start = both_at_once(system, 1, processor)
    whole = both_at_once(system, size, processor)
    return [Sample(which.name, Row(BESIDE_ROW, "s"), whole[i] - start[i])
            for i, which in enumerate((c.DIRECT, c.SFI))]


def crossings(system, size, _note):
    """Cross-cubicle calls of one run, counted by the monitor."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stats.json"
        execute([CUBICLE, "run", system, "--isolation=sfi", f"--json={path}", "--stats", "--",
                 "--size", size, "/test.db"])
        stats = json.loads(path.read_text(encoding="utf-8"))
    calls = sum(edge.get("calls", 0) for edge in stats.get("edges", []))
    return [Sample(c.SFI.name, Row(CALLS, ""), calls)]


def count_step(system, size):
    """In the first round only: the number is the same in all."""
    return Step("counted", "calls are counted", 1 + size * 0.04,
                functools.partial(crossings, system, size), once=True)


def beside_step(system, size):
    return Step("both at once", "both at once on one processor", 1 + size * 0.09,
                functools.partial(measure_beside, system, size, itertools.count()))


def plan(system, settings):
    matrix = [c.NATIVE, *c.in_cubicles()]
    if system == "speedtest1" and not settings.quick:
        matrix += [*c.GROUPED, c.DIRECT, c.SFI]  # a second turn for the two that are compared most
    guess = {"native": 0.06, "ipc": 0.08}
    steps = [Step(which.name, which.title, 0.3 + settings.size * guess.get(which.name, 0.04),
                  functools.partial(measure, system, which, settings.size)) for which in matrix]
    steps += [beside_step(system, settings.size), count_step(system, settings.size)]
    return Plan(steps, {"size": settings.size})


def worst_queries(result, other=c.SFI.name, base=c.DIRECT.name):
    """[(ratio, row)], the largest first."""
    found = []
    for row in result.rows:
        a, b = result.median(row, base), result.median(row, other)
        if row not in (TOTAL_ROW, BESIDE_ROW, CALLS) and a and b is not None and a >= SHORT_S:
            found.append((b / a, row))
    return sorted(found, reverse=True)


def beside_line(result):
    direct, isolated = (result.get(BESIDE_ROW, which.name) for which in (c.DIRECT, c.SFI))
    each = ratios(isolated, direct)
    if not each:
        return []
    figures = spread(each)
    percent = relative(figures)
    return [f"both at once on one processor, processor time without the start: {number(spread(isolated).median)} s / "
            f"{number(spread(direct).median)} s, ratio of each round {figures.median:.3f} "
            f"(from {figures.least:.3f} to {figures.greatest:.3f}"
            + (")" if percent is None else f", quartiles {percent:.1f}% apart)")]


def summary(result):
    lines = [*compared(result, TOTAL_ROW, "direct"), *compared(result, TOTAL_ROW, "native")]
    if worst := worst_queries(result):
        lines.append(f"worst query, isolated of plain calls: {worst[0][0]:.2f}: {worst[0][1]}")
    return lines + beside_line(result)


def plots(result):
    names = result.configurations()
    totals = [(n, [(n, spread(v))]) for n in names if (v := result.get(TOTAL_ROW, n))]
    drawn = [Plot("total", "Total of all queries", "", "seconds", totals, bars=True)]
    shown = [n for n in ("none", "sfi", "sfi lazy", "ipc", "mpk") if n in names]
    rows = [row for _, row in worst_queries(result)[:WORST]]
    series = []
    for name in shown:
        points = [(row.split(" ", 1)[0], spread([v / base for v in result.get(row, name)]))
                  for row in rows if (base := result.median(row, "direct")) and result.get(row, name)]
        series.append((name, points))
    if rows:
        drawn.append(Plot("worst", "The queries with the largest ratios, by number",
                          "query", "time, of plain calls", series, bars=True, log_y=True))
    return drawn


TEXT = ("Upstream's speedtest1, database in ramfs; as a Linux process on a tmpfs. 'Both at once' has two systems share a "
        "processor, so that what disturbs one disturbs both: their ratio repeats best.")
PART = Part("sqlite", "SQLite's speedtest1", TEXT, functools.partial(plan, "speedtest1"), summary, plots)
PREAD = Part("pread", "SQLite's speedtest1, built with pread()", TEXT,
             functools.partial(plan, "speedtest1-pread"), summary, plots)
