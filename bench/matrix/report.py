"""The report: one HTML file without references to others, with the plots inside; light and dark."""

import html
import re

from matrix import configurations, plots, table
from matrix.commands import Failed, Missing
from matrix.figures import number, spread
from matrix.machine import describe

STYLE = """
:root { color-scheme: light dark; --text: #1c1e21; --back: #fdfdfc; --soft: #5c6166; --line: #d9dbde; --bad: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e3e4e6; --back: #17191c; --soft: #a2a7ad; --line: #3a3d42; --bad: #ff8a80; }
}
body { font: 15px/1.45 system-ui, sans-serif; color: var(--text); background: var(--back);
       max-width: 76rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; border-top: 1px solid var(--line); padding-top: 1rem; }
.soft { color: var(--soft); } .bad { color: var(--bad); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13px; }
th, td { text-align: right; padding: .15rem .7rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
pre { font-size: 13px; overflow-x: auto; }
figure { margin: 1rem 0; } svg { max-width: 100%; height: auto; }
"""


def text(value):
    """As text of the page, without characters that no page may have."""
    return html.escape("".join(c if c.isprintable() or c == "\n" else " " for c in str(value)))


def cell(values):
    """A median; its quartiles and the number of values where the pointer rests."""
    if not values:
        return "<td></td>"
    figures = spread(values)
    title = f"quartiles {number(figures.q1)} to {number(figures.q3)}, {figures.count} values"
    return f'<td title="{title}">{text(table.cell(values))}</td>'


def table_of(result):
    columns = result.configurations()
    head = "".join(f"<th>{text(c)}</th>" for c in ("", "unit", *columns))
    rows = [f"<tr><td>{text(name)}</td><td>{text(row.unit)}</td>"
            + "".join(cell(result.get(name, c)) for c in columns) + "</tr>"
            for name, row in result.rows.items()]
    return f'<div class="scroll"><table><tr>{head}</tr>\n' + "\n".join(rows) + "\n</table></div>"


def figures_of(part, result):
    """The plots of a part; a line instead where gnuplot is not there, or fails."""
    try:
        plots.requirements()
        drawn = [(plot, plots.draw(plot, identifier(f"{part.name}-{plot.name}")))
                 for plot in part.plots(result)]
    except (Missing, Failed) as problem:
        return f'<p class="bad">No plots: {text(problem)}</p>'
    return "\n".join(f'<figure aria-label="{text(plot.title)}">{svg}</figure>' for plot, svg in drawn if svg)


def identifier(name):
    """As an id of HTML."""
    return re.sub(r"[^A-Za-z0-9-]", "-", name)


def section(part, result):
    settings = table.settings_of(result)
    out = [f'<h2 id="{identifier(part.name)}">{text(result.title)}</h2>', f"<p>{text(part.text)}</p>"]
    if settings:
        out.append(f'<p class="soft">{text(settings)}</p>')
    if result.skipped:
        return "\n".join([*out, f'<p class="bad">Left out: {text(result.skipped)}</p>'])
    if result.rows:
        out += [figures_of(part, result), table_of(result)]
    if lines := table.notes(part, result):
        out.append("<pre>" + text("\n".join(lines)) + "</pre>")
    return "\n".join(out)


def legend(results):
    items = "".join(f"<li><b>{text(n)}</b>: {text(configurations.title(n))}</li>" for n in results.configurations())
    return f"<ul>{items}</ul>"


def page(parts, results, comparison=None):
    """@parts: {name: Part}; @comparison: text of baseline.render()."""
    state = "" if results.complete else '<p class="bad">Not complete: the run was ended early.</p>'
    machine = results.machine
    out = [
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"/>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>'
        f"<title>CubicleOS benchmarks</title><style>{STYLE}</style></head><body>",
        "<h1>CubicleOS benchmarks</h1>", state,
        f"<p>{text(describe(machine))}<br/>CubicleOS {text(machine.get('version'))}, "
        f"{text(machine.get('commit'))}, {text(machine.get('time'))}</p>",
        f"<p>Medians of {results.rounds} round(s), in which configurations take turns; in brackets, and as bars in the "
        "plots, how far the quartiles are apart. Only ratios within a run mean anything on another machine.</p>",
        legend(results),
    ]
    if comparison:
        out.append(f"<h2>Compared with before</h2><pre>{text(comparison)}</pre>")
    out += [section(parts[name], result) for name, result in results.parts.items() if name in parts]
    return "\n".join([*out, "</body></html>\n"])
