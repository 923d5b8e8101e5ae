"""Programs that stay while their memory is looked at."""

import contextlib
import re
import subprocess
import time
from pathlib import Path

from matrix.commands import Failed
from processes import descendants

MEMORY = re.compile(r"^(?:Pss|VmPTE):\s+(\d+) kB", re.MULTILINE)
LATE_S = 120


class Held:
    """A command that stays until it is told to end; ended in any case when the block is left."""

    def __init__(self, argv, **options):
        self.argv = [str(a) for a in argv]
        self.options = options

    def __enter__(self):
        self.begun = time.perf_counter()
        try:
            self.process = subprocess.Popen(self.argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            text=True, **self.options)
        except OSError as error:
            raise Failed(f"{self.argv[0]}: {error.strerror}: 'make' builds what is measured") from error
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()

    def say(self, text):
        with contextlib.suppress(BrokenPipeError):  # it has ended: line() tells
            self.process.stdin.write(text)
            self.process.stdin.flush()

    def line(self):
        """The next that it prints."""
        text = self.process.stdout.readline()
        if not text.endswith("\n"):
            raise Failed(f"{' '.join(self.argv)}: ended early, status {self.process.wait(LATE_S)}")
        return text

    def seconds(self):
        """Since it was started."""
        return time.perf_counter() - self.begun

    def memory_kib(self):
        """Of its processes, those that only wait for them left out: what is shared counts once; and page tables."""
        pids = descendants(self.process.pid)
        total = 0
        for pid in pids[1:] or pids:
            with contextlib.suppress(OSError):
                for name in ("smaps_rollup", "status"):
                    text = Path(f"/proc/{pid}/{name}").read_text(encoding="utf-8", errors="replace")
                    total += sum(map(int, MEMORY.findall(text)))
        return total

    def end(self, text):
        """Says @text and waits for the end, which has to be a good one."""
        try:
            self.process.communicate(text, timeout=LATE_S)
        except subprocess.TimeoutExpired as late:
            raise Failed(f"{' '.join(self.argv)}: does not end") from late
        if self.process.returncode != 0:
            raise Failed(f"{' '.join(self.argv)}: status {self.process.returncode}")
