"""NGINX with a process for each cubicle, by grouping: on one processor beside that of the client, and on all."""

import functools
import os
import tempfile

import nginx as server
from matrix import configurations as c
from matrix.commands import SHARED
from matrix.results import Row, Sample
from matrix.turns import Step

SYSTEM = "nginx-processes"  # stack and device share a cubicle, as processes share no memory
SIZES = ("1K", "100K")
MODE = "keep-alive"
ERRORS = Row("NGINX, errors, and answers that are not 2xx", "")


def row(size, key):
    name, unit, better = {"rate": ("requests", "1/s", "more"), "cpu": ("server time", "us", "less")}[key]
    return Row(f"NGINX, {size}, {name}", unit, better)


def measure(name, options, suffix, processors, seconds, note):
    samples, errors = [], 0
    with server.Network() as network, tempfile.TemporaryDirectory(dir=SHARED) as folder:
        server.make_root(folder)
        with server.cubicle_server(network, folder, processors, options, SYSTEM + suffix) as pid:
            server.await_server(network, pid)
            for size in SIZES:
                note(size)
                client = str(max(os.sched_getaffinity(0)))
                answer = server.request(network, client, size, server.MODES[MODE], seconds, pid)
                samples += [Sample(name, row(size, key), answer[key]) for key in ("rate", "cpu")]
                errors += answer["errors"] + answer["bad"]
    return [*samples, Sample(name, ERRORS, errors)]


def steps(groups, one, seconds):
    """@groups: suffixes of the system; @one: of the name of a configuration on one processor. Raises Missing."""
    server.requirements()
    allowed = sorted(os.sched_getaffinity(0))
    first, every = str(allowed[0]), ",".join(map(str, allowed))
    runs = {"direct": (c.DIRECT.options, "", first)}
    for group in groups:
        runs[f"sfi{group}"] = c.SFI.options, group, first
        runs[f"ipc{group}"] = c.IPC.options, group, every
        runs[f"ipc{group}{one}"] = c.IPC.options, group, first
    return [Step(name, f"NGINX, {name}", len(SIZES) * seconds + 1.5, functools.partial(measure, name, *run, seconds))
            for name, run in runs.items()]


def lines(result, base_of):
    """A table; @base_of: the configuration that another is compared with."""
    names = [name for name in result.configurations() if result.get(row(SIZES[0], "cpu").name, name)]
    if not names:
        return []
    out = ["", f"{'NGINX, ' + MODE:24s}" + "".join(f"{size + ', 1/s':>12s}{'server, us':>12s}{'of sfi':>9s}"
                                                   for size in SIZES)]
    for name in names:
        cells = ""
        for size in SIZES:
            rate, cpu = (result.median(row(size, key).name, name) for key in ("rate", "cpu"))
            base = result.median(row(size, "cpu").name, base_of(name))
            cells += f"{rate:12.0f}{cpu:12.1f}" + (f"{cpu / base:9.2f}" if base else f"{'':9s}")
        out.append(f"{name:24s}{cells}")
    return out
