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
# # 03 · Stochastic gradient descent
#
# **After this unit you can** train with minibatches, say how noisy their gradients are, choose a batch size with open
# eyes, write the three usual learning-rate schedules, and find a good learning rate for a model that you have never
# seen before.
#
# | time | difficulty | builds on |
# |---|---|---|
# | 110 to 140 minutes, in two sittings | ●●○○○ | the step downhill and its cliff ([02 Gradient descent](../02_gradient_descent/02_gradient_descent.ipynb)); mean and variance |
#
# Somebody at a shop trains a model on photographs that arrive all day, more than any machine could read before each
# step. The model has to learn from a few at a time, and whoever runs it has to know how long a step those few can bear.
# That is the problem of this unit; its answer trains nearly every network there is.
#
# Each check below runs your function on a few inputs and explains what it sees. If you skipped unit 02: nothing here
# needs your answers from there.

# %% given="setup"
try:
    from course_lib import check, plots, predict, reveal, waits_for
except ModuleNotFoundError as error:
    raise SystemExit(f"{error}: run ./course start in the course's folder, or see docs/running.md") from None

from itertools import chain, count, islice

import matplotlib.pyplot as plt
import numpy as np

from course_lib.data import load_fashion_mnist, subset
from course_lib.objectives import Quadratic

plots.use_style()

# %% [markdown]
# The model of this unit is the softmax regression of unit 02, given here as one function, on 1,000 of the images.
# `loss_and_grad(W, X, y)` is the mean loss over the examples it is handed and the gradient of that mean.

# %% given="images"
fashion = load_fashion_mnist(flatten=True, dtype=np.float64)
X, y = subset(fashion.X_train, fashion.y_train, 1000)
mean_image = X.mean(axis=0)
X, X_test, y_test = X - mean_image, fashion.X_test - mean_image, fashion.y_test
N = len(y)


def loss_and_grad(W, X, y):
    """Mean cross-entropy of softmax(X W) and its gradient; W (784, 10), X (B, 784), y (B,)."""
    Z = X @ W
    log_p = Z - np.logaddexp.reduce(Z, axis=1, keepdims=True)
    return -log_p[np.arange(len(y)), y].mean(), X.T @ (np.exp(log_p) - np.eye(10)[y]) / len(y)


def grad(W, X, y):
    """The gradient alone."""
    return loss_and_grad(W, X, y)[1]


# %% [markdown]
# ## A gradient from a few examples
#
# A step of gradient descent needs $\nabla J(\theta)$, and $J$ is a mean over *all* examples. With 60 million images you
# would read 60 million images before the first step. An opinion poll does not ask everybody: it asks a few, at random.
# So does **stochastic gradient descent**. One example $x_i$, drawn at random, gives a step
#
# $$\theta_{t+1} = \theta_t - \alpha \, \nabla J(\theta_t; x_i)$$
#
# and a **minibatch** of $B$ examples gives a step along the mean of their gradients. Averaged over all batches that
# could have been drawn, that is exactly $\nabla J$: the estimate is **unbiased**. A single one scatters around it.
#
# In practice one does not draw each batch from all examples. One shuffles them at the start of each epoch,
# cuts the row into batches, and goes through it: an **epoch** is a pass in which everybody has one turn. What would go
# wrong if each draw were from all? Suppose you draw as many
# examples as there are, but each of them from all. How many are never drawn?

# %%
predict(
    "unseen",
    ...,
    options={"a": "none, or a handful", "b": "about 10%", "c": "about 37%", "d": "about 50%"},
)

# %%
drawn = np.random.default_rng(0).integers(0, 10_000, size=10_000)
unseen = 1 - len(np.unique(drawn)) / 10_000
print(f"10,000 draws from 10,000 examples: {unseen:.1%} of them never come")
reveal(
    "unseen",
    min({"a": 0.0, "b": 0.1, "c": 0.37, "d": 0.5}.items(), key=lambda item: abs(item[1] - unseen))[0],
    because="Each draw misses a given example with probability 1 - 1/N. N draws miss it with probability (1 - 1/N)^N, "
    "which is close to 1/e = 0.368.",
)

# %% [markdown]
# ### Exercise: `minibatches`
#
# Write a **generator function**: instead of collecting all batches in a list, it says `yield X_batch, y_batch` for one
# batch after the other, and whoever loops over it gets each when its turn comes. With images, a list would hold the
# whole data set a second time.
#
# One call is one epoch. Each example comes exactly once, with its own label, in batches of `batch_size`; what is left
# over comes as a last, smaller batch. The order is random, another one at each call. All randomness comes from `rng`, a
# `np.random.Generator`, so that whoever knows its seed can repeat the run.


# %% exercise="minibatches"
def minibatches(X, y, batch_size, rng):
    """One epoch: yield (X_batch, y_batch), every example once, in an order drawn from rng.

    X: (N, ...).  y: (N,).  batch_size: B, a whole number; the last batch may be smaller.  rng: np.random.Generator.
    Yields pairs of arrays, (B, ...) and (B,). X and y stay as they are.
    """
    ### BEGIN SOLUTION
    order = rng.permutation(len(y))
    for start in range(0, len(y), batch_size):
        batch = order[start : start + batch_size]
        yield X[batch], y[batch]
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: examples and labels part, or my data are shuffled afterwards</summary>
#
# Do not shuffle `X` and `y`. Shuffle the numbers of the rows, once: `rng.permutation(5)` may be `[3, 0, 4, 1, 2]`. An
# array of row numbers picks rows: `X[[3, 0]]` are two rows of `X`, as a new array. Use the same numbers for both.
# </details>
#
# <details><summary>Hint 2: some examples come twice, some never; or it does not end</summary>
#
# A permutation holds each row number once. Cut it into pieces, one after the other, and stop at its end.
# `rng.integers` and `rng.choice` per batch do not know who had a turn.
# </details>
#
# <details><summary>Hint 3: the last batch is missing, padded or too large</summary>
#
# `range(0, 10, 4)` is 0, 4, 8: one number for the start of each batch. A slice that reaches past the end is no error,
# it is just shorter: `order[8:12]` of ten has two entries.
# </details>
#
# <details><summary>Hint 4: the order is wrong</summary>
#
# Three questions. Is the order random at all? Is the permutation drawn *inside* the function, so that each call draws a
# new one? And is it `rng` that draws it, not `np.random` and not a generator of your own?
# </details>

# %% check="minibatches"
check("minibatches")

# %% [markdown]
# ## One epoch of steps
#
# ### Exercise: `sgd_epoch`
#
# Take one step for each batch, each from where the last one ended. `grad(theta, X_batch, y_batch)` is the mean gradient
# over a batch. The batches may come from your generator: it can be looped over once, and it has no length.


# %% exercise="sgd_epoch"
def sgd_epoch(grad, theta, batches, lr):
    """For each batch in turn: theta <- theta - alpha grad J(theta; batch).

    grad: function (theta, X, y) -> array of theta's shape, the mean gradient over the batch.
    theta: array of any shape, of floats or whole numbers.  batches: iterable of pairs (X, y).  lr: alpha.
    Returns theta after the last batch, as a new array; the theta that was handed in stays as it is.
    """
    ### BEGIN SOLUTION
    for X_batch, y_batch in batches:
        theta = theta - lr * grad(theta, X_batch, y_batch)
    return theta
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: theta is somewhere else</summary>
#
# Follow two batches by hand. The first step starts at the theta that was handed in. The second starts at the result of
# the first, and its gradient is taken *there*. After the last batch, and only then, comes `return`.
# </details>
#
# <details><summary>Hint 2: theta was changed, or its fractions are lost</summary>
#
# `theta -= ...` writes into the caller's array, and `theta.copy()` has the type of `theta`. `theta = theta - ...` makes
# a new array, of floats if need be.
# </details>
#
# <details><summary>Hint 3: my steps are too long or too short by a factor</summary>
#
# The gradient of a batch is a mean. It neither wants to be multiplied by the size of the batch nor divided by it, also
# when the last batch is smaller.
# </details>
#
# <details><summary>Hint 4: "object of type 'generator' has no len()"</summary>
#
# Loop over the pairs themselves: `for X_batch, y_batch in batches:`. Nothing else is needed.
# </details>

# %% check="sgd_epoch"
check("sgd_epoch")

# %% [markdown]
# ## Epochs against updates
#
# An epoch costs much the same whatever the batch size: each example is read once. But with $B = 1000$ it is one step,
# and with $B = 10$ it is a hundred. Those are noisy, though. Each batch size gets its own best learning rate, found by
# a sweep. After five epochs, how do their training losses compare?

# %%
predict(
    "updates",
    ...,
    options={
        "a": "B = 1000 is lowest: its steps follow the true gradient.",
        "b": "All about the same: they have read the same examples.",
        "c": "B = 10 is lowest, by far.",
    },
)


# %% given="train"
def train(batch_size, lr, epochs, seed, schedule=None, noted=()):
    """Softmax regression by your minibatches and sgd_epoch, from W = 0; schedule(t, lr) is the rate of step t.

    Returns W and the loss over all training images before the first and after each epoch, (epochs + 1,); or, where
    `noted` is given, after each of these numbers of updates.
    """
    rng, W, t = np.random.default_rng(seed), np.zeros((784, 10)), 0
    noted = noted or range(0, epochs * -(-N // batch_size) + 1, -(-N // batch_size))
    losses = [loss_and_grad(W, X, y)[0]]
    for _ in range(epochs):
        for batch in minibatches(X, y, batch_size, rng):
            W = sgd_epoch(grad, W, [batch], schedule(t, lr) if schedule else lr)
            t += 1
            if t in noted:
                losses.append(loss_and_grad(W, X, y)[0])
    return W, np.array(losses)


# %% folded=true
with waits_for("minibatches", "sgd_epoch"):
    grids = {1000: (0.3, 0.5, 0.7, 1.0, 1.4), 100: (0.3, 0.6, 1.0, 1.5, 2.2), 10: (0.1, 0.2, 0.4, 0.7, 1.1)}
    curves, updates, by_update = {}, {}, {}
    for size, lrs in grids.items():
        epochs, counts = range(0, 5 * N // size + 1, N // size), (0, 1, 2, 5, 10, 20, 50, 100, 200, 500)
        noted = sorted({*epochs, *(t for t in counts if t <= epochs[-1])})
        runs = {lr: np.array([train(size, lr, 5, seed, noted=noted)[1] for seed in range(3)]) for lr in lrs}
        best = min(lrs, key=lambda lr: runs[lr][:, -1].mean())
        name = rf"$B$ = {size}, $\alpha$ = {best}"
        curves[name], updates[name] = runs[best][:, [noted.index(t) for t in epochs]], [t for t in noted if t in counts]
        at = [min((run[:, noted.index(t)] for run in runs.values()), key=np.mean) for t in updates[name]]  # best rate each
        by_update[name] = np.stack(at, axis=1)
        print(f"B = {size:4}: best alpha {best:4}, loss after 5 epochs {runs[best][:, -1].mean():.3f}")
    small, ten_times = train(10, 0.01, 5, 0)[1][-1], train(100, 0.1, 5, 0)[1][-1]
    print(f"far below the cliff: B = 10 at alpha 0.01 ends at {small:.3f}, B = 100 at alpha 0.1 at {ten_times:.3f}")

    fig, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.9), sharey=True)
    plots.loss_curves(curves, left, xlabel="epochs", ylabel="training loss", band="minmax")
    plots.loss_curves(by_update, right, xlabel="updates", ylabel="", x=updates, band="minmax")
    right.set_xscale("symlog", linthresh=1, linscale=0.4)
    right.set_xticks([0, 1, 10, 100, 500], ["0", "1", "10", "100", "500"])
    right.minorticks_off()
    right.set_ylabel("")
    right.get_legend().remove()
    plots.finding(fig, "Small batches win by the epoch, large ones by the step")
    plt.show()

    ends = [values[:, -1].mean() for values in curves.values()]
    reveal(
        "updates",
        "a" if ends[0] == min(ends) else "b" if max(ends) - min(ends) < 0.1 else "c",
        because="Five steps of the best kind are still five steps. The hundred noisy ones of an epoch point the right "
        "way on average, and each starts from a better place than the last.",
    )

# %% [markdown]
# Read the right panel, too: counted in *updates*, with the best of the five rates for each number of them, the larger batch
# is ahead, as its steps are better; but it comes to fewer of them in five epochs. If one step
# costs the same time whatever the batch, as on a GPU that is not full, updates are what you pay for; on a CPU, whose
# time grows with the examples, it is nearly epochs. That is why "which batch size is fastest?" has no answer
# without the machine.
#
# And the learning rates? Far below the cliff, ten steps on 10 examples each do much the same as one step on 100 examples
# that is ten times as long: the gradients hardly change on the way. Hence the **linear scaling rule** (Goyal and others,
# 2017): twice the batch, twice the learning rate. The last line of the print shows it. It ends where the large batch
# meets the cliff $2/L$, which no batch can move up (noise only lowers the limit); so the best rates above are closer together.
#
# ### What the shuffle is for
#
# The same images, sorted by label, as many data sets are when you get them. One run cuts the batches from the sorted
# row, the other one shuffles; each has its own best learning rate out of four.

# %% folded=true
with waits_for("minibatches", "sgd_epoch"):
    by_label = np.argsort(y, kind="stable")
    X_sorted, y_sorted = X[by_label], y[by_label]
    in_order = [(X_sorted[i : i + 20], y_sorted[i : i + 20]) for i in range(0, N, 20)]


    def trace(shuffled, lr, seed):
        """The loss over 250 of the images before each of 150 updates, and W after them."""
        rng, W, losses = np.random.default_rng(seed), np.zeros((784, 10)), []
        for _ in range(3):
            for batch in minibatches(X_sorted, y_sorted, 20, rng) if shuffled else in_order:
                losses.append(loss_and_grad(W, X[:250], y[:250])[0])
                W = sgd_epoch(grad, W, [batch], lr)
        return losses, W


    traces = {}
    for shuffled, name in ((False, "sorted by label"), (True, "shuffled in each epoch")):
        runs = {lr: [trace(shuffled, lr, seed) for seed in range(3 if shuffled else 1)] for lr in (0.03, 0.1, 0.3, 1.0)}
        best = min(runs, key=lambda lr: np.mean([losses[-1] for losses, _ in runs[lr]]))
        traces[name] = [losses for losses, _ in runs[best]]
        accuracy = np.mean([((X_test @ W).argmax(axis=1) == y_test).mean() for _, W in runs[best]])
        end = np.mean([losses[-1] for losses in traces[name]])
        print(f"{name:22}  best alpha {best}: loss after 3 epochs {end:.2f}, test accuracy {accuracy:.0%}")

    ax = plots.loss_curves(traces, xlabel="updates", ylabel="loss over 250 images", band="minmax")
    ax.axhline(np.log(10), color=plots.MUTED, linestyle=":", linewidth=1.2)
    ax.text(149, np.log(10) + 0.03, "log 10: guessing", color=plots.MUTED, fontsize=10, ha="right", va="bottom")
    plots.finding(ax, "In sorted data, batches undo each other's work")
    plt.show()

# %% [markdown]
# For five updates the model sees T-shirts only and learns to say "T-shirt"; then trousers only, and so on. Each batch's
# gradient is right for that batch, and a poor poll of everybody. A gradient estimate is unbiased only if the batch is
# drawn at random.

# %% [markdown]
# ## How noisy is a minibatch?
#
# Let $g_i$ be the gradient of example $i$, and $\nabla J$ the mean of all $N$ of them. A batch of $B$ different
# examples, drawn at random, has the mean gradient $g_B$. Call the mean squared distance between the two,
# $\mathbb{E}\,\|g_B - \nabla J\|^2$, the **noise** of the batch. You take four times as many examples, still a small
# part of all. What becomes of it?

# %%
predict(
    "noise",
    ...,
    options={
        "a": "Four times the batch: a quarter of the mean squared distance, half of the distance",
        "b": "Four times the batch: half of the mean squared distance",
        "c": "Four times the batch: a sixteenth of the mean squared distance",
        "d": "It depends on the model; there is no such rule.",
    },
)

# %% [markdown]
# ### Exercise: `gradient_noise`
#
# Averaged over all batches of $B$ different examples that there are, the noise is exactly
#
# $$\mathbb{E}\,\|g_B - \nabla J\|^2 = \frac{1}{B} \cdot \frac{N - B}{N - 1} \cdot \frac1N \sum_{i=1}^N \|g_i - \nabla J\|^2$$
#
# The last factor is the variance of single examples. The first is what you know of any mean: the mean of $B$ independent
# values has a variance $B$ times smaller. The one in the middle is there because an epoch draws *without* replacement: it is 1 for
# $B = 1$, nearly 1 for small batches, and 0 for $B = N$, where nothing is left to chance. Write it for a table of
# gradients with one row for each example.


# %% exercise="gradient_noise"
def gradient_noise(grads, batch_size):
    """E |g_B - mean|^2 for a batch of B of the N examples, drawn without replacement.

    grads: (N, D), row i is the gradient of example i; N > 1.  batch_size: B, from 1 to N.  Returns one number.
    """
    ### BEGIN SOLUTION
    N = len(grads)
    variance = np.sum((grads - grads.mean(axis=0)) ** 2) / N
    return variance / batch_size * (N - batch_size) / (N - 1)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: mine is not zero where all gradients agree; or it is the root</summary>
#
# Three examples with gradients 1, 2 and 6: the mean is 3, the squared distances are 4, 1 and 9, and the noise of a
# batch of one is their mean, $14/3$. Subtract the mean gradient first; take no root.
# </details>
#
# <details><summary>Hint 2: right for some batch sizes only</summary>
#
# Test your formula at both ends. At $B = 1$ the two first factors must be 1, at $B = N$ the noise must be 0. And mind
# what `np.var` divides by: by $N$, unless you say `ddof=1`.
# </details>
#
# <details><summary>Hint 3: right for one parameter, wrong for several</summary>
#
# $\|g\|^2$ adds up over the parameters. The mean gradient has one value for each of them: a mean down the columns,
# `axis=0`.
# </details>

# %% check="gradient_noise"
check("gradient_noise")

# %% [markdown]
# Formula against measurement: the gradients of 300 images, one by one, at a model that has learned a little; then, for
# each batch size, 200 random batches and their squared distance from the full gradient.

# %% folded=true
with waits_for("minibatches", "sgd_epoch", "gradient_noise"):
    rng = np.random.default_rng(0)
    W = sgd_epoch(grad, np.zeros((784, 10)), minibatches(X, y, 20, rng), 0.1)


    def one_by_one(W):
        """The gradients of 300 images, a row each."""
        return np.array([grad(W, X[i : i + 1], y[i : i + 1]).ravel() for i in range(300)])


    grads = one_by_one(W)
    whole = grads.mean(axis=0)
    sizes, measured = np.array([1, 2, 4, 8, 16, 32, 64, 128, 256]), []
    for size in sizes:
        weights = np.zeros((200, 300))  # one row a batch: 1/B for each of its examples
        for row in weights:
            row[rng.choice(300, size, replace=False)] = 1 / size
        measured.append(np.mean(np.sum((weights @ grads - whole) ** 2, axis=1)))
    every = np.unique(np.geomspace(1, 299, 60).astype(int))
    formula = np.array([gradient_noise(grads, size) for size in every])

    slope = np.polyfit(np.log(sizes[:6]), np.log(measured[:6]), 1)[0]
    ax = plt.subplots()[1]
    ax.loglog(every, formula, label="the formula")
    ax.loglog(sizes, measured, "o", label="measured, 200 batches each")
    ax.loglog(sizes, formula[0] / sizes, ":", color=plots.MUTED, label=r"$1/B$ alone")
    ax.axhline(np.sum(whole**2), color=plots.GREEN, linewidth=1.4, linestyle="--", label=r"$\|\nabla J\|^2$ itself")
    ax.set(xlabel=r"batch size $B$", ylabel=r"mean $\|g_B - \nabla J\|^2$")
    ax.legend(loc="lower left")
    crossing = every[np.argmax(formula < np.sum(whole**2))]
    plots.finding(ax, "The noise falls like 1/B, and faster once the batch is much of the data")
    plt.show()
    print(f"slope of the measured noise from B = 1 to 32: {slope:.2f}")
    print(f"noise at B = 1: {formula[0]:.1f};   |grad J|^2: {np.sum(whole**2):.3f};   equal near B = {crossing}")
    later = one_by_one(sgd_epoch(grad, W, chain(*(minibatches(X, y, 20, rng) for _ in range(9))), 0.1))
    print(f"nine epochs later: {gradient_noise(later, 1):.1f};   |grad J|^2: {np.sum(later.mean(axis=0) ** 2):.3f}")
    reveal(
        "noise",
        "a" if abs(slope + 1) < 0.2 else "b" if abs(slope + 0.5) < 0.2 else "c" if abs(slope + 2) < 0.2 else "d",
        because="The variance of a mean of B values is 1/B of theirs; the distance is the root of that. This is why "
        "large batches pay less and less: for half of the distance you read four times the examples.",
    )

# %% [markdown]
# Where the curve crosses the dashed line, $g_B$ is typically as far from $\nabla J$ as $\nabla J$ is long. Left of this
# crossing, a single batch says little about the direction, and the learning comes from many of them. As the training goes
# on, $\nabla J$ shrinks towards 0. The noise shrinks too, but less, as long as the examples disagree (the last line of
# the print); so on the whole the crossing moves to the right. What then?

# %% [markdown]
# > **A good place for a break.** You can train with minibatches, and you know how noisy their gradients are. When you come
# > back, put the cursor here and choose *Run > Run All Above Selected Cell*.

# %% [markdown]
# ## The noise ball
#
# Two parameters, 2,000 examples, least squares: a problem that you can see. Here, gradient descent would run into the
# minimum. Where does SGD with single examples end, if its learning rate stays as it is?

# %%
predict(
    "ball",
    ...,
    options={
        "a": "In the minimum, too; it only takes longer.",
        "b": "It keeps moving around the minimum; with half the learning rate at about half the mean squared distance.",
        "c": "It keeps moving around the minimum, at the same distance for all learning rates.",
        "d": "It diverges, sooner or later.",
    },
)

# %% given="plane"
_rng = np.random.default_rng(3)
X_plane = _rng.normal(size=(2000, 2)) * (1.0, 0.6)
y_plane = X_plane @ (1.0, -1.0) + _rng.normal(size=2000)
bowl = Quadratic(X_plane.T @ X_plane / 2000, X_plane.T @ y_plane / 2000)
FAR = np.array([-2.0, 1.5])


def plane_grad(theta, X, y):
    """Gradient of the mean of (x . theta - y)^2 / 2; theta (2,), X (B, 2), y (B,)."""
    return X.T @ (X @ theta - y) / len(y)


def walk(lrs, batch_size, seed):
    """Your SGD on the plane from FAR, one learning rate a step; returns the path, (steps + 1, 2)."""
    rng = np.random.default_rng(seed)
    batches = chain.from_iterable(minibatches(X_plane, y_plane, batch_size, rng) for _ in count())
    path = [FAR]
    for lr, batch in zip(lrs, batches, strict=False):
        path.append(sgd_epoch(plane_grad, path[-1], [batch], lr))
    return np.array(path)


def off(path):
    """The squared distance of each point of a path from the minimum."""
    return np.sum((path - bowl.minimizer) ** 2, axis=-1)


# %%
with waits_for("minibatches", "sgd_epoch"):
    constant = {lr: np.array([walk([lr] * 2000, 1, seed) for seed in range(8)]) for lr in (0.1, 0.05, 0.025)}
    settled = {lr: off(paths)[:, 500:].mean() for lr, paths in constant.items()}
    for lr, value in settled.items():
        print(f"alpha = {lr:<5}   mean squared distance, steps 500 to 2000: {value:.4f}")

    fig, axes = plt.subplots(1, 3, figsize=(7.4, 3.3), sharey=True)
    for ax, lr in zip(axes, constant, strict=True):
        plots.contour_with_paths(
            bowl, {"path": constant[lr][0][:800]}, ax, xlabel=r"$\theta_1$", ylabel=r"$\theta_2$",
            minimum=bowl.minimizer, window=(-2.4, 2.6, -2.6, 2.2), equal=True,
        )
        ax.get_legend().remove()
        ax.label_outer()
        ax.set_title(rf"$\alpha$ = {lr}")
    plots.finding(fig, "A constant learning rate ends in a ball of noise")
    plt.show()

    ratio = settled[0.1] / settled[0.05]
    reveal(
        "ball",
        "b" if 1.5 < ratio < 2.7 else "c" if 0.7 < ratio < 1.5 else "a",
        because="In the ball, the pull of the gradient balances the push of the noise. The pull grows with alpha, the "
        "variance that each step adds with alpha squared; so the balance, the ball's mean square, grows with alpha.",
    )

# %% [markdown]
# Why this is so: along a direction of curvature $\lambda$ a step multiplies the distance by $1 - \alpha\lambda$ and adds
# noise of variance $\alpha^2\sigma^2$. The mean square $v$ stops changing where $v = (1 - \alpha\lambda)^2 v +
# \alpha^2\sigma^2$, so
#
# $$v = \frac{\alpha\,\sigma^2}{\lambda\,(2 - \alpha\lambda)} \;\approx\; \frac{\alpha\,\sigma^2}{2\lambda}$$
#
# On this plane $\sigma^2 = \lambda$ for $B = 1$ (its errors have variance 1), so the two directions together should give
# about $\alpha$: compare the print. Twice the batch halves $\sigma^2$, and so does to the ball what half the learning rate does.
# Play with it: the same ball at $(\alpha, B)$ and at $(2\alpha, 2B)$?

# %%
with waits_for("minibatches", "sgd_epoch"):
    walk([0.1], 1, 0)  # nothing to play with before this works


    def draw(learning_rate=0.1, batch_size=1):
        """400 steps of SGD at one learning rate and batch size, and the distance from the minimum."""
        path = walk([learning_rate] * 400, int(batch_size), 0)
        fig, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.5), width_ratios=(1, 1.15))
        plots.contour_with_paths(
            bowl, {"path": path}, left, xlabel=r"$\theta_1$", ylabel=r"$\theta_2$", minimum=bowl.minimizer,
            window=(-2.4, 2.6, -2.6, 2.2), equal=True,
        )
        left.get_legend().remove()
        right.semilogy(off(path))
        right.set(xlabel="step", ylabel="squared distance", ylim=(1e-6, 30))
        plots.finding(fig, f"Mean squared distance in the last 200 steps: {off(path)[200:].mean():.4f}")


    plots.play(draw, learning_rate=(0.01, 0.4, 0.01), batch_size=(1, 100, 1))

# %% [markdown]
# So there is a conflict. A large $\alpha$ travels fast and settles in a large ball; a small one settles close and
# travels for ever. The way out: start large, then make it smaller. Below are two common ways to do that. In
# both, $t$ counts from 0 the steps that are done.

# %% [markdown]
# ### Exercise: `step_decay`
#
# Multiply by $\gamma$ whenever another `every` steps are done: $\alpha_t = \alpha_0 \,
# \gamma^{\lfloor t / \text{every} \rfloor}$.


# %% exercise="step_decay"
def step_decay(t, lr0, gamma, every):
    """The learning rate of step t: lr0 * gamma^floor(t / every).

    t: 0, 1, 2, ...  lr0: the first learning rate.  gamma: the factor of each drop.  every: steps between drops.
    """
    ### BEGIN SOLUTION
    return lr0 * gamma ** (t // every)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: my drops are one step off</summary>
#
# With `every = 4` the steps 0, 1, 2, 3 have $\alpha_0$, and step 4 is the first with $\gamma\alpha_0$. Put $t = 3$ and
# $t = 4$ into your exponent.
# </details>
#
# <details><summary>Hint 2: the values are wrong, or there are no steps in it</summary>
#
# $\lfloor\cdot\rfloor$ rounds down; Python's `//` divides and rounds down in one. It counts the drops so far. Each of
# them multiplies once more: a power.
# </details>

# %% check="step_decay"
check("step_decay")

# %% [markdown]
# ### Exercise: `cosine_decay`
#
# A decay without corners (Loshchilov and Hutter, 2017): half a wave of the cosine, from $\alpha_0$ at $t = 0$ to
# $\alpha_\text{min}$ at $t = T$,
#
# $$\alpha_t = \alpha_\text{min} + \frac{\alpha_0 - \alpha_\text{min}}{2} \left(1 + \cos\frac{\pi t}{T}\right)$$


# %% exercise="cosine_decay"
def cosine_decay(t, lr0, steps, lr_min=0.0):
    """The learning rate of step t on half a cosine wave from lr0 (t = 0) to lr_min (t = steps).

    t: from 0 to steps.  lr0, lr_min: the first and the last learning rate.  steps: T.
    """
    ### BEGIN SOLUTION
    return lr_min + (lr0 - lr_min) * (1 + np.cos(np.pi * t / steps)) / 2
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the curve has the wrong shape</summary>
#
# $\cos 0 = 1$ and $\cos\pi = -1$: over the whole run the angle goes from 0 to $\pi$, in radians. With $2\pi$ the wave
# comes back up, with $\pi/2$ it stops half-way.
# </details>
#
# <details><summary>Hint 2: it starts or ends at the wrong height</summary>
#
# Put in $t = 0$ and $t = T$. $1 + \cos$ goes from 2 to 0; half of it from 1 to 0. That share of the *range*
# $\alpha_0 - \alpha_\text{min}$ stands on top of the floor $\alpha_\text{min}$.
# </details>
#
# <details><summary>Hint 3: it is one step ahead or behind</summary>
#
# $t$ counts the steps that are done. No `+ 1` and no `- 1` is needed.
# </details>

# %% check="cosine_decay"
check("cosine_decay")

# %% [markdown]
# ### What decay does to the ball
#
# The same plane and the same 1,500 steps: a large learning rate, a small one, and two that go from large to small. How
# far is each from the minimum?

# %%
with waits_for("minibatches", "sgd_epoch", "step_decay", "cosine_decay"):
    T = 1500
    schedules = {
        "constant 0.2": [0.2] * T,
        "constant 0.005": [0.005] * T,
        "step decay": [step_decay(t, 0.2, 0.1, 600) for t in range(T)],
        "cosine decay": [cosine_decay(t, 0.2, T) for t in range(T)],
    }
    distances = {name: np.array([off(walk(lrs, 1, seed)) for seed in range(40)]) for name, lrs in schedules.items()}
    fig, (top, bottom) = plt.subplots(2, 1, figsize=(7.0, 6.2), sharex=True, height_ratios=(1, 2))
    for (name, lrs), style in zip(schedules.items(), ("-", "--", "-.", ":"), strict=True):
        top.plot(lrs, style, label=name)
    top.set(ylabel=r"learning rate $\alpha_t$")
    for (name, values), style in zip(distances.items(), ("-", "--", "-.", ":"), strict=True):
        bottom.plot(np.convolve(values.mean(axis=0), np.ones(25) / 25, mode="valid"), style, label=name)
    bottom.set(xlabel="step", ylabel="mean squared distance\n(40 runs, over 25 steps)", yscale="log")
    bottom.legend(loc="lower left")
    plots.finding(fig, "With a decay, the run travels first, and then its ball shrinks")
    plt.show()
    for name, values in distances.items():
        print(f"{name:15} mean squared distance over the last 100 steps: {values[:, -100:].mean():.5f}")

# %% [markdown]
# The large constant rate arrives within a few dozen steps and then learns nothing more. The small one is on its way for
# the whole run, and would settle much closer if it had the time. Step decay falls in stairs: at the first drop of
# $\alpha$ by 10 the ball shrinks by about 10; after the second the steps are so short that the run ends before the new
# ball is reached. You know this staircase from the training curves of many papers; now you know where it comes from.
# Which of the two decays ends lower changes with the seeds (forty runs hardly settle it); cosine needs no decision about
# when to drop.

# %% [markdown]
# ## A gentle start
#
# Decay is for the end. At the start, a model may be in a place so steep that the learning rate which is best for the rest
# of the run would throw it out.
#
# ### Exercise: `linear_warmup`
#
# So one starts small and climbs, in equal parts: with `warmup` steps, the first has
# $\alpha_0/\text{warmup}$, the last of them the whole $\alpha_0$, and from there on it stays,
#
# $$\alpha_t = \alpha_0 \cdot \min\left(1, \frac{t + 1}{\text{warmup}}\right)$$


# %% exercise="linear_warmup"
def linear_warmup(t, lr0, warmup):
    """The learning rate of step t: a ramp of `warmup` equal parts up to lr0, then lr0.

    t: 0, 1, 2, ...  lr0: the learning rate after the ramp.  warmup: the steps of the ramp, at least 1.
    """
    ### BEGIN SOLUTION
    return lr0 * min(1, (t + 1) / warmup)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the ramp starts or ends at the wrong step</summary>
#
# With `warmup = 4` and $\alpha_0 = 1$ the steps $t = 0, 1, 2, 3, 4$ have 0.25, 0.5, 0.75, 1, 1.
# </details>
#
# <details><summary>Hint 2: it does not stay at the top</summary>
#
# The share must never be more than 1: take the smaller of the two.
# </details>

# %% check="linear_warmup"
check("linear_warmup")

# %% [markdown]
# ### What warm-up is for
#
# Warm-up helps where the curvature is largest at the *start*. The simplest such
# loss is $J(\theta) = \theta^4/4$: its curvature $3\theta^2$ is 27 at $\theta = 3$, where we begin. There, a first step
# of $\alpha = 2/9$ already lands at $-3$, as high as before, and any longer one climbs. Close to the minimum there is no
# cliff at all.

# %%
with waits_for("linear_warmup"):
    paths = {}
    for name, lrs in {
        r"$\alpha$ = 0.5 at once": [0.5] * 60,
        r"$\alpha$ = 0.2, near the largest that survives": [0.2] * 60,
        r"$\alpha$ = 0.5 after a warm-up of 20": [linear_warmup(t, 0.5, 20) for t in range(60)],
    }.items():
        theta, trace = np.float64(3.0), []
        with np.errstate(over="ignore", invalid="ignore"):
            for lr in lrs:
                trace.append(theta**4 / 4)
                theta = theta - lr * theta**3
        paths[name] = trace
        end = f"{trace[-1]:.2g}" if np.isfinite(trace[-1]) else f"overflow at step {np.argmin(np.isfinite(trace))}"
        print(f"{name.replace('$', '').replace(chr(92), ''):44} loss after 60 steps: {end}")
    ax = plots.loss_curves(paths, xlabel="step", ylabel="loss", logy=True)
    plots.finding(ax, "After a warm-up, the rate that exploded does no harm")
    plt.show()

# %% [markdown]
# Deep networks can be like that: where the first weights are large, the curvature is highest at the very start, and a
# warm-up leads to flatter ground before the long steps come (Gilmer and others, 2021). On our softmax regression, whose
# curvature is moderate from the start, warm-up should change little.
# Let us see.
#
# ### A fair comparison
#
# Four schedules on the images: 8 epochs, batches of 20, three seeds, and for each its own best learning rate $\alpha_0$ of the same
# grid. Best by what? By the training loss, or by 2,000 images that are **held out**: no run learns from them, and they are
# not the test images either, which are to judge what has been chosen. We do both.

# %%
used, _ = subset(np.arange(len(fashion.y_train)), fashion.y_train, 1000)  # the same draw as above, of row numbers
held = np.delete(np.arange(len(fashion.y_train)), used)[:2000]
X_held, y_held = fashion.X_train[held] - mean_image, fashion.y_train[held]


def wrong(W, X, y):
    """How many of the images in X are named wrong, in percent."""
    return 100 * ((X @ W).argmax(axis=1) != y).mean()


# %% folded=true
with waits_for("minibatches", "sgd_epoch", "step_decay", "cosine_decay", "linear_warmup"):
    EPOCHS, SIZE = 8, 20
    T = EPOCHS * N // SIZE
    plans = {
        "constant": lambda t, lr: lr,
        "step decay": lambda t, lr: step_decay(t, lr, 0.1, 3 * T // 8),
        "cosine": lambda t, lr: cosine_decay(t, lr, T),
        "warm-up + cosine": lambda t, lr: min(linear_warmup(t, lr, 40), cosine_decay(t, lr, T)),
    }
    lrs = np.array([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4])
    ends, errors, best_runs, smaller = {}, {}, {}, 0
    print(f"{'chosen by':18} {'training loss':41} held-out images")
    for name, plan in plans.items():
        runs = [[train(SIZE, lr, EPOCHS, seed, plan) for lr in lrs] for seed in range(3)]
        ends[name] = np.array([[losses[-1] for _, losses in row] for row in runs])
        errors[name] = np.array([[wrong(W, X_held, y_held) for W, _ in row] for row in runs])
        by_loss, by_held = ends[name].mean(axis=0).argmin(), errors[name].mean(axis=0).argmin()
        best_runs[name], line = np.array([row[by_loss][1] for row in runs]), f"{name:17}"
        for best in (by_loss, by_held):
            right_ones = [100 - wrong(row[best][0], X_test, y_test) for row in runs]
            line += f"  alpha {lrs[best]}: loss {ends[name][:, best].mean():.3f}, test {min(right_ones):.1f} to {max(right_ones):.1f}%"
        print(line)
        smaller += by_held < by_loss

    fig, axes = plt.subplot_mosaic([["loss", "held"], ["runs", "runs"]], figsize=(7.4, 6.6))
    plots.sweep(lrs, ends, axes["loss"], xlabel=r"$\alpha_0$", ylabel="training loss after 8 epochs")
    plots.sweep(lrs, errors, axes["held"], xlabel=r"$\alpha_0$", ylabel="held-out images wrong, in %", logy=False)
    plots.loss_curves(
        best_runs, axes["runs"], xlabel="epoch", ylabel="training loss,\neach at its lowest", logy=True, band="minmax"
    )
    for ax in (axes["loss"], axes["held"]):
        ax.set_xticks(lrs, [str(lr) for lr in lrs])
        ax.minorticks_off()
        ax.get_legend().remove()
    for ax in (axes["loss"], axes["runs"]):
        ax.set_yticks([0.1, 0.2, 0.5, 1, 2], ["0.1", "0.2", "0.5", "1", "2"])
    plots.finding(fig, f"In {smaller} of 4 plans, held-out images choose a smaller first rate than the training loss")
    plt.show()

# %% [markdown]
# Three things to see. With a decay, the training loss is lowest at a larger *first* learning rate (upper left: the rings move to the
# right), since it no longer has to serve the end of the run as well. With it, the loss is high for the first epochs and lowest at
# the end (below): judge a schedule by its end, never by its middle. And the wildly different ends of the three seeds, the
# wide band at large constant rates, are gone: where a run stops inside its ball is luck; a decay takes the luck out.
#
# Warm-up changed next to nothing, as promised: no steep start, no use for it. Now compare the two halves of the print. The rate with the
# lowest training loss is not the best for new images (upper right): the last of the training loss is fitted to these thousand images
# alone. So choose on held-out images if new ones are what you care about. Even then, three seeds hardly tell the three decays
# apart. Fitting better is the optimizer's business; generalizing better is that of unit 06.

# %% [markdown]
# ## Finding a learning rate in one short run
#
# The sweeps above trained every candidate to the end. For a model that takes a week, you cannot. The **range test**
# (Smith, 2017) lets the learning rate grow at each step of *one* short run (his by equal amounts, ours by the same factor),
# from far too small to far too large, and notes the loss of each batch before its step. At first nothing happens; then the loss falls, faster
# and faster; then the cliff.
#
# ### Exercise: `lr_range_test`
#
# Use `steps` learning rates with equal *ratios*, from `lr_min` to `lr_max`, both included, and one new batch for each.
# The parameters that are handed in stay as they are.


# %% exercise="lr_range_test"
def lr_range_test(loss_and_grad, theta, batches, lr_min, lr_max, steps):
    """One run of SGD with a learning rate that grows by a constant factor from lr_min to lr_max.

    loss_and_grad: function (theta, X, y) -> (loss, gradient) of a batch.  theta: array.
    batches: iterable of pairs (X, y), at least `steps` of them.  steps: how many learning rates, at least 2.
    Returns lrs (steps,) and losses (steps,): losses[t] is the loss of batch t before the step with lrs[t].
    """
    ### BEGIN SOLUTION
    lrs = np.geomspace(lr_min, lr_max, steps)
    losses = np.zeros(steps)
    for t, (X_batch, y_batch) in enumerate(islice(batches, steps)):
        losses[t], g = loss_and_grad(theta, X_batch, y_batch)
        theta = theta - lrs[t] * g
    return lrs, losses
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the learning rates are wrong, or shifted against the losses</summary>
#
# From 0.01 to 1 in three steps: 0.01, 0.1, 1. Equal ratios, both ends included: `np.geomspace` does that. `lrs[t]` is
# the rate that step `t` is taken with.
# </details>
#
# <details><summary>Hint 2: the losses are wrong from the first or the second on</summary>
#
# In each round: loss and gradient of the next batch at the present theta; note the loss; step. The next round goes on
# from there. So the first loss is that of the theta handed in, and each batch is asked only once.
# </details>
#
# <details><summary>Hint 3: it is the same batch all the time</summary>
#
# `for X_batch, y_batch in batches:` gives one new batch a round; `islice(batches, steps)` (it is imported above) stops
# after the first `steps` of them. `enumerate` counts along.
# </details>
#
# <details><summary>Hint 4: "changed its argument"</summary>
#
# `theta = theta - ...` makes a new array; `theta -= ...` overwrites the caller's.
# </details>

# %% check="lr_range_test"
check("lr_range_test")

# %% [markdown]
# One range test of 100 steps costs two epochs. Below it, for comparison, what it should predict: full runs of
# 8 epochs at constant learning rates. Where in the upper picture would you look for the one with the lowest training
# loss?

# %%
predict(
    "range",
    ...,
    options={
        "a": "where the loss is still flat",
        "b": "where it just begins to fall",
        "c": "near its lowest point, within a factor of 2 or 3",
        "d": "where it has exploded",
    },
)

# %% folded=true
with waits_for("minibatches", "sgd_epoch", "lr_range_test"):
    tests = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        batches = chain.from_iterable(minibatches(X, y, 20, rng) for _ in count())
        tested, noisy = lr_range_test(loss_and_grad, np.zeros((784, 10)), batches, 1e-4, 30.0, 100)
        tests.append(np.convolve(noisy, np.ones(7) / 7, mode="valid"))
    middle, smooth = tested[3:-3], np.mean(tests, axis=0)
    candidates = np.array([0.01, 0.03, 0.06, 0.12, 0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 4.0])
    runs = [[train(20, lr, 8, seed) for lr in candidates] for seed in range(3)]
    finals = np.array([[losses[-1] for _, losses in row] for row in runs])
    hits = 100 - np.array([[wrong(W, X_held, y_held) for W, _ in row] for row in runs]).mean(axis=0)
    best = candidates[finals.mean(axis=0).argmin()]
    lowest, alone = middle[smooth.argmin()], [middle[test.argmin()] for test in tests]
    fall = middle[np.gradient(smooth[: smooth.argmin() + 1], np.log(middle[: smooth.argmin() + 1])).argmin()]

    fig, (top, bottom) = plt.subplots(2, 1, figsize=(7.0, 6.4), sharex=True)
    plots.bands(top, middle, np.array(tests), label="range test, 3 seeds", band="minmax")
    top.axvline(lowest, color=plots.MUTED, linestyle=":", label="lowest")
    top.axvline(fall, color=plots.GREEN, linestyle="--", label="steepest fall")
    top.set(xscale="log", ylabel="loss of the batch (over 7)", ylim=(0, 5))
    top.legend(loc="upper left")
    plots.sweep(
        candidates, finals, bottom, start_loss=np.log(10), xlabel=r"learning rate $\alpha$", ylabel="loss after 8 epochs"
    )
    bottom.axvline(fall, color=plots.GREEN, linestyle="--")
    bottom.axvline(lowest, color=plots.MUTED, linestyle=":")
    bottom.set_yticks([0.2, 0.3, 0.5, 1.0, 2.0], ["0.2", "0.3", "0.5", "1", "2"])
    bottom.minorticks_off()
    plots.finding(fig, f"Training loss is lowest at {lowest:.2g} in the range test, at {best:g} in full runs")
    plt.show()
    exploded = np.min(middle[(middle > lowest) & (smooth > np.log(10))], initial=np.inf)
    print(f"range test: steepest fall at {fall:.2g}, lowest at {lowest:.2g} "
          f"(each alone: {min(alone):.2g} to {max(alone):.2g}), above its start from {exploded:.2g} on")
    print("full runs:  alpha  training loss  held-out accuracy")
    for lr, loss, hit in zip(candidates, finals.mean(axis=0), hits, strict=True):
        note = ("  lowest loss" if lr == best else "") + ("  most right" if hit == hits.max() else "")
        print(f"            {lr:5g}  {loss:13.3f}  {hit:16.1f}%{note}")
    reveal(
        "range",
        "c" if lowest / 3 <= best <= 3 * lowest else "d" if best >= exploded else "b" if best >= fall / 3 else "a",
        because="Left of the steepest fall the steps are stable and waste your time; far beyond the lowest point a full run "
        "ends high, and differs from seed to seed. The lowest point itself is only a signpost: the low loss there was "
        "earned by all the smaller rates before it, so that the best rate for a whole run may lie on either side.",
    )

# %% [markdown]
# The two pictures have the same regions: flat, falling, best, exploding. The range test cannot tell the best rate to
# within a factor of two: its lowest point shifts with the number of steps, and a rate that is right for a moment may be
# too large for a whole run, or, as softmax regression forgives a lot, still a little small for it.
#
# And best for what? Look down the last column. The rate with the lowest training loss is not where held-out accuracy is
# highest: for new images, smaller rates are at least as good, as with the four plans above. So the place to look is from the steepest fall to about the lowest point. What the range test gives you, for the price of two epochs, is two
# or three candidates instead of a dozen.

# %% [markdown]
# ## How to choose a learning rate, part two
#
# Unit 02 had the first half of the answer: stay below $2/L$, and close to it. With noisy gradients the procedure is:
#
# 1. **Stability.** Run a range test from the start that you will use, with the batch size that you will use. Where it
#    explodes, a *constant* rate has nothing to look for. With a decay the first rate may be larger: in the comparison
#    above, the lowest *training* loss came from a first rate beyond the explosion (held-out images chose a smaller one).
# 2. **Candidates.** Take two or three values, in factors of 2 or 3, from the steepest fall to about the lowest point.
#    With a decay, add one candidate beyond the lowest point.
# 3. **Decay.** Decide how long the run is, and let the learning rate fall to nearly 0 over it; cosine is a good default.
#    Without decay you pick the rate that is best for the *end* and pay with a slow start.
# 4. **Compare** the candidates over runs of the full length, with their decay, on held-out data, by which you will not
#    judge the model in the end either (unit 06 calls them *validation data*), with more than one seed if the
#    difference is small. If the best is at the edge of your grid, extend the grid.
# 5. **Warm-up** if the loss jumps within the first steps, or if you want a rate that explodes only there: begin with a
#    few percent of the run. Otherwise leave it out.
# 6. **When you change the batch size,** change $\alpha$ in proportion, but not beyond the cliff, as a first guess, and repeat step 1.
#
# Read the loss while it runs:
#
# | the training loss | what it means | do |
# |---|---|---|
# | falls smoothly, slowly, to the end | $\alpha$ too small | 3 times $\alpha$ |
# | falls fast, then wobbles around one level | the noise ball | decay now, or larger batches |
# | jumps in the first steps, then recovers or not | too large for the start | warm-up, or a smaller $\alpha$ |
# | explodes later on | over the cliff | a third of $\alpha$ |
# | differs much between seeds at the end | stopped inside the ball | decay |

# %% [markdown]
# ## Clinic: the model that guesses
#
# A colleague's training loop. The orders of the epochs are handed in, so that each run can be repeated. There is no
# error, and two complaints. Run the next two cells and look.


# %% exercise="clinic_03"
def clinic_03(loss_and_grad, theta, X, y, orders, batch_size, lr):
    """Train by minibatches; epoch e goes through the rows of X and y in the order orders[e].

    loss_and_grad: function (theta, X, y) -> (mean loss, its gradient) of a batch.  theta: array.  X: (N, d).  y: (N,).
    orders: (E, N), row numbers of X and y as they were handed in.
    Returns theta after the last step, and history (E,): the mean over an epoch's N examples of the losses that the
    batches had just before their step.
    """
    ### BEGIN SOLUTION
    history = []
    for order in orders:
        total = 0.0
        for i in range(-(-len(y) // batch_size)):  # rounded up: the last batch may be smaller
            batch = order[i * batch_size : (i + 1) * batch_size]
            loss, g = loss_and_grad(theta, X[batch], y[batch])
            theta = theta - lr * g
            total += loss * len(batch)
        history.append(total / len(y))
    return theta, np.array(history)
    ### END SOLUTION
    ### BEGIN STUB
    # history = []
    # for order in orders:
    #     X = X[order]
    #     losses = []
    #     for i in range(-(-len(y) // batch_size)):  # rounded up: the last batch may be smaller
    #         batch = slice(i * batch_size, (i + 1) * batch_size)
    #         loss, g = loss_and_grad(theta, X[batch], y[batch])
    #         theta = theta - lr * g
    #         losses.append(loss)
    #     history.append(np.mean(losses))
    # return theta, np.array(history)
    ### END STUB


# %%
with waits_for("minibatches", "sgd_epoch", "clinic_03"):
    rng = np.random.default_rng(0)
    orders = np.array([rng.permutation(N) for _ in range(8)])
    theirs = clinic_03(loss_and_grad, np.zeros((784, 10)), X, y, orders, 50, 0.1)[1]
    yours = train(50, 0.1, 8, 0)[1]

    W = train(20, 0.4, 8, 0)[0]
    truth, cuts = loss_and_grad(W, X, y)[0], (1000, 500, 999, 300)
    told = [clinic_03(loss_and_grad, W, X, y, np.arange(N)[None], size, 0.0)[1][0] for size in cuts]
    for size, value in zip(cuts, told, strict=True):
        print(f"nothing learned (alpha = 0), batches of {size:4}: reported loss {value:.4f}, true loss {truth:.4f}")

    ax = plots.loss_curves(
        {"clinic_03": theirs, "your SGD, after each epoch": yours[1:]}, xlabel="epoch", ylabel="training loss", x=np.arange(1, 9)
    )
    ax.axhline(np.log(10), color=plots.MUTED, linestyle=":", linewidth=1.2)
    ax.text(8, np.log(10) - 0.03, "log 10: guessing", color=plots.MUTED, fontsize=10, ha="right", va="top")
    healthy = theirs[-1] < 1.2 and np.allclose(told, truth)
    plots.finding(ax, "Healthy: it learns, and its loss is the loss" if healthy else "Not healthy yet")
    plt.show()

# %% [markdown]
# (The two curves are not meant to lie on each other: the clinic's is the mean over an epoch, while the model is still
# learning, and yours is measured at its end. A healthy clinic is above yours at first, and close to it later.)
#
# **Symptom 1**, the picture: the loss stays close to $\log 10$, the loss of guessing, however long it trains. **Symptom
# 2**, the table: with $\alpha = 0$ nothing changes, so the mean loss over all examples is one number, however they are
# cut into batches; the reported one depends on the cut. Find both causes and repair `clinic_03`.
#
# <details><summary>Hint 1: why does it only guess?</summary>
#
# Write down three examples with their labels, (shoe, 9), (shirt, 6), (bag, 8), and the order 2, 0, 1. Go through the
# first line of the loop. Which label does the first row have now?
# </details>
#
# <details><summary>Hint 2: why does the reported loss depend on the cut?</summary>
#
# 999 examples make one batch, and a single one makes the other. What weight does that single example get in
# `np.mean(losses)`, and what should it get?
# </details>
#
# <details><summary>Hint 3: one epoch is right, several are not</summary>
#
# Print `X[0]` at the start of the second epoch. The orders speak of the rows as they were handed in, so `X` and `y`
# should be what they were. Pick the batch's rows by their numbers, and leave `X` and `y` alone.
# </details>

# %% check="clinic_03"
check("clinic_03")

# %% [markdown]
# Both bugs are common, and both are silent. The first one has a signature worth remembering: a loss that settles *at
# $\log K$* says "the labels tell me nothing": look first whether labels and examples still belong together. The second one
# makes losses incomparable between batch sizes, and nothing about `np.mean(losses)` looks wrong.

# %% [markdown]
# ## Quiz
#
# Put the letter of the best answer in quotes, such as `"b"`, in place of the dots. Your feedback, or `./course check 03`,
# says which answer is right and why the others are not.
#
# **q1.** What is the gradient of a random minibatch?
# - a) the full gradient, computed faster
# - b) an estimate that equals the full gradient on average and scatters around it
# - c) a direction in which the full loss surely falls
# - d) an estimate that is off to one side, as it ignores most examples
#
# **q2.** From 100,000 examples you draw batches of 100, and their gradients typically lie 0.3 away from the full one. Which
# batch size brings this down to 0.1?
# - a) 300
# - b) 100,000: only all examples together
# - c) 900
# - d) 2,700
#
# **q3.** The loss fell quickly and now wobbles around one level, epoch after epoch. What do you try first?
# - a) a smaller learning rate from here on
# - b) a larger learning rate
# - c) more epochs of the same
# - d) smaller batches
#
# **q4.** A colleague's ten-class training data are sorted by label and never shuffled; each image has its own label. What
# does the training loss do?
# - a) it stays at 2.30
# - b) it falls just as with shuffling
# - c) it diverges at every learning rate
# - d) it falls, jerkily, and ends higher than with shuffling
#
# **q5.** In another model's range test the loss is flat up to 0.00001, falls most steeply at 0.003, is lowest at 0.02 and
# explodes at 0.1. Which *constant* learning rates do you try in full runs?
# - a) only 0.02: there the loss was lowest
# - b) two or three from 0.003 to 0.02
# - c) 0.00001 and smaller ones: they are surely stable
# - d) 0.1 and larger ones, with a warm-up

# %% exercise="quiz_03"
### BEGIN SOLUTION
quiz_03 = {"q1": "b", "q2": "c", "q3": "a", "q4": "d", "q5": "b"}
### END SOLUTION
### BEGIN STUB
# quiz_03 = {"q1": ..., "q2": ..., "q3": ..., "q4": ..., "q5": ...}
### END STUB

# %% check="quiz_03"
check("quiz_03")

# %% [markdown]
# ## Recap
#
# - **SGD:** $\theta_{t+1} = \theta_t - \alpha \, \nabla J(\theta_t; x_i)$, or the mean over a minibatch. An **epoch** is
#   one pass in which each example has one turn, in a fresh order, with its own label.
# - **Noise:** $\mathbb{E}\,\|g_B - \nabla J\|^2 = \frac{1}{B} \cdot \frac{N - B}{N - 1} \cdot \frac1N \sum_i \|g_i -
#   \nabla J\|^2$: half the distance costs four times the examples.
# - **The noise ball:** at constant $\alpha$ the mean squared distance along a direction of curvature $\lambda$ settles near
#   $\frac{\alpha\,\sigma^2}{2\lambda}$.
# - **Step decay:** $\alpha_t = \alpha_0 \, \gamma^{\lfloor t / \text{every} \rfloor}$. **Cosine:** $\alpha_t =
#   \alpha_\text{min} + \frac{\alpha_0 - \alpha_\text{min}}{2}(1 + \cos\frac{\pi t}{T})$. **Warm-up:** $\alpha_t =
#   \alpha_0 \min(1, \frac{t + 1}{\text{warmup}})$.
# - **Range test:** one short run with a growing learning rate; candidates lie from its steepest fall to about its lowest
#   point, and full runs decide among them.
# - **Report** losses as means over examples, not over batches.
#
# The model at the shop can now take its photographs as they come: shuffled, a few at a time, with a long step first and
# shorter ones later.

# %% [markdown]
# ## Think about it
#
# A friend trains with batches of 32 at $\alpha = 0.1$; his loss still falls when he stops. On a GPU he wants batches of 512. In
# four to seven sentences, to be read by a person: tell him what happens to the noise of each step, to the number of
# steps in an epoch, and to the loss he ends at if he leaves $\alpha$ and the number of epochs as they are; what he
# should try for $\alpha$ first, and why that rule must end somewhere.

# %% [markdown] points=3 reflection="reflection_03"
# ### BEGIN SOLUTION
# Your batch becomes 16 times as large, so the variance of its gradient falls to a sixteenth and the gradient is
# typically four times closer to the true one. But an epoch now has a sixteenth of the steps. With the same learning
# rate and the same number of epochs you therefore travel only about a sixteenth of the way: your training loss will end
# higher, although every single step is better. Try a learning rate 16 times as large first, 1.6, with a short warm-up:
# one step then covers the ground of 16 old ones, and their noise is about what it was, since the ball depends on alpha
# divided by B. The rule must end at the cliff 2/L, which is set by the curvature of the full loss: larger batches
# remove noise, but they do not make the steepest direction any flatter. Make a range test with the new batches to see
# where that is.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# 1 point: the noise (variance 1/16, or distance 1/4) and the number of steps (1/16) are both right. 1 point: with the
# same alpha and epochs the loss ends higher (or: training is much slower per epoch), because there are fewer steps (only
# a run that had settled in its noise ball could end lower). 1 point: scale alpha up (linearly; "by the root" is fine with a reason),
# and the limit is stability, 2/L, which does not depend on the batch size. "It gets better because the gradient is more exact", alone, earns nothing for the second.
# ### END MARK SCHEME

# %% [markdown]
# ## Going further
#
# - L. Bottou, F. Curtis, J. Nocedal, [Optimization Methods for Large-Scale Machine
#   Learning](https://arxiv.org/abs/1606.04838) (2018): noise balls, decays and batch sizes, with proofs.
# - L. Smith, [Cyclical Learning Rates for Training Neural Networks](https://arxiv.org/abs/1506.01186) (2017): the range
#   test, with [code](https://github.com/bckenstler/CLR) by B. Kenstler.
# - I. Loshchilov, F. Hutter, [SGDR](https://arxiv.org/abs/1608.03983) (2017), with
#   [code](https://github.com/loshchil/SGDR): the cosine, and restarting it.
# - J. Gilmer and others, [A Loss Curvature Perspective on Training Instability in Deep
#   Learning](https://arxiv.org/abs/2110.04369) (2021): what a warm-up does to the curvature.
# - P. Goyal and others, [Accurate, Large Minibatch SGD](https://arxiv.org/abs/1706.02677) (2017): linear scaling and
#   warm-up, on ImageNet in one hour.
# - S. McCandlish and others, [An Empirical Model of Large-Batch Training](https://arxiv.org/abs/1812.06162) (2018):
#   the batch size at which noise and gradient are equal, measured across many models.
#
# Next: [04 Momentum](../04_momentum/04_momentum.ipynb), steps that remember where they came from.
