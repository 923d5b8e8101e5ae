#!/usr/bin/env python3
"""A client whose segments are not what clients send, and one that another sends segments for: NGINX serves, and the stack bears it.

    tests/apps/segments.py [WORD...]     only tests whose name contains a word

The client is this process: it is the peer of the system's device, and puts its frames together itself.
"""

import random
import struct
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from client import ACK, FILE, FIN, PSH, RST, SYN, URG, Client, System  # noqa: E402
from harness import SLOW, Suite, check  # noqa: E402

LEAST = 64  # bytes of a segment, whatever a client says (TCP_MSS_LEAST)
SMALL_CLIENTS = 150
ANSWER = 1 << 17


def check_file(client):
    client.receive(len(FILE))
    got = client.data.split(b"\r\n\r\n", 1)[1]
    check(got == FILE[:len(got)], "wrong bytes")


def begun(system, port, **options):
    """A client that has got a part of FILE; much more is queued for it."""
    client = Client(system.peer, port, **options)
    client.get("/file")
    client.receive(1 << 18)
    return client


def new_size():
    """A segment of a connection says another segment size, as only a SYN can."""
    with System() as system:
        for number, size in enumerate((1, 63, 100, 1460, 65535)):
            client = begun(system, 2000 + number)
            client.send(ACK, bytes([2, 4, *struct.pack("!H", size)]))
            check_file(client)
        check(system.process.poll() is None, "the system has ended")


def small(**options):
    """Clients for whom all segments would be tiny: each is answered in larger ones, and others are served."""
    with System(connections=4096) as system:
        clients = [Client(system.peer, 2000 + n, **options) for n in range(SMALL_CLIENTS)]
        for client in clients:
            client.get("/file")
            system.peer.take()
        other = Client(system.peer, 1000)
        other.get("/file")
        check_file(other)
        if "mss" in options:
            clients[0].receive(ANSWER)
            size = clients[0].nbytes / clients[0].nframes
            check(size > LEAST * 0.8, f"segments of {size:.1f} bytes")
        check(system.process.poll() is None, "the system has ended")


def closed_by_another():
    """Nobody who does not see a connection closes its window by a guess at the acknowledgement, of which a million would do."""
    with System() as system:
        for number, ahead in enumerate((1 << 30, 1 << 22, -(1 << 21), -5)):
            client = begun(system, 2000 + number)
            for _ in range(3):
                client.send(ACK, ahead=ahead, ack=client.next() - 1, window=0)
            check_file(client)


def half_closed():
    """A client that has closed its side gets all that was queued for it, however slowly it takes it."""
    answer = FILE[:900 << 10]  # NGINX closes when it sees the client's end: all of this is in the queue
    with System(files={"answer": answer}) as system:
        client = Client(system.peer, 2000)
        client.get("/answer")
        client.send(ACK | FIN)
        client.sent += 1
        client.receive(1 << 19)
        end = time.monotonic() + 7 * SLOW
        while time.monotonic() < end:  # longer than lwIP would wait for an acknowledgement of its FIN
            system.peer.take(0.5)
        client.acknowledge()
        client.receive(len(answer))
        check(client.data.endswith(answer[-1000:]), "wrong bytes")


def odd():
    """Flags and numbers that mean nothing in the middle of a connection, with and without bytes."""
    numbers = random.Random(3)
    with System() as system:
        client = begun(system, 2000)
        for flags in range(64):
            for ahead in (0, 1, 1000, 1 << 20, -1, -1000):
                payload = numbers.randbytes(numbers.choice((0, 1, 100) if ahead != -1 else (0,)))
                if ahead == 0 and flags & (RST | FIN | ACK) or ahead > 0 and flags & (SYN | RST | ACK) == ACK:
                    continue  # it would be right
                client.send(flags, payload=payload, ahead=ahead, window=numbers.choice((0, 1, 65535)),
                            urgent=numbers.choice((0, 1, 65535)))
            system.peer.take()
        check_file(client)
        check(system.process.poll() is None, "the system has ended")


def overlapping():
    """A request in segments that overlap, come twice and in the wrong order, with an urgent pointer: one request."""
    request = b"GET /file HTTP/1.0\r\nX: " + b"y" * 400 + b"\r\n\r\n"
    numbers = random.Random(4)
    with System() as system:
        for number in range(20):
            client = Client(system.peer, 2000 + number)
            parts = [(at, min(at + numbers.randrange(1, 60), len(request))) for at in range(0, len(request), 16)]
            parts += [(at, min(at + 16, len(request))) for at in range(0, len(request), 16)]
            numbers.shuffle(parts)
            for begin, end in parts:
                urgent = numbers.choice((0, 0, 7))
                client.send(ACK | (URG if urgent else 0) | PSH, payload=request[begin:end], ahead=begin, urgent=urgent)
                system.peer.take()
            client.send(ACK | PSH, payload=request)  # what was out of order may be given up
            client.sent += len(request)
            client.receive(1 << 16)
            check(client.data.startswith(b"HTTP/1.1 200") and not client.reset, f"{client.data[:40]}")
            client.send(RST)
            client.peer.clients.pop(client.port)


def main():
    tests = Suite("segments")
    tests.add("a new segment size", new_size)
    tests.add("tiny segments", small, mss=1)
    tests.add("a tiny window", small, scale=0, window=2)
    tests.add("a window that another closes", closed_by_another)
    tests.add("a client that has closed its side", half_closed)
    tests.add("odd flags", odd)
    tests.add("overlapping segments", overlapping)
    return tests.main()


if __name__ == "__main__":
    sys.exit(main())
