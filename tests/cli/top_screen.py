"""cubicle top on a terminal: `screen PID`, and `run`."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

END = b"\x1b[?1049l"  # back to what was there before


class Terminal:
    def __init__(self, command, columns, rows):
        self.seen = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "screen"
            signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests may run under nohup
            os.execvp(command[0], command)
        self.resize(columns, rows)

    def resize(self, columns, rows):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.kill(self.pid, signal.SIGWINCH)

    def read(self, seconds):
        end = time.time() + seconds
        while time.time() < end:
            if select.select([self.fd], [], [], 0.1)[0]:
                try:
                    data = os.read(self.fd, 65536)
                except OSError:
                    return
                if not data:
                    return
                self.seen += data

    def expect(self, text, seconds=20):
        """Waits until @text is on the screen, which Ctrl-L has drawn anew."""
        end = time.time() + seconds
        while text not in self.seen:
            assert time.time() < end, (text, self.seen[-2000:])
            self.send(b"\x0c")
            self.read(0.5)

    def expect_end(self):
        end = time.time() + 20
        while END not in self.seen and time.time() < end:
            self.read(0.2)

    def send(self, keys):
        self.seen = b""
        os.write(self.fd, keys)

    def status(self):
        self.read(20)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def screen(pid):
    t = Terminal(["cubicle", "top", pid, "--delay=0.2"], 80, 24)
    for text in (b"CUBICLE", b"STATE", b"sqlite", b"calls/s", b"sort:", b"l" * 63):
        t.expect(text)
    # Right, down, End, Home; what the narrow screen cut is there.
    t.send(b"\x1bOC" * 12)
    t.expect(b"BEGUN")
    t.send(b"\x1b[4~")
    t.expect(b"alloc")
    t.send(b"\x1b[1~")
    t.expect(b"STATE")
    for key in b"cbutmn":
        t.send(bytes([key]))
        t.read(0.3)
    t.send(b"p")
    t.expect(b"PAUSE")
    t.send(b"p")
    t.read(0.5)
    t.send(b"f")
    t.send(b"\x1b[4~" + b"\x1bOC" * 19)
    t.expect(b"fs_write")
    t.send(b"f\x1b[1~")
    t.resize(20, 5)
    t.read(1)
    t.expect(b"q end")
    t.send(b"\x1b[6~" * 50 + b"\x1b[5~" * 3)
    t.read(0.5)
    t.resize(1, 1)
    t.read(0.5)
    t.resize(200, 50)
    t.expect(b"sqlite")
    t.send(b"\x1b[1~")
    t.expect(b"TRAPS/S")
    t.send(b"q")
    assert t.status() == 0
    assert END in t.seen, t.seen[-200:]
    # Small from the start.
    t = Terminal(["cubicle", "top", pid], 20, 5)
    t.expect(b"CUBICLE")
    assert not termios.tcgetattr(t.fd)[3] & termios.ECHO
    t.send(b"\x03")  # Ctrl-C
    t.expect_end()
    assert termios.tcgetattr(t.fd)[3] & termios.ECHO and termios.tcgetattr(t.fd)[3] & termios.ICANON
    assert t.status() == 128 + signal.SIGINT
    assert END in t.seen, t.seen[-200:]


def ended(pid, monitor):
    """A system that ends while it is shown: the last of it stays until a key."""
    t = Terminal(["cubicle", "top", pid, "--delay=0.2"], 80, 24)
    t.expect(b"sqlite")
    os.kill(int(monitor), signal.SIGKILL)
    t.expect(b"ENDED")
    t.expect(b"sqlite")
    t.send(b"q")
    assert t.status() == 0
    assert b"has ended" in t.seen[t.seen.find(END):], t.seen[-300:]


def ends(pid):
    """Within 10 seconds; else it is ended."""
    for _ in range(100):
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            return True
        time.sleep(0.1)
    os.kill(pid, signal.SIGKILL)
    return False


def run():
    t = Terminal(["cubicle", "run", "hello", "--top"], 80, 24)
    status = t.status()
    assert status == 0, (status, t.seen[-500:])
    assert b"hello, world" in t.seen, t.seen[-500:]
    assert END not in t.seen[t.seen.find(b"hello, world"):], "the screen comes after the output"
    # One that works for a while: its share of the processor; q ends it.
    t = Terminal(["cubicle", "run", "speedtest1", "--top", "--", "--size", "2000", "/test.db"], 80, 24)
    t.expect(b"speedtest1")
    t.expect(b"live")
    t.read(1.5)
    t.send(b"\x0c")
    t.read(1)
    rows = re.findall(rb"sqlite +app +(\d+\.\d) ", t.seen)
    assert rows and float(rows[0]) > 1, t.seen  # the sample of a busy machine
    t.send(b"q")
    status = t.status()
    assert status == 128 + signal.SIGTERM, (status, t.seen[-500:])
    assert b"ended by SIGTERM" in t.seen, t.seen[-500:]
    # What it writes is kept to its last part only.
    many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 150000) SELECT 'line ' || i || '.' FROM n"
    t = Terminal(["cubicle", "run", "sqlite", "--top", "--", ":memory:", many], 80, 24)
    status = t.status()
    shown = t.seen[t.seen.rfind(END):]
    assert status == 0 and b"line 150000." in shown, (status, shown[-300:])
    assert re.search(rb"of \d{7} bytes that the system wrote, the last 1048576", shown), shown[:300]
    assert len(shown) < 1500000 and b"line 149000." in shown and b"line 1000." not in shown, len(shown)
    # The terminal goes: so does all of it.
    for option in "--top", "--stats":
        t = Terminal(["cubicle", "run", "speedtest1", option, "--", "--size", "2000", "/test.db"], 80, 24)
        t.read(2)
        os.close(t.fd)
        assert ends(t.pid), f"{option} stays when the terminal goes"


if sys.argv[1] == "screen":
    screen(sys.argv[2])
elif sys.argv[1] == "ended":
    ended(sys.argv[2], sys.argv[3])
else:
    run()
