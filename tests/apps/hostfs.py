#!/usr/bin/env python3
"""A database on a directory of the host: the same files as the native program writes.

    tests/apps/hostfs.py [WORD...]     only tests whose name contains a word
"""

import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from harness import BUILD, CUBICLE, ISOLATIONS, SYSTEMS, Suite, check, execute, mode, temporary_directory  # noqa: E402

NATIVE = BUILD / "native"
# wal: a write-ahead log shares memory between processes, which files of the host do not do; see exclusive_wal().
SCRIPTS = [path for path in sorted((Path(__file__).resolve().parent / "sql").glob("*.sql")) if path.stem != "wal"]
# All but `rights` and `pipes`, which make set-id files and fifos.
CHECKS = ("open", "data", "seek", "size", "names", "absent", "links", "directories", "relative", "times",
          "locks", "mapping", "devices", "long")
WAYS = {ISOLATIONS[0]: mode(ISOLATIONS[0])}
if "none" in ISOLATIONS:
    WAYS["none"] = ["--isolation=none"]
    WAYS["direct"] = ["--isolation=none", "--link=direct"]
    WAYS["ipc"] = ["--isolation=ipc"]
FILL = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"


def shell(way, folder, stdin, *arguments):
    return execute([CUBICLE, "run", "sqlite", *WAYS[way], f"--mount={folder}:/data:rw", "--",
                    *arguments], stdin=stdin)


class Folders:
    """One for the native program, one for ours, which everybody may write to."""

    def __init__(self):
        self.top = temporary_directory()
        self.native, self.ours = Path(self.top.name) / "native", Path(self.top.name) / "ours"
        Path(self.top.name).chmod(0o755)
        for folder in (self.native, self.ours):
            folder.mkdir()
            folder.chmod(0o777)

    def same(self):
        names = sorted(path.name for path in self.native.iterdir())
        have = sorted(path.name for path in self.ours.iterdir())
        check(have == names, f"files: {have}, natively {names}")
        for name in names:
            check((self.ours / name).read_bytes() == (self.native / name).read_bytes(),
                  f"{name} differs from the native file")


def checks(name, way):
    """What the programs of tests/apps/files check, with the host's files in place of ramfs."""
    with temporary_directory() as folder:
        top = Path(folder)
        top.chmod(0o755)
        (top / "root").mkdir()
        (top / "root").chmod(0o777)
        text = (SYSTEMS / "files.yaml").read_text().replace('"ramfs /"', '"hostfs / root rw"')
        text = text.replace("  - name: boot\n", "  - {name: hostfs, modules: [hostfs], hostfiles: [hostfs]}\n"
                                                "  - name: boot\n")
        system = top / "files.yaml"
        system.write_text(text + "  - {consumer: vfscore, interface: fs, provider: hostfs}\n")
        result = execute([CUBICLE, "run", *WAYS[way], system, "--", name])
        check(f"PASS {name} " in result.out and result.status == 0, "a check failed", result)


def script(path, way):
    folders = Folders()
    text = path.read_text()
    expected = execute([NATIVE / "sqlite3", "main.db"], stdin=text, cwd=folders.native)
    ours = text.replace("'attached.db'", "'/data/attached.db'")
    result = shell(way, folders.ours, ours, "/data/main.db")
    check(result.out == expected.out, "another output", result)
    check(result.status == expected.status, f"native status {expected.status}", result)
    folders.same()


def goes_on(way):
    """Each run finds what the one before wrote, and so does the native program."""
    folders = Folders()
    for i in range(3):
        sql = f"CREATE TABLE IF NOT EXISTS t(x); INSERT INTO t VALUES ({i}); SELECT group_concat(x) FROM t;\n"
        result = shell(way, folders.ours, sql, "/data/a.db")
        check(result.out == ",".join(map(str, range(i + 1))) + "\n", "not what was there", result)
        check(result.status == 0 and not result.err, "an error", result)
    native = execute([NATIVE / "sqlite3", folders.ours / "a.db", "SELECT count(*) FROM t"])
    check(native.out == "3\n", "the native program", native)


def crash(way):
    """Killed in the middle of a transaction: its journal is rolled back by who comes next."""
    folders = Folders()
    shell(way, folders.ours, f"PRAGMA cache_size=10; CREATE TABLE t(x); {FILL % 2000} INSERT INTO t SELECT i FROM n;\n", "/data/a.db")
    process = subprocess.Popen(
        [CUBICLE, "run", "sqlite", *WAYS[way], f"--mount={folders.ours}:/data:rw", "--", "/data/a.db"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    process.stdin.write("PRAGMA cache_size=10; BEGIN; UPDATE t SET x = x || 'changed'; SELECT 'now';\n")
    process.stdin.flush()
    check(process.stdout.readline() == "now\n", "no answer")
    process.kill()
    process.stdout.read()  # all of it has ended, before it could find its standard input closed
    process.communicate()
    check((folders.ours / "a.db-journal").exists(), "no journal: nothing was in the middle")
    result = shell(way, folders.ours, "SELECT count(*), sum(x) FROM t; PRAGMA integrity_check;\n", "/data/a.db")
    check(result.out == f"2000|{2000 * 2001 // 2}\nok\n", "not rolled back", result)


def exclusive_wal(way):
    """With the database to itself, SQLite keeps the log's index in its own memory."""
    folders = Folders()
    sql = ("PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; CREATE TABLE t(x); "
           "INSERT INTO t VALUES (1); SELECT * FROM t;\n")
    result = shell(way, folders.ours, sql, "/data/a.db")
    check(result.out == "exclusive\nwal\n1\n" and not result.err, "no write-ahead log", result)
    native = execute([NATIVE / "sqlite3", folders.ours / "a.db", "SELECT * FROM t; PRAGMA journal_mode"])
    check(native.out == "1\nwal\n", "the native program", native)


def read_only(way):
    folders = Folders()
    execute([NATIVE / "sqlite3", folders.ours / "a.db", "CREATE TABLE t(x); INSERT INTO t VALUES (7);"])
    (folders.ours / "a.db").chmod(0o666)
    before = (folders.ours / "a.db").read_bytes()
    result = execute([CUBICLE, "run", "sqlite", *WAYS[way], f"--mount={folders.ours}:/data", "--", "/data/a.db"],
                     stdin="SELECT * FROM t; INSERT INTO t VALUES (8);\n")
    check(result.out == "7\n", "cannot be read", result)
    check("readonly" in result.err or "unable to open" in result.err, "no error", result)
    check((folders.ours / "a.db").read_bytes() == before, "it was written", result)


def main():
    tests = Suite("hostfs")
    for way in WAYS:
        for name in CHECKS:
            tests.add(f"{name}, {way}", checks, name, way)
        for path in SCRIPTS:
            tests.add(f"{path.stem}, {way}", script, path, way)
        tests.add(f"goes on, {way}", goes_on, way)
        tests.add(f"crash, {way}", crash, way)
        tests.add(f"write-ahead log, {way}", exclusive_wal, way)
        tests.add(f"read-only, {way}", read_only, way)
    return tests.main()


if __name__ == "__main__":
    sys.exit(main())
