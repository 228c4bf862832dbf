"""What people write in place of `occlusion`; each function can be pasted into a notebook as it stands."""

from typing import Any


def occlusion_sign(model: Any, images: Any, labels: Any, size: int, stride: int, fill: float) -> Any:
    import torch

    (N, _, H, W), rows = images.shape, torch.arange(len(labels))
    total, count = torch.zeros(N, H, W, dtype=images.dtype), torch.zeros(H, W, dtype=images.dtype)
    with torch.no_grad():
        before = model(images)[rows, labels]
        for top in range(0, H - size + stride, stride):
            for left in range(0, W - size + stride, stride):
                covered = images.clone()
                covered[:, :, top : top + size, left : left + size] = fill
                drop = model(covered)[rows, labels] - before
                total[:, top : top + size, left : left + size] += drop[:, None, None]
                count[top : top + size, left : left + size] += 1
    return total / count


def occlusion_score(model: Any, images: Any, labels: Any, size: int, stride: int, fill: float) -> Any:
    import torch

    (N, _, H, W), rows = images.shape, torch.arange(len(labels))
    total, count = torch.zeros(N, H, W, dtype=images.dtype), torch.zeros(H, W, dtype=images.dtype)
    with torch.no_grad():
        for top in range(0, H - size + stride, stride):
            for left in range(0, W - size + stride, stride):
                covered = images.clone()
                covered[:, :, top : top + size, left : left + size] = fill
                drop = model(covered)[rows, labels]
                total[:, top : top + size, left : left + size] += drop[:, None, None]
                count[top : top + size, left : left + size] += 1
    return total / count


def occlusion_probability(model: Any, images: Any, labels: Any, size: int, stride: int, fill: float) -> Any:
    import torch

    (N, _, H, W), rows = images.shape, torch.arange(len(labels))
    total, count = torch.zeros(N, H, W, dtype=images.dtype), torch.zeros(H, W, dtype=images.dtype)
    with torch.no_grad():
        before = model(images).softmax(dim=1)[rows, labels]
        for top in range(0, H - size + stride, stride):
            for left in range(0, W - size + stride, stride):
                covered = images.clone()
                covered[:, :, top : top + size, left : left + size] = fill
                drop = before - model(covered).softmax(dim=1)[rows, labels]
                total[:, top : top + size, left : left + size] += drop[:, None, None]
                count[top : top + size, left : left + size] += 1
    return total / count


def occlusion_sum(model: Any, images: Any, labels: Any, size: int, stride: int, fill: float) -> Any:
    import torch

    (N, _, H, W), rows = images.shape, torch.arange(len(labels))
    total = torch.zeros(N, H, W, dtype=images.dtype)
    with torch.no_grad():
        before = model(images)[rows, labels]
        for top in range(0, H - size + stride, stride):
            for left in range(0, W - size + stride, stride):
                covered = images.clone()
                covered[:, :, top : top + size, left : left + size] = fill
                drop = before - model(covered)[rows, labels]
                total[:, top : top + size, left : left + size] += drop[:, None, None]
    return total


def occlusion_all_windows(model: Any, images: Any, labels: Any, size: int, stride: int, fill: float) -> Any:
    import torch

    (N, _, H, W), rows = images.shape, torch.arange(len(labels))
    total = torch.zeros(N, H, W, dtype=images.dtype)
    with torch.no_grad():
        before = model(images)[rows, labels]
        for top in range(0, H - size + stride, stride):
            for left in range(0, W - size + stride, stride):
                covered = images.clone()
                covered[:, :, top : top + size, left : left + size] = fill
                drop = before - model(covered)[rows, labels]
                total[:, top : top + size, left : left + size] += drop[:, None, None]
    return total / (len(range(0, H - size + stride, stride)) * len(range(0, W - size + stride, stride)))


def occlusion_last(model: Any, images: Any, labels: Any, size: int, stride: int, fill: float) -> Any:
    import torch

    (N, _, H, W), rows = images.shape, torch.arange(len(labels))
    total = torch.zeros(N, H, W, dtype=images.dtype)
    with torch.no_grad():
        before = model(images)[rows, labels]
        for top in range(0, H - size + stride, stride):
            for left in range(0, W - size + stride, stride):
                covered = images.clone()
                covered[:, :, top : top + size, left : left + size] = fill
                drop = before - model(covered)[rows, labels]
                total[:, top : top + size, left : left + size] = drop[:, None, None]
    return total


def occlusion_stays(model: Any, images: Any, labels: Any, size: int, stride: int, fill: float) -> Any:
    import torch

    (N, _, H, W), rows = images.shape, torch.arange(len(labels))
    total, count = torch.zeros(N, H, W, dtype=images.dtype), torch.zeros(H, W, dtype=images.dtype)
    with torch.no_grad():
        before = model(images)[rows, labels]
        covered = images.clone()
        for top in range(0, H - size + stride, stride):
            for left in range(0, W - size + stride, stride):
                covered[:, :, top : top + size, left : left + size] = fill
                drop = before - model(covered)[rows, labels]
                total[:, top : top + size, left : left + size] += drop[:, None, None]
                count[top : top + size, left : left + size] += 1
    return total / count


def occlusion_inside(model: Any, images: Any, labels: Any, size: int, stride: int, fill: float) -> Any:
    import torch

    (N, _, H, W), rows = images.shape, torch.arange(len(labels))
    total, count = torch.zeros(N, H, W, dtype=images.dtype), torch.zeros(H, W, dtype=images.dtype)
    with torch.no_grad():
        before = model(images)[rows, labels]
        for top in range(0, H - size + 1, stride):
            for left in range(0, W - size + 1, stride):
                covered = images.clone()
                covered[:, :, top : top + size, left : left + size] = fill
                drop = before - model(covered)[rows, labels]
                total[:, top : top + size, left : left + size] += drop[:, None, None]
                count[top : top + size, left : left + size] += 1
    return total / count.clamp(min=1)


def occlusion_black(model: Any, images: Any, labels: Any, size: int, stride: int, fill: float) -> Any:
    import torch

    (N, _, H, W), rows = images.shape, torch.arange(len(labels))
    total, count = torch.zeros(N, H, W, dtype=images.dtype), torch.zeros(H, W, dtype=images.dtype)
    with torch.no_grad():
        before = model(images)[rows, labels]
        for top in range(0, H - size + stride, stride):
            for left in range(0, W - size + stride, stride):
                covered = images.clone()
                covered[:, :, top : top + size, left : left + size] = 0
                drop = before - model(covered)[rows, labels]
                total[:, top : top + size, left : left + size] += drop[:, None, None]
                count[top : top + size, left : left + size] += 1
    return total / count


def occlusion_channel(model: Any, images: Any, labels: Any, size: int, stride: int, fill: float) -> Any:
    import torch

    (N, _, H, W), rows = images.shape, torch.arange(len(labels))
    total, count = torch.zeros(N, H, W, dtype=images.dtype), torch.zeros(H, W, dtype=images.dtype)
    with torch.no_grad():
        before = model(images)[rows, labels]
        for top in range(0, H - size + stride, stride):
            for left in range(0, W - size + stride, stride):
                covered = images.clone()
                covered[:, 0, top : top + size, left : left + size] = fill
                drop = before - model(covered)[rows, labels]
                total[:, top : top + size, left : left + size] += drop[:, None, None]
                count[top : top + size, left : left + size] += 1
    return total / count


def occlusion_prediction(model: Any, images: Any, labels: Any, size: int, stride: int, fill: float) -> Any:
    import torch

    N, _, H, W = images.shape
    total, count = torch.zeros(N, H, W, dtype=images.dtype), torch.zeros(H, W, dtype=images.dtype)
    with torch.no_grad():
        before = model(images).max(dim=1).values
        for top in range(0, H - size + stride, stride):
            for left in range(0, W - size + stride, stride):
                covered = images.clone()
                covered[:, :, top : top + size, left : left + size] = fill
                drop = before - model(covered).max(dim=1).values
                total[:, top : top + size, left : left + size] += drop[:, None, None]
                count[top : top + size, left : left + size] += 1
    return total / count
