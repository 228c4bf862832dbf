"""Everything that is to be measured on a card, in one command and at most 15 minutes.

    python benchmarks/gpu_all.py                  on a machine with an NVIDIA GPU
    python benchmarks/gpu_all.py --embedded       without internet
    python benchmarks/gpu_all.py --dry-run        what it would do
    python benchmarks/gpu_all.py --small --only ladder     the same in the small, on any machine

What matters most comes first, and each part has its own time: one that hangs, or breaks the device, costs the others
nothing. The report, for docs/performance.md and unit 11, lies in the folder from the first part on, and has what a part
had measured when its time was over.
"""

from __future__ import annotations

import argparse
import contextlib
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
TRAINING, UNIT = str(HERE / "gpu_training.py"), str(HERE / "unit_11.py")
LAST_WORDS = 12  # lines of a part that failed


@dataclass(frozen=True)
class Part:
    """A command, the most seconds it may take, and whether it keeps results in a file that `--keep` names.

    One that keeps none is told by its last line. images: it takes `--embedded` and `--device`.
    """

    name: str
    title: str
    command: tuple[str, ...]
    seconds: int
    keeps: bool = True
    images: bool = True


def parts(small: bool) -> list[Part]:
    """All parts, the most important first: 15 minutes in all; small: what a CPU does in a minute or two."""
    recipe = (TRAINING, "--recipe")
    solved = " or ".join(f"green[{unit}" for unit in ("09", "10", "11", "12", "13", "14", "15", "16"))
    less: tuple[str, ...] = ()
    ladder: tuple[str, ...] = ()
    if small:
        ladder = ("--train-size", "64", "--batch-size", "16", "--steps", "1", "--rounds", "1", "--backend", "aot_eager")
        less = ("--train-size", "240", "--seeds", "0", "--set", "epochs=1", "width=4", "batch_size=32")
    test = ("-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider")
    gpu = ("tests/gpu", "-k", "logits") if small else ("-m", "gpu", "tests/gpu", "tests/notebooks/test_ddp_train.py")
    return [
        Part("parity", "Is it right?", (*test, *gpu), 120, keeps=False, images=False),
        Part("ladder", "Images a second, knob by knob", (TRAINING, *ladder), 150),
        Part("unit-11", "What unit 11 measures", (UNIT,), 90, images=False),
        Part("tune", "Numbers for the recipe", (*recipe, "--tune", *less), 150),
        Part("recipe", "Five epochs, the test set", (*recipe, *less), 240),
        Part("ablate", "What each part of the recipe brings", (*recipe, "--ablate", *less), 150),
        Part("units", "Units 09 to 16", (*test, "tests/notebooks/test_units.py", "-k", solved), 150, False, False),
    ]


def arguments_of(part: Part, keep: Path, seconds: float, options: argparse.Namespace, chosen: list[str]) -> list[str]:
    """The command line of a part. chosen: the numbers that tuning found, for the trainings after it."""
    line = [sys.executable, *part.command]
    if part.keeps:
        line += ["--keep", str(keep)]
    if part.images:
        line += ["--device", options.device] if options.device else []
        line += ["--embedded"] if options.embedded or options.small else []
    if "--recipe" in part.command:
        line += ["--minutes", f"{max(0.1, (seconds - 20) / 60):.1f}"]
        if chosen and part.name != "tune":
            line += ["--set", *chosen]
    return line


def chosen_by(text: str) -> list[str]:
    """The numbers that `--tune` ended with, as `name=value`."""
    best = re.findall(r"Best so far: `--set ([^`]+)`", text)
    return best[-1].split() if best else []


def measure(part: Part, folder: Path, seconds: float, options: argparse.Namespace, chosen: list[str]) -> str:
    """Run a part for at most so many seconds; its section of the report, whatever became of it."""
    keep, log = folder / f"{part.name}.md", folder / f"{part.name}.log"
    keep.unlink(missing_ok=True)
    line = arguments_of(part, keep, seconds, options, chosen)
    begin = time.monotonic()
    with log.open("w", encoding="utf-8") as into:
        process = subprocess.Popen(line, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=into, stderr=subprocess.STDOUT)
        try:
            ended = f"ended with status {process.wait(seconds)}"
        except subprocess.TimeoutExpired:
            ended = f"was stopped: it may take {seconds:.0f} seconds"
        finally:  # also when somebody stops this program
            end(process)
    took = time.monotonic() - begin
    said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    body = [keep.read_text(encoding="utf-8").strip()] if keep.is_file() else []
    if process.returncode == 0 and not part.keeps:
        body.append(said[-1] if said else "It said nothing.")
    if process.returncode != 0:
        words = "\n".join(said[-LAST_WORDS:])
        body += [f"**Not all of it**: this part {ended}. Its last words:", f"```text\n{words}\n```"]
    return "\n\n".join([f"### {part.title}", *body, f"({took:.0f} seconds: `{shown(line)}`)"])


def end(process: subprocess.Popen[bytes]) -> None:
    """End a part and all that it has started: a compiler, a loader's workers, a notebook's kernel."""
    with contextlib.suppress(psutil.NoSuchProcess):
        for child in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
    process.kill()
    process.wait()


def shown(line: list[str]) -> str:
    """A command line as one would type it in the course's folder, without this machine's paths."""
    words = [word.replace(f"{ROOT}/", "") for word in line[1:]]
    if "--keep" in words:
        at = words.index("--keep")
        del words[at : at + 2]
    return shlex.join(["python", *words])


def wanted(options: argparse.Namespace) -> Iterator[Part]:
    """The parts that were asked for; a wrong name ends the program with a sentence."""
    known = parts(options.small)
    names = [part.name for part in known]
    if wrong := [name for name in options.only if name not in names]:
        raise SystemExit(f"--only knows no part {wrong[0]!r}. The parts are: {', '.join(names)}.")
    yield from (part for part in known if not options.only or part.name in options.only)


def main(argv: list[str] | None = None) -> int:
    """Measure, and print the report; 1 if a part failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=15.0, help="for everything (default: 15)")
    parser.add_argument("--embedded", action="store_true", help="the 12,000 images of the course: no download")
    parser.add_argument("--device", help="cpu, cuda, mps (default: what PyTorch finds)")
    parser.add_argument("--small", action="store_true", help="as little of everything as shows that it works")
    parser.add_argument("--only", nargs="+", default=[], metavar="PART")
    parser.add_argument("--folder", type=Path, default=Path("gpu-report"), help="for the report and the logs")
    parser.add_argument("--dry-run", action="store_true", help="print the plan, and do nothing")
    options = parser.parse_args(argv)
    plan = list(wanted(options))
    if options.dry_run:
        for part in plan:
            line = arguments_of(part, options.folder / f"{part.name}.md", part.seconds, options, [])
            print(f"{part.seconds:4} s  {part.name}: {shown(line)}")
        return 0

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the part that runs is ended, too
    options.folder.mkdir(parents=True, exist_ok=True)
    over = time.monotonic() + 60 * options.minutes
    report, whole, chosen, failed = options.folder.resolve() / "report.md", "", [], False
    for part in plan:
        left = over - time.monotonic()
        # What others did not need is the last part's.
        seconds = left if part is plan[-1] else min(part.seconds, left)
        if seconds < 10:
            section = f"### {part.title}\n\nNot begun: the time was over."
        else:
            print(f"{part.name}, at most {seconds:.0f} s ...", file=sys.stderr, flush=True)
            section = measure(part, options.folder.resolve(), seconds, options, chosen)
            chosen = chosen or chosen_by(section)
        failed |= "**Not all of it**" in section
        whole = f"{whole}\n\n{section}".strip()
        report.write_text(whole + "\n", encoding="utf-8")
    print(whole)
    print(f"\nThe same lies in {report}.", file=sys.stderr)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
