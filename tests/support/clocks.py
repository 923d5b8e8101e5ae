"""A host that has been up for some other time than this one: clocks that count from its start."""

import subprocess
from pathlib import Path

from harness import Skip


def at_uptime(seconds):
    """The words before a command for which the host has been up for @seconds when it starts."""
    offset = round(seconds - float(Path("/proc/uptime").read_text().split()[0]))
    words = ["unshare", "--time", f"--monotonic={offset}", f"--boottime={offset}", "--fork", "--kill-child", "--"]
    done = subprocess.run([*words, "cat", "/proc/uptime"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Skip(f"cannot make time namespaces here: {done.stderr.strip()}")
    have = float(done.stdout.split()[0])
    if abs(have - seconds) > 60:  # offsets count from the host's own clock, not from that of the namespace around
        raise Skip(f"the clock of a time namespace shows {have} s, not {seconds}")
    return words
