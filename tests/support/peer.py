"""The only neighbour on a system's network: it puts its frames together itself, and so may lie in each field."""

import os
import select
import socket
import struct
import time

from harness import SLOW, check

GUEST, OWN = socket.inet_aton("10.78.0.2"), socket.inet_aton("10.78.0.1")
MAC = bytes.fromhex("020000000001")


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Peer:
    """Listens at the UNIX socket @path, which is the system's device."""

    def __init__(self, path):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        os.chmod(path, 0o777)
        self.listener.listen(1)
        self.mac, self.received, self.clients, self.own = b"", b"", {}, {OWN}

    def accept(self):
        self.listener.settimeout(20 * SLOW)
        self.stream, _ = self.listener.accept()

    def send(self, kind, payload):
        frame = self.mac + MAC + struct.pack("!H", kind) + payload
        self.stream.sendall(struct.pack("!I", len(frame)) + frame)

    def ask(self):
        """Learns the system's address on the link, when it is there."""
        end = time.monotonic() + 20 * SLOW
        while not self.mac and time.monotonic() < end:
            question = struct.pack("!HHBBH", 1, 0x800, 6, 4, 1) + MAC + OWN + bytes(6) + GUEST
            self.mac = b"\xff" * 6
            self.send(0x806, question)
            self.mac = b""
            self.take(0.1)
        check(self.mac, "the system does not answer to ARP")

    def ask6(self, source, address):
        """Waits until the system has looked whether its @address is taken, and has it."""
        heard, other6 = [], self.other6
        self.other6 = lambda packet: heard.append(packet[6:7] == b"\x3a" and packet[40] == 136 and packet[48:64] == address)
        end = time.monotonic() + 20 * SLOW
        while not any(heard) and time.monotonic() < end:
            self.send(0x86DD, icmp6(source, address, struct.pack("!BBHI", 135, 0, 0, 0) + address + b"\1\1" + MAC))
            self.take(0.1)
        self.other6 = other6
        check(any(heard), "the system does not answer for its address")

    def take(self, seconds=0.0):
        """Gives what has come, or comes within @seconds, to the clients."""
        while select.select([self.stream], [], [], seconds)[0]:
            data = self.stream.recv(1 << 20)
            check(data, "the system has ended")
            self.received += data
            seconds, at = 0.0, 0
            while len(self.received) >= at + 4:
                size = struct.unpack_from("!I", self.received, at)[0]
                if len(self.received) < at + 4 + size:
                    break
                self.frame(self.received[at + 4:at + 4 + size])
                at += 4 + size
            self.received = self.received[at:]

    def frame(self, frame):
        kind = frame[12:14]
        if kind == b"\x08\x06" and frame[38:42] in self.own:
            self.mac = frame[6:12]
            if frame[21] == 1:
                self.send(0x806, struct.pack("!HHBBH", 1, 0x800, 6, 4, 2) + MAC + frame[38:42] + frame[22:32])
        elif kind == b"\x08\x00" and frame[23] == socket.IPPROTO_TCP:
            packet = frame[14:14 + struct.unpack("!H", frame[16:18])[0]]
            tcp = packet[(packet[0] & 15) * 4:]
            client = self.clients.get(struct.unpack("!H", tcp[2:4])[0])
            if client:
                client.segment(tcp)
            else:
                self.other(packet)
        elif kind == b"\x08\x00":
            self.other(frame[14:])
        elif kind == b"\x86\xdd" and frame[20] == socket.IPPROTO_ICMPV6 and frame[54] == 135 and frame[62:78] in self.own:
            self.send(0x86DD, advertisement(frame[62:78], frame[22:38]))
        elif kind == b"\x86\xdd":
            self.other6(frame[14:])

    def other(self, packet):
        """An IPv4 packet that no client waits for."""

    def other6(self, packet):
        """An IPv6 packet."""


def ipv4(source, destination, protocol, body, number=0, part=0):
    """A packet from addresses of four bytes, or one of its parts: where it begins, in words of 8 bytes, and flags."""
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), number, part, 64, protocol, 0, source, destination)
    return ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:] + body


def ipv6(source, destination, protocol, body, hops=64):
    """The same for addresses of sixteen."""
    return struct.pack("!IHBB", 6 << 28, len(body), protocol, hops) + source + destination + body


def icmp6(source, destination, message):
    """An ICMPv6 packet; the message's checksum is 0, and is put in."""
    total = checksum(source + destination + struct.pack("!II", len(message), 58) + message)
    return ipv6(source, destination, 58, message[:2] + struct.pack("!H", total) + message[4:], 255)


def advertisement(address, to):
    """A neighbour's answer: @address is here."""
    return icmp6(address, to, struct.pack("!BBHI", 136, 0, 0, 0x60000000) + address + b"\2\1" + MAC)


def datagram(source, destination, port, text):
    """A UDP packet to @port by IPv4 or IPv6; addresses as bytes."""
    size = 8 + len(text)
    udp = struct.pack("!HHH", 9001, port, size)
    if len(source) == 4:
        total = checksum(source + destination + struct.pack("!HH", 17, size) + udp + b"\0\0" + text)
        return ipv4(source, destination, 17, udp + struct.pack("!H", total) + text)
    total = checksum(source + destination + struct.pack("!II", size, 17) + udp + b"\0\0" + text)
    return ipv6(source, destination, 17, udp + struct.pack("!H", total) + text)
