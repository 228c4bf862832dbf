"""What survives in 08_cnn and is right after all."""

from grader.audit.equivalent.explained import Explained

EQUIVALENT: dict[str, tuple[Explained, ...]] = {
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
    "col2im": (
        Explained(
            "padded = np.zeros((N, C, height + 2 * PH, width + 2 * PW), dtype=cols.dtype)",
            ("padded = np.zeros((N, C, height + 2 * PH, width + 2 * PW))",),
            "The zeros are then float64, and every case is: only what the computation costs in float32 depends on it.",
        ),
        Explained(
            "padded = np.zeros((N, C, height + 2 * PH, width + 2 * PW), dtype=cols.dtype)",
            (
                "padded = np.zeros((N, C, height + 3 * PH, width + 2 * PW), dtype=cols.dtype)",
                "padded = np.zeros((N, C, height + 2 * PH, width + 3 * PW), dtype=cols.dtype)",
            ),
            "More rows or columns than windows reach stay zero, and what is returned is cut out before them.",
        ),
    ),
    "conv2d_backward": (
        Explained(
            "dcols = W.reshape(F, -1).T @ flat",
            ("dcols = W.reshape(F, -2).T @ flat",),
            "NumPy takes any negative number in a reshape for the one length that is to be worked out.",
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
}
