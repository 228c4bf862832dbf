"""What survives in 14_seeing_inside and is right after all."""

from grader.audit.equivalent.explained import Explained

STRICT = "A direction has one tensor for each parameter, so strict has nothing to complain about."
REMEMBERS = "The numbers are the same; whether the {} remembers how it was made, the exercise leaves open."

EQUIVALENT: dict[str, tuple[Explained, ...]] = {
    "saliency": (
        Explained(
            "scores = model(pixels)[torch.arange(len(labels)), labels]",
            ("scores = model(pixels)[torch.arange(len(images)), labels]",),
            "There are as many labels as images.",
        ),
    ),
    "smoothgrad": (
        Explained(
            "noise = torch.randn(images.shape, generator=generator, dtype=images.dtype).to(images.device)",
            (
                "noise = torch.randn(images.shape, generator=generator, dtype=images.dtype)",
                "noise = torch.randn(images.shape, generator=generator, dtype=images.dtype).to(labels.device)",
                "noise = torch.randn(images.shape, generator=generator, dtype=images.dtype).to(generator.device)",
            ),
            "Images, labels and generator of the cases all lie on the CPU, so nothing has to move. On a GPU images and "
            "labels lie together, and noise that stays with a generator of the CPU is a crash, not a wrong number.",
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
            REMEMBERS.format("map"),
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
    "maximize_activation": (
        Explained(
            "return scores[0, unit] if layer is None else kept['maps'][0, unit].mean()",
            (
                "return scores[-1, unit] if layer is None else kept['maps'][0, unit].mean()",
                "return scores[0, unit] if layer is None else kept['maps'][-1, unit].mean()",
            ),
            "The batch has one image, so the first is the last.",
        ),
        Explained(
            "x, history = (image.detach().clone(), [])",
            ("x, history = (image.detach(), [])",),
            "Nothing writes into x: each step makes a new tensor, and recording is switched on for the detached one "
            "alone. A step in place would be found at once, by the caller's image.",
        ),
        Explained(
            "x, history = (image.detach().clone(), [])",
            ("x, history = (image.clone(), [])",),
            "The image is a plain tensor, so there is nothing from which to detach its copy.",
        ),
        Explained(
            "history.append(value.detach())",
            ("history.append(value)",),
            REMEMBERS.format("record"),
        ),
        Explained(
            "x = x.detach()",
            ("pass", "x = x"),
            "The gradient is asked for at this step's x, whatever came before it. " + REMEMBERS.format("image"),
        ),
        Explained(
            "x = x + lr * g / length",
            ("x += lr * g / length",),
            "By then x lies over the memory of the image one step ago, at first the clone, which nobody reads again.",
        ),
        Explained(
            "return (x, torch.stack(history))",
            ("return (x, history)",),
            "A list of single numbers is taken as a tensor of them.",
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
