"""The ten classes of Fashion-MNIST spoken aloud: short clips by many voices, kept with the course.

They were made once, with eSpeak NG, by `tools/make_speech.py`. Nobody who speaks in the training part speaks in the
test part.
"""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from course_lib.errors import CourseError

EMBEDDED = Path(__file__).parent / "datasets" / "spoken_classes.npz"
RATE = 8000  # samples a second, as on the telephone
WORDS = (
    *("T-shirt", "trousers", "pullover", "dress", "coat"),
    *("sandal", "shirt", "sneaker", "bag", "ankle boot"),
)
"""What is said for class 0 to 9."""
MU = 255.0


@dataclass(frozen=True, eq=False, repr=False)
class Clips:
    """N clips, one a row. `waves` (N, T) float32 between -1 and 1, `RATE` samples a second, silence (0) at their ends.

    `lengths` (N,): how many samples of each row are speech.  `labels` (N,) int64, 0 to 9.  `voices` (N,): names, such
    as "en-us+f2".  `speeds` (N,): words a minute.  `pitches` (N,): 0 to 99, with 50 for the speaker's own.
    """

    waves: np.ndarray
    lengths: np.ndarray
    labels: np.ndarray
    voices: np.ndarray
    speeds: np.ndarray
    pitches: np.ndarray

    def __len__(self) -> int:
        return len(self.waves)

    def __repr__(self) -> str:
        seconds = self.lengths / RATE
        return (
            f"Clips: {len(self)} of {len(np.unique(self.voices))} voices, {seconds.min():.2f} to {seconds.max():.2f} s "
            f"long, in rows of {self.waves.shape[1] / RATE:.2f} s"
        )


@dataclass(frozen=True)
class SpokenClasses:
    """The training and the test part, of different voices. `words[label]` is what is said."""

    train: Clips
    test: Clips
    words: tuple[str, ...] = WORDS
    rate: int = RATE


def load_spoken_classes() -> SpokenClasses:
    """The clips that come with the course: 520 by 26 voices for training, 240 by 12 other voices for the test.

    Both parts have rows of the same length, 1 second. Raises `CourseError` when the file cannot be read.
    """
    try:
        with np.load(EMBEDDED, allow_pickle=False) as file:
            raw = {name: file[name] for name in file.files}
        return SpokenClasses(_clips(raw, "train"), _clips(raw, "test"))
    except (OSError, ValueError, KeyError, IndexError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise CourseError(
            f"The course's spoken words in {EMBEDDED} cannot be read ({error}): install the course again."
        ) from None


def _clips(raw: dict[str, np.ndarray], part: str) -> Clips:
    samples, lengths = decode_mu_law(raw[f"{part}_bytes"]), raw[f"{part}_lengths"].astype(np.int64)
    waves = np.zeros((len(lengths), RATE), dtype=np.float32)
    waves[np.arange(RATE) < lengths[:, None]] = samples
    return Clips(
        waves,
        lengths,
        raw[f"{part}_labels"].astype(np.int64),
        raw["voices"][raw[f"{part}_voices"]],
        raw[f"{part}_speeds"].astype(np.int64),
        raw[f"{part}_pitches"].astype(np.int64),
    )


def encode_mu_law(wave: np.ndarray) -> np.ndarray:
    """Each sample between -1 and 1 as one byte, finer for quiet samples than for loud ones (ITU-T G.711, mu = 255)."""
    if np.abs(wave).max(initial=0.0) > 1:
        raise CourseError("A sample is louder than 1: mu-law codes only what lies between -1 and 1.")
    bent = np.sign(wave) * np.log1p(MU * np.abs(wave)) / np.log1p(MU)
    return np.round((bent + 1) / 2 * MU).astype(np.uint8)


def decode_mu_law(codes: np.ndarray) -> np.ndarray:
    """The samples, float32 between -1 and 1, of what `encode_mu_law` wrote."""
    bent = codes.astype(np.float64) / MU * 2 - 1
    return (np.sign(bent) * np.expm1(np.abs(bent) * np.log1p(MU)) / MU).astype(np.float32)


def mel_filters(bands: int, frame: int, rate: int = RATE, low: float = 60.0) -> np.ndarray:
    """Triangles over the frequencies of a spectrum, evenly spaced on the mel scale: (bands, frame // 2 + 1), 0 to 1.

    frame: samples in a frame, whose spectrum has frame // 2 + 1 frequencies from 0 to rate / 2 hertz.  low: where the
    first triangle begins, in hertz. A row times a power spectrum is the power in one band. mel = 2595 log10(1 + hertz /
    700) (O'Shaughnessy, 1987): equal steps in mel sound like equal steps in pitch.
    Raises `CourseError` where a band would be narrower than the distance of two frequencies.
    """
    first, last = (2595 * np.log10(1 + hertz / 700) for hertz in (low, rate / 2))
    corners = 700 * (10 ** (np.linspace(first, last, bands + 2) / 2595) - 1)
    frequencies = np.arange(frame // 2 + 1) * rate / frame
    left, peak, right = (corners[i : bands + i, None] for i in range(3))
    filters = np.maximum(0, np.minimum((frequencies - left) / (peak - left), (right - frequencies) / (right - peak)))
    if not filters.any(axis=1).all():
        raise CourseError(f"{bands} bands are too many for frames of {frame} samples: some would hold no frequency.")
    return np.asarray(filters)
