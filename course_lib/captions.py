"""Colours for the grey images of clothes, and captions as people might write them: the language of unit 15.

A caption is a template filled with a colour and a word for the class. Not every word says it all: some people write
"sneaker", some "shoe", some "thing".
"""

from __future__ import annotations

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
