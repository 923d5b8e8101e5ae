#!/usr/bin/env python3
"""Writes C of liars from interface descriptors (build/interfaces/NAME.desc).

    generate.py front NAME...        the functions of NAME: each asks liar_answer() what to do
    generate.py rename NAME...       a header that moves the honest functions out of the way
    generate.py table NAME... [--imports NAME...]
                                     what the functions are like: those that the module itself
                                     has (liar_own), those that it may call (liar_imports)
"""

import sys
from pathlib import Path

INTERFACES = Path("build/interfaces")
C_TYPES = {
    "void": "void", "i8": "int8_t", "u8": "uint8_t", "i16": "int16_t", "u16": "uint16_t",
    "i32": "int32_t", "u32": "uint32_t", "i64": "int64_t", "u64": "uint64_t",
    "f64": "double", "ptr": "void *",
}
VALUES = set(C_TYPES) - {"void", "ptr"}
# Only the allocator of a system may import these; and an application that has SIGALRM sent to itself ends.
PRIVILEGED = {"cubicle_signal_timer",
              "cubicle_page_assign", "cubicle_page_recall", "cubicle_page_resume", "cubicle_page_release",
              "cubicle_page_reclaim", "cubicle_page_space"}


class Interface:
    """A descriptor as monitor/call/descriptor.h describes it."""

    def __init__(self, name):
        self.name, self.functions = name, []
        for line in (INTERFACES / f"{name}.desc").read_text().splitlines():
            word, *rest = line.split()
            if word == "providers":
                self.many = rest[0] == "many"
            elif word == "fingerprint":
                self.fingerprint = rest[0]
            elif word == "function":
                self.functions.append({"name": rest[0], "args": [], "noreturn": False,
                                       "boot_only": False})
            elif word == "returns":
                self.functions[-1]["returns"] = rest[0]
            elif word == "noreturn":
                self.functions[-1]["noreturn"] = True
            elif word == "boot_only":
                self.functions[-1]["boot_only"] = True
            elif word == "arg":
                if rest[1] == "f64":
                    sys.exit(f"{name}.desc: {self.functions[-1]['name']}: liars know no double; "
                             "teach liar_call() and the fronts to pass one")
                self.functions[-1]["args"].append(rest)


def c_type(arg):
    kind = arg[1]
    return C_TYPES[kind] if kind in VALUES else "int32_t" if kind == "caller" else "void *"


def width(kind):
    return int(kind[1:]) // 8 if kind in VALUES else 8


def row_of_arg(arg):
    """An initialiser of struct liar_arg."""
    name, kind, *rest = arg
    fields = [f'.name = "{name}"', f".width = {width(kind)}"]
    if kind in VALUES:
        fields += [".kind = LIAR_VALUE", f".is_signed = {int(kind[0] == 'i')}"]
    else:
        fields += [f".kind = LIAR_{kind.upper()}"]
        if kind == "string":
            fields += [f".size = {rest[0]}"]
        elif kind in ("in", "out", "inout"):
            fields += [f".size_kind = LIAR_SIZE_{rest[0].upper()}", f".size = {rest[1]}"]
            fields += [f".size_width = {rest[2]}"] if rest[0] == "deref" else []
        fields += [f".{word} = 1" for word in ("ret", "on_demand", "or_null") if word in rest]
    return "{" + ", ".join(fields) + "}"


def row_of_function(interface, function, call):
    args = "".join(f"         {row_of_arg(a)},\n" for a in function["args"])
    returns = function["returns"]
    result = width(returns) if returns in VALUES else 8 if returns == "ptr" else 0
    fields = [
        f'.interface = "{interface.name}", .name = "{function["name"]}"',
        f".nargs = {len(function['args'])}, .result_width = {result}",
        f".result_signed = {int(returns[0] == 'i')}, .noreturn = {int(function['noreturn'])}",
    ]
    if call:
        fields.append(f".call = (liar_any *)(uintptr_t){call}")
    return "    {" + ",\n     ".join(fields) + (f",\n     .args = {{\n{args}     }}" if args else "") + "},\n"


def table(names, imports):
    own = "".join(row_of_function(i, f, None) for i in map(Interface, names) for f in i.functions)
    declarations, rows, binds = "", "", ""
    for interface in map(Interface, imports):
        functions = [f for f in interface.functions
                     if f["name"] not in PRIVILEGED and not f["boot_only"] and
                     interface.name != "boot"]
        if interface.many:
            functions = interface.functions  # the order is that of the table
            binds += (f'    {{"{interface.name}", UINT64_C(0x{interface.fingerprint}), '
                      f"{len(functions)}}},\n")
        for function in functions:
            if not interface.many:
                declarations += f"void {function['name']}(void);\n"
            rows += row_of_function(interface, function, None if interface.many else function["name"])
    counts = ""
    for symbol, kind, body in (("own", "liar_function", own), ("imports", "liar_function", rows),
                               ("binds", "liar_bind", binds)):
        counts += f"struct {kind} liar_{symbol}[] = {{\n{body}    {{0}}}};\n"
        counts += (f"const unsigned liar_n{symbol} = "
                   f"sizeof(liar_{symbol}) / sizeof(liar_{symbol}[0]) - 1;\n\n")
    return f'#include "liar.h"\n\n{declarations}\n{counts}'


def front(names):
    text, index = '#include "front.h"\n\n', 0
    for interface in map(Interface, names):
        for function in interface.functions:
            name, args, returns = function["name"], function["args"], C_TYPES[function["returns"]]
            types = ", ".join(f"{c_type(a)} {a[0]}_" for a in args) or "void"
            values = ", ".join(f"liar_word({a[0]}_)" for a in args) or "0"
            result = f"liar_answer({index}, args, (liar_any *)(uintptr_t)real_{name})"
            if function["returns"] == "ptr":
                result = f"(void *)(uintptr_t){result}"
            text += f"#undef {name}\nvoid real_{name}(void);\n{returns} {name}({types});\n"
            text += f"{returns} {name}({types})\n{{\n    uint64_t args[LIAR_ARGS] = {{{values}}};\n"
            if function["noreturn"] or returns == "void":
                text += f"    (void){result};\n}}\n\n"
            else:
                text += f"    return ({returns}){result};\n}}\n\n"
            index += 1
    return text


def rename(names):
    return "".join(f"#define {f['name']} real_{f['name']}\n"
                   for i in map(Interface, names) for f in i.functions)


def main():
    mode, *names = sys.argv[1:]
    imports = []
    if "--imports" in names:
        at = names.index("--imports")
        names, imports = names[:at], names[at + 1:]
    sys.stdout.write(table(names, imports) if mode == "table"
                     else front(names) if mode == "front" else rename(names))


if __name__ == "__main__":
    main()
