#!/usr/bin/env python3
"""A client that lies about what it has received, or is silent: NGINX serves, and the stack does not work itself to death.

    tests/apps/sack.py [WORD...]     only tests whose name contains a word

The client is this process: it is the peer of the system's device, and puts its frames together itself.
"""

import contextlib
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from harness import CUBICLE, SLOW, TOP, Suite, check, temporary_directory  # noqa: E402
from peer import GUEST, OWN, Peer, checksum  # noqa: E402

SYN, RST, PSH, ACK = 2, 4, 8, 16
FILE = random.Random(1).randbytes(3 << 20)
MSS = 536
LIES = 20000  # segments
SILENCE = 5  # seconds
WORD = 1 << 32


class Client:
    """A connection to port 80. What comes in order is in @data; nothing is acknowledged by itself."""

    def __init__(self, peer, port):
        self.peer, self.port, self.sent = peer, port, 1000
        self.first, self.data, self.nbytes, self.nframes, self.reset = None, b"", 0, 0, False
        peer.clients[port] = self
        end = time.monotonic() + 20 * SLOW
        while self.first is None and time.monotonic() < end:
            self.send(SYN, bytes([2, 4, *struct.pack("!H", MSS), 4, 2, 1, 1, 1, 3, 3, 7, 0, 0, 0, 0]))
            peer.take(0.5)
        check(self.first is not None, "no answer to a SYN")
        self.sent += 1
        self.acknowledge()

    def segment(self, tcp):
        seq, (offset, flags) = struct.unpack("!I", tcp[4:8])[0], tcp[12:14]
        payload = tcp[(offset >> 4) * 4:]
        self.nbytes += len(payload)
        self.nframes += 1
        self.reset |= flags & RST != 0
        if flags & SYN:
            self.first = (seq + 1) % WORD
            return
        behind = (self.first + len(self.data) - seq) % WORD
        if behind < len(payload):
            self.data += payload[behind:]

    def send(self, flags, options=b"", payload=b"", ack=None):
        ack = self.next() if ack is None else ack
        head = struct.pack("!HHIIBBHHH", self.port, 80, self.sent, ack % WORD, (20 + len(options)) // 4 << 4, flags,
                           65535, 0, 0) + options
        total = checksum(OWN + GUEST + struct.pack("!BBH", 0, 6, len(head) + len(payload)) + head + payload)
        head = head[:16] + struct.pack("!H", total) + head[18:]
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(head) + len(payload), 0, 0, 64, 6, 0, OWN, GUEST)
        self.peer.send(0x800, ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:] + head + payload)

    def next(self):
        return (self.first or 0) + len(self.data)

    def acknowledge(self):
        self.send(ACK)

    def get(self, path):
        request = f"GET {path} HTTP/1.0\r\n\r\n".encode()
        self.send(ACK | PSH, payload=request)
        self.sent += len(request)

    def receive(self, size):
        """Until @size bytes are there; acknowledges all."""
        end = time.monotonic() + 60 * SLOW
        while len(self.data) < size and time.monotonic() < end:
            self.peer.take(0.3)
            self.acknowledge()
        check(len(self.data) >= size, f"{len(self.data)} bytes of {size}")


class System:
    def __enter__(self):
        self.folder = temporary_directory()
        top = Path(self.folder.name)
        (top / "root/www").mkdir(parents=True)
        (top / "root/www/file").write_bytes(FILE)
        self.peer = Peer(top / "link")
        self.log = open(top / "log", "w+b")
        self.process = subprocess.Popen(
            [CUBICLE, "run", TOP / "systems/nginx.yaml", "--isolation=sfi", f"--root={top / 'root'}",
             f"--network=stream:{top / 'link'},address=10.78.0.2/24,gateway=10.78.0.1,mtu=1500"],
            stdin=subprocess.DEVNULL, stderr=self.log)
        try:
            self.peer.accept()
            self.peer.ask()
        except BaseException:
            self.process.kill()
            raise
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(20 * SLOW)
        self.log.close()

    def seconds(self):
        """Processor time of the command and its children."""
        ids = [self.process.pid]
        for number in ids:
            with contextlib.suppress(OSError):
                ids += map(int, Path(f"/proc/{number}/task/{number}/children").read_text().split())
        total = 0.0
        for number in ids:
            words = Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()
            total += (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
        return total


def sack(blocks):
    return b"\1\1" + bytes([5, 2 + 8 * len(blocks)]) + b"".join(
        struct.pack("!II", left % WORD, right % WORD) for left, right in blocks)


def lie(numbers, first, end):
    """Up to four blocks around [@first, @end), which is on its way."""
    size = max(end - first, 1)
    kinds = (
        lambda: (first + numbers.randrange(size), first + numbers.randrange(size)),        # either way round
        lambda: (first + 1, end),                                                          # all but a byte
        lambda: (first + MSS * numbers.randrange(size // MSS + 1), end),                   # the end, overlapping
        lambda: (first - numbers.randrange(1 << 20), first + numbers.randrange(size)),     # what was acknowledged
        lambda: (first + numbers.randrange(size), end + numbers.randrange(1 << 30)),       # what was never sent
        lambda: (numbers.randrange(WORD), numbers.randrange(WORD)),
        lambda: (end, end), lambda: (first + WORD // 2, first), lambda: (0, WORD - 1))
    return [numbers.choice(kinds)() for _ in range(numbers.randrange(1, 5))]


def flood(system, port, options):
    """A client that acknowledges a part and then says @options(first, end) of what is on its way. The client, processor
    time, bytes that were on their way at last, and bytes that came for the second time."""
    client = Client(system.peer, port)
    client.get("/file")
    client.receive(1 << 20)
    first = client.next()
    system.peer.take(0.5)
    end, again, seconds = client.next(), client.nbytes - len(client.data), system.seconds()
    for _ in range(LIES):
        client.send(ACK, options(first, end), ack=first)
        system.peer.take()
        end = client.next()
    system.peer.take(0.3)
    return (client, system.seconds() - seconds, (client.next() - first) % WORD,
            client.nbytes - len(client.data) - again)


def lies():
    """Nothing that a client says it has makes the stack fall, or do much more than it does for one that says nothing."""
    numbers = random.Random(2)
    with System() as system:
        silent, plain, _, _ = flood(system, 2000, lambda *_: b"")
        client, lied, way, again = flood(system, 2001, lambda first, end: sack(lie(numbers, first, end)))
        print(f"# {LIES} segments: {plain:.2f} s; with lies about {way} bytes {lied:.2f} s, {again} bytes again")
        check(way > 1000 * MSS, f"only {way} bytes were on their way")
        check(lied < 10 * plain + 1, f"{lied:.2f} s of processor time for {LIES} lies, {plain:.2f} s without")
        check(again < 4 * way, f"{again} bytes were sent again for lies")
        for one in (Client(system.peer, 2002), client, silent):
            if not one.data:
                one.get("/file")
            one.receive(len(FILE))
            got = one.data.split(b"\r\n\r\n", 1)[1]
            check(got == FILE[:len(got)], "wrong bytes")
        check(system.process.poll() is None, "the system has ended")


def silent():
    """The network is gone for a while, and then there again: that is all that has happened to the connections."""
    with System() as system:
        clients = [Client(system.peer, 2000 + i) for i in range(8)]  # what they measure of the way differs
        for client in clients:
            client.get("/file")
            client.receive(1 << 19)
        system.peer.take(0.1)
        end, before = time.monotonic() + SILENCE, [client.nframes for client in clients]
        while time.monotonic() < end:
            system.peer.take(0.1)
        again = [client.nframes - n for client, n in zip(clients, before)]
        print(f"# segments in {SILENCE} s of silence: {again}")
        check(not any(client.reset for client in clients), f"reset after {SILENCE} s at the latest")
        # after 0.24 s at first, then twice as long each time
        check(max(again) <= 5, f"{max(again)} segments while nothing was acknowledged")
        for client in clients:
            client.receive(len(FILE))


def malformed():
    """Lengths that an option cannot have."""
    with System() as system:
        client = Client(system.peer, 2000)
        client.get("/file")
        client.receive(1 << 18)
        for size in range(256):
            for room in (4, 12, 40):
                client.send(ACK, (bytes([5, size]) + b"\xff" * 40)[:room])
                client.send(ACK, (b"\1" * (room - 2) + bytes([5, size]))[:room])
            system.peer.take()
        client.receive(len(FILE))
        check(system.process.poll() is None, "the system has ended")


def main():
    tests = Suite("sack")
    tests.add("forged blocks", lies)
    tests.add("malformed options", malformed)
    tests.add("silence", silent)
    return tests.main()


if __name__ == "__main__":
    sys.exit(main())
