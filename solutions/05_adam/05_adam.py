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
# # 05 · Adam
#
# **After this unit you can** write Adam and AdamW line by line from their formulas, say why young averages are biased
# and by how much, say what $\alpha$ promises in Adam and what it does not, place $\varepsilon$ where it belongs and tell
# what happens where it does not, keep weight decay apart from L2, compare optimizers fairly, and name a problem on which
# Adam goes the wrong way.
#
# | time | difficulty | builds on |
# |---|---|---|
# | 130 to 160 minutes, in two sittings | ●●●○○ | exponential averages, momentum, RMSProp ([04 Momentum](../04_momentum/04_momentum.ipynb)) |
#
# Each check below runs your function on a few inputs and explains what it sees. Some experiments use what you wrote in
# unit 04; if you skipped it, a library's version stands in, and nothing here needs your answers from there.

# %% given="setup"
try:
    from course_lib import check, earlier, plots, predict, reveal, waits_for
except ModuleNotFoundError as error:
    raise SystemExit(f"{error}: run ./course start in the course's folder, or see docs/running.md") from None

import matplotlib.pyplot as plt
import numpy as np

from course_lib.data import load_fashion_mnist, subset

plots.use_style()

# %% [markdown]
# ## One number for all parameters
#
# Ines has built a bird feeder that names its visitors. Her network gets a photograph, the reading of a scale under the
# perch in grams, and the temperature in °C. The parameters behind the scale have gradients a hundred times as large as
# those behind the camera, and those that only the hoopoe needs have a gradient that is nearly always zero: it comes twice a
# year. Whatever learning rate she takes, it is too large for some parameters and too small for others. She wants an
# optimizer with *one* number to choose that suits them all. You build it in this unit, find out how much of that wish
# it grants, and see what it does to the hoopoe.
#
# ### Two averages
#
# Momentum adds up the gradients and so finds the direction that lasts. RMSProp averages their squares and so gives each
# parameter a step length of its own. **Adam** (Kingma and Ba, 2015) keeps both averages, and calls them moments:
#
# $$m_t = \beta_1 m_{t-1} + (1 - \beta_1)\, g_t, \qquad v_t = \beta_2 v_{t-1} + (1 - \beta_2)\, g_t^2, \qquad m_0 = v_0 = 0$$
#
# $g_t = \nabla J(\theta_t)$ is the gradient, and all of it goes entry by entry. The usual memories are
# $\beta_1 = 0.9$ and $\beta_2 = 0.999$: about 10 gradients for the direction, about 1,000 for the size. (In unit 04 the
# letter $v$ was the velocity. In Adam it is the average of the squares: everybody writes it so, and so do we.)
#
# ### Exercise: `adam_moments`
#
# Both averages after one more gradient. Hand back new arrays.


# %% exercise="adam_moments"
def adam_moments(m, v, grad, beta1, beta2):
    """Adam's averages: m_t = beta1 m_{t-1} + (1 - beta1) grad, v_t = beta2 v_{t-1} + (1 - beta2) grad^2.

    m, v, grad: arrays of one shape, any shape; entry by entry.  beta1, beta2: from 0 to below 1.
    Returns (m, v), two new arrays.
    """
    ### BEGIN SOLUTION
    return beta1 * m + (1 - beta1) * grad, beta2 * v + (1 - beta2) * grad**2
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: my averages forget too fast, too slowly, or are too large</summary>
#
# By hand, with a first gradient of 4, $\beta_1 = 0.9$, $\beta_2 = 0.999$: $m = 0.9 \cdot 0 + 0.1 \cdot 4 = 0.4$ and
# $v = 0.999 \cdot 0 + 0.001 \cdot 16 = 0.016$. Which $\beta$ belongs to which average, and which factor to what is new?
# </details>
#
# <details><summary>Hint 2: m is right and v is not, or the other way round</summary>
#
# $m$ sees the gradient with its sign. $v$ sees its square, so it is never negative: square the gradient first, entry by
# entry, and only then take the share $1 - \beta_2$ of it.
# </details>
#
# <details><summary>Hint 3: the first gradient is right, the second is not</summary>
#
# The averages that came in have to be in the ones that go out. And the order of the two that leave is $m$, then $v$.
# </details>
#
# <details><summary>Hint 4: "changed its argument in place"</summary>
#
# `m *= beta1` writes into the array that you were given. `beta1 * m` makes a new one.
# </details>

# %% check="adam_moments"
check("adam_moments")

# %% [markdown]
# ## The bias, and the cure
#
# Unit 04 found that a young average is too small. Say the gradients all have the same mean $\mathbb{E}[g]$. Put the
# recursion into itself, and take the mean:
#
# $$m_t = (1 - \beta_1) \sum_{i=1}^{t} \beta_1^{\,t-i} g_i
# \quad\Rightarrow\quad
# \mathbb{E}[m_t] = \mathbb{E}[g]\,(1 - \beta_1) \sum_{i=1}^{t} \beta_1^{\,t-i} = \mathbb{E}[g]\,(1 - \beta_1^t)$$
#
# since $1 + \beta + \dots + \beta^{t-1} = (1 - \beta^t)/(1 - \beta)$. The missing weight $\beta_1^t$ lies on the start at
# zero. The same goes for $v$, with $\beta_2$ and $\mathbb{E}[g^2]$. A factor that is known can be divided out:
#
# $$\hat m_t = \frac{m_t}{1 - \beta_1^t}, \qquad \hat v_t = \frac{v_t}{1 - \beta_2^t}$$
#
# ### Exercise: `bias_correction`
#
# It serves both moments. $t$ counts the gradients that the average has seen: 1 after the first.


# %% exercise="bias_correction"
def bias_correction(moment, beta, t):
    """An average that started at zero, divided by the weight of what it has seen: moment / (1 - beta^t).

    moment: an array of any shape.  beta: from 0 to below 1.  t: how many values it has seen, at least 1.
    Returns a new array; the moment itself stays as it is.
    """
    ### BEGIN SOLUTION
    return moment / (1 - beta**t)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: it comes out too small, or far too large</summary>
#
# After a single value of 10 with $\beta = 0.9$, the average is 1 and its weight is $1 - 0.9 = 0.1$. The corrected
# average is 10. Which operation with 0.1 makes 10 out of 1?
# </details>
#
# <details><summary>Hint 2: NaN at the first step, or right at the first step only</summary>
#
# $1 - \beta^t$ for $\beta = 0.9$ and $t = 1, 2, 3$ is 0.1, 0.19, 0.271. Only $\beta$ has the power $t$, and $t$ is used
# just as it comes in.
# </details>
#
# <details><summary>Hint 3: "changed its argument in place"</summary>
#
# `moment /= ...` writes into the array that you were given, and the average has to go on without a correction.
# </details>

# %% check="bias_correction"
check("bias_correction")

# %%
with waits_for("adam_moments", "bias_correction"):
    noisy = 1 + np.random.default_rng(5).normal(0, 0.5, size=(1000, 200))  # two hundred series of gradients around 1
    raw, corrected, state = {"m": [], "v": []}, {"m": [], "v": []}, (np.zeros(200), np.zeros(200))
    for t, gradient in enumerate(noisy, start=1):
        state = adam_moments(*state, gradient, 0.9, 0.999)
        for name, beta, moment in zip("mv", (0.9, 0.999), state, strict=True):
            raw[name].append(moment)
            corrected[name].append(bias_correction(moment, beta, t))
    fig, axes = plt.subplots(1, 2, figsize=(7.4, 3.9))
    steps = np.arange(1, 1001)
    for ax, name, mean in zip(axes, "mv", (1.0, 1.25), strict=True):
        plots.bands(ax, steps, np.array(raw[name]).T, label=f"{name}, as it is")
        plots.bands(ax, steps, np.array(corrected[name]).T, label=f"{name}, corrected")
        ax.axhline(mean, color=plots.MUTED, linestyle=":", label="what it should be")
        ax.set(xscale="log", xlabel="step t", ylim=(0, 2.2))
        ax.legend(loc="upper right", fontsize=9)
        at = {t: (np.mean(raw[name][t - 1]), np.mean(corrected[name][t - 1])) for t in (1, 10, 1000)}
        print(f"{name}: " + "   ".join(f"step {t}: {a:.3f}, corrected {b:.3f}" for t, (a, b) in at.items()))
    axes[0].set(ylabel="average of gradients", title=r"$\beta_1$ = 0.9")
    axes[1].set(ylabel="average of squares", title=r"$\beta_2$ = 0.999")
    plots.finding(fig, "Corrected averages lie around the truth from the first step on")
    plt.show()

# %% [markdown]
# The bands are the spread of the two hundred series. What is corrected is right *on average*, not exact: after one gradient it
# is that one gradient, noise and all. And the uncorrected $v$ is still more than a third short after 1,000 steps. That is
# a long time for a divisor to be wrong.

# %% [markdown]
# ## The step
#
# Now the formula that this unit is about:
#
# $$\theta_{t+1} = \theta_t - \alpha_t\, \frac{\hat m_t}{\sqrt{\hat v_t} + \varepsilon}$$
#
# $\alpha_t$ may be the same at every step, or come from a schedule (unit 03). $\varepsilon$, say $10^{-8}$, stands
# *outside* the root. Before you write the step: suppose that you leave the correction out, that is, put $m_t$ and $v_t$ in place of $\hat m_t$
# and $\hat v_t$. How long is the *first* step then, with $\beta_1 = 0.9$ and $\beta_2 = 0.999$?

# %%
predict(
    "uncorrected",
    ...,
    options={
        "a": "alpha: the two biases cancel",
        "b": "0.1 alpha: m is ten times too small",
        "c": "3.16 alpha",
        "d": "31.6 alpha: the root of v is 31.6 times too small",
    },
)

# %% [markdown]
# ### Exercise: `adam_step`
#
# One step, with the averages of before and its number $t$. Use your two functions. `lr` is $\alpha_t$: either a number,
# or a function that gives $\alpha_t$ when you hand it $t$. (`callable(lr)` says which.)


# %% exercise="adam_step"
def adam_step(theta, m, v, grad, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    """Step number t of Adam: theta_{t+1} = theta_t - alpha_t m^_t / (sqrt(v^_t) + eps).

    theta, m, v, grad: arrays of one shape, any shape; m and v as they were before this gradient.  t: 1 at the first step.
    lr: alpha, a number; or a schedule, a function of t that returns alpha_t.
    Returns (theta, m, v), three new arrays; m and v without the correction, as the next step needs them.
    """
    ### BEGIN SOLUTION
    alpha = lr(t) if callable(lr) else lr
    m, v = adam_moments(m, v, grad, beta1, beta2)
    m_hat, v_hat = bias_correction(m, beta1, t), bias_correction(v, beta2, t)
    return theta - alpha * m_hat / (np.sqrt(v_hat) + eps), m, v
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the first step has the wrong length, or is NaN, or only the first one is right</summary>
#
# With a first gradient of 4: $\hat m = 4$, $\sqrt{\hat v} = 4$, so theta moves by $\alpha$, whatever the gradient was.
# *Both* averages are corrected, each with its own $\beta$, by $1 - \beta^t$ with the $t$ that came in.
# </details>
#
# <details><summary>Hint 2: NaN, or wrong only for tiny gradients</summary>
#
# Take $|g| = \varepsilon = 10^{-8}$ at the first step. Outside the root the divisor is $10^{-8} + 10^{-8}$: half a step.
# First correct $v$, then take the root, then add $\varepsilon$.
# </details>
#
# <details><summary>Hint 3: theta is right at first, and then it is not</summary>
#
# What leaves the function are the *new* averages, without the correction: the correction is for this step only.
# </details>
#
# <details><summary>Hint 4: theta goes the wrong way, or its steps have no sensible length</summary>
#
# Downhill is minus. $\hat m$, with its sign and $\beta_1$, is above the fraction bar; the root of $\hat v$, from squares
# and with $\beta_2$, is below.
# </details>
#
# <details><summary>Hint 5: only the schedule's cases are wrong</summary>
#
# If `lr` is a function, call it once in every step, with the number of this very step. If it is a number, use it as it is.
# </details>
#
# <details><summary>Hint 6: "changed its argument in place"</summary>
#
# `grad *= grad`, `m *= beta1` and their like write into arrays that belong to somebody else.
# </details>

# %% check="adam_step"
check("adam_step")

# %% folded=true
with waits_for("adam_step"):
    one = np.ones(1)
    lengths = {"both corrected (Adam)": [], "neither": [], "only m": [], "only v": []}
    theta, m, v = np.zeros(1), np.zeros(1), np.zeros(1)
    for t in range(1, 3001):  # the gradient is 1 at every step, alpha is 1
        after, m, v = adam_step(theta, m, v, one, t, 1.0)
        weights = 1 - 0.9**t, 1 - 0.999**t
        lengths["both corrected (Adam)"].append(abs(after - theta)[0])
        lengths["neither"].append((m / np.sqrt(v))[0])
        lengths["only m"].append((m / weights[0] / np.sqrt(v))[0])
        lengths["only v"].append((m / np.sqrt(v / weights[1]))[0])
        theta = after
    ax = plots.loss_curves(
        lengths, xlabel="step t", ylabel=r"length of the step, in $\alpha$", logx=True, logy=True, x=np.arange(1, 3001)
    )
    ax.set_yticks([0.1, 0.3, 1, 3, 10, 30], ["0.1", "0.3", "1", "3", "10", "30"])
    ax.minorticks_off()
    plots.finding(ax, "Without bias correction Adam's early steps are several times too long")
    plt.show()
    for name, values in lengths.items():
        print(f"{name:22} step 1: {values[0]:6.3f}   step 12: {values[11]:6.3f}   step 3000: {values[-1]:6.3f}"
              f"   longest: {max(values):6.3f}")
    first = lengths["neither"][0]
    reveal(
        "uncorrected",
        min({"a": 1, "b": 0.1, "c": 3.16, "d": 31.6}.items(), key=lambda item: abs(np.log(item[1] / first)))[0],
        because="m is a tenth of the gradient, the root of v is the root of a thousandth of its square: "
        "0.1 / sqrt(0.001) = 3.16.",
    )

# %% [markdown]
# And it gets worse before it gets better: $m$ fills up within some ten steps, $v$ needs thousands, so that around step 12
# an uncorrected step is over six times too long. With $\beta_2 = 0.999$ the correction is at work for the first few
# thousand steps.

# %% [markdown]
# ## Adam without a memory
#
# Take both memories away: $\beta_1 = \beta_2 = 0$. What is left of Adam's step, if $\varepsilon$ is small enough to be
# forgotten?

# %%
predict(
    "no_memory",
    ...,
    options={
        "a": "gradient descent: theta - alpha g",
        "b": "the gradient as a whole, brought to length alpha: theta - alpha g / norm(g)",
        "c": "alpha for every parameter, against the sign of its own gradient: theta - alpha sign(g)",
        "d": "nothing useful: without averages the correction divides by zero",
    },
)

# %%
with waits_for("adam_step"):
    g = np.array([3.0, -0.01, 200.0, -1.0])
    zeros = np.zeros(4)
    left_over = adam_step(zeros, zeros, zeros, g, 1, lr=0.1, beta1=0, beta2=0)[0]
    print(f"gradient {g}, alpha 0.1: the step is {left_over.round(6)}")
    candidates = {"a": -0.1 * g, "b": -0.1 * g / np.linalg.norm(g), "c": -0.1 * np.sign(g)}
    letter = min(candidates, key=lambda each: np.abs(candidates[each] - left_over).max())
    reveal(
        "no_memory",
        letter if np.allclose(candidates[letter], left_over, atol=1e-6) else "d",
        because="m^ is g, v^ is g squared, and g / |g|, entry by entry, is the sign of g.",
    )

# %% [markdown]
# $$\hat m_t = g_t, \quad \hat v_t = g_t^2 \quad\Rightarrow\quad
# \theta_{t+1} = \theta_t - \alpha_t\, \frac{g_t}{|g_t| + \varepsilon} \approx \theta_t - \alpha_t\, \mathrm{sign}(g_t)$$
#
# This is **sign descent**, and the shortest way to think of Adam: each parameter walks $\alpha$ against the sign of its
# gradient. The two memories replace the word of one gradient by a vote of many. Where the last ten gradients agree, the
# step is $\alpha$ long, as before. Where they contradict one another, $\hat m$ is far smaller than $\sqrt{\hat v}$, and
# the step is short.
#
# ### Watch it walk
#
# Unit 04 left you with a ravine, a hundred times as steep across as along its floor. Momentum did not care which way the
# ravine ran; RMSProp was quick only where it ran along an axis. Here are both again, with plain SGD before and Adam after
# them, over 100 steps from five starts. Each has its own best $\alpha$ of the same 36, found anew for each of four
# grounds: with exact gradients or noisy ones, along an axis or turned by 30°.

# %% given="earlier"
SGD, rmsprop_step = earlier("SGD", "rmsprop_step")

# %% folded=true
with waits_for("adam_step"):
    WALKERS = ("SGD", "momentum 0.9", "RMSProp", "Adam")
    AROUND = 2.6 + 2 * np.pi * np.arange(5) / 5
    AROUND = 3 * np.column_stack([np.cos(AROUND), np.sin(AROUND)])  # five starts on a circle

    def ravine(turned):
        """The matrix A of J = theta A theta / 2: curvature 1 along the floor, 100 across."""
        angle = np.pi / 6 if turned else 0.0
        floor, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
        return np.outer(floor, floor) + 100 * np.outer(across, across)

    def walk(name, alpha, A, noisy, beta1=0.9, beta2=0.999, seed=0):
        """Where 100 steps lead from the five starts: (101, 5, 2). The noise is the same for every method."""
        rng = np.random.default_rng(seed)
        theta, m, v = AROUND.copy(), np.zeros((5, 2)), np.zeros((5, 2))
        sgd, path = SGD([theta], alpha, 0.9 if name == "momentum 0.9" else 0.0), [theta.copy()]
        for t in range(1, 101):
            gradient = theta @ A + 3 * noisy * rng.normal(size=(5, 2))
            if name == "Adam":
                theta, m, v = adam_step(theta, m, v, gradient, t, alpha, beta1, beta2)
            elif name == "RMSProp":
                theta, v = rmsprop_step(theta, v, gradient, alpha, 0.9, 1e-8)
            else:
                sgd.step([gradient])
            path.append(theta.copy())
        return np.array(path)

    def heights(path, A):
        """The loss at each point of the paths."""
        return np.sum(path @ A * path, axis=-1) / 2

    GROUNDS = [(turned, noisy) for noisy in (False, True) for turned in (False, True)]
    tried, best_alpha, lowest = np.geomspace(0.001, 3, 36), {}, {}
    for turned, noisy in GROUNDS:
        A = ravine(turned)
        with np.errstate(all="ignore"):
            ends = np.array([[heights(walk(name, a, A, noisy)[-10:], A).mean() for a in tried] for name in WALKERS])
        ends[~np.isfinite(ends)] = np.inf  # ran away
        for name, losses in zip(WALKERS, ends, strict=True):
            alpha = best_alpha[name, turned, noisy] = tried[losses.argmin()]
            judges = range(1, 21) if noisy else [0]  # noises that did not choose alpha
            lowest[name, turned, noisy] = np.mean([heights(walk(name, alpha, A, noisy, seed=k)[-10:], A).mean() for k in judges])
    print("loss in the last 10 of 100 steps (alpha); mean of five starts; noisy ones: of twenty new noises")
    for turned, noisy in GROUNDS:
        ground = f"{'turned by 30°' if turned else 'along the axis'}, {'noisy' if noisy else 'exact'}:"
        print(f"{ground:23}" + "".join(
            f"  {name.split()[0]} {lowest[name, turned, noisy]:.2g} ({best_alpha[name, turned, noisy]:.3f})"
            for name in WALKERS
        ))

    def draw(steps_taken=100, alpha_times=1.0, beta1=0.9, beta2=0.999, turned=True, noisy=False):
        """The four paths from the first start, and their losses; the betas are Adam's."""
        A, losses = ravine(turned), {}
        fig = plt.figure(figsize=(7.2, 9.0))
        axes = fig.subplot_mosaic("ab;cd;ee", height_ratios=(1, 1, 0.8))
        for ax, colour, name in zip(axes.values(), plots.PALETTE, WALKERS, strict=False):
            alpha = alpha_times * best_alpha[name, turned, noisy]
            with np.errstate(all="ignore"):
                path = walk(name, alpha, A, noisy, *((beta1, beta2) if name == "Adam" else ()))[: steps_taken + 1, 0]
                losses[name] = np.maximum(np.nan_to_num(heights(path, A), nan=1e9), 1e-9)
            plots.contour_with_paths(
                lambda theta: theta @ A @ theta / 2, {"path": path}, ax, xlabel=r"$\theta_1$", ylabel=r"$\theta_2$",
                minimum=(0, 0), window=(-3.4, 2.6, -3.2, 2.2), resolution=61, equal=True,
            )
            ax.get_legend().remove()
            for line in ax.lines:
                if line.get_color() == plots.PALETTE[0]:  # a path has the colour of its loss curve
                    line.set_color(colour)
            ax.set_title(rf"{name}, $\alpha$ = {alpha:.3g}", fontsize=11)
        plots.loss_curves(losses, axes["e"], xlabel="step", ylabel="loss", logy=True)
        axes["e"].set(xlim=(0, 100), ylim=(1e-4, 2e3))
        axes["e"].legend(ncols=4, loc="upper right", fontsize=9)
        first = min(losses, key=lambda name: losses[name][-10:].mean())
        times = "its own best" if alpha_times == 1 else f"{alpha_times:.2g} times its own best"
        whose = "" if (beta1, beta2) == (0.9, 0.999) else " (Adam's: of the usual betas)"
        plots.finding(fig, rf"After {steps_taken} steps, each at {times} $\alpha${whose}, {first} is lowest from this start")

    plots.play(
        draw, steps_taken=(1, 100, 1), alpha_times=(0.1, 10, "log"), beta1=(0.0, 0.98, 0.02),
        beta2=[0.0, 0.9, 0.95, 0.99, 0.999], turned=True, noisy=False,
    )

# %% [markdown]
# The ring is the start, the large dot the place where a path is now, the star the minimum. Try this:
#
# - Untick `turned`. The floor now runs along an axis, and Adam no longer bounces from wall to wall. It and RMSProp walk as
#   if the walls were no steeper than the floor (Adam rolls past the minimum once and comes back). Turned, RMSProp has to
#   creep along the floor: in the table it ends about as high as plain SGD, many times higher than along the axis. Adam
#   still has momentum's half of the cure.
# - With `turned` unticked, set `beta1` and `beta2` to 0: this is sign descent. It walks along the diagonal and then hops
#   to and fro across the floor, always by $\alpha$. Give it back `beta2` = 0.999, then `beta1` = 0.9.
# - Set `alpha_times` to 3: SGD runs away for good. At 10 momentum does, too: a steep wall makes a long step, and this
#   leads to where the wall is steeper still. RMSProp and Adam overshoot and swing, but no wall makes their steps longer.
# - Tick `noisy`. On which ground is Adam *not* the lowest in the table? Compare its four $\alpha$: the turned ravine asks
#   for long steps, and noise forbids them.

# %% [markdown]
# > **A good place for a break.** You have written Adam's step, and you have seen it walk. When you come back, put the cursor
# > here and choose *Run > Run All Above Selected Cell*.

# %% [markdown]
# ## What alpha means now
#
# You multiply the loss by 1,000: gradient descent's steps become 1,000 times as long, and Adam's stay (the rings below).
# What its pace does depend on is noise. The gradient is 1, plus noise of size 3, new at every step. How far in the right
# direction does Adam get per step, on average?

# %%
predict(
    "thousand",
    ...,
    options={
        "a": "alpha: only the sign of the mean counts",
        "b": "about 0.3 alpha",
        "c": "about 0.03 alpha",
        "d": "nowhere: the noise drowns it",
    },
)

# %% folded=true
with waits_for("adam_step"):
    noise = np.geomspace(0.03, 30, 13)

    def mean_step(loss_scale, seed):
        """How far Adam gets per step, in alpha, where the gradient is 1 and noise: (13,), one for each size of noise."""
        rng = np.random.default_rng(seed)
        at, m, v = np.zeros(13), np.zeros(13), np.zeros(13)
        for t in range(1, 601):
            at, m, v = adam_step(at, m, v, loss_scale * (1 + noise * rng.normal(size=13)), t, 1.0)
        return -at / 600

    progress = {scale: np.array([mean_step(scale, seed) for seed in range(5)]) for scale in (1, 1000)}
    ax = plt.subplots()[1]
    plots.bands(ax, noise, progress[1], label="the loss J", band="minmax")
    ax.plot(noise, progress[1000].mean(axis=0), "o", markerfacecolor="none", color=plots.INK, label="1,000 J")
    ax.plot(noise, 1 / np.sqrt(1 + noise**2), ":", color=plots.ORANGE, label=r"$1/\sqrt{1 + noise^2}$")
    ax.set(xscale="log", xlabel="noise of the gradient, for a mean of 1", ylabel=r"progress per step, in $\alpha$")
    ax.legend(loc="lower left")
    plots.finding(ax, "Adam's pace depends on how well gradients agree, and not on how large they are")
    plt.show()
    for i in (0, 6, 8, 12):
        print(f"noise {noise[i]:6.2f}: progress per step {progress[1].mean(axis=0)[i]:.3f} alpha, "
              f"with 1,000 times the loss {progress[1000].mean(axis=0)[i]:.3f} alpha")
    pace = progress[1].mean(axis=0)[8]  # noise[8] is 3
    reveal(
        "thousand",
        min({"a": 1, "b": 0.32, "c": 0.032, "d": 0.001}.items(), key=lambda item: abs(item[1] - pace))[0],
        because="The mean is 1 and the root mean square is sqrt(1 + 9) = 3.16: their ratio is 0.32.",
    )

# %% [markdown]
# $\hat m / \sqrt{\hat v}$ compares the mean of the gradients with their root mean square. Where they agree, it is 1 and
# the step is $\alpha$. Where noise drowns the mean, it is small: Adam becomes careful by itself. So $\alpha$ is the
# length of an ordinary full step, in the parameter's own units. That is what Ines wanted: weights of a network
# are of similar size everywhere, and gradients are not, so one $\alpha$, often 0.001, is a good first guess for all.
#
# ### Why Adam gets a warm-up
#
# Bias correction makes the first step as long as all others. Is that wise? Let the gradient be 1 with noise of size 3, for
# 2,000 parameters, and follow two numbers: how long a step is (root mean square), and how much of it is progress in the
# right direction (its mean).

# %%
with waits_for("adam_step"):
    rng = np.random.default_rng(1)
    theta, m, v = np.zeros(2000), np.zeros(2000), np.zeros(2000)
    length, headway = [], []
    for t in range(1, 61):
        after, m, v = adam_step(theta, m, v, 1 + 3 * rng.normal(size=2000), t, 1.0)
        length.append(np.sqrt(np.mean((after - theta) ** 2)))
        headway.append(np.mean(theta - after))
        theta = after
    ax = plots.loss_curves(
        {"length of the step": length, "its part in the right direction": headway}, x=np.arange(1, 61),
        xlabel="step t", ylabel=r"in $\alpha$", logx=True,
    )
    ax.set_ylim(0, 1.1)
    ax.set_xticks([1, 2, 5, 10, 20, 50], ["1", "2", "5", "10", "20", "50"])
    ax.minorticks_off()
    plots.finding(ax, "Adam is boldest when it knows least: its first steps are the longest and the blindest")
    plt.show()
    for t in (1, 10, 60):
        print(f"step {t:2}: {length[t - 1]:.2f} alpha long, {headway[t - 1]:.2f} alpha of it in the right direction "
              f"({headway[t - 1] / length[t - 1]:.0%})")

# %% [markdown]
# The first step is sign descent by a single noisy gradient: full length for every parameter, and more than a third of
# them walk the wrong way. After some twenty gradients the vote is counted, the steps have become short, and most of what
# is left of them is progress. Bias correction does not help: it makes young averages right *on average*, and cannot make
# them certain. But $\alpha_t$ can be small while they are young, and that is a **warm-up**.
#
# In unit 03 a warm-up had another reason: it led away from steep ground before the long steps came. Deep networks often
# have both, and a warm-up of a few hundred or thousand steps is the custom wherever large ones are trained with Adam.
# (Liu and others, 2020, blame the young divisor $\hat v$ above all; their RAdam shortens its young steps by itself.)
#
# ### One rare gradient
#
# Now the hoopoe. For 2,000 steps the gradient of its weight is zero. Then comes one gradient of 1, and then silence
# again. How far does this weight move *in all*, with the usual betas?

# %%
predict(
    "rare",
    ...,
    options={
        "a": "by alpha: one gradient, one full step",
        "b": "by a tenth of alpha: m takes a tenth of the new gradient",
        "c": "by about 3 alpha",
        "d": "by about 30 alpha",
    },
)

# %% folded=true
with waits_for("adam_step"):
    def around(usual, rare, beta2):
        """The steps, in alpha, from the one before the rare gradient on; it is number 2,001, and 4,000 follow."""
        at, m, v, path = np.zeros(1), np.zeros(1), np.zeros(1), []
        for t in range(1, 6002):
            at, m, v = adam_step(at, m, v, np.full(1, rare if t == 2001 else usual), t, 1.0, beta2=beta2)
            path.append(at[0])
        return -np.diff(path[1998:])

    cases = {
        r"among gradients of 0.01": (0.01, 0.999),
        r"in silence": (0.0, 0.999),
        r"in silence, $\beta_2$ = 0.95": (0.0, 0.95),
    }
    after_one = {name: around(usual, 1.0, beta2) for name, (usual, beta2) in cases.items()}
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.4, 4.1))
    steps = np.arange(-1, 60)
    plots.loss_curves({name: each[:61] for name, each in after_one.items()}, left, x=steps, xlabel="", ylabel="")
    quiet = {name: np.cumsum(each)[:61] for name, each in after_one.items() if "silence" in name}
    plots.loss_curves(quiet, right, x=steps, xlabel="", ylabel="")
    for line, like in zip(right.lines, left.lines[1:], strict=True):
        line.set(color=like.get_color(), marker=like.get_marker())
    left.axhline(1, color=plots.MUTED, linestyle=":", label=r"$\alpha$")
    left.legend(loc="upper right", fontsize=9)
    right.get_legend().remove()
    left.set(xlabel="steps after the rare gradient", ylabel=r"length of the step, in $\alpha$", title="step by step")
    right.set(xlabel="steps after the rare gradient", ylabel=r"distance moved, in $\alpha$", title="in all, in silence")
    total = {name: after_one[name][1:].sum() for name in quiet}  # all 4,001 steps
    longest, in_all = after_one["in silence"].max(), total["in silence"]
    title = rf"One rare gradient in silence: a step of {longest:.2f} $\alpha$, and {in_all:.1f} $\alpha$ in all"
    plots.finding(fig, title)
    plt.show()
    for name, each in after_one.items():
        plain = name.replace(r"$\beta_2$", "beta2")
        print(f"{plain:26} longest step {each.max():.2f} alpha" + (
            f"; {total[name]:.1f} alpha in all" if name in total else ""))
    for beta2 in (0.999, 0.95):  # one gradient of 100 among gradients of 1
        spike = around(1.0, 100.0, beta2)
        print(f"one gradient of 100 among ones, beta2 = {beta2}: steps of {spike.max():.2f} alpha at most; "
              + ", ".join(f"{spike[1 + t]:.2f} after {t}" for t in (50, 200, 1000)))
    reveal(
        "rare",
        min({"a": 1, "b": 0.1, "c": 3, "d": 30}.items(), key=lambda item: abs(np.log(item[1] / in_all)))[0],
        because="m takes a tenth of the gradient; the root of v takes only the root of a thousandth. And then m "
        "keeps walking: it fades by a tenth in each step, while v hardly fades at all.",
    )

# %% [markdown]
# So $\alpha$ is *not* the largest step. With $m = 0.1\, g$ and $v = 0.001\, g^2$ it can be $0.1/\sqrt{0.001} = 3.16$ times
# as long. (In silence it was 2.94: after 2,000 steps, the correction of $v$ still counts a little.) The paper, in
# its section 2.1, calls this the largest possible step. It is the largest for a *single* gradient after silence. One that
# comes and stays makes steps of up to 6.57 $\alpha$: $v$ is then as young as in the curve "neither" above. For long runs
# the true bound, by Cauchy and Schwarz, is
#
# $$|\theta_{t+1} - \theta_t| \le \alpha\, \frac{1 - \beta_1}{\sqrt{(1 - \beta_2)\,(1 - \beta_1^2/\beta_2)}}$$
#
# and that is 7.27 $\alpha$ with the usual betas.
#
# In silence nobody contradicts the long step, so it is followed by 0.9 of it, 0.81, and so on: together ten times the first step. One
# visit of the hoopoe throws its weights as far as thirty full steps. The same happens to rare words in a language model, and,
# at a bad batch, to every weight at once: the loss jumps. Cutting gradients to a largest length (**clipping**) helps among
# small ones; after silence it does not, for there the size of $g$ cancels. What helps is a shorter memory for the squares
# (the curve for 0.95), or to leave alone every weight, averages and all, that has no gradient: `torch.optim.SparseAdam`.
#
# ## An alpha that changes
#
# Careful is not the same as still. Near a minimum with noisy gradients, Adam's steps do not go to zero, and here the *t*
# in $\alpha_t$ comes in. We minimize $J(\theta) = \frac12 \lVert\theta\rVert^2$ with 20 parameters and noise of size 1 on
# each gradient, in 300 steps: with a constant $\alpha$, with $\alpha_t = \alpha/\sqrt{t}$, and with a cosine down to zero,
# **each at its own best $\alpha$**, chosen on five seeds and judged on twenty new ones. What does the schedule gain?

# %%
predict(
    "schedule",
    ...,
    options={
        "a": "nothing: a well-chosen constant alpha does as well",
        "b": "a loss lower by a third or so",
        "c": "a loss less than a tenth as high",
    },
)

# %% folded=true
with waits_for("adam_step"):
    SCHEDULES = {
        r"constant $\alpha$": lambda alpha: alpha,
        r"$\alpha/\sqrt{t}$": lambda alpha: lambda t: alpha / np.sqrt(t),
        "cosine to zero": lambda alpha: lambda t: alpha * (1 + np.cos(np.pi * t / 301)) / 2,
    }

    def noisy_run(lr, seeds):
        """The loss after each of 300 steps, for each seed: (seeds, 300)."""
        rngs, shape = [np.random.default_rng(seed) for seed in seeds], (len(seeds), 20)
        theta, m, v, losses = np.full(shape, 10.0), np.zeros(shape), np.zeros(shape), []
        for t in range(1, 301):
            gradient = theta + np.array([rng.normal(size=20) for rng in rngs])
            theta, m, v = adam_step(theta, m, v, gradient, t, lr)
            losses.append(np.sum(theta**2, axis=1) / 2)
        return np.array(losses).T

    alphas = np.geomspace(0.01, 3, 12)
    runs = {name: [noisy_run(make(alpha), range(5)) for alpha in alphas] for name, make in SCHEDULES.items()}
    final = {name: np.array([run[:, -10:].mean(axis=1) for run in each]).T for name, each in runs.items()}
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.4, 4.1), sharey=True)
    plots.sweep(alphas, final, left, start_loss=1001, xlabel=r"$\alpha$", ylabel="loss J")
    left.set(title="mean of the last 10 steps")
    left.get_legend().remove()
    chosen = {name: alphas[values.mean(axis=0).argmin()] for name, values in final.items()}
    fresh = {name: noisy_run(make(chosen[name]), range(5, 25)) for name, make in SCHEDULES.items()}  # seeds that chose nothing
    plots.loss_curves(fresh, right, xlabel="step", ylabel="", logy=True, x=np.arange(1, 301))
    held = chosen["cosine to zero"]
    rattles = noisy_run(held, range(5, 25))
    right.plot(np.arange(1, 301), rattles.mean(axis=0), "--", color=plots.MUTED, label="the cosine's, kept")
    right.set(title=r"each at its best $\alpha$")
    right.get_legend().remove()
    fig.legend(*right.get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=9.5)
    right.tick_params(labelleft=True)
    ends = {name: losses[:, -10:].mean(axis=1) for name, losses in fresh.items()}
    constant, kept, falling = ends[r"constant $\alpha$"], rattles[:, -50:].mean(), ends["cosine to zero"].mean()
    plots.finding(
        fig,
        rf"Kept at $\alpha$ = {held:.2f}, Adam rattles at a loss of {kept:.2f}; "
        f"by a cosine from there to zero it ends at {falling:.3f}",
    )
    plt.show()
    for name, values in ends.items():
        plain = name.replace(r"$\alpha$", "alpha").replace(r"$\alpha/\sqrt{t}$", "alpha / sqrt(t)")
        print(f"{plain:16} best alpha {chosen[name]:.3f}, loss on twenty new seeds {values.mean():.3f} ({values.min():.3f} to "
              f"{values.max():.3f}), below the constant's on {np.sum(values < constant)}")
    ratio = falling / constant.mean()
    reveal(
        "schedule",
        "c" if ratio < 0.1 else "b" if ratio < 0.9 else "a",
        because="A constant alpha has to be large to arrive in time and small to stay close. A schedule is both, one "
        "after the other.",
    )

# %% [markdown]
# On the right, the dashed curve has the cosine's own $\alpha$ and keeps it: it arrives as early, and then **rattles**,
# since its steps stay too long for the last bit of the way. The constant $\alpha$ that came out best avoids this in
# another way: it is so small that it arrives just in time. Its mean loss is still the highest of the three: the ranges
# of the twenty seeds overlap, but seed by seed both schedules nearly always end lower. On the left, look at the width
# of the valleys too: a constant $\alpha$ that is ten times too large ends far up the slope, and the cosine forgives
# most of it.
#
# So how do you choose $\alpha$ for Adam? Begin with 0.001 for a network, sweep a factor of 3 to 10 to both sides, and let
# it fall towards the end; if the first steps do harm, put a warm-up before.

# %% [markdown]
# ## A small number at three places
#
# You will meet $\varepsilon$ at three places:
#
# | place | divisor | where you meet it |
# |---|---|---|
# | outside the root | $\sqrt{\hat v} + \varepsilon$ | Adam's paper (algorithm 1), torch, this unit |
# | outside, before the correction | $(\sqrt{v} + \varepsilon)\,/\sqrt{1 - \beta_2^t}$ | the paper's short form (end of section 2), Keras |
# | inside the root | $\sqrt{\hat v + \varepsilon}$ | some textbooks and home-made code |
#
# The second looks different and is the first in disguise. Take the fraction apart, with $\hat v = v / (1 - \beta_2^t)$:
#
# $$\frac{\sqrt{v} + \varepsilon}{\sqrt{1 - \beta_2^t}} = \sqrt{\hat v} + \frac{\varepsilon}{\sqrt{1 - \beta_2^t}}$$
#
# So it is an $\varepsilon$ outside the root that begins $1/\sqrt{0.001} = 31.6$ times as large and shrinks to its own
# size over some thousand steps. The third is another thing. With $\varepsilon = 10^{-8}$ *inside* the root, how large
# must a gradient be for the first step to have at least half its length?

# %%
predict("inside", ..., options={"a": "about 1e-8", "b": "about 1e-6", "c": "about 1e-4", "d": "about 1e-2"})

# %% folded=true
with waits_for("adam_step", "bias_correction"):
    sizes, zero = np.geomspace(1e-12, 1, 241), np.zeros(241)
    first_steps = {
        "outside": np.abs(adam_step(zero, zero, zero, sizes, 1, 1.0)[0]),
        "before the correction": np.abs(adam_step(zero, zero, zero, sizes, 1, 1.0, eps=1e-8 / np.sqrt(0.001))[0]),
        "inside": sizes / np.sqrt(sizes**2 + 1e-8),
    }

    def tiny_run(place, seed):
        """The loss of 200 steps on 1e-6 times the sum of theta^2 / 2, with some noise, alpha = 0.02."""
        rng = np.random.default_rng(seed)
        theta, m, v, losses = np.ones(10), np.zeros(10), np.zeros(10), []
        for t in range(1, 201):
            gradient = 1e-6 * (theta + 0.3 * rng.normal(size=10))
            eps = 1e-8 / np.sqrt(1 - 0.999**t) if place == "before the correction" else 1e-8
            moved, m, v = adam_step(theta, m, v, gradient, t, 0.02, eps=eps)
            if place == "inside":
                moved = theta - 0.02 * bias_correction(m, 0.9, t) / np.sqrt(bias_correction(v, 0.999, t) + eps)
            theta = moved
            losses.append(np.sum(theta**2) / 2)
        return losses

    fig, (left, right) = plt.subplots(1, 2, figsize=(7.4, 4.0))
    for (place, values), style in zip(first_steps.items(), ("-", "--", ":"), strict=True):
        left.plot(sizes, values, style, label=place)
    left.set(xscale="log", xlabel="size of the gradient", ylabel=r"first step, in $\alpha$", title="one step")
    left.set_xticks([1e-12, 1e-8, 1e-4, 1])
    tiny = {place: np.array([tiny_run(place, seed) for seed in range(5)]) for place in first_steps}
    plots.loss_curves(tiny, right, xlabel="step", ylabel=r"loss, in $10^{-6}$")
    right.set(title="gradients around 1e-6")
    for line, style in zip(right.get_lines(), ("-", "--", ":"), strict=True):
        line.set_linestyle(style)
    right.legend(loc="center right", fontsize=9)
    plots.finding(fig, "Inside the root, an eps of 1e-8 brakes every gradient below 1e-4")
    plt.show()
    half = {place: sizes[np.argmax(values >= 0.5)] for place, values in first_steps.items()}
    for place in first_steps:
        print(f"{place:22} half a first step from |g| = {half[place]:.1e} on;   loss after 200 steps: "
              f"{tiny[place][:, -1].mean():.3f} of {0.5 * 10:.1f}")
    reveal(
        "inside",
        min({"a": 1e-8, "b": 1e-6, "c": 1e-4, "d": 1e-2}.items(), key=lambda item: abs(np.log(item[1] / half["inside"])))[0],
        because="Inside the root, eps is compared with the square of the gradient: what counts is sqrt(1e-8) = 1e-4.",
    )

# %% [markdown]
# The difference shows where gradients are tiny: where a loss is divided by the number of pixels, or where the weight of
# a rare visitor gets a small share of a large batch. Then the place of $\varepsilon$ decides who learns, and no error
# message says so. It is no verdict on large values either: with an $\varepsilon$ far above all gradients, Adam becomes
# momentum with step $\alpha/\varepsilon$, and some people tune it so on purpose.

# %% [markdown]
# ## Adam for many parameters
#
# ### Exercise: `Adam`
#
# An object as in unit 04: it is handed a list of parameters, keeps an $m$ and a $v$ for each, and one count $t$ for
# all. The parameters **are** to be changed in place; the gradients stay as they are. `optimizer.lr` may be set to
# another number between two steps.


# %% exercise="Adam"
class Adam:
    """Adam for a list of parameters, each with averages of its own.

    params: a list of arrays, which `step` changes in place.  lr, beta1, beta2, eps: numbers.
    """

    def __init__(self, params, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
        self.params = list(params)
        self.lr = lr
        self.beta1, self.beta2, self.eps = beta1, beta2, eps
        ### BEGIN SOLUTION
        self.m = [np.zeros_like(param) for param in self.params]
        self.v = [np.zeros_like(param) for param in self.params]
        self.t = 0
        ### END SOLUTION

    def step(self, grads):
        """Move every parameter once.  grads: a list of arrays, one for each parameter, of its shape."""
        ### BEGIN SOLUTION
        self.t += 1
        settings = self.t, self.lr, self.beta1, self.beta2, self.eps
        for i, param in enumerate(self.params):
            param[...], self.m[i], self.v[i] = adam_step(param, self.m[i], self.v[i], grads[i], *settings)
        ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the parameters do not move</summary>
#
# `param = ...` gives a new array an old name; the network's array stays what it was. `param[...] = ...` and
# `param -= ...` write into the array itself.
# </details>
#
# <details><summary>Hint 2: right for one parameter, wrong for two</summary>
#
# Each parameter needs an $m$ and a $v$ of its own, found by its place in the list: not one for all, not one for each
# shape. And the loop has to reach the last parameter.
# </details>
#
# <details><summary>Hint 3: NaN, right at the first step only, or for the first parameter only</summary>
#
# Follow $t$: it starts at 0 in `__init__`, and every call of `step` makes it one more, *once*, before anything is
# corrected. Averages live from one step to the next, on `self`, uncorrected.
# </details>
#
# <details><summary>Hint 4: it moves, but not by the right amount</summary>
#
# For each parameter it is your `adam_step`, with `self.lr` as it is now, and with the betas and the eps in their places.
# </details>

# %% check="Adam"
check("Adam")

# %% [markdown]
# **What it costs.** Your object keeps two more numbers for every parameter. In float32, of 4 bytes each:
#
# | bytes per parameter | SGD | momentum | Adam |
# |---|---|---|---|
# | the parameter and its gradient | 8 | 8 | 8 |
# | what the optimizer remembers | 0 | 4 | 8 |
# | a language model of 7 billion parameters, in all | 56 GB | 84 GB | 112 GB |
#
# Half of the last number is Adam's two averages. A card with 80 GB holds such a model to be used (28 GB), and does not
# hold it to be *trained*. That is why people keep the averages in 8 bits, or only their row and column means (Adafactor),
# or divide them among many cards.
#
# ## A fair comparison
#
# Plain SGD, momentum 0.9, RMSProp and your Adam train softmax regression on 1,000 small images of clothes (14 by 14), in
# 70 steps on 100 random images each. We do it twice: with pixels as they are, and with each pixel in a unit of its own
# (multiplied by a number from 0.03 to 3), as measurements of the world usually come: grams, degrees, grey values. **Every method at its own best
# learning rate** of nine, chosen on three seeds and judged on ten new ones. Which comes out first?

# %%
predict(
    "race",
    ...,
    options={
        "a": "SGD in both: tuned well, nothing beats it",
        "b": "momentum in the first, Adam in the second",
        "c": "Adam in both",
        "d": "RMSProp in both",
    },
)

# %% folded=true
with waits_for("Adam"):
    fashion = load_fashion_mnist(flatten=True, dtype=np.float64)
    X, y = subset(fashion.X_train, fashion.y_train, 1000)
    X = X.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).reshape(-1, 196)
    UNITS = np.random.default_rng(0).permutation(np.geomspace(0.03, 3, 196))
    DATA = {"pixels as they are": X, "each pixel in its own unit": X * UNITS}

    class RMSProp:
        """Unit 04's rmsprop_step with beta = 0.9, for a list of parameters."""

        def __init__(self, params, lr):
            self.params, self.lr = params, lr
            self.mean_sq = [0.0 * param for param in params]

        def step(self, grads):
            for i, (param, grad) in enumerate(zip(self.params, grads, strict=True)):
                param[...], self.mean_sq[i] = rmsprop_step(param, self.mean_sq[i], grad, self.lr, 0.9, 1e-8)

    METHODS = {
        "SGD": lambda params, lr: SGD(params, lr),
        "momentum 0.9": lambda params, lr: SGD(params, lr, 0.9),
        "RMSProp": RMSProp,
        "Adam": Adam,
    }

    def probabilities(X, W, b):
        """Softmax of X W + b: (N, 10)."""
        logits = X @ W + b
        exp = np.exp(logits - logits.max(axis=1, keepdims=True))
        return exp / exp.sum(axis=1, keepdims=True)

    def train(X, make, lr, seed):
        """The loss on all images after 70 steps on random batches of 100."""
        rng = np.random.default_rng(seed)
        W, b = rng.normal(0, 0.01, size=(196, 10)), np.zeros(10)
        optimizer = make([W, b], lr)
        for _ in range(70):
            batch = rng.choice(len(X), 100, replace=False)
            residual = probabilities(X[batch], W, b)
            residual[np.arange(100), y[batch]] -= 1
            optimizer.step([X[batch].T @ residual / 100, residual.mean(axis=0)])
        return -np.log(np.maximum(probabilities(X, W, b)[np.arange(len(X)), y], 1e-300)).mean()

    lrs = np.geomspace(0.005, 2, 9)
    swept = {
        data: {
            name: np.array([[train(inputs, make, lr, seed) for lr in lrs] for seed in range(3)])
            for name, make in METHODS.items()
        }
        for data, inputs in DATA.items()
    }
    best = {(data, name): lrs[v.mean(axis=0).argmin()] for data, losses in swept.items() for name, v in losses.items()}
    # The best of nine is a little lucky on the three seeds that chose it: ten new ones say how good it is.
    fresh = {
        (data, name): np.array([train(DATA[data], METHODS[name], lr, seed) for seed in range(3, 13)])
        for (data, name), lr in best.items()
    }
    fig, axes = plt.subplots(2, 1, figsize=(7.0, 7.6), sharex=True, sharey=True)
    least = {}
    for ax, (data, losses) in zip(axes, swept.items(), strict=True):
        plots.sweep(lrs, losses, ax, start_loss=np.log(10), xlabel=r"learning rate $\alpha$", ylabel="loss after 70 steps")
        ax.set(title=data)
        print(data)
        for name in losses:
            new = fresh[data, name]
            least[data, name] = new.mean()
            print(f"  {name:13} best alpha {best[data, name]:.4f}, loss on ten new seeds {new.mean():.3f} ({new.min():.3f} to "
                  f"{new.max():.3f}), Adam lower on {np.sum(fresh[data, 'Adam'] < new)}")
        for lr, each in ((lrs[0], 0), (lrs[6], 6)):
            print(f"  the same alpha for all, {lr:.3f}: "
                  + ", ".join(f"{name} {values[:, each].mean():.2f}" for name, values in losses.items()))
    axes[0].set_yticks([0.4, 0.6, 1, 2], ["0.4", "0.6", "1", "2"])
    axes[0].minorticks_off()
    axes[0].set_ylim(bottom=0.25)
    axes[0].get_legend().remove()
    axes[1].legend(loc="lower left", fontsize=9.5, ncols=3)
    winners = tuple(min(METHODS, key=lambda name: least[data, name]) for data in DATA)
    where = "in both" if winners[0] == winners[1] else f"in the first, {winners[1]}'s in the second"
    plots.finding(fig, rf"Each at its own best $\alpha$: {winners[0]}'s mean is lowest {where}")
    plt.show()
    reveal(
        "race",
        {("SGD",) * 2: "a", ("momentum 0.9", "Adam"): "b", ("Adam",) * 2: "c", ("RMSProp",) * 2: "d"}[winners],
        because="It has momentum's direction and RMSProp's step lengths. But look at the gaps, and at the bands.",
    )

# %% [markdown]
# A × stands at the first learning rate from which on some run ended *worse than at the start*, above $\log 10 = 2.30$.
# Such a loss need not be infinite (RMSProp's at 0.447 is printed), only useless. Adam's mean is the lowest on
# both data sets. Its range overlaps momentum's, but seed by seed it is lower on most of the ten (the print counts them).
# Plain SGD is last on both. Momentum is second; with each pixel in its own unit, it and RMSProp are not told apart. The units make it harder for
# all four, for Adam too: a pixel in a smaller unit needs a larger weight, and Adam's steps are alike for all weights.
#
# Now look at the last lines of each block: one $\alpha$ for everybody. At 0.005 RMSProp comes first. At 0.447, with
# pixels as they are, momentum does, and Adam comes behind plain SGD. **A common learning rate decides the race before it
# begins.** And this race is 70 steps long, on one problem, and a kind one: softmax regression is convex, one bowl
# without other valleys. What holds for yours, a sweep tells.

# %% [markdown]
# > **A good place for a break.** You have an optimizer for any network, and a fair race behind you. When you come back, put
# > the cursor here and choose *Run > Run All Above Selected Cell*.

# %% [markdown]
# ## Decay beside the step
#
# A common wish: weights should shrink a little in every step unless the data hold them up (unit 06 says why). One way is
# to add $\frac{\lambda}{2} \lVert\theta\rVert^2$ to the loss, so $\lambda\theta$ to the gradient: **L2**. Another is to
# take a fraction off the weights directly: **weight decay**. In gradient descent both are the same. In Adam they are not,
# and **AdamW** (Loshchilov and Hutter, 2019) takes the second. As torch writes it (in the paper, the schedule scales the
# decay, and $\alpha$ does not):
#
# $$\theta_{t+1} = \theta_t - \alpha_t \left( \frac{\hat m_t}{\sqrt{\hat v_t} + \varepsilon} + \lambda\, \theta_t \right)$$
#
# Two weights, 1 and 100. The data have no wish at all: the gradient of the loss is zero. $\alpha = \lambda = 0.1$. One step
# of Adam *with L2 in the gradient* leaves

# %%
predict(
    "two_weights",
    ...,
    options={"a": "(0.99, 99)", "b": "(0.9, 99.9)", "c": "(0.9, 90)", "d": "(1, 100): the gradient is zero"},
)

# %% [markdown]
# ### Exercise: `adamw_step`
#
# `weight_decay` is $\lambda$, and `lr` is again a number or a schedule. The averages see the gradient of the loss only.


# %% exercise="adamw_step"
def adamw_step(theta, m, v, grad, t, lr, weight_decay, beta1=0.9, beta2=0.999, eps=1e-8):
    """Step number t of AdamW: theta_{t+1} = theta_t - alpha_t (m^_t / (sqrt(v^_t) + eps) + weight_decay theta_t).

    theta, m, v, grad: arrays of one shape, any shape.  t: 1 at the first step.  lr: a number or a function of t.
    Returns (theta, m, v), three new arrays.
    """
    ### BEGIN SOLUTION
    alpha = lr(t) if callable(lr) else lr
    moved, m, v = adam_step(theta, m, v, grad, t, alpha, beta1, beta2, eps)
    return moved - alpha * weight_decay * theta, m, v
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: with no gradient, nothing decays, or small and large weights lose the same</summary>
#
# The decay must not pass the root of $\hat v$: no $\lambda\theta$ in the gradient, none in $m$ or $v$, none above the
# fraction bar. It stands beside the fraction.
# </details>
#
# <details><summary>Hint 2: the decay has the wrong size or direction</summary>
#
# With a zero gradient, $\alpha = \lambda = 0.1$ takes $0.1 \cdot 0.1 = 1\,\%$ off every weight. It is taken from the
# theta that came in, with the $\alpha_t$ of this very step.
# </details>
#
# <details><summary>Hint 3: Adam's part is wrong, or NaN</summary>
#
# With $\lambda = 0$ it should be your `adam_step` exactly. Why not use it?
# </details>
#
# <details><summary>Hint 4: "changed its argument in place"</summary>
#
# `theta *= ...` writes into the array that you were given.
# </details>

# %% check="adamw_step"
check("adamw_step")

# %% folded=true
with waits_for("adam_step", "adamw_step"):
    def decayed(method, theta, gradient, count, alpha, decay):
        """The path of weights under AdamW, or under Adam with L2 in the gradient; `gradient` is a function of t."""
        m, v, path = np.zeros_like(theta), np.zeros_like(theta), [theta]
        for t in range(1, count + 1):
            if method == "AdamW":
                theta, m, v = adamw_step(theta, m, v, gradient(t), t, alpha, decay)
            else:
                theta, m, v = adam_step(theta, m, v, gradient(t) + decay * theta, t, alpha)
            path.append(theta)
        return np.array(path)

    both = ("AdamW", "L2 in Adam")
    still = {method: decayed(method, np.array([1.0, 100.0]), lambda t: np.zeros(2), 40, 0.1, 0.1) for method in both}
    sizes = np.geomspace(0.001, 10, 9)  # how large the gradients' noise is

    def left_over(method, seed):
        """Of 100 weights that start at 1, the mean after 100 steps of pure noise: (9,), one for each size of noise."""
        draws = sizes * np.random.default_rng(seed).normal(size=(101, 100, 9))
        return decayed(method, np.ones((100, 9)), lambda t: draws[t], 100, 0.02, 0.2)[-1].mean(axis=0)

    remaining = {method: np.array([left_over(method, seed) for seed in range(5)]) for method in both}
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.4, 4.0))
    for method, colour in zip(both, (plots.BLUE, plots.ORANGE), strict=True):
        for weight, style in zip((0, 1), ("-", "--"), strict=True):
            path = still[method][:, weight] / still[method][0, weight]
            left.plot(path, style, color=colour, linewidth=3 - weight, label=f"{method}, from {(1, 100)[weight]}")
            left.lines[-1].set(marker="o" if method == "AdamW" else "s", markevery=(5 * weight, 10))
        plots.bands(right, sizes, remaining[method], label=method, color=colour, band="minmax")
        right.lines[-1].set_marker("o" if method == "AdamW" else "s")
    left.set(xlabel="step", ylabel="what is left of the weight", title="no gradient at all", ylim=(-1.25, 1.08))
    left.legend(fontsize=8.5, loc="lower right")
    right.set(xscale="log", xlabel="size of the gradients' noise", ylabel="what is left after 100 steps", title="noise only")
    right.set_ylim(-0.1, 1.08)
    right.legend(loc="upper left")
    plots.finding(fig, "AdamW takes the same fraction of every weight; L2 in Adam spares those with large gradients")
    plt.show()
    for method in both:
        after = still[method][1]
        print(f"{method:11} (1, 100) after one step: ({after[0]:g}, {after[1]:g});   mean weight after 100 noisy steps: "
              f"{remaining[method].mean(axis=0)[0]:.2f} (tiny gradients), {remaining[method].mean(axis=0)[-1]:.2f} (large)")
    outcomes = {"a": (0.99, 99), "b": (0.9, 99.9), "c": (0.9, 90), "d": (1, 100)}
    reveal(
        "two_weights",
        min(outcomes.items(), key=lambda item: np.abs(np.array(item[1]) - still["L2 in Adam"][1]).sum())[0],
        because="The gradient is now 0.1 times the weight, and Adam's first step is alpha long, whatever the gradient.",
    )

# %% [markdown]
# (On the left, the small weight under L2 even rolls on through zero: $m$ remembers.) L2 in Adam is divided by
# $\sqrt{\hat v}$ like everything else in the gradient. Without other gradients a weight of 100 loses no more than a weight
# of 1; with them, the decay is the weaker the larger a weight's gradients are. AdamW's decay never meets $v$: the
# same 1 % for all. "Adam with weight decay" in a paper may mean either; `torch.optim.Adam` has a `weight_decay` too, and it
# is L2.

# %% [markdown]
# ## Where Adam goes the wrong way
#
# Reddi, Kale and Kumar (2018) found a problem on which Adam goes to the *worst* point. One parameter $x$ between $-1$
# and $1$. Out of three gradients, in random order, one is $+3$ and two are $-1$, so the mean is $+1/3$ and the best
# place is $x = -1$. Let $\beta_1 = 0$, and let $v$ have a short memory, $\beta_2 = 0.1$. When the rare, important $+3$
# comes, $v$ jumps up with it, and its step is only a little longer than that of a $-1$, not three times as long. Two of
# those together lead further the other way.
#
# Their cure is **AMSGrad**: divide by the *largest* $v$ so far, which no later gradient can make smaller.
#
# $$v^{\max}_t = \max(v^{\max}_{t-1},\, v_t), \qquad
# \theta_{t+1} = \theta_t - \alpha_t\, \frac{\hat m_t}{\sqrt{v^{\max}_t / (1 - \beta_2^t)} + \varepsilon}$$
#
# ### Bonus exercise: `amsgrad_step`
#
# In torch's convention: the maximum is over the uncorrected $v_t$, entry by entry, and is corrected in the step.


# %% exercise="amsgrad_step"
def amsgrad_step(theta, m, v, v_max, grad, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    """Step number t of AMSGrad: Adam's, with the largest v_t so far in place of v_t.

    theta, m, v, v_max, grad: arrays of one shape, any shape.  t: 1 at the first step.  lr: a number or a function of t.
    Returns (theta, m, v, v_max), four new arrays.
    """
    ### BEGIN SOLUTION
    alpha = lr(t) if callable(lr) else lr
    m, v = adam_moments(m, v, grad, beta1, beta2)
    v_max = np.maximum(v_max, v)
    m_hat, v_hat = bias_correction(m, beta1, t), bias_correction(v_max, beta2, t)
    return theta - alpha * m_hat / (np.sqrt(v_hat) + eps), m, v, v_max
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: v_max is wrong, or it has no effect</summary>
#
# `np.maximum(a, b)` compares two arrays entry by entry. Of what before and what now? And which of the two, $v$ or
# $v^{\max}$, is in the step?
# </details>
#
# <details><summary>Hint 2: the first step is right, the later ones are not</summary>
#
# $v$ goes on as Adam's own average, untouched by the maximum. $v^{\max}$ remembers raw values of $v$; the correction, with
# this step's $t$, comes after the maximum and is not kept.
# </details>
#
# <details><summary>Hint 3: tiny gradients, or "changed its argument in place"</summary>
#
# First the root, then add $\varepsilon$. And every array that you hand back is a new one.
# </details>

# %% check="amsgrad_step"
check("amsgrad_step")

# %% folded=true
with waits_for("adam_step", "amsgrad_step"):
    draws = np.array([np.random.default_rng(seed).random(2001) for seed in range(5)]).T

    def reddi(method, alpha, beta2):
        """x at each of 2,000 steps with alpha_t = alpha / sqrt(t), beta1 = 0, for five random orders: (5, 2000)."""
        x, state, path = np.zeros(5), [np.zeros(5)] * (3 if method == "AMSGrad" else 2), []
        step = amsgrad_step if method == "AMSGrad" else adam_step
        for t in range(1, 2001):
            gradient = np.where(draws[t] < 1 / 3, 3.0, -1.0)
            x, *state = step(x, *state, gradient, t, lambda t: alpha / np.sqrt(t), beta1=0.0, beta2=beta2)
            x = np.clip(x, -1, 1)
            path.append(x)
        return np.array(path).T

    shown = {
        r"Adam, $\beta_2$ = 0.1": ("Adam", 0.3, 0.1),
        r"AMSGrad, $\beta_2$ = 0.1": ("AMSGrad", 0.3, 0.1),
        r"Adam, $\beta_2$ = 0.99": ("Adam", 0.3, 0.99),
    }
    paths = {name: reddi(*settings) for name, settings in shown.items()}
    ax = plots.loss_curves(paths, xlabel="step", ylabel="x; the best place is -1", band="minmax", x=np.arange(1, 2001))
    ax.legend(loc="center right")
    plots.finding(ax, "With a short memory for squares, Adam goes to the worst point; AMSGrad does not")
    plt.show()
    for name, path in paths.items():
        plain = name.replace(r"$\beta_2$", "beta2")
        print(f"{plain:21} x over the last 200 steps, mean of five seeds: {path[:, -200:].mean():+.2f}")
    at, m, v, path = np.zeros(1), np.zeros(1), np.zeros(1), []
    for t in range(1, 31):  # +3, -1, -1, and again, with alpha = 1
        at, m, v = adam_step(at, m, v, np.full(1, 3.0 if t % 3 == 1 else -1.0), t, 1.0, beta1=0.0, beta2=0.1)
        path.append(at[0])
    print("Adam's steps at +3, -1, -1 in turn, in alpha: " + ", ".join(f"{step:+.2f}" for step in np.diff(path)[-3:]))
    others = {alpha: reddi("Adam", alpha, 0.1)[:, -200:].mean() for alpha in (0.1, 1.0)}
    print("Adam, beta2 = 0.1, with other alphas: "
          + ", ".join(f"alpha {alpha}: {x:+.2f}" for alpha, x in others.items()))

# %% [markdown]
# No $\alpha$ of these rescues Adam here, because the *direction* of its mean step is wrong: add up the three steps
# printed. A longer memory does: with $\beta_2 = 0.99$ the $+3$ and the $-1$ are divided by nearly the same root. So
# keep in mind what the counterexample says and what it does not: that rare, large, important gradients need a $\beta_2$
# with a memory longer than the time between them. It does not say that AMSGrad is better on your network: in
# comparisons of many optimizers the two end close to each other (Schmidt and others, below), and Adam with
# $\beta_2 = 0.999$ is what most people use.
#
# **Then why do language models take $\beta_2 = 0.95$?** GPT-3 and Llama were trained so: a memory of 20 steps. Their
# papers give no reason; here is one that fits what you have measured. A batch of theirs has millions of words, so that
# most words that are rare in a sentence are in every batch: there is little to forget in between. What is left to fear
# is the bad batch, and you printed its cost at "One rare gradient". With 0.999, one gradient of 100 among ones made a
# step of 3.08 $\alpha$, and a thousand steps later the steps were still less than half as long as before. With 0.95 it made
# no step longer than $\alpha$, and was forgotten 200 steps later. A long memory for what is rare and important, a short
# one for what is rare and wrong: $\beta_2$ cannot tell them apart. You have to.

# %% [markdown]
# ## Clinic: the sensor that is not there
#
# Somebody predicts a house's heating, $y \approx X w + c$, and starts from the weights `w` of last year. They
# wrote AdamW for the two parameters, with decay for the weights only. There is no error message, and the loss falls. Run
# the next three cells and look.


# %% exercise="clinic_05"
def clinic_05(X, y, w, c, lr, weight_decay, steps):
    """Fit y = X w + c from given w and c, by AdamW on half the mean squared error; only w decays.

    X: (N, p).  y: (N,).  w: (p,).  c: a number.  The betas are 0.9 and 0.999, eps is 1e-8.
    Returns the paths of w and c, the start included: (steps + 1, p), (steps + 1,).
    """
    ### BEGIN SOLUTION
    params, m, v = [w, c], [0.0, 0.0], [0.0, 0.0]
    path = [list(params)]
    for t in range(1, steps + 1):
        error = X @ params[0] + params[1] - y
        grads = [X.T @ error / len(y), np.mean(error)]
        params[0] = params[0] - lr * weight_decay * params[0]
        for i, grad in enumerate(grads):
            m[i] = 0.9 * m[i] + 0.1 * grad
            v[i] = 0.999 * v[i] + 0.001 * grad**2
            m_hat, v_hat = m[i] / (1 - 0.9**t), v[i] / (1 - 0.999**t)
            params[i] = params[i] - lr * m_hat / (np.sqrt(v_hat) + 1e-8)
        path.append(list(params))
    return np.array([a for a, _ in path]), np.array([b for _, b in path])
    ### END SOLUTION
    ### BEGIN STUB
    # params, m, v, t = [w, c], [0.0, 0.0], [0.0, 0.0], 0
    # path = [list(params)]
    # for _ in range(steps):
    #     error = X @ params[0] + params[1] - y
    #     grads = [X.T @ error / len(y) + weight_decay * params[0], np.mean(error)]
    #     for i, grad in enumerate(grads):
    #         t += 1
    #         m[i] = 0.9 * m[i] + 0.1 * grad
    #         v[i] = 0.999 * v[i] + 0.001 * grad**2
    #         m_hat, v_hat = m[i] / (1 - 0.9**t), v[i] / (1 - 0.999**t)
    #         params[i] = params[i] - lr * m_hat / (np.sqrt(v_hat) + 1e-8)
    #     path.append(list(params))
    # return np.array([a for a, _ in path]), np.array([b for _, b in path])
    ### END STUB


# %% given="house"
rng = np.random.default_rng(6)
X_house = rng.normal(size=(60, 5))
X_house[:, 3:] = 0  # the last two sensors were unplugged this year
heating = X_house[:, :3] @ [1.0, 2.0, -1.0] + 4 + 0.1 * rng.normal(size=60)
last_year = np.array([0.5, 1.0, 0.0, 1.0, 100.0])

# %% folded=true
with waits_for("adamw_step", "clinic_05"):
    w_path, c_path = clinic_05(X_house, heating, last_year, 0.0, 0.1, 0.1, 60)
    w, c, of_w, of_c = last_year, np.zeros(1), [np.zeros(5)] * 2, [np.zeros(1)] * 2
    mine = [(w, c[0])]
    for t in range(1, 61):  # the same by your adamw_step
        off = X_house @ w + c - heating
        w, *of_w = adamw_step(w, *of_w, X_house.T @ off / 60, t, 0.1, 0.1)
        c, *of_c = adamw_step(c, *of_c, np.mean(off, keepdims=True), t, 0.1, 0.0)
        mine.append((w, c[0]))
    w_mine, c_mine = np.array([each for each, _ in mine]), np.array([each for _, each in mine])
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.4, 4.2))
    left.plot(range(1, 13), np.diff(c_path)[:12] / 0.1, "o-", label="clinic_05")
    left.plot(range(1, 13), np.diff(c_mine)[:12] / 0.1, "s--", label="your adamw_step")
    left.set(xlabel="step", ylabel=r"step of c, in $\alpha$", ylim=(0, 1.15), xticks=[1, 4, 8, 12])
    left.legend(loc="lower right")
    for column, style in ((3, "-"), (4, ":")):
        share = w_path[:, column] / last_year[column]
        right.plot(share, style, linewidth=3, label=f"clinic_05, weight {last_year[column]:g}")
    right.plot(w_mine[:, 4] / last_year[4], "--", color=plots.MUTED, label="your adamw_step, both")
    right.set(xlabel="step", ylabel="what is left of the weight", ylim=(-1.0, 1.08))
    right.legend(fontsize=8.5, loc="lower right")
    agree = np.allclose(w_path, w_mine) and np.allclose(c_path, c_mine)
    faults = [("c starts slowly", not np.isclose(c_path[1], c_mine[1])),
              ("decay is not fair", not np.allclose(w_path[:, 3] / last_year[3], w_path[:, 4] / last_year[4]))]
    found = " and ".join(fault for fault, there in faults if there) or "its path is not your adamw_step's"
    healthy, ill = "Healthy: it walks like your adamw_step", f"Not healthy yet: {found}"
    plots.finding(fig, healthy if agree else ill)
    plt.show()
    print(f"first step of c: {c_path[1]:.4f} (lr is 0.1);   the unplugged weights, 1 and 100, after 5 steps: "
          f"{w_path[5, 3]:.3f} and {w_path[5, 4]:.3f}")

# %% [markdown]
# **Symptom 1**, left: Adam's first step is $\alpha$ long, always; you saw why. The first step of $c$ is shorter, and so are
# the next few. **Symptom 2**, right: two sensors are unplugged, so the loss has no gradient for their weights, and decay
# alone should take the same fraction of both. It does not. Find both causes and repair `clinic_05`. When it is
# healthy, the picture says so.
#
# <details><summary>Hint 1: why does c start slowly?</summary>
#
# Print `i` and `t` in the inner loop. With which $t$ is the very first gradient of $c$ corrected? How many gradients has
# $c$'s average seen by then?
# </details>
#
# <details><summary>Hint 2: why do 1 and 100 lose the same?</summary>
#
# Follow `weight_decay` from the line where it enters until it reaches `params[0]`. What is it divided by on the way? In
# AdamW it goes to the weights directly, scaled by `lr` and by nothing else.
# </details>

# %% check="clinic_05"
check("clinic_05")

# %% [markdown]
# Both mistakes are easily made, and the loss falls all the same. A $t$ that counts parameters and not steps is a matter
# of one indentation; a decay in the gradient is what the word "regularization" suggests. What gave them away were two things that
# can be known beforehand: Adam's first step is $\alpha$ long, and decay takes the same fraction of every weight.

# %% [markdown]
# ## Quiz
#
# Put the letter of the best answer in quotes, such as `"b"`, in place of the dots. What is right, and why the others are not, you read in your
# feedback, or with `./course check 05`.
#
# **q1.** Somebody forgot the bias correction, with $\beta_1 = 0.9$ and $\beta_2 = 0.99$. How long is the first step?
# - a) exactly $\alpha$
# - b) $0.1\,\alpha$
# - c) $3.16\,\alpha$
# - d) $10\,\alpha$
#
# **q2.** A loss is divided by $10^9$, "because it is a mean over so many pixels". All gradients are now about $10^{-10}$,
# and $\varepsilon = 10^{-8}$ stands outside the root. Adam's steps:
# - a) stay as long as they were, because the scale of the loss cancels
# - b) become about 100 times shorter
# - c) become about $10^9$ times shorter
# - d) become about 100 times longer, because the divisor is so small
#
# **q3.** The gradients of one weight are $+2, -2, +2, -2, \dots$ for ever. How long are Adam's steps in the end, with the
# usual betas?
# - a) $\alpha$, to and fro: every gradient has the same size
# - b) $2\alpha$, to and fro
# - c) about $\alpha/20$
# - d) $\alpha$ at first, and then forever shorter, down to zero
#
# **q4.** A word model has weights around 0.05 for a word that never occurs: the gradient of its loss is always exactly zero.
# $\alpha = 0.001$, $\lambda = 0.01$, 1,000 steps. What becomes of these weights?
# - a) with L2 in Adam and with AdamW they lose the same 1 %
# - b) L2 in Adam brings them to zero within about a hundred steps; AdamW takes 1 % off
# - c) AdamW brings them to zero within about a hundred steps; L2 in Adam takes 1 % off
# - d) nothing: without a gradient of the loss there is no step
#
# **q5.** You may train 30 times, and want to know whether Adam or SGD is better for your network. How do you spend the 30?
# - a) fifteen seeds for each, both at the learning rate 0.01, so that only the method differs
# - b) 29 learning rates for Adam, which is new to you, and SGD once, at the rate in a paper
# - c) five learning rates for each, then ten new seeds of each at its best
# - d) fifteen learning rates for each; the lower of the two lowest losses wins
#
# **q6.** Four sentences about Adam from the web. Which one is right?
# - a) "Adam combines gradient descent and stochastic gradient descent."
# - b) "$\varepsilon$ is a regularization term."
# - c) "Adam divides momentum's average of the gradients by the root of RMSProp's average of their squares."
# - d) "Adam adapts its learning rate by itself, so it needs no schedule."

# %% exercise="quiz_05"
### BEGIN SOLUTION
quiz_05 = {"q1": "a", "q2": "b", "q3": "c", "q4": "b", "q5": "c", "q6": "c"}
### END SOLUTION
### BEGIN STUB
# quiz_05 = {"q1": ..., "q2": ..., "q3": ..., "q4": ..., "q5": ..., "q6": ...}
### END STUB

# %% check="quiz_05"
check("quiz_05")

# %% [markdown]
# ## Recap
#
# - **Moments:** $m_t = \beta_1 m_{t-1} + (1-\beta_1)\, g_t$ and $v_t = \beta_2 v_{t-1} + (1-\beta_2)\, g_t^2$, from zero.
# - **Bias correction:** $\hat m_t = m_t / (1 - \beta_1^t)$, $\hat v_t = v_t / (1 - \beta_2^t)$; $t$ is 1 at the first
#   step. Without it the first step is $0.1/\sqrt{0.001} = 3.16$ times too long.
# - **Adam:** $\theta_{t+1} = \theta_t - \alpha_t\, \hat m_t / (\sqrt{\hat v_t} + \varepsilon)$. With $\beta_1 = \beta_2 = 0$ it is
#   sign descent. Steps are about $\alpha$ long where gradients agree and short where they do not, whatever their size.
#   A single gradient after a long silence makes a first step of $(1 - \beta_1)/\sqrt{1 - \beta_2} = 3.16\,\alpha$ and moves
#   the weight by about $30\,\alpha$ in all.
# - **Schedule:** the first steps are long and know little (warm-up); the last have to be short (let $\alpha_t$ fall).
# - **Memory:** two numbers for each parameter beside the parameter and its gradient.
# - **$\varepsilon$** stands outside the root and matters where gradients are as small as it is; inside the root, below
#   $\sqrt{\varepsilon}$.
# - **AdamW:** $\theta_{t+1} = \theta_t - \alpha_t\,(\hat m_t / (\sqrt{\hat v_t} + \varepsilon) + \lambda \theta_t)$. The decay
#   stays out of both averages; L2 in Adam's gradient is divided by $\sqrt{\hat v_t}$.
# - **AMSGrad** divides by the largest $v$ so far. Adam can go wrong where $v$ forgets rare, large gradients.
# - **Compare fairly:** each method at its own best learning rate, the same budget, several seeds.
#
# And Ines's wish? One $\alpha$ serves parameters whose gradients are of very different *size*. It does not serve those
# whose gradients are of very different *frequency*: the hoopoe still shakes her network twice a year.

# %% [markdown]
# ## Think about it
#
# A colleague writes: "I trained with SGD at learning rate 0.1 and with Adam at 0.1. Adam's loss exploded, so our data do
# not suit Adam. I also set `weight_decay=0.01` in `torch.optim.Adam`, but the weights of the first layer, where gradients
# are largest, hardly got smaller." In five to eight sentences, to be read by a person: explain both observations, and
# say what she should try next.

# %% [markdown] points=3 reflection="reflection_05"
# ### BEGIN SOLUTION
# A learning rate means something else in the two methods. SGD's step is 0.1 times the gradient, which may be small; Adam
# divides the gradient by its own size, so each weight moves by about 0.1 in each step. Weights of a network are often
# smaller than that, so the network is thrown about, whatever the data are. She should sweep Adam's learning rate, from
# about 0.0001 to 0.01, let it fall towards the end, and compare both methods at their best, with several seeds. The
# weight_decay of torch.optim.Adam is L2: it is added to the gradient and then divided by the root of v. Where gradients
# are large, that root is large, and nearly nothing is left of the decay. AdamW takes the decay off the weights directly,
# the same fraction everywhere, so she should change to torch.optim.AdamW and choose weight_decay anew.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# 1 point: Adam's steps are about alpha long in every weight whatever the gradient, so that 0.1 is far too long, and says
# nothing about the data. 1 point: L2 in Adam is divided by the root of v, so large gradients weaken it; AdamW is the
# remedy. 1 point: a fair comparison: a sweep for each method (a much smaller alpha for Adam), same budget, several seeds.
# ### END MARK SCHEME

# %% [markdown]
# ## Going further
#
# - D. P. Kingma, J. Ba, [Adam: A Method for Stochastic Optimization](https://arxiv.org/abs/1412.6980) (2015): algorithm 1
#   is your `adam_step`; the end of section 2 has the short form with the other eps.
# - S. J. Reddi, S. Kale, S. Kumar, [On the Convergence of Adam and Beyond](https://openreview.net/forum?id=ryQu7f-RZ)
#   (2018): the counterexample and AMSGrad.
# - L. Liu and others, [On the Variance of the Adaptive Learning Rate and Beyond](https://arxiv.org/abs/1908.03265) (2020):
#   what a warm-up does for Adam; [code](https://github.com/LiyuanLucasLiu/RAdam).
# - J. Bernstein and others, [signSGD](https://arxiv.org/abs/1802.04434) (2018): sign descent, for its own sake.
# - N. Shazeer, M. Stern, [Adafactor](https://arxiv.org/abs/1804.04235) (2018): nearly Adam, with far less memory.
# - I. Loshchilov, F. Hutter, [Decoupled Weight Decay Regularization](https://arxiv.org/abs/1711.05101) (2019): AdamW; its
#   code is [public](https://github.com/loshchil/AdamW-and-SGDW).
# - R. M. Schmidt, F. Schneider, P. Hennig, [Descending through a Crowded
#   Valley](https://arxiv.org/abs/2007.01547) (2021): fifteen optimizers compared with care, and how much the tuning
#   matters; [code](https://github.com/SirRob1997/Crowded-Valley---Results).
# - [torch.optim.Adam](https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html) and its
#   [code](https://github.com/pytorch/pytorch/blob/main/torch/optim/adam.py): look for `_single_tensor_adam`, and find
#   your lines there.
#
# Next: 06 Regularization, which says what the decay is good for.
