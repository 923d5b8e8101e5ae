#!/usr/bin/env python3
"""Network devices: netdev on a stream and on a TAP device, loopback, and the helpers of the command.

    tests/net/run.py [WORD...]     only tests whose name contains a word

The application (modules/frames.c) drives a device as a network stack would. Its peer is here: at the other
end of a UNIX socket, or of a TAP device in a network namespace of the test's own.
"""

import contextlib
import os
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from clocks import at_uptime  # noqa: E402
from harness import (  # noqa: E402
    CUBICLE,
    ISOLATIONS,
    SLOW,
    SYSTEMS,
    Skip,
    Suite,
    execute,
    check,
    mode,
    run_system,
    temporary_directory,
)
from web import Namespace, free_port  # noqa: E402

SYSTEM = SYSTEMS / "network.yaml"
LONGEST = 65553
SIZES = [1, 13, 14, 60, 1514, 4096, 9000, 65535, LONGEST]


def frame(size, seed=0):
    return bytes((i * 7 + size + seed) & 0xff for i in range(size))


def packed(*frames):
    return b"".join(struct.pack("!I", len(f)) + f for f in frames)


def total(data):
    """What the application prints of a frame."""
    value = 0
    for byte in data:
        value = (value * 31 + byte) & 0xffffffff
    return f"{len(data)} {value}"


class System:
    """The system with its device at the other end of `self.stream`, until the block is left."""

    def __init__(self, *arguments, isolation=ISOLATIONS[0], options=(), device="netdev"):
        self.arguments, self.isolation, self.options = arguments, isolation, options
        self.device = device

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "socket"
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            listener.listen(1)
            listener.settimeout(20 * SLOW)
            self.process = subprocess.Popen(
                [CUBICLE, "run", *mode(self.isolation), f"--network=stream:{path}", *self.options,
                 SYSTEM, "--", self.device, "", *map(str, self.arguments)],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            self.stream, _ = listener.accept()
        self.stream.settimeout(20 * SLOW)
        self.received = b""
        return self

    def __exit__(self, *failure):
        self.stream.close()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()
        self.folder.cleanup()

    def send(self, data, piece=None):
        """@piece: bytes at a time, with the system let run in between."""
        step = piece or len(data) or 1
        for i in range(0, len(data), step):
            self.stream.sendall(data[i:i + step])
            if piece:
                time.sleep(0.001)

    def frame(self):
        """The next frame from the system; b"" at the end."""
        head = self.take(4)
        return self.take(int.from_bytes(head, "big")) if head else b""

    def take(self, size):
        while len(self.received) < size:
            data = self.stream.recv(1 << 20)
            if not data:
                check(not self.received, f"the stream ends with half a frame: {self.received[:20]}")
                return b""
            self.received += data
        data, self.received = self.received[:size], self.received[size:]
        return data

    def end(self, status=0):
        """What the application has written."""
        out, err = self.process.communicate(timeout=30 * SLOW)
        check(self.process.returncode == status,
              f"status {self.process.returncode}, expected {status}\n{out}{err}")
        return out


def echoes(isolation):
    """Frames of every size come back as they were."""
    with System("echo", len(SIZES), isolation=isolation) as system:
        for size in SIZES:
            system.send(packed(frame(size)))
            check(system.frame() == frame(size), f"a frame of {size} bytes came back changed")
        system.end()


def echoes_together(isolation):
    """Many frames that come at once."""
    frames = [frame(SIZES[i % len(SIZES)], i) for i in range(60)]
    with System("echo", len(frames), isolation=isolation) as system:
        reader, writer = system.stream, packed(*frames)
        reader.setblocking(False)
        while len(system.received) < len(packed(*frames)):
            ready = select.select([reader], [reader] if writer else [], [], 20 * SLOW)
            check(ready[0] or ready[1], "nothing moves any more")
            if ready[0]:
                system.received += reader.recv(1 << 20)
            if ready[1]:
                writer = writer[reader.send(writer[:30000]):]
        check(system.received == packed(*frames), "the frames came back changed")
        system.end()


def in_pieces(piece):
    """However the host cuts what it gives."""
    frames = [frame(size) for size in (60, 14, 1514, 300)]
    with System("receive", len(frames)) as system:
        system.send(packed(*frames), piece)
        check(system.end().splitlines() == [total(f) for f in frames], "frames were changed")


def slow_reader(isolation):
    """The peer takes what is sent bit by bit, long after it has been sent: nothing is lost or changed."""
    with System("send", *[LONGEST] * 12, 60, isolation=isolation) as system:
        time.sleep(0.3)
        data = b""
        while True:
            part = system.stream.recv(5000)
            if not part:
                break
            data += part
        check(data == packed(*[frame(LONGEST)] * 12, frame(60)), "what was sent has changed")
        system.end()


def empty_frames():
    with System("receive", 2) as system:
        system.send(packed(b"", b"", frame(60), b"", frame(61), b""))
        check(system.end().splitlines() == [total(frame(60)), total(frame(61))], "wrong frames")


def length_lies(head):
    """A length that no frame has: the device is gone, and what came before is not lost."""
    with System("receive", 3) as system:
        system.send(packed(frame(60)) + head + frame(100))
        out = system.end(status=1).splitlines()
        check(out == [total(frame(60)), "error No such device"], f"{out}")


def dies(data, command, expected):
    """The peer dies."""
    with System(*command) as system:
        system.send(data)
        system.stream.shutdown(socket.SHUT_RDWR)
        system.stream.close()
        out = system.end(status=1).splitlines()
        check(out == expected, f"{out}")


def stays_silent():
    with System("count", 100000000) as system:
        system.send(packed(frame(60))[:30])
        check(system.end() == "0 frames, then 0\n", "half a frame is none")


def misuse(device, isolation):
    with System("misuse", isolation=isolation, device=device) as system:
        system.send(packed(frame(60)))
        out = system.end()
        check("not ok" not in out and re.search(r"^1\.\.\d\d", out, re.MULTILINE), out)


def waits(isolation):
    with System("wait", isolation=isolation) as system:
        system.end()


def told(options, expected):
    with System("info", options=options) as system:
        out = system.end()
        check(re.fullmatch(expected, out), f"{out}, expected {expected}")


def told_more():
    with System("info") as system:
        check(re.fullmatch(r"mac [0-9a-f][26ae](:..){5} mtu 1500 offloads 0\n", system.end()),
              "a device of its own")


def no_device():
    result = run_system(SYSTEM, "netdev", "", "info")
    check(result.status == 1 and result.out == "error No such device\n", "", result)


# ---- TAP ----

class Wire:
    """A TAP device tap0 that the system has, seen through a packet socket."""

    def __enter__(self):
        self.namespace = Namespace()
        self.namespace.__enter__()
        try:
            self.namespace.ip("tuntap", "add", "dev", "tap0", "mode", "tap")
            Path("/proc/sys/net/ipv6/conf/tap0/disable_ipv6").write_text("1")
            self.namespace.ip("link", "set", "tap0", "address", "02:00:00:00:00:fe")
            self.namespace.ip("addr", "add", "10.78.0.1/24", "dev", "tap0")
            self.namespace.ip("link", "set", "tap0", "up")
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x88b5))
            self.socket.bind(("tap0", 0))
            self.socket.settimeout(20 * SLOW)
        except BaseException:
            self.namespace.__exit__()
            raise
        return self

    def __exit__(self, *failure):
        self.socket.close()
        self.namespace.__exit__(*failure)

    @staticmethod
    @contextlib.contextmanager
    def system(*arguments, isolation=ISOLATIONS[0], options="", network="tap:tap0"):
        process = subprocess.Popen(
            [CUBICLE, "run", *mode(isolation), f"--network={network}{options}", SYSTEM, "--",
             "netdev", "", *map(str, arguments)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            yield process
            out, _ = process.communicate(timeout=30 * SLOW)
            process.out = out
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


def experimental(size):
    """An Ethernet frame of a type for experiments."""
    return b"\x02\0\0\0\0\1" + b"\x02\0\0\0\0\xfe" + b"\x88\xb5" + frame(size - 14)


def carrier():
    end = time.monotonic() + 20 * SLOW
    while time.monotonic() < end:
        done = subprocess.run(["ip", "link", "show", "tap0"], capture_output=True, check=True)
        if b"LOWER_UP" in done.stdout:
            return
        time.sleep(0.01)
    check(False, "the device has no carrier")


def tap_echo(isolation):
    sizes = [60, 61, 1000, 1514]
    with Wire() as wire, Wire.system("echo", len(sizes), isolation=isolation) as process:
        carrier()
        for size in sizes:
            wire.socket.send(experimental(size))
            check(wire.socket.recv(70000) == experimental(size), f"{size} bytes came back changed")
    check(process.returncode == 0, process.out)


def tap_many():
    """Frames that come together are taken together, and none is lost."""
    with Wire() as wire, Wire.system("count", 300000000) as process:
        carrier()
        for i in range(100):
            wire.socket.send(experimental(60 + i))
    check(process.out == "100 frames, then 0\n", process.out)


def tap_misuse(isolation):
    with Wire(), Wire.system("misuse", isolation=isolation) as process:
        pass
    check(process.returncode == 0 and "not ok" not in process.out, process.out)


def tap_told():
    with Wire():
        with Wire.system("info", options=",mac=02:00:00:00:00:01") as process:
            pass
        check(process.out == "mac 02:00:00:00:00:01 mtu 1500 offloads 7\n", process.out)
        with Wire.system("info", options=",mac=02:00:00:00:00:01,offload=off,mtu=1300") as process:
            pass
        check(process.out == "mac 02:00:00:00:00:01 mtu 1300 offloads 0\n", process.out)


def tap_goes():
    """The device is deleted under the system, once that runs: before, the command says so."""
    for _ in range(20):
        with Wire() as wire, Wire.system("count", 20000000000) as process:
            carrier()
            wire.namespace.ip("link", "delete", "tap0")
        if "cannot set it up" not in process.out:
            break
    check(re.fullmatch(r"0 frames, then -19\n", process.out), process.out)


def tap_refused(name, pattern, prepare=()):
    with Wire() as wire:
        for words in prepare:
            wire.namespace.ip(*words)
        with Wire.system("info", network=f"tap:{name}") as process:
            pass
        check(process.returncode == 125 and re.search(pattern, process.out), process.out)


def tap_in_use():
    with Wire(), Wire.system("count", 500000000):
        carrier()
        with Wire.system("info") as second:
            pass
        check(second.returncode == 125 and "another program uses the device" in second.out,
              second.out)


def tap_is_made():
    with Wire(), Wire.system("info", network="tap:tap9,mac=02:00:00:00:00:01") as process:
        pass
    check(process.out == "mac 02:00:00:00:00:01 mtu 1500 offloads 7\n", process.out)


# ---- loopback ----

def loop(options, n=200, size=100, isolation=ISOLATIONS[0]):
    result = run_system(SYSTEM, "loopback", options, "loop", str(n), str(size),
                        isolation=isolation)
    check(result.status == 0, "", result)
    check("of" not in result.out, "a frame changed its size", result)
    return [int(word) for word in result.out.split()]


def loop_plain(isolation):
    for size in (4, 1514, 65549):
        check(loop("", 20, size, isolation) == list(range(20)), "frames are lost or moved")


def loop_seeds():
    """The same seed, the same fate; and each option does what it says."""
    every = "drop=100 duplicate=100 reorder=100 seed="
    first = loop(every + "1")
    check(first == loop(every + "1"), "the same seed, another fate")
    check(first != loop(every + "2"), "another seed, the same fate")
    lost = loop("drop=300 seed=5")
    check(100 < len(lost) < 180 and lost == sorted(set(lost)), f"{len(lost)} of 200 are left")
    twice = loop("duplicate=300 seed=5")
    check(220 < len(twice) < 300 and sorted(set(twice)) == list(range(200)), f"{len(twice)}")
    moved = loop("reorder=300 seed=5")
    check(moved != list(range(200)) and sorted(moved) == list(range(200)), f"{moved}")
    check(loop("drop=1000") == [], "all are lost")


def loop_delay():
    start = time.monotonic()
    check(loop("delay_us=300000", 3) == [0, 1, 2], "frames are lost")
    check(time.monotonic() - start > 0.3, "they came too early")


def loop_full():
    check(loop("delay_us=300000", 4200) == list(range(4096)), "the queue is bounded")


def loop_options():
    for options in ("drop=1001", "drop=", "drop=-1", "drop=1x", "mtu=67", "mtu=65536", "speed=1",
                    "offloads", "drop", "seed=4294967296"):
        result = run_system(SYSTEM, "loopback", options, "info")
        check(result.out == "error Invalid argument\n", options, result)
    result = run_system(SYSTEM, "loopback", " mtu=1500  offload seed=4294967295 ", "info")
    check(result.out == "mac 02:00:00:00:00:01 mtu 1500 offloads 7\n", "", result)


# ---- helpers of the command ----

def children(pid, name):
    """Ids of the children of a process whose name begins so."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError):
            begin, rest = entry.read_text().rsplit(")", 1)
            if int(rest.split()[1]) == pid and begin.split("(", 1)[1].startswith(name[:15]):
                found.add(int(entry.parent.name))
    return found


class Helped:
    """The system with a helper of the command, until the block is left."""

    def __init__(self, kind, *arguments, options=()):
        self.program = program = {"passt": "passt", "slirp": "cubicle-slirp"}[kind]
        path = shutil.which("passt") if kind == "passt" else CUBICLE.parent / program
        if path is None or not Path(path).exists():
            raise Skip(f"{program} is not installed")
        self.process = subprocess.Popen(
            [CUBICLE, "run", f"--network=stream:{kind}", *options, SYSTEM, "--", "netdev", "",
             *map(str, arguments)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        end = time.monotonic() + 20 * SLOW
        self.helpers = set()
        while not self.helpers and self.process.poll() is None and time.monotonic() < end:
            self.helpers = children(self.process.pid, program)
            time.sleep(0.01)

    def __enter__(self):
        return self

    def runs(self):
        """The monitor is behind its wall: the helper has answered, and another that was only looked at is gone."""
        for pid in children(self.process.pid, "cubicle"):
            with contextlib.suppress(OSError):
                status = Path(f"/proc/{pid}/status").read_text()
                if status.startswith("Name:\tcubicle\n") and "\nSeccomp:\t2\n" in status:
                    return True
        return False

    def settle(self):
        """Until the system runs."""
        end = time.monotonic() + 20 * SLOW
        while not self.runs():
            check(self.process.poll() is None and time.monotonic() < end, "the system does not run")
            time.sleep(0.05)
        self.helpers = children(self.process.pid, self.program)

    def __exit__(self, *failure):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20 * SLOW)
        self.process.stdout.close()

    def end(self, status=0):
        out, _ = self.process.communicate(timeout=30 * SLOW)
        check(self.process.returncode == status, f"{self.process.returncode}: {out}")
        return re.sub(r"^cubicle: the network helper \S+ lets .*\n", "", out)


def connect(port):
    """Begins to connect."""
    client = socket.socket()
    client.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        client.connect(("127.0.0.1", port))
    return client


def helper_publishes(kind):
    """A connection to the published port makes a frame for the system."""
    port = free_port()
    with Helped(kind, "receive", 1, options=[f"--publish={port}:80"]) as system:
        end = time.monotonic() + 20 * SLOW
        clients = []
        while system.process.poll() is None and time.monotonic() < end:
            clients.append(connect(port))
            time.sleep(0.2)
        for client in clients:
            client.close()
        check(re.fullmatch(r"(\d+ \d+\n)+", system.end()), "no frame came")
    check(not any(Path(f"/proc/{p}").exists() for p in system.helpers), "the helper is left behind")


def helper_answers(kind):
    """It has nothing to say by itself, and its address is the one that the options say."""
    options = [f"--network=stream:{kind},address=10.9.8.7/16,gateway=10.9.8.1,dns=10.9.8.2"]
    with Helped(kind, "count", 50000000, options=options) as system:
        out = system.end()
        check(re.fullmatch(r"\d frames, then 0\n", out), out)


def helper_dies(kind):
    with Helped(kind, "receive", 1000) as system:
        system.settle()
        check(len(system.helpers) == 1, f"{system.helpers}")
        os.kill(next(iter(system.helpers)), signal.SIGKILL)
        out = system.end(status=1)
        check("error No such device" in out, out)
        check(re.search(r"^cubicle: the network helper .* has ended", out, re.MULTILINE), out)


def helper_ends(kind):
    """With the system, however that ends."""
    with Helped(kind, "receive", 1000) as system:
        system.settle()
        system.process.kill()
        system.process.wait()
        end = time.monotonic() + 10 * SLOW
        while any(alive(p) for p in system.helpers) and time.monotonic() < end:
            time.sleep(0.02)
        check(system.helpers and not any(alive(p) for p in system.helpers), "it is left behind")


def helper_takes_place():
    """Where passt is there and does not start, and nobody asked for it, ours does."""
    if not (CUBICLE.parent / "cubicle-slirp").exists():
        raise Skip("cubicle-slirp is not built")
    with tempfile.TemporaryDirectory() as folder:
        broken = Path(folder) / "passt"
        broken.write_text("#!/bin/sh\necho broken >&2\nexit 1\n")
        broken.chmod(0o755)
        environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
        for kind, works in (("stream", True), ("stream:passt", False)):
            result = execute([CUBICLE, "run", f"--network={kind}", SYSTEM, "--", "netdev", "", "info"],
                             env=environment)
            check("passt does not start" in result.err and "broken" in result.err, "no message", result)
            check((result.status == 0) == works, kind, result)
            check(("cubicle-slirp takes its place" in result.err) == works, kind, result)


def alive(pid):
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    return False


def helper_rights(kind):
    """What it has given up."""
    with Helped(kind, "receive", 1000) as system:
        system.settle()
        status = Path(f"/proc/{next(iter(system.helpers))}/status").read_text()
        check(re.search(r"^NoNewPrivs:\s+1$", status, re.MULTILINE), status)
        check(re.search(r"^Seccomp:\s+2$", status, re.MULTILINE), status)
        check(re.search(r"^CapEff:\s+0+$", status, re.MULTILINE) or os.geteuid() != 0, status)
        check(not re.search(r"^Uid:\s+0", status, re.MULTILINE), status)
        if kind == "slirp":  # libslirp writes to connections that clients have reset
            ignored = int(re.search(r"^SigIgn:\s+(\w+)$", status, re.MULTILINE)[1], 16)
            check(ignored & 1 << signal.SIGPIPE - 1, status)


def checksum(data):
    data += b"\0" * (len(data) % 2)
    value = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while value >> 16:
        value = (value & 0xffff) + (value >> 16)
    return ~value & 0xffff


def packet(destination, protocol, payload, at):
    """An Ethernet frame from the system, as hexadecimal digits. @at: where the payload's checksum is."""
    ends = socket.inet_aton("10.0.2.15") + socket.inet_aton(destination)
    value = checksum(ends + struct.pack("!HH", protocol, len(payload)) + payload)
    payload = payload[:at] + struct.pack("!H", value) + payload[at + 2:]
    ip = struct.pack("!BBHHHBB", 0x45, 0, 20 + len(payload), 1, 0, 64, protocol)
    ip += struct.pack("!H", checksum(ip + b"\0\0" + ends)) + ends
    return (b"\x52\x55\x0a\0\2\2" + b"\2\0\0\0\0\1" + b"\x08\0" + ip + payload).hex()


def reaches_host(network, destinations):
    """Sends a SYN and a datagram to each address. What came to a service at 127.0.0.1, and what the command wrote."""
    with socket.socket() as stream, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
        stream.bind(("127.0.0.1", 0))
        stream.listen(16)
        datagrams.bind(stream.getsockname())
        frames, port = [], stream.getsockname()[1]
        for i, destination in enumerate(destinations):
            tcp = struct.pack("!HHIIBBHHH", 40000 + i, port, 1000, 0, 0x50, 2, 65000, 0, 0)
            udp = struct.pack("!HHHH", 40000 + i, port, 13, 0) + b"hello"
            frames += [packet(destination, 6, tcp, 16), packet(destination, 17, udp, 6)]
        result = execute([CUBICLE, "run", f"--network={network}", SYSTEM, "--", "netdev", "", "raw", *frames])
        check(result.status == 0, "", result)
        return [s.type.name for s in select.select([stream, datagrams], [], [], 0)[0]], result.err


LOOPBACK = ("127.0.0.1", "0.0.0.0", "10.0.2.2", "10.0.2.3", "255.255.255.255", "10.0.2.255", "127.255.255.255")


def helper_keeps_host(network):
    """Services on loopback addresses of the host are out of reach, whatever the system's packets say."""
    if network != "stream" and not (CUBICLE.parent / "cubicle-slirp").exists():
        raise Skip("cubicle-slirp is not built")
    for destination in LOOPBACK:
        reached, err = reaches_host(network, [destination])
        warned = "reach services on loopback addresses" in err and "takes its place" not in err
        check(not reached or warned, f"{destination}: {reached}\n{err}")


def helper_goes_round():
    """Datagrams are answered where the host's milliseconds go round, in 32 bits, while libslirp's sockets still last."""
    if not (CUBICLE.parent / "cubicle-slirp").exists():
        raise Skip("cubicle-slirp is not built")
    outside, answer = "203.0.113.1", bytes(777)
    who_has = (b"\xff" * 6 + b"\2\0\0\0\0\1" + struct.pack("!HHHBBH", 0x806, 1, 0x800, 6, 4, 1) + b"\2\0\0\0\0\1"
               + socket.inet_aton("10.0.2.15") + bytes(6) + socket.inet_aton("10.0.2.2"))
    with Namespace() as network, socket.socket(type=socket.SOCK_DGRAM) as service:
        network.ip("addr", "add", f"{outside}/32", "dev", "lo")
        service.bind((outside, 0))
        service.settimeout(20 * SLOW)
        question = packet(outside, 17, struct.pack("!HHHH", 40000, service.getsockname()[1], 13, 0) + b"hello", 6)
        with subprocess.Popen(
                [*at_uptime((1 << 32) / 1000 - 100), CUBICLE, "run", "--network=stream:slirp", SYSTEM, "--", "netdev", "",
                 "ask", str(14 + 20 + 8 + len(answer)), who_has.hex(), question], stdin=subprocess.DEVNULL) as system:
            try:
                service.sendto(answer, service.recvfrom(100)[1])
                check(system.wait(20 * SLOW) == 0, f"status {system.returncode}")
            finally:
                system.kill()


def packet6(destination, protocol, payload, at):
    """The same by IPv6."""
    ends = socket.inet_pton(socket.AF_INET6, "fd00::15") + socket.inet_pton(socket.AF_INET6, destination)
    value = checksum(ends + struct.pack("!II", len(payload), protocol) + payload)
    payload = payload[:at] + struct.pack("!H", value) + payload[at + 2:]
    ip = struct.pack("!IHBB", 6 << 28, len(payload), protocol, 64) + ends
    return (b"\x52\x55\x0a\0\2\2" + b"\2\0\0\0\0\1" + b"\x86\xdd" + ip + payload).hex()


# Mapped and compatible addresses; the network's own, of which libslirp makes the host's; those of links and groups.
LOOPBACK6 = ("::1", "::", "::ffff:127.0.0.1", "::ffff:0.0.0.0", "::127.0.0.1", "fd00::2", "fd00::3", "fd00::15", "fd00::",
             "fd00::1:1", "fe80::1", "fe80::2", "ff01::1", "ff02::1", "ff05::1")


def helper_keeps_host6():
    """The same by IPv6, for services at ::1, at 127.0.0.1, and at both by a socket of IPv6."""
    if not (CUBICLE.parent / "cubicle-slirp").exists():
        raise Skip("cubicle-slirp is not built")
    with contextlib.ExitStack() as stack:
        services = []
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            for address in ("::1", "::ffff:127.0.0.1"):
                service = stack.enter_context(socket.socket(socket.AF_INET6, kind))
                service.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
                try:
                    service.bind((address, 0))
                except OSError as error:
                    raise Skip("the host has no IPv6") from error
                services.append(service)
                if kind == socket.SOCK_STREAM:
                    service.listen(64)
        frames = []
        for number, service in enumerate(services):
            port = service.getsockname()[1]
            for i, destination in enumerate(LOOPBACK6):
                source = 40000 + 100 * number + i
                tcp = struct.pack("!HHIIBBHHH", source, port, 1000, 0, 0x50, 2, 65000, 0, 0)
                udp = struct.pack("!HHHH", source, port, 13, 0) + b"hello"
                frames.append(packet6(destination, 6, tcp, 16) if service.type == socket.SOCK_STREAM
                              else packet6(destination, 17, udp, 6))
        network = "stream:slirp,address6=fd00::15,gateway6=fd00::2"
        for some in (frames[i:i + 20] for i in range(0, len(frames), 20)):
            result = execute([CUBICLE, "run", f"--network={network}", SYSTEM, "--", "netdev", "", "raw", *some])
            check(result.status == 0, "", result)
        reached = [f"{s.type.name} {s.getsockname()[0]}" for s in select.select(services, [], [], 0.2)[0]]
        check(not reached, f"reached: {reached}")


def helper_tells():
    """A passt that does not keep them out of reach is told of, and not taken by default."""
    if shutil.which("passt") is None or not (CUBICLE.parent / "cubicle-slirp").exists():
        raise Skip("passt is not installed, or cubicle-slirp not built")
    reached, err = reaches_host("stream:passt", LOOPBACK)
    warned = "reach services on loopback addresses" in err
    check(warned == bool(reached), f"{reached}\n{err}")
    reached, err = reaches_host("stream", LOOPBACK)
    check(not reached and ("cubicle-slirp takes its place" in err) == warned, f"{reached}\n{err}")


def add_helpers(tests):
    for network in ("stream:slirp", "stream"):
        tests.add(f"{network}: loopback addresses of the host", helper_keeps_host, network)
    tests.add("stream:slirp: loopback addresses of the host, IPv6", helper_keeps_host6)
    tests.add("slirp: milliseconds go round", helper_goes_round)
    tests.add("stream:passt: loopback addresses of the host", helper_tells)
    tests.add("stream: passt does not start", helper_takes_place)
    for kind in ("passt", "slirp"):
        tests.add(f"{kind}: a published port", helper_publishes, kind)
        tests.add(f"{kind}: it answers", helper_answers, kind)
        tests.add(f"{kind}: it dies", helper_dies, kind)
        tests.add(f"{kind}: it ends with the system", helper_ends, kind)
        tests.add(f"{kind}: what it gives up", helper_rights, kind)


def add_stream(tests):
    for isolation in ISOLATIONS:
        tests.add(f"{isolation}: stream: frames of every size", echoes, isolation)
        tests.add(f"{isolation}: stream: many at once", echoes_together, isolation)
        tests.add(f"{isolation}: stream: a slow reader", slow_reader, isolation)
        tests.add(f"{isolation}: stream: waiting", waits, isolation)
        if isolation != "none":
            tests.add(f"{isolation}: stream: misuse", misuse, "netdev", isolation)
    for piece in (1, 3, 5, 64):
        tests.add(f"stream: in pieces of {piece}", in_pieces, piece)
    tests.add("stream: empty frames", empty_frames)
    for name, head in (("one too long", struct.pack("!I", LONGEST + 1)), ("2 GiB", b"\x80\0\0\0"),
                       ("all ones", b"\xff\xff\xff\xff")):
        tests.add(f"stream: a length that lies, {name}", length_lies, head)
    gone = "error No such device"
    tests.add("stream: the peer dies", dies, b"", ("receive", 1), [gone])
    tests.add("stream: the peer dies behind a frame", dies, packed(frame(60)), ("receive", 2),
              [total(frame(60)), gone])
    tests.add("stream: the peer dies in a frame", dies, packed(frame(60))[:40], ("receive", 1),
              [gone])
    tests.add("stream: the peer dies in a length", dies, b"\0\0", ("receive", 1), [gone])
    tests.add("stream: half a frame", stays_silent)
    tests.add("stream: what is told", told_more)
    tests.add("no device", no_device)


def add_tap(tests):
    for isolation in ISOLATIONS:
        tests.add(f"{isolation}: tap: frames", tap_echo, isolation)
        if isolation != "none":
            tests.add(f"{isolation}: tap: misuse", tap_misuse, isolation)
    tests.add("tap: many at once", tap_many)
    tests.add("tap: what is told", tap_told)
    tests.add("tap: the device goes", tap_goes)
    tests.add("tap: a device of another kind", tap_refused, "tun0", "cannot use the device: Invalid",
              [("tuntap", "add", "dev", "tun0", "mode", "tun")])
    tests.add("tap: a name too long", tap_refused, "a" * 16, "at most 15 characters")
    tests.add("tap: in use", tap_in_use)
    tests.add("tap: made for root", tap_is_made)


def main():
    tests = Suite("net")
    add_stream(tests)
    add_tap(tests)
    add_helpers(tests)
    for isolation in ISOLATIONS:
        tests.add(f"{isolation}: loopback: in order", loop_plain, isolation)
        if isolation != "none":
            tests.add(f"{isolation}: loopback: misuse", misuse, "loopback", isolation)
    tests.add("loopback: seeds", loop_seeds)
    tests.add("loopback: delay", loop_delay)
    tests.add("loopback: full", loop_full)
    tests.add("loopback: options", loop_options)
    return tests.main()


if __name__ == "__main__":
    sys.exit(main())
