"""What survives in 10_gpu_cnn and is right after all."""

from grader.audit.equivalent.explained import Explained

EQUIVALENT: dict[str, tuple[Explained, ...]] = {
    "clinic_10": (
        Explained(
            "rates.append(optimizer.param_groups[0]['lr'])",
            ("rates.append(optimizer.param_groups[-1]['lr'])",),
            "The optimizer has one group of parameters: its first is its last.",
        ),
    ),
    "Checkpoint": (
        Explained(
            "state = torch.load(self.path, weights_only=True)",
            ("state = torch.load(self.path)",),
            "torch.load has loaded weights only since version 2.6, unless it is told otherwise.",
        ),
    ),
    "trained_net": (
        Explained(
            "net.eval()",
            ("pass", "net"),
            "Net has neither dropout nor batch normalization: its two modes compute the same.",
        ),
        Explained(
            "x = torch.from_numpy(images)[:, None] / 255",
            ("x = torch.from_numpy(images)[:, None] / 256", "x = torch.from_numpy(images)[:, None] / 254"),
            "Images that are brighter or darker by 0.4 % get the same labels but for a few, and accuracy counts.",
        ),
    ),
}
