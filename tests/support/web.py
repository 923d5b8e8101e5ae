"""A web server in cubicles, and the networks that its tests reach it by.

Without privileges: the command publishes a port of 127.0.0.1. As root: a network namespace with a TAP
device of its own, whose frames a relay takes to the system's stream device and back, and loses,
delays, reorders and doubles some of them by a seed.
"""

import contextlib
import ctypes
import fcntl
import functools
import heapq
import os
import random
import select
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from harness import CUBICLE, SLOW, Failure, Skip, check, mode, require
from processes import resident_bytes

HOST, GUEST, PREFIX = "10.78.0.1", "10.78.0.2", 24

CLONE_NEWNET = 0x40000000
TUNSETIFF = 0x400454CA
IFF_TAP, IFF_NO_PI = 0x0002, 0x1000


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


CONTENT_MAX = 64 << 20


@functools.cache
def stream():
    return random.Random(1).randbytes(CONTENT_MAX)


@functools.cache
def content(size):
    """The bytes of the file of that size, at most CONTENT_MAX."""
    return stream()[:size]


class Server:
    """`cubicle run SYSTEM --root=FOLDER ...` until the block is left."""

    def __init__(self, root, address=None, system="nginx", isolation="sfi", options=()):
        """@address: (host, port) that it can be reached at; None: a published port is chosen."""
        self.options = list(options)
        if address is None:
            address = ("127.0.0.1", free_port())
            self.options.append(f"--publish={address[0]}:{address[1]}:80")
        self.address = address
        self.argv = [CUBICLE, "run", system, *mode(isolation), f"--root={root}", *self.options]
        require(self.argv)
        self.err = ""

    def __enter__(self):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            [str(a) for a in self.argv], stdin=subprocess.DEVNULL, stdout=self.log,
            stderr=self.log)
        try:
            self.await_answer()
        except BaseException:
            self.stop(signal.SIGKILL)
            raise
        return self

    def __exit__(self, *failure):
        self.stop(signal.SIGTERM)
        if failure[0] is None:
            check(self.process.returncode in (0, 128 + signal.SIGTERM),
                  f"the server ended with {self.process.returncode}\n{self.err}")
        elif self.err:
            print("# " + self.err.replace("\n", "\n# "))

    def stop(self, number):
        if self.process.poll() is None:
            self.process.send_signal(number)
            try:
                self.process.wait(20 * SLOW)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.seek(0)
        self.err = self.log.read().decode(errors="replace")

    def check_alive(self):
        check(self.process.poll() is None, f"the server has ended: {self.process.returncode}")

    def await_answer(self):
        """Until a request is answered."""
        end = time.monotonic() + 20 * SLOW
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            with contextlib.suppress(OSError), self.connect(2) as client:
                client.sendall(b"GET / HTTP/1.0\r\n\r\n")
                if client.recv(16):
                    return
            time.sleep(0.05)
        self.log.seek(0)
        raise Failure("the server does not answer\n" + self.log.read().decode(errors="replace"))

    def connect(self, timeout=20):
        return socket.create_connection(self.address, timeout * SLOW)

    def memory(self):
        """Resident bytes of the system, without the network's helper."""
        return resident_bytes(self.process.pid, "cubicle")


def require_namespaces():
    """Skips the test where this process may not make a network of its own."""
    if os.geteuid() != 0:
        raise Skip("needs root, for a network namespace")
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        raise Skip("needs /dev/net/tun")
    with tempfile.TemporaryFile() as errors:
        done = subprocess.run(["unshare", "-n", "true"], stderr=errors, check=False)
    if done.returncode != 0:
        raise Skip("cannot make network namespaces here")


class Namespace:
    """The calling process lives in a network namespace of its own until the block is left."""

    def __enter__(self):
        require_namespaces()
        self.before = os.open("/proc/self/ns/net", os.O_RDONLY)
        self.libc = ctypes.CDLL(None, use_errno=True)
        if self.libc.unshare(CLONE_NEWNET) != 0:
            raise Skip("cannot make network namespaces here")
        self.ip("link", "set", "lo", "up")
        return self

    def __exit__(self, *_):
        self.libc.setns(self.before, CLONE_NEWNET)
        os.close(self.before)

    @staticmethod
    def ip(*words):
        subprocess.run(["ip", *words], check=True)

    def tap(self, name="tap0"):
        """A TAP device with address HOST; its descriptor."""
        fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
        self.ip("addr", "add", f"{HOST}/{PREFIX}", "dev", name)
        self.ip("link", "set", name, "up")
        return fd


class Relay:
    """Takes frames from a TAP device to a stream of frames and back, and loses some.

    @loss, @duplicate, @reorder: of a thousand frames; @delay: seconds, each way. A frame that is reordered waits
    until some others have passed."""

    def __init__(self, tap, path, seed=1, loss=0, duplicate=0, reorder=0, delay=0.0):
        self.tap, self.path = tap, str(path)
        self.random = random.Random(seed)
        self.loss, self.duplicate, self.reorder, self.delay = loss, duplicate, reorder, delay
        self.waiting = []  # (time, number, to the system?, frame)
        self.number = self.passed = self.lost = 0
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        os.chmod(self.path, 0o777)
        self.listener.listen(1)
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join(5)
        self.listener.close()
        os.close(self.tap)

    def run(self):
        self.listener.settimeout(30 * SLOW)
        with contextlib.suppress(OSError):
            self.stream, _ = self.listener.accept()
            with self.stream:
                self.received = b""
                while not self.over.is_set():
                    self.step()

    def step(self):
        wait = 0.1
        if self.waiting:
            wait = max(0.0, min(wait, self.waiting[0][0] - time.monotonic()))
        ready, _, _ = select.select([self.tap, self.stream], [], [], wait)
        if self.tap in ready:
            with contextlib.suppress(BlockingIOError):
                self.take(True, os.read(self.tap, 65536))
        if self.stream in ready:
            data = self.stream.recv(1 << 18)
            if not data:
                raise OSError("the system has closed the stream")
            self.received += data
            while len(self.received) >= 4:
                size = int.from_bytes(self.received[:4], "big")
                if len(self.received) < 4 + size:
                    break
                self.take(False, self.received[4:4 + size])
                self.received = self.received[4 + size:]
        now = time.monotonic()
        while self.waiting and self.waiting[0][0] <= now:
            _, _, inward, frame = heapq.heappop(self.waiting)
            self.give(inward, frame)

    def take(self, inward, frame):
        copies = 1
        if self.random.randrange(1000) < self.loss:
            self.lost += 1
            return
        if self.random.randrange(1000) < self.duplicate:
            copies = 2
        delay = self.delay
        if self.random.randrange(1000) < self.reorder:
            delay += 0.002 + 0.003 * self.random.random()
        for _ in range(copies):
            self.number += 1
            if delay == 0 and not self.waiting:
                self.give(inward, frame)
            else:
                heapq.heappush(self.waiting,
                               (time.monotonic() + delay, self.number, inward, frame))

    def give(self, inward, frame):
        self.passed += 1
        if inward:
            self.stream.sendall(len(frame).to_bytes(4, "big") + frame)
        else:
            with contextlib.suppress(OSError):
                os.write(self.tap, frame)
