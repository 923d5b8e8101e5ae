#!/usr/bin/env python3
"""What documents name exists: files and functions of the journeys, links, and invariants.

    tests/unit/tools/documents.py [WORD...]     only tests whose name contains a word
"""

import re
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "support"))
from harness import TOP, Suite, check  # noqa: E402

PAGES = sorted([*TOP.glob("*.md"), *TOP.glob("docs/*.md"), *TOP.glob("monitor/backend/*/*.md")])
JOURNEYS = ("A call", "A fault", "A start")


def section(page, heading):
    text = (TOP / "docs" / page).read_text()
    return text.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def journey(heading):
    """At most ten stops; each is a file, and a function that is defined or declared in it."""
    lines = re.findall(r"^\d+\. .*", section("reading-order.md", heading), re.MULTILINE)
    check(3 <= len(lines) <= 10, f"{len(lines)} stops")
    for line in lines:
        stop = re.match(r"\d+\. `([\w./-]+)` `(\w+)`: ", line)
        check(stop, f"not a stop: {line}")
        file, function = stop.groups()
        check((TOP / file).is_file(), f"{file} does not exist")
        text = (TOP / file).read_text()
        found = re.search(rf"^[a-z][^;=\n]*\b{function}\(", text, re.MULTILINE)
        check(found, f"{file} has no function {function}")


def files_named():
    """Paths of the tree in code marks, on every page that newcomers read for them."""
    for page in ("reading-order.md", "architecture.md", "glossary.md", "backends.md"):
        text = (TOP / "docs" / page).read_text()
        for path in re.findall(r"`((?:monitor|tests|components|interfaces|cli|include)/[\w./-]+)`", text):
            check((TOP / path).exists(), f"docs/{page}: {path} does not exist")


def anchor(heading):
    """As GitHub and others make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def links():
    """Links within the tree lead to a file, and to a heading of it."""
    for page in PAGES:
        text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"\w+:", target):
                continue
            path, _, name = target.partition("#")
            file = (page.parent / path).resolve() if path else page
            check(file.exists(), f"{page.relative_to(TOP)}: {target} does not exist")
            if name:
                headings = re.findall(r"^#+ (.*)", file.read_text(), re.MULTILINE)
                check(name in map(anchor, headings), f"{page.relative_to(TOP)}: {target}: no such heading")


# A definition: "W1  An open chain ..." or "S1. Clean, ..." in a comment, "1. (B1) No executable page ..." in notes.
DEFINED = re.compile(r"^(?: \* +|\d+\. \()([A-Z]{1,2}\d)(?:\.| {2}|\) )", re.MULTILINE)
LABEL = re.compile(r"(?<![\w.`/-])((?:[a-z]+\.)?(?:[ACEMNPRTUW]|HF|SI|[a-z]+\.[A-Z]{1,2})\d)(?:-([A-Z]{1,2}\d))?\b")


def place_of(file):
    """What names of invariants in @file begin with elsewhere."""
    folder = file.relative_to(TOP / "monitor").parent
    named = folder.name == "verify" or folder.parent.name == "backend"
    return folder.name + "." if named else ""


def invariants():
    """{full name: where it is defined}; no name twice."""
    found = {}
    for file in sorted([*TOP.glob("monitor/**/*.[ch]"), *TOP.glob("monitor/**/*.md")]):
        for label in DEFINED.findall(file.read_text()):
            name, where = place_of(file) + label, str(file.relative_to(TOP))
            check(name not in found, f"{name} is in {found.get(name)} and in {where}")
            found[name] = where
    check(len(found) > 80, f"only {len(found)} invariants found")
    return found


def invariants_cited():
    """Each that a document cites is defined."""
    found = invariants()
    families = {re.sub(r"\d$", "", name) for name in found}
    for page in (TOP / "docs").glob("*.md"):
        if page.name == "verifier.md":  # which uses the short names of its folder
            continue
        for first, last in LABEL.findall(page.read_text()):
            place = first.rpartition(".")[0] + "." if "." in first else ""
            for name in [first] + ([place + last] if last else []):
                if re.sub(r"\d$", "", name) in families:
                    check(name in found, f"docs/{page.name}: {name} is not defined")


def main():
    tests = Suite("documents")
    for heading in JOURNEYS:
        tests.add(f"journey: {heading}", journey, heading)
    tests.add("files that pages name", files_named)
    tests.add("links", links)
    tests.add("names of invariants", invariants)
    tests.add("invariants that documents cite", invariants_cited)
    return tests.main()


if __name__ == "__main__":
    sys.exit(main())
