"""`log_mel`: a waveform as a picture of loudness over time and pitch."""

import numpy as np

from grader.changes import change
from grader.exercises.u15_multimodal.tokenize import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def tone(rng: np.random.Generator, T: int) -> np.ndarray:
    t = np.arange(T)
    parts = [rng.uniform(0.2, 1) * np.sin(rng.uniform(0.2, 2.5) * t + rng.uniform(0, 6)) for _ in range(3)]
    return 0.3 * sum(parts) + 0.05 * rng.normal(size=T)


def bands(rng: np.random.Generator, M: int, frame: int) -> np.ndarray:
    """Overlapping triangles, as mel filters are, of random places and widths."""
    at = np.arange(frame // 2 + 1)
    middle, width = np.sort(rng.uniform(1, frame // 2 - 1, size=(M, 1)), axis=0), rng.uniform(2, 4, size=(M, 1))
    return np.maximum(0, 1 - np.abs(at - middle) / width)


def log_mel_cases(rng: np.random.Generator) -> list[Case]:
    def case(
        label: str, group: str, T: int, frame: int, hop: int, M: int, floor: float, wave: np.ndarray | None = None
    ) -> Case:
        wave = tone(rng, T) if wave is None else wave
        inputs = {"wave": wave, "filters": bands(rng, M, frame), "frame": frame, "hop": hop, "floor": floor}
        return Case(label, group, inputs)

    fading = np.where(np.arange(160) < 60, 1.0, 10.0 ** -(np.arange(160) / 30)) * tone(rng, 160)
    stopped = np.where(np.arange(120) < 50, tone(rng, 120), 0.0)
    return [
        case("one frame of 32 samples", "one_frame", 32, 32, 8, 5, 1e-10),
        case("one frame of 20 samples", "one_frame", 20, 20, 5, 3, 1e-10),
        case("frames of 32, every 16 samples", "frames", 128, 32, 16, 5, 1e-10),
        case("frames of 24, every 7 samples, some left over", "frames", 100, 24, 7, 4, 1e-10, 20 * tone(rng, 100)),
        case("a sound that stops: silence is 0", "floor", 120, 24, 12, 4, float(rng.uniform(0.5, 2)) * 1e-3, stopped),
        case("a sound that fades away", "floor", 160, 32, 16, 5, float(rng.uniform(0.5, 2)) * 1e-2, fading),
        case("more bands than frames", "shape", 50, 24, 12, 7, 1e-10),
        case("frames of 25, side by side", "shape", 125, 25, 25, 4, 1e-10),
    ]


def log_mel_oracle(wave: np.ndarray, filters: np.ndarray, frame: int, hop: int, floor: float) -> np.ndarray:
    """SciPy's window and transform on NumPy's sliding windows."""
    from scipy.fft import rfft
    from scipy.signal import get_window

    frames = np.lib.stride_tricks.sliding_window_view(wave, frame)[::hop]
    spectrum = rfft(frames * get_window("hann", frame), axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    return np.log(np.clip(np.einsum("mf,tf->mt", filters, power), floor, None))


def log_mel_loop(wave, filters, frame, hop, floor):
    window = np.sin(np.pi * np.arange(frame) / frame) ** 2
    columns = []
    for start in range(0, len(wave) - frame + 1, hop):
        spectrum = np.fft.rfft(wave[start : start + frame] * window)
        columns.append([max(np.sum(band * np.abs(spectrum) ** 2), floor) for band in filters])
    return np.log(columns).T


def log_mel_in_torch(wave, filters, frame, hop, floor):
    import torch

    frames = torch.from_numpy(wave.copy()).unfold(0, frame, hop)
    window = torch.hann_window(frame, dtype=torch.float64)
    power = torch.fft.rfft(frames * window).abs().square()
    return (torch.from_numpy(filters.copy()) @ power.T).clamp(min=floor).log()


def log_mel_by_fft(wave, filters, frame, hop, floor):
    window = np.hanning(frame + 1)[:-1]
    count = 1 + (len(wave) - frame) // hop
    power = np.empty((frame // 2 + 1, count))
    for t in range(count):
        spectrum = np.fft.fft(window * wave[t * hop : t * hop + frame])[: frame // 2 + 1]
        power[:, t] = (spectrum * spectrum.conj()).real
    return np.where(filters @ power > floor, np.log(np.maximum(filters @ power, floor)), np.log(floor))


def log_mel(wave, filters, frame, hop, floor):
    starts = np.arange(0, len(wave) - frame + 1, hop)
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(frame) / frame)
    frames = wave[starts[:, None] + np.arange(frame)] * hann
    power = np.abs(np.fft.rfft(frames)) ** 2
    return np.log(np.maximum(filters @ power.T, floor))


LOG_MEL = Exercise(
    name="log_mel",
    unit=UNIT,
    returns=("picture",),
    groups=(
        Group("one_frame", "finds window, power and bands of a single frame", 2, hint=2),
        Group("frames", "cuts overlapping frames, whole ones only", 2, hint=1),
        Group("floor", "lets no band fall below the floor", 1, hint=4),
        Group("shape", "gives (bands, frames) for every size", 1, hint=3),
    ),
    cases=log_mel_cases,
    reference=log_mel_oracle,
    forbidden=("scipy.signal", "torch.stft"),
    misconceptions=(
        Misconception(
            "no_window",
            change(log_mel, " * hann", ""),
            "Your frames have no window. A frame that is cut out with scissors has a jump at both ends, and a jump "
            "holds all frequencies: a pure tone smears over the whole picture.",
            2,
        ),
        Misconception(
            "symmetric_window",
            change(log_mel, "np.arange(frame) / frame)", "np.arange(frame) / (frame - 1))"),
            "Nearly right: your window comes back to zero at its last sample. The one that is used for spectra is "
            "periodic, its zero would be the *next* sample. np.hanning(n) is the symmetric one; compare the formula's "
            "denominator.",
            2,
        ),
        Misconception(
            "window_twice",
            change(log_mel, " * hann", " * hann**2"),
            "Your window is applied twice, or squared. The frame is multiplied by it once, before the transform.",
            2,
        ),
        Misconception(
            "magnitude",
            change(log_mel, "(frames)) ** 2", "(frames))"),
            "You add up magnitudes where the power is meant, |X| in place of |X|^2. Sounds that come together add up "
            "in power.",
            3,
        ),
        Misconception(
            "decibel",
            change(log_mel, "np.log(", "10 * np.log10("),
            "This is in decibels, 10 log10 of the power. A picture to look at often is; here the natural logarithm is "
            "asked for.",
            3,
        ),
        Misconception(
            "log_first",
            change(
                log_mel, "np.log(np.maximum(filters @ power.T, floor))", "filters @ np.log(np.maximum(power, floor)).T"
            ),
            "You take the logarithm of each frequency and add the logarithms up in bands: a product in disguise. First "
            "collect the power in bands, then take the logarithm.",
            3,
        ),
        Misconception(
            "floor_added",
            change(log_mel, "np.maximum(filters @ power.T, floor)", "filters @ power.T + floor"),
            "You add the floor to every band. What is louder than the floor should stay what it is; only what lies "
            "below is lifted.",
            4,
        ),
        Misconception(
            "no_floor",
            change(log_mel, "np.maximum(filters @ power.T, floor)", "filters @ power.T"),
            "Silence has no power, and the logarithm of 0 is minus infinity: one such value, and the loss is NaN. That "
            "is what the floor is for.",
            4,
        ),
        Misconception(
            "side_by_side",
            change(log_mel, ", hop)", ", frame)"),
            "Your frames lie side by side, each as far from the last as it is long. A new one starts every `hop` "
            "samples, so that they overlap.",
            1,
        ),
        Misconception(
            "padded_end",
            change(
                log_mel,
                "np.arange(0, len(wave) - frame + 1, hop)",
                "np.arange(0, len(wave), hop)\n    wave = np.concatenate([wave, np.zeros(frame)])",
            ),
            "You have too many frames: at the end some reach into zeros that you added. Only frames that lie wholly "
            "within the wave count.",
            1,
        ),
        Misconception(
            "last_missing",
            change(log_mel, " + 1, hop)", ", hop)"),
            "The last frame is missing when it ends exactly with the wave. Where may a frame of `frame` samples begin, "
            "at the latest, in a wave of T samples?",
            1,
        ),
        *(
            Misconception(
                name,
                change(log_mel, "np.arange(0, len(wave) - frame + 1, hop)", f"np.arange({count}) * hop"),
                "Your last frame is missing: (T - frame) // hop counts the steps from one frame to the next, and there "
                "is one frame more than there are steps.",
                hint=1,
            )
            for name, count in {
                "steps_for_frames": "(len(wave) - frame) // hop",
                "steps_for_frames_one_at_least": "max(1, (len(wave) - frame) // hop)",
            }.items()
        ),
        Misconception(
            "transposed",
            change(log_mel, "filters @ power.T", "power @ filters.T"),
            "Rows and columns are exchanged: the bands come first, the time second, as a convolution over time wants "
            "its channels first.",
            3,
        ),
        Misconception(
            "log10",
            change(log_mel, "np.log(", "np.log10("),
            "This is log10. The natural logarithm is asked for: np.log.",
            hint=3,
        ),
        Misconception(
            "real_part",
            change(log_mel, "np.abs(np.fft.rfft(frames))", "np.fft.rfft(frames).real"),
            "You square the real part alone. The power is |X|^2, the squares of real and imaginary part together.",
        ),
        Misconception(
            "floor_before_the_bands",
            change(
                log_mel,
                "filters @ power.T, floor",
                "power, floor",
                "np.log(np.maximum(power, floor))",
                "np.log(filters @ np.maximum(power, floor).T)",
            ),
            "You lift each frequency to the floor, and then add up bands. It is the band's power that is compared with "
            "the floor.",
            hint=4,
        ),
        Misconception(
            "hamming",
            change(log_mel, "0.5 - 0.5 *", "0.54 - 0.46 *"),
            "Your window is Hamming's: it does not come down to zero at its ends. The formula in the text is Hann's,"
            " 0.5 - 0.5 cos.",
        ),
        Misconception(
            "divided_by_the_frame",
            change(log_mel, "(frames)) ** 2", "(frames)) ** 2 / frame"),
            "You divide the power by the number of samples. Here it is the square of the transform's size, as it "
            "comes.",
            hint=3,
        ),
        Misconception(
            "centred",
            change(log_mel, "    starts", '    wave = np.pad(wave, frame // 2, mode="reflect")\n    starts'),
            "Your frames are centred on their first sample: the wave was made longer at both ends, as audio "
            "libraries do unless they are told otherwise. Here only frames that lie wholly within the wave count.",
            hint=1,
        ),
        Misconception(
            "floor_on_the_logarithm",
            change(
                log_mel, "np.log(np.maximum(filters @ power.T, floor))", "np.maximum(np.log(filters @ power.T), floor)"
            ),
            "You compare the logarithm with the floor. The floor is a power: lift what lies below it first, then "
            "take the logarithm.",
            hint=4,
        ),
    ),
    also_right=(
        log_mel,
        log_mel_loop,
        log_mel_in_torch,
        log_mel_by_fft,
        change(log_mel, "wave[starts[:, None] + np.arange(frame)]", "np.stack([wave[i : i + frame] for i in starts])"),
    ),
)
