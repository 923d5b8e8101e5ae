#!/usr/bin/env python3
"""Files of bench/run: results that are spoiled or of another version, a full disk, the report.

    tests/unit/tools/bench_files.py [WORD...]     only tests whose name contains a word
"""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import xml.etree.ElementTree
from pathlib import Path

import bench_fake
from bench_support import BENCH, measured, part_result, same
from harness import Skip, Suite, check, execute, temporary_directory
from matrix import results


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
    "a number beyond all numbers": (lambda d: row(d)["configurations"]["sfi"].update(values=[10 ** 400]), "not complete"),
    "rounds without an end": (lambda d: d.update(rounds=float("inf")), "not complete"),
    "settings as a number": (lambda d: d["parts"]["x"].update(settings=3), "not complete"),
    "failures as words": (lambda d: d["parts"]["x"].update(failures=["x"]), "not complete"),
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


def json_large():
    """A file without an end is not read to it."""
    with temporary_directory() as folder:
        out, _ = measured(folder, "--baseline=/dev/zero")
        same(out.status, 2, out.describe())
        check("/dev/zero: not a result of bench/run: more than 64 MiB" in out.err, "the message", out)


def json_orders_for_terminals():
    """Text of a file is text: nothing of it is an order to the terminal, and what is empty is no error."""
    with temporary_directory() as folder:
        path = Path(folder) / "x.json"
        data = whole().to_json()
        part = data["parts"]["steady"] = data["parts"].pop("x")
        del part["rows"][1]  # not measured on all
        order = "\x1b]0;title\x07\x9b31m"
        part["title"] = part["rows"][0]["name"] = order
        part["settings"] = {order: order}
        part["absent"][0]["why"] = order
        part["failures"] = [{"configuration": order, "message": ""}, {"configuration": 7, "message": order}]
        data["machine"]["cpu"] = order
        path.write_text(json.dumps(data))
        out = execute([*BENCH, f"--from={path}", f"--baseline={path}"])
        check(out.status in (0, 1) and "Traceback" not in out.err, "status", out)
        check(not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", out.out + out.err), "an order", out)
        check("failed: " in out.out and "without a word" in out.out, "the failure", out)


def report_as_results():
    """The report would lie where the raw results do."""
    with temporary_directory() as folder:
        path = Path(folder) / "x.html"
        out = execute([*BENCH, f"--output={path}"])
        same((out.status, path.exists()), (2, False), out.describe())
        check("this is the name of the report" in out.err, "the message", out)
        path.write_text(whole().text())
        out = execute([*BENCH, f"--from={path}"])
        same((out.status, path.read_text()), (2, whole().text()), "the results are gone")


def no_standard_output():
    """Said before anything is measured; and what is measured is saved before it is printed."""
    with temporary_directory() as folder:
        command = [str(a) for a in (*BENCH, "--quick", f"--output={folder}/x.json")]
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        same(done.returncode, 2, done.stderr)
        check(done.stderr == "bench: standard output cannot be written: No space left on device\n", done.stderr)
        path = Path(folder) / "y.json"
        bench = bench_fake.run
        arguments, output = bench.parse([f"--output={path}"]), bench.Output(path)
        output.save = output.save_now  # signals are the main thread's
        printed, bench.print_tables = bench.print_tables, broken_pipe
        try:
            bench.finish(whole(), arguments, output)
        except BrokenPipeError:
            pass
        bench.print_tables = printed
        check(results.read(path).parts["x"].rows, "saved first")


def broken_pipe(_results):
    raise BrokenPipeError


def numbers_refused():
    for option in ("--rounds", "--size", "--seconds"):
        for value in ("0", "-1", "x", "", "1.5", "10001", "9" * 5000):
            out = execute([*BENCH, f"{option}={value}"])
            same(out.status, 2, f"{option}={value[:9]}")
            check("is not a number from 1 to 10000" in out.err, "the message", out)


def output_refused():
    with temporary_directory() as folder:
        os.mkfifo(f"{folder}/pipe.json")
        (Path(folder) / "file").write_text("x")
        for path, why in ((folder, "not a regular file"), (f"{folder}/pipe.json", "not a regular file"),
                          (f"{folder}/file/x.json", "cannot be made")):
            out = execute([*BENCH, f"--output={path}"])
            same(out.status, 2, path)
            check(why in out.err and "choose another" in out.err, "the message", out)
        check(stat.S_ISFIFO(os.stat(f"{folder}/pipe.json").st_mode), "it was replaced")


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


def from_file():
    with temporary_directory() as folder:
        _, path = measured(folder, "--quick")
        text = path.read_text()
        os.unlink(path.with_suffix(".html"))
        out = execute([*BENCH, f"--from={path}", f"--baseline={path}"])
        same(out.status, 0, out.describe())
        check(path.with_suffix(".html").exists() and path.read_text() == text, "report anew, results unchanged")


def from_file_some_parts():
    with temporary_directory() as folder:
        _, path = measured(folder, "--only=steady,failing", "--rounds=2")
        out = execute([*BENCH, f"--from={path}", "--only=steady"])
        same(out.status, 0, out.describe())
        same(path.with_suffix(".html").read_text().count("<h2"), 1, "parts of the report")
        out = execute([*BENCH, f"--from={path}", "--only=interrupted"])
        same(out.status, 2, out.describe())
        check("has no part 'interrupted'; there are: steady, failing" in out.err, "the message", out)


def from_broken_file():
    """Nobody compares with it: nothing is said of a version to compare with."""
    with temporary_directory() as folder:
        path = Path(folder) / "results.json"
        path.write_text("{")
        out = execute([*BENCH, f"--from={path}"])
        same(out.status, 2, out.describe())
        check("broken JSON" in out.err and "compare" not in out.err, "the message", out)


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
    check(not re.search(r"black|#000000|rgb\( *0, *0, *0\)", text.split("<body>")[1]), "what is black in the dark")


def pictures():
    if shutil.which("gnuplot") is None:
        raise Skip("gnuplot is not installed (package gnuplot-nox)")
    with temporary_directory() as folder:
        out, path = measured(folder, "--quick", f"--pictures={folder}/new")
        same(out.status, 0, out.describe())
        drawn = sorted(Path(folder, "new").iterdir())
        same([p.name for p in drawn], ["steady-bars.svg", "steady-lines.svg"], "files")
        for picture in drawn:
            text = picture.read_text()
            xml.etree.ElementTree.fromstring(text)
            check("prefers-color-scheme: dark" in text, "dark")
        out = execute([*BENCH, f"--from={path}", f"--pictures={path}"])
        check(out.status == 2 and "cannot be made" in out.err, "no folder", out)


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
    suite = Suite("bench-files")
    suite.add("json round trip", json_round_trip)
    for name, (change, pattern) in REFUSED.items():
        suite.add(f"baseline refused: {name}", json_refused, spoil(change), pattern)
    text = whole().text()
    for name, spoilt in (("cut short", text[:len(text) // 2]), ("empty", ""), ("not text", b"\xff\xfe\x00"),
                         ("a list", "[]")):
        suite.add(f"baseline refused: {name}", json_refused, spoilt, "(broken JSON|not a result)")
    suite.add("baseline refused: not there", json_unreadable)
    suite.add("baseline refused: deeper than Python goes", json_refused, "[" * 200000, "broken JSON")
    for test in (json_large, json_orders_for_terminals, report_as_results, no_standard_output, numbers_refused,
                 output_refused, full_disk, from_file, from_file_some_parts, from_broken_file, report_alone, report_plots, pictures, report_without_gnuplot,
                 gnuplot_fails):
        suite.add(test.__name__.replace("_", " "), test)
    return suite.main()


if __name__ == "__main__":
    sys.exit(main())
