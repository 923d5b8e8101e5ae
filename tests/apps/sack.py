#!/usr/bin/env python3
"""A client that lies about what it has received, or is silent: NGINX serves, and the stack does not work itself to death.

    tests/apps/sack.py [WORD...]     only tests whose name contains a word

The client is this process: it is the peer of the system's device, and puts its frames together itself.
"""

import random
import struct
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from client import ACK, FILE, MSS, WORD, Client, System  # noqa: E402
from harness import Suite, check  # noqa: E402

LIES = 20000  # segments
SILENCE = 5  # seconds


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
