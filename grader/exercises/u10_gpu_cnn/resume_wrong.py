"""What people write in place of `resume_on`, and right versions that look different."""

from typing import Any


def moved_last(make_model: Any, model_state: Any, optimizer_state: Any, device: Any) -> "tuple":
    import torch

    model = make_model()
    optimizer = torch.optim.Adam(model.parameters())
    model.load_state_dict(model_state)
    optimizer.load_state_dict(optimizer_state)
    model.to(device)
    return model, optimizer


def never_moved(make_model: Any, model_state: Any, optimizer_state: Any, device: Any) -> "tuple":
    import torch

    model = make_model()
    optimizer = torch.optim.Adam(model.parameters())
    model.load_state_dict(model_state)
    optimizer.load_state_dict(optimizer_state)
    return model, optimizer


def moments_forgotten(make_model: Any, model_state: Any, optimizer_state: Any, device: Any) -> "tuple":
    import torch

    model = make_model()
    model.load_state_dict(model_state)
    model.to(device)
    return model, torch.optim.Adam(model.parameters())


def weights_forgotten(make_model: Any, model_state: Any, optimizer_state: Any, device: Any) -> "tuple":
    import torch

    model = make_model().to(device)
    optimizer = torch.optim.Adam(model.parameters())
    optimizer.load_state_dict(optimizer_state)
    return model, optimizer


def another_network(make_model: Any, model_state: Any, optimizer_state: Any, device: Any) -> "tuple":
    import torch

    model = make_model()
    model.load_state_dict(model_state)
    model.to(device)
    optimizer = torch.optim.Adam(make_model().to(device).parameters())
    optimizer.load_state_dict(optimizer_state)
    return model, optimizer


def moments_by_hand(make_model: Any, model_state: Any, optimizer_state: Any, device: Any) -> "tuple":
    import torch

    model = make_model()
    model.load_state_dict(model_state)
    model.to(device)
    optimizer = torch.optim.Adam(model.parameters())
    for param, memory in zip(model.parameters(), optimizer_state["state"].values(), strict=True):
        optimizer.state[param] = memory
    return model, optimizer


def right_loaded_there(make_model: Any, model_state: Any, optimizer_state: Any, device: Any) -> "tuple":
    import torch

    model = make_model().to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=1.0)
    model.load_state_dict(model_state)
    optimizer.load_state_dict(optimizer_state)
    return model, optimizer


def right_made_there(make_model: Any, model_state: Any, optimizer_state: Any, device: Any) -> "tuple":
    import torch

    with torch.device(device):
        model = make_model()
    optimizer = torch.optim.Adam([{"params": model.parameters()}])
    for part, state in ((model, model_state), (optimizer, optimizer_state)):
        part.load_state_dict(state)
    return model, optimizer


def right_with_settings(make_model: Any, model_state: Any, optimizer_state: Any, device: Any) -> "tuple":
    import torch

    model = make_model()
    model.load_state_dict({name: value.to(device) for name, value in model_state.items()}, assign=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=optimizer_state["param_groups"][0]["lr"])
    optimizer.load_state_dict(optimizer_state)
    return model, optimizer
