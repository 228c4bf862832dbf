"""What survives in 01_gradients and is right after all."""

from grader.audit.equivalent.explained import Explained

EQUIVALENT: dict[str, tuple[Explained, ...]] = {
    "mse_loss": (
        Explained(
            "return (np.mean(residual ** 2), 2 / len(y) * X.T @ residual)",
            ("return (np.mean(residual ** 2), 2 / len(X) * X.T @ residual)",),
            "X and y have the same length N.",
        ),
    ),
    "numerical_gradient": (
        Explained(
            "theta = np.asarray(theta, dtype=np.float64)",
            ("pass", "theta = theta", "theta = np.asarray(theta)"),
            "theta is only ever used in theta + step and theta - step, which are float64 because step is.",
        ),
        Explained(
            "grad = np.zeros(theta.shape)",
            ("grad = np.ones(theta.shape)",),
            "The loop writes over every entry, and none is read before.",
        ),
    ),
    "gradient_check": (
        Explained(
            "error = np.max(np.abs(g - n) / np.maximum(np.abs(g) + np.abs(n), 0.001))",
            (
                "error = np.max(np.abs(n - g) / np.maximum(np.abs(g) + np.abs(n), 0.001))",
                "error = np.max(np.abs(g - n) / np.maximum(0.001, np.abs(g) + np.abs(n)))",
            ),
            "|a - b| = |b - a|, and the larger of two numbers is the same in either order.",
        ),
        Explained(
            "return (bool(error < tol), error)",
            ("return (error < tol, error)",),
            "NumPy's True and False count as Python's.",
        ),
        Explained(
            "return (bool(error < tol), error)",
            ("return (bool(error <= tol), error)",),
            "The two differ only where the rounded error equals tol to its last bit; no case punishes either reading.",
        ),
    ),
    "cross_entropy": (
        Explained(
            "rows = np.arange(len(labels))",
            ("rows = np.arange(len(logits))",),
            "logits and labels have the same length N.",
        ),
        Explained(
            "return (-np.mean(log_p[rows, labels]), grad / len(labels))",
            ("return (-np.mean(log_p[rows, labels]), grad / len(logits))",),
            "logits and labels have the same length N.",
        ),
    ),
}
