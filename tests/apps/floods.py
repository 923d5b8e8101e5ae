#!/usr/bin/env python3
"""A neighbour that floods NGINX's stack: guesses at a connection's numbers, and bytes that nobody can be given.

    tests/apps/floods.py [WORD...]     only tests whose name contains a word

The neighbour is this process: it is the peer of the system's device, and puts its frames together itself.
"""

import resource
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from client import ACK, FILE, FIN, PSH, RST, SYN, Client, System  # noqa: E402
from harness import SLOW, Suite, check  # noqa: E402

GUESSES = 1000  # segments of each kind
ANSWERS = 2  # a second
CLIENTS = 200
DEFERRED = 12
MIB = 1 << 20
PIECE = 16000  # bytes of a segment, which the stack copies


def served(client, what, seconds=10):
    """An answer to a request that is longer than an acknowledgement."""
    client.get("/missing", "X: " + "x" * 900 + "\r\n")
    end = time.monotonic() + seconds * SLOW
    while b"404" not in client.data and time.monotonic() < end:
        client.peer.take(0.1)
    check(client.data.startswith(b"HTTP/1.1 404"), f"no answer {what}")


def guesses():
    """Segments that do not fit are answered now and then, whatever they guess; what they carry is not taken."""
    kinds = {
        "resets within the window": lambda client, n: client.send(RST, ahead=1 + n),
        "SYNs": lambda client, n: client.send(SYN, ahead=n),
        "acknowledgements of what was not sent": lambda client, n: client.send(ACK, ack=client.next() + 1 + n),
        "acknowledgements of what was long ago": lambda client, n: client.send(ACK, ack=client.next() - (1 << 24) - n),
        "segments from before": lambda client, n: client.send(ACK, ahead=-5 - n),
        "data, and an acknowledgement of what was not sent": lambda client, n: client.send(
            ACK | PSH, ack=client.next() + 1 + n, payload=b"GET /file HTTP/1.0\r\n\r\n"),
    }
    with System() as system:
        for number, (kind, guess) in enumerate(kinds.items()):
            client = Client(system.peer, 2000 + number)
            system.peer.take(0.1)
            before, start = client.nframes, time.monotonic()
            for n in range(GUESSES):
                guess(client, n)
                system.peer.take()
            system.peer.take(0.2)
            answers, most = client.nframes - before, 2 + ANSWERS * (time.monotonic() - start)
            print(f"# {answers} answers to {GUESSES} {kind}")
            check(answers <= most, f"{answers} answers to {GUESSES} {kind}")
            check(answers >= 1 or "data" in kind, f"no answer to {kind}")
            check(not client.data and not client.reset, f"{kind}: taken for the client's")
            served(client, f"after {kind}")
        client = Client(system.peer, 3000)
        client.send(PSH, payload=b"GET /file HTTP/1.0\r\n\r\n")
        system.peer.take(0.3)
        check(not client.data, "data without an acknowledgement is taken for the client's")
        served(client, "after data without an acknowledgement")


def fill(system, clients, ahead):
    """As much as the window of each has room for, @ahead of what is next."""
    for client in clients:
        for at in range(0, MIB - ahead, PIECE):
            client.send(ACK, ahead=ahead + at, payload=bytes(min(PIECE, MIB - ahead - at)), window=0)
        system.peer.take()
    system.peer.take(0.3)


def unordered():
    """Connections on which a byte is missing do not keep what the others need."""
    with System(mtu=65520) as system:
        clients = [Client(system.peer, 2000 + n) for n in range(CLIENTS)]
        fill(system, clients, 1)
        served(Client(system.peer, 1000), f"while {CLIENTS} connections have a megabyte out of order")
        clients[0].send(ACK, payload=b"x")
        check(system.process.poll() is None, "the system has ended")


def unread():
    """Nor do those whose program does not read: it waits for a client that takes no answer."""
    with System(mtu=65520) as system:
        clients = [Client(system.peer, 2000 + n) for n in range(CLIENTS)]
        for client in clients:
            client.get("/file", window=0)
        system.peer.take(0.3)
        fill(system, clients, 0)
        served(Client(system.peer, 1000), f"while {CLIENTS} connections have a megabyte that nobody reads")
        check(system.process.poll() is None, "the system has ended")


def standing(system, path, count, first, every=20, each=lambda: None):
    """@count clients, from port @first on, that ask for @path and take nothing. @each is called now and then."""
    for number in range(count):
        Client(system.peer, first + number).get(path, window=0)
        if number % every == 0:
            each()


def standing_still(connections, *groups):
    """Clients that take nothing, until memory is used up: they go, one that takes a little goes on, and new ones are served. @groups:
    how many, and what they ask for."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    files = {"large": bytes(900 << 10), "middle": bytes(60000), "little": bytes(14000)}
    with System(files=files, connections=connections) as system:
        slow = Client(system.peer, 1000, window=16)  # 2 KiB
        slow.get("/file")

        def each():
            system.peer.take()
            slow.acknowledge()

        first = 2000
        for count, path in groups:
            standing(system, path, count, first, each=each)
            first += count
        end, port, late = time.monotonic() + 60 * SLOW, 1000, None
        while (late is None or len(late.data) < len(FILE)) and time.monotonic() < end:
            if late is None or not late.data and time.monotonic() > asked + 1:  # refused, or lost
                port, asked = port + 1, time.monotonic()
                late = Client(system.peer, port)
                late.get("/file")
            system.peer.take(0.1)
            slow.acknowledge()
            late.acknowledge()
        check(len(late.data) >= len(FILE), f"a new client has got {len(late.data)} bytes, a reset: {late.reset}")
        slow.window = 65535
        slow.receive(len(FILE))  # it has not been reset
        gone = sum(client.reset for client in system.peer.clients.values())
        print(f"# {gone} of {first - 2000} have been reset")
        check(gone > 0, "nobody has been reset")
        check(system.process.poll() is None, "the system has ended")


def small_window():
    """A program that closes a connection behind its last byte, with a small SO_RCVBUF: all of it arrives."""
    with System(listen="rcvbuf=8k") as system:
        client = Client(system.peer, 2000)
        client.get("/file")
        client.receive(len(FILE))
        check(client.data.endswith(FILE) and not client.reset, f"{len(client.data)} bytes, and a reset: {client.reset}")


def deferred():
    """Clients that are to be accepted when they say something, and never do: resets, ends and silence take nobody's place for long."""
    kinds = {
        "resets": lambda client: client.send(RST),
        "ends": lambda client: client.send(FIN | ACK),
        "silence": lambda client: None,
    }
    with System(listen="deferred backlog=4") as system:
        for number, (kind, end) in enumerate(kinds.items()):
            for n in range(DEFERRED):
                end(Client(system.peer, 2000 + 100 * number + n))
                system.peer.take(0.05)
            served(Client(system.peer, 3000 + number), f"after {kind}")


def main():
    tests = Suite("floods")
    tests.add("guesses", guesses)
    tests.add("unordered", unordered)
    tests.add("unread", unread)
    # Each gets a queue while there is memory: of a megabyte, then of 64 KiB, then of 16.
    tests.add("standing still", standing_still, 8192, (3500, "/file"))
    tests.add("standing still, closed by the server", standing_still, 8192, (100, "/large"), (850, "/middle"), (2600, "/little"))
    tests.add("a small window", small_window)
    tests.add("deferred", deferred)
    return tests.main()


if __name__ == "__main__":
    sys.exit(main())
