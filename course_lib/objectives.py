"""Functions to minimize, with their gradients in closed form, in float64.

Notebooks, drivers and specs share them. A function cannot travel as data, so a case describes one by its name and
its arrays, `{"name": "quadratic", "A": ..., "b": ...}`, and `from_spec` makes it.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from course_lib.errors import CourseError


class Objective:
    """A function of theta that gives a float; `grad` gives an array of theta's shape. Calling it is `value`."""

    def value(self, theta: Any) -> float:
        """f(theta)."""
        raise NotImplementedError

    def grad(self, theta: Any) -> np.ndarray:
        """The gradient of f at theta, of theta's shape, as a new array."""
        raise NotImplementedError

    def __call__(self, theta: Any) -> float:
        """f(theta)."""
        return self.value(theta)


def _float64(value: Any) -> np.ndarray:
    return np.asarray(value, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Quadratic(Objective):
    """f(theta) = 1/2 theta^T A theta - b^T theta, with gradient A theta - b.

    A: (n, n), symmetric.  b: (n,), zeros if left out.  theta: (n,).
    """

    A: Any
    b: Any = None

    def __post_init__(self) -> None:
        A = _float64(self.A)
        if A.ndim != 2 or A.shape[0] != A.shape[1] or not np.allclose(A, A.T):
            raise CourseError(f"A quadratic needs a symmetric square matrix A; it was given one of shape {A.shape}.")
        b = np.zeros(len(A)) if self.b is None else _float64(self.b)
        if b.shape != (len(A),):
            raise CourseError(f"A quadratic with A of shape {A.shape} needs b of shape ({len(A)},), not {b.shape}.")
        object.__setattr__(self, "A", A)
        object.__setattr__(self, "b", b)

    def value(self, theta: Any) -> float:
        """f(theta); theta: (n,)."""
        theta = _float64(theta)
        return float(0.5 * theta @ self.A @ theta - self.b @ theta)

    def grad(self, theta: Any) -> np.ndarray:
        """A theta - b, shape (n,)."""
        return np.asarray(self.A @ _float64(theta) - self.b)

    @cached_property
    def _curvatures(self) -> np.ndarray:
        return np.linalg.eigvalsh(self.A)

    @property
    def L(self) -> float:
        """The largest curvature: the greatest eigenvalue of A. Gradient descent is stable for lr < 2 / L."""
        return float(self._curvatures[-1])

    @property
    def mu(self) -> float:
        """The smallest curvature: the least eigenvalue of A."""
        return float(self._curvatures[0])

    @property
    def minimizer(self) -> np.ndarray:
        """The theta with A theta = b, shape (n,). Raises `CourseError` unless every curvature is positive."""
        if self.mu <= 0:
            raise CourseError(f"This quadratic has no single minimum: its smallest curvature is {self.mu:g}.")
        return np.linalg.solve(self.A, self.b)


@dataclass(frozen=True)
class Rosenbrock(Objective):
    """f(x, y) = (a - x)^2 + b (y - x^2)^2, a bent valley with its minimum 0 at (a, a^2) (Rosenbrock, 1960).

    theta: (2,).
    """

    a: float = 1.0
    b: float = 100.0

    def value(self, theta: Any) -> float:
        """f(theta); theta: (2,)."""
        x, y = _float64(theta)
        return float((self.a - x) ** 2 + self.b * (y - x**2) ** 2)

    def grad(self, theta: Any) -> np.ndarray:
        """(-2 (a - x) - 4 b x (y - x^2), 2 b (y - x^2)), shape (2,)."""
        x, y = _float64(theta)
        return np.array([-2 * (self.a - x) - 4 * self.b * x * (y - x**2), 2 * self.b * (y - x**2)])

    @property
    def minimizer(self) -> np.ndarray:
        """(a, a^2)."""
        return np.array([self.a, self.a**2], dtype=np.float64)


@dataclass(frozen=True, eq=False)
class LogSumExp(Objective):
    """f(theta) = log sum_i exp(a_i . theta + b_i), smooth and convex, with gradient A^T softmax(A theta + b).

    A: (m, n), its rows are the a_i.  b: (m,), zeros if left out.  theta: (n,).
    """

    A: Any
    b: Any = None

    def __post_init__(self) -> None:
        A = _float64(self.A)
        b = np.zeros(len(A)) if self.b is None else _float64(self.b)
        if A.ndim != 2 or b.shape != A.shape[:1]:
            raise CourseError(f"LogSumExp needs A of shape (m, n) and b of shape (m,), not {A.shape} and {b.shape}.")
        object.__setattr__(self, "A", A)
        object.__setattr__(self, "b", b)

    def value(self, theta: Any) -> float:
        """f(theta); theta: (n,)."""
        z = self.A @ _float64(theta) + self.b
        top = z.max()  # exp(z - top) cannot overflow
        return float(top + np.log(np.exp(z - top).sum()))

    def grad(self, theta: Any) -> np.ndarray:
        """A^T softmax(A theta + b), shape (n,)."""
        z = self.A @ _float64(theta) + self.b
        p = np.exp(z - z.max())
        return np.asarray(self.A.T @ (p / p.sum()))


@dataclass(frozen=True, eq=False)
class Sine(Objective):
    """f(theta) = sum sin(w * theta), with gradient w * cos(w * theta). theta: any shape that w broadcasts to."""

    w: Any = 1.0

    def value(self, theta: Any) -> float:
        """f(theta)."""
        return float(np.sin(_float64(self.w) * _float64(theta)).sum())

    def grad(self, theta: Any) -> np.ndarray:
        """w * cos(w * theta), of theta's shape."""
        w = _float64(self.w)
        return np.asarray(w * np.cos(w * _float64(theta)))


@dataclass(frozen=True, eq=False)
class Cubic(Objective):
    """f(theta) = sum c * theta^3, with gradient 3 c * theta^2. theta: any shape that c broadcasts to.

    The simplest function on which a central difference is not exact: its error is exactly c h^2.
    """

    c: Any = 1.0

    def value(self, theta: Any) -> float:
        """f(theta)."""
        return float((_float64(self.c) * _float64(theta) ** 3).sum())

    def grad(self, theta: Any) -> np.ndarray:
        """3 c * theta^2, of theta's shape."""
        return np.asarray(3 * _float64(self.c) * _float64(theta) ** 2)


@dataclass(frozen=True)
class AbsValue(Objective):
    """f(theta) = sum |theta|, with a kink wherever an entry is 0. theta: any shape."""

    def value(self, theta: Any) -> float:
        """f(theta)."""
        return float(np.abs(_float64(theta)).sum())

    def grad(self, theta: Any) -> np.ndarray:
        """sign(theta), of theta's shape: at a kink the subgradient 0, as in torch.autograd."""
        return np.sign(_float64(theta))


OBJECTIVES: dict[str, type[Objective]] = {
    "quadratic": Quadratic,
    "rosenbrock": Rosenbrock,
    "log_sum_exp": LogSumExp,
    "sine": Sine,
    "cubic": Cubic,
    "abs_value": AbsValue,
}


def from_spec(spec: Mapping[str, Any]) -> Objective:
    """The objective that `spec` describes: its `name` in `OBJECTIVES`, and its arrays by name.

    Raises `CourseError` for a name or an argument that does not exist.
    """
    kind = OBJECTIVES.get(spec.get("name", ""))
    if kind is None:
        raise CourseError(f"There is no objective {spec.get('name')!r}; there are {', '.join(OBJECTIVES)}.")
    arguments = {key: value for key, value in spec.items() if key != "name"}
    known = inspect.signature(kind).parameters
    unknown = arguments.keys() - known.keys()
    if unknown:
        raise CourseError(f"The objective {spec['name']!r} has no {', '.join(sorted(unknown))}.")
    missing = [key for key, p in known.items() if p.default is p.empty and key not in arguments]
    if missing:
        raise CourseError(f"The objective {spec['name']!r} needs {', '.join(missing)}.")
    return kind(**arguments)
