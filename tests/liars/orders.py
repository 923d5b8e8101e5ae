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
    EXIT_FAULT, FAULT, SLOW, TOP, Result, Suite, check, check_fault, temporary_directory)
from web import GUEST, HOST, PREFIX, Namespace, Server  # noqa: E402

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

    def __init__(self, folder, name, isolation="sfi", policy="abort", **rest):
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
        super().__init__(top / "root", system=str(system), isolation=isolation, **rest)

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
        self.ask("/own", *(f"X-Mad: {self.name} {order}" for order in orders), timeout=0.3)

    def serves(self, seconds=4):
        """Whether it answers. What it answers must be right."""
        end = time.monotonic() + seconds * SLOW
        while self.process.poll() is None and time.monotonic() < end:
            own = self.ask("/own", f"Authorization: {SECRET}", timeout=0.3)
            file = self.ask("/file", timeout=0.3) if own else b""
            if b" 200 OK\r\n" in own and b"\r\n\r\nunch" in own:
                check(own.endswith(b"unchanged"), f"its memory has changed: {own[-80:]}")
            if own.endswith(b"unchanged") and file.endswith(b"\r\n\r\n" + FILE):
                return True
        return False

    def check_serves(self, what):
        check(self.serves(), f"{what}: not served\n{self.so_far()[-2000:]}")

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


# What a function may answer; the ends of what fits, what is a number of something else, or an address.
ANSWERS = (0, 1, -1, -4, -11, -4096, 65537, 2**31 - 1, -2**31, 2**63 - 1, HEAP)
# What NGINX has called for it, by component; whether more than a number comes back.
CALLS = {
    "lwip": {"socket_receive": True, "socket_send": False, "socket_accept": True, "socket_close": False,
             "socket_set_change": False, "socket_set_wait": True, "socket_set_option": False},
    "netdev": {"netif_exchange": True},
}
LOST_MAX = 6  # lies of a function after which nobody is served any more: that, a stack can always do


def wrong_answers(results):
    """Lies of a function that also fills @results."""
    told = [("RETURN", value) for value in ANSWERS]
    told += [("AFTER", value) for value in ANSWERS[-5:]]
    if results:
        told += [("ROOM", value) for value in (0, 1, 4096)]
        told += [("WORD", at << 8 | pattern) for at in (0, 8, 24) for pattern in range(0, 9, 2)]
        told += [(lie, seed) for lie in ("FILL", "MUTATE") for seed in range(3)]
        told += [("FROM", HEAP), ("AROUND", 16), ("LATE", 0)]
    return [*told, ("FETCH", 0), ("REENTER", 0)]


def check_only(name, server):
    """Nobody has faulted but the mad one, and the monitor is well."""
    said = server.so_far()
    check("internal error" not in said, said[-2000:])
    faults = [fault["cubicle"] for fault in FAULT.finditer(said)]
    check(set(faults) <= {name}, said[-2000:])
    ended = server.process.poll()
    check(ended is None or (ended == EXIT_FAULT and faults), f"status {ended}\n{said[-2000:]}")


def lies(name, call, results):
    """It answers wrongly. Nobody else is harmed, and what is served is right."""
    told, lost = wrong_answers(results), []
    while told:
        with mad(name) as server:
            while told:
                lie, value = told.pop()
                server.order(f"{call} {LIES[lie]} {value} 1")
                if not server.serves():
                    lost.append(f"{lie} {value:#x}")
                    break
            check_only(name, server)
    print(f"# {call}: not served any more after {', '.join(lost) or 'nothing'}")
    check(len(lost) <= LOST_MAX, f"not served after {', '.join(lost)}")


def forged():
    """Everything is ready, all the time, and what is not there as well."""
    with mad("lwip") as server:
        server.order("forge 200")
        server.check_serves("forged readiness")
        check("fault" not in server.so_far(), server.so_far())


# What is said of it, for each way to die.
REPORTED = {"NULL": "null", "ILLEGAL": "illegal", "DIVIDE": "divide", "STACK": "guard", "ABORT": "liar", "LOOP": "limit"}


def dies(name, call, how):
    """In the middle of a request: the system ends, and says who it was."""
    with mad(name) as server:
        server.order(f"{call} {LIES['DIE']} {DEATHS.index(how)} 1")
        server.ask("/own", timeout=0.3)
        result = server.end()
    check_fault(result, name, REPORTED[how])
    check(result.status == EXIT_FAULT and len(result.faults()) == 1, "wrong end", result)


def dies_alone(name, call):
    """By policy `fail-call` the others stay, and can be ended."""
    with mad(name, policy="fail-call") as server:
        server.order(f"{call} {LIES['DIE']} {DEATHS.index('NULL')} 1")
        check(not server.serves(1), "it is not dead")
        check_only(name, server)
        server.stop(signal.SIGTERM)
        check(server.process.returncode in (0, 128 + signal.SIGTERM), f"{server.process.returncode}")


def begins_anew():
    """By policy `restart` a device on TAP is there again, for the connections that there were as well."""
    with Namespace() as network:
        network.ip("tuntap", "add", "dev", "tap0", "mode", "tap")
        network.ip("addr", "add", f"{HOST}/{PREFIX}", "dev", "tap0")
        network.ip("link", "set", "tap0", "up")
        with mad("netdev", policy="restart", address=(GUEST, 80),
                 options=[f"--network=tap:tap0,address={GUEST}/{PREFIX},gateway={HOST}"]) as server:
            with server.connect() as old:
                for how in ("NULL", "ILLEGAL", "LOOP"):
                    server.order(f"netif_exchange {LIES['DIE']} {DEATHS.index(how)} 1")
                    server.check_serves(how)
                old.sendall(b"GET /file HTTP/1.0\r\n\r\n")
                check(old.recv(15) == b"HTTP/1.1 200 OK", "the connection is lost")
            check_only("netdev", server)
            # The client sends again what was lost with the device, the order too.
            check(len(FAULT.findall(server.so_far())) >= 3, server.so_far())


def main():
    tests = Suite("orders")
    for name, calls in CALLS.items():
        for call, results in calls.items():
            tests.add(f"{name}: lies of {call}", lies, name, call, results)
    tests.add("lwip: forged readiness", forged)
    for name, call in (("lwip", "socket_receive"), ("lwip", "socket_set_wait"), ("netdev", "netif_exchange")):
        for how in REPORTED:
            tests.add(f"{name}: dies in {call}, {how}", dies, name, call, how)
        tests.add(f"{name}: dies in {call}, others stay", dies_alone, name, call)
    tests.add("netdev: begins anew", begins_anew)
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
