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
# digits, add L1 and L2 to any loss, move a network's weights from NumPy into an `nn.Module`, and compare optimizers in a
# way that can tell them apart.
#
# | time | difficulty | builds on |
# |---|---|---|
# | 120 to 150 minutes, in two or three sittings | ●●●●○ | Adam and AdamW ([05 Adam](../05_adam/05_adam.ipynb)), a network's gradients ([07 MLP](../07_mlp/07_mlp.ipynb)); for `port_cnn`: [08 CNN](../08_cnn/08_cnn.ipynb) |
#
# Each check below runs your code on a few inputs and explains what it sees. PyTorch itself is allowed from here on; only
# the optimizers that you write may not be the library's own. If you skipped earlier units, a library's version stands
# in wherever this one uses your answers from there.
#
# **Whose problem is it?** Mira builds hearing aids. Her network for clearer speech was trained in a small NumPy program of
# her own, with an optimizer from a paper. The company wants it in PyTorch, and says: "It must be the same network, and it
# must train in the same way." Nobody will notice a forgotten constant before ten thousand aids are sold. At the end of
# this unit you can move such a program, and prove that nothing has changed.

# %% given="setup"
try:
    from course_lib import check, earlier, not_while_grading, plots, predict, reveal, waits_for
except ModuleNotFoundError as error:
    raise SystemExit(f"{error}: run ./course start in the course's folder, or see docs/running.md") from None

import copy

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.patches import FancyBboxPatch
from torch import nn

from course_lib.data import load_fashion_mnist, subset
from course_lib.objectives import Quadratic

plots.use_style()
torch.set_num_threads(1)  # for matrices as small as ours, threads only get in each other's way

# %% [markdown]
# ## An array that can remember
#
# In eight units you wrote two things again and again: a formula, and then its gradient, by hand. PyTorch takes over the
# second half. Its array is called a **tensor**, and you know most of it already:

# %%
ours = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
theirs = torch.tensor(ours)
print(theirs @ theirs.T + 1)
print(theirs.shape, theirs.sum(dim=0), theirs.mean())
print(theirs.mean().item(), "is a plain number, and this an array again:", theirs.numpy()[0])
print("made of NumPy's numbers:", theirs.dtype, "  made of Python's:", torch.tensor([1.0, 2.0]).dtype)

# %% [markdown]
# Three habits to take along: `axis` is called `dim`, `.item()` makes a plain number, and floats are **float32**, except NumPy's,
# which keep their own type (usually float64). (A matrix product of two different float types is an error that says so.)
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
# That is quick, and it is a trap: remember it on the day when you port a network.
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
# `loss.grad_fn` is the last operation. It knows the operations before it, and so on down to `w` and `b`. (If you wrote the
# bonus `Value` in unit 07: it kept the same three things, a value, where it came from, and a rule for the way back.)
# `backward()` walks this graph from the loss to the parameters and applies the chain rule at each operation, just as your
# `linear_backward` and `relu_backward` did. The next two cells record the graph, let `backward` run, and draw what it does:
# each red arrow multiplies the gradient that arrives by one **local** derivative, and hands it on.

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


def watched_backward(loss, graph):
    """Run `backward`: the gradient that arrived at each operation, and the factor on each edge {(to, from): factor}."""
    arrived, factors = {}, {}

    def watch(node):
        def note(handed_on, came):
            arrived[node] = came[0].item()

        return note

    handles = [node.register_hook(watch(node)) for node in graph]
    loss.backward(retain_graph=True)
    for handle in handles:
        handle.remove()
    for node, before in graph.items():
        if before:  # what an operation makes of a gradient of 1 is its local derivative, also where a 0 arrived
            local = node(torch.tensor(1.0))
            for (source, _), grad in zip(node.next_functions, local if isinstance(local, tuple) else (local,), strict=True):
                if source is not None and grad is not None:
                    factors[source, node] = grad.item()
    return arrived, factors


def draw_graph(loss, names, place, rules):
    """Draw what `backward` walked along.  names: title -> tensor;  place: title -> (x, y);  rules: (from, to) -> text."""
    graph, title_of = operations(loss), {}
    for node in graph:
        title_of[node] = next(
            title for title, t in names.items() if t.grad_fn is node or getattr(node, "variable", None) is t
        )
    arrived, factors = watched_backward(loss, graph)
    ax = plt.subplots(figsize=(7.8, 4.7))[1]
    for (source, node), factor in factors.items():
        (x0, y0), (x1, y1) = place[title_of[source]], place[title_of[node]]
        shrink = 30 if x0 == x1 else 45
        style = {"arrowstyle": "-|>", "color": plots.VERMILLION, "lw": 1.8, "shrinkA": shrink, "shrinkB": shrink}
        ax.annotate("", (x0, y0), (x1, y1), arrowprops=style)
        rule = rules.get((title_of[source], title_of[node]))
        text = f"× {factor:.3g}" if rule is None else f"× {rule}\n= × {factor:.3g}"
        aside = 0.0 if abs(y1 - y0) < 0.6 else -0.16 if (x1 - x0) * (y1 - y0) > 0 else 0.16
        ax.text(
            (x0 + x1) / 2 + aside, (y0 + y1) / 2 + 0.05, text.replace("-", "\u2212"), ha="center", va="bottom", fontsize=8.5,
            color=plots.WRONG_INK, bbox={"facecolor": plots.CARD, "edgecolor": "none", "pad": 0.6, "alpha": 0.8},
        )
    for node in graph:
        title = title_of[node]
        kind = type(node).__name__.removesuffix("Backward0")
        operation = "a parameter" if kind == "AccumulateGrad" else kind
        colour = plots.ORANGE if kind == "AccumulateGrad" else plots.BLUE
        (x, y), style = place[title], "round,pad=0.03,rounding_size=0.06"
        ax.add_patch(FancyBboxPatch((x - 0.34, y - 0.26), 0.68, 0.52, style, facecolor=plots.CARD, edgecolor=colour, linewidth=2))
        text = f"{title}\n{operation}\nvalue {names[title].item():.4g}".replace("-", "\u2212")
        ax.text(x, y + 0.07, text, ha="center", va="center", fontsize=9)
        gradient = f"gradient {arrived[node]:.3g}".replace("-", "\u2212")
        ax.text(x, y - 0.19, gradient, ha="center", va="center", fontsize=9, color=plots.WRONG_INK, weight="bold")
    ax.set(xlim=(-0.5, 4.65), ylim=(-0.45, 2.75))
    ax.set_axis_off()
    return ax


# %% folded=true
PLACE = {
    "w": (0, 0.75), "b": (0.7, 2.35), "w x": (1.3, 1.15), "w x + b": (2.05, 2.35), "error": (3.15, 2.35), "error²": (4.2, 1.45),
    "w²": (1.3, 0), "0.1 w²": (2.75, 0), "loss": (4.2, 0),
}
RULES = {("error", "error²"): "2 error", ("w", "w x"): "x", ("w", "w²"): "2 w"}


def recorded(w=3.0, b=1.0, x=2.0, y=5.0):
    """The loss of the cell above for other numbers, and its graph with what `backward` sends along it."""
    w, b = (torch.tensor(value, requires_grad=True) for value in (w, b))
    wx, squared_w = w * x, w**2
    prediction, penalty = wx + b, 0.1 * squared_w
    error = prediction - y
    squared = error**2
    loss = squared + penalty
    names = {
        "w": w, "b": b, "w x": wx, "w x + b": prediction, "error": error, "error²": squared, "w²": squared_w,
        "0.1 w²": penalty, "loss": loss,
    }
    ax = draw_graph(loss, names, PLACE, RULES)
    ways = [2 * error.item() * x, 0.2 * w.item()]
    plots.finding(ax, f"Two paths lead back to w, and they add up: {ways[0]:.3g} + {ways[1]:.3g} = {w.grad.item():.3g}".replace("-", "\u2212"))


plots.play(recorded, w=(-3.0, 4.0, 0.5), b=(-2.0, 4.0, 0.5), x=(-2.0, 3.0, 0.5), y=(0.0, 8.0, 0.5))

# %% [markdown]
# Read it from the loss backwards, along the red arrows. The loss's own gradient is 1. On the way to `error` it is
# multiplied by $2 \cdot \text{error} = 4$. Two paths lead back to `w`: through the prediction comes $4 \cdot x = 8$, through
# the penalty $0.1 \cdot 2w = 0.6$, and they **add up** to 8.6. `x` and `y` are plain numbers: nothing was recorded for
# them, and no gradient comes.
#
# (With the sliders: which numbers make the error 0? What is left of the gradient of `w` then, and what of that of `b`?)
#
# In your own code `backward` is one line, and afterwards the gradient is in `.grad`:

# %%
loss.backward()
print(f"w.grad = {w.grad.item():.1f}   b.grad = {b.grad.item():.1f}")

# %% [markdown]
# Now we call `loss.backward()` once more, on the very same `loss`. What is in `w.grad` then?

# %%
predict(
    "again",
    ...,
    options={
        "a": "8.6 again: it is the same gradient",
        "b": "17.2: the sum of both",
        "c": "8.6 still: the second call stops with an error",
    },
)

# %%
try:
    loss.backward()
except RuntimeError as refusal:
    print("refused:", str(refusal).split(".")[0])
print(f"w.grad = {w.grad.item():.1f}")
reveal(
    "again",
    "b" if w.grad.item() > 17 else "c",
    because="What the way back needs of an operation's inputs is freed as soon as it has been used, since it may be large. "
    "A graph is good for one backward. (retain_graph=True keeps it; you will hardly ever want that.)",
)

# %% [markdown]
# You will meet this error within a week, and its cure is nearly always the same: compute the loss *anew*, with a new
# graph, before each `backward`. Then a second `backward` is allowed, and this is what it does:

# %%
loss = (w * x + b - y) ** 2 + 0.1 * w**2
loss.backward()
print(f"a new loss, and backward:  w.grad = {w.grad.item():.1f}")

torch.optim.SGD([w, b], lr=0.1).zero_grad()
print(f"after zero_grad:           w.grad = {w.grad}")

loss = (w * x + b - y) ** 2 + 0.1 * w**2
loss.backward()
print(f"a new loss, and backward:  w.grad = {w.grad.item():.1f}")

# %% [markdown]
# `backward` **adds** to what is in `.grad`. That is useful (a large batch can be computed in parts), and it means that the
# gradient is stale unless you clear it first. Clearing is what an optimizer's `zero_grad()` does; since PyTorch 2.0 it does
# not write zeros, it sets `.grad` to **None**: "no gradient here". If you print `w.grad` at that moment, you see `None`.
#
# The last small step: using the gradient. A step of gradient descent is a computation too, and it is *not* part of the
# loss. If it were recorded, the graph would grow from step to step; so torch refuses to change a parameter in place while
# it is recording. There are two ways out of the recording:
#
# | | what it is | use it for |
# |---|---|---|
# | `with torch.no_grad():` | a switch: nothing in this block is recorded | updates, measuring a loss on held-out data |
# | `t.detach()` | one tensor without its history: the same numbers, in the same memory | a value to draw, to keep, to take to NumPy |

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
print("w.detach() has a history:", w.detach().requires_grad, "  and an array of it:", w.detach().numpy())

renamed = w
renamed = renamed - 0.1 * w.grad
print(f"after `renamed = renamed - ...`:  w = {w.item():.2f}: a new tensor has the name, and w did not move")

# %% [markdown]
# The last line shows a silent mistake that everybody makes once: `p = p - ...` gives a *new* tensor the name `p`. `p -= ...`
# changes the tensor itself, and whoever else holds it sees the change.
#
# ### Exercise: `autograd_gradients`
#
# Unit 07's network once more: linear layers with a ReLU between them, and the cross-entropy as its loss. Back then you
# needed a page of chain rule. Now write only the forward pass. Take the parameters as NumPy arrays, as your `MLP` holds
# them, and return what its `loss_and_grads` returned.
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
# recorded without a gap: no `.numpy()`, no `.detach()`, no new `torch.tensor(...)` on the way. Call `backward` once: a
# second loss would add its gradients to the first one's. At the end, `tensor.grad.numpy()` is an array again.
# </details>

# %% check="autograd_gradients"
check("autograd_gradients")

# %% [markdown]
# Now the two side by side, on clothes: unit 07's network with its gradients by hand, and yours by autograd, in float64.
# How large is the largest difference between two gradients?

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
# your unit 07, written once for every operation that torch knows. From here on you write only the forward pass.
#
# ### And where a rule is missing?
#
# Some operations have no rule in torch, or a slow one. Then you write the pair yourself, forward and backward, as an
# `autograd.Function`, and you need unit 01's test again: central differences against the formula. The library has it too,
# as `torch.autograd.gradcheck` (always in float64). Here is a square whose author forgot something:

# %%
class HastySquare(torch.autograd.Function):
    """x**2, with a way back of its own."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**2

    @staticmethod
    def backward(ctx, upstream):
        (x,) = ctx.saved_tensors
        return upstream * x


point = torch.tensor([0.5, -2.0, 3.0], dtype=torch.float64, requires_grad=True)
print("gradcheck of torch.square:", torch.autograd.gradcheck(torch.square, point))
try:
    torch.autograd.gradcheck(HastySquare.apply, point)
except RuntimeError as found:
    print("gradcheck of HastySquare:", found)

# %% [markdown]
# Compare the two matrices on their diagonals: the analytical one is half the numerical one everywhere. What is missing in
# `backward`? (Mend it if you like, and run the cell again.)

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
# contract. It is short, and the base class `torch.optim.Optimizer` keeps most of it for you. Here is the library's SGD,
# with two groups of parameters:

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
# The last row is the same for every optimizer. So you write it once.
#
# ### Exercise: `Base`
#
# The base class of all your optimizers. Its `step` does everything *around* an update: it calls the closure, goes through the
# groups and their parameters, passes over those without a gradient, and for each of the others calls `self.update` with four
# things, in this order:
#
# | `p` | `g` | `state` | `group` |
# |---|---|---|---|
# | the parameter itself | its gradient | its own dict in `self.state` | the group that it is in |
#
# `update` moves this one parameter. `Base` itself has none: each optimizer that derives from `Base` brings its own. (The
# check brings one that counts its calls.)
#
# Under `@torch.no_grad()` nothing is recorded in the whole method; `with torch.enable_grad():` switches recording on again
# for a moment.


# %% exercise="Base"
class Base(torch.optim.Optimizer):
    """What all optimizers of this unit share. A class that derives from it adds `update(self, p, g, state, group)`.

    params: parameters, or groups of them ({"params": [...], "lr": ...}).
    settings: the values for groups that bring none of their own, such as lr=0.1.
    By hand: none of torch.optim's optimizers, and none of the functions that they are made of.
    """

    def __init__(self, params, **settings):
        super().__init__(params, settings)

    @torch.no_grad()
    def step(self, closure=None):
        """Call `self.update(p, g, state, group)` once for every parameter p that has a gradient; the table says what is what.

        Returns the closure's loss; None without a closure.
        """
        ### BEGIN SOLUTION
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self.update(p, p.grad, self.state[p], group)
        return loss
        ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: which parameters?</summary>
#
# Two loops, one in the other: over `self.param_groups`, and for each `group` over `group["params"]`. Inside both, call
# `self.update` once, with four things in this order: parameter, gradient, state, group.
# </details>
#
# <details><summary>Hint 2: wrong with two groups, or with a schedule</summary>
#
# Hand over the very `group` that the parameter is in. Not `self.defaults`, and no copy from the constructor: a scheduler
# writes into the group between steps.
# </details>
#
# <details><summary>Hint 3: wrong from the second step on, or after saving and loading</summary>
#
# `self.state` is a dict with one dict for each parameter: `self.state[p]` is there as soon as you ask for it, empty at
# first, and `state_dict()` saves it. Hand this dict itself over, not a copy, and keep nothing in attributes of your own.
# </details>
#
# <details><summary>Hint 4: a parameter without a gradient</summary>
#
# Its `p.grad` is `None`. Leave out its call of `update`, and go on with the next parameter: neither `return` nor `break`. A
# gradient that is full of zeros is not `None`.
# </details>
#
# <details><summary>Hint 5: the closure</summary>
#
# Four lines at the top: `loss = None`; then, if there is a closure, call it `with torch.enable_grad():` and keep what it
# returns in `loss`. One line at the end: return `loss`.
# </details>

# %% check="Base"
check("Base")

# %% [markdown]
# ### Exercise: `TorchSGD`
#
# From now on an optimizer is its update. The first one, in torch's convention:
#
# $$g_t = \nabla J(\theta_t) + \lambda\, \theta_t, \qquad v_t = \beta\, v_{t-1} + g_t, \qquad
# \theta_{t+1} = \theta_t - \alpha\, v_t \quad\text{or, with Nesterov,}\quad
# \theta_{t+1} = \theta_t - \alpha\,(g_t + \beta\, v_t)$$
#
# $\lambda$ is `weight_decay`, $\beta$ is `momentum`. The `g` that your update gets is $\nabla J(\theta_t)$.


# %% exercise="TorchSGD"
class TorchSGD(Base):
    """Gradient descent with momentum, Nesterov's look-ahead and weight decay, in the convention of torch.optim.SGD.

    params: parameters, or groups of them ({"params": [...], "lr": ...}).  lr, momentum, weight_decay: numbers.
    By hand: none of torch.optim's optimizers, and none of the functions that they are made of.
    """

    def __init__(self, params, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
        super().__init__(params, lr=lr, momentum=momentum, weight_decay=weight_decay, nesterov=nesterov)

    def update(self, p, g, state, group):
        """Move the parameter p in place.  g: its gradient, which stays as it is.  state: p's own dict.  group: settings."""
        ### BEGIN SOLUTION
        g = g + group["weight_decay"] * p
        state["velocity"] = group["momentum"] * state.get("velocity", 0) + g
        ahead = g + group["momentum"] * state["velocity"]
        p -= group["lr"] * (ahead if group["nesterov"] else state["velocity"])
        ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the parameters do not move, or they climb</summary>
#
# `p -= ...` changes the tensor that the model holds; `p = p - ...` would only give a new one the name `p`. And it goes
# *down* the gradient.
# </details>
#
# <details><summary>Hint 2: right without momentum, wrong with it</summary>
#
# The first velocity is the first gradient: `state.get("velocity", 0)` is 0 when there is none yet. Each gradient enters in
# full (a sum, no average), and the learning rate stays outside. Keep a velocity that is a tensor of its own: `g` is
# `p.grad` itself, and the next `backward` writes into it.
# </details>
#
# <details><summary>Hint 3: Nesterov or weight decay</summary>
#
# First the decay: `g` $+\, \lambda p$, as a new tensor. (`g += ...` would change `p.grad`, and `backward` may still add to
# it.) From there on only this sum is used, so the velocity knows of the decay too. Nesterov: the *new* velocity, once more
# with $\beta$, plus this sum.
# </details>
#
# <details><summary>Hint 4: wrong with two groups, or with a schedule</summary>
#
# Every setting comes from the group at hand, at each step: `group["lr"]`, never `self.defaults["lr"]`, never a copy from
# the constructor.
# </details>
#
# <details><summary>Hint 5: saved and loaded, and then it goes on differently</summary>
#
# `state_dict()` saves the states and the groups, and no other attribute. What has to live on belongs in `state`.
# </details>
#
# <details><summary>Hint 6: missing gradients, or the closure</summary>
#
# That is the frame's part. Is `check("Base")` all right? (After you change `Base`, run this class's cell again too: it
# derives from the `Base` that was there when its cell ran.)
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
        "b": "it falls behind within ten steps, and stays behind",
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
    gap, behind = np.abs(np.array(resumed) - whole[25:]).max(), bool(np.all(np.array(forgetful[10:]) > whole[35:]))
    went_on = f"With its state an optimizer goes on as if nothing had happened; without it, it {'falls behind' if behind else 'does not'}"
    plots.finding(ax, went_on if gap < 1e-12 else "Loaded with its state, and yet it goes on differently")
    plt.show()
    print(f"largest difference, resumed against never interrupted: {gap}")
    print(f"loss at step 40: {whole[40]:.2f} uninterrupted, {forgetful[15]:.2f} with the parameters only")
    reveal(
        "checkpoint",
        "c" if forgetful[-1] > 10 * before[0] else "b" if behind else "a",
        because="The velocity is gone: the ball stands still at step 25 and has to get rolling again. With Adam it would be "
        "both moments, and the bias correction starts over too.",
    )

# %% [markdown]
# An optimizer that is built anew in every epoch makes the same mistake every epoch. A whole checkpoint has parameters,
# optimizer, scheduler and the random generators' states (unit 10).
#
# > **A good place for a break.** You have a frame for every optimizer to come, and the first one that fits. When you come
# > back, put the cursor here and choose *Run > Run All Above Selected Cell*.

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
# $\lambda$ is `weight_decay`; in Adam it is plain L2, through the gradient. The frame around it is your `Base`. One
# question to think about: whose is $t$?


# %% exercise="TorchAdam"
class TorchAdam(Base):
    """Adam with bias correction and L2 through the gradient, as torch.optim.Adam.

    params: parameters, or groups of them.  lr, eps, weight_decay: numbers.  betas: (beta1, beta2).
    By hand: none of torch.optim's optimizers, and none of the functions that they are made of.
    """

    def __init__(self, params, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        super().__init__(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)

    def update(self, p, g, state, group):
        """Move the parameter p in place.  g: its gradient, which stays as it is.  state: p's own dict.  group: settings."""
        ### BEGIN SOLUTION
        beta1, beta2 = group["betas"]
        g = g + group["weight_decay"] * p
        state["t"] = state.get("t", 0) + 1
        state["m"] = beta1 * state.get("m", 0) + (1 - beta1) * g
        state["v"] = beta2 * state.get("v", 0) + (1 - beta2) * g**2
        m_hat = state["m"] / (1 - beta1 ** state["t"])
        v_hat = state["v"] / (1 - beta2 ** state["t"])
        p -= group["lr"] * m_hat / (v_hat.sqrt() + group["eps"])
        ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the parameters do not move</summary>
#
# `p -= ...`, as in `TorchSGD`.
# </details>
#
# <details><summary>Hint 2: the first step, the moments, or eps</summary>
#
# At the first step $\hat m = g$ and $\hat v = g^2$, and the step is $\alpha$ long unless the gradient is as small as $\varepsilon$. The stored
# moments stay uncorrected; $\hat m$ and $\hat v$ are made for this step only. First the root of $\hat v$, then
# $+\,\varepsilon$. `beta1, beta2 = group["betas"]`.
# </details>
#
# <details><summary>Hint 3: right for one parameter that always has a gradient, wrong otherwise, or after a resume</summary>
#
# $t$ counts the steps *of this parameter*: one that gets its first gradient at step 100 is at $t = 1$ then. So $t$ lives
# where $m$ and $v$ live, in `state`.
# </details>
#
# <details><summary>Hint 4: groups, missing gradients, the closure</summary>
#
# All settings come from `group`, at each step. The rest is the frame's part: is `check("Base")` all right?
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
# (The gradient is the one that `backward` left, from before the shrinking.) Derived from your `TorchAdam`, this is two lines:
# shrink, then `super().update(...)`, which is Adam's update. Adam's own decay has to be silent there:
# `{**group, "weight_decay": 0.0}` is a copy of the group with one setting changed.


# %% exercise="TorchAdamW"
class TorchAdamW(TorchAdam):
    """Adam with weight decay apart from the gradient, as torch.optim.AdamW.

    params: parameters, or groups of them.  lr, eps, weight_decay: numbers.  betas: (beta1, beta2).
    By hand: none of torch.optim's optimizers, and none of the functions that they are made of.
    """

    def __init__(self, params, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        super().__init__(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)

    def update(self, p, g, state, group):
        """Move the parameter p in place.  g: its gradient, which stays as it is.  state: p's own dict.  group: settings."""
        ### BEGIN SOLUTION
        p -= group["lr"] * group["weight_decay"] * p
        super().update(p, g, state, {**group, "weight_decay": 0.0})
        ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: with weight decay my weights go another way</summary>
#
# The moments are made of the gradient alone; nothing of the decay is in there. And the parameter decays once, not twice:
# Adam's update still knows a decay of its own.
# </details>
#
# <details><summary>Hint 2: nearly right, or wrong as soon as the learning rate changes</summary>
#
# Take a gradient of zero, $\alpha = 0.1$, $\lambda = 0.4$: a parameter of 1 becomes 0.96. The factor is $1 - \alpha\lambda$
# with `group["lr"]` of this step, and it meets the parameter *before* the step moves it. Change a copy of the group: what
# you write into the group itself stays there.
# </details>
#
# <details><summary>Hint 3: anything else</summary>
#
# It is your `TorchAdam`: is its check all right? (After you change `TorchAdam`, run this cell again too: the class derives
# from the one that was there when its cell ran.)
# </details>

# %% check="TorchAdamW"
check("TorchAdamW")

# %% [markdown]
# ## Parity
#
# The checks compared single runs. Now a real training run: a little network, 50 steps, six settings, yours against
# `torch.optim` from the same start. And one run with a mistake that people make when they port: Keras, another library,
# sets Adam's $\varepsilon$ to `1e-7`, PyTorch to `1e-8`, and somebody copied the wrong one.
#
# Float64 has 16 digits, float32 has 7. How far apart are *your* parameters and the library's after 50 steps in float32?

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

    ported = {}
    for dtype in (torch.float64, torch.float32):
        paths = [train(make, dtype, lr=0.02, eps=eps) for make, eps in ((TorchAdam, 1e-7), (torch.optim.Adam, 1e-8))]
        ported[dtype] = np.abs(paths[0] - paths[1]).max(axis=1)

    fig, panels = plt.subplots(1, 2, figsize=(7.4, 4.6), sharey=True)
    for ax, dtype, beside in zip(panels, (torch.float64, torch.float32), (10, 0.1), strict=True):
        ax.plot(np.arange(1, 51), ported[dtype], color=plots.MUTED, linewidth=5, alpha=0.5, label="Adam, with the wrong ε")
        for number, name in enumerate(pairs):
            line = np.maximum(gaps[name, dtype], 1e-17)
            ax.plot(np.arange(1, 51), line, marker="os^DvP"[number], markevery=(2 * number, 12), markersize=5, label=name)
        eps = torch.finfo(dtype).eps
        ax.axhline(eps, color=plots.MUTED, linestyle=":", linewidth=1.6)
        ax.text(50, eps * beside, "dotted: one rounding of 1.0", color=plots.MUTED, ha="right", va="center", fontsize=9.5)
        ax.set(xlabel="step", yscale="log", title=str(dtype).removeprefix("torch."), ylim=(5e-18, 1e-4))
    panels[0].set_ylabel("largest difference (0 drawn as 1e-17)")
    panels[1].legend(fontsize=8.5, loc="lower right")
    worst64, worst32 = (max(gaps[name, dtype].max() for name in pairs) for dtype in (torch.float64, torch.float32))
    out64, out32 = ported[torch.float64].max() / max(worst64, 1e-17), ported[torch.float32].max() / max(worst32, 1e-17)
    wrong = "stands out in float64, and hides in float32" if out64 > 1000 and out32 < 10 else "is there too"
    agree = f"Yours and the library's differ by rounding only; a wrong ε {wrong}"
    plots.finding(fig, agree if worst64 < 1e-12 and worst32 < 1e-5 else "Yours and the library's do not agree yet: which line is above 1e-12?")
    plt.show()
    print(f"{'after 50 steps':22} {'float64':>9} {'float32':>9}")
    for name in pairs:
        print(f"{name:22} {gaps[name, torch.float64][-1]:9.0e} {gaps[name, torch.float32][-1]:9.0e}")
    print(f"{'Adam, with the wrong ε':22} {ported[torch.float64][-1]:9.0e} {ported[torch.float32][-1]:9.0e}")
    print(f"within 1e-12 in float64: {worst64 < 1e-12};  within 1e-5 in float32: {worst32 < 1e-5}")
    print(f"the wrong ε differs {out64:.0e} times as much as the worst of the others in float64, {out32:.1g} times in float32")
    reveal(
        "parity",
        "a" if worst32 == 0 else "b" if worst32 < 1e-5 else "c",
        because="The library multiplies and adds in another order, so the last digit differs now and then. In 50 steps these "
        f"differences grow a little, {max(pairs, key=lambda name: gaps[name, torch.float32][-1])}'s most here; in thousands of steps "
        "Adam's can reach 1e-2 (we ran 3,000 with this network). So compare early steps.",
    )

# %% [markdown]
# Zero throughout would mean the very same operations in the very same order. Now the grey line. In float32 its difference
# is about as large as the rounding of right optimizers: whoever compares there sees "1e-6 or so, all right". In float64 it
# stands far above the others from the first step on; the last printed line says how far. Comparing with a trusted
# version step by step, in float64, is the strongest test that a numerical program can have. Mira now knows what to show
# her company; use it whenever you port something.
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
        gap, dashes = np.abs(by_numpy - by_torch).max(axis=1), "--" if name == "Adam" else "-"
        right.plot(np.maximum(gap, 1e-17), dashes, color=colour, label=name)
    left.legend(fontsize=8, loc="lower left")
    right.axhline(np.finfo(float).eps, color=plots.MUTED, linestyle=":", linewidth=1.6)
    right.set(xlabel="step", ylabel="largest difference (0 drawn as 1e-17)", yscale="log", ylim=(5e-18, 1e-13))
    right.legend(loc="upper left", fontsize=9.5)
    together = all(np.abs(by_numpy - by_torch).max() < 1e-12 for by_numpy, by_torch in worlds.values())
    plots.finding(fig, f"NumPy with your formulas and PyTorch with autograd {'walk the same path' if together else 'part ways'}")
    plt.show()
    for name, (by_numpy, by_torch) in worlds.items():
        print(f"{name:18} largest difference in 60 steps is below 1e-12: {np.abs(by_numpy - by_torch).max() < 1e-12}")

# %% [markdown]
# Two languages, two ways to the gradient, one path. Whatever you learned about these methods in NumPy holds here.

# %% [markdown]
# ## A model that knows its parameters
#
# So far we carried lists of parameters around. An `nn.Module` keeps them for you: every `nn.Parameter` that becomes an
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
# Somebody writes their own Module and keeps the layers in a list: `self.layers = [nn.Linear(4, 8), nn.Linear(8, 3)]`.
# Its `forward` loops over the list. How many parameters does `model.parameters()` hand to the optimizer?

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
# You can read all sizes from the arrays' shapes. The Module should have the arrays' float type (`model.double()` makes a
# model float64), and weights of its own: training it must not touch the NumPy network.


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
# The whole network of unit 08, moved: are the outputs the same, and the gradients too? Then your `TorchAdam`
# trains it on 3,000 images.

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
    rng = np.random.default_rng(1)
    for batch in np.concatenate([rng.permutation(3000).reshape(-1, 100) for _ in range(2)]):
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
# The same logits and the same gradients: it *is* the same network, and now it trains. Every port should end with such a
# comparison of outputs on a few inputs, in float64, also when you load somebody's published weights into your own code.
#
# > **A good place for a break.** Optimizers and networks have moved to PyTorch. What follows is about using them well. When
# > you come back, put the cursor here and choose *Run > Run All Above Selected Cell*.

# %% [markdown]
# ## A penalty, in two places
#
# In unit 06 you wrote penalties and their gradients. Now you add the terms to the loss, and `backward` does the rest:
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
# You can now write L2 in two places: in the loss ($\lambda_2$), or as an optimizer's `weight_decay` $= 2\lambda_2$ (the
# gradient of $\lambda_2 W^2$ is $2\lambda_2 W$). We train one little network for 200 steps with each
# optimizer, once with the term in the loss and once with `weight_decay` (set for the weights alone: a use for parameter
# groups). For which optimizers do both runs end at the same weights?

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
        ax.plot(in_loss, as_decay, "o" if same[name] else "^", color=plots.BLUE if same[name] else plots.VERMILLION, markersize=5)
        ax.set_title(name, fontsize=11.5)
        ax.set_xlabel("weight, term in the loss")
        print(f"{name:6} largest difference of a weight: {'below 1e-9' if same[name] else format(difference, '.2f'):>10};   "
              f"sum of W^2: {in_loss @ in_loss:5.2f} with the term in the loss, {as_decay @ as_decay:5.2f} with weight_decay")
    panels[0].set_ylabel("weight, weight_decay")
    alike, apart = (" and ".join(name for name in same if same[name] == kind) or "none" for kind in (True, False))
    plots.finding(fig, f"weight_decay equals the term in the loss for: {alike}; and not for: {apart}")
    plt.show()
    reveal(
        "same_l2",
        {(True, True, True): "a", (True, True, False): "b", (True, False, False): "c"}.get(tuple(same.values()), "d"),
        because="In SGD and Adam weight_decay is added to the gradient, and that is all the term in the loss does. AdamW "
        "shrinks the weights apart from the gradient, so that nothing divides the decay.",
    )

# %% [markdown]
# With AdamW the same number means another thing, here a much weaker pull: each step shrinks a weight by $\alpha\lambda =
# 0.002$ of itself. (Why one would want that, you saw in unit 05.) So do not carry a `weight_decay` from one optimizer to
# another. L1 is in none of them; its place is the loss.

# %% [markdown]
# ## Bonus: after Adam
#
# Since 2015 hundreds of optimizers have been published, and most are forgotten. Two that are in use today show where the
# field went, and with your `Base` each of them is a few lines.
#
# ### Bonus exercise: `Lion`
#
# A search that bred and changed little programs found it (Chen and others, 2023). It needs one moment, not
# two, and apart from the decay **every entry moves by exactly $\alpha$** (not at all where the sign is 0): only the sign counts.
#
# $$d_t = \operatorname{sign}\big(\beta_1 m_{t-1} + (1-\beta_1)\, g_t\big) \qquad
# \theta_{t+1} = \theta_t - \alpha\,(d_t + \lambda\,\theta_t) \qquad
# m_t = \beta_2 m_{t-1} + (1-\beta_2)\, g_t$$
#
# (The decay stands apart, as in AdamW. Two betas: one mixes the step, the other remembers.)


# %% exercise="Lion"
class Lion(Base):
    """Lion: the sign of a mixture of the average and the newest gradient; decay apart from it.

    params: parameters, or groups of them.  lr, weight_decay: numbers.  betas: (beta1 for the step, beta2 for the memory).
    """

    def __init__(self, params, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0):
        super().__init__(params, lr=lr, betas=betas, weight_decay=weight_decay)

    def update(self, p, g, state, group):
        """Move the parameter p in place.  g: its gradient, which stays as it is.  state: p's own dict.  group: settings."""
        ### BEGIN SOLUTION
        beta1, beta2 = group["betas"]
        m = state.get("m", 0)
        direction = torch.sign(beta1 * m + (1 - beta1) * g)
        p -= group["lr"] * (direction + group["weight_decay"] * p)
        state["m"] = beta2 * m + (1 - beta2) * g
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
# As in `TorchAdamW`: the decay outside the sign, times `group["lr"]`; all settings from `group`; memory in `state`. Missing
# gradients and the closure are your `Base`'s part.
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
class Muon(Base):
    """Muon for matrices: momentum with a look-ahead, orthogonalized by five Newton-Schulz rounds, as torch.optim.Muon.

    params: parameters with two axes, or groups of them.  lr, weight_decay, momentum: numbers.
    By hand: none of torch.optim's optimizers, and none of the functions that they are made of.
    """

    def __init__(self, params, lr=0.001, weight_decay=0.1, momentum=0.95):
        super().__init__(params, lr=lr, weight_decay=weight_decay, momentum=momentum)

    def update(self, p, g, state, group):
        """Move the matrix p in place.  g: its gradient, which stays as it is.  state: p's own dict.  group: settings."""
        ### BEGIN SOLUTION
        mu = group["momentum"]
        state["M"] = mu * state.get("M", 0) + (1 - mu) * g
        update = mu * state["M"] + (1 - mu) * g
        X = update / update.norm().clamp(min=1e-7)
        for _ in range(5):
            A = X @ X.T
            X = 3.4445 * X + (-4.7750 * A + 2.0315 * A @ A) @ X
        p -= group["lr"] * group["weight_decay"] * p
        p -= group["lr"] * max(1, p.shape[0] / p.shape[1]) ** 0.5 * X
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
# As in your other optimizers: settings from `group`, memory in `state`. Missing gradients and the closure are your
# `Base`'s part.
# </details>

# %% check="Muon"
check("Muon")

# %% [markdown]
# What do five rounds do to an update? We take a real gradient, that of the first layer of a small network for clothes, and
# look at its singular values before and after. Before, the largest is tens of times the median. And afterwards?

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
X_new, y_new = (torch.tensor(part) for part in subset(fashion.X_test, fashion.y_test, 1000))
X_new = X_new.reshape(-1, 14, 2, 14, 2).mean(dim=(2, 4)).flatten(1)


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
    left.axhspan(0.6, 1.3, color=plots.YELLOW, alpha=0.35, label="0.6 to 1.3")
    left.set(xlabel="singular value before (largest possible: 1)", ylabel="singular value after")
    left.legend(loc="lower right")
    right.plot(np.arange(1, 33), before / np.linalg.norm(before), "^", color=plots.ORANGE, label="the gradient, normalized")
    right.plot(np.arange(1, 33), after, "o", color=plots.BLUE, label="Muon's update")
    right.set(xlabel="number of the singular value", ylabel="singular value", yscale="log")
    right.legend(loc="lower left")
    lifted = np.mean((after > 0.6) & (after < 1.3))
    plots.finding(fig, f"After five rounds {lifted:.0%} of an update's directions are between 0.6 and 1.3 in size")
    plt.show()
    print(f"largest over median: {before[0] / np.median(before):.0f} before, {after.max() / np.median(after):.1f} after")
    reveal(
        "spectrum",
        "a" if np.allclose(after, 1, atol=1e-3) else "b" if lifted > 0.5 else "c",
        because="The polynomial is steep at 0: five rounds lift even tiny values (the tiniest only part of the way). Near 1 "
        "it throws values about between 0.7 and 1.2, however many rounds you add: Muon gave up exactness for speed, and does not need it.",
    )

    library = nn.Parameter(torch.zeros_like(gradient))
    library.grad = gradient
    torch.optim.Muon([library], lr=1.0, weight_decay=0.0, momentum=0.0).step()
    print(f"largest difference to torch.optim.Muon, which rounds to three digits: below 0.05: {(moved - library).abs().max() < 0.05}")

# %% [markdown]
# ## A fair race
#
# The small network for clothes, 80 steps on random batches of 50, four optimizers: SGD with momentum, AdamW, and your Lion
# and Muon. (Without Lion, SGD without momentum takes its place; without Muon, the library's. Muon moves the two matrices, the
# biases go to AdamW.) The rules: **each optimizer runs at its own best learning rate** out of six, chosen on held-out images,
# with two seeds that are used for nothing else. (A best rate at either end of its list would mean that the list is too short.)
# Then come eight new seeds, and the loss is measured on images that took no part in the choice.

# %% folded=true
with waits_for("TorchSGD", "TorchAdamW"):
    not_while_grading()

    def written(bonus):
        """Whether a bonus optimizer takes a step already."""
        p = nn.Parameter(torch.ones(2, 2))
        p.grad = torch.ones(2, 2)
        try:
            bonus([p], lr=0.1).step()
        except Exception:  # not written, or not finished
            return False
        return True

    class Both:
        """Muon for the matrices of a network, AdamW for its biases."""

        def __init__(self, params, lr):
            params, for_matrices = list(params), Muon if written(Muon) else torch.optim.Muon
            self.parts = [for_matrices(params[::2], lr=lr, weight_decay=0.0), TorchAdamW(params[1::2], lr=0.01)]

        def step(self):
            for part in self.parts:
                part.step()

    racers = {
        "SGD, momentum": (lambda params, lr: TorchSGD(params, lr=lr, momentum=0.9), np.geomspace(0.01, 1, 6)),
        "AdamW": (lambda params, lr: TorchAdamW(params, lr=lr), np.geomspace(0.001, 0.1, 6)),
        "Lion": (lambda params, lr: Lion(params, lr=lr), np.geomspace(0.0003, 0.03, 6)),
        "Muon": (Both, np.geomspace(0.005, 0.5, 6)),
    }
    if not written(Lion):
        del racers["Lion"]
        racers["SGD"] = (lambda params, lr: TorchSGD(params, lr=lr), np.geomspace(0.03, 3, 6))

    def race(make, lr, seed, X, y):
        """The loss on X, y before the first step and after each ten of 80. A seed decides first weights and batches."""
        net, rng = small_net(seed), np.random.default_rng(seed)
        optimizer, losses = make(net.parameters(), lr), []
        for t in range(81):
            if t % 10 == 0:
                with torch.no_grad():
                    losses.append(nn.functional.cross_entropy(net(X), y).item())
            batch = rng.integers(0, 1500, size=50)
            net.zero_grad()
            nn.functional.cross_entropy(net(X_clothes[batch]), y_clothes[batch]).backward()
            optimizer.step()
        return losses

    curves, seeds = {}, range(8)
    for name, (make, lrs) in racers.items():
        tried = [np.mean([race(make, lr, seed, X_held, y_held)[-1] for seed in (100, 101)]) for lr in lrs]
        best = lrs[int(np.argmin(tried))]
        curves[name] = np.array([race(make, best, seed, X_new, y_new) for seed in seeds])
        final = curves[name][:, -1]
        print(f"{name:14} best lr {best:.4f}, number {int(np.argmin(tried)) + 1} of 6   loss after 80 steps: mean {final.mean():.3f}, "
              f"from {final.min():.3f} to {final.max():.3f}")
    ax = plots.loss_curves(curves, xlabel="step", ylabel="loss on new images", x=np.arange(0, 81, 10), band="minmax")
    ends = {name: losses[:, -1] for name, losses in curves.items()}
    pairs = [(a, b) for number, a in enumerate(ends) for b in list(ends)[number + 1 :]]
    overlap = [max(ends[a].min(), ends[b].min()) < min(ends[a].max(), ends[b].max()) for a, b in pairs]
    plots.finding(ax, f"Eight seeds: at the end the bands of {sum(overlap)} of {len(pairs)} pairs overlap")
    plt.show()

# %% [markdown]
# The bands run from the worst to the best of eight seeds. Where two bands overlap, many readers conclude that there is no
# difference. But the runs are not eight strangers on each side. Seed 3 gives all four optimizers the **same first weights
# and the same batches**. So compare within a seed: for a pair like AdamW and SGD, count at how many of the eight seeds
# AdamW ends lower.
#
# There are six pairs. In how many of them does the *same* optimizer end lower at **all eight** seeds?

# %%
predict(
    "race",
    ...,
    options={"a": "in none, or in one", "b": "in two", "c": "in three to five", "d": "in all six"},
)

# %% folded=true
with waits_for("TorchSGD", "TorchAdamW"):
    not_while_grading()
    fig, ax = plt.subplots(figsize=(7.4, 4.2))
    clear, labels = [], []
    for row, (a, b) in enumerate(pairs):
        if ends[a].mean() > ends[b].mean():
            a, b = b, a
        difference = ends[a] - ends[b]
        won = int((difference < 0).sum())
        clear.append(won == len(difference))
        colour = plots.BLUE if clear[-1] else plots.ORANGE
        ax.plot([difference.min(), difference.max()], [row, row], color=colour, linewidth=6, alpha=0.3, solid_capstyle="round")
        ax.plot(difference, np.full(len(difference), row), "o" if clear[-1] else "^", color=colour, markersize=6)
        ax.plot(difference.mean(), row, "|", color=plots.INK, markersize=18, markeredgewidth=2)
        labels.append(f"{a} \u2212 {b}")
        ax.text(1.02, row, f"{won} of {len(difference)}", transform=ax.get_yaxis_transform(), va="center")
        print(f"{labels[-1]:24} mean difference {difference.mean():+.3f}, from {difference.min():+.3f} to {difference.max():+.3f}: "
              f"{a} ends lower at {won} of {len(difference)} seeds")
    ax.axvline(0, color=plots.MUTED, linestyle=":", linewidth=1.6)
    ax.set(yticks=range(len(pairs)), yticklabels=labels, xlabel="difference of the losses within a seed (bar: their range; stroke: their mean)")
    ax.invert_yaxis()
    plots.finding(ax, f"Seed by seed {sum(clear)} of {len(pairs)} pairs are decided, eight to nothing")
    plt.show()
    blind = sum(known and hidden for known, hidden in zip(clear, overlap, strict=True))
    print(f"pairs whose bands overlap although all eight seeds agree: {blind}")
    reveal(
        "race",
        "aabcccd"[sum(clear)],
        because="Part of what differs from seed to seed is common to both runs of a seed, and cancels in their difference. "
        "And a band ends at its luckiest and its unluckiest run, two of eight: that two bands overlap proves nothing.",
    )

# %% [markdown]
# How strong is eight of eight? If two optimizers were alike, each seed would be a coin toss, and eight equal sides come up
# with probability $2 \cdot 2^{-8} = 0.8\,\%$. That *one of six* pairs does so by chance has at most six times this probability,
# about 5 %. Three seeds could never say so much: three of three come up in 25 % of all cases. So share the seeds, take
# differences, use enough seeds, and say how many pairs you compared.
#
# A pair that is not decided may still differ, by less than eight seeds can show. And this is a small network and 80 steps at a rate
# that never falls: what wins here need not win on yours. When you read that a new optimizer wins, you can be sure that it was tuned
# well. Ask whether the old one was tuned as well.

# %% [markdown]
# ## Clinic: the flat line
#
# Somebody moved a regression to PyTorch. There is no error message. Run the next three cells and look.


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
# printout: what the history holds is not a plain number. In a run of a hundred thousand steps the memory would fill up.
# Find the three causes and repair `clinic_09`. When it is healthy, the picture says so.
#
# <details><summary>Hint 1: why is it flat?</summary>
#
# Print `(model(X) - y).shape`. Fifty predictions and fifty targets should make fifty differences. `.squeeze(1)` takes an axis
# of size 1 away, `y[:, None]` adds one.
# </details>
#
# <details><summary>Hint 2: why does it swing?</summary>
#
# In unit 04 a heavy ball with $\beta = 0.9$ swung, and settled. With $\beta = 1$, without friction, it would swing for
# ever: its velocity is the sum of *all* gradients. Where does such a sum come from here? Look at the four lines of every
# training loop.
# </details>
#
# <details><summary>Hint 3: what is in the history?</summary>
#
# A tensor with a `grad_fn` holds on to the graph that it came from. `.item()` gives the number alone.
# </details>

# %% check="clinic_09"
check("clinic_09")

# %% [markdown]
# The flat line deserves a second look, since it is the hardest of the three to notice. (50, 1) minus (50,) is (50, 50): every
# prediction against every target. The best constant answer to all targets at once is their mean, and that is what the
# model learned, diligently. Nothing diverges, nothing complains. Print shapes.

# %% [markdown]
# ## Quiz
#
# Put the letter of the best answer in quotes, such as `"b"`, in place of the dots. Your feedback, or `./course check 09`,
# says what is right, and why the others are not.
#
# **q1.** A friend fits a straight line and computes the loss once, *before* the loop. The loop calls `zero_grad()`,
# `loss.backward(retain_graph=True)` and `step()`. What happens?
# - a) it trains as usual: the graph knows the parameters, and they change
# - b) one step, and then an error: the graph has been used up
# - c) the gradients add up from step to step
# - d) no error, but every step uses the gradient at the first weights
#
# **q2.** A batch of 64 does not fit into memory. You compute the *mean* loss of its first 32 examples and call `backward`,
# then the same for the other 32, and then `step()`, clearing only before the first half. What is in `.grad` at the step,
# compared with one backward on the mean loss of all 64?
# - a) the same
# - b) half of it
# - c) the gradient of the second half alone
# - d) twice as much
#
# **q3.** A small network (the student) learns to give the outputs of a large, trained one: `loss = ((student(X) -
# teacher(X)) ** 2).mean()`. The optimizer has the student's parameters only. What does the missing `no_grad` or `detach`
# around the teacher cost?
# - a) nothing: what is not in the optimizer is not recorded
# - b) the teacher forgets: it is trained along
# - c) time and memory: gradients are computed for the teacher, and pile up in its `.grad`, for nothing
# - d) the student's gradient is wrong: half of it goes to the teacher
#
# **q4.** A network has two heads, and this batch uses only the first. You call `zero_grad()`, forward, `backward`, and your
# `TorchAdam`'s `step()`. Both heads were trained before. What does the step do to the second head?
# - a) nothing: its gradient is None
# - b) it moves on in its old direction: its moments are still there
# - c) its moments shrink, and it stays
# - d) it stops with an error: a gradient is missing
#
# **q5.** Two optimizers, tuned equally well, five seeds that they share. Final losses of A: 0.70, 0.80, 0.90, 1.00, 1.10;
# of B: 0.68, 0.77, 0.88, 0.97, 1.07. What do you report?
# - a) no difference: the ranges overlap almost completely
# - b) B ends lower at all five seeds, by 0.02 to 0.03; more seeds would make this firm
# - c) nothing: with a spread of 0.4 five seeds can never show a difference of 0.03
# - d) B is better, since its best seed is the best of all ten runs

# %% exercise="quiz_09"
### BEGIN SOLUTION
quiz_09 = {"q1": "d", "q2": "d", "q3": "c", "q4": "a", "q5": "b"}
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
#   to the parameters and **adds** into `.grad`. A graph is good for one backward. `no_grad` switches recording off for a
#   block, `.detach()` gives one tensor without its history, `.item()` a plain number.
# - **`zero_grad`** sets `.grad` to None. **`torch.autograd.gradcheck`** is unit 01's test, for rules that you write yourself.
# - **The four lines:** `zero_grad`, forward, `backward`, `step`.
# - **An optimizer** is a frame and an update. The frame calls the closure, goes through groups and parameters, and passes over
#   those without a gradient; the update reads its settings from the group at each step, keeps what lives on in the
#   parameter's state, and changes it in place: `p -= ...`, never `p = p - ...`.
# - **SGD:** $v_t = \beta v_{t-1} + g_t$, $\theta_{t+1} = \theta_t - \alpha v_t$, Nesterov $\theta_t - \alpha (g_t + \beta v_t)$,
#   with $g_t = \nabla J + \lambda\theta$. **Adam:** the same $g_t$; $\theta_{t+1} = \theta_t - \alpha\, \hat m_t / (\sqrt{\hat v_t} +
#   \varepsilon)$. **AdamW:** $\theta_t \leftarrow (1 - \alpha\lambda)\,\theta_t$ first, and $g_t = \nabla J$.
# - **Parity:** 50 steps beside a trusted version, within 1e-12 in float64. Float32 hides small mistakes.
# - **A fair comparison:** each at its own best learning rate, chosen on held-out data with other seeds; shared seeds, and
#   their *differences*. Bands that overlap prove nothing.
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
#   [torch.func](https://docs.pytorch.org/docs/stable/func.html): gradients of functions, of each example, of gradients.
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
