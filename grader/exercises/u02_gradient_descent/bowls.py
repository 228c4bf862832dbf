"""What the exercises of this unit share: bowls to descend, their extreme curvatures, objectives in torch."""

from collections.abc import Mapping
from typing import Any

import numpy as np

UNIT = "02_gradient_descent"


def bowl(rng: np.random.Generator, *curvatures: float) -> np.ndarray:
    """A symmetric matrix with these eigenvalues, each blurred by up to 10%, along random directions."""
    scaled = np.array(curvatures) * rng.uniform(0.9, 1.1, size=len(curvatures))
    directions = np.linalg.qr(rng.normal(size=(len(scaled), len(scaled))))[0]
    A = directions @ np.diag(scaled) @ directions.T
    return np.asarray((A + A.T) / 2)


def quadratic(A: Any, b: Any) -> dict[str, Any]:
    return {"name": "quadratic", "A": np.asarray(A, dtype=float), "b": np.asarray(b, dtype=float)}


def extreme_curvatures(A: np.ndarray) -> tuple[float, float]:
    """(L, mu) of a positive definite matrix, where eigenvalues are singular values; by torch."""
    import torch

    values = torch.linalg.svdvals(torch.from_numpy(np.asarray(A, dtype=np.float64)))
    return float(values[0]), float(values[-1])


def torch_value(objective: Mapping[str, Any], theta: Any) -> Any:
    """The objective at the tensor theta, written in torch: independent of course_lib.objectives."""
    import torch

    if objective["name"] == "rosenbrock":
        return (1 - theta[0]) ** 2 + 100 * (theta[1] - theta[0] ** 2) ** 2
    A, b = torch.from_numpy(objective["A"]), torch.from_numpy(objective["b"])
    if objective["name"] == "log_sum_exp":
        return torch.logsumexp(A @ theta + b, dim=0)
    return theta @ A @ theta / 2 - b @ theta
