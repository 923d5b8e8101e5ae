#!/usr/bin/env python3
"""HTTP garbage for NGINX in cubicles, and the same bytes for NGINX as a Linux process: both must answer alike.

    tests/fuzz/http.py                FUZZ_SECONDS=N (10): how long; FUZZ_SEED=N (1): which requests

A request is made of parts that are good, nearly good or wrong, then some of its bytes are changed, and it is sent in
pieces. A difference is printed with what brings it back.
"""

import contextlib
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from harness import BUILD, SLOW, TOP, Skip, Suite, check, temporary_directory  # noqa: E402
from web import Server, free_port  # noqa: E402

SECONDS = float(os.environ.get("FUZZ_SECONDS", "10"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))
MIB = 1 << 20

CONFIGURATION = """\
daemon off;
master_process off;
user root;
pid {top}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 512; }}
http {{
    access_log off;
    server_tokens off;
    absolute_redirect off;
    client_header_timeout 2s;
    client_body_timeout 2s;
    keepalive_timeout 2s;
    lingering_timeout 1s;
    client_body_temp_path {top}/body;
    server {{
        listen {port};
        root {top}/www;
        gzip on;
        gzip_min_length 1;
        gzip_types *;
        location /echo {{ return 200 "$request_method $uri $args $http_cookie"; }}
        location /list/ {{ autoindex on; }}
        location ~ ^/re/(?<word>[a-z]+)\\.(php|html)$ {{ return 200 $word; }}
        location /away {{ rewrite ^/away/(.*)$ /file?$1 last; return 302 /file; }}
    }}
}}
"""

METHODS = [b"GET"] * 8 + [b"HEAD", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"TRACE", b"CONNECT", b"get", b"",
                          b"G" * 300, b"GE\0T", b"PROPFIND", b"\xff\xfe"]
TARGETS = [b"/file"] * 4 + [
    b"/", b"/echo?a=b&c", b"/list/", b"/list", b"/re/word.php", b"/away/x", b"/away", b"/none", b"//file", b"/./file",
    b"/list/../file", b"/../../etc/passwd", b"/%2e%2e/%2e%2e/etc/passwd", b"/fi%6ce", b"/%00", b"/%", b"/%zz", b"*",
    b"http://x/file", b"http://x", b"http:///file", b"/file#x", b"/file?" + b"q" * 3000, b"/" + b"a" * 9000,
    b"/" + b"a/" * 500, b"/" + b"../" * 300, b"", b"file", b"/\xc3\xa9", b"/fi le", b"/\t", b"/echo?%00%ff"]
VERSIONS = [b" HTTP/1.1"] * 8 + [b" HTTP/1.0"] * 3 + [b"", b" HTTP/0.9", b" HTTP/1.10", b" HTTP/2.0", b" HTTP/9.9",
                                 b" HTTP/", b" HTTP/1.", b" HTTP/1.1 ", b" http/1.1", b" HTTP/99999999999.1"]
FIELDS = [
    b"Host: x"] * 6 + [
    b"Host:", b"Host: x:80", b"Host: x/y", b"Host: \0", b"Host: [::1]", b"Host: ..", b"Connection: close",
    b"Connection: keep-alive", b"Range: bytes=0-9", b"Range: bytes=-5", b"Range: bytes=5-", b"Range: bytes=9-0",
    b"Range: bytes=0-0,2-3,-1", b"Range: bytes=" + b"0-," * 200, b"Range: bytes=99999999999999999999-",
    b"Range: bytes=0-9223372036854775807", b"If-Range: \"x\"", b"If-None-Match: *", b"If-None-Match: \"" + b"x" * 200,
    b"If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT", b"If-Modified-Since: Mon, 99 Foo 99999 99:99:99",
    b"If-Unmodified-Since: now", b"Accept-Encoding: gzip", b"Accept-Encoding: gzip;q=0", b"Accept-Encoding: " + b"," * 99,
    b"Content-Length: 5", b"Content-Length: 0", b"Content-Length: -1", b"Content-Length: 5, 5", b"Content-Length: 0x5",
    b"Content-Length: 99999999999999999999", b"Content-Length: 1000000", b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: gzip", b"Transfer-Encoding: chunked, chunked", b"Expect: 100-continue", b"Cookie: a=b; c=d",
    b"Cookie: " + b"c" * 5000, b"X_Y: z", b"X\0Y: z", b": empty", b" folded", b"\tfolded", b"NoColon", b"X" * 5000,
    b"Upgrade: h2c", b"Keep-Alive: 9", b"Authorization: Basic =", b"Referer: \xff"]
BODIES = [b""] * 4 + [b"12345", b"5\r\n12345\r\n0\r\n\r\n", b"5\r\n123", b"ffffffffffffffff\r\n", b"-1\r\n", b"0\r\nX: y\r\n\r\n",
                      b"5;x=y\r\n12345\r\n0\r\n\r\n", b"GET /file HTTP/1.1\r\nHost: x\r\n\r\n", b"\0" * 100]
ENDS = [b"\r\n"] * 12 + [b"\n", b"\r", b"\r\r\n", b"\0\r\n", b""]


def request(number):
    """The pieces of request @number."""
    some = random.Random(f"{SEED} {number}")
    end = some.choice(ENDS)
    data = b""
    for _ in range(some.choice((1, 1, 1, 2, 3))):
        line = some.choice(METHODS) + b" " + some.choice(TARGETS) + some.choice(VERSIONS)
        fields = [some.choice(FIELDS) for _ in range(some.choice((0, 1, 2, 3, 5, 40)))]
        data += end.join([line, *fields, b"", some.choice(BODIES)])
    data = bytearray(data)
    for _ in range(some.choice((0, 0, 0, 1, 2, 8))):
        at = some.randrange(len(data) + 1)
        part = data[at:at + some.randrange(20)]
        data[at:at + some.choice((0, 1, len(part)))] = some.choice((part * 3, os_bytes(some, 3), b"", b"\r\n\r\n", b"\0"))
    cuts = sorted(some.randrange(len(data) + 1) for _ in range(some.choice((0, 0, 1, 3))))
    return [bytes(data[a:b]) for a, b in zip([0, *cuts], [*cuts, len(data)])]


def os_bytes(some, count):
    return bytes(some.randrange(256) for _ in range(count))


def answer(connect, pieces):
    """What comes back until the other side closes; None: it was reset, and some may have been lost."""
    data = b""
    try:
        with connect() as client:
            for piece in pieces:
                client.sendall(piece)
            client.shutdown(socket.SHUT_WR)
            while part := client.recv(1 << 16):
                data += part
    except TimeoutError:
        raise
    except OSError:
        return None
    return data


def same(data):
    """Without what differs between two servers."""
    return re.sub(rb"(?m)^(Date|Last-Modified|ETag): .*\r\n", b"", data)


@contextlib.contextmanager
def native(top):
    """NGINX as a Linux process; yields how to connect."""
    program = BUILD / "native" / "nginx"
    if not program.exists():
        raise Skip("build/native/nginx is not there; `make` builds it")
    port = free_port()
    (top / "native.conf").write_text(CONFIGURATION.format(top=top, port=f"127.0.0.1:{port}"))
    with subprocess.Popen([program, "-p", top, "-c", top / "native.conf", "-e", "stderr"]) as process:
        try:
            for _ in range(100):
                with contextlib.suppress(OSError):
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                time.sleep(0.05)
            yield lambda: socket.create_connection(("127.0.0.1", port), 10 * SLOW)
        finally:
            process.terminate()


def garbage():
    with temporary_directory() as folder:
        top = Path(folder)
        for part in ("root/www/list/sub", "root/etc/nginx", "root/tmp"):
            (top / part).mkdir(parents=True)
        (top / "root/www/file").write_bytes(bytes(range(256)) * 20)
        (top / "root/etc/nginx/nginx.conf").write_text(CONFIGURATION.format(top="/tmp", port=80).replace("/tmp/www", "/www"))
        shutil.copy(TOP / "apps/nginx/root/www/index.html", top / "root/www")
        shutil.copytree(top / "root/www", top / "www")
        with native(top) as linux, Server(top / "root") as server:
            end = time.monotonic() + SECONDS
            number = reset = alike = before = 0
            while time.monotonic() < end:
                pieces = request(number)
                ours, theirs = answer(server.connect, pieces), answer(linux, pieces)
                what = f"FUZZ_SEED={SEED}, request {number}: {b''.join(pieces)[:300]}"
                server.check_alive()
                if ours is None or theirs is None:
                    reset += 1
                else:
                    check(same(ours) == same(theirs), f"{what}\n  {ours[:500]}\n  {theirs[:500]}")
                    alike += 1
                number += 1
                if number == 200:
                    before = server.memory()
            grown = server.memory() - before if before else 0
            check(alike > number // 2, f"{number} requests, {reset} reset")
            check(grown < 8 * MIB, f"memory grew by {grown}")
            print(f"# {number} requests, {alike} compared, {reset} reset")


def main():
    suite = Suite("http")
    suite.add("garbage is answered as by a Linux process", garbage)
    return suite.main()


if __name__ == "__main__":
    sys.exit(main())
