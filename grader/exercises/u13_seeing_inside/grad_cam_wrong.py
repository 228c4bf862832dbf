"""What people write in place of `grad_cam`; each function can be pasted into a notebook as it stands."""

from typing import Any


def grad_cam_no_relu(model: Any, layer: Any, images: Any, labels: Any) -> Any:
    import torch

    kept: list = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    scores = model(images)[torch.arange(len(labels)), labels]
    handle.remove()
    A = kept[0]
    grads = torch.autograd.grad(scores.sum(), A)[0]
    weights = grads.mean(dim=(2, 3), keepdim=True)
    maps = (weights * A).sum(dim=1, keepdim=True)
    return torch.nn.functional.interpolate(maps, size=images.shape[2:], mode="bilinear")[:, 0]


def grad_cam_relu_weights(model: Any, layer: Any, images: Any, labels: Any) -> Any:
    import torch

    kept: list = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    scores = model(images)[torch.arange(len(labels)), labels]
    handle.remove()
    A = kept[0]
    grads = torch.autograd.grad(scores.sum(), A)[0]
    weights = torch.relu(grads.mean(dim=(2, 3), keepdim=True))
    maps = torch.relu((weights * A).sum(dim=1, keepdim=True))
    return torch.nn.functional.interpolate(maps, size=images.shape[2:], mode="bilinear")[:, 0]


def grad_cam_relu_last(model: Any, layer: Any, images: Any, labels: Any) -> Any:
    import torch

    kept: list = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    scores = model(images)[torch.arange(len(labels)), labels]
    handle.remove()
    A = kept[0]
    grads = torch.autograd.grad(scores.sum(), A)[0]
    weights = grads.mean(dim=(2, 3), keepdim=True)
    maps = (weights * A).sum(dim=1, keepdim=True)
    return torch.nn.functional.interpolate(maps, size=images.shape[2:], mode="bilinear")[:, 0].relu()


def grad_cam_absolute(model: Any, layer: Any, images: Any, labels: Any) -> Any:
    import torch

    kept: list = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    scores = model(images)[torch.arange(len(labels)), labels]
    handle.remove()
    A = kept[0]
    grads = torch.autograd.grad(scores.sum(), A)[0]
    weights = grads.mean(dim=(2, 3), keepdim=True)
    maps = (weights * A).sum(dim=1, keepdim=True).abs()
    return torch.nn.functional.interpolate(maps, size=images.shape[2:], mode="bilinear")[:, 0]


def grad_cam_elementwise(model: Any, layer: Any, images: Any, labels: Any) -> Any:
    import torch

    kept: list = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    scores = model(images)[torch.arange(len(labels)), labels]
    handle.remove()
    A = kept[0]
    grads = torch.autograd.grad(scores.sum(), A)[0]
    weights = grads
    maps = torch.relu((weights * A).sum(dim=1, keepdim=True))
    return torch.nn.functional.interpolate(maps, size=images.shape[2:], mode="bilinear")[:, 0]


def grad_cam_sum_weights(model: Any, layer: Any, images: Any, labels: Any) -> Any:
    import torch

    kept: list = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    scores = model(images)[torch.arange(len(labels)), labels]
    handle.remove()
    A = kept[0]
    grads = torch.autograd.grad(scores.sum(), A)[0]
    weights = grads.sum(dim=(2, 3), keepdim=True)
    maps = torch.relu((weights * A).sum(dim=1, keepdim=True))
    return torch.nn.functional.interpolate(maps, size=images.shape[2:], mode="bilinear")[:, 0]


def grad_cam_mean_channels(model: Any, layer: Any, images: Any, labels: Any) -> Any:
    import torch

    kept: list = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    scores = model(images)[torch.arange(len(labels)), labels]
    handle.remove()
    A = kept[0]
    grads = torch.autograd.grad(scores.sum(), A)[0]
    weights = grads.mean(dim=(2, 3), keepdim=True)
    maps = torch.relu((weights * A).mean(dim=1, keepdim=True))
    return torch.nn.functional.interpolate(maps, size=images.shape[2:], mode="bilinear")[:, 0]


def grad_cam_gradients_only(model: Any, layer: Any, images: Any, labels: Any) -> Any:
    import torch

    kept: list = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    scores = model(images)[torch.arange(len(labels)), labels]
    handle.remove()
    A = kept[0]
    grads = torch.autograd.grad(scores.sum(), A)[0]
    weights = grads
    maps = torch.relu(weights.sum(dim=1, keepdim=True))
    return torch.nn.functional.interpolate(maps, size=images.shape[2:], mode="bilinear")[:, 0]


def grad_cam_nearest(model: Any, layer: Any, images: Any, labels: Any) -> Any:
    import torch

    kept: list = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    scores = model(images)[torch.arange(len(labels)), labels]
    handle.remove()
    A = kept[0]
    grads = torch.autograd.grad(scores.sum(), A)[0]
    weights = grads.mean(dim=(2, 3), keepdim=True)
    maps = torch.relu((weights * A).sum(dim=1, keepdim=True))
    return torch.nn.functional.interpolate(maps, size=images.shape[2:])[:, 0]


def grad_cam_align_corners(model: Any, layer: Any, images: Any, labels: Any) -> Any:
    import torch

    kept: list = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    scores = model(images)[torch.arange(len(labels)), labels]
    handle.remove()
    A = kept[0]
    grads = torch.autograd.grad(scores.sum(), A)[0]
    weights = grads.mean(dim=(2, 3), keepdim=True)
    maps = torch.relu((weights * A).sum(dim=1, keepdim=True))
    return torch.nn.functional.interpolate(maps, size=images.shape[2:], mode="bilinear", align_corners=True)[:, 0]


def grad_cam_sides_swapped(model: Any, layer: Any, images: Any, labels: Any) -> Any:
    import torch

    kept: list = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    scores = model(images)[torch.arange(len(labels)), labels]
    handle.remove()
    A = kept[0]
    grads = torch.autograd.grad(scores.sum(), A)[0]
    weights = grads.mean(dim=(2, 3), keepdim=True)
    maps = torch.relu((weights * A).sum(dim=1, keepdim=True))
    return torch.nn.functional.interpolate(maps, size=images.shape[:1:-1], mode="bilinear")[:, 0]


def grad_cam_prediction(model: Any, layer: Any, images: Any, labels: Any) -> Any:
    import torch

    kept: list = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    scores = model(images).max(dim=1).values
    handle.remove()
    A = kept[0]
    grads = torch.autograd.grad(scores.sum(), A)[0]
    weights = grads.mean(dim=(2, 3), keepdim=True)
    maps = torch.relu((weights * A).sum(dim=1, keepdim=True))
    return torch.nn.functional.interpolate(maps, size=images.shape[2:], mode="bilinear")[:, 0]


def grad_cam_batch_weights(model: Any, layer: Any, images: Any, labels: Any) -> Any:
    import torch

    kept: list = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    scores = model(images)[torch.arange(len(labels)), labels]
    handle.remove()
    A = kept[0]
    grads = torch.autograd.grad(scores.sum(), A)[0]
    weights = grads.mean(dim=(0, 2, 3), keepdim=True)
    maps = torch.relu((weights * A).sum(dim=1, keepdim=True))
    return torch.nn.functional.interpolate(maps, size=images.shape[2:], mode="bilinear")[:, 0]


def grad_cam_leaves_hook(model: Any, layer: Any, images: Any, labels: Any) -> Any:
    import torch

    kept: list = []
    layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    scores = model(images)[torch.arange(len(labels)), labels]
    A = kept[-1]
    grads = torch.autograd.grad(scores.sum(), A)[0]
    weights = grads.mean(dim=(2, 3), keepdim=True)
    maps = torch.relu((weights * A).sum(dim=1, keepdim=True))
    return torch.nn.functional.interpolate(maps, size=images.shape[2:], mode="bilinear")[:, 0]


def grad_cam_fills(model: Any, layer: Any, images: Any, labels: Any) -> Any:
    import torch

    kept: list = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    scores = model(images)[torch.arange(len(labels)), labels]
    handle.remove()
    A = kept[0]
    A.retain_grad()
    scores.sum().backward()
    grads = A.grad
    weights = grads.mean(dim=(2, 3), keepdim=True)
    maps = torch.relu((weights * A).sum(dim=1, keepdim=True))
    return torch.nn.functional.interpolate(maps, size=images.shape[2:], mode="bilinear")[:, 0]
