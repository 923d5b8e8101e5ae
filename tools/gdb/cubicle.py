"""CubicleOS for gdb: symbols of modules, backtraces through all cubicles, pointers of cubicles.

    gdb -x tools/gdb/cubicle.py -p PID-OF-THE-MONITOR
    gdb -x tools/gdb/cubicle.py --args build/bin/cubicle run hello

It reads the monitor's own records through the debugging information of `cubicle`, and changes
nothing in the running system. docs/debugging.md shows the commands in use:

    cubicle-info                    cubicles, their views, their modules
    cubicle-break MODULE:FUNCTION   as soon as the module is loaded
    cubicle-bt                      calls between cubicles in progress
    cubicle-x [/FMT] EXPRESSION     x on a cubicle's pointer
    $_cubicle(POINTER [, "NAME"])   the same pointer as an address of the process
    cubicle-symbols                 loads the modules' symbols; happens by itself
"""

import os
import sys

import gdb
import gdb.unwinder

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cubicle_frames import CubicleFilter, CubicleUnwinder, stack_switches  # noqa: E402
from cubicle_records import OFFSET, STUBS_START, symbol_text, system  # noqa: E402

# ---- loading ----


def load():
    """Loads what is not loaded yet. None, or why nothing is."""
    if system.cubicles:
        return None
    try:
        found = system.load()
    except gdb.error as error:
        system.forget()
        return f"no records of a running system: {error}"
    if not found:
        return ("no system runs in this process: `cubicle run` starts a child for it; attach "
                "to that (pgrep -P PID)")
    for module in system.modules():
        module.add_symbols()
    if system.bodies:
        stack_switches()
    gdb.invalidate_cached_frames()
    CubicleBreak.set_all()
    return None


def need():
    why = load()
    if why:
        raise gdb.GdbError(why)


class Loaded(gdb.Breakpoint):
    """All modules have been loaded, and none runs yet."""

    def __init__(self):
        super().__init__("wall_raise", internal=True)
        self.silent = True

    def stop(self):
        load()
        return False


def on_stop(_event):
    load()


def on_cont(_event):
    system.cached_calls = None


def on_exit(_event):
    if not system.cubicles:
        return
    CubicleBreak.unset_all()
    for module in system.modules():
        module.remove_symbols()
    if system.bodies:
        gdb.execute(f"remove-symbol-file -a {STUBS_START:#x}", to_string=True)
    system.forget()


# ---- commands ----


class Command(gdb.Command):
    def __init__(self, name, kind=gdb.COMMAND_STATUS, prefix=False):
        super().__init__(name, kind, gdb.COMPLETE_EXPRESSION if prefix else gdb.COMPLETE_NONE)


class CubicleSymbols(Command):
    """Loads the symbols of the running system's modules; happens by itself at each stop."""

    def invoke(self, argument, from_tty):
        need()


class CubicleInfo(Command):
    """Cubicles, with id, view and stack (offsets), and where their modules' code lies."""

    def invoke(self, argument, from_tty):
        need()
        running = system.running()
        for c in system.cubicles:
            mark = "*" if c.id == running else " "
            print(f"{mark} {c.id:3} {c.name:12} view {c.view:#014x}  "
                  f"stack {c.stack:#x}-{c.stack_end:#x}")
            for m in c.modules:
                print(f"        {m.name:12} code {m.code:#x}-{m.end:#x}  {m.path}")


class CubicleBreak(Command):
    """cubicle-break MODULE:FUNCTION: a breakpoint at the function of that module alone."""

    wanted = []
    breakpoints = []

    def invoke(self, argument, from_tty):
        module, _, function = argument.strip().partition(":")
        if not module or not function:
            raise gdb.GdbError("cubicle-break MODULE:FUNCTION")
        if system.cubicles:
            self.set(module, function)
        else:
            print(f"Breakpoint at {module}:{function} when the system is loaded.")
        self.wanted.append((module, function))

    @classmethod
    def set(cls, module, function):
        found = next((m for m in system.modules() if m.name == module), None)
        address = found.function(function) if found else None
        if address is None:
            raise gdb.GdbError(f"no module {module} in the system" if found is None
                               else f"module {module} has no function {function}")
        cls.breakpoints.append(gdb.Breakpoint(f"*{address:#x}"))

    @classmethod
    def set_all(cls):
        for module, function in cls.wanted:
            try:
                cls.set(module, function)
            except gdb.GdbError as error:
                print(error)

    @classmethod
    def unset_all(cls):
        for breakpoint in cls.breakpoints:
            if breakpoint.is_valid():
                breakpoint.delete()
        cls.breakpoints = []


class CubicleBt(Command):
    """Calls between cubicles in progress, the innermost first."""

    def invoke(self, argument, from_tty):
        need()
        calls = system.calls()
        for number, call in enumerate(reversed(calls)):
            print(f"#{number:<2} {system.name(call.callee)}: {call.name}, called by "
                  f"{system.name(call.caller)} from {call.ret:#x}"
                  + symbol_text(call.ret))


def cubicle_address(value, name=None):
    """The address of what a cubicle's pointer means to it."""
    need()
    if name is not None:
        cubicle = next((c for c in system.cubicles if c.name == name), None)
        if cubicle is None:
            raise gdb.GdbError(f"no cubicle {name}")
    else:
        try:
            cubicle = system.owner(int(gdb.selected_frame().read_register("rsp")) &
                                   (1 << 64) - 1)
        except gdb.error:
            cubicle = None
        if cubicle is None:
            number = system.running()
            cubicle = system.cubicles[number - 1] if number else None
    if cubicle is None:
        raise gdb.GdbError("no cubicle runs; name one")
    return cubicle.view + (int(value) & OFFSET)


class CubicleFunction(gdb.Function):
    """$_cubicle(POINTER [, "NAME"]): the pointer of the cubicle in whose frame gdb is, or of
    cubicle NAME, as a pointer that gdb can follow."""

    def __init__(self):
        super().__init__("_cubicle")

    def invoke(self, pointer, name=None):
        address = gdb.Value(cubicle_address(pointer, name.string() if name else None))
        if pointer.type.strip_typedefs().code == gdb.TYPE_CODE_PTR:
            return address.cast(pointer.type)
        return address.cast(gdb.lookup_type("char").pointer())


class CubicleX(Command):
    """cubicle-x [/FMT] EXPRESSION: x on the memory that a cubicle's pointer means."""

    def invoke(self, argument, from_tty):
        form, _, rest = argument.partition(" ") if argument.startswith("/") else ("", "", argument)
        if not rest.strip():
            raise gdb.GdbError("cubicle-x [/FMT] EXPRESSION")
        address = cubicle_address(gdb.parse_and_eval(rest))
        gdb.execute(f"x{form} {address:#x}", from_tty)


CubicleSymbols("cubicle-symbols")
CubicleInfo("cubicle-info")
CubicleBreak("cubicle-break", gdb.COMMAND_BREAKPOINTS)
CubicleBt("cubicle-bt", gdb.COMMAND_STACK)
CubicleX("cubicle-x", gdb.COMMAND_DATA, prefix=True)
CubicleFunction()
gdb.frame_filters[CubicleFilter.name] = CubicleFilter()
gdb.unwinder.register_unwinder(None, CubicleUnwinder(), replace=True)
gdb.events.stop.connect(on_stop)
gdb.events.cont.connect(on_cont)
gdb.events.exited.connect(on_exit)
Loaded()
# Windows are mapped at the first touch, and a lost view is set again, by SIGSEGV; SIGVTALRM
# is the watchdog's. `cubicle run` starts a child for the system.
for setting in ("handle SIGSEGV nostop noprint pass", "handle SIGVTALRM nostop noprint pass",
                "set follow-fork-mode child", "set breakpoint pending on"):
    gdb.execute(setting, to_string=True)
if gdb.selected_inferior().pid and load():
    print(load())
