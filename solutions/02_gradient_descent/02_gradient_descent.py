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
# # 02 · Gradient descent
#
# **After this unit you can** write gradient descent, say how long its steps may be and how long they should be, predict
# how many of them a problem needs, choose a learning rate when nobody tells you the curvature, and train your first
# model on images.
#
# | time | difficulty | builds on |
# |---|---|---|
# | 110 to 140 minutes, in two sittings | ●●○○○ | gradients of vectors ([01 Gradients](../01_gradients/01_gradients.ipynb)); eigenvalues, if only as a word |
#
# Each check below runs your function on a few inputs and explains what it sees. If you skipped unit 01: nothing here
# needs your answers from there.

# %% given="setup"
try:
    from course_lib import check, plots, predict, reveal, waits_for
except ModuleNotFoundError as error:
    raise SystemExit(f"{error}: run ./course start in the course's folder, or see docs/running.md") from None

import matplotlib.pyplot as plt
import numpy as np

from course_lib.data import load_fashion_mnist, subset
from course_lib.objectives import Quadratic, Rosenbrock

plots.use_style()

# %% [markdown]
# ## One step
#
# You are standing on a hillside in fog. You cannot see the valley; you can feel the slope under your feet. The **gradient**
# $\nabla J(\theta)$ of a loss $J$ points to where $J$ grows fastest. So you go the other way, and how far is up to you:
# the **learning rate** $\alpha$.
#
# $$\theta_{t+1} = \theta_t - \alpha \, \nabla J(\theta_t)$$
#
# This line is the whole method. Everything else in this unit is about $\alpha$.
#
# ### Exercise: `gd_step`
#
# In code, the learning rate is called `lr`. The step should work for parameters of any shape: a vector now, a matrix of
# weights later. It makes a new array and leaves the old `theta` as it was.


# %% exercise="gd_step"
def gd_step(theta, grad, lr):
    """One step of gradient descent, theta_{t+1} = theta_t - alpha grad J(theta_t).

    theta: array of any shape, of floats or of whole numbers.  grad: grad J(theta), same shape.  lr: alpha, a number.
    Returns a new array of theta's shape; theta stays as it is.
    """
    ### BEGIN SOLUTION
    return theta - lr * grad
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: my point is somewhere else</summary>
#
# Try it by hand with $\theta = 2$, $\nabla J = 4$ and $\alpha = 0.1$. The slope is positive: $J$ grows to the right, so
# you go to the left, by $0.1 \cdot 4 = 0.4$. You arrive at 1.6. Which of the three numbers does your line use, and with
# which sign?
# </details>
#
# <details><summary>Hint 2: "changed its argument in place"</summary>
#
# `theta -= ...` writes the result into the very array that you were handed. An expression such as `theta - ...` makes a
# new one.
# </details>
#
# <details><summary>Hint 3: wrong only where theta holds whole numbers</summary>
#
# An array made by `np.zeros_like(theta)` or `theta.copy()` has the type of `theta`. If that is `int64`, it cannot hold
# 1.6: it keeps the 1. The difference of whole numbers and floats, in contrast, is a float by itself.
# </details>

# %% check="gd_step"
check("gd_step")

# %% [markdown]
# ## What the slope promises
#
# Here is a valley to practise on, a **quadratic** $J(\theta) = \frac12 \theta^\top A \theta$ with gradient $A\theta$,
# and a place to start. There, the gradient is $(8, 12)$.

# %% given="valley"
valley = Quadratic([[5.5, 4.5], [4.5, 5.5]])
START = np.array([-1.0, 3.0])

# %% [markdown]
# For a tiny step the slope says what you gain:
# $J(\theta - \alpha \nabla J) \approx J(\theta) - \alpha \, \|\nabla J\|^2$. That is $208\,\alpha$ here. With
# $\alpha = 0.001$ you gain about 0.2. What do you expect of a step a hundred times as long?

# %%
predict(
    "promise",
    ...,
    options={
        "a": "With alpha = 0.1 the loss falls by a hundred times as much.",
        "b": "It falls, but by less than a hundred times as much.",
        "c": "It rises.",
    },
)

# %%
with waits_for("gd_step"):
    slope = valley.grad(START)
    lrs = np.linspace(0, 0.23, 93)
    after = np.array([valley(gd_step(START, slope, lr)) for lr in lrs])
    promised = valley(START) - lrs * (slope @ slope)

    ax = plt.subplots()[1]
    ax.plot(lrs, after, label="the loss after the step")
    ax.plot(lrs[promised > -1], promised[promised > -1], "--", label="what the slope promised")
    ax.axhline(valley(START), color=plots.MUTED, linewidth=1.2, linestyle=":", label="the loss before it")
    ax.set(xlabel="learning rate of this one step", ylabel="loss")
    ax.legend(loc="center", bbox_to_anchor=(0.46, 0.55))
    plots.finding(ax, "The slope keeps its promise for short steps only; twice the best step gains nothing")
    plt.show()

    gain = {lr: valley(START) - valley(gd_step(START, slope, lr)) for lr in (0.001, 0.01, 0.1, 0.2, 0.21)}
    for lr, value in gain.items():
        print(f"alpha = {lr:<5}   promised {lr * (slope @ slope):7.3f}   gained {value:7.3f}")
    ratio = gain[0.1] / gain[0.001]
    reveal(
        "promise",
        "c" if ratio < 0 else "b" if ratio < 99 else "a",
        because="The slope is right where you stand. On the way it changes, because the ground is curved, and the further "
        "you go the less of the promise is kept.",
    )

# %% [markdown]
# A short step keeps the promise, and gains little. The best step along this line has $\alpha \approx 0.10$; at twice
# that you stand on the opposite slope, as high as before; further on you climb. Keep this "twice the best" in mind: it
# comes back.

# %% [markdown]
# ## The whole walk
#
# One step after the other, each from where the last one ended. To see what happened you keep every point.
#
# ### Exercise: `gradient_descent`
#
# `grad` is a function: `grad(theta)` is the gradient at `theta`. Return the whole trajectory, a table with one row for
# each point, the start included. Three runs from the same start should really start at the same place, so `theta0`
# stays as it was; and a start at whole numbers does not condemn the walk to whole numbers.


# %% exercise="gradient_descent"
def gradient_descent(grad, theta0, lr, steps):
    """Walk: theta_{t+1} = theta_t - alpha grad J(theta_t), for t = 0, ..., steps - 1.

    grad: function, (d,) -> (d,).  theta0: (d,), of floats or of whole numbers.  lr: alpha.  steps: how many.
    Returns the trajectory, (steps + 1, d) floats: row t is theta_t, row 0 is the start.
    """
    ### BEGIN SOLUTION
    path = np.zeros((steps + 1, len(theta0)))
    path[0] = theta0
    for t in range(steps):
        path[t + 1] = path[t] - lr * grad(path[t])
    return path
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the shape is wrong, or the points are</summary>
#
# With `steps=0` there is one row, the start. With `steps=1` there are two. A loop `for t in range(steps)` that makes
# one new row each time has the right count, if the start is already there. And each new row is one `gd_step` from the
# row before it, with the same `lr`.
# </details>
#
# <details><summary>Hint 2: all rows are the same, or theta0 has changed</summary>
#
# Both come from one thing: `theta -= ...` does not make a new array, it changes the one there is, under all of its
# names. A list that holds it five times holds *one* array five times. Either let every step make a new array, or write
# a copy into the table.
# </details>
#
# <details><summary>Hint 3: right on a bowl along the axes, wrong on others</summary>
#
# Which gradient does each step use? It should be the gradient at the point where the step begins, all of its entries at
# once: not the one from the very start, and not one that already knows a coordinate's new value.
# </details>
#
# <details><summary>Hint 4: wrong only from a whole-number start</summary>
#
# Look at the `dtype` of your table, and of the first point that you put into it.
# </details>

# %% check="gradient_descent"
check("gradient_descent")

# %% [markdown]
# ## Six learning rates
#
# The same valley, the same start, 20 steps each. Which of these learning rates ends closest to the minimum?

# %%
predict(
    "six_rates",
    ...,
    options={
        "a": "0.01: small, careful steps",
        "b": "0.1: the best single step from this start",
        "c": "0.18: rather long",
        "d": "0.195: longer still",
        "e": "0.2: nearly twice the best single step",
    },
)

# %%
with waits_for("gradient_descent"):
    walks = {lr: gradient_descent(valley.grad, START, lr, 20) for lr in (0.01, 0.1, 0.18, 0.195, 0.2, 0.203)}
    distance = {lr: np.linalg.norm(path[-1]) for lr, path in walks.items()}
    fig, axes = plt.subplots(3, 2, figsize=(7.0, 9.4), sharex=True, sharey=True)
    for ax, (lr, path) in zip(axes.flat, walks.items(), strict=True):
        plots.contour_with_paths(
            valley, {"path": path}, ax, xlabel=r"$\theta_1$", ylabel=r"$\theta_2$", minimum=(0, 0),
            window=(-3.6, 3.4, -2.6, 3.7), equal=True,
        )
        ax.get_legend().remove()
        ax.label_outer()
        ax.set_title(rf"$\alpha$ = {lr}: {distance[lr]:.2f} away")
        print(f"alpha = {lr:<6} distance after 20 steps: {distance[lr]:.3f}   loss: {valley(path[-1]):.4f}")
    plots.finding(fig, "Too short a step creeps; too long a one jumps from side to side, and may never arrive")
    plt.show()

    letters = {0.01: "a", 0.1: "b", 0.18: "c", 0.195: "d", 0.2: "e"}
    reveal(
        "six_rates",
        letters[min(letters, key=distance.get)],
        because="0.01 and 0.1 creep along the valley floor; 0.195 and 0.2 waste their length on jumping across it. "
        "0.18 does some of both, and neither for long.",
    )

# %% [markdown]
# Look at the two directions apart. *Across* the valley (from lower left to upper right) the ground is steep: there,
# $\alpha = 0.1$ arrives in one step, 0.18 overshoots and comes closer, 0.2 jumps to and fro for ever, and 0.203 goes a
# little further each time. *Along* the valley floor it is flat: there, every one of these steps is too short, and the
# longer the better. One learning rate has to serve both. That is the whole drama of this unit.
#
# Play with it: move the learning rate slowly past 0.2, then make the valley narrower.

# %%
with waits_for("gradient_descent"):
    gradient_descent(valley.grad, START, 0.1, 1)  # nothing to play with before this works


    def draw(learning_rate=0.19, steepness=10.0):
        """The path and the loss in a valley whose floor has curvature 1 and whose walls have `steepness`."""
        half, diff = (steepness + 1) / 2, (steepness - 1) / 2
        J = Quadratic([[half, diff], [diff, half]])
        path, careful = (gradient_descent(J.grad, START, lr, 40) for lr in (learning_rate, 0.02))
        fig, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.7), width_ratios=(1, 1.1))
        plots.contour_with_paths(
            J, {"path": path}, left, xlabel=r"$\theta_1$", ylabel=r"$\theta_2$", minimum=(0, 0),
            window=(-3.7, 3.7, -3.7, 3.7), equal=True,
        )
        left.get_legend().remove()
        losses = {rf"$\alpha$ = {learning_rate:.3f}": [J(p) for p in path], "a careful 0.02": [J(p) for p in careful]}
        plots.loss_curves(losses, right, xlabel="step", ylabel="loss", logy=True)
        overshoots = 1 - learning_rate * steepness
        plots.finding(fig, f"Across the valley each step multiplies the distance by {overshoots:.2f}".replace("-", "\u2212"))


    plots.play(draw, learning_rate=(0.01, 0.25, 0.005), steepness=(1.0, 30.0, 1.0))

# %% [markdown]
# ## Why there is a cliff
#
# On a quadratic with its minimum at $\theta^*$ the gradient is $A(\theta - \theta^*)$. Put this into the step and
# subtract $\theta^*$ on both sides:
#
# $$\theta_{t+1} - \theta^* = (I - \alpha A)\,(\theta_t - \theta^*)$$
#
# $A$ has directions of its own, its **eigenvectors** $v$, which it only stretches: $Av = \lambda v$. The eigenvalue
# $\lambda$ is the **curvature** in that direction. Along each of them a step only multiplies the distance to the minimum:
#
# $$(I - \alpha A)\,v = (1 - \alpha\lambda)\,v$$
#
# | $1 - \alpha\lambda$ | the distance in this direction | you see |
# |---|---|---|
# | just below 1 | shrinks slowly | it creeps |
# | 0 | is gone after one step | it arrives |
# | between −1 and 0 | shrinks, and changes sides | it zig-zags, and comes closer |
# | −1 | stays, and changes sides | it jumps to and fro for ever |
# | below −1 | grows at every step | it **diverges** |
#
# ### Exercise: `max_stable_lr`
#
# In a run, all directions share one $\alpha$. Return the limit: just below it every direction shrinks, just above it at
# least one of them grows. `np.linalg.eigvalsh(A)` gives the eigenvalues of a symmetric matrix, in ascending order. The
# largest is called $L$, the smallest $\mu$.


# %% exercise="max_stable_lr"
def max_stable_lr(A):
    """The learning rate at the cliff, for J(theta) = 1/2 theta^T A theta - b^T theta.

    A: (d, d), symmetric, all eigenvalues positive.  Returns one number.
    """
    ### BEGIN SOLUTION
    return 2 / np.linalg.eigvalsh(A)[-1]
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: mine is half of what is right</summary>
#
# Solve $|1 - \alpha\lambda| < 1$ for $\alpha$. There are two ways to leave this range: $1 - \alpha\lambda$ may reach
# $+1$ or $-1$. Which one happens when $\alpha$ grows?
# </details>
#
# <details><summary>Hint 2: which eigenvalue?</summary>
#
# Each direction has a limit of its own. In the valley above, the curvatures are 10 and 1. Which of the two directions
# broke first? One that grows is enough to ruin the run. And mind that the curvatures of a tilted valley are not on the
# diagonal of $A$.
# </details>
#
# <details><summary>Hint 3: close, but too careful</summary>
#
# Row sums and the norm `np.linalg.norm(A)` are bounds: the eigenvalue is not above them, but mostly below. Ask for the
# eigenvalues themselves.
# </details>

# %% check="max_stable_lr"
check("max_stable_lr")

# %% [markdown]
# How sharp is this edge? Two runs of 100 steps in our valley: one with $\alpha$ one percent **below** the limit, one
# with $\alpha$ one percent **above**. How do their final losses compare?

# %%
predict(
    "cliff",
    ...,
    options={
        "a": "They are nearly the same: one percent is not much.",
        "b": "The second is about twice as large.",
        "c": "The second is more than a thousand times as large.",
    },
)

# %%
with waits_for("gradient_descent", "max_stable_lr"):
    limit = max_stable_lr(valley.A)
    lrs = np.unique(np.concatenate([np.geomspace(0.004, 0.26, 45), limit * np.array([0.9, 0.95, 0.99, 1.01])]))
    losses = [valley(gradient_descent(valley.grad, START, lr, 100)[-1]) for lr in lrs]
    ax = plots.sweep(
        lrs, losses, start_loss=valley(START), limit=(limit, "the limit"),
        xlabel=r"learning rate $\alpha$", ylabel="loss after 100 steps",
    )
    plots.finding(ax, "The best learning rate lies close to the cliff")
    plt.show()

    below, above = (valley(gradient_descent(valley.grad, START, limit * c, 100)[-1]) for c in (0.99, 1.01))
    print(f"the limit is {limit:.3f};   loss after 100 steps, 1% below it: {below:.2f},   1% above it: {above:.1f}")
    reveal(
        "cliff",
        "a" if above < 1.5 * below else "b" if above < 1000 * below else "c",
        because="1% below, the steep direction is multiplied by -0.98 at every step, 1% above by -1.02. A hundred times "
        "over, that is 0.13 or 7.2, and the loss goes with the square.",
    )

# %% [markdown]
# From left to right: longer steps help, by many powers of ten, until shortly before the limit; then the loss shoots up.
# The best learning rate is not in the middle of the safe range. It lies close to its edge, and that is so wherever some
# directions are flat.

# %% [markdown]
# ## How fast, and what is best
#
# After many steps only the **slowest** direction is left. Its factor says by how much the distance shrinks per step in
# the long run. It is called the **contraction factor**:
#
# $$\rho(\alpha) = \max_\lambda \, |1 - \alpha\lambda| = \max\left(|1 - \alpha L|,\; |1 - \alpha\mu|\right)$$
#
# ### Exercise: `contraction_factor`


# %% exercise="contraction_factor"
def contraction_factor(A, lr):
    """By how much the slowest direction shrinks per step: the largest |1 - lr * lambda| over A's eigenvalues.

    A: (d, d), symmetric, all eigenvalues positive.  lr: a number.  Returns one number; above 1 the run diverges.
    """
    ### BEGIN SOLUTION
    return np.abs(1 - lr * np.linalg.eigvalsh(A)).max()
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: right for some learning rates only</summary>
#
# Print $1 - \alpha\lambda$ for all eigenvalues, for a short and for a long step. Which one is slowest changes. The
# slowest counts: the largest one, not a mean, not a square, and not always the same direction.
# </details>
#
# <details><summary>Hint 2: negative, or too small for long steps</summary>
#
# $-1.5$ is worse than $0.9$: the distance grows by half while it changes sides. What makes both comparable?
# </details>
#
# <details><summary>Hint 3: right on the axes, wrong on tilted bowls</summary>
#
# `np.diag(A)` holds the curvatures along the axes. The directions that keep to themselves are the eigenvectors.
# </details>

# %% check="contraction_factor"
check("contraction_factor")

# %%
with waits_for("contraction_factor"):
    lrs = np.linspace(0, 0.23, 116)
    rho = [contraction_factor(valley.A, lr) for lr in lrs]
    ax = plt.subplots()[1]
    ax.plot(lrs, np.abs(1 - 10 * lrs), color=plots.VERMILLION, linewidth=1.5, label=r"across the valley: $|1 - \alpha L|$")
    ax.plot(lrs, np.abs(1 - 1 * lrs), "--", color=plots.GREEN, linewidth=1.5, label=r"along the floor: $|1 - \alpha \mu|$")
    ax.plot(lrs, rho, color=plots.BLUE, linewidth=5, alpha=0.4, label=r"the slowest: $\rho(\alpha)$")
    ax.axhline(1, color=plots.MUTED, linewidth=1.2, linestyle=":")
    ax.text(0.002, 1.02, "above this line the run diverges", color=plots.MUTED, fontsize=10)
    ax.set(xlabel=r"learning rate $\alpha$", ylabel="factor per step", ylim=(0, 1.35))
    ax.legend(loc="lower right")
    plots.finding(ax, "The best learning rate makes the steepest and the flattest direction equally slow")
    plt.show()

# %% [markdown]
# ### Exercise: `best_lr`
#
# Find the lowest point of the thick line as a formula. Left of it, lengthening the step helps, since the flat direction
# is slowest; right of it, it hurts, since the steep one overshoots more and more. At the lowest point both have the
# same factor. Write that down as an equation, mind which of the two $1 - \alpha\lambda$ is negative there, and solve
# for $\alpha$.


# %% exercise="best_lr"
def best_lr(A):
    """The learning rate with the smallest contraction factor.

    A: (d, d), symmetric, all eigenvalues positive.  Returns one number.
    """
    ### BEGIN SOLUTION
    curvatures = np.linalg.eigvalsh(A)
    return 2 / (curvatures[0] + curvatures[-1])
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: mine is larger than the right one</summary>
#
# Compare with the limit from `max_stable_lr`. The best step is shorter than that: at the limit itself, the steep
# direction never comes closer.
# </details>
#
# <details><summary>Hint 2: how do I solve it?</summary>
#
# At the lowest point, the flat direction has $1 - \alpha\mu > 0$ and the steep one $1 - \alpha L < 0$. Equal absolute
# values means $1 - \alpha\mu = \alpha L - 1$. Bring $\alpha$ to one side. The curvatures in between do not occur.
# </details>
#
# <details><summary>Hint 3: right on the axes, wrong on tilted bowls</summary>
#
# `np.diag(A)` holds the curvatures along the axes; you need the eigenvalues.
# </details>

# %% check="best_lr"
check("best_lr")

# %% [markdown]
# ## The price of a narrow valley
#
# Put the best $\alpha$ into $\rho$, and the two curvatures appear only through their ratio, the **condition number**
# $\kappa = L / \mu$:
#
# $$\rho_\text{best} = \frac{L - \mu}{L + \mu} = \frac{\kappa - 1}{\kappa + 1}$$
#
# A round bowl has $\kappa = 1$, our valley 10. Suppose each valley gets its own best learning rate. You count the steps
# until the distance to the minimum is a millionth of what it was. From $\kappa = 10$ to $\kappa = 100$, how does that
# number change?

# %%
predict(
    "conditioning",
    ...,
    options={
        "a": "Hardly: the learning rate adapts.",
        "b": "About 3 times as many steps (the root of 10)",
        "c": "About 10 times as many",
        "d": "About 100 times as many",
    },
)

# %% folded=true
with waits_for("gradient_descent", "best_lr"):
    kappas = (1, 3, 10, 30, 100, 300, 1000)
    steps_needed = {}
    for kappa in kappas:
        J = Quadratic([[(kappa + 1) / 2, (kappa - 1) / 2], [(kappa - 1) / 2, (kappa + 1) / 2]])
        path = gradient_descent(J.grad, np.array([0.0, 2.0]), best_lr(J.A), 8 * kappa + 5)
        far = np.linalg.norm(path, axis=1) > 1e-6 * np.linalg.norm(path[0])
        steps_needed[kappa] = int(far.sum())
        print(f"kappa = {kappa:5}   best alpha = {best_lr(J.A):.5f}   steps to a millionth of the distance: {far.sum():5}")

    fig = plt.figure(figsize=(7.0, 7.6))
    grid = fig.add_gridspec(2, 2)
    for column, kappa in enumerate((3, 30)):
        J = Quadratic([[(kappa + 1) / 2, (kappa - 1) / 2], [(kappa - 1) / 2, (kappa + 1) / 2]])
        ax = fig.add_subplot(grid[0, column])
        path = gradient_descent(J.grad, np.array([0.0, 2.0]), best_lr(J.A), 30)
        plots.contour_with_paths(
            J, {"path": path}, ax, xlabel=r"$\theta_1$", ylabel=r"$\theta_2$", minimum=(0, 0),
            window=(-2.4, 2.4, -2.4, 2.4), equal=True,
        )
        ax.get_legend().remove()
        ax.set_title(rf"$\kappa$ = {kappa}: 30 steps")
    ax = fig.add_subplot(grid[1, :])
    ax.loglog(kappas, list(steps_needed.values()), marker="o", label="counted")
    ax.loglog(kappas[1:], [k / 2 * np.log(1e6) for k in kappas[1:]], "--", label=r"$\frac{\kappa}{2} \ln 10^6$")
    ax.set(xlabel=r"condition number $\kappa$", ylabel="steps to a millionth")
    ax.legend()
    plots.finding(fig, "Ten times the condition number costs ten times the steps, even at the best rate")
    plt.show()

    growth = steps_needed[100] / steps_needed[10]
    reveal(
        "conditioning",
        "a" if growth < 2 else "b" if growth < 6 else "c" if growth < 30 else "d",
        because="The best factor is about 1 - 2/kappa. To shrink the distance to 1/e takes about kappa/2 such steps, "
        "so the number of steps grows like kappa itself.",
    )

# %% [markdown]
# At $\kappa = 1$ one step is enough. (The contours are $\sqrt\kappa$ times as long as they are wide: a valley that *looks*
# ten times as narrow has 100 times the condition number.) In the narrow valley the path **zig-zags**: nearly all of each step's length goes
# across, where it is undone by the next one, and hardly any of it along the floor, where the way to the minimum lies.
# No single learning rate repairs this. What does: a better-conditioned problem (rescale the inputs, as in unit 00), or a
# method that remembers (momentum, unit 04), or one with a step length for each parameter (Adam, unit 05).

# %% [markdown]
# > **A good place for a break.** You know how long a step may be, and how many you need. When you come back, put the cursor
# > here and choose *Run > Run All Above Selected Cell*.

# %% [markdown]
# ## How to choose a learning rate, part one
#
# **If you know the curvatures:** stay below $2/L$; the best is $2/(L + \mu)$; where some direction is
# very flat ($\mu \ll L$) that is just below the cliff.
#
# **If you know only $L$:** $1/L$ never overshoots in any direction, and needs at most twice as many steps as the best. With
# a number above $L$ in its place you are as safe, but slower by as much as it is too large.
#
# **If you know nothing:** try, in factors of 3 or 10, and read the loss:
#
# | the loss | what it means | do |
# |---|---|---|
# | falls smoothly and slowly | far below the cliff | multiply $\alpha$ by 3, until something breaks |
# | falls, with a saw-tooth | a little beyond the cliff of a loss that is no quadratic: the steep direction jumps from side to side | often near the best; try half of it too, and compare |
# | rises, then overflows to `inf` and `NaN` | beyond the cliff | divide by 10 |
# | rises at the first step, even with $\alpha = 10^{-6}$ | not $\alpha$ at all: a sign, or a wrong gradient | check the gradient (unit 01) |
# | falls fast, then crawls | a large $\kappa$: the steep directions are done | rescale the inputs; momentum or Adam |
#
# **Or measure $L$,** or let the algorithm try: these are the next two exercises. With noisy gradients (unit 03) there is
# more to say, and this list goes on there.

# %% [markdown]
# ### Exercise: `power_iteration`
#
# Nobody tells you the curvature, but you can ask for it. On a bowl, going a little way $\epsilon$ along a direction $v$
# changes the gradient by $\epsilon A v$. Divide the change by $\epsilon$:
#
# $$A v \approx \frac{\nabla J(\theta + \epsilon v) - \nabla J(\theta)}{\epsilon}$$
#
# ($A$ is then the **Hessian** at $\theta$, the matrix of all second derivatives. Nobody has to write it down: with a
# million parameters it would have $10^{12}$ entries, and this product costs two gradients.)
#
# What is a product good for? $A$ stretches $v$ most along the steepest direction. Scale the result to length 1 and
# multiply again, and again: the other directions are left behind, $v$ turns into the steepest one, and the length of
# $Av$ becomes $L$. This is **power iteration**.


# %% exercise="power_iteration"
def power_iteration(grad, theta, v, steps, eps=1e-5):
    """The largest curvature at theta in absolute value, from differences of gradients alone.

    grad: function, (d,) -> (d,).  theta: (d,), where to measure.  v: (d,), a direction to begin with, not 0, of any
    length.  steps: how many products A v, at least 1.  eps: how far to go along v when it has length 1.
    Returns (L, v): L, the length of the last product A v (taken with a v of length 1); v, that product scaled to length 1.
    """
    ### BEGIN SOLUTION
    v = v / np.linalg.norm(v)
    for _ in range(steps):
        Av = (grad(theta + eps * v) - grad(theta)) / eps
        L = np.linalg.norm(Av)
        v = Av / L
    return L, v
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the first product is wrong</summary>
#
# Try it with one parameter and $J = 2\theta^2$, whose gradient is $4\theta$: the curvature is 4 everywhere. At $\theta = 1$
# the gradient is 4, a little further, at 1.001, it is 4.004. What has to be done with 4.004, 4 and 0.001?
# </details>
#
# <details><summary>Hint 2: one product is right, or nearly; several are not</summary>
#
# One round: take $v$ of length 1, multiply, note the length, scale what came out to length 1. That is the $v$ of the next
# round. `np.linalg.norm(v)` is the length of $v$. (`v /= ...` would change the caller's array; `v = v / ...` makes a new
# one. And it is $L$ that is asked for, not $2/L$.)
# </details>
#
# <details><summary>Hint 3: right for bowls, wrong for the bent valley</summary>
#
# There the curvature differs from place to place. Both gradients belong to points that are very close to `theta`.
# </details>

# %% check="power_iteration"
check("power_iteration")

# %% [markdown]
# A bowl with 1,000 parameters has 1,000 curvatures. Here the steepest is 1, the next 0.9, then $0.9^2$, and so on. About
# how many products until $L$ is right to one percent?

# %%
predict(
    "products",
    ...,
    options={
        "a": "about 20",
        "b": "about 1,000: one for each parameter",
        "c": "about 1,000,000: one for each entry of the Hessian",
    },
)

# %% folded=true
with waits_for("power_iteration"):
    COUNTS, right = np.arange(1, 41), {}
    ax = plt.subplots()[1]
    for ratio, style in ((0.5, "o-"), (0.9, "s-"), (0.99, "^-")):
        curvatures, misses = ratio ** np.arange(1000.0), np.zeros((5, 40))
        for seed in range(5):
            v = np.random.default_rng(seed).normal(size=1000)
            for count in range(40):  # one more product each time, from the direction of the last
                L, v = power_iteration(lambda theta, c=curvatures: c * theta, np.zeros(1000), v, 1)
                misses[seed, count] = 1 - L
        typical = np.median(misses, axis=0)
        right[ratio] = COUNTS[typical < 0.01][0] if (typical < 0.01).any() else np.inf
        ax.semilogy(COUNTS, np.maximum(typical, 1e-9), style, markevery=4, label=f"the second steepest is {ratio}")
    ax.axhline(0.01, color=plots.MUTED, linestyle=":", label="one percent")
    ax.set(xlabel="products $Av$", ylabel="how much of $L = 1$ is missing", ylim=(1e-8, 2))
    ax.legend(loc="lower right")
    plots.finding(ax, f"About {right[0.9]} products give the largest of 1,000 curvatures to 1%, if the next is 0.9")
    plt.show()
    reveal(
        "products",
        "a" if right[0.9] < 100 else "b" if right[0.9] < 10_000 else "c",
        because="With each product, everything but the steepest direction loses at least a tenth against it. "
        "A tenth each time soon shrinks even a thousand of them.",
    )

# %% [markdown]
# What matters is how close the second steepest direction comes. Where it is nearly as steep, $v$ takes long to decide
# between the two, but then $L$ is nearly right long before. It comes from below: no product with a $v$ of length 1 is
# longer than $L$. So $2/L$ comes out too long, if anything: take a step some percent shorter, or $1/L$. (If some direction
# curves *downwards* even more strongly, you get that one, without its sign. And the first $v$ must have some share of the
# steepest direction; a random one has.) Further down you will ask the images for their $L$.

# %% [markdown]
# ### Bonus exercise: `backtracking_line_search`
#
# Try a long step. If it is not good enough, make it shorter and try again. "Good enough" (Armijo, 1966): it brings at
# least a share $c$ of what the slope promises,
#
# $$J(\theta - \alpha \nabla J) \;\le\; J(\theta) - c \, \alpha \, \|\nabla J\|^2$$
#
# Return the first of $\alpha_0,\; \alpha_0 s,\; \alpha_0 s^2, \dots$ for which this holds ($s$ is `shrink`).


# %% exercise="backtracking_line_search"
def backtracking_line_search(f, grad, theta, lr0=1.0, shrink=0.5, c=1e-4):
    """The first learning rate lr0 * shrink^k, k = 0, 1, ..., with f(theta - lr g) <= f(theta) - c lr |g|^2.

    f: function, (d,) -> float.  grad: function, (d,) -> (d,); g = grad(theta).  theta: (d,).  Returns one number.
    """
    ### BEGIN SOLUTION
    g, start, lr = grad(theta), f(theta), lr0
    while f(theta - lr * g) > start - c * lr * g @ g:
        lr = lr * shrink
    return lr
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: my step is too long where c is large</summary>
#
# Draw the right-hand side over the first picture of this unit: a line that starts at $J(\theta)$ and falls with a share
# $c$ of the dashed one's slope. A step is good enough where the curve lies *below* this line, not just below the
# starting value.
# </details>
#
# <details><summary>Hint 2: what exactly does the slope promise?</summary>
#
# The step is $-\alpha g$. To first order the loss changes by gradient times step, $g^\top(-\alpha g)$. Both $\alpha$
# and the *square* of $g$'s length are in there.
# </details>
#
# <details><summary>Hint 3: too long, or one time too short</summary>
#
# Test first; shrink only if the test fails; test again. Which kind of loop does that?
# </details>

# %% check="backtracking_line_search"
check("backtracking_line_search")

# %% [markdown]
# Is it worth it? A fair test on Rosenbrock's bent valley, $J(\theta) = (1 - \theta_1)^2 + 100\,(\theta_2 - \theta_1^2)^2$,
# whose floor follows the parabola $\theta_2 = \theta_1^2$ to the minimum at $(1, 1)$. Its curvature changes on the way.
# Every run may evaluate the loss or the gradient 3,000 times in all. With a fixed $\alpha$ each step needs one
# evaluation; backtracking also pays for each step length that it tries. As is common, it begins each search at twice the
# rate that the last one accepted.

# %% folded=true
with waits_for("gradient_descent", "backtracking_line_search"):
    bend, origin, budget = Rosenbrock(), np.array([-1.2, 1.0]), 3000
    asked = 0


    def counted(function):
        """The same function, counting how often it is asked; the same question again costs nothing."""
        known = {}

        def ask(theta):
            global asked
            if theta.tobytes() not in known:
                asked += 1
                known[theta.tobytes()] = function(theta)
            return known[theta.tobytes()]

        return ask


    theta, chosen, walked, cliffs = origin, [], [origin], []
    value, slope = counted(bend.value), counted(bend.grad)
    while asked < budget:
        first = 2 * chosen[-1] if chosen else 1.0
        chosen.append(backtracking_line_search(value, slope, theta, first))
        h00, h01 = 2 - 400 * theta[1] + 1200 * theta[0] ** 2, -400 * theta[0]
        cliffs.append(2 / np.abs(np.linalg.eigvalsh([[h00, h01], [h01, 200.0]])).max())
        theta = theta - chosen[-1] * slope(theta)
        walked.append(theta)

    lrs = np.geomspace(1e-4, 2e-2, 24)
    with np.errstate(all="ignore"):
        fixed = [bend(gradient_descent(bend.grad, origin, lr, budget)[-1]) for lr in lrs]
    better = int((np.array(fixed) < bend(theta)).sum())
    fig, (top, middle, bottom) = plt.subplots(3, 1, figsize=(7.0, 9.6), height_ratios=(1.4, 0.8, 1.2))
    plots.contour_with_paths(
        lambda at: np.log10(1e-3 + bend(at)), {"backtracking": np.array(walked)}, top, xlabel=r"$\theta_1$",
        ylabel=r"$\theta_2$", minimum=(1, 1), window=(-1.6, 1.4, -0.4, 1.6),
    )
    top.get_legend().remove()
    middle.semilogy(chosen, color=plots.GREEN, linewidth=1, label=r"accepted $\alpha$")
    middle.semilogy(cliffs, "--", color=plots.INK, linewidth=1.2, label="the cliff $2/L$ of the place")
    middle.set(xlabel="step", ylabel=r"$\alpha$")
    middle.legend(loc="lower right", fontsize=9)
    within = np.quantile(np.array(chosen) / cliffs, [0.02, 0.98])
    plots.sweep(
        lrs, fixed, bottom, start_loss=bend(origin), xlabel=r"learning rate $\alpha$, fixed",
        ylabel="loss after\n3,000 evaluations",
    )
    bottom.axhline(bend(theta), color=plots.GREEN, label="backtracking, untuned")
    bottom.legend(loc="lower left")
    plots.finding(fig, f"Backtracking, untuned, is beaten by {better} of 24 fixed rates")
    plt.show()
    print(f"best fixed alpha: {np.nanmin(fixed):.4f} at {lrs[np.nanargmin(fixed)]:.5f}    backtracking: {bend(theta):.4f}")
    print(f"backtracking took {len(chosen)} steps; nearly all were {within[0]:.1f} to {within[1]:.1f} times the cliff of their place")

# %% [markdown]
# The best fixed rate was found by 24 runs; backtracking had one. In the middle picture you see the lengths that it found by
# itself, beside the cliff of the place where it stood: never far from it, while the cliff itself moves on the way. Its
# weakness shows when the loss itself is noisy (unit 03): then a test of "did it go down?" means little, and fixed
# schedules are the rule.

# %% [markdown]
# ## A model that learns from images
#
# Now for a loss with 7,840 parameters. **Softmax regression** multiplies the pixels of an image by one weight per pixel
# and class, and turns the sums into probabilities. With one image a row of $X$ $(N, D)$ and the weights $W$ $(D, K)$,
# without a bias:
#
# $$Z = XW, \qquad P_{ik} = \frac{e^{Z_{ik}}}{\sum_j e^{Z_{ij}}}, \qquad J(W) = -\frac1N \sum_i \log P_{i, y_i}, \qquad
# \nabla_W J = \frac1N X^\top (P - Y)$$
#
# $Y$ $(N, K)$ holds a 1 in each row, in the column of its label, and 0 elsewhere. Softmax and cross-entropy are unit
# 01's. You write their three lines again here, inside the training loop, so that this unit does not depend on that one.
# If you have them: copy them over from your notebook.
#
# ### Exercise: `fit_softmax_regression`
#
# Note each loss **before** the step, so that the first one is the loss of the untrained model. It must be $\log K$:
# with all weights 0 every class has probability $1/K$. And a pixel may be 255 and a logit in the thousands:
# `np.exp(1000)` is `inf`.


# %% exercise="fit_softmax_regression"
def fit_softmax_regression(X, y, lr, steps):
    """Gradient descent from W = 0 on the mean cross-entropy of softmax(X W); no bias.

    X: (N, D) floats.  y: (N,) whole numbers from 0 to K - 1.  lr: a number.  steps: how many.
    Returns W (D, K) after the last step, and losses (steps,): losses[t] is J before step t.
    """
    rows, Y = np.arange(len(y)), np.eye(y.max() + 1)[y]
    W = np.zeros((X.shape[1], Y.shape[1]))
    losses = np.zeros(steps)
    for t in range(steps):
        ### BEGIN SOLUTION
        Z = X @ W
        Z = Z - Z.max(axis=1, keepdims=True)
        log_p = Z - np.log(np.exp(Z).sum(axis=1, keepdims=True))
        losses[t] = -log_p[rows, y].mean()
        W = W - lr * X.T @ (np.exp(log_p) - Y) / len(y)
        ### END SOLUTION
    return W, losses


# %% [markdown]
# <details><summary>Hint 1: the first loss is not log K</summary>
#
# `losses[t]` is to be computed from the $W$ that the step starts with. In the first step that is all zeros: all logits
# are 0, all probabilities $1/K$.
# </details>
#
# <details><summary>Hint 2: the loss rises, or starts at log N</summary>
#
# Rows are examples. Each row of $P$ adds up to 1, so the sum runs along `axis=1`, and `keepdims=True` keeps it a column
# that divides row by row. Then follow the gradient *down*.
# </details>
#
# <details><summary>Hint 3: the loss is right, the weights are not</summary>
#
# The loss is a mean over $N$ examples; so is its gradient. `Y` is given, with its ones in the right places: $P - Y$ is
# all you need.
# </details>
#
# <details><summary>Hint 4: NaN or infinity, or a loss that stops at 27.6 or 36</summary>
#
# Two remedies, both exact. Subtract each row's largest logit from the row: the probabilities stay the same and `exp`
# gets nothing above 0. And do not take the logarithm of a probability that may have become 0:
# $\log P_{ik} = Z_{ik} - \log \sum_j e^{Z_{ij}}$ needs no $P$.
# </details>

# %% check="fit_softmax_regression"
check("fit_softmax_regression")

# %% [markdown]
# ### Where is its cliff?
#
# The loss is no quadratic, but near any $W$ it looks like one. At $W = 0$ its largest curvature is
# $L_0 = \lambda_\text{max}(X^\top X / N) / K$. So your `max_stable_lr` knows how long the first steps may be, from the
# images alone, before anything is trained. And `power_iteration` knows it without that matrix: multiplying by $X^\top X$
# takes two products with $X$.
#
# One more idea, from unit 00. Pixels are never negative, so all images share one large direction: brightness.
# Subtracting the mean image from every image takes it away. What would that do to the learning rates?

# %% given="images"
fashion = load_fashion_mnist(flatten=True, dtype=np.float64)
X, y = subset(fashion.X_train, fashion.y_train, 600)
mean_image = X.mean(axis=0)
INPUTS = {"raw pixels": X, "minus the mean image": X - mean_image}
TESTS = {"raw pixels": fashion.X_test, "minus the mean image": fashion.X_test - mean_image}

# %%
predict(
    "centred",
    ...,
    options={
        "a": "Nothing: the images differ from each other as much as before.",
        "b": "With images minus their mean, learning rates several times as large still work.",
        "c": "They need smaller ones, since pixels are negative now.",
    },
)

# %% folded=true
with waits_for("max_stable_lr", "power_iteration", "fit_softmax_regression"):
    limits, best, results = {}, {}, {}
    for name, images in INPUTS.items():
        limits[name] = max_stable_lr(images.T @ images / len(images) / 10)
        lrs = limits[name] * np.array([0.1, 0.2, 0.4, 0.7, 1.0, 1.4, 2.0, 3.0])
        runs = [fit_softmax_regression(images, y, lr, 40)[1] for lr in lrs]
        last, rose = np.array([run[-5:].mean() for run in runs]), np.array([(np.diff(run) > 0).any() for run in runs])
        best[name] = lrs[last.argmin()]
        results[name] = lrs, last, rose
        L, _ = power_iteration(lambda w, A=images: A.T @ (A @ w) / len(A) / 10, np.zeros(784), np.ones(784), 10)
        print(f"{name:21}  limit {limits[name]:.2f}, by ten products {2 / L:.2f}   best of the eight {best[name]:.2f}   "
              f"its loss {last.min():.3f}")

    ax = plt.subplots()[1]
    looks = (plots.BLUE, "o", "-"), (plots.VERMILLION, "s", "-.")
    for (name, (lrs, last, rose)), (colour, mark, style) in zip(results.items(), looks, strict=True):
        ax.semilogx(lrs, last, style, color=colour, label=name)
        ax.plot(lrs[~rose], last[~rose], mark, color=colour)
        ax.plot(lrs[rose], last[rose], "x", color=colour, markersize=9, markeredgewidth=2.5)
        ax.axvline(limits[name], color=colour, linestyle="--", linewidth=1.4)
    ax.plot([], [], "x", color=plots.INK, markersize=9, markeredgewidth=2.5, label="the loss rose on the way")
    ax.plot([], [], "--", color=plots.INK, linewidth=1.4, label="limit, computed from the images")
    ax.set(xlabel=r"learning rate $\alpha$", ylabel="loss after 40 steps (mean of the last 5)", ylim=(0, 2.0))
    ax.legend()
    plots.finding(ax, "Subtracting the mean image moves the cliff, and all good learning rates with it")
    plt.show()

    moved = limits["minus the mean image"] / limits["raw pixels"]
    print(f"the limit is {moved:.1f} times as large without the mean image")
    reveal(
        "centred",
        "b" if moved > 2 else "c" if moved < 0.7 else "a",
        because="The mean image was the steepest direction by far: along it, all images pull together. Without it, the "
        "largest eigenvalue of X^T X / N is several times smaller.",
    )

# %% [markdown]
# The crosses, where the loss saw-toothed, begin close to the dashed lines: a few lines of linear algebra knew where.
# But beyond its cliff this loss does not explode as the quadratic did; it rattles. The slope of cross-entropy is
# bounded, and the curvature changes as the model becomes sure of itself, so a learning rate that was too long for the
# first steps may suit the later ones.
#
# That is also why the best rate of the print may lie a little *beyond* the limit. "Stay below $2/L$" is exact for quadratics;
# for a network it tells you where to look, and from there on you try. (One set of 600 images and 40 steps: the exact place
# of the best is no law.)

# %% [markdown]
# ### Training it
#
# Each kind of input gets its own best learning rate from the picture above: 600 images, 100 steps. Guessing would be
# right in 10% of the test images. How often will this model, one multiplication by a matrix, be right about images that
# it has never seen?

# %%
predict("accuracy", ..., options={"a": "about 25%", "b": "about 50%", "c": "about 80%", "d": "about 97%"})

# %% folded=true
with waits_for("max_stable_lr", "fit_softmax_regression"):
    marks = (1, 3, 10, 30, 100)
    losses, accuracy, weights = {}, {}, {}
    for name, images in INPUTS.items():
        accuracy[name] = [0.1]
        for steps in marks:
            weights[name, steps], losses[name] = fit_softmax_regression(images, y, best[name], steps)
            guesses = (TESTS[name] @ weights[name, steps]).argmax(axis=1)
            accuracy[name].append((guesses == fashion.y_test).mean())
        print(f"{name:21}  first loss {losses[name][0]:.4f} (log 10 is {np.log(10):.4f}), last {losses[name][-1]:.3f}")
        print(" " * 23 + "test accuracy after 30 and 100 steps: {:.1%}, {:.1%}".format(*accuracy[name][-2:]))

    fig, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.9))
    plots.loss_curves(losses, left, xlabel="step", ylabel="training loss")
    left.get_legend().remove()
    for (name, values), mark in zip(accuracy.items(), "os", strict=True):
        right.plot((0, *marks), values, marker=mark, label=name)
    right.set_xscale("symlog", linthresh=1, linscale=0.4)
    right.set_xticks((0, *marks), [str(mark) for mark in (0, *marks)])
    right.minorticks_off()
    right.set(xlabel="steps taken", ylabel="test accuracy", ylim=(0, 1))
    right.legend(loc="lower right")
    plots.finding(fig, f"Minus the mean image, 30 steps reach {accuracy['minus the mean image'][-2]:.1%}; raw, 100 reach {accuracy['raw pixels'][-1]:.1%}")
    plt.show()

    final, wrong, tops = accuracy["minus the mean image"][-1], guesses != fashion.y_test, (0, 2, 4, 6)
    alike = (np.isin(fashion.y_test, tops) & np.isin(guesses, tops))[wrong].mean()
    reveal(
        "accuracy",
        min({"a": 0.25, "b": 0.5, "c": 0.8, "d": 0.97}.items(), key=lambda item: abs(item[1] - final))[0],
        because="Most kinds of clothing can be told apart by which pixels are bright. "
        f"{alike:.0%} of the mistakes confuse shirts, T-shirts, pullovers and coats, whose outlines are alike; networks with hidden layers see more (unit 07).",
    )

# %% [markdown]
# The first loss is $\log 10$, as it must be: nothing is learned yet. And the gain above came from
# no change to the optimizer: it was one line of preprocessing, which brought the steepest curvature down.
#
# What has it learned? Each column of $W$ has one weight per pixel: it is an image itself.

# %%
with waits_for("max_stable_lr", "fit_softmax_regression"):
    templates = {steps: weights["minus the mean image", steps].T.reshape(10, 28, 28) for steps in (10, 100)}
    fig, axes = plt.subplots(2, 1, figsize=(7.0, 7.4))
    for ax, (steps, images) in zip(axes, templates.items(), strict=True):
        plots.image_grid(images, fashion.class_names, ax, columns=5, signed=True)
        ax.set_title(f"after {steps} steps")
    plots.finding(fig, "After 10 steps, each class has its silhouette; after 100, grains on top of it")
    plt.show()

# %% [markdown]
# Violet pixels speak for the class when they are brighter than in the mean image, orange ones against it: trousers must be dark between the
# legs, a T-shirt has short sleeves and nothing beneath them, an ankle boot has a shaft. After 100 steps the training
# loss is far lower than after 30; compare that with what the print above shows for new images. And over many
# silhouettes lie grains, single pixels: the model has begun to learn its 600 training images by heart. Unit 06 is about
# that.

# %% [markdown]
# ## Clinic: the descent that walked past the cliff
#
# Somebody fits a line $y \approx \theta_1 x + \theta_2$ to 40 points, by gradient descent on
# $J(\theta) = \frac{1}{2N} \sum_i (\theta_1 x_i + \theta_2 - y_i)^2$. There is no error message, and the last point
# even fits the data. Still, two things are strange. Run the next three cells and look.


# %% exercise="clinic_02"
def clinic_02(x, y, lr, steps):
    """Fit y = theta[0] * x + theta[1] by gradient descent from (0, 0) on half the mean squared error.

    x, y: (N,).  Returns the path, (steps + 1, 2) floats, the start included.
    """
    ### BEGIN SOLUTION
    theta = np.zeros(2)
    path = [theta]
    for _ in range(steps):
        error = theta[0] * x + theta[1] - y
        theta = theta - lr * np.array([np.mean(error * x), np.mean(error)])
        path.append(theta)
    return np.array(path)
    ### END SOLUTION
    ### BEGIN STUB
    # theta = np.zeros(2)
    # path = [theta]
    # for _ in range(steps):
    #     theta[0] -= lr * np.mean((theta[0] * x + theta[1] - y) * x)
    #     theta[1] -= lr * np.mean(theta[0] * x + theta[1] - y)
    #     path.append(theta)
    # return np.array(path)
    ### END STUB


# %% given="line"
rng = np.random.default_rng(2)
x_line = rng.uniform(0.5, 1.5, size=40)
y_line = 2 * x_line - 1 + rng.normal(0, 0.2, size=40)
columns = np.stack([x_line, np.ones(40)], axis=1)
line = Quadratic(columns.T @ columns / 40, columns.T @ y_line / 40)  # the same loss, up to a constant

# %% folded=true
with waits_for("gradient_descent", "clinic_02"):
    cliff = 2 / line.L

    def excess(theta):
        """The loss above the smallest possible one."""
        return max(line(theta) - line(line.minimizer), 1e-12)  # below that, rounding

    def walks(lr, steps):
        """The two codes' paths, on the same loss from the same start."""
        theirs = clinic_02(x_line, y_line, lr, steps)
        return {"clinic_02": theirs, "your gradient_descent": gradient_descent(line.grad, np.zeros(2), lr, steps)}

    lrs = cliff * np.geomspace(0.25, 2, 22)
    curves = {name: [excess(theta) for theta in path] for name, path in walks(0.9 * cliff, 40).items()}
    far = [{name: excess(path[-1]) for name, path in walks(lr, 60).items()} for lr in lrs]
    ends = {name: [losses[name] for losses in far] for name in curves}

    fig, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.9))
    plots.loss_curves(curves, left, xlabel="step", ylabel="loss above the smallest", logy=True)
    left.lines[-1].set_linestyle("--")
    left.legend()
    plots.sweep(
        lrs, ends, right, start_loss=excess(np.zeros(2)), limit=(cliff, "2 / L"),
        xlabel=r"learning rate $\alpha$", ylabel="the same, after 60 steps",
    )
    right.set_xticks([0.25, 0.5, 1, 2], ["0.25", "0.5", "1", "2"])
    right.minorticks_off()
    right.get_legend().remove()
    path = clinic_02(x_line, y_line, 0.9 * cliff, 40)
    agree = np.allclose(curves["clinic_02"], curves["your gradient_descent"])
    healthy, ill = "Healthy: both descend alike, and both have a cliff", "Not healthy yet: the two codes part"
    plots.finding(fig, healthy if agree else ill)
    plt.show()
    first, final, optimum = path[0].round(3), path[-1].round(3), line.minimizer.round(3)
    print(f"the first row of its path: {first}    the last: {final}    the best line: {optimum}")

# %% [markdown]
# **Symptom 1**, left: its loss is the same from start to end, and the first row of its path is not the start $(0, 0)$.
# **Symptom 2**, right: at learning rates at which gradient descent on this very loss *must* diverge, it converges (a
# cross marks a run that ends above its start). Too good to be true: whatever this is, it is not gradient descent. Find
# both causes and repair `clinic_02`. When it is healthy, the picture says so.
#
# <details><summary>Hint 1: where does the flat line come from?</summary>
#
# Print `path[0] is path[1]` inside the function, before it returns. How many arrays are there? You met this in the
# second exercise.
# </details>
#
# <details><summary>Hint 2: why is there no cliff?</summary>
#
# Go through one step with a pencil, line by line. In the line that moves `theta[1]`, which value does `theta[0]` have:
# the one from before the step? The gradient belongs to *one* point.
# </details>

# %% check="clinic_02"
check("clinic_02")

# %% [markdown]
# Updating one coordinate after the other is a respectable method of its own (coordinate descent). But it has other
# limits and another speed, and whoever takes it for gradient descent draws wrong conclusions from it. What gave it away
# was a theory: it said that there *must* be a cliff. A result that is better than possible is a bug report.

# %% [markdown]
# ## Quiz
#
# Put the letter of the best answer in quotes, such as `"b"`, in place of the dots. Your feedback, or `./course check 02`,
# says which answer is right and why the others are not.
#
# **q1.** A new model's loss rises at the very first step. It does so with $\alpha = 0.1$, with $10^{-3}$ and
# with $10^{-6}$. What is it?
# - a) the learning rate is above $2/L$
# - b) the problem is ill-conditioned
# - c) the step goes along the gradient instead of against it, or the gradient is wrong
# - d) the start is at a local minimum or a saddle
#
# **q2.** A quadratic has the curvatures 10 and 0.1. Which learning rate ends closest to the minimum after many steps?
# - a) 0.1
# - b) 0.198
# - c) 0.2
# - d) 10
#
# **q3.** The contours of one valley are ellipses 3 times as long as wide, those of another 30 times. Each gets its own best
# learning rate. Roughly how many times as many steps does the second one need?
# - a) as many as the first
# - b) 10 times
# - c) 1,000 times
# - d) 100 times
#
# **q4.** Why are all coordinates moved at once, with one gradient?
# - a) because the gradient belongs to one point: moving half-way through makes it another method
# - b) because otherwise the descent never converges
# - c) because otherwise every problem, even a bowl along the axes, gives other points
# - d) only because numpy is faster that way
#
# **q5.** You train a model whose curvature nobody knows. How do you find a learning rate?
# - a) take 0.01, it works everywhere
# - b) go up in factors until the loss rises or saw-tooths, step back, and compare full runs
# - c) make one step with each candidate and keep the one with the lowest loss after it
# - d) keep the smallest candidate: it is surely stable

# %% exercise="quiz_02"
### BEGIN SOLUTION
quiz_02 = {"q1": "c", "q2": "b", "q3": "d", "q4": "a", "q5": "b"}
### END SOLUTION
### BEGIN STUB
# quiz_02 = {"q1": ..., "q2": ..., "q3": ..., "q4": ..., "q5": ...}
### END STUB

# %% check="quiz_02"
check("quiz_02")

# %% [markdown]
# ## Recap
#
# - **Gradient descent:** $\theta_{t+1} = \theta_t - \alpha \, \nabla J(\theta_t)$. The gradient is taken once per step,
#   at one point, for all coordinates.
# - **A tiny step** gains $\alpha \, \|\nabla J\|^2$. If the loss rises even then, a sign or the gradient is wrong.
# - **On a quadratic** each direction of curvature $\lambda$ is multiplied by $1 - \alpha\lambda$ per step.
# - **The cliff:** $\alpha < 2/L$. **The best:** $\alpha = 2/(L + \mu)$, with $\rho = (\kappa - 1)/(\kappa + 1)$ and
#   $\kappa = L/\mu$. The number of steps grows like $\kappa$.
# - **Power iteration:** multiply a direction by the curvature, $Av \approx (\nabla J(\theta + \epsilon v) - \nabla
#   J(\theta))/\epsilon$, and scale it to length 1, again and again: its length before scaling becomes $L$.
# - **Armijo:** accept a step if $J(\theta - \alpha \nabla J) \le J(\theta) - c \, \alpha \, \|\nabla J\|^2$.
# - **Softmax regression:** $\nabla_W J = X^\top (P - Y) / N$; it starts at $\log K$. Rescaling or centring the inputs
#   changes $L$ and $\kappa$, and with them every good learning rate.

# %% [markdown]
# ## Think about it
#
# A colleague trains a model. The loss falls quickly for 20 steps and then crawls. She doubles the learning rate: it
# explodes. She halves it: it crawls even more slowly. In four to seven sentences, to be read by a person: explain to
# her, with the words *steep*, *flat* and *curvature*, why all three happened, and name two things other than the
# learning rate that could help, each with its reason.

# %% [markdown] points=3 reflection="reflection_02"
# ### BEGIN SOLUTION
# Your loss has directions of very different curvature. In the 20 fast steps the steep directions arrived at the bottom;
# what crawls since then are the flat ones, whose gradient is small, so that each step moves them little. The learning
# rate is limited by the steepest direction: above 2/L each step overshoots there by more than it corrects, and that is
# the explosion you saw. Halving it makes the flat directions, which are far from any limit, half as fast. So no single
# learning rate helps: the condition number is too large. Two things can: standardize or centre the inputs, which makes
# the curvatures more alike, so that the same learning rate fits all directions better; or use momentum, which adds up
# the many small steps along the flat direction and cancels the to and fro across.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# 1 point: the crawl is explained by flat directions that are left over (not by a local minimum or "too few data"). 1
# point: the explosion is explained by the steepest direction and its limit 2/L, and why halving slows the flat ones
# down. 1 point: two fitting remedies with a reason each: rescaling, centring or otherwise preconditioning the inputs;
# momentum; a step length for each parameter (Adam); second-order methods. "More steps" or "another learning rate" is
# none.
# ### END MARK SCHEME

# %% [markdown]
# ## Going further
#
# - G. Goh, [Why Momentum Really Works](https://distill.pub/2017/momentum/) (Distill, 2017): this unit's directions and
#   factors, to play with; its source is [public](https://github.com/distillpub/post--momentum). A good bridge to
#   unit 04.
# - J. Cohen, S. Kaur, Y. Li, J. Z. Kolter, A. Talwalkar, [Gradient Descent on Neural Networks Typically Occurs at the
#   Edge of Stability](https://arxiv.org/abs/2103.00065) (2021), with
#   [code](https://github.com/locuslab/edge-of-stability): with all examples in each step,
#   real networks walk to the cliff by themselves and stay there.
# - S. Vaswani and others, [Painless Stochastic Gradient](https://arxiv.org/abs/1905.09997) (2019), with
#   [code](https://github.com/IssamLaradji/sls): backtracking for noisy gradients.
# - S. Boyd, L. Vandenberghe, [Convex Optimization](https://web.stanford.edu/~boyd/cvxbook/) (2004), chapter 9: descent
#   methods and backtracking, with proofs.
# - H. Xiao, K. Rasul, R. Vollgraf, [Fashion-MNIST](https://arxiv.org/abs/1708.07747) (2017), with [data and
#   code](https://github.com/zalandoresearch/fashion-mnist).
#
# Next: [03 SGD](../03_sgd/03_sgd.ipynb), where each step sees only a few of the examples.
