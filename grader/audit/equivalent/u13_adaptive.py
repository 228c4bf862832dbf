"""What survives in 13_adaptive and is right after all."""

from grader.audit.equivalent.explained import Explained

LABELS = (
    "The sizes that a layer was made with are read by nobody once its arrays are exchanged: the arrays' shapes count."
)
STRICT = "Both have one entry for each weight, so strict has nothing to complain about."

EQUIVALENT: dict[str, tuple[Explained, ...]] = {
    "magnitude_prune": (
        Explained(
            "size = torch.cat([p.detach().abs().flatten() for p in weights.values()])",
            ("size = torch.cat([p.abs().flatten() for p in weights.values()])",),
            "The gradient that is recorded is never asked for: only whole numbers, places, come out of the ranking.",
        ),
        Explained(
            "masks = {name: part.reshape(p.shape) for (name, p), part in zip(weights.items(), parts, strict=True)}",
            (
                "masks = {name: part.reshape(p.shape) for (name, p), part in zip(weights.items(), parts)}",
                "masks = {name: part.reshape(p.shape) for (name, p), part in "
                "zip(weights.items(), parts, strict=False)}",
            ),
            STRICT,
        ),
    ),
    "prune_channels": (
        Explained(
            "norms = conv.weight.detach().abs().sum(dim=(1, 2, 3))",
            ("norms = conv.weight.detach().abs().mean(dim=(1, 2, 3))",),
            "All filters have as many weights, so their means rank as their sums do.",
        ),
        Explained(
            "norms = conv.weight.detach().abs().sum(dim=(1, 2, 3))",
            ("norms = conv.weight.abs().sum(dim=(1, 2, 3))",),
            "The gradient that is recorded is never asked for: only whole numbers, places, come out of the ranking.",
        ),
        Explained(
            "norms = conv.weight.detach().abs().sum(dim=(1, 2, 3))",
            ("norms = conv.weight.detach().abs().sum(dim=(1, -2, 3))",),
            "Of four axes, the second from the end is the third.",
        ),
        Explained(
            "new = nn.Conv2d(conv.in_channels, count, conv.kernel_size, conv.stride, "
            "conv.padding, bias=conv.bias is not None)",
            (
                "new = nn.Conv2d(count, conv.in_channels, conv.kernel_size, conv.stride, "
                "conv.padding, bias=conv.bias is not None)",
            ),
            LABELS,
        ),
        Explained(
            "old, norm = (norm, nn.BatchNorm2d(count).train(norm.training))",
            (
                "old, norm = (norm, nn.BatchNorm2d(count))",
                "old, norm = (norm, nn.BatchNorm2d(count).train(conv.training))",
                "old, norm = (norm, nn.BatchNorm2d(count).train(following.training))",
            ),
            "The layers share one mode in a model, and its next train() or eval() sets it.",
        ),
        Explained(
            "last = nn.Linear(blocks.shape[1], following.out_features)",
            (
                "last = nn.Linear(following.out_features, blocks.shape[1])",
                "last = nn.Linear(blocks.shape[0], following.out_features)",
            ),
            LABELS,
        ),
        Explained(
            "last = nn.Conv2d(count, following.out_channels, following.kernel_size, "
            "following.stride, following.padding)",
            (
                "last = nn.Conv2d(following.out_channels, count, following.kernel_size, "
                "following.stride, following.padding)",
                "last = nn.Conv2d(count, conv.out_channels, following.kernel_size, "
                "following.stride, following.padding)",
                "last = nn.Conv2d(count, following.out_channels, conv.kernel_size, "
                "following.stride, following.padding)",
            ),
            LABELS,
        ),
    ),
    "net2wider": (
        Explained(
            "if isinstance(first, nn.Conv2d):", ("if isinstance(second, nn.Conv2d):",), "Both layers are of one kind."
        ),
        Explained(
            "one = nn.Conv2d(first.in_channels, len(copies), first.kernel_size, first.stride, first.padding)",
            (
                "one = nn.Conv2d(len(copies), first.in_channels, first.kernel_size, first.stride, first.padding)",
                "one = nn.Conv2d(second.in_channels, len(copies), first.kernel_size, first.stride, first.padding)",
                "one = nn.Conv2d(first.in_channels, len(copies), second.kernel_size, first.stride, first.padding)",
            ),
            LABELS,
        ),
        Explained(
            "two = nn.Conv2d(len(copies), second.out_channels, second.kernel_size, second.stride, second.padding)",
            (
                "two = nn.Conv2d(second.out_channels, len(copies), second.kernel_size, second.stride, second.padding)",
                "two = nn.Conv2d(len(copies), first.out_channels, second.kernel_size, second.stride, second.padding)",
                "two = nn.Conv2d(len(copies), second.out_channels, first.kernel_size, second.stride, second.padding)",
            ),
            LABELS,
        ),
        Explained(
            "one = nn.Linear(first.in_features, len(copies))",
            (
                "one = nn.Linear(len(copies), first.in_features)",
                "one = nn.Linear(second.in_features, len(copies))",
            ),
            LABELS,
        ),
        Explained(
            "two = nn.Linear(len(copies), second.out_features)",
            (
                "two = nn.Linear(second.out_features, len(copies))",
                "two = nn.Linear(len(copies), first.out_features)",
            ),
            LABELS,
        ),
        Explained(
            "two.weight.data = (second.weight.data[:, copies].transpose(1, -1) / count).transpose(1, -1)",
            (
                "two.weight.data = (second.weight.data[:, copies].transpose(1, -1) / count).transpose(-1, 1)",
                "two.weight.data = (second.weight.data[:, copies].transpose(-1, 1) / count).transpose(1, -1)",
            ),
            "Two axes are exchanged, in whichever order they are named.",
        ),
    ),
    "net2deeper": (
        Explained(
            "new.weight.data[:, :, height // 2, breadth // 2] = torch.eye(width)",
            (
                "new.weight.data[:, :, height // -2, breadth // 2] = torch.eye(width)",
                "new.weight.data[:, :, height // 2, breadth // -2] = torch.eye(width)",
            ),
            "For an odd side, as many pixels lie before the middle as behind it.",
        ),
    ),
    "successive_halving": (
        Explained(
            "best = sorted(alive, key=lambda candidate: -scores[candidate])[:max(1, len(alive) // eta)]",
            ("best = sorted(alive, key=lambda candidate: -scores[candidate])[:max(len(alive) // eta, 1)]",),
            "The larger of two numbers is the same in either order.",
        ),
        Explained(
            "return (alive[0], rungs)", ("return (alive[-1], rungs)",), "One is left: it is the first and the last."
        ),
    ),
    "clinic_13": (
        Explained(
            "for w, mask in zip(weights, masks, strict=True):",
            (
                "for w, mask in zip(weights, masks):",
                "for w, mask in zip(weights, masks, strict=False):",
            ),
            STRICT,
        ),
        Explained(
            "nn.functional.mse_loss(model(X), y).backward()",
            ("nn.functional.mse_loss(y, model(X)).backward()",),
            "A squared difference is the same from both sides.",
        ),
        Explained(
            "zeros.append(sum((int((w == 0).sum()) for w in weights)))",
            (
                "zeros.append(sum(((w == 0).sum() for w in weights)))",
                "zeros.append(sum((float((w == 0).sum()) for w in weights)))",
            ),
            "A whole number counts as the number it is, as a float or a tensor too.",
        ),
    ),
    "mixed_op": (
        Explained(
            "return torch.tensordot(alphas.softmax(dim=0), outputs, dims=1)",
            ("return torch.tensordot(alphas.softmax(dim=-1), outputs, dims=1)",),
            "A vector has one axis: the first is the last.",
        ),
    ),
    "distillation_loss": (
        Explained(
            "log_p, log_q = (nn.functional.log_softmax(z / T, dim=1) for z in (teacher.detach(), student))",
            ("log_p, log_q = (nn.functional.log_softmax(z / T) for z in (teacher.detach(), student))",),
            "For a matrix log_softmax without an axis takes the last one, and warns that one should say so.",
        ),
        Explained(
            "soft = (log_p.exp() * (log_p - log_q)).sum() / len(y)",
            (
                "soft = (log_p.exp() * (log_p - log_q)).sum() / len(student)",
                "soft = (log_p.exp() * (log_p - log_q)).sum() / len(teacher)",
            ),
            "There are as many labels as rows of logits.",
        ),
    ),
    "quantize_int8": (
        Explained(
            "rows = weight.reshape(len(weight), -1)",
            ("rows = weight.reshape(len(weight), -2)",),
            "NumPy takes any number below zero for the length that is left.",
        ),
        Explained(
            "q = np.clip(np.rint(rows / scale[:, None]), -127, 127).astype(np.int8)",
            ("q = np.clip(-127, np.rint(rows / scale[:, None]), 127).astype(np.int8)",),
            "The larger of two numbers does not depend on their order, and the upper bound is the same.",
        ),
    ),
}
