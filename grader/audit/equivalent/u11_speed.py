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
}
