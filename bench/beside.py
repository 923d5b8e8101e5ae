#!/usr/bin/env python3
"""Compares ways to run SQLite's benchmark: all at the same time on one processor.

    bench/beside.py [--rounds N] [--size N] [--processor N] [--system NAME]
                    -- OPTIONS OPTIONS...

Each OPTIONS is one argument with options of `cubicle run`, e.g. '--isolation=sfi' or
'--isolation=none --link=direct'; settings of the environment may stand among them ('NAME=1').
The first is the yardstick. Name it twice: what the second copy differs from 1 is what the
measurement cannot tell. Times are processor times without those of a run of size 1.
"""

import argparse
import os
import random
import shlex
import signal
import statistics
import subprocess
import sys

from matrix.commands import CUBICLE, Failed

def together(commands, processor):
    """Processor seconds of each command, run at the same time on @processor. Raises Failed when one fails."""
    children = {}
    try:
        return wait_for(children, commands, processor)
    finally:
        for pid in children:  # where one has failed, or the user ends it
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def wait_for(children, commands, processor):
    """Starts them; @children has those that have not ended, {pid: number}."""
    for number, (argv, environment) in enumerate(commands):
        child = subprocess.Popen(  # pylint: disable=consider-using-with
            [str(a) for a in argv],
            stdout=subprocess.DEVNULL,
            env={**os.environ, **environment},
        )
        os.sched_setaffinity(child.pid, {processor})
        children[child.pid] = number
    seconds = [0.0] * len(commands)
    while children:
        pid, status, usage = os.wait4(-1, 0)
        number = children.pop(pid)
        if status != 0:
            raise Failed(f"{' '.join(map(str, commands[number][0]))}: status {status}")
        seconds[number] = usage.ru_utime + usage.ru_stime
    return seconds

def run_command(system, options, size):
    """What @options stands for: (argv, environment)."""
    words = shlex.split(options)
    environment = dict(w.split("=", 1) for w in words if not w.startswith("-"))
    options = [w for w in words if w.startswith("-")]
    return [CUBICLE, "run", system, *options, "--", "--size", size, "/test.db"], environment

def measure(arguments):
    """One round: seconds of each, less those of a run of size 1. Who starts first changes."""
    order = random.sample(range(len(arguments.options)), len(arguments.options))
    result = [0.0] * len(order)
    for size, sign in ((1, -1), (arguments.size, 1)):
        commands = [
            run_command(arguments.system, arguments.options[i], size) for i in order
        ]
        for i, seconds in zip(order, together(commands, arguments.processor)):
            result[i] += sign * seconds
    return result

def report(options, rounds):
    """A line for each: median seconds; ratios to the first: median, error of the mean, range."""
    for i, option in enumerate(options):
        ratios = [r[i] / r[0] for r in rounds]
        error = statistics.stdev(ratios) / len(ratios) ** 0.5 if len(ratios) > 1 else 0
        print(
            f"{statistics.median(r[i] for r in rounds):8.3f}s  {statistics.median(ratios):.3f}"
            f" +- {error:.3f} ({min(ratios):.3f} to {max(ratios):.3f})  {option}"
        )

def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--size", type=int, default=25)
    parser.add_argument("--processor", type=int, default=max(os.sched_getaffinity(0)))
    parser.add_argument("--system", default="speedtest1")
    parser.add_argument("options", nargs="+", metavar="OPTIONS")
    arguments = parser.parse_args()
    try:
        report(arguments.options, [measure(arguments) for _ in range(arguments.rounds)])
    except Failed as failed:
        sys.exit(f"bench: {failed}")

if __name__ == "__main__":
    main()
