"""From start to end of small programs."""

import functools

from matrix import configurations as c
from matrix.commands import CUBICLE, NATIVE, execute
from matrix.figures import spread
from matrix.plots import Plot
from matrix.results import Row, Sample
from matrix.table import compared
from matrix.turns import Part, Plan, Step

AGAIN = 4  # runs in each round: they are short
PROGRAMS = {"hello": ["hello"], "sqlite": ["sqlite", "--", ":memory:", "SELECT 1"]}


def argv(program, configuration):
    if configuration is c.NATIVE:
        return [NATIVE / "sqlite3", ":memory:", "SELECT 1"]
    system, *arguments = PROGRAMS[program]
    return [CUBICLE, "run", system, *configuration.options, *arguments]


def measure(program, configuration, _note):
    row = Row(program, "ms")
    return [Sample(configuration.name, row, execute(argv(program, configuration))[1] * 1000)
            for _ in range(AGAIN)]


def plan(_settings):
    steps = [Step(which.name, f"{program}, {which.title}", AGAIN * 0.05,
                  functools.partial(measure, program, which))
             for program in PROGRAMS for which in (c.NATIVE, *c.in_cubicles())
             if which is not c.NATIVE or program == "sqlite"]
    return Plan(steps, {}, [("native", "hello", "is not built as a Linux process")])


def summary(result):
    return [line for row in PROGRAMS for line in compared(result, row, "none")] + [
        f"the shortest of {row}: " + ", ".join(
            f"{name} {min(values):.1f} ms" for name in result.configurations()
            if (values := result.get(row, name))) for row in PROGRAMS]


def plots(result):
    series = [(name, [(row, spread(values)) for row in PROGRAMS if (values := result.get(row, name))])
              for name in result.configurations()]
    return [Plot("start", "Start to end", "", "ms", series, bars=True)]


PART = Part("start", "Start to end",
            "A whole 'cubicle run hello', and 'sqlite' with 'SELECT 1', the verification of every module included.",
            plan, summary, plots)
