#!/usr/bin/env python3
"""Runs suites in emulated machines, for processors that this one may not be: with protection
keys (mpk) and FSGSBASE, and without either.

    tests/vm/run.py [--host] [SUITE...]     all by default; --host: those under mpk, here
"""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "support"), str(HERE)]
import image  # noqa: E402
from harness import TOP  # noqa: E402

LIMIT = 600  # seconds for one machine
# Its iret does not know that user code may read the user's stack under SMAP.
QEMU = ["qemu-system-x86_64", "-accel", "tcg,thread=multi", "-m", "2G", "-display", "none",
        "-no-reboot"]
SUITES_MPK = ["conformance", "attack", "sqlite", "counts"]
# Processors, and the suites that are for them.
MACHINES = {
    "max,-smap": [*SUITES_MPK, "views-kernel"],
    "max,-smap,-fsgsbase,-pku": ["views-syscall"],
}


def machine(processor, suites):
    """Lines that guest.py prints in a machine with that processor."""
    subprocess.run([TOP / "tools/kernel.sh"], check=True)
    disk, log, console = (image.VM / n for n in ("initramfs.cpio", "guest.log", "console.log"))
    image.write(disk)
    log.write_text("")
    words = f"console=ttyS0 quiet panic=-1 top={TOP} suites={','.join(suites)}"
    argv = [*QEMU, "-cpu", processor, "-smp", str(min(os.cpu_count(), 4)), "-kernel", image.VM / "vmlinuz",
            "-initrd", disk, "-append", words, "-serial", f"file:{console}",
            "-serial", f"file:{log}"]
    start = time.monotonic()
    with subprocess.Popen([str(a) for a in argv]) as qemu, open(log, errors="replace") as out:
        rest = ""
        while qemu.poll() is None or rest:
            text = out.readline()
            if not text.endswith("\n"):
                rest += text
                if qemu.poll() is not None and not text:
                    break
                if time.monotonic() - start > LIMIT:
                    qemu.kill()
                    yield f"not ok the machine was still busy after {LIMIT} s"
                    return
                time.sleep(0.1)
                continue
            yield rest + text.rstrip("\r\n")
            rest = ""
    tail = console.read_text(errors="replace").splitlines()[-5:]
    if qemu.returncode != 0 or not any("Power down" in line for line in tail):
        yield f"not ok the machine ended with status {qemu.returncode}"
        yield from ("# " + line for line in tail)


def here(suites):
    """The same natively."""
    with subprocess.Popen([sys.executable, HERE / "guest.py", *suites], stdout=subprocess.PIPE,
                          text=True, errors="replace") as guest:
        for line in guest.stdout:
            yield line.rstrip("\n")


def everywhere(suites):
    """The same in each machine that has one of the suites."""
    for processor, its in MACHINES.items():
        chosen = [name for name in its if name in suites]
        if chosen:
            yield from machine(processor, chosen)


def main():
    words = sys.argv[1:]
    host = "--host" in words
    suites = [word for word in words if not word.startswith("--")]
    if not suites:
        suites = SUITES_MPK if host else [name for its in MACHINES.values() for name in its]
        if "fsgsbase" in Path("/proc/cpuinfo").read_text():
            suites = [name for name in suites if name != "views-kernel"]  # it has run here
    known = {*SUITES_MPK, *(name for its in MACHINES.values() for name in its)}
    unknown = [suite for suite in suites if suite not in known]
    if unknown:
        sys.exit(f"test-mpk: no suite is called {', '.join(unknown)}; there are: "
                 f"{', '.join(sorted(known))}")
    if host and "ospke" not in Path("/proc/cpuinfo").read_text():
        sys.exit("test-mpk: this machine's processor or kernel has no protection keys; "
                 "without HOST=1 the tests run in an emulated machine")
    passed = failed = 0
    suite = ""
    ended = 0
    for line in (here if host else everywhere)(suites):
        result = re.fullmatch(r"(ok|not ok)(?: \d+ -)? (.*)", line)
        if result:
            passed += result.group(1) == "ok"
            failed += result.group(1) != "ok"
            print(f"{result.group(1)} {passed + failed} - {suite}{result.group(2)}")
        elif line.startswith("== "):
            suite = line[3:] + ": "
        elif line.startswith("#"):
            print(line)
        ended += line == "== end"
        sys.stdout.flush()
    machines = 1 if host else sum(any(s in suites for s in its) for its in MACHINES.values())
    if ended < machines:
        failed += 1
        print(f"not ok {passed + failed} - the run did not come to its end")
    print(f"1..{passed + failed}")
    print(f"# vm: {passed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
