"""Processes that a command has started."""

from pathlib import Path


def descendants(pid):
    """The process and all below it; nothing of one that has gone."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(p for child in children for p in descendants(int(child)))]
