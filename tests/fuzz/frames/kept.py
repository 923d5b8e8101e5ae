#!/usr/bin/env python3
"""What once harmed the network stack, step by step: inputs for fuzz_frames, which has the stack compiled with the sanitizers.

    tests/fuzz/frames/kept.py [WORD...]     only inputs whose name contains a word
"""

import socket
import struct
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "support"))
from harness import BUILD, SLOW, Skip, Suite, check, temporary_directory  # noqa: E402
from peer import checksum, ipv4  # noqa: E402

TARGET = BUILD / "native/fuzz_frames"
LIMIT_S = 10
GUEST, OTHER = socket.inet_aton("10.0.0.2"), socket.inet_aton("10.0.0.9")
OTHER6 = socket.inet_pton(socket.AF_INET6, "fd01::9")
MORE = 0x2000  # IPv4: not the last fragment
ECHO, ADVERTISEMENT, TOO_BIG = 4, 11, 1  # places in the list of icmp6()
AS_IT_IS = b"\0"  # the device does not lie about the frame


def room(data):
    """What bytes_of_input() takes from the input: 64 bytes at most, and the rest is of no interest."""
    return data[:64]


def raw(frame):
    check(len(frame) <= 64, "the frame is too long to be said byte by byte")
    return bytes([0, len(frame)]) + frame + b"\1" + AS_IT_IS


def option_at_the_end(kind):
    """A SYN in a packet that ends with the kind of an option, without its length. The block of memory ends there, too."""
    tcp = struct.pack("!HHIIBBHHH", 1000, 80, 1, 0, 7 << 4, 2, 1024, 0, 0) + b"\1" * 7 + bytes([kind])
    return raw(bytes(12) + b"\x08\0" + ipv4(OTHER, GUEST, socket.IPPROTO_TCP, tcp))


def fragment(is6, offset, size):
    """The part of a datagram that begins at @offset, as the header has it with its flags; one is of a multiple of 8 bytes."""
    head = bytes([2, is6]) + struct.pack("!HB", offset, 1)
    body = struct.pack("!HHHH", 1000, 53, 0, 0).ljust(64, b"x")
    return head + b"\0" + struct.pack("!H", size) + room(body[:size]) + AS_IT_IS


def beyond_the_end(is6):
    """The last part is there; then come others, up to 64 KiB behind it, and the first."""
    def part(at, size, more=True):
        return fragment(is6, (at | more) if is6 else (at // 8 | (MORE if more else 0)), size)
    # With its headers it is longer than 16 bits can say.
    parts = part(8, 8, False) + part(16, 32000) + part(32016, 33512) + part(0, 8)
    return time_passes() + parts + program_receives() + 3 * time_passes(250)  # what is no whole is given up


def program_receives():
    """A program takes what has come by UDP: 70,000 bytes at most, from the second socket."""
    return bytes([5, 1, 0, 1, 0])


def time_passes(tenths=50):
    """A program waits."""
    return bytes([5, 6, 1, 0, 0, 1, tenths])


def icmp6(kind, choice, size, body):
    return bytes([3, 2, kind, choice, size - 8]) + room(body[:size].ljust(size, b"\0"))


def narrow_way(mtu):
    """A router makes packets so small that no byte fits; then there is something to be sent."""
    syn = bytes([6, 1, 0]) + bytes([0, 0]) + AS_IT_IS  # IPv6, from port 1000
    body = bytes(24) + b"\2\1" + bytes(6)
    # The address is fd01::2 and 7 more; the option is that of the link's address, of 8 bytes.
    here = icmp6(ADVERTISEMENT, 8 | 16, 32, body) + bytes([7, 1, 1]) + AS_IT_IS
    about = struct.pack("!IHBB", 6 << 28, 8, 58, 64) + bytes(16) + OTHER6
    small = icmp6(TOO_BIG, 0, 64, bytes(4) + struct.pack("!I", mtu) + about) + AS_IT_IS
    return time_passes() + syn + here + small + icmp6(ECHO, 0, 127, b"") + AS_IT_IS


KEPT = {
    **{f"option {kind} at the end": option_at_the_end(kind) for kind in (2, 3, 4, 5, 8, 99)},
    "fragments beyond the end, IPv4": beyond_the_end(False),
    "fragments beyond the end, IPv6": beyond_the_end(True),
    **{f"packets of {mtu} bytes": narrow_way(mtu) for mtu in (0, 47, 48, 55)},
}


def run(data):
    if not TARGET.exists():
        raise Skip(f"{TARGET} is not built")
    with temporary_directory() as folder:
        path = Path(folder) / "input"
        path.write_bytes(data)
        done = subprocess.run([TARGET, f"-timeout={int(LIMIT_S * SLOW)}", f"-artifact_prefix={folder}/", path],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        lines = [line for line in done.stderr.splitlines() if "ERROR" in line or "abort:" in line]
        check(done.returncode == 0, f"{(lines or done.stderr.splitlines()[-3:])}")


def main():
    tests = Suite("kept")
    for name, data in KEPT.items():
        tests.add(name, run, data)
    return tests.main()


if __name__ == "__main__":
    sys.exit(main())
