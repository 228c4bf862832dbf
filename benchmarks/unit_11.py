"""What unit 11 measures, measured: its own cells, on this machine, as Markdown for docs/performance.md.

    python benchmarks/unit_11.py [--keep FILE]

The roof and the launch, a training step's time against the prediction, and the knobs one at a time. Each is a cell of
the unit's script, run as a notebook runs it; on a CPU the cells do less by themselves. The roof is measured with sizes
that fill a card: products of 8,192 x 8,192, and copies of 1 GiB, which no cache holds.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
import torch
from gpu_training import machine

from grader.scripts import read_script

SCRIPT = Path(__file__).resolve().parents[1] / "solutions" / "11_speed" / "11_speed.py"
# What each experiment leaves behind, by which its cell is known; the first one says what the others measure.
EXPERIMENTS = {
    "layers": "layers = {",
    "roof": "peak, bandwidth =",
    "step": "measured, predicted,",
    "knobs": "rounds, steppers, missing =",
}


def experiments() -> Iterator[tuple[str, dict[str, Any]]]:
    """Run the unit's set-up, its answers and `EXPERIMENTS`; after each of these, its name and all names of the unit.

    Raises `LookupError` if the unit does not have such a cell any more.
    """
    names: dict[str, Any] = {"__name__": "__main__"}
    left = dict(EXPERIMENTS)
    for cell in read_script(SCRIPT).cells:
        found = next((name for name, mark in left.items() if cell.cell_type == "code" and mark in cell.source), None)
        if not (found or cell.metadata.get("given") or cell.metadata.get("exercise")):
            continue
        source = cell.source
        if found:
            source = "\n".join(line for line in source.splitlines() if not line.lstrip().startswith("reveal("))
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # figures that nobody sees
            names["waits_for"] = lambda *_: contextlib.nullcontext()  # the unit's own keeps an error to itself
            exec(compile(source, f"<unit 11: {found}>", "exec"), names)
        if found:
            del left[found]
            yield found, names
    if left:
        raise LookupError(f"Unit 11 has no cell any more with {', '.join(left.values())}: see EXPERIMENTS.")


def section(name: str, names: dict[str, Any]) -> str:
    """An experiment's Markdown; of the layers, what they are measured on."""
    if name == "layers":
        return f"{machine(torch.device(names['device']))}."
    if name == "roof":
        lines = [
            f"Peak {names['peak'] / 1e9:,.0f} GFLOP/s in float32, bandwidth {names['bandwidth'] / 1e9:,.0f} GB/s, one "
            f"launch {1e6 * names['launch']:.1f} microseconds.",
            "",
            "| layer, 64 images | GFLOP/s | of its roof |",
            "|---|---|---|",
        ]
        for layer, rate in names["attained"].items():
            lines.append(f"| {layer} | {rate / 1e9:,.1f} | {rate / names['roof'][layer]:.0%} |")
        if above := names["above"]:
            lines += ["", f"Above the roof: {', '.join(above)}; so the roof was measured too low, or a cache helped."]
    elif name == "step":
        lines = ["| images | predicted, ms a step | measured | measured against predicted |", "|---|---|---|---|"]
        for size, said, took in zip(names["batches"], names["predicted"], names["measured"], strict=True):
            lines.append(f"| {size} | {said:.3f} | {took:.3f} | {took / said:.1f} times |")
    else:
        lines = ["| one knob, against the baseline | median of the rounds | lowest to highest |", "|---|---|---|"]
        for knob, ratio in names["ratios"].items():
            lines.append(f"| {knob} | {names['middle'][knob]:.2f} times | {min(ratio):.2f} to {max(ratio):.2f} |")
        absent = [knob for knob in names["knobs"]() if knob not in names["ratios"]]
        lines += [f"| {knob} | left out: not to be had here | |" for knob in absent]
    return "\n".join(lines)


def main() -> None:
    """Run, print, and keep what there is after each experiment."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, metavar="FILE", help="write there what is known, after each experiment")
    arguments = parser.parse_args()
    mpl.use("Agg")
    os.environ["MPLBACKEND"] = "Agg"
    said: list[str] = []
    for name, names in experiments():
        said.append(section(name, names))
        if arguments.keep is not None:
            arguments.keep.write_text("\n\n".join(said) + "\n", encoding="utf-8")
    print("\n\n".join(said))


if __name__ == "__main__":
    main()
