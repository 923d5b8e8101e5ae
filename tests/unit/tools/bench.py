#!/usr/bin/env python3
"""The machinery of bench/run: statistics, tables, comparison, order, progress. What it measures is never asserted.

    tests/unit/tools/bench.py [WORD...]     only tests whose name contains a word
"""

import contextlib
import io
import json
import re
import shutil
import sys
from pathlib import Path

from bench_support import measured, part_result, same
from harness import Suite, check, temporary_directory
from matrix import baseline, figures, progress, results, table, turns
from matrix.commands import Failed
from matrix.parts import ipc
from matrix.results import Row, Sample
import nginx

# --- Statistics and tables


def spread_of_values():
    figure = figures.spread([4, 1, 3, 2, 100])
    same((figure.count, figure.median, figure.q1, figure.q3), (5, 3, 2, 4), "five values")
    same((figure.least, figure.greatest), (1, 100), "their ends")
    same(figures.spread([7])[1:], (7, 7, 7, 7, 7), "one value")
    same(figures.relative(figures.spread([7])), None, "one value has no spread")
    same(figures.relative(figures.spread([0, 0, 0])), None, "no spread of nothing")
    same(round(figures.relative(figure)), 67, "spread in percent")
    same(figures.ratios([2, 3, 5], [1, 0]), [2], "rounds that are missing, and by 0")
    for value, text in ((1234.6, "1235"), (12.34, "12.3"), (1.234, "1.23"), (0.01234, "0.0123")):
        same(figures.number(value), text, "digits")


def table_of_a_part():
    part = part_result()
    part.failures.append(("sfi", "status 1\nmore"))
    text = table.render(turns.Part("x", "title", "", None), part)
    lines = [line.split() for line in text.splitlines()]
    same(lines[1], ["direct", "sfi"], "columns in the order of the matrix")
    same(lines[2], ["one", "ns", "1.00", "(50%)", "2.00", "(50%)"], "medians")
    same(lines[3], ["two", "1/s", "-", "5.00"], "what was not measured")
    check("left out: ipc: windows: no memory is shared" in text, text)
    check("failed: sfi: status 1\n" in text + "\n", text)


WRK = """\
Running 2s test @ http://10.77.0.2/8M
  1 threads and 32 connections
  Latency Distribution
     50%  870.00us
     75%    1.10s
     90%    1.29s
     99%    2.17s\x20
  70 requests in 2.25s, 586.37MB read
  Socket errors: connect 1, read 2, write 0, timeout 4
  Non-2xx or 3xx responses: 5
Requests/sec:     31.14
Transfer/sec:    260.83MB
"""


def wrk_output():
    same(nginx.read_wrk(WRK), {"count": 70, "rate": 31.14, "p50": 0.87, "p99": 2170.0, "errors": 7, "bad": 5},
         "all of it")
    for wrong in ("", WRK.replace("70 requests", "0 requests"), WRK.replace("99%", "98%")):
        try:
            check(False, f"accepted: {nginx.read_wrk(wrong)}")
        except Failed:
            pass


# --- Comparison

CALM = [100.0, 101.0, 99.0, 100.5, 99.5]


def scaled(factor):
    return [factor * value for value in CALM]


JUDGED = {
    "the same": (CALM, CALM, "less", 0),
    "within the noise": (CALM, scaled(1.03), "less", 0),
    "slower": (CALM, scaled(1.10), "less", 10),
    "faster": (CALM, scaled(0.90), "less", -10),
    "fewer requests": (CALM, scaled(0.90), "more", 10),
    "more requests": (CALM, scaled(1.10), "more", -10),
    "too small to count": ([100.0] * 5, [101.9] * 5, "less", 0),
    "small, without noise": ([100.0] * 5, [102.1] * 5, "less", 2),
    "one disturbed round": ([*CALM[:4], 300.0], scaled(1.10), "less", 9),
    "much noise": ([60.0, 80.0, 100.0, 120.0, 140.0], scaled(1.3), "less", 0),
    "two rounds": ([1.0, 1.0], [2.0] * 5, "less", None),
    "from nothing": ([0.0] * 3, [1.0] * 3, "less", None),
    "two steps of the clock": ([5.0] * 5, [7.0] * 5, "less", 0, 1),
    "three steps": ([5.0] * 5, [8.0] * 5, "less", 60, 1),
}


def judged(before, now, better, want, step=0):
    have = baseline.judge(before, now, Row("x", "s", better, step))
    same(have if have is None else round(have), want, "percent worse")


def against(folder, *words, **environment):
    """A run, compared with one of before: its result."""
    before, path = measured(folder, "--quick", name="before.json")
    same(before.status, 0, before.describe())
    return measured(folder, f"--baseline={path}", *(words or ["--quick"]), **environment)[0]


def baseline_of_itself():
    with temporary_directory() as folder:
        out = against(folder)
        same(out.status, 0, out.describe())
        check("0 worse, 0 better, 8 within the noise" in out.out, "counts", out)


def baseline_worse():
    with temporary_directory() as folder:
        out = against(folder, FACTOR="1.25")
        same(out.status, 1, out.describe())
        check(re.search(r"worse beyond the noise:\n  steady, \S+.* \(2\d% worse\)", out.out), "names", out)
        check("6 worse, 0 better, 2 within the noise" in out.out, "rows of both directions", out)
        report = (Path(folder) / "out.html").read_text()
        check("6 worse" in report, "the report has it")


def baseline_machine():
    with temporary_directory() as folder:
        out = against(folder, NATIVE_FACTOR="1.25")
        same(out.status, 0, out.describe())
        check("the machine: native processes:\n  steady, native" in out.out, "named", out)
        check("0 worse" in out.out, "not the project's", out)
        out = against(folder, FACTOR="1.25", NATIVE_FACTOR="1.25")
        check("native processes became slower too" in out.out and out.status == 1, "a warning", out)


def baseline_differs():
    with temporary_directory() as folder:
        _, path = measured(folder, "--quick", name="old.json")
        data = json.loads(path.read_text())
        data["machine"]["cpu"] = "Z80"
        path.write_text(json.dumps(data))
        out, _ = measured(folder, "--quick", "--size=7", f"--baseline={path}", FACTOR="2")
        check("another machine: cpu: Z80 before, " in out.out, "the machine", out)
        check("steady: measured in another manner before" in out.out, "the settings", out)
        same(out.status, 0, "nothing was compared")


# --- Order, failures, ^C


def samples(name, _note):
    return [Sample(name, Row("one", "s"), 1.0)]


def turns_in_order():
    calls = []

    def step(name, once=False):
        return turns.Step(name, name, 1, lambda note: calls.append(name) or samples(name, note), once)

    run = results.Results({}, 3)
    part = turns.Part("x", "x", "", lambda _: turns.Plan([step("a"), step("b"), step("c", True)]))
    plans = turns.make_plans([part], turns.Settings(3, 1, 1), run)
    saved = []
    check(turns.take_turns(plans, turns.Settings(3, 1, 1), run, lambda: saved.append(len(calls)), io.StringIO()),
          "not complete")
    same("".join(calls), "abcabab", "the order")
    same(saved, [3, 5], "saved between rounds")
    same(run.parts["x"].get("one", "a"), [1.0] * 3, "its values")


def turns_fail():
    with temporary_directory() as folder:
        out, path = measured(folder, "--only=failing", "--rounds=3")
        same(out.status, 1, out.describe())
        same(out.err.count("bench: failing, sfi: status 139"), 2, "tried twice, and not in the next rounds")
        part = results.read(path).parts["failing"]
        same(len(part.get("requests", "direct")), 3, "the others go on")
        same([c for c, _ in part.failures], ["sfi"], "kept")


def turns_try_again():
    for busy in (Failed("busy"), OSError(28, "busy")):
        tried_again(busy)


def tried_again(failure):
    run, failures = results.Results({}, 1), [failure]

    def flaky(note):
        if failures:
            raise failures.pop()
        return samples("a", note)

    part = turns.Part("x", "x", "", lambda _: turns.Plan([turns.Step("a", "a", 1, flaky)]))
    settings, said = turns.Settings(1, 1, 1), io.StringIO()
    turns.take_turns(turns.make_plans([part], settings, run), settings, run, lambda: None, said)
    same((run.parts["x"].failures, run.parts["x"].get("one", "a")), ([], [1.0]), "it came to its end")
    same(said.getvalue(), f"bench: x, a: {failure}\n", "and it is said")


def turns_interrupted():
    with temporary_directory() as folder:
        out, path = measured(folder, "--only=interrupted")
        same(out.status, 130, out.describe())
        run = results.read(path)
        same(run.complete, False, "complete")
        same([len(run.parts["interrupted"].get("requests", c)) for c in ("native", "sfi")], [3, 2],
             "what was measured before")
        check("ended early" in path.with_suffix(".html").read_text(), "the report says so")


def turns_finish():
    """However a run ends, what steps have left is seen to once."""

    def ended_by(failure):
        finished = []

        def step(note):
            if failure:
                raise failure
            return samples("a", note)

        plan = turns.Plan([turns.Step("a", "a", 1, step)], finish=lambda: finished.append(1))
        part = turns.Part("x", "x", "", lambda _: plan)
        run, settings = results.Results({}, 1), turns.Settings(2, 1, 1)
        with contextlib.suppress(KeyboardInterrupt):
            turns.take_turns(turns.make_plans([part], settings, run), settings, run, lambda: None, io.StringIO())
        return finished

    for failure in (None, Failed("broken"), KeyboardInterrupt()):
        same(ended_by(failure), [1], repr(failure))


def turns_limit():
    run = results.Results({}, 9)
    part = turns.Part("x", "x", "", lambda _: turns.Plan([turns.Step("a", "a", 1, lambda n: samples("a", n))]))
    settings = turns.Settings(9, 1, 1, True, 1e-9)
    done = turns.take_turns(turns.make_plans([part], settings, run), settings, run, lambda: None, io.StringIO())
    same((done, run.rounds, len(run.parts["x"].get("one", "a"))), (False, 1, 1), "one round, and it is said")


def left_out():
    with temporary_directory() as folder:
        out, path = measured(folder, "--rounds=1")
        same(out.status, 0, out.describe())
        check("bench: missing: left out: it needs a unicorn" in out.err, "a line", out)
        same(results.read(path).parts["missing"].skipped, "it needs a unicorn: install one", "in the JSON")
        out, _ = measured(folder, "--only=steady,missing", "--rounds=1")
        same(out.status, 1, "named and left out")
        out, _ = measured(folder, "--only=missing")
        same(out.status, 2, "nothing at all")


class Terminal(io.StringIO):
    def isatty(self):
        return True


def progress_lines():
    now = [0.0]
    stream = Terminal()
    shown = progress.Progress([("a", 1), ("b", 2), ("a", 1), ("b", 2)], stream, lambda: now[0])
    shown.begin("first")
    check(stream.getvalue().endswith("[1/4] first - 6 s left"), stream.getvalue())
    now[0] = 10
    shown.end()
    same(shown.left(), 20 + 10 + 20, "guesses were wrong by ten")
    shown.begin("second")
    now[0] = 14
    shown.end()
    same(shown.left(), 14, "what they took")
    shown.begin("x" * 1000)
    width = shutil.get_terminal_size().columns
    check(len(stream.getvalue().rsplit("\033[K", 1)[1]) < width, "one line")
    plain = io.StringIO()
    quiet = progress.Progress([("a", 1)] * 3, plain, lambda: now[0])
    for now[0] in (14, 15, 14 + progress.PLAIN_SECONDS):
        quiet.begin("step")
    same(plain.getvalue(), "[1/3] step - 3 s left\n", "a line now and then")
    same([progress.duration(s) for s in (40, 300, 3900)], ["40 s", "5 min", "1 h 5 min"], "durations")


# --- Processes and messages


def traced(ts, name, caller="sqlite"):
    return {"ph": "X", "ts": ts, "name": name, "args": {"caller": caller}}


def calls_by_query():
    """Between two lines on the console, whatever the order in the file; what came before the first query does not count."""
    line = "plat_console_write"
    events = [traced(9, line), traced(1, line), traced(2, "vfs_read"), traced(3, line), traced(4, "vfs_read"),
              traced(5, "fs_read", "vfscore"), traced(6, line), traced(7, "vfs_write"), traced(8, "app_main", "monitor"),
              {"ph": "i", "ts": 4}]
    same(ipc.calls_of_queries(events, {100: 1, 110: 1}), {100: 3, 110: 2}, "calls, with that of the line")
    try:
        check(False, f"accepted: {ipc.calls_of_queries(events[:2], {100: 1, 110: 1})}")
    except Failed:
        pass


def messages():
    part = results.PartResult("x")
    for name, factor in (("direct", 1), ("sfi", 1.5), ("sfi-4", 1.4), ("ipc", 6), ("ipc-4", 4.2), ("ipc, one CPU", 9)):
        for number, ms in ((100, 10), (110, 2)):
            part.add([Sample(name, Row(f"{number} - a query", "s"), ms * factor / 1000)])
        part.add([Sample(name, Row("NGINX, 1K, server time", "us"), 10 * factor),
                  Sample(name, Row("NGINX, 1K, requests", "1/s", "more"), 1000 / factor)])
        part.add([Sample(name, Row("NGINX, 100K, server time", "us"), 20 * factor),
                  Sample(name, Row("NGINX, 100K, requests", "1/s", "more"), 100 / factor)])
    part.add([Sample("direct", Row(ipc.calls_row(100), "1/ms"), 300.0),
              Sample("direct", Row(ipc.calls_row(110), "1/ms"), 2.0)])
    lines = [line.split() for line in ipc.summary(part)]
    check("100 - a query 300.0 10 15 60 90 4.0".split() in lines, f"a query: {lines}")
    check("ipc-4 42 4.20 3.00 42 4.20 3.00 50 4.20 3.00".split() in lines, f"sums, of the same grouping: {lines}")
    check("ipc, one CPU 111 90.0 6.00 11 180.0 6.00".split() in lines, f"NGINX: {lines}")
    same(ipc.summary(results.PartResult("x")), [], "nothing")


def main():
    suite = Suite("bench")
    suite.add("spread", spread_of_values)
    suite.add("table", table_of_a_part)
    suite.add("what wrk prints", wrk_output)
    for name, case in JUDGED.items():
        suite.add(f"judge: {name}", judged, *case)
    for test in (baseline_of_itself, baseline_worse, baseline_machine, baseline_differs, turns_in_order,
                 turns_fail, turns_try_again, turns_interrupted, turns_finish, turns_limit, left_out, progress_lines,
                 calls_by_query, messages):
        suite.add(test.__name__.replace("_", " "), test)
    return suite.main()


if __name__ == "__main__":
    sys.exit(main())
