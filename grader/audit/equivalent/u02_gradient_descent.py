"""What survives in 02_gradient_descent and is right after all."""

from grader.audit.equivalent.explained import Explained

EQUIVALENT: dict[str, tuple[Explained, ...]] = {
    "gradient_descent": (
        Explained(
            "path = np.zeros((steps + 1, len(theta0)))",
            ("path = np.ones((steps + 1, len(theta0)))",),
            "Row 0 is set to the start and row t + 1 in round t: every entry is written over before it is read.",
        ),
    ),
    "contraction_factor": (
        Explained(
            "return np.abs(1 - lr * np.linalg.eigvalsh(A)).max()",
            ("return np.abs(lr * np.linalg.eigvalsh(A) - 1).max()",),
            "|a - b| = |b - a|.",
        ),
    ),
    "backtracking_line_search": (
        Explained(
            "while f(theta - lr * g) > start - c * lr * g @ g:",
            ("while f(theta - lr * g) > start - g @ (c * lr * g):",),
            "The product g @ g of two vectors is symmetric, and the number c lr may stand at either factor.",
        ),
        Explained(
            "lr = lr * shrink",
            ("lr *= shrink",),
            "lr is a number, which `*=` replaces: nothing of the caller's changes.",
        ),
    ),
    "fit_softmax_regression": (
        Explained(
            "Z = Z - Z.max(axis=1, keepdims=True)",
            ("Z -= Z.max(axis=1, keepdims=True)",),
            "Z is this function's own array, made one line above; NumPy takes the maximum before it subtracts.",
        ),
        Explained(
            "W = W - lr * X.T @ (np.exp(log_p) - Y) / len(y)",
            ("W -= lr * X.T @ (np.exp(log_p) - Y) / len(y)",),
            "W is this function's own array of floats, and nobody else holds it before it is returned.",
        ),
        Explained(
            "W = W - lr * X.T @ (np.exp(log_p) - Y) / len(y)",
            ("W = W - lr * X.T @ (np.exp(log_p) - Y) / len(X)",),
            "X and y have the same length N.",
        ),
    ),
    "clinic_02": (
        Explained(
            "return np.array(path)",
            ("return path",),
            "A list of vectors of one length counts as the array of these rows: the check makes it one.",
        ),
    ),
}
