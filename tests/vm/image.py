"""The RAM disk of the test machine: busybox, Python, the build and the test runners, all at
the places that they have here.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

from harness import BUILD, TOP

VM = BUILD / "vm"
PYTHON = Path("/usr/bin/python3.11")
PYTHON_PACKAGES = ["libpython3.11-minimal", "libpython3.11-stdlib"]
# What the runners need of the tree, and of the build.
TREE = ["tests/support", "tests/systems", "tests/conformance", "tests/attack", "tests/apps",
        "tests/vm", "systems", "interfaces", "monitor/verify"]
BUILT = ["bin/cubicle", "bin/cubicle-archive", "interfaces", "modules/plain", "modules/sfi", "native",
         "systems", "host/tests/conformance/interrupt", "host/tests/conformance/lose"]


def lines(*argv):
    done = subprocess.run([str(a) for a in argv], check=True, capture_output=True, text=True)
    return done.stdout.splitlines()


def libraries(program):
    """Shared libraries of @program, and the loader."""
    for line in lines("ldd", program):
        match = re.search(r"(/\S+) \(0x", line)
        if match:
            yield Path(match.group(1))


def files():
    """{path in the machine: path here}"""
    chosen = {path: path for path in (PYTHON, Path("/bin/busybox"))}
    for package in PYTHON_PACKAGES:
        for path in map(Path, lines("dpkg", "-L", package)):
            if path.is_file() and "/lib/" in str(path):
                chosen[path] = path
    for start in [TOP / name for name in TREE] + [BUILD / name for name in BUILT]:
        for path in [start] if start.is_file() else start.rglob("*"):
            if path.is_file():
                chosen[path] = path
    # Inputs that a fuzz target keeps lie there, too.
    programs = [PYTHON, *(p for p in (BUILD / "native").iterdir() if os.access(p, os.X_OK))]
    programs += [BUILD / "bin" / name for name in ("cubicle", "cubicle-archive")]
    programs += [path for path in chosen if "lib-dynload" in path.parts]
    for program in programs:
        for library in libraries(program):
            chosen[library] = library.resolve()
    return {to: path for to, path in chosen.items() if "__pycache__" not in to.parts}


def write(image):
    """Writes the RAM disk to @image."""
    root = VM / "root"
    shutil.rmtree(root, ignore_errors=True)
    chosen = files()
    chosen[Path("/init")] = TOP / "tests/vm/init"
    for name, path in chosen.items():
        to = root / name.relative_to("/")
        to.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(path, to)
        except OSError:  # another file system, or not ours
            shutil.copy(path, to)
    for name in ["proc", "sys", "dev", "tmp"]:
        (root / name).mkdir(exist_ok=True)
    names = "\n".join(str(p.relative_to(root)) for p in [root, *sorted(root.rglob("*"))])
    with open(image, "wb") as out:
        subprocess.run(["cpio", "-o", "-H", "newc", "--quiet", "-R", "0:0"], cwd=root,
                       input=names.encode(), stdout=out, check=True)
    shutil.rmtree(root)
