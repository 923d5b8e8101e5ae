"""bench/run with parts that measure nothing: what happens around measurements, without their time.

FACTOR in the environment: by which the project is slower; NATIVE_FACTOR: the machine.
"""

import functools
import importlib.machinery
import importlib.util
import itertools
import os
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(TOP / "bench"))
loader = importlib.machinery.SourceFileLoader("bench_run", str(TOP / "bench" / "run"))
run = importlib.util.module_from_spec(importlib.util.spec_from_loader("bench_run", loader))
loader.exec_module(run)

from matrix import parts  # noqa: E402
from matrix.commands import Failed, Missing  # noqa: E402
from matrix.figures import spread  # noqa: E402
from matrix.plots import Plot  # noqa: E402
from matrix.results import Row, Sample  # noqa: E402
from matrix.turns import Part, Plan, Step  # noqa: E402

HOSTILE = """a <b> & "c" it's ]]> {d} \\n $e \x1b[1m"""
NOISE = (1.0, 1.004, 0.997, 1.002, 0.999)
CONFIGURATIONS = ("native", "direct", "sfi", HOSTILE)
counter, calls = itertools.count(), itertools.count()


def steady(name, note):
    note(HOSTILE)
    factor = float(os.environ.get("NATIVE_FACTOR" if name == "native" else "FACTOR", "1"))
    noise = NOISE[next(counter) // len(CONFIGURATIONS) % len(NOISE)]
    return [Sample(name, Row(HOSTILE, "s"), 2 * factor * noise),
            Sample(name, Row("requests", "1/s", "more"), 100 / factor * noise)]


def interrupted(name, note):
    if next(calls) >= 2 * len(CONFIGURATIONS) + 1:
        raise KeyboardInterrupt
    return steady(name, note)


def failing(name, note):
    if name == "sfi":
        raise Failed(f"status 139\n{HOSTILE}")
    return steady(name, note)


def plan(measure, settings):
    steps = [Step(name, name, 1, functools.partial(measure, name)) for name in CONFIGURATIONS]
    return Plan(steps, {"size": settings.size}, [("ipc", "all", HOSTILE)])


def plan_missing(_settings):
    raise Missing("it needs a unicorn: install one")


def plots(result):
    series = [(name, [(row, spread(result.get(row, name))) for row in result.rows])
              for name in result.configurations()]
    lines = [(name, [(x, points[0][1]) for x in (1, 10)]) for name, points in series]
    return [Plot("bars", HOSTILE, HOSTILE, HOSTILE, series, bars=True),
            Plot("lines", HOSTILE, HOSTILE, HOSTILE, lines, log_x=True, log_y=True)]


def part(name, measure):
    return Part(name, HOSTILE, HOSTILE, functools.partial(plan, measure), lambda _: [HOSTILE], plots)


parts.ALL = {name: part(name, measure) for name, measure in
             (("steady", steady), ("interrupted", interrupted), ("failing", failing))}
parts.ALL["missing"] = Part("missing", "what is missing", "", plan_missing)
parts.MATRIX = ["steady", "missing"]

if __name__ == "__main__":
    sys.exit(run.main())
