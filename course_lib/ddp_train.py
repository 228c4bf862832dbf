"""Train unit 10's network in one process, or data-parallel in several, each with a copy of the network.

    python -m course_lib.ddp_train --epochs 5
    torchrun --standalone --nproc-per-node 2 -m course_lib.ddp_train --epochs 5

Both lines train the same network on the same batches. `--batch-size` counts the images of one update over all
processes together, so a run does not change when it gets more GPUs. It takes less time where each of them has enough to
do: with every update come an exchange of gradients and a Python loop, however small the part of the batch.

What happens in an update, with R processes and a batch of n images:

1. `DistributedSampler` shuffles all images in the same way in every process (the seed and `set_epoch` decide how) and
   gives process r the positions r, r + R, r + 2 R, ... of that order. So the R parts of an update are, together, the
   n images that one process would have taken.
2. Each process computes the loss and the gradients of its own part.
3. `DistributedDataParallel` (DDP) averages the gradients: while `backward` still runs, those that are ready are summed
   over all processes (all-reduce) and divided by R. It does not know how many images each process had.
4. Every optimizer makes the same step with the same gradients, so the copies stay equal and are never compared.

The mean of R means is the mean over the batch only if all parts are of one size. The last batch breaks that:
DistributedSampler repeats images so that every process gets as many. Here a repeated image weighs 0, and
process r hands DDP the loss

    (R / n) * (sum of the losses of its own images),

whose average over the R processes is (1 / n) * (sum of all n losses): the gradient of the mean over the batch.

Source: Li et al., "PyTorch Distributed: Experiences on Accelerating Data Parallel Training", VLDB 2020.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

from course_lib.data import load_fashion_mnist, subset
from course_lib.errors import CourseError

MOMENTUM = 0.9


@dataclass(frozen=True)
class Team:
    """Which process this is: `rank` of `size`, the `local_rank`-th of `local_size` on this machine; and its device."""

    rank: int
    size: int
    local_rank: int
    local_size: int
    device: Any  # a torch.device

    @property
    def name(self) -> str:
        """How a message to people calls this process."""
        return f"Process {self.rank} of {self.size}"


@dataclass(frozen=True)
class History:
    """What each epoch ended with: mean training loss, mean test loss, share of test images classified rightly."""

    train_loss: list[float]
    test_loss: list[float]
    test_accuracy: list[float]


class PartnerLost(CourseError):  # noqa: N818 - the event, as the docstring of the module tells it
    """Another process of the training ended or does not answer."""


# ---- The network and its training ------------------------------------------------------------------------------------


def network() -> Any:
    """Unit 10's network as an `nn.Sequential`, 421,642 parameters: images (N, 1, 28, 28) to logits (N, 10)."""
    from torch import nn

    return nn.Sequential(
        *(nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(64 * 7 * 7, 128), nn.ReLU(), nn.Linear(128, 10)),
    )


def train(
    team: Team,
    train_set: tuple[Any, Any],
    test_set: tuple[Any, Any],
    *,
    epochs: int,
    batch_size: int,
    lr: float,
    seed: int,
) -> tuple[Any, History]:
    """Train `network()` by SGD with momentum under a one-cycle schedule; every process returns the same.

    train_set, test_set: images (N, 1, 28, 28) float32 and labels (N,) int64, on the CPU, whole in every process.
    batch_size: images in one update over all processes, a multiple of `team.size`.
    """
    import torch
    from torch.nn.parallel import DistributedDataParallel
    from torch.utils.data import DataLoader, DistributedSampler, TensorDataset

    torch.manual_seed(seed)
    model = network().to(team.device)
    on_gpu = team.device.type == "cuda"
    parallel = model
    if team.size > 1:  # one process has nobody to average with
        parallel = DistributedDataParallel(model, device_ids=[team.device] if on_gpu else None)
    data = TensorDataset(*train_set)
    sampler: Any = DistributedSampler(data, num_replicas=team.size, rank=team.rank, shuffle=True, seed=seed)
    loader = DataLoader(data, batch_size // team.size, sampler=sampler, pin_memory=on_gpu)
    optimizer = torch.optim.SGD(parallel.parameters(), lr=lr, momentum=MOMENTUM)
    updates = epochs * len(loader)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, total_steps=updates, cycle_momentum=False)

    history = History([], [], [])
    for epoch in range(epochs):
        sampler.set_epoch(epoch)  # without it, every epoch has the order of the first
        history.train_loss.append(train_one_epoch(team, parallel, loader, optimizer, scheduler))
        loss, accuracy = evaluate(team, model, *test_set)
        history.test_loss.append(loss)
        history.test_accuracy.append(accuracy)
        if team.rank == 0:
            print(
                f"epoch {epoch + 1} of {epochs}: training loss {history.train_loss[-1]:.4f}, test loss {loss:.4f}, "
                f"test accuracy {accuracy:.2%}",
                flush=True,
            )
    return model, history


def train_one_epoch(team: Team, model: Any, loader: Any, optimizer: Any, scheduler: Any) -> float:
    """Every update of an epoch; the mean loss over its images, each counted once, in all processes."""
    import torch

    model.train()
    total = torch.zeros((), dtype=torch.float64, device=team.device)
    examples = len(loader.dataset)
    for batch, (images, labels) in enumerate(loader):
        before = batch * loader.batch_size * team.size  # images that all processes have had in this epoch
        count = min(loader.batch_size * team.size, examples - before)
        # This process's images are every size-th of the shuffled order; what lies past its end are repetitions.
        positions = before + team.rank + team.size * torch.arange(len(labels))
        weights = (positions < examples).to(team.device, torch.float32)
        images = images.to(team.device, non_blocking=True)
        labels = labels.to(team.device, non_blocking=True)
        losses = torch.nn.functional.cross_entropy(model(images), labels, reduction="none")
        own = (weights * losses).sum()
        optimizer.zero_grad()
        (own * team.size / count).backward()
        optimizer.step()
        scheduler.step()
        total += own.detach()
    (summed,) = add_up(team, total[None])
    return summed / examples


def evaluate(team: Team, model: Any, images: Any, labels: Any) -> tuple[float, float]:
    """(mean loss, accuracy) over a test set, of which each process takes its share; the model's mode is restored."""
    import torch

    mode = model.training
    model.eval()
    totals = torch.zeros(2, dtype=torch.float64, device=team.device)
    with torch.no_grad():
        share = slice(team.rank, None, team.size)
        for X, y in zip(images[share].split(500), labels[share].split(500), strict=True):
            logits, y = model(X.to(team.device)), y.to(team.device)
            loss = torch.nn.functional.cross_entropy(logits, y, reduction="sum")
            totals += torch.stack([loss.double(), (logits.argmax(1) == y).sum().double()])
    model.train(mode)
    loss_sum, right = add_up(team, totals)
    return loss_sum / len(labels), right / len(labels)


def add_up(team: Team, values: Any) -> list[float]:
    """The sum of each value over all processes."""
    if team.size > 1:
        import torch.distributed

        torch.distributed.all_reduce(values)
    return [float(value) for value in values.tolist()]


# ---- Several processes -----------------------------------------------------------------------------------------------


@contextlib.contextmanager
def team_of(device: str, timeout: float) -> Iterator[Team]:
    """The processes that torchrun started, in touch with each other; without torchrun, this one alone.

    torchrun tells each process who it is by environment variables. GPUs talk by NCCL, CPUs by gloo.
    Raises `PartnerLost` when another process ends, or does not answer for `timeout` seconds.
    """
    import torch
    import torch.distributed as dist

    rank, size, local_rank, local_size = (
        int(os.environ.get(name, default))
        for name, default in (("RANK", 0), ("WORLD_SIZE", 1), ("LOCAL_RANK", 0), ("LOCAL_WORLD_SIZE", 1))
    )
    team = Team(rank, size, local_rank, local_size, choose_device(device, local_rank, local_size))
    if size == 1:
        yield team
        return
    if team.device.type == "cuda":
        torch.cuda.set_device(team.device)
    lost = (
        f"{team.name} stopped: another process of this training has ended or does not answer. What ended it stands in "
        "its own message, if it had time for one. Start the training again."
    )
    end_with(lost)
    try:
        join(team, timeout)
        yield team
        dist.barrier()  # nobody leaves while another still waits for an answer
        dist.destroy_process_group()
    except RuntimeError as error:  # of gloo and NCCL alike; no class tells them from others
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if any(word in str(error).lower() for word in ("gloo", "nccl", "connection", "timed out", "timeout")):
            raise PartnerLost(lost) from error
        raise


def join(team: Team, timeout: float) -> None:
    """Get in touch with the other processes, and wait at most `timeout` seconds for an answer, now and later.

    NCCL is told which GPU this process has: it would guess at the first barrier, which in `load` comes before anything
    else has used the device, and a wrong guess hangs.
    """
    import torch.distributed as dist

    on_gpu = team.device.type == "cuda"
    own = team.device if on_gpu else None
    dist.init_process_group("nccl" if on_gpu else "gloo", timeout=timedelta(seconds=timeout), device_id=own)


def end_with(sentence: str) -> None:
    """Say `sentence` when torchrun ends this process, which it does as soon as another one has failed."""

    def at_once(*_: object) -> NoReturn:
        print(sentence, file=sys.stderr, flush=True)
        os._exit(2)  # to unwind would be to wait, in backward, for the process that is gone

    signal.signal(signal.SIGTERM, at_once)


def choose_device(wanted: str, local_rank: int, local_size: int) -> Any:
    """The `torch.device`: a GPU for each process of this machine where there are enough, else the CPU for all."""
    import torch

    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if wanted == "cuda" and gpus < local_size:
        raise CourseError(
            f"--device cuda needs a GPU for each process on this machine, {local_size}; PyTorch finds {gpus}. Start "
            "fewer processes with --nproc-per-node, or take --device cpu."
        )
    if wanted == "cuda" or (wanted == "auto" and gpus >= local_size):
        return torch.device("cuda", local_rank)
    return torch.device("cpu")


# ---- The command line ------------------------------------------------------------------------------------------------


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """The arguments; a wrong one ends every process, and the first one says why."""
    parser = argparse.ArgumentParser(
        prog="python -m course_lib.ddp_train",
        description="Train unit 10's network, alone or in several processes.",
        epilog="in two processes: torchrun --standalone --nproc-per-node 2 -m course_lib.ddp_train",
    )
    parser.add_argument("--epochs", type=positive, default=5)
    parser.add_argument("--batch-size", type=positive, default=128, help="images in one update, all processes together")
    parser.add_argument("--lr", type=float, default=0.05, help="the highest learning rate of the one-cycle schedule")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--full", action="store_true", help="all 70,000 images, not the 12,000 kept with the course")
    parser.add_argument("--train-size", type=positive, metavar="N", help="train with N images only")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--timeout", type=positive, default=120, help="seconds to wait for another process")
    parser.add_argument("--save", type=Path, metavar="FILE", help="write the weights there, as safetensors")
    parser.add_argument("--history", type=Path, metavar="FILE", help="write each epoch's losses there, as JSON")
    quiet: Any = contextlib.nullcontext()
    if os.environ.get("RANK", "0") != "0":
        quiet = contextlib.redirect_stderr(io.StringIO())
    with quiet:
        return parser.parse_args(argv)


def positive(text: str) -> int:
    """A whole number from 1 on, as argparse's `type`."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return value


def check_arguments(arguments: argparse.Namespace, size: int) -> None:
    """Raise `CourseError` for what would fail only after the training, or train something else than was asked for."""
    if arguments.batch_size % size:
        raise CourseError(
            f"--batch-size {arguments.batch_size} cannot be split evenly among {size} processes; it counts the images "
            f"of all together. {max(1, arguments.batch_size // size) * size} can."
        )
    for path in (arguments.save, arguments.history):
        if path is not None and not path.absolute().parent.is_dir():
            raise CourseError(f"There is no folder {path.absolute().parent} to write {path.name} into.")


def load(team: Team, full: bool, train_size: int | None, seed: int) -> list[Any]:
    """X_train, y_train, X_test, y_test as tensors; the machine's first process reads first, as it may download."""
    import torch
    import torch.distributed as dist

    if team.local_rank != 0:
        dist.barrier()
    data = load_fashion_mnist(full=full)
    if team.local_rank == 0 and team.size > 1:
        dist.barrier()
    X, y = data.X_train, data.y_train
    if train_size is not None:
        X, y = subset(X, y, train_size, seed)
    return [torch.from_numpy(array) for array in (X[:, None], y, data.X_test[:, None], data.y_test)]


def run(arguments: argparse.Namespace) -> None:
    """Train as the arguments say; the first process prints and writes the files."""
    from safetensors.torch import save_file

    with team_of(arguments.device, arguments.timeout) as team:
        check_arguments(arguments, team.size)
        X, y, X_test, y_test = load(team, arguments.full, arguments.train_size, arguments.seed)
        if team.rank == 0:
            each = f", {arguments.batch_size // team.size} in each of {team.size} processes" if team.size > 1 else ""
            print(f"{len(X):,} images, {arguments.batch_size} an update{each}, on {team.device.type}.", flush=True)
        schedule = {"epochs": arguments.epochs, "batch_size": arguments.batch_size, "lr": arguments.lr}
        model, history = train(team, (X, y), (X_test, y_test), seed=arguments.seed, **schedule)
        if team.rank == 0 and arguments.save is not None:
            save_file({name: value.cpu() for name, value in model.state_dict().items()}, arguments.save)
        if team.rank == 0 and arguments.history is not None:
            arguments.history.write_text(json.dumps(vars(history), indent=1) + "\n", encoding="utf-8")


def main(argv: Sequence[str] | None = None) -> int:
    """The exit status: 0 when the training ended as it should, 2 with a sentence when not."""
    arguments = parse(argv)
    try:
        run(arguments)
    except CourseError as error:
        # What all processes find wrong, the first one says for all.
        if isinstance(error, PartnerLost) or os.environ.get("RANK", "0") == "0":
            print(error, file=sys.stderr, flush=True)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
