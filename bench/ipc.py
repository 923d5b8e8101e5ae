"""SQLite with its components as processes (--isolation=ipc), next to isolation in one process and to none."""

import os
import statistics

# NAME: (manifest suffix, options, on one processor). In turn, in this order.
CONFIGURATIONS = {
    "direct": ("", ["--isolation=none", "--link=direct"], False),
    "sfi": ("", ["--isolation=sfi"], False),
    "sfi-4": ("-4", ["--isolation=sfi"], False),
    "sfi-3": ("-3", ["--isolation=sfi"], False),
    "ipc": ("", ["--isolation=ipc"], False),
    "ipc-4": ("-4", ["--isolation=ipc"], False),
    "ipc-3": ("-3", ["--isolation=ipc"], False),
    "ipc, one CPU": ("", ["--isolation=ipc"], True),
    "ipc-4, one CPU": ("-4", ["--isolation=ipc"], True),
    "ipc-3, one CPU": ("-3", ["--isolation=ipc"], True),
}
MICRO = ["none", "sfi", "ipc", "ipc, one CPU"]


def prefix(one_processor):
    """The command that keeps another on a single processor."""
    return ["taskset", "-c", str(max(os.sched_getaffinity(0)))] if one_processor else []


def commands(cubicle, name, size):
    """{configuration: what to run}"""
    return {
        title: [*prefix(one), cubicle, "run", name + suffix, *options, "--", "--size", size,
                "/test.db"]
        for title, (suffix, options, one) in CONFIGURATIONS.items()
    }


def micro_commands(cubicle, manifest):
    """The same for the micro-benchmarks."""
    return {
        title: [*prefix("one" in title), cubicle, "run", manifest,
                f"--isolation={title.split(',')[0]}"]
        for title in MICRO
    }


def print_totals(totals):
    """@totals: {configuration: [seconds]}"""
    middle = {c: statistics.median(values) for c, values in totals.items()}
    print(f"\n{'total':18s}{'median':>10s}{'min':>9s}{'max':>9s}{'of direct':>11s}{'of sfi':>9s}")
    for title, values in totals.items():
        group = "sfi" + title.split(",")[0][3:] if title != "direct" else "sfi"
        print(f"{title:18s}{middle[title]:9.3f}s{min(values):8.3f}s{max(values):8.3f}s"
              f"{middle[title] / middle['direct']:11.2f}{middle[title] / middle[group]:9.2f}")


def print_queries(queries, titles):
    """@queries: {configuration: {number: [seconds]}}"""
    shown = ["direct", "sfi", "ipc", "ipc, one CPU"]
    print(f"\n{'query, milliseconds':44s}" + "".join(f"{c:>14s}" for c in shown)
          + f"{'ipc of sfi':>12s}")
    for number, title in sorted(titles.items()):
        values = [statistics.median(queries[c][number]) * 1000 for c in shown]
        ratio = f"{min(values[2:]) / values[1]:12.1f}" if values[1] > 0 else ""
        print(f"{number:4d} {title[:38]:39s}" + "".join(f"{v:14.0f}" for v in values) + ratio)
