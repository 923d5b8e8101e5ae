"""Plots, drawn by gnuplot as SVG that can stand inside a page.

What gnuplot draws black takes the colour of the page's text, and it paints no background, so that one picture serves
light and dark.
"""

import re
import shutil
import subprocess
from collections import namedtuple

from matrix.commands import Failed, Missing

# @name: unique in its part; @series: [(configuration, [(x, Spread)])]; @bars: x are labels, else numbers.
Plot = namedtuple("Plot", "name title x_label y_label series bars log_x log_y",
                  defaults=(False, False, False))

COLOURS = {"native": "#8a8a8a", "direct": "#4477aa", "none": "#3aa6c4", "sfi": "#2a9d4a",
           "sfi lazy": "#c2a000", "ipc": "#e0566b", "mpk": "#aa4499", "sfi-4": "#7fbf6a", "sfi-3": "#b5d99c"}
OTHER_COLOUR = "#b06030"
X_MARGIN = 1.15  # beside the data on a logarithmic axis
BAR_WIDTH = 0.8  # of all bars at a label together

# As gnuplot writes it: by name in words and axes, by numbers in lines that are drawn.
BLACK = r"""(['"])(?:black|rgb\( *0, *0, *0\))\1"""

HEAD = """\
set terminal svg size {width},{height} noenhanced font 'sans-serif,12'
set encoding utf8
set border 3
set tics nomirror
set grid ytics
set key outside right top
set title {title}
set xlabel {x_label}
set ylabel {y_label}
"""


def quote(text):
    """As a string of gnuplot, in which only the quote is special."""
    words = "".join(c if c.isprintable() else " " for c in str(text)).split()
    return "'" + " ".join(words).replace("'", "''") + "'"


def labels(plot):
    """Of all bars, in order."""
    return list(dict.fromkeys(x for _, points in plot.series for x, _ in points))


def beside(plot):
    """How many bars there are at a label: one where each series has a label of its own."""
    marks = [x for _, points in plot.series for x, _ in points]
    return 1 if len(set(marks)) == len(marks) else len(plot.series)


def block(number, plot, points):
    """The data of one series: x, median, quartiles."""
    lines = [f"$data{number} << END"]
    places = {label: place for place, label in enumerate(labels(plot))} if plot.bars else {}
    count = beside(plot)
    width = BAR_WIDTH / count
    for x, figures in points:
        where = places[x] + (number % count + 0.5) * width - BAR_WIDTH / 2 if plot.bars else x
        lines.append(f"{where} {figures.median} {figures.q1} {figures.q3}")
    return "\n".join([*lines, "END"])


def drawing(number, plot, name):
    """How one series is drawn: its shape, and its quartiles."""
    colour = f"lc rgb '{COLOURS.get(name, OTHER_COLOUR)}'"
    data = f"$data{number} using"
    if plot.bars:
        return (f"{data} 1:2 with boxes {colour} fill solid 0.75 noborder title {quote(name)}, "
                f"{data} 1:3:(0):($4-$3) with vectors heads size screen 0.003,90 lc rgb 'black' notitle")
    return f"{data} 1:2:3:4 with yerrorlines {colour} lw 1.5 pt 7 ps 0.4 title {quote(name)}"


def positive(plot):
    """Without what a logarithmic axis cannot show; series that are empty then are left out."""
    def shown(x, figures):
        return (not plot.log_y or figures.q1 > 0) and (plot.bars or not plot.log_x or x > 0)
    series = [(name, [p for p in points if shown(*p)]) for name, points in plot.series]
    return plot._replace(series=[s for s in series if s[1]])


def logarithmic(axis, numbers):
    """A logarithmic axis, with 1M for 1000000; gnuplot would write a tenth as 100m, so numbers below 1 stay as they are."""
    text = f"set logscale {axis}\n"
    if min(numbers) >= 1:
        text += f"set format {axis} '%.0s%c'\n"
    if axis == "x":  # up to the data, not to the next power of 10
        text += f"set xrange [{min(numbers) / X_MARGIN}:{max(numbers) * X_MARGIN}]\n"
    return text


def script(plot, width=1000, height=340):
    """For gnuplot; None where there is nothing to draw."""
    plot = positive(plot)
    if not plot.series:
        return None
    text = HEAD.format(width=width, height=height, title=quote(plot.title),
                       x_label=quote(plot.x_label), y_label=quote(plot.y_label))
    text += logarithmic("x", [x for _, points in plot.series for x, _ in points]) if plot.log_x else ""
    text += logarithmic("y", [p.q1 for _, points in plot.series for _, p in points]) if plot.log_y else ""
    if plot.bars:
        places = ", ".join(f"{quote(label)} {place}" for place, label in enumerate(labels(plot)))
        width = BAR_WIDTH / beside(plot)
        text += (f"set xtics ({places})\nset xrange [-0.6:{len(labels(plot)) - 0.4}]\n"
                 f"set boxwidth {width * 0.92}\n")
        text += "" if plot.log_y else "set yrange [0:*]\n"
    text += "".join(block(i, plot, points) + "\n" for i, (_, points) in enumerate(plot.series))
    return text + "plot " + ", ".join(
        drawing(i, plot, name) for i, (name, _) in enumerate(plot.series)) + "\n"


def embedded(svg, name):
    """What gnuplot wrote, to stand inside a page: no head, ids of its own, the page's colour of text, and '>' in words
    escaped, which gnuplot leaves."""
    svg = svg[svg.index("<svg"):]
    svg = re.sub(r"(?<=<text>)[^<]*", lambda words: words.group().replace(">", "&gt;"), svg)
    svg = re.sub(r"<title>.*?</title>\s*<desc>.*?</desc>", "", svg, flags=re.DOTALL)
    svg = re.sub(BLACK, "\\1currentColor\\1", svg)
    svg = re.sub(r'''(\bid=["']|xlink:href=["']#|url\(#)''', rf"\g<1>{name}-", svg)
    return svg.replace("<svg", '<svg role="img"', 1)


STYLE = ("<style>svg { color: #1c1e21; } @media (prefers-color-scheme: dark) { svg { color: #e3e4e6; } }"
         "</style>")


def alone(svg):
    """An embedded plot as a file of its own, which has no page to take its colour of text from."""
    return svg.replace(">", f">{STYLE}", 1) + "\n"


def requirements():
    """Raises Missing, with what to do."""
    if shutil.which("gnuplot") is None:
        raise Missing("'gnuplot' is not there: install the package gnuplot-nox, or run 'make deps'")


def draw(plot, name):
    """The SVG of a plot, with ids that begin with @name; None where there is nothing to draw. Raises Failed."""
    text = script(plot)
    if text is None:
        return None
    done = subprocess.run(["gnuplot"], input=text, capture_output=True, text=True, check=False)
    if done.returncode != 0 or "<svg" not in done.stdout:
        raise Failed(f"gnuplot: {plot.title}: {done.stderr.strip()[-500:]}")
    return embedded(done.stdout, name)
