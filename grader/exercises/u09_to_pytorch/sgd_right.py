"""`TorchSGD` written otherwise, and right."""

from typing import Any


def sgd_with_buffers(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class WithBuffers(torch.optim.Optimizer):
        @torch.no_grad()
        def step(self, closure: "Any" = None) -> "Any":
            loss = None
            if closure is not None:
                with torch.enable_grad():
                    loss = closure()
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is None:
                        continue
                    g = p.grad.add(p, alpha=group["weight_decay"])
                    if group["momentum"]:
                        state = self.state[p]
                        if "momentum_buffer" not in state:
                            state["momentum_buffer"] = g.clone()
                        else:
                            state["momentum_buffer"].mul_(group["momentum"]).add_(g)
                        v = state["momentum_buffer"]
                        g = g.add(v, alpha=group["momentum"]) if group["nesterov"] else v
                    p.add_(g, alpha=-group["lr"])
            return loss

    return WithBuffers(groups, settings)


def sgd_by_data(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class ByData(torch.optim.Optimizer):
        @torch.no_grad()
        def step(self, closure: "Any" = None) -> "Any":
            loss = None
            if closure is not None:
                with torch.enable_grad():
                    loss = closure()
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is None:
                        continue
                    theta = p.data
                    g = p.grad.data + group["weight_decay"] * theta
                    state = self.state[p]
                    if not state:
                        state["velocity"] = torch.zeros_like(theta)
                    state["velocity"] = group["momentum"] * state["velocity"] + g
                    roll = state["velocity"]
                    if group["nesterov"]:
                        roll = g + group["momentum"] * roll
                    p.data = theta - group["lr"] * roll
            return loss

    return ByData(groups, settings)


def sgd_copied_back(groups: "Any", **settings: "Any") -> "Any":
    import torch

    class CopiedBack(torch.optim.Optimizer):
        @torch.no_grad()
        def step(self, closure: "Any" = None) -> "Any":
            with torch.enable_grad():
                loss = None if closure is None else closure()
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is None:
                        continue
                    velocity = self.state[p].get("velocity", torch.zeros_like(p))
                    g = group["weight_decay"] * p + p.grad
                    velocity = velocity * group["momentum"] + g
                    self.state[p]["velocity"] = velocity
                    direction = velocity if not group["nesterov"] else group["momentum"] * velocity + g
                    p.copy_(p - direction * group["lr"])
            return loss

    return CopiedBack(groups, settings)
