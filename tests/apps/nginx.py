#!/usr/bin/env python3
"""NGINX in cubicles: what it answers over HTTP.

    tests/apps/nginx.py [WORD...]     only tests whose name contains a word

One server for all tests of a configuration; each test has connections of its own.
"""

import base64
import email.utils
import gzip
import hashlib
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from harness import (  # noqa: E402
    BUILD,
    CUBICLE,
    SLOW,
    Skip,
    Suite,
    check,
    execute,
    mode,
    temporary_directory,
)
from web import Server, content, free_port  # noqa: E402

SIZES = [0, 1, 1023, 4096, 65535, 65536, 65537, 1 << 20, (8 << 20) + 1, 64 << 20]
MODIFIED = 1_500_000_000
TEXT = "".join(f"line {n} of a text that compresses well\n" for n in range(20000)).encode()

CONFIGURATION = """\
daemon off;
master_process off;
error_log stderr notice;
events { worker_connections 512; }
http {
    include mime.types;
    access_log off;
    sendfile on;
    tcp_nopush on;
    client_max_body_size 64m;
    keepalive_requests 100000;
    gzip_types text/plain;
    limit_req_zone $server_name zone=slow:64k rate=1r/s;
    limit_conn_zone $server_name zone=few:64k;
    map $arg_color $answer { default none; red warm; ~^bl cold; }
    upstream inner { server 127.0.0.1:8080; keepalive 4; }
    upstream nobody { server 127.0.0.1:9; }
    log_format kept "kept $request_uri $status $body_bytes_sent";

    server {
        listen 80;
        server_name tested;
        root /www;
        location / { }
        location /packed/ { alias /www/; gzip on; gzip_min_length 100; }
        location /static/ { alias /www/; gzip_static on; }
        location /unpacked/ { alias /www/; gzip_static always; gunzip on; }
        location /list/ { alias /www/list/; autoindex on; autoindex_format json; }
        location /html/ { alias /www/list/; autoindex on; }
        location /nosendfile/ { alias /www/; sendfile off; output_buffers 2 32k; }
        location /proxy/ { proxy_pass http://inner/; proxy_http_version 1.1;
                           proxy_set_header Connection ""; proxy_buffers 4 32k; }
        location /unbuffered/ { proxy_pass http://inner/; proxy_buffering off;
                                proxy_request_buffering off; proxy_http_version 1.1; }
        location /nobody { proxy_pass http://nobody; proxy_connect_timeout 2s; }
        location /status { stub_status; }
        location /old { return 301 /new?from=$uri; }
        location ~ ^/user/(?<name>[a-z]+)/(\\d+)$ { return 200 "$name:$2\\n"; }
        location /color { return 200 "$answer"; }
        location /try/ { try_files $uri /try$uri.txt @other; }
        location @other { return 418 "other"; }
        location /rewrite/ { rewrite ^/rewrite/(.*)$ /$1 last; }
        location /slow { limit_req zone=slow burst=1 nodelay; try_files /1 =404; }
        location /few { limit_conn few 1; limit_rate 20k; alias /www/65536; }
        location /secret { auth_basic "secret"; auth_basic_user_file users; alias /www/1; }
        location /inside { internal; }
        location /denied { deny all; }
        location /logged { access_log /dev/stdout kept; try_files /1 =404; }
        location /put { client_body_in_file_only clean; proxy_pass http://inner/length; }
        location /charset { charset utf-8; alias /www/text.txt; }
        location /headers { add_header X-Mine "yes" always; expires 1h; try_files /1 =404; }
        location /rate { limit_rate 300k; alias /www/1048576; }
        location /sub { sub_filter_types *; sub_filter compresses shrinks;
                        sub_filter_once off; alias /www/text.txt; }
        location /ssi { ssi on; ssi_types *; alias /www/page.txt; }
    }
    server {
        listen 127.0.0.1:8080;
        root /www;
        location /length { client_body_buffer_size 16k; client_max_body_size 64m;
                           return 200 "$http_content_length $request_method"; }
    }
}
"""


def make_root(folder):
    """The files that are served, with the configuration above."""
    www = folder / "www"
    (www / "list" / "below").mkdir(parents=True)
    (folder / "etc" / "nginx").mkdir(parents=True)
    (folder / "etc" / "nginx" / "nginx.conf").write_text(CONFIGURATION)
    (folder / "etc" / "nginx" / "users").write_text(
        "plain:{PLAIN}word\n"
        # crypt() of `password'
        "md5:$1$salt$qJH7.N4xYta3aEG/dfqo/0\n")
    for size in SIZES:
        (www / str(size)).write_bytes(content(size))
    (www / "text.txt").write_bytes(TEXT)
    (www / "text.txt.gz").write_bytes(gzip.compress(TEXT))
    (www / "page.txt").write_text('before <!--#echo var="uri" --> <!--#include virtual="/1023" -->')
    for name in ("a b.txt", "100%.txt", "<tag>.txt", "\N{LATIN SMALL LETTER E WITH ACUTE}.txt"):
        (www / "list" / name).write_text(name)
    (www / "try").mkdir()
    (www / "try" / "here").write_text("here")
    for path in www.rglob("*"):
        os.utime(path, (MODIFIED, MODIFIED))


class Client(http.client.HTTPConnection):
    """A connection to the server under test."""

    def __init__(self, server):
        super().__init__(*server.address, timeout=30 * SLOW)

    def ask(self, path, method="GET", body=None, **headers):
        """Sends a request. Returns status, headers and body."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        self.request(method, path, body=body, headers=names)
        answer = self.getresponse()
        return answer.status, answer.headers, answer.read()


def same(have, want, what):
    """Fails where they differ, in few words."""
    if have != want:
        def shown(value):
            text = repr(value)
            return text if len(text) < 200 else f"{text[:100]}... ({len(value)} long)"
        check(False, f"{what}: {shown(have)}, expected {shown(want)}")


# ---- tests: each gets a Client and the Server ----


def files(client, _server):
    for size in SIZES:
        for prefix in ("/", "/nosendfile/"):
            status, headers, body = client.ask(f"{prefix}{size}")
            same((status, headers["Content-Length"]), (200, str(size)), f"{prefix}{size}")
            same(hashlib.sha256(body).digest(), hashlib.sha256(content(size)).digest(),
                 f"checksum of {prefix}{size}")


def head(client, _server):
    for path, status in (("/65536", 200), ("/absent", 404)):
        have, headers, body = client.ask(path, "HEAD")
        same((have, body), (status, b""), path)
        check(int(headers["Content-Length"]) > 0, "no length")
    same(client.ask("/1")[2], content(1), "the next answer on the connection")


def errors(client, server):
    same(client.ask("/absent")[0], 404, "no such file")
    same(client.ask("/inside")[0], 404, "internal location")
    same(client.ask("/denied")[0], 403, "denied")
    same(client.ask("/list")[0], 301, "a directory without its slash")
    same(client.ask("/try/")[0], 418, "nothing to try")
    same(client.ask("/1", "POST", b"x")[0], 405, "POST to a file")
    same(client.ask("/%2e%2e/%2e%2e/etc/passwd")[0], 400, "above the root")
    for request, status in ((b"GET /\r\n\r\n", None), (b"NONSENSE\r\n\r\n", 400),
                            (b"GET / HTTP/1.1\r\n\r\n", 400),
                            (b"GET / HTTP/9.9\r\n\r\n", 505),
                            (b"GET /" + b"x" * 40000 + b" HTTP/1.0\r\n\r\n", 414)):
        with server.connect() as raw:
            raw.sendall(request)
            answer = b"".join(iter(lambda: raw.recv(65536), b""))
            if status:
                same(answer.split(b" ")[1], b"%d" % status, repr(request[:20]))


def ranges(client, _server):
    whole = content(1 << 20)
    for text, first, last in (("0-0", 0, 0), ("5-", 5, len(whole) - 1), ("-7", -7, None),
                              ("65535-65537", 65535, 65537), ("0-99999999", 0, len(whole) - 1)):
        status, headers, body = client.ask("/1048576", Range=f"bytes={text}")
        want = whole[first:] if last is None else whole[first:last + 1]
        same((status, body), (206, want), text)
        check(headers["Content-Range"].endswith("/1048576"), "no Content-Range")
    same(client.ask("/1048576", Range="bytes=9999999-")[0], 416, "beyond the end")
    status, headers, body = client.ask("/1048576", Range="bytes=0-9,100000-100009")
    boundary = headers["Content-Type"].split("boundary=")[1].encode()
    parts = [part.split(b"\r\n\r\n", 1)[1][:10] for part in body.split(b"--" + boundary)[1:3]]
    same((status, parts), (206, [whole[:10], whole[100000:100010]]), "two ranges")
    same(client.ask("/1048576", Range="bytes=0-0", If_Range='"other"')[0], 200, "If-Range")


def pipelining(_client, server):
    paths = [str(size) for size in SIZES[:7]] * 10
    with server.connect() as raw:
        raw.sendall(b"".join(b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n" % p.encode() for p in paths))
        stream = raw.makefile("rb")
        for path in paths:
            same(stream.readline().split()[1], b"200", path)
            length = 0
            while (line := stream.readline()) != b"\r\n":
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            same(stream.read(length), content(int(path)), path)


def one_byte_at_a_time(_client, server):
    with server.connect() as raw:
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in b"GET /1023 HTTP/1.0\r\nX-Long: yes\r\n\r\n":
            raw.sendall(bytes([byte]))
        answer = b"".join(iter(lambda: raw.recv(7), b""))
        same(answer.split(b"\r\n\r\n", 1)[1], content(1023), "the body")


def compression(client, _server):
    status, headers, body = client.ask("/packed/text.txt", Accept_Encoding="gzip")
    same((status, headers["Content-Encoding"], headers["Transfer-Encoding"]),
         (200, "gzip", "chunked"), "packed")
    check(len(body) < len(TEXT) // 5, "it is not smaller")
    same(gzip.decompress(body), TEXT, "unpacked again")
    same(client.ask("/packed/text.txt")[2], TEXT, "not asked for")
    status, headers, body = client.ask("/static/text.txt", Accept_Encoding="gzip")
    same(gzip.decompress(body), TEXT, "gzip_static")
    status, headers, body = client.ask("/unpacked/text.txt")
    same((headers["Content-Encoding"], body), (None, TEXT), "gunzip")


def conditions(client, server):
    _, headers, _ = client.ask("/4096")
    when, tag = headers["Last-Modified"], headers["ETag"]
    same(email.utils.parsedate_to_datetime(when).timestamp(), MODIFIED, "Last-Modified")
    for status, condition in ((304, {"If_Modified_Since": when}), (304, {"If_None_Match": tag}),
                              (200, {"If_None_Match": '"x"'}), (412, {"If_Match": '"x"'}),
                              (200, {"If_Match": tag}),
                              (412, {"If_Unmodified_Since": "Sat, 01 Jan 2000 00:00:00 GMT"})):
        have, _, body = Client(server).ask("/4096", **condition)
        same((have, len(body) == 4096), (status, status == 200), str(condition))


def listing(client, _server):
    status, headers, body = client.ask("/list/")
    same((status, headers["Content-Type"]), (200, "application/json"), "the listing")
    names = set(re.findall(rb'"name":"([^"]*)"', body))
    same(names, {b"below", b"a b.txt", b"100%.txt", b"<tag>.txt", "é.txt".encode()}, "names")
    _, _, page = client.ask("/html/")
    for link in re.findall(rb'href="([^"]*)"', page)[1:]:
        same(client.ask("/html/" + link.decode())[0], 200, link.decode())


def proxied(client, _server):
    for _ in range(3):
        for size in SIZES[:9]:
            for prefix in ("/proxy/", "/unbuffered/"):
                status, _, body = client.ask(f"{prefix}{size}")
                same((status, body == content(size)), (200, True), f"{prefix}{size}")
    same(client.ask("/proxy/absent")[0], 404, "the upstream's error")
    same(client.ask("/nobody")[0], 502, "nobody listens")


def bodies(client, _server):
    for size in (0, 1, 5000, 66_000, 130_000, 200_000, 400_000, 8 << 20):
        same(client.ask("/proxy/length", "POST", b"x" * size)[2], b"%d POST" % size, "length")
        same(client.ask("/put", "PUT", b"x" * size)[0], 200, f"a body of {size} in a file")
    pieces = [b"y" * 30000] * 20
    same(client.ask("/proxy/length", "POST", iter(pieces))[2], b"600000 POST", "chunked")
    client.putrequest("POST", "/proxy/length")
    client.putheader("Content-Length", str(1 << 30))
    client.endheaders()
    same(client.getresponse().status, 413, "a body that is too large")


def variables(client, _server):
    status, headers, _ = client.ask("/old")
    same((status, headers["Location"].endswith("/new?from=/old")), (301, True), "return")
    same(client.ask("/user/ada/42")[2], b"ada:42\n", "groups of an expression")
    same(client.ask("/user/Ada/42")[0], 404, "no match")
    for color, answer in (("red", b"warm"), ("blue", b"cold"), ("x", b"none")):
        same(client.ask(f"/color?color={color}")[2], answer, "map")
    same(client.ask("/try/here")[2], b"here", "try_files")
    same(client.ask("/rewrite/1023")[2], content(1023), "rewrite")
    _, headers, _ = client.ask("/headers")
    same((headers["X-Mine"], headers["Cache-Control"]), ("yes", "max-age=3600"), "headers")
    same(client.ask("/charset")[1]["Content-Type"], "text/plain; charset=utf-8", "charset")


def filters(client, _server):
    same(client.ask("/sub")[2], TEXT.replace(b"compresses", b"shrinks"), "sub_filter")
    same(client.ask("/ssi")[2], b"before /ssi " + content(1023), "ssi")


def limits(client, server):
    answers = [client.ask("/slow")[0] for _ in range(6)]
    check(answers[0] == 200 and 503 in answers, f"limit_req: {answers}")
    start = time.monotonic()
    other = Client(server)
    other.request("GET", "/few")
    first = other.getresponse()
    same(client.ask("/few")[0], 503, "limit_conn")
    same(first.read(), content(65536), "the first connection")
    check(time.monotonic() - start > 1, "limit_rate had no effect")
    same(client.ask("/rate")[2], content(1 << 20), "limit_rate of a large file")


def passwords(client, _server):
    same(client.ask("/secret")[0], 401, "no password")
    for user, word, status in (("plain", "word", 200), ("plain", "x", 401),
                               ("md5", "password", 200), ("md5", "passwort", 401),
                               ("nobody", "word", 401)):
        token = base64.b64encode(f"{user}:{word}".encode()).decode()
        same(client.ask("/secret", Authorization=f"Basic {token}")[0], status, user)


def many_connections(_client, server):
    """All at once; some read slowly, some go away in the middle."""
    failures = []

    def one(number):
        try:
            mine = Client(server)
            for turn in range(10):
                size = SIZES[(number + turn) % 9]
                if (number + turn) % 7 == 0:
                    mine.request("GET", f"/{size}")
                    mine.getresponse()
                    mine.close()  # unread
                    continue
                status, _, body = mine.ask(f"/{size}")
                same((status, body == content(size)), (200, True), f"/{size}")
        except Exception as failure:  # pylint: disable=broad-except
            failures.append(f"{number}: {type(failure).__name__}: {failure}")

    threads = [threading.Thread(target=one, args=(n,)) for n in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(not failures, "\n".join(failures))


def status_page(client, _server):
    text = client.ask("/status")[2].decode()
    active = int(re.search(r"Active connections: (\d+)", text)[1])
    check(1 <= active < 60, f"{active} active connections")


def logs(client, server):
    client.ask("/logged?first")
    client.ask("/logged?second")
    deadline = time.monotonic() + 5 * SLOW
    while time.monotonic() < deadline:
        text = os.pread(server.log.fileno(), 1 << 20, 0).decode(errors="replace")
        if "kept /logged?second 200 1" in text:
            check("kept /logged?first 200 1" in text, "the first line is missing")
            return
        time.sleep(0.05)
    check(False, "no line in the log")


TESTS = [files, head, errors, ranges, pipelining, one_byte_at_a_time, compression, conditions,
         listing, proxied, bodies, variables, filters, limits, passwords, many_connections,
         status_page, logs]


# ---- tests with a server of their own, or none ----


def ends(number, isolation):
    """A server without a master process ends at once, with an answer under way."""
    with temporary_directory() as folder:
        root = Path(folder)
        make_root(root)
        with Server(root, isolation=isolation) as server:
            client = Client(server)
            client.request("GET", "/rate")
            client.getresponse().read(1000)
            server.process.send_signal(number)
            same(server.process.wait(20 * SLOW), 0, "exit status")
            client.close()


SINGLE = """\
daemon off;
master_process off;
user root;
pid {top}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {top}/body;
    server {{ listen {port}; keepalive_timeout 65s; location / {{ return 200 "{word}"; }} }}
}}
"""


def said(client):
    """What the server says, or the error that it is."""
    try:
        client.request("GET", "/")
        return client.getresponse().read().decode()
    except (http.client.HTTPException, OSError):
        return "closed"


def reloaded(port, process, change):
    """What a connection that is there is told after SIGHUP, and new ones are before and after it has ended."""
    old, *new = (http.client.HTTPConnection("127.0.0.1", port, timeout=20 * SLOW) for _ in range(4))
    before = said(old)
    change()
    process.send_signal(signal.SIGHUP)
    time.sleep(0.5 * SLOW)
    answers = [before, said(old), said(new[0]), said(new[1])]
    old.close()
    time.sleep(0.2 * SLOW)
    return [*answers, said(new[2])]


def reload():
    """Without a master process SIGHUP does no good, here as on Linux: docs/nginx.md says what it does."""
    native = BUILD / "native/nginx"
    if not native.exists():
        raise Skip(f"{native} is not there; `make` builds it")
    with temporary_directory() as folder:
        top, port = Path(folder), free_port()
        for path in (top, top / "root", top / "mounted"):
            path.mkdir(exist_ok=True)
            path.chmod(0o755)

        def write(to, word, **fields):
            to.write_text(SINGLE.format(word=word, **fields))

        def here(word):
            write(top / "mounted/nginx.conf", word, top="/tmp", port=80)

        def on_linux(word):
            write(top / "native.conf", word, top=top, port=f"127.0.0.1:{port}")

        here("one")
        on_linux("one")
        with subprocess.Popen([native, "-p", top, "-c", top / "native.conf", "-e", "stderr"]) as process:
            try:
                end = time.monotonic() + 20 * SLOW
                while said(http.client.HTTPConnection("127.0.0.1", port)) != "one":
                    check(time.monotonic() < end, "NGINX as a Linux process does not answer")
                expected = reloaded(port, process, lambda: on_linux("two"))
            finally:
                process.kill()
        with Server(top / "root", options=[f"--mount={top}/mounted:/etc/nginx"]) as server:
            same(reloaded(server.address[1], server.process, lambda: here("two")), expected, "answers")
        same(expected, ["one", "one", "closed", "closed", "one"], "answers on Linux")


MOUNTED = """\
daemon off;
master_process off;
error_log stderr crit;
events { worker_connections 64; }
http {
    access_log off;
    sendfile on;
    open_file_cache_valid 1h;
    server { listen 80; root /www;
             location /remembered/ { alias /www/; open_file_cache max=8 inactive=1h; } }
}
"""


def put(path, data, modified):
    """Another file takes the place of @path."""
    new = path.with_name("new")
    new.write_bytes(data)
    os.utime(new, (modified, modified))
    new.rename(path)


def changing(client, www):
    """Each answer is of one version of a file that others change: bytes, length and ETag."""
    page = www / "page"
    for number, size in enumerate((5, 40000, 0, 5, 70000, 200000, 3)):
        data, modified = content(size + number)[number:], MODIFIED + number
        if number % 2 == 0:
            put(page, data, modified)
        else:
            page.write_bytes(data)
            os.utime(page, (modified, modified))
        for _ in range(2):
            status, headers, body = client.ask("/page")
            same((status, body == data, headers["ETag"]), (200, True, f'"{modified:x}-{len(data):x}"'),
                 f"after change {number}")
    same(client.ask("/page", If_None_Match=headers["ETag"])[0], 304, "the same file")
    page.unlink()
    same(client.ask("/page")[0], 404, "a file that is gone")
    put(page, b"again", MODIFIED)
    same(client.ask("/page")[2], b"again", "a file that is there again")


def replaced(client, www):
    """A file that is open is the same when another takes its place, also if nobody had read it before."""
    for name, data in (("kept", b"old"), ("removed", b"gone")):
        put(www / name, data, MODIFIED)
        same(client.ask(f"/remembered/{name}", method="HEAD")[0], 200, "HEAD")
    put(www / "kept", b"another", MODIFIED + 1)
    (www / "removed").unlink()
    same(client.ask("/remembered/kept")[2], b"old", "the file that was open")
    same(client.ask("/remembered/removed")[2], b"gone", "the file that was open and is removed")
    same(client.ask("/kept")[2], b"another", "the new file")


def racing(client, www):
    """The same while others replace a file all the time."""
    page, over = www / "race", threading.Event()
    versions = [bytes([n]) * (20000 + n) for n in range(1, 9)]
    put(page, versions[0], MODIFIED)

    def work():
        number = 0
        while not over.is_set():
            number += 1
            put(page, versions[number % len(versions)], MODIFIED + number)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        for _ in range(1000):
            status, headers, body = client.ask("/race")
            same((status, body in versions), (200, True), "an answer")
            same(headers["ETag"].rpartition("-")[2], f'{len(body):x}"', "ETag")
    finally:
        over.set()
        thread.join()


def mounted(test):
    with temporary_directory() as folder:
        top = Path(folder)
        for path in (top, top / "root/etc/nginx", top / "www"):
            path.mkdir(parents=True, exist_ok=True)
            path.chmod(0o755)
        (top / "root/etc/nginx/nginx.conf").write_text(MOUNTED)
        with Server(top / "root", options=[f"--mount={top / 'www'}:/www"]) as server:
            client = Client(server)
            test(client, top / "www")
            client.close()


def command(arguments, status, pattern, configuration=None):
    """`cubicle run nginx -- ARGUMENTS`"""
    with temporary_directory() as folder:
        options = []
        if configuration is not None:
            path = Path(folder) / "etc" / "nginx"
            path.mkdir(parents=True)
            (path / "nginx.conf").write_text(configuration)
            options = [f"--root={folder}"]
        result = execute([CUBICLE, "run", "nginx", *mode("sfi"), *options, "--", *arguments])
    check(result.status == status, f"exit status {result.status}", result)
    check(re.search(pattern, result.err), f"'{pattern}' is missing", result)


class Shared:
    """The server that the tests of one isolation share; started by the first."""

    def __init__(self, isolation, options, system="nginx"):
        self.isolation, self.options, self.system = isolation, options, system
        self.server = None

    def start(self):
        self.folder = temporary_directory()
        root = Path(self.folder.name)
        root.chmod(0o755)
        make_root(root)
        self.server = Server(root, system=self.system, isolation=self.isolation,
                             options=self.options)
        self.server.__enter__()

    def run(self, test):
        if self.server is None:
            self.start()
        self.server.check_alive()
        client = Client(self.server)
        try:
            test(client, self.server)
            self.server.check_alive()
        finally:
            client.close()

    def stop(self):
        server, self.server = self.server, None
        if server is not None:
            server.__exit__(None, None, None)
            self.folder.cleanup()


def main():
    """One configuration after the other."""
    os.environ["CUBICLE_TEST_JOBS"] = "1"  # tests of limits and of the log are of one server
    suite = Suite("nginx")
    suite.add("nginx -V", command, ["-V"], 0, "nginx version: nginx/1")
    suite.add("nginx -t", command, ["-t"], 0, "test is successful")
    suite.add("an error in the configuration", command, ["-t"], 1,
              r'unknown directive "nonsense" in /etc/nginx/nginx.conf:1', "nonsense;\n")
    shared = {"sfi": Shared("sfi", []), "direct": Shared("none", ["--link=direct"]),
              "ipc": Shared("ipc", [], "nginx-processes")}
    for name, configuration in shared.items():
        for test in TESTS:
            suite.add(f"{test.__name__}, {name}", configuration.run, test)
        suite.add(f"the server ends, {name}", configuration.stop)
    for test in (changing, replaced, racing):
        suite.add(f"a directory of the host, {test.__name__}", mounted, test)
    suite.add("SIGHUP, and another configuration", reload)
    for number in (signal.SIGQUIT, signal.SIGTERM):
        suite.add(f"{number.name} ends it", ends, number, "sfi")
    status = suite.main()
    for configuration in shared.values():
        configuration.stop()
    return status


if __name__ == "__main__":
    sys.exit(main())
