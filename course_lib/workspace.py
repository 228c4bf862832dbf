"""Where the course lies, which units it has, and your own copy of each.

You work on a copy in `work/`, which git ignores: an update of the course never meets your answers. Where the course's
folder cannot be written, or COURSE_HOME names another one, `work/` lies there.
"""

from __future__ import annotations

import difflib
import os
import re
import stat
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from course_lib.errors import CourseError
from course_lib.language import choice, editions

UNIT = re.compile(r"\d\d_\w+")
GUIDES = ("AGENTS.md", "CLAUDE.md")
"""What asks a coding assistant to tutor; the second is another program's name for the first."""


def course_root() -> Path:
    """The course's folder: COURSE_ROOT, else the one above this package. Raises `CourseError` where neither is one."""
    chosen = os.environ.get("COURSE_ROOT")
    root = Path(chosen).resolve() if chosen else Path(__file__).resolve().parents[1]
    if chosen and (root / "notebooks").is_dir():
        return root
    if not chosen and (root / "course").is_file() and (root / "notebooks").is_dir():
        return root
    raise CourseError(
        f"{root} is not the course's folder: it has no `notebooks` folder. "
        "Set COURSE_ROOT to the folder that holds the course's `notebooks`."
    )


def home() -> Path:
    """The folder of `work/` and `.course/`: COURSE_HOME, else the course's own, else one below your home folder.

    The last where the course is installed for many and cannot be written. Raises `CourseError` where there is no
    course folder and COURSE_HOME is not set.
    """
    chosen = os.environ.get("COURSE_HOME")
    if chosen:
        return Path(chosen).expanduser().resolve()
    root = course_root()
    if any(os.access(folder, os.W_OK) for folder in (root, root / "work")):
        return root
    return Path.home() / "optimization-course"


def locales() -> Path:
    """The folder of all languages but English."""
    return course_root() / "locale"


def language() -> str:
    """The language that you read the course in: `en`, `zh_CN`. Raises `CourseError` for an unknown COURSE_LANGUAGE."""
    return choice.chosen(locales(), home() / ".course")


def units() -> list[str]:
    """The units that have a learner's notebook, in order: `["00_start_here", "01_gradients", ...]`."""
    return [path.stem for path in sorted((course_root() / "notebooks").glob("*/*.ipynb")) if _is_unit(path)]


def find_unit(text: str) -> str:
    """The unit that a person means: `02`, `2`, `gradient_descent`, `02_gradient_descent`, or a path to it.

    Knows those whose script is in `solutions/` but not built yet, too. Raises `CourseError` with the units' names and
    the nearest one.
    """
    scripts = (course_root() / "solutions").glob("*/*.py")
    known = sorted({*units(), *(path.stem for path in scripts if _is_unit(path))})
    meant = re.split(r"[/\\]", text.strip().rstrip("/\\"))[-1].removesuffix(".ipynb").removesuffix(".py").lower()
    for unit in known:
        number, topic = unit.split("_", 1)
        if meant in (unit, topic) or (meant.isdecimal() and int(meant) == int(number)):
            return unit
    names = {name: unit for unit in known for name in (unit, unit.split("_", 1)[1])}
    near = difflib.get_close_matches(meant, names, n=1)
    question = f" Did you mean {names[near[0]]}?" if near else ""
    raise CourseError(f"There is no unit {text!r}.{question} The units are: {', '.join(known) or '(none yet)'}.")


def work_copy(unit: str) -> Path:
    """Your folder `work/NN_topic/`; what it lacks of `notebooks/NN_topic/` is copied there, the rest is left alone."""
    for shipped, mine in _files(unit):
        if not mine.exists():
            _put(_handed_out(shipped), mine, like=shipped)
    return home() / "work" / unit


def guides() -> list[Path]:
    """Put what `notebooks/` tells coding assistants into `work/`, where they look; yours, if it is there, stays."""
    put = []
    for name in GUIDES:
        shipped, mine = course_root() / "notebooks" / name, home() / "work" / name
        if shipped.is_file() and not mine.exists() and not mine.is_symlink():
            _put(shipped.read_bytes(), mine, like=shipped)
            put.append(mine)
    return put


def retell(unit: str) -> bool:
    """Bring the course's prose in your notebook of a unit into your language; whether anything was to do.

    Your answers, outputs and what you wrote into cells of text stay. Raises `CourseError` where the language's
    catalogue is broken; the notebook is then as it was.
    """
    wanted, mine = language(), notebook(unit)
    shipped = course_root() / "notebooks" / unit / f"{unit}.ipynb"
    if not mine.is_file() or _speaks(mine, wanted, unit):
        return False
    own, english = editions.loads(mine.read_bytes()), editions.loads(shipped.read_bytes())
    if own is None or english is None or not editions.retold(own, english, unit, wanted, locales()):
        return False
    _put(editions.dumps(own), mine, like=mine)
    return True


def _speaks(mine: Path, wanted: str, unit: str) -> bool:
    """Whether a notebook need not be looked into: it is in this language, and newer than what would tell it."""
    data = mine.read_bytes()
    if wanted == choice.ENGLISH:
        return editions.KEY.encode() not in data
    catalogue = locales() / wanted / "units" / f"{unit}.po"
    newer = not catalogue.is_file() or mine.stat().st_mtime > catalogue.stat().st_mtime
    own = editions.loads(data)
    return own is None or editions.language_of(own) == wanted and newer


def notebook(unit: str) -> Path:
    """Your own notebook of a unit, whether it is there yet or not."""
    return home() / "work" / unit / f"{unit}.ipynb"


def is_changed(unit: str) -> bool:
    """Whether your notebook of the unit is there and is no longer as it was handed out, in whichever language."""
    shipped = course_root() / "notebooks" / unit / f"{unit}.ipynb"
    return notebook(unit).is_file() and _differ(notebook(unit), shipped)


def _differ(one: Path, other: Path) -> bool:
    """Whether two files say different things; Windows' line ends, as some checkouts have them, are no difference."""
    first, second = (path.read_bytes().replace(b"\r\n", b"\n") for path in (one, other))
    return first != second and _in_english(first, second, other.stem) != second


def _in_english(mine: bytes, shipped: bytes, unit: str) -> bytes:
    """A notebook as it would be if it had never been told in another language; other files as they are."""
    if editions.KEY.encode() not in mine:
        return mine
    own, english = editions.loads(mine), editions.loads(shipped)
    if own is None or english is None:
        return mine
    editions.retold(own, english, unit, choice.ENGLISH, locales())
    return editions.dumps(own)


def fresh_copy(unit: str) -> Iterator[tuple[str, Path]]:
    """Copy a unit's files anew; as it goes, of each that you changed its name, and the dated file that keeps yours."""
    for shipped, mine in _files(unit):
        changed = mine.exists() and _differ(mine, shipped)
        kept = _put(_handed_out(shipped), mine, like=shipped, keep=changed)
        if kept is not None:
            yield mine.name, kept


def _is_unit(path: Path) -> bool:
    return path.stem == path.parent.name and UNIT.fullmatch(path.stem) is not None


def _files(unit: str) -> list[tuple[Path, Path]]:
    """Each file of a unit as it is shipped, and where your copy of it lies."""
    source = course_root() / "notebooks" / unit
    if not (source / f"{unit}.ipynb").is_file():
        raise CourseError(f"{source} has no notebook yet. Its author makes it with ./course build {unit[:2]}.")
    found = [path for path in sorted(source.rglob("*")) if path.is_file() and ".ipynb_checkpoints" not in path.parts]
    return [(path, home() / "work" / unit / path.relative_to(source)) for path in found]


def _handed_out(shipped: Path) -> bytes:
    """What a copy of a shipped file holds: a notebook is told in your language, where that has a good catalogue."""
    data = shipped.read_bytes()
    if shipped.suffix != ".ipynb" or (wanted := language()) == choice.ENGLISH:
        return data
    english = editions.loads(data)
    try:
        if english is not None:
            return editions.dumps(editions.edition(english, shipped.stem, wanted, locales()))
    except CourseError:  # `retell` says what is broken; until that is mended, the copy is English
        pass
    return data


def _put(content: bytes, target: Path, *, like: Path, keep: bool = False) -> Path | None:
    """Put a file into place whole or not at all: a full disk or a kill leaves the target as it was.

    like: the file whose rights it gets. With `keep`, the target's present content gets a dated name first, which is
    returned.
    """
    temporary = kept = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".copying-", dir=target.parent)
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(like.stat().st_mode | stat.S_IWUSR)
        if keep:
            kept = _keep(target)
        temporary.replace(target)
    except OSError as error:
        if kept is not None:
            kept.unlink()  # the target still has this content, and under one name it cannot change under two
        raise CourseError(
            f"{target} could not be written: {error.strerror or error}. Nothing of yours is lost. "
            "Free some space, or make the folder writable, and run the command again."
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
    return kept


def _keep(path: Path) -> Path:
    """Give a file a second, dated name beside it, one that no file has yet; returns that name."""
    date = datetime.now().strftime("%Y-%m-%dT%H%M%S")
    for count in range(1, 1000):
        again = "" if count == 1 else f"-{count}"
        kept = path.with_name(f"{path.stem}.{date}{again}{path.suffix}")
        try:
            os.link(path, kept)  # at once, and never over a file that is there
        except FileExistsError:
            continue
        except OSError:  # a file system without links
            if kept.exists():
                continue
            _put(path.read_bytes(), kept, like=path)
        return kept
    raise CourseError(f"{path.parent} holds a thousand copies of today's {path.name}. Delete some, then run it again.")
