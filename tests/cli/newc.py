#!/usr/bin/env python3
"""Writes a newc archive that no honest program would: newc.py NAME:MODE[:BODY[:INO]]...

"-" as the last argument leaves the trailer out."""

import sys

ino = 1000


def entry(name, mode, body=b"", number=None, nlink=1):
    global ino
    ino += 1
    fields = [number or ino, mode, 0, 0, nlink, 0, len(body), 0, 0, 0, 0, len(name) + 1, 0]
    head = b"070701" + b"".join(b"%08X" % f for f in fields) + name + b"\0"
    head += b"\0" * (-len(head) % 4)
    return head + body + b"\0" * (-len(body) % 4)


out = sys.stdout.buffer
trailer = True
for argument in sys.argv[1:]:
    if argument == "-":
        trailer = False
        continue
    parts = argument.split(":")
    number = int(parts[3]) if len(parts) > 3 else None
    out.write(entry(parts[0].encode(), int(parts[1], 8), parts[2].encode() if len(parts) > 2
                    else b"", number, 2 if number else 1))
if trailer:
    out.write(entry(b"TRAILER!!!", 0))
