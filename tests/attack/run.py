#!/usr/bin/env python3
"""Attacks: every one is tried on backend sfi, and each asserts how it was stopped.

    tests/attack/run.py [WORD...]     only tests whose name contains a word
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import growth  # noqa: E402
import start  # noqa: E402
from cases import (  # noqa: E402
    APART,
    CATALOGUE,
    DENIED,
    ELSEWHERE,
    FORBIDDEN,
    HARMLESS,
    KEYS,
    KEYS_CALLS,
    KEYS_HARMLESS,
    LIES,
    LIES_MAP,
    PLAIN,
    READABLE,
    STRICT,
    STOPPED,
)
from harness import (  # noqa: E402
    BUILD,
    CUBICLE,
    EXIT_CONFIG,
    EXIT_FAULT,
    HAS_LOW_VIEW,
    ISOLATIONS,
    SLOW,
    SYSTEMS,
    TOP,
    VIEW_SWITCH,
    Failure,
    Result,
    Skip,
    Suite,
    check,
    check_fault,
    execute,
    low,
    mode,
    modules_of,
    run_system,
    target_of,
    temporary_directory,
)

ATTACK = SYSTEMS / "attack.yaml"
REFUSED = SYSTEMS / "refused.yaml"
ISOLATION = ISOLATIONS[0]
SFI = ISOLATION == "sfi"
MAPPINGS = int(Path("/proc/sys/vm/max_map_count").read_text())
MAPPINGS_USUAL = 65530
MODULES = modules_of(ISOLATION)
# What is refused before anything runs does not depend on how views are switched: once will do, in the way that is
# possible everywhere.
LOADING = VIEW_SWITCH in ("", "syscall")


def denied(name, cubicle, access, reason, owner, _row):
    """The peer dies of the access; the driver, whose memory it was, goes on."""
    result = run_system(SYSTEMS / "conformance.yaml", "denied", name)
    check_fault(result, cubicle, reason, owner, access, target_of(result))
    check(target_of(result) is not None, "no target announced", result)
    check(result.status == 0 and "not ok" not in result.out, "a check failed", result)


def stopped(name, access, reason, owner, _row, where, system=ATTACK, isolation=ISOLATION):
    result = run_system(system, name, isolation=isolation)
    check("SURVIVED" not in result.out, "nothing stopped it", result)
    address = None if where == "elsewhere" else target_of(result)
    check(where == "elsewhere" or address is not None, "no target announced", result)
    check_fault(result, "attacker", reason, owner, access, address)
    check(result.status == EXIT_FAULT, "wrong exit status", result)


def readable(name):
    """With the low view all code can be read; only that is different."""
    result = run_system(low(ATTACK), name)
    check("SURVIVED" in result.out and not result.faults(), "code is not readable", result)


def as_plain(row):
    """The row of STOPPED as this isolation stops it."""
    name, *_, number, _ = row
    if SFI or name not in PLAIN:
        return row
    access, reason, owner, where = PLAIN[name]
    return name, access, reason, owner, number, where


def harmless(name, output, _row, system=ATTACK, isolation=ISOLATION):
    if name == "mappings_run_out" and MAPPINGS > MAPPINGS_USUAL:
        raise Skip("the host allows more mappings than a cubicle can make here")
    result = run_system(system, name, isolation=isolation)
    if result.out == "no AVX-512\n":
        raise Skip("the processor, or the kernel, has no AVX-512")
    check("SURVIVED" not in result.out and "BROKEN" not in result.out, "it worked", result)
    check(re.search(output, result.out, re.MULTILINE), f"expected /{output}/", result)
    check(result.status == 0, "wrong exit status", result)
    check(not result.faults(), "a fault", result)


def large(name, output, row):
    """An attack that needs more memory, and time to use it."""
    with temporary_directory() as folder:
        system = Path(folder) / "large.yaml"
        text = ATTACK.read_text().replace("quota: 64M", "quota: 1G")
        system.write_text(re.sub(r"^ *call_limit_ms: .*\n", "", text, flags=re.MULTILINE))
        harmless(name, output, row, system)


def impatient(who, limit_ms, test, *arguments):
    """31: with another limit of time for module @who."""
    with temporary_directory() as folder:
        system = Path(folder) / "impatient.yaml"
        text = re.sub(r"^ *call_limit_ms: .*\n", "", ATTACK.read_text(), flags=re.MULTILINE)
        system.write_text(text.replace(f"[{who}]\n", f"[{who}]\n    call_limit_ms: {limit_ms}\n"))
        test(*arguments, system=system)


def spied(isolation):
    """1: a file system looks for a secret in SQLite's heap. Without isolation it finds it."""
    # What is in a database in memory never gets to a file system.
    sql = (
        "ATTACH ':memory:' AS m; CREATE TABLE m.s(x); INSERT INTO m.s VALUES ('launch code 0451');"
        "CREATE TABLE t(x); INSERT INTO t VALUES (1); SELECT count(*) FROM t;\n"
    )
    result = run_system(SYSTEMS / "spied.yaml", "/s.db", stdin=sql, isolation=isolation)
    if isolation == "none":
        check("ramfs-evil: stole 'launch code" in result.err, "the attack is broken", result)
        check(result.status == 0 and result.out == "1\n", "wrong result", result)
        return
    check_fault(result, "ramfs", "heap", "sqlite", "read")
    check(result.status == EXIT_FAULT and "stole" not in result.err, "not stopped", result)


def swap(folder, stop):
    """`race` is a directory, and a link to outside, in turn."""
    while not stop.is_set():
        os.rename(folder / "race", folder / "away")
        os.rename(folder / "link", folder / "race")
        os.rename(folder / "race", folder / "link")
        os.rename(folder / "away", folder / "race")


def outlaw(isolation=ISOLATION):
    """38: a hostile component next to the host's files reaches nothing but its directories."""
    with temporary_directory() as name:
        top = Path(name)
        top.chmod(0o777)
        for folder in ("ro", "rw", "theirs", "rw/sub", "rw/race"):
            (top / folder).mkdir()
            (top / folder).chmod(0o777)
        for file in ("secret", "theirs/secret"):
            (top / file).write_text("secret")
            (top / file).chmod(0o666)
        for folder in ("ro", "rw"):
            (top / folder / "file").write_text("inside")
            (top / folder / "file").chmod(0o666)
            (top / folder / "up").symlink_to("..")
            (top / folder / "absolute").symlink_to("/etc/passwd")
            (top / folder / "magic").symlink_to("/proc/self/fd")
        (top / "rw/race/secret").write_text("inside")
        (top / "rw/race/secret").chmod(0o666)
        (top / "rw/link").symlink_to("..")
        system = top / "outlaw.yaml"
        system.write_text((SYSTEMS / "outlaw.yaml").read_text())
        stop = threading.Event()
        other = threading.Thread(target=swap, args=(top / "rw", stop))
        other.start()
        try:
            result = run_system(system, isolation=isolation, timeout=120)
        finally:
            stop.set()
            other.join()
        check("REACHED" not in result.err, "it got out", result)
        check(re.search(r"^outlaw: \d{4,} tried$", result.err, re.MULTILINE), "it did not try", result)
        check(re.search(r"^outlaw: [1-9]\d* raced$", result.err, re.MULTILINE), "no race", result)
        check(result.status == 0 and not result.faults(), "the system did not go on", result)
        for file in ("secret", "theirs/secret"):
            check((top / file).read_text() == "secret", f"{file} has changed", result)
        check((top / "ro/file").read_text() == "inside", "ro/file has changed", result)
        left = {path.name for path in top.iterdir()} | {path.name for path in (top / "ro").iterdir()}
        known = {"ro", "rw", "theirs", "secret", "outlaw.yaml", "file", "up", "absolute", "magic"}
        check(left == known, f"made: {left - known}", result)


def lie(name):
    """29: vfscore believes nothing that could hurt it or the application."""
    with temporary_directory() as folder:
        system = Path(folder) / "liar.yaml"
        text = (SYSTEMS / "liar.yaml").read_text()
        system.write_text(text.replace("lie=none", f"lie={name}"))
        result = run_system(system, timeout=20)
        check(not result.faults(), "a fault", result)
        if LIES[name] is None:
            check(result.status == EXIT_CONFIG, "wrong exit status", result)
            check("cannot mount 'ramfs-liar' on '/': I/O error" in result.err, "no reason", result)
            return
        entries, errors = LIES[name]
        count = len(errors.split(", ")) if errors else 0
        expected = f"done: {count} errors, {entries} entries" + (f", {errors}" if errors else "")
        check(result.status == 0, "it was believed", result)
        check(result.out == expected + "\n", f"expected '{expected}'", result)


def lie_map(name, how, expected):
    """29: libc takes nothing for a file's pages that is not lent by somebody else."""
    with temporary_directory() as folder:
        system = Path(folder) / "liar.yaml"
        text = (SYSTEMS / "liar.yaml").read_text()
        system.write_text(text.replace("lie=none", f"lie=map-{name}"))
        result = run_system(system, "map", how, timeout=20)
        check(not result.faults(), "a fault", result)
        check(result.status == 0 and result.out == expected + "\n",
              f"expected '{expected}'", result)


def lost_map():
    """29: a file system with a mapped file begins anew; a touch of it is a fault, and nothing else is there."""
    with temporary_directory() as folder:
        system = Path(folder) / "liar.yaml"
        text = (SYSTEMS / "liar.yaml").read_text().replace("lie=none", "lie=map-crash")
        system.write_text(text.replace("[ramfs-liar]", "[ramfs-liar]\n    on_fault: restart"))
        result = run_system(system, "map", "lost", timeout=20)
        check(result.status == 0 and "BELIEVED" not in result.out, "it was believed", result)
        check([f["cubicle"] for f in result.faults()] == ["ramfs"], "the wrong faults", result)
        check(re.search(r"^[23] believed, [01] refused$", result.out, re.MULTILINE), "counts", result)
        result = run_system(system, "map", "touch", timeout=20)
        check(result.status == EXIT_FAULT and "BELIEVED" not in result.out, "no fault", result)
        check(result.faults()[-1]["cubicle"] == "liar", "the wrong fault", result)


def recursion():
    """20: the control stack ends, whoever makes the last call is told."""
    result = run_system(ATTACK, "recurse_for_ever")
    faults = result.faults()
    check(faults, "no fault report", result)
    check_fault(result, faults[0]["cubicle"], "depth")
    check(result.status != 0 and "internal error" not in result.err, "not clean", result)


def endless(name, number):
    """31: a loop without end stops at signal @number, at once and without a trace."""
    process = subprocess.Popen(
        [CUBICLE, "run", ATTACK, *mode(ISOLATION), "--", name],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    line = process.stdout.readline()
    time.sleep(0.2)  # until it does what it has announced
    start = time.monotonic()
    process.send_signal(number)
    try:
        _, err = process.communicate(timeout=10)
    except subprocess.TimeoutExpired as late:
        execute(["pkill", "-KILL", "-P", process.pid])
        raise Failure("it goes on") from late
    finally:
        process.kill()
    check(line == "looping\n", f"it said '{line}'")
    check(time.monotonic() - start < 2 * SLOW, "it took too long")
    check(process.returncode in (128 + number, -number), f"status {process.returncode}\n{err}")


def address_of(code, pid):
    """Where in the executable memory of process @pid the bytes @code are."""
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        match = re.match(r"(\w+)-(\w+) r-xp (\w+) \S+ \S+ +(/.*)", line)
        if match:
            start, end, offset = (int(word, 16) for word in match.groups()[:3])
            data = Path(match.group(4)).read_bytes()[offset : offset + end - start]
            if code in data:
                return start + data.index(code)
    return None


def called(name, code):
    """The attacker jumps to an instruction of the process that enters the kernel."""
    argv = [CUBICLE, "run", ATTACK, *mode(ISOLATION), "--", name]
    pipes = {stream: subprocess.PIPE for stream in ("stdin", "stdout", "stderr")}
    with subprocess.Popen(argv, text=True, **pipes) as process:
        try:
            line = process.stdout.readline()
            address = address_of(code, process.pid) if line == "where\n" else None
            out, err = process.communicate(f"{address or 0:x}\n", timeout=20 * SLOW)
        finally:
            process.kill()
    result = Result(argv, process.returncode, line + out, err, 0)
    check(address is not None, "no such instruction in the process", result)
    check("SURVIVED" not in out and "BROKEN" not in out, "nothing stopped it", result)
    check_fault(result, "attacker", "system call")
    check(result.status == EXIT_FAULT, "wrong exit status", result)


def refused_cases():
    """(name, row, reasons, body) of refused.txt."""
    text = (TOP / "tests/attack/refused.txt").read_text()
    parts = re.split(r"^== (\S+) (\d+) (\S+)\n", text, flags=re.MULTILINE)
    for name, row, reasons, body in zip(*(parts[i::4] for i in range(1, 5))):
        yield name, row, reasons.split("|"), body


def refused(name, reasons, body):
    with temporary_directory() as folder:
        source, unit, module = (Path(folder) / (name + s) for s in (".s", ".o", ".cub"))
        source.write_text(
            '    .section .text.main,"ax",@progbits\n    .globl main\n    .p2align 5\n'
            f"    .type main, @function\nmain:\n{body}\n"
            "    .p2align 5, 0xcc\n    ud2\n    .size main, .-main\n"
        )
        made = execute(["as", "--64", "-o", unit, source])
        check(made.status == 0, "does not assemble", made)
        made = execute([BUILD / "bin/cubicle-cc", "--cubicle-provides=app", "-o", module, unit])
        check(made.status == 0, "does not link", made)
        offset = symbol_offset(unit, "bad") - symbol_offset(unit, "main")
        verified = execute([CUBICLE, "verify", module])
        check_refusal(verified, reasons, offset)
        check(verified.status != 0, "verified", verified)

        # The loader says the same, before anything runs.
        modules = Path(folder) / "modules"
        result = run_with_modules(modules, {"refused": module}, system=REFUSED)
        check(result.status == EXIT_CONFIG, "it was loaded", result)
        named = "refused.cub: refused by the verifier" in result.err
        check(named, "the module is not named", result)
        check_refusal(result, reasons, offset)


def symbol_offset(path, name):
    listing = execute(["nm", path]).out
    return int(re.search(rf"^([0-9a-f]+) \w {name}$", listing, re.MULTILINE).group(1), 16)


def reason_texts():
    """{VERIFY_NAME: text} as the verifier has them."""
    rows = (TOP / "monitor/verify/text.c").read_text()
    rows = re.findall(r'REASON\((\w+),\s*((?:"[^"]*"\s*)+)\)', rows)
    return {"VERIFY_" + name: re.sub(r'"\s*"|"', "", text).strip() for name, text in rows}


REASON_TEXTS = reason_texts()


def check_refusal(result, reasons, offset):
    said = result.err + result.out
    place = r"in (bad\+0|main\+(0x)?%x)\b" % offset
    check(any(REASON_TEXTS[r] in said for r in reasons), f"expected {reasons}", result)
    check(re.search(place, said), f"expected /{place}/", result)


def run_with_modules(folder, replaced, system=ATTACK):
    """Runs a system with some of its modules replaced."""
    folder.mkdir()
    for path in MODULES.glob("*.cub"):
        if path.stem not in replaced:
            (folder / path.name).symlink_to(path)
    for name, path in replaced.items():
        shutil.copy(path, folder / f"{name}.cub")
    return run_system(system, "none", options=[f"--modules={folder}"])


def patched(name, module, old, new, expected):
    """A module whose bytes were changed: @old becomes @new everywhere."""
    with temporary_directory() as folder:
        path = Path(folder) / f"{module}.cub"
        data = (MODULES / f"{module}.cub").read_bytes()
        changed = re.sub(old, new, data)
        check(changed != data, "nothing to change")
        path.write_bytes(changed)
        result = run_with_modules(Path(folder) / "modules", {module: path})
        check(result.status == EXIT_CONFIG, "it was loaded", result)
        check(module in result.err, "the module is not named", result)
        check(re.search(expected, result.err), f"expected /{expected}/", result)


def truncated(length, reason):
    """What a file that was cut lacks first: its section headers are at its end."""
    with temporary_directory() as folder:
        path = Path(folder) / "test-attacker.cub"
        data = (MODULES / "test-attacker.cub").read_bytes()
        path.write_bytes(data[: int(len(data) * length)])
        result = run_with_modules(Path(folder) / "modules", {"test-attacker": path})
        check(result.status == EXIT_CONFIG, "it was loaded", result)
        check(f"test-attacker.cub: {reason}" in result.err, f"expected '{reason}'", result)


def import_refused(call, expected):
    """A module imports what its manifest does not entitle it to."""
    with temporary_directory() as folder:
        source, module = Path(folder) / "deputy.c", Path(folder) / "deputy.cub"
        source.write_text(
            "".join(f"#include <{name}.h>\n" for name in ("cubicle", "host", "hostfiles", "hostnet"))
            + f"int main(void) {{ {call}; return 0; }}\n"
        )
        cc = [BUILD / "bin/cubicle-cc", "--cubicle-provides=app", "-O2", "-o", module, source]
        made = execute(cc)
        check(made.status == 0, "does not compile", made)
        result = run_with_modules(Path(folder) / "modules", {"refused": module}, system=REFUSED)
        check(result.status == EXIT_CONFIG, "it was loaded", result)
        check(re.search(expected, result.err), f"expected /{expected}/", result)


def long_names():
    """25: names as long as a file's may be hide neither the place nor the reason, in what is said of them."""
    with temporary_directory() as folder:
        source, module = Path(folder) / "long.c", Path(folder) / "long.cub"
        name = "x" * 4000
        source.write_text(f"int {name}(volatile int *p);\n"
                          f"__attribute__((noinline)) int {name}(volatile int *p) {{ return *p; }}\n"
                          f"int main(void) {{ return {name}(0); }}\n")
        cc = [BUILD / "bin/cubicle-cc", "--cubicle-provides=app", "-O2", "-o", module, source]
        made = execute(cc)
        check(made.status == 0, "does not compile", made)
        result = run_with_modules(Path(folder) / "fault", {"refused": module}, system=REFUSED)
        check_fault(result, "refused", "null", "", "read", 0)
        check("xxx..." in result.err, "the name is not shown", result)
        execute(["objcopy", f"--redefine-sym=plat_clock={name}", MODULES / "time.cub", module])
        result = run_with_modules(Path(folder) / "import", {"time": module})
        check(result.status == EXIT_CONFIG, "it was loaded", result)
        check(re.search(r"time\.cub: imports xxx.*xxx, which no interface of the registry declares$",
                        result.err, re.MULTILINE), "no reason", result)


def allocator_calls():
    """45: who is called in the middle of malloc cannot call back."""
    with temporary_directory() as folder:
        system = Path(folder) / "attack.yaml"
        system.write_text(ATTACK.read_text().replace(
            "[test-attacker]\n", "[test-attacker]\n    allocator: test-attacker\n"))
        result = run_system(system, "none")
        check(result.status == EXIT_CONFIG, "it was started", result)
        check(re.search(r"imports \w+, .*`allocator`.* calls the monitor only", result.err),
              "not refused for that", result)


def complete(tests, isolation=ISOLATION):
    """Each row is tried by one of @tests, or elsewhere, or it is said why it is not."""
    rows = {int(re.match(r"\d+", test[0]).group()) for test in tests}
    apart = set(APART.get(isolation, {}))
    check(not rows & apart, f"tried after all: {sorted(rows & apart)}")
    have = rows | apart | set(ELSEWHERE)
    check(have == set(CATALOGUE), f"differs: {sorted(have ^ set(CATALOGUE))}")


def documented():
    """The threat model says of every row of the catalogue what stops it, and of no other."""
    text = (TOP / "docs/threat-model.md").read_text()
    table = text[text.index("## What an attacker may try"):]
    cells = re.findall(r"^\|[^|]*\| ([0-9, ]+) \|", table, re.MULTILINE)
    check(len(cells) > 15, "no table of attempts")
    rows = {int(number) for cell in cells for number in cell.split(",")}
    check(rows == set(CATALOGUE), f"differs: {sorted(rows ^ set(CATALOGUE))}")


def add_loading(tests):
    """What is refused before anything runs."""
    for name, row, reasons, body in refused_cases() if SFI else ():
        tests.add(f"{row}: refused {name}", refused, name, reasons, body)
    tests.add("30: another interface version", patched, "version", "test-attacker",
              rb"(uses vfs )[0-9a-f]{4}", rb"\g<1>0000", r"interface vfs has fingerprint 0000\w{12} in the module, but")
    tests.add("25: unknown import", patched, "import", "test-attacker",
              rb"\0vfs_openat\0", rb"\0vfs_opemat\0",
              r"imports vfs_opemat, which no interface of the registry declares")
    for length in (0, 0.01, 0.3, 0.6, 0.999):
        tests.add(f"25: truncated to {length}", truncated, length,
                  "the section header table is damaged" if length else "the file is empty")
    for call, expected in (
        ("host_shutdown(0)", r"refused.*host_shutdown.*`host`"),
        ("hostnet_wait(0, 0)", r"refused.*hostnet_wait.*`hostnet`"),
        ("hostfiles_close_all()", r"refused.*hostfiles_close_all.*`hostfiles`"),
        ("cubicle_page_assign(0, 0, 1)", r"refused.*cubicle_page_assign.*`allocator`"),
        ("cubicle_page_recall(0, 0, 1)", r"refused.*cubicle_page_recall.*`allocator`"),
        ("cubicle_page_resume(0, 0, 1)", r"refused.*cubicle_page_resume.*`allocator`"),
        ("cubicle_page_reclaim(1, 0)", r"refused.*cubicle_page_reclaim.*`allocator`"),
        ("cubicle_page_release(0, 0, 1)", r"refused.*cubicle_page_release.*`allocator`"),
    ):
        if SFI:
            tests.add(f"33: import of {call}", import_refused, call, expected)
    if SFI:
        tests.add("25: names too long for a line", long_names)
    tests.add("45: an allocator that calls others", allocator_calls)
    if SFI:
        growth.add_tests(tests)


def main():
    tests = Suite("attack")
    for row in DENIED:
        tests.add(f"{row[5]}: window {row[0]}", denied, *row)
    for row in STOPPED:
        if SFI or PLAIN.get(row[0], row) is not None:
            tests.add(f"{row[4]}: {row[0]}", stopped, *as_plain(row))
    for row in HARMLESS:
        if not SFI and PLAIN.get(row[0], row) is None:
            continue
        tests.add(f"{row[2]}: {row[0]}", harmless, *row)
    if SFI and HAS_LOW_VIEW:
        for row in STOPPED:
            if row[0] not in READABLE:
                tests.add(f"{row[4]}: {row[0]}, low view", stopped, *row, system=low(ATTACK))
        for row in HARMLESS:
            if row[0] not in STRICT:
                tests.add(f"{row[2]}: {row[0]}, low view", harmless, *row, system=low(ATTACK))
        for name in READABLE:
            tests.add(f"1: {name}, low view", readable, name)
    tests.add("1: spy, isolated", spied, ISOLATION)
    tests.add("1: spy, not isolated", spied, "none")
    if SFI:  # plain code, on a processor that is not emulated
        for name in ("alignment_flag", "alignment_left", "direction_flag"):
            tests.add(f"17: {name}, not isolated", harmless, name, r"^served$", 17,
                      isolation="none")
    tests.add("38: files of the host", outlaw)
    for name in LIES:
        tests.add(f"29: lie {name}", lie, name)
    for row in LIES_MAP:
        tests.add(f"29: map-{row[0]}", lie_map, *row)
    tests.add("29: map-crash", lost_map)
    tests.add("20: recursion", recursion)
    tests.add("31: compute_between_calls", impatient, "test-attacker", 100,
              stopped, "compute_between_calls", None, "limit", "", 31, "elsewhere")
    tests.add("31: many_short_calls", impatient, "test-victim", 200,
              harmless, "many_short_calls", r"^served$", 31)
    tests.add("31: endless loop", endless, "endless_loop", signal.SIGINT)
    tests.add("31: endless alarms", endless, "endless_alarms", signal.SIGTERM)
    for name in ("reused_in_pieces", "lent_in_pieces"):
        tests.add(f"31: {name}", large, name, r"^served$", 31)
    if not SFI:
        for row in KEYS:
            tests.add(f"{row[4]}: {row[0]}", stopped, *row)
        for name, code, row in KEYS_CALLS:
            tests.add(f"{row}: {name}", called, name, code)
        for row in KEYS_HARMLESS:
            tests.add(f"{row[2]}: {row[0]}", harmless, *row)
        for name, code in FORBIDDEN.items():
            tests.add(f"22: {name} in an operand", patched, name, "test-attacker",
                      rb"\x44\x33\x22", code, rf"refused.*in marker\+.*{name}")
    start.add_tests(tests)
    loading = Suite("loading")
    add_loading(loading)
    if LOADING:
        tests.tests += loading.tests
    tests.add("every row of the catalogue has a test", complete, tests.tests + loading.tests)
    if SFI:  # once; an emulated machine has no documents
        tests.add("every row of the catalogue is in the threat model", documented)
    return tests.main()


if __name__ == "__main__":
    sys.exit(main())
