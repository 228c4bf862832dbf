"""What survives in 00_start_here and is right after all."""

from grader.audit.equivalent.explained import Explained

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
}
