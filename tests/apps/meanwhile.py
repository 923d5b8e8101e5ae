#!/usr/bin/env python3
"""What a peer gets of a program that has sent and then does something else, or has ended: as on Linux, all of it.

    tests/apps/meanwhile.py [WORD...]     only tests whose name contains a word
"""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from harness import CUBICLE, SLOW, SYSTEMS, TOP, Suite, check, execute  # noqa: E402
from web import free_port  # noqa: E402

SOURCE = TOP / "tests" / "apps" / "meanwhile"
WAYS = re.findall(r'\{"([\w-]+)", \w+, do_', (SOURCE / "main.c").read_text())
LARGE = 2 << 20
FOLDER = tempfile.TemporaryDirectory()
NATIVE = Path(FOLDER.name) / "meanwhile"
PATIENCE = 20 * SLOW


def build():
    built = execute([os.environ.get("CC", "cc"), "-D_GNU_SOURCE", "-o", NATIVE] + sorted(SOURCE.glob("*.c")))
    if built.status != 0:
        sys.exit(f"meanwhile does not compile natively:\n{built.err}")


def command(configuration, way, port):
    if configuration == "native":
        return [NATIVE, way, str(port)]
    return [CUBICLE, "run", SYSTEMS / "meanwhile.yaml", "--isolation=sfi", "--network=stream:slirp",
            f"--publish={port}:80", "--", way, "80"]


def connect(process, port):
    """The helper takes connections before the program does, and loses those: until one is answered."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            client = socket.create_connection(("127.0.0.1", port), PATIENCE)
            first = client.recv(12)
            if first:
                return client, first
        except OSError:
            pass
        time.sleep(0.1)
    check(False, f"no answer; the program's status: {process.poll()}")


def receive(client, first, size):
    """@size bytes, or what comes before the end."""
    got = first
    while len(got) < size:
        more = client.recv(size - len(got))
        if not more:
            break
        got += more
    return got


def gets(configuration, way):
    port = free_port()
    process = subprocess.Popen(command(configuration, way, port), stdin=subprocess.PIPE)
    try:
        client, first = connect(process, port)
        size = LARGE if way == "end" else 12
        with client:
            got = receive(client, first, size)
            check(got == (b"0123456789\n" * (size // 11 + 1))[:size], f"{len(got)} bytes, not {size}, or other ones")
            if way in ("shut", "close", "end"):
                check(client.recv(1) == b"", "the end does not come")
        if way == "end":
            check(process.wait(PATIENCE) == 0, f"status {process.returncode}")
        else:
            check(process.poll() is None, f"it has ended: {process.returncode}")
    finally:
        process.send_signal(signal.SIGKILL if configuration == "native" else signal.SIGTERM)
        process.wait(PATIENCE)


def main():
    build()
    tests = Suite("meanwhile")
    for way in WAYS:
        for configuration in ("native", "sfi"):
            tests.add(f"{way}, {configuration}", gets, configuration, way)
    return tests.main()


if __name__ == "__main__":
    sys.exit(main())
