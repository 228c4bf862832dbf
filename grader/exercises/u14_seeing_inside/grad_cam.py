"""`grad_cam`: where in a layer's maps the evidence for a class lies."""

from typing import Any

import numpy as np
from scipy.ndimage import map_coordinates

from grader.changes import change
from grader.exercises.u14_seeing_inside.networks import (
    UNIT,
    Layers,
    best_class,
    conv,
    dense,
    forward,
    gradients,
    other_class,
    plain,
    relu_network,
)
from grader.exercises.u14_seeing_inside.saliency import LEFT
from grader.spec import Case, Exercise, Group, Misconception


def pooled_network(rng: np.random.Generator, shape: tuple[int, int, int], classes: int) -> Layers:
    """A mean pooling at the front, so that the convolution's maps are smaller than the image."""
    C, height, width = shape
    flat = 3 * (height // 2) * (width // 2)
    layers = [plain("avgpool", size=2), conv(rng, "conv", C, 3), plain("tanh"), plain("flatten")]
    return [*layers, dense(rng, "out", flat, classes)]


def flat_network(rng: np.random.Generator, shape: tuple[int, int, int], classes: int) -> Layers:
    """One convolution as large as the image, tanh, and a linear layer."""
    C, height, width = shape
    layers = [conv(rng, "conv", C, 3), plain("tanh"), plain("flatten")]
    return [*layers, dense(rng, "out", 3 * height * width, classes)]


def grad_cam_cases(rng: np.random.Generator) -> list[Case]:
    def one(label: str, group: str, build: Any, layer: str, shape: tuple[int, ...], choose: Any = best_class,
            asks: str = "maps") -> Case:  # fmt: skip
        while True:
            layers, images = build(rng, shape[1:], 4), rng.normal(size=shape)
            labels = choose(layers, images)
            signed = weighted_maps(layers, layer, images, labels)
            share = (signed > 0).mean(axis=(1, 2))
            if (share > 0.25).all() and (share < 0.75).all():  # evidence for and against, or nothing is to be seen
                break
        inputs = {"network": layers, "layer": layer, "images": images, "labels": labels, "asks": asks}
        return Case(label, group, inputs)

    return [
        one("maps as large as the image", "map", flat_network, "conv", (1, 1, 4, 5)),
        one("the ReLU behind the first convolution", "map", relu_network, "relu1", (1, 1, 4, 6)),
        one("a convolution before its ReLU", "map", relu_network, "conv1", (1, 1, 4, 6)),
        one("maps half as large", "size", pooled_network, "conv", (1, 1, 8, 6)),
        one("an image that is wider than high", "size", pooled_network, "conv", (1, 2, 4, 10)),
        one("the ReLU behind the second convolution", "size", relu_network, "relu2", (1, 1, 8, 6)),
        one("a class that is not predicted", "asked", flat_network, "conv", (1, 1, 4, 5), other_class),
        one("another class that is not predicted", "asked", flat_network, "tanh", (1, 2, 3, 5), other_class),
        one("three images", "batch", flat_network, "conv", (3, 1, 4, 5)),
        one("two images, maps half as large", "batch", pooled_network, "conv", (2, 1, 8, 6)),
        one("called twice", "clean", flat_network, "conv", (1, 1, 4, 5), asks="left"),
        one("called twice, a layer in the middle", "clean", flat_network, "tanh", (1, 1, 3, 5), asks="left"),
    ]


def weighted_maps(network: Layers, layer: str, images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The layer's maps, weighted by the mean derivative of the score in each channel (complex step)."""
    cut = [each["name"] for each in network].index(layer) + 1
    activations = forward(network[:cut], images)
    weights = gradients(network[cut:], activations, labels).mean(axis=(2, 3))
    return np.einsum("nk,nkhw->nhw", weights, activations)


def grad_cam_oracle(
    network: Layers, layer: str, images: np.ndarray, labels: np.ndarray, asks: str
) -> tuple[np.ndarray, None, dict[str, bool] | None]:
    """The complex step for the weights; bilinear interpolation between the centres of the cells by SciPy."""
    small = np.maximum(weighted_maps(network, layer, images, labels), 0)
    axes = [
        (np.arange(large) + 0.5) * little / large - 0.5
        for large, little in zip(images.shape[2:], small.shape[1:], strict=True)
    ]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"))
    maps = np.stack([map_coordinates(each, grid, order=1, mode="nearest") for each in small])
    return maps, None, LEFT if asks == "left" else None


def grad_cam_by_halves(model, layer, images, labels):
    import torch

    children = list(model)
    cut = [child is layer for child in children].index(True) + 1
    with torch.no_grad():
        activations = torch.nn.Sequential(*children[:cut])(images)
    rows = []
    for activation, label in zip(activations, labels, strict=True):
        A = activation[None].clone().requires_grad_()
        score = torch.nn.Sequential(*children[cut:])(A)[0, label]
        weight = torch.autograd.grad(score, A)[0].mean(dim=(2, 3))
        rows.append(torch.relu(torch.tensordot(weight[0], activation, dims=1)))
    upsample = torch.nn.Upsample(size=images.shape[2:], mode="bilinear")
    return upsample(torch.stack(rows)[:, None])[:, 0]


def grad_cam_retained(model, layer, images, labels):
    import torch

    caught: dict[str, Any] = {}

    def keep(module: Any, inputs: Any, output: Any) -> Any:
        caught["A"] = output if output.requires_grad else output.detach().requires_grad_()
        return caught["A"]

    handle = layer.register_forward_hook(keep)
    try:
        scores = model(images).gather(1, labels[:, None]).sum()
    finally:
        handle.remove()
    A = caught["A"]
    grads = torch.autograd.grad(scores, A)[0]
    maps = (grads.flatten(2).mean(dim=2)[:, :, None, None] * A.detach()).sum(dim=1, keepdim=True).clamp(min=0)
    return torch.nn.functional.interpolate(maps, images.shape[-2:], mode="bilinear").squeeze(1)


def grad_cam(model, layer, images, labels):
    import torch

    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    scores = model(images)[torch.arange(len(labels)), labels]
    handle.remove()
    A = kept[-1]
    grads = torch.autograd.grad(scores.sum(), A)[0]
    weights = grads.mean(dim=(2, 3), keepdim=True)
    maps = torch.relu((weights * A).sum(dim=1, keepdim=True))
    return torch.nn.functional.interpolate(maps, size=images.shape[2:], mode="bilinear")[:, 0]


SCALED = {
    "divided_by_the_largest": (
        "keepdim=True))",
        "keepdim=True))\n    maps = maps / maps.amax(dim=(1, 2, 3), keepdim=True)",
    ),
    "divided_by_the_largest_of_the_image": (
        "return torch",
        "maps = torch",
        "[:, 0]",
        "[:, 0]\n    return maps / maps.amax(dim=(1, 2), keepdim=True)",
    ),
}


GRAD_CAM = Exercise(
    name="grad_cam",
    unit=UNIT,
    returns=("maps", "totals", "left"),
    driver="attribution",
    groups=(
        Group("map", "weights a layer's maps by their mean gradients and keeps what speaks for the class", 2, hint=1),
        Group("size", "stretches the map to the size of the image, bilinearly", 2, hint=3),
        Group("asked", "explains the class that is asked about", 1, hint=4),
        Group("batch", "gives each image the map that it would have alone", 1, hint=4),
        Group("clean", "takes its hooks away again, and leaves all else as it was", 2, hint=5),
    ),
    cases=grad_cam_cases,
    reference=grad_cam_oracle,
    misconceptions=(
        Misconception(
            "no_relu",
            change(
                grad_cam, "torch.relu((weights * A).sum(dim=1, keepdim=True))", "(weights * A).sum(dim=1, keepdim=True)"
            ),
            "Your map has negative places: evidence against the class. Grad-CAM asks where the evidence for it lies, "
            "and cuts the rest off at zero.",
            hint=2,
        ),
        Misconception(
            "relu_on_the_weights",
            change(
                grad_cam, "grads.mean(dim=(2, 3), keepdim=True)", "torch.relu(grads.mean(dim=(2, 3), keepdim=True))"
            ),
            "You cut off the negative weights, before the sum. A channel that speaks against the class then has no "
            "voice at all. Let all channels be summed, and cut off what is negative in the sum.",
            hint=2,
        ),
        Misconception(
            "relu_after_stretching",
            change(
                grad_cam,
                "torch.relu((weights * A).sum(dim=1, keepdim=True))",
                "(weights * A).sum(dim=1, keepdim=True)",
                "[:, 0]",
                "[:, 0].relu()",
            ),
            "You stretch the map first and cut it off afterwards. Between a positive and a negative cell that gives "
            "other values: first the small map is finished, then it is stretched.",
            hint=2,
        ),
        Misconception(
            "absolute",
            change(
                grad_cam,
                "torch.relu((weights * A).sum(dim=1, keepdim=True))",
                "(weights * A).sum(dim=1, keepdim=True).abs()",
            ),
            "You take the size of the sum, so that evidence against the class looks like evidence for it. What is "
            "negative becomes 0.",
            hint=2,
        ),
        Misconception(
            "a_relu_of_its_own",
            change(grad_cam, "A = kept[-1]", "A = kept[-1].relu()"),
            "You lay a ReLU over the activations yourself. Take them as the layer puts them out: whoever wants them "
            "after the ReLU hands over the ReLU as `layer`.",
            hint=1,
        ),
        Misconception(
            "no_mean",
            change(grad_cam, "grads.mean(dim=(2, 3), keepdim=True)", "grads"),
            "You multiply gradient and activation place by place. Grad-CAM gives each channel one weight, the mean of "
            "its gradients over all places; only the activations say where.",
        ),
        Misconception(
            "sum_of_the_gradients",
            change(grad_cam, "grads.mean(", "grads.sum("),
            "Your weights are sums over the places, not means: the map is too strong by the number of places.",
        ),
        Misconception(
            "mean_over_channels",
            change(grad_cam, "(weights * A).sum(", "(weights * A).mean("),
            "You average over the channels at the end. Their weighted maps are to be added up: each brings its part of "
            "the score.",
        ),
        Misconception(
            "gradients_alone",
            change(grad_cam, "(weights * A)", "grads"),
            "Your map is made of gradients alone. They say how much a channel matters; where it found something, its "
            "activations say.",
        ),
        Misconception(
            "nearest",
            change(grad_cam, ', mode="bilinear"', ""),
            "Your map is stretched into blocks: interpolate does that unless a mode is named. Here it is to be "
            "bilinear.",
        ),
        Misconception(
            "corners_aligned",
            change(grad_cam, 'mode="bilinear"', 'mode="bilinear", align_corners=True'),
            "You stretch with align_corners=True, which puts the outer cells' centres onto the image's corners. A cell "
            "covers a patch of the image; its centre belongs to the middle of that patch, which is the default.",
        ),
        Misconception(
            "sides_swapped",
            change(grad_cam, "images.shape[2:]", "images.shape[:1:-1]"),
            "Height and width have changed places in your map. An image (N, C, H, W) has its height at axis 2.",
            hint=3,
        ),
        Misconception(
            "of_the_prediction",
            change(grad_cam, "[torch.arange(len(labels)), labels]", ".max(dim=1).values"),
            "You explain the class that the model prefers. `labels` says which one is asked about.",
        ),
        Misconception(
            "one_weight_for_the_batch",
            change(grad_cam, "dim=(2, 3)", "dim=(0, 2, 3)"),
            "Your weights are averaged over the batch, too, so that an image's map depends on its neighbours. Each "
            "image has weights of its own: which axes remain?",
        ),
        Misconception(
            "hook_left_behind",
            change(grad_cam, "    handle.remove()\n", ""),
            "Your hook is still on the layer: it will run at every forward pass from now on, and "
            "keep the activations of each. register_forward_hook returns a handle; it can be removed.",
        ),
        Misconception(
            "fills_the_weights",
            change(
                grad_cam,
                "grads = torch.autograd.grad(scores.sum(), A)[0]",
                "A.retain_grad()\n    scores.sum().backward()\n    grads = A.grad",
            ),
            "backward() has added to the gradients of the weights. Ask for the gradient with "
            "respect to the activations alone.",
        ),
        Misconception(
            "of_the_probability",
            change(grad_cam, "model(images)", "model(images).softmax(dim=1)"),
            "You differentiate the probability. Where the model is sure it is flat, and it mixes all classes. Take "
            "the score before the softmax.",
        ),
        Misconception(
            "of_the_loss",
            change(
                grad_cam,
                "model(images)[torch.arange(len(labels)), labels]",
                'torch.nn.functional.cross_entropy(model(images), labels, reduction="none")',
            ),
            "You differentiate the loss. It mixes all classes, and points the other way: a map of what raises the "
            "loss. The question is about one class alone: its score, the logit.",
        ),
        *(
            Misconception(
                name,
                change(grad_cam, *texts),
                "You divide each map by its largest value. Then nobody can tell strong evidence from faint evidence. "
                "Whoever draws the map may scale it.",
                hint=2,
            )
            for name, texts in SCALED.items()
        ),
        Misconception(
            "weights_from_the_largest_gradient",
            change(grad_cam, "grads.mean(dim=(2, 3), keepdim=True)", "grads.amax(dim=(2, 3), keepdim=True)"),
            "Your channels' weights are their largest gradients. Grad-CAM takes the mean over all places of a channel.",
        ),
        Misconception(
            "negative_gradients_cut_off",
            change(grad_cam, "grads.mean(dim=(2, 3)", "grads.clamp(min=0).mean(dim=(2, 3)"),
            "You cut off the negative gradients before their mean. A channel's weight is the mean of all its "
            "gradients, with their signs.",
        ),
        Misconception(
            "bicubic",
            change(grad_cam, 'mode="bilinear"', 'mode="bicubic"'),
            "You stretch with bicubic interpolation. Here it is to be bilinear.",
            hint=3,
        ),
        Misconception(
            "relu_before_the_sum",
            change(
                grad_cam,
                "torch.relu((weights * A).sum(dim=1, keepdim=True))",
                "torch.relu(weights * A).sum(dim=1, keepdim=True)",
            ),
            "You cut off what is negative in each channel before the channels are added up, so that evidence against"
            " the class is never subtracted. Add up all channels first, then cut off.",
            hint=2,
        ),
    ),
    also_right=(
        grad_cam,
        grad_cam_by_halves,
        grad_cam_retained,
        change(
            grad_cam, "torch.relu((weights * A).sum(dim=1, keepdim=True))", "(weights * A).sum(1, True).clamp(min=0)"
        ),
        change(
            grad_cam, "(weights * A).sum(dim=1, keepdim=True)", 'torch.einsum("nkij,nkhw->nhw", weights, A)[:, None]'
        ),
        change(grad_cam, 'mode="bilinear"', 'mode="bilinear", align_corners=False'),
    ),
)
