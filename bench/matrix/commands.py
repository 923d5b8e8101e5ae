"""Running what is measured."""

import os
import subprocess
import time
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
BUILD = TOP / "build"
CUBICLE = BUILD / "bin" / "cubicle"
NATIVE = BUILD / "native"
SHARED = "/dev/shm" if os.path.isdir("/dev/shm") else None  # a tmpfs, for files of native programs


class Missing(Exception):
    """What this machine lacks for a part; the text says what to do."""


class Failed(Exception):
    """A command that did not do what it should; the text has its output."""


def execute(argv, **options):
    """Standard output and seconds of a command that has to succeed."""
    argv = [str(a) for a in argv]
    start = time.perf_counter()
    try:
        done = subprocess.run(argv, capture_output=True, text=True, errors="replace",
                              check=False, **options)
    except OSError as error:
        raise Failed(f"{argv[0]}: {error.strerror}: 'make' builds what is measured") from error
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        output = f"{done.stdout[-1000:]}{done.stderr[-1000:]}".strip()
        raise Failed(f"{' '.join(argv)}: status {done.returncode}\n{output}")
    return done.stdout, seconds
