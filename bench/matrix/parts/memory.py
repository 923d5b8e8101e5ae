"""Memory in use by SQLite with some data, and what large blocks cost (bench/memory/memory.c)."""

import functools
import re
import subprocess

from matrix import configurations as c
from matrix.commands import CUBICLE, NATIVE, TOP, Failed, execute
from matrix.figures import spread
from matrix.parts.resident import Held
from matrix.plots import Plot
from matrix.results import Row, Sample
from matrix.table import compared
from matrix.turns import Part, Plan, Step

BLOCKS = TOP / "bench" / "memory"
PROGRAM = NATIVE / "memory"
LINE = re.compile(r"^(\S+) (\d+)$", re.MULTILINE)
REMAPPED = "native, mmap"  # glibc then maps and unmaps each large block
TUNABLES = "GLIBC_TUNABLES=glibc.malloc.mmap_threshold=131072"
EMPTY, ROWS = "SQLite, nothing stored", "SQLite, 100,000 rows in memory"
FILL = ("CREATE TABLE t(a, b); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000) "
        "INSERT INTO t SELECT i, printf('row %09d', i) FROM n;\n")
READY = "SELECT 'ready';\n"


def shell(configuration):
    if configuration is c.NATIVE:
        return [NATIVE / "sqlite3", ":memory:"]
    return [CUBICLE, "run", "sqlite", *configuration.options, "--", ":memory:"]


def ready(held, orders):
    """Memory when @orders are done."""
    held.say(orders + READY)
    answer = held.line()
    if answer.strip() != "ready":
        raise Failed(f"{' '.join(held.argv)}: {answer.strip()}")
    return held.memory_kib()


def measure_use(configuration, _note):
    with Held(shell(configuration), stderr=subprocess.STDOUT) as held:
        empty = ready(held, ".output stderr\n")  # where nothing is buffered
        rows = ready(held, FILL)
        held.end("")
    return [Sample(configuration.name, Row(EMPTY, "KiB"), empty),
            Sample(configuration.name, Row(ROWS, "KiB"), rows)]


def blocks_command(configuration):
    if configuration in (c.NATIVE.name, REMAPPED):
        if not PROGRAM.exists():
            NATIVE.mkdir(parents=True, exist_ok=True)
            execute(["gcc", "-O2", "-o", PROGRAM, BLOCKS / "memory.c"])
        return [PROGRAM] if configuration == c.NATIVE.name else ["env", TUNABLES, PROGRAM]
    return [CUBICLE, "run", BLOCKS / "memory.yaml", *c.ALL[configuration].options]


def measure_blocks(configuration, _note):
    found = LINE.findall(execute(blocks_command(configuration))[0])
    if not found:
        raise Failed("bench/memory/memory.c printed no times")
    return [Sample(configuration, Row(f"large blocks: {name}", "ms"), int(value) / 1000)
            for name, value in found]


def plan(_settings):
    matrix = [c.NATIVE, *c.in_cubicles()]
    steps = [Step(which.name, f"in use, {which.title}", 0.5, functools.partial(measure_use, which))
             for which in matrix]
    steps += [Step(name, f"large blocks, {c.title(name)}", 1, functools.partial(measure_blocks, name))
              for name in [c.NATIVE.name, REMAPPED, *(which.name for which in matrix[1:])]]
    return Plan(steps, {}, [(REMAPPED, "SQLite", f"large blocks only: {TUNABLES}")])


def summary(result):
    return [line for row in (EMPTY, ROWS) for line in compared(result, row, "native")]


def bars(result, name, title, rows, unit, log_y):
    series = [(configuration, [(row.split(": ")[-1], spread(values)) for row in rows
                               if (values := result.get(row, configuration))])
              for configuration in result.configurations()]
    return Plot(name, title, "", unit, [s for s in series if s[1]], bars=True, log_y=log_y)


def plots(result):
    blocks = [row for row in result.rows if row not in (EMPTY, ROWS)]
    return [bars(result, "memory", "Memory in use", [EMPTY, ROWS], "KiB", False),
            bars(result, "blocks", "Large blocks", blocks, "ms", True)]


PART = Part("memory", "Memory",
            "SQLite's shell with a database in memory: what its processes have in use for themselves (PSS) and their page "
            "tables. Large blocks that grow, come and go: bench/memory/memory.c.", plan, summary, plots)
