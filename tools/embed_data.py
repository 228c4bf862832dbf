"""Choose the Fashion-MNIST images that come with the course and write them to `course_lib/datasets/`.

With `--hidden`, choose some that are not among these, for grading trained networks: `grader/datasets/`.

A maintainer ran it once: `python -m tools.embed_data FOLDER`, with the four original files in FOLDER. The choice has
a fixed seed, and the archive no dates in it, so that the same NumPy and zlib write the same bytes again.
"""

from __future__ import annotations

import argparse
import io
import zipfile
from pathlib import Path

import numpy as np

from course_lib import data
from grader.hidden_images import HIDDEN

SEED = 20170829  # the day Fashion-MNIST was published
PER_CLASS = {"train": 1000, "test": 200}
HIDDEN_PER_CLASS = 100


def choose(labels: np.ndarray, per_class: int, rng: np.random.Generator) -> np.ndarray:
    """`per_class` indices of each class, without replacement, shuffled, as int32.  labels: (N,)."""
    picked = [rng.choice(np.flatnonzero(labels == c), per_class, replace=False) for c in np.unique(labels)]
    return rng.permutation(np.concatenate(picked)).astype(np.int32)


def embed(raw: dict[str, np.ndarray], per_class: dict[str, int], seed: int = SEED) -> bytes:
    """The archive's bytes.  raw: X_train, y_train, X_test, y_test as uint8, images (N, 28, 28)."""
    rng = np.random.default_rng(seed)
    arrays: dict[str, np.ndarray] = {}
    for part, count in per_class.items():
        index = choose(raw[f"y_{part}"], count, rng)
        arrays |= {
            f"X_{part}": raw[f"X_{part}"][index],
            f"y_{part}": raw[f"y_{part}"][index],
            f"{part}_index": index,
        }
    return archive(arrays)


def hide(raw: dict[str, np.ndarray], embedded: np.ndarray, per_class: int = HIDDEN_PER_CLASS) -> bytes:
    """An archive of `images` (N, 28, 28) and `labels` (N,), uint8: test images that are not embedded.

    raw: X_test and y_test as uint8.  embedded: the indices of the embedded ones among them.
    """
    rest = np.setdiff1d(np.arange(len(raw["y_test"])), embedded)
    index = rest[choose(raw["y_test"][rest], per_class, np.random.default_rng(SEED))]
    return archive({"images": raw["X_test"][index], "labels": raw["y_test"][index]})


def archive(arrays: dict[str, np.ndarray]) -> bytes:
    """A compressed .npz without dates: np.savez_compressed would write the hour into it."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as file:
        for name, array in arrays.items():
            npy = io.BytesIO()
            np.lib.format.write_array(npy, np.ascontiguousarray(array), allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy")  # dated 1980, always
            file.writestr(entry, npy.getvalue(), zipfile.ZIP_DEFLATED, compresslevel=9)
    return target.getvalue()


def main(arguments: list[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.embed_data", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the four original files of Fashion-MNIST are")
    parser.add_argument("--hidden", action="store_true", help="the images for grading, in place of the learner's")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args(arguments)
    raw = data.load_original(options.folder)
    if options.hidden:
        with np.load(data.EMBEDDED, allow_pickle=False) as file:
            content, output = hide(raw, file["test_index"]), options.output or HIDDEN
    else:
        content, output = embed(raw, PER_CLASS), options.output or data.EMBEDDED
    output.parent.mkdir(exist_ok=True)
    output.write_bytes(content)
    print(f"{output}: {len(content) / 1e6:.2f} MB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
