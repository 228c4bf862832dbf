"""The spoken class names and the captions: what is there, who speaks where, and that the file fits its script."""

from __future__ import annotations

import shutil
import socket

import numpy as np
import pytest

from course_lib import speech
from course_lib.captions import BROADER, COLOURS, NAMES, TEMPLATES, tint, write_captions, write_scenes
from course_lib.data import CLASS_NAMES
from course_lib.errors import CourseError
from course_lib.speech import RATE, WORDS, decode_mu_law, encode_mu_law, load_spoken_classes, mel_filters
from tools import make_speech

pytestmark = pytest.mark.fast


@pytest.fixture(scope="module")
def spoken() -> speech.SpokenClasses:
    return load_spoken_classes()


def test_the_clips_that_come_with_the_course(spoken):
    for clips, count, voices in ((spoken.train, 520, 26), (spoken.test, 240, 12)):
        assert clips.waves.shape == (count, RATE) and clips.waves.dtype == np.float32 and len(clips) == count
        assert len(np.unique(clips.voices)) == voices
        np.testing.assert_array_equal(np.bincount(clips.labels), np.full(10, count // 10))
        assert np.abs(clips.waves).max(axis=1).min() > 0.7 and np.abs(clips.waves).max() <= 1
        assert clips.lengths.min() > 0.1 * RATE and clips.lengths.max() <= RATE
        beyond = np.arange(RATE) >= clips.lengths[:, None]
        assert not clips.waves[beyond].any()
        assert len({wave.tobytes() for wave in clips.waves}) == count
    assert len(spoken.words) == len(CLASS_NAMES) == 10 and spoken.rate == RATE
    assert "520 of 26 voices" in repr(spoken.train)


def test_nobody_who_speaks_in_the_training_part_speaks_in_the_test(spoken):
    train, test = (np.unique(clips.voices) for clips in (spoken.train, spoken.test))
    assert not set(train) & set(test)
    speakers = [{voice.split("+")[1] for voice in voices} for voices in (train, test)]
    assert not speakers[0] & speakers[1]
    accents = [{voice.split("+")[0] for voice in voices} for voices in (train, test)]
    assert accents[0] == accents[1]  # a test of new speakers, not of new accents


def test_every_voice_says_every_word_at_its_own_speeds_and_pitches(spoken):
    for clips in (spoken.train, spoken.test):
        for voice in np.unique(clips.voices):
            said = np.bincount(clips.labels[clips.voices == voice], minlength=10)
            np.testing.assert_array_equal(said, np.full(10, make_speech.TAKES))
        assert len(np.unique(clips.speeds)) > 50 and len(np.unique(clips.pitches)) > 30


def test_the_file_was_made_with_the_settings_of_the_script(spoken):
    with np.load(speech.EMBEDDED, allow_pickle=False) as file:
        assert file["settings"].tobytes().hex() == make_speech.settings()
    planned = make_speech.takes()
    for part, clips in (("train", spoken.train), ("test", spoken.test)):
        mine = [take for take in planned if take.part == part]
        assert [(t.label, t.voice, t.speed, t.pitch) for t in mine] == list(
            zip(
                clips.labels.tolist(), clips.voices.tolist(), clips.speeds.tolist(), clips.pitches.tolist(), strict=True
            )
        )
    assert speech.EMBEDDED.stat().st_size < 6e6
    assert make_speech.takes(1) != planned == make_speech.takes()


def test_loading_needs_no_network(monkeypatch):
    def refuse(*arguments, **settings):
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket, "socket", refuse)
    assert len(load_spoken_classes().train) == 520


def test_words_sound_alike_to_themselves_and_not_to_others(spoken):
    """A nearest neighbour of the crudest kind, over mean spectra, finds the word far more often than chance."""
    filters = mel_filters(32, 256)

    def crude(clips):
        frames = clips.waves[:, : RATE // 256 * 256].reshape(len(clips), -1, 256)
        power = np.log(np.abs(np.fft.rfft(frames * np.hanning(256))) ** 2 @ filters.T + 1e-3)
        return power[:, :20].reshape(len(clips), -1)

    train, test = crude(spoken.train), crude(spoken.test)
    distance = (test**2).sum(1)[:, None] - 2 * test @ train.T + (train**2).sum(1)
    assert np.mean(spoken.train.labels[distance.argmin(axis=1)] == spoken.test.labels) > 0.4


def test_a_file_that_is_missing_or_damaged_is_said(monkeypatch, tmp_path):
    for name, content in (("missing.npz", None), ("damaged.npz", b"PK\x03\x04 and then nothing")):
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        monkeypatch.setattr(speech, "EMBEDDED", path)
        with pytest.raises(CourseError, match="install the course again"):
            load_spoken_classes()


def test_mu_law_is_finer_for_quiet_samples():
    wave = np.linspace(-1, 1, 2001)
    codes = encode_mu_law(wave)
    back = decode_mu_law(codes)
    assert codes.dtype == np.uint8 and back.dtype == np.float32
    error = np.abs(back - wave)
    assert error.max() < 0.03 and error[np.abs(wave) < 0.01].max() < 0.0005
    assert (np.diff(codes.astype(int)) >= 0).all()
    np.testing.assert_array_equal(encode_mu_law(decode_mu_law(np.arange(256, dtype=np.uint8))), np.arange(256))
    with pytest.raises(CourseError, match="louder than 1"):
        encode_mu_law(np.array([1.5]))


def test_mel_filters_cover_every_frequency_between_their_ends():
    filters = mel_filters(32, 256)
    assert filters.shape == (32, 129) and filters.min() == 0 and 0 < filters.max() <= 1
    frequencies = np.arange(129) * RATE / 256
    inside = (frequencies > 150) & (frequencies < 3500)
    np.testing.assert_allclose(filters.sum(axis=0)[inside], 1)  # neighbouring triangles add up to one
    peaks = filters.argmax(axis=1)
    assert (np.diff(peaks) >= 1).all() and peaks[-1] - peaks[-2] > peaks[1] - peaks[0]
    with pytest.raises(CourseError, match="too many"):
        mel_filters(120, 64)


def test_what_the_script_does_to_a_recording():
    rate = 22050
    t = np.arange(rate) / rate
    tone = np.where((t > 0.3) & (t < 0.7), 0.1 * np.sin(2 * np.pi * 440 * t), 0.0)
    clip = make_speech.tidy(tone, rate)
    assert abs(len(clip) - 0.4 * RATE) < 0.01 * RATE
    assert np.isclose(np.abs(clip).max(), 0.8)
    spectrum = np.abs(np.fft.rfft(clip))
    assert abs(np.fft.rfftfreq(len(clip), 1 / RATE)[spectrum.argmax()] - 440) < 5
    assert len(make_speech.tidy(np.sin(2 * np.pi * 440 * np.arange(3 * rate) / rate), rate)) == RATE


def test_without_espeak_the_script_says_what_to_install(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(CourseError, match="apt install espeak-ng"):
        make_speech.speak(make_speech.takes()[0])


# --- Captions ------------------------------------------------------------------------------------------------------


def test_captions_say_the_colour_always_and_the_thing_more_or_less():
    labels, colours = np.arange(3000) % 10, np.arange(3000) // 10 % 6
    captions = write_captions(labels, colours, seed=0)
    assert captions == write_captions(labels, colours, seed=0) != write_captions(labels, colours, seed=1)
    words = [caption.split() for caption in captions]
    assert all(COLOURS[c] in w for c, w in zip(colours, words, strict=True))
    exact = np.mean([NAMES[y] in w for y, w in zip(labels, words, strict=True)])
    broad = np.mean([BROADER[y] in w for y, w in zip(labels, words, strict=True)])
    vague = np.mean(["thing" in w for w in words])
    assert abs(exact - 0.7) < 0.05 and abs(broad - 0.2) < 0.05 and abs(vague - 0.1) < 0.03
    assert all(any(t.split("{")[0].strip() in caption for t in TEMPLATES) for caption in captions)


def test_captions_can_be_exact_only():
    captions = write_captions([0, 5, 9], [0, 1, 2], seed=3, exact=1.0, broader=0.0, templates=TEMPLATES[:1])
    assert captions == ["a red t-shirt", "a green sandal", "a blue boot"]


def test_what_is_no_caption_is_refused():
    with pytest.raises(CourseError, match="label and a colour"):
        write_captions([1, 2], [0], seed=0)
    with pytest.raises(CourseError, match="shares"):
        write_captions([1], [0], seed=0, exact=0.9, broader=0.2)


def test_a_tint_keeps_the_shape_of_things_and_gives_them_their_colour():
    images = np.random.default_rng(0).random((6, 5, 4))
    tinted = tint(images, np.arange(6))
    assert tinted.shape == (6, 3, 5, 4) and tinted.dtype == np.float32 and tinted.min() >= 0 and tinted.max() <= 1
    strongest = tinted.sum(axis=(2, 3)).argmax(axis=1)
    assert strongest[[0, 1, 2]].tolist() == [0, 1, 2]  # red, green, blue
    np.testing.assert_allclose(tinted[5, 0], tinted[5, 1])  # white is grey at any brightness
    for wrong in (images[0], images[:3]):
        with pytest.raises(CourseError, match="one colour each"):
            tint(wrong, np.arange(6))


def test_words_for_all_classes():
    assert len(NAMES) == len(BROADER) == len(WORDS) == len(CLASS_NAMES)
    assert all(" " not in word and word == word.lower() for word in (*NAMES, *BROADER, *COLOURS))
    assert len(set(NAMES)) == 10 and not set(NAMES) & set(BROADER)


def test_scenes_name_two_things_and_their_confusable_partners():
    labels, colours = np.arange(40) % 10, np.arange(40) % 6
    scenes, again = (write_scenes(labels, colours, 60, np.random.default_rng(5)) for _ in range(2))
    assert (scenes.captions, scenes.exchanged) == (again.captions, again.exchanged)
    for left, right, caption, partner in zip(
        scenes.first, scenes.second, scenes.captions, scenes.exchanged, strict=True
    ):
        assert labels[left] != labels[right]
        assert colours[left] != colours[right]
        things = [f"a {COLOURS[colours[i]]} {NAMES[labels[i]]}" for i in (left, right)]
        assert caption == " beside ".join(things) != partner
        assert sorted(caption.split()) == sorted(partner.split())


@pytest.mark.parametrize(("labels", "colours"), [([1, 1], [0, 1]), ([0, 1], [2, 2]), ([0, 1], [0])])
def test_scenes_without_two_things_are_refused(labels, colours):
    with pytest.raises(CourseError):
        write_scenes(labels, colours, 3, np.random.default_rng(0))
