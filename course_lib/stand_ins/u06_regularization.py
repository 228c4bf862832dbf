"""Early stopping with the bookkeeping of PyTorch's plateau scheduler."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np

from course_lib.stand_ins.library import library

NEVER = 10**9
"""Bad epochs after which the scheduler would lower a learning rate and begin to count anew."""


class EarlyStopping:
    """Keeps the best parameters, and says when `patience` updates in a row have brought no new best.

    The counting is that of `torch.optim.lr_scheduler.ReduceLROnPlateau`.
    """

    def __init__(self, patience: int) -> None:
        torch = library("torch")
        nothing = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
        self.patience = patience
        self.best_params: list[np.ndarray] | None = None
        self._plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(nothing, patience=NEVER, threshold=0.0)

    @property
    def best_loss(self) -> float:
        """The lowest loss so far; infinite before the first update."""
        return float(self._plateau.best)

    def update(self, loss: float, params: Sequence[np.ndarray]) -> bool:
        """Take in a validation loss and the parameters that it belongs to; True when it is time to stop."""
        self._plateau.step(float(loss))
        if self._plateau.num_bad_epochs == 0:
            self.best_params = copy.deepcopy(list(params))
        return bool(self._plateau.num_bad_epochs >= self.patience)
