# ---
# jupyter:
#   jupytext:
#     cell_metadata_filter: exercise,check,given,reflection,points,-all
#     formats: ipynb,py:percent
#     notebook_metadata_filter: jupytext,kernelspec,-all
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 10 · A CNN on the GPU

# %% given="setup"
import torch
from torch import nn

from course_lib import check

# %% [markdown]
# ### Exercise: `to_device`


# %% exercise="to_device"
def to_device(value, device):
    """`value` with every tensor in it on `device`; value: a tensor, or tuples, lists and dicts of such, nested.

    Returns the same kind of value, a new one; what is no tensor stays as it is.
    """
    ### BEGIN SOLUTION
    if isinstance(value, torch.Tensor):
        return value.to(device)
    if isinstance(value, tuple | list):
        return type(value)(to_device(item, device) for item in value)
    if isinstance(value, dict):
        return {key: to_device(item, device) for key, item in value.items()}
    return value
    ### END SOLUTION


# %% check="to_device"
check("to_device")


# %% exercise="Net"
class Net(nn.Module):
    """The mended network: images (N, 1, 28, 28) to logits (N, 10)."""

    def __init__(self):
        super().__init__()
        ### BEGIN SOLUTION
        self.conv1 = nn.Conv2d(1, 32, 3, padding=1)
        self.conv2 = nn.Conv2d(32, 64, 3, padding=1)
        self.fc1 = nn.Linear(64 * 7 * 7, 128)
        self.fc2 = nn.Linear(128, 10)
        ### END SOLUTION

    def forward(self, x):
        """x: (N, 1, 28, 28).  Returns the logits, (N, 10)."""
        ### BEGIN SOLUTION
        x = nn.functional.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = nn.functional.max_pool2d(torch.relu(self.conv2(x)), 2)
        x = torch.relu(self.fc1(x.flatten(1)))
        return self.fc2(x)
        ### END SOLUTION


# %% check="Net"
check("Net")


# %% exercise="train_one_epoch"
def train_one_epoch(model, loader, optimizer, device):
    """One step of `optimizer` for each batch (images, labels) of `loader`; the mean loss over the examples that came."""
    ### BEGIN SOLUTION
    model.train()
    total, count = 0.0, 0
    for batch in loader:
        images, labels = to_device(batch, device)
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(labels)
        count += len(labels)
    return total / count
    ### END SOLUTION


# %% check="train_one_epoch"
check("train_one_epoch")


# %% exercise="evaluate"
def evaluate(model, loader, device):
    """(mean loss, accuracy) over the examples that `loader` gives; the model is left as it came, its mode too."""
    ### BEGIN SOLUTION
    mode = model.training
    model.eval()
    total, right, count = 0.0, 0, 0
    with torch.no_grad():
        for batch in loader:
            images, labels = to_device(batch, device)
            logits = model(images)
            total += nn.functional.cross_entropy(logits, labels, reduction="sum").item()
            right += (logits.argmax(dim=1) == labels).sum().item()
            count += len(labels)
    model.train(mode)
    return total / count, right / count
    ### END SOLUTION


# %% check="evaluate"
check("evaluate")
