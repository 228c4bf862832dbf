"""What people write in place of `train_one_epoch`, and right versions that look different."""

from typing import Any


def never_cleared(model: Any, loader: Any, optimizer: Any, device: Any) -> "Any":
    from torch import nn

    model.train()
    total, count = 0.0, 0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(labels)
        count += len(labels)
    return total / count


def cleared_once(model: Any, loader: Any, optimizer: Any, device: Any) -> "Any":
    from torch import nn

    model.train()
    optimizer.zero_grad()
    total, count = 0.0, 0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(labels)
        count += len(labels)
    return total / count


def cleared_before_the_step(model: Any, loader: Any, optimizer: Any, device: Any) -> "Any":
    from torch import nn

    model.train()
    total, count = 0.0, 0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.zero_grad()
        optimizer.step()
        total += loss.item() * len(labels)
        count += len(labels)
    return total / count


def one_step_an_epoch(model: Any, loader: Any, optimizer: Any, device: Any) -> "Any":
    from torch import nn

    model.train()
    optimizer.zero_grad()
    total, count = 0.0, 0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        total += loss.item() * len(labels)
        count += len(labels)
    optimizer.step()
    return total / count


def mean_of_batch_means(model: Any, loader: Any, optimizer: Any, device: Any) -> "Any":
    from torch import nn

    model.train()
    total = 0.0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total / len(loader)


def divided_by_the_dataset(model: Any, loader: Any, optimizer: Any, device: Any) -> "Any":
    from torch import nn

    model.train()
    total = 0.0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(labels)
    return total / len(loader.dataset)


def last_batch_only(model: Any, loader: Any, optimizer: Any, device: Any) -> "Any":
    from torch import nn

    model.train()
    loss: Any = None
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
    return loss.item()


def mode_as_it_came(model: Any, loader: Any, optimizer: Any, device: Any) -> "Any":
    from torch import nn

    total, count = 0.0, 0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(labels)
        count += len(labels)
    return total / count


def loss_kept_with_its_graph(model: Any, loader: Any, optimizer: Any, device: Any) -> "Any":
    from torch import nn

    model.train()
    total: Any = 0.0
    count = 0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        total += loss * len(labels)
        count += len(labels)
    return total / count


def no_device(model: Any, loader: Any, optimizer: Any, device: Any) -> "Any":
    from torch import nn

    model.train()
    total, count = 0.0, 0
    for images, labels in loader:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(labels)
        count += len(labels)
    return total / count


def images_only(model: Any, loader: Any, optimizer: Any, device: Any) -> "Any":
    from torch import nn

    model.train()
    total, count = 0.0, 0
    for images, labels in loader:
        images = images.to(device)
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(labels)
        count += len(labels)
    return total / count


def sum_for_mean(model: Any, loader: Any, optimizer: Any, device: Any) -> "Any":
    from torch import nn

    model.train()
    total, count = 0.0, 0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(images), labels, reduction="sum")
        loss.backward()
        optimizer.step()
        total += loss.item()
        count += len(labels)
    return total / count


def softmax_before_the_loss(model: Any, loader: Any, optimizer: Any, device: Any) -> "Any":
    import torch
    from torch import nn

    model.train()
    total, count = 0.0, 0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(torch.softmax(model(images), dim=1), labels)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(labels)
        count += len(labels)
    return total / count


def loss_after_the_step(model: Any, loader: Any, optimizer: Any, device: Any) -> "Any":
    import torch
    from torch import nn

    model.train()
    total, count = 0.0, 0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            loss = nn.functional.cross_entropy(model(images), labels)
        total += loss.item() * len(labels)
        count += len(labels)
    return total / count


def right_cleared_at_the_end(model: Any, loader: Any, optimizer: Any, device: Any) -> "Any":
    from torch import nn

    optimizer.zero_grad()
    model.train()
    total, count = 0.0, 0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        total += loss.item() * len(labels)
        count += len(labels)
    return total / count


def right_running_mean(model: Any, loader: Any, optimizer: Any, device: Any) -> "Any":
    from torch import nn

    model.train(True)
    mean, count = 0.0, 0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        loss = nn.CrossEntropyLoss()(model(images), labels)
        model.zero_grad()
        loss.backward()
        optimizer.step()
        count += len(labels)
        mean += (loss.item() - mean) * len(labels) / count
    return mean


def right_lists(model: Any, loader: Any, optimizer: Any, device: Any) -> "Any":
    import torch
    from torch import nn

    model.train()
    losses: list = []
    sizes: list = []
    for images, labels in loader:
        images, labels = (part.to(device) for part in (images, labels))
        log_p = nn.functional.log_softmax(model(images), dim=1)
        loss = nn.functional.nll_loss(log_p, labels)
        optimizer.zero_grad(set_to_none=False)
        loss.backward()
        optimizer.step()
        losses.append(loss.detach() * len(labels))
        sizes.append(len(labels))
    return torch.stack(losses).sum().item() / sum(sizes)
