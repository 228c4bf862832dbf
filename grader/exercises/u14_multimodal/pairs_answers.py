"""What people write as `info_nce`: first the wrong ones, then right ones written otherwise."""

from typing import Any


def nce_not_normalized(a: "Any", b: "Any", temperature: float) -> "Any":
    import torch

    logits, partner = a @ b.T / temperature, torch.arange(len(a))
    loss = torch.nn.functional.cross_entropy
    return (loss(logits, partner) + loss(logits.T, partner)) / 2


def nce_columns(a: "Any", b: "Any", temperature: float) -> "Any":
    import torch

    logits, partner = (a / a.norm(dim=0)) @ (b / b.norm(dim=0)).T / temperature, torch.arange(len(a))
    loss = torch.nn.functional.cross_entropy
    return (loss(logits, partner) + loss(logits.T, partner)) / 2


def nce_times(a: "Any", b: "Any", temperature: float) -> "Any":
    import torch

    a, b = a / a.norm(dim=1, keepdim=True), b / b.norm(dim=1, keepdim=True)
    logits, partner = a @ b.T * temperature, torch.arange(len(a))
    loss = torch.nn.functional.cross_entropy
    return (loss(logits, partner) + loss(logits.T, partner)) / 2


def nce_no_temperature(a: "Any", b: "Any", temperature: float) -> "Any":
    import torch

    a, b = a / a.norm(dim=1, keepdim=True), b / b.norm(dim=1, keepdim=True)
    logits, partner = a @ b.T, torch.arange(len(a))
    loss = torch.nn.functional.cross_entropy
    return (loss(logits, partner) + loss(logits.T, partner)) / 2


def nce_overflow(a: "Any", b: "Any", temperature: float) -> "Any":
    a, b = a / a.norm(dim=1, keepdim=True), b / b.norm(dim=1, keepdim=True)
    e = (a @ b.T / temperature).exp()
    return -((e / e.sum(1, keepdim=True)).diag().log().mean() + (e / e.sum(0)).diag().log().mean()) / 2


def nce_one_way(a: "Any", b: "Any", temperature: float) -> "Any":
    import torch

    a, b = a / a.norm(dim=1, keepdim=True), b / b.norm(dim=1, keepdim=True)
    return torch.nn.functional.cross_entropy(a @ b.T / temperature, torch.arange(len(a)))


def nce_other_way(a: "Any", b: "Any", temperature: float) -> "Any":
    import torch

    a, b = a / a.norm(dim=1, keepdim=True), b / b.norm(dim=1, keepdim=True)
    return torch.nn.functional.cross_entropy(b @ a.T / temperature, torch.arange(len(a)))


def nce_sum(a: "Any", b: "Any", temperature: float) -> "Any":
    import torch

    a, b = a / a.norm(dim=1, keepdim=True), b / b.norm(dim=1, keepdim=True)
    logits, partner = a @ b.T / temperature, torch.arange(len(a))
    loss = torch.nn.functional.cross_entropy
    return loss(logits, partner) + loss(logits.T, partner)


def nce_not_averaged(a: "Any", b: "Any", temperature: float) -> "Any":
    import torch

    a, b = a / a.norm(dim=1, keepdim=True), b / b.norm(dim=1, keepdim=True)
    logits, partner = a @ b.T / temperature, torch.arange(len(a))
    loss = torch.nn.functional.cross_entropy
    return (loss(logits, partner, reduction="sum") + loss(logits.T, partner, reduction="sum")) / 2


def nce_softmax_twice(a: "Any", b: "Any", temperature: float) -> "Any":
    import torch

    a, b = a / a.norm(dim=1, keepdim=True), b / b.norm(dim=1, keepdim=True)
    logits, partner = a @ b.T / temperature, torch.arange(len(a))
    loss = torch.nn.functional.cross_entropy
    return (loss(logits.softmax(1), partner) + loss(logits.T.softmax(1), partner)) / 2


def nce_by_logsumexp(a: "Any", b: "Any", temperature: float) -> "Any":
    a, b = a / a.square().sum(1, keepdim=True).sqrt(), b / b.square().sum(1, keepdim=True).sqrt()
    logits = a @ b.T / temperature
    best = logits.diagonal()
    return (logits.logsumexp(0) + logits.logsumexp(1) - 2 * best).mean() / 2


def nce_by_cosine(a: "Any", b: "Any", temperature: float) -> "Any":
    import torch

    similarity = torch.nn.functional.cosine_similarity(a[:, None], b[None], dim=2, eps=1e-30) / temperature
    rows, columns = similarity.log_softmax(1), similarity.log_softmax(0)
    return -0.5 * (rows.trace() + columns.trace()) / len(a)
