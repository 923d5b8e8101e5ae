"""What `make demo` shows: SQLite with and without isolation, once. Prints a shorter table of its own."""

import functools

from matrix import configurations as c
from matrix.figures import ratios, spread
from matrix.parts import sqlite
from matrix.turns import Part, Plan, Step

SYSTEM = "speedtest1"
TITLES = {"direct": c.DIRECT.title, "sfi": "isolated, 8 cubicles"}


def plan(settings):
    steps = [Step(which.name, which.title, 4, functools.partial(sqlite.measure, SYSTEM, which, settings.size))
             for which in (c.DIRECT, c.SFI)]
    steps.append(sqlite.count_step(SYSTEM, settings.size))
    steps.append(sqlite.beside_step(SYSTEM, settings.size))
    return Plan(steps, {"size": settings.size})


def query_line(result, row):
    a, b = (result.median(row, name) for name in TITLES)
    number, title = row.split(" ", 1)
    return f"{number:>4s} {title[:39]:39s} {a:24.3f} s {b:20.3f} s {b / a if a else float('nan'):6.2f}"


def render(result):
    size = result.settings["size"]
    lines = [f"== SQLite's {SYSTEM} --size {size}, {len(result.get(sqlite.TOTAL_ROW, 'sfi'))} round(s)", "",
             f"{'query':44s} {TITLES['direct']:>26s} {TITLES['sfi']:>22s} {'ratio':>6s}"]
    lines += [query_line(result, row) for row in result.rows if row[0].isdigit()
              and all(result.get(row, name) for name in TITLES)]
    for name, title in TITLES.items():
        if total := result.median(sqlite.TOTAL_ROW, name):
            lines.append(f"{title:28s} {total:8.3f}s in all")
    if calls := result.get(sqlite.CALLS, "sfi"):
        lines.append(f"cross-cubicle calls: {calls[0]:,.0f}")
    if each := ratios(*(result.get(sqlite.BESIDE_ROW, name) for name in ("sfi", "direct"))):
        lines += ["", f"Isolation costs {spread(each).median:.2f} of the processor time "
                  "(both at once on one processor).",
                  "The times above are of one run each and move with the machine's load; `make bench` repeats them."]
    return "\n".join(lines)


PART = Part("demo", "SQLite with and without isolation, once", "", plan, table=render)
