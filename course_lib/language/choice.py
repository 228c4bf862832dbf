"""Which language a learner reads: COURSE_LANGUAGE, else the one that was chosen once, else the system's."""

from __future__ import annotations

import locale
import os
import re
from pathlib import Path

from course_lib.errors import CourseError

ENGLISH = "en"
VARIABLE = "COURSE_LANGUAGE"
FILE = "language"
"""In `.course/`: the language that `./course start --language` was given."""
NAMES = {
    "zh": "zh_CN",
    "cn": "zh_CN",
    "zh_hans": "zh_CN",
    "zh_sg": "zh_CN",
    "zh_hans_cn": "zh_CN",
    "chinese": "zh_CN",
    "中文": "zh_CN",
    "简体中文": "zh_CN",
    "english": ENGLISH,
    "c": ENGLISH,
    "posix": ENGLISH,
}
"""What people and systems call a language, beside the name of its folder."""


def languages(locales: Path) -> list[str]:
    """English, and each language that has a folder with catalogues in `locales`."""
    return [ENGLISH, *sorted(path.parent.name for path in locales.glob("*/course.po"))]


def named(text: str, locales: Path) -> str:
    """The language that a person means: `zh`, `zh_CN`, `zh-CN.UTF-8`, `Chinese`. `CourseError` for one there is not."""
    known = languages(locales)
    found = _find(text, known)
    if found is None:
        raise CourseError(f"The course does not speak {text!r}. It has: {', '.join(known)}.")
    return found


def chosen(locales: Path, state: Path) -> str:
    """The language to show things in; state: the folder `.course`. An unknown one in the variable is a `CourseError`.

    Where a notebook is graded it is always English: what is shown is told in the reader's language later.
    """
    if os.environ.get("COURSE_GRADED"):
        return ENGLISH
    if asked := os.environ.get(VARIABLE, "").strip():
        try:
            return named(asked, locales)
        except CourseError as error:
            raise CourseError(f"{error} Set {VARIABLE} to one of them, or unset it.") from None
    known = languages(locales)
    try:
        kept = (state / FILE).read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError):
        kept = ""
    return _find(kept, known) or _find(of_the_system(), known) or ENGLISH


def keep(language: str, state: Path) -> None:
    """Remember a choice for every later kernel and command."""
    try:
        state.mkdir(parents=True, exist_ok=True)
        (state / FILE).write_text(f"{language}\n", encoding="utf-8", newline="\n")
    except OSError as error:
        raise CourseError(
            f"{state / FILE} could not be written: {error.strerror or error}. Free some space or make the folder "
            f"writable, or set {VARIABLE}={language}."
        ) from error


def of_the_system() -> str:
    """What the system calls its language: `zh_CN`, `de_DE`, or nothing."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return value
    try:
        return locale.getlocale()[0] or ""
    except ValueError:  # macOS knows names that Python does not
        return ""


def _find(text: str, known: list[str]) -> str | None:
    """The language of `known` that a name stands for; what follows a dot or an @ is an encoding."""
    name = re.sub(r"[.@].*", "", text.strip()).replace("-", "_").lower()
    whole = NAMES.get(name, name)
    if name.startswith("chinese (simplified)"):
        whole = "zh_CN"
    if name.startswith("en_"):
        whole = ENGLISH
    return next((language for language in known if language.lower() == whole.lower()), None)
