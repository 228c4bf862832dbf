"""The clinic's broken code, repairs that stop half-way, and right ones that look different."""

from typing import Any


def as_given(model: Any, batches: Any, lr: float, epochs: int, max_norm: float) -> list:
    import torch
    from torch import nn

    rates = []
    for _ in range(epochs):
        optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
        scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
        for images, labels in batches:
            scheduler.step()
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(images), labels)
            loss.backward()
            optimizer.step()
            nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    return rates


def still_clips_late(model: Any, batches: Any, lr: float, epochs: int, max_norm: float) -> list:
    import torch
    from torch import nn

    rates = []
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    for _ in range(epochs):
        for images, labels in batches:
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(images), labels)
            loss.backward()
            optimizer.step()
            nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        scheduler.step()
    return rates


def still_before_the_optimizer(model: Any, batches: Any, lr: float, epochs: int, max_norm: float) -> list:
    import torch
    from torch import nn

    rates = []
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    for _ in range(epochs):
        scheduler.step()
        for images, labels in batches:
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(images), labels)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), max_norm)
            optimizer.step()
    return rates


def still_every_batch(model: Any, batches: Any, lr: float, epochs: int, max_norm: float) -> list:
    import torch
    from torch import nn

    rates = []
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    for _ in range(epochs):
        for images, labels in batches:
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(images), labels)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), max_norm)
            optimizer.step()
            scheduler.step()
    return rates


def still_rebuilt(model: Any, batches: Any, lr: float, epochs: int, max_norm: float) -> list:
    import torch
    from torch import nn

    rates = []
    for _ in range(epochs):
        optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
        scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
        for images, labels in batches:
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(images), labels)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), max_norm)
            optimizer.step()
        scheduler.step()
    return rates


def clips_each_entry(model: Any, batches: Any, lr: float, epochs: int, max_norm: float) -> list:
    import torch
    from torch import nn

    rates = []
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    for _ in range(epochs):
        for images, labels in batches:
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(images), labels)
            loss.backward()
            nn.utils.clip_grad_value_(model.parameters(), max_norm)
            optimizer.step()
        scheduler.step()
    return rates


def right_by_hand(model: Any, batches: Any, lr: float, epochs: int, max_norm: float) -> list:
    import torch
    from torch import nn

    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    rates = []
    for epoch in range(epochs):
        for group in optimizer.param_groups:
            group["lr"] = lr * 0.5**epoch
        for images, labels in batches:
            rates.append(lr * 0.5**epoch)
            loss = nn.functional.cross_entropy(model(images), labels)
            optimizer.zero_grad()
            loss.backward()
            norm = torch.sqrt(sum(((p.grad**2).sum() for p in model.parameters()), torch.zeros(())))
            for p in model.parameters():
                p.grad *= min(1.0, max_norm / (norm + 1e-6))
            optimizer.step()
    return rates


def right_by_lambda(model: Any, batches: Any, lr: float, epochs: int, max_norm: float) -> list:
    import torch
    from torch import nn

    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 0.5**epoch)
    rates: list = []
    for _ in range(epochs):
        for images, labels in batches:
            nn.functional.cross_entropy(model(images), labels).backward()
            nn.utils.clip_grad_norm_(model.parameters(), max_norm, norm_type=2)
            rates += scheduler.get_last_lr()
            optimizer.step()
            optimizer.zero_grad()
        scheduler.step()
    return rates
