"""`he_init`: random weights of the spread that keeps signals alive through ReLU layers.

Many results are right, so properties are verified; the flaws of `initial_weights` in `course_lib.judging.properties`
have the names of the misconceptions here."""

import numpy as np

from grader.changes import change
from grader.exercises.u07_mlp.common import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def he_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, asks: str, fan_in: int, fan_out: int) -> Case:
        inputs = {"seed": int(rng.integers(2**31)), "fan_in": fan_in, "fan_out": fan_out, "asks": asks}
        return Case(label, asks, inputs)

    narrow = int(rng.integers(40, 90))
    slim, broad = int(rng.integers(40, 90)), int(rng.integers(120, 240))
    wide, few = 3 * narrow, int(rng.integers(8, 30))
    return [
        case("5 in, 3 out", "shape", 5, 3),
        case("1 in, 4 out", "shape", 1, 4),
        case("few in, some out", "shape", few, narrow),
        case("many in, few out: the mean", "centre", wide, narrow),
        case("few in, many out: the mean", "centre", slim, broad),
        case("many in, few out: the spread", "spread", wide, narrow),
        case("few in, many out: the spread", "spread", slim, broad),
        case("130 in, 80 out: the spread", "spread", 130, 80),
        case("two layers, one after the other", "random", slim, few),
        case("a square layer", "random", few, few),
    ]


def he_init(rng, fan_in, fan_out):
    deviation = np.sqrt(2 / fan_in)
    return deviation * rng.normal(size=(fan_in, fan_out))


def he_by_columns(rng, fan_in, fan_out):
    columns = [rng.normal(0, np.sqrt(2 / fan_in), size=fan_in) for _ in range(fan_out)]
    return np.stack(columns, axis=1)


HE_INIT = Exercise(
    name="he_init",
    unit=UNIT,
    returns=("first", "second", "again"),
    driver="initializer",
    groups=(
        Group("shape", "gives weights of the shape (fan_in, fan_out)", 1, hint=2),
        Group("centre", "centres the weights on 0", 1, hint=2),
        Group("spread", "gives the weights the standard deviation of the formula", 2, hint=1),
        Group("random", "draws every weight anew, with the generator that it is given", 1, hint=3),
    ),
    cases=he_cases,
    reference=None,
    verify="initial_weights",
    misconceptions=(
        Misconception(
            "fan_out",
            change(he_init, "2 / fan_in", "2 / fan_out"),
            "Your spread is that of fan_out. Each unit adds up fan_in terms, one for each value that comes *in*; their "
            "number decides how large the sum becomes. On square layers you would never notice.",
            hint=1,
        ),
        Misconception(
            "variance_for_deviation",
            change(he_init, "np.sqrt(2 / fan_in)", "2 / fan_in"),
            "You used 2 / fan_in as the standard deviation, and it is the variance. With a thousand values in, that is "
            "0.002 in place of 0.045: the signal shrinks by a factor of 22 in every layer.",
            hint=1,
        ),
        Misconception(
            "for_linear_layers",
            change(he_init, "2 / fan_in", "1 / fan_in"),
            "Your variance is 1 / fan_in, which suits layers without ReLU. ReLU throws away half of the signal's mean "
            "square, layer by layer, and the 2 makes up for that.",
            hint=1,
        ),
        Misconception(
            "glorot",
            change(he_init, "2 / fan_in", "2 / (fan_in + fan_out)"),
            "This is Glorot's and Bengio's initialization, with the mean of fan_in and fan_out, a compromise for tanh. "
            "Behind ReLU, He's formula is wanted.",
            hint=1,
        ),
        Misconception(
            "root_missed_the_two",
            change(he_init, "np.sqrt(2 / fan_in)", "2 / np.sqrt(fan_in)"),
            "Your spread is 1.41 times too large: the 2 stands inside the root. Ten such layers multiply the signal by "
            "32.",
            hint=1,
        ),
        Misconception(
            "scale_missing",
            change(he_init, "deviation * ", ""),
            "Your weights have a standard deviation of 1, whatever fan_in is. A sum of a hundred such terms is ten "
            "times as large as each of them, in every layer once more.",
            hint=1,
        ),
        Misconception(
            "spread",
            change(he_init, "np.sqrt(2 / fan_in)", "0.01"),
            "Your weights have another spread than the formula says. A fixed small number, such as 0.01, was the habit "
            "before 2010; how much is right depends on how many values come in.",
            hint=1,
        ),
        Misconception(
            "all_equal",
            change(he_init, "rng.normal(size=(fan_in, fan_out))", "np.zeros((fan_in, fan_out))"),
            "All your weights are equal. Then all units of a layer compute the same, get the same gradient, and stay "
            "the same for ever: a hundred copies of one unit. Chance is what tells them apart.",
            hint=2,
        ),
        Misconception(
            "not_centred",
            change(he_init, "rng.normal(size=(fan_in, fan_out))", "rng.random(size=(fan_in, fan_out)) * np.sqrt(12)"),
            "Your weights are not centred on 0. When nearly all of them pull one way, so do all the sums, and every "
            "layer shifts the signal a little further.",
            hint=2,
        ),
        Misconception(
            "transposed",
            change(he_init, "size=(fan_in, fan_out)", "size=(fan_out, fan_in)"),
            "The shape is (fan_out, fan_in). Here X W needs a W of (fan_in, fan_out).",
            hint=2,
        ),
        Misconception(
            "repeated",
            change(
                he_init, "rng.normal(size=(fan_in, fan_out))", "np.tile(rng.normal(size=(fan_in, 1)), (1, fan_out))"
            ),
            "Some of your weights are copies of each other. Units with the same weights compute the same and get the "
            "same gradient, so that they stay one unit, however long you train.",
            hint=2,
        ),
        Misconception(
            "same_again",
            change(he_init, "rng.normal", "np.random.default_rng(0).normal"),
            "Two layers drawn one after the other are the same, number by number: a generator is made anew, with a "
            "fixed seed, inside your function. Draw from the rng that you are given.",
            hint=3,
        ),
        Misconception(
            "another_rng",
            change(he_init, "rng.normal", "np.random.normal"),
            "Two generators of the same seed give different weights, so your numbers come from somewhere else, such as "
            "np.random. Nobody could repeat such a run, not even you.",
            hint=3,
        ),
        Misconception(
            "not_normal",
            change(he_init, "rng.normal(size=", "rng.uniform(-np.sqrt(3), np.sqrt(3), size="),
            "The spread is right, but the numbers are not normal: none lies further than 1.8 deviations from 0. So it "
            "is with uniform numbers, which torch draws here; a bell curve was asked for, and it has tails.",
            hint=1,
        ),
        Misconception(
            "cut_off",
            change(
                he_init,
                "deviation * rng.normal(size=(fan_in, fan_out))",
                "np.clip(rng.normal(0, deviation, (fan_in, fan_out)), -deviation, deviation)",
            ),
            "Many of your weights are one and the same number, the largest: what lay further out was cut off there, "
            "and that makes the spread smaller, too. Leave the normal numbers as they are drawn.",
            hint=1,
        ),
    ),
    also_right=(
        he_init,
        change(he_init, "deviation * rng.normal(size=", "rng.normal(0, deviation, size="),
        change(he_init, "deviation * rng.normal(size=", "deviation * rng.standard_normal("),
        change(he_init, "np.sqrt(2 / fan_in)", "(2 / fan_in) ** 0.5"),
        change(
            he_init, "rng.normal(size=(fan_in, fan_out))", "rng.normal(size=fan_in * fan_out).reshape(fan_in, fan_out)"
        ),
        change(he_init, "rng.normal(size=(fan_in, fan_out))", "rng.normal(size=(fan_out, fan_in)).T"),
        he_by_columns,
    ),
    forbidden=("torch",),
)
