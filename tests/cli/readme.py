#!/usr/bin/env python3
"""The example of README.md, as it stands there: its files, its commands, and what they print.

A block of C begins with a comment that is the name of its file; the block of commands runs where
these files are; the block of text is what a terminal shows. Addresses may differ.
"""

import re
import shutil
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from harness import BUILD, TOP, Suite, check, execute, temporary_directory  # noqa: E402

HEADING = "## A component of your own\n"


def blocks():
    """{language: texts} of the section."""
    text = (TOP / "README.md").read_text()
    section = text[text.index(HEADING) + len(HEADING):].split("\n## ")[0]
    found = {}
    for language, body in re.findall(r"^```(\w+)\n(.*?)^```$", section, re.MULTILINE | re.DOTALL):
        found.setdefault(language, []).append(body)
    return found


def like_the_tree(folder):
    """What the commands use of a built tree; what they write stays in @folder."""
    for name in ("include", "systems"):
        (folder / name).symlink_to(TOP / name)
    for name in ("bin", "interfaces"):
        shutil.copytree(BUILD / name, folder / "build" / name)
    for name in ("modules", "sysroot", "systems"):
        (folder / "build" / name).symlink_to(BUILD / name)


def lines(text):
    return re.sub(r"0x[0-9a-f]+", "0x", text).splitlines()


def example():
    found = blocks()
    with temporary_directory() as name:
        folder = Path(name)
        like_the_tree(folder)
        for body in found["c"]:
            file = re.match(r"/\* (\S+) \*/\n", body).group(1)
            (folder / file).write_text(body)
        result = execute(["sh", "-ec", found["sh"][0]], cwd=folder)
    shown = lines(found["text"][0])
    said = [line for line in shown if line.startswith("cubicle:")]
    check(result.status == 0, "wrong exit status", result)
    check(lines(result.err) == said, f"README.md shows as messages {said}", result)
    check(lines(result.out) == [line for line in shown if line not in said],
          "README.md shows other output", result)


def main():
    tests = Suite("readme")
    tests.add("the example", example)
    return tests.main()


if __name__ == "__main__":
    sys.exit(main())
