"""Colours for the grey images of clothes, and captions as people might write them: the language of unit 15.

A caption is a template filled with a colour and a word for the class. Not every word says it all: some people write
"sneaker", some "shoe", some "thing".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from course_lib.errors import CourseError

COLOURS = ("red", "green", "blue", "yellow", "purple", "white")
TINTS = np.array(
    [[0.9, 0.15, 0.15], [0.1, 0.75, 0.25], [0.2, 0.35, 0.95], [0.95, 0.85, 0.1], [0.65, 0.2, 0.8], [0.95, 0.95, 0.95]]
)
"""Red, green and blue of each colour at its brightest, from 0 to 1: (6, 3)."""
NAMES = ("t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot")
"""The exact word for class 0 to 9."""
BROADER = ("top", "garment", "top", "garment", "garment", "shoe", "top", "shoe", "accessory", "shoe")
"""A word for class 0 to 9 that other classes share."""
TEMPLATES = (
    "a {colour} {thing}",
    "a photo of a {colour} {thing}",
    "look at this {colour} {thing}",
    "the {thing} is {colour}",
    "my new {thing} in {colour}",
    "one {colour} {thing} for sale",
)


def tint(images: Any, colours: Any) -> np.ndarray:
    """Grey images in one colour each: (N, H, W) between 0 and 1, and (N,) indices into COLOURS, to (N, 3, H, W).

    float32.  Raises `CourseError` where there are not as many colours as images.
    """
    grey, index = np.asarray(images), np.asarray(colours)
    if grey.ndim != 3 or index.shape != (len(grey),):
        raise CourseError(f"tint needs images (N, H, W) and one colour each; {grey.shape} and {index.shape} came.")
    return (grey[:, None] * TINTS[index][:, :, None, None]).astype(np.float32)


def write_captions(
    labels: Any, colours: Any, seed: int, *, exact: float = 0.7, broader: float = 0.2, templates: Any = TEMPLATES
) -> list[str]:
    """One caption an example, such as "my new sneaker in red".  labels, colours: (N,) indices.

    The class is told by its exact word in a share `exact` of captions, by a broader word in a share `broader`, and as
    a "thing" in the rest. The same seed gives the same captions. Raises `CourseError` where labels and colours do not
    fit or the shares are none.
    """
    labels, colours = np.asarray(labels), np.asarray(colours)
    if labels.shape != colours.shape or labels.ndim != 1:
        raise CourseError(f"Each caption needs a label and a colour; {labels.shape} and {colours.shape} came.")
    if min(exact, broader) < 0 or exact + broader > 1 + 1e-12:
        raise CourseError(f"exact and broader are shares of all captions: {exact} and {broader} cannot be.")
    rng = np.random.default_rng(seed)
    kinds = rng.choice(3, size=len(labels), p=[exact, broader, max(0.0, 1 - exact - broader)])
    forms = rng.integers(len(templates), size=len(labels))
    written = []
    for label, colour, kind, form in zip(labels, colours, kinds, forms, strict=True):
        thing = (NAMES[label], BROADER[label], "thing")[kind]
        written.append(templates[form].format(colour=COLOURS[colour], thing=thing))
    return written


@dataclass(frozen=True)
class Scenes:
    """Pairs of things, the one that is named first on the left.  first, second: (N,) indices of examples.

    captions: "a red bag beside a blue boot".  exchanged: the same words with the two colours exchanged, which is
    true of other pictures.
    """

    first: np.ndarray
    second: np.ndarray
    captions: list[str]
    exchanged: list[str]


def write_scenes(labels: Any, colours: Any, count: int, rng: np.random.Generator) -> Scenes:
    """Draw `count` pairs of examples that differ in class and in colour, and say what is seen.

    labels, colours: (N,) indices.  rng: all draws are its, so that the same seed gives the same scenes. Raises
    `CourseError` where labels and colours do not fit, or where all examples are of one class or of one colour.
    """
    labels, colours = np.asarray(labels), np.asarray(colours)
    if labels.shape != colours.shape or labels.ndim != 1:
        raise CourseError(f"Each thing needs a label and a colour; {labels.shape} and {colours.shape} came.")
    if min(len(np.unique(labels)), len(np.unique(colours))) < 2:
        raise CourseError("A scene needs two things of different class and colour, and there is only one of either.")
    pairs = rng.integers(len(labels), size=(count, 2))
    while len(alike := np.flatnonzero((np.diff(labels[pairs]) == 0) | (np.diff(colours[pairs]) == 0))):
        pairs[alike] = rng.integers(len(labels), size=(len(alike), 2))

    def say(*shown: int) -> list[str]:
        """Captions, with the colours of `shown` in this order."""
        named = zip(labels[pairs], colours[pairs[:, list(shown)]], strict=True)
        return [" beside ".join(f"a {COLOURS[c]} {NAMES[y]}" for y, c in zip(*both, strict=True)) for both in named]

    return Scenes(pairs[:, 0], pairs[:, 1], say(0, 1), say(1, 0))
