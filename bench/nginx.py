"""NGINX, isolated and not, over a TAP device; and as a Linux process over veth.

The client is wrk, in a network namespace and on a processor of its own. Servers take turns within a
round; each answers every size, on connections that stay and on a connection per request. What is
measured: requests per second, the latency of wrk's requests, and the processor time that the
server's processes take for a request, the kernel's share in their name included.
"""

import concurrent.futures
import contextlib
import os
import re
import shutil
import signal
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from processes import descendants

TOP = Path(__file__).resolve().parent.parent
BUILD = TOP / "build"
CUBICLE = BUILD / "bin" / "cubicle"
NATIVE = BUILD / "native" / "nginx"

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


class Missing(Exception):
    """What this machine lacks."""


def run(*argv):
    done = subprocess.run(
        [str(a) for a in argv], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, argv))}: {done.stderr.strip()}")
    return done.stdout


def requirements():
    """Raises Missing, with what to do."""
    if os.geteuid() != 0:
        raise Missing("network namespaces and TAP devices need root: run it with sudo")
    for program, package in (("wrk", "wrk"), ("ip", "iproute2")):
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
                print(errors.read().decode(errors="replace"))


def await_server(network):
    for _ in range(100):
        done = subprocess.run(
            ["ip", "netns", "exec", network.client, "curl", "-s", "-o", "/dev/null",
             "--max-time", "1", f"http://{GUEST}/1K"], check=False)
        if done.returncode == 0:
            return
        time.sleep(0.1)
    raise RuntimeError("the server does not answer")


RATE = re.compile(r"^Requests/sec:\s+([\d.]+)", re.MULTILINE)
COUNT = re.compile(r"^\s*(\d+) requests in", re.MULTILINE)
QUANTILE = re.compile(r"^\s+(50|99)%\s+([\d.]+)(us|ms|s|m)$", re.MULTILINE)
ERRORS = re.compile(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)")
UNITS = {"us": 1e-3, "ms": 1, "s": 1e3, "m": 6e4}


def request(network, processor, name, extra, seconds, pid, server=f"http://{GUEST}"):
    """One run of wrk: requests/s, microseconds of server time per request, latencies, errors."""
    argv = ["ip", "netns", "exec", network.client, "taskset", "-c", str(processor), "wrk",
            "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "--timeout", "10s",
            *extra, f"{server}/{name}"]
    before = processor_seconds(pid)
    out = run(*argv)
    used = processor_seconds(pid) - before
    count = int(COUNT.search(out).group(1))
    latency = {q: float(v) * UNITS[u] for q, v, u in QUANTILE.findall(out)}
    errors = ERRORS.search(out)
    return {
        "rate": float(RATE.search(out).group(1)),
        "cpu": used / count * 1e6 if count else float("nan"),
        "p50": latency.get("50", float("nan")),
        "p99": latency.get("99", float("nan")),
        "errors": sum(map(int, errors.groups())) if errors else 0,
        "bad": int(m.group(1)) if (m := re.search(r"Non-2xx.*: (\d+)", out)) else 0,
    }


def measure(configurations, rounds, seconds, note, sizes=None):
    """@configurations: {name: options of `cubicle run`, or None: the native server}. Returns
    {name: {mode: {size: [a result of request() per round]}}}."""
    requirements()
    processors = sorted(os.sched_getaffinity(0))
    server, client = processors[0], processors[-1]
    results = {c: {m: {} for m in MODES} for c in configurations}
    shared = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with Network() as network, tempfile.TemporaryDirectory(dir=shared) as folder:
        make_root(folder)
        for number in range(rounds):
            for name, options in configurations.items():
                start = (native_server(network, folder, server) if options is None
                         else cubicle_server(network, folder, server, options))
                with start as pid:
                    await_server(network)
                    for mode, extra in MODES.items():
                        for size in sizes or SIZES:
                            note(f"nginx round {number + 1}/{rounds}: {name}, {mode}, {size}")
                            result = request(network, client, size, extra, seconds, pid)
                            results[name][mode].setdefault(size, []).append(result)
    return results


def measure_beside(configurations, rounds, seconds, note):
    """Two servers at once on one processor, each with a client of its own on the other: what disturbs
    the machine disturbs both. @configurations: {name: options of `cubicle run`}, two. Returns as
    measure() does; the servers' time per request is what can be compared."""
    requirements()
    processors = sorted(os.sched_getaffinity(0))
    results = {c: {m: {} for m in MODES} for c in configurations}
    shared = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(dir=shared))
        make_root(folder)
        servers = {}
        for number, (name, options) in enumerate(configurations.items()):
            network = stack.enter_context(Network(number))
            pid = stack.enter_context(cubicle_server(network, folder, processors[0], options))
            await_server(network)
            servers[name] = network, pid
        pool = stack.enter_context(concurrent.futures.ThreadPoolExecutor(len(servers)))
        for number in range(rounds):
            for mode, extra in MODES.items():
                for size in SIZES:
                    note(f"nginx side by side, round {number + 1}/{rounds}: {mode}, {size}")
                    runs = {name: pool.submit(request, network, processors[-1], size, extra,
                                              seconds, pid)
                            for name, (network, pid) in servers.items()}
                    for name, run_ in runs.items():
                        results[name][mode].setdefault(size, []).append(run_.result())
    return results


def ratios(results, base, other, mode, size, key):
    """@key of @other by that of @base, of each round."""
    return [b[key] / a[key] for a, b in
            zip(results[base][mode][size], results[other][mode][size])]


def print_beside(results, titles, base="direct", other="sfi"):
    print(f"\nboth at once on one processor: server time per request of {titles[other]}, "
          f"of {titles[base]}")
    for mode in MODES:
        for size in results[base][mode]:
            cpu = ratios(results, base, other, mode, size, "cpu")
            print(f"{mode:24s}{size:>6s}{statistics.median(cpu):14.3f}"
                  f"   ({min(cpu):.3f} to {max(cpu):.3f})")


def middle(results, name, mode, size, key):
    return statistics.median(r[key] for r in results[name][mode][size])


def print_results(results, titles, base="direct", other="sfi"):
    """The tables, and how @other compares with @base and with the native server."""
    for mode in MODES:
        print(f"\n{mode:24s}" + "".join(f"{titles[c]:>30s}" for c in results))
        for size in next(iter(results.values()))[mode]:
            cells = "".join(
                f"{middle(results, c, mode, size, 'rate'):12.0f}/s"
                f"{middle(results, c, mode, size, 'cpu'):10.1f} us   " for c in results)
            print(f"{size:>24s}{cells}")
    if base not in results or other not in results:
        return
    print(f"\n{titles[other]}, of {titles[base]}"
          + (f", and of {titles['native']}" if "native" in results else ""))
    print(f"{'':24s}{'size':>6s}{'server time':>14s}{'requests':>12s}{'of native':>12s}")
    for mode in MODES:
        for size in results[base][mode]:
            cpu = ratios(results, base, other, mode, size, "cpu")
            rate = ratios(results, base, other, mode, size, "rate")
            native = ""
            if "native" in results:
                native = (middle(results, other, mode, size, "rate")
                          / middle(results, "native", mode, size, "rate"))
                native = f"{native:12.2f}"
            print(f"{mode:24s}{size:>6s}{statistics.median(cpu):14.3f}"
                  f"{statistics.median(rate):12.3f}{native}")
    errors = sum(r["errors"] + r["bad"] for c in results.values() for m in c.values()
                 for s in m.values() for r in s)
    print(f"errors: {errors}")


PLOT = """\
set terminal svg size 900,420 dynamic background rgb 'white' font 'sans-serif,12'
set output '{output}'
set multiplot layout 1,2
set logscale xy
set xlabel 'bytes of the file'
set key top right
set grid
set ylabel 'requests per second, keep-alive'
plot {rates}
set ylabel 'latency, 99 % of requests, ms'
set key top left
plot {latencies}
"""


def draw(results, titles, output):
    """Throughput and latency by size as an SVG; False where gnuplot is not there."""
    if shutil.which("gnuplot") is None:
        return False
    with tempfile.TemporaryDirectory() as folder:
        curves = {"rate": [], "p99": []}
        for name in results:
            data = Path(folder) / name
            sizes = results[name]["keep-alive"]
            data.write_text("".join(
                f"{SIZES[s]} {middle(results, name, 'keep-alive', s, 'rate')} "
                f"{middle(results, name, 'keep-alive', s, 'p99')}\n" for s in sizes))
            for column, key in ((2, "rate"), (3, "p99")):
                curves[key].append(
                    f"'{data}' using 1:{column} with linespoints title '{titles[name]}'")
        script = PLOT.format(output=output, rates=", ".join(curves["rate"]),
                             latencies=", ".join(curves["p99"]))
        subprocess.run(["gnuplot"], input=script, text=True, check=True)
    return True
