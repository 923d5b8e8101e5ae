"""The attack catalogue as tables: what is tried, and how it must be stopped."""

# What an attacker may try. A number in front of a test's name is a row of this table.
CATALOGUE = {
    1: "read or write another cubicle's heap, stack, globals, constants, thread-local data",
    2: "read, write or execute memory of the monitor",
    3: "wild pointers: null, the ends of memory, non-canonical, wrapping indexes",
    4: "access before or behind an open window",
    5: "access after a window was closed, shortened, destroyed, or its memory freed",
    6: "write through a read-only window",
    7: "open a window on memory of others, on an empty, wrapping or huge range",
    8: "use somebody else's window, a stale id, somebody else's identity",
    9: "delegate more, or for longer, than was granted",
    10: "find what another cubicle left in a page",
    11: "overflow the stack, step over its guard, move it to another cubicle's memory",
    12: "read a fresh page before its owner has used it",
    13: "keep access through a revocation in the middle of a call",
    14: "jump into another cubicle, the middle of a bundle, a trampoline; return without a call",
    15: "call an entry point through somebody else's trampoline",
    16: "overwrite a return address on one's own stack",
    17: "return with another stack pointer, other registers, another control word",
    18: "find secrets in registers",
    19: "setjmp and longjmp across a call",
    20: "recursion without end between cubicles",
    21: "instructions that a module must not have",
    22: "instructions hidden in others, or behind prefixes",
    23: "implicit writers of the stack pointer",
    24: "change code after it was verified",
    25: "malformed module files",
    26: "hostile arguments to every function of an interface",
    27: "make a callee read or write memory that the caller cannot",
    28: "lengths that change between check and use, overlapping buffers",
    29: "lies of a callee: counts, sizes, errors, names",
    30: "a provider and a consumer of different interfaces",
    31: "exhaust descriptors, memory, windows, call depth, time",
    32: "crash in a callee",
    33: "reach the host without being entitled to",
    36: "system calls by numbers of other kinds of processes (32 bits, x32), or by the half of a wide argument",
    37: "signals: a forged frame for their return, one in the middle of a trampoline",
    38: "leave a directory of the host, or write where it is read-only",
    41: "wait for the N-th call of the host, or allocation, that fails while a system starts and runs",
    44: "call a component before it is set up",
    45: "take a role, or a right of a role, that the manifest gives to another",
    47: "make the loader work longer than the file is long",
    48: "profit from a base of GS that the kernel has lost",
    50: "be a hostile provider, or a hostile consumer, of every interface",
    51: "take over the network stack or the device by what it receives, and turn on the others",
    52: "harm the stack by frames, the server by requests, or both by their number",
    53: "reach services that the host keeps for itself, by packets that a helper carries; guess or share ports of a program",
}

# Rows that other suites test. All of 26, 28 and 29 also: liars.
ELSEWHERE = {
    7: "conformance: windows",
    10: "conformance: memory",
    18: "conformance: registers",
    28: "conformance: ranges",
    36: "unit: filter; attack_ipc",
    37: "conformance: a signal at every instruction",
    41: "failure",
    50: "liars",
    51: "liars: orders",
    52: "fuzz: frames, http; apps: nginx_network, floods, discovery",
    53: "net: loopback addresses; apps: sockets (ports), waits (shared_port)",
}

# Rows that are not tried on a backend, and why.
APART = {
    "mpk": {
        21: "plain code may have any instruction but those of row 22",
        23: "plain code moves its stack pointer as it likes; what it reaches then is row 11",
        47: "the loader, which is timed under sfi",
        48: "rights are not in the base of GS",
    },
    "ipc": {
        2: "what a process can reach of a monitor is its own, which nobody else relies on",
        4: "no windows", 5: "no windows", 6: "no windows", 9: "no windows", 13: "no windows",
        12: "no page of another process is mapped, fresh or not: row 1",
        20: "conformance",
        21: "plain code, whose host calls a filter of its process refuses: row 33",
        22: "plain code, likewise", 23: "plain code, likewise",
        25: "the loader, which is that of mpk", 30: "the loader", 45: "the loader", 47: "the loader",
        27: "ranges are copied by the caller's own process, with its own page table",
        44: "conformance",
        48: "rights are not in the base of GS",
    },
}

# Attacks by the cubicle `peer` (or `third`) on the driver, while it holds, held or never
# held a window: NAME, who dies, access, reason, owner, row of the catalogue.
DENIED = [
    ("read_heap", "peer", "read", "heap", "driver", 1),
    ("write_heap", "peer", "write", "heap", "driver", 1),
    ("read_fresh", "peer", "read", "heap", "driver", 12),
    ("read_data", "peer", "read", "data", "driver", 1),
    ("write_data", "peer", "write", "data", "driver", 1),
    ("read_rodata", "peer", "read", "rodata", "driver", 1),
    ("read_tls", "peer", "read", "data", "driver", 1),
    ("read_stack", "peer", "read", "stack", "driver", 1),
    ("write_stack", "peer", "write", "stack", "driver", 1),
    ("after_close", "peer", "read", "heap", "driver", 5),
    ("after_close_all", "peer", "write", "heap", "driver", 5),
    ("after_remove", "peer", "read", "heap", "driver", 5),
    ("after_destroy", "peer", "read", "heap", "driver", 5),
    ("after_unmap", "peer", "read", "heap", "driver", 5),
    ("kept_window", "peer", "write", "heap", "driver", 5),
    ("after_remap", "peer", "write", "heap", "driver", 5),
    ("remap_target", "peer", "write", "heap", "driver", 5),
    ("after_replace", "peer", "write", "heap", "driver", 5),
    ("kept_unlent", "peer", "write", "heap", "driver", 5),
    ("after_many_cuts", "peer", "write", "heap", "driver", 5),
    ("after_reuse", "peer", "read", "heap", "driver", 5),
    ("read_only", "peer", "write", "read-only", "driver", 6),
    ("before_window", "peer", "read", "heap", "driver", 4),
    ("behind_window", "peer", "read", "heap", "driver", 4),
    ("other_peer", "third", "read", "heap", "driver", 8),
    ("close_during_call", "peer", "read", "heap", "driver", 13),
    ("unmap_during_call", "peer", "read", "heap", "driver", 13),
    ("delegation_root_closed", "third", "read", "heap", "driver", 9),
    ("delegation_closed", "third", "read", "heap", "driver", 9),
    ("delegation_write", "third", "write", "read-only", "driver", 9),
    ("code_as_data", "peer", "read", "code", "driver", 1),
    ("null_pointer", "peer", "read", "null", "", 3),
    ("last_byte", "peer", "read", "end", "", 3),
    ("unmapped", "peer", "write", "unmapped", "", 3),
    ("reserved", "peer", "read", "unmapped", "", 3),
    ("after_close_hot", "peer", "read", "heap", "driver", 5),
    ("read_only_hot", "peer", "write", "read-only", "driver", 6),
    ("one_of_two_hot", "peer", "write", "heap", "driver", 5),
    ("half_open_hot", "peer", "read", "heap", "driver", 4),
    ("after_reuse_hot", "peer", "read", "heap", "driver", 5),
    ("other_peer_hot", "third", "read", "heap", "driver", 8),
    ("around_ends", "peer", "read", "heap", "driver", 4),
    ("around_begins", "peer", "read", "heap", "driver", 4),
    ("around_read_only", "peer", "write", "read-only", "driver", 6),
    ("around_close", "peer", "read", "heap", "driver", 5),
    ("around_close_before", "peer", "write", "heap", "driver", 5),
    ("around_close_all", "peer", "read", "heap", "driver", 5),
    ("around_remove", "peer", "read", "heap", "driver", 5),
    ("around_unmap", "peer", "read", "heap", "driver", 5),
    ("around_unmap_all", "peer", "read", "unmapped", "", 5),
    ("around_reuse", "peer", "read", "heap", "driver", 5),
    ("around_protect", "peer", "write", "read-only", "driver", 6),
    ("around_other_peer", "third", "read", "heap", "driver", 8),
    ("around_delegated", "third", "read", "heap", "driver", 9),
    ("on_demand", "peer", "read", "on demand", "", 3),
]

# Attacks by the application `attacker` that end in a fault of it. The address in the report
# must be the one that the attacker announced, unless the last column says "elsewhere".
STOPPED = [
    ("read_heap", "read", "heap", "victim", 1, ""),
    ("write_heap", "write", "heap", "victim", 1, ""),
    ("read_stack", "read", "stack", "victim", 1, ""),
    ("write_stack", "write", "stack", "victim", 1, ""),
    ("read_data", "read", "data", "victim", 1, ""),
    ("write_data", "write", "data", "victim", 1, ""),
    ("read_rodata", "read", "rodata", "victim", 1, ""),
    ("write_rodata", "write", "rodata", "victim", 1, ""),
    ("read_tls", "read", "data", "victim", 1, ""),
    ("write_tls", "write", "data", "victim", 1, ""),
    ("read_code", "read", "code", "victim", 1, ""),
    ("write_code", "write", "code", "victim", 1, ""),
    ("read_high_half", "read", "heap", "victim", 2, ""),
    ("read_noncanonical", "read", "heap", "victim", 3, ""),
    ("index_out_of_view", "read", "heap", "victim", 3, ""),
    ("index_wraps", "read", "heap", "victim", 3, ""),
    ("null_read", "read", "null", "", 3, ""),
    ("null_write", "write", "null", "", 3, "elsewhere"),
    ("guard_low", "read", "null", "", 3, ""),
    ("guard_high", "write", "end", "", 3, ""),
    ("last_byte", "read", "end", "", 3, ""),
    ("read_stubs", "read", "code", "", 2, ""),
    ("write_stubs", "write", "code", "", 2, ""),
    ("write_own_code", "write", "code", "attacker", 24, ""),
    ("read_own_code", "read", "code", "attacker", 24, ""),
    ("write_own_rodata", "write", "own-rodata", "", 1, ""),
    ("write_string_op", "write", "data", "victim", 1, ""),
    ("read_string_op", "read", "heap", "victim", 1, ""),
    # A frame begins with a probe and with a write; where the stack lies decides what meets the guard.
    ("stack_overflow", None, "guard", "", 11, "elsewhere"),
    ("huge_alloca", "write", "unmapped", "", 11, "elsewhere"),
    ("stack_pivot", "write", "data", "victim", 11, ""),
    ("read_below", "read", "end", "", 3, "elsewhere"),
    ("read_far_below", "read", "outside", "", 3, "elsewhere"),
    ("read_vsyscall", "read", "end", "", 3, "elsewhere"),
    ("read_behind", "read", "end", "", 3, "elsewhere"),
    ("read_far_behind", "read", "outside", "", 3, "elsewhere"),
    ("after_window", "read", "heap", "victim", 4, ""),
    ("through_read_only", "write", "read-only", "victim", 6, ""),
    ("mapped_unmapped", "read", "heap", "ramfs", 5, ""),
    ("mapped_hole", "write", "heap", "ramfs", 5, ""),
    ("mapped_behind", "read", "heap", "ramfs", 4, ""),
    ("mapped_before", "read", "heap", "ramfs", 4, ""),
    ("mapped_read_only", "write", "read-only", "ramfs", 6, ""),
    ("mapped_by_victim", "read", "heap", "ramfs", 1, ""),
    ("mapped_removed", "write", "heap", "ramfs", 5, ""),
    ("hijack_stack", "write", "stack", "giver", 16, ""),
    ("hijack_before", "write", "stack", "giver", 29, ""),
    ("lent_heap_before", "write", "heap", "giver", 4, ""),
    ("lent_heap_behind", "write", "heap", "giver", 4, ""),
    ("lent_heap_inside", "write", "heap", "giver", 4, ""),
    ("lent_data_behind", "write", "data", "giver", 4, ""),
    ("execute_heap", "execute", "not code", "", 2, ""),
    ("execute_stack", "execute", "not code", "", 2, ""),
    ("execute_data", "execute", "not code", "", 2, ""),
    ("execute_null", "execute", "not code", "", 3, ""),
    ("jump_victim_private", None, "data", "victim", 14, ""),
    ("jump_victim_entry", "read", "data", "victim", 14, "elsewhere"),
    ("jump_victim_import", None, "import", "", 15, "elsewhere"),
    ("jump_host_address", "execute", "not code", "", 14, "elsewhere"),
    ("jump_stubs_end", "execute", "not code", "", 14, ""),
    ("return_heap", "execute", "not code", "", 16, ""),
    ("return_victim_private", None, "data", "victim", 16, ""),
    ("return_host_address", "execute", "not code", "", 16, "elsewhere"),
    ("overwrite_return", None, "changed", "", 16, "elsewhere"),
    ("tail_call", None, "changed", "", 16, "elsewhere"),
    ("tail_call_middle", None, "changed", "", 16, "elsewhere"),
    ("stale_return", None, "return", "", 14, "elsewhere"),
    ("divide", None, "divide", "", 32, "elsewhere"),
    ("compute_for_ever", None, "limit", "", 31, "elsewhere"),
    ("illegal", None, "illegal", "", 32, "elsewhere"),
    ("misaligned", None, "misaligned", "", 32, "elsewhere"),
    ("breakpoint", None, "trap", "", 32, "elsewhere"),
]

# Under mpk code is plain: pointers have 64 bits, and returns and jumps go wherever they say, with
# the rights of who runs. NAME: what differs in the row above (access, reason, owner, where);
# None: not an attack, it stays in the cubicle's own code.
PLAIN = {
    "read_high_half": ("read", "outside", "", "elsewhere"),
    "read_noncanonical": (None, "misaligned", "", "elsewhere"),
    "index_out_of_view": ("read", "outside", "", "elsewhere"),
    "index_wraps": ("read", "outside", "", "elsewhere"),
    "read_below": ("read", "outside", "", "elsewhere"),
    "read_vsyscall": ("read", "outside", "", "elsewhere"),
    "read_behind": ("read", "outside", "", "elsewhere"),
    "return_heap": ("execute", "not code", "", "elsewhere"),
    "tail_call": ("execute", "not code", "", "elsewhere"),
    "jump_middle_of_bundle": None,
    "tail_call_middle": None,
    "return_middle_of_bundle": None,
}

# Attacks on protection keys; the columns are those of STOPPED.
KEYS = [
    ("open_all", None, "import", "", 14, "elsewhere"),
    ("open_some", None, "import", "", 22, "elsewhere"),
    ("open_none", None, "import", "", 22, "elsewhere"),
    ("far_jump", "execute", "not code", "", 14, "elsewhere"),
    ("step_open", None, "import", "", 37, "elsewhere"),
    ("allow_host_calls", "write", "outside", "", 2, "elsewhere"),
    ("write_rights", "write", "outside", "", 2, "elsewhere"),
    ("read_control", "read", "outside", "", 2, "elsewhere"),
    ("read_monitor", "read", "outside", "", 2, "elsewhere"),
    ("change_fs", "write", "outside", "", 22, "elsewhere"),
    ("read_body", "read", "outside", "", 2, "elsewhere"),
]
KEYS_HARMLESS = [
    ("direction_flag", r"^served$", 17),
    ("alignment_flag", r"^served$", 17),
    ("alignment_left", r"^served$", 17),
    ("unmasked_exceptions", r"^served$", 17),
    ("pending_exceptions", r"^served$", 17),
    ("left_in_x87", r"^0 left$", 18),
    ("left_in_x87_flags", r"^0 left$", 18),
    ("left_in_avx512", r"^0 left$", 18),
]
# System calls by a jump to an instruction that some library has: NAME, its bytes, row.
KEYS_CALLS = [
    ("call_getpid", b"\x0f\x05", 33),
    ("call_sigreturn", b"\x0f\x05", 37),
    ("call_interrupt", b"\xcd\x80", 36),
]
# The same with the low view, which can read all code: these work then, by design.
READABLE = ["read_code", "read_stubs", "read_own_code"]
# And these count on code that cannot be read among other things.
STRICT = ["deputy_ranges", "failed_write"]

# What a module must not have at any byte offset: here it is put into an immediate operand.
FORBIDDEN = {
    "wrpkru": b"\x0f\x01\xef",
    "xrstor": b"\x0f\xae\x28",
    "xrstors": b"\x0f\xc7\x18",
    "wrfsbase": b"\x0f\xae\xd0",
    "wrgsbase": b"\x0f\xae\xd8",
    "syscall": b"\x90\x0f\x05",
    "sysenter": b"\x0f\x34\x90",
    "int 0x80": b"\x90\xcd\x80",
}

# Attacks that must come to nothing: NAME, what standard output says, row.
HARMLESS = [
    ("jump_middle_of_bundle", r"^landed$", 14),
    ("return_middle_of_bundle", r"^landed$", 16),
    ("early_return", r"^intact$", 14),
    ("change_registers", r"^intact$", 17),
    ("longjmp_out", r"^jumped, intact$", 19),
    ("every_length", r"^intact$", 29),
    ("hostile_arguments", r"^\d+ calls, 0 bad$", 26),
    ("deputy_ranges", r"^intact 1, 0 bad$", 27),
    ("descriptors_run_out", r"^refused$", 31),
    ("foreign_caller_id", r"^refused 1$", 8),
    ("mappings_run_out", r"^refused$", 31),
    ("refused_after_seek", r"^kept$", 26),
    ("failed_write", r"^nothing shows$", 27),
    ("mapped_shared", r"^shared$", 4),
    ("mapped_meddle", r"^refused$", 8),
    ("mapped_out", r"^refused$", 31),
    ("mapped_huge", r"^refused$", 31),
    ("mapped_scattered", r"^shared$", 31),
    ("bind_past_vfscore", r"^refused 100$", 15),
]

# 29: what a file system may answer (mount option lie=NAME of ramfs-liar), and what the believer must
# then see: how many names it can list, and each operation that fails, with its errno. The lies
# of one row are seen through in the same way.
_ABSENT = "readlink 2, open link 2, stat 2"
_GONE = "create 2, rename 2, chdir 2, unlink 2"
_ALL = ("open {0}, symlink {0}, readlink {0}, open link {0}, stat {0}, mkdir {0}, create {0}, "
        "rename {0}, chdir {0}, unlink {0}")
_ROWS = [
    # Harmless: nothing that vfscore or a program rests on. INT64_MIN as an int is 0.
    ("none flags times cookie-back statfs getattr-minus-max", 12, ""),
    # A node that cannot be is not made.
    ("size-max size-sign node-zero", 6,
     f"open 5, symlink 5, {_ABSENT}, mkdir 5, stat directory 5, {_GONE}"),
    ("mode-zero mode-ones", 9, f"open 5, symlink 5, {_ABSENT}, mkdir 5, stat directory 5, {_GONE}"),
    ("mode-link", 9, f"open 5, open link 2, stat 2, mkdir 5, stat directory 5, {_GONE}"),
    ("mode-directory", 12, f"open 5, symlink 5, {_ABSENT}, create 5, rename 2, unlink 2"),
    ("node-same", 7, f"open 5, symlink 5, {_ABSENT}, mkdir 5, {_GONE}"),
    ("node-max", 7, "write 116, pwrite 116, write far 116, append 116, ftruncate 116, symlink 5, "
     f"readlink 2, open link 2, mkdir 5, {_GONE}"),
    # A record that is none ends the list.
    ("reclen-zero reclen-small reclen-large name-endless name-slash name-empty", 4, ""),
    ("readlink-loop", 12, "open link 40"),
    ("readlink-full", 12, "open link 36"),
    # A number that is neither a count of what was asked nor an errno: EIO, or EPROTO where
    # the trampoline sees it first. INT64_MAX as an int is -1.
    ("readdir-{all}", 4, ""),
    ("read-{above}", 12, "read 71, pread 71"),
    ("read-{below}", 12, "read 5, pread 5"),
    ("readlink-{above}", 12, "readlink 71, open link 71"),
    ("readlink-{below}", 12, "readlink 5, open link 5"),
    ("write-{all}", 12, "write 5, pwrite 5, write far 5, append 5"),
    ("lookup-{int}", 6, _ALL.format(5)),
    ("lookup-minus-max", 6, _ALL.format(5)),
    ("lookup-max", 6, _ALL.format(1)),
    ("getattr-{int}", 12, "fstat with holes 5, stat 5, stat directory 5"),
    ("getattr-max", 12, "fstat with holes 1, stat 1, stat directory 1"),
]
_ABOVE = ["more", "max", "int-max", "errno-0x80000000"]
_BELOW = ["minus-4096", "minus-max", "int-min"]
_NUMBERS = {
    "all": _ABOVE + _BELOW,
    "above": _ABOVE,
    "below": _BELOW,
    "int": ["more", "minus-4096", "int-max", "int-min", "errno-0x80000000"],
}


def _lies():
    for names, entries, errors in _ROWS:
        function, _, numbers = names.partition("-{")
        if numbers:
            names = " ".join(f"{function}-{n}" for n in _NUMBERS[numbers.rstrip("}")])
        for name in names.split():
            yield name, (entries, errors)


# 29: where a file system may say that its pages are (lie=map-NAME), what the believer maps, and what comes of it.
LIES_MAP = [
    ("none", "two", "2 believed, 0 refused"),
    ("offset", "own", "0 believed, 14 refused"),
    ("odd", "two", "0 believed, 2 refused"),
    ("high", "two", "0 believed, 2 refused"),
    ("short", "two", "0 believed, 2 refused"),
    ("weak", "two", "0 believed, 2 refused"),
    ("same", "two", "1 believed, 1 refused"),
    ("ended", "two", "0 believed, 2 refused"),
    ("grown", "grown", "1 believed, 1 refused"),
    ("gone", "gone", "1 believed, 0 refused"),
] + [(f"{number}", "two", "0 believed, 2 refused")
     for number in ("minus-4096", "minus-max", "max", "int-max", "int-min", "errno-0x80000000")]

LIES = dict(_lies()) | {"root": None}  # refused: there is no system
