"""A TCP client that puts its segments together itself, and NGINX in cubicles, whose only neighbour it is."""

import contextlib
import os
import random
import struct
import subprocess
import time
from pathlib import Path

from harness import CUBICLE, SLOW, TOP, check, temporary_directory
from peer import GUEST, OWN, Peer, checksum

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
FILE = random.Random(1).randbytes(3 << 20)
MSS = 536
WORD = 1 << 32


class Client:
    """A connection to port 80. What comes in order is in @data; nothing is acknowledged by itself.

    @mss and @scale are what its SYN says of segments and windows, @window is that of the SYN, and of segments that do not say another."""

    def __init__(self, peer, port, mss=MSS, scale=7, window=65535):
        self.peer, self.port, self.sent, self.window = peer, port, 1000, window
        self.first, self.data, self.nbytes, self.nframes, self.reset = None, b"", 0, 0, False
        peer.clients[port] = self
        end = time.monotonic() + 20 * SLOW
        while self.first is None and time.monotonic() < end:
            self.send(SYN, bytes([2, 4, *struct.pack("!H", mss), 4, 2, 1, 1, 1, 3, 3, scale, 0, 0, 0, 0]))
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

    def send(self, flags, options=b"", payload=b"", ack=None, ahead=0, window=None, urgent=0):
        """A segment whose first byte is @ahead of the next one of this side's."""
        ack = self.next() if ack is None else ack
        window = self.window if window is None else window
        head = struct.pack("!HHIIBBHHH", self.port, 80, (self.sent + ahead) % WORD, ack % WORD,
                           (20 + len(options)) // 4 << 4, flags, window, 0, urgent) + options
        total = checksum(OWN + GUEST + struct.pack("!BBH", 0, 6, len(head) + len(payload)) + head +
                         payload.rstrip(b"\0"))  # noughts add nothing
        head = head[:16] + struct.pack("!H", total) + head[18:]
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(head) + len(payload), 0, 0, 64, 6, 0, OWN, GUEST)
        self.peer.send(0x800, ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:] + head + payload)

    def next(self):
        return (self.first or 0) + len(self.data)

    def acknowledge(self):
        self.send(ACK)

    def get(self, path, fields="", window=None):
        request = f"GET {path} HTTP/1.0\r\n{fields}\r\n".encode()
        self.send(ACK | PSH, payload=request, window=window)
        self.sent += len(request)

    def receive(self, size):
        """Until @size bytes are there; acknowledges all."""
        end = time.monotonic() + 60 * SLOW
        while len(self.data) < size and time.monotonic() < end:
            self.peer.take(0.3)
            self.acknowledge()
        check(len(self.data) >= size, f"{len(self.data)} bytes of {size}")


class System:
    """NGINX, which has FILE as /file, and @files, bytes by name. @listen are options of its socket, @connections how many it takes."""

    def __init__(self, mtu=1500, listen="", files=(), connections=1024):
        self.mtu, self.listen, self.files, self.connections = mtu, listen, dict(files), connections

    def __enter__(self):
        self.folder = temporary_directory()
        top = Path(self.folder.name)
        (top / "root/www").mkdir(parents=True)
        for name, data in {"file": FILE, **self.files}.items():
            (top / "root/www" / name).write_bytes(data)
        (top / "root/etc/nginx").mkdir(parents=True)
        text = (TOP / "apps/nginx/root/etc/nginx/nginx.conf").read_text()
        (top / "root/etc/nginx/nginx.conf").write_text(
            text.replace("listen 80 ", f"listen 80 {self.listen} ").replace(
                "worker_connections 1024", f"worker_connections {self.connections}"))
        self.peer = Peer(top / "link")
        self.log = open(top / "log", "w+b")
        self.process = subprocess.Popen(
            [CUBICLE, "run", TOP / "systems/nginx.yaml", "--isolation=sfi", f"--root={top / 'root'}",
             f"--network=stream:{top / 'link'},address=10.78.0.2/24,gateway=10.78.0.1,mtu={self.mtu}"],
            stdin=subprocess.DEVNULL, stderr=self.log)
        try:
            self.peer.accept()
            self.peer.ask()
        except BaseException:
            self.process.kill()
            raise
        return self

    def __exit__(self, *_):
        self.process.kill()  # with SIGTERM it would wait for what clients acknowledge
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
