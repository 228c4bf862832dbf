"""What survives in 06_regularization and is right after all."""

from grader.audit.equivalent.explained import Explained

EQUIVALENT: dict[str, tuple[Explained, ...]] = {
    "soft_threshold": (
        Explained(
            "return np.sign(w) * np.maximum(np.abs(w) - threshold, 0)",
            ("return np.sign(w) * np.maximum(0, np.abs(w) - threshold)",),
            "The larger of two numbers is the same in either order.",
        ),
    ),
    "k_fold": (
        Explained("rows = np.arange(len(y))", ("rows = np.arange(len(X))",), "X has a row for each target."),
        Explained("return np.array(losses)", ("return losses",), "A list of k numbers is as good as an array of them."),
    ),
    "l2_step": (
        Explained(
            "for param, grad in zip(optimizer.params, grads, strict=True):",
            (
                "for param, grad in zip(optimizer.params, grads):",
                "for param, grad in zip(optimizer.params, grads, strict=False):",
            ),
            "There is one gradient for each parameter, so strict has nothing to complain about.",
        ),
    ),
    "dropout_forward": (
        Explained(
            "return (x, np.ones(x.shape, dtype=bool))",
            ("return (x, np.ones(x.shape))",),
            "A mask of ones and zeros says the same as one of True and False, and is taken as such.",
        ),
        Explained(
            "mask = rng.random(x.shape) >= p",
            ("mask = rng.random(x.shape) > p",),
            "The two differ where a random number is exactly p, with a probability of about 1e-16.",
        ),
    ),
    "EarlyStopping": (
        Explained(
            "self.bad_updates = 0",
            ("pass", "self.bad_updates = 1", "self.bad_updates = -1"),
            "At the start: any loss is below infinity, so the first update sets the count to 0 before it is read.",
        ),
    ),
    "clinic_06": (
        Explained(
            "w, b = (w - lr * (X.T @ error / len(y) + lam * w), b - lr * np.mean(error))",
            ("w, b = (w - lr * (X.T @ error / len(X) + lam * w), b - lr * np.mean(error))",),
            "X and y have the same length N.",
        ),
        Explained(
            "return (w, b, np.array(history))",
            ("return (w, b, history)",),
            "A list of numbers is judged as the array it stands for, here as everywhere in the course.",
        ),
    ),
}
