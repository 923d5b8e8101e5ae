#!/usr/bin/env python3
"""What messages between processes cost where it counts: SQLite's queries that call others most, and NGINX.

    bench/messages.py sqlite [--rounds 5] [--size 20]
    bench/messages.py nginx [--rounds 3] [--seconds 3]       needs root, as bench/run --only nginx does

The isolated system (sfi), the same as processes on all processors and on one, and plain calls (direct), in turn; each
grouped into many cubicles, four and three.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "support"))
import nginx as server  # noqa: E402  # pylint: disable=wrong-import-position

TOP = Path(__file__).resolve().parent.parent
CUBICLE = TOP / "build" / "bin" / "cubicle"
QUERY = re.compile(r"^ *(\d+) - (.*?)\.* +([\d.]+)s$", re.MULTILINE)
# Queries are heavy on the system where they make more calls between components for each millisecond of plain calls.
HEAVY_CALLS_PER_MS = (10, 200)
GROUPS = {"8": "", "4": "-4", "3": "-3"}
DIRECT = ["--isolation=none", "--link=direct"]
ONE = ", one CPU"


def execute(argv):
    done = subprocess.run([str(a) for a in argv], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, argv))}: status {done.returncode}\n{done.stderr[-1000:]}")
    return done.stdout


def speedtest(size, suffix, *options, prefix=()):
    """{query: seconds}"""
    out = execute([*prefix, CUBICLE, "run", f"speedtest1{suffix}", *options, "--", "--size", size, "/test.db"])
    return {int(number): float(value) for number, _, value in QUERY.findall(out)}


def titles(size):
    out = execute([CUBICLE, "run", "speedtest1", *DIRECT, "--", "--size", size, "/test.db"])
    return {int(number): title for number, title, _ in QUERY.findall(out)}


def calls_of_queries(size, numbers):
    """{query: calls between cubicles}. The program says when a query begins: by a line on the console."""
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / "trace.json"
        execute([CUBICLE, "run", "speedtest1", "--isolation=none", f"--trace={trace}", "--", "--size", size,
                 "/test.db"])
        events = json.loads(trace.read_text())["traceEvents"]
    calls = sorted((e["ts"], e["name"]) for e in events if e["ph"] == "X" and e["args"]["caller"] != "monitor")
    lines = [i for i, (_, name) in enumerate(calls) if name == "plat_console_write"]
    lines = lines[-len(numbers) - 1:]  # the last is that with the total
    if len(lines) <= len(numbers):
        sys.exit("the trace does not have all calls: take a smaller --size")
    return {n: end - begin for n, begin, end in zip(sorted(numbers), lines, lines[1:])}


def on_one():
    return ["taskset", "-c", str(max(os.sched_getaffinity(0)))]


def turns(rounds, runs):
    """Each of @runs, {name: function}, in each round: {name: [result]}"""
    found = {name: [] for name in runs}
    for number in range(rounds):
        for name, run in runs.items():
            print(f"\rround {number + 1}/{rounds}: {name:30s}", end="", file=sys.stderr, flush=True)
            found[name].append(run())
    print("\r" + " " * 60 + "\r", end="", file=sys.stderr)
    return found


def sqlite_runs(size):
    runs = {"direct": lambda: speedtest(size, "", *DIRECT)}
    for group, suffix in GROUPS.items():
        for name, option, prefix in (("sfi", "sfi", ()), ("ipc", "ipc", ()), ("ipc" + ONE, "ipc", on_one())):
            runs[f"{name}, {group}"] = (lambda suffix=suffix, option=option, prefix=prefix: speedtest(
                size, suffix, f"--isolation={option}", prefix=prefix))
    return runs


def medians(results):
    """{query: seconds} of [{query: seconds}]"""
    return {n: statistics.median(r[n] for r in results) for n in results[0]}


def print_queries(times, names, calls):
    shown = ["direct", "sfi, 8", "ipc, 8", f"ipc{ONE}, 8"]
    print(f"{'query, ms':44s}{'calls/ms':>9s}" + "".join(f"{c:>16s}" for c in shown) + f"{'ipc of sfi':>12s}")
    for n in sorted(names):
        values = [times[c][n] * 1000 for c in shown]
        ratio = f"{min(values[2:]) / values[1]:12.1f}" if values[1] > 0 else ""
        print(f"{n:4d} {names[n][:38]:39s}{calls[n] / max(values[0], 0.5):9.1f}"
              + "".join(f"{v:16.0f}" for v in values) + ratio)


def print_sums(times, calls):
    heavy = {limit: {n for n in calls if calls[n] > limit * max(times["direct"][n] * 1000, 0.5)}
             for limit in (*HEAVY_CALLS_PER_MS, 0)}
    print("\nsums of queries with so many calls for each millisecond of plain calls, and how many these are")
    print(f"{'':20s}" + "".join(f"{f'>{limit} ({len(queries)}), ms':>16s}{'of direct':>10s}{'of sfi':>8s}"
                                 for limit, queries in heavy.items()))
    for name in times:
        base = "sfi, " + name[-1] if name != "direct" else "sfi, 8"
        cells = ""
        for queries in heavy.values():
            mine, direct, sfi = (sum(times[c][n] for n in queries) for c in (name, "direct", base))
            cells += f"{mine * 1000:16.0f}{mine / max(direct, 1e-9):10.2f}{mine / max(sfi, 1e-9):8.2f}"
        print(f"{name:20s}{cells}")


def part_sqlite(arguments):
    names = titles(arguments.size)
    calls = calls_of_queries(arguments.size, names)
    times = {c: medians(each) for c, each in turns(arguments.rounds, sqlite_runs(arguments.size)).items()}
    print_queries(times, names, calls)
    print_sums(times, calls)


def serve(network, folder, system, options, processors, client, seconds):
    """{size: a result of request()}"""
    with server.cubicle_server(network, folder, processors, options, system) as pid:
        server.await_server(network, pid)
        return {size: server.request(network, client, size, server.MODES["keep-alive"], seconds, pid)
                for size in ("1K", "100K")}


def part_nginx(arguments):
    server.requirements()
    allowed = sorted(os.sched_getaffinity(0))
    first, every = str(allowed[0]), ",".join(map(str, allowed))
    with server.Network() as network, tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        server.make_root(folder)

        def run(system, options, processors):
            return lambda: serve(network, folder, system, options, processors, allowed[-1], arguments.seconds)

        runs = {"direct": run("nginx-processes", DIRECT, first)}
        for group, suffix in {"9": "", "4": "-4", "3": "-3"}.items():
            system = f"nginx-processes{suffix}"
            runs[f"sfi, {group}"] = run(system, ["--isolation=sfi"], first)
            runs[f"ipc, {group}"] = run(system, ["--isolation=ipc"], every)
            runs[f"ipc{ONE}, {group}"] = run(system, ["--isolation=ipc"], first)
        results = turns(arguments.rounds, runs)
    heads = (f"{size + ', 1/s':>12s}{'server, us':>12s}{'of sfi':>9s}" for size in ("1K", "100K"))
    print(f"{'keep-alive':24s}" + "".join(heads))
    for name, each in results.items():
        cells = ""
        for size in ("1K", "100K"):
            base = results["sfi, " + name[-1] if name != "direct" else "sfi, 9"]
            rate, cpu, sfi = (statistics.median(r[size][key] for r in of)
                              for of, key in ((each, "rate"), (each, "cpu"), (base, "cpu")))
            cells += f"{rate:12.0f}{cpu:12.1f}{cpu / sfi:9.2f}"
        print(f"{name:24s}{cells}")
    print("errors:", sum(r[s]["errors"] + r[s]["bad"] for each in results.values() for r in each for s in r))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=("sqlite", "nginx"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", default="20", help="of speedtest1 (default: 20)")
    parser.add_argument("--seconds", type=int, default=3, help="of each run of wrk (default: 3)")
    arguments = parser.parse_args()
    (part_sqlite if arguments.part == "sqlite" else part_nginx)(arguments)


if __name__ == "__main__":
    main()
