"""NGINX, isolated and not, over a TAP device; and as a Linux process over veth.

The client is wrk, in a network namespace and on a processor of its own. What is measured: requests per second, the
latency of wrk's requests, and the processor time that the server's processes take for a request, the kernel's share in
their name included.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from matrix.commands import CUBICLE, Failed, Missing
from matrix.commands import NATIVE as PROGRAMS
from processes import descendants

NATIVE = PROGRAMS / "nginx"

SIZES = {"1K": 1 << 10, "10K": 10 << 10, "100K": 100 << 10, "1M": 1 << 20, "8M": 8 << 20}
MODES = {"keep-alive": [], "connection per request": ["-H", "Connection: close"]}
CONNECTIONS = 32
HOST, GUEST = "10.77.0.1", "10.77.0.2"
TICK = os.sysconf("SC_CLK_TCK")

CONFIGURATION = """\
worker_processes 1;
master_process off;
daemon off;
error_log stderr error;
pid {logs}/nginx.pid;
events {{ worker_connections 4096; }}
http {{
    access_log {logs}/access.log;
    client_body_temp_path {logs}/body;
    proxy_temp_path {logs}/proxy;
    fastcgi_temp_path {logs}/fastcgi;
    uwsgi_temp_path {logs}/uwsgi;
    scgi_temp_path {logs}/scgi;
    sendfile on;
    tcp_nopush on;
    keepalive_timeout 75s;
    keepalive_requests 1000000;
    server {{
        listen {port};
        root {www};
    }}
}}
"""


def run(*argv):
    done = subprocess.run(
        [str(a) for a in argv], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise Failed(f"{' '.join(map(str, argv))}: {done.stderr.strip()}")
    return done.stdout


def requirements():
    """Raises Missing, with what to do."""
    if os.geteuid() != 0:
        raise Missing("network namespaces and TAP devices need root: run it with sudo")
    for program, package in (("wrk", "wrk"), ("ip", "iproute2"), ("curl", "curl")):
        if shutil.which(program) is None:
            raise Missing(f"'{program}' is not there: install the package {package}")
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        raise Missing("/dev/net/tun cannot be opened")
    if not NATIVE.exists():
        raise Missing(f"{NATIVE} is not there: 'make' builds it")


class Network:
    """A namespace for the client, and one for the native server; a TAP device, and veth."""

    def __init__(self, number=0):
        """@number: different ones where there are several networks at once."""
        self.client = f"cubicle-client{number}-{os.getpid()}"
        self.server = f"cubicle-server{number}-{os.getpid()}"

    def __enter__(self):
        for name in (self.client, self.server):
            run("ip", "netns", "add", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        return self

    def __exit__(self, *_):
        for name in (self.client, self.server):
            subprocess.run(["ip", "netns", "del", name], check=False)

    def tap(self):
        run("ip", "-n", self.client, "tuntap", "add", "dev", "tap0", "mode", "tap", "vnet_hdr")
        run("ip", "-n", self.client, "addr", "add", f"{HOST}/24", "dev", "tap0")
        run("ip", "-n", self.client, "link", "set", "tap0", "up")

    def no_tap(self):
        subprocess.run(["ip", "-n", self.client, "link", "del", "tap0"], check=False)

    def veth(self):
        run("ip", "-n", self.client, "link", "add", "veth0", "type", "veth", "peer", "name",
            "veth1", "netns", self.server)
        for name, device, address in ((self.client, "veth0", HOST), (self.server, "veth1", GUEST)):
            run("ip", "-n", name, "addr", "add", f"{address}/24", "dev", device)
            run("ip", "-n", name, "link", "set", device, "up")

    def no_veth(self):
        subprocess.run(["ip", "-n", self.client, "link", "del", "veth0"], check=False)


def make_root(folder, text=CONFIGURATION):
    """A document root with a file of every size, and NGINX's own folders."""
    www = Path(folder) / "www"
    www.mkdir()
    os.chmod(folder, 0o755)
    for name, size in SIZES.items():
        (www / name).write_bytes(os.urandom(size))
    (Path(folder) / "etc" / "nginx").mkdir(parents=True)
    (Path(folder) / "etc" / "nginx" / "nginx.conf").write_text(
        text.format(logs="/tmp", port=80, www="/www")
    )
    return www


def processor_seconds(pid):
    """User and system time of @pid and its children so far."""
    ticks = 0
    for process in descendants(pid):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / TICK


@contextlib.contextmanager
def native_server(network, folder, processor, text=CONFIGURATION, program=NATIVE):
    """NGINX as a Linux process behind veth, its files on a tmpfs. Gives its pid."""
    network.veth()
    logs = Path(folder) / "logs"
    logs.mkdir(exist_ok=True)
    configuration = Path(folder) / "native.conf"
    configuration.write_text(
        text.format(logs=logs, port=80, www=Path(folder) / "www")
        .replace("http {", "user root;\nhttp {", 1)
    )
    argv = ["ip", "netns", "exec", network.server, "taskset", "-c", str(processor),
            str(program), "-p", folder, "-c", str(configuration)]
    try:
        with started(argv) as process:
            yield process.pid
    finally:
        network.no_veth()


@contextlib.contextmanager
def cubicle_server(network, folder, processor, options, system="nginx"):
    """NGINX in cubicles behind a TAP device. Gives the command's pid."""
    network.tap()
    argv = ["ip", "netns", "exec", network.client, "taskset", "-c", str(processor),
            str(CUBICLE), "run", system, *options, f"--root={folder}",
            f"--network=tap:tap0,address={GUEST}/24,gateway={HOST}"]
    try:
        with started(argv) as process:
            yield process.pid
    finally:
        network.no_tap()


@contextlib.contextmanager
def started(argv):
    """Runs the server; it is ended when the block is left."""
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(  # pylint: disable=consider-using-with
            argv, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors
        )
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            errors.seek(0)
            if process.returncode not in (0, 143, -signal.SIGTERM):
                print(errors.read().decode(errors="replace"), file=sys.stderr)


def await_server(network):
    for _ in range(100):
        done = subprocess.run(
            ["ip", "netns", "exec", network.client, "curl", "-s", "-o", "/dev/null",
             "--max-time", "1", f"http://{GUEST}/1K"], check=False)
        if done.returncode == 0:
            return
        time.sleep(0.1)
    raise Failed("the server does not answer")


RATE = re.compile(r"^Requests/sec:\s+([\d.]+)", re.MULTILINE)
COUNT = re.compile(r"^\s*(\d+) requests in", re.MULTILINE)
QUANTILE = re.compile(r"^\s+(50|99)%\s+([\d.]+)(us|ms|s|m) *$", re.MULTILINE)
ERRORS = re.compile(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)")
BAD = re.compile(r"Non-2xx.*: (\d+)")
UNITS = {"us": 1e-3, "ms": 1, "s": 1e3, "m": 6e4}


def read_wrk(out):
    """What wrk prints: requests, requests/s, latencies in ms, errors, answers that are not 2xx."""
    latency = {quantile: float(value) * UNITS[unit] for quantile, value, unit in QUANTILE.findall(out)}
    count, rate = COUNT.search(out), RATE.search(out)
    if count is None or rate is None or len(latency) != 2 or count.group(1) == "0":
        raise Failed(f"wrk tells of no requests:\n{out}")
    errors, bad = ERRORS.search(out), BAD.search(out)
    return {
        "count": int(count.group(1)),
        "rate": float(rate.group(1)),
        "p50": latency["50"],
        "p99": latency["99"],
        "errors": sum(map(int, errors.groups())) if errors else 0,
        "bad": int(bad.group(1)) if bad else 0,
    }


def request(network, processor, name, extra, seconds, pid, server=f"http://{GUEST}"):
    """One run of wrk: what read_wrk() tells, and "cpu", microseconds of server time per request."""
    before = processor_seconds(pid)
    out = run("ip", "netns", "exec", network.client, "taskset", "-c", processor, "wrk",
              "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "--timeout", "10s",
              *extra, f"{server}/{name}")
    used = processor_seconds(pid) - before
    answer = read_wrk(out)
    return {**answer, "cpu": used / answer["count"] * 1e6}
