"""`tokenize`: captions as rows of numbers, all of one length, with a mask that says what is real."""

import re
from itertools import islice

import numpy as np

from grader.changes import change
from grader.spec import Case, Exercise, Group, Misconception

UNIT = "15_multimodal"
POOL = (
    "a",
    "the",
    "red",
    "green",
    "blue",
    "white",
    "shirt",
    "t-shirt",
    "bag",
    "photo",
    "of",
    "is",
    "new",
    "in",
    "sandal",
)
STRANGE = ("umbrella", "tiny", "bag.", "orange", "red,")


def make_vocabulary(rng: np.random.Generator, pad: int = 0, unknown: int = 1) -> dict[str, int]:
    free = [i for i in range(len(POOL) + 2) if i not in (pad, unknown)]
    words = [str(word) for word in rng.permutation(POOL)]
    return {"<pad>": pad, "<unk>": unknown} | dict(zip(words, free, strict=True))


def tokenize_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, counts: list[int], length: int, **ids: int) -> Case:
        captions = [" ".join(str(word) for word in rng.choice(POOL, size=n)) for n in counts]
        if group == "case":
            captions = [text.capitalize() if i % 2 else text.upper() for i, text in enumerate(captions)]
        if group == "unknown":
            for i, text in enumerate(captions):
                words = text.split()
                words[int(rng.integers(len(words)))] = str(rng.choice(STRANGE))
                captions[i] = " ".join(words)
        inputs = {"captions": captions, "vocabulary": make_vocabulary(rng, **ids), "length": length}
        return Case(label, group, inputs)

    return [
        case("two captions of 4 words", "known", [4, 4], 4),
        case("three captions of 6 words", "known", [6, 6, 6], 6),
        case("3, 5 and 1 words in 5 places", "padding", [3, 5, 1], 5),
        case("an empty caption, and 2 words in 4 places", "padding", [0, 2], 4),
        case("capital letters", "case", [4, 4], 4),
        case("more capital letters", "case", [5, 5, 5], 5),
        case("a word that nobody knows in each", "unknown", [4, 3, 4], 4),
        case("unknown words, other numbers for <pad> and <unk>", "unknown", [3, 2, 4], 5, pad=9, unknown=4),
        case("7 and 4 words in 4 places", "long", [7, 4], 4),
        case("9, 8 and 3 words in 3 places", "long", [9, 8, 3], 3),
    ]


def tokenize_oracle(captions: list[str], vocabulary: dict[str, int], length: int) -> tuple[np.ndarray, np.ndarray]:
    """A table that starts as padding, filled place by place by what a regular expression finds."""
    ids = np.full((len(captions), length), vocabulary["<pad>"])
    mask = np.zeros(ids.shape, dtype=bool)
    for row, caption in enumerate(captions):
        for place, found in enumerate(islice(re.finditer(r"\S+", caption.casefold()), length)):
            ids[row, place] = vocabulary[found[0]] if found[0] in vocabulary else vocabulary["<unk>"]
            mask[row, place] = True
    return ids, mask


def tokenize_by_lists(captions, vocabulary: dict, length):
    ids, mask = [], []
    for caption in captions:
        row = [vocabulary.get(word, vocabulary["<unk>"]) for word in caption.lower().split()][:length]
        missing = length - len(row)
        ids.append(row + [vocabulary["<pad>"]] * missing)
        mask.append([True] * len(row) + [False] * missing)
    return ids, mask


def tokenize_in_torch(captions, vocabulary: dict, length):
    import torch

    counts = torch.tensor([min(len(caption.split()), length) for caption in captions])
    mask = torch.arange(length) < counts[:, None]
    ids = torch.full(mask.shape, vocabulary["<pad>"])
    flat = [w for caption in captions for w in caption.lower().split()[:length]]
    ids[mask] = torch.tensor([vocabulary.get(w, vocabulary["<unk>"]) for w in flat])
    return ids, mask


def tokenize(captions, vocabulary, length):
    ids = np.full((len(captions), length), vocabulary["<pad>"])
    mask = np.zeros(ids.shape, dtype=bool)
    for row, caption in enumerate(captions):
        words = caption.lower().split()[:length]
        ids[row, : len(words)] = [vocabulary.get(word, vocabulary["<unk>"]) for word in words]
        mask[row, : len(words)] = True
    return ids, mask


TOKENIZE = Exercise(
    name="tokenize",
    unit=UNIT,
    returns=("ids", "mask"),
    groups=(
        Group("known", "finds the number of each word", 1, hint=1),
        Group("padding", "fills short captions up, and marks what is real", 2, hint=3),
        Group("case", "knows a word in capital letters too", 1, hint=1),
        Group("unknown", "keeps a place for a word that it does not know", 2, hint=2),
        Group("long", "keeps the first words of a caption that is too long", 1, hint=3),
    ),
    cases=tokenize_cases,
    reference=tokenize_oracle,
    misconceptions=(
        Misconception(
            "unknown_as_padding",
            change(tokenize, '"<unk>"', '"<pad>"', "return ids, mask", 'return ids, ids != vocabulary["<pad>"]'),
            "A word that you do not know becomes padding. To the network it looks as if nobody had said anything "
            "there; that something unknown was said is information. It has a number of its own.",
        ),
        Misconception(
            "number_of_padding_for_unknown",
            change(tokenize, '"<unk>"', '"<pad>"'),
            "A word that you do not know gets the number of <pad>. That something unknown was said is information: "
            "the vocabulary has a number of its own for it, that of <unk>.",
        ),
        Misconception(
            "unknown_skipped",
            change(
                tokenize,
                "caption.lower().split()[:length]",
                "[word for word in caption.lower().split() if word in vocabulary][:length]",
            ),
            "Words that are not in the vocabulary disappear, and the rest moves up. 'Not red' becomes 'red' if nobody "
            "knows 'not'. Each word keeps its place.",
        ),
        Misconception(
            "unknown_masked",
            change(tokenize, "return ids, mask", 'return ids, mask & (ids != vocabulary["<unk>"])'),
            "Your mask calls unknown words padding. The mask says where a word stood in the "
            "caption, whether you know it or not.",
        ),
        Misconception(
            "case_kept",
            change(tokenize, ".lower()", ""),
            "To you 'Shirt' and 'shirt' are two words, and the vocabulary knows the small one only. So every first "
            "word of a sentence is a stranger.",
        ),
        Misconception(
            "letters",
            change(tokenize, "caption.lower().split()", "list(caption.lower())"),
            "You go through the caption letter by letter: a string that is looped over gives its characters. What cuts "
            "a string at its spaces?",
        ),
        Misconception(
            "unknown_is_zero",
            change(tokenize, 'vocabulary["<unk>"]', "0"),
            "You give an unknown word the number 0. Which number it has, the vocabulary says: that of <unk>.",
        ),
        Misconception(
            "padded_with_unknown",
            change(tokenize, 'vocabulary["<pad>"]', 'vocabulary["<unk>"]'),
            "You fill short captions up with the number of <unk>. Where no word stands, the number is that of <pad>.",
        ),
        Misconception(
            "mask_one_short",
            change(tokenize, "mask[row, : len(words)]", "mask[row, : len(words) - 1]"),
            "Your mask ends one word too early: the last word of a caption is real, too.",
            hint=3,
        ),
        Misconception(
            "signs_stripped",
            change(tokenize, "vocabulary.get(word,", 'vocabulary.get(word.strip(".,;:!?"),'),
            "You take the signs off a word. A word is what stands between spaces: 'bag.' with its dot is one that the "
            "vocabulary does not know.",
        ),
        Misconception(
            "padded_left",
            change(
                tokenize,
                "ids[row, : len(words)]",
                "ids[row, length - len(words) :]",
                "mask[row, : len(words)]",
                "mask[row, length - len(words) :]",
            ),
            "Your padding stands in front of the words. Some language models do want it there; here the words come "
            "first, and the padding fills the row up.",
        ),
        Misconception(
            "keeps_the_end",
            change(tokenize, "[:length]", "[-length:]"),
            "Of a caption that is too long you keep the last words. The first ones are to stay.",
        ),
        Misconception(
            "mask_inverted",
            change(tokenize, "return ids, mask", "return ids, ~mask"),
            "Your mask says the opposite: True is to mean that a word stands here. "
            "PyTorch's attention layers use the other convention, which has cost many people a day.",
            hint=3,
        ),
        Misconception(
            "zero_and_one",
            change(tokenize, 'vocabulary["<pad>"]', "0", 'vocabulary["<unk>"]', "1"),
            "You take it for granted that padding is 0 and an unknown word 1. Each vocabulary says itself which "
            "numbers they have: look them up, as any word.",
        ),
        Misconception(
            "cut_at_signs",
            change(
                tokenize,
                "    ids = np.full",
                "    import re\n\n    ids = np.full",
                "caption.lower().split()",
                're.findall(r"[a-z]+", caption.lower())',
            ),
            "You keep runs of letters alone. A word is what stands between spaces: 't-shirt' is one word, and 'bag.'"
            " with its dot is a word that the vocabulary does not know.",
        ),
        Misconception(
            "split_at_each_space",
            change(tokenize, ".split()", '.split(" ")'),
            "An empty caption gets one unknown word from you: ''.split(' ') is ['']. split() without an argument "
            "gives no word there.",
        ),
        Misconception(
            "grows_the_vocabulary",
            change(
                tokenize, 'vocabulary.get(word, vocabulary["<unk>"])', "vocabulary.setdefault(word, len(vocabulary))"
            ),
            "You give unknown words new numbers and write them into the caller's vocabulary. The embedding has no "
            "rows for them: an unknown word gets the number of <unk>.",
        ),
        Misconception(
            "longest_of_the_batch",
            change(
                tokenize,
                "    ids = np.full",
                "    length = min(length, max(len(caption.split()) for caption in captions))\n    ids = np.full",
            ),
            "Your rows are as long as the longest caption. All rows have `length` places, whatever the captions: so "
            "that batches fit together.",
        ),
    ),
    also_right=(
        tokenize,
        tokenize_by_lists,
        tokenize_in_torch,
        change(
            tokenize,
            'vocabulary.get(word, vocabulary["<unk>"])',
            'vocabulary[word] if word in vocabulary else vocabulary["<unk>"]',
        ),
        change(
            tokenize,
            "mask = np.zeros(ids.shape, dtype=bool)",
            "mask = []",
            "mask[row, : len(words)] = True",
            "mask.append(np.arange(length) < len(words))",
        ),
        change(tokenize, "return ids, mask", "return ids.tolist(), mask.tolist()"),
    ),
)
