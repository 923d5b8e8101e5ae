"""What the figures depend on besides the project."""

import os
import platform
import re
import subprocess
import time
from pathlib import Path

from matrix.commands import CUBICLE, TOP

# Where one of these differs, times cannot be compared.
KIND = ("cpu", "cpus", "kernel", "compiler", "fsgsbase", "pku", "views")


def first_line(argv):
    """Of what a command prints; "unknown" without it."""
    try:
        out = subprocess.run([str(a) for a in argv], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return (out.splitlines() or ["unknown"])[0]


def offered():
    """What `cubicle check` says of the processor and the kernel."""
    try:
        text = subprocess.run([CUBICLE, "check"], capture_output=True, text=True, check=False).stdout
    except OSError:
        text = ""
    found = dict(re.findall(r"^ +(\w+) +(yes|no)\b", text, re.MULTILINE))
    views = re.search(r"--view-switch=(\w+)", text)
    return {"fsgsbase": found.get("FSGSBASE", "unknown"), "pku": found.get("PKU", "unknown"),
            "views": views.group(1) if views else "unknown"}


def machine():
    """All of it, for the JSON."""
    cpu = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"),
                    re.MULTILINE)
    return {
        "cpu": cpu.group(1) if cpu else platform.processor(),
        "cpus": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
        "compiler": first_line(["gcc", "--version"]),
        **offered(),
        "version": (TOP / "VERSION").read_text(encoding="utf-8").strip(),
        "commit": first_line(["git", "-C", TOP, "describe", "--always", "--dirty"]),
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "load": round(os.getloadavg()[0], 1),
    }


def describe(facts):
    """One line."""
    known = {key: facts.get(key, "unknown") for key in (*KIND, "load")}
    return ("{cpu}, {cpus} CPUs, Linux {kernel}, {compiler}, FSGSBASE {fsgsbase}, PKU {pku}, "
            "load {load} at the start").format(**known)


def differences(ours, theirs):
    """In what two machines differ, as text; empty where figures can be compared."""
    return [f"{key}: {theirs.get(key)} before, {ours.get(key)} now" for key in KIND
            if ours.get(key) != theirs.get(key)]
