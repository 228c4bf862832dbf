"""What people write in place of `Checkpoint`; each class can be pasted into a notebook as it stands."""

from typing import Any


class ModelOnly:
    def __init__(self, path: "Any") -> None:
        self.path = path

    def save(self, epoch: int, model: "Any", optimizer: "Any", scheduler: "Any", generator: "Any") -> None:
        import torch

        new = self.path.with_suffix(".new")
        torch.save({"epoch": epoch, "model": model.state_dict()}, new)
        new.replace(self.path)

    def load(self, model: "Any", optimizer: "Any", scheduler: "Any", generator: "Any") -> int:
        import torch

        state = torch.load(self.path, weights_only=True)
        model.load_state_dict(state["model"])
        return int(state["epoch"])


class NoOptimizer:
    def __init__(self, path: "Any") -> None:
        self.path = path

    def save(self, epoch: int, model: "Any", optimizer: "Any", scheduler: "Any", generator: "Any") -> None:
        import torch

        state = {
            "epoch": epoch,
            "model": model.state_dict(),
            "scheduler": scheduler.state_dict(),
            "torch": torch.get_rng_state(),
            "generator": generator.get_state(),
        }
        new = self.path.with_suffix(".new")
        torch.save(state, new)
        new.replace(self.path)

    def load(self, model: "Any", optimizer: "Any", scheduler: "Any", generator: "Any") -> int:
        import torch

        state = torch.load(self.path, weights_only=True)
        model.load_state_dict(state["model"])
        scheduler.load_state_dict(state["scheduler"])
        torch.set_rng_state(state["torch"])
        generator.set_state(state["generator"])
        return int(state["epoch"])


class NoScheduler:
    def __init__(self, path: "Any") -> None:
        self.path = path

    def save(self, epoch: int, model: "Any", optimizer: "Any", scheduler: "Any", generator: "Any") -> None:
        import torch

        state = {
            "epoch": epoch,
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "torch": torch.get_rng_state(),
            "generator": generator.get_state(),
        }
        new = self.path.with_suffix(".new")
        torch.save(state, new)
        new.replace(self.path)

    def load(self, model: "Any", optimizer: "Any", scheduler: "Any", generator: "Any") -> int:
        import torch

        state = torch.load(self.path, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["torch"])
        generator.set_state(state["generator"])
        return int(state["epoch"])


class NoRandomNumbers:
    def __init__(self, path: "Any") -> None:
        self.path = path

    def save(self, epoch: int, model: "Any", optimizer: "Any", scheduler: "Any", generator: "Any") -> None:
        import torch

        state = {
            "epoch": epoch,
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "scheduler": scheduler.state_dict(),
            "generator": generator.get_state(),
        }
        new = self.path.with_suffix(".new")
        torch.save(state, new)
        new.replace(self.path)

    def load(self, model: "Any", optimizer: "Any", scheduler: "Any", generator: "Any") -> int:
        import torch

        state = torch.load(self.path, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        scheduler.load_state_dict(state["scheduler"])
        generator.set_state(state["generator"])
        return int(state["epoch"])


class SeededAgain:
    def __init__(self, path: "Any") -> None:
        self.path = path

    def save(self, epoch: int, model: "Any", optimizer: "Any", scheduler: "Any", generator: "Any") -> None:
        import torch

        state = {
            "epoch": epoch,
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "scheduler": scheduler.state_dict(),
        }
        new = self.path.with_suffix(".new")
        torch.save(state, new)
        new.replace(self.path)

    def load(self, model: "Any", optimizer: "Any", scheduler: "Any", generator: "Any") -> int:
        import torch

        state = torch.load(self.path, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        scheduler.load_state_dict(state["scheduler"])
        torch.manual_seed(0)
        generator.manual_seed(0)
        return int(state["epoch"])


class NoGenerator:
    def __init__(self, path: "Any") -> None:
        self.path = path

    def save(self, epoch: int, model: "Any", optimizer: "Any", scheduler: "Any", generator: "Any") -> None:
        import torch

        state = {
            "epoch": epoch,
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "scheduler": scheduler.state_dict(),
            "torch": torch.get_rng_state(),
        }
        new = self.path.with_suffix(".new")
        torch.save(state, new)
        new.replace(self.path)

    def load(self, model: "Any", optimizer: "Any", scheduler: "Any", generator: "Any") -> int:
        import torch

        state = torch.load(self.path, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        scheduler.load_state_dict(state["scheduler"])
        torch.set_rng_state(state["torch"])
        return int(state["epoch"])


class EpochOfTheNext:
    def __init__(self, path: "Any") -> None:
        self.path = path

    def save(self, epoch: int, model: "Any", optimizer: "Any", scheduler: "Any", generator: "Any") -> None:
        import torch

        state = {
            "epoch": epoch,
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "scheduler": scheduler.state_dict(),
            "torch": torch.get_rng_state(),
            "generator": generator.get_state(),
        }
        new = self.path.with_suffix(".new")
        torch.save(state, new)
        new.replace(self.path)

    def load(self, model: "Any", optimizer: "Any", scheduler: "Any", generator: "Any") -> int:
        import torch

        state = torch.load(self.path, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        scheduler.load_state_dict(state["scheduler"])
        torch.set_rng_state(state["torch"])
        generator.set_state(state["generator"])
        return int(state["epoch"] + 1)


class WrittenOver:
    def __init__(self, path: "Any") -> None:
        self.path = path

    def save(self, epoch: int, model: "Any", optimizer: "Any", scheduler: "Any", generator: "Any") -> None:
        import torch

        state = {
            "epoch": epoch,
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "scheduler": scheduler.state_dict(),
            "torch": torch.get_rng_state(),
            "generator": generator.get_state(),
        }
        torch.save(state, self.path)

    def load(self, model: "Any", optimizer: "Any", scheduler: "Any", generator: "Any") -> int:
        import torch

        state = torch.load(self.path, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        scheduler.load_state_dict(state["scheduler"])
        torch.set_rng_state(state["torch"])
        generator.set_state(state["generator"])
        return int(state["epoch"])


class RemovedFirst:
    def __init__(self, path: "Any") -> None:
        self.path = path

    def save(self, epoch: int, model: "Any", optimizer: "Any", scheduler: "Any", generator: "Any") -> None:
        import torch

        state = {
            "epoch": epoch,
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "scheduler": scheduler.state_dict(),
            "torch": torch.get_rng_state(),
            "generator": generator.get_state(),
        }
        if self.path.exists():
            self.path.unlink()
        new = self.path.with_suffix(".new")
        torch.save(state, new)
        new.replace(self.path)

    def load(self, model: "Any", optimizer: "Any", scheduler: "Any", generator: "Any") -> int:
        import torch

        state = torch.load(self.path, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        scheduler.load_state_dict(state["scheduler"])
        torch.set_rng_state(state["torch"])
        generator.set_state(state["generator"])
        return int(state["epoch"])


class TemporaryLeft:
    def __init__(self, path: "Any") -> None:
        self.path = path

    def save(self, epoch: int, model: "Any", optimizer: "Any", scheduler: "Any", generator: "Any") -> None:
        import torch

        state = {
            "epoch": epoch,
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "scheduler": scheduler.state_dict(),
            "torch": torch.get_rng_state(),
            "generator": generator.get_state(),
        }
        new = self.path.with_suffix(".new")
        torch.save(state, new)
        with new.open("rb") as whole, self.path.open("wb") as place:
            place.write(whole.read())

    def load(self, model: "Any", optimizer: "Any", scheduler: "Any", generator: "Any") -> int:
        import torch

        state = torch.load(self.path, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        scheduler.load_state_dict(state["scheduler"])
        torch.set_rng_state(state["torch"])
        generator.set_state(state["generator"])
        return int(state["epoch"])


class FirstKept:
    def __init__(self, path: "Any") -> None:
        self.path = path

    def save(self, epoch: int, model: "Any", optimizer: "Any", scheduler: "Any", generator: "Any") -> None:
        import torch

        if self.path.exists():
            return
        state = {
            "epoch": epoch,
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "scheduler": scheduler.state_dict(),
            "torch": torch.get_rng_state(),
            "generator": generator.get_state(),
        }
        new = self.path.with_suffix(".new")
        torch.save(state, new)
        new.replace(self.path)

    def load(self, model: "Any", optimizer: "Any", scheduler: "Any", generator: "Any") -> int:
        import torch

        state = torch.load(self.path, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        scheduler.load_state_dict(state["scheduler"])
        torch.set_rng_state(state["torch"])
        generator.set_state(state["generator"])
        return int(state["epoch"])


class WholeObjects:
    def __init__(self, path: "Any") -> None:
        self.path = path

    def save(self, epoch: int, model: "Any", optimizer: "Any", scheduler: "Any", generator: "Any") -> None:
        import torch

        states = scheduler.state_dict(), torch.get_rng_state(), generator.get_state()
        new = self.path.with_suffix(".new")
        torch.save((epoch, model, optimizer, *states), new)
        new.replace(self.path)

    def load(self, model: "Any", optimizer: "Any", scheduler: "Any", generator: "Any") -> int:
        import torch

        epoch, saved, stepped, schedule, numbers, order = torch.load(self.path, weights_only=False)
        model.load_state_dict(saved.state_dict())
        optimizer.load_state_dict(stepped.state_dict())
        scheduler.load_state_dict(schedule)
        torch.set_rng_state(numbers)
        generator.set_state(order)
        return int(epoch)
