"""What got worse since a run of before.

The rule: a row is worse (better) where its median moved by more than WORTH percent, and the intervals "median, and
twice the distance of the quartiles on each side" of before and now do not meet; and by more than STEPS steps of its
clock. With fewer values than MIN_ROUNDS nothing is said. Rows of native Linux processes do not depend on the
project: they tell how the machine has changed.
"""

from collections import namedtuple

from matrix.figures import number, spread
from matrix.machine import differences

WORTH = 2.0
STEPS = 2
MIN_ROUNDS = 3
NATIVE = "native"

# @change: in percent, positive: worse; @before, @now: medians.
Move = namedtuple("Move", "part configuration row unit before now change")
Comparison = namedtuple("Comparison", "worse better native alike untold notes")


def interval(figures):
    reach = 2 * (figures.q3 - figures.q1)
    return figures.median - reach, figures.median + reach


def judge(before, now, row):
    """Percent by which the median got worse (negative: better); 0 within the noise, None where that cannot be told."""
    if min(len(before), len(now)) < MIN_ROUNDS:
        return None
    old, new = spread(before), spread(now)
    if old.median == 0:
        return None
    change = (new.median - old.median) / abs(old.median) * 100
    low, high = sorted((interval(old), interval(new)))
    if abs(new.median - old.median) <= STEPS * row.step or abs(change) <= WORTH or low[1] >= high[0]:
        return 0
    return change if row.better == "less" else -change


def compare_part(name, old, new, found):
    """Adds what has moved to @found, a Comparison of lists; returns (rows alike, rows untold)."""
    alike = untold = 0
    for (row, configuration), values in new.values.items():
        before = old.get(row, configuration)
        if not before:
            continue
        change = judge(before, values, new.rows[row])
        if change is None:
            untold += 1
        elif change == 0:
            alike += 1
        else:
            move = Move(name, configuration, row, new.rows[row].unit, spread(before).median,
                        spread(values).median, change)
            (found.native if configuration == NATIVE else
             found.worse if change > 0 else found.better).append(move)
    return alike, untold


def compare(old, new):
    """Two Results; lists are sorted, the largest change first."""
    found = Comparison([], [], [], 0, 0, [])
    found.notes.extend(f"another machine: {d}" for d in differences(new.machine, old.machine))
    alike = untold = 0
    for name, part in new.parts.items():
        before = old.parts.get(name)
        if before is None or not before.rows or not part.rows:
            found.notes.append(f"{name}: not in both")
        elif before.settings != part.settings:
            found.notes.append(f"{name}: measured in another manner before "
                               f"({before.settings}, now {part.settings}): not compared")
        else:
            counts = compare_part(name, before, part, found)
            alike, untold = alike + counts[0], untold + counts[1]
    for moves in (found.worse, found.better, found.native):
        moves.sort(key=lambda move: -abs(move.change))
    return found._replace(alike=alike, untold=untold)


def lines_of(title, moves):
    return [f"{title}:"] + [
        f"  {m.part}, {m.configuration}, {m.row}: {number(m.before)} -> {number(m.now)} {m.unit} "
        f"({abs(m.change):.0f}% {'worse' if m.change > 0 else 'better'})" for m in moves
    ] if moves else []


def render(found, path):
    """As text."""
    lines = [f"== Compared with {path}", *found.notes]
    lines += lines_of("worse beyond the noise", found.worse)
    lines += lines_of("better beyond the noise", found.better)
    lines += lines_of("the machine: native processes", found.native)
    if found.worse and any(m.change > 0 for m in found.native):
        lines.append("native processes became slower too: repeat it before you believe that the project did")
    lines.append(f"{len(found.worse)} worse, {len(found.better)} better, {found.alike} within the noise"
                 + (f", {found.untold} not judged (fewer than {MIN_ROUNDS} rounds, or 0 before)"
                    if found.untold else ""))
    return "\n".join(lines)
