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

import bisect
import contextlib
import re
import struct
import tempfile

import gdb
import gdb.unwinder
from gdb.FrameDecorator import FrameDecorator

# monitor/layout.h, monitor/trampoline_body.h
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


# ---- backtraces ----


class Flow:
    """How much of the stack a function uses before each of its instructions.

    Compiled code without frame pointers: every way from the function's start to an
    instruction pushes as much. So pushes, pops, additions are added up along the way.
    """

    LIMIT = 20000

    def __init__(self, start):
        # address -> (depth or None, registers saved at which depth, depth of the frame pointer)
        self.before = {}
        self.calls = {}  # by return address; none comes back here if the callee never does
        flavor = gdb.parameter("disassembly-flavor")
        gdb.execute("set disassembly-flavor att", to_string=True)
        try:
            self.follow(start)
        finally:
            gdb.execute(f"set disassembly-flavor {flavor}", to_string=True)

    def follow(self, start):
        architecture = gdb.selected_inferior().architecture()
        todo = [(start, (0, (), None))]
        while todo and len(self.before) < self.LIMIT:
            at, state = todo.pop()
            while at is not None and at not in self.before:
                block = architecture.disassemble(at, count=16)
                for instruction in block:
                    at = instruction["addr"]
                    if at in self.before:
                        break
                    self.before[at] = state
                    text = re.sub(r"\s*<.*", "", instruction["asm"])  # names of symbols
                    if "call" in text:
                        self.calls[at + instruction["length"]] = state
                    state, target, ends = self.step(text, state)
                    if target is not None:
                        todo.append((target, state))
                    if ends:
                        at = None
                        break
                    at += instruction["length"]

    @staticmethod
    def step(text, state):
        depth, saved, frame = state
        target, ends = None, False

        def add(n):
            return None if depth is None else depth + n

        def number(sign, digits):
            n = int(digits, 16)
            return -n if sign else n - (1 << 64) if n >> 63 else n

        jump = re.search(r"\bj(\w+)\s+(?:0x([0-9a-f]+))?", text)
        push = re.search(r"\bpush\w*\s+(?:%(\w+)$)?", text)
        pop = re.search(r"\bpop\w*\s+(?:%(\w+)$)?", text)
        change = re.search(r"\b(add|sub)[ql]?\s+\$(-?)0x([0-9a-f]+),%[re]sp", text)
        lea = re.search(r"\blea[ql]?\s+(-?)0x([0-9a-f]+)\(%([re][sb]p)\),%[re]sp", text)
        if jump:
            target = int(jump.group(2), 16) if jump.group(2) else None
            # A jump through a register is a switch: its cases follow.
            ends = jump.group(1).startswith("mp") and target is not None
        elif re.search(r"\b(ret|ud2|int3|hlt)", text):
            ends = True
        elif push:
            depth = add(8)
            if push.group(1) in SAVED and push.group(1) not in dict(saved):
                saved += ((push.group(1), depth),)
        elif pop:
            saved = tuple(s for s in saved if s != (pop.group(1), depth))
            depth = add(-8)
        elif change:
            n = number(change.group(2), change.group(3))
            depth = add(n if change.group(1) == "sub" else -n)
        elif lea and (lea.group(3)[1:] == "sp" or frame is not None):
            n = number(lea.group(1), lea.group(2))
            depth = add(-n) if lea.group(3)[1:] == "sp" else frame - n
        elif re.search(r"\bmov[ql]?\s+%[re]sp,%[re]bp", text):
            frame = depth
        elif re.search(r"\bmov[ql]?\s+%[re]bp,%[re]sp", text):
            depth = frame
        elif re.search(r"\bleave", text):
            depth = None if frame is None else frame - 8
            saved = tuple(s for s in saved if s[0] != "rbp")
        elif re.search(r",%[re]sp$", text) and not re.search(
                r"\b(cmp|test)|\blea\s+\(%rsp,%r11", text):
            depth = None
        return (depth, saved, frame), target, ends


class FrameId:
    """The stack pointer in the caller, and where the function begins."""

    def __init__(self, sp, pc):
        self.sp, self.pc = gdb.Value(sp), gdb.Value(pc)


def start_of(pc):
    """The start of the function that holds pc, or None."""
    text = gdb.execute(f"info symbol {pc:#x}", to_string=True)
    match = re.match(r"\S+(?: \+ (\d+))? in section", text)
    return pc - int(match.group(1) or 0) if match else None


class CubicleUnwinder(gdb.unwinder.Unwinder):
    """From a frame in a cubicle, or in a trampoline, to its caller."""

    def __init__(self):
        super().__init__("cubicle")

    def __call__(self, pending):
        if not system.cubicles:
            return None
        try:
            return self.unwind(pending)
        except gdb.MemoryError:
            return None

    def unwind(self, pending):
        pc = int(pending.read_register("rip")) & (1 << 64) - 1
        sp = int(pending.read_register("rsp")) & (1 << 64) - 1
        if STUBS_START <= pc < STUBS_END:
            number, at = divmod(pc - STUBS_START, STUB)
            if at >= BUNDLE:
                return self.from_call(pending, pc - at, self.call_of(number + 1, sp))
            return self.to_caller(pending, pc - at, sp + 8, {})
        if system.body(pc):
            return self.from_body(pending, pc, sp)
        if system.module_at(pc):
            return self.from_module(pending, pc, sp)
        return None

    @staticmethod
    def call_of(trampoline, sp):
        calls = [c for c in system.calls() if c.trampoline == trampoline]
        exact = [c for c in calls if c.start == sp]
        return (exact or calls or [None])[-1]

    @staticmethod
    def from_call(pending, start, call):
        """What the control stack says."""
        if call is None:
            return None
        info = pending.create_unwind_info(FrameId(call.rsp, start))
        for register, value in (("rip", call.ret), ("rsp", call.rsp + 8),
                                *call.saved.items()):
            info.add_saved_register(register, gdb.Value(value))
        return info

    def from_body(self, pending, pc, sp):
        number = system.body(pc)
        start = system.bodies[number - 1]
        calls = system.calls()
        if calls and calls[-1].trampoline == number:
            return self.from_call(pending, start, calls[-1])
        # Before it is on the control stack, or when it is no more.
        return self.to_caller(pending, start, sp + 8, {})

    def from_module(self, pending, pc, sp):
        start = start_of(pc)
        if start == pc and pending.level() > 0:
            start = start_of(pc - 1)  # its last instruction is a call that never comes back
        cubicle = system.owner(sp)
        if start is None or cubicle is None:
            return None
        if start not in system.functions:
            system.functions[start] = Flow(start)
        flow = system.functions[start]
        known = flow.calls if pending.level() > 0 and pc in flow.calls else flow.before
        depth, saved, frame = known.get(pc, (None, (), None))
        # What has debugging information is left to gdb, which knows variables on the stack only
        # in frames that it has unwound itself. But the rewriter takes the view off a frame
        # pointer, of which that information does not tell.
        if gdb.find_pc_line(pc).symtab and (frame is None or cubicle.view == 0):
            return None
        if depth is not None:
            cfa = sp + depth + 8
        elif frame is not None:
            cfa = (int(pending.read_register("rbp")) & OFFSET) + cubicle.view + frame + 8
        else:
            return None
        return self.to_caller(pending, start, cfa,
                              {name: word(cfa - 8 - at) for name, at in saved})

    @staticmethod
    def to_caller(pending, start, cfa, registers):
        """The return address is on the stack, just below cfa."""
        info = pending.create_unwind_info(FrameId(cfa, start))
        info.add_saved_register("rip", gdb.Value(word(cfa - 8)))
        info.add_saved_register("rsp", gdb.Value(cfa))
        for name in SAVED:
            value = (gdb.Value(registers[name]) if name in registers
                     else pending.read_register(name))
            info.add_saved_register(name, value)
        return info


def stack_switches():
    """A file of symbols for gdb, which wants the stack pointers of callers above those of
    callees, and makes one exception: __morestack, the name of what continues a stack elsewhere
    (gcc -fsplit-stack). Trampolines do that."""
    strings = b"\0__morestack\0.stubs\0.bodies\0.symtab\0.strtab\0"
    places = [(".stubs", STUBS_START, STUB * len(system.bodies)),
              (".bodies", system.bodies[0], system.bodies[-1] + BODY_MAX - system.bodies[0])]
    symbols = bytes(24)
    for index, (_, _, size) in enumerate(places, 1):
        symbols += struct.pack("<IBBHQQ", 1, 2, 0, index, 0, size)  # FUNC, local
    at_strings, at_symbols = 64, 64 + len(strings)
    at_sections = at_symbols + len(symbols)

    def section(name, kind, flags, offset, size, link=0, info=0, entry=0):
        return struct.pack("<IIQQQQIIQQ", strings.index(name.encode() + b"\0"), kind, flags, 0,
                           offset, size, link, info, 1, entry)

    sections = bytes(64)
    for name, _, size in places:
        sections += section(name, 8, 6, 64, size)  # NOBITS, ALLOC and EXECINSTR
    sections += section(".symtab", 2, 0, at_symbols, len(symbols), 4, 3, 24)
    sections += section(".strtab", 3, 0, at_strings, len(strings))
    header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 1, 62, 1, 0, 0, at_sections, 0,
                         64, 0, 0, 64, 5, 4)
    with tempfile.NamedTemporaryFile(suffix=".trampolines") as file:
        file.write(header + strings + symbols + sections)
        file.flush()
        arguments = " ".join(f"-s {name} {start:#x}" for name, start, _ in places)
        gdb.execute(f'add-symbol-file "{file.name}" {arguments}', to_string=True)


class NamedFrame(FrameDecorator):
    def __init__(self, frame, text):
        super().__init__(frame)
        self.text = text

    def function(self):
        return self.text


class CubicleFilter:
    """Backtraces show a trampoline as the call that goes through it."""

    name, enabled, priority = "cubicle", True, 100

    @staticmethod
    def trampoline(pc):
        number = (pc - STUBS_START) // STUB + 1 if STUBS_START <= pc < STUBS_END else (
            system.body(pc))
        if not 0 < number <= len(system.bodies):
            return None
        t = system.table[number]
        return (f"<call {system.name(int(t['caller']))} -> {system.name(int(t['callee']))}: "
                f"{t['function']['name'].string()}>")

    def filter(self, frames):
        for decorated in frames:
            frame = decorated.inferior_frame()
            pc = frame.pc() if system.cubicles else 0
            text = self.trampoline(pc)
            if text is None and frame.level() > 0 and frame.function() is None and (
                    system.module_at(pc)):
                text = symbol_text(pc - 1).strip(" <>").split(" ")[0]
            yield NamedFrame(decorated, text) if text else decorated


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


def symbol_text(pc):
    text = gdb.execute(f"info symbol {pc:#x}", to_string=True)
    match = re.match(r"(\S+(?: \+ \d+)?) in section", text)
    return f" <{match.group(1)}>" if match else ""


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
