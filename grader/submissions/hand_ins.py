"""Who handed in which files: by the platform's own name, the topmost, and never by what lies below it."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from grader.submissions.answer import Piece
from grader.submissions.files import OUTSIDE, File, printable, short
from grader.submissions.identity import Owner
from grader.submissions.moments import Moment
from grader.submissions.platforms import Claim, Folder, Platforms, platform_of


@dataclass
class HandIn:
    """What one owner handed in."""

    owner: Owner
    pieces: list[Piece] = field(default_factory=list)
    late: bool = False
    moments: dict[str, Moment] = field(default_factory=dict)
    """By attempt."""
    folders: set[str] = field(default_factory=set)
    platform: bool = True
    """Whether a learning platform's own name says whose it is."""


def by_owner(found: Sequence[File], unit: str, unknown: dict[str, str], keep_top: bool) -> list[HandIn]:
    """What each owner handed in, by the names at the top.

    keep_top: nothing above the learners is to be looked for; a zip file may have one more folder around them.
    """
    top = () if keep_top else _root(found, unit)
    hand_ins: dict[tuple[str, str, str], HandIn] = {}
    inside = {file: PurePosixPath(file.name).parts[len(top) :] for file in found if _below(file, top)}
    platforms = Platforms({parts[0]: file for file, parts in inside.items() if len(parts) == 1 and not file.folder})
    strays: list[File] = []
    for file in found:
        parts = inside.get(file, ())
        claim = (
            None if file.refused == OUTSIDE or not parts else platforms.claim(parts[0], len(parts) > 1 or file.folder)
        )
        if claim is None:
            strays.append(file)
            continue
        for owner in claim.owners:
            mine = hand_ins.setdefault(owner.key, HandIn(owner, platform=owner.platform != Folder.title))
            _take(mine, claim, file, parts)
    for file in strays:
        own = file in inside and len(inside[file]) == 1 and platforms.owns(inside[file][0])
        if ".ipynb_checkpoints" in PurePosixPath(file.name).parts:  # the instructor's own Jupyter makes them, too
            continue
        if file.refused:
            tell(unknown, file.name, file.refused)
        elif not file.folder and not own:
            tell(unknown, file.name, "is nobody's: its name tells no learner")
    return list(hand_ins.values())


def _take(mine: HandIn, claim: Claim, file: File, parts: tuple[str, ...]) -> None:
    name = unicodedata.normalize("NFC", "/".join(filter(None, [claim.rest.strip("/"), *parts[1:]])))
    mine.late = mine.late or claim.late
    mine.moments.setdefault(claim.attempt, claim.moment)
    if file.folder and not file.refused:
        mine.folders.add(name)
    else:
        mine.pieces.append(Piece(short(name or parts[-1]), file, claim.attempt))


def _below(file: File, top: tuple[str, ...]) -> bool:
    parts = PurePosixPath(file.name).parts
    return parts[: len(top)] == top and len(parts) > len(top)


def _root(found: Sequence[File], unit: str) -> tuple[str, ...]:
    """The folders of an archive that lie around all its learners."""
    files = [PurePosixPath(file.name).parts for file in found if not file.folder and file.refused != OUTSIDE]
    paths = [tuple(part for part in parts if part != ".ipynb_checkpoints") for parts in files]
    root: tuple[str, ...] = ()
    while _all_in_one(paths, len(root)):
        if platform_of(paths[0][len(root)], folder=True):
            return root
        root = paths[0][: len(root) + 1]
    here = [path[-1] for path in paths if len(path) == len(root) + 1 and not platform_of(path[-1], folder=False)]
    deeper = [path for path in paths if len(path) > len(root) + 1]
    apart = {path[len(root)] for path in deeper if ".ipynb" in path[-1].lower()}
    mine = any(".ipynb" in name.lower() for name in here) or not deeper
    if root and here and mine and len(apart) < 2:  # it is one learner's folder
        root = root[:-1]
        root = root[:-1] if root and _alike(paths[0][len(root)]) == _alike(unit) else root
    return root


def _alike(name: str) -> str:
    return re.sub(r"[\W_]+", "_", name.casefold())


def _all_in_one(paths: Sequence[tuple[str, ...]], depth: int) -> bool:
    """Whether all files lie in one and the same folder at this depth."""
    return bool(paths) and all(len(path) > depth + 1 and path[depth] == paths[0][depth] for path in paths)


def tell(unknown: dict[str, str], name: str, why: str) -> None:
    """Note a file that is nobody's, or could not be taken; of two that look alike, both are told."""
    shown, number = printable(name), 1
    while shown in unknown:
        number += 1
        shown = f"{printable(name)} [{number}]"
    unknown[shown] = why


def is_a_class(pieces: Sequence[Piece], unit: str) -> bool:
    """Whether one learner's files are named as those of several are: then it is a whole class's download."""
    names = [PurePosixPath(piece.name).parts for piece in pieces]
    depth = 0
    while _all_in_one(names, depth) and not platform_of(names[0][depth], folder=True):
        depth += 1
    tops = [path[depth:] for path in names]
    claims = [platform_of(path[0], len(path) > 1) for path in tops]
    owners = {owner.key for claim in claims if claim for owner in claim.owners}
    if len(owners) > 1 and all(claim for claim, path in zip(claims, tops, strict=True) if ".ipynb" in path[-1].lower()):
        return True
    layout = defaultdict(set)
    for path in tops:
        for place in range(1, len(path) - 1):
            if path[place] == unit and path[-1].lower().endswith(".ipynb"):
                layout[path[: place - 1]].add(path[place - 1])
    return any(len(students) > 1 for students in layout.values())
