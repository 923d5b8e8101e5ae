#!/usr/bin/env python3
"""Neighbour discovery (RFC 4861) with a neighbour that lies about who is where, and with many who ask.

    tests/apps/discovery.py [WORD...]     only tests whose name contains a word
"""

import socket
import struct
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from harness import SLOW, Suite, check  # noqa: E402
from martians import GUEST6, OWN6, system  # noqa: E402
from peer import MAC, checksum, ipv6  # noqa: E402

FALSE = bytes.fromhex("0200000000ff")
EVERYBODY = socket.inet_pton(socket.AF_INET6, "ff02::1")
STRANGER = socket.inet_pton(socket.AF_INET6, "fe80::bad")
SILENT = socket.inet_pton(socket.AF_INET6, "fd00:78::99")
ROUTER, SOLICITATION, ADVERTISEMENT, REDIRECT, TOO_BIG, ECHO = 134, 135, 136, 137, 2, 128
OF_SENDER, OF_TARGET = 1, 2  # options: whose address on the link
SOLICITED, OVERRIDE = 0x40, 0x20
USUAL = [("reset", OWN6, MAC)]
WAITING = 8  # packets for one neighbour, docs/networking.md


def sum6(source, to, protocol, body):
    return struct.pack("!H", checksum(source + to + struct.pack("!II", len(body), protocol) + body))


def icmp6(source, to, kind, body, hops=255):
    """A message of @kind; @body begins behind the checksum."""
    total = sum6(source, to, 58, bytes([kind, 0, 0, 0]) + body)
    return ipv6(source, to, 58, bytes([kind, 0]) + total + body, hops)


def on_link(option, mac):
    return bytes([option, 1]) + mac


def advertisement(source, to, target, mac, flags):
    return icmp6(source, to, ADVERTISEMENT, bytes([flags, 0, 0, 0]) + target + on_link(OF_TARGET, mac))


def solicitation(source, mac):
    return icmp6(source, GUEST6, SOLICITATION, bytes(4) + GUEST6 + on_link(OF_SENDER, mac))


def router(source, reachable_ms=0, hops=255):
    return icmp6(source, EVERYBODY, ROUTER, struct.pack("!BBHII", 64, 0, 1800, reachable_ms, 0), hops)


def syn(source, port):
    """It asks for a connection where nobody listens; a reset answers."""
    head = struct.pack("!HHIIBBHHH", port, 9, 1, 0, 5 << 4, 2, 1024, 0, 0)
    return ipv6(source, GUEST6, 6, head[:16] + sum6(source, GUEST6, 6, head) + head[18:])


class Watch:
    """What comes: ("reset", TO, MAC), ("question", ABOUT, MAC) and ("part", NUMBER, SIZE). Questions about OWN6 are answered."""

    def __init__(self, peer):
        self.peer, self.heard, self.others, self.port = peer, [], peer.frame, 2000
        peer.frame = self.frame

    def send(self, packet):
        self.peer.send(0x86DD, packet)

    def frame(self, frame):
        to, kind, body = frame[38:54], frame[20], frame[54:]
        if frame[12:14] != b"\x86\xdd":
            self.others(frame)
        elif kind == 6:
            self.heard.append(("reset", to, frame[:6]))
        elif kind == 44:
            self.heard.append(("part", struct.unpack("!I", body[4:8])[0], len(frame) - 14))
        elif kind == 58 and body[0] == SOLICITATION:
            self.heard.append(("question", body[8:24], frame[:6]))
            if body[8:24] == OWN6:
                self.send(advertisement(OWN6, GUEST6, OWN6, MAC, SOLICITED | OVERRIDE))

    def about(self, word):
        return [one for one in self.heard if one[0] == word]

    def wait(self, done, seconds=5.0):
        end = time.monotonic() + seconds * SLOW
        while not done() and time.monotonic() < end:
            self.peer.take(0.05)

    def answer(self):
        """What comes until a SYN is answered by a reset."""
        self.heard.clear()
        self.port += 1
        self.send(syn(OWN6, self.port))
        self.wait(lambda: self.about("reset"), 1.0)
        return self.heard[:]

    def begin(self):
        """The system looks for two seconds whether its address is taken."""
        end = time.monotonic() + 20 * SLOW
        while not self.answer() or not self.about("reset"):
            check(time.monotonic() < end, "no answer by IPv6")


def claims():
    """Nobody takes the place of a neighbour by saying so, nor ends the system's own addresses."""
    with system() as (peer, _):
        watch = Watch(peer)
        watch.begin()
        check(watch.answer() == USUAL, f"{watch.heard}")
        for to in (EVERYBODY, GUEST6):
            for flags in (OVERRIDE, SOLICITED | OVERRIDE):
                watch.send(advertisement(OWN6, to, OWN6, FALSE, flags))
                watch.send(advertisement(STRANGER, to, GUEST6, FALSE, flags))
        watch.send(solicitation(OWN6, FALSE))
        watch.send(icmp6(STRANGER, GUEST6, REDIRECT, bytes(4) + STRANGER + OWN6 + on_link(OF_TARGET, FALSE)))
        watch.peer.take(0.2)
        check(watch.answer() == USUAL, f"after false claims: {watch.heard}")


def routers():
    """Those of another link are not listened to, and many of this one do no harm."""
    with system() as (peer, _):
        watch = Watch(peer)
        watch.begin()
        watch.heard.clear()
        watch.send(router(STRANGER, hops=254))
        watch.peer.take(0.3)
        check(not watch.heard, f"a router of another link is asked for: {watch.heard}")
        watch.send(router(STRANGER))
        watch.wait(lambda: watch.heard)
        check([one[:2] for one in watch.heard[:1]] == [("question", STRANGER)], f"{watch.heard}")
        for number in range(300):
            watch.send(router(STRANGER[:14] + struct.pack("!H", number)))
        watch.peer.take(0.2)
        check(watch.answer()[-1:] == USUAL, f"after 300 routers: {watch.heard}")


def told():
    """Where the gateway is given, nobody else is one."""
    with system(",gateway6=fd00:78::1") as (peer, _):
        watch = Watch(peer)
        watch.begin()
        watch.heard.clear()
        watch.send(router(STRANGER))
        watch.peer.take(0.3)
        check(not watch.heard, f"another router is asked for: {watch.heard}")
        check(watch.answer() == USUAL, f"{watch.heard}")


def many():
    """Those who ask push nobody out of the table; what is sent to one who does not answer is not kept for ever."""
    with system() as (peer, _):
        watch = Watch(peer)
        watch.send(router(STRANGER, reachable_ms=1000))
        watch.begin()
        time.sleep(2.2)  # nobody has heard of the neighbour for longer than a second
        for number in range(300):
            watch.send(solicitation(OWN6[:14] + struct.pack("!H", 0x1000 + number), FALSE))
            watch.peer.take()
        watch.peer.take(0.2)
        check(watch.answer() == USUAL, f"after 300 others: {watch.heard}")
        watch.heard.clear()
        for number in range(100):
            watch.send(syn(SILENT, 3000 + number))
        watch.wait(lambda: watch.about("question"))
        watch.send(advertisement(SILENT, GUEST6, SILENT, MAC, SOLICITED | OVERRIDE))
        watch.wait(lambda: watch.about("reset"))
        watch.peer.take(0.2)
        kept = len(watch.about("reset"))
        check(1 <= kept <= WAITING, f"{kept} packets were kept")


def narrow():
    """A router that says that nothing fits through makes packets no smaller than 1280 bytes. Their numbers cannot be foreseen."""
    with system() as (peer, _):
        watch = Watch(peer)
        watch.begin()
        for mtu in (48, 0, 1500):
            about = ipv6(GUEST6, OWN6, 58, bytes(8))
            watch.send(icmp6(OWN6, GUEST6, TOO_BIG, struct.pack("!I", mtu) + about))
        watch.heard.clear()
        for number in range(20):
            watch.send(icmp6(OWN6, GUEST6, ECHO, struct.pack("!HH", 1, number) + bytes(1400)))
        watch.wait(lambda: len(watch.about("part")) == 40)
        parts = watch.about("part")
        check(len(parts) == 40, f"{len(parts)} parts of 20 answers")
        check(1200 <= max(size for _, _, size in parts) <= 1280, f"sizes: {sorted({p[2] for p in parts})}")
        numbers = [number for _, number, _ in parts[::2]]
        steps = {(b - a) % (1 << 32) for a, b in zip(numbers, numbers[1:])}
        check(len(steps) > 10, f"steps of {steps}")


def main():
    tests = Suite("discovery")
    for test in (claims, routers, told, many, narrow):
        tests.add(test.__name__, test)
    return tests.main()


if __name__ == "__main__":
    sys.exit(main())
