"""Early stopping: remember the best parameters, and say when to stop.

The oracle counts bad epochs with torch's ReduceLROnPlateau, which has the same notion of patience.
"""

from typing import Any

import numpy as np

from grader.exercises.u06_regularization.penalties import UNIT
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
        case("better than before, but not than the best", "best", shifted([5, 2, 4, 3, 2.5, 2.2, 2.1]), 4),
        case("the same loss again and again", "best", shifted([3, 2, 2, 2, 2, 2]), 3),
        case("a later, deeper minimum", "best", shifted([4, 3, 3.5, 3.2, 1, 1.5, 1.2]), 4),
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


class Aliases:
    def __init__(self, patience: int) -> None:
        self.patience, self.best_loss, self.bad = patience, np.inf, 0
        self.best_params: list = []

    def update(self, loss: float, params: list) -> bool:
        if loss < self.best_loss:
            self.best_loss, self.best_params, self.bad = loss, list(params), 0
        else:
            self.bad += 1
        return self.bad >= self.patience


class CountsInTotal:
    def __init__(self, patience: int) -> None:
        self.patience, self.best_loss, self.bad = patience, np.inf, 0
        self.best_params: list = []

    def update(self, loss: float, params: list) -> bool:
        if loss < self.best_loss:
            self.best_loss, self.best_params = loss, [p.copy() for p in params]
        else:
            self.bad += 1
        return self.bad >= self.patience


class AgainstTheLast:
    def __init__(self, patience: int) -> None:
        self.patience, self.best_loss, self.bad = patience, np.inf, 0
        self.best_params: list = []
        self.last = np.inf

    def update(self, loss: float, params: list) -> bool:
        self.bad = 0 if loss < self.last else self.bad + 1
        self.last = loss
        if loss < self.best_loss:
            self.best_loss, self.best_params = loss, [p.copy() for p in params]
        return self.bad >= self.patience


class KeepsTheLast:
    def __init__(self, patience: int) -> None:
        self.patience, self.best_loss, self.bad = patience, np.inf, 0
        self.best_params: list = []

    def update(self, loss: float, params: list) -> bool:
        self.best_params = [p.copy() for p in params]
        if loss < self.best_loss:
            self.best_loss, self.bad = loss, 0
        else:
            self.bad += 1
        return self.bad >= self.patience


class TiesCount:
    def __init__(self, patience: int) -> None:
        self.patience, self.best_loss, self.bad = patience, np.inf, 0
        self.best_params: list = []

    def update(self, loss: float, params: list) -> bool:
        if loss <= self.best_loss:
            self.best_loss, self.best_params, self.bad = loss, [p.copy() for p in params], 0
        else:
            self.bad += 1
        return self.bad >= self.patience


class OneLate:
    def __init__(self, patience: int) -> None:
        self.patience, self.best_loss, self.bad = patience, np.inf, 0
        self.best_params: list = []

    def update(self, loss: float, params: list) -> bool:
        if loss < self.best_loss:
            self.best_loss, self.best_params, self.bad = loss, [p.copy() for p in params], 0
        else:
            self.bad += 1
        return self.bad > self.patience


class FirstBadOne:
    def __init__(self, patience: int) -> None:
        self.patience, self.best_loss = patience, np.inf
        self.best_params: list = []

    def update(self, loss: float, params: list) -> bool:
        if loss < self.best_loss:
            self.best_loss, self.best_params = loss, [p.copy() for p in params]
            return False
        return True


class LargestIsBest:
    def __init__(self, patience: int) -> None:
        self.patience, self.best_loss, self.bad = patience, -np.inf, 0
        self.best_params: list = []

    def update(self, loss: float, params: list) -> bool:
        if loss > self.best_loss:
            self.best_loss, self.best_params, self.bad = loss, [p.copy() for p in params], 0
        else:
            self.bad += 1
        return self.bad >= self.patience


class StartsAtZero:
    def __init__(self, patience: int) -> None:
        self.patience, self.best_loss, self.bad = patience, 0.0, 0
        self.best_params: list = []

    def update(self, loss: float, params: list) -> bool:
        if not self.best_params:
            self.best_params = [p.copy() for p in params]
        if loss < self.best_loss:
            self.best_loss, self.best_params, self.bad = loss, [p.copy() for p in params], 0
        else:
            self.bad += 1
        return self.bad >= self.patience


class ByHistory:
    def __init__(self, patience: int) -> None:
        self.patience = patience
        self.losses: list = []
        self.best_loss: Any = None
        self.best_params: Any = None

    def update(self, loss: float, params: list) -> bool:
        self.losses.append(float(loss))
        best = int(np.argmin(self.losses))
        if best == len(self.losses) - 1:
            self.best_loss, self.best_params = self.losses[best], [np.array(p) for p in params]
        return len(self.losses) - 1 - best >= self.patience


class CountsDown:
    def __init__(self, patience: int) -> None:
        self.patience = self.left = patience
        self.best_loss = float("inf")
        self.best_params: tuple = ()

    def update(self, loss: float, params: list) -> bool:
        self.left -= 1
        if loss < self.best_loss:
            self.left = self.patience
            self.best_loss = loss
            self.best_params = tuple(p + 0.0 for p in params)
        return self.left <= 0


class InPlace:
    def __init__(self, patience: int) -> None:
        self.patience, self.best_loss, self.waited = patience, np.inf, 0
        self.best_params: list = []

    def update(self, loss: float, params: list) -> int:
        better = loss < self.best_loss
        self.waited = 0 if better else self.waited + 1
        if better and self.best_params:
            for mine, theirs in zip(self.best_params, params, strict=True):
                mine[...] = theirs
        elif better:
            self.best_params = [np.copy(p) for p in params]
        self.best_loss = min(self.best_loss, loss)
        return int(self.waited >= self.patience)


EARLY_STOPPING = Exercise(
    name="EarlyStopping",
    unit=UNIT,
    returns=("stop", "best_loss", "best_params"),
    groups=(
        Group("goes_on", "goes on as long as there is a new best now and then", 1),
        Group("stops", "stops after `patience` updates in a row without a new best", 2),
        Group("best", "compares with the best loss so far, and with nothing else", 2),
        Group("copies", "keeps the best parameters, while the network's own move on", 2),
    ),
    cases=stopping_cases,
    reference=stopping_oracle,
    probe="early_stopping",
    misconceptions=(
        Misconception(
            "aliases",
            Aliases,
            "Your best parameters are the network's own arrays, under another name. Training goes on and changes them "
            "in place, and when you come back for the best ones you find the last ones. A new list is not enough: its "
            "arrays are still the same. What makes an array of your own?",
            hint=1,
        ),
        Misconception(
            "counts_in_total",
            CountsInTotal,
            "You count all bad updates since the beginning. A loss that shakes a little on its way down is stopped "
            "although it makes a new best all the time. What should a new best do to the count?",
            hint=2,
        ),
        Misconception(
            "against_the_last",
            AgainstTheLast,
            "You compare with the loss just before. A loss that has jumped up and comes down again slowly then looks "
            "like progress, without ever being as good as it was. The one to beat is the best.",
            hint=3,
        ),
        Misconception(
            "keeps_the_last",
            KeepsTheLast,
            "Your best_loss is right, but your parameters are those of the last update, whatever its loss was. "
            "Stopping early helps only if you go back to where it was best.",
            hint=1,
        ),
        Misconception(
            "ties_count",
            TiesCount,
            "A loss that only equals the best counts as a new best with you. On a plateau you would wait for ever. "
            "Better means strictly lower.",
            hint=3,
        ),
        Misconception(
            "one_late",
            OneLate,
            "You stop one update too late. With a patience of 1, the first update without a new best should already "
            "say stop.",
            hint=2,
        ),
        Misconception(
            "no_patience",
            FirstBadOne,
            "You stop at the first update that brings no new best, however much patience was asked for. Validation "
            "losses shake; that is what the patience is for.",
            hint=2,
        ),
        Misconception(
            "largest_is_best",
            LargestIsBest,
            "With you the best loss is the largest. For an accuracy that would be right; a loss should be low.",
            hint=3,
        ),
        Misconception(
            "starts_at_zero",
            StartsAtZero,
            "Your best loss starts at 0, and no positive loss ever gets below that, so nothing is ever a new best. "
            "What is a value that everything is better than?",
            hint=3,
        ),
    ),
    equivalents=(ByHistory, CountsDown, InPlace),
)
