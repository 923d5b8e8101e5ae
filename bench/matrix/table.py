"""The tables of a part, as text."""

from matrix import configurations
from matrix.figures import cell, number

ROW_WIDTH = 56  # at most
NONE = "-"


def rows_of(result):
    """[(row's name, unit, [cell per configuration])]"""
    columns = result.configurations()
    return [(name, row.unit,
             [cell(v) if (v := result.get(name, c)) else NONE for c in columns])
            for name, row in result.rows.items()]


def absences(result):
    """Why cells are empty, a line each."""
    return [f"{configuration}: {rows}: {why}" for configuration, rows, why in result.absent]


def notes(part, result):
    """All that is said below a table."""
    lines = [f"left out: {line}" for line in absences(result)]
    lines += part.summary(result) if result.rows else []
    for configuration, message in result.failures:
        lines.append(f"failed: {configuration}: {(message.splitlines() or ['without a word'])[0]}")
    return lines


def settings_of(result):
    return ", ".join(f"{key} {value}" for key, value in result.settings.items())


def render(part, result):
    """A part as text: title, table, notes."""
    if part.table and result.rows:
        return part.table(result)
    settings = settings_of(result)
    lines = [f"== {result.title}" + (f" ({settings})" if settings else "")]
    if result.skipped:
        return lines[0] + f"\nleft out: {result.skipped}"
    columns = result.configurations()
    table = rows_of(result)
    widths = [max([len(c), *(len(cells[i]) for _, _, cells in table)]) + 2
              for i, c in enumerate(columns)]
    width = min(ROW_WIDTH, max((len(name) for name in result.rows), default=0) + 1)
    lines.append(f"{'':{width}s}{'':>6s}"
                 + "".join(f"{c:>{w}s}" for c, w in zip(columns, widths)))
    for name, unit, cells in table:
        lines.append(f"{name[:width - 1]:{width}s}{unit:>6s}"
                     + "".join(f"{c:>{w}s}" for c, w in zip(cells, widths)))
    return "\n".join([*lines, *notes(part, result)])


def legend(results):
    """What the names of the configurations stand for."""
    lines = [f"  {name:10s}{configurations.ALL[name].title}" for name in results.configurations()]
    return "\n".join(["Medians, and in brackets how far the quartiles are apart, in percent of the median.",
                      *lines])


def compared(result, row, base, label=None):
    """One line: medians of @row by that of @base; none where that was not measured."""
    yardstick = result.median(row, base)
    if not yardstick:
        return []
    others = [f"{c} {number(m / yardstick)}" for c in result.configurations()
              if c != base and (m := result.median(row, c)) is not None]
    return [f"{label or row}, of {base}: {', '.join(others)}"] if others else []
