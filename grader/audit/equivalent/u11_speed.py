"""What survives in 11_speed and is right after all."""

from grader.audit.equivalent.explained import Explained

EQUIVALENT: dict[str, tuple[Explained, ...]] = {
    "amp_step": (
        Explained(
            "with torch.autocast(images.device.type, dtype=dtype):",
            ("with torch.autocast(labels.device.type, dtype=dtype):",),
            "Images and labels lie on one device.",
        ),
    ),
    "clinic_11": (
        Explained(
            "for batch in batches[:warmup]:",
            ("for batch in batches:", "for batch in batches[:]:"),
            "More steps before the clock starts take longer and change no figure; how many suffice, nobody can say.",
        ),
    ),
    "predict_step_time": (
        Explained(
            "work = max(flops / peak, moved / bandwidth)",
            ("work = max(moved / bandwidth, flops / peak)",),
            "The larger of two numbers does not depend on their order.",
        ),
        Explained(
            "end = max(handed_over, end) + work",
            ("end = max(end, handed_over) + work",),
            "The later of two times does not depend on their order.",
        ),
    ),
    "average_gradients": (
        Explained(
            "for params in zip(*(model.parameters() for model in models), strict=True):",
            (
                "for params in zip(*(model.parameters() for model in models)):",
                "for params in zip(*(model.parameters() for model in models), strict=False):",
            ),
            "Copies of one model have as many parameters each.",
        ),
        Explained(
            "shares = [n / total * p.grad for p, n in zip(params, counts, strict=True) if p.grad is not None]",
            (
                "shares = [n / total * p.grad for p, n in zip(params, counts) if p.grad is not None]",
                "shares = [n / total * p.grad for p, n in zip(params, counts, strict=False) if p.grad is not None]",
            ),
            "There are as many counts as copies.",
        ),
        Explained(
            "p.grad = sum(shares).clone() if shares else None",
            ("p.grad = sum(shares) if shares else None",),
            "The sum is computed anew for each copy, so that each has a tensor of its own as it is.",
        ),
    ),
}
