"""`Checkpoint` written otherwise, and right."""

from typing import Any


class ThroughMemory:
    def __init__(self, path: "Any") -> None:
        self.path = path

    def save(self, epoch: int, *parts: "Any") -> None:
        import io

        import torch

        buffer = io.BytesIO()
        states = [part.state_dict() for part in parts[:3]]
        torch.save([epoch, *states, parts[3].get_state(), torch.random.get_rng_state()], buffer)
        new = self.path.with_suffix(".new")
        new.write_bytes(buffer.getvalue())
        new.replace(self.path)

    def load(self, *parts: "Any") -> int:
        import torch

        epoch, *states, generator, numbers = torch.load(self.path, weights_only=True)
        for part, state in zip(parts, states, strict=False):
            part.load_state_dict(state)
        parts[3].set_state(generator)
        torch.random.set_rng_state(numbers)
        return int(epoch)


class OneByOne:
    def __init__(self, path: "Any") -> None:
        self.path = path
        self.names = ("model", "optimizer", "scheduler")

    def save(self, epoch: int, model: "Any", optimizer: "Any", scheduler: "Any", generator: "Any") -> None:
        import torch

        state = {"epoch": torch.tensor(epoch), "rng": (torch.get_rng_state(), generator.get_state())}
        for name, part in zip(self.names, (model, optimizer, scheduler), strict=True):
            state[name] = part.state_dict()
        whole = self.path.with_name("whole" + self.path.name)
        with whole.open("wb") as file:
            torch.save(state, file)
        whole.replace(self.path)

    def load(self, model: "Any", optimizer: "Any", scheduler: "Any", generator: "Any") -> int:
        import torch

        with self.path.open("rb") as file:
            state = torch.load(file, map_location="cpu", weights_only=True)
        for name, part in zip(self.names, (model, optimizer, scheduler), strict=True):
            part.load_state_dict(state[name])
        torch.set_rng_state(state["rng"][0])
        generator.set_state(state["rng"][1])
        return int(state["epoch"].item())


class NamedTemporary:
    def __init__(self, path: "Any") -> None:
        self.path = path

    def save(self, epoch: int, model: "Any", optimizer: "Any", scheduler: "Any", generator: "Any") -> None:
        import os
        import tempfile
        from pathlib import Path

        import torch

        parts = {"model": model, "optimizer": optimizer, "scheduler": scheduler}
        state = {name: part.state_dict() for name, part in parts.items()}
        state |= {"epoch": epoch, "numbers": torch.get_rng_state(), "order": generator.get_state()}
        handle, name = tempfile.mkstemp(dir=self.path.parent)
        with os.fdopen(handle, "wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(self.path)

    def load(self, model: "Any", optimizer: "Any", scheduler: "Any", generator: "Any") -> int:
        import torch

        state = torch.load(self.path, weights_only=True)
        generator.set_state(state["order"])
        torch.set_rng_state(state["numbers"])
        for name, part in {"scheduler": scheduler, "optimizer": optimizer, "model": model}.items():
            part.load_state_dict(state[name])
        return int(state["epoch"])
