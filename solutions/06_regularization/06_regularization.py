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
# # 06 · Regularization
#
# **After this unit you can** say what overfitting is, in pictures and as bias and variance, and why a penalty, dropout or
# an early end helps against it; write L2 and L1 penalties with their gradients, get weights that are *exactly* zero,
# choose the strength of a penalty when data are few, write dropout forward and backward, and stop a training run at its best
# moment.
#
# | time | difficulty | builds on |
# |---|---|---|
# | 120 to 150 minutes, in two sittings | ●●●○○ | steps and learning rates ([02 Gradient descent](../02_gradient_descent/02_gradient_descent.ipynb)); AdamW ([05 Adam](../05_adam/05_adam.ipynb)) for one short section |
#
# Each check below runs your function on a few inputs and explains what it sees. One short experiment uses your `SGD` and
# `Adam` from units 04 and 05. If you skipped those, a library's stand in.

# %% given="setup"
try:
    from course_lib import check, earlier, plots, predict, reveal, waits_for
except ModuleNotFoundError as error:
    raise SystemExit(f"{error}: run ./course start in the course's folder, or see docs/running.md") from None

import matplotlib.pyplot as plt
import numpy as np

plots.use_style()

# %% [markdown]
# ## A curve that follows the noise
#
# Lena has put a thermometer into her greenhouse and reads it fifteen times a day. It is a cheap one: each reading is off
# by about 2 °C. She wants the temperature *between* the readings, so she fits a curve with twelve weights to them (a
# polynomial of degree 12), by least squares.

# %% folded=true given="greenhouse"
HOURS, CLOCK = np.linspace(0, 24, 15), np.linspace(0, 24, 193)


def temperature(hours):
    """The true temperature in degrees Celsius, which Lena does not know."""
    return 12 + 9 * np.sin(2 * np.pi * (hours - 9) / 24) + 3 * np.sin(4 * np.pi * (hours - 5) / 24)


def readings(day):
    """What the thermometer says at HOURS on one day, (15,): the truth, and an error of about 2 degrees in each."""
    return temperature(HOURS) + 2 * np.random.default_rng(day).normal(size=len(HOURS))


def powers(hours):
    """The twelve columns that the curve is made of: Chebyshev polynomials of degree 1 to 12, all between -1 and 1."""
    return np.polynomial.chebyshev.chebvander(hours / 12 - 1, 12)[:, 1:]


def fitted_curve(y, lam, at=CLOCK):
    """The curve that makes half the mean squared error plus lam/2 times the sum of w^2 smallest; the bias is free."""
    P = powers(HOURS)
    centre = P.mean(axis=0)
    A = (P - centre).T @ (P - centre) / len(y) + lam * np.eye(12)
    return y.mean() + (powers(at) - centre) @ np.linalg.solve(A, (P - centre).T @ (y - y.mean()) / len(y))


# %% folded=true
ax = plt.subplots()[1]
wild, at_readings = fitted_curve(readings(0), 0.0), fitted_curve(readings(0), 0.0, HOURS)
ax.plot(HOURS, readings(0), "o", color=plots.INK, label="fifteen readings")
ax.plot(CLOCK, temperature(CLOCK), "--", color=plots.GREEN, label="the true temperature")
ax.plot(CLOCK, wild, color=plots.VERMILLION, label="the fit, twelve weights")
ax.set(xlabel="hour of the day", ylabel="temperature in °C", xticks=range(0, 25, 6))
ax.legend(loc="upper left")
near, off = (np.sqrt(np.mean((curve - readings(0)) ** 2)) for curve in (at_readings, temperature(HOURS)))
between = np.sqrt(np.mean((wild - temperature(CLOCK)) ** 2))
plots.finding(ax, f"The fit misses the readings by {near:.1f} °C (the truth: by {off:.1f}), and the truth by {between:.1f} °C")
plt.show()

# %% [markdown]
# The curve passes closer to the readings than the truth does, and that is just what is wrong with it: between
# the readings, above all near midnight, it swings to wherever their errors send it.
#
# ## A model that learns the noise
#
# The same in numbers, with a model that cannot be drawn: 16 measurements with 12 features each. Only three of the
# features have anything to do with the target, and the target is noisy. Twelve weights for sixteen noisy points:
# least squares (where gradient descent would end, too) fits them well, noise and all. Is that good news?

# %% given="data"
TRUE = np.array([2.0, -1.5, 1.0] + [0.0] * 9)


def measure(count, seed):
    """X (count, 12) with correlated features, and y (count,): three features count, the rest is noise."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(count, 12)) + 0.5 * rng.normal(size=(count, 1))
    return X, X @ TRUE + 1.5 * rng.normal(size=count)


def data_loss(w, X, y):
    """Half the mean squared error, and its gradient."""
    error = X @ w - y
    return 0.5 * np.mean(error**2), X.T @ error / len(y)


X_new, y_new = measure(2000, 999)

# %%
for seed in range(3):
    X_train, y_train = measure(16, seed)
    fitted = np.linalg.lstsq(X_train, y_train, rcond=None)[0]
    print(f"data set {seed}:  " + "    ".join(
        f"{name} weights: training loss {data_loss(w, X_train, y_train)[0]:.2f}, on new data {data_loss(w, X_new, y_new)[0]:.2f}"
        for name, w in {"fitted": fitted, "true": TRUE}.items()
    ))

# %% [markdown]
# That is **overfitting**: on the training data the fitted weights are better than the *true* ones, and on new data they
# are worse, in data set 0 six times as bad. What they have learned beyond the truth is the noise of these sixteen points.
# (The 2,000 new examples are here because we make the data ourselves. They show what really happens; nothing is ever
# *chosen* by them.)
#
# A **penalty** puts a price on weights. It is added to the loss:
#
# $$J(\theta) = \text{loss}(\theta) + \frac{\lambda}{2} \sum_j w_j^2 \quad \text{(L2)} \qquad\qquad
# J(\theta) = \text{loss}(\theta) + \lambda \sum_j |w_j| \quad \text{(L1)}$$
#
# A weight then grows only as far as the data pay for it. The true effects are paid for by all examples; a quirk of the
# noise by one or two. (Bayes' view of the same thing: up to a factor and a constant, the penalty is minus the logarithm of
# what you believed about the weights before you saw any data, a normal distribution around 0 for L2 and a Laplace
# distribution, with its peak at 0, for L1.)
#
# ### Exercise: `l2_penalty`
#
# Value and gradient. The one half is there for the gradient's sake.


# %% exercise="l2_penalty"
def l2_penalty(w, lam):
    """The penalty lam/2 * sum of w_j^2 and its gradient.

    w: weights, an array of any shape.  lam: its strength, lambda.
    Returns (value, grad): a number, and an array of w's shape.
    """
    ### BEGIN SOLUTION
    return lam / 2 * np.sum(w**2), lam * w
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: a factor of 2 too many or too few</summary>
#
# One weight, $w = 3$, $\lambda = 1$: the value is $\frac12 \cdot 9 = 4.5$. What is the derivative of $\frac12 w^2$ at 3?
# </details>
#
# <details><summary>Hint 2: the value has the wrong size or shape</summary>
#
# One number comes out: the *sum* of all squares, of all entries of $w$, along all axes. No root, no mean.
# </details>
#
# <details><summary>Hint 3: the gradient points the wrong way, or does not depend on lam</summary>
#
# A gradient says where the penalty *grows*: away from zero, on both sides, and the faster the larger $\lambda$ is.
# </details>

# %% check="l2_penalty"
check("l2_penalty")

# %% [markdown]
# ## Too loose, too stiff: bias and variance
#
# Back to the greenhouse. On 100 days with the same true temperature and other errors of the thermometer, Lena fits 100
# curves with one and the same $\lambda$. How far are they from the truth, squared and averaged over the hours? That
# distance has two parts:
#
# $$\underbrace{\text{mean of } (\hat y - y^*)^2}_{\text{over days}} \;=\; \underbrace{(\bar y - y^*)^2}_{\text{bias}^2}
# \;+\; \underbrace{\text{mean of } (\hat y - \bar y)^2}_{\text{variance}}$$
#
# $y^*$ is the truth, $\hat y$ one day's curve, and $\bar y$ the mean of all curves. **Bias** is what even the mean of many
# fits gets wrong (not the bias $b$ that a model adds: one word, two meanings); **variance** is how far a single fit lies
# from that mean. What does a growing $\lambda$ do to the two?

# %%
predict(
    "bias_variance",
    ...,
    options={
        "a": "Both fall.",
        "b": "The bias rises, and the variance falls.",
        "c": "The bias falls, and the variance rises.",
        "d": "Both rise.",
    },
)

# %% folded=true
with waits_for("l2_penalty"):
    l2_penalty(np.ones(2), 1.0)  # nothing to play with before this works
    LAMBDAS = np.geomspace(1e-4, 10, 41)
    days = np.array([readings(day) for day in range(100)])
    curves = np.array([[fitted_curve(y, lam) for y in days] for lam in LAMBDAS])  # (41, 100, 193)
    bias = np.mean((curves.mean(axis=1) - temperature(CLOCK)) ** 2, axis=1)
    variance = np.mean(curves.var(axis=1), axis=1)
    lowest = int(np.argmin(bias + variance))


    def draw(strength=lowest, day=0):
        """Fits of Lena's at one lambda beside the truth, and bias and variance at all; `strength` counts lambdas."""
        fig, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.9), width_ratios=(1.15, 1))
        left.plot(CLOCK, curves[strength, :25].T, color=plots.SKY, linestyle="-", linewidth=0.7, alpha=0.6)
        left.plot(CLOCK, temperature(CLOCK), "--", color=plots.GREEN, label="truth")
        left.plot(CLOCK, curves[strength].mean(axis=0), ":", color=plots.INK, label="mean of 100 fits")
        left.plot(CLOCK, curves[strength, day], "-", color=plots.VERMILLION, label=f"day {day}")
        left.plot(HOURS, days[day], "o", color=plots.VERMILLION, markersize=4)
        left.set(xlabel="hour of the day", ylabel="temperature in °C", xticks=range(0, 25, 6), ylim=(-12, 34))
        left.legend(loc="lower right", fontsize=9)
        for values, label, style in ((bias, "bias²", "--"), (variance, "variance", "-."), (bias + variance, "sum", "-")):
            right.plot(LAMBDAS, values, style, label=label)
        right.axvline(LAMBDAS[strength], color=plots.MUTED, linewidth=1.2, linestyle=":")
        right.set(xscale="log", xlabel=r"$\lambda$", ylabel="squared error in °C²", ylim=(0, 30))
        right.legend(loc="upper center", fontsize=9)
        plots.finding(fig, f"At λ = {LAMBDAS[strength]:.2g}: bias² {bias[strength]:.1f}, variance {variance[strength]:.1f}")


    plots.play(draw, strength=(0, 40, 1), day=(0, 24, 1))
    rises, falls = bias[-1] > bias[0], variance[-1] < variance[0]
    reveal(
        "bias_variance",
        {(True, True): "b", (False, True): "a", (False, False): "c", (True, False): "d"}[rises, falls],
        because="A stiff curve hardly notices the errors of one day, and hardly notices the afternoon either.",
    )

# %% folded=true
with waits_for("l2_penalty"):
    fig, panels = plt.subplots(1, 3, figsize=(7.4, 3.4), sharey=True)
    for ax, strength, word in zip(panels, (0, lowest, 40), ("loose", "in between", "stiff"), strict=True):
        ax.plot(CLOCK, curves[strength, :25].T, color=plots.SKY, linestyle="-", linewidth=0.7, alpha=0.6)
        ax.plot(CLOCK, temperature(CLOCK), "--", color=plots.GREEN, label="truth")
        ax.plot(CLOCK, curves[strength].mean(axis=0), ":", color=plots.INK, label="mean of 100")
        ax.set(xlabel="hour", xticks=range(0, 25, 12), ylim=(-12, 34))
        ax.set_title(f"{word}, λ = {LAMBDAS[strength]:.2g}\nbias² {bias[strength]:.1f}, var. {variance[strength]:.1f}", fontsize=10)
    panels[0].set_ylabel("temperature in °C")
    panels[2].legend(loc="lower right", fontsize=9)
    plots.finding(fig, "Weak: right on average, wild each day. Strong: calm, and wrong")
    plt.show()

# %% [markdown]
# Go back to the slider `strength`, and move it from left to right. The blue curves are 25 of the days. On the left each of
# them is wild, and their mean is nearly the truth. On the right they agree with one another, and not with the truth: that
# is **underfitting**. The best $\lambda$ lies where the *sum* is lowest: some bias, to be rid of much variance. That is
# what every regularizer in this unit does.
#
# (More weights do not have to mean more variance. As a model grows, the loss on new data can rise until the model just
# fits every example, and then fall a second time: Belkin and others, 2019, call it **double descent**. One reason: of the
# many weights that then fit, gradient descent from a start near zero finds small ones.)

# %% [markdown]
# ### Exercise: `l1_penalty`
#
# $\lambda|w|$ has a kink at zero, and no derivative there. Every slope from $-\lambda$ to $\lambda$ fits under the kink (each
# is a **subgradient**). Take 0, as torch does: then a weight that is zero is left alone.


# %% exercise="l1_penalty"
def l1_penalty(w, lam):
    """The penalty lam * sum of |w_j| and a subgradient of it, 0 where a weight is 0.

    w: weights, an array of any shape.  lam: its strength, lambda.
    Returns (value, grad): a number, and an array of w's shape.
    """
    ### BEGIN SOLUTION
    return lam * np.sum(np.abs(w)), lam * np.sign(w)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the gradient is wrong</summary>
#
# Draw $|w|$. To the right of zero its slope is 1, to the left it is $-1$, at $w = 0.01$ and at $w = 100$ alike. Times
# $\lambda$.
# </details>
#
# <details><summary>Hint 2: the value is wrong</summary>
#
# $w = (3, -4)$ and $\lambda = 1$: the value is 7. No half, no mean; the signs do not count, and a matrix counts entry by
# entry.
# </details>
#
# <details><summary>Hint 3: NaN or something else than 0 where a weight is zero</summary>
#
# $w / |w|$ has no value at zero. NumPy has a function whose three answers are $-1$, $0$ and $1$.
# </details>

# %% check="l1_penalty"
check("l1_penalty")

# %% [markdown]
# ## Does the subgradient reach zero?
#
# Take the loss of the twelve features, L1 with $\lambda = 0.3$, and 4,000 steps of gradient descent on loss plus penalty,
# with your `l1_penalty`. How many of the nine useless weights are exactly 0 in the end?

# %%
predict(
    "subgradient",
    ...,
    options={"a": "all nine, or nearly", "b": "four or five", "c": "none"},
)

# %% folded=true
with waits_for("l1_penalty"):
    X_train, y_train = measure(16, 0)
    lr, w, path = 0.05, np.zeros(12), []
    for _ in range(4000):
        w = w - lr * (data_loss(w, X_train, y_train)[1] + l1_penalty(w, 0.3)[1])
        path.append(w)
    by_subgradient = np.array(path)
    smallest = np.argsort(np.abs(by_subgradient[-1]))[:3]
    ax = plt.subplots()[1]
    for j, mark in zip(sorted(smallest), "os^", strict=True):
        ax.plot(np.arange(3940, 4001), by_subgradient[-61:, j], marker=mark, markersize=4, label=f"$w_{{{j + 1}}}$")
    ax.axhline(0, color=plots.MUTED, linewidth=1.2, linestyle=":")
    ax.set(xlabel="step", ylabel="weight")
    ax.legend(loc="upper left", ncols=3)
    ax.margins(y=0.2)
    plots.finding(ax, "The subgradient jumps over zero, and back, for ever: these weights never become 0")
    plt.show()
    zeros = int(np.sum(by_subgradient[-1] == 0))
    print(f"after 4,000 steps: {zeros} weights are exactly 0; {np.sum(np.abs(by_subgradient[-1]) < lr * 0.3)} are "
          f"smaller than one step of the penalty, lr * lam = {lr * 0.3:.3f}")
    reveal(
        "subgradient",
        "c" if zeros == 0 else "b" if zeros < 7 else "a",
        because="Near zero the penalty still pushes with its whole force. Steps of about lr * lam jump over zero, and the "
        "next ones push back.",
    )

# %% [markdown]
# The force of L1 does not fade near zero, and that is what it takes to get there. But a step of fixed length jumps over.
# A smaller learning rate makes the jumps shorter, and never zero. What is missing is a rule that *stops at zero*.
#
# ## Stopping at zero
#
# The **proximal step** splits the work. First a gradient step on the loss alone. Then the penalty acts, and that half is
# solved exactly: which $z$ is best, if going away from $w$ costs $\frac12 (z - w)^2$ and size costs $t\,|z|$? The answer is
# the **soft threshold**: every weight comes closer to zero by $t$, and those closer than $t$ land exactly on zero.
#
# $$S_t(w) = \operatorname{sign}(w)\, \max(|w| - t,\ 0)$$
#
# ### Exercise: `soft_threshold`


# %% exercise="soft_threshold"
def soft_threshold(w, threshold):
    """Move each entry towards zero by `threshold`, and stop at zero: sign(w) max(|w| - threshold, 0).

    w: an array of any shape.  threshold: at least 0.  Returns a new array of w's shape.
    """
    ### BEGIN SOLUTION
    return np.sign(w) * np.maximum(np.abs(w) - threshold, 0)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the large weights are wrong</summary>
#
# With a threshold of 1: 3 becomes 2, and 100 becomes 99. Every large weight loses the *same amount*, not a share, and not
# nothing.
# </details>
#
# <details><summary>Hint 2: the small weights are not zero</summary>
#
# 0.5 less 1 is $-0.5$: through zero and out on the other side. What is left of its size cannot be less than nothing.
# </details>
#
# <details><summary>Hint 3: the negative weights are wrong</summary>
#
# Work on the size, $|w|$, and put the sign back at the end: $-3$ becomes $-2$.
# </details>

# %% check="soft_threshold"
check("soft_threshold")

# %% [markdown]
# ### Exercise: `proximal_step`
#
# One step for loss plus $\lambda \sum |w_j|$. The penalty, too, acts over a step of length $\alpha$, so the threshold is
# $\alpha \lambda$.
#
# $$w_{t+1} = S_{\alpha\lambda}\bigl(w_t - \alpha\, \nabla\text{loss}(w_t)\bigr)$$


# %% exercise="proximal_step"
def proximal_step(w, grad, lr, lam):
    """A gradient step on the loss, then the soft threshold lr * lam: one step on loss + lam * sum of |w_j|.

    w, grad: arrays of one shape; grad is the gradient of the loss alone.  lr: alpha.  lam: lambda.
    Returns a new array.
    """
    ### BEGIN SOLUTION
    return soft_threshold(w - lr * grad, lr * lam)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the weights move too far, or are pressed too hard</summary>
#
# $w = 3$, gradient 2, $\alpha = 0.1$, $\lambda = 1$: the gradient step leads to 2.8, and the threshold of
# $0.1 \cdot 1$ to 2.7. The learning rate belongs to both halves.
# </details>
#
# <details><summary>Hint 2: no exact zeros, or the wrong penalty</summary>
#
# First the gradient step, then `soft_threshold` on what comes out of it, which has the last word. $\lambda$ appears
# nowhere else.
# </details>
#
# <details><summary>Hint 3: the wrong way, no way at all, or "changed its argument in place"</summary>
#
# The gradient step is that of unit 02: downhill, by $\alpha$ times the gradient, into a new array. `w -= ...` would write
# into the caller's.
# </details>

# %% check="proximal_step"
check("proximal_step")

# %% [markdown]
# ## A disc and a diamond
#
# Now the penalized minimum can be had exactly, and a picture drawn of it. Two weights, a loss with its minimum somewhere,
# and a penalty. For every $\lambda$ there is a budget, so that the penalized minimum is the lowest point of the loss
# *within the budget*: a disc for L2, a diamond for L1. The contours of the loss are ellipses. Let one grow until it
# touches the disc or the diamond. We draw 400 losses at random. How often is a weight exactly zero at the point of
# contact?

# %%
predict(
    "corners",
    ...,
    options={
        "a": "with neither: that would be a coincidence",
        "b": "often with L1, never with L2",
        "c": "often with both: both pull towards zero",
    },
)

# %% folded=true
with waits_for("l1_penalty", "proximal_step"):
    angles, rng = np.linspace(0, 2 * np.pi, 200), np.random.default_rng(1)
    turn, tilt, minima = rng.uniform(0, np.pi, 400), rng.uniform(1, 4, 400), rng.normal(0, 1.2, size=(400, 2))
    axes_of = np.stack([np.cos(turn), np.sin(turn), -np.sin(turn), np.cos(turn)], axis=1).reshape(400, 2, 2)
    curvatures = np.stack([np.ones(400), tilt], axis=1)
    A = np.einsum("nij,ni,nik->njk", axes_of, curvatures, axes_of)  # one random bowl each

    by_l1 = minima
    for _ in range(500):
        by_l1 = proximal_step(by_l1, np.einsum("nij,nj->ni", A, by_l1 - minima), 0.2, 0.8)
    by_l2 = np.linalg.solve(A + 0.8 * np.eye(2), A @ minima[:, :, None])[:, :, 0]
    zeros_in = {"L1": (by_l1 == 0).sum(axis=1), "L2": (by_l2 == 0).sum(axis=1)}

    fig, panels = plt.subplots(1, 2, figsize=(7.4, 4.4), sharey=True)
    B, centre = np.array([[1.6, 0.8], [0.8, 2.0]]), np.array([0.9, 1.9])
    for ax, norm in zip(panels, ("L2", "L1"), strict=True):
        if norm == "L2":
            w = np.linalg.solve(B + 1.5 * np.eye(2), B @ centre)
            edge = np.linalg.norm(w) * np.stack([np.cos(angles), np.sin(angles)])
        else:
            w = centre
            for _ in range(500):
                w = proximal_step(w, B @ (w - centre), 0.2, 2.1)
            edge = np.abs(w).sum() * np.array([[1, 0, -1, 0, 1], [0, 1, 0, -1, 0]])
        grid = np.stack(np.meshgrid(np.linspace(-1.6, 3.4, 151), np.linspace(-1.6, 3.6, 151)), axis=-1) - centre
        heights = np.einsum("...i,ij,...j", grid, B, grid) / 2
        touching = (w - centre) @ B @ (w - centre) / 2
        ax.contour(grid[..., 0] + centre[0], grid[..., 1] + centre[1], heights, levels=touching * np.array([0.1, 0.45, 1.0]),
                   colors=[plots.SKY, plots.SKY, plots.BLUE], linewidths=[1.2, 1.2, 2.0])
        ax.fill(*edge, color=plots.ORANGE, alpha=0.35)
        ax.plot(*edge, color=plots.ORANGE)
        ax.plot(*centre, "*", color=plots.INK, markersize=12)
        ax.plot(*w, "o", color=plots.VERMILLION, markersize=9)
        ax.set(aspect="equal", xlabel="$w_1$", title=f"{norm}: touches at ({w[0]:.2f}, {w[1]:.2f})")
        ax.axhline(0, color=plots.MUTED, linewidth=0.8)
        ax.axvline(0, color=plots.MUTED, linewidth=0.8)
    panels[0].set_ylabel("$w_2$")
    plots.finding(fig, "The disc is met at its side, the diamond at a corner: there one weight is exactly 0")
    plt.show()
    share = {norm: np.mean(counts > 0) for norm, counts in zeros_in.items()}
    print(f"of 400 random bowls: with L1 one weight is exactly 0 in {np.mean(zeros_in['L1'] == 1):.0%}, both in "
          f"{np.mean(zeros_in['L1'] == 2):.0%}; with L2 any in {share['L2']:.0%}")
    reveal(
        "corners",
        "a" if share["L1"] < 0.1 else "b" if share["L2"] < 0.01 else "c",
        because="A corner sticks out, and many ellipses meet it first. A disc has no corners.",
    )

# %% [markdown]
# The star is the minimum of the loss, the orange area what the penalty's budget allows, and the dot is where they meet.
# Now all twelve weights, from a penalty so strong that nothing is left to one that hardly matters. The curves are the
# **weight paths**. At the $\lambda$ that is best on new data, how many of the nine useless weights does L1 set to
# exactly 0 (data set 0)?

# %%
predict(
    "path",
    ...,
    options={"a": "all nine, or nearly", "b": "about half of them", "c": "none, or one"},
)

# %% folded=true
with waits_for("l2_penalty", "proximal_step"):
    lams = np.geomspace(10, 0.003, 30)

    def l1_path(X, y):
        """The L1 minimum for every lambda, (30, 12), or nearly: 400 steps each, started from the one before."""
        w, ws = np.zeros(12), []
        lr = 1 / np.linalg.eigvalsh(X.T @ X / len(y)).max()
        for lam in lams:
            for _ in range(400):
                w = proximal_step(w, data_loss(w, X, y)[1], lr, lam)
            ws.append(w)
        return np.array(ws)

    def l2_path(X, y):
        """The L2 minimum for every lambda, (30, 12): there the gradient of loss + penalty is zero."""
        slope = l2_penalty(np.ones(1), 1.0)[1][0]  # 1, if your gradient is right
        return np.array([np.linalg.solve(X.T @ X / len(y) + slope * lam * np.eye(12), X.T @ y / len(y)) for lam in lams])

    samples = [measure(16, seed) for seed in range(5)]
    found = {"L2": [l2_path(X, y) for X, y in samples], "L1": [l1_path(X, y) for X, y in samples]}
    fig, panels = plt.subplots(2, 2, figsize=(7.4, 6.6), sharex=True, sharey="row")
    low = {}
    for column, (norm, ws) in enumerate(found.items()):
        for j in reversed(range(12)):
            style = {"color": plots.BLUE} if j < 3 else {"color": plots.ORANGE, "linewidth": 1.3}
            style["linestyle"] = "-" if j < 3 else "--"
            label = {0: "the three that count", 11: "the nine that do not"}.get(j)
            panels[0, column].plot(lams, ws[0][:, j], label=label, **style)
        losses = {
            "training": [[data_loss(w, X, y)[0] for w in path] for (X, y), path in zip(samples, ws, strict=True)],
            "new data": [[data_loss(w, X_new, y_new)[0] for w in path] for path in ws],
        }
        for (name, values), colour in zip(losses.items(), (plots.GREEN, plots.VERMILLION), strict=True):
            plots.bands(panels[1, column], lams, values, label=name, color=colour)
        panels[1, column].lines[0].set_linestyle("--")
        low[norm] = np.mean(losses["new data"], axis=0)
        panels[0, column].set(xscale="log", title=norm)
        panels[1, column].set(xlabel=r"$\lambda$, from strong to weak", ylim=(0, 7))
        best = low[norm].argmin()
        print(f"{norm}: lowest loss on new data {low[norm][best]:.2f} at lambda = {lams[best]:.3f}; hardly any penalty: "
              f"{low[norm][-1]:.2f}; of 12 weights exactly 0 there, data set 0 to 4: {[int(np.sum(path[best] == 0)) for path in ws]}")
    panels[0, 0].invert_xaxis()
    panels[0, 0].set_ylabel("weight (data set 0)")
    panels[1, 0].set_ylabel("loss (five data sets)")
    handles, labels = panels[0, 0].get_legend_handles_labels()
    panels[0, 0].legend(handles[::-1], labels[::-1], loc="lower left", fontsize=9.5)
    panels[1, 0].legend(loc="upper left")
    plots.finding(fig, "L2 shrinks all weights, L1 drops some; both are best in between")
    plt.show()
    chosen_path = found["L1"][0][low["L1"].argmin()]
    dropped = int(np.sum(chosen_path[3:] == 0))
    reveal(
        "path",
        "a" if dropped > 6 else "b" if dropped > 1 else "c",
        because=f"It is {dropped} of them. A useless weight comes in as soon as the noise of these sixteen points pays for it.",
    )

# %% [markdown]
# Read from right to left, from a weak penalty to a strong one. With L2, the weights shrink together, and none becomes 0.
# (As a whole: a few grow at first, above all one of the blue ones, because they take over what their shrinking neighbours
# leave undone.) With L1 they drop out one after the other; at the best $\lambda$, five of the twelve are exactly 0 (data
# set 0; three to eight in the others). On new data both losses are lowest near $\lambda = 0.2$ (2.07 and 1.91), and above 5
# with hardly any penalty. The training loss only rises. It cannot tell you which $\lambda$ is right: by its judgement, no
# penalty at all would be best. Only data that took no part in the fit can.
#
# ## Choosing λ when data are few
#
# You do not have 2,000 new examples. You have sixteen. Keep four of them aside, fit the other twelve, and judge
# $\lambda$ by those four? Four noisy points are a poor judge, and twelve a poor teacher. **k-fold cross-validation** lets
# every example do both: cut the data into $k$ parts (**folds**), fit $k$ times, each time to all parts but one, and judge
# each fit by the part that it has not seen.
#
# $$\text{loss}_i = \text{loss of } w^{(i)} \text{ on fold } i, \qquad w^{(i)} = \text{the minimum of loss} + \tfrac{\lambda}{2}\textstyle\sum_j w_j^2
# \text{ on all other folds}$$
#
# `ridge` below is given: it finds that minimum (a linear model with an L2 penalty is called *ridge regression*).

# %% given="ridge"
def ridge(X, y, lam):
    """The weights (d,) at which the data's loss plus lam/2 times the sum of w_j^2 is lowest: there its gradient is 0."""
    return np.linalg.solve(X.T @ X / len(y) + lam * np.eye(X.shape[1]), X.T @ y / len(y))


# %% [markdown]
# ### Exercise: `k_fold`
#
# Use `ridge` for the fit and `data_loss` for the judgement: $\lambda$ belongs to the fit, and what you want to know is how
# far the *predictions* are off.


# %% exercise="k_fold"
def k_fold(X, y, k, lam):
    """The loss of each fold, under weights that were fitted to all the other folds.

    X: (N, d), its rows in random order already.  y: (N,).  k: how many folds, from 2 to N.  lam: lambda.
    The folds are consecutive rows, cut as np.array_split(np.arange(N), k) does: no two sizes differ by more than 1.
    Returns losses, (k,): half the mean squared error on fold i, without the penalty.
    """
    ### BEGIN SOLUTION
    rows = np.arange(len(y))
    losses = []
    for fold in np.array_split(rows, k):
        others = np.setdiff1d(rows, fold)
        w = ridge(X[others], y[others], lam)
        losses.append(data_loss(w, X[fold], y[fold])[0])
    return np.array(losses)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the losses are too low, or too high</summary>
#
# For each fold there are two sets of rows: those that are fitted, and those that judge. Print both for `k = 3` and six
# rows. No row may stand in both, and together they are all rows.
# </details>
#
# <details><summary>Hint 2: the wrong rows are in a fold, or some are in none</summary>
#
# Ten rows in three folds: `np.array_split(np.arange(10), 3)` gives `[0 1 2 3]`, `[4 5 6]` and `[7 8 9]`.
# </details>
#
# <details><summary>Hint 3: the rows are right, and the numbers are not</summary>
#
# One number a fold: half the mean of the squared errors, as `data_loss` gives it first. $\lambda$ has had its say in
# the fit.
# </details>

# %% check="k_fold"
check("k_fold")

# %% [markdown]
# Cross-validation estimates how weights fitted to sixteen examples do on new ones. With $k = 2$, each fit sees eight; with
# $k = 16$, fifteen (this is called *leave one out*). On average over many data sets, how will the estimate with $k = 2$
# compare with the loss that sixteen examples really lead to?

# %%
predict(
    "folds",
    ...,
    options={
        "a": "It is too low: two folds are an easy test.",
        "b": "It is about right, only noisier.",
        "c": "It is too high.",
    },
)

# %% folded=true
with waits_for("k_fold"):
    many = [measure(16, seed) for seed in range(100)]
    judged = np.array([[k_fold(X, y, 4, lam).mean() for lam in lams] for X, y in many])  # (100, 30)
    happens = np.array([[data_loss(ridge(X, y, lam), X_new, y_new)[0] for lam in lams] for X, y in many])
    seen = np.array([[data_loss(ridge(X, y, lam), X, y)[0] for lam in lams] for X, y in many])
    ks, LAM = [2, 3, 4, 8, 16], 0.2
    by_k = {k: np.mean([k_fold(X, y, k, LAM).mean() for X, y in many]) for k in ks}
    true_loss = np.mean([data_loss(ridge(X, y, LAM), X_new, y_new)[0] for X, y in many])

    fig, (left, right) = plt.subplots(1, 2, figsize=(7.4, 4.0), width_ratios=(1.2, 1))
    for values, label, style, colour in (
        (seen, "training loss", "--", plots.GREEN),
        (judged, "4-fold cross-validation", "-.", plots.BLUE),
        (happens, "on new data", "-", plots.VERMILLION),
    ):
        left.plot(lams, values.mean(axis=0), style, color=colour, label=label)
    left.set(xscale="log", xlabel=r"$\lambda$", ylabel="loss (mean of 100 data sets)", ylim=(0, 8))
    left.legend(fontsize=9)
    right.plot(ks, list(by_k.values()), "o", color=plots.BLUE, label="cross-validation")
    right.axhline(true_loss, color=plots.VERMILLION, label="on new data")
    right.set(xscale="log", xticks=ks, xticklabels=ks, xlabel="folds $k$", ylabel=f"loss at λ = {LAM}", ylim=(0, None))
    right.minorticks_off()
    right.legend(loc="lower right", fontsize=9)
    low_pick, high_pick = np.quantile(lams[judged.argmin(axis=1)], [0.1, 0.9])
    cost = [np.mean([happens[n, np.argmin(which[n])] for n in range(100)]) for which in (judged, happens, seen)]
    follows = abs(np.log10(lams[judged.mean(axis=0).argmin()] / lams[happens.mean(axis=0).argmin()])) < 0.5
    plots.finding(fig, "On average, cross-validation is lowest near the λ that new data prefer" if follows else
                  "Cross-validation and new data ask for another λ here")
    plt.show()
    print(f"mean loss on new data if λ is chosen by cross-validation {cost[0]:.2f}, by the training loss {cost[2]:.2f}, "
          f"by an oracle that knows the new data {cost[1]:.2f}")
    print(f"for a single data set, 80% of the choices lie between {low_pick:.2f} and {high_pick:.2f}")
    print(f"at λ = {LAM}: really {true_loss:.2f};  " + ",  ".join(f"k = {k}: {loss:.2f}" for k, loss in by_k.items()))
    leaky, real = [], []
    for seed in range(20):  # pure chance: 500 features, and a target that has nothing to do with any of them
        rng = np.random.default_rng(seed)
        X, y = rng.normal(size=(40, 500)), rng.normal(size=40)
        X = X[:, np.argsort(-np.abs(X.T @ y))[:5]]  # the five that go best with it, picked by all rows
        leaky.append(k_fold(X, y, 10, LAM).mean())
        real.append(0.5 * (1 + np.sum(ridge(X, y, LAM) ** 2)))  # what new rows cost on average, exactly
    print(f"pure chance, the best 5 of 500 features picked first: cross-validation {np.mean(leaky):.2f}, really {np.mean(real):.2f}")
    reveal(
        "folds",
        "c" if by_k[2] > 1.1 * true_loss else "a" if by_k[2] < 0.9 * true_loss else "b",
        because="Fits to eight examples are judged, and eight teach less than sixteen. The estimate is pessimistic.",
    )

# %% [markdown]
# Chosen without a single new example, $\lambda$ does far better than the training loss's choice. It does not do as well as
# the oracle's: for a single data set of sixteen points the estimate is noisy (the chosen $\lambda$ differs by a factor of
# twenty), and only the mean of 100 is as smooth as in the picture. With few folds it is pessimistic as well; with many it
# takes more fits. 5 or 10 are usual. In deep learning, where one fit takes hours and examples are many, one fold is kept
# aside and called the **validation set**.
#
# The fold must be unknown to *everything* that is fitted: whoever standardizes all rows first, or picks features by looking
# at all of them, has let the fit see its judge. In the last line nothing can be predicted: the best loss is 0.5.

# %% [markdown]
# > **A good place for a break.** You have seen a model learn noise, and two penalties that keep it from that. The second
# > half goes through the optimizer, the network and the clock. When you come back, put the cursor here and choose
# > *Run > Run All Above Selected Cell*.

# %% [markdown]
# ## The penalty and the optimizer
#
# In unit 05 you met two ways to make weights smaller during training: the penalty's gradient goes *into* the step, or the
# weights **decay** beside it. For gradient descent they are one:
#
# $$\theta_{t+1} = \theta_t - \alpha\,(g_t + \lambda\, \theta_t) = (1 - \alpha\lambda)\, \theta_t - \alpha\, g_t$$
#
# Now write both for a whole network and for *any* optimizer with `params` (a list of arrays), `lr` and `step(grads)`, such
# as your `SGD` or `Adam`.
#
# Biases are neither penalized nor decayed. There are few of them, each is well determined by the data, and a
# pulled bias would make the predictions depend on where zero lies on your scale (this unit's clinic is about that). How
# to tell them apart: a bias has one axis, weights have two or more (`param.ndim`).
#
# ### Exercise: `l2_step`
#
# The penalty's way, *through* the optimizer.


# %% exercise="l2_step"
def l2_step(optimizer, grads, lam):
    """One step on loss + lam/2 * sum of w^2: the penalty's gradient is added before the optimizer sees it.

    optimizer: has `params`, a list of arrays, and `step(grads)`, which changes them in place.
    grads: the loss's gradients, one array for each parameter.  Parameters with one axis (biases) are not penalized.
    """
    ### BEGIN SOLUTION
    penalized = []
    for param, grad in zip(optimizer.params, grads, strict=True):
        penalized.append(grad + lam * param if param.ndim > 1 else grad)
    optimizer.step(penalized)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the biases are wrong</summary>
#
# For a parameter with `param.ndim == 1`, the gradient goes to the optimizer as it came.
# </details>
#
# <details><summary>Hint 2: the weights are wrong</summary>
#
# Build a new list: for each weight its gradient plus the gradient of the penalty, the one that your `l2_penalty` gives.
# Then *one* call of `optimizer.step`. Whatever else is to be done with the learning rate, the optimizer does.
# </details>
#
# <details><summary>Hint 3: "changed its argument in place"</summary>
#
# `grad += ...` writes into the caller's gradients. `grad + ...` makes a new array.
# </details>

# %% check="l2_step"
check("l2_step")

# %% [markdown]
# ### Exercise: `decay_step`
#
# The decay's way, *past* the optimizer: the weights shrink, in place, to $1 - \alpha \cdot$ `decay` of themselves. Then
# the optimizer makes its step with the gradients as they are.


# %% exercise="decay_step"
def decay_step(optimizer, grads, decay):
    """Shrink the weights to (1 - lr * decay) of themselves, in place; then one step of the optimizer.

    optimizer: has `params`, a list of arrays, `lr`, and `step(grads)`, which changes the arrays in place.
    grads: the loss's gradients, one array for each parameter.  Parameters with one axis (biases) do not decay.
    """
    ### BEGIN SOLUTION
    for param in optimizer.params:
        if param.ndim > 1:
            param *= 1 - optimizer.lr * decay
    optimizer.step(grads)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: right for plain descent, wrong for the other optimizer</summary>
#
# Then the decay goes through the optimizer, as in `l2_step`. Here `grads` stay as they came, and the shrinking is done to
# the arrays in `optimizer.params`.
# </details>
#
# <details><summary>Hint 2: the biases are wrong</summary>
#
# A parameter with `param.ndim == 1` does not decay. It still takes part in the optimizer's step.
# </details>
#
# <details><summary>Hint 3: the weights shrink too much, too little, or at the wrong time</summary>
#
# A weight of 1, `lr` 0.1, `decay` 0.1: after the decay it is 0.99. Then the step. Both happen, in this order, at every
# call.
# </details>
#
# <details><summary>Hint 4: nothing shrinks</summary>
#
# `param = ...` gives the name to another array. `param *= ...` and `param[...] = ...` write into the array itself.
# </details>

# %% check="decay_step"
check("decay_step")

# %% given="optimizers"
SGD, Adam = earlier("SGD", "Adam")

# %%
with waits_for("l2_step", "decay_step"):
    for name, make in (("SGD", SGD), ("Adam", Adam)):
        for step in (l2_step, decay_step):
            weights = np.array([[1.0, 100.0]])
            step(make([weights], 0.1), [np.zeros((1, 2))], 0.1)  # no gradient but the penalty's
            print(f"{name:4} with {step.__name__:10}  1 -> {weights[0, 0]:.4f}    100 -> {weights[0, 1]:.4f}")

# %% [markdown]
# The lines of SGD agree. In Adam the penalty is divided by its own size like every gradient, and both weights lose 0.1,
# which hardly touches the large one; `decay_step` makes AdamW of it. Somebody who says "Adam with weight decay" may mean
# either: look at the code.

# %% [markdown]
# ## Dropout: training without half of the team
#
# A penalty works on the weights. **Dropout** (Srivastava and others, 2014) works on what flows through the network. In
# training, every entry of a layer's output is set to zero with probability $p$, by chance, anew for every example and
# every step. No unit can rely on one particular other unit. What survives is made larger, so that the mean stays:
#
# $$\text{out} = \frac{m \odot x}{1 - p}, \qquad m_i = \begin{cases} 0 & \text{with probability } p \\ 1 & \text{else} \end{cases}$$
#
# ($\odot$ multiplies entry by entry.) At test time nothing is dropped, and nothing rescaled. (This is *inverted* dropout, which
# every library has. $p$ is the share that is dropped.)
#
# ### Exercise: `dropout_forward`
#
# Draw with the generator `rng` that you are given, such as `rng.random(shape)`: uniform numbers from 0 to 1. Many masks
# are right. The check looks at what all of them have in common.


# %% exercise="dropout_forward"
def dropout_forward(x, p, rng, training):
    """Inverted dropout: in training each entry is dropped with probability p, and what is kept is divided by 1 - p.

    Each entry throws its own die, so how many are dropped is chance, too.

    x: an array of any shape, examples along its first axis.  p: from 0 to below 1.  rng: a NumPy generator.
    training: a bool; if it is False, nothing changes.
    Returns (out, mask), both of x's shape; mask holds bools, True where an entry was kept.
    """
    ### BEGIN SOLUTION
    if not training:
        return x, np.ones(x.shape, dtype=bool)
    mask = rng.random(x.shape) >= p
    return x * mask / (1 - p), mask
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the wrong share is dropped, or the mask is the wrong way round</summary>
#
# A uniform number from 0 to 1 is below 0.2 with a probability of 0.2. With $p = 0.2$, is it then an entry to drop or to
# keep? The mask is True where one is *kept*.
# </details>
#
# <details><summary>Hint 2: the values that are left are wrong, or x has changed</summary>
#
# With $p = 0.5$ every second entry is missing; for the mean to stay, the others have to be twice as large. And
# `x * mask` makes a new array, where `x[~mask] = 0` writes into the caller's.
# </details>
#
# <details><summary>Hint 3: something is wrong at test time</summary>
#
# With `training=False`, x goes through as it is, no factor. The mask then says that everything was kept.
# </details>
#
# <details><summary>Hint 4: the masks are not independent</summary>
#
# One number for each entry of x: a mask of x's whole shape. And from the generator in the arguments; one that you make
# yourself, from a seed, starts anew at every call.
# </details>

# %% check="dropout_forward"
check("dropout_forward")

# %% [markdown]
# ### Exercise: `dropout_backward`
#
# Backpropagation comes in unit 07; this piece of it you can have now. The forward pass multiplied every entry by a
# number: 0, or $1/(1-p)$. So its derivative is that number. Given the gradient with respect to `out`, return the one with
# respect to `x`.


# %% exercise="dropout_backward"
def dropout_backward(dout, mask, p):
    """The gradient with respect to x, from the gradient with respect to out = x * mask / (1 - p).

    dout: an array of any shape.  mask: bools of this shape, from the forward pass, True where an entry was kept.
    p: as in the forward pass.  Returns dx, a new array.
    """
    ### BEGIN SOLUTION
    return dout * mask / (1 - p)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: gradients get through at the wrong places</summary>
#
# An entry that was dropped had no influence on the output; its gradient is 0. Which entries these were is in `mask`, and
# nowhere else.
# </details>
#
# <details><summary>Hint 2: the values are wrong, or dout has changed</summary>
#
# The derivative of $c\,x$ with respect to $x$ is $c$: the same factor on the way back as on the way there. The forward pass
# made its factor of $p$ alone, without counting how many entries chance had kept. Make a new array for the result.
# </details>

# %% check="dropout_backward"
check("dropout_backward")

# %% [markdown]
# Is that a regularizer at all? Take one linear unit, $\hat y = w \cdot x$, with a squared loss, and put dropout on its
# inputs. The mean of $\hat y$ stays. What happens to the *mean of the loss* $\frac12 (\hat y - y)^2$, over many masks?

# %%
predict(
    "dropout_loss",
    ...,
    options={
        "a": "It stays too.",
        "b": "It rises, and the more, the larger the weights are.",
        "c": "It rises by the same amount for all weights.",
    },
)

# %%
with waits_for("dropout_forward"):
    rng = np.random.default_rng(3)
    x, direction = rng.normal(size=8), 0.3 * rng.normal(size=8)
    y_hat, target = direction @ x, 1.0
    outputs_at = {p: dropout_forward(np.tile(x, (20000, 1)), p, rng, True)[0] @ direction for p in (0.1, 0.3, 0.5)}
    ax = plt.subplots()[1]
    scales, rises = np.linspace(0, 2, 9), {}
    for (p, outputs), colour, mark in zip(outputs_at.items(), (plots.BLUE, plots.GREEN, plots.VERMILLION), "os^", strict=True):
        rises[p] = np.array([0.5 * np.mean((s * outputs - target) ** 2) - 0.5 * (s * y_hat - target) ** 2 for s in scales])
        ax.plot(scales, rises[p], mark, color=colour, label=f"p = {p}, 20,000 masks")
        ax.plot(scales, 0.5 * p / (1 - p) * np.sum((direction * x) ** 2) * scales**2, color=colour)
    ax.set(xlabel="scale of the weights", ylabel="rise of the mean loss")
    ax.legend(loc="upper left")
    plots.finding(ax, "On a linear unit, dropout adds an L2 penalty (lines) to the mean loss (dots)")
    plt.show()
    print(f"p = 0.5: mean output at scale 1 is {outputs.mean():.3f}, without dropout {y_hat:.3f};  rise of the loss at "
          f"scale 1: {rises[0.5][4]:.3f}, at scale 2: {rises[0.5][8]:.3f}")
    ratio = rises[0.5][8] / rises[0.5][4]
    reveal(
        "dropout_loss",
        "b" if ratio > 1.5 else "c" if rises[0.5][4] > 0.01 else "a",
        because="The mean stays, and the output shakes around it, the more, the larger the weights. A squared loss "
        "punishes shaking.",
    )

# %% [markdown]
# The lines are not fitted to the dots. They can be derived in three lines. Let $\tilde y$ be the output with dropout. Its
# mean is $\hat y$, so the mean of its squared distance from any target $y$ falls into two parts:
#
# $$\mathbb{E}\,\tfrac12(\tilde y - y)^2 = \tfrac12(\hat y - y)^2 + \tfrac12 \operatorname{Var}(\tilde y)$$
#
# $\tilde y$ is the sum of independent terms $w_j x_j m_j / (1 - p)$. Each $m_j$ is 0 or 1 with variance $p(1 - p)$, so
#
# $$\operatorname{Var}(\tilde y) = \sum_j \frac{w_j^2 x_j^2}{(1-p)^2}\, p\,(1-p) = \frac{p}{1-p} \sum_j w_j^2 x_j^2$$
#
# On average, then, dropout on a linear unit *is* an L2 penalty, with a strength of its own for each weight: relying on a
# single large input becomes expensive. (In a network with hidden layers it is more than that.)

# %% [markdown]
# ## Stop in time
#
# The cheapest regularizer of all: look at the loss on the validation set now and then, and stop when it no longer falls.
# Because it fluctuates, one bad value is no reason to stop. Wait for `patience` of them in a row, and then go back to the
# best parameters that you had.
#
# ### Exercise: `EarlyStopping`


# %% exercise="EarlyStopping"
class EarlyStopping:
    """Keeps the best parameters, and says when `patience` updates in a row have brought no new best.

    best_loss: the lowest loss so far.  best_params: a list of arrays, copies of the parameters that had it.
    """

    def __init__(self, patience):
        self.patience = patience
        self.best_loss = np.inf
        self.best_params = None
        ### BEGIN SOLUTION
        self.bad_updates = 0
        ### END SOLUTION

    def update(self, loss, params):
        """Take in a validation loss and the parameters that have it (a list of arrays).  Returns True to stop."""
        ### BEGIN SOLUTION
        if loss < self.best_loss:
            self.best_loss = loss
            self.best_params = [param.copy() for param in params]
            self.bad_updates = 0
        else:
            self.bad_updates += 1
        return self.bad_updates >= self.patience
        ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: best_params are not the best</summary>
#
# They belong to the best loss, so they are renewed when that is renewed, and only then. And training goes on *in place*:
# if you keep the same arrays, they change under your hands.
# </details>
#
# <details><summary>Hint 2: it stops too early or too late</summary>
#
# With patience 3 and the losses 5, 3, 4, 4, 4: the last one is the third in a row without a new best, so that update says
# True. A new best sets the count back to zero.
# </details>
#
# <details><summary>Hint 3: what counts as a new best?</summary>
#
# A loss that is strictly lower than the lowest so far (not than the one before). At the start every loss is: `np.inf` is
# above them all.
# </details>

# %% check="EarlyStopping"
check("EarlyStopping")

# %% [markdown]
# ## One network, rescued five ways
#
# Two half moons, 60 training points; six of them carry the wrong label (of the validation and the test points, none). A
# network with 50 hidden units has room enough to learn nearly all of them by heart. How its gradient is computed is unit
# 07's matter: **this helper is given**, you need not follow it line by line. It calls your `dropout_forward` and
# `dropout_backward` on the hidden layer, if $p > 0$.

# %% folded=true given="network"
def moons(count, seed, wrong=0):
    """X (count, 2), labels y (count,) of 0 and 1, and which `wrong` of the labels were flipped: (count,) bools."""
    rng = np.random.default_rng(seed)
    t, y = rng.uniform(0, np.pi, count), np.arange(count) % 2
    upper, lower = np.stack([np.cos(t), np.sin(t)]), np.stack([1 - np.cos(t), 0.5 - np.sin(t)])
    X = np.where(y == 0, upper, lower).T + 0.25 * rng.normal(size=(count, 2))
    flipped = np.isin(np.arange(count), rng.choice(count, wrong, replace=False))
    return X, np.where(flipped, 1 - y, y), flipped


def best_possible_loss(X, y, wrong=0.0):
    """The mean cross-entropy of whoever knows how `moons` draws: each label's true probability, a share `wrong` flipped."""
    t = np.linspace(0, np.pi, 400)[:, None, None]
    centres = np.concatenate([np.cos(t), np.sin(t)], axis=2), np.concatenate([1 - np.cos(t), 0.5 - np.sin(t)], axis=2)
    lower, upper = (np.exp(-8 * np.sum((X - centre) ** 2, axis=2)).mean(axis=0) for centre in reversed(centres))
    one = wrong + (1 - 2 * wrong) * lower / (lower + upper)  # 8 is 1 / (2 * 0.25^2)
    return -np.mean(np.log(np.where(y == 1, one, 1 - one)))


def new_network(rng, hidden=50):
    """Parameters of a network with two inputs, one hidden layer of tanh units and one output."""
    return [1.5 * rng.normal(size=(2, hidden)), rng.normal(size=hidden),
            rng.normal(size=(hidden, 1)) / np.sqrt(hidden), np.zeros(1)]


def scores(params, X):
    """The network's output without dropout, (N,): positive for label 1."""
    W1, b1, W2, b2 = params
    return (np.tanh(X @ W1 + b1) @ W2 + b2)[:, 0]


def score_loss(z, y):
    """The mean cross-entropy of scores z (N,) for labels y of 0 and 1."""
    return np.mean(np.logaddexp(0, z) - y * z)


def network_grads(params, X, y, p=0.0, rng=None):
    """The gradients of the mean cross-entropy for all parameters, with dropout on the hidden layer if p > 0."""
    W1, b1, W2, b2 = params
    active = np.tanh(X @ W1 + b1)
    kept, mask = dropout_forward(active, p, rng, True) if p > 0 else (active, None)
    z = (kept @ W2 + b2)[:, 0]
    pull = ((1 / (1 + np.exp(-z)) - y) / len(y))[:, None]
    back = pull @ W2.T
    back = (dropout_backward(back, mask, p) if p > 0 else back) * (1 - active**2)
    return [X.T @ back, back.sum(axis=0), kept.T @ pull, pull.sum(axis=0)]


# %% [markdown]
# Gradient descent with $\alpha = 0.5$ for 2,500 steps, from three seeds (other data, other start), with
#
# - **nothing**;
# - **L2**: your penalty's gradient on both weight matrices;
# - **L1**: your proximal step on both;
# - **dropout** on the hidden layer;
# - **early stopping**: validation loss every 20 steps, patience 15;
# - **noise** on the inputs, new in every step: the simplest kind of **data augmentation**. (With pictures you would flip a
#   shirt from left to right or move it by two pixels: it is still a shirt, and the network gets to see a new one.)
#
# Where there is a strength, it is the best of three, chosen on validation data. What do all five do to the **training**
# loss?

# %%
predict(
    "rescue",
    ...,
    options={
        "a": "They lower it: that is why the test loss gets better.",
        "b": "They leave it as it is, and lower the test loss only.",
        "c": "They all raise it.",
    },
)

# %% folded=true
with waits_for("l2_penalty", "proximal_step", "dropout_forward", "dropout_backward", "EarlyStopping"):
    STEPS, LR, EVERY = 2500, 0.5, 20
    X_test, y_test, _ = moons(1000, 999)

    def rescue(method, strength, seed):
        """Train once. Returns (parameters, (training, validation, test) losses every 20 steps)."""
        X, y, _ = moons(600, seed, wrong=60) if method == "600 points" else moons(60, seed, wrong=6)
        X_val, y_val, _ = moons(100, seed + 100)
        rng = np.random.default_rng(seed)
        params, stopper, losses = new_network(rng), EarlyStopping(15), []
        for step in range(STEPS + 1):
            if step % EVERY == 0:
                sets = ((X, y), (X_val, y_val), (X_test, y_test))
                losses.append([score_loss(scores(params, A), b) for A, b in sets])
                if method == "early stopping" and stopper.update(losses[-1][1], params):
                    return stopper.best_params, np.array(losses)
            seen = X + strength * rng.normal(size=X.shape) if method == "noise" else X
            grads = network_grads(params, seen, y, strength if method == "dropout" else 0.0, rng)
            for param, grad in zip(params, grads, strict=True):
                if method == "L1" and param.ndim > 1:
                    param[...] = proximal_step(param, grad, LR, strength)
                elif method == "L2" and param.ndim > 1:
                    param -= LR * (grad + l2_penalty(param, strength)[1])
                else:
                    param -= LR * grad
        return params, np.array(losses)

    STRENGTHS = {"nothing": [0], "L2": [0.001, 0.003, 0.01], "L1": [0.004, 0.008, 0.016], "dropout": [0.2, 0.5, 0.8],
                 "early stopping": [0], "noise": [0.1, 0.2, 0.3]}
    chosen, final, by_heart, lines = {}, {}, {}, []
    for method, strengths in STRENGTHS.items():
        tried = {strength: [rescue(method, strength, seed) for seed in range(3)] for strength in strengths}
        best = min(tried, key=lambda s: np.mean([losses[-1, 1] for _, losses in tried[s]]))
        chosen[method] = tried[best]
        ends = [losses[losses[:, 1].argmin() if method == "early stopping" else -1] for _, losses in chosen[method]]
        final[method] = np.mean(ends, axis=0)
        right = np.mean([np.mean((scores(params, X_test) > 0) == y_test) for params, _ in chosen[method]])
        zeros = np.mean([np.mean(np.concatenate([params[0].ravel(), params[2].ravel()]) == 0) for params, _ in chosen[method]])
        by_heart[method] = sum(
            int(np.sum((scores(params, A) > 0)[wrong] == b[wrong]))
            for (params, _), (A, b, wrong) in zip(chosen[method], (moons(60, seed, wrong=6) for seed in range(3)), strict=True)
        )
        lines.append(f"{method:14} {best or '-':>8} {final[method][0]:14.2f} {final[method][2]:10.2f} {right:14.1%} "
                     f"{by_heart[method]:15} of 18 {zeros:12.0%}")
    runs = chosen
    floor = [best_possible_loss(*moons(60, seed, wrong=6)[:2], wrong=0.1) for seed in range(3)], best_possible_loss(X_test, y_test, wrong=0.1)
    print("method         strength  training loss  test loss  test accuracy  wrong labels learned  exact zeros")
    print("\n".join(lines))
    more = np.mean([rescue("600 points", 0, seed)[1][-1] for seed in range(3)], axis=0)
    print(f"{'600 points':14} {'-':>8} {more[0]:14.2f} {more[2]:10.2f}")
    print(f"{'the truth':14} {'-':>8} {np.mean(floor[0]):14.2f} {floor[1]:10.2f}")
    others = [method for method in final if method != "nothing"]
    raised = [final[m][0] > 1.05 * final["nothing"][0] for m in others]
    reveal(
        "rescue",
        "c" if all(raised) else "a" if not any(raised) else "b",
        because=f"The low training loss *was* the problem: it was reached by learning wrong labels by heart, {by_heart['nothing']} of the "
        "18 in three data sets.",
    )

# %%
with waits_for("l2_penalty", "proximal_step", "dropout_forward", "dropout_backward", "EarlyStopping"):
    X, y, flipped = moons(60, 0, wrong=6)
    sides = np.linspace(-1.9, 2.9, 121), np.linspace(-1.5, 2.0, 101)
    grid = np.stack(np.meshgrid(*sides), axis=-1)
    borders = {method: scores(tried[0][0], grid.reshape(-1, 2)).reshape(101, 121) for method, tried in runs.items()}
    fig, panels = plt.subplots(2, 3, figsize=(7.4, 5.2), sharex=True, sharey=True)
    for ax, (method, z) in zip(panels.flat, borders.items(), strict=True):
        ax.contourf(*sides, z, levels=[-1e9, 0, 1e9], colors=[plots.SKY, plots.ORANGE], alpha=0.35)
        ax.contour(*sides, z, levels=[0], colors=plots.INK, linewidths=1.5)
        for label, colour, marker in ((0, plots.BLUE, "o"), (1, plots.VERMILLION, "s")):
            ax.plot(*X[y == label].T, marker, color=colour, markersize=4)
        ax.plot(*X[flipped].T, "o", color=plots.INK, markersize=10, markerfacecolor="none", markeredgewidth=1.3)
        ax.set_title(method, fontsize=11)
        ax.grid(False)
    for ax in panels[1]:
        ax.set_xlabel("$x_1$")
    for ax in panels[:, 0]:
        ax.set_ylabel("$x_2$")
    plots.finding(fig, "Alone, the network bends its border around wrong labels (ringed); with a rescue it bends less")
    plt.show()

# %%
with waits_for("l2_penalty", "proximal_step", "dropout_forward", "dropout_backward", "EarlyStopping"):
    shortest = {method: min(len(losses) for _, losses in tried) for method, tried in runs.items()}
    fig, panels = plt.subplots(2, 3, figsize=(7.4, 5.4), sharex=True, sharey=True)
    for ax, (method, length) in zip(panels.flat, shortest.items(), strict=True):
        curves = np.array([losses[:length] for _, losses in runs[method]])
        for column, (name, colour) in {0: ("training", plots.GREEN), 2: ("test", plots.VERMILLION)}.items():
            plots.bands(ax, EVERY * np.arange(length), curves[:, :, column], label=name, color=colour)
        ax.lines[0].set_linestyle("--")
        ax.axhline(np.mean(floor[0]), color=plots.GREEN, linewidth=1.2, linestyle=":", label="the truth, training")
        ax.set_title(method, fontsize=11)
        ax.set(ylim=(0, 0.95), xlim=(-60, STEPS))
    panels[0, 0].legend(loc="upper left", fontsize=9.5)
    for ax in panels[1]:
        ax.set_xlabel("step")
    for ax in panels[:, 0]:
        ax.set_ylabel("loss")
    plots.finding(fig, "Left alone, the training loss sinks far below the dotted line, and the test loss rises")
    plt.show()

# %%
with waits_for("l2_penalty", "proximal_step", "dropout_forward", "dropout_backward", "EarlyStopping"):
    def by_size(networks):
        """The sizes of all weights, from the largest to the smallest, as the mean over networks."""
        return np.mean([np.sort(np.abs(np.concatenate([W1.ravel(), W2.ravel()])))[::-1] for W1, _, W2, _ in networks], axis=0)

    ranked = {method: by_size([params for params, _ in tried]) for method, tried in runs.items()}
    ax = plt.subplots()[1]
    for (method, shown), mark in zip(ranked.items(), "os^Dvp", strict=True):
        ax.plot(np.arange(1, 151), np.where(shown > 0, shown, np.nan), marker=mark, markevery=(0, 15), markersize=5, label=method)
    start = by_size([new_network(np.random.default_rng(seed)) for seed in range(3)])
    ax.plot(np.arange(1, 151), start, color=plots.INK, linestyle=":", label="at the start")
    ax.set(yscale="log", xlabel="weights, from the largest to the smallest", ylabel="size $|w|$", ylim=(1e-3, 20))
    ax.legend(loc="lower left", ncols=2)
    plots.finding(ax, "L2 shrinks all weights, L1 keeps a few of 150; dropout, stopping and noise hold back their growth")
    plt.show()

# %% [markdown]
# ## So how does regularization prevent overfitting?
#
# Left alone, the network brings the training loss down to 0.09, with large weights and a border that bends around single
# wrong labels: it has learned 13 of the 18. Its test loss was lowest early on and has doubled since, to 0.60. All five
# rescues end at a test loss of about 0.3, at a higher training loss, from 0.21 to 0.31, and with a third of the wrong
# labels or fewer.
#
# How low could an honest training loss be? Whoever knew how the moons are drawn, and that one label in ten is wrong,
# would have a training loss of about 0.38 (the dotted line). The same probabilities have a test loss of 0.21, *below* it:
# the test labels are all right. **A training loss below the dotted line has learned some of the noise.** All five rescues
# have, too, and far less of it.
#
# A network can lower its training loss by what many examples have in common, and by what is peculiar to single ones,
# noise included. What is common is paid for by many gradients that agree; a peculiarity by one or two, and it takes
# large, finely balanced weights. Regularization raises the price of everything; what many pay for is still worth it:
#
# - **L2** makes large weights expensive: all of them shrink, and the border cannot turn sharply.
# - **L1** takes from every weight the same amount: about 95% of them are exactly 0 in the end, and the few that are left
#   belong to a handful of hidden units, which do all the work.
# - **Dropout** takes away the units that a finely balanced answer would rely on.
# - **Early stopping** takes away the time. What many examples share is learned first, because their gradients agree.
# - **Noise** makes a quirk at one point worthless: the point is somewhere else in the next step.
#
# Who wins among the five depends on data, network and luck; with three seeds, the differences here say little. They also
# go together: AdamW, dropout or augmentation, and a look at the validation loss are used in most training runs of today.
# More data, when it can be had, is better than all of them: see the line with 600 points, one label in ten still wrong.

# %% [markdown]
# ## Clinic: the more it learns, the worse it gets
#
# Somebody has fitted a linear model without a penalty, and now trains it on *with* one, starting from the weights and the
# bias of that fit. There is no error message. Run the next three cells and look.


# %% exercise="clinic_06"
def clinic_06(X, y, w, b, lr, lam, steps):
    """Train y = X w + b on, from w and b, by gradient descent on half the mean squared error + lam/2 sum of w_j^2.

    X: (N, d).  y: (N,).  w: (d,).  b: a number.
    Returns (w, b, history): the loss that is made smaller, noted before each step, (steps,).
    """
    ### BEGIN SOLUTION
    history = []
    for _ in range(steps):
        error = X @ w + b - y
        loss = 0.5 * np.mean(error**2) + lam / 2 * np.sum(w**2)
        history.append(loss)
        w, b = w - lr * (X.T @ error / len(y) + lam * w), b - lr * np.mean(error)
    return w, b, np.array(history)
    ### END SOLUTION
    ### BEGIN STUB
    # inputs = np.column_stack([X, np.ones(len(y))])
    # theta = np.append(w, b)
    # history = []
    # for _ in range(steps):
    #     error = inputs @ theta - y
    #     loss = 0.5 * np.mean(error**2)
    #     history.append(loss)
    #     theta = theta - lr * (inputs.T @ error / len(y) + lam * theta)
    # return theta[:-1], theta[-1], np.array(history)
    ### END STUB


# %% given="patient"
rng = np.random.default_rng(6)
X_room = rng.normal(size=(40, 3))
temperatures = 20 + X_room @ [1.0, -2.0, 0.5] + 0.3 * rng.normal(size=40)
both = np.linalg.lstsq(np.column_stack([X_room, np.ones(40)]), temperatures, rcond=None)[0]

# %%
with waits_for("clinic_06"):
    celsius = clinic_06(X_room, temperatures, both[:3], both[3], 0.1, 0.3, 100)
    kelvin = clinic_06(X_room, temperatures + 273, both[:3], both[3] + 273, 0.1, 0.3, 100)
    shift = (X_room @ kelvin[0] + kelvin[1]) - (X_room @ celsius[0] + celsius[1])
    histories = {"in degrees Celsius": celsius[2], "in kelvin": kelvin[2]}
    ax = plt.subplots()[1]
    for (name, values), style in zip(histories.items(), ("-", "--"), strict=True):
        ax.plot(values / values[0], style, label=name)
    worst = max(np.max(values / values[0]) for values in histories.values())
    ax.set(yscale="log" if worst > 10 else "linear", xlabel="step", ylabel="reported loss, first one = 1")
    ax.legend()
    healthy = all(np.all(np.diff(values) < 1e-9) for values in histories.values()) and np.allclose(shift, 273)
    plots.finding(ax, "Healthy: the loss falls, and the unit of temperature does not matter" if healthy else
                  "Not healthy yet: every step makes the loss worse, or the unit of temperature matters")
    plt.show()
    for name, (w, b, history) in {"in degrees Celsius": celsius, "in kelvin": kelvin}.items():
        print(f"{name:19} w = ({', '.join(f'{value:.2f}' for value in w)})   b = {b:7.2f}   reported loss: first "
              f"{history[0]:8.3f}, last {history[-1]:8.3f}")
    print(f"all temperatures moved up by 273; the predictions moved up by {shift.mean():.2f} on average")

# %% [markdown]
# **Symptom 1**: the same temperatures in kelvin are all 273 higher. A model with a bias should simply predict 273 more;
# this one does not. **Symptom 2**: the reported loss *rises* from the first step on. It is not the learning rate; a
# hundredth of it shows the same. Find both causes and repair `clinic_06`. When it is healthy, the picture says so.
#
# <details><summary>Hint 1: who should take up the 273?</summary>
#
# The bias alone; then no weight has to change. What does the line that changes `theta` do to its last entry?
# </details>
#
# <details><summary>Hint 2: why does the loss rise?</summary>
#
# The steps go down on one function, and the history reports another one. Which term has a gradient in the step, and no
# value in the loss?
# </details>

# %% check="clinic_06"
check("clinic_06")

# %% [markdown]
# Two common mistakes. A bias that is penalized looks harmless as long as all targets lie around zero. And a penalty that
# is in the gradient but not in the loss (or the other way round) makes curves that nobody can explain; your
# `gradient_check` of unit 01 finds that in a second. To *see* the data's loss alone, report it beside the other.

# %% [markdown]
# ## Quiz
#
# Put the letter of the best answer in quotes, such as `"b"`, in place of the dots. What is right, and why the others are not, you read in your
# feedback, or with `./course check 06`.
#
# **q1.** You make a penalty ten times as strong. The training loss rises from 0.30 to 0.55, the validation loss from 0.35 to
# 0.58; all curves are flat in the end. What has happened?
# - a) The network overfits more: its validation loss has risen.
# - b) It has not been trained long enough for the new penalty.
# - c) The penalty now holds back what many examples share, too.
# - d) Nothing bad: a regularizer raises the loss, that is its price.
#
# **q2.** You train with gradient descent on loss + L1 penalty. Many weights are tiny, none is exactly 0. What do you do?
# - a) lower the learning rate until they are 0
# - b) raise lambda until they are 0
# - c) use L2 as well
# - d) apply the penalty by a soft threshold after each gradient step
#
# **q3.** You train with SGD, $\alpha = 0.1$ and a decay of $\lambda = 0.0001$. Now you change to AdamW with $\alpha = 0.001$. With
# which decay does a weight lose the same share in each step as before?
# - a) 0.0001: it is the same decay
# - b) 0.000001
# - c) 0.01
# - d) with none: AdamW divides the decay by the size of the gradients
#
# **q4.** In training, a hidden layer has inverted dropout with $p = 0.3$. What happens to its activations at test time?
# - a) nothing: no entry is dropped, and none is rescaled
# - b) they are multiplied by 0.7
# - c) 30% of them are dropped
# - d) they are divided by 0.7
#
# **q5.** Of 500 features you keep the 20 that go best with the target in your 60 examples. Then you choose $\lambda$ by ten-fold
# cross-validation; its loss is excellent. On new examples the model is useless. What was the mistake?
# - a) Ten folds are too many: six examples cannot judge.
# - b) The features were picked by examples that were to judge afterwards.
# - c) $\lambda$ should have been chosen by the loss on the new examples.
# - d) The $\lambda$ with the lowest training loss would have been right.

# %% exercise="quiz_06"
### BEGIN SOLUTION
quiz_06 = {"q1": "c", "q2": "d", "q3": "c", "q4": "a", "q5": "b"}
### END SOLUTION
### BEGIN STUB
# quiz_06 = {"q1": ..., "q2": ..., "q3": ..., "q4": ..., "q5": ...}
### END STUB

# %% check="quiz_06"
check("quiz_06")

# %% [markdown]
# ## Recap
#
# - **Overfitting:** the training loss is low because noise was learned; the test loss pays for it. **Regularization**
#   makes that expensive: the training loss rises, and the test loss falls. (Too strong, and both rise: **underfitting**.)
#   In other words: some **bias** is accepted to be rid of much **variance**.
# - **L2:** $+\frac{\lambda}{2}\sum w_j^2$, gradient $\lambda w$. Shrinks all weights, none to zero.
# - **L1:** $+\lambda\sum |w_j|$, subgradient $\lambda \operatorname{sign}(w)$. Exact zeros come by the **proximal step**,
#   $w \leftarrow S_{\alpha\lambda}(w - \alpha\nabla\text{loss})$ with $S_t(w) = \operatorname{sign}(w)\max(|w| - t, 0)$.
# - **Weight decay:** $w \leftarrow (1 - \alpha\lambda)\,w$, then a step. The same as L2 for gradient descent; with Adam it
#   is another method, AdamW. Biases are left alone.
# - **Dropout:** in training $x\,m/(1-p)$ with a new mask each time; the same mask and factor on the way back; nothing at
#   test time.
# - **Early stopping:** keep a copy of the best parameters; stop after `patience` updates without a new best.
# - **How strong?** Choose on validation data, or by **k-fold cross-validation** where examples are few. The test data come
#   last, once.

# %% [markdown]
# ## Think about it
#
# A colleague trains a network on 500 images: training accuracy 100%, test accuracy 71%. He adds L2, dropout and early
# stopping all at once, tunes their strengths until the *test* accuracy is 80%, and reports: "Regularization improves the
# network by 9 points. It also lowered the training accuracy to 88%, which we will fix next." In five to eight sentences,
# to be read by a person: explain to him how regularization prevents overfitting, what is wrong with the way that he chose
# the strengths, and what you think of his plan for the training accuracy.

# %% [markdown] points=3 reflection="reflection_06"
# ### BEGIN SOLUTION
# With many weights and few images, the network can learn each image by heart, its noise and quirks included. These
# quirks are not in new images, so that part of what it has learned does harm there. Regularization makes it expensive
# to follow single examples: large weights cost something, or units cannot rely on each other, or there is no time for it.
# What many images share is paid for by all of them, and survives. So a lower training accuracy is no side effect to be
# fixed: it is how the method works, and driving it back to 100% would bring the overfitting back. The strengths were
# chosen on the test images, so the 80% are partly luck that was selected for, and new images will give less. He should
# choose on a validation set, measure on the test set once, and say how much three seeds differ. To know which of the
# three helped, he has to try each alone.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# 1 point: why it helps: fitting single examples (noise) becomes expensive or impossible, what many share remains. 1 point: the
# strengths were tuned on the test set, so its accuracy is too good to be true; a validation set is the remedy. 1 point:
# the lower training accuracy is the price or the mechanism, and not a defect to be repaired. "Regularization simplifies
# the model" alone is none.
# ### END MARK SCHEME

# %% [markdown]
# ## Going further
#
# - I. Loshchilov, F. Hutter, [Decoupled Weight Decay Regularization](https://arxiv.org/abs/1711.05101) (2019): AdamW;
#   [the authors' code](https://github.com/loshchil/AdamW-and-SGDW).
# - N. Srivastava and others, [Dropout: A Simple Way to Prevent Neural Networks from
#   Overfitting](https://jmlr.org/papers/v15/srivastava14a.html) (2014).
# - R. Tibshirani, [Regression Shrinkage and Selection via the Lasso](https://www.jstor.org/stable/2346178) (1996): L1,
#   with the picture of disc and diamond. In code: [scikit-learn's linear
#   models](https://scikit-learn.org/stable/modules/linear_model.html).
# - N. Parikh, S. Boyd, [Proximal Algorithms](https://web.stanford.edu/~boyd/papers/prox_algs.html) (2014): the step that
#   stops at zero, and its relatives, with code.
# - C. Bishop, *Training with Noise is Equivalent to Tikhonov Regularization* (Neural Computation, 1995).
# - M. Belkin and others, [Reconciling modern machine learning practice and the bias-variance
#   trade-off](https://arxiv.org/abs/1812.11118) (2019): double descent.
# - C. Zhang and others, [Understanding deep learning requires rethinking
#   generalization](https://arxiv.org/abs/1611.03530) (2017): networks that learn random labels by heart.
#
# Next: [07 A network from scratch](../07_mlp/07_mlp.ipynb), where you write the gradient that was given here.
