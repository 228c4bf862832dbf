"""What survives in 05_adam and is right after all."""

from grader.audit.equivalent.explained import Explained

EQUIVALENT: dict[str, tuple[Explained, ...]] = {
    "amsgrad_step": (
        Explained(
            "v_max = np.maximum(v_max, v)",
            ("v_max = np.maximum(v, v_max)",),
            "The larger of two numbers is the same in either order.",
        ),
    ),
    "clinic_05": (
        Explained(
            "grads = [X.T @ error / len(y), np.mean(error)]",
            ("grads = [X.T @ error / len(X), np.mean(error)]",),
            "X and y have the same length N.",
        ),
        Explained(
            "params[i] = params[i] - lr * m_hat / (np.sqrt(v_hat) + 1e-08)",
            ("params[i] -= lr * m_hat / (np.sqrt(v_hat) + 1e-08)",),
            "params[0] is the array that the decay has just made, which nobody else holds, and params[1] is a number.",
        ),
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
