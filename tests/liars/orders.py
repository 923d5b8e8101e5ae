#!/usr/bin/env python3
"""A web server over a network stack, or a network device, that has gone mad.

    tests/liars/orders.py [WORD...]      only tests whose name contains a word

tests/liars/orders/ has the components; each carries out what a request tells it to, as one does whom an attacker
has taken over. The server is NGINX, and everything else is as in systems/nginx.yaml.
"""

import contextlib
import re
import shutil
import signal
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from harness import (  # noqa: E402
    EXIT_FAULT, SLOW, TOP, Result, Suite, check, check_fault, temporary_directory)
from web import Server  # noqa: E402

# tests/interfaces/tell.h
LIES = {name: number for number, name in enumerate(
    re.findall(r"^    TELL_(\w+),", (TOP / "tests/interfaces/tell.h").read_text(), re.MULTILINE))}
DEATHS = ("NULL", "ILLEGAL", "DIVIDE", "STACK", "ABORT", "EXIT", "LOOP")
LOOP_MS = 40  # that the mad one may compute

# Where NGINX's heap and stack are: the layout of a system is the same in every run, and an attacker knows it.
HEAP, HEAP_SIZE, STACK = 0x80E01000, 0x60000, 0xFF6D6000
SECRET = "Bearer launch code 0451"
ROOT = TOP / "tests/liars/orders/root"
FILE = bytes(range(256)) * 400


class Mad(Server):
    """NGINX, and the component @name is mad. @policy: what ends with it."""

    def __init__(self, folder, name, isolation="sfi", policy="abort"):
        top = Path(folder)
        shutil.copytree(ROOT, top / "root")
        (top / "root/www").mkdir()
        (top / "root/www/file").write_bytes(FILE)
        text = (TOP / "systems/nginx.yaml").read_text()
        text = text.replace("../apps/nginx/root", str(TOP / "apps/nginx/root"))
        line = f"modules: [{name}]\n"
        check(line in text, f"systems/nginx.yaml: component {name} is missing")
        text = text.replace(line, f"modules: [{name}=mad-{name}]\n    on_fault: {policy}\n"
                                  f"    call_limit_ms: {LOOP_MS * SLOW:.0f}\n")
        system = top / "mad.yaml"
        system.write_text(text)
        self.name = name
        super().__init__(top / "root", system=str(system), isolation=isolation)

    def ask(self, path, *fields, timeout=5):
        """Bytes of the answer to one request; those that came where it breaks off."""
        lines = [f"GET {path} HTTP/1.0", *fields, "", ""]
        answer = b""
        with contextlib.suppress(OSError), self.connect(timeout) as client:
            client.sendall("\r\n".join(lines).encode())
            while data := client.recv(1 << 16):
                answer += data
        return answer

    def order(self, *orders):
        self.ask("/own", *(f"X-Mad: {self.name} {order}" for order in orders), timeout=1)

    def check_serves(self, what):
        """It answers, with what it should."""
        end = time.monotonic() + 10 * SLOW
        while True:
            self.check_alive()
            own, file = self.ask("/own", f"Authorization: {SECRET}"), self.ask("/file")
            if own.endswith(b"unchanged") and file.endswith(b"\r\n\r\n" + FILE):
                return
            check(time.monotonic() < end, f"{what}: {own[-80:]} {len(file)} bytes")
            time.sleep(0.05)

    def end(self):
        """It has ended, or ends now; the result."""
        end = time.monotonic() + 10 * SLOW
        while self.process.poll() is None and time.monotonic() < end:
            time.sleep(0.02)
        ended = self.process.poll()
        self.stop(signal.SIGTERM)
        return Result(self.argv, ended, "", self.err, 0)

    def so_far(self):
        """What it has said until now."""
        self.log.seek(0)
        return self.log.read().decode(errors="replace")


@contextlib.contextmanager
def mad(name, **options):
    """Yields the server; it may end in whatever way."""
    with temporary_directory() as folder:
        server = Mad(folder, name, **options)
        server.__enter__()
        try:
            yield server
        finally:
            server.stop(signal.SIGTERM)


def control():
    """Without isolation the attack works."""
    with mad("lwip", isolation="none") as server:
        server.order(f"search {HEAP} {HEAP_SIZE}")
        check(f"mad: stole '{SECRET}" in server.so_far(), "the attack is broken\n" + server.so_far())


def stopped(name, order, access, reason, owner, address):
    """It touches memory of others: stopped at the first byte, and named."""
    with mad(name) as server:
        server.check_serves("at first")
        server.order(order)
        result = server.end()
    check_fault(result, name, reason, owner, access, address)
    check(result.status == EXIT_FAULT and len(result.faults()) == 1, "wrong end", result)
    check("stole" not in result.err and "mad: got" not in result.err and
          "mad: wrote" not in result.err, "it went on", result)


def refused(name, order, expected):
    """The host and others refuse what it asks for, and all goes on."""
    with mad(name) as server:
        server.order(order)
        check(re.search(expected, server.so_far()), f"expected /{expected}/\n{server.so_far()}")
        server.check_serves(order)
        check("fault" not in server.so_far(), server.so_far())


def main():
    tests = Suite("orders")
    tests.add("lwip without isolation: finds the secret", control)
    for order, access, reason, address in (
            (f"search {HEAP} {HEAP_SIZE}", "read", "heap", HEAP),
            (f"write {HEAP + 0x1b000}", "write", "heap", HEAP + 0x1b000),
            (f"read {STACK}", "read", "stack", STACK),
            (f"write {STACK}", "write", "stack", STACK)):
        for name in ("lwip", "netdev"):
            tests.add(f"{name}: {access} {reason}", stopped, name, order, access, reason, "nginx", address)
    tests.add("lwip: lend", refused, "lwip", f"lend {HEAP}", "mad: lent to 0")
    tests.add("netdev: lend", refused, "netdev", f"lend {HEAP}", "mad: lent to 0")
    tests.add("lwip: frame", refused, "lwip", f"frame {HEAP}", "mad: 0 sent, 0 received")
    tests.add("netdev: expose", refused, "netdev", f"expose {HEAP}", "mad: 0 exposed")
    tests.add("netdev: fill", refused, "netdev", f"fill {HEAP}", "mad: 0 filled, 1 of its own")
    return tests.main()


if __name__ == "__main__":
    sys.exit(main())
