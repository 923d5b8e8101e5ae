"""NGINX: files of 1 KiB to 8 MiB, on connections that stay and on one per request.

All servers of a round run together, and are asked one after the other for each size: what is compared lies seconds apart.
"""

import collections
import concurrent.futures
import contextlib
import functools
import itertools
import os
import tempfile

import nginx as server
from matrix import configurations as c
from matrix.commands import SHARED
from matrix.figures import ratios, spread
from matrix.plots import Plot
from matrix.results import Row, Sample
from matrix.turns import Part, Plan, Step

QUICK_SIZES = ["1K", "100K", "1M"]
KEYS = {"rate": Row("requests", "1/s", "more"), "cpu": Row("server time", "us"),
        "p50": Row("latency, 50 %", "ms"), "p99": Row("latency, 99 %", "ms")}
FAILURES = Row("errors, and answers that are not 2xx", "")
BESIDE = "both at once"
PROCESSES = "nginx-processes"  # the system for `ipc`: stack and device share a cubicle


def row(mode, size, key):
    return KEYS[key]._replace(name=f"{mode}, {size}, {KEYS[key].name}")


def samples_of(name, mode, size, answer):
    """@answer: of server.request()."""
    rows = [Sample(name, row(mode, size, key), answer[key]) for key in KEYS]
    return [*rows, Sample(name, FAILURES, answer["errors"] + answer["bad"])]


def processors():
    """Of the server, and of the client."""
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[0], allowed[-1]


def started(network, folder, configuration):
    if configuration is c.NATIVE:
        return server.native_server(network, folder, processors()[0])
    system = PROCESSES if configuration is c.IPC else "nginx"
    return server.cubicle_server(network, folder, processors()[0], configuration.options, system)


class Servers:
    """Servers that wait while others are asked, each with a network of its own."""

    Server = collections.namedtuple("Server", "network pid stack")

    def __init__(self):
        self.numbers = itertools.count()
        self.running = {}  # {configuration's name: Server}
        self.failures = collections.Counter()

    def start(self, which):
        """One that has just been started."""
        self.stop(which)
        with contextlib.ExitStack() as stack:
            network = stack.enter_context(server.Network(next(self.numbers)))
            folder = stack.enter_context(tempfile.TemporaryDirectory(dir=SHARED))
            server.make_root(folder)
            pid = stack.enter_context(started(network, folder, which))
            server.await_server(network, pid)
            self.running[which.name] = self.Server(network, pid, stack.pop_all())
        return self.running[which.name]

    def get(self, which):
        return self.running.get(which.name) or self.start(which)

    def stop(self, which):
        running = self.running.pop(which.name, None)
        if running is not None:
            running.stack.close()

    def stop_all(self):
        for which in list(self.running):
            self.stop(c.ALL[which])

    def ask(self, which, mode, size, seconds):
        """What server.request() tells. A server that fails is stopped: the next that asks has another."""
        try:
            network, pid, _ = self.get(which)
            return server.request(network, processors()[1], size, server.MODES[mode], seconds, pid)
        except BaseException:
            self.stop(which)
            raise


def measure(servers, which, asked, at, seconds, _):
    """@asked: [(mode, size)] of a round, of which this is number @at."""
    if at == 0:
        servers.start(which)
        servers.failures[which.name] = 0
    samples = samples_of(which.name, *asked[at], servers.ask(which, *asked[at], seconds))
    servers.failures[which.name] += samples.pop().value
    if at == len(asked) - 1:
        samples.append(Sample(which.name, FAILURES, servers.failures[which.name]))
    return samples


def beside_row(mode, size):
    return Row(f"{BESIDE}, {mode}, {size}, server time", "us")


def measure_beside(servers, mode, size, seconds, _):
    """Two servers at once on one processor, each with a client of its own on the other: what disturbs one disturbs
    both. Their time per request is what can be compared."""
    both = (c.DIRECT, c.SFI)
    for which in both:
        servers.get(which)
    with concurrent.futures.ThreadPoolExecutor(len(both)) as pool:
        runs = {which.name: pool.submit(servers.ask, which, mode, size, seconds) for which in both}
    return [Sample(name, beside_row(mode, size), run.result()["cpu"]) for name, run in runs.items()]


def plan(settings):
    server.requirements()
    sizes = QUICK_SIZES if settings.quick else list(server.SIZES)
    modes = list(server.MODES)[:1] if settings.quick else list(server.MODES)
    asked = [(mode, size) for mode in modes for size in sizes]
    guess = settings.seconds + 0.2
    servers = Servers()
    steps = []
    for at, (mode, size) in enumerate(asked):
        steps += [Step(which.name, f"{mode}, {size}, {which.title}", guess,
                       functools.partial(measure, servers, which, asked, at, settings.seconds))
                  for which in (c.NATIVE, *c.in_cubicles())]
        if not settings.quick:
            steps.append(Step(BESIDE, f"{mode}, {size}, {BESIDE} on one processor", guess,
                              functools.partial(measure_beside, servers, mode, size, settings.seconds)))
    return Plan(steps, {"connections": server.CONNECTIONS, "seconds each": settings.seconds},
                finish=servers.stop_all)


def ratio_text(result, mode, size, key, base, other):
    """Median and range of the ratios of the rounds; empty without them."""
    name = beside_row(mode, size).name if key == BESIDE else row(mode, size, key).name
    each = ratios(result.get(name, other), result.get(name, base))
    if not each:
        return ""
    figures = spread(each)
    return f"{figures.median:.3f} ({figures.least:.3f} to {figures.greatest:.3f})"


def summary(result):
    """How isolation compares with plain calls and with the native server."""
    lines = ["isolated (sfi), median and range of the ratios of the rounds:",
             f"{'':24s}{'size':>6s}{'server time, of direct':>26s}{'requests, of direct':>26s}"
             f"{'requests, of native':>26s}{'server time, ' + BESIDE:>27s}"]
    for mode in server.MODES:
        for size in server.SIZES:
            cells = [ratio_text(result, mode, size, *which) for which in (
                ("cpu", "direct", "sfi"), ("rate", "direct", "sfi"), ("rate", "native", "sfi"),
                (BESIDE, "direct", "sfi"))]
            if any(cells):
                lines.append(f"{mode:24s}{size:>6s}" + "".join(f"{cell:>26s}" for cell in cells))
    return lines if len(lines) > 2 else []


def by_size(result, mode, key, title):
    series = []
    for name in result.configurations():
        points = [(size, spread(values)) for label, size in server.SIZES.items()
                  if (values := result.get(row(mode, label, key).name, name))]
        series.append((name, points))
    unit = {"rate": "requests per second", "p99": "ms", "cpu": "us"}[key]
    return Plot(f"{key}-{mode.split(' ', 1)[0]}", f"{title}, {mode}", "bytes of the file", unit,
                [s for s in series if s[1]], log_x=True, log_y=True)


def plots(result):
    titles = {"rate": "Throughput", "p99": "Latency, 99 % of requests", "cpu": "Server time of a request"}
    drawn = [by_size(result, mode, key, title) for mode in server.MODES for key, title in titles.items()]
    return [plot for plot in drawn if plot.series]


PART = Part("nginx", "NGINX by size of the file",
            "wrk in a network namespace, on another processor. The servers have a TAP device, the Linux process veth. The "
            "server's time is that of its processes, the kernel's part included.", plan, summary, plots)
