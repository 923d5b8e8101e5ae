"""Processes that a command has started."""

import contextlib
import os
from pathlib import Path


def descendants(pid):
    """The process and all below it; nothing of one that has gone."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(p for child in children for p in descendants(int(child)))]


def resident_bytes(pid, name=None):
    """Of the process and all below it, or those of them that are called @name."""
    total = 0
    for process in descendants(pid):
        with contextlib.suppress(OSError):
            if name not in (None, Path(f"/proc/{process}/comm").read_text().strip()):
                continue
            pages = Path(f"/proc/{process}/statm").read_text().split()[1]
            total += int(pages) * os.sysconf("SC_PAGE_SIZE")
    return total
