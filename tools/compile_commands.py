#!/usr/bin/env python3
"""Writes compile_commands.json, from which editors and clangd know how each file is compiled.

Commands of host programs are meson's; those of modules come from a dry run of make, as the
compiler below cubicle-cc would be called. Files that are compiled into both kinds
of code are there once, for sfi.
"""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
HOST = TOP / "build/host/compile_commands.json"
# What is in the place of cubicle-cc and the options that are its own.
AS_GCC = ["gcc", "-nostdinc", "-isystem", "build/sysroot/sfi/include", "-D__CUBICLE__=1", "-D__CUBICLE_SFI__=1"]


def module_commands():
    dry = subprocess.run(["make", "--no-print-directory", "-f", "modules.mk", "-n", "-B", "all"],
                         cwd=TOP, capture_output=True, text=True, check=True).stdout
    for line in dry.splitlines():
        if not re.match(r"\S*/cubicle-cc .* -c ", line) or "--cubicle-isolation=none" in line:
            continue
        words = shlex.split(line)
        rest = [word for word in words[1:] if not word.startswith("--cubicle-")]
        yield {"directory": str(TOP), "file": words[-1], "arguments": AS_GCC + rest}


def main():
    if not HOST.exists():
        sys.exit("compile_commands.py: build/host is missing: run `make host` first")
    commands = json.loads(HOST.read_text())
    known = {str((Path(c["directory"]) / c["file"]).resolve()) for c in commands}
    for command in module_commands():
        path = str((TOP / command["file"]).resolve())
        if path not in known:
            known.add(path)
            commands.append(command)
    (TOP / "compile_commands.json").write_text(json.dumps(commands, indent=1) + "\n")
    print(f"compile_commands.json: {len(known)} files")


if __name__ == "__main__":
    main()
