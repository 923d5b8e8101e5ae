#!/usr/bin/env python3
"""Makes assembly of OpenSSL's perlasm such that cubicle-rewrite can read it.

    perlasm.py <IN >OUT

Left out are functions that identify or time the processor, which nothing of the libraries calls; one that moves the
stack pointer as the rewriter cannot (C takes its place, openssl.sh); and .init: the library sets itself up. Two habits cannot be read: instructions as `.byte`, for assemblers that did not know them, which become their
names again, as the disassembler says them; and constants among code, which go to .rodata. Whatever is
neither stays as it is, for the rewriter to refuse.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

DATA = re.compile(r"\s*\.(byte|value|long|quad|asciz?)\s+(.*)")
LABEL = re.compile(r"([.\w$]+):\s*(.*)$")
# Stands between a label and its data, or between data.
BESIDE = re.compile(r"\s*(\.(align|p2align|type|size|globl|hidden)\b.*)?$")
# What is set up at the start; and a promise to a processor's check of branches.
UNUSED = re.compile(r"\.section\s+\"?\.(init|note\.gnu\.property)\b")
KEPT = re.compile(r"\s*\.(comm|hidden|globl)\b")
FUNCTIONS = {"OPENSSL_rdtsc", "OPENSSL_instrument_bus", "OPENSSL_instrument_bus2",
             "OPENSSL_ia32_rdrand_bytes", "OPENSSL_ia32_rdseed_bytes", "AES_cbc_encrypt"}
# Of XOP, which is AMD's of 2011 alone: no machine gets there, for its bit is taken from what cpuid says.
XOP = re.compile(r"\s*vprot[bwdq]\b")
XOP_BIT = ("$0x00000801,%r9d", "$0x00000001,%r9d")
# What stands at these labels instead. No counter is 0, as upstream has it.
INSTEAD = {"OPENSSL_rdtsc": ["\txorl\t%eax,%eax", "\tret"],
           "asm_AES_cbc_encrypt": ["\tjmp\tAES_cbc_encrypt"]}
SIZE = re.compile(r"\s*\.size\s+([\w$.]+)")
PADDING = {0x3E, 0x66, 0x67}  # alone, before an instruction that they do not change
ENDBR = [0xF3, 0x0F, 0x1E, 0xFA]
RETURN = [0xF3, 0xC3]


def numbers(line):
    """The bytes of a line `.byte 1,0x2'; None: it is something else."""
    found = DATA.match(line)
    if not found or found[1] != "byte":
        return None
    try:
        return [int(word, 0) for word in found[2].split(",")]
    except ValueError:
        return None


class Names:
    """What bytes are called: all of a file are disassembled at once."""

    def __init__(self, lines):
        wanted = sorted({tuple(b) for line in lines if (b := numbers(line))})
        source = "".join(f"x{n}: .byte {','.join(map(str, b))}\n" for n, b in enumerate(wanted))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "x.o"
            subprocess.run(["as", "-o", path, "-"], input=source, text=True, check=True)
            text = subprocess.run(["objdump", "-dz", "--no-show-raw-insn", path], text=True,
                                  check=True, capture_output=True).stdout
        self.names = {}
        for n, found in enumerate(re.split(r"^[0-9a-f]+ <x\d+>:$", text, flags=re.MULTILINE)[1:]):
            rows = re.findall(r"^ *[0-9a-f]+:\s+(.+?)\s*$", found, re.MULTILINE)
            if len(rows) == 1 and "(bad)" not in rows[0]:
                self.names[wanted[n]] = rows[0]

    def line(self, data):
        """The line in the place of these bytes; None: they are not one instruction."""
        if data == ENDBR or (len(data) == 1 and data[0] in PADDING):
            return ""  # branches are checked by the rewriter's code, which does its own padding
        if data == RETURN:
            return "\tret"
        name = self.names.get(tuple(data))
        return f"\t{name}" if name else None


def is_text(data):
    return len(data) > 8 and all(32 <= b < 127 or b == 0 for b in data)


def translate(lines):
    """Lines of the new file. A run of data, with the labels and alignments before it, moves."""
    names = Names(lines)
    out, held = [], []  # held: what belongs to whatever follows
    section, moved = ".text", False
    inside = False  # a function that is left out
    for line in lines:
        line = line.split("#")[0].rstrip().replace(*XOP_BIT)
        if re.match(r"\s*\.(text|section|data|bss)\b", line):
            section, moved = line.strip(), False
        label, size = LABEL.match(line), SIZE.match(line)
        if label and label[1] in INSTEAD:
            out += [".text", *held, line, *INSTEAD[label[1]]]
            held, moved = [], False
        inside = inside or bool(label) and label[1] in FUNCTIONS
        if (size or inside or label and label[1] in INSTEAD
                or UNUSED.match(section) and not KEPT.match(line)):
            inside = inside and not size
            continue
        rest = label[2] if label else line
        data = numbers(rest)
        if section == ".text" and DATA.match(rest):
            # Among constants it is one, though it may be called an instruction, too.
            name = None
            if data and (data == ENDBR or not moved and not is_text(data)):
                name = names.line(data)
            if name is None:
                if not moved:
                    out.append(".section .rodata")
                out += [*held, line]
                held, moved = [], True
                continue
            line = (f"{label[1]}:" if label else "") + name
            rest = name
        if XOP.match(rest):
            line = rest = "\tud2"
        if section == ".text" and (BESIDE.match(rest) or rest == ""):
            held.append(line)
            continue
        if moved and section == ".text":
            out.append(".text")
            moved = False
        out += [*held, line]
        held = []
    if moved:
        out.append(".text")
    return out + held + ['.section .note.GNU-stack,"",@progbits']


def main():
    for line in translate(sys.stdin.read().splitlines()):
        print(line)


if __name__ == "__main__":
    main()
