"""What survives in 03_sgd and is right after all."""

from grader.audit.equivalent.explained import Explained

EQUIVALENT: dict[str, tuple[Explained, ...]] = {
    "minibatches": (
        Explained(
            "order = rng.permutation(len(y))",
            ("order = rng.permutation(len(X))",),
            "X and y have the same length N.",
        ),
        Explained(
            "for start in range(0, len(y), batch_size):",
            ("for start in range(0, len(X), batch_size):",),
            "X and y have the same length N.",
        ),
    ),
    "gradient_noise": (
        Explained(
            "variance = np.sum((grads - grads.mean(axis=0)) ** 2) / N",
            ("variance = np.sum((grads.mean(axis=0) - grads) ** 2) / N",),
            "(a - b)^2 = (b - a)^2.",
        ),
    ),
    "linear_warmup": (
        Explained(
            "return lr0 * min(1, (t + 1) / warmup)",
            ("return lr0 * min((t + 1) / warmup, 1)",),
            "The smaller of two numbers is the same in either order.",
        ),
    ),
    "lr_range_test": (
        Explained(
            "losses = np.zeros(steps)",
            ("losses = np.ones(steps)",),
            "Round t writes entry t, and there are as many rounds as entries: none is read before.",
        ),
    ),
    "clinic_03": (
        Explained(
            "for i in range(-(-len(y) // batch_size)):",
            ("for i in range(-(-len(X) // batch_size)):",),
            "X and y have the same length N.",
        ),
        Explained(
            "history.append(total / len(y))",
            ("history.append(total / len(X))",),
            "X and y have the same length N.",
        ),
        Explained(
            "return (theta, np.array(history))",
            ("return (theta, history)",),
            "A list of numbers is judged as the array it stands for, here as everywhere in the course.",
        ),
    ),
}
