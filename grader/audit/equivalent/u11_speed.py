"""What survives in 11_speed and is right after all."""

from grader.audit.equivalent.explained import Explained

EQUIVALENT: dict[str, tuple[Explained, ...]] = {
    "amp_step": (
        Explained(
            "with torch.autocast(images.device.type, dtype=torch.bfloat16):",
            (
                "with torch.autocast(images.device.type):",
                "with torch.autocast(labels.device.type, dtype=torch.bfloat16):",
            ),
            "On a CPU, where it is graded, autocast computes in bfloat16 unless it is told otherwise; images and "
            "labels lie on one device.",
        ),
    ),
}
