#!/usr/bin/env python3
"""deny_gs.py COMMAND...: runs COMMAND where arch_prctl(ARCH_SET_GS) is forbidden, as some
containers do it: by a seccomp filter that answers EPERM."""

import ctypes
import os
import struct
import sys

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
SYS_ARCH_PRCTL, ARCH_SET_GS, EPERM = 158, 0x1001, 1
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
NR, ARGUMENT_0 = 0, 16  # offsets in struct seccomp_data
PROGRAM = [
    (LOAD, 0, 0, NR),
    (JUMP_IF_EQUAL, 0, 3, SYS_ARCH_PRCTL),
    (LOAD, 0, 0, ARGUMENT_0),
    (JUMP_IF_EQUAL, 0, 1, ARCH_SET_GS),
    (RETURN, 0, 0, ERRNO | EPERM),
    (RETURN, 0, 0, ALLOW),
]

code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *row) for row in PROGRAM))
filters = struct.pack("HxxxxxxQ", len(PROGRAM), ctypes.addressof(code))
libc = ctypes.CDLL(None, use_errno=True)
if (libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0
        or libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filters) != 0):
    sys.exit(f"deny_gs: no filter here: {os.strerror(ctypes.get_errno())}")
os.execvp(sys.argv[1], sys.argv[1:])
