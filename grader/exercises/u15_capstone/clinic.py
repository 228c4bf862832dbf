"""The bug clinic: a choice that peeks at the test set, keeps the luckiest seed, and reports what it chose by."""

from statistics import fmean

import numpy as np

from grader.exercises.u15_capstone.compare import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def clinic_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, R: int, S: int, E: int, level: float = 0.02, spread: float = 0.02) -> Case:
        """R recipes, S seeds, E epochs: recipes differ by `level`, runs of one recipe by `spread`."""
        curves = 0.8 + 0.1 * (1 - np.exp(-np.arange(E) / 2)) + rng.normal(0, level, size=(R, 1, 1))
        valid, test = (curves + rng.normal(0, spread, size=(R, S, E)) for _ in range(2))
        return Case(label, group, {"valid": valid, "test": test - 0.01})

    lucky = np.array([[[0.80, 0.81], [0.80, 0.95]], [[0.85, 0.90], [0.86, 0.90]]])
    return [
        case("4 recipes, 3 seeds", "chosen", 4, 3, 5),
        case("6 recipes, 2 seeds", "chosen", 6, 2, 3),
        Case("one lucky seed", "seeds", {"valid": lucky, "test": lucky + rng.normal(-0.01, 1e-3, size=lucky.shape)}),
        case("5 recipes, 4 noisy seeds", "seeds", 5, 4, 4, spread=0.08),
        case("2 recipes, 12 noisy epochs", "epoch", 2, 3, 12, spread=0.05),
        case("3 recipes, 9 noisy epochs", "epoch", 3, 4, 9, spread=0.06),
        case("8 recipes, 5 seeds", "reported", 8, 5, 6, spread=0.04),
        case("recipes that are all the same", "reported", 9, 3, 4, level=0.0),
    ]


def clinic_oracle(valid: np.ndarray, test: np.ndarray) -> tuple[int, int, float]:
    """The place with the highest mean on validation, found by going through all of them, and the mean test there."""
    R, _, E = valid.shape
    places = [(r, e) for r in range(R) for e in range(E)]
    recipe, epoch = max(places, key=lambda place: fmean(valid[place[0], :, place[1]]))
    return recipe, epoch, fmean(test[recipe, :, epoch])


def clinic_as_given(valid: np.ndarray, test: np.ndarray) -> tuple[int, int, float]:
    best = test.max(axis=(1, 2))
    recipe = int(best.argmax())
    epoch = int(test[recipe].max(axis=0).argmax())
    return recipe, epoch, float(best[recipe])


def still_by_test(valid: np.ndarray, test: np.ndarray) -> tuple[int, int, float]:
    mean = test.mean(axis=1)
    recipe, epoch = np.unravel_index(mean.argmax(), mean.shape)
    return int(recipe), int(epoch), float(mean[recipe, epoch])


def still_lucky(valid: np.ndarray, test: np.ndarray) -> tuple[int, int, float]:
    best = valid.max(axis=1)
    recipe, epoch = np.unravel_index(best.argmax(), best.shape)
    return int(recipe), int(epoch), float(test[recipe, :, epoch].mean())


def reports_validation(valid: np.ndarray, test: np.ndarray) -> tuple[int, int, float]:
    mean = valid.mean(axis=1)
    recipe, epoch = np.unravel_index(mean.argmax(), mean.shape)
    return int(recipe), int(epoch), float(mean[recipe, epoch])


def reports_best_test(valid: np.ndarray, test: np.ndarray) -> tuple[int, int, float]:
    mean = valid.mean(axis=1)
    recipe, epoch = np.unravel_index(mean.argmax(), mean.shape)
    return int(recipe), int(epoch), float(test[recipe].mean(axis=0).max())


def reports_one_seed(valid: np.ndarray, test: np.ndarray) -> tuple[int, int, float]:
    mean = valid.mean(axis=1)
    recipe, epoch = np.unravel_index(mean.argmax(), mean.shape)
    return int(recipe), int(epoch), float(test[recipe, :, epoch].max())


def last_epoch(valid: np.ndarray, test: np.ndarray) -> tuple[int, int, float]:
    recipe = int(valid[:, :, -1].mean(axis=1).argmax())
    return recipe, valid.shape[2] - 1, float(test[recipe, :, -1].mean())


def over_all_epochs(valid: np.ndarray, test: np.ndarray) -> tuple[int, int, float]:
    recipe = int(valid.mean(axis=(1, 2)).argmax())
    epoch = int(valid[recipe].mean(axis=0).argmax())
    return recipe, epoch, float(test[recipe, :, epoch].mean())


def by_sums(valid: np.ndarray, test: np.ndarray) -> tuple[int, int, float]:
    total = np.einsum("rse->re", valid)
    at = int(np.argmax(total))
    recipe, epoch = divmod(at, valid.shape[2])
    return recipe, epoch, float(np.sum(test[recipe, :, epoch]) / valid.shape[1])


def recipe_by_recipe(valid: np.ndarray, test: np.ndarray) -> tuple[int, int, float]:
    highest, chosen, at = -1.0, 0, 0
    for recipe, runs in enumerate(valid):
        curve = np.mean(runs, axis=0)
        epoch = int(np.argmax(curve))
        if curve[epoch] > highest:
            highest, chosen, at = curve[epoch], recipe, epoch
    return chosen, at, float(np.mean(test[chosen], axis=0)[at])


CLINIC_15 = Exercise(
    name="clinic_15",
    unit=UNIT,
    returns=("recipe", "epoch", "accuracy"),
    groups=(
        Group("chosen", "chooses without a look at the test set", 2),
        Group("seeds", "is not taken in by a lucky seed", 1),
        Group("epoch", "chooses the epoch by the same rule as the recipe", 1),
        Group("reported", "reports a number that nothing was chosen by", 2),
    ),
    cases=clinic_cases,
    reference=clinic_oracle,
    misconceptions=(
        Misconception(
            "as_given",
            clinic_as_given,
            "This is still the code that makes every search look good. Ask of each line: does it look at `test`, and "
            "is anything chosen by what it sees? Ask also what `max` does to numbers that differ by luck alone.",
            hint=1,
        ),
        Misconception(
            "still_by_test",
            still_by_test,
            "The luck of single seeds is gone, but the test set still chooses: recipe and epoch are those that happen "
            "to suit these very images. Whatever chooses has been used up, and cannot judge any more.",
            hint=1,
        ),
        Misconception(
            "still_lucky",
            still_lucky,
            "The validation set chooses now, and it chooses by the luckiest seed: a recipe with one good run beats a "
            "recipe that is good each time. You will hand over the recipe, not the luck; average over the seeds first.",
            hint=2,
        ),
        Misconception(
            "reports_validation",
            reports_validation,
            "The choice is honest, the report is not: the validation accuracy was the highest of many, which is why it "
            "was chosen, so it is too high on average. The test set has seen nothing of this, and says what you have.",
            hint=3,
        ),
        Misconception(
            "reports_best_test",
            reports_best_test,
            "You report the best epoch of the test curve, not the epoch that you chose. That looks the epoch up in the "
            "test set after all.",
            hint=3,
        ),
        Misconception(
            "reports_one_seed",
            reports_one_seed,
            "You report the best seed's test accuracy. Whoever runs your recipe gets an ordinary seed: the mean over "
            "the seeds is what to expect.",
            hint=3,
        ),
        Misconception(
            "last_epoch",
            last_epoch,
            "You always take the last epoch. Each recipe was measured after every epoch so that one can stop at the "
            "best: recipe *and* epoch are chosen, by the same mean.",
            hint=2,
        ),
        Misconception(
            "over_all_epochs",
            over_all_epochs,
            "You chose the recipe by its mean over all epochs, and then its best epoch. A recipe that starts slowly "
            "and ends high loses that way. A pair (recipe, epoch) is what you will use, so compare pairs.",
            hint=2,
        ),
    ),
    equivalents=(by_sums, recipe_by_recipe),
)
