"""What survives in 07_mlp and is right after all."""

from grader.audit.equivalent.explained import Explained

EQUIVALENT: dict[str, tuple[Explained, ...]] = {
    "relu_forward": (
        Explained(
            "return (np.maximum(0, X), X)",
            ("return (np.maximum(X, 0), X)",),
            "The larger of two numbers is the same in either order.",
        ),
    ),
    "he_init": (
        Explained(
            "return rng.normal(0, np.sqrt(2 / fan_in), size=(fan_in, fan_out))",
            ("return -rng.normal(0, np.sqrt(2 / fan_in), size=(fan_in, fan_out))",),
            "A normal distribution around 0 is symmetric: minus such numbers are just such numbers.",
        ),
    ),
    "MLP": (
        Explained(
            "for fan_in, fan_out in zip(sizes[:-1], sizes[1:], strict=True):",
            (
                "for fan_in, fan_out in zip(sizes[:-1], sizes[1:]):",
                "for fan_in, fan_out in zip(sizes[:-1], sizes[1:], strict=False):",
            ),
            "Both slices have one entry less than sizes, so strict has nothing to complain about.",
        ),
        Explained(
            "for i in range(0, len(self.params), 2):",
            ("for i in range(0, len(self.params) - 1, 2):",),
            "The number of parameters is even, so the last even place lies before either end.",
        ),
        Explained(
            "if i > 0:",
            ("if i > 1:",),
            "i is even: above 0 and above 1 both mean 2 or more.",
        ),
    ),
    "Value": (
        Explained(
            "return Value(max(0.0, self.data), (self,), (1.0 if self.data > 0 else 0.0,))",
            ("return Value(max(self.data, 0.0), (self,), (1.0 if self.data > 0 else 0.0,))",),
            "The larger of two numbers is the same in either order.",
        ),
        Explained(
            "for parent, slope in zip(value.parents, value.slopes, strict=True):",
            (
                "for parent, slope in zip(value.parents, value.slopes):",
                "for parent, slope in zip(value.parents, value.slopes, strict=False):",
            ),
            "Each operation gives one slope for each parent, so strict has nothing to complain about.",
        ),
    ),
    "overfit_tiny_batch": (
        Explained(
            "losses = np.zeros(steps + 1)",
            ("losses = np.ones(steps + 1)",),
            "Round t writes entry t and the line after the loop writes the last one: none is read before.",
        ),
    ),
    "clinic_07": (
        Explained(
            "h = np.maximum(0, X @ W1)",
            ("h = np.maximum(X @ W1, 0)",),
            "The larger of two numbers is the same in either order.",
        ),
        Explained(
            "branch = np.maximum(0, h @ W2)",
            ("branch = np.maximum(h @ W2, 0)",),
            "The larger of two numbers is the same in either order.",
        ),
        Explained(
            "error = (total @ W3 - Y) / len(X)",
            ("error = (total @ W3 - Y) / len(Y)",),
            "X and Y have the same length N.",
        ),
        Explained(
            "loss = len(X) * np.sum(error ** 2) / 2",
            ("loss = len(Y) * np.sum(error ** 2) / 2",),
            "X and Y have the same length N.",
        ),
    ),
}
