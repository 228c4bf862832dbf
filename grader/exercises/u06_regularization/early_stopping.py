"""Early stopping: remember the best parameters, and say when to stop.

The oracle counts bad epochs with torch's ReduceLROnPlateau, which has the same notion of patience."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u06_regularization.common import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def stopping_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, losses: Any, patience: int, shapes: tuple = ((3,),)) -> Case:
        inputs = {
            "losses": np.asarray(losses, dtype=float),
            "moves": [[rng.normal(size=shape) for shape in shapes] for _ in losses],
            "patience": patience,
        }
        return Case(label, group, inputs)

    def shifted(losses: list[float]) -> np.ndarray:
        return np.array(losses) + rng.uniform(0.5, 2)

    layers = ((4, 3), (3,))
    return [
        case("falls for ever", "goes_on", np.cumsum(-rng.uniform(0.1, 1, size=8)) + 9, 2),
        case("two small bumps", "goes_on", shifted([5, 4, 4.2, 3, 3.5, 2, 1]), 2),
        case("bad, good, bad, good, ...", "goes_on", shifted([5, 6, 4, 5, 3, 4, 2, 3, 1]), 2),
        case("rises for ever", "stops", np.cumsum(rng.uniform(0.1, 1, size=7)) + 1, 3),
        case("falls, then rises", "stops", shifted([5, 3, 2, 2.5, 2.6, 2.7, 2.8, 2.9]), 3),
        case("patience 1", "stops", shifted([3, 2, 2.1, 2.2]), 1),
        case("a deep fall, then a slow rise", "stops", shifted([9, 1, 2, 3, 4, 5]), 3),
        case("better than before, but not than the best", "best", shifted([5, 2, 4, 3, 2.5, 2.2, 2.1]), 4),
        case("the same loss again and again", "best", shifted([3, 2, 2, 2, 2, 2]), 3),
        case("a later, deeper minimum", "best", shifted([4, 3, 3.5, 3.2, 1, 1.5, 1.2]), 4),
        case("better by a hair, again and again", "best", 2 - 1e-5 * np.arange(6) + rng.uniform(0.5, 2), 3),
        case("equal from the beginning", "best", shifted([2, 2, 2, 2, 2]), 2),
        case("negative losses", "best", -shifted([1, 2, 3, 2.5, 2.2, 2.1]), 3),
        case("the parameters move on", "copies", shifted([5, 3, 2, 2.5, 2.6, 2.7]), 3),
        case("weights and biases", "copies", shifted([5, 3, 2, 2.5, 1, 2.7, 2.8]), 3, layers),
    ]


def stopping_oracle(losses: np.ndarray, moves: list, patience: int) -> tuple:
    """Bad epochs and best loss by torch.optim.lr_scheduler.ReduceLROnPlateau, whose patience never runs out here."""
    import torch

    nothing = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(nothing, patience=10**9, threshold=0.0)
    values = [np.cumsum([move[i] for move in moves], axis=0) for i in range(len(moves[0]))]
    stops, best_losses = [], []
    best_steps: list[int] = []
    for step, loss in enumerate(losses):
        plateau.step(float(loss))
        stops.append(plateau.num_bad_epochs >= patience)
        best_losses.append(plateau.best)
        best_steps.append(step if plateau.num_bad_epochs == 0 else best_steps[-1])
    return np.array(stops), np.array(best_losses), [value[best_steps] for value in values]


class EarlyStopping:
    def __init__(self, patience):
        self.patience, self.best_loss, self.best_params = patience, np.inf, None
        self.bad = 0

    def update(self, loss, params):
        if loss < self.best_loss:
            self.best_loss, self.bad = loss, 0
            self.best_params = [p.copy() for p in params]
        else:
            self.bad += 1
        return self.bad >= self.patience


class ByHistory:
    def __init__(self, patience):
        self.patience = patience
        self.losses = []
        self.best_loss = None
        self.best_params = None

    def update(self, loss, params):
        self.losses.append(float(loss))
        best = int(np.argmin(self.losses))
        if best == len(self.losses) - 1:
            self.best_loss, self.best_params = self.losses[best], [np.array(p) for p in params]
        return len(self.losses) - 1 - best >= self.patience


class InPlace:
    def __init__(self, patience):
        self.patience, self.best_loss, self.waited = patience, np.inf, 0
        self.best_params = []

    def update(self, loss, params):
        better = loss < self.best_loss
        self.waited = 0 if better else self.waited + 1
        if better and self.best_params:
            for mine, theirs in zip(self.best_params, params, strict=True):
                mine[...] = theirs
        elif better:
            self.best_params = [np.copy(p) for p in params]
        self.best_loss = min(self.best_loss, loss)
        return int(self.waited >= self.patience)


KEEP = "self.best_params = [p.copy() for p in params]\n"


EARLY_STOPPING = Exercise(
    name="EarlyStopping",
    unit=UNIT,
    returns=("stop", "best_loss", "best_params"),
    groups=(
        Group("goes_on", "goes on as long as there is a new best now and then", 1, hint=2),
        Group("stops", "stops after `patience` updates in a row without a new best", 2, hint=2),
        Group("best", "compares with the best loss so far, and with nothing else", 2, hint=3),
        Group("copies", "keeps the best parameters, while the network's own move on", 2, hint=1),
    ),
    cases=stopping_cases,
    reference=stopping_oracle,
    driver="early_stopping",
    misconceptions=(
        Misconception(
            "aliases",
            change(EarlyStopping, "[p.copy() for p in params]", "list(params)"),
            "Your best parameters are the network's own arrays, under another name. Training goes on and changes them "
            "in place, and when you come back for the best ones you find the last ones. A new list is not enough: its "
            "arrays are still the same. What makes an array of your own?",
            hint=1,
            about=("best_params",),
        ),
        Misconception(
            "counts_in_total",
            change(EarlyStopping, "self.best_loss, self.bad = loss, 0", "self.best_loss = loss"),
            "You count all bad updates since the beginning. A loss that shakes a little on its way down is stopped "
            "although it makes a new best all the time. What should a new best do to the count?",
            about=("stop",),
        ),
        Misconception(
            "against_the_last",
            change(
                EarlyStopping,
                "        self.bad = 0\n",
                "        self.bad, self.last = 0, np.inf\n",
                "        else:\n            self.bad += 1\n",
                "        self.bad = 0 if loss < self.last else self.bad + 1\n        self.last = loss\n",
            ),
            "You compare with the loss just before. A loss that has jumped up and comes down again slowly then looks "
            "like progress, without ever being as good as it was. The one to beat is the best.",
            about=("stop",),
        ),
        Misconception(
            "keeps_the_last",
            change(EarlyStopping, "            " + KEEP, "", "        return", "        " + KEEP + "        return"),
            "Your parameters are those of the last update, whatever its loss was. Stopping early helps only if you go "
            "back to where it was best.",
            hint=1,
            about=("best_params",),
        ),
        Misconception(
            "ties_count",
            change(EarlyStopping, "loss < self", "loss <= self"),
            "A loss that only equals the best counts as a new best with you. On a plateau you would wait for ever. "
            "Better means strictly lower.",
        ),
        Misconception(
            "one_late",
            change(EarlyStopping, ">= self.patience", "> self.patience"),
            "You stop one update too late. With a patience of 1, the first update without a new best should already "
            "say stop.",
            about=("stop",),
        ),
        Misconception(
            "no_patience",
            change(EarlyStopping, ">= self.patience", "> 0"),
            "You stop at the first update that brings no new best, however much patience was asked for. Validation "
            "losses shake; that is what the patience is for.",
            about=("stop",),
        ),
        Misconception(
            "largest_is_best",
            change(EarlyStopping, "loss < self", "loss > self", "np.inf", "-np.inf"),
            "With you the best loss is the largest. For an accuracy that would be right; a loss should be low.",
            hint=3,
        ),
        Misconception(
            "starts_at_zero",
            change(
                EarlyStopping,
                "np.inf",
                "0.0",
                "        if loss",
                "        self.best_params = self.best_params or [p.copy() for p in params]\n        if loss",
            ),
            "Your best loss starts at 0, and no positive loss ever gets below that, so nothing is ever a new best. "
            "What is a value that everything is better than?",
            hint=3,
        ),
        Misconception(
            "best_is_the_last",
            change(
                EarlyStopping,
                "            self.bad += 1\n",
                "            self.bad += 1\n        self.best_loss = loss\n",
            ),
            "Your best_loss is always the loss just given, better or not. It should change only when a loss is lower "
            "than it.",
            hint=3,
        ),
        Misconception(
            "one_early",
            change(EarlyStopping, "self.bad >= self.patience", "self.bad >= self.patience - 1"),
            "You stop one update too early: with a patience of 3, it takes three updates in a row without a new best.",
            about=("stop",),
        ),
        Misconception(
            "mean_of_the_last_three",
            change(
                EarlyStopping,
                "        self.bad = 0\n",
                "        self.bad, self.losses = 0, []\n",
                "        if loss",
                "        self.losses.append(loss)\n        loss = np.mean(self.losses[-3:])\n        if loss",
            ),
            "Your best_loss is a mean of several losses. It is to be one of those that you were given, the lowest so "
            "far.",
            hint=3,
        ),
        Misconception(
            "stops_for_good",
            change(EarlyStopping, "return self.bad >= self.patience", "return self.bad == self.patience"),
            "You say stop once, and at the next update without a new best you say to go on again. From `patience` "
            "updates on, the answer stays True.",
            about=("stop",),
        ),
        Misconception(
            "least_improvement",
            change(EarlyStopping, "loss < self.best_loss", "loss < self.best_loss - 0.01"),
            "A loss has to be lower by a certain amount to count as a new best with you. Any lower loss is one, by "
            "however little.",
        ),
        Misconception(
            "counts_anew",
            change(
                EarlyStopping,
                "        return self.bad >= self.patience",
                "        enough = self.bad >= self.patience\n        self.bad *= not enough\n        return enough",
            ),
            "You say stop once, and then begin to count anew. As long as there is no new best, the answer stays True.",
            about=("stop",),
        ),
        Misconception(
            "ties_do_not_count",
            change(EarlyStopping, "        else:", "        elif loss > self.best_loss:"),
            "A loss that only equals the best is not counted as a bad update with you. An update without a new best is "
            "one, so on a plateau you wait too long.",
            about=("stop",),
        ),
        Misconception(
            "says_go_on",
            change(EarlyStopping, ">= self.patience", "< self.patience"),
            "Your answer is the wrong way round: True means stop.",
            about=("stop",),
        ),
    ),
    also_right=(
        EarlyStopping,
        change(EarlyStopping, "[p.copy() for p in params]", "[np.array(p) for p in params]", "np.inf", 'float("inf")'),
        change(
            EarlyStopping,
            "        if loss",
            "        self.bad += 1\n        if loss",
            "        else:\n            self.bad += 1\n",
            "",
        ),
        change(EarlyStopping, "[p.copy() for p in params]", "tuple(p + 0.0 for p in params)"),
        change(EarlyStopping, "self.bad >= self.patience", "bool(np.greater_equal(self.bad, self.patience))"),
        ByHistory,
        InPlace,
    ),
)
