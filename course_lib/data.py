"""Fashion-MNIST (Xiao, Rasul and Vollgraf, 2017): 28 x 28 grey images of ten kinds of clothing.

12,000 of its images are part of the course, so that everything runs offline; `full=True` finds all 70,000.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import math
import os
import struct
import sys
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from course_lib.errors import CourseError

EMBEDDED = Path(__file__).parent / "datasets" / "fashion_mnist.npz"
CLASS_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
# SHA-256 of each file once unpacked: Zalando's and Debian's packed files differ in the name and date in their headers.
# With that header put back, Debian's copy has the MD5 sums that Zalando published, so the contents are the originals.
SHA256 = {
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}
DEBIAN = Path("/usr/share/datasets/fashion-mnist")
MIRRORS = (
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
)
MAX_PACKED, MAX_UNPACKED = 32 * 2**20, 64 * 2**20  # bytes: the largest file has 26 and 47 million
WAYS_OUT = (
    "Work with the 12,000 images that come with the course (full=False), or put the four files "
    "train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz and t10k-labels-idx1-ubyte.gz "
    "into a folder and name it by folder=... or COURSE_DATA; on Debian and Ubuntu the package dataset-fashion-mnist "
    "brings them."
)


@dataclass(frozen=True, eq=False, repr=False)
class FashionMNIST:
    """Images in [0, 1] of shape (N, 28, 28), or (N, 784) if flattened, and labels 0 to 9 of dtype int64, shape (N,).

    `class_names[label]` is what a label means; `source` says in a sentence where the images came from.
    """

    X_train: np.ndarray
    y_train: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    class_names: tuple[str, ...]
    source: str

    def __repr__(self) -> str:
        X, T = self.X_train, self.X_test
        return f"FashionMNIST: X_train {X.shape}, X_test {T.shape}, {X.dtype} in [0, 1]. {self.source}"


def load_fashion_mnist(
    full: bool = False,
    folder: str | Path | None = None,
    flatten: bool = False,
    dtype: Any = np.float32,
) -> FashionMNIST:
    """Fashion-MNIST: 10,000 training and 2,000 test images, as many of each class, or all 60,000 and 10,000.

    The full set is looked for in `folder`, else in the folder that COURSE_DATA names, else where Debian's package
    puts it, else among what an earlier call downloaded; else it is downloaded (30 MB, once).
    Raises `CourseError` when files are missing, damaged or cannot be downloaded.
    """
    if not np.issubdtype(np.dtype(dtype), np.floating):
        raise CourseError(f"Images between 0 and 1 need a floating-point dtype such as np.float32, not {dtype!r}.")
    raw, source = _full(folder) if full else _embedded()
    shape = (-1, 784) if flatten else (-1, 28, 28)
    images = [raw[name].reshape(shape).astype(dtype) for name in ("X_train", "X_test")]
    for array in images:
        array /= 255
    labels = [raw[name].astype(np.int64) for name in ("y_train", "y_test")]
    return FashionMNIST(images[0], labels[0], images[1], labels[1], CLASS_NAMES, source)


def subset(X: np.ndarray, y: np.ndarray, n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """`n` examples drawn without replacement, shuffled, with equally many of each class (or one more).

    X: (N, ...).  y: (N,) labels.  Returns new arrays of shapes (n, ...) and (n,). Raises `CourseError` when some
    class has too few examples.
    """
    if len(X) != len(y):
        raise CourseError(f"There are {len(X)} examples in X but {len(y)} labels in y.")
    rng = np.random.default_rng(seed)
    classes = rng.permutation(np.unique(y))  # which classes get one more is drawn, too
    picked = []
    for i, label in enumerate(classes):
        wanted = n // len(classes) + (i < n % len(classes))
        members = np.flatnonzero(y == label)
        if wanted > len(members):
            raise CourseError(
                f"A balanced subset of {n} needs {wanted} examples of class {label}; there are {len(members)}."
            )
        picked.append(rng.choice(members, wanted, replace=False))
    index = rng.permutation(np.concatenate(picked))
    return X[index], y[index]


def stressed(X: np.ndarray, seed: int = 16) -> dict[str, np.ndarray]:
    """The same images as a worn camera would take them: unit 16's stress test, not meant to be looked at before.

    X: (N, H, W) float32 between 0 and 1.  Returns arrays of the same shape and range by the name of what was done:
    moved by 3 pixels, each image in a direction of its own; at 35 % of the light; with normal noise of 0.2 on each
    pixel; all three.
    """
    rng = np.random.default_rng(seed)
    moves = rng.choice([(0, 3), (0, -3), (3, 0), (-3, 0), (3, 3), (3, -3), (-3, 3), (-3, -3)], size=len(X))
    padded = np.pad(X, ((0, 0), (3, 3), (3, 3)))
    height, width = X.shape[1:]
    corners = 3 - moves
    moved = np.stack([a[i : i + height, j : j + width] for a, (i, j) in zip(padded, corners, strict=True)])
    noise = rng.normal(0, 0.2, size=X.shape)

    def noisy(images: np.ndarray) -> np.ndarray:
        return np.clip(images + noise, 0, 1).astype(np.float32)

    dark = np.float32(0.35)
    return {"moved": moved, "darker": dark * X, "noisy": noisy(X), "all three": noisy(dark * moved)}


def _embedded() -> tuple[dict[str, np.ndarray], str]:
    try:
        with np.load(EMBEDDED, allow_pickle=False) as file:
            raw = {name: file[name] for name in ("X_train", "y_train", "X_test", "y_test")}
    except (OSError, ValueError, KeyError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise CourseError(
            f"The course's images in {EMBEDDED} cannot be read ({error}): install the course again."
        ) from None
    count = len(raw["X_train"]) + len(raw["X_test"])
    return raw, f"{count:,} of Fashion-MNIST's 70,000 images, kept with the course."


# --- The full set ----------------------------------------------------------------------------------------------


def _full(folder: str | Path | None) -> tuple[dict[str, np.ndarray], str]:
    place = _find(folder)
    return load_original(place), f"All of Fashion-MNIST, from {place}."


def load_original(place: Path) -> dict[str, np.ndarray]:
    """X_train, y_train, X_test and y_test as uint8, in the original order, from the four verified files in `place`."""
    raw: dict[str, np.ndarray] = {}
    for part, name in (("train", "train"), ("test", "t10k")):
        images, labels = (_verified(place, f"{name}-{kind}-ubyte") for kind in ("images-idx3", "labels-idx1"))
        if images.shape[1:] != (28, 28) or labels.shape != images.shape[:1]:
            raise CourseError(
                f"The images and labels {name}-* in {place} do not belong together: {images.shape} and {labels.shape}."
            )
        raw |= {f"X_{part}": images, f"y_{part}": labels}
    return raw


def _find(folder: str | Path | None) -> Path:
    """The folder that holds the four files; where one was named, that one or none."""
    named = folder or os.environ.get("COURSE_DATA")
    if named:
        root = Path(named).expanduser()
        # The last is where torchvision puts its download.
        for place in (root, root / "fashion-mnist", root / "FashionMNIST" / "raw"):
            if _complete(place):
                return place
        raise CourseError(f"The folder {root} does not hold the four files of Fashion-MNIST. {WAYS_OUT}")
    cache = _cache()
    for place in (DEBIAN, cache):
        if _complete(place):
            return place
    return _download(cache)


def _cache() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("optimization-course") / "fashion-mnist"


def _complete(place: Path) -> bool:
    return all((place / f"{name}.gz").is_file() or (place / name).is_file() for name in SHA256)


def _verified(place: Path, name: str) -> np.ndarray:
    """The array in one file, packed or not, after its format and its checksum were found right."""
    packed = place / f"{name}.gz"
    path = packed if packed.is_file() else place / name
    content = unpack(path.read_bytes(), path) if path == packed else path.read_bytes()
    array = parse_idx(content, path)
    if hashlib.sha256(content).hexdigest() != SHA256[name]:
        raise CourseError(f"{path} is not the published Fashion-MNIST file: its checksum differs. {WAYS_OUT}")
    return array


def unpack(packed: bytes, path: Path | str) -> bytes:
    """The content of a .gz file; `path` is for the message of the `CourseError` raised where it is damaged."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as file:
            content = file.read(MAX_UNPACKED + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise CourseError(f"{path} is damaged or cut short ({error}): delete it and get it again.") from None
    if len(content) > MAX_UNPACKED:
        raise CourseError(f"{path} unpacks to more than {MAX_UNPACKED // 2**20} MiB, so it is not Fashion-MNIST.")
    return content


def parse_idx(content: bytes, path: Path | str) -> np.ndarray:
    """The uint8 array in the IDX format of MNIST: two zeros, type 8, number of axes, big-endian sizes, then the bytes.

    `path` is for the message of the `CourseError` raised where magic number and sizes do not fit the content.
    """
    if len(content) < 4 or content[:3] != b"\x00\x00\x08":
        raise CourseError(f"{path} is not an IDX file of bytes: it starts with {content[:4].hex() or 'nothing'}.")
    axes = content[3]
    start = 4 + 4 * axes
    if len(content) < start:
        raise CourseError(f"{path} is cut short: it ends within its header.")
    shape = struct.unpack(f">{axes}I", content[4:start])
    if len(content) - start != math.prod(shape):
        raise CourseError(
            f"{path} is damaged or cut short: its header promises {' x '.join(map(str, shape))} bytes, "
            f"it holds {len(content) - start:,}."
        )
    return np.frombuffer(content, dtype=np.uint8, offset=start).reshape(shape)


# --- The only use of the network in the course -----------------------------------------------------------------


def _download(cache: Path) -> Path:
    print(f"Downloading Fashion-MNIST (30 MB, once) to {cache} ...", file=sys.stderr)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        for name in SHA256:
            if not (cache / f"{name}.gz").is_file():
                _write(cache / f"{name}.gz", _fetch(name))
    except OSError as error:
        raise CourseError(f"Fashion-MNIST could not be written to {cache} ({error.strerror}). {WAYS_OUT}") from None
    return cache


def _fetch(name: str) -> bytes:
    """The packed file from the first mirror that gives the right one."""
    import http.client
    import urllib.request

    trouble = []
    for mirror in MIRRORS:
        try:
            with urllib.request.urlopen(f"{mirror}{name}.gz", timeout=20) as answer:
                packed: bytes = answer.read(MAX_PACKED)
            if hashlib.sha256(unpack(packed, "what arrived")).hexdigest() == SHA256[name]:
                return packed
            trouble.append(f"{mirror} sent another file (its checksum differs)")
        except (OSError, http.client.HTTPException, CourseError) as error:
            trouble.append(f"{mirror}: {getattr(error, 'reason', error)}")
    raise CourseError(f"{name}.gz could not be downloaded: {'; '.join(trouble)}. {WAYS_OUT}")


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all: an interrupted download leaves no file that looks finished."""
    import tempfile

    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
