#!/usr/bin/env python3
"""NGINX in cubicles before clients and networks that behave badly.

    tests/apps/nginx_network.py [WORD...]     only tests whose name contains a word

LOAD_SECONDS=600 makes the tests of load that long (default 2).
"""

import contextlib
import hashlib
import json
import os
import shutil
import socket
import struct
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from harness import SLOW, TOP, Failure, Skip, Suite, check, temporary_directory  # noqa: E402
from processes import descendants, resident_bytes  # noqa: E402
from web import GUEST, HOST, PREFIX, Namespace, Relay, Server  # noqa: E402

LOAD_SECONDS = int(os.environ.get("LOAD_SECONDS", "2"))
DEVICE = f"address={GUEST}/{PREFIX},gateway={HOST}"
MIB = 1 << 20
STACK_MAX = 352 * MIB  # docs/networking.md, limits
SERVER_MAX = 64 * MIB
QUOTA = 48 * MIB
SIZES = {"empty": 0, "one": 1, "small": 1000, "page": 4096, "100k": 100000, "1m": MIB,
         "8m": 8 * MIB}


def make_root(folder):
    """Files of some sizes under FOLDER/www. Their bytes by name."""
    www = Path(folder) / "www"
    www.mkdir()
    os.chmod(folder, 0o755)
    files = {name: os.urandom(size) for name, size in SIZES.items()}
    for name, data in files.items():
        (www / name).write_bytes(data)
    (www / "index.html").write_text("<p>Hello\n")
    return files


# NGINX closes idle connections where less than a sixteenth of its own is free.
CONFIGURATION = """\
daemon off;
master_process off;
error_log stderr crit;
events { worker_connections 2048; }
http {
    access_log off;
    sendfile on;
    keepalive_timeout 65s;
    server { listen 80; root /www; }
}
"""


class Client:
    """One connection, and requests on it."""

    def __init__(self, server, timeout=60):
        self.socket = server.connect(timeout)
        self.rest = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def ask(self, path, *headers):
        self.socket.sendall("\r\n".join(
            [f"GET /{path} HTTP/1.1", "Host: x", *headers, "", ""]).encode())

    def more(self, limit=1 << 18):
        data = self.socket.recv(limit)
        check(data, "the server has closed the connection")
        self.rest += data

    def answer(self):
        """Status and body of the next response, of a length that is announced."""
        while b"\r\n\r\n" not in self.rest:
            self.more()
        head, _, self.rest = self.rest.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        fields = dict(line.lower().split(": ", 1) for line in lines[1:])
        size = int(fields["content-length"])
        parts, have = [self.rest], len(self.rest)
        while have < size:
            data = self.socket.recv(1 << 18)
            check(data, f"the connection ended after {have} of {size} bytes")
            parts.append(data)
            have += len(data)
        body = b"".join(parts)
        self.rest = body[size:]
        return int(lines[0].split()[1]), body[:size]

    def get(self, path, *headers):
        self.ask(path, *headers)
        return self.answer()


def check_file(client, files, name):
    status, body = client.get(name)
    check(status == 200, f"{name}: status {status}")
    check(body == files[name], f"{name}: wrong bytes")


def many_connections(count):
    """They are open at the same time, and each is served twice. All buffers of the helper have been used."""
    with temporary_directory() as folder:
        files = make_root(folder)
        (Path(folder) / "etc/nginx").mkdir(parents=True)
        (Path(folder) / "etc/nginx/nginx.conf").write_text(CONFIGURATION)
        server = Server(folder)
        server.argv = ["env", "MALLOC_PERTURB_=170", *server.argv]
        with server:
            clients = []
            for number in range(count):  # NGINX's backlog is of 511
                clients.append(Client(server))
                if number % 100 == 99:
                    check_file(clients[-1], files, "small")
            for _ in range(2):
                for client in clients:
                    client.ask("small")
                for client in clients:
                    check(client.answer() == (200, files["small"]), "a wrong answer")
            for client in clients:
                client.socket.close()
            with Client(server) as client:
                check_file(client, files, "1m")


def slow_client():
    """One sends its request in single bytes, one reads its answer so; others do not wait."""
    with temporary_directory() as folder:
        files = make_root(folder)
        with Server(folder) as server, Client(server) as reader, Client(server) as writer:
            reader.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            reader.ask("1m")
            start = time.monotonic()
            for byte in b"GET /small HTTP/1.1\r\nHost: x\r\n\r\n":
                writer.socket.sendall(bytes([byte]))
                with Client(server) as client:
                    check_file(client, files, "small")
                reader.more(1)
                time.sleep(0.1)
            check(writer.answer() == (200, files["small"]), "the slow writer's answer")
            check(time.monotonic() - start < 30 * SLOW, "the others had to wait")
            status, body = reader.answer()
            check((status, body) == (200, files["1m"]), "the slow reader's answer")


def peaks(path):
    """The most bytes that each cubicle had, from the statistics of a run."""
    cubicles = json.loads(Path(path).read_text())["cubicles"]
    return {c["name"]: c["peak_pages"] * 4096 for c in cubicles}


def slow_readers_memory(count):
    """Clients that ask for 8 MiB and read nothing: what the stack and the server take is bounded."""
    with temporary_directory() as folder:
        files = make_root(folder)
        statistics = Path(folder) / "run.json"
        with Server(folder, options=[f"--json={statistics}"]) as server:
            clients = [Client(server) for _ in range(count)]
            for client in clients:
                client.ask("8m")
            time.sleep(1)
            with Client(server) as client:
                check_file(client, files, "1m")
            for client in clients:
                client.socket.close()
        most = peaks(statistics)
        check(most["lwip"] <= STACK_MAX and most["nginx"] <= SERVER_MAX, f"{most}")


def little_memory():
    """The same where the stack has less than it would take: it refuses, and goes on when they are gone."""
    with temporary_directory() as folder:
        files = make_root(folder)
        text = (TOP / "systems/nginx.yaml").read_text().replace("../apps", f"{TOP}/apps")
        system = Path(folder) / "little.yaml"
        system.write_text(text.replace("modules: [lwip]\n", f"modules: [lwip]\n    quota: {QUOTA}\n"))
        statistics = Path(folder) / "run.json"
        with Server(folder, system=str(system), options=[f"--json={statistics}"]) as server:
            clients = [Client(server) for _ in range(100)]
            for client in clients:
                client.ask("8m")
            time.sleep(1)
            for client in clients:
                client.socket.close()
            end = time.monotonic() + 20 * SLOW
            while True:
                with contextlib.suppress(OSError, Failure), Client(server, 2) as client:
                    check_file(client, files, "1m")
                    break
                check(time.monotonic() < end, "it does not recover")
        most = peaks(statistics)["lwip"]
        check(QUOTA // 2 < most <= QUOTA, f"the stack had at most {most} bytes")


def reset(client):
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def aborted():
    """Clients that go in the middle of a request, or of an answer: memory stays."""
    with temporary_directory() as folder:
        files = make_root(folder)
        with Server(folder) as server:
            sizes = []
            for number in range(300):
                client = server.connect()
                if number % 3:
                    client.sendall(b"GET /8m HTTP/1.1\r\nHost: x\r\n\r\n")
                    client.recv(1 + number * 100)
                else:
                    client.sendall(b"GET /8m HT")
                if number % 2:
                    reset(client)
                else:
                    client.close()
                if number in (99, 299):
                    time.sleep(0.5)
                    sizes.append(server.memory())
            check(sizes[1] - sizes[0] < 8 * MIB, f"memory grows: {sizes}")
            with Client(server) as client:
                check_file(client, files, "8m")


def reconnecting():
    """A connection per request by four clients, whose ports are used again."""
    with temporary_directory() as folder:
        files = make_root(folder)
        with Server(folder) as server:
            end = time.monotonic() + LOAD_SECONDS

            def work(_):
                count = 0
                while time.monotonic() < end:
                    with Client(server) as client:
                        check_file(client, files, "small")
                    count += 1
                return count

            with ThreadPoolExecutor(4) as pool:
                list(pool.map(work, range(4)))
                before = server.memory()
                end = time.monotonic() + LOAD_SECONDS
                count = sum(pool.map(work, range(4)))
            grown = server.memory() - before
            check(count > 0 and grown < 8 * MIB, f"{count} requests, memory grew by {grown}")


def finished_by_clients(server, files, name, count):
    """@count connections, by four clients at a time, that end when they have their answer."""
    def work(_):
        with Client(server) as client:
            check_file(client, files, name)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(count)))


SMALL_WINDOW = CONFIGURATION.replace("listen 80; root /www;", """listen 80 rcvbuf=8k; root /www;
        client_max_body_size 64m;
        location /put { client_body_in_file_only clean; proxy_pass http://127.0.0.1:81/; } }
    server { listen 81; client_max_body_size 64m;
        location / { return 200 $http_content_length; }""")


def small_window():
    """A server's small SO_RCVBUF, and a peer that does not scale windows: libslirp does not."""
    with temporary_directory() as folder:
        files = make_root(folder)
        (Path(folder) / "etc/nginx").mkdir(parents=True)
        (Path(folder) / "etc/nginx/nginx.conf").write_text(SMALL_WINDOW)
        with Server(folder, options=["--network=stream:slirp"]) as server:
            for size in (66_000, 300_000, MIB):
                with Client(server) as client:
                    head = f"POST /put HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n"
                    client.socket.sendall(head.encode() + bytes(size))
                    check(client.answer() == (200, b"%d" % size), "the length of a body")
                    check_file(client, files, "1m")


def small_queue():
    """A server's small SO_SNDBUF, less than a segment has room for: what is queued does not wait to become more."""
    with temporary_directory() as folder:
        files = make_root(folder)
        (Path(folder) / "etc/nginx").mkdir(parents=True)
        (Path(folder) / "etc/nginx/nginx.conf").write_text(SMALL_WINDOW.replace("rcvbuf", "sndbuf"))
        with Server(folder, options=["--network=stream:slirp"]) as server, Client(server) as client:
            start = time.monotonic()
            check_file(client, files, "1m")
            took = time.monotonic() - start
            check(took < 5 * SLOW, f"1 MiB took {took:.1f} s")


def upload(network):
    """A body of 8 MiB does not wait for anybody's timer, where the host gives the helper's socket enough room."""
    if network.endswith("passt") and shutil.which("passt") is None:
        raise Skip("passt is not installed")
    if os.geteuid() != 0 and int(Path("/proc/sys/net/core/wmem_max").read_text()) < 4 * MIB:
        raise Skip("needs root, or net.core.wmem_max of 4 MiB")
    with temporary_directory() as folder:
        make_root(folder)
        (Path(folder) / "etc/nginx").mkdir(parents=True)
        (Path(folder) / "etc/nginx/nginx.conf").write_text(SMALL_WINDOW.replace(" rcvbuf=8k", ""))
        with Server(folder, options=[f"--network={network}"]) as server:
            took = []
            for _ in range(4):
                start = time.monotonic()
                with Client(server) as client:
                    head = f"POST /put HTTP/1.1\r\nHost: x\r\nContent-Length: {8 * MIB}\r\n\r\n"
                    client.socket.sendall(head.encode() + bytes(8 * MIB))
                    check(client.answer() == (200, b"%d" % (8 * MIB)), "the length of a body")
                took.append(time.monotonic() - start)
            check(sorted(took)[1] < 1.5 * SLOW, f"it took {took} s")


def helper_memory():
    """cubicle-slirp keeps a connection that a client has ended for ten seconds; then its memory is the host's again."""
    with temporary_directory() as folder:
        files = make_root(folder)
        with Server(folder, options=["--network=stream:slirp"]) as server:
            def resident():
                return resident_bytes(server.process.pid, "cubicle-slirp")

            before = resident()
            check(before > 0, "cubicle-slirp does not run")
            finished_by_clients(server, files, "1m", 1000)
            most = resident()
            check(most < before + 544 * MIB, f"the helper has {most} bytes, {before} before")
            end = time.monotonic() + 20 * SLOW
            while resident() > before + 4 * MIB:
                check(time.monotonic() < end, f"the helper keeps {resident()} bytes, {before} before")
                time.sleep(0.5)


def helper_little_memory():
    """With two thirds of its memory cubicle-slirp lets new clients wait, and with all of it nobody sends more; until others are gone."""
    bound, count = 24 * MIB, 300
    with temporary_directory() as folder, Namespace():
        for name in ("rmem", "wmem"):  # the host's own buffers would take all
            Path(f"/proc/sys/net/ipv4/tcp_{name}").write_text("4096 65536 65536")
        files = make_root(folder)
        (Path(folder) / "etc/nginx").mkdir(parents=True)
        (Path(folder) / "etc/nginx/nginx.conf").write_text(CONFIGURATION)
        with Server(folder, options=["--network=stream:slirp,memory=24"]) as server:
            clients = [Client(server) for _ in range(count)]
            for client in clients:
                client.get("empty")
            for client in clients:  # each has room for 128 KiB in the helper
                client.ask("1m")
            end, most = time.monotonic() + 4 * SLOW, 0  # before those that stand still end
            while most <= bound * 2 / 3 and time.monotonic() < end:
                time.sleep(0.5)
                most = resident_bytes(server.process.pid, "cubicle-slirp")
            # It looks at its memory now and then; without a bound it would have 42 MiB.
            check(bound * 2 / 3 < most < bound + 8 * MIB, f"the helper has {most} bytes")
            late = Client(server, 2)
            late.ask("small")
            try:
                late.more()
            except TimeoutError:
                pass
            else:
                raise Failure("a new client has been served")
            for client in clients[20:]:
                reset(client.socket)
            with ThreadPoolExecutor(20) as pool:
                for answer in pool.map(Client.answer, clients[:20]):
                    check(answer == (200, files["1m"]), "wrong bytes")
            for client in clients[:20]:
                client.socket.close()
            late.socket.settimeout(30 * SLOW)
            check(late.answer() == (200, files["small"]), "the late client's answer")
            late.socket.close()


def helper_standing():
    """Clients that take nothing end where they keep the helper's memory from others; those that take something go on."""
    with temporary_directory() as folder, Namespace():
        for name in ("rmem", "wmem"):
            Path(f"/proc/sys/net/ipv4/tcp_{name}").write_text("4096 65536 65536")
        files = make_root(folder)
        (Path(folder) / "etc/nginx").mkdir(parents=True)
        (Path(folder) / "etc/nginx/nginx.conf").write_text(CONFIGURATION)
        with Server(folder, options=["--network=stream:slirp,memory=24"]) as server, Client(server) as reader:
            got = []

            def read():
                reader.ask("8m")
                while len(reader.rest) < SIZES["8m"]:
                    reader.more(65536)
                    time.sleep(0.05)
                got.append(reader.answer())

            thread = threading.Thread(target=read, daemon=True)
            thread.start()
            clients = [Client(server) for _ in range(300)]
            for client in clients:
                client.ask("1m")
            time.sleep(1)
            start = time.monotonic()
            with Client(server, 40) as late:
                check_file(late, files, "small")
            took = time.monotonic() - start
            print(f"# a new client waited {took:.1f} s")
            thread.join(60 * SLOW)
            check(got == [(200, files["8m"])], "the client that reads has not got its file")
            for client in clients:
                client.socket.close()


def helper_descriptors():
    """Where cubicle-slirp has no descriptor left, clients wait for one, and so does it: it does not spin."""
    with temporary_directory() as folder:
        files = make_root(folder)
        server = Server(folder, options=["--network=stream:slirp"])
        server.argv = ["prlimit", "--nofile=160:160", *server.argv]
        with server:
            helper = next(pid for pid in descendants(server.process.pid)
                          if Path(f"/proc/{pid}/comm").read_text().strip() == "cubicle-slirp")

            def busy():
                """Seconds of the processor that the helper has had."""
                times = Path(f"/proc/{helper}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
                return sum(map(int, times)) / os.sysconf("SC_CLK_TCK")

            start, used = time.monotonic(), busy()
            finished_by_clients(server, files, "small", 200)
            took, used = time.monotonic() - start, busy() - used
            check(took > 5, f"200 connections took {took} s: the descriptors did not end")
            check(used < took / 4, f"the helper worked {used} of {took} s")


def bad_network(**faults):
    """Frames are lost, late, doubled: no byte is."""
    with temporary_directory() as folder, Namespace() as network:
        files = make_root(folder)
        path = Path(folder) / "frames"
        with Relay(network.tap(), path, **faults) as relay:
            server = Server(folder, (GUEST, 80), options=[f"--network=stream:{path},{DEVICE}"])
            with server, Client(server) as client:
                for name in files:
                    if name != "8m" or not faults:  # each loss costs time
                        check_file(client, files, name)
                digest = hashlib.sha256()
                for _ in range(2):
                    digest.update(client.get("1m")[1])
                check(digest.digest() == hashlib.sha256(files["1m"] * 2).digest(), "wrong bytes")
            check(relay.passed > 1000, f"only {relay.passed} frames")


ROUTER, PREFIX6 = "fd00:78::1", "fd00:78::"
MAC = "02:00:00:00:78:02"
BY_ITSELF = "fd00:78::ff:fe00:7802"  # the prefix and the MAC (RFC 4862)


def announce():
    """A router's announcement of PREFIX6, to all on tap0."""
    prefix = struct.pack("!BBBBIII16s", 3, 4, 64, 0xC0, 3600, 3600, 0,
                         socket.inet_pton(socket.AF_INET6, PREFIX6))
    message = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0) + prefix
    with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as raw:
        raw.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
        device = socket.if_nametoindex("tap0")
        raw.bind(("fe80::1", 0, 0, device))
        raw.sendto(message, ("ff02::1", 0, 0, device))


def over_ipv6(options, address):
    """The same server by IPv6, at an address that is given, or that it makes itself of what a router says."""
    with temporary_directory() as folder, Namespace() as network:
        files = make_root(folder)
        path = Path(folder) / "frames"
        tap = network.tap()
        for own in (ROUTER, "fe80::1"):
            network.ip("addr", "add", f"{own}/64", "dev", "tap0", "nodad")
        with Relay(tap, path):
            server = Server(folder, (GUEST, 80),
                            options=[f"--network=stream:{path},{DEVICE},mac={MAC}{options}"])
            with server:
                if not options:
                    announce()
                server.address = (address, 80)
                server.await_answer()
                with Client(server) as client:
                    for name in files:
                        check_file(client, files, name)


OUTSIDE6 = "2001:db8:78::1"
BOTH = CONFIGURATION.replace("listen 80; root /www;", f"""listen 80; listen [::]:80; root /www;
        location /out {{ proxy_pass http://[{OUTSIDE6}]:81/; }}""")


def serve_once(address, answer):
    """One request at @address is answered."""
    listener = socket.socket(socket.AF_INET6)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(address)
    listener.listen(1)

    def work():
        with listener, listener.accept()[0] as client:
            client.recv(65536)
            client.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(answer), answer))

    threading.Thread(target=work, daemon=True).start()


def helper_ipv6():
    """Through the helper that the command takes by itself: a port that is published at ::1, and a server outside whose address is IPv6's."""
    with temporary_directory() as folder, Namespace() as network:
        files = make_root(folder)
        (Path(folder) / "etc/nginx").mkdir(parents=True)
        (Path(folder) / "etc/nginx/nginx.conf").write_text(BOTH)
        network.ip("addr", "add", f"{OUTSIDE6}/64", "dev", "lo", "nodad")
        options = ["--publish=[::1]:8080:80", "--publish=127.0.0.1:8080:80"]
        with Server(folder, ("::1", 8080), options=options) as server:
            serve_once((OUTSIDE6, 81), b"from outside")
            with Client(server) as client:
                for name in files:
                    check_file(client, files, name)
                check(client.get("out") == (200, b"from outside"), "the server outside")
            server.address = ("127.0.0.1", 8080)
            with Client(server) as client:
                check_file(client, files, "small")


class Gaps(Relay):
    """Loses the first copy of some segments with data for the client, and sees when they come again."""

    LOST = range(60, 84, 4)  # of the data segments of the connection that is watched

    def __init__(self, *arguments, **faults):
        super().__init__(*arguments, **faults)
        self.watched, self.seen, self.missing, self.longest = False, set(), {}, 0.0

    def take(self, inward, frame):
        now = time.monotonic()
        if not inward and self.watched and len(frame) > 1000 and frame[23] == socket.IPPROTO_TCP:
            number = frame[38:42]
            if number in self.missing:
                self.longest = max(self.longest, now - self.missing.pop(number))
            elif number not in self.seen:
                self.seen.add(number)
                if len(self.seen) in self.LOST:
                    self.missing[number] = now
                    return
        super().take(inward, frame)


def several_losses():
    """What is lost of one window is sent again within it: nobody waits for a timeout of 240 ms."""
    with temporary_directory() as folder, Namespace() as network:
        files = make_root(folder)
        path = Path(folder) / "frames"
        with Gaps(network.tap(), path, delay=0.005) as relay:
            server = Server(folder, (GUEST, 80), options=[f"--network=stream:{path},{DEVICE}"])
            with server:
                waits = []
                for _ in range(3):  # the machine may have been busy
                    relay.seen, relay.longest, relay.watched = set(), 0.0, True
                    with Client(server) as client:
                        check_file(client, files, "1m")
                    relay.watched = False
                    check(len(relay.seen) > max(relay.LOST) and not relay.missing, "nothing was lost")
                    waits.append(relay.longest)
                check(min(waits) < 0.15, f"lost segments came again after {waits} s")


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def syn(source, port, destination):
    """An IP packet: a SYN from an address where nobody is."""
    addresses = socket.inet_aton(source) + socket.inet_aton(destination)
    head = struct.pack("!HHIIBBHHH", port, 80, port, 0, 5 << 4, 2, 1024, 0, 0)
    total = checksum(addresses + struct.pack("!BBH", 0, 6, len(head)) + head)
    head = head[:16] + struct.pack("!H", total) + head[18:]
    packet = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(head), port, 0, 64, 6, 0,
                         addresses[:4], addresses[4:])
    return packet[:10] + struct.pack("!H", checksum(packet)) + packet[12:] + head


def flood(count):
    """Half-open connections from everywhere; those that are established go on, new ones come."""
    with temporary_directory() as folder, Namespace() as network:
        files = make_root(folder)
        path = Path(folder) / "frames"
        with Relay(network.tap(), path) as relay:
            server = Server(folder, (GUEST, 80), options=[f"--network=stream:{path},{DEVICE}"])
            with server, Client(server) as client:
                check_file(client, files, "1m")
                raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
                for number in range(count):
                    source = f"10.78.0.{3 + number % 250}"
                    raw.sendto(syn(source, 1024 + number // 250, GUEST), (GUEST, 0))
                    if number % 500 == 0:
                        check_file(client, files, "small")
                raw.close()
                check_file(client, files, "1m")
                check(relay.passed > count, "the relay lost the flood")
                with Client(server) as late:
                    check_file(late, files, "100k")


def main():
    os.environ["CUBICLE_TEST_JOBS"] = "1"  # memory is measured
    os.environ.pop("MALLOC_PERTURB_", None)  # meson's; the helper's buffers would be resident at once
    suite = Suite("nginx_network")
    suite.add("1,000 connections", many_connections, 1000)
    suite.add("slow clients", slow_client)
    suite.add("clients that do not read", slow_readers_memory, 200)
    suite.add("clients that do not read, little memory", little_memory)
    suite.add("aborted transfers", aborted)
    suite.add("a connection per request", reconnecting)
    suite.add("a small window", small_window)
    suite.add("a small queue", small_queue)
    for network in ("stream:slirp", "stream:passt"):
        suite.add(f"a large upload, {network}", upload, network)
    suite.add("the helper's memory", helper_memory)
    suite.add("the helper's memory, when it is little", helper_little_memory)
    suite.add("the helper's memory, when nobody takes anything", helper_standing)
    suite.add("the helper's descriptors", helper_descriptors)
    suite.add("a network that loses nothing", bad_network)
    suite.add("a network that loses 2 %", bad_network, loss=20, seed=2)
    suite.add("several losses in a window", several_losses)
    suite.add("a network that reorders and doubles", bad_network, reorder=50, duplicate=20, seed=3)
    suite.add("a network that does all of it, late", bad_network, reorder=20, duplicate=10, loss=10,
              delay=0.002, seed=4)
    suite.add("IPv6, an address that is given", over_ipv6,
              f",address6={PREFIX6}2/64,gateway6={ROUTER}", f"{PREFIX6}2")
    suite.add("IPv6, as a router announces", over_ipv6, "", BY_ITSELF)
    suite.add("IPv6, through a helper", helper_ipv6)
    suite.add("10,000 half-open connections", flood, 10000)
    return suite.main()


if __name__ == "__main__":
    sys.exit(main())
