#!/usr/bin/env python3
"""The folders of monitor/ stand in an order: each uses only those above it in the table of docs/architecture.md. Its
files are short.

    tests/unit/tools/rooms.py [LIBRARY] [WORD...]     only tests whose name contains a word

LIBRARY is libmonitor.a, by default that of build/host: its symbols say what calls what, whatever is included.
"""

import re
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "support"))
from harness import BUILD, TOP, Suite, check  # noqa: E402

MONITOR = TOP / "monitor"
SOURCES = sorted(p for p in MONITOR.glob("**/*") if p.suffix in (".c", ".h", ".S"))


def table():
    """Names of files and folders, below monitor/, with the number of the row that they are in."""
    text = (TOP / "docs" / "architecture.md").read_text()
    rows = text.split("\n## Rooms of the monitor\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`monitor/.*?`) \|", rows, re.MULTILINE)
    return {name: i for i, row in enumerate(rows) for name in re.findall(r"`monitor/([^`]*)`", row)}


ROOMS = table()


def name_of(path):
    return str(path.relative_to(MONITOR))


def room(name):
    """The number of the row that the file @name, below monitor/, is in: that of the longest name."""
    fits = [r for r in ROOMS if name == r or ((r.endswith("/") or r == "") and name.startswith(r))]
    return ROOMS[max(fits, key=len)]


def includes():
    """[(file, file that it includes)], both below monitor/."""
    found = []
    for path in SOURCES:
        for included in re.findall(r'^#include "([^"]+)"', path.read_text(), re.MULTILINE):
            # Where it is in neither, the compiler has said so, or it is generated.
            for folder in (path.parent, MONITOR):
                if (folder / included).is_file():
                    found.append((name_of(path), name_of((folder / included).resolve())))
                    break
    return found


def symbols():
    """[(file, file that defines a symbol which it uses)]."""
    members = {name_of(p).replace("/", "_") + ".o": name_of(p) for p in SOURCES}
    listing = subprocess.run(["nm", "-A", str(library)], capture_output=True, text=True, check=True).stdout
    defined, used = {}, []
    for line in listing.splitlines():
        place, _, rest = line.rpartition(".o:")
        file = members.get(re.split(r"[:/]", place)[-1] + ".o")
        *_, kind, symbol = rest.split()
        check(file, f"which source is {place}.o?")
        if kind == "U":
            used.append((file, symbol))
        elif kind.isupper():
            defined[symbol] = file
    return [(file, defined[symbol]) for file, symbol in used if defined.get(symbol, file) != file]


def upwards(pairs):
    check(len(pairs) > 200, f"only {len(pairs)} pairs found")
    wrong = {f"{user} -> {used}" for user, used in pairs if room(used) > room(user)}
    check(not wrong, "uses what stands below it in docs/architecture.md: " + "; ".join(sorted(wrong)))


def every_folder():
    """Each folder is in the table, and nothing is in it that is not there."""
    for name in ROOMS:
        check((MONITOR / name).exists(), f"docs/architecture.md: monitor/{name} does not exist")
    for path in SOURCES:
        folder = name_of(path).split("/")[0] + "/" if "/" in name_of(path) else ""
        check(folder in ROOMS, f"docs/architecture.md: no row for monitor/{folder}")


def short():
    for path in SOURCES:
        lines = len(path.read_text().splitlines())
        check(lines <= 400, f"monitor/{name_of(path)} has {lines} lines: no file is longer than 400")


def no_circle():
    """No header includes itself by way of others."""
    after = {}
    for user, used in includes():
        after.setdefault(user, set()).add(used)
    done = set()

    def visit(name, above):
        check(name not in above, "a circle: " + " -> ".join([*above, name]))
        if name not in done:
            for other in sorted(after.get(name, ())):
                visit(other, [*above, name])
            done.add(name)

    for name in sorted(after):
        visit(name, [])


# Files of one room that call one another in circles, and why they may.
CIRCLES = [
    ({"backend/mpk/entry.S", "backend/mpk/signal.c"}, "the assembly and the C of one handler"),
    ({"backend/mpk/hot.c", "backend/mpk/keys.c"}, "a key that is taken away ends hot pages, and hot pages take keys"),
    ({"backend/ipc/channel.c", "backend/ipc/question.c"}, "the memory of channels, and the waits on it"),
    (
        {f"backend/ipc/{name}.c" for name in "arrive carry confine ipc parent process serve".split()},
        "a process that waits for an answer serves others meanwhile; the table of the backend names all",
    ),
    (
        {f"call/{name}.c" for name in "demand entry marshal marshal_leave trampoline trampoline_body".split()},
        "trampolines call what carries arguments, which looks at the trampoline of the call",
    ),
    (
        {f"fault/{name}" for name in "fault.c restart.c signal_pending.c stop.c unwind.c unwind_entry.S".split()},
        "a cubicle that is stopped begins anew in the middle of unwinding, by way of assembly",
    ),
]


def circles(after):
    """[files that reach one another] of the graph @after, file: files that it uses."""
    reached = {}
    for start in after:
        seen, todo = set(), [start]
        while todo:
            for other in after.get(todo.pop(), ()):
                if other not in seen:
                    seen.add(other)
                    todo.append(other)
        reached[start] = seen
    found = {frozenset(b for b in reached if b in reached[a] and a in reached[b]) for a in reached if a in reached[a]}
    return sorted(sorted(files) for files in found)


def no_new_circle():
    """In a room too, files use one another in one direction, but for those of CIRCLES."""
    after = {}
    for user, used in symbols():
        if room(user) == room(used):
            after.setdefault(user, set()).add(used)
    found = circles(after)
    for files in found:
        check(any(set(files) <= known for known, _ in CIRCLES), "a circle of files: " + ", ".join(files))
    for known, _ in CIRCLES:
        check(any(set(files) == known for files in found), f"no circle any more, mend CIRCLES: {sorted(known)}")


def parts():
    """{part that a build can leave out: its sources}, as monitor/meson.build has them."""
    text = (MONITOR / "meson.build").read_text().split("\nparts = {\n")[1].split("\n}\n")[0]
    found = {}
    for name, sources in re.findall(r"'(\w+)': \[(.*?)\]", text, re.DOTALL):
        found[name] = set(re.findall(r"'([^']+)'", sources))
    return found


def parts_alone():
    """Nothing but the table of parts uses a part, so that each can be left out without the others."""
    found = parts()
    check(len(found) > 5, f"only {len(found)} parts found")
    used = symbols()
    for name, sources in found.items():
        users = {a for a, b in used if b in sources and a not in sources}
        check("parts.c" in users, f"{name}: parts.c does not name it")
        check(users == {"parts.c"}, f"{name} is used by {', '.join(sorted(users))}: by way of parts.c only")


def main():
    tests = Suite("rooms")
    tests.add("every folder has its place", every_folder)
    tests.add("nothing includes what stands below it", lambda: upwards(includes()))
    tests.add("nothing calls what stands below it", lambda: upwards(symbols()))
    tests.add("no file includes itself", no_circle)
    tests.add("files of a room use one another in one direction", no_new_circle)
    tests.add("what can be left out is reached by the table of parts", parts_alone)
    tests.add("no file is long", short)
    return tests.main()


library = BUILD / "host/monitor/libmonitor.a"
if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1].endswith(".a"):
        library = Path(sys.argv.pop(1))
    sys.exit(main())
