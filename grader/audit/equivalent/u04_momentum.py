"""What survives in 04_momentum and is right after all."""

from grader.audit.equivalent.explained import Explained

EQUIVALENT: dict[str, tuple[Explained, ...]] = {
    "ema": (
        Explained(
            "return np.array(averages)",
            ("return averages",),
            "A list of the same averages is taken as the array that it makes.",
        ),
    ),
    "SGD": (
        Explained(
            "for param, velocity, grad in zip(self.params, self.velocities, grads, strict=True):",
            (
                "for param, velocity, grad in zip(self.params, self.velocities, grads):",
                "for param, velocity, grad in zip(self.params, self.velocities, grads, strict=False):",
            ),
            "There is one velocity and one gradient for each parameter, so strict has nothing to complain about.",
        ),
    ),
    "clinic_04": (
        Explained(
            "return (np.array([a for a, _ in path]), np.array([b for _, b in path]))",
            (
                "return ([a for a, _ in path], np.array([b for _, b in path]))",
                "return (np.array([a for a, _ in path]), [b for _, b in path])",
            ),
            "A list of the same rows is taken as the array that it makes.",
        ),
    ),
}
