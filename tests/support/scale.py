"""Systems of many cubicles."""

from pathlib import Path


def scale_manifest(folder, count):
    """A system with @count small cubicles, and those around them."""
    lines = [f"name: scale-{count}", "cubicles:"]

    def cubicle(name, modules, **more):
        lines.append(f"  - name: {name}\n    modules: [{modules}]")
        lines.extend(f"    {key}: {value}" for key, value in more.items())

    cubicle("plat", "plat", host="[plat]")
    cubicle("alloc", "alloc", allocator="alloc")
    for name in ("time", "random", "ramfs", "vfscore", "devfs", "boot"):
        cubicle(name, name)
    for number in range(count):
        cubicle(f"unit{number}", f"unit{number}=bench-unit", stack="64K")
    cubicle("many", "bench-many")
    lines.append('application: bench-many\nmounts: ["ramfs /", "devfs /dev"]\nbind:')
    bindings = [("vfscore", "fs", "ramfs"), ("vfscore", "fs", "devfs")]
    bindings += [("bench-many", "unit", f"unit{number}") for number in range(count)]
    for consumer, interface, provider in bindings:
        lines.append(
            f"  - {{consumer: {consumer}, interface: {interface}, provider: {provider}}}")
    path = Path(folder) / f"scale-{count}.yaml"
    path.write_text("\n".join(lines) + "\n")
    return path
