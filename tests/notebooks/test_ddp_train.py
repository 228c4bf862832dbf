"""Data-parallel training: two processes train what one trains; and one that is left alone says so and ends."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch
from helpers.course import ROOT
from safetensors.torch import load_file

from course_lib import ddp_train
from course_lib.ddp_train import Team, evaluate, network
from course_lib.errors import CourseError

PATIENCE = 120  # seconds, for a machine that has much else to do
PROGRAM = ("-m", "course_lib.ddp_train", "--device")
TWO = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
# 97 = 3 * 32 + 1: of the last batch one process has an image, the other a repeated one that must not count.
SMALL = ("--epochs", "2", "--train-size", "97", "--batch-size", "32")


def environment(**more: str) -> dict[str, str]:
    """This one's, without what would make the program think that torchrun started it."""
    mine = {name: value for name, value in os.environ.items() if name not in ("RANK", "WORLD_SIZE", "LOCAL_RANK")}
    path = os.pathsep.join(part for part in (str(ROOT), mine.get("PYTHONPATH")) if part)
    return mine | {"OMP_NUM_THREADS": "1", "PYTHONPATH": path} | more


def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, *arguments]
    return subprocess.run(line, env=environment(**more), capture_output=True, text=True, check=False, timeout=PATIENCE)


def trained(
    folder: Path, name: str, device: str, *launcher: str
) -> tuple[dict[str, Any], dict[str, torch.Tensor], str]:
    """The history and the weights of a small training, and what it printed."""
    history, weights = folder / f"{name}.json", folder / f"{name}.safetensors"
    done = run(*launcher, *PROGRAM, device, *SMALL, "--history", str(history), "--save", str(weights))
    assert done.returncode == 0, done.stderr
    return json.loads(history.read_text(encoding="utf-8")), load_file(weights), done.stdout


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
def test_two_processes_train_what_one_does(tmp_path: Path, device: str) -> None:
    if device == "cuda" and torch.cuda.device_count() < 2:
        pytest.skip("NCCL between two processes takes two GPUs.")
    # On a GPU convolutions round to TensorFloat-32, and their kernel may change with the size of a batch.
    rtol = 1e-4 if device == "cpu" else 1e-2
    alone, alone_weights, alone_said = trained(tmp_path, "alone", device)
    both, both_weights, both_said = trained(tmp_path, "both", device, *TWO)
    for name in ("train_loss", "test_loss", "test_accuracy"):
        assert len(alone[name]) == 2
        assert both[name] == pytest.approx(alone[name], rel=rtol)
    assert alone["train_loss"][1] < alone["train_loss"][0]
    assert both_weights.keys() == alone_weights.keys() == network().state_dict().keys()
    for name, value in alone_weights.items():
        torch.testing.assert_close(both_weights[name], value, rtol=rtol, atol=rtol / 100)
    # One process speaks for both.
    assert "16 in each of 2 processes" in both_said
    assert len(both_said.splitlines()) == len(alone_said.splitlines()) == 3


def test_when_one_process_is_killed_the_other_says_so_and_ends() -> None:
    line = [sys.executable, *TWO, *PROGRAM, "cpu", "--epochs", "10000", "--train-size", "64", "--batch-size", "32"]
    with subprocess.Popen(
        line, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as torchrun:
        assert torchrun.stdout is not None
        try:
            assert any(said.startswith("epoch 1 of 10000") for said in torchrun.stdout)  # both are at work
            (second,) = (
                child
                for child in psutil.Process(torchrun.pid).children(recursive=True)
                if child.environ().get("RANK") == "1"
            )
            second.kill()
            _, errors = torchrun.communicate(timeout=PATIENCE)
        finally:
            if torchrun.poll() is None:
                os.killpg(torchrun.pid, signal.SIGKILL)
    assert torchrun.returncode != 0
    assert "Process 0 of 2 stopped: another process of this training has ended" in errors
    assert "course_lib/ddp_train.py" not in errors  # no traceback of this program


def test_a_partner_that_never_comes_is_waited_for_in_vain_and_then_no_more() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    who = {"RANK": "0", "WORLD_SIZE": "2", "LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "1"}
    where = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    done = run(*PROGRAM, "cpu", *SMALL, "--timeout", "2", **who, **where)
    assert done.returncode == 2
    assert "Process 0 of 2 stopped: another process of this training has ended or does not answer." in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.fast
@pytest.mark.parametrize(("device", "told"), [("cuda:1", ("nccl", torch.device("cuda:1"))), ("cpu", ("gloo", None))])
def test_nccl_is_told_its_device(device: str, told: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it, NCCL guesses at the first barrier, and every process warns of that."""
    seen: list[tuple[Any, ...]] = []

    def init(backend: str, *, timeout: Any, device_id: Any) -> None:
        seen.append((backend, device_id))

    monkeypatch.setattr(torch.distributed, "init_process_group", init)
    ddp_train.join(Team(1, 2, 1, 2, torch.device(device)), timeout=9)
    assert seen == [told]


@pytest.mark.fast
def test_a_batch_that_cannot_be_split_is_refused_with_one_that_can() -> None:
    with pytest.raises(CourseError, match=r"--batch-size 100 cannot be split evenly among 3 processes.* 99 can\."):
        ddp_train.check_arguments(ddp_train.parse(["--batch-size", "100"]), 3)
    ddp_train.check_arguments(ddp_train.parse(["--batch-size", "100"]), 4)


@pytest.mark.fast
def test_a_folder_that_is_not_there_is_found_before_the_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ddp_train.main(["--device", "cpu", "--save", str(tmp_path / "nowhere" / "net.safetensors")]) == 2
    said = capsys.readouterr()
    assert re.search(r"There is no folder .*nowhere to write net\.safetensors into\.", said.err)
    assert said.out == ""


@pytest.mark.fast
def test_gpus_are_taken_where_there_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert ddp_train.choose_device("auto", 1, 2) == torch.device("cuda", 1)
    assert ddp_train.choose_device("cpu", 1, 2) == torch.device("cpu")
    assert ddp_train.choose_device("auto", 1, 3) == torch.device("cpu")
    with pytest.raises(CourseError, match="a GPU for each process on this machine, 3; PyTorch finds 2"):
        ddp_train.choose_device("cuda", 0, 3)


@pytest.mark.fast
def test_the_share_of_every_process_adds_up_to_the_test_set(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = torch.Generator().manual_seed(0)
    images, labels = torch.rand(11, 1, 28, 28, generator=generator), torch.arange(11) % 10
    torch.manual_seed(0)
    model = network().train()
    cpu = torch.device("cpu")
    loss, accuracy = evaluate(Team(0, 1, 0, 1, cpu), model, images, labels)
    assert loss == pytest.approx(torch.nn.functional.cross_entropy(model(images), labels).item(), rel=1e-5)
    assert model.training
    sums: list[torch.Tensor] = []
    monkeypatch.setattr(torch.distributed, "all_reduce", lambda values: sums.append(values.clone()))
    for rank in range(3):
        evaluate(Team(rank, 3, rank, 3, cpu), model, images, labels)
    assert (sum(sums) / 11).tolist() == pytest.approx([loss, accuracy])
