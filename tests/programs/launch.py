#!/usr/bin/env python3
"""Runs a module as if it were a program: tests/programs/launch.py MODULE.cub [ARGUMENT...]

The current directory is the root of the system's files; when the program has ended, what it
changed there is changed in the directory. Standard streams, environment and status are the
program's.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
TOP = Path(__file__).resolve().parent.parent.parent
BUILD = TOP / "build"
COMPONENTS = ["plat", "alloc", "time", "random", "ramfs", "vfscore", "devfs", "boot"]


def manifest(name):
    """The system of `hello` with the module @name as its application."""
    text = (TOP / "systems" / "hello.yaml").read_text()
    return re.sub(r"\bhello\b", name, text)


def prepare(module, folder):
    """A system for @module in @folder, beside links to all modules: its command line."""
    name = re.sub(r"[^a-z0-9_-]", "-", module.stem.lower()).lstrip("-_")
    if name in COMPONENTS:  # names are the manifest's, and a program may be called `time`
        name += "-program"
    for component in COMPONENTS:
        file = BUILD / "modules" / "sfi" / f"{component}.cub"
        (folder / file.name).symlink_to(file)
    (folder / f"{name}.cub").symlink_to(module)
    system = folder / f"{name}.yaml"
    system.write_text(manifest(name))
    return [str(BUILD / "bin" / "cubicle"), "run", str(system), f"--modules={folder}"]


def state(folder):
    """{path: (size, second of its last change, mode)} of all files and links in @folder."""
    found = {}
    for path, folders, files in os.walk(folder):
        for name in folders + files:
            file = os.path.join(path, name)
            stat = os.lstat(file)
            kept = (0, 0) if os.path.isdir(file) else (stat.st_size, int(stat.st_mtime))
            found[os.path.relpath(file, folder)] = (*kept, stat.st_mode)
    return found


def bring_back(before, export, folder):
    """Repeats in @folder what the program changed; @before is what the folder was."""
    after = state(export)
    for name in sorted(before.keys() - after.keys(), reverse=True):
        path = folder / name
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink(missing_ok=True)
    for name in sorted(n for n in after if after[n] != before.get(n)):
        source, path = export / name, folder / name
        if source.is_dir() and not source.is_symlink():
            path.mkdir(exist_ok=True)
        else:
            shutil.copy2(source, path, follow_symlinks=False)


def main():
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        print(__doc__)
        return 0 if len(sys.argv) > 1 else 2
    with tempfile.TemporaryDirectory(prefix="cubicle-program-") as temporary:
        folder, root = Path(temporary), Path.cwd()
        command = prepare(Path(sys.argv[1]), folder)
        command += [f"--root={root}", f"--export={folder / 'export'}"]
        command += [f"--env={k}={v}" for k, v in os.environ.items() if k.isidentifier()]
        before = state(root)
        status = subprocess.run([*command, "--", *sys.argv[2:]], check=False).returncode
        if (folder / "export").is_dir():
            bring_back(before, folder / "export", root)
    return 128 - status if status < 0 else status


if __name__ == "__main__":
    sys.exit(main())
