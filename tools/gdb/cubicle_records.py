"""What the monitor's records say of the running system, read through its debugging information."""

import bisect
import contextlib
import re
import struct

import gdb

# monitor/base/layout.h, monitor/call/trampoline_body.h
STUBS_START, STUBS_END = 0x7F000000, 0x80000000
BUNDLE, STUB = 32, 96
BODY_MAX = 2048
CUBICLE_MAX = 256
OFFSET = (1 << 32) - 1
TLS = 3  # IMAGE_TLS: the template, and what is not loaded comes behind it

SAVED = ("rbx", "rbp", "r12", "r13", "r14", "r15")


def memory(address, size):
    return bytes(gdb.selected_inferior().read_memory(address, size))


def word(address):
    return struct.unpack("<Q", memory(address, 8))[0]


@contextlib.contextmanager
def no_scripts():
    """Without gdb's loading of scripts for an object file."""
    before = {}
    for kind in ("python-scripts", "gdb-scripts", "guile-scripts"):
        try:
            before[kind] = gdb.parameter(f"auto-load {kind}")
        except RuntimeError:
            pass  # this gdb knows no such scripts
    try:
        for kind in before:
            gdb.execute(f"set auto-load {kind} off", to_string=True)
        yield
    finally:
        for kind, value in before.items():
            gdb.execute(f"set auto-load {kind} {'on' if value else 'off'}", to_string=True)


class Section:
    def __init__(self, record, bases, view):
        self.name = record["name"].string(errors="replace")
        segment = int(record["segment"])
        # The name becomes part of a command, and a module's author has chosen it.
        self.loaded = segment < TLS and re.fullmatch(r"[\w.]+", self.name) is not None
        if segment < TLS:
            offset = bases[segment] + int(record["at"])
            self.address = offset if segment == 0 else view + offset
        self.in_code = segment == 0


class Module:
    def __init__(self, record, view):
        image = record["image"]
        self.name = record["name"].string()
        self.path = image["path"].string()
        bases = [int(record["base"][i]) for i in range(TLS)]
        self.code = bases[0]
        self.end = self.code + int(image["segment_size"][0])
        self.sections = [Section(image["sections"][i], bases, view)
                         for i in range(1, int(image["nsections"]))]
        self.symbols = image["symbols"]
        self.nsymbols = int(image["nsymbols"])

    def function(self, name):
        """Address of the function, or None."""
        for i in range(self.nsymbols):
            symbol = self.symbols[i]
            index = int(symbol["section"])
            if 0 < index <= len(self.sections) and self.sections[index - 1].in_code and (
                    symbol["name"].string(errors="replace") == name):
                return self.sections[index - 1].address + int(symbol["value"])
        return None

    def add_symbols(self):
        if re.search(r"[^ -~]|[\"\\\\]", self.path):
            print(f"{self.path!r}: no symbols are loaded from a file of such a name")
            return
        places = " ".join(f"-s {s.name} {s.address:#x}" for s in self.sections if s.loaded)
        # A module may carry scripts (.debug_gdb_scripts): they would run as whoever debugs.
        with no_scripts():
            gdb.execute(f'add-symbol-file "{self.path}" {places}', to_string=True)

    def remove_symbols(self):
        try:
            gdb.execute(f"remove-symbol-file -a {self.code:#x}", to_string=True)
        except gdb.error:
            pass  # it has none


class Cubicle:
    def __init__(self, record):
        self.id = int(record["id"])
        self.name = record["name"].string()
        self.view = int(record["view"])
        self.stack = int(record["stack_start"])
        self.stack_end = self.stack + int(record["stack_size"])
        self.modules = [Module(record["modules"][i].dereference(), self.view)
                        for i in range(int(record["nmodules"]))]


class Call:
    """A frame of the control stack."""

    def __init__(self, record, index):
        self.index = index
        self.trampoline = int(record["trampoline"])
        self.rsp, self.ret = int(record["rsp"]), int(record["ret"])
        self.saved = {r: int(record[r]) for r in SAVED}
        self.caller_stack = int(record["caller_stack"])
        self.callee_rsp = int(record["callee_rsp"])
        t = system.table[self.trampoline]
        self.caller, self.callee = int(t["caller"]), int(t["callee"])
        self.marshal = bool(t["marshal"])
        self.name = t["function"]["name"].string()
        self.start = None  # the callee's stack pointer when it began; see calls()


class System:
    """What is running, as the monitor's records say."""

    def __init__(self):
        self.forget()

    def forget(self):
        self.cubicles = []
        self.functions = {}
        self.bodies = []
        self.cached_calls = None

    def load(self):
        records = gdb.parse_and_eval("'cubicle.c'::cubicles")
        live = [records[i] for i in range(1, CUBICLE_MAX + 1) if int(records[i]["id"]) != 0]
        if not live:
            return False
        self.cubicles = [Cubicle(record) for record in live]
        self.thread = gdb.parse_and_eval("&thread_self").dereference()
        self.table = gdb.parse_and_eval("'trampoline.c'::table")
        n = int(gdb.parse_and_eval("'trampoline.c'::count"))
        self.bodies = [int(self.table[i + 1]["body"]) for i in range(n)]
        return True

    def modules(self):
        return [m for c in self.cubicles for m in c.modules]

    def module_at(self, pc):
        return next((m for m in self.modules() if m.code <= pc < m.end), None)

    def name(self, number):
        return self.cubicles[number - 1].name if number else "monitor"

    def running(self):
        return int(self.thread["shown"]["running"])

    def owner(self, sp):
        """The cubicle in whose stack sp lies, its upper end included."""
        return next((c for c in self.cubicles if c.stack <= (sp & OFFSET) <= c.stack_end
                     and sp - (sp & OFFSET) == c.view), None)

    def body(self, pc):
        """The trampoline in whose body pc lies, or 0."""
        i = bisect.bisect_right(self.bodies, pc)
        return i if i > 0 and pc - self.bodies[i - 1] < BODY_MAX else 0

    def trampoline(self, pc):
        """The trampoline in whose stub or body pc lies, or 0."""
        number = (pc - STUBS_START) // STUB + 1 if STUBS_START <= pc < STUBS_END else (
            self.body(pc))
        return number if number <= len(self.bodies) else 0

    def calls(self):
        """The calls in progress, the outermost first."""
        top = int(self.thread["control"])
        if self.cached_calls is not None and self.cached_calls[0] == top:
            return self.cached_calls[1]
        start = self.thread["control_start"]
        count = (top - int(start)) // start.dereference().type.sizeof
        calls = [Call(start[i], i) for i in range(1, count)]
        # Where a cubicle's stack stood when a call of it began: what the next call that it
        # made has saved, or where it stands now.
        stand = {c.id: int(self.thread["cubicle"][c.id]["stack"]) for c in self.cubicles}
        for call in reversed(calls):
            if call.caller:
                stand[call.caller] = call.caller_stack
            if call.callee:
                call.start = call.callee_rsp if call.marshal else stand[call.callee] & ~15
        self.cached_calls = (top, calls)
        return calls


system = System()


def symbol_text(pc):
    text = gdb.execute(f"info symbol {pc:#x}", to_string=True)
    match = re.match(r"(\S+(?: \+ \d+)?) in section", text)
    return f" <{match.group(1)}>" if match and not system.trampoline(pc) else ""
