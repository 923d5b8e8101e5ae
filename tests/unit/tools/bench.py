#!/usr/bin/env python3
"""The machinery of bench/run: statistics, tables, files, comparison, report. What it measures is never asserted.

    tests/unit/tools/bench.py [WORD...]     only tests whose name contains a word
"""

import io
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import xml.etree.ElementTree
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent.parent
sys.dont_write_bytecode = True
sys.path[:0] = [str(TOP / "tests" / "support"), str(TOP / "bench")]
from harness import Skip, Suite, check, execute, temporary_directory  # noqa: E402
from matrix import baseline, figures, progress, results, table, turns  # noqa: E402
from matrix.commands import Failed  # noqa: E402
from matrix.results import Row, Sample  # noqa: E402

FAKE = Path(__file__).resolve().parent / "bench_fake.py"
BENCH = [sys.executable, FAKE]


def same(have, want, what=""):
    check(have == want, f"{what}: {have!r}, not {want!r}")


def measured(folder, *words, name="out.json", **environment):
    """Runs bench_fake.py; (result of the run, path of the JSON)."""
    path = Path(folder) / name
    result = execute([*BENCH, *words, f"--output={path}"], env={**os.environ, **environment})
    return result, path


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


def part_result():
    part = results.PartResult("title", {"size": 10}, [("ipc", "windows", "no memory is shared")])
    for value in (1.0, 2.0, 3.0):
        part.add([Sample("sfi", Row("one", "ns"), value), Sample("direct", Row("one", "ns"), value / 2)])
    part.add([Sample("sfi", Row("two", "1/s", "more"), 5.0)])
    return part


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


# --- Files


def whole():
    run = results.Results({"cpu": "x"}, 3)
    run.parts["x"] = part_result()
    return run


def json_round_trip():
    with temporary_directory() as folder:
        path = Path(folder) / "x.json"
        path.write_text(whole().text())
        again = results.read(path)
        same(again.text(), whole().text(), "read and written again")
        column = json.loads(path.read_text())["parts"]["x"]["rows"][0]["configurations"]["sfi"]
        same(column, {"median": 2.0, "q1": 1.5, "q3": 2.5, "values": [1.0, 2.0, 3.0]}, "for readers")


def spoil(change):
    """The JSON with something changed."""
    data = whole().to_json()
    change(data)
    return json.dumps(data)


def row(data):
    return data["parts"]["x"]["rows"][0]


REFUSED = {
    "an older version": (lambda d: d.update(version=1), "version 1 of the format.*reads version 2"),
    "a newer version": (lambda d: d.update(version=3), "version 3 of the format"),
    "no version": (lambda d: d.pop("version"), "version None"),
    "another format": (lambda d: d.update(format="x"), "not a result of bench/run"),
    "no parts": (lambda d: d.pop("parts"), "not complete.*parts"),
    "parts as a list": (lambda d: d.update(parts=[]), "not complete"),
    "no rows": (lambda d: d["parts"]["x"].pop("rows"), "not complete.*rows"),
    "no values": (lambda d: row(d)["configurations"]["sfi"].update(values=[]), "no numbers"),
    "not a number": (lambda d: row(d)["configurations"]["sfi"].update(values=[float("nan")]), "no numbers"),
    "words as values": (lambda d: row(d)["configurations"]["sfi"].update(values=["x"]), "not complete"),
    "a value that is a list": (lambda d: row(d)["configurations"]["sfi"].update(values=[[]]), "not complete"),
    "neither less nor more": (lambda d: row(d).update(better="x"), "neither less nor more"),
}


def json_refused(text, pattern):
    with temporary_directory() as folder:
        path = Path(folder) / "x.json"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        out, _ = measured(folder, f"--baseline={path}")
        same(out.status, 2, "status")
        check(re.search(rf"bench: {re.escape(str(path))}: .*{pattern}", out.err), "the message", out)
        check("measure it again: bench/run --output=FILE" in out.err, "what to do", out)
        check("Traceback" not in out.err and not (Path(folder) / "out.json").exists(),
              "nothing is measured", out)


def json_unreadable():
    with temporary_directory() as folder:
        for path in (Path(folder), Path(folder) / "none.json"):
            out, _ = measured(folder, f"--baseline={path}")
            same(out.status, 2, "status")
            check(f"{path}: cannot be read: " in out.err, "the message", out)


def output_refused():
    with temporary_directory() as folder:
        os.mkfifo(f"{folder}/pipe.json")
        (Path(folder) / "file").write_text("x")
        for path, why in (("/dev/full", "not a regular file"), (folder, "not a regular file"),
                          (f"{folder}/pipe.json", "not a regular file"), (f"{folder}/file/x.json", "cannot be made")):
            out = execute([*BENCH, f"--output={path}"])
            same(out.status, 2, path)
            check(why in out.err and "choose another" in out.err, "the message", out)
        check(stat.S_ISCHR(os.stat("/dev/full").st_mode), "/dev/full was replaced")


FULL = """
set -eu
mount -t tmpfs -o size=64k tmpfs "$1/small"
cd "$1"
echo before >small/out.json
echo before >small/out.html
dd if=/dev/zero of=small/fill bs=4096 2>/dev/null || true
status=0
TMPDIR=$1/room "$2" "$3" --rounds=1 --output=small/out.json || status=$?
cat small/out.json small/out.html
ls -A small
exit "$status"
"""


def full_disk():
    probe = subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True,
                           check=False)
    if probe.returncode != 0:
        raise Skip(f"no mount namespace: {probe.stderr.decode(errors='replace').strip()}")
    with temporary_directory() as folder:
        for name in ("small", "room"):
            (Path(folder) / name).mkdir()
        out = execute(["unshare", "-rm", "sh", "-c", FULL, "sh", folder, *BENCH])
        same(out.status, 2, out.describe())
        for name in ("out.json.part", "out.json", "out.html"):
            if name != "out.json.part":
                check(re.search(rf"small/{re.escape(name)}: cannot be written: No space left on device; "
                                "the earlier one is unchanged", out.err), name, out)
        check(out.out.endswith("before\nbefore\nfill\nout.html\nout.json\n"), "what is left there", out)
        rescued = re.search(r"raw results are in (\S+)", out.err)
        check(rescued and Path(rescued.group(1)).parent == Path(folder) / "room", "elsewhere", out)
        check(results.read(Path(rescued.group(1))).parts["steady"].rows, "the rescued file is whole")


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
}


def judged(before, now, better, want):
    have = baseline.judge(before, now, better)
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


def from_file():
    with temporary_directory() as folder:
        _, path = measured(folder, "--quick")
        text = path.read_text()
        os.unlink(path.with_suffix(".html"))
        out = execute([*BENCH, f"--from={path}", f"--baseline={path}"])
        same(out.status, 0, out.describe())
        check(path.with_suffix(".html").exists() and path.read_text() == text, "report anew, results unchanged")


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
        same(out.err.count("bench: failing, sfi: status 139"), 1, "said once")
        part = results.read(path).parts["failing"]
        same(len(part.get("requests", "direct")), 3, "the others go on")
        same([c for c, _ in part.failures], ["sfi"], "kept")


def turns_interrupted():
    with temporary_directory() as folder:
        out, path = measured(folder, "--only=interrupted")
        same(out.status, 130, out.describe())
        run = results.read(path)
        same(run.complete, False, "complete")
        same([len(run.parts["interrupted"].get("requests", c)) for c in ("native", "sfi")], [3, 2],
             "what was measured before")
        check("ended early" in path.with_suffix(".html").read_text(), "the report says so")


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


# --- The report


def parsed_report(folder, **environment):
    """Runs, and parses the report as XML, which is stricter than HTML."""
    out, path = measured(folder, "--quick", **environment)
    same(out.status, 0, out.describe())
    text = path.with_suffix(".html").read_text()
    return text, xml.etree.ElementTree.fromstring(text.split("\n", 1)[1])


def report_alone():
    with temporary_directory() as folder:
        text, tree = parsed_report(folder)
    ids = [e.get("id") for e in tree.iter() if e.get("id")]
    same(len(ids), len(set(ids)), "ids are unique")
    for element in tree.iter():
        tag = element.tag.rsplit("}", 1)[-1]
        check(tag not in ("script", "link", "img", "iframe", "object"), f"<{tag}>")
        for name, value in element.attrib.items():
            if name.rsplit("}", 1)[-1] in ("href", "src"):
                check(value.startswith("#") and value[1:] in ids, f"{tag} {name}={value}")
    check("@import" not in text and not re.search(r"url\((?!#)", text), "style from elsewhere")
    check("prefers-color-scheme: dark" in text, "dark")
    check(any("a <b> & \"c\" it's ]]>" in (e.text or "") for e in tree.iter("td")), "a hostile name, as it is")


def report_plots():
    if shutil.which("gnuplot") is None:
        raise Skip("gnuplot is not installed (package gnuplot-nox)")
    with temporary_directory() as folder:
        text, tree = parsed_report(folder)
    drawings = [e for e in tree.iter() if e.tag == "{http://www.w3.org/2000/svg}svg"]
    same(len(drawings), 2, "plots")
    for drawing in drawings:
        words = ["".join(e.itertext()) for e in drawing.iter("{http://www.w3.org/2000/svg}text")]
        check(any("a <b> & \"c\" it's ]]> {d} \\n $e" in word for word in words), f"the title: {words}")
    check("black" not in text.split("<body>")[1], "what is black in the dark")


def report_without_gnuplot():
    with temporary_directory() as folder:
        text, tree = parsed_report(folder, PATH=folder)
    check("install the package gnuplot-nox" in text, "what to do")
    check(list(tree.iter("td")), "the tables are there")


def gnuplot_fails():
    with temporary_directory() as folder:
        program = Path(folder) / "gnuplot"
        program.write_text("#!/bin/sh\necho 'out of ink' >&2\nexit 1\n")
        program.chmod(0o755)
        text, _ = parsed_report(folder, PATH=f"{folder}:{os.environ['PATH']}")
    check("No plots: gnuplot: " in text and "out of ink" in text, "the reason")


def main():
    suite = Suite("bench")
    suite.add("spread", spread_of_values)
    suite.add("table", table_of_a_part)
    suite.add("json round trip", json_round_trip)
    for name, (change, pattern) in REFUSED.items():
        suite.add(f"baseline refused: {name}", json_refused, spoil(change), pattern)
    text = whole().text()
    for name, spoilt in (("cut short", text[:len(text) // 2]), ("empty", ""), ("not text", b"\xff\xfe\x00"),
                         ("a list", "[]")):
        suite.add(f"baseline refused: {name}", json_refused, spoilt, "(broken JSON|not a result)")
    suite.add("baseline refused: not there", json_unreadable)
    suite.add("output refused", output_refused)
    suite.add("full disk", full_disk)
    for name, case in JUDGED.items():
        suite.add(f"judge: {name}", judged, *case)
    for test in (baseline_of_itself, baseline_worse, baseline_machine, baseline_differs, from_file,
                 turns_in_order, turns_fail, turns_interrupted, turns_limit, left_out, progress_lines,
                 report_alone, report_plots, report_without_gnuplot, gnuplot_fails):
        suite.add(test.__name__.replace("_", " "), test)
    return suite.main()


if __name__ == "__main__":
    sys.exit(main())
