"""What the tests of bench/run share."""

import os
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent.parent
sys.dont_write_bytecode = True
sys.path[:0] = [str(TOP / "tests" / "support"), str(TOP / "bench")]
from harness import check, execute  # noqa: E402
from matrix import results  # noqa: E402
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


def part_result():
    part = results.PartResult("title", {"size": 10}, [("ipc", "windows", "no memory is shared")])
    for value in (1.0, 2.0, 3.0):
        part.add([Sample("sfi", Row("one", "ns"), value), Sample("direct", Row("one", "ns"), value / 2)])
    part.add([Sample("sfi", Row("two", "1/s", "more"), 5.0)])
    return part
