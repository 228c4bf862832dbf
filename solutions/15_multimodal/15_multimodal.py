# ---
# jupyter:
#   jupytext:
#     cell_metadata_filter: exercise,check,given,reflection,points,folded,-all
#     formats: ipynb,py:percent
#     notebook_metadata_filter: jupytext,kernelspec,-all
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 15 · Many modalities
#
# **After this unit you can** turn words and sounds into arrays that a network can read, write an encoder for each, bring
# images, words and speech into one space by contrastive learning, search in it across modalities, write attention, put the
# opinions of several networks together, and train one that copes when a modality is missing.
#
# | time | difficulty | builds on |
# |---|---|---|
# | 190 to 230 minutes, in four sittings | ●●●●○ | PyTorch and your optimizers there ([09 To PyTorch](../09_to_pytorch/09_to_pytorch.ipynb)), cross-entropy ([01 Gradients](../01_gradients/01_gradients.ipynb)), dropout ([06 Regularization](../06_regularization/06_regularization.ipynb)) |
#
# A lost-property office has shelves full of things that somebody photographed. People type what they have lost, or ring up and
# *say* it; some describe one thing, some two. Can one network find it, and what if the line is bad?
#
# So far everything was a picture. Here the same ten kinds of clothing are also *written* and *spoken*, and it turns out
# that nothing of what you know about optimization has to be learned anew. Everything runs on a CPU.

# %% given="setup"
try:
    from course_lib import check, earlier, not_while_grading, plots, predict, reveal, waits_for
except ModuleNotFoundError as error:
    raise SystemExit(f"{error}: run ./course start in the course's folder, or see docs/running.md") from None

from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np
import torch
from IPython.display import Audio, display
from scipy.special import logsumexp
from torch import nn

from course_lib.captions import COLOURS, NAMES, TEMPLATES, tint, write_captions, write_scenes
from course_lib.data import load_fashion_mnist, subset
from course_lib.device import report
from course_lib.fit import accuracy, fit
from course_lib.speech import RATE, load_spoken_classes, mel_filters

plots.use_style()
torch.set_num_threads(1)  # for networks as small as ours, threads only get in each other's way
device = torch.device(report().accelerator)  # a GPU where there is one; for networks as small as ours, it gains little

# %% [markdown]
# ## The same thing, three ways
#
# - **Images:** Fashion-MNIST, each image tinted in one of six colours.
# - **Text:** a caption that names the colour and, more or less exactly, the thing. Seven in ten people write "sneaker", two in
#   ten only "shoe", and one in ten "thing".
# - **Speech:** the class's name, spoken by 38 synthetic voices at many speeds and pitches. 26 of them are for training; the
#   other 12 are only heard in the test. All 38 are settings of *one* synthesizer, espeak-ng, such as `en-gb-scotland+m6`: an
#   "unheard voice" below is an unheard setting, and what is measured with it says nothing yet about people.
#
# One thing is arranged for later: each class lacks *one* colour in training. No red T-shirt, for example, is ever seen
# there. The test has all sixty combinations.

# %% folded=true given="data"
fashion, speech = load_fashion_mnist(), load_spoken_classes()
LACKS = (5 * np.arange(10) + np.arange(10) // 6) % 6  # for each class, the colour that it has in no training image


def draw_colours(labels, rng, all_of_them):
    """A colour for each label, (N,); in training, never the one that its class lacks."""
    steps = rng.integers(0 if all_of_them else 1, 6, size=len(labels))
    return (LACKS[labels] + steps) % 6


rng = np.random.default_rng(14)
X_train, y_train = subset(fashion.X_train, fashion.y_train, 4000)
X_test, y_test = subset(fashion.X_test, fashion.y_test, 1000)
colours_train, colours_test = draw_colours(y_train, rng, False), draw_colours(y_test, rng, True)
images_train, images_test = tint(X_train, colours_train), tint(X_test, colours_test)
HEARD_BEFORE, NEW = TEMPLATES[:5], TEMPLATES[5]  # one way to write a caption is kept for later, too
captions_train = write_captions(y_train, colours_train, seed=1, templates=HEARD_BEFORE)
captions_test = write_captions(y_test, colours_test, seed=2, templates=HEARD_BEFORE)

fig, panels = plt.subplots(2, 4, figsize=(7.4, 4.4))
for ax, image, caption in zip(panels.flat, images_test[:8], captions_test[:8], strict=True):
    ax.imshow(image.transpose(1, 2, 0))
    ax.set_title(fill(caption, 16), fontsize=10, weight="normal", loc="center")
    ax.set_axis_off()
plots.finding(fig, "Some captions name the thing, some only its kind; all name the colour")
plt.show()
print("never seen in training:", ", ".join(f"{COLOURS[c]} {name}" for c, name in zip(LACKS, NAMES, strict=True)))
print(speech.train)
print(speech.test)

# %% [markdown]
# And this is what "ankle boot" sounds like, by one of the test's voices:

# %%
spoken = np.flatnonzero((speech.test.labels == 9) & (speech.test.lengths < RATE))[5]
print(f'"{speech.words[9]}", spoken by {speech.test.voices[spoken]}')
Audio(speech.test.waves[spoken], rate=RATE)

# %% [markdown]
# ## Words as numbers
#
# A network reads arrays, so words have to become numbers. A **vocabulary** gives each known word one. Two entries are
# special: `<pad>` fills short captions up, so that all rows are equally long, and `<unk>` stands for any word that is not
# in the vocabulary. A **mask** says which places hold a word of the caption.
#
# ### Exercise: `tokenize`
#
# With the vocabulary `{"<pad>": 0, "<unk>": 1, "a": 2, "red": 3, "bag": 4}` and length 4, the caption `"A red handbag"`
# becomes `[2, 3, 1, 0]` with the mask `[True, True, True, False]`.


# %% exercise="tokenize"
def tokenize(captions, vocabulary, length):
    """Captions as rows of word numbers: (ids, mask), whole numbers (N, length) and bools (N, length).

    captions: a list of N strings.  vocabulary: lower-case word -> number, with "<pad>" and "<unk>" among them.
    Words are what stands between spaces, without regard to capitals. A longer caption is cut off after `length` words,
    a shorter one is filled up with <pad> at its end. mask: True where a word of the caption stands, known or not.
    """
    ### BEGIN SOLUTION
    ids = np.full((len(captions), length), vocabulary["<pad>"])
    mask = np.zeros((len(captions), length), dtype=bool)
    for row, caption in enumerate(captions):
        words = caption.lower().split()[:length]
        ids[row, : len(words)] = [vocabulary.get(word, vocabulary["<unk>"]) for word in words]
        mask[row, : len(words)] = True
    return ids, mask
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: known words are not found</summary>
#
# `"The Red Bag".lower().split()` is `['the', 'red', 'bag']`. A loop over the string itself would give its letters.
# </details>
#
# <details><summary>Hint 2: unknown words</summary>
#
# `vocabulary.get(word, other)` is the word's number, or `other` if it has none. Which other? The vocabulary says it:
# `vocabulary["<unk>"]`. An unknown word is a word all the same: it keeps its place, and its mask is True.
# </details>
#
# <details><summary>Hint 3: rows that are too long or too short</summary>
#
# Begin with a whole table of padding, and with a mask that is False everywhere. Then write into the first places of each
# row. `words[:length]` are the first ones, and no more than there are.
# </details>

# %% check="tokenize"
check("tokenize")

# %% given="vocabulary"
LENGTH = 8  # no caption here is longer than six words
known_words = sorted({word for caption in captions_train for word in caption.split()})
vocabulary = {"<pad>": 0, "<unk>": 1} | {word: number for number, word in enumerate(known_words, start=2)}
print(f"{len(vocabulary)} entries:", " ".join(vocabulary))

# %% [markdown]
# ## From word numbers to one vector
#
# The number of a word is only a name: that "shirt" is 23 and "shoe" 24 does not make them alike. So each word gets a vector
# of its own, a row of a matrix, and these vectors are **parameters**: they are learned like any weight. That matrix is
# `nn.Embedding`: `embedding(ids)` picks a row for each number, (N, L) → (N, L, dim).
#
# The simplest way to make one vector of a whole caption is the mean of its words' vectors. Does the order of the words
# matter then? ("the bag is red", "is the red bag")

# %%
predict(
    "order",
    ...,
    options={"a": "Yes: other sentence, other vector.", "b": "No: a mean does not depend on the order.", "c": "Only a little."},
)

# %% [markdown]
# ### Exercise: `TextEncoder`
#
# With $m_{nl}$ the mask, $e(\cdot)$ the embedding, $W$ and $b$ the projection:
#
# $$h_n = \frac{\sum_l m_{nl}\; e(\text{id}_{nl})}{\max\left(1, \sum_l m_{nl}\right)}, \qquad z_n = W h_n + b$$


# %% exercise="TextEncoder"
class TextEncoder(nn.Module):
    """Mean of the embeddings of a caption's words, projected to `out` features.

    vocabulary_size, dim, out: whole numbers.  Submodules: `embedding` (vocabulary_size, dim) and `projection`, a linear
    layer from dim to out. By hand: no nn.EmbeddingBag, no embedding_bag.
    """

    def __init__(self, vocabulary_size, dim, out):
        ### BEGIN SOLUTION
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, dim)
        self.projection = nn.Linear(dim, out)
        ### END SOLUTION

    def forward(self, ids, mask):
        """ids: (N, L) whole numbers.  mask: (N, L) bools, True where a word stands.  Returns (N, out)."""
        ### BEGIN SOLUTION
        words = self.embedding(ids) * mask[:, :, None]
        return self.projection(words.sum(dim=1) / mask.sum(dim=1, keepdim=True).clamp(min=1))
        ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: where to begin</summary>
#
# `__init__` begins with `super().__init__()`, then come `self.embedding = nn.Embedding(...)` and
# `self.projection = nn.Linear(...)`. The embeddings have three axes: caption, place, feature. The mean runs over the places;
# the projection follows at once.
# </details>
#
# <details><summary>Hint 2: padding</summary>
#
# `mask[:, :, None]` has the shape (N, L, 1) and multiplies every feature: padding becomes 0. Sum over the places, and divide
# by the number of *words*, `mask.sum(dim=1)`, not by L. `keepdim=True` keeps it a column that fits.
# </details>
#
# <details><summary>Hint 3: NaN</summary>
#
# Somebody wrote nothing. `.clamp(min=1)` makes every number at least 1.
# </details>
#
# <details><summary>Hint 4: right values, and no gradient</summary>
#
# From the embedding to the result, everything has to stay in torch: no `.data`, no `.detach()`, no NumPy.
# </details>

# %% check="TextEncoder"
check("TextEncoder")

# %%
with waits_for("tokenize", "TextEncoder"):
    torch.manual_seed(0)
    encoder = TextEncoder(len(vocabulary), 16, 4)
    ids, mask = tokenize(["the bag is red", "is the red bag"], vocabulary, LENGTH)
    with torch.no_grad():
        vectors = encoder(torch.as_tensor(ids), torch.as_tensor(mask))
    print(vectors.numpy().round(4))
    reveal(
        "order",
        "b" if torch.allclose(vectors[0], vectors[1], atol=1e-5) else "a",
        because="Sums do not know an order. Such an encoder is called a bag of words. For captions like ours it is enough; "
        "for 'dog bites man' it is not, and there convolutions, recurrent networks or attention take over.",
    )

# %% [markdown]
# ## A picture of a sound
#
# Speech comes as a **waveform**: 8,000 numbers a second, the air pressure. Two people who say the same word give waveforms
# that differ in nearly every sample: only the rough outline is alike. What our ear perceives, and what stays the same, is how much power is in which
# pitch at which time. So we cut the wave into short overlapping **frames** and look at the frequencies in each:
#
# 1. **Frames** of 256 samples (32 ms), a new one every 128 samples. Frame $t$ holds the samples $x_{tH}, \dots,
#    x_{tH+F-1}$; only frames that lie wholly within the wave count.
# 2. **Window.** Each frame is multiplied by the (periodic) Hann window $w_n = \frac12 - \frac12 \cos\frac{2\pi n}{F}$, so that it
#    fades in and out: a frame cut with scissors has jumps at its ends, and a jump contains all frequencies.
# 3. **Power spectrum:** $P_{ft} = \left|\sum_n x_{tH+n}\, w_n\, e^{-2\pi i f n / F}\right|^2$ for $f = 0, \dots, F/2$: `np.fft.rfft` finds the sum.
# 4. **Mel bands:** we hear low pitches finely and high ones coarsely. `mel_filters` gives a matrix of overlapping triangles,
#    one row a band, wider and wider towards the top; the row times the spectrum is the power in the band.
# 5. **Logarithm,** since we hear ratios: $\log \max(\text{power}, \text{floor})$. The floor keeps silence finite.
#
# ### Exercise: `log_mel`


# %% exercise="log_mel"
def log_mel(wave, filters, frame=256, hop=128, floor=1e-4):
    """Log-mel picture of a sound: (bands, frames).

    wave: (T,) floats, with T >= frame.  filters: (bands, frame // 2 + 1), one row a band.
    frame, hop: samples in a frame, and from the start of one frame to the start of the next.  floor: the least power.
    By hand: no torch.stft, nothing of scipy.signal.
    """
    ### BEGIN SOLUTION
    starts = np.arange(0, len(wave) - frame + 1, hop)
    frames = wave[starts[:, None] + np.arange(frame)]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(frame) / frame)
    power = np.abs(np.fft.rfft(frames * window)) ** 2
    return np.log(np.maximum(filters @ power.T, floor))
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: how many frames, and which</summary>
#
# The last one may start at T - frame, and does if that is a multiple of `hop`: `np.arange(0, len(wave) - frame + 1, hop)` are
# all starts. A column of starts plus a row of 0, 1, ..., frame - 1 is a table of indices: `wave[table]` are all frames
# at once. (A loop is fine, too.)
# </details>
#
# <details><summary>Hint 2: the window</summary>
#
# $n$ runs from 0 to $F - 1$, and the formula divides by $F$. `np.hanning(F)` divides by $F - 1$: that is another window.
# </details>
#
# <details><summary>Hint 3: power, bands, logarithm, and in which order</summary>
#
# `np.fft.rfft` transforms the last axis: (frames, F) → (frames, F // 2 + 1), complex. The power is the *square* of the
# absolute value. Then the bands: `filters @ power.T` has the shape (bands, frames). The natural logarithm comes last.
# </details>
#
# <details><summary>Hint 4: the floor</summary>
#
# What is below the floor is lifted to it, what is above stays as it is: `np.maximum`.
# </details>

# %% check="log_mel"
check("log_mel")

# %% [markdown]
# The same word by two voices. Which of the two rows of pictures would you rather compare?

# %%
with waits_for("log_mel"):
    filters = mel_filters(32, 256)
    same = [np.flatnonzero((part.labels == 5) & (part.pitches > 30))[at] for part, at in ((speech.train, 2), (speech.train, 9))]
    waves = [speech.train.waves[which][: int(0.75 * RATE)].astype(float) for which in same]
    pictures = [log_mel(wave, filters) for wave in waves]
    fig, panels = plt.subplots(2, 2, figsize=(7.4, 4.8), sharex=True, sharey="row", height_ratios=(1, 1.4))
    for (above, below), which, wave, picture in zip(panels.T, same, waves, pictures, strict=True):
        above.plot(np.arange(len(wave)) / RATE, wave, color=plots.BLUE, linewidth=0.6)
        above.set_title(f'"sandal", {speech.train.voices[which]}', fontsize=10.5, weight="normal")
        shown = below.imshow(picture, origin="lower", aspect="auto", extent=(0, len(wave) / RATE, 0, 32), cmap="magma")
        below.set(xlabel="time (s)")
        below.grid(False)
    panels[0, 0].set_ylabel("pressure")
    panels[1, 0].set_ylabel("mel band (low to high)")
    fig.colorbar(shown, ax=panels[1], label="log power")
    plots.finding(fig, "Two voices: the waveforms share only their outline, the log-mel pictures show the same sounds")
    plt.show()
    for which in same:
        display(Audio(speech.train.waves[which], rate=RATE))

# %% [markdown]
# Read from left to right: the weak hiss of the "s" (most of it lies above the 4,000 hertz that 8,000 samples a second can
# hold); the first vowel, bright in many bands at once; then the "n", with most power in the low bands; and the second
# syllable. One voice stays longer on its first vowel, and the order of things is the same. Black is silence, where the
# floor holds. And a picture is something that you know how to handle: with convolutions.

# %% [markdown]
# ### Exercise: `AudioEncoder`
#
# Two convolutions over **time**, each over 5 frames, with the mel bands as channels; then the mean over time, then a
# projection. Clips are of different lengths and come in rows of one length, so something stands behind the end of a clip.
# It must not be heard. There are two ways in which it could get in:
#
# - the mean over time,
# - the convolutions: the last frames of a clip see two frames beyond its end; and after the first convolution, what lies
#   beyond is not zero any more, even if it was before.
#
# With $M$ the mask over time (1 within the clip, 0 beyond), in one line each:
#
# $$h = \operatorname{relu}(\text{conv}_1(x \cdot M)), \qquad h' = \operatorname{relu}(\text{conv}_2(h \cdot M)) \cdot M, \qquad
# z = W\, \frac{\sum_t h'_t}{\sum_t M_t} + b$$


# %% exercise="AudioEncoder"
class AudioEncoder(nn.Module):
    """Two convolutions over time with ReLU, the mean over the frames of the clip, and a projection to `out` features.

    bands, channels, out: whole numbers.  Submodules: `conv1` (bands -> channels) and `conv2` (channels -> channels),
    nn.Conv1d over 5 frames that keep the number of frames; `projection`, a linear layer from channels to out.
    """

    def __init__(self, bands, channels, out):
        ### BEGIN SOLUTION
        super().__init__()
        self.conv1 = nn.Conv1d(bands, channels, 5, padding=2)
        self.conv2 = nn.Conv1d(channels, channels, 5, padding=2)
        self.projection = nn.Linear(channels, out)
        ### END SOLUTION

    def forward(self, x, lengths):
        """x: (N, bands, T).  lengths: (N,) frames of each clip, at least 1; what lies beyond counts for nothing.

        Returns (N, out). What you make yourself belongs on x's device: `torch.arange(..., device=x.device)`.
        """
        ### BEGIN SOLUTION
        mask = (torch.arange(x.shape[2], device=x.device) < lengths[:, None])[:, None]
        x = torch.relu(self.conv1(x * mask))
        x = torch.relu(self.conv2(x * mask)) * mask
        return self.projection(x.sum(dim=2) / mask.sum(dim=2))
        ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: where to begin, and the layers</summary>
#
# `nn.Conv1d(bands, channels, 5, padding=2)` takes (N, bands, T) and gives (N, channels, T). A ReLU after each of the two.
# First get clips right that fill their rows: the mean is then `.mean(dim=2)`.
# </details>
#
# <details><summary>Hint 2: the mask, and the mean</summary>
#
# `torch.arange(T, device=x.device) < lengths[:, None]` compares a row with a column: (N, T), True within each clip. `[:, None]` makes it
# (N, 1, T), which multiplies every channel. A masked mean is the sum of what is kept, divided by how much is kept.
# </details>
#
# <details><summary>Hint 3: a clip still sounds different in a longer row</summary>
#
# Then a convolution has seen what lies beyond. Multiply by the mask before *each* of them: the first one's bias makes
# something of nothing.
# </details>

# %% check="AudioEncoder"
check("AudioEncoder")

# %% [markdown]
# > **A good place for a break.** You have an encoder for words and one for sounds. When you come back, put the cursor here and
# > choose *Run > Run All Above Selected Cell*.
#
# ## Where are these methods used? Vision, language, speech
#
# Three encoders, three kinds of data. With ten outputs each is a classifier: of an image, of a caption, of a spoken word.
# For images there is a small CNN of the kind you know.

# %% folded=true given="encoders"
TorchSGD, TorchAdam, TorchAdamW = earlier("TorchSGD", "TorchAdam", "TorchAdamW")


class Words(nn.Module):
    """Your TextEncoder for `ids` alone, (N, LENGTH): what is not padding is a word."""

    def __init__(self, out):
        super().__init__()
        self.encoder = TextEncoder(len(vocabulary), 32, out)

    def forward(self, ids):
        return self.encoder(ids, ids != vocabulary["<pad>"])


class Sounds(nn.Module):
    """Your AudioEncoder for (N, 32 + 1, T): the last row says by 1 and 0 which frames belong to the clip."""

    def __init__(self, out):
        super().__init__()
        self.encoder = AudioEncoder(32, 32, out)

    def forward(self, x):
        return self.encoder(x[:, :-1], x[:, -1].sum(dim=1).long())


def image_encoder(out):
    """A small CNN: images (N, 3, 28, 28) to (N, out)."""
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.ReLU(),
        nn.Flatten(), nn.Linear(32 * 7 * 7, out),
    )


def build(modality, out, seed=0):
    """A fresh encoder of "image", "text" or "speech" with `out` features."""
    torch.manual_seed(seed)
    return {"image": image_encoder, "text": Words, "speech": Sounds}[modality](out).to(device)


def hear(clips, mean=None, std=None):
    """Clips as (N, 33, T): their log-mel pictures, and a row that says which frames are speech; mean and std, too."""
    pictures = np.stack([log_mel(wave.astype(float), mel_filters(32, 256)) for wave in clips.waves])
    mean, std = (pictures.mean(), pictures.std()) if mean is None else (mean, std)
    frames = np.maximum(1, (clips.lengths - 256) // 128 + 1)
    heard = (np.arange(pictures.shape[2]) < frames[:, None])[:, None]
    return torch.tensor(np.concatenate([(pictures - mean) / std, heard], axis=1), dtype=torch.float32), mean, std


# %%
with waits_for("tokenize", "TextEncoder", "log_mel", "AudioEncoder"):
    spoken_train, loudness, spread = hear(speech.train)
    spoken_test, _, _ = hear(speech.test, loudness, spread)
    data = {
        "image": (torch.tensor(images_train), torch.tensor(y_train), torch.tensor(images_test), torch.tensor(y_test)),
        "text": (
            torch.as_tensor(tokenize(captions_train, vocabulary, LENGTH)[0]), torch.tensor(y_train),
            torch.as_tensor(tokenize(captions_test, vocabulary, LENGTH)[0]), torch.tensor(y_test),
        ),
        "speech": (spoken_train, torch.tensor(speech.train.labels), spoken_test, torch.tensor(speech.test.labels)),
    }
    data = {modality: tuple(part.to(device) for part in parts) for modality, parts in data.items()}
    for modality, (X, _, X_new, _) in data.items():
        count = sum(p.numel() for p in build(modality, 10).parameters())
        print(f"{modality:7} training {tuple(X.shape)}, test {tuple(X_new.shape)}; {count:,} parameters")

# %% [markdown]
# Now the question that this course has been heading for since unit 02. The step $\theta_{t+1} = \theta_t - \alpha\, \nabla
# J(\theta_t)$ knows nothing of clothes, words or sounds. So do the *same* optimizers work for all three? We train each classifier with
# SGD (momentum 0.9) and with Adam, for 60 steps, from a sweep of four or five learning rates each, and let held-out training data choose
# (for speech: held-out *voices*). In which modality will Adam gain the most over SGD, counted in test
# accuracy when each has its best learning rate? (Two seeds choose the rate; three others are shown.)

# %%
predict(
    "gain",
    ...,
    options={
        "a": "vision",
        "b": "language: most words are rare in a batch, so that their gradients are mostly zero",
        "c": "speech",
        "d": "nowhere clearly: the bands overlap",
    },
)

# %% folded=true
with waits_for("tokenize", "TextEncoder", "log_mel", "AudioEncoder"):
    not_while_grading()
    STEPS, BATCH = 60, 40
    optimizers = {
        "SGD, momentum": (lambda params, lr: TorchSGD(params, lr=lr, momentum=0.9), np.geomspace(0.01, 1, 5)),
        "Adam": (lambda params, lr: TorchAdam(params, lr=lr), np.geomspace(0.003, 0.1, 4)),
    }

    def held_out(modality):
        """Which training examples choose the learning rate: a fifth of them, or for speech a fifth of the voices."""
        if modality == "speech":
            return torch.tensor(np.isin(speech.train.voices, np.unique(speech.train.voices)[::5]))
        return torch.arange(len(y_train)) % 5 == 0  # the images come shuffled

    def short_run(modality, make, lr, seed, steps=STEPS, watch=False):
        """The loss on held-out examples at the end; with `watch`, the test accuracy after each 10 steps."""
        X, y, X_new, y_new = data[modality]
        kept = held_out(modality).to(device)
        model, rng = build(modality, 10, seed), np.random.default_rng(seed)
        optimizer, own, curve = make(model.parameters(), lr), torch.nonzero(~kept)[:, 0], []
        for t in range(steps):
            batch = own[torch.as_tensor(rng.integers(len(own), size=BATCH)).to(device)]
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(X[batch]), y[batch]).backward()
            optimizer.step()
            if watch and (t + 1) % 10 == 0:
                curve.append(100 * accuracy(model, X_new, y_new))
        with torch.no_grad():
            return curve if watch else nn.functional.cross_entropy(model(X[kept]), y[kept]).item()

    runs = {}
    for modality in data:
        for name, (make, lrs) in optimizers.items():
            losses = np.array([[short_run(modality, make, lr, seed) for lr in lrs] for seed in (10, 11)])
            best = int(np.nan_to_num(losses.mean(axis=0), nan=np.inf).argmin())
            curves = np.array([short_run(modality, make, lrs[best], seed, watch=True) for seed in range(3)])
            runs[modality, name] = (lrs, losses, best, curves)
    final = {key: (lrs[best], curves[:, -1]) for key, (lrs, _, best, curves) in runs.items()}

    fig, panels = plt.subplots(2, 3, figsize=(7.6, 6.2), sharey="row")
    titles = {"image": "vision", "text": "language", "speech": "speech"}
    for (above, below), modality in zip(panels.T, data, strict=True):
        for name, colour, mark in zip(optimizers, (plots.BLUE, plots.VERMILLION), "os", strict=True):
            lrs, losses, best, curves = runs[modality, name]
            plots.bands(above, lrs, np.minimum(losses, 4), label=name, band="minmax", color=colour)
            above.lines[-1].set_marker(mark)
            above.plot(lrs[best], losses[:, best].mean(), "o", markersize=13, markerfacecolor="none", markeredgewidth=2, color=colour)
            plots.bands(below, np.arange(10, STEPS + 1, 10), curves, label=name, band="minmax", color=colour)
            below.lines[-1].set_marker(mark)
        above.set(xscale="log", xlabel="learning rate", title=titles[modality], ylim=(0, 3))
        below.set(xlabel="step", ylim=(0, 100))
    panels[0, 0].set_ylabel(f"held-out loss, step {STEPS}")
    panels[1, 0].set_ylabel("test accuracy (%)")
    panels[1, 0].legend(loc="lower right", fontsize=9)
    rates = {m: [final[m, name][0] for name in optimizers] for m in data}
    kinds = len({rate for pair in rates.values() for rate in pair})
    plots.finding(fig, f"Two optimizers, three modalities: {kinds} different best learning rates (ringed)")
    plt.show()
    for (modality, name), (lr, accuracies) in final.items():
        print(f"{titles[modality]:9} {name:14} lr {lr:7.4f}   test {accuracies.mean():5.1f} % ({accuracies.min():.1f} to {accuracies.max():.1f})")
    for name, (make, _) in optimizers.items():
        longer = [short_run("speech", make, final["speech", name][0], seed, steps=3 * STEPS, watch=True)[-1] for seed in range(3)]
        print(f"speech    {name:14} with three times as many steps:  test {np.mean(longer):5.1f} % ({min(longer):.1f} to {max(longer):.1f})")
    gains = {m: final[m, "Adam"][1].mean() - final[m, "SGD, momentum"][1].mean() for m in data}
    largest = max(gains, key=gains.get)
    clear = final[largest, "Adam"][1].min() > final[largest, "SGD, momentum"][1].max()
    reveal(
        "gain",
        dict(zip(data, "abc", strict=True))[largest] if clear else "d",
        because="Adam gains, in points: " + ", ".join(f"{titles[m]} {gain:.0f}" for m, gain in gains.items()) + ". What is said of rare "
        "words is true, but our vocabulary is small, and most words are in most batches; with 50,000 words it may be otherwise.",
    )

# %% [markdown]
# <details><summary>What was seen</summary>
#
# Read the upper row first. The curves have the same shape, a valley: too small a learning rate gets nowhere in 60 steps, too
# large a one does harm. That is unit 02's picture, for pixels, words and sounds. Adam's valley lies further left, and the rings do
# not all stand at the same place: what carries over from one modality to the next is the method, not the number.
#
# Below: more than 80 % is hardly to be had from captions, since three in ten do not name the class, and both get there early. Where
# the way is longer, SGD is behind after 60 steps. Is Adam *better* for speech, then? Compare the last two lines of the printout with the
# lines above them: how far does SGD come in 180 steps, and what is left of Adam's lead when it has as many? The argument about rare words,
# true as it is, did not decide here: our vocabulary has 34 entries. A language model's has 100,000, and hardly anybody trains one with plain SGD.
# </details>
#
# **Where are these methods used: vision, language, speech?** In all three, and this is the whole list of what changes: how
# the data become an array (pixels; word numbers and an embedding; log-mel), which layers fit their structure
# (convolutions over space or time, means over words, attention), and the learning rate. The loss is a cross-entropy, the
# gradient comes from backpropagation, and the step is SGD's or Adam's. In practice: convolutional image classifiers
# are still often trained by SGD with momentum, in long runs with a tuned schedule; vision transformers, language models and
# speech recognizers (Whisper, for one) by AdamW, with warm-up and decay.

# %% [markdown]
# ## One space for all
#
# Three networks, three opinions, and no way to ask "which images go with this sound?". For that, an image, its caption and
# its sound would have to land at the same place: in **one embedding space**. How do you teach that, if nobody can say
# where the place is? By comparison: *in this batch, this image belongs to this caption, and to none of the others.* So
# every batch of N pairs is a classification problem with N classes, and its logits are the cosines, divided by a
# **temperature** $\tau$:
#
# $$s_{ij} = \frac{1}{\tau}\, \frac{a_i \cdot b_j}{\lVert a_i \rVert\, \lVert b_j \rVert}, \qquad
# J = \frac{1}{2N} \sum_i \left( -\log \frac{e^{s_{ii}}}{\sum_j e^{s_{ij}}} - \log \frac{e^{s_{ii}}}{\sum_j e^{s_{ji}}} \right)$$
#
# The first part asks each $a$ for its $b$, the second each $b$ for its $a$. Both are cross-entropies that you know, with
# the diagonal as the right class. This is **InfoNCE** (van den Oord and others, 2018), in the symmetric form of CLIP
# (Radford and others, 2021). The name: **NCE** is noise-contrastive estimation, learning by telling the real thing from noise, and here
# the other partners of the batch are the noise; **Info**, since $\log N - J$ is, on average over batches, at most the mutual information of
# the two sides: the lower the loss, the more one side must at least tell of the other.
#
# ### Exercise: `info_nce`


# %% exercise="info_nce"
def info_nce(a, b, temperature):
    """Symmetric contrastive loss of N pairs: a tensor with one number.

    a, b: (N, D) tensors; row i of a belongs to row i of b.  temperature: a number.
    Labels that you make belong on the same device: `device=a.device`.
    """
    ### BEGIN SOLUTION
    a = a / a.norm(dim=1, keepdim=True)
    b = b / b.norm(dim=1, keepdim=True)
    logits = a @ b.T / temperature
    partner = torch.arange(len(a), device=a.device)
    return (nn.functional.cross_entropy(logits, partner) + nn.functional.cross_entropy(logits.T, partner)) / 2
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the cosines</summary>
#
# `a.norm(dim=1, keepdim=True)` is the length of each row, as a column. `(a / lengths) @ (b / lengths).T` is the table of
# all cosines: row i, column j says how well $a_i$ and $b_j$ agree.
# </details>
#
# <details><summary>Hint 2: the temperature</summary>
#
# The cosines are *divided* by it. At 0.1, logits lie between -10 and 10.
# </details>
#
# <details><summary>Hint 3: the cross-entropy</summary>
#
# `nn.functional.cross_entropy(logits, labels)` takes the softmax by itself and returns the mean over the rows. Which label
# is right for row i?
# </details>
#
# <details><summary>Hint 4: both directions</summary>
#
# `logits.T` holds the same cosines with the roles exchanged. The loss is the mean of the two cross-entropies.
# </details>

# %% check="info_nce"
check("info_nce")

# %% [markdown]
# Three encoders with 32 outputs each; in each step 100 images with their captions, and for each a clip of its class by any
# of the training voices. Three losses, one for each pair of modalities. An encoder that knows nothing gives every partner
# the same probability: $\log 100 \approx 4.6$.
#
# The temperature and the learning rate were chosen on a fifth of the training images and voices that were held back, after eight
# epochs, one seed. How often is the nearest spoken word of the image's class, and the caption's nearest image of its class and
# colour? The nine runs are recorded here and not repeated:
#
# | temperature | rate 0.001 | rate 0.003 | rate 0.01 |
# |---|---|---|---|
# | 0.03 | 81, 76 % | 81, 79 % | 76, 74 % |
# | 0.1 | 83, 81 % | **85, 83 %** | 83, 79 % |
# | 0.3 | 84, 81 % | 85, 81 % | 85, 81 % |
#
# (Two more seeds at 0.1 and 0.003: 82 and 81 %, 82 and 81 %. So differences of three points are chance; what one reads off is that nothing
# depends on hitting the best place. Losses at different temperatures cannot be compared, since the temperature stands in them.)
#
# Before it runs: speech names only the class. In a batch of 100 there are about ten images of each. How low can the
# loss between images and *speech* come at best?

# %%
predict(
    "floor",
    ...,
    options={
        "a": "to 0: every pair can be told from the others",
        "b": "to about log 10, or 2.3: ten clips of the batch fit equally well",
        "c": "it stays at log 100, or 4.6",
    },
)

# %% folded=true
with waits_for("tokenize", "TextEncoder", "log_mel", "AudioEncoder", "info_nce"):
    not_while_grading()
    PAIRS = (("image", "text"), ("image", "speech"), ("text", "speech"))
    TEMPERATURE = 0.1
    aligned = {modality: build(modality, 32) for modality in data}
    before = {modality: build(modality, 32) for modality in data}
    optimizer = TorchAdamW([p for encoder in aligned.values() for p in encoder.parameters()], lr=0.003)
    clips_of = [np.flatnonzero(speech.train.labels == label) for label in range(10)]

    def epoch(rng):
        """One pass over the training images: the mean losses of the three pairs."""
        total = np.zeros(3)
        for index in np.split(rng.permutation(len(y_train)), len(y_train) // 100):
            heard = np.array([rng.choice(clips_of[label]) for label in y_train[index]])
            rows = {"image": index, "text": index, "speech": heard}
            z = {modality: aligned[modality](data[modality][0][torch.as_tensor(rows[modality]).to(device)]) for modality in data}
            losses = torch.stack([info_nce(z[first], z[second], TEMPERATURE) for first, second in PAIRS])
            optimizer.zero_grad()
            losses.mean().backward()
            optimizer.step()
            total += losses.detach().cpu().numpy() * len(index) / len(y_train)
        return total

    rng = np.random.default_rng(0)
    history = np.array([epoch(rng) for _ in range(8)])
    ax = plt.subplots(figsize=(7, 3.9))[1]
    for (first, second), losses, marker in zip(PAIRS, history.T, "os^", strict=True):
        ax.plot(np.arange(1, 9), losses, marker=marker, label=f"{first} and {second}")
    ax.axhline(np.log(100), color=plots.MUTED, linestyle=":")
    ax.text(8, np.log(100) - 0.07, "log 100: all partners alike", color=plots.MUTED, ha="right", va="top", fontsize=10)
    ax.axhline(np.log(10), color=plots.MUTED, linestyle="--")
    ax.text(1, np.log(10) - 0.06, "log 10", color=plots.MUTED, va="top", fontsize=10)
    ax.set(xlabel="epoch", ylabel="contrastive loss", ylim=(1.0, 4.8))
    ax.legend(loc=(0.62, 0.52))
    lower = history[-1, 0] < np.log(10) < history[-1, 1:].min()
    plots.finding(
        ax,
        "Where only the class connects two modalities, the loss stays above log 10; colours let it go lower"
        if lower
        else f"At the end: {', '.join(f'{a} and {b} {loss:.2f}' for (a, b), loss in zip(PAIRS, history[-1], strict=True))}",
    )
    plt.show()
    print("after the last epoch:", ", ".join(f"{a} and {b} {loss:.2f}" for (a, b), loss in zip(PAIRS, history[-1], strict=True)))
    reveal(
        "floor",
        "a" if history[-1, 1] < 1.0 else "b" if history[-1, 1] < 3.5 else "c",
        because="For an image of a bag, all ten clips of 'bag' in the batch are right, and the loss calls nine of them wrong. "
        "The best that a network can do is to give each a tenth. Such false negatives are the price of taking the rest of "
        "the batch for wrong answers.",
    )

# %% [markdown]
# <details><summary>What was seen</summary>
#
# Images and speech end above $\log 10 = 2.3$: some shirts, coats and pullovers are still mixed up. So do captions and speech, since
# three captions in ten do not name the class. Images and captions come lower: a caption tells the colour as well, so that about two
# others in the batch fit equally well, and more where it says no more than "thing".
# </details>
#
# Did it help? Here are images of the test against words by voices of the test, none of which was in training, before and
# after.

# %% folded=true
with waits_for("tokenize", "TextEncoder", "log_mel", "AudioEncoder", "info_nce"):
    not_while_grading()

    def embed(encoders, modality, X):
        """Embeddings of length 1, (N, 32), as an array."""
        with torch.no_grad():
            z = encoders[modality](X.to(device)).cpu().numpy().astype(float)
        return z / np.linalg.norm(z, axis=1, keepdims=True)

    by_class = np.concatenate([np.flatnonzero(y_test == label)[:4] for label in range(10)])
    by_voice = np.concatenate([np.flatnonzero(speech.test.labels == label)[:4] for label in range(10)])
    tables = {
        when: embed(encoders, "image", data["image"][2][by_class]) @ embed(encoders, "speech", spoken_test[by_voice]).T
        for when, encoders in (("before training", before), ("after training", aligned))
    }
    fig, panels = plt.subplots(1, 2, figsize=(7.4, 3.9), sharey=True)
    for ax, (when, cosines) in zip(panels, tables.items(), strict=True):
        shown = ax.imshow(cosines, cmap="PuOr", vmin=-1, vmax=1)
        ax.set(title=when, xlabel="4 spoken words of each class")
        ax.set_xticks([], [])
        ax.set_yticks(np.arange(1.5, 40, 4), NAMES, fontsize=9.5)
        ax.grid(False)
    panels[0].set_ylabel("4 images of each class")
    fig.colorbar(shown, ax=panels, label="cosine", shrink=0.8)
    block = np.kron(np.eye(10), np.ones((4, 4))) > 0
    old, new = (f"{table[block].mean():.2f} and {round(table[~block].mean(), 2) + 0.0:.2f}" for table in tables.values())
    plots.finding(fig, f"Mean cosine, same class and other class: {old} before training, {new} after")
    plt.show()

# %% [markdown]
# On the left the columns hardly differ: an untrained audio encoder says nearly the same of every word. On the right
# most blocks on the diagonal are dark: an image of a trouser agrees with "trousers", whoever says it. The mistakes can be
# understood as well: shirts agree with the words for other upper garments, and some footwear with the word for another kind.
#
# And the space itself? It has 32 dimensions; we look at the two in which it is widest (principal components, from the
# singular value decomposition).

# %% folded=true
with waits_for("tokenize", "TextEncoder", "log_mel", "AudioEncoder", "info_nce"):
    not_while_grading()
    TEN = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#222222", "#882255", "#999933", "#6A51A3")
    exact = np.flatnonzero([any(word == NAMES[y] for word in c.split()) for c, y in zip(captions_test, y_test, strict=True)])
    shown = {
        "image": (np.arange(300), y_test[:300]),
        "text": (exact[:200], y_test[exact[:200]]),
        "speech": (np.arange(240), speech.test.labels),
    }
    points = {m: embed(aligned, m, data[m][2][torch.as_tensor(rows)]) for m, (rows, _) in shown.items()}
    together = np.concatenate(list(points.values()))
    centre = together.mean(axis=0)
    _, values, axes = np.linalg.svd(together - centre, full_matrices=False)
    flat = {m: (z - centre) @ axes[:2].T for m, z in points.items()}
    ax = plt.subplots(figsize=(7.4, 6.4))[1]
    for (modality, xy), marker in zip(flat.items(), ("o", "s", "^"), strict=True):
        colours = [TEN[label] for label in shown[modality][1]]
        ax.scatter(*xy.T, c=colours, marker=marker, s=26, alpha=0.55, edgecolors="none")
        ax.scatter([], [], c=plots.MUTED, marker=marker, label=modality)
    everything = np.concatenate(list(flat.values()))
    labels = np.concatenate([label for _, label in shown.values()])
    middles = np.array([np.median(everything[labels == label], axis=0) for label in range(10)])
    for _ in range(60):  # names that would cover each other move apart
        for i, j in np.argwhere(np.triu(np.ones((10, 10)), 1)):
            (dx, dy), (wide, high) = middles[i] - middles[j], (0.24, 0.075)
            if abs(dx) < wide and abs(dy) < high:
                middles[[i, j], 1] += np.array([0.01, -0.01]) * (1 if dy >= 0 else -1)
    for label, (x, y) in enumerate(middles):
        box = {"boxstyle": "round,pad=0.25", "facecolor": plots.CARD, "edgecolor": TEN[label], "alpha": 0.9}
        ax.text(x, y, NAMES[label], ha="center", va="center", fontsize=10, weight="bold", bbox=box)
    share = values**2 / (values**2).sum()
    ax.set(xlabel=f"first principal component ({share[0]:.0%} of the variance)", ylabel=f"second ({share[1]:.0%})")
    ax.legend(loc="best")
    # Each point against the middles of the ten classes in the *other* two modalities, in all 32 dimensions.
    middle = {m: np.array([points[m][shown[m][1] == c].mean(axis=0) for c in range(10)]) for m in points}
    at_home = {}
    for modality in points:
        others = np.mean([middle[m] for m in points if m != modality], axis=0)
        at_home[modality] = np.mean((points[modality] @ others.T).argmax(axis=1) == shown[modality][1])
    words = {"image": "images", "text": "captions", "speech": "spoken words"}
    told = ", ".join(f"{share:.0%} of the {words[m]}" for m, share in at_home.items())
    plots.finding(ax, f"Nearest to their class in the other two modalities: {told}")
    plt.show()
    apart = {m: np.mean([np.linalg.norm(middle[m][c] - middle[n][c]) for n in points if n != m for c in range(10)]) for m in points}
    print("mean distance of a class's middle from the same class's in the others:", ", ".join(f"{words[m]} {d:.2f}" for m, d in apart.items()))
    classes = {m: np.linalg.norm(middle[m][:, None] - middle[m][None], axis=2).sum() / 90 for m in points}
    print("mean distance of two classes' middles within one modality:", ", ".join(f"{words[m]} {d:.2f}" for m, d in classes.items()))

# %% [markdown]
# Look for three groups: footwear, what is worn on the body, and bags. The network was given no such groups, only images that look alike
# and captions, some of which say "shoe". Within a class the markers mix, but not wholly: compare the first line below the picture with
# the second, the distance between two classes. In large models this **modality gap** (Liang and others, 2022) is found as well; for a
# search it does no harm as long as the *right* things are the nearest ones of their kind.
#
# ## Zero-shot
#
# No classifier was trained here, and yet there is one: write a prompt for each class, such as "a photo of a sneaker", and
# give an image the class whose prompt is nearest. This works for *any* list of classes that can be put into words, and
# is called **zero-shot** classification. Several prompts of a class, in different templates, make a steadier direction than
# one: each is brought to length 1, they are averaged, and the mean is brought to length 1 again.
#
# ### Exercise: `zero_shot`
#
# $$\hat p_{ck} = \frac{p_{ck}}{\lVert p_{ck} \rVert}, \qquad q_c = \frac{\sum_k \hat p_{ck}}{\lVert \sum_k \hat p_{ck} \rVert}, \qquad
# \text{similarity}_{nc} = \frac{x_n \cdot q_c}{\lVert x_n \rVert}, \qquad \text{label}_n = \arg\max_c \text{similarity}_{nc}$$


# %% exercise="zero_shot"
def zero_shot(examples, prompts):
    """Class of each example by the nearest prompts: (labels (N,) whole numbers, similarity (N, C) cosines).

    examples: (N, D) embeddings, of any length.  prompts: (C, K, D) embeddings, K prompts for each of C classes.
    """
    ### BEGIN SOLUTION
    directions = (prompts / np.linalg.norm(prompts, axis=2, keepdims=True)).mean(axis=1)
    directions = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    similarity = examples / np.linalg.norm(examples, axis=1, keepdims=True) @ directions.T
    return similarity.argmax(axis=1), similarity
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the nearest prompt</summary>
#
# `np.linalg.norm(x, axis=..., keepdims=True)` gives the lengths, in a shape that divides. After that a matrix product is a
# table of cosines, and the *largest* of each row wins.
# </details>
#
# <details><summary>Hint 2: several prompts</summary>
#
# `prompts` has three axes: class, prompt, feature. Bring each prompt to length 1 (over the features), average over the
# prompts (axis 1), and bring the mean to length 1 again.
# </details>

# %% check="zero_shot"
check("zero_shot")

# %% [markdown]
# Now we ask for class *and* colour at once, sixty prompts: "a green sandal". What has the network never seen? Of each
# class **one colour**: not one image and not one caption of a white trouser was in training. Single words and single
# colours were all there. Is a blue coat found, if no coat was ever blue?

# %%
predict(
    "unseen",
    ...,
    options={
        "a": "no: unseen combinations are at chance, 1 in 60",
        "b": "partly: clearly above chance, clearly below the seen ones",
        "c": "as well as the others, within a few percent",
    },
)

# %% folded=true
with waits_for("tokenize", "TextEncoder", "log_mel", "AudioEncoder", "info_nce", "zero_shot"):
    not_while_grading()

    def prompts_for(names, templates, colours=COLOURS):
        """Prompts of each (name, colour), colours within names: embeddings (names * colours, templates, 32)."""
        texts = [t.format(colour=c, thing=n) for n in names for c in colours for t in templates]
        ids = torch.as_tensor(tokenize(texts, vocabulary, LENGTH)[0]).to(device)
        return embed(aligned, "text", ids).reshape(len(names) * len(colours), len(templates), -1)

    seen_images = embed(aligned, "image", data["image"][2])
    unseen = colours_test == LACKS[y_test]

    def scores(names, templates):
        """For each test image: whether class and colour are right, whether the class is, whether the colour is."""
        labels, _ = zero_shot(seen_images, prompts_for(names, templates))
        labels = np.asarray(labels)
        return labels == 6 * y_test + colours_test, labels // 6 == y_test, labels % 6 == colours_test

    right, right_class, right_colour = scores(NAMES, HEARD_BEFORE)
    print(f"{'among 60 prompts':34} {'both':>7} {'class':>7} {'colour':>7}")
    for what, rows in (("combinations seen in training", ~unseen), ("combinations never seen", unseen)):
        print(f"{what:34} {right[rows].mean():7.1%} {right_class[rows].mean():7.1%} {right_colour[rows].mean():7.1%}")
    one_each = np.mean([scores(NAMES, [template]) for template in HEARD_BEFORE], axis=0)
    new_way = scores(NAMES, [NEW])
    for what, means in (("all, one known template at a time", one_each), ("all, one never seen (for sale)", new_way)):
        print(f"{what:34} " + " ".join(f"{np.mean(share):7.1%}" for share in means))
    handbag = [*NAMES[:8], "handbag", NAMES[9]]
    bags = y_test == 8
    new_word = scores(handbag, HEARD_BEFORE)[1][bags].mean()
    print(f"bags among the ten classes: {right_class[bags].mean():.1%} by the word 'bag', {new_word:.1%} by 'handbag', never seen")

    red_ones = (y_test == 0) & (colours_test == 0)
    called, counts = np.unique(np.asarray(zero_shot(seen_images[red_ones], prompts_for(NAMES, HEARD_BEFORE))[0]) // 6, return_counts=True)
    print("red t-shirts are taken for:", ", ".join(f"{NAMES[c]} {count}" for c, count in zip(called, counts, strict=True)))
    shares = np.array([[right[(y_test == c) & (colours_test == k)].mean() for k in range(6)] for c in range(10)])
    ax = plt.subplots(figsize=(7, 4.9))[1]
    picture = ax.imshow(100 * shares, vmin=0, vmax=100, cmap="cividis", aspect="auto")
    for c in range(10):
        for k in range(6):
            ax.text(k, c, f"{100 * shares[c, k]:.0f}", ha="center", va="center", fontsize=9.5, color="white" if shares[c, k] < 0.6 else "black")
        ax.add_patch(plt.Rectangle((LACKS[c] - 0.46, c - 0.44), 0.92, 0.88, fill=False, edgecolor=plots.VERMILLION, linewidth=2.5))
    ax.set_xticks(range(6), COLOURS)
    ax.set_yticks(range(10), NAMES)
    ax.grid(False)
    ax.figure.colorbar(picture, ax=ax, label="class and colour right (%)")
    gap = right[~unseen].mean() - right[unseen].mean()
    plots.finding(ax, f"Framed: combinations that no training pair had; right in {right[unseen].mean():.0%}, the others in {right[~unseen].mean():.0%}")
    plt.show()
    reveal(
        "unseen",
        "a" if right[unseen].mean() < 0.1 else "b" if gap > 0.05 else "c",
        because="The caption's vector is a mean of its words, so 'blue' and 'coat' combine though they never met. The image "
        "encoder had a lesson too many: in training, blue was proof that it is no coat.",
    )

# %% [markdown]
# <details><summary>What was seen</summary>
#
# The colour is hardly ever wrong, in any combination. The class is right more often when it had been seen in this colour than when not;
# even then it is far above chance (1 in 60), so that words that never met do combine. (Each square holds about 17 images, of one trained
# network: look at large differences only.) Look at the frames: white trousers and white bags are no problem, since nothing else looks like
# them. Hardly any red T-shirt is called one. The network has learned that what is red is no T-shirt, and in its training data that was
# *true*. So it takes what looks most like it and does come in red: a shirt. Such a rule of the data is called a **spurious correlation**.
# More training on the same data gives no reason to drop it; other data do, or colours drawn at random in training.
#
# The other lines: a template that nobody had used costs little against a known one, although three of its five words
# ("one", "for", "sale") are unknown: colour and thing still decide. But with the word "handbag" the network finds hardly any bag.
# All unknown words share the row of `<unk>`, which no caption in training ever used: it is as random as on the first day. Models such as
# CLIP know "handbag" because it was in their 400 million captions, and the pieces of words they are made of; what
# counts as "zero-shot" depends on what was in the training data.
# </details>
#
# ## How good is a search?
#
# A search is judged otherwise than a classifier: whoever looks for an image is glad if a right one is among the first few.
# **Recall at k** is the share of queries for which at least one of the k most similar things is right.
#
# Beware of ties. If a broken network gives all things the same similarity, which are "the first k"? If you let the
# table's order decide, or put right ones first, the broken network looks good. Here a tie is no success: a wrong thing
# that is *as* similar as the best right one stands before it.
#
# ### Exercise: `recall_at_k`


# %% exercise="recall_at_k"
def recall_at_k(similarity, relevant, k):
    """Share of queries with at least one right thing among their k most similar ones, a number from 0 to 1.

    similarity: (Q, N), of each query to each thing.  relevant: (Q, N) bools, True where the thing is right.
    Among equals, wrong things come first. A query without any right thing counts as not found. k may exceed N.
    """
    ### BEGIN SOLUTION
    best = np.where(relevant, similarity, -np.inf).max(axis=1, keepdims=True)
    ahead = (~relevant & (similarity >= best)).sum(axis=1)
    return np.mean(relevant.any(axis=1) & (ahead < k))
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: rows, columns, and which end</summary>
#
# Each row is a query. Large similarities come first; `np.sort` and `np.argsort` begin with the smallest, so sort
# `-similarity`.
# </details>
#
# <details><summary>Hint 2: without any sorting</summary>
#
# Per query: how similar is the best right thing? How many wrong things are ahead of it? It is found if fewer than k are.
# </details>
#
# <details><summary>Hint 3: ties</summary>
#
# "Ahead" are the wrong things whose similarity is larger *or equal*.
# </details>
#
# <details><summary>Hint 4: a query without a right thing</summary>
#
# `relevant.any(axis=1)` says which queries have an answer at all. The others count as not found; they are not left out of
# the mean. `np.where(relevant, similarity, -np.inf).max(axis=1)` copes with them.
# </details>

# %% check="recall_at_k"
check("recall_at_k")

# %% folded=true
with waits_for("tokenize", "TextEncoder", "log_mel", "AudioEncoder", "info_nce", "recall_at_k"):
    not_while_grading()
    heard = embed(aligned, "speech", spoken_test)
    written = embed(aligned, "text", data["text"][2])
    same_class = y_test[None, :] == speech.test.labels[:, None]
    searches = {
        "speech → image, same class": (heard @ seen_images.T, same_class),
        "image → speech, same class": (seen_images @ heard.T, same_class.T),
        "caption → its own image": (written @ seen_images.T, np.eye(len(y_test), dtype=bool)),
    }
    print(f"{'recall at':30} {'1':>7} {'5':>7} {'10':>7}   {'chance, at 1':>12}")
    for name, (similarity, relevant) in searches.items():
        values = [recall_at_k(similarity, relevant, k) for k in (1, 5, 10)]
        print(f"{name:30} " + " ".join(f"{value:7.1%}" for value in values) + f"   {relevant.mean():12.1%}")
    queries = [np.flatnonzero(speech.test.labels == label)[at] for label, at in ((6, 4), (5, 8), (8, 2), (9, 5))]
    top = np.argsort(-(heard[queries] @ seen_images.T), axis=1)[:, :6]
    fig, panels = plt.subplots(4, 7, figsize=(7.4, 4.7))
    for row, query, found in zip(panels, queries, top, strict=True):
        row[0].text(0.5, 0.5, f'heard:\n"{speech.words[speech.test.labels[query]]}"', ha="center", va="center", fontsize=10)
        for ax, image in zip(row[1:], found, strict=True):
            ax.imshow(images_test[image].transpose(1, 2, 0))
            if y_test[image] != speech.test.labels[query]:
                ax.text(14, 26, NAMES[y_test[image]], color="white", ha="center", va="bottom", fontsize=9, weight="bold")
        for ax in row:
            ax.set_axis_off()
    hits = (y_test[top] == speech.test.labels[queries][:, None]).sum()
    kinds = len(np.unique(colours_test[top]))
    plots.finding(fig, f"{hits} of {top.size} show what an unheard voice said, in {kinds} of 6 colours (white words: what a wrong image shows)")
    plt.show()
    display(Audio(speech.test.waves[queries[0]], rate=RATE))

# %% [markdown]
# Spoken words by settings of the synthesizer that the network never heard find an image of their class at the first place in
# most cases. (Whether it would understand *you* is another question: nobody asked people.) The other way round it is harder, since
# shirts, coats and pullovers look alike. "Caption → its own image" looks bad and is not: a thousand images hold about seventeen red
# sneakers, and the caption "a red sneaker" fits each of them. A recall is to be judged against what is possible, and against chance.
#
# In the rows of images, look at the colours too: speech names none. Do all six turn up among the best? A spoken word has one place in the
# space, and nothing in the loss asked that this place be equally far from all colours of its class. Such a search may prefer some of the
# right answers, and recall does not show it.
#
# ### Your own search
#
# Type what you have lost. (In a browser the pictures follow as you type; in print there is one query.) Try a colour alone, a thing
# alone, a colour that its class never had in training, a word that no caption used, and "not a red bag".

# %% folded=true
with waits_for("tokenize", "TextEncoder", "log_mel", "AudioEncoder", "info_nce"):
    not_while_grading()

    def draw(words="a green boot"):
        """The six test images nearest to what was typed, with their cosines."""
        ids, mask = tokenize([words], vocabulary, LENGTH)
        cosines = (embed(aligned, "text", torch.as_tensor(ids).to(device)) @ seen_images.T)[0]
        unknown = [word for word in words.lower().split()[:LENGTH] if word not in vocabulary]
        fig, panels = plt.subplots(1, 6, figsize=(7.4, 2.2))
        for ax, image in zip(panels, np.argsort(-cosines)[:6], strict=True):
            ax.imshow(images_test[image].transpose(1, 2, 0))
            ax.set_title(f"{cosines[image]:.2f}", fontsize=9.5, weight="normal", loc="center")
            ax.set_axis_off()
        heard = "nothing typed: this is what the projection's bias is near to" if not np.any(mask) else f'Nearest to "{words}"'
        plots.finding(fig, heard + (f"; it does not know {', '.join(unknown)}" if unknown else ""))

    plots.play(draw, words="a green boot")

# %% [markdown]
# <details><summary>When you have searched</summary>
#
# A colour alone finds that colour, a thing alone that thing, often in a few colours only. An unknown word counts as a word, and its vector
# was never trained: it pulls somewhere, by chance. And "not a red bag" finds red bags: "not" is unknown here. Large models, which know the
# word, are often not much better at it.
# </details>
#
# %% [markdown]
# > **A good place for a break.** Images, captions and spoken words lie in one space, and you can search it. When you come back,
# > put the cursor here and choose *Run > Run All Above Selected Cell*.
#
# ## Two things at once
#
# Next week the lost-property office photographs its shelves, two things at a time. Somebody types "a red bag beside a blue
# boot". The shelf with a *blue* bag beside a *red* boot has exactly the same seven words. What will our text encoder
# make of the two captions? A mean does not know which word stood next to which.
#
# **Attention** lets it. Each word asks a question (a **query** $q$), each word shows what it has to offer (a **key** $k$) and what
# it passes on (a **value** $v$). How well a key fits a query is their dot product; a softmax makes shares of these scores,
# and what a word takes home is a mean of the values, with these shares as weights:
#
# $$s_{ij} = \frac{q_i \cdot k_j}{\sqrt d}, \qquad w_{ij} = \frac{m_j\, e^{s_{ij}}}{\sum_l m_l\, e^{s_{il}}}, \qquad h_i = \sum_j w_{ij}\, v_j$$
#
# $m_j$ is the mask: 1 where key $j$ may be looked at, 0 for padding. The root: if the entries of $q$ and $k$ are independent, with mean 0 and
# variance 1, their dot product has the variance $d$, and with many entries the softmax would be all or nothing; divided by $\sqrt d$ the
# scores have the variance 1 again. In matrices, and this is how you will meet it everywhere:
# $\operatorname{softmax}(Q K^\top / \sqrt d)\, V$.
#
# ### Exercise: `attention`


# %% exercise="attention"
def attention(queries, keys, values, mask):
    """Scaled dot-product attention for a batch of sequences: a tensor (N, Q, D).

    queries: (N, Q, d).  keys: (N, K, d).  values: (N, K, D).  mask: (N, K) bools, True where a key may be looked at.
    Masked keys get no weight. A sequence without any key gets zeros, and a gradient of zeros.
    By hand: no scaled_dot_product_attention, no nn.MultiheadAttention.
    """
    ### BEGIN SOLUTION
    scores = queries @ keys.transpose(1, 2) / keys.shape[2] ** 0.5
    seen = mask[:, None, :]
    return (scores.masked_fill(~seen, -1e9).softmax(dim=2) * seen) @ values
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the scores, the softmax, the mean</summary>
#
# `queries @ keys.transpose(1, 2)` multiplies sequence by sequence: (N, Q, d) by (N, d, K) is (N, Q, K), a row for each query. Its
# softmax runs over the last axis, so that each *row* sums to 1. `weights @ values` is the mean, (N, Q, D).
# `scores.softmax(dim=2)` also copes with scores of thousands; `scores.exp()` does not.
# </details>
#
# <details><summary>Hint 2: which d?</summary>
#
# The number of features of queries and keys, `keys.shape[2]`; what has to be divided are the scores, before the softmax.
# </details>
#
# <details><summary>Hint 3: masked keys</summary>
#
# `mask[:, None, :]` is (N, 1, K): the same keys are hidden from all queries. A weight of 0 is a score of minus infinity, or so
# far below zero that its exponential is 0: `scores.masked_fill(~..., -1e9)`. *Before* the softmax, so that the others
# share what is left.
# </details>
#
# <details><summary>Hint 4: NaN, forwards or only backwards</summary>
#
# Minus infinity everywhere is 0 / 0 in a softmax. With -1e9 everywhere all scores are equal, nothing is NaN, and the
# shares are wrong but finite: multiply them by the mask once more. (NaN that is replaced afterwards can come back in the gradient.)
# </details>

# %% check="attention"
check("attention")

# %% [markdown]
# Look something up with it. Four keys are arrows, one for each of four words; a query is an arrow, too. Turn it, make it longer,
# hide a key. When does one word get nearly everything, and when do all get the same?

# %% folded=true
with waits_for("attention"):
    KEY_ANGLES = {"red": 20, "bag": 75, "blue": 150, "boot": 260}

    def draw(angle=40, length=3.0, hide="nothing"):
        """The query among the keys, and the weight that your attention gives to each."""
        turned = np.deg2rad([[angle, *KEY_ANGLES.values()]])
        arrows = torch.tensor(np.stack([np.cos(turned), np.sin(turned)], axis=2))
        seen = torch.tensor([[word != hide for word in KEY_ANGLES]])
        weights = attention(length * arrows[:, :1], arrows[:, 1:], torch.eye(4, dtype=torch.float64)[None], seen)[0, 0].numpy()
        fig, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.6))
        for word, (x, y), visible in zip(KEY_ANGLES, arrows[0, 1:].numpy(), seen[0].tolist(), strict=True):
            left.annotate("", (x, y), (0, 0), arrowprops={"arrowstyle": "->", "lw": 2, "ls": "-" if visible else ":", "color": plots.BLUE})
            left.text(1.25 * x, 1.18 * y, word if visible else f"({word})", ha="center", va="center")
        x, y = length * arrows[0, 0].numpy()
        left.annotate("", (x, y), (0, 0), arrowprops={"arrowstyle": "-|>", "lw": 2.5, "color": plots.VERMILLION})
        left.set(xlim=(-3.2, 3.2), ylim=(-3.2, 3.2), aspect="equal", title="the query (filled) and the keys")
        right.bar(list(KEY_ANGLES), weights, color=plots.BLUE)
        right.set(ylim=(0, 1), ylabel="weight")
        for place, weight in enumerate(weights):
            right.text(place, weight + 0.02, f"{weight:.2f}", ha="center")
        plots.finding(fig, f'"{list(KEY_ANGLES)[weights.argmax()]}" gets {weights.max():.0%}; all weights sum to {weights.sum():.2f}')

    plots.play(draw, angle=(0, 360, 5), length=(0.0, 3.0, 0.25), hide=["nothing", *KEY_ANGLES])

# %% [markdown]
# <details><summary>When you have played</summary>
#
# A query of length 0 asks nothing, and all that may be seen get the same. The longer it is, the more decided the softmax: length is a
# temperature turned upside down. And a hidden word's share goes to the others, in proportion. (The values here are the rows of an
# identity matrix, so that what comes out *is* the weights: a trick for looking into any attention.)
# </details>
#
# ### Exercise: `AttentionEncoder`
#
# Queries, keys and values all come from the words themselves, which is why it is called **self**-attention. A softmax over
# keys does not ask where a key stands; so each word gets the vector $p_l$ of its place added, another matrix of learned rows.
#
# $$x_{nl} = e(\text{id}_{nl}) + p_l, \qquad h_n = \operatorname{attention}(x_n W_Q^\top,\; x_n W_K^\top,\; x_n W_V^\top,\; m_n), \qquad
# z_n = W\, \frac{\sum_l m_{nl}\, h_{nl}}{\max(1, \sum_l m_{nl})} + b$$


# %% exercise="AttentionEncoder"
class AttentionEncoder(nn.Module):
    """Words and their places, one head of self-attention, the mean over a caption's words, projected to `out` features.

    vocabulary_size, dim, out, length: whole numbers; no row is longer than `length`.  Submodules: `embedding`
    (vocabulary_size, dim) and `positions` (length, dim), both nn.Embedding; `query`, `key` and `value`, linear layers from
    dim to dim without bias; `projection`, a linear layer from dim to out. By hand, with your `attention`.
    """

    def __init__(self, vocabulary_size, dim, out, length):
        ### BEGIN SOLUTION
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, dim)
        self.positions = nn.Embedding(length, dim)
        self.query = nn.Linear(dim, dim, bias=False)
        self.key = nn.Linear(dim, dim, bias=False)
        self.value = nn.Linear(dim, dim, bias=False)
        self.projection = nn.Linear(dim, out)
        ### END SOLUTION

    def forward(self, ids, mask):
        """ids: (N, L) whole numbers, L <= length.  mask: (N, L) bools, True where a word stands.  Returns (N, out)."""
        ### BEGIN SOLUTION
        x = self.embedding(ids) + self.positions.weight[: ids.shape[1]]
        heard = attention(self.query(x), self.key(x), self.value(x), mask) * mask[:, :, None]
        return self.projection(heard.sum(dim=1) / mask.sum(dim=1, keepdim=True).clamp(min=1))
        ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: what goes into the attention</summary>
#
# One array of words, (N, L, dim), goes through three matrices: `self.query(x)`, `self.key(x)`, `self.value(x)`. Your `attention` gives
# (N, L, dim) back: what each word has heard. The mean runs over the words, the projection comes last. Nothing else: no ReLU, and
# the words themselves are not added again.
# </details>
#
# <details><summary>Hint 2: the places</summary>
#
# `self.positions.weight[:L]` are the vectors of the first L places, (L, dim); they are added to every caption of the batch,
# *before* the three matrices.
# </details>
#
# <details><summary>Hint 3: padding, twice</summary>
#
# It must not be looked at: the mask goes to `attention`. And it must not speak: at a place of padding there is a query, too, and
# what it heard does not belong into the mean. That is the masked mean of your `TextEncoder`.
# </details>
#
# <details><summary>Hint 4: an empty caption</summary>
#
# Your `attention` gives zeros then. Divide by at least 1, and the bias of the projection is what comes out.
# </details>
#
# <details><summary>Hint 5: right values, and no gradient</summary>
#
# Places have to be parameters: `nn.Embedding`, used without `.data` or `.detach()`.
# </details>

# %% check="AttentionEncoder"
check("AttentionEncoder")

# %% [markdown]
# Now the shelves. A scene is two images that differ in class and in colour; what is named first stands on the left. Its
# embedding is the two images' embeddings, side by side, as they came out of the contrastive training; only the text encoders learn.

# %% folded=true
with waits_for("tokenize", "TextEncoder", "log_mel", "AudioEncoder", "info_nce", "attention", "AttentionEncoder"):
    not_while_grading()
    scene_words = sorted({*COLOURS, *NAMES, "a", "beside"})
    scene_vocabulary = {"<pad>": 0, "<unk>": 1} | {word: number for number, word in enumerate(scene_words, start=2)}

    def shelve(part, rows, count, seed):
        """Scenes of images of one part: the scenes; their embeddings (count, 64); ids of captions and of partners."""
        labels, colours = {"train": (y_train, colours_train), "test": (y_test, colours_test)}[part]
        seen = embed(aligned, "image", data["image"][0 if part == "train" else 2])[rows]
        scenes = write_scenes(labels[rows], colours[rows], count, np.random.default_rng(seed))
        both = torch.tensor(np.concatenate([seen[scenes.first], seen[scenes.second]], axis=1), dtype=torch.float32).to(device)
        words = [scenes.captions, scenes.exchanged]
        return scenes, both, *(torch.as_tensor(tokenize(texts, scene_vocabulary, LENGTH)[0]).to(device) for texts in words)

    held_back = np.arange(len(y_train)) % 5 == 0
    shelves = {
        "training": shelve("train", np.flatnonzero(~held_back), 4000, 3),
        "held out": shelve("train", np.flatnonzero(held_back), 500, 4),
        "test": shelve("test", np.arange(len(y_test)), 1000, 5),
    }
    scenes = shelves["test"][0]
    fig, panels = plt.subplots(1, 3, figsize=(7.4, 2.9))
    for n, ax in enumerate(panels):
        ax.imshow(np.concatenate([images_test[scenes.first[n]], images_test[scenes.second[n]]], axis=2).transpose(1, 2, 0))
        ax.set_title(fill(scenes.captions[n], 24), fontsize=10, weight="normal", loc="center")
        ax.text(0.5, -0.06, fill(f"not: {scenes.exchanged[n]}", 26), fontsize=9, color=plots.MUTED, ha="center", va="top", transform=ax.transAxes)
        ax.set_axis_off()
    plots.finding(fig, "Below each scene its confusable partner: the same words, and another picture")
    plt.show()

# %% [markdown]
# Both encoders learn by `info_nce`, in 200 steps of 100 scenes, from the same scenes in the same order. Each gets the best of four
# learning rates, by the loss on held-out scenes with two seeds; three other seeds and the test's scenes judge. The question to each:
# of the right caption and its partner, which is nearer to the scene? (Equally near counts as half: a coin would decide.)

# %%
predict(
    "two_things",
    ...,
    options={
        "a": "both are right in nearly all scenes: the colours are easy, as before",
        "b": "the bag of words is right in half of them, attention in nearly all",
        "c": "both in half: the words are the same, so nothing can tell them apart",
        "d": "attention is ahead by a few percent",
    },
)

# %% folded=true
with waits_for("tokenize", "TextEncoder", "log_mel", "AudioEncoder", "info_nce", "attention", "AttentionEncoder"):
    not_while_grading()
    contestants = {
        "bag of words": lambda: TextEncoder(len(scene_vocabulary), 32, 64),
        "attention": lambda: AttentionEncoder(len(scene_vocabulary), 32, 64, LENGTH),
    }
    RATES = (0.001, 0.003, 0.01, 0.03)

    def learn_scenes(make, lr, seed):
        """A text encoder after 200 steps."""
        torch.manual_seed(seed)
        model, rng = make().to(device), np.random.default_rng(seed)
        optimizer = TorchAdamW(list(model.parameters()), lr=lr)
        _, both, ids, _ = shelves["training"]
        for _ in range(200):
            batch = torch.as_tensor(rng.integers(len(both), size=100)).to(device)
            loss = info_nce(both[batch], model(ids[batch], ids[batch] > 0), TEMPERATURE)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return model

    def judged(model, part):
        """(contrastive loss, share of scenes whose caption is nearer than its partner, a tie counting half)."""
        _, both, *words = shelves[part]
        with torch.no_grad():
            z = [model(ids, ids > 0) for ids in words]
            ahead = torch.cosine_similarity(both, z[0]) - torch.cosine_similarity(both, z[1])
            ahead = torch.where(ahead.abs() < 1e-5, 0.0, ahead)  # sums in another order differ in their last digits
            return info_nce(both, z[0], TEMPERATURE).item(), (ahead.sign().mean().item() + 1) / 2

    told_apart, learned = {}, {}
    for name, make in contestants.items():
        losses = [np.mean([judged(learn_scenes(make, lr, seed), "held out")[0] for seed in (10, 11)]) for lr in RATES]
        best = RATES[int(np.argmin(losses))]
        trained_ones = [learn_scenes(make, best, seed) for seed in range(3)]
        learned[name], told_apart[name] = trained_ones[0], 100 * np.array([judged(model, "test")[1] for model in trained_ones])
        print(f"{name:13} learning rate {best}: right in {told_apart[name].mean():5.1f} % of the scenes "
              f"({told_apart[name].min():.1f} to {told_apart[name].max():.1f}, three seeds)")
    lead = told_apart["attention"] - told_apart["bag of words"]
    print(f"attention's lead: {lead.mean():.1f} points (smallest of three pairs: {lead.min():.1f}; 20 were asked for)")

    with torch.no_grad():
        model = learned["attention"]
        x = model.embedding(shelves["test"][2][:1]) + model.positions.weight[:LENGTH]
        identity = torch.eye(LENGTH, device=device)[None]
        looks = attention(model.query(x), model.key(x), identity, shelves["test"][2][:1] > 0)[0].cpu().numpy()
    words = shelves["test"][0].captions[0].split()
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.4, 4.1), width_ratios=(1, 1.5))
    for place, (name, marker) in enumerate(zip(contestants, "os", strict=True)):
        left.plot(place + np.array([-0.1, 0, 0.1]), told_apart[name], marker, markersize=9, color=(plots.VERMILLION, plots.BLUE)[place])
    left.axhline(50, color=plots.MUTED, linestyle=":")
    left.text(0.5, 51, "a coin", color=plots.MUTED, ha="center", va="bottom", fontsize=10)
    left.set(xlim=(-0.5, 1.5), ylim=(0, 104), ylabel="right caption nearer (%)")
    left.set_xticks([0, 1], [name.replace(" of ", " of\n") for name in contestants])
    left.grid(False, axis="x")
    shown = right.imshow(looks[: len(words), : len(words)], cmap="cividis", vmin=0)
    right.set_xticks(range(len(words)), words, rotation=45, ha="right")
    right.set_yticks(range(len(words)), words)
    right.set(xlabel="looks at", ylabel="this word")
    right.grid(False)
    fig.colorbar(shown, ax=right, label="weight", shrink=0.8)
    plots.finding(fig, f"Whose colour is whose: attention is right in {told_apart['attention'].mean():.0f}%, a bag of words in {told_apart['bag of words'].mean():.0f}%")
    plt.show()
    bag, attending = (values.mean() for values in told_apart.values())
    reveal(
        "two_things",
        "a" if bag > 80 else "c" if attending < 60 else "b" if attending > bag + 20 else "d",
        because="For a bag of words a caption and its partner are one vector: no learning rate and no training can help, nor would places alone, "
        "whose sum is the same too. With attention a word's weight depends on which words stand around it and where, so that the sums differ.",
    )

# %% [markdown]
# Read the right picture by rows: at which words does each word look? Whatever this seed has found, columns are unequal: *some places and
# words are taken in more than others*. If "red" counts for more in second place than in sixth, the sum tells where it stood. What is called
# a transformer has several heads, the words added again (the residual connection of unit 12), a small network after each
# attention, and all of that a dozen times or more; the line that you wrote is the one in which words meet.
#
# And the price? Scores are a table of L by L. Twice the words are four times the table, the one thing in it that grows so.
#
# > **A good place for a break.** You have written the line that language models are made of. When you come back, put the cursor
# > here and choose *Run > Run All Above Selected Cell*.
#
# ## When one modality is missing
#
# The camera is dark, nobody speaks, the caption says "thing". How do you put together what is left? The simplest way is
# **late fusion**: each modality has its own classifier, and their opinions are put together at the end, as a weighted mean
# of log-probabilities over those that are present:
#
# $$\log p_{nc} = \frac{\sum_m w_m\, \text{present}_{nm} \log p_{nmc}}{\sum_m w_m\, \text{present}_{nm}} - \log Z_n$$
#
# $Z_n$ makes the probabilities of example $n$ sum to 1. (A mean, not a sum: three who say the same are no surer than one.) Who is absent has
# no opinion: in the array stands NaN, and it must not get in. ($0 \cdot \text{NaN}$ is NaN.) Where nobody is present, all classes are alike.
#
# ### Exercise: `late_fusion`


# %% exercise="late_fusion"
def late_fusion(log_probs, present, weights):
    """Weighted mean of the log-probabilities of those modalities that are present, normalized: (N, C).

    log_probs: (N, M, C), of each class by each modality; NaN where it is not present.
    present: (N, M) bools.  weights: (M,), not negative, and
    not 0 for all that are present.  Where no modality is present, every class has 1 / C.
    """
    ### BEGIN SOLUTION
    known = np.where(present[:, :, None], log_probs, 0.0)
    share = present * weights
    total = np.where(present.any(axis=1), share.sum(axis=1), 1.0)
    mean = (share[:, :, None] * known).sum(axis=1) / total[:, None]
    return mean - logsumexp(mean, axis=1, keepdims=True)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the mean, and making it sum to 1</summary>
#
# The mean is over the logarithms, on axis 1. Then subtract `logsumexp(mean, axis=1, keepdims=True)`, the logarithm of the sum of
# the exponentials: it is imported above.
# </details>
#
# <details><summary>Hint 2: weights, and who is missing</summary>
#
# `present * weights` is (N, M): the weight of each modality, and 0 for who is missing. Multiply by it, sum over axis 1, and
# divide by *its* sum: `[:, :, None]` gives it a third axis.
# </details>
#
# <details><summary>Hint 3: NaN gets in</summary>
#
# `np.where(present[:, :, None], log_probs, 0.0)` puts a 0 where nobody is present, before anything is computed.
# </details>
#
# <details><summary>Hint 4: nobody is there</summary>
#
# The sum of the weights is 0 then. Divide by 1 in its place: a mean of zeros is a row of zeros, and after normalizing every
# class has the same probability.
# </details>

# %% check="late_fusion"
check("late_fusion")

# %% [markdown]
# Is that always enough? Late fusion adds up what each modality says *by itself*. Ask something else of the lost-property office:
# **is this caption true of this picture, as far as the colour goes?** Things are red or blue, in half of the pairs the caption names the
# picture's colour, in the other half the other one. One expert sees pictures only, one captions only, and your `late_fusion` puts them
# together. Beside them **one network** that sees both embeddings side by side. All are trained for five epochs on the same pairs.

# %%
predict(
    "xor",
    ...,
    options={
        "a": "late fusion is right in about half of the pairs, one network in nearly all",
        "b": "late fusion in about three quarters: two experts are better than one",
        "c": "both in nearly all: colours are easy for either expert",
    },
)

# %% folded=true
with waits_for("tokenize", "TextEncoder", "log_mel", "AudioEncoder", "late_fusion"):
    not_while_grading()

    def pairs_of(X, labels, count, seed):
        """Red or blue images, captions that name the right or the other colour: (images, ids, colours, named), tensors."""
        draws = np.random.default_rng(seed)
        colours, named = 2 * draws.integers(2, size=(2, count))  # 0 is red, 2 is blue
        texts = write_captions(labels[:count], named, seed=seed, templates=HEARD_BEFORE)
        return torch.tensor(tint(X[:count], colours)), torch.as_tensor(tokenize(texts, vocabulary, LENGTH)[0]), colours, named

    class Both(nn.Module):
        """A judge of pairs, given by their rows: it looks at "image", at "text" or at both."""

        def __init__(self, looks_at, tables):
            super().__init__()
            self.encoders, self.tables = nn.ModuleDict({m: build(m, 16) for m in looks_at}), tables
            self.head = nn.Sequential(nn.Linear(16 * len(looks_at), 32), nn.ReLU(), nn.Linear(32, 2)).to(device)

        def forward(self, rows):
            return self.head(torch.cat([encoder(self.tables[m][rows]) for m, encoder in self.encoders.items()], dim=1))

    parts = pairs_of(X_train, y_train, 2000, 0), pairs_of(X_test, y_test, 1000, 1)
    tables = {m: torch.cat([part[at] for part in parts]).to(device) for at, m in enumerate(("image", "text"))}
    colour_of, named_in = (np.concatenate([part[at] for part in parts]) for at in (2, 3))
    true = torch.tensor(colour_of == named_in).long().to(device)
    pair_rows = torch.arange(3000, device=device)
    agreed = {name: [] for name in ("picture alone", "caption alone", "late fusion", "one network")}
    for seed in range(3):
        opinions = {}
        for looks_at in (("image",), ("text",), ("image", "text")):
            torch.manual_seed(seed)
            judge = Both(looks_at, tables)
            fit(judge, pair_rows[:2000], true[:2000], epochs=5, lr=0.01, batch_size=50, seed=seed)
            with torch.no_grad():
                opinions[looks_at] = judge(pair_rows[2000:]).log_softmax(1).cpu().numpy().astype(float)
        alone = np.stack([opinions["image",], opinions["text",]], axis=1)
        fused = late_fusion(alone, np.ones((1000, 2), dtype=bool), np.ones(2))
        for name, said in zip(agreed, (*alone.swapaxes(0, 1), fused, opinions["image", "text"]), strict=True):
            agreed[name].append(said)
    right_answers = true[2000:].cpu().numpy()
    shares = {name: 100 * np.array([np.mean(said.argmax(axis=1) == right_answers) for said in runs]) for name, runs in agreed.items()}
    fig, panels = plt.subplots(1, 4, figsize=(7.4, 2.7), sharey=True)
    for ax, (name, runs) in zip(panels, agreed.items(), strict=True):
        yes = np.exp(np.mean(runs, axis=0)[:, 1])
        seen = [[yes[(colour_of[2000:] == c) & (named_in[2000:] == k)].mean() for k in (0, 2)] for c in (0, 2)]
        ax.imshow(seen, cmap="PuOr", vmin=0, vmax=1)
        for (row, column), value in np.ndenumerate(seen):
            ax.text(column, row, f"{value:.2f}", ha="center", va="center", color="white" if abs(value - 0.5) > 0.3 else plots.INK)
        ax.set_title(f"{name}\n{shares[name].mean():.0f} % right", fontsize=10.5, weight="normal", loc="center")
        ax.set_xticks([0, 1], ["red", "blue"])
        ax.set_yticks([0, 1], ["red", "blue"])
        ax.set(xlabel="caption says")
        ax.grid(False)
    panels[0].set_ylabel("picture is")
    plots.finding(fig, f"P(it agrees): late fusion is right in {shares['late fusion'].mean():.0f}%, one network in {shares['one network'].mean():.0f}%")
    plt.show()
    for name, values in shares.items():
        print(f"{name:14} right in {values.mean():5.1f} % of the pairs ({values.min():.1f} to {values.max():.1f}, three seeds)")
    fusion, one = shares["late fusion"].mean(), shares["one network"].mean()
    reveal(
        "xor",
        "c" if fusion > 90 else "b" if fusion > 62 else "a",
        because="A red picture is in a true pair as often as in a false one, and so is the word 'red'. Each expert alone can only say one "
        "half, and no weights make more than that of two halves. It is the exclusive or of unit 07, with one input a modality.",
    )

# %% [markdown]
# So there are questions that late fusion cannot answer, whatever its weights: those where evidence means something only together.
# For them there is **one network** that sees all modalities at once, as the embeddings side by side. But it was trained with all of them.
# What is it to make of a row of zeros where speech used to be? It has to have met that in training: **modality dropout**.
#
# ### Exercise: `modality_dropout`
#
# Each modality of each example that is present is dropped with probability $p$, independently. An example that would lose
# all of them keeps one, drawn evenly among those that were present.


# %% exercise="modality_dropout"
def modality_dropout(present, p, rng):
    """Which modalities each example keeps in this step: (N, M) bools, never True where `present` is not.

    present: (N, M) bools, at least one True in each row.  p: from 0 to 1.  rng: a NumPy generator; all draws are its.
    """
    ### BEGIN SOLUTION
    draws = np.where(present, rng.random(present.shape), -1.0)
    return (draws >= p) | (draws == draws.max(axis=1, keepdims=True))
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: who is dropped</summary>
#
# `rng.random(present.shape)` draws one number between 0 and 1 for each modality of each example. Below p, it is dropped. And
# who was not present stays so: `present & ...`, a new array.
# </details>
#
# <details><summary>Hint 2: nobody may lose everything</summary>
#
# `~kept.any(axis=1)` are the rows that lost all. Give one modality back, of those that were *present*.
# </details>
#
# <details><summary>Hint 3: each as often as any other, and only one</summary>
#
# Random numbers again: whichever of the present ones has the largest draw. Set the draws of those that are not present to
# -1, so that they never win.
# </details>

# %% check="modality_dropout"
check("modality_dropout")

# %% [markdown]
# Four contestants, on test images with their captions and a clip by an unheard voice:
#
# - **late fusion** of three classifiers, each trained on its own;
# - **one network** of three encoders whose outputs stand side by side, trained from scratch with everything present (a
#   missing modality is a row of zeros to it);
# - the same network, trained with **modality dropout**, $p = 0.5$;
# - a small network on the **aligned embeddings** from above, which stay as they are. It has never missed a modality either. (Images
#   and clips were paired by class, so labels had a part in these embeddings, too.)
#
# The aligned encoders had eight epochs and their small network has one, so *all* train for nine, on the same 4,000 images and captions. The
# learning rates are each one's own, chosen among 0.003, 0.01 and 0.03 on a held-out fifth of the training images and voices. (For four of
# the six networks that was 0.03, the largest: a still larger one was not tried.)
#
# The second, without dropout: how does it do when it has *only the image*?

# %%
predict(
    "alone",
    ...,
    options={
        "a": "about as well as the classifier for images: it has learned from images",
        "b": "clearly worse, by more than 10 percentage points",
        "c": "better: captions and speech have taught it something about images",
    },
)

# %% folded=true
with waits_for("tokenize", "TextEncoder", "log_mel", "AudioEncoder", "info_nce", "late_fusion", "modality_dropout"):
    not_while_grading()
    rng = np.random.default_rng(7)
    clip_train = torch.as_tensor([rng.choice(clips_of[label]) for label in y_train])
    clip_test = torch.as_tensor([rng.choice(np.flatnonzero(speech.test.labels == label)) for label in y_test])
    # Training and test examples in one table a modality; a network is told the row, and what is present.
    table = {m: torch.cat([data[m][0], data[m][2]]) for m in ("image", "text")}
    table["speech"] = torch.cat([spoken_train[clip_train], spoken_test[clip_test]]).to(device)
    rows, targets = torch.arange(len(y_train) + len(y_test)), torch.tensor(np.concatenate([y_train, y_test])).to(device)
    everything = torch.cat([rows[:, None], torch.ones(len(rows), 3, dtype=torch.long)], dim=1).to(device)
    for_training, for_test = slice(0, len(y_train)), slice(len(y_train), None)
    subsets = [(1, 1, 1), (0, 1, 1), (1, 0, 1), (1, 1, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)]

    class Joint(nn.Module):
        """One network for (B, 4) numbers: a row of the tables, and 1 or 0 for image, text and speech."""

        def __init__(self, encoders, tables):
            super().__init__()
            self.encoders, self.tables = nn.ModuleDict(encoders), tables
            self.head = nn.Sequential(nn.Linear(96, 64), nn.ReLU(), nn.Linear(64, 10)).to(device)

        def forward(self, X):
            z = [self.encoders[m](rows[X[:, 0]]) for m, rows in self.tables.items()]
            return self.head((torch.stack(z, dim=1) * X[:, 1:, None]).flatten(1))

    def joint(seed, lr, epochs=9, p=0.0, encoders=None, tables=table):
        """Test accuracy for each subset of modalities, of a network trained with modality dropout p (0: none)."""
        encoders = encoders or {m: build(m, 32, seed) for m in tables}
        torch.manual_seed(seed)
        model, draws = Joint(encoders, tables), np.random.default_rng(seed)

        def drop(batch, generator):
            kept = modality_dropout(np.ones((len(batch), 3), dtype=bool), p, draws)
            return torch.cat([batch[:, :1], torch.as_tensor(np.array(kept)).long().to(device)], dim=1)

        fit(model, everything[for_training], targets[for_training], epochs=epochs, lr=lr, batch_size=100, seed=seed, augment=drop)
        with_some = [everything[for_test] * torch.tensor([1, *subset], device=device) for subset in subsets]
        return [accuracy(model, X, targets[for_test]) for X in with_some]

    def late(seed):
        """The same for late fusion of three classifiers."""
        opinions = []
        for modality, lr in (("image", 0.01), ("text", 0.03), ("speech", 0.03)):
            expert = build(modality, 10, seed)
            fit(expert, table[modality][for_training], targets[for_training], epochs=9, lr=lr, batch_size=100, seed=seed)
            with torch.no_grad():
                opinions.append(expert(table[modality][for_test]).log_softmax(1).cpu().numpy().astype(float))
        found = []
        for subset in subsets:
            present = np.tile(np.array(subset, dtype=bool), (len(y_test), 1))
            said = np.where(present[:, :, None], np.stack(opinions, axis=1), np.nan)
            found.append(np.mean(late_fusion(said, present, np.ones(3)).argmax(axis=1) == y_test))
        return found

# %% folded=true
with waits_for("tokenize", "TextEncoder", "log_mel", "AudioEncoder", "info_nce", "late_fusion", "modality_dropout"):
    not_while_grading()
    as_they_are = {m: torch.tensor(embed(aligned, m, rows), dtype=torch.float32).to(device) for m, rows in table.items()}
    nothing_to_learn = {m: nn.Identity() for m in table}
    results = {
        "late fusion": [late(seed) for seed in range(3)],
        "one network": [joint(seed, 0.03) for seed in range(3)],
        "one network, modality dropout": [joint(seed, 0.01, p=0.5) for seed in range(3)],
        "on aligned embeddings": [joint(seed, 0.03, 1, encoders=nothing_to_learn, tables=as_they_are) for seed in range(3)],
    }
    names = ["all\nthree", "no\nimage", "no\ncaption", "no\nspeech", "image\nonly", "caption\nonly", "speech\nonly"]
    means = {name: 100 * np.mean(values, axis=0) for name, values in results.items()}
    ax = plt.subplots(figsize=(7.4, 4.6))[1]
    looks = zip((-0.24, -0.08, 0.08, 0.24), "sDo^", (plots.SKY, plots.VERMILLION, plots.BLUE, plots.GREEN), strict=True)
    for (name, values), (offset, marker, colour) in zip(results.items(), looks, strict=True):
        spread = np.abs(100 * np.stack([np.min(values, axis=0), np.max(values, axis=0)]) - means[name])
        ax.errorbar(np.arange(7) + offset, means[name], spread, fmt=marker, color=colour, label=name, markersize=7, linewidth=1.5)
    for between in np.arange(0.5, 6):
        ax.axvline(between, color=plots.GRID, linewidth=1)
    ax.set(ylabel="test accuracy (%), three seeds", ylim=(10 * np.floor(np.min(list(results.values())) * 10) - 4, 102))
    ax.set_xticks(range(7), names)
    ax.grid(False, axis="x")
    ax.legend(loc="lower left", fontsize=9.5)
    worst = {name: f"{mean.min():.0f}% ({names[mean.argmin()].replace(chr(10), ' ')})" for name, mean in means.items()}
    plots.finding(ax, f"At their weakest: one network {worst['one network']}, with modality dropout {worst['one network, modality dropout']}")
    plt.show()
    print(f"{'test accuracy (%)':30}" + "".join(f"{name.replace(chr(10), ' '):>13}" for name in names))
    for name, values in means.items():
        print(f"{name:30}" + "".join(f"{value:13.1f}" for value in values))
    dropout_gain = means["one network, modality dropout"][1:].mean() - means["one network"][1:].mean()
    aligned_gain = means["on aligned embeddings"][1:].mean() - means["one network"][1:].mean()
    print(f"where something is missing, on average: modality dropout {dropout_gain:+.1f} points, alignment {aligned_gain:+.1f}")
    alone, expert = (means[name][4] for name in ("one network", "late fusion"))
    reveal(
        "alone",
        "b" if alone < expert - 10 else "c" if alone > expert + 2 else "a",
        because=f"With the image alone it is right in {alone:.0f} %, a classifier of images in {expert:.0f} %. It never had to answer by the image "
        "alone: nothing in its loss asked that this part be enough by itself, and two rows of zeros are an input that it has not met.",
    )

# %% [markdown]
# <details><summary>What was seen</summary>
#
# With everything present all four are close together; that is the number that a paper would report. The differences come when something is
# missing. The single network falls furthest: it has never seen the others silent, and *longer training does not teach it that*. **With
# modality dropout it is back** near what each modality can give, and it loses nothing when all are present. The price is time: each
# modality alone is a problem of its own. (With three epochs in place of nine, dropout lagged 20 points behind with speech alone, when we
# tried: that was a lack of training. Without dropout the single network was as badly off as now: that was none.)
#
# Late fusion is hard to beat here. It cannot fail in this way, since no classifier knows of the others; what it cannot do you have
# seen in the four small tables. On **aligned** embeddings a network gets on without modality dropout. A likely reason: in a shared
# space the three embeddings of an example say the same thing in the same place, so that a missing one takes away emphasis and not
# meaning. Which of the two is better, dropout or alignment, these numbers do not say.
# </details>
#
# Which to choose? Late fusion if the modalities come from different teams or at different times; one network with modality dropout if
# they only make sense together; alignment first, if you want to search as well. (It is also said to pay where there are many pairs and few
# labels. No cell here has few labels, so that is for you to measure.)

# %% [markdown]
# ## Clinic: pairs that do not pair
#
# Somebody trains two small encoders on pairs, with a contrastive loss that they wrote themselves. In each step they
# shuffle the pairs, so that none has a fixed place. The loss begins near log N, and there it stays. No error, no NaN.


# %% exercise="clinic_15"
def clinic_15(a, b, order, temperature):
    """Symmetric contrastive loss of N pairs in a shuffled order: a tensor with one number.

    a, b: (N, D) tensors; row i of a belongs to row i of b.  order: (N,), a permutation.  temperature: a number.
    """
    ### BEGIN SOLUTION
    a, b = a[order], b[order]
    a = a / a.norm(dim=1, keepdim=True)
    b = b / b.norm(dim=1, keepdim=True)
    logits = a @ b.T / temperature
    ### END SOLUTION
    ### BEGIN STUB
    # a = a[order]
    # a = a / a.norm(dim=0, keepdim=True)
    # b = b / b.norm(dim=0, keepdim=True)
    # logits = a @ b.T * temperature
    ### END STUB
    right = [logits.log_softmax(dim=dim).diagonal() for dim in (0, 1)]  # in both directions, the partner in row i is i
    return -torch.cat(right).mean()


# %% given="two_views"
generator = torch.Generator().manual_seed(3)
hidden = torch.randn(64, 6, generator=generator)  # what both views show, each in its own way
views = [hidden @ torch.randn(6, 12, generator=generator) + 0.1 * torch.randn(64, 12, generator=generator) for _ in range(2)]


def train_two_views(loss_of, steps=150):
    """Train a linear encoder for each view: the losses, and the table of cosines afterwards."""
    torch.manual_seed(0)
    encoders = [nn.Linear(12, 8), nn.Linear(12, 8)]
    optimizer = torch.optim.Adam([p for encoder in encoders for p in encoder.parameters()], lr=0.02)
    shuffler, losses = torch.Generator().manual_seed(0), []
    for _ in range(steps):
        order = torch.randperm(64, generator=shuffler)
        loss = loss_of(encoders[0](views[0]), encoders[1](views[1]), order, 0.1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    with torch.no_grad():
        z = [nn.functional.normalize(encoder(view), dim=1) for encoder, view in zip(encoders, views, strict=True)]
    return losses, (z[0] @ z[1].T).numpy()


# %%
with waits_for("clinic_15"):
    not_while_grading()
    losses, cosines = train_two_views(clinic_15)
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.9), width_ratios=(1.15, 1))
    left.plot(losses, color=plots.VERMILLION)
    left.axhline(np.log(64), color=plots.MUTED, linestyle=":")
    left.text(150, np.log(64) + 0.1, "log 64: all partners alike", color=plots.MUTED, ha="right", va="bottom", fontsize=10)
    left.set(xlabel="step", ylabel="loss", ylim=(0, 7.5))
    shown = right.imshow(cosines, cmap="PuOr", vmin=-1, vmax=1)
    right.set(xlabel="second view", ylabel="first view")
    right.grid(False)
    fig.colorbar(shown, ax=right, label="cosine", shrink=0.8)
    found = float(np.mean(cosines.argmax(axis=1) == np.arange(64)))
    healthy = found > 0.9 and losses[-1] < 1
    plots.finding(fig, "Healthy: the loss falls, and partners agree (the diagonal)" if healthy else "Not healthy yet: look for the diagonal")
    plt.show()
    print(f"loss: {losses[0]:.2f} at first, {losses[-1]:.2f} at the end; {found:.0%} find their partner")

# %% [markdown]
# **Symptom 1:** the loss stays near log 64, the value of guessing. **Symptom 2:** in the table of cosines there is no dark
# diagonal. There are three causes; each alone would do harm. Find them and repair `clinic_15`. When it is healthy, the
# picture says so.
#
# <details><summary>Hint 1: who belongs to whom?</summary>
#
# The partner of row i is row i: the loss looks at the diagonal. Is that still true after the first line?
# </details>
#
# <details><summary>Hint 2: what has length 1?</summary>
#
# Print `a.norm(dim=0).shape` and `a.norm(dim=1).shape`. Which of the two is one number for each *example*?
# </details>
#
# <details><summary>Hint 3: how warm is it?</summary>
#
# With a temperature of 0.1 the logits should reach from -10 to 10. How far do they reach?
# </details>

# %% check="clinic_15"
check("clinic_15")

# %% [markdown]
# The first bug is the same as in unit 03, where images and labels were shuffled apart; here both sides are data, and nobody
# looks at data. What gave it away there and here is the number before training: a loss that *stays* at log N means that
# the answer cannot be known. (The repaired run even begins above it: at a temperature of 0.1, random directions are wrong
# with confidence.) Before you tune anything, look at one batch as a person would: do these two belong together?

# %% [markdown]
# ## Quiz
#
# Put the letter of the best answer in quotes, such as `"b"`, in place of the dots. What is right, and why the others are not, you read in your
# feedback, or with `./course check 15`.
#
# **q1.** In each batch there are 200 English sentences with their translations, but only 25 different sentences, each eight times.
# How low can the contrastive loss come at best?
# - a) 0
# - b) log 8
# - c) log 25
# - d) log 200
#
# **q2.** The temperature in InfoNCE is halved. What happens?
# - a) the same as with half the learning rate
# - b) all partners become more alike, the softmax flatter
# - c) differences between cosines count twice, the softmax becomes sharper
# - d) the embeddings become shorter
#
# **q3.** In a trained `AttentionEncoder` all rows of `positions` are set to 0. It reads "dog bites man" and "man bites dog". What comes out?
# - a) the same vector twice
# - b) two vectors: attention sees which word looks at which
# - c) NaN: a softmax of zeros
# - d) two vectors that differ in length only
#
# **q4.** A word occurs in one of fifty batches. How do SGD and Adam treat its embedding?
# - a) it is never changed by either
# - b) it comes as far as a frequent word's: when it occurs, its gradient is larger
# - c) Adam moves it less than SGD, since it divides by the second moment
# - d) with SGD it lags behind; Adam gives its entries longer steps than their small average gradients would
#
# **q5.** An attention with $d = 1024$ was written without the root of $d$. Queries and keys are random at first. What do you see?
# - a) nothing: a softmax does not care for a common factor
# - b) nearly all weight on one key, and hardly any gradient for queries and keys
# - c) nearly equal weights, and large gradients
# - d) NaN from the first step on
#
# **q6.** Late fusion of three experts with equal weights. The third has no data, and somebody writes $\log(1/C)$ for each of its classes,
# "no opinion", in place of leaving it out. What changes?
# - a) nothing: it has no opinion
# - b) the answer: the third expert now pulls towards a class of its own
# - c) the answer stays, and its probability comes nearer to $1/C$
# - d) the answer stays, and is surer: three agree more than two

# %% exercise="quiz_15"
### BEGIN SOLUTION
quiz_15 = {"q1": "b", "q2": "c", "q3": "a", "q4": "d", "q5": "b", "q6": "c"}
### END SOLUTION
### BEGIN STUB
# quiz_15 = {"q1": ..., "q2": ..., "q3": ..., "q4": ..., "q5": ..., "q6": ...}
### END STUB

# %% check="quiz_15"
check("quiz_15")

# %% [markdown]
# ## Recap
#
# - **Words:** a vocabulary gives numbers, with `<unk>` for the unknown and `<pad>` for nothing; a mask tells words from
#   padding. An embedding is a matrix of learned rows. Masked mean: $\sum_l m_l e_l / \max(1, \sum_l m_l)$.
# - **Sounds:** frames, window, $|\text{rfft}|^2$, mel bands, $\log \max(\cdot, \text{floor})$; then it is a picture.
# - **Padding** gets in through every mean *and* every convolution; mask before each.
# - **Contrastive learning:** cosines over $\tau$ as logits, the partner as label, both directions. $\log N$ means that all
#   partners look alike; $m$ equally right partners in a batch leave $\log m$.
# - **Zero-shot:** the nearest prompt by cosine. Known words combine; an unknown word adds a vector that nobody trained.
# - **Recall at k:** a right one among the first k; a tie is no success.
# - **Attention:** $\operatorname{softmax}(Q K^\top / \sqrt d)\, V$, masked before the softmax. It takes words as a set; places make a
#   sequence of them. A bag of words cannot tell who is red and who is blue.
# - **Missing modalities:** late fusion is robust by construction, and blind to what means something only together (exclusive or);
#   one network needs modality dropout.
# - **Optimizers** know no modality: $\theta_{t+1} = \theta_t - \alpha\, \nabla J(\theta_t)$ and Adam train images, text and speech; the
#   learning rate is what has to be found anew.

# %% [markdown]
# ## Think about it
#
# A museum wants visitors to find its 40,000 objects by photographing, typing or speaking. It has a photo of each object, a
# catalogue text for half of them, and 2,000 spoken descriptions by three curators. In six to eight sentences, to be read
# by a person: which losses would you train on which pairs? What does "a test set" have to hold back so that you believe
# its numbers? And what happens to a visitor with an unusual voice, or with a word that no curator uses: how would you
# notice, before the visitor does?

# %% [markdown] points=3 reflection="reflection_15"
# ### BEGIN SOLUTION
# Photo and catalogue text are the pairs of which there are most, 20,000, so a contrastive loss between images and texts
# is the backbone; the 2,000 spoken descriptions are paired with their objects' images and, where there is one, with the
# text. Modality dropout is not needed for a search, but each encoder must be usable alone. Objects of one kind are
# near-duplicates, so that a batch holds false negatives and the loss will not reach 0; that is no bug. The test has to
# hold back whole objects, not photos of objects that were trained on, and for speech whole speakers: with three curators
# that means to train on two and test on the third, and better to record visitors. I would report recall at 10 for each
# direction and, for speech, each speaker apart, since the mean hides the one who is not understood. Unknown words I would
# count: log the share of `<unk>` in queries, and look at the queries with a low best cosine. A visitor with an unusual
# voice shows in the same way, by low similarity throughout, so the page should then offer to type.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# 1 point: a sensible choice of pairs and losses that uses the incomplete data (images with text where there is text,
# speech with images or text), with a reason. 1 point: the test holds back objects and speakers, not only examples, with
# the reason that otherwise memory is measured. 1 point: a way to notice failures for unheard voices or unknown words
# before users do (accuracy per speaker, share of `<unk>`, low similarity, recordings of real visitors). A point without its
# reason is half a point.
# ### END MARK SCHEME

# %% [markdown]
# ## Going further
#
# - A. Radford and others, [Learning Transferable Visual Models From Natural Language
#   Supervision](https://arxiv.org/abs/2103.00020) (2021), CLIP; [code](https://github.com/openai/CLIP). To reproduce: their
#   Figure 3 fits your `info_nce` line by line; add a learned temperature to it and watch where it goes.
# - A. van den Oord, Y. Li, O. Vinyals, [Representation Learning with Contrastive Predictive
#   Coding](https://arxiv.org/abs/1807.03748) (2018), where InfoNCE comes from. [Code](https://github.com/jefflai108/Contrastive-Predictive-Coding-PyTorch)
#   for speech, by others. To reproduce: the loss against the batch size, and the bound $\log N - J$ on mutual information.
# - X. Zhai and others, [Sigmoid Loss for Language Image Pre-Training](https://arxiv.org/abs/2303.15343) (2023), SigLIP;
#   [code](https://github.com/google-research/big_vision). To reproduce: replace the softmax by a sigmoid for each pair, and
#   compare at batches of 20 and 200.
# - A. Vaswani and others, [Attention Is All You Need](https://arxiv.org/abs/1706.03762) (2017), where your `attention` is equation 1;
#   [code](https://github.com/tensorflow/tensor2tensor). To reproduce: give your encoder two heads and the residual connection, and
#   let scenes be named in either order.
# - M. Gutmann, A. Hyvärinen, [Noise-contrastive estimation](https://proceedings.mlr.press/v9/gutmann10a.html) (2010), the NCE in
#   InfoNCE.
# - R. Girdhar and others, [ImageBind: One Embedding Space To Bind Them All](https://arxiv.org/abs/2305.05665) (2023);
#   [code](https://github.com/facebookresearch/ImageBind). To reproduce: train images with text and images with speech
#   only, leave out text with speech, and measure how well text finds speech all the same.
# - A. Radford and others, [Robust Speech Recognition via Large-Scale Weak Supervision](https://arxiv.org/abs/2212.04356)
#   (2022), Whisper; [code](https://github.com/openai/whisper). To reproduce: its first two layers are convolutions over
#   log-mel frames like yours; compare window, hop and bands.
# - N. Neverova and others, [ModDrop: Adaptive Multi-modal Gesture Recognition](https://arxiv.org/abs/1501.00102) (2014),
#   modality dropout; [code](https://github.com/nneverova/deepgestures_lasagne), in Theano. To reproduce: the table of accuracies for each subset of modalities, at three values of p.
#
# Next: 16 Capstone, one network under a budget, everything allowed.
