"""NGINX: files of 1 KiB to 8 MiB, on connections that stay and on one per request."""

import concurrent.futures
import contextlib
import functools
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


def measure(configuration, asked, seconds, note):
    """@asked: [(mode, size)]"""
    samples = []
    with server.Network() as network, tempfile.TemporaryDirectory(dir=SHARED) as folder:
        server.make_root(folder)
        with started(network, folder, configuration) as pid:
            server.await_server(network)
            for mode, size in asked:
                note(f"{mode}, {size}")
                answer = server.request(network, processors()[1], size, server.MODES[mode], seconds, pid)
                samples += samples_of(configuration.name, mode, size, answer)
    return add_up(samples)


def add_up(samples):
    """One sample for all failures."""
    failures = [s for s in samples if s.row == FAILURES]
    rest = [s for s in samples if s.row != FAILURES]
    total = sum(s.value for s in failures)
    return [*rest, failures[0]._replace(value=total)] if failures else rest


def beside_row(mode, size):
    return Row(f"{BESIDE}, {mode}, {size}, server time", "us")


def measure_beside(asked, seconds, note):
    """Two servers at once on one processor, each with a client of its own on the other: what disturbs one disturbs
    both. Their time per request is what can be compared."""
    samples = []
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(dir=SHARED))
        server.make_root(folder)
        running = {}
        for number, which in enumerate((c.DIRECT, c.SFI)):
            network = stack.enter_context(server.Network(number))
            pid = stack.enter_context(started(network, folder, which))
            server.await_server(network)
            running[which.name] = network, pid
        pool = stack.enter_context(concurrent.futures.ThreadPoolExecutor(len(running)))
        for mode, size in asked:
            note(f"{mode}, {size}")
            runs = {name: pool.submit(server.request, network, processors()[1], size,
                                      server.MODES[mode], seconds, pid)
                    for name, (network, pid) in running.items()}
            samples += [Sample(name, beside_row(mode, size), run.result()["cpu"])
                        for name, run in runs.items()]
    return samples


def plan(settings):
    server.requirements()
    sizes = QUICK_SIZES if settings.quick else list(server.SIZES)
    modes = list(server.MODES)[:1] if settings.quick else list(server.MODES)
    asked = [(mode, size) for mode in modes for size in sizes]
    guess = len(asked) * settings.seconds + 1.5
    steps = [Step(which.name, which.title, guess,
                  functools.partial(measure, which, asked, settings.seconds))
             for which in (c.NATIVE, *c.in_cubicles())]
    if not settings.quick:
        steps.append(Step(BESIDE, "both at once on one processor", guess,
                          functools.partial(measure_beside, asked, settings.seconds)))
    return Plan(steps, {"connections": server.CONNECTIONS, "seconds each": settings.seconds})


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
