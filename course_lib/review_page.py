"""The page of `./course progress --page` and of JupyterLab's launcher: a map of the units, ten minutes of review."""

from __future__ import annotations

from html import escape
from urllib.parse import quote

from course_lib.review import Again, OfUnit, Review
from course_lib.sentences import say
from course_lib.told import shown, sign, speaking

STYLE = """
:root { color-scheme: light dark; --ink: #222; --muted: #5c5c5c; --page: #fff; --line: #d8d8d2; --link: #00598c;
  --done: #1c6b48; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8e8e4; --muted: #ababa6; --page: #1b1c1e; --line: #44454a; --link: #7cc4f0; --done: #6fcf9f; }
}
body { margin: 0 auto; max-width: 60rem; padding: 1rem 1.2rem 4rem; background: var(--page); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.25rem; margin: 2rem 0 0.4rem; } h3 { font-size: 1.05rem; margin: 1rem 0 0; }
a { color: var(--link); } a:focus-visible, summary:focus-visible { outline: 2px solid var(--link); }
.muted { color: var(--muted); } .done { color: var(--done); font-weight: 600; }
ol, ul { padding-left: 1.4rem; } li { margin: 0.3rem 0; } p { margin: 0.3rem 0; }
summary { cursor: pointer; padding: 0.25rem 0; border-top: 1px solid var(--line); }
progress { width: 8rem; height: 0.7rem; vertical-align: middle; accent-color: var(--done); }
@media print { details::details-content { content-visibility: visible; block-size: auto; } li { break-inside: avoid; } }
"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
MARKS = {"done": ("✓", say("right")), "begun": ("…", say("begun")), "open": ("·", say("not begun"))}
KINDS = {
    "open": (say("Still open"), "Read the sentence, look at your answer, and try once more."),
    "prediction": (say("Predicted otherwise"), "Cover the second half, and say why it came out like that."),
    "mended": ("Got right after a detour", "Could it happen to you again? Say it in your own words."),
}


def page(found: Review, lab: str | None) -> str:
    """The whole page. lab: the address of a JupyterLab that opens the course's folder, ending in "/", for links to
    cells; None where none runs, then the command that opens the unit stands in their place."""
    done, all_ = sum(unit.done for unit in found.units), sum(len(unit.steps) for unit in found.units)
    title = shown("Your course")
    parts = [
        f'<!DOCTYPE html>\n<html lang="{speaking().replace("_", "-")}">\n<head>\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width">',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>",
        f"<p>{say(shown('{done} of {all} exercises are right.'), done=done, all=all_)}</p>",
        f"<h2>{shown('Next')}</h2>",
        _next(found, lab),
        f"<h2>{shown('Ten minutes of review')}</h2>",
        _review(found, lab),
        f"<h2>{shown('The units')}</h2>",
        *(_unit(unit, lab) for unit in found.units),
        f'<p class="muted">{shown("Made from what is on record on this machine, and sent nowhere.")}</p>',
        "</main>\n</body>\n</html>\n",
    ]
    return "\n".join(parts)


def _next(found: Review, lab: str | None) -> str:
    if found.next is None:
        return f"<p>{shown('Everything is right. Take the review below now and then: it is what stays.')}</p>"
    return f"<p>{_place(found.next, lab)}{sign(': ')}{escape(shown(found.next.says))}{sign('.')}</p>"


def _review(found: Review, lab: str | None) -> str:
    parts = []
    for kind, (title, task) in KINDS.items():
        mine = [each for each in found.again if each.kind == kind]
        if mine:
            items = "\n".join(
                f"<li>{_place(each, lab)}<p>{escape(shown(each.says, each.unit))}</p></li>" for each in mine
            )
            parts.append(f'<h3>{shown(title)}</h3>\n<p class="muted">{shown(task)}</p>\n<ol>\n{items}\n</ol>')
    nothing = shown("Nothing is on record to look at again. It fills by itself as you check and predict.")
    return "\n".join(parts) or f"<p>{nothing}</p>"


def _unit(unit: OfUnit, lab: str | None) -> str:
    rows = []
    for step in unit.steps:
        mark, word = MARKS[step.state]
        template = shown("{word}, {earned} of {points} points") if step.state != "open" else "{word}"
        said = say(template, word=shown(word), earned=f"{step.earned:g}", points=f"{step.points:g}")
        css = ' class="done"' if step.state == "done" else ""
        name = _link(step.exercise, unit.unit, step.cell, lab) or escape(step.exercise)
        rows.append(f'<li><span{css} aria-hidden="true">{mark}</span> {name}{sign(": ")}{said}</li>')
    label = say(shown("{done} of {all}"), done=unit.done, all=len(unit.steps))
    bar = f'<progress max="{len(unit.steps)}" value="{unit.done}" aria-label="{unit.unit}: {label}"></progress>'
    head = f"{bar} {escape(unit.unit)} <span class=muted>{label}</span>"
    return f"<details><summary>{head}</summary>\n<ul>\n{chr(10).join(rows)}\n</ul></details>"


def _place(each: Again, lab: str | None) -> str:
    link = _link(each.name, each.unit, each.cell, lab)
    if link:
        return f'{link} <span class="muted">{say(shown("in {unit}"), unit=escape(each.unit))}</span>'
    command = f"<code>./course start {each.unit[:2]}</code>"
    where = say(shown("in {unit} ({command})"), unit=escape(each.unit), command=command)
    return f'<strong>{escape(each.name)}</strong> <span class="muted">{where}</span>'


def _link(name: str, unit: str, cell: str, lab: str | None) -> str:
    """A link to a cell of your own copy; by the `data-` attributes JupyterLab opens it without loading itself anew."""
    if lab is None or not cell:
        return ""
    path, fragment = f"work/{unit}/{unit}.ipynb", f"cell-id={cell}"
    address = f"{lab}lab/tree/{quote(path)}#{quote(fragment, safe='=')}"
    data = f'data-path="{escape(path)}" data-fragment="{escape(fragment)}"'
    return f'<a href="{escape(address)}" target="_top" {data}>{escape(name)}</a>'
