"""Mutants that are right after all, and why: what the audit accepts as a survivor.

An entry names the line and what it became, as `ast.unparse` writes them, and gives the reason, in a sentence that
proves it, or says why nobody should be held to the difference. An entry that no survivor matches any more is reported,
so that nothing here outlives its cause.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Explained:
    """The line `was`, changed into any of `becomes`, gives the same values, `because`."""

    was: str
    becomes: tuple[str, ...]
    because: str


EQUIVALENT: dict[str, tuple[Explained, ...]] = {
    "standardize": (
        Explained(
            "return (X - mean) / np.where(std > 0, std, 1.0)",
            (
                "return (X - mean) / np.where(std > 0, std, 10.0)",
                "return (X - mean) / np.where(std > 0, std, 0.1)",
                "return (X - mean) / np.where(std > 0, std, -1.0)",
            ),
            "Where the standard deviation is 0, X - mean is 0, and 0 divided by any number but 0 is 0.",
        ),
    ),
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
    "soft_threshold": (
        Explained(
            "return np.sign(w) * np.maximum(np.abs(w) - threshold, 0)",
            ("return np.sign(w) * np.maximum(0, np.abs(w) - threshold)",),
            "The larger of two numbers is the same in either order.",
        ),
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
            "In __init__: the first loss is below infinity, so the first update sets the count to 0 before it is read.",
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
    "conv2d_loops": (
        Explained(
            "padded = np.pad(X, ((0, 0), (0, 0), (PH, PH), (PW, PW)))",
            ("padded = np.pad(X, ((0, 1), (0, 0), (PH, PH), (PW, PW)))",),
            "An image of zeros behind the last one, which no round of the loop looks at.",
        ),
        Explained(
            "out = np.zeros((N, F, OH, OW))",
            ("out = np.ones((N, F, OH, OW))",),
            "The loop writes over every entry, and none is read before.",
        ),
    ),
    "im2col": (
        Explained(
            "windows = np.lib.stride_tricks.sliding_window_view(padded, (KH, KW), axis=(2, 3))[:, :, ::SH, ::SW]",
            ("windows = np.lib.stride_tricks.sliding_window_view(padded, (KH, KW), axis=(-2, 3))[:, :, ::SH, ::SW]",),
            "Of four axes, -2 is the third and 2 too.",
        ),
        Explained(
            "return windows.transpose(0, 1, 4, 5, 2, 3).reshape(N, C * KH * KW, OH * OW)",
            ("return windows.transpose(0, 1, 4, 5, 2, -3).reshape(N, C * KH * KW, OH * OW)",),
            "Of six axes, -3 is the fourth and 3 too.",
        ),
    ),
    "conv2d_forward": (
        Explained(
            "out = W.reshape(F, -1) @ cols + b[:, None]",
            ("out = W.reshape(F, -2) @ cols + b[:, None]",),
            "NumPy takes any negative number in a reshape for the one length that is to be worked out.",
        ),
    ),
    "conv2d_backward": (
        Explained(
            "dcols = (W.reshape(F, -1).T @ flat).reshape(N, C, KH, KW, OH, OW)",
            ("dcols = (W.reshape(F, -2).T @ flat).reshape(N, C, KH, KW, OH, OW)",),
            "NumPy takes any negative number in a reshape for the one length that is to be worked out.",
        ),
        Explained(
            "padded = np.zeros((N, C, height + 2 * PH, width + 2 * PW), dtype=dout.dtype)",
            ("padded = np.zeros((N, C, height + 2 * PH, width + 2 * PW))",),
            "The zeros are then float64, and every case is: only what the computation costs in float32 depends on it.",
        ),
        Explained(
            "padded = np.zeros((N, C, height + 2 * PH, width + 2 * PW), dtype=dout.dtype)",
            (
                "padded = np.zeros((N, C, height + 3 * PH, width + 2 * PW), dtype=dout.dtype)",
                "padded = np.zeros((N, C, height + 2 * PH, width + 3 * PW), dtype=dout.dtype)",
            ),
            "More rows or columns than windows reach stay zero, and what is returned is cut out before them.",
        ),
    ),
    "maxpool_forward": (
        Explained(
            "out = np.full((N, C, OH, OW), -np.inf, dtype=X.dtype)",
            ("out = np.full((N, C, OH, OW), -np.inf)",),
            "float64, as every case is: only what the computation costs in float32 depends on it.",
        ),
        Explained(
            "out = np.full((N, C, OH, OW), -np.inf, dtype=X.dtype)",
            ("out = -np.inf",),
            "A single number lines up with the first places, and is an array from then on.",
        ),
        Explained(
            "out = np.maximum(out, X[:, :, k:k + SH * OH:SH, m:m + SW * OW:SW])",
            ("out = np.maximum(X[:, :, k:k + SH * OH:SH, m:m + SW * OW:SW], out)",),
            "The larger of two numbers is the same in either order.",
        ),
    ),
    "maxpool_backward": (
        Explained(
            "dX = np.zeros(X.shape, dtype=dout.dtype)",
            ("dX = np.zeros(X.shape)",),
            "The zeros are then float64, and every case is: only what the computation costs in float32 depends on it.",
        ),
    ),
    "NumpyCNN": (
        Explained(
            "logits, linear = linear_forward(A.reshape(len(A), -1), W3, b3)",
            ("logits, linear = linear_forward(A.reshape(len(A), -2), W3, b3)",),
            "NumPy takes any negative number in a reshape for the one length that is to be worked out.",
        ),
    ),
    "batchnorm_forward": (
        Explained(
            "mean, var = (X.mean(axis=(0, 2, 3)), X.var(axis=(0, 2, 3)))",
            (
                "mean, var = (X.mean(axis=(0, -2, 3)), X.var(axis=(0, 2, 3)))",
                "mean, var = (X.mean(axis=(0, 2, 3)), X.var(axis=(0, -2, 3)))",
            ),
            "Of four axes, -2 is the third and 2 too.",
        ),
    ),
    "batchnorm_backward": (
        Explained(
            "dgamma, dbeta = ((dout * X_hat).sum(axis=(0, 2, 3)), dout.sum(axis=(0, 2, 3)))",
            (
                "dgamma, dbeta = ((dout * X_hat).sum(axis=(0, -2, 3)), dout.sum(axis=(0, 2, 3)))",
                "dgamma, dbeta = ((dout * X_hat).sum(axis=(0, 2, 3)), dout.sum(axis=(0, -2, 3)))",
            ),
            "Of four axes, -2 is the third and 2 too.",
        ),
        Explained(
            "count = dout.size / len(gamma)",
            ("count = dout.size // len(gamma)",),
            "The number of values is a multiple of the number of channels.",
        ),
    ),
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
    "autograd_gradients": (
        Explained(
            "for i in range(0, len(tensors), 2):",
            ("for i in range(0, len(tensors) - 1, 2):",),
            "Their number is even, a weight and a bias for each layer, so both count 0, 2, ... to the last weight.",
        ),
        Explained("if i > 0:", ("if i > 1:",), "i is even."),
        Explained(
            "return (loss.item(), [tensor.grad.numpy() for tensor in tensors])",
            ("return (loss, [tensor.grad.numpy() for tensor in tensors])",),
            "A tensor with one number is taken as that number.",
        ),
    ),
    "port_cnn": (
        Explained(
            "for parameter, value in zip(model.parameters(), (W1, b1, W2, b2, W3.T, b3), strict=True):",
            (
                "for parameter, value in zip(model.parameters(), (W1, b1, W2, b2, W3.T, b3)):",
                "for parameter, value in zip(model.parameters(), (W1, b1, W2, b2, W3.T, b3), strict=False):",
            ),
            "The model has six parameters, so strict has nothing to complain about.",
        ),
    ),
    "Muon": (
        Explained(
            "X = 3.4445 * X + (-4.775 * A + 2.0315 * A @ A) @ X",
            ("X = 3.4445 * X + (-4.775 * A + A @ (2.0315 * A)) @ X",),
            "A number may stand at either factor of a product.",
        ),
        Explained(
            "p -= group['lr'] * max(1, p.shape[0] / p.shape[1]) ** 0.5 * X",
            ("p -= group['lr'] * max(p.shape[0] / p.shape[1], 1) ** 0.5 * X",),
            "The larger of two numbers is the same in either order.",
        ),
    ),
    "clinic_09": (
        Explained(
            "loss = ((model(X).squeeze(1) - y) ** 2).mean()",
            ("loss = ((y - model(X).squeeze(1)) ** 2).mean()",),
            "(a - b)^2 = (b - a)^2.",
        ),
    ),
}
