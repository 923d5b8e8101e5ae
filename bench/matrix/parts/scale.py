"""Systems of 10 to 256 cubicles: a call, time to the first output, memory in use."""

import functools
import tempfile

from matrix import configurations as c
from matrix.commands import CUBICLE
from matrix.figures import spread
from matrix.parts.resident import Held
from matrix.plots import Plot
from matrix.results import Row, Sample
from matrix.turns import Part, Plan, Step
from scale import scale_manifest

COUNTS = [1, 2, 4, 8, 16, 32, 64, 128, 247]
QUICK = [1, 16, 64, 247]
AROUND = 9  # cubicles of the system around them
# All modules of 'direct' have the stack and data of one cubicle; processes beyond this number take half a minute.
MOST = {"direct": 8, "ipc": 16}
UNITS = {"call": "ns", "start": "ms", "memory": "KiB"}


def row(what, count):
    return Row(f"{what}, {count + AROUND} cubicles", UNITS[what])


def measure(configuration, count, _note):
    with tempfile.TemporaryDirectory() as folder:
        path = scale_manifest(folder, count)
        with Held([CUBICLE, "run", path, *configuration.options, "--", count]) as held:
            words, seconds = held.line().split(), held.seconds()
            memory = held.memory_kib()
            held.end("\n")
    return [Sample(configuration.name, row("call", count), float(words[1])),
            Sample(configuration.name, row("start", count), seconds * 1000),
            Sample(configuration.name, row("memory", count), memory)]


def plan(settings):
    counts = QUICK if settings.quick else COUNTS
    steps = [Step(which.name, f"{count + AROUND} cubicles, {which.title}", 0.1 + count * 0.002,
                  functools.partial(measure, which, count))
             for count in counts for which in c.in_cubicles()
             if count <= MOST.get(which.name, count)]
    absent = [
        ("native", "all", "a Linux process has no cubicles"),
        ("direct", f"more than {MOST['direct'] + AROUND} cubicles",
         "all modules share one cubicle, which has no room for more"),
        ("ipc", f"more than {MOST['ipc'] + AROUND} cubicles",
         "a process each on few processors: a call takes tenths of a millisecond"),
    ]
    return Plan(steps, {"cubicles": " ".join(str(n + AROUND) for n in counts)}, absent)


def points(result, what, configuration):
    """[(cubicles, Spread)]"""
    return [(n + AROUND, spread(values)) for n in COUNTS
            if (values := result.get(row(what, n).name, configuration))]


def summary(result):
    each = []
    for name in result.configurations():
        memory = points(result, "memory", name)
        if len(memory) > 1:
            (first, least), (last, most) = memory[0], memory[-1]
            each.append(f"{name} {(most.median - least.median) / (last - first):.0f} KiB")
    return [f"memory for each cubicle more: {', '.join(each)}"] if each else []


def plots(result):
    titles = {"call": "A call, each cubicle in turn", "start": "Start to the first output",
              "memory": "Memory in use"}
    return [Plot(what, title, "cubicles", UNITS[what],
                 [(name, points(result, what, name)) for name in result.configurations()],
                 log_x=True, log_y=True)
            for what, title in titles.items()]


PART = Part("scale", "Number of cubicles in one system",
            "Small cubicles are called in turn (bench/micro/many.c). Memory is what the processes have in use for "
            "themselves (PSS) and their page tables.", plan, summary, plots)
