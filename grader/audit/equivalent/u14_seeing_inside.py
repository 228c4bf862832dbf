"""What survives in 14_seeing_inside and is right after all."""

from grader.audit.equivalent.explained import Explained

STRICT = "A direction has one tensor for each parameter, so strict has nothing to complain about."

EQUIVALENT: dict[str, tuple[Explained, ...]] = {
    "saliency": (
        Explained(
            "scores = model(pixels)[torch.arange(len(labels)), labels]",
            ("scores = model(pixels)[torch.arange(len(images)), labels]",),
            "There are as many labels as images.",
        ),
    ),
    "grad_cam": (
        Explained(
            "scores = model(images)[torch.arange(len(labels)), labels]",
            ("scores = model(images)[torch.arange(len(images)), labels]",),
            "There are as many labels as images.",
        ),
        Explained(
            "activations = kept[0]",
            ("activations = kept[-1]",),
            "The list is new at each call, and the layer runs once, so it has one entry.",
        ),
        Explained(
            "weights = gradient.mean(dim=(2, 3), keepdim=True)",
            ("weights = gradient.mean(dim=(-2, 3), keepdim=True)",),
            "Of four axes, -2 is the same as 2.",
        ),
        Explained(
            "maps = torch.relu((weights * activations).sum(dim=1, keepdim=True)).detach()",
            ("maps = torch.relu((weights * activations).sum(dim=1, keepdim=True))",),
            "The numbers are the same; whether the map remembers how it was made, the exercise leaves open.",
        ),
        Explained(
            "return nn.functional.interpolate(maps, size=images.shape[2:], mode='bilinear')[:, 0]",
            (
                "return nn.functional.interpolate(maps, size=images.shape[-2:], mode='bilinear')[:, 0]",
                "return nn.functional.interpolate(maps, size=images.shape[2:], mode='bilinear')[:, -1]",
            ),
            "Images have four axes, and the map has one channel: from the end or from the beginning is the same.",
        ),
    ),
    "filter_normalized": (
        Explained(
            "for d, theta in zip(direction, params, strict=True):",
            (
                "for d, theta in zip(direction, params):",
                "for d, theta in zip(direction, params, strict=False):",
            ),
            STRICT,
        ),
    ),
    "loss_slice": (
        Explained(
            "for param, start, step in zip(model.parameters(), theta, direction, strict=True):",
            (
                "for param, start, step in zip(model.parameters(), theta, direction):",
                "for param, start, step in zip(model.parameters(), theta, direction, strict=False):",
            ),
            STRICT,
        ),
        Explained(
            "for param, start in zip(model.parameters(), theta, strict=True):",
            (
                "for param, start in zip(model.parameters(), theta):",
                "for param, start in zip(model.parameters(), theta, strict=False):",
            ),
            "theta was made from these very parameters.",
        ),
        Explained(
            "return torch.stack(losses)",
            ("return losses",),
            "A list of single numbers is taken as a tensor of them.",
        ),
    ),
    "clinic_14": (
        Explained(
            "score = model(pixels[None])[0, k]",
            ("score = model(pixels[None])[-1, k]",),
            "The batch has one image, so the first is the last.",
        ),
        Explained(
            "return torch.stack(maps)",
            ("return maps",),
            "A list of maps is taken as one tensor of them.",
        ),
    ),
}
