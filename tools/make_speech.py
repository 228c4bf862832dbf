"""Have the ten class names spoken by many voices and write them to `course_lib/datasets/spoken_classes.npz`.

A maintainer ran it once, with eSpeak NG installed (Debian and Ubuntu: `apt install espeak-ng`):
`python -m tools.make_speech`. Which voices, speeds and pitches are spoken has a fixed seed, and the archive holds no
dates; eSpeak NG itself mixes a little noise into some sounds, so that two runs differ in places that nobody hears.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import shutil
import subprocess
import wave
from dataclasses import asdict, dataclass
from itertools import cycle
from pathlib import Path

import numpy as np

from course_lib.errors import CourseError
from course_lib.speech import EMBEDDED, RATE, WORDS, encode_mu_law
from tools.embed_data import archive

SEED = 20170829  # the day Fashion-MNIST was published
ACCENTS = ("en-gb", "en-us", "en-gb-scotland", "en-gb-x-rp", "en-029", "en-gb-x-gbclan", "en-us-nyc", "en-gb-x-gbcwmd")
SPEAKERS = {
    "train": (
        *("m1", "f1", "m2", "f2", "m3", "f4", "m5", "m7", "Alex", "Alicia", "Andrea", "Denis", "Diogo", "Gene"),
        *("Hugo", "Jacky", "Lee", "Mario", "Michael", "belinda", "caleb", "ed", "linda", "max", "pablo", "steph"),
    ),
    "test": ("m4", "f3", "m6", "f5", "Andy", "Annie", "Marco", "benjamin", "grandma", "john", "quincy", "victor"),
}
"""eSpeak NG's variants of its English voice. No speaker of one part speaks in the other."""
TAKES = 2  # of each word by each speaker, each at a speed and a pitch of its own
SPEEDS = (145, 235)  # words a minute, from and to
PITCHES = (25, 75)  # on eSpeak's scale of 0 to 99, whose middle is a speaker's own pitch
LONGEST = 1.0  # seconds
QUIET = 0.02  # of the loudest sample: what is quieter at either end is cut off


@dataclass(frozen=True)
class Take:
    """One clip to be spoken. speed: words a minute.  pitch: 0 to 99, with 50 for the speaker's own."""

    part: str
    label: int
    voice: str
    speed: int
    pitch: int


def takes(seed: int = SEED) -> list[Take]:
    """All clips, the training part first; the same list for the same seed."""
    rng = np.random.default_rng(seed)
    made = []
    for part, speakers in SPEAKERS.items():
        for speaker, accent in zip(speakers, cycle(ACCENTS), strict=False):
            for label in range(len(WORDS)):
                for _ in range(TAKES):
                    speed, pitch = int(rng.integers(*SPEEDS)), int(rng.integers(*PITCHES))
                    made.append(Take(part, label, f"{accent}+{speaker}", speed, pitch))
    return made


def settings() -> str:
    """SHA-256 of all that decides what is spoken and how it is kept; it lies in the archive."""
    how = {"words": WORDS, "rate": RATE, "longest": LONGEST, "quiet": QUIET, "takes": [asdict(t) for t in takes()]}
    return hashlib.sha256(json.dumps(how, sort_keys=True).encode()).hexdigest()


def speak(take: Take) -> np.ndarray:
    """The clip as float64 between -1 and 1, at `RATE`, without the silence around it.  Raises `CourseError`."""
    program = shutil.which("espeak-ng")
    if program is None:
        raise CourseError("eSpeak NG is not installed. On Debian and Ubuntu: apt install espeak-ng.")
    options = ["-v", take.voice, "-s", str(take.speed), "-p", str(take.pitch), "--stdout"]
    done = subprocess.run([program, *options, WORDS[take.label]], capture_output=True, check=False)
    if done.returncode or len(done.stdout) < 100:
        raise CourseError(f"eSpeak NG did not speak {take}: {done.stderr.decode(errors='replace').strip()}")
    return tidy(*read_wave(done.stdout))


def read_wave(content: bytes) -> tuple[np.ndarray, int]:
    """Samples between -1 and 1, and their number a second, of a mono 16-bit WAVE stream."""
    with wave.open(io.BytesIO(content)) as file:
        rate = file.getframerate()
    # A stream's header promises more samples than come: the data begin after its 44 bytes and go to the end.
    return np.frombuffer(content[44 : 44 + (len(content) - 44) // 2 * 2], "<i2") / 32768.0, rate


def tidy(samples: np.ndarray, rate: int) -> np.ndarray:
    """Resampled to `RATE`, cut to what is heard and to `LONGEST`, and brought to one loudness."""
    from scipy.signal import resample_poly

    divisor = np.gcd(RATE, rate)
    samples = resample_poly(samples, RATE // divisor, rate // divisor)
    heard = np.flatnonzero(np.abs(samples) > QUIET * np.abs(samples).max())
    samples = samples[heard[0] : heard[-1] + 1][: int(LONGEST * RATE)]
    return samples * 0.8 / np.abs(samples).max()


def embed() -> bytes:
    """The archive's bytes: for each part the clips end to end as mu-law bytes, and a table of them."""
    arrays: dict[str, np.ndarray] = {"settings": np.frombuffer(bytes.fromhex(settings()), np.uint8)}
    everything = takes()
    arrays["voices"] = np.array(sorted({take.voice for take in everything}))
    for part in SPEAKERS:
        mine = [take for take in everything if take.part == part]
        clips = [encode_mu_law(speak(take)) for take in mine]
        arrays |= {
            f"{part}_bytes": np.concatenate(clips),
            f"{part}_lengths": np.array([len(clip) for clip in clips], np.int32),
            f"{part}_labels": np.array([take.label for take in mine], np.uint8),
            f"{part}_voices": np.searchsorted(arrays["voices"], [take.voice for take in mine]).astype(np.uint8),
            f"{part}_speeds": np.array([take.speed for take in mine], np.int16),
            f"{part}_pitches": np.array([take.pitch for take in mine], np.int16),
        }
    return archive(arrays)


def main(arguments: list[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.make_speech", description=__doc__)
    parser.add_argument("--output", type=Path, default=EMBEDDED)
    output = parser.parse_args(arguments).output
    content = embed()
    output.write_bytes(content)
    print(f"{output}: {len(content) / 1e6:.2f} MB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
