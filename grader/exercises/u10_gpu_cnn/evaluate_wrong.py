"""What people write in place of `evaluate`, and right versions that look different."""

from typing import Any


def mean_of_batch_means(model: Any, loader: Any, device: Any) -> "tuple":
    import torch
    from torch import nn

    mode = model.training
    model.eval()
    loss, right = 0.0, 0.0
    with torch.no_grad():
        for images, labels in loader:
            images, labels = images.to(device), labels.to(device)
            logits = model(images)
            loss += nn.functional.cross_entropy(logits, labels).item()
            right += (logits.argmax(dim=1) == labels).float().mean().item()
    model.train(mode)
    return loss / len(loader), right / len(loader)


def divided_by_the_dataset(model: Any, loader: Any, device: Any) -> "tuple":
    import torch
    from torch import nn

    mode = model.training
    model.eval()
    loss, right = 0.0, 0
    with torch.no_grad():
        for images, labels in loader:
            images, labels = images.to(device), labels.to(device)
            logits = model(images)
            loss += nn.functional.cross_entropy(logits, labels, reduction="sum").item()
            right += (logits.argmax(dim=1) == labels).sum().item()
    model.train(mode)
    return loss / len(loader.dataset), right / len(loader.dataset)


def in_training_mode(model: Any, loader: Any, device: Any) -> "tuple":
    import torch
    from torch import nn

    loss, right, count = 0.0, 0, 0
    with torch.no_grad():
        for images, labels in loader:
            images, labels = images.to(device), labels.to(device)
            logits = model(images)
            loss += nn.functional.cross_entropy(logits, labels).item() * len(labels)
            right += (logits.argmax(dim=1) == labels).sum().item()
            count += len(labels)
    return loss / count, right / count


def mode_not_restored(model: Any, loader: Any, device: Any) -> "tuple":
    import torch
    from torch import nn

    model.eval()
    loss, right, count = 0.0, 0, 0
    with torch.no_grad():
        for images, labels in loader:
            images, labels = images.to(device), labels.to(device)
            logits = model(images)
            loss += nn.functional.cross_entropy(logits, labels).item() * len(labels)
            right += (logits.argmax(dim=1) == labels).sum().item()
            count += len(labels)
    return loss / count, right / count


def always_back_to_training(model: Any, loader: Any, device: Any) -> "tuple":
    import torch
    from torch import nn

    model.eval()
    loss, right, count = 0.0, 0, 0
    with torch.no_grad():
        for images, labels in loader:
            images, labels = images.to(device), labels.to(device)
            logits = model(images)
            loss += nn.functional.cross_entropy(logits, labels).item() * len(labels)
            right += (logits.argmax(dim=1) == labels).sum().item()
            count += len(labels)
    model.train()
    return loss / count, right / count


def graph_recorded(model: Any, loader: Any, device: Any) -> "tuple":
    from torch import nn

    mode = model.training
    model.eval()
    loss, right, count = 0.0, 0, 0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        logits = model(images)
        loss += nn.functional.cross_entropy(logits, labels).item() * len(labels)
        right += (logits.argmax(dim=1) == labels).sum().item()
        count += len(labels)
    model.train(mode)
    return loss / count, right / count


def tensors_returned(model: Any, loader: Any, device: Any) -> "tuple":
    import torch
    from torch import nn

    mode = model.training
    model.eval()
    loss: Any = 0.0
    right, count = 0, 0
    with torch.no_grad():
        for images, labels in loader:
            images, labels = images.to(device), labels.to(device)
            logits = model(images)
            loss += nn.functional.cross_entropy(logits, labels) * len(labels)
            right += (logits.argmax(dim=1) == labels).sum()
            count += len(labels)
    model.train(mode)
    return loss / count, right / count


def no_device(model: Any, loader: Any, device: Any) -> "tuple":
    import torch
    from torch import nn

    mode = model.training
    model.eval()
    loss, right, count = 0.0, 0, 0
    with torch.no_grad():
        for images, labels in loader:
            logits = model(images)
            loss += nn.functional.cross_entropy(logits, labels).item() * len(labels)
            right += (logits.argmax(dim=1) == labels).sum().item()
            count += len(labels)
    model.train(mode)
    return loss / count, right / count


def moved_and_dropped(model: Any, loader: Any, device: Any) -> "tuple":
    import torch
    from torch import nn

    mode = model.training
    model.eval()
    loss, right, count = 0.0, 0, 0
    with torch.no_grad():
        for images, labels in loader:
            images = images.to(device)
            logits = model(images)
            loss += nn.functional.cross_entropy(logits, labels).item() * len(labels)
            right += (logits.argmax(dim=1) == labels).sum().item()
            count += len(labels)
    model.train(mode)
    return loss / count, right / count


def own_choice_of_device(model: Any, loader: Any, device: Any) -> "tuple":
    import torch
    from torch import nn

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    mode = model.training
    model.eval()
    loss, right, count = 0.0, 0, 0
    with torch.no_grad():
        for images, labels in loader:
            images, labels = images.to(device), labels.to(device)
            logits = model(images)
            loss += nn.functional.cross_entropy(logits, labels).item() * len(labels)
            right += (logits.argmax(dim=1) == labels).sum().item()
            count += len(labels)
    model.train(mode)
    return loss / count, right / count


def right_all_at_once(model: Any, loader: Any, device: Any) -> "tuple":
    import torch

    was = model.training
    model.train(False)
    logits, labels = [], []
    with torch.no_grad():
        for X, y in loader:
            logits.append(model(X.to(device)))
            labels.append(y.to(device))
    model.train(was)
    Z, t = torch.cat(logits), torch.cat(labels)
    return float(torch.nn.functional.cross_entropy(Z, t)), float((Z.argmax(dim=1) == t).double().mean())


def right_sums(model: Any, loader: Any, device: Any) -> "tuple":
    import torch
    from torch import nn

    mode = model.training
    model.eval()
    loss, right, count = torch.zeros(()), torch.zeros(()), 0
    with torch.no_grad():
        for images, labels in loader:
            images, labels = images.to(device), labels.to(device)
            logits = model(images)
            loss = loss + nn.functional.cross_entropy(logits, labels, reduction="sum")
            right = right + (logits.max(dim=1).indices == labels).sum()
            count += labels.numel()
    model.train(mode)
    return (loss / count).item(), (right.double() / count).item()


def right_inference_mode(model: Any, loader: Any, device: Any) -> "tuple":
    import torch
    from torch import nn

    mode = model.training
    model.eval()
    loss, right, count = 0.0, 0, 0
    with torch.inference_mode():
        for images, labels in loader:
            images, labels = images.to(device, non_blocking=True), labels.to(device, non_blocking=True)
            log_p = nn.functional.log_softmax(model(images), dim=1)
            loss += nn.functional.nll_loss(log_p, labels, reduction="sum").item()
            right += int(log_p.argmax(dim=-1).eq(labels).sum())
            count += images.shape[0]
    if mode:
        model.train()
    return loss / count, right / count
