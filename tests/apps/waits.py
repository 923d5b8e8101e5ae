#!/usr/bin/env python3
"""Conformance of what waits: sockets, epoll, timers, signals; the same program in cubicles and natively on Linux.

    tests/apps/waits.py [WORD...]     only tests whose name contains a word
"""

import os
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from harness import CUBICLE, SLOW, SYSTEMS, TOP, Suite, check, execute, require, run_system  # noqa: E402

SOURCE = TOP / "tests" / "apps" / "waits"
CHECK = TOP / "tests" / "support" / "check"
SYSTEM = SYSTEMS / "waits.yaml"
PROCESSES = SYSTEMS / "waits-processes.yaml"  # the stack and its device share a cubicle
ROWS = re.findall(r'\{"(\w+)", test_\w+, (\w+)\}', (SOURCE / "main.c").read_text())
GROUPS = [name for name, on_request in ROWS if on_request == "false"]
CONFIGURATIONS = {
    "sfi": ["--isolation=sfi"],
    "none": ["--isolation=none"],
    "direct": ["--isolation=none", "--link=direct"],
    "ipc": ["--isolation=ipc"],
}
FOLDER = tempfile.TemporaryDirectory()
NATIVE = Path(FOLDER.name) / "waits"
# How long a signal may take to come through.
PATIENCE = 20 * SLOW

WAYS = ["poll", "epoll", "read", "sleep", "suspend", "pause", "accept"]
ENDS = {"pipe": signal.SIGPIPE, "socket": signal.SIGPIPE, "alarm": signal.SIGALRM, "raise": signal.SIGUSR1}
CAUGHT = [signal.SIGUSR1, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGUSR2, signal.SIGWINCH,
          signal.SIGALRM, signal.SIGTERM]


def build():
    built = execute([os.environ.get("CC", "cc"), "-D_GNU_SOURCE", "-std=gnu11", f"-I{CHECK}", "-o", NATIVE]
                    + sorted(SOURCE.glob("*.c")) + [CHECK / "check.c"])
    if built.status != 0:
        sys.exit(f"waits does not compile natively:\n{built.err}")


def command(configuration, *arguments):
    if configuration == "native":
        return [NATIVE, *arguments]
    require(CONFIGURATIONS[configuration])
    system = PROCESSES if configuration == "ipc" else SYSTEM
    return [CUBICLE, "run", system, *CONFIGURATIONS[configuration], "--", *arguments]


def group(name, configuration):
    result = execute(command(configuration, name), timeout=120 * SLOW)
    check(f"PASS {name} " in result.out and result.status == 0, "a check failed", result)


def status_of(process):
    """As a shell has it."""
    status = process.wait(timeout=PATIENCE)
    return 128 - status if status < 0 else status


class Running:
    """The program as it waits for signals."""

    def __init__(self, configuration, how, **options):
        self.process = subprocess.Popen(command(configuration, "catch", how), stdout=subprocess.PIPE,
                                        stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
        self.native = configuration == "native"
        self.expect("ready")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def send(self, number):
        """Natively a signal that comes just before the wait is not seen by it: there the program must sleep already."""
        stat = Path(f"/proc/{self.process.pid}/stat")
        end = time.monotonic() + PATIENCE
        while self.native and stat.read_text().rpartition(")")[2].split()[0] != "S" and time.monotonic() < end:
            time.sleep(0.01)
        self.process.send_signal(number)

    def expect(self, text):
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
        line = self.process.stdout.readline().rstrip("\n") if ready else "nothing"
        check(line == text, f"it says {line!r}, not {text!r}", None)


def caught(how, configuration):
    with Running(configuration, how) as run:
        for number in CAUGHT:
            run.send(number)
            run.expect(f"got {number.value}, EINTR")
        status = status_of(run.process)
        check(status == 7, f"the program ended with {status}, not 7", None)


def by_default(how, configuration):
    for number in CAUGHT:
        with Running(configuration, how) as run:
            run.process.send_signal(number)
            if number == signal.SIGWINCH:
                time.sleep(0.2)
                check(run.process.poll() is None, "SIGWINCH ended it", None)
                continue
            status = status_of(run.process)
            check(status == 128 + number, f"{number.name} ended it with {status}", None)


def whole_group(configuration):
    """What comes to all processes of a terminal is one signal for the program."""
    with Running(configuration, "pause", start_new_session=True) as run:
        time.sleep(0.3 * SLOW)
        os.killpg(run.process.pid, signal.SIGHUP)
        run.expect("got 1, EINTR")
        run.send(signal.SIGTERM)
        run.expect("got 15, EINTR")
        check(status_of(run.process) == 7, "it did not end by itself", None)


def ignored_at_the_start(configuration):
    """As with nohup(1): until the program says otherwise."""
    def ignore():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    with Running(configuration, "none", preexec_fn=ignore) as run:
        run.process.send_signal(signal.SIGHUP)
        time.sleep(0.2)
        check(run.process.poll() is None, "SIGHUP ended it", None)
        run.process.send_signal(signal.SIGTERM)
        check(status_of(run.process) == 128 + signal.SIGTERM, "SIGTERM did not end it", None)
    with Running(configuration, "pause", preexec_fn=ignore) as run:
        run.send(signal.SIGHUP)
        run.expect("got 1, EINTR")


def ends(how, configuration):
    result = execute(command(configuration, "end", how), timeout=60 * SLOW)
    status = 128 - result.status if result.status < 0 else result.status
    check(status == 128 + ENDS[how], f"the status is {status}", result)
    check("fault" not in result.err, "it is told as a fault", result)


def without_a_stack(configuration):
    """A system that has none: the same program, which is told so."""
    text = re.sub(r"(?m)^network:.*\n|.*consumer: (test-waits|lwip),.*\n|.*provider: lwip.*\n", "", SYSTEM.read_text())
    path = Path(FOLDER.name) / "lonely.yaml"
    path.write_text(text)
    result = run_system(path, "lonely", isolation=CONFIGURATIONS[configuration][0].split("=")[1])
    check(result.status == 0, "a check failed", result)
    result = run_system(path, "pair", "epoll", isolation=CONFIGURATIONS[configuration][0].split("=")[1])
    check(result.status == 0, "a check failed", result)


def main():
    build()
    suite = Suite("waits")
    for configuration in ["native", *CONFIGURATIONS]:
        for name in GROUPS:
            suite.add(f"{configuration}: {name}", group, name, configuration)
        for how in ENDS:
            suite.add(f"{configuration}: ends by {how}", ends, how, configuration)
    for configuration in ["native", "sfi", "direct", "ipc"]:
        for how in WAYS:
            suite.add(f"{configuration}: signals in {how}", caught, how, configuration)
        for how in ["none", "compute"]:
            suite.add(f"{configuration}: default of signals, {how}", by_default, how, configuration)
        suite.add(f"{configuration}: a signal for the process group", whole_group, configuration)
        suite.add(f"{configuration}: signals that were ignored", ignored_at_the_start, configuration)
    for configuration in CONFIGURATIONS:
        suite.add(f"{configuration}: many", group, "many", configuration)
    suite.add("sfi: without a stack", without_a_stack, "sfi")
    return suite.main()


if __name__ == "__main__":
    sys.exit(main())
