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
# # 01 · Gradients
#
# **After this unit you can** write a loss together with its gradient, test any gradient numerically and say how far to trust
# the test, compute softmax and cross-entropy that survive logits of any size, and tell from the very first loss whether a
# classifier starts out healthy.
#
# | time | difficulty | builds on |
# |---|---|---|
# | 60 to 80 minutes | ●●○○○ | unit 00; derivatives of one variable, the chain rule, matrix times vector |
#
# A wrong gradient does not stop a program. With a factor missing in one layer, a network may still learn something, only worse,
# and nothing tells you why. After this unit you test a gradient before you trust it.
#
# After each exercise a check compares what your function returns with values found in another way, where possible by PyTorch.

# %% given="setup"
try:
    from course_lib import check, plots, predict, reveal, waits_for
except ModuleNotFoundError as error:
    raise SystemExit(f"{error}: run ./course start in the course's folder, or see docs/running.md") from None

import matplotlib.pyplot as plt
import numpy as np

from course_lib.data import load_fashion_mnist, subset
from course_lib.objectives import AbsValue

plots.use_style()

# %% [markdown]
# ## A loss and its gradient
#
# Training means: choose the parameters $\theta$ so that a number, the loss $J(\theta)$, becomes small. A linear model predicts
# $\hat y_i = x_i \cdot \theta$ for the example $x_i$ (a row of $X$), and the **mean squared error** says how far off it is:
#
# $$J(\theta) = \frac{1}{N} \sum_{i=1}^{N} (x_i \cdot \theta - y_i)^2 .$$
#
# The **gradient** collects the partial derivatives, one for each parameter: how fast does $J$ change when only $\theta_j$ grows?
# The chain rule gives (outer derivative 2 times the error, inner derivative $x_{ij}$)
#
# $$\frac{\partial J}{\partial \theta_j} = \frac{2}{N} \sum_{i=1}^{N} (x_i \cdot \theta - y_i)\, x_{ij}
# \qquad\text{or, all at once,}\qquad \nabla J(\theta) = \frac{2}{N} X^\top (X\theta - y) .$$
#
# Some books put a factor ½ in front of $J$, so that the 2 disappears. Here there is none: the 2 stays.
#
# ### Exercise: `mse_loss`


# %% exercise="mse_loss"
def mse_loss(theta, X, y):
    """Mean squared error of the linear model X @ theta, and its gradient.

    theta: (D,).  X: (N, D), one row an example.  y: (N,).  Returns (loss, grad), a number and (D,).
    J = (1/N) * sum_i (x_i . theta - y_i)^2        grad J = (2/N) * X^T (X theta - y)
    """
    ### BEGIN SOLUTION
    residual = X @ theta - y
    return np.mean(residual**2), 2 / len(y) * X.T @ residual
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: right for one example, wrong for several</summary>
#
# Compute the error of each example first: a vector of $N$ numbers. Square each of them, then take the mean. $N$ is the number of
# rows, `len(y)`. Loss and gradient carry the same $1/N$.
# </details>
#
# <details><summary>Hint 2: the gradient is off by a factor of two</summary>
#
# The derivative of $u^2$ is $2u$ times the derivative of $u$. And the loss here is the plain mean of the squares, without ½.
# </details>
#
# <details><summary>Hint 3: the gradient has the wrong sign</summary>
#
# With $u = y - x \cdot \theta$ the inner derivative is $-x$. With $u = x \cdot \theta - y$ it is $x$. Take the second, and there is
# no minus sign to forget.
# </details>
#
# <details><summary>Hint 4: the shapes do not fit</summary>
#
# `X @ theta` is (N, D) times (D,), which gives (N,). The gradient has theta's shape, (D,): which product of `X` or `X.T` with a
# vector of N errors gives D numbers?
# </details>

# %% check="mse_loss"
check("mse_loss")

# %% [markdown]
# ## Where does it point?
#
# With two parameters one can look at it. Below, a line is fitted to 40 points: $\theta_1$ is its slope, $\theta_2$ its height at 0.
# Along a contour the loss is the same everywhere. Which way does the gradient point there?

# %%
predict(
    "direction",
    ...,
    options={
        "a": "It points straight away from the minimum.",
        "b": "It runs along the contour.",
        "c": "It stands at right angles to the contour and points uphill.",
        "d": "It points straight to the minimum.",
    },
)

# %% given="line_data"
rng = np.random.default_rng(1)
x_line = rng.uniform(0, 2, size=40)
y_line = 1.5 * x_line + 0.5 + rng.normal(0, 0.3, size=40)
X_line = np.column_stack([x_line, np.ones(40)])
best_line = np.linalg.lstsq(X_line, y_line, rcond=None)[0]


def line_loss(theta):
    return mse_loss(theta, X_line, y_line)[0]


def line_grad(theta):
    return mse_loss(theta, X_line, y_line)[1]


# %% folded=true
with waits_for("mse_loss"):
    starts = np.array([[-0.4, 1.9], [0.4, 0.1], [1.4, 1.7], [2.6, 1.1], [2.9, -0.9]])
    directions = [line_grad(theta) / np.linalg.norm(line_grad(theta)) for theta in starts]
    ax = plots.contour_with_paths(
        line_loss,
        {},
        xlabel=r"$\theta_1$ (slope)",
        ylabel=r"$\theta_2$ (height at 0)",
        minimum=best_line,
        window=(-1.7, 4.5, -1.5, 2.4),
        equal=True,
    )
    for theta, uphill in zip(starts, directions, strict=True):
        arrow = {"arrowstyle": "-|>", "color": plots.VERMILLION, "lw": 2, "shrinkA": 0}
        ax.annotate("", theta + 0.5 * uphill, theta, arrowprops=arrow)
        ax.plot(*theta, "o", color=plots.VERMILLION, markersize=5)
        ax.plot(*np.array([theta, best_line]).T, ":", color=plots.MUTED, linewidth=1.3)
    plots.finding(ax, "The gradient points uphill, at right angles to the contour")
    plt.show()

    theta, uphill, step = starts[0], directions[0], 1e-3
    away = (theta - best_line) / np.linalg.norm(theta - best_line)
    ways = {"c": uphill, "a": away, "b": np.array([-uphill[1], uphill[0]]), "d": -away}
    rises = {key: line_loss(theta + step * way) - line_loss(theta) for key, way in ways.items()}
    print(f"At the upper left point the gradient has length {np.linalg.norm(line_grad(theta)):.3f}.")
    print("A step of length 0.001 from there changes the loss by")
    print(f"  {rises['c']:+.6f}   along the gradient")
    print(f"  {rises['a']:+.6f}   straight away from the minimum")
    print(f"  {rises['b']:+.6f}   at right angles to the gradient")
    print(f"  {rises['d']:+.6f}   straight to the minimum")
    reveal(
        "direction",
        max(rises, key=rises.get),
        because="Of all directions, the loss rises fastest along the gradient, and at right angles to it "
        "(along the contour) it does not change at first.",
    )

# %% [markdown]
# Why at right angles? A short step $d$ changes the loss by about $\nabla J(\theta) \cdot d$. Along the gradient that is its
# length times that of $d$, the most there can be; at right angles to it, it is 0: that way the contour runs. Minus the gradient
# is the way down, and it leads straight to the minimum (along the dotted line) only from the axes of the ellipses. Unit 02 has to
# live with that.

# %% [markdown]
# ## A gradient measured, not derived
#
# What if you write a loss that no check of this course knows? Then you measure the slope. Move one parameter a little to either
# side, and see how much the loss changes. This is the **central difference**:
#
# $$\frac{\partial f}{\partial \theta_j} \approx \frac{f(\theta + h e_j) - f(\theta - h e_j)}{2h} ,$$
#
# where $e_j$ is 1 at position $j$ and 0 elsewhere. It needs two evaluations of $f$ for each parameter: far too slow for training,
# just right for a test.
#
# ### Exercise: `numerical_gradient`
#
# It should take a `theta` of any shape (a vector, a matrix, ...), work in float64, and leave the caller's `theta` as it was.


# %% exercise="numerical_gradient"
def numerical_gradient(f, theta, h=1e-5):
    """Central differences of f at theta, one entry at a time.

    f: takes an array of theta's shape, gives a number.  theta: any shape.  Returns an array of theta's shape.
    entry j: (f(theta + h e_j) - f(theta - h e_j)) / (2 h)
    By hand: np.gradient, scipy.optimize, scipy.differentiate and torch are not allowed here.
    """
    ### BEGIN SOLUTION
    theta = np.asarray(theta, dtype=np.float64)
    grad = np.zeros(theta.shape)
    for index in np.ndindex(theta.shape):
        step = np.zeros(theta.shape)
        step[index] = h
        grad[index] = (f(theta + step) - f(theta - step)) / (2 * h)
    return grad
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: my slopes are off by a factor, or not exact enough</summary>
#
# Two evaluations, one on either side of theta. Their distance is $2h$, and `/ 2 * h` is not the same as `/ (2 * h)`. Use the `h` that
# you are given.
# </details>
#
# <details><summary>Hint 2: all entries are the same, or only the first one is right</summary>
#
# One coordinate moves, all others stay where they were. `np.ndindex(theta.shape)` runs over the positions of an array of any
# shape: `for index in np.ndindex(theta.shape): ... grad[index] = ...`
# </details>
#
# <details><summary>Hint 3: it says that I changed theta</summary>
#
# `theta[index] += h` writes into the array that you were handed. Make a new array for each evaluation; `theta + step`, with a `step`
# that is 0 except in one place, is one way.
# </details>
#
# <details><summary>Hint 4: it is wrong where theta holds whole numbers</summary>
#
# An array of whole numbers cannot hold 3.01. `np.zeros(shape)` makes an array of float64; `np.zeros_like(theta)` takes over
# theta's dtype. `theta.astype(np.float64)` gives a copy that can hold fractions.
# </details>

# %% check="numerical_gradient"
check("numerical_gradient")

# %% [markdown]
# ## How small should h be?
#
# The derivative is the limit for $h \to 0$. So the smaller the better? Take $f(\theta) = e^{\sin\theta}$, whose derivative
# $\cos\theta\, e^{\sin\theta}$ we know, at twenty places. With $h = 10^{-5}$, the central difference is off by about $10^{-11}$.
# And with $h = 10^{-10}$? (The picture also shows the **forward difference** $(f(\theta + h) - f(\theta))/h$, which looks
# to one side only.)

# %%
predict(
    "best_h",
    ...,
    options={
        "a": "By far less: about 0.000000000000000000001 (1e-21), as the error goes like h squared.",
        "b": "By about as much as before: float64 has no more digits.",
        "c": "By far more: about 0.000001 (1e-6).",
    },
)

# %% folded=true
with waits_for("numerical_gradient"):
    places = np.linspace(-3, 3, 20)[:, None]
    exact = np.cos(places) * np.exp(np.sin(places))
    hs = np.logspace(-13, -0.5, 51)

    def wave(theta):
        return float(np.exp(np.sin(theta[0])))

    def wave32(theta):
        return float(np.exp(np.sin(np.float32(theta[0]))))  # the same, computed in float32

    def error(slopes):
        return np.sqrt(np.mean((np.array(slopes).reshape(exact.shape) - exact) ** 2))

    errors = {
        "forward": [error([(wave(t + h) - wave(t)) / h for t in places]) for h in hs],
        "central": [error([numerical_gradient(wave, t, h) for t in places]) for h in hs],
        "central, f in float32": [error([numerical_gradient(wave32, t, h) for t in places]) for h in hs],
    }
    best = {name: hs[np.argmin(values)] for name, values in errors.items()}
    for name, values in errors.items():
        print(f"{name:22} most exact at h = {best[name]:.0e}, with an error of {min(values):.0e}")
    fig, ax = plt.subplots(figsize=(7.2, 4.8))
    plots.error_plot(
        hs,
        errors,
        ax,
        xlabel="step h",
        ylabel="error of the derivative (root mean square)",
        orders={"forward": 1, "central": 2},
    )
    ax.set_ylim(1e-13, 1e4)
    plots.finding(ax, "Long steps err by the formula, short ones by rounding")
    plt.show()
    tiny = error([numerical_gradient(wave, t, 1e-10) for t in places])
    print(f"central, at h = 1e-5: {error([numerical_gradient(wave, t, 1e-5) for t in places]):.0e}, at h = 1e-10: {tiny:.0e}")
    print(f"f in float32, at h = 1e-5: {error([numerical_gradient(wave32, t, 1e-5) for t in places]):.0e}")
    reveal(
        "best_h",
        "a" if tiny < 1e-14 else "b" if tiny < 1e-9 else "c",
        because="Two values that agree in ten digits are subtracted: of their sixteen digits six are left, and the division "
        "by 2h makes the rounding of the last ones large.",
    )

# %% [markdown]
# Read the picture from right to left; both axes are logarithmic. On the right, the error is the formula's own. Taylor's formula,
# $f(\theta \pm h) = f \pm h f' + \frac{h^2}{2} f'' \pm \frac{h^3}{6} f''' + \dots$, tells how large: the forward difference is
# off by $\frac{h}{2} f''$ (halve h, halve the error); in the central one $f''$ cancels, and $\frac{h^2}{6} f'''$ stays (halve h,
# a quarter of the error). On the left it is rounding: float64 keeps 16 digits, so $f$ is off by about $\epsilon = 10^{-16}$ of
# itself, and the division by $h$ makes that $\epsilon / h$. The two meet where $h^2 \approx \epsilon / h$: at
# $h \approx \epsilon^{1/3}$, near $5 \cdot 10^{-6}$. (Where the float32 curve is flat, $\theta + h$ and $\theta - h$ are rounded
# to the same number.)
#
# In **float32** (7 digits) no $h$ makes the error much smaller than $10^{-5}$, and the $h$ that suits float64 does far worse, as
# the print says. A wrong gradient can hide behind that. So: check gradients in float64, with central differences, at $h$ near
# $10^{-5}$.

# %% [markdown]
# ## And at a kink?
#
# At 0, $|\theta|$ has a corner: slope 1 right of it, slope -1 left of it. Take $\theta = 0.000003$, where the slope is 1, and $h = 0.00001$.

# %%
predict(
    "kink",
    ...,
    options={
        "a": "The central difference gives 1.",
        "b": "It gives 0.3.",
        "c": "It gives 0.",
        "d": "It gives NaN.",
    },
)

# %%
with waits_for("numerical_gradient"):
    h = 1e-5
    near = np.linspace(-3 * h, 3 * h, 121)
    slopes = np.array([numerical_gradient(AbsValue(), t, h)[0] for t in near[:, None]])
    measured = numerical_gradient(AbsValue(), np.array([3e-6]), h)[0]
    print(f"at theta = 0.000003 the central difference of |theta| is {measured:.3f}")
    fig, ax = plt.subplots(figsize=(7.0, 3.4))
    ax.plot([-3, 0, np.nan, 0, 3], [-1, -1, np.nan, 1, 1], color=plots.MUTED, linewidth=5, alpha=0.5, label="slope of $|\\theta|$")
    ax.plot(near / h, slopes, "--", color=plots.BLUE, label="central difference")
    ax.plot(0.3, measured, "o", color=plots.VERMILLION, markersize=8, label="$\\theta = 0.000003$")
    ax.set(xlabel=r"$\theta\,/\,h$", ylabel="slope")
    ax.legend(loc="upper left")
    plots.finding(ax, "Within h of a kink, the central difference mixes both slopes")
    plt.show()
    reveal(
        "kink",
        {1.0: "a", 0.3: "b", 0.0: "c"}.get(round(float(measured), 6), "d"),
        because="theta - h lies left of the kink, theta + h right of it: (0.000013 - 0.000007) / 0.00002 = 0.3. "
        "Neither slope is measured, but something between.",
    )

# %% [markdown]
# Many functions of later units have kinks: ReLU (which is $\max(0, z)$), the largest of several values, the absolute value. When
# a gradient check fails in a few entries only, and these lie within h of a kink, the numerical gradient may be the one that is
# wrong. Move the point a little and check again.

# %% [markdown]
# ## A test that finds wrong gradients
#
# Now compare. Call $g$ the gradient that somebody wrote and $n$ the numerical one. The plain difference $|g_j - n_j|$ says little: 0.001
# is nothing where gradients are 1000, and everything where they are 0.001. So divide by their size:
#
# $$\text{error} = \max_j \frac{|g_j - n_j|}{\max\left(|g_j| + |n_j|,\ 10^{-3}\right)} .$$
#
# The gradient passes if the error is below a tolerance. The **floor** of $10^{-3}$ is for entries near 0, where a division by
# their size would only magnify rounding. (Its price: at a tolerance of $10^{-6}$ an entry with $|g_j| + |n_j| < 10^{-9}$ passes,
# right or wrong. CS231n divides by $\max(|g_j|, |n_j|)$, so that its errors are up to twice as large.)
#
# ### Exercise: `gradient_check`
#
# Use your `numerical_gradient`. The check will hand you right gradients and gradients with a planted mistake.


# %% exercise="gradient_check"
def gradient_check(f, grad, theta, h=1e-5, tol=1e-6):
    """Is grad the gradient of f at theta?

    f: array -> number.  grad: array -> array of the same shape.  theta: any shape.
    Returns (ok, error): error = max_j |g_j - n_j| / max(|g_j| + |n_j|, 1e-3), where g = grad(theta) and n is the
    numerical gradient with step h; ok is True if error < tol.
    By hand: scipy.optimize and torch are not allowed here.
    """
    ### BEGIN SOLUTION
    g = grad(theta)
    n = numerical_gradient(f, theta, h)
    error = np.max(np.abs(g - n) / np.maximum(np.abs(g) + np.abs(n), 1e-3))
    return bool(error < tol), error
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: it fails where gradients are very large or very small, or lets a wrong sign pass</summary>
#
# Write numerator and denominator on two lines of their own, and compare each with the formula. There are three absolute values in it.
# </details>
#
# <details><summary>Hint 2: it misses a single wrong entry</summary>
#
# Compute the error of *every* entry, as an array of theta's shape. Only then take one number from it: the largest. `np.maximum`
# compares two arrays entry by entry, `np.max` finds the largest entry of one.
# </details>
#
# <details><summary>Hint 3: it flags gradients that are right</summary>
#
# Is everything in float64? Look at the picture above: with the function in float32, no step gives an error below $10^{-6}$.
# </details>
#
# <details><summary>Hint 4: NaN, or only the last property is wrong</summary>
#
# NaN comes from 0/0: the floor stands in the denominator for that. `ok` compares the error with the `tol` that was handed over, and is
# True when the gradient is good. And `h` goes on to `numerical_gradient`.
# </details>

# %% check="gradient_check"
check("gradient_check")

# %% [markdown]
# Try it on your own `mse_loss`, and on a version in which somebody forgot the 2.

# %%
with waits_for("mse_loss", "gradient_check"):
    theta = np.array([0.6, 1.9])
    ok, error_here = gradient_check(line_loss, line_grad, theta)
    print(f"your mse_loss:      ok = {ok!s:5}  error = {error_here:.1e}")
    ok, error_here = gradient_check(line_loss, lambda t: line_grad(t) / 2, theta)
    print(f"half the gradient:  ok = {ok!s:5}  error = {error_here:.1e}")

# %% [markdown]
# A right gradient leaves rounding, and the formula's own tiny error; half a gradient gives $\frac{1}{3}$. As a rule of thumb:
# below $10^{-7}$ the gradient is right at this point; above $10^{-3}$ it is wrong, unless only a few entries fail, beside a kink
# (there the error may reach 1); between the two, look for float32, an h that does not suit, or a small mistake.

# %% [markdown]
# > **A good place for a break.** You have a test for any gradient. When you come back, put the cursor here and choose *Run >
# > Run All Above Selected Cell*.

# %% [markdown]
# ## From scores to probabilities
#
# A classifier gives each example a row of $K$ scores, the **logits**, one for each class. **Softmax** turns them into probabilities:
#
# $$p_k = \frac{e^{z_k}}{\sum_{j=1}^{K} e^{z_j}} .$$
#
# All positive, sum 1, the largest logit gets the largest share. Now write $z_k + c$ in place of every $z_k$: numerator and
# denominator both gain the factor $e^c$, and nothing changes. On paper, only *differences* of logits count, and two logits of
# 1000 are as good as two of 0. What does NumPy make of $e^{1000} / e^{1000}$?

# %%
predict(
    "overflow",
    ...,
    options={
        "a": "np.exp(1000.0) / np.exp(1000.0) gives 1.0",
        "b": "it gives inf",
        "c": "it gives nan",
        "d": "it gives 0.0",
    },
)

# %%
with np.errstate(all="ignore"):
    top = np.exp(1000.0)
    ratio = top / top
print("np.exp(1000.0) =", top)
print("np.exp(1000.0) / np.exp(1000.0) =", ratio)
print("np.exp(-1000.0) =", np.exp(-1000.0))
reveal(
    "overflow",
    "c" if np.isnan(ratio) else "b" if np.isinf(ratio) else "a" if ratio == 1 else "d",
    because="The largest float64 is about 1.8e308, which is exp(709.8). Beyond that comes inf, and inf / inf "
    "is not a number. At the other end, exp(-1000) is rounded to 0, and a sum of zeros makes 0 / 0.",
)

# %% [markdown]
# ### Exercise: `softmax`
#
# One row for each example, one column for each class; **each row** becomes probabilities. It has to work for logits of any size.


# %% exercise="softmax"
def softmax(logits):
    """Probabilities from logits, row by row, without overflow.

    logits: (N, K), one row an example, one column a class.  Returns a new array (N, K); each row sums to 1.
    p[i, k] = exp(logits[i, k]) / sum_j exp(logits[i, j])
    By hand: scipy.special and torch are not allowed here.
    """
    ### BEGIN SOLUTION
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the wrong things add up to 1, or the shapes do not fit</summary>
#
# Exponential first, then divide each row by its own sum. The sum over the classes should disappear along axis 1, and stand beside
# the rows as (N, 1): `keepdims=True`, as in clinic 00.
# </details>
#
# <details><summary>Hint 2: NaN where logits are large</summary>
#
# You may subtract any number from a row without changing its softmax. Choose it so that no exponent is above 0 and at least one is
# exactly 0: then nothing overflows, and the sum is at least 1. Every row has its own such number. (And `-=` would change the caller's array.)
# </details>

# %% check="softmax"
check("softmax")

# %% folded=true
with waits_for("softmax"):

    def by_the_book(z):
        return np.exp(z) / np.exp(z).sum()

    z = np.array([0.0, 1.0, 2.0])
    shifts = np.linspace(-1200, 1200, 241)
    yours = np.array([softmax(z[None, :] + c)[0] for c in shifts])
    with np.errstate(all="ignore"):
        book = np.array([by_the_book(z + c) for c in shifts])
        fine = np.arange(-1200, 1200)
        alive = fine[[bool(np.isfinite(by_the_book(z + c)).all()) for c in fine]]
        last = by_the_book(z + alive.min())
    print(f"by the book, the probabilities are finite for shifts from {alive.min()} to {alive.max()}")
    print(f"by the book, at a shift of {alive.min()}: {last.round(2)}; yours: {yours[120].round(2)}")
    print("yours: largest change under all shifts:", f"{np.abs(yours - yours[120]).max():.1e}")
    fig, ax = plt.subplots(figsize=(7.0, 3.8))
    for k, (colour, style) in enumerate(((plots.BLUE, "-"), (plots.GREEN, "--"), (plots.PURPLE, "-."))):
        ax.plot(shifts, yours[:, k], style, color=colour, label=f"$p_{k}$, yours")
        ax.plot(shifts[::6], book[::6, k], ".", color=plots.INK, label="by the book" if k == 0 else None)
    for low, high, text in ((-1200, alive.min(), "0 / 0"), (alive.max(), 1200, "inf / inf")):
        ax.axvspan(low, high, color=plots.VERMILLION, alpha=0.12)
        ax.text((low + high) / 2, 0.93, f"the book: NaN\n{text}", ha="center", va="top", fontsize=10)
    ax.set(xlabel="number c added to all three logits (0, 1, 2)", ylabel="probability")
    ax.set(xlim=(-1200, 1200), ylim=(0, 1))
    ax.legend(loc="center", ncols=2, bbox_to_anchor=(0.52, 0.52))
    plots.finding(ax, "On paper a shift changes nothing; in floats it may give NaN")
    plt.show()

# %% [markdown]
# Above a shift of about 707 the book's formula breaks, because the largest logit is then beyond 709. Below about -747 all three
# exponentials are rounded to 0, and just above that the probabilities are finite and wrong, as the print shows: so few digits are
# left. Logits of that size are rare in a healthy network, but they come when one begins to diverge: just when you need the loss
# to tell you, it would say NaN.

# %% [markdown]
# ## How wrong is a classifier?
#
# Example $i$ belongs to class $c_i$. **Cross-entropy** asks how much probability the model gave to that class, and takes minus the logarithm:
#
# $$J = -\frac{1}{N} \sum_{i=1}^{N} \log p_{i, c_i} = \frac{1}{N} \sum_{i=1}^{N} \Big( \log \sum_j e^{z_{ij}} - z_{i, c_i} \Big) .$$
#
# Sure and right costs nothing, sure and wrong costs a lot. The right-hand side is the one to compute. It contains **log-sum-exp**, which
# is made safe as in softmax, by pulling the largest logit out: $\log \sum_j e^{z_j} = m + \log \sum_j e^{z_j - m}$. The logarithm of a probability
# that was rounded to 0 is lost: $\log 0 = -\infty$.
#
# Its gradient with respect to the logits is as short as one could wish. With $y_{ik} = 1$ for $k = c_i$ and 0 elsewhere
# (*one-hot*),
#
# $$\frac{\partial J}{\partial z_{ik}} = \frac{1}{N} \left( p_{ik} - y_{ik} \right) :$$
#
# what the model believes, minus what is so. Each row of it sums to 0.
#
# <details><summary>Why? Four lines of calculus</summary>
#
# Take one example, with the logits $z_1, \dots, z_K$ and the class $c$; its loss is $\log S - z_c$ with $S = \sum_j e^{z_j}$.
# The outer derivative of $\log S$ is $1/S$, and $S$ depends on $z_k$ through one term alone, $e^{z_k}$:
#
# $$\frac{\partial}{\partial z_k} \log S = \frac{1}{S} \cdot e^{z_k} = p_k .$$
#
# The second part, $-z_c$, has the derivative $-1$ if $k = c$ and 0 otherwise, which is $-y_k$. Together that is
# $p_k - y_k$; the mean over the $N$ examples brings the $1/N$.
# </details>
#
# ### Exercise: `cross_entropy`


# %% exercise="cross_entropy"
def cross_entropy(logits, labels):
    """Mean cross-entropy of the softmax of logits, and its gradient with respect to the logits.

    logits: (N, K).  labels: (N,), whole numbers from 0 to K - 1.  Returns (loss, grad), a number and (N, K).
    loss = (1/N) * sum_i (log sum_j exp(z_ij) - z_i,label_i)        grad = (softmax(z) - one_hot) / N
    By hand: scipy.special and torch are not allowed here.
    """
    ### BEGIN SOLUTION
    rows = np.arange(len(labels))
    z = logits - logits.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    grad = np.exp(log_p)
    grad[rows, labels] -= 1
    return -np.mean(log_p[rows, labels]), grad / len(labels)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the loss is wrong already for a few ordinary logits</summary>
#
# You need one number from each row: that of the right class. `table[np.arange(N), labels]` picks them, one a row. Natural
# logarithm, minus sign, and the logits go in as they are: this function takes the softmax itself.
# </details>
#
# <details><summary>Hint 2: a factor, which depends on the number of examples</summary>
#
# A mean over the $N$ examples, not over the $N \cdot K$ entries. The $1/N$ stands in front of the loss, so it stands in front of the gradient.
# </details>
#
# <details><summary>Hint 3: infinite, NaN, or never above 20 or so</summary>
#
# Do not take the logarithm of a probability. Subtract each row's maximum from the logits, and then
# $\log p_{ik} = z_{ik} - \log \sum_j e^{z_{ij}}$. No clipping, no small number added.
# </details>
#
# <details><summary>Hint 4: the loss is right, the gradient is not</summary>
#
# Start from the probabilities, and subtract 1 in one place of each row. In which? The sign: a larger logit for the right class makes
# the loss smaller.
# </details>

# %% check="cross_entropy"
check("cross_entropy")

# %% [markdown]
# And now without any help from the course: your own test of your own gradient.

# %%
with waits_for("cross_entropy", "gradient_check"):
    rng = np.random.default_rng(2)
    logits, labels = rng.normal(size=(5, 10)), rng.integers(0, 10, size=5)
    ok, error_here = gradient_check(
        lambda z: cross_entropy(z, labels)[0], lambda z: cross_entropy(z, labels)[1], logits
    )
    print(f"your cross_entropy:  ok = {ok}, error = {error_here:.1e}")
    grad = cross_entropy(logits, labels)[1]
    print("its gradient's rows sum to 0, up to", f"{np.abs(grad.sum(axis=1)).max():.0e}")

# %% [markdown]
# ## The first number to look at
#
# Fashion-MNIST: photographs of clothes, 28 by 28 pixels, ten classes. A linear classifier has one weight for each pixel and class,
# `logits = images @ W`, and before training `W` is random and very small. What loss does it start with?

# %%
predict(
    "first_loss",
    ...,
    options={
        "a": "near 0",
        "b": "near 1",
        "c": "near 2.3",
        "d": "near 10, one for each class",
    },
)

# %% folded=true
with waits_for("cross_entropy"):
    data = load_fashion_mnist(flatten=True)
    images, labels = subset(data.X_train, data.y_train, 1000)
    scales = np.logspace(-4, 0, 9)
    first_losses = np.array(
        [
            [
                cross_entropy(images @ (s * np.random.default_rng(seed).normal(size=(784, 10))), labels)[0]
                for s in scales
            ]
            for seed in range(10)
        ]
    )
    print(f"log 10 = {np.log(10):.4f}")
    for column in (2, 4, 6, 8):
        low, high = first_losses[:, column].min(), first_losses[:, column].max()
        print(f"weights of size {scales[column]:.2g}: ten seeds start between {low:.3f} and {high:.3f}")
    fig, ax = plt.subplots(figsize=(7.0, 4.0))
    plots.bands(ax, scales, first_losses, label="first loss: mean and range of 10 seeds", band="minmax")
    ax.axhline(np.log(10), color=plots.VERMILLION, linestyle="--", label="log 10: knowing nothing")
    ax.set(xscale="log", yscale="log", xlabel="size of the random weights (standard deviation)")
    ax.set_ylabel("loss before the first step")
    ax.set_yticks([2, 3, 5, 10, 20], ["2", "3", "5", "10", "20"])
    ax.minorticks_off()
    ax.legend(loc="upper left")
    plots.finding(ax, "Small weights start at log 10, large ones confidently wrong")
    plt.show()
    start = first_losses[:, 0].mean()
    values = {"a": 0.0, "b": 1.0, "c": 2.3, "d": 10.0}
    reveal(
        "first_loss",
        min(values, key=lambda k: abs(values[k] - start)),
        because="Small weights give logits near 0, so each of the 10 classes gets the probability 1/10, and "
        "-log(1/10) = log 10 = 2.303, whatever the labels are.",
    )

# %% [markdown]
# That is the **log K check**, and it costs one line: before training, a classifier with $K$ classes should have a loss near $\log K$.
#
# - **Far above**: the logits are too large from the start. Look at the size of the weights, or at inputs that were not brought to scale.
# - **Clearly below**: random weights cannot know the labels, not even labels that leaked into the inputs. Look for a wrong
#   loss (a mean over all $N \cdot K$ entries, say), or for weights that were trained before.
#
# Then come two more, which you will meet again in unit 07: the gradient check, and fitting a handful of examples perfectly.

# %% [markdown]
# ## Clinic: the loss that would not go down
#
# A linear classifier from somebody else. It trains, but its loss never falls below a certain value, not even when every example
# is classified correctly and with confidence. The figure makes the model surer and surer of the right classes. As it was
# delivered, the loss ended at **1.461** instead of 0, and your `gradient_check` called the gradient wrong.
#
# Its gradient uses the chain rule through a matrix product once. The logits are $Z = X W$, so $W_{dk}$ enters $Z_{ik}$ with
# the factor $X_{id}$, in every row $i$. With $G$ for the gradient with respect to $Z$, therefore,
#
# $$\frac{\partial J}{\partial W_{dk}} = \sum_i X_{id} \, G_{ik} \;, \qquad\text{which is}\qquad X^\top G .$$
#
# Find the cause, and repair it in place.


# %% exercise="clinic_01"
def clinic_01(W, X, labels):
    """Loss of a linear classifier and its gradient with respect to W.

    W: (D, K).  X: (N, D).  labels: (N,).  Returns (loss, grad), a number and (D, K).
    By hand: scipy.special and torch are not allowed here.
    """
    ### BEGIN SOLUTION
    loss, grad_logits = cross_entropy(X @ W, labels)
    return loss, X.T @ grad_logits
    ### END SOLUTION
    ### BEGIN STUB
    # scores = softmax(X @ W)
    # loss, grad_scores = cross_entropy(scores, labels)
    # return loss, X.T @ grad_scores
    ### END STUB


# %%
with waits_for("softmax", "cross_entropy", "gradient_check"):
    classes = np.arange(10)
    sure = np.linspace(0, 30, 61)
    curve = [clinic_01(s * np.eye(10), np.eye(10), classes)[0] for s in sure]
    rng = np.random.default_rng(3)
    X_small, labels_small = rng.normal(size=(6, 4)), rng.integers(0, 3, size=6)
    ok, error_here = gradient_check(
        lambda W: clinic_01(W, X_small, labels_small)[0],
        lambda W: clinic_01(W, X_small, labels_small)[1],
        rng.normal(size=(4, 3)),
    )
    print(f"loss when the right logit is 30 and the others are 0: {curve[-1]:.3f}")
    print(f"gradient_check: ok = {ok}, error = {error_here:.1e}")
    fig, ax = plt.subplots(figsize=(7.0, 3.4))
    ax.plot(sure, curve, label="loss of clinic_01")
    ax.axhline(1.461, color=plots.VERMILLION, linestyle="--", label="1.461, where it ended as delivered")
    ax.set(xlabel="logit of the right class (the others are 0)", ylabel="loss", ylim=(-0.1, 2.5))
    ax.legend()
    plots.finding(ax, f"Surer and surer of the right class, the loss ends at {curve[-1]:.3f}")
    plt.show()

# %% [markdown]
# <details><summary>Hint 1: where does 1.461 come from?</summary>
#
# $1.461 = \log(e + 9) - 1$: it is the cross-entropy of the logits (1, 0, 0, ..., 0) where the first class is right. Who hands over
# logits of 1 and 0? Print what goes into `cross_entropy`.
# </details>
#
# <details><summary>Hint 2: I found it, but loss or gradient are still not right</summary>
#
# `cross_entropy` takes logits, applies softmax itself, and averages over the examples itself. Its gradient is with respect to
# the logits, and the logits are `X @ W`: the factor `X.T` is the rest of the chain rule, as the text above says.
# </details>

# %% check="clinic_01"
check("clinic_01")

# %% [markdown]
# In PyTorch you will meet this mistake often: `nn.CrossEntropyLoss` expects logits, and a network that ends in `softmax` trains
# anyway, with that floor. The first loss is $\log K$, as it should be, and PyTorch's gradient is right, for the wrong loss, so a
# gradient check finds nothing (here it did: the extra softmax's derivative was missing). What gives it away is a last loss that
# you can work out on paper.

# %% [markdown]
# ## Quiz
#
# Put the letter of the best answer in quotes, such as `"b"`, in place of the dots. What is right, and why the rest is not, you read in
# your feedback, or with `./course check 01`.
#
# **q1.** $\nabla J(\theta) = (3, 4)$. After which of these steps of length 0.001 is $J$ the same as before, to first order?
# - a) $(0.0006, 0.0008)$
# - b) $(-0.0006, -0.0008)$
# - c) $(0.0008, -0.0006)$
# - d) none: every step changes it
#
# **q2.** At $h = 0.1$ a central difference has an error of 0.004. What do you expect at $h = 0.05$?
# - a) about 0.002
# - b) about 0.001
# - c) about 0.0005
# - d) a larger error, because of rounding
#
# **q3.** One example has the logits (2, 2, 2), and the first class is the right one. What is the gradient of its cross-entropy?
# - a) $(\frac13, \frac13, \frac13)$
# - b) $(\frac23, -\frac13, -\frac13)$
# - c) $(-1, 0, 0)$
# - d) $(-\frac23, \frac13, \frac13)$
#
# **q4.** An untrained classifier for 100 classes ($\log 100 = 4.6$) has a loss of 12 before the first step. What do you look at first?
# - a) the size of the logits: initial weights, or inputs that are not on one scale
# - b) nothing: it will come down with training
# - c) the learning rate
# - d) whether there are too few classes
#
# **q5.** A network with ReLU passes the gradient check with h = 0.00001 in all entries but a few, which all lead into one ReLU; there
# the errors are up to 0.3. The input of this ReLU is 0.000002. What now?
# - a) the gradient of ReLU is wrong
# - b) the kink lies within h: check again at a slightly different point
# - c) raise the tolerance to 0.5
# - d) use float64

# %% exercise="quiz_01"
### BEGIN SOLUTION
quiz_01 = {"q1": "c", "q2": "b", "q3": "d", "q4": "a", "q5": "b"}
### END SOLUTION
### BEGIN STUB
# quiz_01 = {"q1": ..., "q2": ..., "q3": ..., "q4": ..., "q5": ...}
### END STUB

# %% check="quiz_01"
check("quiz_01")

# %% [markdown]
# ## Recap
#
# | | |
# |---|---|
# | mean squared error | $J = \frac{1}{N}\sum_i (x_i \cdot \theta - y_i)^2$, $\quad\nabla J = \frac{2}{N} X^\top (X\theta - y)$ |
# | central difference | $\frac{f(\theta + h e_j) - f(\theta - h e_j)}{2h}$, error like $h^2$; in float64, with $h \approx 10^{-5}$ |
# | gradient check | $\max_j \lvert g_j - n_j\rvert / \max(\lvert g_j\rvert + \lvert n_j\rvert, 10^{-3})$, small if right; beware of kinks |
# | softmax | $p_k = e^{z_k - m} / \sum_j e^{z_j - m}$ with $m = \max_j z_j$, row by row |
# | cross-entropy | $J = \frac{1}{N}\sum_i (\log\sum_j e^{z_{ij}} - z_{i,c_i})$, $\quad\partial J/\partial z = (p - y)/N$; takes logits |
# | log K check | before training, the loss is near $\log K$ |

# %% [markdown]
# ## Think about it
#
# In three to five sentences, to be read by a person: A friend has written a new layer with a gradient of its own. The gradient check gives an error
# of $2 \cdot 10^{-4}$. Which explanations are possible, and what would you try, in which order, to tell them apart?

# %% [markdown] points=3 reflection="reflection_01"
# ### BEGIN SOLUTION
# It could be a small real mistake, a computation in float32, a step h that does not suit, or a kink within h. First I look whether
# everything runs in float64, because that costs nothing. Then I vary h: if the error falls like h squared as h shrinks, h was too long; if it
# grows like 1/h, it is rounding; if it stays the same, the gradient is wrong. Then I look at which entries the error sits in: in a few
# only, near a kink, I move the point and check again; in all of them by the same factor, I look for a forgotten factor in the derivation.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# 1 point: at least two different explanations (a real mistake, float32, the step h, a kink).
# 1 point: an experiment for each that tells it apart (another dtype, another h, another point, which entries are wrong).
# 1 point: an order with a reason, and what each outcome would mean. "Raise the tolerance" earns nothing.
# ### END MARK SCHEME

# %% [markdown]
# ## Going further
#
# - A. G. Baydin, B. A. Pearlmutter, A. A. Radul, J. M. Siskind, [Automatic differentiation in machine learning: a
#   survey](https://jmlr.org/papers/v18/17-468.html) (2018): exact derivatives without differences and without paper.
# - [micrograd](https://github.com/karpathy/micrograd): automatic differentiation in a hundred lines of Python; and
#   [`torch.autograd.gradcheck`](https://docs.pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradcheck.html), the check that PyTorch uses for its own functions.
# - P. Blanchard, D. J. Higham, N. J. Higham, [Accurately computing the log-sum-exp and softmax
#   functions](https://doi.org/10.1093/imanum/draa038) (2021): how much the shift is worth, with proofs.
# - The [notes of CS231n](https://cs231n.github.io/neural-networks-3/) on gradient checks and sanity checks.
#
# Next: [02 Gradient descent](../02_gradient_descent/02_gradient_descent.ipynb).
