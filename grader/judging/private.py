"""The private cases: the same specs, seeded by a secret of the course that is never released.

The secret is made at first use and kept beside the gradebook; with it, grading gives the same points every time.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from dataclasses import replace
from functools import cache
from pathlib import Path

from course_lib.errors import CourseError
from course_lib.judging.reference import Reference, searchable
from grader.exercises import find_exercise
from grader.judging.references import make_reference
from grader.search.kept import kept_signatures

FILE = "gradebook.secret"


def secret_for(db_url: str) -> bytes:
    """The secret beside the gradebook at `db_url` (for a server's database: in the working directory)."""
    folder = Path(db_url.removeprefix("sqlite:///")).parent if db_url.startswith("sqlite:///") else Path.cwd()
    path = folder / FILE
    if not path.exists():
        _create(path)
    secret = path.read_text(encoding="ascii").strip()
    if len(secret) < 32:
        raise CourseError(
            f"{path} is damaged: it should hold one line of 64 hexadecimal digits. Restore it from a backup; if there "
            "is none, delete it, and grade all submissions again so that all are judged on the same private cases."
        )
    return secret.encode("ascii")


def _create(path: Path) -> None:
    """Write a new secret, readable by its owner only; of two processes at once, one wins and both use its secret."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(32) + "\n")
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass
    except OSError:  # a file system without hard links
        temporary.replace(path)
        return
    temporary.unlink()


def seed_of(name: str, secret: bytes) -> list[int]:
    """What seeds an exercise's private cases: 8 numbers of 32 bits."""
    digest = hmac.new(secret, name.encode(), hashlib.sha256).digest()
    return [int.from_bytes(digest[i : i + 4], "big") for i in range(0, 32, 4)]


@cache
def private_reference(name: str, secret: bytes) -> Reference:
    """The private cases of an exercise with everything that judges them."""
    exercise = find_exercise(name)
    reference = make_reference(exercise, seed_of(name, secret), private=True)
    if not searchable(reference):
        return reference
    return replace(reference, search=cache(lambda: kept_signatures(exercise, reference, secret)))
