"""Prints a large JSON document, the same each time."""

import json
import random

rng = random.Random(2)


def value(depth):
    kind = rng.randrange(8 if depth else 5)
    if kind == 0:
        return rng.randrange(-10**9, 10**9)
    if kind == 1:
        return rng.random() * 10.0 ** rng.randrange(-20, 20)
    if kind == 2:
        return rng.choice([True, False, None])
    if kind in (3, 4):
        return "".join(rng.choice('abc "\\\n\té€😀xyz') for _ in range(rng.randrange(30)))
    if kind in (5, 6):
        return [value(depth - 1) for _ in range(rng.randrange(9))]
    return {f"key {i}": value(depth - 1) for i in range(rng.randrange(9))}


print(json.dumps([value(6) for _ in range(10000)] * 8))
