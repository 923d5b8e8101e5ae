#!/usr/bin/env python3
"""Addresses by DHCP, and names by DNS: a program in cubicles, and servers on the host, good and bad ones.

    tests/apps/lookup.py [WORD...]     only tests whose name contains a word
"""

import os
import random
import socket
import struct
import sys
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from harness import CUBICLE, SLOW, SYSTEMS, Suite, check, execute, temporary_directory  # noqa: E402
from web import GUEST, HOST, Namespace, Relay  # noqa: E402

SYSTEM = SYSTEMS / "lookup.yaml"
MAGIC = bytes.fromhex("63825363")
DISCOVER, OFFER, REQUEST, ACK, NAK = 1, 2, 3, 5, 6
SO_BINDTODEVICE = 25
FIXED = f"address={GUEST}/24,gateway={HOST},dns={HOST}"


class Serving:
    """Answers datagrams at @port of the host until the block is left."""

    def __init__(self, port, device=None):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        if device:
            self.socket.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, device.encode())
        self.socket.bind(("0.0.0.0", port))
        self.over = False
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over = True
        self.thread.join(5)
        self.socket.close()

    def run(self):
        self.socket.settimeout(0.1)
        while not self.over:
            try:
                data, peer = self.socket.recvfrom(4096)
            except TimeoutError:
                continue
            self.answer(data, peer)

    def answer(self, data, peer):
        raise NotImplementedError


# ---- DHCP ----

def option(code, value):
    return bytes([code, len(value)]) + value


def address_option(code, *addresses):
    return option(code, b"".join(socket.inet_aton(a) for a in addresses))


class Dhcp(Serving):
    """A server of one lease. @evil(message, kind): what is sent before the good answer to a message of that kind."""

    def __init__(self, evil=None, lease=3600, silent=0):
        super().__init__(67, "tap0")
        self.evil, self.lease, self.silent = evil, lease, silent
        self.kinds = []

    def reply(self, request, kind, address=GUEST, options=None, **fields):
        head = struct.pack("!BBBB4sHH4s4s4s4s", fields.get("op", 2), 1, 6, 0,
                           fields.get("xid", request[4:8]), 0, 0, bytes(4),
                           socket.inet_aton(address), socket.inet_aton(HOST), bytes(4))
        if options is None:
            options = (address_option(54, HOST) + address_option(1, "255.255.255.0")
                       + address_option(3, HOST) + address_option(6, HOST, "192.0.2.53")
                       + option(51, struct.pack("!I", self.lease)))
        return (head + fields.get("hardware", request[28:34]) + bytes(10 + 192) + MAGIC
                + option(53, bytes([kind])) + options + b"\xff")

    def answer(self, data, peer):
        at = data.index(b"\x35\x01", 240)
        kind = data[at + 2]
        self.kinds.append((kind, time.monotonic()))
        if len(self.kinds) <= self.silent:
            return
        target = (peer[0] if peer[0] != "0.0.0.0" else "255.255.255.255", 68)
        kind = {DISCOVER: OFFER, REQUEST: ACK}.get(kind)
        if kind is None:
            return
        for bad in self.evil(self, data, kind) if self.evil else ():
            self.socket.sendto(bad, target)
        self.socket.sendto(self.reply(data, kind), target)


def look(network, *steps, options="address=dhcp", timeout=60, between=None):
    """The program, over a TAP device of @network."""
    with temporary_directory() as folder:
        path = Path(folder) / "frames"
        with Relay(network.tap(), path) as relay:
            with between() as server:
                result = execute([CUBICLE, "run", SYSTEM, f"--network=stream:{path},{options}",
                                  "--", *steps], timeout=timeout * SLOW)
            return result, server, relay


def leased(evil=None, **behaviour):
    """An address, a gateway and name servers by DHCP, whatever else is answered."""
    with Namespace() as network:
        result, _, _ = look(network, "addresses", "servers",
                            between=lambda: Dhcp(evil, **behaviour))
        check(result.status == 0 and f"eth0 {GUEST}\n" in result.out, "no address", result)
        check(f"resolv.conf nameserver {HOST}\nresolv.conf nameserver 192.0.2.53\n" in result.out,
              "no name servers", result)


def renewed():
    """A lease is renewed before it ends, at the server, by the address."""
    with Namespace() as network:
        result, server, _ = look(network, "wait=13000", "addresses",
                                 between=lambda: Dhcp(lease=20))
        kinds = [kind for kind, _ in server.kinds]
        check(kinds[:2] == [DISCOVER, REQUEST] and kinds[2:] and set(kinds[2:]) == {REQUEST},
              f"the server saw {kinds}", result)
        check(result.status == 0 and f"eth0 {GUEST}\n" in result.out, "no address", result)


def nobody():
    """Without a server the start fails, and says why."""
    with Namespace() as network:
        result, _, _ = look(network, "addresses", between=lambda: Dhcp(silent=1000))
        check(result.status != 0 and "no DHCP server has answered" in result.err, "it started", result)


def wrong_answers(server, request, kind):
    yield server.reply(request, kind, xid=b"xxxx", address="10.78.0.66")
    yield server.reply(request, kind, hardware=b"\2abcde", address="10.78.0.66")
    yield server.reply(request, kind, op=1, address="10.78.0.66")
    for address in ("0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255"):
        yield server.reply(request, kind, address=address)


def malformed_answers(server, request, kind):
    good = server.reply(request, kind)
    for size in (0, 1, 43, 44, 236, 239, 240, 242, 243, 260, len(good) - 1):
        yield good[:size]
    for options in (b"\x36\xff" + bytes(4), b"\x36\x00", b"\x33\x03abc", b"\x01\x05abcde",
                    b"\x06\x03abc", b"\x34\x01\x03", b"\x34\x01\x01", b"\x35\x00", b"\x00" * 600,
                    option(6, bytes(252)), b"\x03\x00", b"\xfe" * 300):
        yield server.reply(request, kind, options=options, address="10.78.0.66")


def random_answers(server, request, kind):
    source = random.Random(kind)
    good = server.reply(request, kind)
    for _ in range(300):
        bad = bytearray(good)
        for _ in range(source.randrange(1, 8)):
            bad[source.randrange(236, len(bad))] = source.randrange(256)
        bad[4:8] = request[4:8] if source.randrange(4) == 0 else bytes(4)
        yield bytes(bad[:source.randrange(len(bad))])


# ---- DNS ----

def name_of(query):
    at, labels = 12, []
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode())
        at += 1 + query[at]
    return ".".join(labels), query[12:at + 5]


def record(kind, data, ttl=60, name=b"\xc0\x0c"):
    return name + struct.pack("!HHIH", kind, 1, ttl, len(data)) + data


class Dns(Serving):
    """Answers by the name that is asked for, over UDP and TCP."""

    def __init__(self):
        super().__init__(53)
        self.asked = []
        self.listener = socket.create_server(("0.0.0.0", 53))
        self.listener.settimeout(0.1)
        self.second = threading.Thread(target=self.run_tcp, daemon=True)

    def __enter__(self):
        self.second.start()
        return super().__enter__()

    def __exit__(self, *_):
        super().__exit__()
        self.second.join(5)
        self.listener.close()

    def run_tcp(self):
        while not self.over:
            try:
                client, _ = self.listener.accept()
            except TimeoutError:
                continue
            with client:
                client.settimeout(5)
                query = client.recv(4096)[2:]
                answer = self.whole(query, [record(1, bytes([10, 1, n >> 8, n & 255])) for n in range(40)]
                                    if query[-3] == 1 else [])
                client.sendall(len(answer).to_bytes(2, "big") + answer)

    @staticmethod
    def whole(query, records, flags=0x8180, count=None):
        _, question = name_of(query)
        return (query[:2] + struct.pack("!HHHHH", flags, 1, len(records) if count is None else count, 0, 0)
                + question + b"".join(records))

    def answer(self, data, peer):
        name, _ = name_of(data)
        is4 = data[-3] == 1
        self.asked.append(name)
        good = self.whole(data, [record(1, b"\x0a\x01\x02\x03")] if is4 else [])
        for reply in getattr(self, "reply_" + name.split(".", maxsplit=1)[0])(data, is4, good):
            self.socket.sendto(reply, peer)

    def reply_good(self, data, is4, good):
        yield good

    def reply_both(self, data, is4, good):
        yield good if is4 else self.whole(data, [record(28, socket.inet_pton(socket.AF_INET6, "fd00::5"))])

    def reply_absent(self, data, is4, good):
        yield self.whole(data, [], flags=0x8183)

    def reply_broken(self, data, is4, good):
        yield self.whole(data, [], flags=0x8182)

    def reply_silent(self, data, is4, good):
        return ()

    def reply_late(self, data, is4, good):
        """The first question is lost."""
        if self.asked.count("late.test") > 2:
            yield good

    def reply_long(self, data, is4, good):
        yield self.whole(data, [record(1, bytes([10, 1, 0, n])) for n in range(20)], flags=0x8380)

    def reply_forged(self, data, is4, good):
        evil = self.whole(data, [record(1, b"\6\6\6\6")])
        yield bytes([data[0] ^ 1]) + evil[1:]
        yield evil[:3]
        yield good

    def reply_malformed(self, data, is4, good):
        yield self.whole(data, [record(1, b"\x0a\x01\x02\x03")[:9]], count=3000)

    def reply_loops(self, data, is4, good):
        at = len(self.whole(data, []))
        yield self.whole(data, [record(5, b"\xc0" + bytes([at + 12]))] * 5)

    def reply_short(self, data, is4, good):
        yield self.whole(data, [record(1, b"\x0a")])


def names():
    """What the resolver makes of answers; it asks again, takes the second try, and TCP where an answer was cut."""
    asked = ["good.test", "both.test", "absent.test", "broken.test", "late.test", "long.test",
             "forged.test", "malformed.test", "loops.test", "short.test", "good.test"]
    with Namespace() as network:
        result, _, _ = look(network, *asked, options=FIXED, between=Dns)
        check(result.status == 0, "the program ended", result)
        lines = result.out.splitlines()
        for name in ("good", "late", "forged"):
            check(f"{name}.test 10.1.2.3" in lines and f"{name}.test: 1 addresses" in lines, name, result)
        check({"both.test 10.1.2.3", "both.test fd00::5", "both.test: 2 addresses"} <= set(lines), "both", result)
        check("long.test: 40 addresses" in lines, "the rest came over TCP", result)
        for name in ("absent", "broken", "malformed", "loops", "short"):
            check(any(line.startswith(f"{name}.test: ") and "addresses" not in line for line in lines), name, result)


def no_name_server():
    """A server that does not answer is given up."""
    with Namespace() as network:
        start = time.monotonic()
        result, _, _ = look(network, "silent.test", options=FIXED, between=Dns)
        check(result.status == 0 and "silent.test: Try again" in result.out, "an answer", result)
        check(time.monotonic() - start < 30 * SLOW, "it took too long", result)


def main():
    os.environ.setdefault("CUBICLE_TEST_JOBS", "4")  # they wait more than they work
    suite = Suite("lookup")
    suite.add("DHCP: an address and name servers", leased)
    suite.add("DHCP: the first answers are lost", leased, None, silent=2)
    suite.add("DHCP: answers for others, and bad addresses", leased, wrong_answers)
    suite.add("DHCP: malformed answers", leased, malformed_answers)
    suite.add("DHCP: random answers", leased, random_answers)
    suite.add("DHCP: a lease is renewed", renewed)
    suite.add("DHCP: no server", nobody)
    suite.add("DNS: answers", names)
    suite.add("DNS: no answer", no_name_server)
    return suite.main()


if __name__ == "__main__":
    sys.exit(main())
