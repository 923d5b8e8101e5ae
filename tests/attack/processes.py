#!/usr/bin/env python3
"""Attacks on --isolation=ipc: a process that has been taken over, against the kernel and its peers.

    tests/attack/processes.py [WORD...]     only tests whose name contains a word
"""

import contextlib
import functools
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from harness import (  # noqa: E402
    CUBICLE,
    EXIT_FAULT,
    SLOW,
    SYSTEMS,
    TOP,
    Skip,
    Suite,
    check,
    run_system,
    target_of,
    temporary_directory,
)
from processes import descendants  # noqa: E402
from run import complete, harmless, outlaw, stopped  # noqa: E402
from cases import HARMLESS, STOPPED  # noqa: E402

FORGED = SYSTEMS / "forged.yaml"
ANSWERED = SYSTEMS / "answered.yaml"
# What the attacker asks the kernel for; the names are those of forger.c.
CALLS = ["kill", "kill-group", "ptrace", "read-memory", "open", "openat", "socket", "fork", "clone",
         "execve", "memfd", "prctl", "executable", "make-executable", "mremap", "write-elsewhere",
         "close", "ioctl", "futex-requeue", "x32", "shmat", "io-uring", "pidfd", "setuid", "tgkill", "queue-signal",
         "write-memory", "take-descriptor", "perf", "userfaultfd", "bpf", "unshare", "setns", "limits", "affinity",
         "priority", "fcntl", "dup", "timer", "profile", "mincore", "seccomp", "keys",
         "clone3", "vfork", "execveat", "openat2", "open-by-handle", "memfd-secret", "socket-pair", "send", "send-message",
         "receive-message", "splice", "vmsplice", "signal-by-pidfd", "process-madvise", "compare-processes",
         "futex-private", "futex-lock", "futex-wake-op", "futex-wait-many", "sigaction", "signal-stack", "robust-list",
         "rseq", "membarrier", "arch-prctl", "segments", "protection-key", "remap-pages", "lock-memory", "move-pages",
         "scheduler", "io-priority", "mount", "chroot", "umask",
         # Memory that its quota would not count, and files as memory.
         "shared-memory", "stack-memory", "huge-pages", "map-file"]
# Whose channel the attacker writes to.
VICTIMS = ["callee", "random", "parent"]
# Rows of STOPPED and HARMLESS that are stopped by the process's own monitor, or by the caller's.
AS_EVER = ["null_read", "read_stack", "stack_overflow", "write_own_code", "execute_null", "overwrite_return",
           "stale_return", "divide", "illegal", "compute_for_ever", "early_return", "change_registers",
           "longjmp_out", "every_length", "hostile_arguments", "descriptors_run_out", "foreign_caller_id",
           "refused_after_seek", "bind_past_vfscore"]


@functools.cache
def offsets():
    """Where in the command the attacker finds what it needs: it knows the program it runs in."""
    names = subprocess.run(["nm", CUBICLE], capture_output=True, text=True, check=True).stdout
    slots = subprocess.run(["objdump", "-R", CUBICLE], capture_output=True, text=True,
                           check=True).stdout
    found = [re.search(rf"^(\w+) \w {name}$", names, re.M)
             for name in ("ipc_enter", "peers", "counters")]
    found.insert(2, re.search(r"^(\w+) \S+\s+syscall@", slots, re.M))
    check(all(found), "the command has no symbols")
    return [match.group(1) for match in found]


def attack(*arguments, system=FORGED, **rest):
    return run_system(system, *arguments, *offsets(), isolation="ipc", **rest)


def host_call(name):
    """The kernel ends the process; the system is told, and goes on without it."""
    result = attack("kernel", name)
    check("SURVIVED" not in result.out, "it came back", result)
    check("fault: forger: its process ended: system call that the cubicle may not make"
          in result.err, "not reported", result)
    check("policy fail-call: cubicle forger is dead" in result.err, "no policy", result)
    check(result.status == 1 or result.status == EXIT_FAULT, "wrong exit status", result)


def forged(victim):
    """Whatever is written to its channels, and meanwhile, the other end lives and answers others."""
    result = attack("forge", victim, timeout=120)
    check("forged\n" in result.out and "BROKEN" not in result.out, "the attack is broken", result)
    check("well\n" in result.out, "somebody does not answer any more", result)
    check(not result.faults() and "internal error" not in result.err, "somebody died", result)
    check(result.status == 0, "the system did not end as usual", result)


def forged_answers():
    """Whatever its provider answers, and however often, its caller lives, and only what it named is written."""
    result = run_system(ANSWERED, *offsets()[:3], isolation="ipc", timeout=120)
    check("BROKEN" not in result.out and not result.faults(), "the caller was misled", result)
    check("well\n" in result.out and result.status == 0, "the caller did not come to its end", result)


def others_memory():
    """Nothing of others is mapped: not at any address where something of theirs lies."""
    with temporary_directory() as folder:
        stats = Path(folder) / "log"
        log = run_system(FORGED, "?", isolation="ipc", options=["--log"]).err
        codes = re.findall(r"code of module \S*/(\S+)\.cub at (0x[0-9a-f]+)", log)
        check(len(codes) > 5, f"no addresses in {stats}")
    for module, address in codes:
        if module == "test-forger":
            continue
        result = attack("touch", address)
        check("SURVIVED" not in result.out, f"{module} is mapped", result)
        check(target_of(result) == int(address, 16) and result.faults(), "no report", result)


def claims():
    """Rubbish in its tally: what others did is told as it was, and statistics and graph are whole."""
    with temporary_directory() as folder:
        stats, graph = Path(folder) / "stats.json", Path(folder) / "graph.dot"
        result = attack("lie", "all", options=[f"--json={stats}", f"--graph={graph}"])
        check("SURVIVED" not in result.out and result.faults(), "the attack is broken", result)
        counts = json.loads(stats.read_text())
        text = graph.read_text()
    check(text.startswith("digraph") and text.rstrip().endswith("}"), "the graph is broken", result)
    for cubicle in counts["cubicles"]:
        honest = cubicle["name"] != "forger"
        check(cubicle["state"] in ("live", "exited", "dead"), f"state {cubicle['state']}", result)
        check(not honest or (cubicle["state"] == "live" and 0 < cubicle["pages"] < 1 << 20),
              f"{cubicle} was changed", result)
    for edge in counts["edges"]:
        check("forger" in (edge["caller"], edge["callee"])
              or max(edge["calls"], edge["bytes_in"], edge["samples"]) < 1 << 30,
              f"{edge} was changed", result)
    check(max(e["calls"] for e in counts["edges"]) == 1 << 47, "nothing was written", result)


def rewritten(how, name):
    """What others tell everybody is theirs to write, also where the kernel is asked first."""
    result = attack(how, name)
    check("SURVIVED" not in result.out, "it was written", result)
    check(result.faults() and target_of(result) > 0, "no report", result)


def quota():
    """The kernel keeps the quota of a process whose own monitor does not."""
    result = attack("memory", "all")
    taken = re.search(r"^took (\d+) MiB$", result.out, re.M)
    check(taken and 1 <= int(taken.group(1)) <= 64, "more than the quota", result)
    check(result.status == 0, "wrong exit status", result)


def addresses():
    """Addresses are limited, too: tables of pages are memory that no quota counts."""
    result = attack("memory", "addresses")
    taken = re.search(r"^took (\d+) GiB$", result.out, re.M)
    check(taken and int(taken.group(1)) <= 16, "addresses without an end", result)
    check(result.status == 0, "wrong exit status", result)


def descriptors():
    """A process has open what its cubicle's rights are for, and nothing else."""
    if os.geteuid() != 0:
        raise Skip("only root sees what the processes have open")
    with survivor() as system:
        _, everybody = process_of(system, "driver")
        time.sleep(0.5)  # it is at work
        names = {Path(f"/proc/{p}/comm").read_text().strip(): p for p in everybody}
        opened = {name: {n.name: os.readlink(n) for n in Path(f"/proc/{p}/fd").iterdir() if n.name != "2"}
                  for name, p in names.items()}
        system.kill()
        system.communicate()
    opened.pop("cubicle")
    check(len(opened) > 5, f"too few processes: {opened}")
    for name, links in opened.items():
        wakes = [link for link in links.values() if link == "anon_inode:[eventfd]"]
        check(len(wakes) == {"driver": 2, "plat": 1}.get(name, 0), f"{name} wakes others: {links}")
        if name != "plat":
            check(len(links) == len(wakes), f"{name} has {links}")


def secrets():
    """The arguments and the environment of the command, in a process that they are none of the business of."""
    names = subprocess.run(["nm", CUBICLE], capture_output=True, text=True, check=True).stdout
    at = re.search(r"^(\w+) \w environ@", names, re.M).group(1)
    result = run_system(ANSWERED, *offsets()[:3], at, "SECRET-argument", isolation="ipc",
                        options=["--env=MINE=SECRET-variable"], env={**os.environ, "ITS": "SECRET-of-the-user"})
    check("SECRET-argument SECRET-variable\n" in result.out and result.status == 0, "the program does not have its own", result)
    check("found 0\n" in result.out, "another process has them", result)


def flooded_parent(number):
    """A process that sends the parent messages without an end: signals end the system all the same."""
    argv = [CUBICLE, "run", FORGED, "--isolation=ipc", "--", "flood", "parent", *offsets()]
    with subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as system:
        try:
            check(system.stdout.readline() == "flooding\n", "the attack is broken")
            everybody = descendants(system.pid)
            time.sleep(0.5)
            system.send_signal(number)
            err = system.communicate(timeout=20)[1]
        except subprocess.TimeoutExpired:
            check(False, "the system does not end")
        finally:
            system.kill()
    check_ended(system, everybody, 128 + number, err)


def flooded_caller(first):
    """A provider that sends its caller messages without an end: the caller can ask others as ever. @first: is its
    channel looked at before theirs?"""
    with temporary_directory() as folder:
        text = ANSWERED.read_text()
        block = re.search(r"  - name: answerer\n(?:    .*\n)+", text).group()
        text = text.replace(block, "")
        before = "  - name: plat\n" if first else "  - name: asker\n"
        manifest = Path(folder) / "flooded.yaml"
        manifest.write_text(text.replace(before, block + before))
        result = run_system(manifest, *offsets()[:3], "flood", isolation="ipc", timeout=60)
    check("well\n" in result.out and result.status == 0, "the caller did not come to its end", result)


def survivor():
    """A system of processes that waits."""
    argv = [CUBICLE, "run", SYSTEMS / "conformance.yaml", "--isolation=ipc", "--", "survive"]
    return subprocess.Popen([str(a) for a in argv], stdin=subprocess.PIPE, text=True,
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def process_of(system, name):
    """The pid of cubicle @name's process, once it runs, and those of all of the system's."""
    pids = []
    while system.poll() is None and not pids:
        time.sleep(0.2)
        everybody = descendants(system.pid)
        pids = [p for p in everybody if Path(f"/proc/{p}/comm").read_text().strip() == name]
    check(pids, f"no process is named {name}")
    return pids[0], everybody


def check_ended(system, everybody, status, err):
    check(system.returncode == status, f"exit status {system.returncode}\n{err}")
    left = [p for p in everybody if Path(f"/proc/{p}").exists()]
    check(not left, f"processes {left} are still there")


def killed(name):
    """Whatever ends a process: its cubicle is dead, by its policy, and no process stays."""
    with survivor() as system:
        pid, everybody = process_of(system, name)
        os.kill(pid, signal.SIGKILL)
        err = system.communicate(timeout=60)[1]
    check(f"fault: {name}: its process ended: signal 9" in err, f"not reported\n{err}")
    check_ended(system, everybody, EXIT_FAULT, err)


def killed_early(name):
    """The same at any moment of the start, when other processes are still what the parent made them."""
    for attempt in range(12):
        with survivor() as system:
            pid, deadline = None, time.monotonic() + 20
            while pid is None and time.monotonic() < deadline:
                pid = next((p for p in descendants(system.pid) if comm_of(p) == name), None)
            check(pid, f"no process is named {name}")
            time.sleep(0.001 * attempt)
            everybody = descendants(system.pid)
            os.kill(pid, signal.SIGKILL)
            try:
                err = system.communicate(timeout=20)[1]
            except subprocess.TimeoutExpired:
                system.kill()
                check(False, f"the system does not end, attempt {attempt}")
        check_ended(system, everybody, EXIT_FAULT, err)


def comm_of(pid):
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return None


def silent(name, number):
    """A process that does not answer: the system ends all the same when it is asked to, and all of it."""
    with survivor() as system:
        pid, everybody = process_of(system, name)
        os.kill(pid, signal.SIGSTOP)
        time.sleep(0.3)
        system.send_signal(number)
        err = system.communicate(timeout=60)[1]
    check_ended(system, everybody, 128 + number, err)


def silent_early(name, number):
    """The same while it is to be set up."""
    with survivor() as system:
        pid, deadline = None, time.monotonic() + 20
        while pid is None and time.monotonic() < deadline:
            pid = next((p for p in descendants(system.pid) if comm_of(p) == name), None)
        check(pid, f"no process is named {name}")
        # One that stands still while it is root's cannot be killed by a parent that is not.
        while time.monotonic() < deadline and "Seccomp:\t2" not in Path(f"/proc/{pid}/status").read_text():
            pass
        os.kill(int(pid), signal.SIGSTOP)
        time.sleep(1)
        everybody = descendants(system.pid)
        system.send_signal(number)
        err = system.communicate(timeout=60)[1]
    check_ended(system, everybody, 128 + number, err)


def filters_of(status):
    return int(re.search(r"^Seccomp_filters:\t(\d+)$", status, re.M).group(1))


def confined(system, dead=None):
    """The process of hostfs, once its own filter holds it; where it is another one than @dead, the parent's does, too."""
    wanted = filters_of(Path("/proc/self/status").read_text()) + (1 if dead is None else 2)
    deadline = time.monotonic() + 20 * SLOW
    while time.monotonic() < deadline:
        for pid in descendants(system.pid):
            with contextlib.suppress(OSError):
                status = Path(f"/proc/{pid}/status").read_text()
                if pid != dead and "Name:\thostfs\n" in status and filters_of(status) == wanted:
                    return pid
    check(False, "hostfs has no process")


def files_begin_anew():
    """Its process is killed: the next one, which the wall has made poorer by then, confines itself as the first one did."""
    with temporary_directory() as folder:
        top = Path(folder)
        top.chmod(0o777)
        manifest = top / "sqlite.yaml"
        text = (TOP / "systems/sqlite.yaml").read_text()
        manifest.write_text(text.replace("    hostfiles: [hostfs]\n", "    hostfiles: [hostfs]\n    on_fault: restart\n"))
        argv = [CUBICLE, "run", manifest, "--isolation=ipc", f"--mount={top}:/data:rw", "--", "/data/a.db"]
        with subprocess.Popen([str(a) for a in argv], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True) as system:
            try:
                first = confined(system)
                system.stdin.write("CREATE TABLE t(x); SELECT 'made';\n")
                system.stdin.flush()
                check(system.stdout.readline() == "made\n", "the database is not made")
                os.kill(int(first), signal.SIGKILL)
                confined(system, first)
                _, err = system.communicate(timeout=60)
            finally:
                system.kill()
    check("policy restart: the call fails, and cubicle hostfs begins anew" in err, err)
    check(err.count("fault: ") == 1, f"a fault besides\n{err}")


def main():
    tests = Suite("processes", needs="--isolation=ipc")
    for name in CALLS:
        tests.add(f"{36 if name == 'x32' else 33}: host call {name}", host_call, name)
    for victim in VICTIMS:
        tests.add(f"28: forged messages to {victim}", forged, victim)
    for name in ("vfscore", "driver", "time"):
        tests.add(f"32: the process of {name} is killed", killed, name)
    for name in ("plat", "alloc", "vfscore"):
        tests.add(f"32: the process of {name} is killed at the start", killed_early, name)
    tests.add("31: more memory than the quota", quota)
    tests.add("29: forged answers", forged_answers)
    for name in ("plat", "vfscore", "driver"):
        tests.add(f"32: {name} does not answer", silent, name, signal.SIGTERM)
    tests.add("32: alloc does not answer at the start", silent_early, "alloc", signal.SIGTERM)
    tests.add("31: more addresses than there is memory for", addresses)
    tests.add("33: open files", descriptors)
    tests.add("38: files of the host", outlaw, "ipc")
    tests.add("33: a process with files of the host begins anew", files_begin_anew)
    tests.add("1: arguments and environment", secrets)
    for number in (signal.SIGTERM, signal.SIGINT):
        tests.add(f"32: a flood of messages to the parent, {number.name}", flooded_parent, number)
    for first in (True, False):
        tests.add(f"32: a flood of messages to a caller, {'first' if first else 'last'}", flooded_caller, first)
    tests.add("28: rubbish in its counters", claims)
    for name in ("parent", "vfscore"):
        tests.add(f"29: what {name} tells", rewritten, "rewrite", name)
        tests.add(f"29: what {name} tells, unlocked", rewritten, "unlock", name)
    tests.add("1: others' memory", others_memory)
    for row in STOPPED:
        if row[0] in AS_EVER:
            tests.add(f"{row[4]}: {row[0]}", stopped, *row, isolation="ipc")
    for row in HARMLESS:
        if row[0] in AS_EVER:
            tests.add(f"{row[2]}: {row[0]}", harmless, *row, isolation="ipc")
    tests.add("every row of the catalogue has a test", complete, list(tests.tests), "ipc")
    return tests.main()


if __name__ == "__main__":
    sys.exit(main())
