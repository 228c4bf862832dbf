"""The bug clinic: a choice that peeks at the test set, keeps the luckiest seed, and reports what it chose by."""

from statistics import fmean

import numpy as np

from grader.changes import change
from grader.exercises.u16_capstone.compare_seeds import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def clinic_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, R: int, S: int, E: int, level: float = 0.02, spread: float = 0.02) -> Case:
        """R recipes, S seeds, E epochs: recipes differ by `level`, runs of one recipe by `spread`."""
        curves = 0.8 + 0.1 * (1 - np.exp(-np.arange(E) / 2)) + rng.normal(0, level, size=(R, 1, 1))
        valid, test = (curves + rng.normal(0, spread, size=(R, S, E)) for _ in range(2))
        return Case(label, group, {"valid": valid, "test": test - 0.01})

    # The best recipe has its best epoch where the others are poor, and the worst of all comes last.
    own = np.array([[0.70, 0.72, 0.95, 0.60], [0.90, 0.80, 0.70, 0.75], [0.91, 0.82, 0.71, 0.76]])[:, None]
    lucky = np.array([[[0.80, 0.81], [0.80, 0.95]], [[0.85, 0.90], [0.86, 0.90]]])
    return [
        case("4 recipes, 3 seeds", "chosen", 4, 3, 5),
        case("6 recipes, 2 seeds", "chosen", 6, 2, 3),
        case("12 recipes that hardly differ, 3 noisy seeds", "chosen", 12, 3, 6, level=0.01, spread=0.05),
        case("10 recipes that hardly differ, 5 noisy seeds", "chosen", 10, 5, 8, level=0.01, spread=0.05),
        Case("one lucky seed", "seeds", {"valid": lucky, "test": lucky + rng.normal(-0.01, 1e-3, size=lucky.shape)}),
        case("5 recipes, 4 noisy seeds", "seeds", 5, 4, 4, spread=0.08),
        case("2 recipes, 12 noisy epochs", "epoch", 2, 3, 12, spread=0.05),
        case("3 recipes, 9 noisy epochs", "epoch", 3, 4, 9, spread=0.06),
        case("8 recipes, 5 seeds", "reported", 8, 5, 6, spread=0.04),
        case("recipes that are all the same", "reported", 9, 3, 4, level=0.0),
        Case(
            "each recipe has its own best epoch",
            "chosen",
            {name: own - lower + rng.normal(0, 1e-3, size=(3, 2, 4)) for name, lower in (("valid", 0), ("test", 0.01))},
        ),
    ]


def clinic_oracle(valid: np.ndarray, test: np.ndarray) -> tuple[int, int, float]:
    """The place with the highest mean on validation, found by going through all of them, and the mean test there."""
    R, _, E = valid.shape
    places = [(r, e) for r in range(R) for e in range(E)]
    recipe, epoch = max(places, key=lambda place: fmean(valid[place[0], :, place[1]]))
    return recipe, epoch, fmean(test[recipe, :, epoch])


def clinic_16(valid, test):
    mean = valid.mean(axis=1)
    recipe, epoch = np.unravel_index(mean.argmax(), mean.shape)
    return recipe, epoch, test[recipe, :, epoch].mean()


def as_given(valid, test):
    best = test.max(axis=(1, 2))
    recipe = int(best.argmax())
    epoch = int(test[recipe].max(axis=0).argmax())
    return recipe, epoch, float(best[recipe])


def recipe_first(valid, test):
    curves = valid.mean(axis=1)
    recipe = curves.max(axis=1).argmax()
    epoch = curves[recipe].argmax()
    return recipe, epoch, test[recipe].mean(axis=0)[epoch]


def recipe_by_recipe(valid, test):
    highest, chosen, at = -1.0, 0, 0
    for recipe, runs in enumerate(valid):
        curve = np.mean(runs, axis=0)
        epoch = int(np.argmax(curve))
        if curve[epoch] > highest:
            highest, chosen, at = curve[epoch], recipe, epoch
    return chosen, at, float(np.mean(test[chosen], axis=0)[at])


REPORT = "test[recipe, :, epoch].mean()"
by_valid = change(as_given, "best = test.max", "best = valid.max", "int(test[recipe]", "int(valid[recipe]")
still_lucky = change(clinic_16, "valid.mean(axis=1)", "valid.max(axis=1)")
still_by_test = change(clinic_16, "valid.mean(axis=1)", "test.mean(axis=1)")


CLINIC_16 = Exercise(
    name="clinic_16",
    unit=UNIT,
    returns=("recipe", "epoch", "accuracy"),
    groups=(
        Group("chosen", "chooses without a look at the test set", 2, hint=1),
        Group("seeds", "is not taken in by a lucky seed", 1, hint=2),
        Group("epoch", "chooses the epoch by the same rule as the recipe", 1, hint=2),
        Group("reported", "reports a number that nothing was chosen by", 2, hint=3),
    ),
    cases=clinic_cases,
    reference=clinic_oracle,
    misconceptions=(
        Misconception(
            "as_given",
            as_given,
            "This is still the code that makes every search look good. Ask of each line: does it look at `test`, and "
            "is anything chosen by what it sees? Ask also what `max` does to numbers that differ by luck alone.",
        ),
        Misconception(
            "still_by_test",
            still_by_test,
            "The luck of single seeds is gone, but the test set still chooses: recipe and epoch are those that happen "
            "to suit these very images. Whatever chooses has been used up, and cannot judge any more.",
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
            change(clinic_16, REPORT, "mean[recipe, epoch]"),
            "You report the validation accuracy. It was the highest of many, which is why it was chosen, so it is too "
            "high on average. The test set has seen nothing of this, and says what you have.",
            hint=3,
        ),
        Misconception(
            "reports_best_test",
            change(clinic_16, REPORT, "test[recipe].mean(axis=0).max()"),
            "You report the best epoch of the test curve, not the epoch that you chose. That looks the epoch up in the "
            "test set after all.",
            hint=3,
        ),
        Misconception(
            "reports_one_seed",
            change(clinic_16, REPORT, "test[recipe, :, epoch].max()"),
            "You report the best seed's test accuracy. Whoever runs your recipe gets an ordinary seed: the mean over "
            "the seeds is what to expect.",
            hint=3,
        ),
        Misconception(
            "last_epoch",
            change(
                recipe_first,
                "curves.max(axis=1).argmax()",
                "curves[:, -1].argmax()",
                "curves[recipe].argmax()",
                "valid.shape[2] - 1",
            ),
            "You always take the last epoch. Each recipe was measured after every epoch so that one can stop at the "
            "best: recipe *and* epoch are chosen, by the same mean.",
            hint=2,
        ),
        Misconception(
            "over_all_epochs",
            change(recipe_first, "curves.max(axis=1)", "curves.mean(axis=1)"),
            "You chose the recipe by its mean over all epochs, and then its best epoch. A recipe that starts slowly "
            "and ends high loses that way. A pair (recipe, epoch) is what you will use, so compare pairs.",
            hint=2,
        ),
        Misconception(
            "by_valid_alone",
            by_valid,
            "The validation set chooses now. Two causes are left: the luckiest single run decides, and what "
            "is reported is the very number that was chosen for being high.",
            hint=2,
        ),
        Misconception(
            "by_valid_but_reports_test_at_its_best",
            change(by_valid, "float(best[recipe])", "float(test[recipe].max())"),
            "The validation set chooses now. Two causes are left: the luckiest single run decides, and what "
            "is reported is the luckiest run on the test set.",
            hint=2,
        ),
        Misconception(
            "still_lucky_in_choice_and_report",
            change(still_lucky, REPORT, "test[recipe, :, epoch].max()"),
            "The validation set chooses now. But the luckiest seed decides what is chosen, and again what is "
            "reported; average over the seeds, both times.",
            hint=2,
        ),
        Misconception(
            "epoch_by_test",
            change(recipe_first, "epoch = curves[recipe]", "epoch = test[recipe].mean(axis=0)"),
            "The validation set chooses the recipe now, and the test set still chooses the epoch. Whatever "
            "chooses has been used up.",
        ),
        Misconception(
            "recipe_by_test",
            change(recipe_first, "recipe = curves.max(axis=1)", "recipe = test.mean(axis=1).max(axis=1)"),
            "The validation set chooses the epoch now, and the test set still chooses the recipe. Whatever "
            "chooses has been used up.",
        ),
        Misconception(
            "both_sets_choose",
            change(clinic_16, "valid.mean(axis=1)", "(valid.mean(axis=1) + test.mean(axis=1)) / 2"),
            "The test set has a say in your choice, half of it. Whatever chooses has been used up, and "
            "cannot judge any more.",
        ),
        Misconception(
            "counted_from_one",
            change(clinic_16, "return recipe, epoch,", "return recipe + 1, epoch + 1,"),
            "Recipe and epoch are counted from 1 in your result, and from 0 in the arrays and in the description.",
            hint=2,
            about=("recipe", "epoch"),
        ),
        Misconception(
            "best_run_and_its_recipe",
            change(
                clinic_16,
                "mean = valid.mean(axis=1)\n    recipe, epoch = np.unravel_index(mean.argmax(), mean.shape)",
                "recipe, seed, epoch = np.unravel_index(valid.argmax(), valid.shape)",
                REPORT,
                "test[recipe, seed, epoch]",
            ),
            "The validation set chooses, and it chooses a single run: its recipe, its epoch and its seed. "
            "What you hand over is the recipe; average over the seeds, for the choice and for the report.",
            hint=2,
        ),
        Misconception(
            "reports_over_all_epochs",
            change(clinic_16, REPORT, "test[recipe].mean()"),
            "You report the mean over all epochs, of which you chose one. Report what the chosen epoch gives.",
            hint=3,
            about=("accuracy",),
        ),
        Misconception(
            "first_epoch_of_each_seed",
            change(clinic_16, REPORT, "test[recipe].max(axis=1).mean()"),
            "You report each seed's own best epoch on the test set. That looks the epochs up in the test set "
            "after all.",
            hint=3,
            about=("accuracy",),
        ),
        Misconception(
            "recipe_and_epoch_apart",
            change(recipe_first, "curves[recipe].argmax()", "valid.mean(axis=(0, 1)).argmax()"),
            "You chose the epoch by its mean over all recipes. Each recipe has its own best epoch: choose "
            "recipe and epoch as a pair.",
            hint=2,
        ),
    ),
    also_right=(
        clinic_16,
        recipe_first,
        recipe_by_recipe,
        change(clinic_16, "valid.mean(axis=1)", 'np.einsum("rse->re", valid)'),
        change(clinic_16, "np.unravel_index(mean.argmax(), mean.shape)", "divmod(int(mean.argmax()), valid.shape[2])"),
        change(
            clinic_16,
            "recipe, epoch = np.unravel_index(mean.argmax(), mean.shape)",
            "recipe, epoch = np.argwhere(mean == mean.max())[0]",
        ),
    ),
)
