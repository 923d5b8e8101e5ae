"""Medians, spread and ratios.

The spread of a row is the distance of its quartiles: half of the rounds lie between them, and one disturbed round
does not move them far.
"""

import statistics
from collections import namedtuple

Spread = namedtuple("Spread", "count median q1 q3 least greatest")


def spread(values):
    """Of one value or more. Quartiles are interpolated between values, the ends included."""
    if len(values) == 1:
        q1 = q3 = values[0]
    else:
        q1, _, q3 = statistics.quantiles(values, n=4, method="inclusive")
    return Spread(len(values), statistics.median(values), q1, q3, min(values), max(values))


def relative(figures):
    """Distance of the quartiles in percent of the median; None where that says nothing."""
    if figures.count < 2 or figures.median == 0:
        return None
    return (figures.q3 - figures.q1) / abs(figures.median) * 100


def ratios(values, base):
    """Of each round, @values by @base; without rounds in which one is missing."""
    return [a / b for a, b in zip(values, base) if b]


def number(value):
    """With three digits or more."""
    size = abs(value)
    if size >= 100:
        return f"{value:.0f}"
    if size >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if size >= 1 else f"{value:.3g}"


def cell(values):
    """The median, and the spread in percent."""
    figures = spread(values)
    percent = relative(figures)
    return number(figures.median) + ("" if percent is None else f" ({percent:.0f}%)")
