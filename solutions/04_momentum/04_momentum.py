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
# # 04 · Momentum
#
# **After this unit you can** write steps that remember where they came from (momentum, Nesterov) and steps that measure
# their gradients (AdaGrad, RMSProp), say how far momentum's cliff lies and how much time it saves, tell its three
# conventions apart in anybody's code, say which method helps in which kind of ravine, and write an optimizer class that
# looks after many parameters.
#
# | time | difficulty | builds on |
# |---|---|---|
# | 120 to 150 minutes, in two sittings | ●●●○○ | the cliff at $2/L$ ([02 Gradient descent](../02_gradient_descent/02_gradient_descent.ipynb)) |
#
# Each check below runs your function on a few inputs and explains what it sees. If you skipped earlier units: nothing
# here needs your answers from there. Cells that show only three dots draw the pictures: run them, you need not read them.

# %% given="setup"
try:
    from course_lib import check, plots, predict, reveal, waits_for
except ModuleNotFoundError as error:
    raise SystemExit(f"{error}: run ./course start in the course's folder, or see docs/running.md") from None

import matplotlib.pyplot as plt
import numpy as np

from course_lib.data import load_fashion_mnist, subset
from course_lib.objectives import Quadratic

plots.use_style()

# %% [markdown]
# ## A ball that rolls
#
# Lena builds a thermostat. Every night its small processor learns how much heating the house needs, from two thermometers
# in the hall. The two nearly always agree (their correlation is 0.98), so their sum is easy to learn and their difference
# hard: the loss is a narrow valley, 100 times as steep across as along its floor ($\kappa = 1.98/0.02 \approx 100$). Plain
# descent needs hundreds of steps there, even with the best learning rate. The battery lasts for about one hundred.
#
# Gradient descent forgets everything at every step. In such a valley it spends nearly all of its travel jumping across,
# to and fro, and creeps along the floor, step after step in the same direction. A heavy ball would do better:
# what points one way each time adds up, and what points to and fro cancels. So we keep a **velocity**, a fading sum of
# the gradients, and move by that:
#
# $$v_t = \beta\, v_{t-1} + \nabla J(\theta_t), \qquad \theta_{t+1} = \theta_t - \alpha\, v_t, \qquad v_0 = 0$$
#
# $\beta$ says how much of the velocity is kept. With $\beta = 0$ there is no memory, and this is gradient descent;
# with 0.9 the ball rolls on. This is **momentum**, or heavy ball (Polyak, 1964), just as `torch.optim.SGD` writes it.
#
# ### Exercise: `momentum_step`
#
# One step. It gets the velocity from before and hands back the new one, so that the next step can go on from it. Both
# are new arrays; the old ones stay as they were.


# %% exercise="momentum_step"
def momentum_step(theta, velocity, grad, lr, beta):
    """One step of momentum: v_t = beta v_{t-1} + grad, theta_{t+1} = theta_t - alpha v_t.

    theta, velocity, grad: arrays of one shape, any shape.  lr: alpha.  beta: from 0 to below 1.
    Returns (theta, velocity), two new arrays.
    """
    ### BEGIN SOLUTION
    velocity = beta * velocity + grad
    return theta - lr * velocity, velocity
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: my steps have the wrong length, or go wrong from the second one on</summary>
#
# A gradient of 1 at every step, $\beta = 0.9$: the velocities are 1, 1.9, 2.71, ... Each gradient enters in full, the
# first like all the others (it is a sum, not an average), and the old velocity fades by $\beta$. Nothing else is added.
# </details>
#
# <details><summary>Hint 2: my theta is right and the velocity is not, or everything is mirrored</summary>
#
# In this convention the velocity is made of gradients alone: no minus sign, no learning rate. Both come in when theta
# moves.
# </details>
#
# <details><summary>Hint 3: the first step is right, the later ones are not (or the other way round)</summary>
#
# There are two velocities in your function: the one that came in and the new one. Which one moves theta? Which one is
# handed back? And in which order do the two values leave the function?
# </details>
#
# <details><summary>Hint 4: "changed its argument in place"</summary>
#
# `velocity *= beta` writes into the array that you were given. `beta * velocity` makes a new one.
# </details>

# %% check="momentum_step"
check("momentum_step")

# %% [markdown]
# To use a step you have to carry its state along. This helper does that for every step function of this unit, all of
# which take `(theta, state, grad, lr, ...)` and return `(theta, state)`:

# %% given="walk"
def walk(step, grad, start, lr, steps, **settings):
    """The path of an optimizer whose state starts at zero, (steps + 1, d); `grad` is a function of theta."""
    theta, state = np.array(start, dtype=float), np.zeros(len(start))
    path = [theta]
    for _ in range(steps):
        theta, state = step(theta, state, grad(theta), lr, **settings)
        path.append(theta)
    return np.array(path)


# %% [markdown]
# A long slope: the gradient is 1 everywhere. With $\alpha = 0.1$, gradient descent takes steps of 0.1. With $\beta = 0.9$,
# how long are the steps after a while?

# %%
predict(
    "lasting_slope",
    ...,
    options={
        "a": "0.1 too: the slope is the same",
        "b": "0.19: the last gradient and 0.9 of the one before",
        "c": "1.0: ten times as long",
        "d": "They grow for ever.",
    },
)

# %% folded=true
with waits_for("momentum_step"):
    class Alternating:
        """A gradient that changes sign at every step: +1, -1, +1, ..."""

        def __init__(self):
            self.sign = -1.0

        def __call__(self, theta):
            self.sign = -self.sign
            return np.array([self.sign])

    def step_lengths(grad, beta):
        """The lengths of 80 steps with alpha = 0.1, in alpha."""
        return np.abs(np.diff(walk(momentum_step, grad, [0.0], 0.1, 80, beta=beta)[:, 0])) / 0.1

    longest = np.abs(np.diff(walk(momentum_step, lambda theta: np.ones(1), [0.0], 0.1, 200, beta=0.9)[:, 0]))[-1]
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.9), sharey=True)
    for beta, style in ((0.0, "-"), (0.5, "--"), (0.9, "-."), (0.95, ":")):
        on, fro = step_lengths(lambda theta: np.ones(1), beta), step_lengths(Alternating(), beta)
        left.plot(np.arange(1, 81), on, style, label=rf"$\beta$ = {beta}")
        print(f"beta = {beta:<5} last step on the lasting slope: {on[-1]:5.2f} alpha (1/(1-beta) = {1 / (1 - beta):5.2f}),   "
              f"to and fro: {fro[-1]:.3f} alpha (1/(1+beta) = {1 / (1 + beta):.3f})")
        if beta in (0.0, 0.9):  # four zig-zags over one another would hide each other
            right.plot(np.arange(1, 81), fro, "-" if beta == 0 else ".-", linewidth=1.4, color=left.lines[-1].get_color())
    right.axhline(1 / 1.9, color=plots.MUTED, linewidth=1.2)
    right.text(40, 0.3, r"$1/(1+\beta)$, $\beta$ = 0.9", color=plots.MUTED)
    left.set(yscale="log", xlabel="step", ylabel=r"length of the step, in $\alpha$", title="gradient always +1")
    right.set(xlabel="step", title=r"gradient +1, $-$1, +1, ...")
    right.tick_params(labelleft=True)
    left.set_yticks([0.1, 0.2, 0.5, 1, 2, 5, 10, 20], ["0.1", "0.2", "0.5", "1", "2", "5", "10", "20"])
    left.minorticks_off()
    right.minorticks_off()
    left.legend()
    plots.finding(fig, "Momentum lengthens the steps where gradients agree and shortens them where they alternate")
    plt.show()

    reveal(
        "lasting_slope",
        min({"a": 0.1, "b": 0.19, "c": 1.0, "d": 1e9}.items(), key=lambda item: abs(item[1] - longest))[0],
        because="The velocity becomes 1 + 0.9 + 0.81 + ... = 1/(1 - 0.9) = 10, and stays there.",
    )

# %% [markdown]
# On a lasting slope every step becomes $1/(1-\beta)$ times as long; against a gradient that flips each time, it shrinks
# to $1/(1+\beta)$, about half. One number, $\beta$, does both, and it is what the narrow valley needs: long steps along
# the floor, short ones across. It also means: **whoever turns momentum on has changed the learning rate.**

# %% [markdown]
# ## How far: the new cliff
#
# In a valley of curvature $L$, plain descent comes closer as long as $\alpha < 2/L$, and diverges beyond (unit 02). Now
# you turn on momentum with $\beta = 0.9$. Where is the cliff?

# %%
predict(
    "cliff",
    ...,
    options={
        "a": "ten times nearer: the steps are ten times as long",
        "b": "where it was, at 2/L",
        "c": "nearly twice as far away",
        "d": "ten times as far away",
    },
)

# %% folded=true
with waits_for("momentum_step"):
    steepness = np.linspace(0.02, 4.4, 220)  # alpha L: the learning rate is 1, and each entry has a curvature of its own

    def factor_per_step(beta):
        """What a step multiplies the distance by, on average from step 60 to step 120; one number for each alpha L."""
        theta, velocity = np.ones(len(steepness)), np.zeros(len(steepness))
        far = []
        for _ in range(120):
            theta, velocity = momentum_step(theta, velocity, steepness * theta, 1.0, beta)
            far.append(np.abs(theta))
        early, late = np.max(far[20:60], axis=0), np.max(far[80:], axis=0)
        return (late / np.maximum(early, 1e-300)) ** (1 / 60)

    ax = plt.subplots()[1]
    last_good = {}
    for beta, style in ((0.0, "-"), (0.5, "--"), (0.9, "-.")):
        factor = factor_per_step(beta)
        last_good[beta] = steepness[factor < 1 - 1e-9].max()
        ax.plot(steepness, factor, style, label=rf"$\beta$ = {beta}")
        print(f"beta = {beta}: still comes closer at alpha L = {last_good[beta]:.2f}, no more at {last_good[beta] + 0.02:.2f}")
    ax.axhline(1, color=plots.MUTED, linewidth=1.2)
    ax.text(0.05, 1.03, "above this line it diverges", color=plots.MUTED)
    ax.set(xlabel=r"$\alpha L$", ylabel="factor per step", ylim=(0, 1.5), xlim=(0, 4.4))
    ax.legend(loc="lower right")
    further = last_good[0.9] / last_good[0.0]
    plots.finding(ax, rf"With $\beta$ = 0.9 heavy ball tolerates {further:.1f} times the learning rate of plain descent")
    plt.show()
    reveal(
        "cliff",
        min({"a": 0.1, "b": 1.0, "c": 1.9, "d": 10.0}.items(), key=lambda item: abs(np.log(item[1] / further)))[0],
        because="At the cliff the gradient changes its sign at every step. Then the velocity is a sum with alternating "
        "signs, and the steps get shorter, not longer.",
    )

# %% [markdown]
# Three numbers are printed. Can you guess the formula behind them? To be sure of it, take the velocity out of the
# recursion: $\alpha\, v_{t-1} = \theta_{t-1} - \theta_t$ is the last step, backwards. So, where the gradient is
# $L\,\theta$,
#
# $$\theta_{t+1} = \theta_t - \alpha L\, \theta_t + \beta\,(\theta_t - \theta_{t-1})$$
#
# In words: one step downhill, and $\beta$ of the last step once more. At plain descent's cliff, $\theta$ jumps from side to side
# for ever: 1, −1, 1, −1, … For which $\alpha$ does heavy ball do that? (That nothing else goes wrong before is known as
# Jury's criterion; the figure says the same.)
#
# ### Exercise: `momentum_limit`
#
# The learning rate at which heavy ball's cliff lies, for a curvature `L` and a `beta`. Either of the two may be an array;
# then hand back the limit for each entry.


# %% exercise="momentum_limit"
def momentum_limit(L, beta):
    """The limit for lr: below it momentum (v = beta v + grad, theta = theta - lr v) converges, above it it diverges.

    L: the curvature, positive.  beta: from 0 to below 1.  Numbers, or arrays that NumPy can multiply by each other.
    Returns the limit: a number, or an array with one limit for each entry.
    """
    ### BEGIN SOLUTION
    return 2 * (1 + beta) / L
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: mine is not 2/L where beta is 0</summary>
#
# Without momentum it has to be plain descent's limit: there $\theta - \alpha L\,\theta = -\theta$. The three printed
# numbers are one more test.
# </details>
#
# <details><summary>Hint 2: right without momentum, wrong with it</summary>
#
# Put $\theta_{t-1} = 1$, $\theta_t = -1$ and $\theta_{t+1} = 1$ into the recursion. How long was the last step, and
# which way does $\beta$ of it lead? Then solve for $\alpha$.
# </details>
#
# <details><summary>Hint 3: right for a curvature of 1, wrong for others</summary>
#
# $\alpha$ and $L$ occur only as their product. In a valley that is twice as steep, half the learning rate does the same.
# </details>
#
# <details><summary>Hint 4: an error, or one number, where L or beta is an array</summary>
#
# No `if`, no `min` and no loop is needed: NumPy calculates with arrays entry by entry, as if they were numbers.
# </details>

# %% check="momentum_limit"
check("momentum_limit")

# %% [markdown]
# So two numbers change when you turn on momentum 0.9. On a lasting slope, $\alpha$ makes steps that are $1/(1-\beta) = 10$
# times as long. Across the valley, $\alpha$ may be $1 + \beta = 1.9$ times as large before it diverges. A tenth of the old
# $\alpha$ keeps the long steps as they were and is the *safe first try*. It is seldom the best: from there, sweep upward.
#
# Play with one direction of a valley. On the left is where the ball goes; on the right is the map of all $\alpha L$ and
# $\beta$, with you as the black dot. First keep $\beta = 0.9$ and move `alpha_L` over the limit. Then find the $\beta$
# with which the ball arrives soonest at $\alpha L = 0.1$ (the title counts the steps): is it 0.9?

# %% folded=true
with waits_for("momentum_step", "momentum_limit"):
    momentum_limit(1.0, 0.9)  # nothing to play with before this works
    GRID_X, GRID_B = np.meshgrid(np.linspace(0.005, 4.4, 221), np.linspace(0, 0.995, 100))

    def eigenvalue_size(x, beta):
        """The factor per step in a long run: the larger root of z^2 - (1 + beta - x) z + beta, in absolute value."""
        half = (1 + beta - x) / 2
        root = np.sqrt(np.asarray(half**2 - beta, dtype=complex))
        return np.maximum(np.abs(half + root), np.abs(half - root))

    def draw(alpha_L=0.1, beta=0.9):
        """60 steps of heavy ball in one direction from 1, and the map of factors with the learner's limit."""
        path = walk(momentum_step, lambda theta: theta, [1.0], alpha_L, 60, beta=beta)[:, 0]
        fig, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.9), width_ratios=(1, 1.25))
        left.plot(np.clip(path, -2, 2), marker=".")
        left.axhline(0, color=plots.MUTED, linewidth=1.2)
        left.set(xlabel="step", ylabel=r"$\theta$, cut off at 2", ylim=(-2.05, 2.05))
        levels = (0, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0)
        shown = right.contourf(GRID_X, GRID_B, eigenvalue_size(GRID_X, GRID_B), levels, cmap="cividis")
        betas = np.linspace(0, 0.995, 100)
        right.plot(momentum_limit(1.0, betas), betas, color=plots.VERMILLION, linewidth=3)
        right.text(2.6, 0.1, "your limit", color=plots.WRONG_INK)
        xs = np.linspace(0, 1, 101)
        right.plot(xs, (1 - np.sqrt(xs)) ** 2, ":", color=plots.VERMILLION)
        right.text(0.52, 0.09, "above the dots,\nit swings", color="white", fontsize=8)
        right.plot(alpha_L, beta, "o", color="black", markeredgecolor="white", markersize=11)
        right.set(xlabel=r"$\alpha L$", ylabel=r"$\beta$", xlim=(0, 4.4), ylim=(0, 1))
        right.grid(False)
        fig.colorbar(shown, label="factor per step; white: above 1")
        factor = eigenvalue_size(alpha_L, beta)
        arrived = 61 - int(np.argmax(np.abs(path[::-1]) > 0.05))  # the step from which on it stays near the minimum
        when = f"within 0.05 from step {arrived} on" if arrived <= 60 else "not yet within 0.05 after 60 steps"
        verdict = "it diverges" if factor > 1 else f"{when}; in a long run a factor of {factor:.3f} per step"
        plots.finding(fig, rf"$\alpha L$ = {alpha_L:.2f}, $\beta$ = {beta:.2f}: {verdict}")

    plots.play(draw, alpha_L=(0.02, 4.4, 0.02), beta=(0.0, 0.99, 0.01))

# %% [markdown]
# At $\alpha L = 0.1$ a $\beta$ of 0.9 is too much: the ball arrives early and swings for long. On the dotted line, at
# $\beta = (1 - \sqrt{\alpha L})^2 \approx 0.47$, it glides in just without swinging, and its factor per step is
# the smallest. A little more, 0.6, is within 0.05 sooner still (from step 8 instead of 12), because a swing that small
# does no harm. With less $\beta$ it creeps.
#
# ## How fast
#
# In Lena's valley there are two directions, $\mu$ along the floor and $L = \kappa\mu$ across. Give each method its best
# setting: plain descent $\alpha = 2/(L + \mu)$ (unit 02), and heavy ball the best *pair* of $\alpha$ and $\beta$. From
# $\kappa = 100$ to $\kappa = 10{,}000$, plain descent needs a hundred times as many steps. And heavy ball?

# %%
predict(
    "root",
    ...,
    options={
        "a": "A hundred times as many, too; it is faster by a constant factor.",
        "b": "About ten times as many",
        "c": "About twice as many",
        "d": "Ten thousand times as many: the long way makes it swing.",
    },
)

# %% folded=true
with waits_for("momentum_step"):
    KAPPAS = np.array([3, 10, 30, 100, 300, 1000, 3000, 10000])

    def steps_to_a_millionth(kappas, lrs, beta):
        """How many steps until the distance stays below 1e-6 of the first one, in valleys of curvatures 1 and kappa."""
        slopes = lrs[:, None] * np.stack([np.ones(len(kappas)), kappas], axis=1)  # lr times curvature
        theta, velocity = np.ones(slopes.shape), np.zeros(slopes.shape)
        last, quiet, t = np.zeros(len(kappas), dtype=int), 0, 0
        while quiet < 50 + 3 * np.sqrt(kappas.max()) and t < 200_000:
            theta, velocity = momentum_step(theta, velocity, slopes * theta, 1.0, beta)
            t += 1
            far = np.hypot(theta[:, 0], theta[:, 1]) > 1e-6 * np.sqrt(2)
            last[far] = t
            quiet = 0 if far.any() else quiet + 1
        return last + 1

    plain = steps_to_a_millionth(KAPPAS, 2 / (KAPPAS + 1), 0.0)
    roots = np.sqrt(KAPPAS)
    heavy = np.array([
        steps_to_a_millionth(KAPPAS[[i]], 4 / (roots[[i]] + 1) ** 2, ((roots[i] - 1) / (roots[i] + 1)) ** 2)[0]
        for i in range(len(KAPPAS))
    ])
    slope = {
        name: np.polyfit(np.log(KAPPAS[2:]), np.log(counted[2:]), 1)[0]
        for name, counted in (("plain", plain), ("heavy", heavy))
    }
    ax = plt.subplots()[1]
    ax.loglog(KAPPAS, plain, marker="o", label=r"plain descent, best $\alpha$")
    ax.loglog(KAPPAS, heavy, marker="s", linestyle="--", label=r"heavy ball, best $\alpha$ and $\beta$")
    ax.loglog(KAPPAS, plain[3] * KAPPAS / 100, ":", color=plots.MUTED, label=r"slopes 1 and $\frac{1}{2}$")
    ax.loglog(KAPPAS, heavy[3] * roots / 10, ":", color=plots.MUTED)
    ax.axvline(100, color=plots.MUTED, linewidth=1.2)
    ax.text(108, 12, "Lena's valley", color=plots.MUTED)
    ax.set(xlabel=r"condition number $\kappa$", ylabel="steps to a millionth of the distance")
    ax.legend(loc="upper left")
    plots.finding(ax, rf"Plain descent's steps grow like $\kappa^{{{slope['plain']:.2f}}}$, heavy ball's like "
                  rf"$\kappa^{{{slope['heavy']:.2f}}}$")
    plt.show()
    for kappa, without, with_it in zip(KAPPAS, plain, heavy, strict=True):
        print(f"kappa = {kappa:6}   plain descent: {without:6} steps   heavy ball: {with_it:5} steps")
    growth = heavy[-1] / heavy[3]
    reveal(
        "root",
        min({"a": 100, "b": 10, "c": 2, "d": 10_000}.items(), key=lambda item: abs(np.log(item[1] / growth)))[0],
        because="What counts for heavy ball at its best is the root of kappa, and the root of 100 is 10.",
    )

# %% [markdown]
# This is *the* result about momentum on quadratics (Polyak, 1964), and you can read its reason off the figure with the
# three curves above: **the plateau**. Over a wide range of $\alpha L$ the factor per step is the same, namely $\sqrt\beta$.
# (Say a step multiplies by $z$, so $\theta_t = z^t$. For a direction of curvature $\lambda$ the recursion then reads
# $z^2 - (1 + \beta - \alpha\lambda)\,z + \beta = 0$. Where the ball swings, its two solutions are complex and of one size;
# their product is $\beta$.) The plateau reaches from $(1-\sqrt\beta)^2$ to $(1+\sqrt\beta)^2$. Choose $\alpha$ and $\beta$ so
# that the flattest direction lies at its left end and the steepest at its right end:
#
# $$\alpha = \frac{4}{(\sqrt L + \sqrt\mu)^2}, \qquad
# \sqrt\beta = \frac{\sqrt\kappa - 1}{\sqrt\kappa + 1}$$
#
# Then *all* directions shrink by $\sqrt\beta$ a step. For plain descent it was $(\kappa-1)/(\kappa+1)$: heavy ball puts
# $\sqrt\kappa$ in the place of $\kappa$. (The counted slope is a little above ½: at the very ends of the plateau the two
# solutions fall together, which costs a few more steps.) Lena's thermostat is ready before its battery is empty.
#
# In a network nobody knows $\mu$ and $L$. The usual $\beta = 0.9$ is the best one for $\kappa$ of about 1,400, 0.99 for about
# 160,000, and 0.67 for Lena's 100: put them into the formula. And no network is a quadratic: in a bowl whose curvature
# changes, heavy ball with this pair can circle for ever ([Lessard and others, 2016](https://arxiv.org/abs/1408.3595)).
# Nesterov's method, below, has a pair of its own that always arrives there.

# %% [markdown]
# > **A good place for a break.** You know how far the ball may roll and how much time it saves. When you come back, put the
# > cursor here and choose *Run > Run All Above Selected Cell*.

# %% [markdown]
# ## Three conventions, and where they part
#
# You will meet momentum written in three ways. Each is right, and mixing them is wrong:
#
# | name | velocity | step | where you meet it |
# |---|---|---|---|
# | sum, $\alpha$ outside | $v \leftarrow \beta v + g$ | $\theta \leftarrow \theta - \alpha v$ | `torch.optim.SGD`, this unit |
# | sum, $\alpha$ inside | $v \leftarrow \beta v + \alpha g$ | $\theta \leftarrow \theta - v$ | many papers and books; Keras (with $-v$) |
# | average | $v \leftarrow \beta v + (1-\beta)\, g$ | $\theta \leftarrow \theta - \alpha v$ | Adam's first moment (unit 05) |
#
# Look closely: all three are your `momentum_step`, handed other arguments. The second hands it $\alpha g$ for the
# gradient and 1 for the learning rate; the third hands it $(1-\beta)\,g$. On a lasting slope with $\beta = 0.9$ we let
# $\alpha$ drop to a tenth after step 30. The average gets ten times the $\alpha$ of the others, to make up for
# $1 - \beta$. Whose steps become ten times shorter *at once*?

# %%
predict(
    "drop",
    ...,
    options={
        "a": "all three: they are the same up to a rescaling",
        "b": r"the two with alpha outside the velocity",
        "c": r"the one with alpha inside the velocity",
        "d": "only the average",
    },
)

# %% folded=true
with waits_for("momentum_step"):
    beta, slope = 0.9, np.ones(1)
    handed = {  # what momentum_step gets for grad and for lr
        r"sum, $\alpha$ outside": lambda lr: (slope, lr),
        r"sum, $\alpha$ inside": lambda lr: (lr * slope, 1.0),
        r"average, with 10 $\alpha$": lambda lr: ((1 - beta) * slope, lr / (1 - beta)),
    }
    lengths = {}
    for name, convention in handed.items():
        theta, state, steps = np.zeros(1), np.zeros(1), []
        for t in range(1, 61):
            new, state = momentum_step(theta, state, *convention(0.1 if t <= 30 else 0.01), beta)
            steps.append(abs(new - theta)[0])
            theta = new
        lengths[name] = np.array(steps)

    ax = plt.subplots()[1]
    for (name, values), style in zip(lengths.items(), ("-", "--", ":"), strict=True):
        ax.plot(np.arange(1, 61), values, style, linewidth=4 if style == ":" else 2, label=name)
    ax.axvline(30.5, color=plots.MUTED, linestyle="--", linewidth=1.4)
    ax.text(31.2, 0.2, r"$\alpha$ drops to a tenth", color=plots.MUTED)
    ax.set(xlabel="step", ylabel="length of the step")
    ax.legend(loc="upper right")
    plots.finding(ax, r"The conventions walk alike until $\alpha$ drops: with $\alpha$ inside, old steps roll on")
    plt.show()
    for name, values in lengths.items():
        plain = name.replace(r"$\alpha$", "alpha")
        print(f"{plain:24} steps 1, 2, 30: {values[0]:.3f}, {values[1]:.3f}, {values[29]:.3f}"
              f"    steps 31, 32, 60: {values[30]:.3f}, {values[31]:.3f}, {values[59]:.3f}")
    short = [values[30] < 0.2 * values[29] for values in lengths.values()]
    reveal(
        "drop",
        {(True, True, True): "a", (True, False, True): "b", (False, True, False): "c"}.get(tuple(short), "d"),
        because="A velocity with alpha inside is made of old steps, each with the alpha of its own time. Each "
        "step leaves 0.9 of them, whatever alpha is now.",
    )

    mixed, rows = np.zeros(1), []
    for t in range(1, 5):  # the first gradient in full, the later ones averaged
        mixed = momentum_step(slope, mixed, slope if t == 1 else (1 - beta) * slope, 0.0, beta)[1]
        rows.append(mixed[0])
    print("a mixture: first gradient in full, then (1 - beta) of each:  " + ", ".join(f"{row:.3f}" for row in rows))
    print("the sum's velocities:                                        1.000, 1.900, 2.710, 3.439")

# %% [markdown]
# So this is where they part:
#
# - **At step 1**, if you use one $\alpha$ for a sum and for an average: the average's steps are $1-\beta$ times as long.
#   With a rescaled $\alpha$ they agree for ever.
# - **At step 2**, if two conventions are mixed: 1 instead of 1.9. (`torch.optim.SGD` with `dampening` equal to the
#   momentum does just that: it takes the first gradient in full and $1-\beta$ of the others.)
# - **When $\alpha$ changes**, between $\alpha$ inside and outside. With a schedule (unit 03) they are two methods.
#
# Before you copy a learning rate from a paper, look up which convention it means.

# %% [markdown]
# ## Look before you roll
#
# Heavy ball measures the slope where it stands, and then rolls on by its old velocity anyway. Nesterov's idea (1983):
# the roll is known beforehand, so measure the slope where it will *end*.

# %% folded=true
def two_steps(J, place, roll, alpha=0.12):
    """Where heavy ball and Nesterov end that come with the same `roll`, and where each of them measures."""
    ends = {}
    for name, measured in (("heavy ball", place), ("Nesterov", place + roll)):
        pull = -alpha * J.grad(measured)
        ends[name] = (measured, place + roll + pull)
    return ends


def draw_two_steps():
    """A valley along the first axis; the roll crosses its floor."""
    J, place, roll = Quadratic(np.diag([0.3, 5.0])), np.array([-2.6, 0.75]), np.array([1.7, -1.25])
    fig, axes = plt.subplots(1, 2, figsize=(7.4, 3.6), sharey=True)
    away, arrow = {}, {"arrowstyle": "-|>", "linewidth": 2.4, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 15}
    for ax, (name, (measured, end)) in zip(axes, two_steps(J, place, roll).items(), strict=True):
        plots.contour_with_paths(
            J, {}, ax, xlabel=r"$\theta_1$", ylabel=r"$\theta_2$", window=(-3.2, 0.6, -1.3, 1.3), equal=True,
        )
        away[name] = abs(end[1])
        ax.annotate("", place + roll, place, arrowprops=arrow | {"color": plots.BLUE, "linestyle": "--"})
        ax.annotate("", end, place + roll, arrowprops=arrow | {"color": plots.VERMILLION})
        ax.plot(*measured, "o", color=plots.VERMILLION, markersize=9)
        ax.annotate("measured here", measured, (8, 3), textcoords="offset points", color=plots.WRONG_INK, fontsize=10)
        ax.plot(*end, "s", color=plots.INK, markersize=7)
        ax.plot(0, 0, "*", color=plots.INK, markersize=12)
        ax.set_title(f"{name}: ends {away[name]:.2f} from the floor", fontsize=11)
        ax.label_outer()
    plots.finding(fig, "Dashed: the roll of the old velocity. Solid: the pull of the slope. "
                  "Nesterov measures after the roll")
    plt.show()


draw_two_steps()

# %% [markdown]
# Both arrive with the same roll (blue, dashed), which leads across the valley's floor. Heavy ball still adds the pull that
# it felt on the near side, and goes too far. Nesterov feels the far side, and is pulled back. As a formula, for a ball at
# $\varphi_t$ whose roll is $-\alpha\beta\, v_{t-1}$:
#
# $$v_t = \beta\, v_{t-1} + \nabla J(\varphi_t - \alpha\beta\, v_{t-1}), \qquad \varphi_{t+1} = \varphi_t - \alpha\, v_t$$
#
# That asks for a gradient at a place where no parameters are. So torch stores the place where the gradient is measured,
# the look-ahead point $\theta_t = \varphi_t - \alpha\beta\, v_{t-1}$ itself. How does *that* one move? Two lines, with
# $g_t = \nabla J(\theta_t)$:
#
# $$\theta_{t+1} = \varphi_{t+1} - \alpha\beta\, v_t = \varphi_t - \alpha\, v_t - \alpha\beta\, v_t
# = \theta_t + \alpha\beta\, v_{t-1} - \alpha\, v_t - \alpha\beta\, v_t$$
#
# and $v_t - \beta\, v_{t-1}$ is $g_t$, so that
#
# $$v_t = \beta\, v_{t-1} + g_t, \qquad \theta_{t+1} = \theta_t - \alpha\, (g_t + \beta\, v_t)$$
#
# ### Exercise: `nesterov_step`


# %% exercise="nesterov_step"
def nesterov_step(theta, velocity, grad, lr, beta):
    """One step of Nesterov's momentum: v_t = beta v_{t-1} + grad, theta_{t+1} = theta_t - alpha (grad + beta v_t).

    theta, velocity, grad: arrays of one shape, any shape.  lr: alpha.  beta: from 0 to below 1.
    Returns (theta, velocity), two new arrays.
    """
    ### BEGIN SOLUTION
    velocity = beta * velocity + grad
    return theta - lr * (grad + beta * velocity), velocity
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: I get the same as with momentum_step</summary>
#
# $g + \beta v$ with the *old* $v$ is the new velocity, so you have walked round in a circle. In the step stands $v_t$,
# the velocity that has already seen this gradient.
# </details>
#
# <details><summary>Hint 2: the first step has the wrong length or the wrong direction</summary>
#
# From rest, with $g = 1$: the velocity becomes 1, and theta moves by $-\alpha\,(1 + \beta \cdot 1)$. For
# $\beta = 0.9$ that is $-1.9\,\alpha$: the gradient counts once in full and once through the velocity. Nothing inside
# the velocity knows about $\alpha$.
# </details>
#
# <details><summary>Hint 3: only the first step is right</summary>
#
# The look-ahead $g + \beta v$ is used for this step and then forgotten. What you hand back is $v_t$ itself.
# </details>
#
# <details><summary>Hint 4: "changed its argument in place"</summary>
#
# Make a new array for the new velocity, as in `momentum_step`.
# </details>

# %% check="nesterov_step"
check("nesterov_step")

# %% [markdown]
# A valley with one direction: $J(\theta) = \frac12 \theta^2$, start at 1, $\alpha = 0.1$, and $\beta = 0.9$ for the two with
# memory. Which one is within 0.05 of the minimum first, and stays there?

# %%
predict(
    "swing",
    ...,
    options={"a": "gradient descent, without memory", "b": "heavy ball", "c": "Nesterov"},
)

# %%
with waits_for("momentum_step", "nesterov_step"):
    swings = {
        "gradient descent": walk(momentum_step, lambda theta: theta, [1.0], 0.1, 80, beta=0.0)[:, 0],
        "heavy ball": walk(momentum_step, lambda theta: theta, [1.0], 0.1, 80, beta=0.9)[:, 0],
        "Nesterov": walk(nesterov_step, lambda theta: theta, [1.0], 0.1, 80, beta=0.9)[:, 0],
        r"heavy ball, $\beta$ = 0.47": walk(momentum_step, lambda theta: theta, [1.0], 0.1, 80, beta=0.47)[:, 0],
    }
    ax = plots.loss_curves(swings, xlabel="step", ylabel=r"$\theta$, the minimum is at 0")
    ax.axhline(0, color=plots.MUTED, linewidth=1.2, linestyle=":")
    plots.finding(ax, r"With $\beta$ = 0.9 heavy ball swings for long; Nesterov sees the slope ahead and brakes")
    plt.show()
    settled = {name: 80 - int(np.argmax(np.abs(path[::-1]) > 0.05)) + 1 for name, path in swings.items()}
    for name, path in swings.items():
        plain = name.replace(r"$\beta$", "beta")
        print(f"{plain:23} furthest beyond the minimum: {max(0.0, -path.min()):.3f}   within 0.05 from step {settled[name]} on")
    names = {"a": "gradient descent", "b": "heavy ball", "c": "Nesterov"}
    reveal(
        "swing",
        min(names, key=lambda letter: settled[names[letter]]),
        because="Nesterov's step counts the newest gradient once more. On the far side of the minimum that gradient "
        "points back, so the ball is braked one step earlier.",
    )

# %% [markdown]
# At this $\alpha$ gradient descent glides in from one side and takes its time. Heavy ball is beyond the minimum after five
# steps, but it cannot stop there: it swings, and settles late. Nesterov swings less and settles earlier. Momentum
# **overshoots**, even at learning rates at which gradient descent would not. A loss that goes up and down in long waves
# after you turned $\beta$ up is this, and no bug.
#
# Do not conclude that memory is bad: of these four, the $\beta$ of the dotted line, 0.47, is the first to be within 0.05
# for good, and it does not swing. (In one direction there is an even simpler way, $\alpha = 1$ without momentum: one step.
# Memory pays where one $\alpha$ has to serve many curvatures.)

# %% [markdown]
# > **A good place for a break.** You know momentum in all its forms; the second sitting is about step lengths. When you
# > come back, put the cursor here and choose *Run > Run All Above Selected Cell*.

# %% [markdown]
# ## A step length for each parameter
#
# Momentum helps with one $\alpha$ for all. The other way out of a narrow valley: give each parameter a step length of
# its own, short where its gradients are large, long where they are small. **AdaGrad** (2011) adds up the squares of all
# gradients that a parameter has seen, and divides by the root:
#
# $$G_t = G_{t-1} + g_t^2, \qquad \theta_{t+1} = \theta_t - \alpha\, \frac{g_t}{\sqrt{G_t} + \varepsilon}$$
#
# All of it entry by entry. $\varepsilon$, say $10^{-8}$, keeps the division from being $0/0$. It stands *outside* the
# root.
#
# ### Exercise: `adagrad_step`


# %% exercise="adagrad_step"
def adagrad_step(theta, sum_sq, grad, lr, eps):
    """One step of AdaGrad: G_t = G_{t-1} + grad^2, theta_{t+1} = theta_t - alpha grad / (sqrt(G_t) + eps).

    theta, sum_sq (G), grad: arrays of one shape, any shape; all operations entry by entry.  lr: alpha.  eps: positive.
    Returns (theta, sum_sq), two new arrays.
    """
    ### BEGIN SOLUTION
    sum_sq = sum_sq + grad**2
    return theta - lr * grad / (np.sqrt(sum_sq) + eps), sum_sq
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the very first step is wrong</summary>
#
# From $G = 0$ with a gradient of $-4$: $G$ becomes 16, its root 4, and theta moves by $-\alpha \cdot (-4)/4 = +\alpha$.
# The first step is $\alpha$ long in every coordinate, whatever its own gradient and whatever the others' are.
# </details>
#
# <details><summary>Hint 2: NaN, or wrong only for tiny gradients</summary>
#
# Take $|g| = \varepsilon = 10^{-8}$ from $G = 0$. Outside the root, the divisor is $10^{-8} + 10^{-8}$: half a step.
# Inside it would be $\sqrt{10^{-16} + 10^{-8}} \approx 10^{-4}$. And with no $\varepsilon$ at all, a gradient of 0
# makes $0/0$.
# </details>
#
# <details><summary>Hint 3: only the first step is right, or only the later ones</summary>
#
# First the new square goes into the sum, then the *new* sum makes the step, and the new sum (no root, nothing else) is
# what you hand back.
# </details>
#
# <details><summary>Hint 4: "changed its argument in place"</summary>
#
# `sum_sq += ...` writes into the array that you were given. Make a new one.
# </details>

# %% check="adagrad_step"
check("adagrad_step")

# %% [markdown]
# The gradient is 1, always. AdaGrad's first step is $\alpha$ long. How long is the hundredth?

# %%
predict(
    "hundredth",
    ...,
    options={"a": "as long: the gradient is the same", "b": "a tenth", "c": "a hundredth"},
)

# %%
with waits_for("adagrad_step"):
    def adagrad_lengths(grads):
        """The length of each step, in alpha, under these gradients of one parameter."""
        grads_left = iter(grads)
        path = walk(adagrad_step, lambda theta: np.array([next(grads_left)]), [0.0], 0.01, len(grads), eps=1e-8)
        return np.abs(np.diff(path[:, 0])) / 0.01

    steady, surprise = adagrad_lengths([1.0] * 100), adagrad_lengths([0.01] * 50 + [1.0])
    print(f"a gradient of 1, always:               steps 1, 2, 100: {steady[0]:.3f}, {steady[1]:.3f}, {steady[99]:.3f} alpha")
    print(f"fifty gradients of 0.01, and then a 1: steps 50, 51:    {surprise[49]:.3f}, {surprise[50]:.3f} alpha")
    reveal(
        "hundredth",
        min({"a": 1.0, "b": 0.1, "c": 0.01}.items(), key=lambda item: abs(np.log(item[1] / steady[99])))[0],
        because="The sum of a hundred squares is 100, and its root 10. Under a steady gradient AdaGrad's steps shrink "
        "like 1 / sqrt(t).",
    )

# %% [markdown]
# The second line shows what does *not* shrink for good: the step itself. A gradient whose square is far larger than the
# sum of all squares before it still makes a step of nearly $\alpha$. What never grows again is $\alpha / \sqrt{G_t}$, the step
# *per unit of gradient*. That suits rare features: the weight of a word that comes up once in a thousand sentences
# has a small $G$, and a long step when it does. But where gradients stay as large as they are, every step is shorter
# than the one before, and a long training run slows down although nobody asked for it.
#
# ## A measure that forgets
#
# So AdaGrad's sum should forget. An **exponential moving average** does: each time, it keeps $\beta$ of what it was and
# takes $1 - \beta$ of the new value.
#
# $$m_t = \beta\, m_{t-1} + (1 - \beta)\, x_t, \qquad m_0 = 0$$
#
# One number is kept, whatever the length of the past; it remembers about the last $1/(1-\beta)$ values. A thermometer
# in Lena's hall shows 10 degrees, always. With $\beta = 0.99$, what does the average say after ten readings?

# %%
predict("young_average", ..., options={"a": "10, of course", "b": "about 9", "c": "about 1"})

# %% [markdown]
# ### Exercise: `ema`
#
# The values may be numbers, or vectors or matrices, one a row: soon they will be gradients. Start at zero, just as the
# formula says.


# %% exercise="ema"
def ema(x, beta):
    """The exponential moving average of a series: m_t = beta m_{t-1} + (1 - beta) x_t, from m_0 = 0.

    x: (T, ...), the values in their order, floats or whole numbers.  beta: a number from 0 to below 1.
    Returns m_1, ..., m_T: floats of x's shape.
    """
    ### BEGIN SOLUTION
    m, averages = 0.0, []
    for value in x:
        m = beta * m + (1 - beta) * value
        averages.append(m)
    return np.array(averages)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: my averages are too large, too small, or too restless</summary>
#
# By hand, with $\beta = 0.9$ and the values 10 and 20: $m_1 = 0.9 \cdot 0 + 0.1 \cdot 10 = 1$ and
# $m_2 = 0.9 \cdot 1 + 0.1 \cdot 20 = 2.9$. Which of your factors goes with the *old average*, and which with the *new
# value*?
# </details>
#
# <details><summary>Hint 2: mine looks better than that: it is right from the first value on</summary>
#
# Then it starts at $x_1$, or something divides by the sum of the weights. Both are sensible; here the plain formula is
# wanted, with $m_0 = 0$.
# </details>
#
# <details><summary>Hint 3: the number of values, or their type</summary>
#
# There is one average for each value, noted down *after* it has seen that value. If you fill a table: one made by
# `np.zeros_like(x)` has the type of `x`, and whole numbers cannot hold 2.9.
# </details>

# %% check="ema"
check("ema")

# %% folded=true
with waits_for("ema"):
    readings = 10 + np.array([np.random.default_rng(seed).normal(0, 2, size=250) for seed in range(10)])
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.4, 4.1))
    left.plot(np.arange(1, 251), readings[0], ".", color=plots.GRID, label="one series of ten", zorder=0)
    for beta, style in ((0.5, "-"), (0.9, "--"), (0.99, "-.")):
        averages = ema(readings.T, beta).T
        plots.bands(left, np.arange(1, 251), averages, label=rf"$\beta$ = {beta}")
        left.lines[-1].set_linestyle(style)
        sum_of_weights = ema(np.ones(10), beta)[-1]
        print(f"beta = {beta:<5} ten readings of 10: the average is {10 * sum_of_weights:6.3f};   10 (1 - beta^10) = "
              f"{10 * (1 - beta**10):6.3f};   spread of ten noisy series in the end: {averages[:, -1].std():.2f}")
    left.set(xlabel="value number t", ylabel="average of the values so far", ylim=(0, 16))
    left.legend(loc="lower right")
    for t, marker in ((5, "o"), (15, "s"), (40, "^")):
        weights = ema(np.eye(t), 0.9)[-1]  # what each value alone contributes to the average: its weight
        right.plot(np.arange(1, t + 1), weights, marker=marker, markersize=4, label=f"in $m_{{{t}}}$: sum {weights.sum():.2f}")
    right.set(xlabel="of value number", ylabel=r"weight, $\beta$ = 0.9")
    right.legend(loc="upper right")
    right.set_ylim(0, 0.145)
    plots.finding(fig, "The longer the memory, the calmer, and the longer too small: young weights do not add up to 1")
    plt.show()
    young = ema(np.full(10, 10.0), 0.99)[-1]
    reveal(
        "young_average",
        min({"a": 10, "b": 9, "c": 1}.items(), key=lambda item: abs(item[1] - young))[0],
        because="It starts at 0, and each reading brings one hundredth of 10. The weights of ten readings add up to "
        "1 - 0.99^10 = 0.096; the rest still belongs to the start, which was 0.",
    )

# %% [markdown]
# All weights together are $1 - \beta^t$. The rest, $\beta^t$, is the weight of the start at zero. So a young average is too
# small, through no fault of the data: it is a **bias** of the method, and known *exactly* (unit 05 divides by it). Where
# it does harm you see in a moment.
#
# ### Bonus exercise: `ema_weights`
#
# The picture read the weights off your `ema`, by handing it series with a single 1. Write them down without it: put the
# recursion into itself, $m_2 = (1-\beta)\,(\beta x_1 + x_2)$, then $m_3$, until you see the pattern.


# %% exercise="ema_weights"
def ema_weights(beta, t):
    """The weights of x_1, ..., x_t in the exponential moving average m_t that started at m_0 = 0.

    beta: a number from 0 to below 1.  t: how many values, at least 1.
    Returns (t,) floats, the oldest value's weight first: m_t = sum_i weights[i] x_{i+1}.
    """
    ### BEGIN SOLUTION
    return (1 - beta) * beta ** np.arange(t)[::-1]
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: which end is which?</summary>
#
# The newest value, $x_t$, comes last in the array. It has not been multiplied by $\beta$ at all; $x_1$ has, in every
# round since.
# </details>
#
# <details><summary>Hint 2: all of them are too large, or too small</summary>
#
# With $\beta = 0.5$ and $t = 3$ the weights are 0.125, 0.25, 0.5. Each value *enters* with $1 - \beta$, the first one
# too, and is then multiplied by $\beta$ once for every value that came after it.
# </details>
#
# <details><summary>Hint 3: should they not add up to 1?</summary>
#
# You would expect that of an average. Add up 0.125, 0.25 and 0.5. What is missing belongs to the start, $m_0 = 0$, and
# that is the point. Do not repair it here.
# </details>

# %% check="ema_weights"
check("ema_weights")

# %% [markdown]
# ## RMSProp
#
# **RMSProp** (2012) is AdaGrad with one change: in place of the sum of squares it keeps their exponential moving average.
#
# $$s_t = \beta\, s_{t-1} + (1 - \beta)\, g_t^2, \qquad \theta_{t+1} = \theta_t - \alpha\, \frac{g_t}{\sqrt{s_t} + \varepsilon}$$
#
# ### Exercise: `rmsprop_step`


# %% exercise="rmsprop_step"
def rmsprop_step(theta, mean_sq, grad, lr, beta, eps):
    """One step of RMSProp: s_t = beta s_{t-1} + (1 - beta) grad^2, theta_{t+1} = theta_t - alpha grad / (sqrt(s_t) + eps).

    theta, mean_sq (s), grad: arrays of one shape, any shape; entry by entry.  lr: alpha.  beta: from 0 to below 1.
    eps: positive.  Returns (theta, mean_sq), two new arrays.
    """
    ### BEGIN SOLUTION
    mean_sq = beta * mean_sq + (1 - beta) * grad**2
    return theta - lr * grad / (np.sqrt(mean_sq) + eps), mean_sq
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the average is wrong, or the length of my steps</summary>
#
# It is your `ema` at work, on the *squares* of the gradients: square first, then average. $\beta$, near 1, belongs to
# the old average. The step divides by the root of it.
# </details>
#
# <details><summary>Hint 2: NaN, or wrong only for tiny gradients</summary>
#
# As in AdaGrad: first the root, then add $\varepsilon$ to it.
# </details>
#
# <details><summary>Hint 3: only the first step is right, or only the later ones</summary>
#
# First renew the average with this gradient, then step with the new average, and hand the new one back.
# </details>
#
# <details><summary>Hint 4: "changed its argument in place"</summary>
#
# `mean_sq *= beta` writes into the array that you were given. Make a new one.
# </details>

# %% check="rmsprop_step"
check("rmsprop_step")

# %% [markdown]
# A gradient of 1 for 100 steps, then of 0.1. And one more question before you look: RMSProp's *first* step with
# $\beta = 0.9$, from an average of zero. How long will it be?

# %%
predict(
    "rmsprop_first",
    ...,
    options={
        "a": "alpha",
        "b": "about 0.3 alpha: the average knows a tenth of the gradient",
        "c": "about 3 alpha: it divides by an average that is too small",
    },
)

# %% folded=true
with waits_for("adagrad_step", "rmsprop_step"):
    def lengths_of(step, **settings):
        """The length of each of 300 steps, in alpha, while the gradient is 1, then 0.1."""
        grads = iter([1.0] * 100 + [0.1] * 200)
        path = walk(step, lambda theta: np.array([next(grads)]), [0.0], 0.01, 300, **settings)
        return np.abs(np.diff(path[:, 0])) / 0.01

    lengths = {
        "AdaGrad": lengths_of(adagrad_step, eps=1e-8),
        r"RMSProp, $\beta$ = 0.9": lengths_of(rmsprop_step, beta=0.9, eps=1e-8),
        r"RMSProp, $\beta$ = 0.99": lengths_of(rmsprop_step, beta=0.99, eps=1e-8),
    }
    ax = plots.loss_curves(
        lengths, xlabel="step", ylabel=r"length of the step, in $\alpha$", logy=True, x=np.arange(1, 301)
    )
    ax.axvline(100.5, color=plots.MUTED, linestyle="--", linewidth=1.4)
    ax.text(103, 5, "the gradient drops to a tenth", color=plots.MUTED)
    plots.finding(ax, r"AdaGrad's steps shrink and do not come back; RMSProp's come back to $\alpha$")
    plt.show()
    for name, values in lengths.items():
        at = {t: values[t - 1] for t in (1, 2, 100, 101, 300)}
        plain = name.replace(r"$\beta$", "beta")
        print(f"{plain:21}" + "   ".join(f"step {t}: {value:.3f}" for t, value in at.items()))
    first = lengths[r"RMSProp, $\beta$ = 0.9"][0]
    reveal(
        "rmsprop_first",
        min({"a": 1.0, "b": 0.316, "c": 3.16}.items(), key=lambda item: abs(np.log(item[1] / first)))[0],
        because="The first average of the squares is 0.1 of the square: too small, and it stands below the fraction "
        "bar. 1 / sqrt(0.1) = 3.16.",
    )

# %% [markdown]
# Three things to see. **AdaGrad's steps do not come back**: a tenth of the gradient, a tenth of the step, and the large
# squares stay in its sum. **RMSProp's steps come back to $\alpha$**, whatever the gradient's size, once the large
# squares are forgotten: a few times $1/(1-\beta)$ steps, so with $\beta = 0.99$ it is still on its way at step 300. And
# its **first steps are too long**, by $1/\sqrt{1-\beta}$: 3.2 times, or even 10 times for $\beta = 0.99$. That is the bias
# of the young average, below the fraction bar. Adam (unit 05) repairs it.

# %% [markdown]
# ## Two ravines
#
# Lena has two thermostats. The first one has a thermometer and a wind meter whose numbers are ten times as large: its
# loss is a ravine with $\kappa = 100$ whose floor runs *along an axis*. The second has the two thermometers that nearly
# agree: the same ravine, but *turned*, starts and all (by 45 degrees if both vary alike; we take 30). All five methods
# get 100 steps from five starts, and **every method its own best learning rate**, found in a sweep. (What swings is
# high or low at step 100 by chance, so we take the mean loss of the last 20 steps. Momentum has the usual
# $\beta = 0.9$.) For which methods is the turned one harder?

# %%
predict(
    "turned",
    ...,
    options={
        "a": "for none: it is the same ravine",
        "b": "for heavy ball and Nesterov",
        "c": "for AdaGrad and RMSProp",
        "d": "for all of them",
    },
)

# %% given="ravine"
TURN = np.array([[np.cos(np.pi / 6), -np.sin(np.pi / 6)], [np.sin(np.pi / 6), np.cos(np.pi / 6)]])
CURVATURES = np.diag([1.0, 100.0])
RAVINES = {"along the axis": Quadratic(CURVATURES), "turned by 30°": Quadratic(TURN @ CURVATURES @ TURN.T)}
STARTS = np.array([-3.0, 1.0]) + np.array([np.random.default_rng(seed).normal(0, 0.2, size=2) for seed in range(5)])
STARTS_IN = {"along the axis": STARTS, "turned by 30°": STARTS @ TURN.T}
LRS = np.geomspace(1e-3, 10, 37)

# %% folded=true
with waits_for("momentum_step", "nesterov_step", "adagrad_step", "rmsprop_step"):
    METHODS = {
        "gradient descent": (momentum_step, {"beta": 0.0}),
        "heavy ball": (momentum_step, {"beta": 0.9}),
        "Nesterov": (nesterov_step, {"beta": 0.9}),
        "AdaGrad": (adagrad_step, {"eps": 1e-8}),
        "RMSProp": (rmsprop_step, {"beta": 0.9, "eps": 1e-8}),
    }

    def final_losses(ravine, name):
        """(starts, learning rates): the mean loss of the last 20 of 100 steps; what runs away is infinite."""
        J, (step, settings) = RAVINES[ravine], METHODS[name]
        losses = np.zeros((len(STARTS), len(LRS)))
        with np.errstate(all="ignore"):
            for place in np.ndindex(losses.shape):
                path = walk(step, J.grad, STARTS_IN[ravine][place[0]], LRS[place[1]], 100, **settings)
                losses[place] = np.mean(np.sum(path[-20:] @ J.A * path[-20:], axis=1)) / 2
        return np.where(np.isfinite(losses), np.maximum(losses, 1e-12), np.inf)  # below 1e-12, equally good

    swept = {ravine: {name: final_losses(ravine, name) for name in METHODS} for ravine in RAVINES}
    fig, axes = plt.subplots(2, 1, figsize=(7.0, 8.6), sharex=True, sharey=True)
    best_lr, best_loss = {}, {}
    for ax, (ravine, losses) in zip(axes, swept.items(), strict=True):
        highest = 1.01 * max(RAVINES[ravine](start) for start in STARTS_IN[ravine])
        plots.sweep(LRS, losses, ax, start_loss=highest, xlabel=r"learning rate $\alpha$", ylabel="loss near step 100")
        ax.set(title=ravine, ylim=(1e-13, 1e4))
        for name, values in losses.items():
            best_lr[ravine, name] = LRS[np.argmin(values.mean(axis=0))]
            best_loss[ravine, name] = values.mean(axis=0).min()
    axes[0].get_legend().remove()
    axes[1].legend(loc="lower left", fontsize=9.5)
    worse = {name: best_loss["turned by 30°", name] > 3 * best_loss["along the axis", name] for name in METHODS}
    harder = " and ".join(name for name in METHODS if worse[name]) or "nothing"
    plots.finding(fig, f"The same ravine, turned: harder for {harder}, and for none of the others")
    plt.show()
    print("at its own best alpha:      along the axis              turned by 30°")
    for name in METHODS:
        print(f"{name:18}" + "".join(
            f"    loss {best_loss[ravine, name]:.1e} (alpha {best_lr[ravine, name]:.3f})" for ravine in RAVINES
        ))
    plain = best_lr["turned by 30°", "gradient descent"]
    shares = [best_lr["turned by 30°", "heavy ball"] / plain, 0.1]
    at = [swept["turned by 30°"]["heavy ball"].mean(axis=0)[np.argmin(np.abs(np.log(LRS / (s * plain))))] for s in shares]
    print(f"heavy ball with {shares[0]:.2f} times the best alpha of gradient descent: loss {at[0]:.1e};  with a tenth: {at[1]:.1e}")
    J, pair = RAVINES["turned by 30°"], (4 / 11**2, (9 / 11) ** 2)
    ends = [walk(momentum_step, J.grad, start, pair[0], 100, beta=pair[1])[-20:] for start in STARTS_IN["turned by 30°"]]
    tuned = np.mean([J(theta) for end in ends for theta in end])
    print(f"heavy ball with the best pair for kappa = 100 (alpha {pair[0]:.3f}, beta {pair[1]:.2f}): loss {tuned:.1e}")
    pair = (worse["heavy ball"] or worse["Nesterov"], worse["AdaGrad"] or worse["RMSProp"])
    reveal(
        "turned",
        {(False, False): "a", (True, False): "b", (False, True): "c", (True, True): "d"}[pair],
        because="A step length for each parameter can stretch a ravine along the axes, and only there. When the floor "
        "runs between the axes, both parameters see steep gradients, and both are braked.",
    )

# %% [markdown]
# Each curve has its ring at its own best learning rate; the shaded bands run from the best to the worst start, and what
# lies below $10^{-12}$ is drawn there. Watch the five walk, each at its ring: move `steps_taken` slowly from 1, then turn
# the ravine.

# %% folded=true
with waits_for("momentum_step", "nesterov_step", "adagrad_step", "rmsprop_step"):
    def paths_in(ravine):
        """Each method's path from the first start, at its own best learning rate."""
        return {
            name: walk(step, RAVINES[ravine].grad, STARTS_IN[ravine][0], best_lr[ravine, name], 100, **settings)
            for name, (step, settings) in METHODS.items()
        }

    paths_in("turned by 30°")  # nothing to play with before this works

    def draw(steps_taken=40, ravine="turned by 30°"):
        """The five paths so far, from the first start, and their losses."""
        J, paths = RAVINES[ravine], paths_in(ravine)
        fig, axes = plt.subplots(3, 2, figsize=(7.2, 8.2))
        losses = {}
        for ax, colour, (name, path) in zip(axes.flat, plots.PALETTE, paths.items(), strict=False):
            losses[name] = [max(J(theta), 1e-12) for theta in path[: steps_taken + 1]]
            plots.contour_with_paths(
                J, {"path": path[: steps_taken + 1]}, ax, xlabel=r"$\theta_1$", ylabel=r"$\theta_2$", minimum=(0, 0),
                window=(-4.0, 1.6, -2.4, 1.8), resolution=61, equal=True,
            )
            ax.get_legend().remove()
            for line in ax.lines:
                if line.get_color() == plots.PALETTE[0]:  # a path has the colour of its loss curve
                    line.set_color(colour)
            ax.set_title(rf"{name}, $\alpha$ = {best_lr[ravine, name]:.3f}", fontsize=11)
        plots.loss_curves(losses, axes[2, 1], xlabel="step", ylabel="loss", logy=True)
        lowest = min(min(values) for values in losses.values())
        axes[2, 1].set(xlim=(0, max(10, steps_taken)), ylim=(max(1e-12, lowest) / 3, 1e6))
        axes[2, 1].legend(fontsize=7.5, ncols=2, loc="upper right")
        axes[2, 1].set_title("the losses", fontsize=11)
        plots.finding(fig, f"The ravine {ravine}, after {steps_taken} steps: each method at its own best learning rate")

    plots.play(draw, steps_taken=(1, 100, 1), ravine=list(RAVINES))

# %% [markdown]
# Along the axis the factor of 100 between the two directions is simply gone for AdaGrad: it divides each direction by the
# size of that direction's own gradients, and walks as if the ravine were a round bowl. A step length for each parameter
# *is* the cure there. Turned, both parameters see both curvatures, and it is hardly better than gradient descent.
# Gradient descent, heavy ball and Nesterov have the same losses in both: they only add up vectors, and a sum does not know
# where the axes lie. (With the best pair for this $\kappa$ heavy ball is lower by far, as the last line says.) RMSProp,
# whose steps do not shrink under a constant $\alpha$, does not come to rest near the minimum: it needs a learning rate that
# decays (unit 03). The two ideas repair different things. Adam (unit 05) uses both.
#
# Look at heavy ball's curve in the sweep once more: it is nearly flat over a factor of ten in $\alpha$. That is the
# plateau, from $\alpha\mu = (1-\sqrt{0.9})^2$, that is $\alpha = 0.0026$, to $\alpha L = (1+\sqrt{0.9})^2$, that is 0.038.
# A tenth of gradient descent's best $\alpha$ lies to the left of it. A safe first try, and a poor last one.

# %% [markdown]
# > **A good place for a break.** You have five methods and know which ravine is whose. When you come back, put the cursor
# > here and choose *Run > Run All Above Selected Cell*.

# %% [markdown]
# ## An optimizer that looks after many parameters
#
# A network has many parameters: a matrix of weights and a vector of biases for each layer. So an optimizer is an object.
# It is handed the list of parameters once, keeps a state for *each of them*, and moves them whenever `step` is called
# with their gradients.
#
# ### Exercise: `SGD`
#
# This time the arrays **are** to be changed in place, as torch does: the network holds the same arrays, and it should
# see the change. The gradients stay as they are. Somebody may set `optimizer.lr` to another value between two steps (a
# schedule does); your step should use the value of that moment.


# %% exercise="SGD"
class SGD:
    """Gradient descent with momentum for a list of parameters: v = momentum v + grad, param = param - lr v.

    params: a list of arrays, which `step` changes in place.  lr, momentum: numbers.
    """

    def __init__(self, params, lr, momentum=0.0):
        self.params = list(params)
        self.lr = lr
        self.momentum = momentum
        ### BEGIN SOLUTION
        self.velocities = [np.zeros_like(param) for param in self.params]
        ### END SOLUTION

    def step(self, grads):
        """Move every parameter once.  grads: a list of arrays, one for each parameter, of its shape."""
        ### BEGIN SOLUTION
        for param, velocity, grad in zip(self.params, self.velocities, grads, strict=True):
            velocity *= self.momentum
            velocity += grad
            param -= self.lr * velocity
        ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the parameters do not move</summary>
#
# `param = param - ...` makes a new array and gives it the old name; the array in the network stays what it was, and so
# it does when you work on copies. `param -= ...` and `param[...] = ...` write into the array itself.
# </details>
#
# <details><summary>Hint 2: right for one parameter, wrong for two</summary>
#
# Print `[id(v) for v in self.velocities]`: there must be as many different numbers as parameters. One velocity for all,
# one for each *shape*, one array under several names, an array that belongs to somebody else (a gradient): each of
# these lets one parameter push another.
# </details>
#
# <details><summary>Hint 3: right at the first step only, or for the first parameter only</summary>
#
# What has to live from one step to the next is made once, in `__init__`, and kept on `self`. And the loop goes over all
# parameters before the method ends.
# </details>
#
# <details><summary>Hint 4: it moves, but not by the right amount</summary>
#
# For each parameter it is your `momentum_step`, in the same convention: each gradient enters in full, the learning
# rate (`self.lr`, as it is now) stays outside the velocity, and the step goes downhill.
# </details>

# %% check="SGD"
check("SGD")

# %% [markdown]
# Let it train something: softmax regression with weights *and* biases on 1,000 images of clothes, in 100 steps on 100
# random images each. Unit 02 found another help for such valleys: subtract each pixel's mean from the images. So there are
# two helpers, alone and together, and each of the four combinations gets its own best learning rate. Which of the two
# lowers the training loss more?

# %%
predict(
    "clothes",
    ...,
    options={
        "a": "momentum 0.9 on the raw pixels",
        "b": "no momentum, on centred pixels",
        "c": "They are equal, within five percent.",
    },
)

# %% folded=true
with waits_for("SGD"):
    fashion = load_fashion_mnist(flatten=True, dtype=np.float64)
    X, y = subset(fashion.X_train, fashion.y_train, 1000)
    PIXELS = {"raw": X, "centred": X - X.mean(axis=0)}

    def probabilities(X, W, b):
        """Softmax of X W + b: (N, 10)."""
        logits = X @ W + b
        exp = np.exp(logits - logits.max(axis=1, keepdims=True))
        return exp / exp.sum(axis=1, keepdims=True)

    def train(pixels, lr, momentum, seed):
        """The loss on all images, its mean over the last 10 of 100 steps on random batches of 100."""
        X, rng = PIXELS[pixels], np.random.default_rng(seed)
        W, b = rng.normal(0, 0.01, size=(784, 10)), np.zeros(10)
        optimizer, late = SGD([W, b], lr, momentum), []
        for t in range(100):
            batch = rng.choice(len(X), 100, replace=False)
            residual = probabilities(X[batch], W, b)
            residual[np.arange(100), y[batch]] -= 1
            optimizer.step([X[batch].T @ residual / 100, residual.mean(axis=0)])
            if t >= 90:
                late.append(np.maximum(probabilities(X, W, b)[np.arange(len(X)), y], 1e-300))
        return -np.log(late).mean()

    lrs = np.geomspace(0.01, 4, 11)
    settings = {f"{pixels}, momentum {momentum}": (pixels, momentum) for pixels in PIXELS for momentum in (0.0, 0.9)}
    losses = {
        name: np.array([[train(pixels, lr, momentum, seed) for lr in lrs] for seed in range(3)])
        for name, (pixels, momentum) in settings.items()
    }
    ax = plots.sweep(lrs, losses, start_loss=np.log(10), xlabel=r"learning rate $\alpha$", ylabel="loss near step 100")
    for line, style in zip([line for line in ax.lines if len(line.get_xdata()) == len(lrs)], ("-", "--") * 2, strict=True):
        line.set_linestyle(style)
    ax.set_ylim(0.13, 7)
    ax.set_yticks([0.2, 0.4, 0.6, 1, 2], ["0.2", "0.4", "0.6", "1", "2"])
    ax.minorticks_off()
    ax.legend(loc="upper left", fontsize=9.5)
    best = {name: lrs[values.mean(axis=0).argmin()] for name, values in losses.items()}
    # The best of eleven is a little lucky on the three seeds that chose it: five new ones say how good it is.
    fresh = {
        name: np.array([train(pixels, best[name], momentum, seed) for seed in range(3, 8)])
        for name, (pixels, momentum) in settings.items()
    }
    ball, centred = fresh["raw, momentum 0.9"].mean(), fresh["centred, momentum 0.0"].mean()
    letter = "c" if abs(centred / ball - 1) < 0.05 else "b" if centred < ball else "a"
    ahead = {"a": "Momentum alone beats centring alone", "b": "Centring alone beats momentum alone",
             "c": "Centring alone and momentum alone do as much"}[letter]
    together = fresh["centred, momentum 0.9"].mean() < 0.95 * min(ball, centred)
    plots.finding(ax, f"{ahead}; both together get furthest" if together else ahead)
    plt.show()
    for name, values in fresh.items():
        print(f"{name:21} best alpha {best[name]:.3f}: loss {values.mean():.3f} on five new seeds ({values.min():.3f} to "
              f"{values.max():.3f})")
    for pixels in PIXELS:
        plain, with_it = f"{pixels}, momentum 0.0", f"{pixels}, momentum 0.9"
        print(f"{pixels:7} pixels: momentum's best alpha is {best[with_it] / best[plain]:.2f} times plain descent's, and it "
              f"is lower on {np.sum(fresh[with_it] < fresh[plain])} of 5 seeds")
    reveal(
        "clothes",
        letter,
        because="Raw pixels share a large mean, and that is the steepest direction of the valley. To take it out is better "
        "than to live with it." if letter == "b" else "Both make up for a narrow valley, each in its own way.",
    )

# %% [markdown]
# Both helpers work against the same trouble, a large $\kappa$: centring makes the valley rounder, and momentum copes
# with what is left of it. So do the free thing first. On centred pixels, where steps are short, momentum's curve
# is nearly that of plain descent moved by a factor of 10 to the left: just the longer steps. The true gain is
# further right: momentum still gets lower at learning rates whose tenfold makes plain descent worse again.

# %% [markdown]
# ## Clinic: the weight that had no reason to move
#
# Lena's colleague predicts the heating from two groups of sensors: three outside (`X`) and three inside (`Z`), with
# weights `a` and `b`, by gradient descent with momentum. There is no error message, and the loss falls. Still, two things
# are strange. Run the next three cells and look.


# %% exercise="clinic_04"
def clinic_04(X, Z, y, lr, beta, steps):
    """Fit y = X a + Z b from zero, by gradient descent with momentum on half the mean squared error.

    X: (N, p).  Z: (N, q).  y: (N,).  Returns the paths of a and b, the start included: (steps + 1, p), (steps + 1, q).
    """
    ### BEGIN SOLUTION
    params = [np.zeros(X.shape[1]), np.zeros(Z.shape[1])]
    velocities = {}
    path = [list(params)]
    for _ in range(steps):
        error = X @ params[0] + Z @ params[1] - y
        for i, inputs in enumerate([X, Z]):
            grad = inputs.T @ error / len(error)
            velocities[i] = beta * velocities.get(i, 0) + grad
            params[i] = params[i] - lr * velocities[i]
        path.append(list(params))
    return np.array([a for a, _ in path]), np.array([b for _, b in path])
    ### END SOLUTION
    ### BEGIN STUB
    # params = [np.zeros(X.shape[1]), np.zeros(Z.shape[1])]
    # path = [list(params)]
    # for _ in range(steps):
    #     velocities = {}
    #     error = X @ params[0] + Z @ params[1] - y
    #     for i, inputs in enumerate([X, Z]):
    #         grad = inputs.T @ error / len(error)
    #         velocities[grad.shape] = beta * velocities.get(grad.shape, 0) + grad
    #         params[i] = params[i] - lr * velocities[grad.shape]
    #     path.append(list(params))
    # return np.array([a for a, _ in path]), np.array([b for _, b in path])
    ### END STUB


# %% given="sensors"
rng = np.random.default_rng(4)
X_out = rng.normal(size=(60, 3))
Z_in = 0.9 * X_out + 0.35 * rng.normal(size=(60, 3))
Z_in[:, 2] = 0  # the third sensor inside is unplugged
heating = X_out @ [1, 2, -1] + Z_in @ [0.5, -1, 0] + 0.1 * rng.normal(size=60)

# %% folded=true
with waits_for("momentum_step", "clinic_04"):
    both = np.concatenate([X_out, Z_in], axis=1)
    fitted = np.linalg.lstsq(both, heating, rcond=None)[0]

    def excess(weights):
        """The loss above the smallest possible one."""
        return (np.mean((both @ weights - heating) ** 2) - np.mean((both @ fitted - heating) ** 2)) / 2 + 1e-9

    def slope_at(weights):
        """The gradient for all six weights at once."""
        return both.T @ (both @ weights - heating) / len(heating)

    paths = {f"clinic_04, beta = {beta}": clinic_04(X_out, Z_in, heating, 0.1, beta, 60) for beta in (0.0, 0.9)}
    paths = {name: np.concatenate(parts, axis=1) for name, parts in paths.items()}
    mine = walk(momentum_step, slope_at, np.zeros(6), 0.1, 60, beta=0.9)
    paths["your momentum_step, beta = 0.9"] = mine
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.4, 4.3))
    curves = {name: [excess(weights) for weights in path] for name, path in paths.items()}
    plots.loss_curves(curves, left, xlabel="step", ylabel="loss above the smallest", logy=True)
    left.lines[-1].set_linestyle("--")
    left.get_legend().remove()
    plots.loss_curves({name: path[:, 5] for name, path in paths.items()}, right, xlabel="step", ylabel="the third entry of b")
    right.lines[-1].set_linestyle("--")
    right.legend(loc="lower right", fontsize=8.5)
    given = paths["clinic_04, beta = 0.9"]
    agree = np.allclose(given, mine)
    faults = [("momentum gains nothing", curves["clinic_04, beta = 0.9"][-1] > 0.5 * curves["clinic_04, beta = 0.0"][-1]),
              ("a weight drifts", abs(given[-1, 5]) > 1e-9)]
    found = " and ".join(fault for fault, there in faults if there) or "its path is not your momentum_step's"
    healthy, ill = "Healthy: it rolls like your momentum_step", f"Not healthy yet: {found}"
    plots.finding(fig, healthy if agree else ill)
    plt.show()
    pushes = np.abs([slope_at(weights)[5] for weights in given])
    print(f"the gradient of b's third entry, largest over all steps: {pushes.max()};  it ends at {given[-1, 5]:.3f}")
    for name, curve in curves.items():
        print(f"{name:31} loss above the smallest after 60 steps: {curve[-1]:.4f}")

# %% [markdown]
# **Symptom 1**, left: with $\beta = 0.9$ it is hardly faster at first, and ends no lower than with $\beta = 0$, while your
# own `momentum_step`, on the same loss with the same numbers, leaves both far behind. **Symptom 2**, right: the third
# inside sensor is unplugged, so the gradient of its weight is exactly zero at every step. That weight starts at zero, and
# moves. Find both causes and repair `clinic_04`. When it is healthy, the picture says so.
#
# <details><summary>Hint 1: why does momentum gain nothing?</summary>
#
# What does `velocities.get(...)` find at the beginning of the second step? Go up from there to the line that makes the
# dict, and ask how often that line runs.
# </details>
#
# <details><summary>Hint 2: who moves a weight without a gradient?</summary>
#
# Only a velocity can. So some velocity holds gradients that are not its own. Print `list(velocities)` at the end of one
# step: two parameters, and how many keys?
# </details>

# %% check="clinic_04"
check("clinic_04")

# %% [markdown]
# Neither mistake raises an error, and neither stops the loss from falling. Both are common: an optimizer that is built
# anew in every epoch has forgotten everything, and a state that is looked up by shape, or by a name that two layers
# share, is shared. What gave them away were two things that you knew beforehand: $\beta$ must matter, and a weight
# without a gradient must stay.

# %% [markdown]
# ## Quiz
#
# Put the letter of the best answer in quotes, such as `"b"`, in place of the dots. What is right, and why the others are not, you read in your
# feedback, or with `./course check 04`.
#
# **q1.** A shop sells the same number of loaves every day. Its exponential moving average, with $\beta = 0.98$ from zero,
# shows 100 after 34 days. Given that $0.98^{34} \approx 0.50$, how many loaves is it a day?
# - a) 100: an average of equal values is that value
# - b) about 200
# - c) about 147: 34 days of 2% make 68%
# - d) 5,000: each day counts 2%
#
# **q2.** A run with $\beta = 0.9$, in torch's convention, rolls down a long slope. You change to $\beta = 0.99$. Which
# $\alpha$ keeps the steps there as long as they were?
# - a) the same
# - b) ten times as large
# - c) a tenth of it
# - d) 0.9/0.99 of it
#
# **q3.** A paper averages: $v \leftarrow \beta v + (1-\beta)\, g$, with $\beta = 0.9$ and $\alpha = 1$. You want the same
# path from `torch.optim.SGD` with `momentum=0.9`. Which `lr`?
# - a) 0.1
# - b) 1
# - c) 10
# - d) none: they are two methods
#
# **q4.** AdaGrad has seen 99 gradients of 1 for a parameter, and now comes one of 10. How long is this step?
# - a) a tenth of $\alpha$: it is the hundredth
# - b) $\alpha$: the size of a gradient cancels out
# - c) $10\,\alpha$: the gradient is ten times as large
# - d) about $0.7\,\alpha$
#
# **q5.** You multiply the loss by 1,000. What happens to RMSProp's steps (gradients are far above $\varepsilon$)?
# - a) they become 1,000 times as long
# - b) nothing, while plain gradient descent's become 1,000 times as long
# - c) they become 1,000 times shorter, because it divides by the gradient
# - d) nothing, and nothing happens to those of plain gradient descent either
#
# **q6.** On a quadratic, plain descent diverges above $\alpha = 0.2$. Somebody turns on momentum with $\beta = 0.5$ and
# sets $\alpha = 0.35$. What happens?
# - a) it diverges: the limit is 0.3 now
# - b) it converges: the limit is 0.38 now
# - c) it diverges: the limit has dropped to 0.1
# - d) it converges: the limit is 0.4 now

# %% exercise="quiz_04"
### BEGIN SOLUTION
quiz_04 = {"q1": "b", "q2": "c", "q3": "a", "q4": "d", "q5": "b", "q6": "a"}
### END SOLUTION
### BEGIN STUB
# quiz_04 = {"q1": ..., "q2": ..., "q3": ..., "q4": ..., "q5": ..., "q6": ...}
### END STUB

# %% check="quiz_04"
check("quiz_04")

# %% [markdown]
# ## Recap
#
# - **Momentum** (torch's convention): $v_t = \beta v_{t-1} + g_t$, $\theta_{t+1} = \theta_t - \alpha v_t$. Steps become
#   $1/(1-\beta)$ times as long where gradients agree, $1/(1+\beta)$ where they alternate.
# - **How far:** on a quadratic it is stable for $\alpha < 2(1+\beta)/L$. A tenth of plain descent's $\alpha$ is the safe
#   first try with $\beta = 0.9$; then sweep upward.
# - **How fast:** there, at its best, $\alpha = 4/(\sqrt L + \sqrt\mu)^2$ and $\sqrt\beta = (\sqrt\kappa - 1)/(\sqrt\kappa + 1)$, its
#   number of steps grows like $\sqrt\kappa$, where plain descent's grows like $\kappa$ (93 against 691 at $\kappa = 100$).
#   Waves are not divergence.
# - **Conventions** differ in where $\alpha$ and $1-\beta$ stand. With a rescaled, constant $\alpha$ they agree. With
#   $\alpha$ inside the velocity, a change of $\alpha$ comes late; mixed conventions part at step 2.
# - **Nesterov** (torch's form): the same $v_t$, then $\theta_{t+1} = \theta_t - \alpha\,(g_t + \beta v_t)$. It brakes
#   earlier.
# - **AdaGrad:** $G_t = G_{t-1} + g_t^2$, $\theta_{t+1} = \theta_t - \alpha\, g_t / (\sqrt{G_t} + \varepsilon)$. The step
#   per unit of gradient, $\alpha/\sqrt{G_t}$, never grows again.
# - **Exponential moving average:** $m_t = \beta m_{t-1} + (1-\beta)\, x_t$ from $m_0 = 0$. All weights together are
#   $1 - \beta^t$, so a young average is too small.
# - **RMSProp:** $s_t = \beta s_{t-1} + (1-\beta)\, g_t^2$, $\theta_{t+1} = \theta_t - \alpha\, g_t / (\sqrt{s_t} + \varepsilon)$.
#   Steps come back to $\alpha$; the first one is $1/\sqrt{1-\beta}$ times too long.
# - **Momentum does not see the axes; step lengths for each parameter do.** An optimizer keeps one state for each
#   parameter and changes the parameters in place.

# %% [markdown]
# ## Think about it
#
# A colleague has tuned gradient descent to $\alpha = 0.1$ for a linear model with a squared loss. She adds `momentum=0.9`,
# and the loss goes up and down in long waves. "It diverges", she says, "the steps are ten times too long now." Next she
# tries RMSProp with the same $\alpha = 0.1$: it falls quickly and then rattles at a loss that is too high. In five to eight
# sentences, to be read by a person: is she right about the waves, and how could she find out? Explain what happens in both
# runs, say what she should change first in each case, and how she would compare the three methods fairly.

# %% [markdown] points=3 reflection="reflection_04"
# ### BEGIN SOLUTION
# She is not right. The loss is a quadratic, and alpha = 0.1 is stable on it without momentum, so it lies below 2/L; with
# beta = 0.9 the limit is 3.8/L, further away. The waves are the ball that rolls past the minimum and comes back, and each
# is lower than the one before, which she sees if she lets it run on. Along the flat directions the steps have become up to
# ten times as long, and a beta of 0.9 is more memory than her valley needs: she should try a smaller beta, and sweep alpha
# anew, from about a tenth upward. RMSProp divides each gradient by its own recent size, so its steps stay about alpha long
# in every parameter, near the minimum too. With 0.1 it jumps around the minimum at that distance; a smaller alpha, or one
# that decays, lets it come closer. An alpha means something else in each method, so a fair comparison gives each one a
# sweep of its own, with the same number of steps and several seeds, and compares them at their best.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# 1 point: the waves are overshooting and not divergence, because momentum moves the limit out, to 2(1 + beta)/L, or because
# the waves get lower; the remedy is a smaller beta or a new sweep of alpha. "The step is beyond the cliff" is none. 1 point:
# the rattling is explained by steps that keep a length of about alpha however small the gradient is, with a smaller or
# decaying alpha as the remedy. 1 point: a fair comparison: a sweep of alpha for each method, same budget, more than one
# seed. "RMSProp is worse" is none.
# ### END MARK SCHEME

# %% [markdown]
# ## Going further
#
# - G. Goh, [Why Momentum Really Works](https://distill.pub/2017/momentum/) (Distill, 2017): the ball and its waves,
#   eigenvalue by eigenvalue, with the limit $2 + 2\beta$ and the best pair of $\alpha$ and $\beta$; its source is
#   [public](https://github.com/distillpub/post--momentum).
# - B. T. Polyak, [Some methods of speeding up the convergence of iteration
#   methods](https://doi.org/10.1016/0041-5553%2864%2990137-5) (1964): heavy ball, and $\sqrt\kappa$.
# - I. Sutskever, J. Martens, G. Dahl, G. Hinton, [On the importance of initialization and momentum in deep
#   learning](https://proceedings.mlr.press/v28/sutskever13.html) (2013): Nesterov's method for networks, with $\alpha$
#   inside the velocity.
# - J. Duchi, E. Hazan, Y. Singer, [Adaptive Subgradient Methods for Online Learning and Stochastic
#   Optimization](https://jmlr.org/papers/v12/duchi11a.html) (2011): AdaGrad.
# - G. Hinton, N. Srivastava, K. Swersky, [Neural Networks for Machine Learning, lecture
#   6](https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf) (2012): RMSProp was published on a
#   slide.
# - [torch.optim.SGD](https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html): the note at the end says
#   which convention it has, and how it differs from Sutskever's; the
#   [code](https://github.com/pytorch/pytorch/blob/main/torch/optim/sgd.py) is short enough to read.
#
# Next: [05 Adam](../05_adam/05_adam.ipynb), which puts both ideas of this unit together and repairs the bias.
