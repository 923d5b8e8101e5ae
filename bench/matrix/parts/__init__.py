"""What is measured: a file for each part, and the list of all."""

from matrix.parts import demo, ipc, memory, micro, nginx, scale, sqlite, start, tls

ALL = {part.name: part for part in (
    sqlite.PART, micro.PART, scale.PART, start.PART, memory.PART, nginx.PART,
    sqlite.PREAD, ipc.PART, tls.PART, demo.PART)}
# The matrix; the others are measured where they are named.
MATRIX = ["sqlite", "micro", "scale", "start", "memory", "nginx"]
