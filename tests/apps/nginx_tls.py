#!/usr/bin/env python3
"""NGINX in cubicles with TLS and HTTP/2 (systems/nginx-tls.yaml).

    tests/apps/nginx_tls.py [WORD...]     only tests whose name contains a word

`make nginx-tls` builds the system; where it was not, the one test says so. Clients are Python's ssl, curl,
and where they are installed openssl and chromium.
"""

import contextlib
import errno
import hashlib
import http.client
import os
import random
import re
import shutil
import socket
import ssl
import struct
import sys
import threading
import time
import warnings
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from harness import (  # noqa: E402
    BUILD,
    CUBICLE,
    SLOW,
    TOP,
    Skip,
    Suite,
    check,
    execute,
    mode,
    temporary_directory,
)
from optional import why_not  # noqa: E402
from web import Server, content, free_port  # noqa: E402

SIZES = [0, 1, 1023, 16384, 16385, 65536, 1 << 20, (8 << 20) + 1, 64 << 20]
ROOT = BUILD / "nginx-tls" / "root"
PEM = ROOT / "etc" / "nginx" / "tls" / "server.pem"

CONFIGURATION = """\
daemon off;
master_process off;
error_log stderr;
events { worker_connections 512; }
http {
    access_log off;
    sendfile on;
    tcp_nopush on;
    client_max_body_size 64m;
    keepalive_requests 100000;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_cache shared:tls:1m;
    ssl_certificate tls/server.pem;
    ssl_certificate_key tls/server.key;
    client_header_timeout 20s;
    server {
        listen 80;
        listen 443 ssl http2 default_server;
        root /www;
        location /protocol { return 200 "$ssl_protocol $ssl_cipher $server_protocol $ssl_session_reused"; }
        location /proxy/ { proxy_pass https://127.0.0.1/; proxy_http_version 1.1;
                           proxy_set_header Connection ""; proxy_ssl_name localhost;
                           proxy_ssl_verify on; proxy_ssl_trusted_certificate tls/server.pem; }
        location /unverified/ { proxy_pass https://127.0.0.1/; proxy_ssl_verify on;
                                proxy_ssl_name localhost; proxy_ssl_session_reuse off;
                                proxy_ssl_trusted_certificate tls/other.pem; }
        location /length { client_body_buffer_size 16k; proxy_pass https://127.0.0.1/counted; }
        location /counted { return 200 "$http_content_length"; }
    }
    server {
        listen 443 ssl;
        server_name other.test;
        ssl_certificate tls/other.pem;
        ssl_certificate_key tls/other.key;
        location / { return 200 "the other"; }
    }
    server {
        listen 443 ssl;
        server_name mutual.test;
        ssl_client_certificate tls/other.pem;
        ssl_verify_client on;
        location / { return 200 "$ssl_client_s_dn"; }
    }
}
"""


def digest(size):
    return hashlib.sha256(content(size)).hexdigest()


def make_certificates(folder):
    """server.pem for localhost, and other.pem, with a key of RSA, for other.test."""
    done = execute([TOP / "apps/nginx/certificate.sh", folder])
    check(done.status == 0, "no certificate", done)
    done = execute(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                    "-subj", "/CN=other.test", "-addext", "subjectAltName=DNS:other.test",
                    "-keyout", folder / "other.key", "-out", folder / "other.pem"])
    check(done.status == 0, "no certificate", done)


def make_root(folder):
    www, etc = folder / "www", folder / "etc" / "nginx"
    www.mkdir()
    (etc / "tls").mkdir(parents=True)
    make_certificates(etc / "tls")
    (etc / "nginx.conf").write_text(CONFIGURATION)
    for size in SIZES:
        (www / str(size)).write_bytes(content(size))


class Site:
    """The server of one configuration that the tests share; started by the first."""

    def __init__(self, isolation, options=()):
        self.isolation, self.options = isolation, list(options)
        self.server = None

    def start(self):
        self.folder = temporary_directory()
        self.root = Path(self.folder.name)
        make_root(self.root)
        self.tls = self.root / "etc" / "nginx" / "tls"
        self.port = free_port()
        self.server = Server(self.root, system="nginx-tls", isolation=self.isolation, options=[
            *self.options, f"--publish=127.0.0.1:{self.port}:443"])
        self.server.__enter__()

    def run(self, test):
        if self.server is None:
            self.start()
        self.server.check_alive()
        test(self)
        self.server.check_alive()
        same(self.ask("/1")[0], 200, "a request afterwards")

    def stop(self):
        server, self.server = self.server, None
        if server is not None:
            server.__exit__(None, None, None)
            self.folder.cleanup()

    def context(self, version=None, ca="server.pem"):
        """A client's settings: it trusts @ca alone."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.tls / ca)
        if version is not None:
            context.minimum_version = context.maximum_version = version
        return context

    def raw(self):
        return socket.create_connection(("127.0.0.1", self.port), 20 * SLOW)

    def connect(self, context=None, name="localhost", session=None):
        """A connection with its handshake done."""
        return (context or self.context()).wrap_socket(
            self.raw(), server_hostname=name, session=session)

    def ask(self, path, context=None, method="GET", body=None):
        """Status and body of a request on a connection of its own."""
        client = http.client.HTTPSConnection("localhost", self.port, timeout=60 * SLOW,
                                             context=context or self.context())
        client.request(method, path, body=body)
        answer = client.getresponse()
        status, body = answer.status, answer.read()
        client.close()
        return status, body

    def curl(self, path, *options, **rest):
        """curl over HTTPS, verifying the certificate. Returns what it prints."""
        done = execute(["curl", "-sS", "--cacert", self.tls / "server.pem", "--max-time", "60",
                        *options, f"https://localhost:{self.port}{path}"], **rest)
        check(done.status == 0, f"curl {path}", done)
        return done.out


def same(have, want, what):
    check(have == want, f"{what}: {have!r:.200}, expected {want!r:.200}")


# ---- tests of a site ----


def files(site):
    context = site.context()
    client = http.client.HTTPSConnection("localhost", site.port, timeout=120 * SLOW, context=context)
    for size in SIZES:
        client.request("GET", f"/{size}")
        answer = client.getresponse()
        same(answer.status, 200, f"/{size}")
        same(hashlib.sha256(answer.read()).hexdigest(), digest(size), f"bytes of /{size}")
    client.close()


def files_http2(site):
    """All on one connection, so in streams."""
    with temporary_directory() as folder:
        urls = []
        for size in SIZES:
            urls += ["-o", f"{folder}/{size}", f"https://localhost:{site.port}/{size}"]
        out = site.curl("/protocol", "--http2", "--parallel", "-w", "%{http_version} %{http_code}\n",
                        *urls, timeout=120)
        same(re.findall(r"^2 200$|2 200$", out, re.MULTILINE).__len__(), len(SIZES) + 1, "answers")
        for size in SIZES:
            same(hashlib.sha256((Path(folder) / str(size)).read_bytes()).hexdigest(), digest(size),
                 f"bytes of /{size}")


def versions(site):
    for version, name in ((ssl.TLSVersion.TLSv1_2, b"TLSv1.2"), (ssl.TLSVersion.TLSv1_3, b"TLSv1.3")):
        context = site.context(version)
        same(site.ask("/protocol", context)[1].split()[0], name, "the protocol")
    same(site.curl("/protocol", "--http1.1").split()[2], "HTTP/1.1", "HTTP/1.1")
    same(site.curl("/protocol", "--http2").split()[2], "HTTP/2.0", "HTTP/2")


def old_versions(site):
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        context = site.context()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it is old
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = version
        context.set_ciphers("ALL:@SECLEVEL=0")
        try:
            site.connect(context).close()
        except ssl.SSLError as error:
            # Not that this client refuses to try.
            check("ALERT_PROTOCOL_VERSION" in str(error), f"{version.name}: {error}")
        else:
            check(False, f"{version.name} is spoken")


CIPHERS = ["ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-ECDSA-AES128-GCM-SHA256",
           "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-SHA256"]


def ciphers(site):
    for cipher in CIPHERS:
        context = site.context(ssl.TLSVersion.TLSv1_2)
        context.set_ciphers(cipher)
        same(site.ask("/protocol", context)[1].split()[1].decode(), cipher, "the cipher")
        same(site.ask("/1048576", context)[1], content(1 << 20), f"bytes by {cipher}")
    for cipher in ("TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"):
        out = site.curl("/protocol", "--tlsv1.3", "--tls13-ciphers", cipher)
        same(out.split()[1], cipher, "the cipher")


def resumption(site):
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        for tickets in (True, False):
            context = site.context(version)
            if not tickets:
                context.options |= ssl.OP_NO_TICKET
            with site.connect(context) as first:
                first.sendall(b"GET /protocol HTTP/1.0\r\n\r\n")
                text = b"".join(iter(lambda: first.recv(4096), b""))
                check(text.endswith(b" ."), f"{version.name}: a new one: {text[-20:]}")
                session = first.session
            with site.connect(context, session=session) as second:
                second.sendall(b"GET /protocol HTTP/1.0\r\n\r\n")
                text = b"".join(iter(lambda: second.recv(4096), b""))
                check(second.session_reused and text.endswith(b" r"),
                      f"{version.name}, tickets {tickets}: not resumed")


def names(site):
    with site.connect(site.context(ca="other.pem"), "other.test") as client:
        client.sendall(b"GET / HTTP/1.0\r\nHost: other.test\r\n\r\n")
        check(b"the other" in client.recv(4096), "the wrong server")
    for context, name in ((site.context(ca="other.pem"), "localhost"), (site.context(), "other.test")):
        try:
            site.connect(context, name).close()
        except ssl.SSLCertVerificationError:
            continue
        check(False, f"{name}: the wrong certificate was taken")


def client_certificates(site):
    """One that the server trusts, one that it does not, none."""
    answers = []
    for pair in ("other", "server", None):
        context = site.context()
        context.check_hostname = False
        if pair:
            context.load_cert_chain(site.tls / f"{pair}.pem", site.tls / f"{pair}.key")
        with site.connect(context, "mutual.test") as client:
            client.sendall(b"GET / HTTP/1.0\r\nHost: mutual.test\r\n\r\n")
            answers.append(b"".join(iter(lambda: client.recv(4096), b"")))
    check(answers[0].endswith(b"CN=other.test"), f"a good certificate: {answers[0]!r:.100}")
    for answer in answers[1:]:
        check(answer.startswith(b"HTTP/1.1 400"), f"{answer!r:.100}")


def proxied(site):
    for size in SIZES[:8]:
        status, body = site.ask(f"/proxy/{size}")
        same((status, body == content(size)), (200, True), f"/proxy/{size}")
    same(site.ask("/unverified/1")[0], 502, "an upstream whose certificate is another's")


def bodies(site):
    for size in (0, 1, 16384, 200_000, 8 << 20):
        same(site.ask("/length", method="POST", body=b"x" * size), (200, b"%d" % size), "HTTP/1.1")
        with temporary_directory() as folder:
            path = Path(folder) / "body"
            path.write_bytes(b"x" * size)
            out = site.curl("/length", "--http2", "--data-binary", f"@{path}")
            same(out, str(size), "HTTP/2")


def plain_requests(site):
    with site.raw() as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = b"".join(iter(lambda: client.recv(65536), b""))
        check(b"plain HTTP request was sent to HTTPS port" in answer, f"{answer!r:.100}")


def finish(client):
    """Ends the sending side. The server may have reset the connection before: then there is none."""
    try:
        client.shutdown(socket.SHUT_WR)
    except OSError as error:
        if error.errno not in (errno.ENOTCONN, errno.ECONNRESET, errno.EPIPE):
            raise


def end_of(client):
    """Waits until the server ends the connection; whatever it says."""
    with contextlib.suppress(ConnectionError):
        while client.recv(65536):
            pass


def hello():
    """A client's first bytes."""
    inward, outward = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with contextlib.suppress(ssl.SSLWantReadError):
        context.wrap_bio(inward, outward, server_hostname="localhost").do_handshake()
    return outward.read()


def garbage(site):
    """Random bytes, and handshakes with random changes."""
    chance = random.Random(1)
    good = hello()
    for number in range(400):
        if number % 4 == 0:
            data = b"\x16\x03\x01" + chance.randbytes(chance.randrange(2000))
        else:
            data = bytearray(good)
            for _ in range(chance.choice((1, 2, 10))):
                data[chance.randrange(len(data))] = chance.randrange(256)
            if number % 3 == 0:
                del data[chance.randrange(len(data)):]
        with site.raw() as client, contextlib.suppress(ConnectionError):
            client.sendall(data)
            finish(client)
            end_of(client)


def garbage_inside(site):
    """Records that are wrong after a good handshake: no byte of them reaches HTTP."""
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        for data in (b"\x17\x03\x03\x00\x20" + b"x" * 32, b"\x17\x03\x03\xff\xff" + b"x" * 65535,
                     b"\x16\x03\x03\x00\x04\x00\x00\x00\x00", b"\x15\x03\x03\x00\x02\x01\x00"):
            inward, outward = ssl.MemoryBIO(), ssl.MemoryBIO()
            tls = site.context(version).wrap_bio(inward, outward, server_hostname="localhost")
            with site.raw() as client:
                while True:
                    try:
                        tls.do_handshake()
                        break
                    except ssl.SSLWantReadError:
                        client.sendall(outward.read())
                        inward.write(client.recv(65536))
                tls.write(b"GET /1 HTTP/1.0\r\n")
                client.sendall(outward.read() + data)
                finish(client)
                end_of(client)


def one_byte_at_a_time(site):
    with site.raw() as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in hello():
            client.sendall(bytes([byte]))
        same(client.recv(1), b"\x16", "the answer's type")


def unfinished(site):
    """Clients stop in the middle of the handshake; others are served meanwhile."""
    good = hello()
    waiting = []
    for number in range(100):
        client = site.raw()
        client.sendall(good[:number * len(good) // 100])
        waiting.append(client)
    for number in range(50):  # these have the server's answer and say nothing
        client = site.raw()
        client.sendall(good)
        waiting.append(client)
    start = time.monotonic()
    same(site.ask("/1048576")[1], content(1 << 20), "a request beside them")
    check(time.monotonic() - start < 5 * SLOW, "it had to wait")
    for number, client in enumerate(waiting):
        if number % 2:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()


def vanishing(site):
    """Clients go away in the middle of an answer."""
    for number in range(20):
        client = site.connect()
        client.sendall(b"GET /67108864 HTTP/1.1\r\nHost: x\r\n\r\n")
        client.recv(1 + number * 1000)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()


def many(site):
    failures = []

    def one(number):
        try:
            for turn in range(5):
                size = SIZES[(number + turn) % 7]
                status, body = site.ask(f"/{size}")
                check(status == 200 and body == content(size), f"/{size}: {status}")
        except Exception as failure:  # pylint: disable=broad-except
            failures.append(f"{number}: {type(failure).__name__}: {failure}")

    threads = [threading.Thread(target=one, args=(n,)) for n in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(not failures, "\n".join(failures))


# Frames of HTTP/2: a length of 3 bytes, type, flags, stream.
def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS = frame(4, 0, 0)
# :method GET, :scheme https, :path /, :authority x
REQUEST = b"\x82\x87\x84\x41\x01x"


def http2(site):
    context = site.context()
    context.set_alpn_protocols(["h2"])
    client = site.connect(context)
    same(client.selected_alpn_protocol(), "h2", "ALPN")
    return client


def http2_garbage(site):
    """Frames that are wrong: the connection ends, or the stream does; the server goes on."""
    chance = random.Random(2)
    cases = [
        b"GET / HTTP/1.1\r\n\r\n",
        PREFACE[:10],
        PREFACE + frame(0, 0, 0, b"data of no stream"),
        PREFACE + SETTINGS + b"\xff\xff\xff\x00\x00\x00\x00\x00\x01" + b"x" * 1000,
        PREFACE + SETTINGS + frame(4, 0, 0, b"\x00\x04\xff\xff\xff\xff"),
        PREFACE + SETTINGS + frame(8, 0, 0, b"\x00\x00\x00\x00"),
        PREFACE + SETTINGS + frame(1, 4, 2, REQUEST),
        PREFACE + SETTINGS + frame(1, 0, 1, REQUEST) + frame(0, 1, 1, b"x"),
        PREFACE + SETTINGS + frame(1, 5, 1, b"\xff\xff\xff\xff\xff\xff\xff\xff"),
        PREFACE + SETTINGS + frame(1, 13, 1, b"\xff" + REQUEST),
        PREFACE + SETTINGS + frame(9, 4, 1, REQUEST),
        PREFACE + SETTINGS + frame(6, 0, 0, b"short"),
        PREFACE + SETTINGS + frame(1, 4, 1, REQUEST * 2000),
    ]
    good = SETTINGS + frame(1, 5, 1, REQUEST) + frame(1, 5, 3, REQUEST) + frame(6, 0, 0, b"12345678")
    for _ in range(100):
        data = bytearray(good)
        for _ in range(3):
            data[chance.randrange(len(data))] = chance.randrange(256)
        cases.append(PREFACE + data)
    for data in cases:
        with http2(site) as client, contextlib.suppress(OSError):
            client.settimeout(0.3)
            client.sendall(data)
            while client.recv(65536):
                pass


def http2_resets(site):
    """A stream is asked for and given up, 20,000 times; others are served meanwhile."""
    with http2(site) as client, contextlib.suppress(OSError):
        client.sendall(PREFACE + SETTINGS)
        for first in range(1, 40000, 400):
            client.sendall(b"".join(frame(1, 5, n, REQUEST) + frame(3, 0, n, b"\x00\x00\x00\x08")
                                    for n in range(first, first + 400, 2)))
    start = time.monotonic()
    same(site.ask("/65536")[1], content(65536), "a request afterwards")
    check(time.monotonic() - start < 5 * SLOW, "it had to wait")


def s_client(site):
    if shutil.which("openssl") is None:
        raise Skip("openssl is not installed")
    for option, name in (("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")):
        done = execute(["openssl", "s_client", "-connect", f"localhost:{site.port}", option, "-brief",
                        "-CAfile", site.tls / "server.pem", "-verify_return_error", "-servername",
                        "localhost"], stdin="GET /protocol HTTP/1.0\r\n\r\n")
        check(f"Protocol version: {name}" in done.err and "Verification: OK" in done.err,
              "no such connection", done)


TESTS = [files, files_http2, versions, old_versions, ciphers, resumption, names, client_certificates,
         proxied, bodies, plain_requests, garbage, garbage_inside, one_byte_at_a_time, unfinished,
         vanishing, many, http2_garbage, http2_resets, s_client]
BRIEF = [files, files_http2, resumption]


# ---- tests of the system as it comes ----


def first_run(browser=False):
    """Without --root: the page, the certificate that was made, and the cipher that is preferred."""
    port = free_port()
    empty = temporary_directory()
    with empty as folder, Server(folder, system="nginx-tls",
                                 options=[f"--publish=127.0.0.1:{port}:443"]) as server:
        if browser:
            show_page(port, server.address[1])
            return
        done = execute(["curl", "-sS", "--cacert", PEM, "--http2", "-w", "%{http_version}",
                        f"https://localhost:{port}/"])
        check("It works" in done.out and done.out.endswith("2"), "the page", done)
        context = ssl.create_default_context(cafile=str(PEM))
        for maximum, first, name in ((ssl.TLSVersion.TLSv1_3, "ECDHE+AESGCM", "AES_128_GCM"),
                                     (ssl.TLSVersion.TLSv1_2, "ECDHE+AESGCM", "AES128-GCM"),
                                     (ssl.TLSVersion.TLSv1_2, "ECDHE+CHACHA20", "CHACHA20")):
            context.maximum_version = maximum
            context.set_ciphers(f"{first}:ECDHE+AESGCM:ECDHE+CHACHA20")
            with context.wrap_socket(socket.create_connection(("127.0.0.1", port)),
                                     server_hostname="127.0.0.1") as client:
                check(name in client.cipher()[0], f"{client.cipher()} is chosen, after {first}")


def show_page(port, plain_port):
    """A browser shows it over both."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        raise Skip("chromium is not installed")
    for url in (f"https://localhost:{port}/", f"http://127.0.0.1:{plain_port}/"):
        with temporary_directory() as folder:
            done = execute([browser, "--headless=new", "--no-sandbox", "--disable-gpu",
                            "--ignore-certificate-errors", "--no-first-run",
                            f"--user-data-dir={folder}", "--dump-dom", url], timeout=90)
        check("<h1>It works</h1>" in done.out, f"{url} is not shown", done)


def without_random():
    """Where the server gets no random bytes there are no keys, and so no server."""
    rows = "".join(f"  - {{consumer: {c}, interface: random, provider: {p}}}\n" for c, p in (
        ("lwip", "random"), ("devfs", "random"), ("nginx-tls", "norandom")))
    with temporary_directory() as folder:
        text = (TOP / "systems/nginx-tls.yaml").read_text()
        system = Path(folder) / "nginx-tls.yaml"
        system.write_text(text.replace("modules: [random]",
                                       "modules: [random]\n  - name: norandom\n    modules: [norandom]")
                          .replace("bind:\n", "bind:\n" + rows)
                          .replace("../build/nginx-tls/root", str(ROOT)))
        done = execute([CUBICLE, "run", system, *mode("sfi"), "--network=none"], timeout=30)
    check(done.status == 1, f"exit status {done.status}", done)
    check(re.search(r"\[emerg\].*(RAND|rand|entropy)", done.err), "another reason", done)


def skip(why):
    raise Skip(why)


def main():
    os.environ["CUBICLE_TEST_JOBS"] = "1"  # one server for all tests of a configuration
    suite = Suite("nginx_tls")
    sites = {}
    if why := why_not("nginx-tls"):
        suite.add("nginx with TLS", skip, why)
        return suite.main([""])
    suite.add("the first run", first_run)
    suite.add("a browser", first_run, True)
    suite.add("no random bytes", without_random)
    sites = {"sfi": (Site("sfi"), TESTS), "none": (Site("none"), BRIEF),
             "direct": (Site("none", ["--link=direct"]), BRIEF)}
    for name, (site, tests) in sites.items():
        for test in tests:
            suite.add(f"{test.__name__}, {name}", site.run, test)
        suite.add(f"the server ends, {name}", site.stop)
    status = suite.main()
    for site, _ in sites.values():
        site.stop()
    return status


if __name__ == "__main__":
    sys.exit(main())
