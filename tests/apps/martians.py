#!/usr/bin/env python3
"""Packets whose source cannot be where they come from, that come in parts, or for nobody; false claims of ARP; the numbers of those
that the stack sends.

    tests/apps/martians.py [WORD...]     only tests whose name contains a word
"""

import contextlib
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from harness import CUBICLE, SLOW, SYSTEMS, Suite, check, temporary_directory  # noqa: E402
from peer import GUEST, MAC, OWN, Peer, checksum, datagram, ipv4, ipv6  # noqa: E402

OTHER = socket.inet_aton("10.78.0.3")
GUEST6, OWN6 = (socket.inet_pton(socket.AF_INET6, f"fd00:78::{n}") for n in (2, 1))
MARTIANS = ("127.0.0.1", "127.1.2.3", "10.78.0.2", "10.78.0.255", "255.255.255.255", "224.0.0.1")
MARTIANS6 = ("::1", "::ffff:10.78.0.1", "::ffff:127.0.0.1", "fd00:78::2", "ff02::1")


@contextlib.contextmanager
def system(more="", before=()):
    """The program, and its peer. @more are options of the network, @before words before the command."""
    with temporary_directory() as folder:
        peer = Peer(Path(folder) / "link")
        with subprocess.Popen(
                [*before, CUBICLE, "run", SYSTEMS / "martians.yaml", "--isolation=sfi",
                 f"--network=stream:{folder}/link,address6=fd00:78::2,mtu=1500{more}"],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
            try:
                peer.accept()
                peer.ask()
                yield peer, process
            finally:
                process.kill()


def martians(before=()):
    """None reaches a program."""
    with system(before=before) as (peer, process):
        peer.ask6(OWN6, GUEST6)
        for name in MARTIANS:
            peer.send(0x800, datagram(socket.inet_aton(name), GUEST, 9000, b"martian"))
        for name in MARTIANS6:
            peer.send(0x86DD, datagram(socket.inet_pton(socket.AF_INET6, name), GUEST6, 9000, b"martian"))
        peer.send(0x86DD, datagram(OWN6, GUEST6, 9000, b"neighbour"))
        peer.send(0x800, datagram(OWN, GUEST, 9000, b"end"))
        out = process.communicate(timeout=20 * SLOW)[0].splitlines()
        check(out == ["fd00:78::1 neighbour", "::ffff:10.78.0.1 end"], f"{out}")


def part(source, number, at, data, more=True):
    """Bytes from @at on of datagram @number."""
    if len(source) == 4:
        return 0x800, ipv4(source, GUEST, 17, data, number, at // 8 | (0x2000 if more else 0))
    return 0x86DD, ipv6(source, GUEST6, 44, struct.pack("!BBHI", 17, 0, at | more, number) + data)


def hopeless(source):
    """Parts that are never a whole."""
    for number in range(1000):
        yield part(source, number, 0, bytes(1400))
    for at in range(0, 32000, 16):  # with a hole after each
        yield part(source, 2000, at, bytes(8))
    for at, size, more in ((800, 400, False), (400, 800, True), (0, 480, True), (0, 480, True), (400, 800, True)):
        yield part(source, 2001, at, bytes(size), more)
    for at in range(0, 65536, 1024):  # longer than a packet can be
        yield part(source, 2002, at, bytes(1024))
    for at in (65528, 65000):
        yield part(source, 2003, at, bytes(1400), False)
    head = struct.pack("!HHHH", 9001, 9000, 16, 0)
    for at, data, more in ((8, b"wrong\0\0\0", False), (16, bytes(1400), True), (0, head, True)):  # something behind its end
        yield part(source, 2004, at, data, more)


def fragments(source, guest):
    """Neither do they reach a program, nor keep a datagram of three parts from it."""
    with system() as (peer, process):
        peer.ask6(OWN6, GUEST6)
        for kind, packet in hopeless(source):
            peer.send(kind, packet)
            peer.take()
        whole = datagram(source, guest, 9000, b"whole".ljust(3000, b"\0"))[-3008:]
        for at in (2000, 0, 1000):
            peer.send(*part(source, 3000, at, whole[at:at + 1000] if at < 2000 else whole[at:], at < 2000))
        peer.send(0x800, datagram(OWN, GUEST, 9000, b"end"))
        out = process.communicate(timeout=20 * SLOW)[0].splitlines()
        check([line.split()[-1] for line in out] == ["whole", "end"], f"{out}")


def overlapping(source, guest):
    """What comes in parts of which two claim the same bytes is no datagram; a part may come twice."""
    with system() as (peer, process):
        peer.ask6(OWN6, GUEST6)
        whole = datagram(source, guest, 9000, b"whole".ljust(3000, b"\0"))[-3008:]
        parts = [(0, 1000), (1000, 2000), (2000, 3008)]
        for number, (begin, end) in enumerate(((992, 2000), (0, 1008), (0, 992), (1000, 1992), (1008, 2000), (0, 1400), (8, 16),
                                               (1992, 2008), (800, 1800))):
            for at, behind in (*parts[:2], (begin, end), parts[2]):
                peer.send(*part(source, 4000 + number, at, whole[at:behind], behind < len(whole)))
        for at, behind in (*parts[:2], parts[0], parts[2]):
            peer.send(*part(source, 5000, at, whole[at:behind], behind < len(whole)))
        peer.send(0x800, datagram(OWN, GUEST, 9000, b"end"))
        out = process.communicate(timeout=20 * SLOW)[0].splitlines()
        check([line.split()[-1] for line in out] == ["whole", "end"], f"{out}")


# Errors of ICMP in a second, to one machine and to all, and how many may come at once: those of Linux.
EACH, EACH_BURST, ALL, ALL_BURST = 1, 6, 1000, 50
COMPLAINTS = 3000


def complaints(sources, guest):
    """Errors in answer to packets for a closed port, to one address or to many, are few. How many, and in which time."""
    errors = []

    def take(packet):
        if len(packet) > 40 and (packet[9:10] == b"\1" and packet[20] == 3 or packet[6:7] == b"\x3a" and packet[40] == 1):
            errors.append(packet)

    with system(",gateway6=fd00:78::1") as (peer, process):
        peer.own.add(OWN6)
        peer.other = peer.other6 = take
        peer.ask6(OWN6, GUEST6)
        peer.take()
        start = time.monotonic()
        for number in range(COMPLAINTS):
            source = sources[number % len(sources)]
            peer.send(0x800 if len(source) == 4 else 0x86DD, datagram(source, guest, 9, b"nobody"))
            peer.take()
        peer.take(0.5)
        took = time.monotonic() - start
        pace, burst = (EACH, EACH_BURST) if len(sources) == 1 else (ALL, ALL_BURST)
        print(f"# {len(errors)} errors for {COMPLAINTS} packets from {len(sources)} addresses in {took:.2f} s")
        check(1 <= len(errors) <= burst + pace * took + 1, f"{len(errors)} errors in {took:.2f} s")
        check(process.poll() is None, "the system has ended")


def syn(source):
    """It asks for a connection where nobody listens; a reset answers."""
    head = struct.pack("!HHIIBBHHH", 2000, 9, 1, 0, 5 << 4, 2, 1024, 0, 0)
    total = checksum(source + GUEST + struct.pack("!HH", 6, len(head)) + head)
    return ipv4(source, GUEST, 6, head[:16] + struct.pack("!H", total) + head[18:])


def pauses(sources, guest):
    """No more errors than usual come at once where the stack has waited: its clock has not stood still meanwhile."""
    errors, resets = [], []
    with system() as (peer, _):
        peer.other = lambda packet: (resets if packet[9:10] == b"\6" else errors).append(packet)
        for _ in range(10):
            time.sleep(0.3)
            peer.take()
            errors.clear()
            resets.clear()
            start = time.monotonic()
            for source in sources[:4 * ALL_BURST]:
                peer.send(0x800, datagram(source, guest, 9, b"nobody"))
            peer.send(0x800, syn(OWN))
            while not resets and time.monotonic() < start + 20 * SLOW:
                peer.take(0.1)
            took = time.monotonic() - start
            check(resets and 1 <= len(errors) <= ALL_BURST + ALL * took + 1, f"{len(errors)} errors in {took:.3f} s")


def steps():
    """How much the number of a packet is above that of the one before to the same peer, while others get some, too."""
    with system() as (peer, _):
        seen = {OWN: [], OTHER: []}
        peer.own.add(OTHER)
        peer.other = lambda packet: seen[packet[16:20]].append(struct.unpack("!H", packet[4:6])[0])
        for number in range(60):
            source = OTHER if number % 3 else OWN  # two for each
            want, end = len(seen[source]) + 1, time.monotonic() + 5 * SLOW
            while len(seen[source]) < want and time.monotonic() < end:
                peer.send(0x800, syn(source))
                peer.take(0.2)
        check(len(seen[OWN]) >= 20, f"{len(seen[OWN])} answers")
        return {(b - a) % 65536 for a, b in zip(seen[OWN], seen[OWN][1:])}


def numbers():
    """Who counts the packets that it gets learns nothing of those that others get."""
    have = steps()
    # One of 256 other peers shares the counter.
    check(have == {1} or (have := steps()) == {1}, f"steps of {have}")


def claim(peer, kind, mac, address, to):
    """An ARP packet: @kind 1 asks for @to, 2 answers it; @address is said to be at @mac."""
    peer.send(0x806, struct.pack("!HHBBH", 1, 0x800, 6, 4, kind) + mac + address + peer.mac + to)


def neighbours():
    """Others do not take the place of a neighbour, nor push it out of the table."""
    with system() as (peer, _):
        heard, frame = [], peer.frame

        def watch(one):
            if one[12:14] == b"\x08\0" or one[21] == 1:  # no answers to ARP
                heard.append((one[12:14], one[:6]))
            frame(one)

        def answer():
            """Where a reset goes, or what is asked first."""
            heard.clear()
            peer.send(0x800, syn(OWN))
            end = time.monotonic() + 5 * SLOW
            while not heard and time.monotonic() < end:
                peer.take(0.2)
            return heard[:1]

        peer.frame = watch
        usual = [(b"\x08\x00", MAC)]
        check(answer() == usual, f"{heard}")
        false = bytes.fromhex("0200000000ff")
        for kind in (1, 2):
            claim(peer, kind, false, OWN, GUEST)
            claim(peer, kind, false, OWN, OWN)
        peer.take(0.2)
        check(answer() == usual, f"after false claims: {heard}")
        time.sleep(1.5)  # the others are younger
        for number in range(200):
            for kind in (1, 2):
                claim(peer, kind, false, GUEST[:3] + bytes([10 + number]), GUEST)
        peer.take(0.5)
        check(answer() == usual, f"after a flood: {heard}")


def main():
    tests = Suite("martians")
    tests.add("sources", martians)
    tests.add("fragments, IPv4", fragments, OWN, GUEST)
    tests.add("fragments, IPv6", fragments, OWN6, GUEST6)
    tests.add("overlapping fragments, IPv4", overlapping, OWN, GUEST)
    tests.add("overlapping fragments, IPv6", overlapping, OWN6, GUEST6)
    far = [socket.inet_aton(f"198.51.{n >> 8}.{n & 255}") for n in range(COMPLAINTS)]
    far6 = [socket.inet_pton(socket.AF_INET6, f"2001:db8::{n:x}") for n in range(1, COMPLAINTS)]
    for name, own, guest, others in (("IPv4", OWN, GUEST, far), ("IPv6", OWN6, GUEST6, far6)):
        tests.add(f"errors to one, {name}", complaints, [own], guest)
        tests.add(f"errors to many, {name}", complaints, others, guest)
    tests.add("errors to many after a pause", pauses, far, GUEST)
    tests.add("numbers", numbers)
    tests.add("neighbours", neighbours)
    return tests.main()


if __name__ == "__main__":
    sys.exit(main())
