"""What people write in place of `log_to_tensorboard`, and other ways to write it that are right."""

from typing import Any


def no_step(
    writer: "Any", epoch: int, model: "Any", scores: "Any", images: "Any", labels: "Any", predicted: "Any"
) -> None:
    for part, (loss, accuracy) in scores.items():
        writer.add_scalar(f"loss/{part}", loss)
        writer.add_scalar(f"accuracy/{part}", accuracy)
    for name, param in model.named_parameters():
        writer.add_histogram(f"weights/{name}", param)
        if param.grad is not None:
            writer.add_histogram(f"gradients/{name}", param.grad)
    missed = images[predicted != labels][:16]
    if len(missed) > 0:
        writer.add_images("wrong predictions", missed)


def one_tag(
    writer: "Any", epoch: int, model: "Any", scores: "Any", images: "Any", labels: "Any", predicted: "Any"
) -> None:
    for loss, accuracy in scores.values():
        writer.add_scalar("loss", loss, epoch)
        writer.add_scalar("accuracy", accuracy, epoch)
    for name, param in model.named_parameters():
        writer.add_histogram(f"weights/{name}", param, epoch)
        if param.grad is not None:
            writer.add_histogram(f"gradients/{name}", param.grad, epoch)
    missed = images[predicted != labels][:16]
    if len(missed) > 0:
        writer.add_images("wrong predictions", missed, epoch)


def swapped(
    writer: "Any", epoch: int, model: "Any", scores: "Any", images: "Any", labels: "Any", predicted: "Any"
) -> None:
    for part, (accuracy, loss) in scores.items():
        writer.add_scalar(f"loss/{part}", loss, epoch)
        writer.add_scalar(f"accuracy/{part}", accuracy, epoch)
    for name, param in model.named_parameters():
        writer.add_histogram(f"weights/{name}", param, epoch)
        if param.grad is not None:
            writer.add_histogram(f"gradients/{name}", param.grad, epoch)
    missed = images[predicted != labels][:16]
    if len(missed) > 0:
        writer.add_images("wrong predictions", missed, epoch)


def weights_for_gradients(
    writer: "Any", epoch: int, model: "Any", scores: "Any", images: "Any", labels: "Any", predicted: "Any"
) -> None:
    for part, (loss, accuracy) in scores.items():
        writer.add_scalar(f"loss/{part}", loss, epoch)
        writer.add_scalar(f"accuracy/{part}", accuracy, epoch)
    for name, param in model.named_parameters():
        writer.add_histogram(f"weights/{name}", param, epoch)
        if param.grad is not None:
            writer.add_histogram(f"gradients/{name}", param, epoch)
    missed = images[predicted != labels][:16]
    if len(missed) > 0:
        writer.add_images("wrong predictions", missed, epoch)


def one_histogram(
    writer: "Any", epoch: int, model: "Any", scores: "Any", images: "Any", labels: "Any", predicted: "Any"
) -> None:
    for part, (loss, accuracy) in scores.items():
        writer.add_scalar(f"loss/{part}", loss, epoch)
        writer.add_scalar(f"accuracy/{part}", accuracy, epoch)
    for param in model.parameters():
        writer.add_histogram("weights", param, epoch)
        if param.grad is not None:
            writer.add_histogram("gradients", param.grad, epoch)
    missed = images[predicted != labels][:16]
    if len(missed) > 0:
        writer.add_images("wrong predictions", missed, epoch)


def none_logged(
    writer: "Any", epoch: int, model: "Any", scores: "Any", images: "Any", labels: "Any", predicted: "Any"
) -> None:
    for part, (loss, accuracy) in scores.items():
        writer.add_scalar(f"loss/{part}", loss, epoch)
        writer.add_scalar(f"accuracy/{part}", accuracy, epoch)
    for name, param in model.named_parameters():
        writer.add_histogram(f"weights/{name}", param, epoch)
        writer.add_histogram(f"gradients/{name}", param.grad, epoch)
    missed = images[predicted != labels][:16]
    if len(missed) > 0:
        writer.add_images("wrong predictions", missed, epoch)


def right_ones(
    writer: "Any", epoch: int, model: "Any", scores: "Any", images: "Any", labels: "Any", predicted: "Any"
) -> None:
    for part, (loss, accuracy) in scores.items():
        writer.add_scalar(f"loss/{part}", loss, epoch)
        writer.add_scalar(f"accuracy/{part}", accuracy, epoch)
    for name, param in model.named_parameters():
        writer.add_histogram(f"weights/{name}", param, epoch)
        if param.grad is not None:
            writer.add_histogram(f"gradients/{name}", param.grad, epoch)
    missed = images[predicted == labels][:16]
    if len(missed) > 0:
        writer.add_images("wrong predictions", missed, epoch)


def all_images(
    writer: "Any", epoch: int, model: "Any", scores: "Any", images: "Any", labels: "Any", predicted: "Any"
) -> None:
    for part, (loss, accuracy) in scores.items():
        writer.add_scalar(f"loss/{part}", loss, epoch)
        writer.add_scalar(f"accuracy/{part}", accuracy, epoch)
    for name, param in model.named_parameters():
        writer.add_histogram(f"weights/{name}", param, epoch)
        if param.grad is not None:
            writer.add_histogram(f"gradients/{name}", param.grad, epoch)
    writer.add_images("wrong predictions", images[:16], epoch)


def cut_first(
    writer: "Any", epoch: int, model: "Any", scores: "Any", images: "Any", labels: "Any", predicted: "Any"
) -> None:
    for part, (loss, accuracy) in scores.items():
        writer.add_scalar(f"loss/{part}", loss, epoch)
        writer.add_scalar(f"accuracy/{part}", accuracy, epoch)
    for name, param in model.named_parameters():
        writer.add_histogram(f"weights/{name}", param, epoch)
        if param.grad is not None:
            writer.add_histogram(f"gradients/{name}", param.grad, epoch)
    missed = images[:16][predicted[:16] != labels[:16]]
    if len(missed) > 0:
        writer.add_images("wrong predictions", missed, epoch)


def every_mistake(
    writer: "Any", epoch: int, model: "Any", scores: "Any", images: "Any", labels: "Any", predicted: "Any"
) -> None:
    for part, (loss, accuracy) in scores.items():
        writer.add_scalar(f"loss/{part}", loss, epoch)
        writer.add_scalar(f"accuracy/{part}", accuracy, epoch)
    for name, param in model.named_parameters():
        writer.add_histogram(f"weights/{name}", param, epoch)
        if param.grad is not None:
            writer.add_histogram(f"gradients/{name}", param.grad, epoch)
    missed = images[predicted != labels]
    if len(missed) > 0:
        writer.add_images("wrong predictions", missed, epoch)


def empty_batch(
    writer: "Any", epoch: int, model: "Any", scores: "Any", images: "Any", labels: "Any", predicted: "Any"
) -> None:
    for part, (loss, accuracy) in scores.items():
        writer.add_scalar(f"loss/{part}", loss, epoch)
        writer.add_scalar(f"accuracy/{part}", accuracy, epoch)
    for name, param in model.named_parameters():
        writer.add_histogram(f"weights/{name}", param, epoch)
        if param.grad is not None:
            writer.add_histogram(f"gradients/{name}", param.grad, epoch)
    missed = images[predicted != labels][:16]
    writer.add_images("wrong predictions", missed, epoch)


def grey_levels(
    writer: "Any", epoch: int, model: "Any", scores: "Any", images: "Any", labels: "Any", predicted: "Any"
) -> None:
    for part, (loss, accuracy) in scores.items():
        writer.add_scalar(f"loss/{part}", loss, epoch)
        writer.add_scalar(f"accuracy/{part}", accuracy, epoch)
    for name, param in model.named_parameters():
        writer.add_histogram(f"weights/{name}", param, epoch)
        if param.grad is not None:
            writer.add_histogram(f"gradients/{name}", param.grad, epoch)
    missed = images[predicted != labels][:16]
    if len(missed) > 0:
        writer.add_images("wrong predictions", 255 * missed, epoch)


def right_by_index(
    writer: "Any", epoch: int, model: "Any", scores: "Any", images: "Any", labels: "Any", predicted: "Any"
) -> None:
    for i, name in enumerate(("loss", "accuracy")):
        for part in scores:
            writer.add_scalar(tag=f"{name}/{part}", scalar_value=scores[part][i], global_step=epoch)
    for name, param in model.named_parameters():
        writer.add_histogram(f"weights/{name}", param, epoch)
        if param.grad is not None:
            writer.add_histogram(f"gradients/{name}", param.grad, epoch)
    index = (predicted != labels).nonzero().flatten()[:16]
    if index.numel():
        writer.add_images("wrong predictions", images.index_select(0, index), global_step=epoch)


def right_in_pieces(
    writer: "Any", epoch: int, model: "Any", scores: "Any", images: "Any", labels: "Any", predicted: "Any"
) -> None:
    writer.add_scalar("loss/train", scores["train"][0], epoch)
    writer.add_scalar("loss/valid", scores["valid"][0], epoch)
    writer.add_scalar("accuracy/train", scores["train"][1], epoch)
    writer.add_scalar("accuracy/valid", scores["valid"][1], epoch)
    for name, value in model.state_dict().items():
        writer.add_histogram("weights/" + name, value.numpy(), epoch)
    for name, param in model.named_parameters():
        if param.grad is not None:
            writer.add_histogram("gradients/" + name, param.grad.numpy(), epoch)
    missed = [image for image, said, true in zip(images.numpy(), predicted, labels, strict=True) if said != true]
    if missed:
        import numpy as np

        writer.add_images("wrong predictions", np.stack(missed[:16]), epoch)
