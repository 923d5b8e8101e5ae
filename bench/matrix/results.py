"""What was measured, and its JSON.

    {"format": "cubicle-bench", "version": 2, "machine": {...}, "rounds": 5, "complete": true,
     "parts": {NAME: {"title", "settings": {...}, "skipped": null or why,
                      "failures": [{"configuration", "message"}],
                      "absent": [{"configuration", "rows", "why"}],
                      "rows": [{"name", "unit", "better": "less" or "more", "step": of the clock, 0: fine enough,
                                "configurations": {NAME: {"median", "q1", "q3", "values": [...]}}}]}}}

Values are in the order in which they were measured. Readers of another version refuse the file.
"""

import json
import math
from collections import namedtuple

from matrix import configurations
from matrix.figures import spread

FORMAT = "cubicle-bench"
VERSION = 2
LARGEST = 64 << 20  # bytes of a file that is read

Row = namedtuple("Row", "name unit better step", defaults=("less", 0.0))
Sample = namedtuple("Sample", "configuration row value")


# What from_json() raises where a file is something else.
WRONG = (KeyError, TypeError, ValueError, AttributeError, OverflowError)


class Unreadable(Exception):
    """A file that is no result of this version; the text says what to do."""


class PartResult:
    """Of one part. @absent: [(configuration, rows as text, why)]."""

    def __init__(self, title, settings=None, absent=()):
        self.title, self.settings, self.absent = title, dict(settings or {}), list(absent)
        self.skipped = None
        self.failures = []
        self.rows, self.values = {}, {}  # {name: Row}, {(name, configuration): [value]}

    def add(self, samples):
        for configuration, row, value in samples:
            self.rows.setdefault(row.name, row)
            self.values.setdefault((row.name, configuration), []).append(value)

    def configurations(self):
        """Those that have values, those of the matrix first, in its order."""
        measured = dict.fromkeys(configuration for _, configuration in self.values)
        return [*(c for c in configurations.ALL if c in measured),
                *(c for c in measured if c not in configurations.ALL)]

    def get(self, row, configuration):
        return self.values.get((row, configuration), [])

    def median(self, row, configuration):
        """None without values."""
        values = self.get(row, configuration)
        return spread(values).median if values else None

    def to_json(self):
        rows = []
        for name, row in self.rows.items():
            columns = {}
            for configuration in self.configurations():
                if values := self.get(name, configuration):
                    figures = spread(values)
                    columns[configuration] = {"median": figures.median, "q1": figures.q1,
                                              "q3": figures.q3, "values": values}
            rows.append({**row._asdict(), "configurations": columns})
        return {
            "title": self.title, "settings": self.settings, "skipped": self.skipped,
            "rows": rows,
            "failures": [{"configuration": c, "message": m} for c, m in self.failures],
            "absent": [{"configuration": c, "rows": r, "why": w} for c, r, w in self.absent],
        }

    @classmethod
    def from_json(cls, data):
        """Raises one of WRONG where @data is something else."""
        absent = [(str(a["configuration"]), str(a["rows"]), str(a["why"])) for a in data["absent"]]
        part = cls(str(data["title"]), dict(data["settings"].items()), absent)
        part.skipped = None if data["skipped"] is None else str(data["skipped"])
        part.failures = [(str(f["configuration"]), str(f["message"])) for f in data["failures"]]
        for entry in data["rows"]:
            row = Row(str(entry["name"]), str(entry["unit"]), entry["better"], float(entry["step"]))
            if row.better not in ("less", "more"):
                raise ValueError(f"row '{row.name}': 'better' is neither less nor more")
            for configuration, column in entry["configurations"].items():
                values = [float(v) for v in column["values"]]
                if not values or not all(map(math.isfinite, values)):
                    raise ValueError(f"row '{row.name}': no numbers")
                part.add(Sample(configuration, row, v) for v in values)
        return part


class Results:
    """Of a run."""

    def __init__(self, machine, rounds):
        self.machine, self.rounds = machine, rounds
        self.complete = False
        self.parts = {}

    def configurations(self):
        """Those of the matrix that any part has values of, in its order."""
        measured = {c for part in self.parts.values() for c in part.configurations()}
        return [c for c in configurations.ALL if c in measured]

    def to_json(self):
        return {
            "format": FORMAT, "version": VERSION, "machine": self.machine, "rounds": self.rounds,
            "complete": self.complete, "parts": {n: p.to_json() for n, p in self.parts.items()},
        }

    def text(self):
        return json.dumps(self.to_json(), indent=1, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, data):
        results = cls({str(k): v for k, v in data["machine"].items()}, int(data["rounds"]))
        results.complete = bool(data["complete"])
        results.parts = {n: PartResult.from_json(p) for n, p in data["parts"].items()}
        return results


AGAIN = "measure it again: bench/run --output=FILE"
AGAIN_THEN = f"{AGAIN}, in a checkout of the version to compare with"


def read(path, again=AGAIN):
    """The results in a file. Raises Unreadable, with @again as what to do."""
    try:
        with open(path, "rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise Unreadable(f"{path}: not a result of bench/run: more than {LARGEST >> 20} MiB; {again}")
        data = json.loads(content.decode())
    except OSError as error:
        raise Unreadable(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{path}: broken JSON ({error}); {again}") from error
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise Unreadable(f"{path}: not a result of bench/run, or of one before version {VERSION}; "
                         f"{again} with the bench/ of this one")
    if data.get("version") != VERSION:
        raise Unreadable(f"{path}: has version {data.get('version')!r} of the format, and this bench/run "
                         f"reads version {VERSION}; {again} with the bench/ of this one")
    try:
        return Results.from_json(data)
    except WRONG as error:
        raise Unreadable(f"{path}: not complete, or changed by hand "
                         f"({type(error).__name__}: {error}); {again}") from error
