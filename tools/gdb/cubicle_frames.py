"""Frames of cubicles and trampolines: how gdb finds the caller of each, and what it shows."""

import re
import struct
import tempfile

import gdb
import gdb.unwinder
from gdb.FrameDecorator import FrameDecorator

from cubicle_records import (
    BODY_MAX,
    BUNDLE,
    OFFSET,
    SAVED,
    STUB,
    STUBS_END,
    STUBS_START,
    symbol_text,
    system,
    word,
)


class Flow:
    """How much of the stack a function uses before each of its instructions.

    Compiled code without frame pointers: every way from the function's start to an
    instruction pushes as much. So pushes, pops, additions are added up along the way.

    Where a jump through a register goes is not known. It may be a switch: then its cases are
    what no other way leads to, and they begin behind an instruction that does not go on.
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
        self.start, self.end = start, end_of(start)
        self.behind = []  # addresses behind instructions that do not go on
        self.switches = set()  # states at jumps through registers
        self.walk(start, (0, (), None))
        cases = self.cases()
        while cases is not None and self.behind:
            at = self.behind.pop()
            if start <= at < self.end:
                self.walk(at, cases)

    def is_part(self, pc):
        """Whether pc is in this function, not in one that it calls as the last thing."""
        return self.start <= pc < self.end or function_at(pc)[0] == self.start

    def cases(self):
        """The state with which all switches of the function jump, or None."""
        known = {s for s in self.switches if s[0] is not None or s[2] is not None}
        # A jump with nothing on the stack is the call of a function as the last thing, if there
        # are others.
        known = {s for s in known if s[0] != 0} or known
        return known.pop() if len(known) == 1 else None

    def walk(self, start, state):
        architecture = gdb.selected_inferior().architecture()
        todo = [(start, state)]
        while todo and len(self.before) < self.LIMIT:
            at, state = todo.pop()
            while at is not None and at not in self.before:
                try:
                    block = architecture.disassemble(at, count=16)
                except gdb.MemoryError:
                    block = architecture.disassemble(at)
                for instruction in block:
                    at = instruction["addr"]
                    if at in self.before or not self.is_part(at):
                        at = None
                        break
                    self.before[at] = state
                    text = re.sub(r"\s*<.*", "", instruction["asm"])  # names of symbols
                    if "call" in text:
                        self.calls[at + instruction["length"]] = state
                    state, target, ends = self.step(text, state)
                    if target is not None and self.is_part(target):
                        todo.append((target, state))
                    at += instruction["length"]
                    if ends:
                        if "jmp" in text and target is None:
                            self.switches.add(state)
                        self.behind.append(at)
                        at = None
                        break

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
            ends = jump.group(1).startswith("mp")
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


def symbol_at(pc):
    """Start and name of the symbol that holds pc; None, None where there is none."""
    text = gdb.execute(f"info symbol {pc:#x}", to_string=True)
    match = re.match(r"(\S+)(?: \+ (\d+))? in section", text)
    return (pc - int(match.group(2) or 0), match.group(1)) if match else (None, None)


def function_at(pc):
    """Start and name of the function that holds pc. Compilers move what is rarely executed
    elsewhere, as FUNCTION.cold; it runs on the function's frame."""
    start, name = symbol_at(pc)
    if name is not None and name.endswith(".cold"):
        module = system.module_at(pc)
        whole = module.function(name[:-len(".cold")]) if module else None
        return (whole, name) if whole is not None else (start, name)
    return start, name


def end_of(start):
    """The end of the symbol that begins at start."""
    size = 1
    while symbol_at(start + size)[0] == start:
        size *= 2
    inside, outside = start + size // 2, start + size
    while outside - inside > 1:
        middle = (inside + outside) // 2
        if symbol_at(middle)[0] == start:
            inside = middle
        else:
            outside = middle
    return outside


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
        start = function_at(pc)[0]
        if start in (pc, None) and pending.level() > 0:
            start = function_at(pc - 1)[0]  # its last instruction is a call that never comes back
        cubicle = system.owner(sp)
        if start is None or cubicle is None:
            return (None if gdb.find_pc_line(pc).symtab
                    else self.outermost(pending, start or pc, pc, sp))
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
            return self.outermost(pending, start, pc, sp)
        return self.to_caller(pending, start, cfa,
                              {name: word(cfa - 8 - at) for name, at in saved})

    @staticmethod
    def outermost(pending, start, pc, sp):
        """The caller is not known. gdb would guess; a caller that is the frame itself ends the
        backtrace."""
        info = pending.create_unwind_info(FrameId(sp, start))
        info.add_saved_register("rip", gdb.Value(pc))
        info.add_saved_register("rsp", gdb.Value(sp))
        return info

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
        number = system.trampoline(pc)
        if number == 0:
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
