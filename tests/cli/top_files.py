"""Files that a reader of counters may meet: the real one, which only the monitor writes, and those of others."""
import atexit
import fcntl
import mmap
import os
import re
import select
import struct
import subprocess
import sys

pid, system = int(sys.argv[1]), sys.argv[2]
SEALS = 0x1 | 0x2 | 0x4 | 0x10  # SEAL, SHRINK, GROW, FUTURE_WRITE
ADD_SEALS = 1033
HEADER = struct.Struct("8sIIiiIIII16s64s")


def file_of(process):
    for number in os.listdir(f"/proc/{process}/fd"):
        path = f"/proc/{process}/fd/{number}"
        if os.readlink(path).startswith("/memfd:cubicle-counters"):
            return path
    raise AssertionError("no counters")


def refused(what, function):
    try:
        function()
    except (PermissionError, OSError):
        return
    raise AssertionError(f"{what} is possible")


def hidden(kind):
    """A process that has something with the name of counters open which is none: in a mount namespace of its own."""
    script = f"""
import os, sys, time
os.chdir("/mnt")
name = "memfd:cubicle-counters"
{kind}
os.unlink(name)
os.chdir("/")
os.system("umount -l /mnt")
print("ready", flush=True)
time.sleep(60)
"""
    return subprocess.Popen(["unshare", "-rm", "sh", "-c", 'mount -t tmpfs tmpfs /mnt && exec "$0" -c "$1"', sys.executable, script],
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


real = file_of(pid)
with open(real, "rb") as f:
    image = f.read()
fd = os.open(real, os.O_RDWR)
refused("writing", lambda: os.pwrite(fd, b"x", 0))
refused("mapping to write", lambda: mmap.mmap(fd, 4096))
refused("cutting", lambda: os.ftruncate(fd, 0))
refused("emptying", lambda: os.posix_fallocate(fd, len(image), 4096))
os.close(fd)
# Of the monitor, whatever may look there sees no such file.
for number in os.listdir(f"/proc/{pid}/task"):
    pass
children = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout.split()
for child in children:
    try:
        numbers = os.listdir(f"/proc/{child}/fd")
    except PermissionError:
        continue
    for number in numbers:
        assert "cubicle-counters" not in os.readlink(f"/proc/{child}/fd/{number}"), "the monitor has it open"

# Pipes whose name is that of counters: nobody waits for a writer that never comes.
for kind in ("os.mkfifo(name); fd = os.open(name, os.O_RDONLY | os.O_NONBLOCK)",
             "os.mkfifo(name); fd = os.open(name, os.O_PATH)",
             "fd = os.open(name, os.O_RDWR | os.O_CREAT)"):
    with hidden(kind) as other:
        if other.stdout.readline() != "ready\n":
            print("# files of other kinds: not tested, no mount namespace")
            break
        links = [os.readlink(f"/proc/{other.pid}/fd/{n}") for n in os.listdir(f"/proc/{other.pid}/fd")]
        assert "/memfd:cubicle-counters (deleted)" in links, links
        done = subprocess.run(["cubicle", "top", str(other.pid), "-b", "-n", "1"], capture_output=True, timeout=20)
        assert done.returncode == 1 and b"no system that can be watched" in done.stderr, (kind, done)
        other.kill()

fields = list(HEADER.unpack_from(image))
assert fields[0] == b"cubcount" and fields[3] == pid, fields
MAGIC, VERSION, SIZE, RUNNER, MONITOR, READY, NCUBICLES, NEDGES = range(8)


child_of_mine = subprocess.Popen(["sleep", "600"])
atexit.register(child_of_mine.kill)


def top(content, seals=SEALS):
    """What is said of this process while it has a file with @content."""
    mine = os.memfd_create("cubicle-counters", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.write(mine, content)
    if seals:
        fcntl.fcntl(mine, ADD_SEALS, seals)
    done = subprocess.run(["cubicle", "top", str(os.getpid()), "-b", "-n", "1", "-d", "0.05"],
                          capture_output=True, timeout=60)
    os.close(mine)
    return done.returncode, done.stdout, done.stderr.decode()


def changed(**values):
    mine = list(fields)
    mine[RUNNER], mine[MONITOR] = os.getpid(), child_of_mine.pid
    for key, value in values.items():
        mine[globals()[key]] = value
    return HEADER.pack(*mine) + image[HEADER.size:]


def expect(what, got, status, pattern):
    assert got[0] == status and re.search(pattern, got[2]), (what, got[0], got[2])


status, out, err = top(changed())
assert status == 0 and f"system {system} ".encode() in out, (status, err)
VERSIONS = "another version of cubicle"
expect("not sealed", top(changed(), 0), 1, "not loaded yet")
expect("can shrink", top(changed(), 0x1 | 0x10), 1, "not loaded yet")
expect("can be written", top(changed(), 0x1 | 0x2), 1, "not loaded yet")
expect("not ready", top(changed(READY=0)), 1, "not loaded yet")
expect("version", top(changed(VERSION=99)), 1, VERSIONS)
expect("magic", top(changed(MAGIC=b"x" * 8)), 1, VERSIONS)
expect("size", top(changed(SIZE=1)), 1, VERSIONS)
expect("shorter", top(changed()[:-1]), 1, VERSIONS)
expect("longer", top(changed() + b"x"), 1, VERSIONS)
expect("empty", top(b""), 1, VERSIONS)
expect("cubicles", top(changed(NCUBICLES=257)), 1, VERSIONS)
expect("edges", top(changed(NEDGES=65536)), 1, VERSIONS)
expect("a monitor that is another's", top(changed(MONITOR=1)), 1, "not loaded yet, or is ending")
expect("another process's", top(changed(RUNNER=pid)), 1, "no system that can be watched")
# Rates of an edge: a process that has mapped the file before it was sealed counts on.
CUBICLE, CUBICLES, EDGE = 128, 257, struct.Struct("QQQQQHHII")
first = HEADER.size + -HEADER.size % 8 + 8 + CUBICLES * CUBICLE + 56  # edge 1
content = changed()
caller, callee = EDGE.unpack_from(content, first)[5:7]
assert caller != callee, "the first edge"
mine = os.memfd_create("cubicle-counters", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
os.write(mine, content)
with mmap.mmap(mine, len(content)) as counted:
    fcntl.fcntl(mine, ADD_SEALS, SEALS)
    watcher = subprocess.Popen(["cubicle", "top", str(os.getpid()), "-b", "-n", "20", "-d", "0.05", "--sort=traps", "--functions"],
                               stdout=subprocess.PIPE, text=True)
    while watcher.poll() is None and select.select([watcher.stdout], [], [], 0.01)[0] == []:
        calls, bytes_in, bytes_out, samples, traps = EDGE.unpack_from(counted, first)[:5]
        struct.pack_into("QQQQQ", counted, first, calls + 1, bytes_in, bytes_out, samples, traps + 1)
    out = watcher.communicate(timeout=60)[0]
os.close(mine)
rows = [line.split() for line in out.splitlines() if line.startswith("edge ")]
assert rows and any(float(row[8]) > 0 and float(row[7]) == 0 for row in rows), rows[:5]
# Anything in names, numbers and ids: lines of letters all the same.
for seed in range(20):
    noise = bytearray(changed(NCUBICLES=256, NEDGES=65535 if seed == 0 else 2000))
    step = 1 + seed
    for at in range(HEADER.size - 80, len(noise), step):
        noise[at] = (noise[at] + at * 131 * (seed + 1)) & 0xff
    status, out, err = top(bytes(noise))
    assert status == 0, (seed, status, err)
    assert not re.search(rb"[^\n -~]", out), "control characters"
    assert all(line.count(b" ") in (8, 9) for line in out.splitlines()), "words"
