"""The loader's work grows as a module's file does, whatever is in it: 47 of the catalogue.

Each case makes a module of a size and of twice that size, has `cubicle verify` or a system
load both, and compares processor time; what a module without anything costs is taken off."""

import re
import resource
import struct
import subprocess
from pathlib import Path

from harness import CUBICLE, check, execute, temporary_directory

ROUNDS = 3
GROWTH_MAX = 2.5
ENOUGH_S = 0.05  # less processor time than this tells nothing

SHT_PROGBITS, SHT_SYMTAB, SHT_STRTAB, SHT_RELA = 1, 2, 3, 4
WRITE, ALLOC, EXEC = 1, 2, 4
ABS64, PLT32 = 1, 4
LOCAL, GLOBAL = 0, 1


class Object:
    """A relocatable file, written as a hostile linker would."""

    def __init__(self, note):
        self.sections = [(b"", 0, 0, b"", 0, 0, 0)]
        self.names, self.symbols = bytearray(b"\0"), [struct.pack("<IBBHQQ", 0, 0, 0, 0, 0, 0)]
        self.section(b".cubicle.note", SHT_PROGBITS, 0, note.encode())

    def section(self, name, kind, flags, data, link=0, info=0, entry=0):
        self.sections.append((name, kind, flags, data, link, info, entry))
        return len(self.sections) - 1

    def name(self, text):
        self.names += text + b"\0"
        return len(self.names) - len(text) - 1

    def symbol(self, name, binding, section, value=0):
        """@name: where in the names; bytes are added to them."""
        at = self.name(name) if isinstance(name, bytes) else name
        self.symbols.append(struct.pack("<IBBHQQ", at, binding << 4 | 2, 0, section, value, 0))
        return len(self.symbols) - 1

    def relocations(self, section, rows):
        data = b"".join(struct.pack("<QQq", at, symbol << 32 | kind, addend)
                        for at, symbol, kind, addend in rows)
        self.section(b".rela", SHT_RELA, 0, data, len(self.sections), section, 24)

    def finish(self, path, overlap=0):
        """@overlap: so many more sections of code that all have the contents of the first."""
        strings = self.section(b".strtab", SHT_STRTAB, 0, bytes(self.names))
        self.section(b".symtab", SHT_SYMTAB, 0, b"".join(self.symbols), strings, 1, 24)
        names, starts = bytearray(b"\0"), []
        for name, *_ in self.sections:
            starts.append(len(names))
            names += name + b"\0"
        starts.append(len(names))
        self.section(b".shstrtab", SHT_STRTAB, 0, bytes(names) + b".shstrtab\0")
        # Relocations name the symbol table, which has its index only now.
        symtab = len(self.sections) - 2
        body, headers = bytearray(64), bytearray()
        for (_, kind, flags, data, link, info, entry), at in zip(self.sections, starts):
            body += b"\0" * (-len(body) % 32)
            link = symtab if kind == SHT_RELA else link
            headers += struct.pack("<IIQQQQIIQQ", at, kind, flags, 0, len(body) if data else 0,
                                   len(data), link, info, 32 if flags & ALLOC else 1, entry)
            if flags & EXEC:
                headers_of_code = bytes(headers[-64:])
            body += data
        headers += (headers_of_code * overlap) if overlap else b""
        count = len(headers) // 64
        body[0:64] = struct.pack(
            "<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 1, 62, 1, 0, 0, len(body), 0, 64, 0, 0, 64,
            count, len(self.sections) - 1)
        Path(path).write_bytes(body + headers)


def fingerprint(interface):
    text = (CUBICLE.parent.parent / "interfaces" / f"{interface}.desc").read_text()
    return next(line.split()[1] for line in text.splitlines() if line.startswith("fingerprint"))


def begin(interfaces=("module",), uses=("plat", "vfs")):
    """A module with the code of its entry points: ud2 in bundles of their own."""
    rows = ["cubicle-module 2", "isolation sfi"]
    rows += [f"provides {name} {fingerprint(name)}" for name in interfaces]
    rows += [f"uses {name} {fingerprint(name)}" for name in uses]
    made = Object("\n".join(rows))
    made.code = made.section(b".text", SHT_PROGBITS, ALLOC | EXEC,
                             (b"\x0f\x0b" + b"\xcc" * 30) * 64)
    made.symbol(b"module_init", GLOBAL, made.code)
    return made


def many_symbols(path, n):
    made = begin()
    at = made.name(b"x")
    for _ in range(n * 30000):
        made.symbols.append(struct.pack("<IBBHQQ", at, GLOBAL << 4, 0, made.code, 0, 0))
    made.finish(path)


VICTIM = [b"victim_address", b"victim_intact", b"victim_call", b"victim_hold", b"victim_increment",
          b"victim_leave", b"victim_lend"]
PAIRS = (b"ab", b"bA")  # alike for hash * 33 + letter


def bucket(name, hashed=5381):
    for letter in name:
        hashed = hashed * 33 + letter & 0xFFFFFFFF
    return hashed % 64


def provider(path, n):
    """Its entry points share a bucket of the usual hash with @n thousand other names."""
    made = begin(("module", "victim"), ())
    for name in VICTIM:
        end = next(bytes((a, b)) for a in range(65, 91) for b in range(65, 91)
                   if bucket(PAIRS[0] * 14 + bytes((a, b))) == bucket(name))
        for i in range(n * 1000):
            text = b"".join(PAIRS[i >> bit & 1] for bit in range(14))
            made.symbol(text + end, GLOBAL, made.code)
        made.symbol(name, GLOBAL, made.code, 32)
    made.finish(path)


def importer(path, n):
    """@n thousand relocations against a function of the provider."""
    made = begin(("module", "boot"), ("victim",))
    made.symbol(b"boot_main", GLOBAL, made.code, 32)
    data = made.section(b".data", SHT_PROGBITS, ALLOC | WRITE, bytes(8 * 1024))
    chosen = made.symbol(b"victim_intact", GLOBAL, 0)
    made.relocations(data, [(8 * (i % 1024), chosen, ABS64, 0) for i in range(n * 1000)])
    made.finish(path)


def caller(path, n):
    """@n thousand direct calls of a function of the provider."""
    made = begin(("module", "boot"), ("victim",))
    made.symbol(b"boot_main", GLOBAL, made.code, 32)
    calls = (b"\x90" * 27 + b"\xe8" + bytes(4)) * (n * 1000) + (b"\x0f\x0b" + b"\xcc" * 30)
    code = made.section(b".text.calls", SHT_PROGBITS, ALLOC | EXEC, calls)
    chosen = made.symbol(b"victim_intact", GLOBAL, 0)
    made.relocations(code, [(32 * i + 28, chosen, PLT32, -4) for i in range(n * 1000)])
    made.finish(path)


def relocated(symbol, per_n):
    def write(path, n):
        made = begin()
        # ud2 and then zeros: data, so that the verifier has nothing to do with it
        data = made.section(b".data", SHT_PROGBITS, ALLOC | WRITE, bytes(8 * 1024))
        chosen = made.symbol(symbol, GLOBAL, 0)
        made.relocations(data, [(8 * (i % 1024), chosen, ABS64, 0) for i in range(n * per_n)])
        made.finish(path)
    return write


def sole(path, n):
    """As many special symbols as imports, which all begin alike."""
    made = begin()
    data = made.section(b".data", SHT_PROGBITS, ALLOC | WRITE, bytes(8))
    rows = []
    for i in range(n * 250):
        text = b"%s%06d" % (b"a" * 1000, i)
        made.symbol(text, 2, 0)  # weak: nobody has to provide it
        rows.append((0, made.symbol(b"__cubicle_sole_" + text, GLOBAL, 0), ABS64, 0))
    made.relocations(data, rows * 20)
    made.finish(path)


def sections(path, n):
    made = begin()
    for _ in range(n * 4000):
        made.sections.append((b".x", SHT_PROGBITS, ALLOC, b"x" * 40, 0, 0, 0))
    made.finish(path)


GROWS = {
    "symbols of one name": many_symbols,
    "relocations against an import": relocated(b"plat_clock", 30000),
    "relocations against a special symbol": relocated(b"__cubicle_sole_plat_clock", 30000),
    "special symbols and imports": sole,
    "sections": sections,
}


def shared_names(path, n):
    made = begin()
    at = made.name(b"a" * 4000)
    for _ in range(n):
        made.symbols.append(struct.pack("<IBBHQQ", at, LOCAL, 0, made.code, 0, 0))
    made.finish(path)


def overlapping(path, n):
    begin().finish(path, overlap=n)


def too_many_undefined(path, n):
    made = begin()
    for _ in range(n):
        made.symbols.append(struct.pack("<IBBHQQ", 1, GLOBAL << 4, 0, 0, 0, 0))
    made.finish(path)


def two_notes(path, n):
    made = begin()
    for _ in range(n):
        made.section(b".cubicle.note", SHT_PROGBITS, 0, b"cubicle-module 2\n")
    made.finish(path)


LIMITS = {
    "symbols that share a name": (shared_names, 100, r"symbol \d+ has names that overlap"),
    "sections that overlap": (overlapping, 100, r"section \d+ .*: sections overlap"),
    "undefined symbols": (too_many_undefined, 4097, r"more than 4096 undefined symbols"),
    "two notes": (two_notes, 1, r"a second .cubicle.note"),
}


def processor_time(argv):
    """Seconds, the least of some runs."""
    times = []
    for _ in range(ROUNDS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([str(a) for a in argv], stdin=subprocess.DEVNULL, capture_output=True,
                       timeout=60, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    return min(times)


def check_growth(times):
    """@times: without anything, with as much as it takes, and with twice as much."""
    once, twice = times[1] - times[0], times[2] - times[0]
    said = f"{once:.3f} s of processor time, and {twice:.3f} s for twice as much"
    if twice > ENOUGH_S:
        check(twice <= GROWTH_MAX * max(once, ENOUGH_S / 2), said)


def grows(name):
    with temporary_directory() as folder:
        times = []
        for n in (0, 4, 8):
            path = Path(folder) / f"{n}.cub"
            GROWS[name](path, n)
            result = execute([CUBICLE, "verify", path])
            check(result.status == 0, "it does not load", result)
            times.append(processor_time([CUBICLE, "verify", path]))
        check_growth(times)


MANIFEST = """name: pair
cubicles:
  - name: one
    modules: [provider{}]
"""
APART = "]\n  - name: two\n    modules: [boot]"


def grows_together(write, modules):
    """Both modules are hostile: twice as much is twice as much of each."""
    with temporary_directory() as folder:
        folder = Path(folder)
        manifest = folder / "pair.yaml"
        manifest.write_text(MANIFEST.format(modules).replace("]]", "]"))
        argv = [CUBICLE, "run", manifest, f"--modules={folder}"]
        times = []
        for n in (0, 4, 8):
            provider(folder / "provider.cub", 2 * n)
            write(folder / "boot.cub", 2 * n)
            result = execute(argv)
            loaded = result.faults() and result.faults()[0]["module"] == "provider"
            check(loaded, "it does not load", result)  # its module_init traps
            times.append(processor_time(argv))
        check_growth(times)


def limited(name):
    """What cannot be bounded by the file's size is refused, with the place."""
    write, n, expected = LIMITS[name]
    with temporary_directory() as folder:
        path = Path(folder) / "limit.cub"
        write(path, n)
        result = execute([CUBICLE, "verify", path], timeout=20)
        check(result.status not in (0, None) and "limit.cub" in result.err, "accepted", result)
        check(re.search(expected, result.err), f"expected /{expected}/", result)


def add_tests(tests):
    for name in GROWS:
        tests.add(f"47: growth, {name}", grows, name)
    tests.add("47: growth, relocations and names", grows_together, importer, APART)
    tests.add("47: growth, calls and names", grows_together, caller, ", boot")
    for name in LIMITS:
        tests.add(f"47: limit, {name}", limited, name)
