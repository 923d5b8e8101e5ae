"""One operation: calls with nothing and with ranges, windows, pages, files (bench/micro/micro.c)."""

import functools
import re

from matrix import configurations as c
from matrix.commands import CUBICLE, TOP, Failed, execute
from matrix.figures import spread
from matrix.plots import Plot
from matrix.results import Row, Sample
from matrix.table import compared
from matrix.turns import Part, Plan, Step

MANIFEST = TOP / "bench" / "micro" / "micro.yaml"
LINE = re.compile(r"^(\S+) ([\d.]+)$", re.MULTILINE)
WINDOWS = re.compile(r"^window-|-lend-")
BY_BYTES = {"in-16": 16, "in-256": 256, "in-4096": 4096, "in-16384": 16384, "in-65536": 65536,
            "in-262144": 262144, "in-524288": 524288}
QUICK = ["3", "5"]  # rounds inside the program, milliseconds of each
FULL = ["9", "50"]


def operations(argv):
    """{operation: nanoseconds}"""
    found = {name: float(value) for name, value in LINE.findall(execute(argv)[0])}
    if not found:
        raise Failed(f"{' '.join(map(str, argv))}: printed no times")
    return found


def measure(configuration, inner, _note):
    found = operations([CUBICLE, "run", MANIFEST, *configuration.options, "--", *inner])
    return [Sample(configuration.name, Row(name, "ns"), value) for name, value in found.items()
            if not (configuration is c.DIRECT and WINDOWS.search(name))]


def plan(settings):
    inner = QUICK if settings.quick else FULL
    steps = [Step(which.name, which.title, 1.5 if settings.quick else 8,
                  functools.partial(measure, which, inner)) for which in c.in_cubicles()]
    windows = "windows, and pages that are lent"
    absent = [("native", "all", "a Linux process has no cubicles to call"),
              ("direct", windows, "all modules are in one cubicle: nobody to lend to"),
              ("ipc", windows, "processes share no memory: cubicle_window_init() returns ENOSYS")]
    return Plan(steps, {"inner rounds": inner[0], "ms": inner[1]}, absent)


def summary(result):
    return compared(result, "null", "none", "a call with nothing")


def by_bytes(result):
    series = []
    for name in result.configurations():
        points = [(size, spread(values)) for row, size in BY_BYTES.items()
                  if (values := result.get(row, name))]
        series.append((name, points))
    return Plot("bytes", "A call with a range for the callee, by its length", "bytes", "ns", series,
                log_x=True, log_y=True)


def bars(result, name, title, rows):
    rows = [row for row in rows if row in result.rows]
    series = [(configuration, [(row, spread(values)) for row in rows
                               if (values := result.get(row, configuration))])
              for configuration in result.configurations()]
    return Plot(name, title, "", "ns", [s for s in series if s[1]], bars=True, log_y=True)


def plots(result):
    return [bars(result, "call", "Calls without ranges", ["null", "six-arguments", "monitor", "lseek"]),
            by_bytes(result),
            bars(result, "window", "Windows", ["window-open-close", "window-open-touch-close",
                                               "window-64-pages", "window-64-pages-one"])]


PART = Part("micro", "One operation: calls, calls by bytes, windows, pages, files",
            "bench/micro/micro.c: the smallest mean of its inner rounds, nanoseconds.",
            plan, summary, plots)
