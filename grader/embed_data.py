"""Choose the Fashion-MNIST images that come with the course and write them to `course_lib/datasets/`.

A maintainer ran it once: `python -m grader.embed_data FOLDER`, with the four original files in FOLDER. The choice has
a fixed seed, and the archive no dates in it, so that the same NumPy and zlib write the same bytes again.
"""

from __future__ import annotations

import argparse
import io
import zipfile
from pathlib import Path

import numpy as np

from course_lib import data

SEED = 20170829  # the day Fashion-MNIST was published
PER_CLASS = {"train": 1000, "test": 200}


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
    parser = argparse.ArgumentParser(prog="python -m grader.embed_data", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the four original files of Fashion-MNIST are")
    parser.add_argument("--output", type=Path, default=data.EMBEDDED)
    options = parser.parse_args(arguments)
    content = embed(data.load_original(options.folder), PER_CLASS)
    options.output.write_bytes(content)
    print(f"{options.output}: {len(content) / 1e6:.2f} MB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
