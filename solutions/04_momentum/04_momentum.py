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
# their gradients (AdaGrad, RMSProp), tell the three conventions of momentum apart in anybody's code, say which method
# helps in which kind of ravine, and write an optimizer class that looks after many parameters.
#
# | time | difficulty | builds on |
# |---|---|---|
# | 110 to 140 minutes | ●●●○○ | the step downhill and the cliff at $2/L$ ([02 Gradient descent](../02_gradient_descent/02_gradient_descent.ipynb)) |
#
# Each check below runs your function on a few inputs and explains what it sees. If you skipped earlier units: nothing
# here needs your answers from there.

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
# ## An average that remembers
#
# A series of values comes in, one after the other, and you want its recent average without keeping the whole past. The
# **exponential moving average** keeps one number. Each time, it takes $\beta$ of what it was and $1 - \beta$ of the new
# value:
#
# $$m_t = \beta\, m_{t-1} + (1 - \beta)\, x_t, \qquad m_0 = 0$$
#
# A thermometer shows 10 degrees, today and every day. With $\beta = 0.9$, what does the average say after the first
# reading?

# %%
predict("young_average", ..., options={"a": "10, of course", "b": "9", "c": "1"})

# %% [markdown]
# ### Exercise: `ema`
#
# The values may be numbers, or vectors or matrices, one a row: later they are gradients. Start at zero, just as the
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

# %%
with waits_for("ema"):
    readings = 10 + np.array([np.random.default_rng(seed).normal(0, 2, size=250) for seed in range(10)])
    averages_of = {beta: ema(readings.T, beta).T for beta in (0.5, 0.9, 0.99)}
    ax = plt.subplots()[1]
    ax.plot(np.arange(1, 251), readings[0], ".", color=plots.GRID, label="the values (one series of ten)", zorder=0)
    for beta, averages in averages_of.items():
        plots.bands(ax, np.arange(1, 251), averages, label=rf"average, $\beta$ = {beta}")
        print(f"beta = {beta:<5} after 1 value: {averages[:, 0].mean():5.2f}   after 10: {averages[:, 9].mean():5.2f}"
              f"   after 250: {averages[:, -1].mean():5.2f}   spread in the end: {averages[:, -1].std():.2f}")
    ax.set(xlabel="value number t", ylabel="average of the values so far", ylim=(0, 16))
    ax.legend(loc="lower right")
    plots.finding(ax, "The longer the memory, the calmer the average, and the longer it is too small (bands: ten series)")
    plt.show()

    first = ema(np.array([10.0]), 0.9)[0]
    reveal(
        "young_average",
        min({"a": 10, "b": 9, "c": 1}.items(), key=lambda item: abs(item[1] - first))[0],
        because="It starts at 0 and takes one tenth of the new value: 0.9 * 0 + 0.1 * 10 = 1.",
    )

# %% [markdown]
# A long memory pays and costs: the average shakes less, and it needs a long time to arrive. All of these series are
# around 10 from their first value on; that the young averages say less is no property of the data. It is a **bias** of
# the method. Where does it come from?
#
# ### Exercise: `ema_weights`
#
# Put the recursion into itself: $m_2 = (1-\beta)\,(\beta x_1 + x_2)$, then $m_3$, and you see a pattern. Every value so
# far has a weight in $m_t$. Return these weights.


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
# With $\beta = 0.99$ and ten values so far: what do the ten weights add up to?

# %%
predict("missing_weight", ..., options={"a": "1", "b": "about 0.9", "c": "about 0.1"})

# %%
with waits_for("ema_weights"):
    total = ema_weights(0.99, 10).sum()
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.9))
    for t, colour in ((5, plots.ORANGE), (15, plots.GREEN), (40, plots.BLUE)):
        left.plot(np.arange(1, t + 1), ema_weights(0.9, t), ".-", color=colour, label=f"in $m_{{{t}}}$")
    left.set(xlabel="of value number", ylabel=r"weight, $\beta$ = 0.9")
    left.legend(loc="upper left", bbox_to_anchor=(0.42, 1.0))
    ts = np.arange(1, 101)
    for beta in (0.5, 0.9, 0.99):
        sums = [ema_weights(beta, t).sum() for t in ts]
        right.plot(ts, sums, label=rf"$\beta$ = {beta}")
        right.plot(ts[::8], 1 - beta ** ts[::8], "o", markerfacecolor="none", color=plots.INK)
    right.plot([], [], "o", markerfacecolor="none", color=plots.INK, label=r"$1 - \beta^t$")
    right.set(xlabel="values so far, t", ylabel="sum of all weights", ylim=(0, 1.05))
    right.legend(loc="lower right")
    plots.finding(fig, r"A young average is too small because its weights add up to $1 - \beta^t$ only")
    plt.show()

    print(f"beta = 0.99, ten values: the weights add up to {total:.4f};   1 - 0.99^10 = {1 - 0.99**10:.4f}")
    reveal(
        "missing_weight",
        min({"a": 1, "b": 0.9, "c": 0.1}.items(), key=lambda item: abs(item[1] - total))[0],
        because="They add up to 1 - 0.99^10. The rest still belongs to the start, which was 0.",
    )

# %% [markdown]
# The sum of the weights is $1 - \beta^t$. The rest, $\beta^t$, is the weight of the start at zero. So on a series around
# 10 the average says $10\,(1 - \beta^t)$. Old values fade with a memory of about $1/(1-\beta)$ values: 2, 10 or 100 here.
# Keep two things: the bias is known *exactly* (unit 05 divides by it), and here it does harm later in this unit.

# %% [markdown]
# ## A ball that rolls
#
# Gradient descent forgets everything at every step. In unit 02's narrow valley it spent nearly all of its length on
# jumping across, to and fro, and crept along the floor, step after step in the same direction. A heavy ball would do
# better: what points one way each time adds up, and what points to and fro cancels. So we keep a **velocity**, a fading
# sum of the gradients, and move by that:
#
# $$v_t = \beta\, v_{t-1} + \nabla J(\theta_t), \qquad \theta_{t+1} = \theta_t - \alpha\, v_t, \qquad v_0 = 0$$
#
# $\beta$ is the friction's counterpart: 0 stops the ball at once (gradient descent), 0.9 lets it roll. This is
# **momentum**, or heavy ball (Polyak, 1964), just as `torch.optim.SGD` writes it.
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
# first like all the others (it is a sum, no average), and the old velocity fades by $\beta$. Nothing else is added.
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
# A long slope: the gradient is 1 everywhere. With $\alpha = 0.1$, gradient descent makes steps of 0.1. With
# $\beta = 0.9$, how long are the steps after a while?

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

    longest = np.abs(np.diff(walk(momentum_step, lambda theta: np.ones(1), [0.0], 0.1, 200, beta=0.9)[:, 0]))[-1]
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.9), sharey=True)
    for beta in (0.0, 0.5, 0.9, 0.95):
        lasting = walk(momentum_step, lambda theta: np.ones(1), [0.0], 0.1, 80, beta=beta)
        to_and_fro = walk(momentum_step, Alternating(), [0.0], 0.1, 80, beta=beta)
        lengths = {name: np.abs(np.diff(path[:, 0])) / 0.1 for name, path in (("on", lasting), ("fro", to_and_fro))}
        left.plot(np.arange(1, 81), lengths["on"], label=rf"$\beta$ = {beta}")
        right.plot(np.arange(1, 81), lengths["fro"])
        print(f"beta = {beta:<5} last step on the lasting slope: {lengths['on'][-1]:5.2f} alpha (1/(1-beta) = "
              f"{1 / (1 - beta):5.2f}),   to and fro: {lengths['fro'][-1]:.3f} alpha (1/(1+beta) = {1 / (1 + beta):.3f})")
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
# the floor, short ones across. It also means: **whoever turns momentum on has changed the learning rate.** From plain
# descent to $\beta = 0.9$, begin with a tenth of $\alpha$.

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
    for (name, values), style in zip(lengths.items(), ("-", "-", ":"), strict=True):
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
        because="A velocity with alpha inside is made of old steps, each with the alpha of its own time. They fade by "
        "0.9 a step, whatever alpha is now.",
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
# Heavy ball measures the slope where it stands and then rolls on by its old velocity anyway. Nesterov's idea (1983):
# the roll is known beforehand, so measure the slope where it will *end*. In the form that torch uses, theta is that
# look-ahead point, and the step is the gradient plus one more round of the *new* velocity, with friction:
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
# A valley with one direction: $J(\theta) = \frac12 \theta^2$, start at 1, $\alpha = 0.1$, $\beta = 0.9$ for both. Who
# swings further beyond the minimum?

# %%
predict(
    "swing",
    ...,
    options={"a": "heavy ball", "b": "Nesterov", "c": "Both swing equally far.", "d": "Neither goes beyond the minimum."},
)

# %%
with waits_for("momentum_step", "nesterov_step"):
    swings = {
        "gradient descent": walk(momentum_step, lambda theta: theta, [1.0], 0.1, 80, beta=0.0)[:, 0],
        "heavy ball": walk(momentum_step, lambda theta: theta, [1.0], 0.1, 80, beta=0.9)[:, 0],
        "Nesterov": walk(nesterov_step, lambda theta: theta, [1.0], 0.1, 80, beta=0.9)[:, 0],
    }
    ax = plots.loss_curves(swings, xlabel="step", ylabel=r"$\theta$, the minimum is at 0")
    ax.axhline(0, color=plots.MUTED, linewidth=1.2, linestyle=":")
    plots.finding(ax, "Heavy ball swings long after it arrived; Nesterov sees the slope ahead and brakes")
    plt.show()
    for name, path in swings.items():
        settled = 80 - int(np.argmax(np.abs(path[::-1]) > 0.05)) + 1
        print(f"{name:17} furthest beyond the minimum: {max(0.0, -path.min()):.3f}   stays within 0.05 from step {settled}")
    beyond = {name: -path.min() for name, path in swings.items()}
    ratio = beyond["heavy ball"] / max(beyond["Nesterov"], 1e-12)
    reveal(
        "swing",
        "d" if beyond["heavy ball"] <= 0 else "a" if ratio > 1.05 else "b" if ratio < 0.95 else "c",
        because="Nesterov's step counts the newest gradient once more. On the far side of the minimum that gradient "
        "points back, so the ball is braked one step earlier.",
    )

# %% [markdown]
# Gradient descent glides in from one side and is within 0.05 from step 29 on. Heavy ball is beyond the minimum after five
# steps, but it cannot stop there: it swings, and settles at step 52. Nesterov swings less and settles first, at step 23.
# That is the price of mass: momentum **overshoots**, even at learning rates at which gradient descent would not. A loss
# that goes up and down in long waves after you turned $\beta$ up is this, and no bug.

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

# %% [markdown]
# You see the answer in a moment, next to that of **RMSProp** (2012), which changes one thing: in place of the sum it
# keeps the exponential moving average of the squares. It forgets.
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
    plots.finding(ax, r"AdaGrad's steps shrink for good; RMSProp's come back to $\alpha$")
    plt.show()
    for name, values in lengths.items():
        at = {t: values[t - 1] for t in (1, 2, 100, 101, 300)}
        plain = name.replace(r"$\beta$", "beta")
        print(f"{plain:21}" + "   ".join(f"step {t}: {value:.3f}" for t, value in at.items()))
    hundredth, first = lengths["AdaGrad"][99], lengths[r"RMSProp, $\beta$ = 0.9"][0]
    reveal(
        "hundredth",
        min({"a": 1.0, "b": 0.1, "c": 0.01}.items(), key=lambda item: abs(np.log(item[1] / hundredth)))[0],
        because="The sum of a hundred squares is 100, and its root 10. AdaGrad's steps shrink like 1 / sqrt(t).",
    )
    reveal(
        "rmsprop_first",
        min({"a": 1.0, "b": 0.316, "c": 3.16}.items(), key=lambda item: abs(np.log(item[1] / first)))[0],
        because="The first average of the squares is 0.1 of the square: too small, and it stands below the fraction "
        "bar. 1 / sqrt(0.1) = 3.16.",
    )

# %% [markdown]
# Three things to see. **AdaGrad only ever brakes.** That suits convex problems and rare features; in a long training
# run it is a standstill that nobody asked for. **RMSProp's steps come back to $\alpha$**, whatever the gradient's size,
# once the large squares are forgotten: a few times $1/(1-\beta)$ steps, so with $\beta = 0.99$ it is still on its way at
# step 300. And its **first steps are too long**, by $1/\sqrt{1-\beta}$: 3.2 times, or even 10 times for $\beta = 0.99$.
# That is the bias of the young average, below the fraction bar. Adam (unit 05) repairs it.

# %% [markdown]
# ## The ravine
#
# Now all five, in a ravine a hundred times as steep across as along its floor ($\kappa = 100$). Compare fairly: 100 steps
# for each, from five starts, and **every method at its own best learning rate**, found in a sweep. (What swings is high
# or low at step 100 by chance, so we take the mean loss of the last 20 steps.) We do it twice: with the floor along the
# first axis, and with the same ravine turned by 30 degrees, starts and all. For which methods is the turned one harder?

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
    plots.finding(fig, "Turn the ravine: momentum does not notice, AdaGrad and RMSProp lose their advantage")
    plt.show()
    print("at its own best alpha:      along the axis              turned by 30°")
    for name in METHODS:
        print(f"{name:18}" + "".join(
            f"    loss {best_loss[ravine, name]:.1e} (alpha {best_lr[ravine, name]:.3f})" for ravine in RAVINES
        ))
    worse = {name: best_loss["turned by 30°", name] > 10 * best_loss["along the axis", name] for name in METHODS}
    pair = (worse["heavy ball"] or worse["Nesterov"], worse["AdaGrad"] or worse["RMSProp"])
    reveal(
        "turned",
        {(False, False): "a", (True, False): "b", (False, True): "c", (True, True): "d"}[pair],
        because="A step length for each parameter can stretch a ravine along the axes, and only there. When the floor "
        "runs between the axes, both parameters see steep gradients, and both are braked.",
    )

# %% [markdown]
# Each curve has its ring at its own best learning rate; the shaded bands run from the best to the worst start. Watch the
# five walk, each at its ring: move `steps_taken` slowly from 1, then turn the ravine.

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
        axes[2, 1].set(xlim=(0, 100), ylim=(1e-6, 1e3))
        axes[2, 1].get_legend().remove()
        axes[2, 1].set_title("the losses, in the paths' colours", fontsize=11)
        plots.finding(fig, f"The ravine {ravine}, after {steps_taken} steps: each method at its own best learning rate")

    plots.play(draw, steps_taken=(1, 100, 1), ravine=list(RAVINES))

# %% [markdown]
# Along the axis the factor of 100 between the two directions is simply gone for AdaGrad: it divides each direction by the
# size of that direction's own gradients, and walks as if the ravine were a round bowl. A step length for each parameter
# *is* the cure there. Turned, both parameters see both curvatures, and it is hardly better than gradient descent.
# Heavy ball and Nesterov have the same losses in both, digit for digit: they only add up vectors, and a sum does not
# know where the axes lie. RMSProp, whose steps never shrink, does not come to rest near the minimum: it needs a
# learning rate that decays (unit 03). The two ideas repair different things. Adam (unit 05) uses both.

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
# random images each. Momentum 0, 0.5 and 0.9, each at its own best learning rate, three seeds. Gradients are noisy here,
# so nothing is promised. How do the best training losses of momentum 0.9 and 0 compare?

# %%
predict(
    "clothes",
    ...,
    options={
        "a": "They are the same: a larger learning rate does what momentum does.",
        "b": "With momentum 0.9 it is clearly lower, by a third or more.",
        "c": "With momentum 0.9 it is higher: it adds up the noise.",
    },
)

# %% folded=true
with waits_for("SGD"):
    fashion = load_fashion_mnist(flatten=True, dtype=np.float64)
    X, y = subset(fashion.X_train, fashion.y_train, 1000)

    def probabilities(X, W, b):
        """Softmax of X W + b: (N, 10)."""
        logits = X @ W + b
        exp = np.exp(logits - logits.max(axis=1, keepdims=True))
        return exp / exp.sum(axis=1, keepdims=True)

    def train(lr, momentum, seed):
        """The loss on all images after 100 steps on random batches of 100."""
        rng = np.random.default_rng(seed)
        W, b = rng.normal(0, 0.01, size=(784, 10)), np.zeros(10)
        optimizer = SGD([W, b], lr, momentum)
        for _ in range(100):
            batch = rng.choice(len(X), 100, replace=False)
            residual = probabilities(X[batch], W, b)
            residual[np.arange(100), y[batch]] -= 1
            optimizer.step([X[batch].T @ residual / 100, residual.mean(axis=0)])
        return -np.log(np.maximum(probabilities(X, W, b)[np.arange(len(X)), y], 1e-300)).mean()

    lrs = np.geomspace(0.002, 0.5, 9)
    losses = {
        f"momentum {momentum}": np.array([[train(lr, momentum, seed) for lr in lrs] for seed in range(3)])
        for momentum in (0.0, 0.5, 0.9)
    }
    ax = plots.sweep(lrs, losses, start_loss=np.log(10), xlabel=r"learning rate $\alpha$", ylabel="loss after 100 steps")
    ax.set_yticks([0.4, 0.6, 1, 2], ["0.4", "0.6", "1", "2"])
    ax.minorticks_off()
    ax.legend(loc="lower left")
    plots.finding(ax, "Momentum gets further in 100 steps, even when each runs at its own best learning rate")
    plt.show()
    least = {}
    for name, values in losses.items():
        i = values.mean(axis=0).argmin()
        least[name] = values[:, i].mean()
        print(f"{name}: best alpha {lrs[i]:.4f}, loss {least[name]:.3f} (three seeds: {values[:, i].min():.3f} to "
              f"{values[:, i].max():.3f})")
    ratio = least["momentum 0.9"] / least["momentum 0.0"]
    reveal(
        "clothes",
        "b" if ratio < 0.67 else "c" if ratio > 1.05 else "a",
        because="The flat directions set the pace, and along them gradients agree from step to step, noise or not: there "
        "every step becomes longer. Across, where a larger alpha would diverge, they cancel.",
    )

# %% [markdown]
# On the left, where steps are short, the curve of momentum 0.9 is that of plain descent moved by a factor of 10 to the
# left: just the longer steps. What a larger $\alpha$ cannot do is at the right end: plain descent meets its cliff and
# turns up, and momentum has gone further by then.

# %% [markdown]
# ## Clinic: the weight that had no reason to move
#
# Somebody predicts a house's heating from two groups of sensors: three outside (`X`) and three inside (`Z`), with weights
# `a` and `b`, by gradient descent with momentum. There is no error message, and the loss falls. Still, two things are
# strange. Run the next three cells and look.


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
    left.legend(fontsize=8.5)
    plots.loss_curves({name: path[:, 5] for name, path in paths.items()}, right, xlabel="step", ylabel="the third entry of b")
    right.lines[-1].set_linestyle("--")
    right.get_legend().remove()
    given = paths["clinic_04, beta = 0.9"]
    agree = np.allclose(given, mine)
    healthy, ill = "Healthy: it rolls like your momentum_step", "Not healthy yet: momentum brings nothing, and a weight drifts"
    plots.finding(fig, healthy if agree else ill)
    plt.show()
    pushes = np.abs([slope_at(weights)[5] for weights in given])
    print(f"the gradient of b's third entry, largest over all steps: {pushes.max()};  it ends at {given[-1, 5]:.3f}")
    for name, curve in curves.items():
        print(f"{name:31} loss above the smallest after 60 steps: {curve[-1]:.4f}")

# %% [markdown]
# **Symptom 1**, left: with $\beta = 0.9$ it is no faster than with $\beta = 0$, while your own `momentum_step`, on the same
# loss with the same numbers, leaves both far behind. **Symptom 2**, right: the third inside sensor is unplugged, so the
# gradient of its weight is exactly zero at every step. That weight starts at zero, and moves. Find both causes and
# repair `clinic_04`. When it is healthy, the picture says so.
#
# <details><summary>Hint 1: why does momentum bring nothing?</summary>
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
# **q1.** A series shakes around 10. What do its first exponential moving averages look like, with $\beta = 0.9$ from zero?
# - a) they are around 10 from the first one on
# - b) about 1.0, 1.9, 2.7, ...: too small at first, because their weights add up to $1 - 0.9^t$
# - c) they shake more than the series, because the memory is long
# - d) about 1 for ever, because only a tenth of each value goes in
#
# **q2.** You change from plain gradient descent, with a well-chosen $\alpha$, to momentum 0.9 in torch's convention. What
# is a good first try for $\alpha$?
# - a) the same: momentum only smooths
# - b) ten times as large
# - c) a tenth of it
# - d) 0.9 times it
#
# **q3.** $\alpha$ drops to a tenth. Which of these goes on with long steps for a while?
# - a) $v \leftarrow \beta v + \alpha g$, then $\theta \leftarrow \theta - v$
# - b) $v \leftarrow \beta v + g$, then $\theta \leftarrow \theta - \alpha v$
# - c) $v \leftarrow \beta v + (1 - \beta)\, g$, then $\theta \leftarrow \theta - \alpha v$
# - d) none: all three are the same up to a rescaling
#
# **q4.** AdaGrad is quick at first. After ten thousand steps it hardly moves, although the gradients have not become
# smaller. What helps?
# - a) a smaller $\varepsilon$
# - b) setting the velocity to zero now and then
# - c) ten times the learning rate: then the steps stop shrinking
# - d) a sum of squares that forgets, as in RMSProp
#
# **q5.** You multiply the loss by 1,000. What happens to RMSProp's steps (gradients are far above $\varepsilon$)?
# - a) they become 1,000 times as long
# - b) nothing, while plain gradient descent's become 1,000 times as long
# - c) they become 1,000 times shorter, because it divides by the gradient
# - d) nothing, and nothing happens to those of plain gradient descent either

# %% exercise="quiz_04"
### BEGIN SOLUTION
quiz_04 = {"q1": "b", "q2": "c", "q3": "a", "q4": "d", "q5": "b"}
### END SOLUTION
### BEGIN STUB
# quiz_04 = {"q1": ..., "q2": ..., "q3": ..., "q4": ..., "q5": ...}
### END STUB

# %% check="quiz_04"
check("quiz_04")

# %% [markdown]
# ## Recap
#
# - **Exponential moving average:** $m_t = \beta m_{t-1} + (1-\beta)\, x_t$ from $m_0 = 0$. The weight of $x_i$ is
#   $(1-\beta)\,\beta^{t-i}$; all weights together are $1 - \beta^t$, so a young average is too small.
# - **Momentum** (torch's convention): $v_t = \beta v_{t-1} + g_t$, $\theta_{t+1} = \theta_t - \alpha v_t$. Steps become
#   $1/(1-\beta)$ times as long where gradients agree, $1/(1+\beta)$ where they alternate.
# - **Conventions** differ in where $\alpha$ and $1-\beta$ stand. With a rescaled, constant $\alpha$ they agree. With
#   $\alpha$ inside the velocity, a change of $\alpha$ comes late; mixed conventions part at step 2.
# - **Nesterov** (torch's form): the same $v_t$, then $\theta_{t+1} = \theta_t - \alpha\,(g_t + \beta v_t)$. It brakes
#   earlier.
# - **AdaGrad:** $G_t = G_{t-1} + g_t^2$, $\theta_{t+1} = \theta_t - \alpha\, g_t / (\sqrt{G_t} + \varepsilon)$. Steps only
#   ever shrink.
# - **RMSProp:** $s_t = \beta s_{t-1} + (1-\beta)\, g_t^2$, $\theta_{t+1} = \theta_t - \alpha\, g_t / (\sqrt{s_t} + \varepsilon)$.
#   Steps come back to $\alpha$; the first ones are $1/\sqrt{1-\beta}$ times too long.
# - **Momentum does not see the axes; step lengths for each parameter do.** An optimizer keeps one state for each
#   parameter and changes the parameters in place.

# %% [markdown]
# ## Think about it
#
# A colleague has tuned gradient descent to $\alpha = 0.1$. She adds `momentum=0.9`, and the loss goes up and down in
# waves and then explodes. Next she tries RMSProp with the same $\alpha = 0.1$: it falls quickly and then rattles at a
# loss that is too high. In five to eight sentences, to be read by a person: explain both observations, say what she
# should change first in each case, and how she would compare the three methods fairly.

# %% [markdown] points=3 reflection="reflection_04"
# ### BEGIN SOLUTION
# With momentum 0.9 in torch's convention a lasting gradient is added up to ten times its size, so alpha = 0.1 makes steps
# as long as a plain alpha of 1 would. The waves are the ball that rolls past the minimum and comes back; when the
# effective step is too long for the steepest direction, they grow. She should first divide alpha by about ten. RMSProp
# divides each gradient by its own recent size, so its steps are about alpha long in every parameter, near the minimum
# too. With 0.1 it jumps around the minimum at that distance and cannot come closer. She should take a smaller alpha, or
# let it decay during training. An alpha means something else in each method, so a fair comparison gives each one a sweep
# of its own, with the same number of steps and several seeds, and compares them at their best.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# 1 point: the explosion is explained by the steps that momentum makes about 1/(1 - beta) = 10 times as long (and the
# waves by the ball's overshooting), with a smaller alpha as the remedy. 1 point: the rattling is explained by steps that
# keep a length of about alpha however small the gradient is, with a smaller or decaying alpha as the remedy. 1 point: a
# fair comparison: a sweep of alpha for each method, same budget, more than one seed. "RMSProp is worse" is none.
# ### END MARK SCHEME

# %% [markdown]
# ## Going further
#
# - G. Goh, [Why Momentum Really Works](https://distill.pub/2017/momentum/) (Distill, 2017): the ball and its waves,
#   eigenvalue by eigenvalue; its source is [public](https://github.com/distillpub/post--momentum).
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
# Next: 05 Adam, which puts both ideas of this unit together and repairs the bias.
