"""`Checkpoint`: a run that is killed and resumed ends as if nothing had happened."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.judging.drivers.checkpoints import Training
from course_lib.judging.outcome import Tolerance
from grader.changes import change
from grader.spec import Case, Exercise, Group, Misconception

UNIT = "10_gpu_cnn"


def checkpoint_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, asks: str, saved: list[int], more: int, **rest: Any) -> Case:
        sizes = ((4, 3), (4,), (1, 4), (1,))
        data: dict[str, Any] = {
            "params": [rng.normal(size=size) for size in sizes],
            "X": rng.normal(size=(12, 3)),
            "y": rng.normal(size=12),
            "seed": int(rng.integers(1_000_000)),
        }
        run = {"optimizer": "momentum", "lr": 0.05, "decay": 0.0, "dropout": 0.0, "shuffle": False, "batch_size": 4}
        run |= {"normalized": False}
        story = {"saved": saved, "lost": 0, "more": more, "killed": None, "asks": asks}
        return Case(label, group, data | run | story | rest)

    return [
        case("saved after 2 epochs", "parameters", "parameters", [2], 0),
        case("saved after 3, and 2 more are lost", "parameters", "parameters", [3], 0, lost=2),
        case("a network that normalizes its batches", "parameters", "parameters", [2], 0, normalized=True),
        case("momentum, 2 epochs and 3 more", "optimizer", "training", [2], 3),
        case("Adam, 3 epochs and 2 more", "optimizer", "training", [3], 2, optimizer="adam"),
        case(
            "the learning rates after 2 of 5 epochs", "schedule", "schedule", [2], 3, decay=float(rng.uniform(0.3, 0.8))
        ),
        case(
            "those after 4 of 6 epochs",
            "schedule",
            "schedule",
            [4],
            2,
            decay=float(rng.uniform(0.1, 0.3)),
            optimizer="adam",
        ),
        case("dropout, 2 epochs and 2 more", "dropout", "training", [2], 2, dropout=0.4),
        case("dropout, and an epoch is lost", "dropout", "training", [1], 3, dropout=0.3, lost=1),
        case("shuffled, 2 epochs and 2 more", "shuffling", "training", [2], 2, shuffle=True, batch_size=5),
        case("shuffled, and 2 epochs are lost", "shuffling", "training", [1], 2, shuffle=True, lost=2),
        case("saved after 1, 2 and 4 epochs", "again", "parameters", [1, 2, 4], 0),
        case(
            "saved after each of 3 epochs, everything at once", "again", "training", [1, 2, 3], 2, dropout=0.2, lost=1
        ),
        case("what lies in the folder", "file", "file", [1, 2], 0),
        case("what lies there after many saves", "file", "file", [*range(1, int(rng.integers(4, 90)))], 0),
        case("a stranger's file in its place, with code in it", "file", "stranger", [1], 0),
        case("killed in the middle of a save", "killed", "parameters", [2], 0, lost=1, killed="writing"),
        case("killed in the middle of the third save", "killed", "parameters", [1, 3], 0, lost=2, killed="writing"),
        case(
            "killed when the new file is to take the old one's place", "killed", "parameters", [2], 0, killed="placing"
        ),
    ]


def uninterrupted(*values: Any) -> tuple[Any, Any, Any]:
    """The same run, to whom nothing ever happens: no file, no checkpoint."""
    data = ("params", "X", "y", "seed", "optimizer", "lr", "decay", "dropout", "shuffle", "batch_size", "normalized")
    story = ("saved", "lost", "more", "killed", "asks")
    inputs = dict(zip((*data, *story), values, strict=True))
    asks = inputs["asks"]
    if asks == "file":
        return None, None, {"files in the folder": "the path", "plain": True, "saves": len(inputs["saved"])}
    if asks == "stranger":
        return None, None, {"code in the file is run": False}
    training = Training(inputs, inputs["seed"])
    training.run(inputs["saved"][-1])
    if asks == "parameters":
        return training.params(), None, None
    rates = training.run(inputs["more"])
    if asks == "training":
        return training.params(), None, None
    return None, np.array([inputs["saved"][-1], *rates]), None


class Checkpoint:
    def __init__(self, path):
        self.path = path

    def save(self, epoch, model, optimizer, scheduler, generator):
        import torch

        run = {"done": epoch, "dropout": torch.get_rng_state(), "order": generator.get_state()}
        run["weights"] = model.state_dict()
        run["moments"] = optimizer.state_dict()
        run["schedule"] = scheduler.state_dict()
        draft = self.path.with_name("run.part")
        torch.save(run, draft)
        draft.replace(self.path)

    def load(self, model, optimizer, scheduler, generator):
        import torch

        run = torch.load(self.path, weights_only=True)
        generator.set_state(run["order"])
        torch.set_rng_state(run["dropout"])
        for part, key in ((scheduler, "schedule"), (optimizer, "moments"), (model, "weights")):
            part.load_state_dict(run[key])
        return run["done"]


class ThroughMemory:
    def __init__(self, path):
        self.path = path

    def save(self, epoch, *parts):
        import io

        import torch

        buffer = io.BytesIO()
        states = [part.state_dict() for part in parts[:3]]
        torch.save([epoch, *states, parts[3].get_state(), torch.random.get_rng_state()], buffer)
        new = self.path.with_suffix(".new")
        new.write_bytes(buffer.getvalue())
        new.replace(self.path)

    def load(self, *parts):
        import torch

        epoch, *states, generator, numbers = torch.load(self.path, weights_only=True)
        for part, state in zip(parts, states, strict=False):
            part.load_state_dict(state)
        parts[3].set_state(generator)
        torch.random.set_rng_state(numbers)
        return int(epoch)


OPTIMIZER, SCHEDULER = '(optimizer, "moments"), ', '(scheduler, "schedule"), '
NUMBERS = '        torch.set_rng_state(run["dropout"])\n'
GENERATOR = '        generator.set_state(run["order"])\n'
DRAFT, PLACED = 'self.path.with_name("run.part")', "draft.replace(self.path)"
WRITTEN = f"        torch.save(run, draft)\n        {PLACED}\n"
no_random_numbers = change(Checkpoint, NUMBERS, "")
neither_generator = change(no_random_numbers, GENERATOR, "")
seeded = change(Checkpoint, "torch.set_rng_state", "torch.manual_seed", "generator.set_state", "generator.manual_seed")
OF_OBJECTS = "part.load_state_dict(run[key] if part is scheduler else run[key].state_dict())"
objects = change(Checkpoint, "model.state_dict()", "model", "optimizer.state_dict()", "optimizer")


CHECKPOINT = Exercise(
    name="Checkpoint",
    unit=UNIT,
    returns=("params", "schedule", "file"),
    driver="interrupted_run",
    tolerance=Tolerance(rtol=1e-10, atol=1e-12),
    groups=(
        Group("parameters", "brings back the parameters as they were saved", 1, hint=1),
        Group("optimizer", "brings back the optimizer's state, so that momentum and moments go on", 2, hint=1),
        Group("schedule", "returns the epoch and lets the schedule go on from there", 1, hint=1),
        Group(
            "dropout", "brings back torch's random numbers, so that dropout drops what it would have dropped", 1, hint=2
        ),
        Group(
            "shuffling",
            "brings back the generator, so that the next epoch comes in the order that it would have had",
            1,
            hint=2,
        ),
        Group("again", "holds the newest state after several saves", 1, hint=3),
        Group("file", "leaves one file, which torch.load(..., weights_only=True) reads", 1, hint=3),
        Group("killed", "still has the last whole checkpoint when the process dies in the middle of a save", 2, hint=3),
    ),
    cases=checkpoint_cases,
    reference=uninterrupted,
    misconceptions=(
        Misconception(
            "model_only",
            change(neither_generator, SCHEDULER + OPTIMIZER, ""),
            "Your file holds the model and the epoch. Momentum starts again from zero, the schedule from its "
            "beginning, and dropout and shuffling draw other numbers. The loss may look as good as before, and the run "
            "is another one.",
        ),
        Misconception(
            "no_optimizer",
            change(Checkpoint, OPTIMIZER, ""),
            "The optimizer's state is missing. Its velocities, or Adam's two moments and its count of steps, are as "
            "much a part of the run as the parameters are; without them the first steps after the resume go "
            "elsewhere.",
        ),
        Misconception(
            "no_scheduler",
            change(Checkpoint, SCHEDULER, ""),
            "Your schedule begins again at epoch 0, with the learning rate of the first epochs. It counts by itself, "
            "and its count has to be saved as well.",
        ),
        Misconception(
            "no_random_numbers",
            no_random_numbers,
            "Dropout draws from torch's own random numbers, and their state is not in your file. The resumed run "
            "drops other units than the run that was not killed.",
        ),
        Misconception(
            "seeded_again",
            change(Checkpoint, 'torch.set_rng_state(run["dropout"])', "torch.manual_seed(0)", GENERATOR, ""),
            "You set a seed at the resume. That makes the resumed run repeatable, and not equal: it draws its first "
            "numbers again, while the run that was not killed was somewhere in the middle. Save the state, not a "
            "seed.",
        ),
        Misconception(
            "seeds_saved",
            change(seeded, "get_rng_state", "initial_seed", "generator.get_state", "generator.initial_seed"),
            "You save the seeds and set them again: the resumed run draws its first numbers once more, while the run "
            "that was not killed was somewhere in the middle. A seed says where a generator began; save its state.",
        ),
        Misconception(
            "no_generator",
            change(Checkpoint, GENERATOR, ""),
            "The order of the examples comes from a generator of its own, the fourth part that you are given. It "
            "begins anew in your resumed run, so that the next epoch comes in another order.",
        ),
        Misconception(
            "epoch_of_the_next",
            change(Checkpoint, 'run["done"]', 'run["done"] + 1'),
            "What load returns should be the very number that save was given: how many epochs are done. You return "
            "another one, and whoever goes on from there skips an epoch, or does one twice.",
        ),
        Misconception(
            "written_over",
            change(Checkpoint, WRITTEN, "        torch.save(run, self.path)\n"),
            "You write over the only checkpoint, and a process that is killed in the middle leaves half a file and "
            "nothing else. Write to another name first. Which operation on files is done either whole or not at all?",
        ),
        Misconception(
            "removed_first",
            change(Checkpoint, WRITTEN, "        self.path.unlink(missing_ok=True)\n" + WRITTEN),
            "You write to another name, and remove the old checkpoint before the new one is whole. In between there "
            "is none at all. os.replace takes the old one's place in one go.",
        ),
        Misconception(
            "temporary_left",
            change(Checkpoint, PLACED, "self.path.write_bytes(draft.read_bytes())"),
            "A copy stays behind in the folder: you copy the temporary file to its place, which is neither at once "
            "nor tidy. Rename it.",
        ),
        Misconception(
            "whole_objects",
            change(objects, "part.load_state_dict(run[key])", OF_OBJECTS, "weights_only=True", "weights_only=False"),
            "You save the objects themselves. That is a pickle, which runs code when it is loaded and can no longer "
            "be read when a class gets another name or place. Save what state_dict() and get_state() give: "
            "plain tensors and numbers.",
            hint=4,
        ),
        Misconception(
            "runs_what_it_loads",
            change(Checkpoint, "weights_only=True", "weights_only=False"),
            "With weights_only=False, torch.load runs whatever code lies in the file, and whoever can write there can "
            "have your machine do anything. True takes tensors, numbers, texts, lists and dicts, and refuses the rest.",
        ),
        *(
            Misconception(
                f"{part}_itself",
                change(Checkpoint, f"{part}.{method}()", part),
                "An object lies in your file where its state should: torch.load refuses such a file under "
                "weights_only=True. Save what state_dict() and get_state() give.",
                hint=4,
            )
            for part, method in (("model", "state_dict"), ("optimizer", "state_dict"), ("generator", "get_state"))
        ),
        Misconception(
            "first_kept",
            change(Checkpoint, PLACED, "if not self.path.exists():\n            draft.replace(self.path)"),
            "Your second save does nothing, as there is a file already. The newest state is the one to go on from.",
        ),
        Misconception(
            "buffers_lost",
            change(
                Checkpoint,
                "model.state_dict()",
                "dict(model.named_parameters())",
                "part.load_state_dict(run[key])",
                "part.load_state_dict(run[key], **({'strict': False} if part is model else {}))",
            ),
            "You save the parameters and not the buffers: the running means and variances of batch normalization are "
            "lost, and the network that comes back evaluates otherwise. state_dict() has both.",
        ),
        Misconception(
            "removed_before_the_rename",
            change(Checkpoint, PLACED, "self.path.unlink(missing_ok=True)\n        " + PLACED),
            "You remove the old checkpoint just before the new one takes its place. Killed in between, there is none "
            "at all. Nothing has to be removed: replace does both in one go.",
        ),
        Misconception(
            "copied_from_elsewhere",
            change(
                Checkpoint,
                DRAFT,
                '__import__("tempfile").mkdtemp() + "/run.part"',
                PLACED,
                '__import__("shutil").copy(draft, self.path)',
            ),
            "You write elsewhere and copy the file to its place. A copy takes time, and killed in the middle it leaves "
            "half a file over the old one. Write to another name in the same folder, and rename.",
        ),
        Misconception(
            "no_random_numbers_at_all",
            neither_generator,
            "Model, optimizer and schedule go on. Of the two sources of random numbers neither comes back: "
            "torch's own, which dropout draws from, and the generator, which shuffles.",
        ),
        Misconception(
            "nothing_returned",
            change(Checkpoint, '        return run["done"]\n', ""),
            "Your load brings back everything and returns nothing. Whoever resumes has to know how many epochs are "
            "done.",
        ),
        Misconception(
            "file_named_new",
            change(Checkpoint, f"        {PLACED}\n", ""),
            "The new file stays under its other name: nothing takes the place of self.path, where load looks.",
            hint=3,
        ),
    ),
    also_right=(
        Checkpoint,
        ThroughMemory,
        change(
            Checkpoint,
            "torch.save(run, draft)",
            'with open(draft, "wb") as file:\n            torch.save(run, file)',
            "torch.load(self.path,",
            'torch.load(str(self.path), map_location="cpu",',
        ),
        change(Checkpoint, '"done": epoch', '"done": torch.tensor(epoch)', 'run["done"]', 'run["done"].item()'),
        change(Checkpoint, DRAFT, 'f"{self.path}.tmp"', PLACED, '__import__("os").replace(draft, self.path)'),
        change(Checkpoint, OPTIMIZER, "", SCHEDULER, OPTIMIZER + SCHEDULER),
    ),
)
