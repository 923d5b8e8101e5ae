#!/usr/bin/env python3
"""SQLite in cubicles against the native program of the same source and flags.

    tests/apps/sqlite.py [WORD...]     only tests whose name contains a word
"""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from harness import (  # noqa: E402
    BUILD,
    CUBICLE,
    ISOLATIONS,
    SLOW,
    Failure,
    Suite,
    check,
    execute,
    mode,
    temporary_directory,
)

NATIVE = BUILD / "native"
SCRIPTS = sorted((Path(__file__).resolve().parent / "sql").glob("*.sql"))
# How a system is run: its manifest and options.
ISOLATION = ISOLATIONS[0]
CONFIGURATIONS = {
    ISOLATION: ("sqlite", mode(ISOLATION)),
    f"{ISOLATION}, 4 cubicles": ("sqlite-4", mode(ISOLATION)),
    f"{ISOLATION}, 3 cubicles": ("sqlite-3", mode(ISOLATION)),
}
if "none" in ISOLATIONS:
    CONFIGURATIONS["none"] = ("sqlite", ["--isolation=none"])
    CONFIGURATIONS["ipc"] = ("sqlite", ["--isolation=ipc"])
    CONFIGURATIONS["direct"] = ("sqlite", ["--isolation=none", "--link=direct"])
STARTS = int(os.environ.get("CUBICLE_TEST_STARTS", "200"))


def shell(configuration, *arguments, options=(), stdin=""):
    system, isolation = CONFIGURATIONS[configuration]
    return execute(
        [CUBICLE, "run", system, *isolation, *options, "--", *arguments], stdin=stdin
    )


def same_files(ours, native):
    names = sorted(p.name for p in native.iterdir())
    have = sorted(p.name for p in ours.iterdir() if p.is_file())
    check(have == names, f"files: {have}, natively {names}")
    for name in names:
        check(
            (ours / name).read_bytes() == (native / name).read_bytes(),
            f"{name} differs from the native file",
        )


def script(path, configuration):
    """The same script gives the same output, status and database files."""
    text = path.read_text()
    with temporary_directory() as folder:
        native, ours = Path(folder) / "native", Path(folder) / "ours"
        native.mkdir()
        expected = execute([NATIVE / "sqlite3", "main.db"], stdin=text, cwd=native)
        result = shell(configuration, "/main.db", options=[f"--export={ours}"], stdin=text)
        check(result.out == expected.out, difference(result.out, expected.out), result)
        check(result.err == expected.err, difference(result.err, expected.err), result)
        check(result.status == expected.status, f"native status {expected.status}", result)
        same_files(ours, native)
        integrity = execute(
            [NATIVE / "sqlite3", ours / "main.db", "PRAGMA integrity_check"]
        )
        check(integrity.out == "ok\n", "integrity_check of the exported file", integrity)


def difference(ours, native):
    for number, (a, b) in enumerate(zip(ours.splitlines(), native.splitlines()), 1):
        if a != b:
            return f"line {number}: '{a[:300]}', natively '{b[:300]}'"
    return f"{len(ours)} characters, natively {len(native)}"


def files(configuration):
    """A host directory is the initial root; what is written comes back."""
    with temporary_directory() as folder:
        root, ours, native = (Path(folder) / n for n in ("root", "ours", "native"))
        root.mkdir()
        native.mkdir()
        (root / "in.csv").write_text("a,b\n1,one\n2,\"two, with comma\"\n3,drei\n")
        execute([NATIVE / "sqlite3", root / "old.db", "CREATE TABLE x(y); INSERT INTO x VALUES(7)"])
        commands = (
            ".mode csv\n.import /in.csv t\n.mode list\nSELECT * FROM t;\n"
            "ATTACH '/old.db' AS old; UPDATE old.x SET y = y + 1;\n"
            ".output /out.txt\nSELECT * FROM t JOIN old.x;\n.output\n"
            ".backup /copy.db\n.save /saved.db\n.clone /cloned.db\n.quit\n"
        )
        result = shell(
            configuration,
            "/main.db",
            options=[f"--root={root}", f"--export={ours}"],
            stdin=commands,
        )
        for name in ("in.csv", "old.db"):
            (native / name).write_bytes((root / name).read_bytes())
        expected = execute(
            [NATIVE / "sqlite3", native / "main.db"],
            stdin=re.sub(r"(?<=[ '])/(?=\w)", f"{native}/", commands),
        )
        check(result.out == expected.out, difference(result.out, expected.out), result)
        check(result.status == 0, "wrong status", result)
        same_files(ours, native)
        check((ours / "out.txt").read_text().count("|8") == 3, "out.txt is wrong")


def dump_and_restore(configuration):
    """.dump of one side read by the other, and back."""
    text = (SCRIPTS[0].parent / "basic.sql").read_text()
    with temporary_directory() as folder:
        database = Path(folder) / "n.db"
        execute([NATIVE / "sqlite3", database], stdin=text)
        dump = execute([NATIVE / "sqlite3", database, ".dump"]).out
        result = shell(configuration, "/m.db", stdin=dump + "\n.dump\n")
        check(result.out == dump, difference(result.out, dump), result)


def arguments(configuration):
    result = shell(configuration, "-cmd", ".mode box", ":memory:", "SELECT 1 AS a, 'x' AS b")
    expected = execute(
        [NATIVE / "sqlite3", "-cmd", ".mode box", ":memory:", "SELECT 1 AS a, 'x' AS b"]
    )
    check(result.out == expected.out, difference(result.out, expected.out), result)
    result = shell(configuration, "-bail", ":memory:", "SELECT * FROM nothing")
    check(result.status == 1, "an SQL error must be status 1", result)
    result = shell(configuration, "/no/such/folder/x.db", "CREATE TABLE t(x)")
    check(result.status == 1 and "unable to open" in result.err, "no message", result)


def disk_full(configuration):
    """Memory runs out: a clear error of SQLite, and the database is intact."""
    system, isolation = CONFIGURATIONS[configuration]
    text = (
        "CREATE TABLE t(x);\nINSERT INTO t VALUES (zeroblob(1000000));\n"
        "PRAGMA temp_store=FILE;\nPRAGMA max_page_count=300;\n"
        "INSERT INTO t VALUES (zeroblob(1000000));\nSELECT count(*) FROM t;\n"
        "PRAGMA integrity_check;\n"
    )
    result = execute([CUBICLE, "run", system, *isolation, "--", "/f.db"], stdin=text)
    check("database or disk is full" in result.err, "no error", result)
    check(result.out.endswith("1\nok\n"), "the database is not intact", result)


class Terminal:
    """A program on a pseudo-terminal."""

    def __init__(self, argv):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "vt100"
            os.execv(str(argv[0]), [str(a) for a in argv])
        self.seen = ""
        self.mark = 0

    def send(self, text):
        os.write(self.fd, text.encode())

    def expect(self, pattern, timeout=20):
        end = time.monotonic() + timeout * SLOW
        while True:
            match = re.compile(pattern).search(self.seen, self.mark)
            if match:
                self.mark = match.end()
                return
            ready, _, _ = select.select([self.fd], [], [], max(0, end - time.monotonic()))
            try:
                data = os.read(self.fd, 65536) if ready else b""
            except OSError:
                data = b""
            if not data:
                self.kill()
                raise Failure(f"expected /{pattern}/ in:\n{self.seen[-1500:]}")
            self.seen += data.decode(errors="replace")

    def finish(self, timeout=20):
        end = time.monotonic() + timeout * SLOW
        while time.monotonic() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                os.close(self.fd)
                return os.waitstatus_to_exitcode(status)
            try:
                if select.select([self.fd], [], [], 0.05)[0]:
                    self.seen += os.read(self.fd, 65536).decode(errors="replace")
            except OSError:
                time.sleep(0.02)
        self.kill()
        raise Failure(f"it does not end:\n{self.seen[-1500:]}")

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def interactive(configuration):
    """Prompts, results at once, continuation lines, an error, the end of input."""
    system, isolation = CONFIGURATIONS[configuration]
    terminal = Terminal([CUBICLE, "run", system, *isolation])
    terminal.expect(r"SQLite version 3\.")
    terminal.expect(r"sqlite> ")
    terminal.send("SELECT 6 * 7;\n")
    terminal.expect(r"\r\n42\r\nsqlite> ")
    terminal.send("SELECT\n")
    terminal.expect(r"   \.\.\.> ")
    terminal.send("'conti' || 'nued';\n")
    terminal.expect(r"\ncontinued\r\nsqlite> ")
    terminal.send("SELEKT;\n")
    terminal.expect(r"syntax error")
    terminal.expect(r"sqlite> ")
    terminal.send("\x04")
    status = terminal.finish()
    check(status == 1, f"status {status} at the end of input, after an error")


def interrupted(configuration):
    """Ctrl-C is the shell's; in the middle of a query, which makes no calls, a second one ends the system."""
    system, isolation = CONFIGURATIONS[configuration]
    terminal = Terminal([CUBICLE, "run", system, *isolation])
    terminal.expect(r"sqlite> ")
    terminal.send(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n;\n"
    )
    time.sleep(0.3)
    terminal.send("\x03")
    time.sleep(1.2 * SLOW)
    terminal.send("\x03")
    start = time.monotonic()
    status = terminal.finish(10)
    check(time.monotonic() - start < 3 * SLOW, "Ctrl-C took too long")
    check(status in (130, -2), f"status {status}")
    check("fault" not in terminal.seen, f"a fault report: {terminal.seen[-500:]}")


def speedtest(configuration):
    """The benchmark's own checksums of its results, and its database file."""
    system, isolation = CONFIGURATIONS[configuration]
    system = system.replace("sqlite", "speedtest1")
    with temporary_directory() as folder:
        native, ours = Path(folder) / "native", Path(folder) / "ours"
        native.mkdir()
        options = ["--verify", "--size", "5"]
        expected = execute([NATIVE / "speedtest1", *options, native / "test.db"])
        result = execute(
            [CUBICLE, "run", system, *isolation, f"--export={ours}", "--", *options, "/test.db"],
            timeout=120,
        )
        check(result.status == 0, "wrong status", result)
        hashes = [re.findall(r"Verification Hash: (.*)", r.out) for r in (result, expected)]
        check(hashes[0] and hashes[0] == hashes[1], f"hashes {hashes}", result)
        same_files(ours, native)


def starts(count):
    """Every one of many starts in a row succeeds."""
    for number in range(count):
        result = subprocess.run(
            [CUBICLE, "run", "sqlite", *mode(ISOLATION), "--", ":memory:",
             "SELECT 'alive'"],
            capture_output=True,
            text=True,
            timeout=30 * SLOW,
            check=False,
        )
        check(
            result.returncode == 0 and result.stdout == "alive\n",
            f"start {number + 1}: status {result.returncode}\n{result.stdout}{result.stderr}",
        )


def main():
    tests = Suite("sqlite")
    for configuration in CONFIGURATIONS:
        for path in SCRIPTS:
            if configuration == "ipc" and path.stem == "wal":
                continue  # shared mappings of files need windows
            tests.add(f"{configuration}: {path.stem}", script, path, configuration)
        tests.add(f"{configuration}: speedtest1", speedtest, configuration)
    for configuration in [c for c in (ISOLATION, "direct") if c in CONFIGURATIONS]:
        tests.add(f"{configuration}: files", files, configuration)
        tests.add(f"{configuration}: dump", dump_and_restore, configuration)
        tests.add(f"{configuration}: arguments", arguments, configuration)
        tests.add(f"{configuration}: disk full", disk_full, configuration)
        tests.add(f"{configuration}: interactive", interactive, configuration)
        tests.add(f"{configuration}: interrupted", interrupted, configuration)
    tests.add(f"{STARTS} starts", starts, STARTS)
    return tests.main()


if __name__ == "__main__":
    sys.exit(main())
