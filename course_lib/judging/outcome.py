"""What a learner's object gave for one case, or why it gave nothing, and how near a right value has to be."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from course_lib.judging import codec


@dataclass(frozen=True)
class Tolerance:
    """Values agree when |got - expected| <= atol + rtol * |expected|; float32 answers get `rtol32` and `atol32`."""

    rtol: float = 1e-6
    atol: float = 1e-9
    rtol32: float = 1e-4
    atol32: float = 1e-6


@dataclass(frozen=True)
class Problem:
    """Why a case gave no usable value, in a sentence a beginner reads.

    kind: `not_started`, `missing`, `raised`, `interrupted`, `returned_nothing`, `wrong_count`, `wrong_type`,
    `forbidden`, `mutated` (of these, only `mutated` leaves a value to judge). `line` counts from 1 in the
    learner's cell.
    """

    kind: str
    message: str
    line: int | None = None
    code: str | None = None
    detail: str = ""
    """What tells two problems of one kind apart: the exception's type, the mutated argument's name."""
    alike: str = ""
    """Of an exception: what two have in common that are the same; see `course_lib.judging.crashes`. Nobody reads it."""


@dataclass(frozen=True)
class Outcome:
    """What a learner's object gave for one case: values by output name, or a problem, or (mutated) both."""

    values: dict[str, Any] | None = None
    problem: Problem | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; arrays as raw bytes."""
        problem = None if self.problem is None else dataclasses.asdict(self.problem)
        if problem and not problem["alike"]:
            del problem["alike"]
        return {"values": codec.encode(self.values), "problem": problem}

    @classmethod
    def from_json(cls, data: Any) -> Outcome:
        """Trusts nothing: raises `codec.CodecError` for what `to_json` cannot have written."""
        if not isinstance(data, dict):
            raise codec.CodecError("an outcome is not a JSON object")
        values = codec.decode(data.get("values"))
        if values is not None and not isinstance(values, dict):
            raise codec.CodecError("an outcome's values are not named")
        return cls(values, _problem(data.get("problem")))


def _problem(data: Any) -> Problem | None:
    if data is None:
        return None
    if not isinstance(data, dict):
        raise codec.CodecError("a problem is not a JSON object")
    line, code = data.get("line"), data.get("code")
    return Problem(
        kind=str(data.get("kind"))[:40],
        message=str(data.get("message"))[:600],
        line=line if isinstance(line, int) else None,
        code=str(code)[:200] if code is not None else None,
        detail=str(data.get("detail", ""))[:80],
        alike=str(data.get("alike", ""))[:80],
    )
