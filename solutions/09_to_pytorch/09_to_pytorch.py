# ---
# jupyter:
#   jupytext:
#     cell_metadata_filter: exercise,check,given,reflection,points,folded,-all
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
# # 09 · To PyTorch
#
# **After this unit you can** say what PyTorch records and what `backward` does with it, get every gradient of unit 07
# without deriving one, write your optimizers as `torch.optim.Optimizer`s that agree with the library's to the last
# digits, add L1 and L2 to any loss, and move a network's weights from NumPy into an `nn.Module`.
#
# | time | difficulty | builds on |
# |---|---|---|
# | 120 to 150 minutes | ●●●●○ | Adam and AdamW ([05 Adam](../05_adam/05_adam.ipynb)), a network's gradients ([07 MLP](../07_mlp/07_mlp.ipynb)); the last part: [08 CNN](../08_cnn/08_cnn.ipynb) |
#
# Each check below runs your code on a few inputs and explains what it sees. PyTorch itself is allowed from here on; only
# the optimizers that you write may not be the library's own. If you skipped earlier units, a library's version stands
# in wherever this one uses your answers from there.

# %% given="setup"
try:
    from course_lib import check, earlier, plots, predict, reveal, waits_for
except ModuleNotFoundError as error:
    raise SystemExit(f"{error}: run ./course start in the course's folder, or see docs/running.md") from None

import copy

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn

from course_lib.data import load_fashion_mnist, subset
from course_lib.objectives import Quadratic

plots.use_style()
torch.set_num_threads(1)  # for matrices as small as ours, threads only get in each other's way

# %% [markdown]
# ## An array that can remember
#
# In eight units you wrote two things again and again: a formula, and by hand its gradient. PyTorch takes over the second
# half. Its array is called a **tensor**, and most of it you know already:

# %%
ours = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
theirs = torch.tensor(ours)
print(theirs @ theirs.T + 1)
print(theirs.shape, theirs.sum(dim=0), theirs.mean())
print(theirs.mean().item(), "is a plain number, and this an array again:", theirs.numpy()[0])
print("made of NumPy's numbers:", theirs.dtype, "  made of Python's:", torch.tensor([1.0, 2.0]).dtype)

# %% [markdown]
# Three habits to take along: `axis` is called `dim`, `.item()` makes a plain number, and floats are **float32** unless
# they come from NumPy. (A matrix product of two different float types is an error, with a message that says so.)
#
# There are two ways from NumPy to torch. `torch.tensor(array)` copies. What does `torch.from_numpy` do? We make a tensor
# from an array of zeros and add 1 to the *tensor*. What does the array hold then?

# %%
predict("shared", ..., options={"a": "0, 0, 0", "b": "1, 1, 1", "c": "Nothing: there is an error."})

# %%
array = np.zeros(3)
tensor = torch.from_numpy(array)
tensor += 1
print("the array:", array)
reveal(
    "shared",
    "b" if array.all() else "a",
    because="from_numpy copies nothing: array and tensor are two names for the same memory.",
)

# %% [markdown]
# That is quick, and it is a trap: keep it in mind for the day when you port a network.
#
# ## What autograd records
#
# A tensor made with `requires_grad=True` is a parameter: whatever is computed from it is **recorded**, step by step. Here
# is a line through one point, with a little L2. The numbers are small enough to check in your head.

# %%
w = torch.tensor(3.0, requires_grad=True)
b = torch.tensor(1.0, requires_grad=True)
x, y = 2.0, 5.0

product = w * x
prediction = product + b
error = prediction - y
squared = error**2
square_of_w = w**2
penalty = 0.1 * square_of_w
loss = squared + penalty
print(f"loss = {loss.item():.1f};  the operation that made it: {type(loss.grad_fn).__name__}")

# %% [markdown]
# `loss.grad_fn` is the last operation. It knows the operations before it, and so on down to `w` and `b`. `backward()` walks
# this graph from the loss to the parameters and applies the chain rule at each operation, just as your
# `linear_backward` and `relu_backward` did. The next cell draws the graph, lets `backward` run, and notes at each
# operation the value that went forward and the gradient that came back.

# %% folded=true given="graph"
def operations(loss):
    """The graph behind a tensor: {operation: the operations that made its inputs}."""
    todo, found = [loss.grad_fn], {}
    while todo:
        node = todo.pop()
        if node not in found:
            found[node] = [before for before, _ in node.next_functions if before is not None]
            todo += found[node]
    return found


def depths(node, graph, depth=0, found=None):
    """How many operations lie between each operation and the loss, on the longest way."""
    found = {} if found is None else found
    found[node] = max(depth, found.get(node, 0))
    for before in graph[node]:
        depths(before, graph, depth + 1, found)
    return found


def draw_graph(loss, names, place):
    """Run `backward` and draw what it walked along.  names: title -> tensor;  place: title -> (x, y)."""
    graph, arrived = operations(loss), {}
    handles = [
        node.register_prehook(lambda grads, node=node: arrived.__setitem__(node, grads[0].item())) for node in graph
    ]
    title_of = {}
    for node in graph:
        mine = [title for title, t in names.items() if t.grad_fn is node or getattr(node, "variable", None) is t]
        title_of[node] = mine[0]
    loss.backward()
    for handle in handles:
        handle.remove()
    ax = plt.subplots(figsize=(7.4, 4.3))[1]
    for node, sources in graph.items():
        for source in sources:
            (x0, y0), (x1, y1) = place[title_of[source]], place[title_of[node]]
            style = {"arrowstyle": "->", "color": plots.MUTED, "lw": 1.6, "shrinkA": 30, "shrinkB": 30}
            ax.annotate("", (x1, y1), (x0, y0), arrowprops=style)
    for node in graph:
        title = title_of[node]
        kind = type(node).__name__.removesuffix("Backward0")
        operation = "a parameter" if kind == "AccumulateGrad" else kind
        colour = plots.ORANGE if kind == "AccumulateGrad" else plots.BLUE
        text = f"{title}\n{operation}\nvalue {names[title].item():.4g}"
        box = {"boxstyle": "round,pad=0.45", "facecolor": plots.CARD, "edgecolor": colour, "linewidth": 2}
        ax.text(*place[title], text, ha="center", va="center", fontsize=9.5, bbox=box)
        ax.text(
            place[title][0], place[title][1] - 0.47, f"gradient {arrived[node]:.4g}", ha="center", va="top", fontsize=9.5,
            color=plots.VERMILLION, weight="bold", bbox={"facecolor": plots.CARD, "edgecolor": "none", "pad": 1},
        )
    ax.set(xlim=(-0.55, 4.55), ylim=(-0.95, 2.65))
    ax.set_axis_off()
    return ax


# %%
named = {
    "w": w, "b": b, "w x": product, "w x + b": prediction, "error": error, "error²": squared, "w²": square_of_w,
    "0.1 w²": penalty, "loss": loss,
}
place = {
    "w": (0, 0.9), "b": (0, 2.3), "w x": (1, 1.6), "w x + b": (2, 2.3), "error": (3, 2.3), "error²": (4, 2.3), "w²": (1.5, 0),
    "0.1 w²": (2.75, 0), "loss": (4, 0),
}
ax = draw_graph(loss, named, place)
plots.finding(ax, "backward walks the recorded graph from the loss to the parameters; where ways meet, gradients add up")
plt.show()
print(f"w.grad = {w.grad.item():.1f}   b.grad = {b.grad.item():.1f}")

# %% [markdown]
# Read it from the loss backwards, along the arrows in reverse. The loss's own gradient is 1. At `error²` it is multiplied
# by $2 \cdot 2 = 4$. Into `w` lead two ways: the prediction brings $4 \cdot x = 8$, the penalty $0.1 \cdot 2w = 0.6$, and
# they **add up** to 8.6. `x` and `y` are plain numbers: nothing was recorded for them, and no gradient comes.
#
# After `backward` the gradient lies in `w.grad`. Now we compute the loss once more, from the same `w` and `b`, and call
# `backward` on it again. What is in `w.grad` then?

# %%
predict(
    "again",
    ...,
    options={"a": "8.6 again: the same gradient", "b": "17.2: the sum of both", "c": "Nothing: a second backward is an error."},
)

# %%
loss = (w * x + b - y) ** 2 + 0.1 * w**2
loss.backward()
print(f"w.grad = {w.grad.item():.1f}")
reveal(
    "again",
    min({"a": 8.6, "b": 17.2}.items(), key=lambda item: abs(item[1] - w.grad.item()))[0],
    because="backward adds to what is in .grad. So a batch can be computed in parts, and so nobody's gradient is fresh "
    "who does not clear it first.",
)

# %% [markdown]
# The last small step: using the gradient. A step of gradient descent is a computation too, and it is *not* part of the
# loss. If it were recorded, the graph would grow from step to step; so torch refuses to change a parameter in place while
# it is recording. `torch.no_grad()` switches the recorder off:

# %%
try:
    w -= 0.1 * w.grad
except RuntimeError as refusal:
    print("refused:", refusal)
with torch.no_grad():
    w -= 0.1 * w.grad
    unrecorded = 2 * w
print(f"w = {w.item():.2f}, and still a parameter: {w.requires_grad}")
print("2 w, computed under no_grad, has a history:", unrecorded.requires_grad)

renamed = w
renamed = renamed - 0.1 * w.grad
print(f"after `renamed = renamed - ...`:  w = {w.item():.2f}: a new tensor has the name, and w did not move")

# %% [markdown]
# The last two lines show the commonest silent mistake of all: `p = p - ...` gives a *new* tensor the name `p`. `p -= ...`
# changes the tensor itself, and whoever else holds it sees the change.
#
# ### Exercise: `autograd_gradients`
#
# Unit 07's network once more: linear layers with a ReLU between them, and the cross-entropy as its loss. Then you needed
# a page of chain rule. Now write only the way forward. Take the parameters as NumPy arrays, as your `MLP` holds them, and
# return what its `loss_and_grads` returned.
#
# | you know | in torch |
# |---|---|
# | `relu_forward` | `torch.relu(h)` |
# | `cross_entropy(logits, labels)` | `nn.functional.cross_entropy(logits, labels)`: takes logits, returns the mean |
#
# (`nn.functional` is often imported as `F`; then you read `F.cross_entropy`.)


# %% exercise="autograd_gradients"
def autograd_gradients(params, X, y):
    """Loss and gradients of a network by torch.autograd: linear layers, ReLU between them, mean cross-entropy.

    params: [W1 (D, M), b1 (M,), W2, b2, ...], a list of float64 arrays, any number of layers.  X: (N, D).  y: (N,) labels.
    Returns (loss, grads): a number, and a list of float64 arrays in the order of params.
    """
    ### BEGIN SOLUTION
    tensors = [torch.tensor(param, requires_grad=True) for param in params]
    h = torch.tensor(X)
    for i in range(0, len(tensors), 2):
        if i > 0:
            h = torch.relu(h)
        h = h @ tensors[i] + tensors[i + 1]
    loss = nn.functional.cross_entropy(h, torch.tensor(y))
    loss.backward()
    return loss.item(), [tensor.grad.numpy() for tensor in tensors]
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the loss is wrong as soon as there are two layers, or for one layer already</summary>
#
# Count the ReLUs: a network of three layers has two, between its layers. None before the first layer, none after the last.
# </details>
#
# <details><summary>Hint 2: the loss is wrong by a factor, or it is infinite, or it hardly changes</summary>
#
# `nn.functional.cross_entropy` wants logits of shape (N, classes) and labels of shape (N,), takes the softmax by itself,
# stably, and returns the mean over the examples. Nothing needs to be done before or after.
# </details>
#
# <details><summary>Hint 3: None in place of a gradient, or gradients of the wrong size</summary>
#
# Only tensors that were made with `requires_grad=True` get a `.grad`, and only if the way from them to the loss is
# recorded without a gap: no `.numpy()`, no `.detach()`, no new `torch.tensor(...)` on the way. And `backward` adds to what
# is there: call it once. At the end, `tensor.grad.numpy()` is an array again.
# </details>

# %% check="autograd_gradients"
check("autograd_gradients")

# %% [markdown]
# Now both sides by side, on clothes: unit 07's network with gradients by hand, and yours by autograd, in float64. How
# large is the largest difference between two gradients?

# %%
predict(
    "by_hand",
    ...,
    options={
        "a": "below 1e-12: rounding at most",
        "b": "about 1e-6: autograd is an approximation, like a numerical gradient",
        "c": "about 1e-2: networks amplify small differences",
    },
)

# %% given="fashion"
fashion = load_fashion_mnist()
X_small, y_small = subset(fashion.X_train, fashion.y_train, 200)
X_small = X_small.reshape(200, 784).astype(np.float64)
MLP = earlier("MLP")

# %%
with waits_for("autograd_gradients"):
    network = MLP([784, 32, 16, 10], np.random.default_rng(0))
    loss_by_hand, grads_by_hand = network.loss_and_grads(X_small, y_small)
    loss_by_torch, grads_by_torch = autograd_gradients(network.params, X_small, y_small)
    print(f"loss: {loss_by_hand:.12f} by hand, {loss_by_torch:.12f} by torch")
    gaps = [np.abs(a - b).max() for a, b in zip(grads_by_hand, grads_by_torch, strict=True)]
    for name, gap, grad in zip(["W1", "b1", "W2", "b2", "W3", "b3"], gaps, grads_by_hand, strict=True):
        print(f"{name}: largest gradient {np.abs(grad).max():.4f}, largest difference below 1e-12: {gap < 1e-12}")
    reveal(
        "by_hand",
        "a" if max(gaps) < 1e-12 else "b" if max(gaps) < 1e-4 else "c",
        because="autograd applies the exact chain rule. What is left is the order in which floats are added up.",
    )

# %% [markdown]
# Automatic differentiation is neither numerical (no $h$, no cancellation) nor symbolic (no formula ever appears). It is
# your unit 07, written once for every operation that torch knows. From here on you only write the way forward.

# %% [markdown]
# ## An optimizer for everybody
#
# Every training loop in PyTorch has the same four lines, whatever the model and whatever the optimizer:
#
# ```python
# optimizer.zero_grad()          # clear the old gradients (backward adds!)
# loss = loss_of(model(X), y)    # forward: record
# loss.backward()                # fill every parameter's .grad
# optimizer.step()               # move every parameter by its .grad
# ```
#
# If your own optimizers are to work there, and with everybody's schedulers and checkpoints, they have to keep a
# contract. It is short, and the base class `torch.optim.Optimizer` keeps most of it for you:

# %% given="contract"
line = [nn.Parameter(torch.tensor([1.0, 2.0])), nn.Parameter(torch.tensor(0.5))]
library_sgd = torch.optim.SGD([{"params": line[:1]}, {"params": line[1:], "lr": 0.5}], lr=0.1, momentum=0.9)
(line[0].sum() * line[1]).backward()
library_sgd.step()
for number, group in enumerate(library_sgd.param_groups):
    chosen = {key: group[key] for key in ("lr", "momentum", "weight_decay", "nesterov")}
    print(f"group {number}: {len(group['params'])} parameter, {chosen}")
print("state of the first parameter:", library_sgd.state[line[0]])
print("state_dict:", list(library_sgd.state_dict()), "with a state for the parameters", list(library_sgd.state_dict()["state"]))

# %% [markdown]
# | part of the contract | who does it |
# |---|---|
# | `self.param_groups`: a list of dicts; each has its `"params"` and its **own settings** (`group["lr"]`, ...). A scheduler changes `group["lr"]` between steps | `super().__init__(params, defaults)` makes it; you read the settings there, **at each step** |
# | `self.state[p]`: a dict for each parameter, for what has to live on (velocity, moments, a count of steps) | is there, empty at first; you fill it |
# | `zero_grad()`, `state_dict()`, `load_state_dict()` | the base class, from these two |
# | `step(closure=None)`: moves every parameter **that has a gradient**; `p.grad` is `None` for one that took no part. If a closure is given, calls it first (it computes loss and gradients, so recording has to be **on**), and returns its loss | you |
#
# ### Exercise: `TorchSGD`
#
# $$g_t = \nabla J(\theta_t) + \lambda\, \theta_t, \qquad v_t = \beta\, v_{t-1} + g_t, \qquad
# \theta_{t+1} = \theta_t - \alpha\, v_t \quad\text{or, with Nesterov,}\quad
# \theta_{t+1} = \theta_t - \alpha\,(g_t + \beta\, v_t)$$
#
# $\lambda$ is `weight_decay`, $\beta$ is `momentum`. Under `@torch.no_grad()` nothing is recorded in the whole method;
# `with torch.enable_grad():` switches recording on again for a moment.


# %% exercise="TorchSGD"
class TorchSGD(torch.optim.Optimizer):
    """Gradient descent with momentum, Nesterov's look-ahead and weight decay, in the convention of torch.optim.SGD.

    params: parameters, or groups of them ({"params": [...], "lr": ...}).  lr, momentum, weight_decay: numbers.
    By hand: none of torch.optim's optimizers, and none of the functions that they are made of.
    """

    def __init__(self, params, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
        defaults = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay, "nesterov": nesterov}
        super().__init__(params, defaults)

    @torch.no_grad()
    def step(self, closure=None):
        """Move every parameter that has a gradient, in place. Returns the closure's loss; None without a closure."""
        ### BEGIN SOLUTION
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                g = p.grad + group["weight_decay"] * p
                state = self.state[p]
                state["velocity"] = group["momentum"] * state.get("velocity", 0) + g
                ahead = g + group["momentum"] * state["velocity"]
                p -= group["lr"] * (ahead if group["nesterov"] else state["velocity"])
        return loss
        ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the parameters do not move, or they climb</summary>
#
# Two loops, one in the other: over `self.param_groups`, then over `group["params"]`. In the middle, `p -= ...` changes the
# tensor that the model holds; `p = p - ...` would only give a new one the name `p`. And it goes *down* the gradient.
# </details>
#
# <details><summary>Hint 2: right without momentum, wrong with it</summary>
#
# The first velocity is the first gradient: `self.state[p].get("velocity", 0)` is 0 when there is none yet. Each gradient
# enters in full (a sum, no average), and the learning rate stays outside. Keep a velocity that is a tensor of its own:
# `p.grad` itself is written over by the next `backward`.
# </details>
#
# <details><summary>Hint 3: Nesterov or weight decay</summary>
#
# First the decay: $g =$ `p.grad` $+\, \lambda p$, as a new tensor (leave `p.grad` alone: `backward` may still add to it).
# From there on only $g$ is used, so the velocity knows of the decay too. Nesterov: the *new* velocity, once more with
# $\beta$, plus $g$.
# </details>
#
# <details><summary>Hint 4: wrong with two groups, or with a schedule</summary>
#
# Every setting comes from the group at hand, at each step: `group["lr"]`, never `self.defaults["lr"]`, never a copy from
# the constructor.
# </details>
#
# <details><summary>Hint 5: a parameter without a gradient</summary>
#
# `if p.grad is None: continue`. Not `return`: the next ones do have gradients. And not zeros: then decay and old
# velocity would move it.
# </details>
#
# <details><summary>Hint 6: saved and loaded, and then it goes on differently</summary>
#
# `state_dict()` saves `self.state` and `self.param_groups`, and no other attribute. What has to live on belongs into
# `self.state[p]`.
# </details>
#
# <details><summary>Hint 7: the closure</summary>
#
# Three lines at the top: if there is a closure, call it `with torch.enable_grad():` and keep what it returns. One at the
# end: return it.
# </details>

# %% check="TorchSGD"
check("TorchSGD")

# %% [markdown]
# ### What a checkpoint has to hold
#
# A run of 80 steps in a narrow valley, with momentum 0.9, is interrupted after 25. One colleague saved parameters and
# `optimizer.state_dict()`, loads both and goes on. Another saved the parameters only ("they *are* the model") and goes on
# with a new optimizer. What does the second one's loss look like, from there on?

# %%
predict(
    "checkpoint",
    ...,
    options={
        "a": "the same: the parameters are all that counts",
        "b": "it loses ground at first, and runs behind",
        "c": "it explodes: old parameters, new optimizer",
    },
)

# %% folded=true
with waits_for("TorchSGD"):
    curvature = torch.tensor([0.2, 30.0], dtype=torch.float64)

    def walk(theta, optimizer, steps):
        """The losses before each of some steps down the valley."""
        losses = []
        for _ in range(steps):
            optimizer.zero_grad()
            loss = (curvature * theta**2).sum() / 2
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return losses

    def new_run(values):
        """A parameter with these values, and an optimizer for it."""
        theta = nn.Parameter(torch.tensor(values, dtype=torch.float64))
        return theta, TorchSGD([theta], lr=0.01, momentum=0.9)

    whole = walk(*new_run([10.0, 1.0]), 80)
    theta, optimizer = new_run([10.0, 1.0])
    before = walk(theta, optimizer, 25)
    saved = copy.deepcopy(optimizer.state_dict())
    with_state, loaded = new_run(theta.tolist())
    loaded.load_state_dict(saved)
    resumed = walk(with_state, loaded, 55)
    forgetful = walk(*new_run(theta.tolist()), 55)

    ax = plt.subplots()[1]
    ax.plot(whole, color=plots.SKY, linewidth=6, label="never interrupted")
    ax.plot(np.arange(25, 80), resumed, color=plots.BLUE, label="parameters and state loaded")
    ax.plot(np.arange(25, 80), forgetful, "--", color=plots.VERMILLION, label="parameters only")
    ax.axvline(25, color=plots.MUTED, linestyle=":", linewidth=1.4)
    ax.set(xlabel="step", ylabel="loss", yscale="log")
    ax.legend(loc="lower left")
    plots.finding(ax, "With its state an optimizer goes on as if nothing had happened; without it, it starts from rest")
    plt.show()
    print(f"largest difference, resumed against never interrupted: {np.abs(np.array(resumed) - whole[25:]).max()}")
    print(f"loss at step 40: {whole[40]:.2f} uninterrupted, {forgetful[15]:.2f} with the parameters only")
    reveal(
        "checkpoint",
        "a" if np.allclose(forgetful, whole[25:]) else "c" if forgetful[-1] > 10 * before[0] else "b",
        because="The velocity is gone: the ball stands still at step 25 and has to get rolling again. With Adam it would be "
        "both moments, and the bias correction starts over too.",
    )

# %% [markdown]
# An optimizer that is built anew in every epoch makes the same mistake every epoch. A whole checkpoint has parameters,
# optimizer, scheduler and the random generators' states (unit 10).

# %% [markdown]
# ## Adam, once more
#
# ### Exercise: `TorchAdam`
#
# Unit 05's formulas, parameter by parameter:
#
# $$g_t = \nabla J(\theta_t) + \lambda\,\theta_t \qquad m_t = \beta_1 m_{t-1} + (1-\beta_1)\, g_t \qquad
# v_t = \beta_2 v_{t-1} + (1-\beta_2)\, g_t^2$$
#
# $$\hat m_t = \frac{m_t}{1-\beta_1^t} \qquad \hat v_t = \frac{v_t}{1-\beta_2^t} \qquad
# \theta_{t+1} = \theta_t - \alpha\, \frac{\hat m_t}{\sqrt{\hat v_t} + \varepsilon}$$
#
# $\lambda$ is `weight_decay`; in Adam it is plain L2, through the gradient. The frame around it (closure, groups,
# missing gradients) is that of your `TorchSGD`. One question to think about: whose is $t$?


# %% exercise="TorchAdam"
class TorchAdam(torch.optim.Optimizer):
    """Adam with bias correction and L2 through the gradient, as torch.optim.Adam.

    params: parameters, or groups of them.  lr, eps, weight_decay: numbers.  betas: (beta1, beta2).
    By hand: none of torch.optim's optimizers, and none of the functions that they are made of.
    """

    def __init__(self, params, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure=None):
        """Move every parameter that has a gradient, in place. Returns the closure's loss; None without a closure."""
        ### BEGIN SOLUTION
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                g = p.grad + group["weight_decay"] * p
                state = self.state[p]
                state["t"] = state.get("t", 0) + 1
                state["m"] = beta1 * state.get("m", 0) + (1 - beta1) * g
                state["v"] = beta2 * state.get("v", 0) + (1 - beta2) * g**2
                m_hat = state["m"] / (1 - beta1 ** state["t"])
                v_hat = state["v"] / (1 - beta2 ** state["t"])
                p -= group["lr"] * m_hat / (v_hat.sqrt() + group["eps"])
        return loss
        ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the parameters do not move</summary>
#
# `p -= ...` in the innermost loop, as in `TorchSGD`.
# </details>
#
# <details><summary>Hint 2: the first step, the moments, or eps</summary>
#
# At the first step, whatever the gradient, $\hat m = g$ and $\hat v = g^2$, and the step is $\alpha$ long. The stored
# moments stay uncorrected; $\hat m$ and $\hat v$ are made for this step only. First the root of $\hat v$, then
# $+\,\varepsilon$. `beta1, beta2 = group["betas"]`.
# </details>
#
# <details><summary>Hint 3: right for one parameter that always has a gradient, wrong otherwise, or after a resume</summary>
#
# $t$ counts the steps *of this parameter*: one that gets its first gradient at step 100 is at $t = 1$ then. So $t$ lives
# where $m$ and $v$ live, in `self.state[p]`.
# </details>
#
# <details><summary>Hint 4: groups, missing gradients, the closure</summary>
#
# Take that part from your `TorchSGD`; nothing changes there.
# </details>
#
# <details><summary>Hint 5: weight decay</summary>
#
# Here it is L2: $\lambda\,\theta$ is added to the gradient, as a new tensor, before anything else looks at it.
# </details>

# %% check="TorchAdam"
check("TorchAdam")

# %% [markdown]
# ### Exercise: `TorchAdamW`
#
# AdamW takes the decay out of the gradient and shrinks the parameter itself, with the learning rate of the moment, before
# the step:
#
# $$\theta_t \leftarrow \theta_t - \alpha\,\lambda\,\theta_t, \qquad\text{then Adam's step with } g_t = \nabla J(\theta_t)$$
#
# (The gradient is the one that `backward` left, from before the shrinking.) Copy your `TorchAdam` and change what differs.


# %% exercise="TorchAdamW"
class TorchAdamW(torch.optim.Optimizer):
    """Adam with weight decay apart from the gradient, as torch.optim.AdamW.

    params: parameters, or groups of them.  lr, eps, weight_decay: numbers.  betas: (beta1, beta2).
    By hand: none of torch.optim's optimizers, and none of the functions that they are made of.
    """

    def __init__(self, params, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure=None):
        """Move every parameter that has a gradient, in place. Returns the closure's loss; None without a closure."""
        ### BEGIN SOLUTION
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                p -= group["lr"] * group["weight_decay"] * p
                state = self.state[p]
                state["t"] = state.get("t", 0) + 1
                state["m"] = beta1 * state.get("m", 0) + (1 - beta1) * p.grad
                state["v"] = beta2 * state.get("v", 0) + (1 - beta2) * p.grad**2
                m_hat = state["m"] / (1 - beta1 ** state["t"])
                v_hat = state["v"] / (1 - beta2 ** state["t"])
                p -= group["lr"] * m_hat / (v_hat.sqrt() + group["eps"])
        return loss
        ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: with weight decay my weights go another way</summary>
#
# The moments are made of `p.grad` alone; nothing of the decay is in there. And the parameter decays once, not twice.
# </details>
#
# <details><summary>Hint 2: nearly right, or wrong as soon as the learning rate changes</summary>
#
# Take a gradient of zero, $\alpha = 0.1$, $\lambda = 0.4$: a parameter of 1 becomes 0.96. The factor is $1 - \alpha\lambda$
# with `group["lr"]` of this step, and it meets the parameter *before* the step moves it.
# </details>
#
# <details><summary>Hint 3: anything else</summary>
#
# It is your `TorchAdam`. A parameter without a gradient is passed over first of all, before it decays.
# </details>

# %% check="TorchAdamW"
check("TorchAdamW")

# %% [markdown]
# ## Parity
#
# The checks compared single runs. Now a real training run: a little network, 50 steps, six settings, yours against
# `torch.optim` from the same start. Float64 has 16 digits, float32 has 7. How far apart are the parameters after 50 steps
# in float32?

# %%
predict(
    "parity",
    ...,
    options={
        "a": "0: the formulas are the same",
        "b": "somewhere from 1e-8 to 1e-5",
        "c": "about 1e-2: small differences grow from step to step",
    },
)

# %% given="parity"
def small_problem(dtype):
    """A little network for a regression: its parameters, and a function that computes its loss."""
    rng = np.random.default_rng(9)
    X = torch.tensor(rng.normal(size=(60, 4)), dtype=dtype)
    y = torch.sin(2 * X[:, 0]) + X[:, 1]
    sizes = ((4, 8), (8,), (8, 1), (1,))
    params = [nn.Parameter(torch.tensor(rng.normal(0, 0.5, size=size), dtype=dtype)) for size in sizes]

    def loss():
        W1, b1, W2, b2 = params
        return ((torch.tanh(X @ W1 + b1) @ W2 + b2).squeeze(1) - y).square().mean()

    return params, loss


def train(make, dtype, **settings):
    """All parameters after each of 50 steps, (50, P), when `make(params, **settings)` is the optimizer."""
    params, loss = small_problem(dtype)
    optimizer, path = make(params, **settings), []
    for _ in range(50):
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()
        path.append(torch.cat([p.detach().flatten() for p in params]).double().numpy())
    return np.array(path)


# %% folded=true
with waits_for("TorchSGD", "TorchAdam", "TorchAdamW"):
    pairs = {
        "SGD": (TorchSGD, torch.optim.SGD, {"lr": 0.1}),
        "SGD, momentum": (TorchSGD, torch.optim.SGD, {"lr": 0.02, "momentum": 0.9}),
        "SGD, Nesterov": (TorchSGD, torch.optim.SGD, {"lr": 0.02, "momentum": 0.9, "nesterov": True}),
        "SGD, weight decay": (TorchSGD, torch.optim.SGD, {"lr": 0.1, "weight_decay": 0.01}),
        "Adam": (TorchAdam, torch.optim.Adam, {"lr": 0.02}),
        "AdamW": (TorchAdamW, torch.optim.AdamW, {"lr": 0.02, "weight_decay": 0.1}),
    }
    gaps = {}
    for name, (mine, library, settings) in pairs.items():
        for dtype in (torch.float64, torch.float32):
            paths = [train(make, dtype, **settings) for make in (mine, library)]
            gaps[name, dtype] = np.abs(paths[0] - paths[1]).max(axis=1)

    fig, panels = plt.subplots(1, 2, figsize=(7.4, 4.4), sharey=True)
    for ax, dtype, beside in zip(panels, (torch.float64, torch.float32), (10, 0.1), strict=True):
        for name in pairs:
            ax.plot(np.arange(1, 51), np.maximum(gaps[name, dtype], 1e-17), label=name)
        eps = torch.finfo(dtype).eps
        ax.axhline(eps, color=plots.MUTED, linestyle=":", linewidth=1.6)
        ax.text(50, eps * beside, "dotted: one rounding of 1.0", color=plots.MUTED, ha="right", va="center", fontsize=9.5)
        ax.set(xlabel="step", yscale="log", title=str(dtype).removeprefix("torch."), ylim=(5e-18, 1e-4))
    panels[0].set_ylabel("largest difference (0 drawn as 1e-17)")
    panels[0].legend(fontsize=9, loc="upper left")
    plots.finding(fig, "Yours and the library's differ by rounding only, in both precisions, for all 50 steps")
    plt.show()
    print(f"{'after 50 steps':18} {'float64':>9} {'float32':>9}")
    for name in pairs:
        print(f"{name:18} {gaps[name, torch.float64][-1]:9.0e} {gaps[name, torch.float32][-1]:9.0e}")
    worst64, worst32 = (max(gaps[name, dtype].max() for name in pairs) for dtype in (torch.float64, torch.float32))
    print(f"within 1e-12 in float64: {worst64 < 1e-12};  within 1e-5 in float32: {worst32 < 1e-5}")
    reveal(
        "parity",
        "a" if worst32 == 0 else "b" if worst32 < 1e-5 else "c",
        because="The library multiplies and adds in another order, so the last digit differs now and then. A minimum pulls "
        "both runs to the same place, so the differences hardly grow.",
    )

# %% [markdown]
# Zero throughout would mean the very same operations in the very same order; 1e-3 would be a bug. A forgotten
# $\varepsilon$ or a correction at the wrong place shows in such a table and hardly anywhere else. Comparing with a trusted version step by step, in float64, is the strongest
# test that a numerical program can have. Keep it for whatever you will port in your life.
#
# ### And NumPy?
#
# The same comparison across the two worlds: the optimizers of units 04 and 05, with gradients by formula, against those
# of this unit, with gradients by autograd.

# %% given="numpy_optimizers"
NumpySGD, NumpyAdam = earlier("SGD", "Adam")
valley = Quadratic(np.diag([1.0, 12.0]))

# %% folded=true
with waits_for("TorchSGD", "TorchAdam"):
    def numpy_path(make, start, steps):
        """The path of an optimizer for arrays, (steps + 1, 2), with the gradient's formula."""
        theta = np.array(start)
        optimizer, path = make([theta]), [theta.copy()]
        for _ in range(steps):
            optimizer.step([valley.grad(theta)])
            path.append(theta.copy())
        return np.array(path)

    def torch_path(make, start, steps):
        """The path of an optimizer for tensors, with autograd."""
        theta, A = nn.Parameter(torch.tensor(start, dtype=torch.float64)), torch.tensor(valley.A)
        optimizer, path = make([theta]), [theta.detach().numpy().copy()]
        for _ in range(steps):
            optimizer.zero_grad()
            (theta @ A @ theta / 2).backward()
            optimizer.step()
            path.append(theta.detach().numpy().copy())
        return np.array(path)

    start, steps = [-2.6, 1.6], 60
    worlds = {
        "SGD, momentum 0.9": (
            numpy_path(lambda p: NumpySGD(p, 0.02, 0.9), start, steps),
            torch_path(lambda p: TorchSGD(p, lr=0.02, momentum=0.9), start, steps),
        ),
        "Adam": (
            numpy_path(lambda p: NumpyAdam(p, 0.1), start, steps),
            torch_path(lambda p: TorchAdam(p, lr=0.1), start, steps),
        ),
    }
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.4, 4.2), width_ratios=(1.25, 1))
    plots.contour_with_paths(
        valley, {}, left, xlabel=r"$\theta_1$", ylabel=r"$\theta_2$", minimum=(0, 0), window=(-3.0, 2.0, -3.4, 2.4), resolution=61
    )
    for colour, (name, (by_numpy, by_torch)) in zip((plots.ORANGE, plots.SKY), worlds.items(), strict=True):
        left.plot(*by_numpy.T, color=colour, linewidth=7, solid_capstyle="round", label=f"{name}: NumPy")
        left.plot(*by_torch.T, ".-", color=plots.INK, linewidth=1, markersize=4, label=f"{name}: PyTorch")
        right.plot(np.maximum(np.abs(by_numpy - by_torch).max(axis=1), 1e-17), color=colour, label=name)
    left.legend(fontsize=8, loc="lower left")
    right.axhline(np.finfo(float).eps, color=plots.MUTED, linestyle=":", linewidth=1.6)
    right.set(xlabel="step", ylabel="largest difference (0 drawn as 1e-17)", yscale="log", ylim=(5e-18, 1e-13))
    right.legend(loc="upper left", fontsize=9.5)
    plots.finding(fig, "NumPy with your formulas and PyTorch with autograd walk the same path")
    plt.show()
    for name, (by_numpy, by_torch) in worlds.items():
        print(f"{name:18} largest difference in 60 steps is below 1e-12: {np.abs(by_numpy - by_torch).max() < 1e-12}")

# %% [markdown]
# Two languages, two ways to the gradient, one path: heavy ball swings through the valley and Adam cuts across, and at no
# step do the two worlds part by more than a few roundings. Whatever you learned about these methods in NumPy holds here.

# %% [markdown]
# ## A model that knows its parameters
#
# So far we carried lists of parameters about. An `nn.Module` keeps them for you: every `nn.Parameter` that becomes an
# attribute is registered, and so is every Module with all that it holds. You write `__init__` and `forward`:

# %% given="line"
class Line(nn.Module):
    """Predictions X w + b."""

    def __init__(self, features):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(features))
        self.bias = nn.Parameter(torch.zeros(()))

    def forward(self, X):
        return X @ self.weight + self.bias


print([(name, tuple(p.shape)) for name, p in Line(3).named_parameters()])
layers = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))  # for layers one after another there is a Module too
print([(name, tuple(p.shape)) for name, p in layers.named_parameters()])
print("called like a function:", layers(torch.zeros(5, 4)).shape)

# %% [markdown]
# Look at the shapes: `nn.Linear(4, 8)` keeps its weight as **(outputs, inputs)**, the transpose of your unit 07's.
#
# Somebody writes a Module of their own and keeps the layers in a list: `self.layers = [nn.Linear(4, 8), nn.Linear(8, 3)]`.
# The forward loops over the list. How many parameters does `model.parameters()` hand to the optimizer?

# %%
predict(
    "plain_list",
    ...,
    options={"a": "four: two weights, two biases", "b": "none", "c": "It does not come to that: there is an error before."},
)

# %%
class Stack(nn.Module):
    """Layers in a plain list."""

    def __init__(self):
        super().__init__()
        self.layers = [nn.Linear(4, 8), nn.Linear(8, 3)]

    def forward(self, X):
        for layer in self.layers:
            X = layer(X)
        return X


found = len(list(Stack().parameters()))
print(f"an output of shape {tuple(Stack()(torch.zeros(5, 4)).shape)}, and {found} parameters")
reveal(
    "plain_list",
    "b" if found == 0 else "a",
    because="A Module looks at its attributes, and a list is no Module: what is in there stays unseen, by optimizers, by "
    "state_dict and by .to(device). nn.ModuleList is the list that is seen.",
)

# %% [markdown]
# ### Exercise: `port_cnn`
#
# Unit 08's `NumpyCNN` is to become a Module that gives the same logits. Its layers, in order: convolution (padding half the
# kernel, rounded down), ReLU, max pooling 2; the same once more; flatten; linear. Its parameters:
#
# | | shape in `NumpyCNN.params` | in torch |
# |---|---|---|
# | W1, b1 | (A, C, K1, K1), (A,) | `nn.Conv2d(C, A, K1, padding=...)`: weight (A, C, K1, K1) |
# | W2, b2 | (B, A, K2, K2), (B,) | the same, with a kernel size of its own |
# | W3, b3 | (features, classes), (classes,) | `nn.Linear(features, classes)`: look above |
#
# All sizes can be read off the arrays. The Module should have the arrays' float type (`model.double()` makes a model
# float64), and weights of its own: training it must not touch the NumPy network.


# %% exercise="port_cnn"
def port_cnn(params):
    """A Module with the weights of a NumpyCNN: (N, C, height, width) -> logits (N, classes), float64.

    params: [W1 (A, C, K1, K1), b1 (A,), W2 (B, A, K2, K2), b2 (B,), W3 (features, classes), b3 (classes,)], all float64.
    """
    ### BEGIN SOLUTION
    W1, b1, W2, b2, W3, b3 = (torch.tensor(param) for param in params)
    convolutions = []
    for W in (W1, W2):
        filters, channels, size, _ = W.shape
        convolutions += [nn.Conv2d(channels, filters, size, padding=size // 2), nn.ReLU(), nn.MaxPool2d(2)]
    model = nn.Sequential(*convolutions, nn.Flatten(), nn.Linear(*W3.shape)).double()
    with torch.no_grad():
        for parameter, value in zip(model.parameters(), (W1, b1, W2, b2, W3.T, b3), strict=True):
            parameter.copy_(value)
    return model
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: other outputs, and I do not know where to begin</summary>
#
# Go layer by layer: for images `x`, `model[0](x)` is the first convolution alone; compare its shape with what you expect.
# In `nn.Sequential(...)` the order is the order of the layers: convolution, ReLU, pooling, twice, then `nn.Flatten()` and the
# linear layer. No softmax at the end.
# </details>
#
# <details><summary>Hint 2: how the weights get in</summary>
#
# `model.parameters()` come in the order of the layers, weight before bias: the same order as `params`. Under
# `torch.no_grad()`, `parameter.copy_(tensor)` writes values in. The convolutions' weights fit as they are; the linear
# layer's have to be *transposed*. (`reshape` and `view` also give the right shape, and the wrong matrix.)
# </details>
#
# <details><summary>Hint 3: the convolutions agree, the logits do not</summary>
#
# `nn.Flatten()` turns (N, C, H, W) into rows: all of channel 0, then all of channel 1. Unit 08 does the same, so nothing
# has to be permuted before.
# </details>
#
# <details><summary>Hint 4: right outputs, but it does not train, or it trains too much</summary>
#
# Not in `model.parameters()`: layers in a plain list, and plain tensors. Training that changes the NumPy network: memory
# that is shared through `torch.from_numpy`. `torch.tensor(param)` and `copy_` both copy.
# </details>

# %% check="port_cnn"
check("port_cnn")

# %% [markdown]
# The whole network of unit 08, moved: are the outputs the same, and the gradients too? Then it is trained, by your
# `TorchAdam`, on 3,000 images: something that would have taken your NumPy network a good while.

# %% given="numpy_cnn"
NumpyCNN = earlier("NumpyCNN")

# %% folded=true
with waits_for("port_cnn", "TorchAdam"):
    network = NumpyCNN(np.random.default_rng(0))
    model = port_cnn(network.params)
    images, labels = X_small[:32].reshape(-1, 1, 28, 28), y_small[:32]
    loss_by_hand, grads_by_hand = network.loss_and_grads(images, labels)
    logits = model(torch.tensor(images))
    nn.functional.cross_entropy(logits, torch.tensor(labels)).backward()
    by_torch = [p.grad.numpy() for p in model.parameters()]
    by_torch[4] = by_torch[4].T
    gap = max(np.abs(a - b).max() for a, b in zip(grads_by_hand, by_torch, strict=True))
    print(f"logits: largest difference below 1e-12: {np.abs(network.forward(images) - logits.detach().numpy()).max() < 1e-12}")
    print(f"gradients: largest difference below 1e-12: {gap < 1e-12}")

    X_train, y_train = (torch.tensor(part) for part in subset(fashion.X_train, fashion.y_train, 3000))
    X_test, y_test = subset(fashion.X_test, fashion.y_test, 500)
    model = port_cnn(network.params).float()

    def predicted():
        """The classes that the model gives the test images."""
        with torch.no_grad():
            return model(torch.tensor(X_test)[:, None]).argmax(dim=1).numpy()

    before = np.mean(predicted() == y_test)
    optimizer = TorchAdam(model.parameters(), lr=0.002)
    order = np.random.default_rng(1).permutation(3000).reshape(-1, 100)
    for batch in np.concatenate([order, order[:, ::-1]]):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(X_train[batch][:, None]), y_train[batch]).backward()
        optimizer.step()
    guesses = predicted()
    after = np.mean(guesses == y_test)
    print(f"right on 500 test images: {before:.0%} before, {after:.0%} after 60 steps")
    labels = [fashion.class_names[k] for k in guesses[:16]]
    ax = plots.image_grid(X_test[:16], labels, wrong=guesses[:16] != y_test[:16])
    plots.finding(ax, f"The ported network after 60 steps of your TorchAdam: {after:.0%} right (crosses: wrong)")
    plt.show()

# %% [markdown]
# The same logits and the same gradients, so it *is* the same network; and 60 steps take it from guessing to about 80 %.
# Comparing outputs on a few inputs, in float64, is how every port should end, also when you load somebody's published
# weights into your own code.

# %% [markdown]
# ## A penalty, three ways
#
# In unit 06 you wrote penalties and their gradients. Now the gradient comes by itself: add the terms to the loss, and
# `backward` does the rest.
#
# $$J_{\text{reg}} = J + \lambda_1 \sum_{W} \sum_{ij} |W_{ij}| + \lambda_2 \sum_{W} \sum_{ij} W_{ij}^2$$
#
# The sums go over the *weights* of all layers: parameters with two axes or more. Biases have one, and stay free; so do the
# factors of a normalization, whatever their name.
#
# ### Exercise: `regularized_loss`


# %% exercise="regularized_loss"
def regularized_loss(loss, model, l1, l2):
    """The loss with L1 and L2 terms added: loss + l1 * sum |W| + l2 * sum W^2 over all weights of the model.

    loss: a tensor with one number, recorded.  model: an nn.Module.  l1, l2: numbers.
    Weights have two axes or more; what has one (biases, a normalization's factors) is left out.
    Returns a tensor with one number, recorded, so that `backward` can start from it.
    By hand: no torch.optim, whose weight_decay is no part of a loss.
    """
    ### BEGIN SOLUTION
    weights = [p for p in model.parameters() if p.ndim > 1]
    return loss + l1 * sum(w.abs().sum() for w in weights) + l2 * sum((w**2).sum() for w in weights)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: which parameters?</summary>
#
# `model.parameters()` gives weights and biases of all layers. A weight `p` has `p.ndim` of 2 (linear) or 4 (convolution).
# </details>
#
# <details><summary>Hint 2: the value is right, the gradient is not</summary>
#
# Use the parameters themselves, not `.data`, `.detach()` or `.item()`: what is not recorded cannot be differentiated.
# </details>
#
# <details><summary>Hint 3: the value is wrong</summary>
#
# One weight matrix with the entries 3 and -4, $\lambda_1 = \lambda_2 = 0.1$: the L1 term is 0.7, the L2 term 2.5. No root, no
# mean, no one half. Start from `loss` and add the terms of *every* layer.
# </details>

# %% check="regularized_loss"
check("regularized_loss")

# %% [markdown]
# L2 can now be had in three ways: in the loss ($\lambda_2$), or as `weight_decay` $= 2\lambda_2$ in SGD or Adam (the gradient
# of $\lambda_2 W^2$ is $2\lambda_2 W$), or as AdamW's `weight_decay`. We train the same little network 200 steps with each
# optimizer, once with the term in the loss and once with `weight_decay`, set for the weights alone (a use for parameter
# groups). For which optimizers do both give the same weights?

# %%
predict(
    "same_l2",
    ...,
    options={
        "a": "for SGD, Adam and AdamW: L2 is L2",
        "b": "for SGD and Adam",
        "c": "for SGD alone: Adam rescales gradients",
        "d": "for none of them",
    },
)

# %% folded=true
with waits_for("TorchSGD", "TorchAdam", "TorchAdamW", "regularized_loss"):
    rng = np.random.default_rng(3)
    X_reg = torch.tensor(rng.normal(size=(60, 4)))
    y_reg = torch.sin(2 * X_reg[:, 0]) + X_reg[:, 1]
    first_weights = [torch.tensor(rng.normal(0, 0.5, size=size)) for size in ((8, 4), (8,), (1, 8), (1,))]

    def trained(make, l2=0.0, decay=0.0):
        """The weights (no biases) after 200 steps, as one array."""
        model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1)).double()
        with torch.no_grad():
            for p, value in zip(model.parameters(), first_weights, strict=True):
                p.copy_(value)
        hidden, _, last = model
        groups = [
            {"params": [hidden.weight, last.weight], "weight_decay": decay},
            {"params": [hidden.bias, last.bias], "weight_decay": 0.0},
        ]
        optimizer = make(groups)
        for _ in range(200):
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(X_reg).squeeze(1), y_reg)
            regularized_loss(loss, model, 0.0, l2).backward()
            optimizer.step()
        return torch.cat([hidden.weight.flatten(), last.weight.flatten()]).detach().numpy()

    makers = {
        "SGD": lambda groups: TorchSGD(groups, lr=0.1),
        "Adam": lambda groups: TorchAdam(groups, lr=0.02),
        "AdamW": lambda groups: TorchAdamW(groups, lr=0.02),
    }
    both = {name: (trained(make, l2=0.05), trained(make, decay=0.1)) for name, make in makers.items()}
    same = {}
    fig, panels = plt.subplots(1, 3, figsize=(7.4, 3.4), sharex=True, sharey=True)
    for ax, (name, (in_loss, as_decay)) in zip(panels, both.items(), strict=True):
        difference = np.abs(in_loss - as_decay).max()
        same[name] = difference < 1e-9
        ax.axline((0, 0), slope=1, color=plots.MUTED, linestyle=":", linewidth=1.4)
        ax.plot(in_loss, as_decay, "o", color=plots.BLUE if same[name] else plots.VERMILLION, markersize=5)
        ax.set_title(name, fontsize=11.5)
        ax.set_xlabel("weight, term in the loss")
        print(f"{name:6} largest difference of a weight: {'below 1e-9' if same[name] else format(difference, '.2f'):>10};   "
              f"sum of W^2: {in_loss @ in_loss:5.2f} with the term in the loss, {as_decay @ as_decay:5.2f} with weight_decay")
    panels[0].set_ylabel("weight, weight_decay")
    plots.finding(fig, "weight_decay is L2 in the loss for SGD and Adam; AdamW's is something else")
    plt.show()
    reveal(
        "same_l2",
        {(True, True, True): "a", (True, True, False): "b", (True, False, False): "c"}.get(tuple(same.values()), "d"),
        because="In SGD and Adam weight_decay is added to the gradient, and that is all the term in the loss does. AdamW "
        "shrinks the weights apart from the gradient, so that nothing divides the decay.",
    )

# %% [markdown]
# So `weight_decay` in Adam *is* L2: it reaches the moments with the rest of the gradient, and is divided by
# $\sqrt{\hat v}$ like it. With AdamW the same number means another thing, here a much weaker pull (each step shrinks a weight
# by $\alpha\lambda = 0.002$ of itself): do not carry a `weight_decay` from one to the other. L1 is in none of these
# optimizers; there the loss is the place.

# %% [markdown]
# ## Bonus: after Adam
#
# Since 2015 hundreds of optimizers have been published, and most were forgotten. Two that are in use today show where the
# field went, and both are a few lines on top of what you have.
#
# ### Bonus exercise: `Lion`
#
# A search program found it (Chen and others, 2023), among thousands of random little programs. It needs one moment, not
# two, and **every entry moves by exactly $\alpha$**: only the sign counts.
#
# $$d_t = \operatorname{sign}\big(\beta_1 m_{t-1} + (1-\beta_1)\, g_t\big) \qquad
# \theta_{t+1} = \theta_t - \alpha\,(d_t + \lambda\,\theta_t) \qquad
# m_t = \beta_2 m_{t-1} + (1-\beta_2)\, g_t$$
#
# (The decay stands apart, as in AdamW. Two betas: one mixes the step, the other remembers.)


# %% exercise="Lion"
class Lion(torch.optim.Optimizer):
    """Lion: the sign of a mixture of the average and the newest gradient; decay apart from it.

    params: parameters, or groups of them.  lr, weight_decay: numbers.  betas: (beta1 for the step, beta2 for the memory).
    """

    def __init__(self, params, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0):
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure=None):
        """Move every parameter that has a gradient, in place. Returns the closure's loss; None without a closure."""
        ### BEGIN SOLUTION
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                m = self.state[p].get("m", 0)
                direction = torch.sign(beta1 * m + (1 - beta1) * p.grad)
                p -= group["lr"] * (direction + group["weight_decay"] * p)
                self.state[p]["m"] = beta2 * m + (1 - beta2) * p.grad
        return loss
        ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the very first step</summary>
#
# The memory is 0 then, so the direction is the sign of the first gradient, and every entry moves by `lr`.
# </details>
#
# <details><summary>Hint 2: from the second step on</summary>
#
# $m$ is used twice, both times the *old* one: mixed with $\beta_1$ for the direction, and renewed with $\beta_2$ for the next
# step. The mixture itself is not kept.
# </details>
#
# <details><summary>Hint 3: decay, groups, schedules, resuming, missing gradients, the closure</summary>
#
# As in `TorchAdamW`: the decay outside the sign, times `group["lr"]`; all settings from `group`; memory in `self.state[p]`; no
# gradient, no move; the closure `with torch.enable_grad():`.
# </details>

# %% check="Lion"
check("Lion")

# %% [markdown]
# ### Bonus exercise: `Muon`
#
# Adam treats a weight matrix as a heap of single numbers. Muon (Jordan and others, 2024) treats it as a matrix. The update
# of a linear layer is usually lopsided: a few directions are large, most are tiny. Muon keeps the directions and makes
# them all about equally large, that is, it replaces the update $U S V^T$ by nearly $U V^T$. No singular value
# decomposition is needed: five rounds of a polynomial in the matrix do it.
#
# $$M_t = \mu M_{t-1} + (1-\mu)\, G_t \qquad U_t = \mu M_t + (1-\mu)\, G_t \qquad X \leftarrow \frac{U_t}{\max(\lVert U_t \rVert_F,\, 10^{-7})}$$
#
# $$\text{five times:}\quad A \leftarrow X X^T, \qquad X \leftarrow 3.4445\, X + (-4.7750\, A + 2.0315\, A A)\, X$$
#
# $$\theta_{t+1} = \theta_t - \alpha \lambda\, \theta_t - \alpha \sqrt{\max(1, \text{rows} / \text{columns})}\; X$$
#
# For matrices only: biases go to another optimizer. (The library rounds $X$ to bfloat16, for speed. Stay in the
# parameter's own type.)


# %% exercise="Muon"
class Muon(torch.optim.Optimizer):
    """Muon for matrices: momentum with a look-ahead, orthogonalized by five Newton-Schulz rounds, as torch.optim.Muon.

    params: parameters with two axes, or groups of them.  lr, weight_decay, momentum: numbers.
    By hand: none of torch.optim's optimizers, and none of the functions that they are made of.
    """

    def __init__(self, params, lr=0.001, weight_decay=0.1, momentum=0.95):
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure=None):
        """Move every parameter that has a gradient, in place. Returns the closure's loss; None without a closure."""
        ### BEGIN SOLUTION
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            mu = group["momentum"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                state["M"] = mu * state.get("M", 0) + (1 - mu) * p.grad
                update = mu * state["M"] + (1 - mu) * p.grad
                X = update / update.norm().clamp(min=1e-7)
                for _ in range(5):
                    A = X @ X.T
                    X = 3.4445 * X + (-4.7750 * A + 2.0315 * A @ A) @ X
                p -= group["lr"] * group["weight_decay"] * p
                p -= group["lr"] * max(1, p.shape[0] / p.shape[1]) ** 0.5 * X
        return loss
        ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the rounds</summary>
#
# Divide by `update.norm()`, the root of the sum of all squares, once, before the five rounds; `.clamp(min=1e-7)` keeps
# that from ever being zero. `@` is the product of matrices; $A A$ is `A @ A`. The coefficients are meant to overshoot a
# little.
# </details>
#
# <details><summary>Hint 2: right for one step without momentum, wrong with it</summary>
#
# $M$ is an average, with $1 - \mu$. Then look ahead: the update mixes the *new* $M$ with the newest gradient once more. Only
# $M$ is kept; it is never orthogonalized itself.
# </details>
#
# <details><summary>Hint 3: tall matrices, or the decay</summary>
#
# `p.shape` is (rows, columns). With 5 rows and 2 columns the step is $\sqrt{2.5}$ times as long; with 2 and 5 it stays. The decay
# is $\alpha\lambda$, without that factor.
# </details>
#
# <details><summary>Hint 4: groups, resuming, missing gradients, the closure</summary>
#
# As in your other optimizers: settings from `group`, memory in `self.state[p]`, no gradient, no move; and the closure is
# called `with torch.enable_grad():`.
# </details>

# %% check="Muon"
check("Muon")

# %% [markdown]
# What do five rounds do to an update? We take a real gradient, of the first layer of a small network for clothes, and look
# at its singular values before and after. The largest is about seventy times the median. And afterwards?

# %%
predict(
    "spectrum",
    ...,
    options={
        "a": "all exactly 1",
        "b": "most of them between 0.6 and 1.3",
        "c": "as lopsided as before, just rescaled",
    },
)

# %% given="small_net"
X_clothes, y_clothes = (torch.tensor(part) for part in subset(fashion.X_train, fashion.y_train, 2000))
X_clothes = X_clothes.reshape(-1, 14, 2, 14, 2).mean(dim=(2, 4)).flatten(1)  # 14 x 14 pixels are enough here
X_held, y_held = X_clothes[1500:], y_clothes[1500:]


def small_net(seed):
    """A network 196-32-10 in float32, the same for the same seed."""
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(196, 32), nn.ReLU(), nn.Linear(32, 10))


# %% folded=true
with waits_for("Muon"):
    net = small_net(0)
    nn.functional.cross_entropy(net(X_clothes[:500]), y_clothes[:500]).backward()
    gradient = net[0].weight.grad.double()
    moved = nn.Parameter(torch.zeros_like(gradient))
    moved.grad = gradient
    Muon([moved], lr=1.0, weight_decay=0.0, momentum=0.0).step()
    before, after = (np.linalg.svd(matrix.detach().numpy(), compute_uv=False) for matrix in (gradient, -moved))

    s = np.linspace(0, 1, 1001)
    mapped = s.copy()
    for _ in range(5):
        mapped = mapped * (3.4445 - 4.7750 * mapped**2 + 2.0315 * mapped**4)
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.9))
    left.plot(s, mapped, color=plots.BLUE, label="after five rounds")
    left.plot(s, s, ":", color=plots.MUTED, label="before")
    left.axhspan(0.68, 1.15, color=plots.YELLOW, alpha=0.35)
    left.set(xlabel="singular value before (largest possible: 1)", ylabel="singular value after")
    left.legend(loc="lower right")
    right.plot(np.arange(1, 33), before / np.linalg.norm(before), "o", color=plots.ORANGE, label="the gradient, normalized")
    right.plot(np.arange(1, 33), after, "o", color=plots.BLUE, label="Muon's update")
    right.set(xlabel="number of the singular value", ylabel="singular value", yscale="log")
    right.legend(loc="lower left")
    plots.finding(fig, "Five rounds of a polynomial lift nearly every direction of an update to about the same size")
    plt.show()
    print(f"largest over median: {before[0] / np.median(before):.0f} before, {after.max() / np.median(after):.1f} after")
    print(f"between 0.6 and 1.3 after: {np.mean((after > 0.6) & (after < 1.3)):.0%} of 32")
    reveal(
        "spectrum",
        "a" if np.allclose(after, 1, atol=1e-3) else "b" if np.mean((after > 0.6) & (after < 1.3)) > 0.5 else "c",
        because="The polynomial is steep at 0 and flat, a little wavy, around 1: after five rounds nearly everything has "
        "arrived there. Exactly 1 would cost more rounds, and is not needed.",
    )

    library = nn.Parameter(torch.zeros_like(gradient))
    library.grad = gradient
    torch.optim.Muon([library], lr=1.0, weight_decay=0.0, momentum=0.0).step()
    print(f"largest difference to torch.optim.Muon, which rounds to three digits: below 0.05: {(moved - library).abs().max() < 0.05}")

# %% [markdown]
# ### A fair race
#
# The small network for clothes, 80 steps on random batches of 50. Four optimizers, **each at its own best learning rate**
# out of six, three seeds. (Muon moves the two matrices; the biases go to AdamW.) It is a small race on a small problem:
# what wins here need not win on yours.

# %%
predict(
    "race",
    ...,
    options={"a": "SGD with momentum", "b": "AdamW", "c": "Lion", "d": "Muon", "e": "no one clearly: within the seeds' spread"},
)

# %% folded=true
with waits_for("TorchSGD", "TorchAdamW", "Lion", "Muon"):
    class Both:
        """Muon for the matrices of a network, AdamW for its biases."""

        def __init__(self, params, lr):
            params = list(params)
            self.parts = [Muon(params[::2], lr=lr, weight_decay=0.0), TorchAdamW(params[1::2], lr=0.01)]

        def step(self):
            for part in self.parts:
                part.step()

    racers = {
        "SGD, momentum": (lambda params, lr: TorchSGD(params, lr=lr, momentum=0.9), np.geomspace(0.01, 1, 6)),
        "AdamW": (lambda params, lr: TorchAdamW(params, lr=lr), np.geomspace(0.001, 0.1, 6)),
        "Lion": (lambda params, lr: Lion(params, lr=lr), np.geomspace(0.0003, 0.03, 6)),
        "Muon": (Both, np.geomspace(0.005, 0.5, 6)),
    }

    def race(make, lr, seed):
        """The loss on held-out images before the first step and after each ten of 80."""
        net, rng = small_net(seed), np.random.default_rng(seed)
        optimizer, losses = make(net.parameters(), lr), []
        for t in range(81):
            if t % 10 == 0:
                with torch.no_grad():
                    losses.append(nn.functional.cross_entropy(net(X_held), y_held).item())
            batch = rng.integers(0, 1500, size=50)
            net.zero_grad()
            nn.functional.cross_entropy(net(X_clothes[batch]), y_clothes[batch]).backward()
            optimizer.step()
        return losses

    runs = {name: np.array([[race(make, lr, seed) for seed in range(3)] for lr in lrs]) for name, (make, lrs) in racers.items()}
    best = {name: int(np.argmin(losses[:, :, -1].mean(axis=1))) for name, losses in runs.items()}
    curves = {name: losses[best[name]] for name, losses in runs.items()}
    ax = plots.loss_curves(curves, xlabel="step", ylabel="loss on held-out images", x=np.arange(0, 81, 10), band="minmax")
    plots.finding(ax, "AdamW and Lion are quickest at first; after 80 steps the four lie close together (bands: three seeds)")
    plt.show()
    for name, losses in curves.items():
        final = losses[:, -1]
        print(f"{name:14} best lr {racers[name][1][best[name]]:.4f}   loss after 80 steps {final.mean():.3f} ({final.min():.3f} to {final.max():.3f})")
    ranked = sorted(curves, key=lambda name: curves[name][:, -1].mean())
    clear = curves[ranked[0]][:, -1].max() < curves[ranked[1]][:, -1].min()
    reveal(
        "race",
        dict(zip(racers, "abcd", strict=True))[ranked[0]] if clear else "e",
        because="With tuned learning rates optimizers lie closer together than papers suggest. Look at the bands first.",
    )

# %% [markdown]
# After 20 steps AdamW and Lion are at a loss of about 1.0, SGD and Muon at 1.5 to 1.6. After 80 steps the four means lie
# between 0.70 and 0.80, and the three seeds of a single method spread by about as much. On this problem, with this budget,
# nobody can name a winner; on large language models Muon's lead over AdamW has been reported by several groups. Whoever
# publishes a new optimizer has tuned it well. Whether the old one was tuned as well is the question to ask.

# %% [markdown]
# ## Clinic: the flat line
#
# Somebody moved their regression to PyTorch. There is no error message. Run the next three cells and look.


# %% exercise="clinic_09"
def clinic_09(X, y, lr, steps):
    """Fit y = X w + b from zero by gradient descent on the mean squared error.

    X: a tensor (N, D).  y: a tensor (N,).  Returns the nn.Linear and the list of losses before each step.
    """
    model = nn.Linear(X.shape[1], 1, dtype=X.dtype)
    nn.init.zeros_(model.weight)
    nn.init.zeros_(model.bias)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    history = []
    ### BEGIN SOLUTION
    for _ in range(steps):
        optimizer.zero_grad()
        loss = ((model(X).squeeze(1) - y) ** 2).mean()
        loss.backward()
        optimizer.step()
        history.append(loss.item())
    ### END SOLUTION
    ### BEGIN STUB
    # for _ in range(steps):
    #     loss = ((model(X) - y) ** 2).mean()
    #     loss.backward()
    #     optimizer.step()
    #     history.append(loss)
    ### END STUB
    return model, history


# %% given="flat_line"
rng = np.random.default_rng(2)
X_line = torch.tensor(rng.uniform(-2, 2, size=(50, 1)))
y_line = 1.5 * X_line[:, 0] + 1 + torch.tensor(rng.normal(0, 0.3, size=50))

# %% folded=true
with waits_for("clinic_09"):
    model, history = clinic_09(X_line, y_line, 0.1, 60)
    print("the first entry of the history:", history[0])
    print(f"the shapes: predictions {tuple(model(X_line).shape)}, targets {tuple(y_line.shape)}")
    slope, offset = np.polyfit(X_line[:, 0].numpy(), y_line.numpy(), 1)
    fitted = (model.weight.item(), model.bias.item())
    print(f"least squares: slope {slope:.3f}, offset {offset:.3f};   clinic_09: slope {fitted[0]:.3f}, offset {fitted[1]:.3f}")
    ends = torch.tensor([[-2.0], [2.0]], dtype=torch.float64)
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.9))
    left.plot([torch.as_tensor(value).item() for value in history], color=plots.VERMILLION)
    left.axhline(np.mean((slope * X_line[:, 0].numpy() + offset - y_line.numpy()) ** 2), color=plots.MUTED, linestyle=":")
    left.set(xlabel="step", ylabel="loss (dotted: the smallest possible)", ylim=(0, None))
    right.plot(X_line[:, 0], y_line, "o", color=plots.SKY, label="data")
    right.plot([-2, 2], [slope * -2 + offset, slope * 2 + offset], ":", color=plots.MUTED, label="least squares")
    right.plot(ends[:, 0], model(ends).detach()[:, 0], color=plots.VERMILLION, label="clinic_09")
    right.set(xlabel="x", ylabel="y")
    right.legend(loc="upper left", fontsize=9)
    late = [torch.as_tensor(value).item() for value in history[-20:]]
    faults = [
        name
        for name, found in {
            "the line is wrong": not np.allclose(fitted, (slope, offset), atol=1e-2),
            "the loss swings": max(late) > 1.1 * min(late),
            "the history holds tensors": isinstance(history[0], torch.Tensor),
        }.items()
        if found
    ]
    healthy = "Healthy: it finds the least-squares line and comes to rest"
    plots.finding(fig, f"Not healthy yet: {', '.join(faults)}" if faults else healthy)
    plt.show()

# %% [markdown]
# **Symptom 1**, right: the line is flat, or nearly; it predicts the same for every x. **Symptom 2**, left: the loss swings
# up and down and never comes to rest, at a learning rate that is small enough for this problem. **Symptom 3**, in the
# printout: the history holds something that is no plain number. In a run of a hundred thousand steps the memory would
# fill up. Find the three causes and repair `clinic_09`. When it is healthy, the picture says so.
#
# <details><summary>Hint 1: why is it flat?</summary>
#
# Print `(model(X) - y).shape`. Fifty predictions and fifty targets should make fifty differences. `.squeeze(1)` takes an axis
# of size 1 away, `y[:, None]` adds one.
# </details>
#
# <details><summary>Hint 2: why does it swing?</summary>
#
# You have seen such a curve in unit 04: a ball without friction, whose velocity is the sum of *all* gradients. Where does
# a sum of all gradients come from here? Look at the four lines of every training loop.
# </details>
#
# <details><summary>Hint 3: what is in the history?</summary>
#
# A tensor with a `grad_fn` holds on to the graph that it came from. `.item()` gives the number alone.
# </details>

# %% check="clinic_09"
check("clinic_09")

# %% [markdown]
# The flat line deserves a second look, since it is the meanest of the three. (50, 1) minus (50,) is (50, 50): every
# prediction against every target. The best constant answer to all targets at once is their mean, and that is what the
# model learned, diligently. Nothing diverges, nothing complains. Print shapes.

# %% [markdown]
# ## Quiz
#
# Put the letter of the best answer in quotes, such as `"b"`, in place of the dots. What is right, and why the others are not, you read in your
# feedback, or with `./course check 09`.
#
# **q1.** You compute the loss and call `backward`, then compute the same loss again and call `backward` again, without
# `zero_grad`. What is in `w.grad`?
# - a) the gradient of the second call
# - b) the second call is an error
# - c) the sum of both gradients
# - d) the product of both gradients
#
# **q2.** In a loop over the parameters stands `p = p - lr * p.grad`, under `no_grad`. What happens?
# - a) a step of gradient descent, as written
# - b) an error: a parameter cannot be changed
# - c) the graph grows from step to step
# - d) nothing that the model would notice
#
# **q3.** Predictions of shape (32, 1), targets of shape (32,). What does `((prediction - target) ** 2).mean()` average?
# - a) 1,024 differences: every prediction against every target
# - b) 32 differences: torch sees that the shapes belong together
# - c) nothing: it is an error
# - d) 32 zeros: the model learns nothing
#
# **q4.** Where does your optimizer keep a parameter's velocity?
# - a) in a dict of its own, `self.velocities`
# - b) in `self.state[p]`: that is what `state_dict()` saves
# - c) in the parameter's group
# - d) in `p.grad`, which is free after the step
#
# **q5.** Adam with `weight_decay=0.01` and AdamW with `weight_decay=0.01`, on the same network. How do they differ?
# - a) not at all
# - b) Adam decays weights with large gradients more strongly
# - c) Adam divides the decay by the root of the second moment, AdamW does not
# - d) AdamW leaves out the bias correction

# %% exercise="quiz_09"
### BEGIN SOLUTION
quiz_09 = {"q1": "c", "q2": "d", "q3": "a", "q4": "b", "q5": "c"}
### END SOLUTION
### BEGIN STUB
# quiz_09 = {"q1": ..., "q2": ..., "q3": ..., "q4": ..., "q5": ...}
### END STUB

# %% check="quiz_09"
check("quiz_09")

# %% [markdown]
# ## Recap
#
# - **Autograd** records what is computed from tensors with `requires_grad=True`; `backward` walks the graph from the loss
#   to the parameters and **adds** into `.grad`. `no_grad` switches recording off, `.item()` and `.detach()` leave it.
# - **The four lines:** `zero_grad`, forward, `backward`, `step`.
# - **An optimizer** reads its settings from `param_groups` at each step, keeps what lives on in `self.state[p]`, passes over
#   parameters without a gradient, and changes the others in place: `p -= ...`, never `p = p - ...`.
# - **SGD:** $v_t = \beta v_{t-1} + g_t$, $\theta_{t+1} = \theta_t - \alpha v_t$, Nesterov $\theta_t - \alpha (g_t + \beta v_t)$,
#   with $g_t = \nabla J + \lambda\theta$. **Adam:** the same $g_t$; $\theta_{t+1} = \theta_t - \alpha\, \hat m_t / (\sqrt{\hat v_t} +
#   \varepsilon)$. **AdamW:** $\theta_t \leftarrow (1 - \alpha\lambda)\,\theta_t$ first, and $g_t = \nabla J$.
# - **Parity:** 50 steps beside a trusted version, within 1e-12 in float64 and 1e-5 in float32.
# - **Penalties:** $J + \lambda_1 \sum |W| + \lambda_2 \sum W^2$; `weight_decay` in SGD and Adam is $\lambda = 2\lambda_2$.
# - **A Module** sees attributes that are parameters or Modules, and no plain lists. `nn.Linear` keeps (outputs, inputs).
# - **Lion:** $\theta_{t+1} = \theta_t - \alpha\,(\operatorname{sign}(\beta_1 m_{t-1} + (1-\beta_1) g_t) + \lambda\theta_t)$.
#   **Muon:** momentum, made nearly orthogonal by five rounds of a polynomial.

# %% [markdown]
# ## Think about it
#
# A colleague wrote an optimizer of her own. It trains as well as the library's. Three complaints reach her: after resuming
# from a checkpoint the loss jumps up; the cosine schedule of a user has no effect; and since a user froze the first
# layers, training stops with an error about `NoneType`. In five to eight sentences, to be read by a person: what is the
# likely cause of each, and with which three small tests would she have found them before her users did?

# %% [markdown] points=3 reflection="reflection_09"
# ### BEGIN SOLUTION
# After resuming, the loss jumps because her velocity or moments live in an attribute of her own, and state_dict() saves
# only self.state; so the optimizer starts from rest, and a bias correction would start over too. The schedule has no
# effect because she reads lr once, in the constructor or from self.defaults, while a scheduler changes group["lr"] between
# steps. Frozen layers take no part in the loss, their p.grad is None, and her step computes with it instead of passing
# it over. The tests: run 10 steps, and 5 steps, save, load into a new optimizer, 5 steps, and demand equal parameters;
# change group["lr"] in the middle of a run and compare with torch.optim doing the same; leave one parameter without a
# gradient and demand that it stays and the others move. All three compare with a trusted version in float64, so that a
# difference of 1e-12 counts.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# 1 point: the state outside self.state is named as the cause of the jump, with a test that saves and loads in mid-run and
# compares with an uninterrupted run. 1 point: the learning rate that is read once (constructor, defaults) is named, with
# a test that changes group["lr"] between steps. 1 point: p.grad = None of frozen parameters is named, with a test in
# which one parameter has no gradient. A cause without a test, or a test without a cause, is half a point.
# ### END MARK SCHEME

# %% [markdown]
# ## Going further
#
# - A. Paszke and others, [PyTorch: An Imperative Style, High-Performance Deep Learning
#   Library](https://arxiv.org/abs/1912.01703) (2019); [code](https://github.com/pytorch/pytorch). The files
#   [sgd.py](https://github.com/pytorch/pytorch/blob/main/torch/optim/sgd.py) and
#   [adam.py](https://github.com/pytorch/pytorch/blob/main/torch/optim/adam.py) hold what you wrote, with many more cases.
# - [Autograd mechanics](https://docs.pytorch.org/docs/stable/notes/autograd.html): what is recorded, and when, by its
#   makers.
# - A. Karpathy, [micrograd](https://github.com/karpathy/micrograd): all of autograd in a hundred lines of Python.
# - A. G. Baydin and others, [Automatic Differentiation in Machine Learning: a
#   Survey](https://jmlr.org/papers/v18/17-468.html) (2018).
# - I. Loshchilov, F. Hutter, [Decoupled Weight Decay Regularization](https://arxiv.org/abs/1711.05101) (2019), AdamW;
#   [code](https://github.com/loshchil/AdamW-and-SGDW).
# - X. Chen and others, [Symbolic Discovery of Optimization Algorithms](https://arxiv.org/abs/2302.06675) (2023), Lion;
#   [code](https://github.com/google/automl/tree/master/lion).
# - K. Jordan and others, [Muon: An optimizer for hidden layers in neural
#   networks](https://kellerjordan.github.io/posts/muon/) (2024); [code](https://github.com/KellerJordan/Muon).
#
# Next: 10 GPU CNN, where all this trains a real network, on a GPU if you have one.
