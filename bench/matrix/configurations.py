"""What is compared: ways to run the same system."""

from collections import namedtuple
from pathlib import Path

# @suffix: of the manifest's name; @options: of `cubicle run`, None for a native Linux process.
Configuration = namedtuple("Configuration", "name title options suffix", defaults=("",))

NATIVE = Configuration("native", "native Linux process", None)
DIRECT = Configuration("direct", "no isolation, plain calls", ["--isolation=none", "--link=direct"])
NONE = Configuration("none", "no isolation, trampolines", ["--isolation=none"])
SFI = Configuration("sfi", "isolated", ["--isolation=sfi"])
LAZY = Configuration("sfi lazy", "isolated, closed windows are revoked lazily",
                     ["--isolation=sfi", "--revoke=lazy"])
IPC = Configuration("ipc", "a process for each cubicle", ["--isolation=ipc"])
MPK = Configuration("mpk", "isolated by protection keys", ["--isolation=mpk"])
# The same modules in fewer cubicles.
GROUPED = [Configuration(f"{c.name}-{n}", f"{c.title}, {n} cubicles", c.options, f"-{n}")
           for c in (SFI,) for n in (4, 3)]

ALL = {c.name: c for c in (NATIVE, DIRECT, NONE, SFI, LAZY, IPC, MPK, *GROUPED)}


def has_keys():
    """Whether protection keys can be used here."""
    return "ospke" in Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").split()


def in_cubicles():
    """The configurations of the matrix that run cubicles here, the yardstick first."""
    return [DIRECT, NONE, SFI, LAZY, IPC, *([MPK] if has_keys() else [])]


def title(name):
    """What a configuration of the matrix is; of others the name says it."""
    return ALL[name].title if name in ALL else name
