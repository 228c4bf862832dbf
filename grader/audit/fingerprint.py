"""Which state of the sources an audit belongs to: while it is the same, the published audit holds."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from course_lib.workspace import course_root
from grader.audit.examine import answers_of

# What decides, beside a unit's own files, whether a mutant lives: how answers are driven, judged and changed.
SHARED = (
    *("course_lib/codec.py", "course_lib/compute.py", "course_lib/judge.py"),
    *("course_lib/probes", "course_lib/properties", "grader/hidden.py", "grader/record.py", "grader/spec.py"),
    *(f"grader/audit/{name}.py" for name in ("claims", "examine", "mutants", "operators", "trial")),
)


def fingerprint(script: Path) -> str:
    """16 hexadecimal digits of a unit's answers, specs, explanations and files, and of what judges all units.

    script: the unit's `solutions/UNIT/UNIT.py`; of its cells those count that answers are made of, and not the text.
    """
    root, unit = course_root(), script.stem
    answers = [[answer.exercise.name, answer.source, *answer.setup] for answer in answers_of(script)]
    digest = hashlib.sha256(json.dumps(answers).encode())
    own = (f"grader/exercises/u{unit}", f"grader/audit/equivalent/u{unit}.py")
    for path in (*own, *SHARED):
        for file in _files(root / path):
            digest.update(file.relative_to(root).as_posix().encode() + b"\0")
            digest.update(file.read_bytes().replace(b"\r\n", b"\n"))
    for file in sorted(script.parent.glob("*.safetensors")):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


def _files(path: Path) -> list[Path]:
    return sorted(path.rglob("*.py")) if path.is_dir() else [path] if path.is_file() else []
