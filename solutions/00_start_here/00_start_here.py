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
# # 00 · Start here
#
# **After this unit you can** run a notebook of this course, read what a check tells you, find the hint that fits,
# see how far you are, and bring the columns of a table to one scale with NumPy.
#
# | time | difficulty | builds on |
# |---|---|---|
# | 30 to 40 minutes | ●○○○○ | a little Python: functions, lists, loops |
#
# **How to go through it.** Click into a cell and press Shift+Enter: it runs, and the next one is selected. Go from top to
# bottom. Where a cell says `raise NotImplementedError`, it is your turn: put your lines in its place. Long cells that
# are given, mostly to draw, are folded to three dots; they run like any other, and a click on the dots shows what is in them.
# On a small screen, or with large letters: Ctrl+B (⌘B on a Mac) hides the list of files, and the notebook gets its place.

# %% [markdown]
# ## The course on one page
#
# A neural network learns by taking many small steps that make its mistakes smaller. You will build each part of that
# with your own hands before you use a library for it.
#
# | part | unit | what you build there |
# |---|---|---|
# | **The ground** | 00 Start here | (you are here) |
# | | [01 Gradients](../01_gradients/01_gradients.ipynb) | losses, their gradients, and a test that finds wrong gradients |
# | **Optimizers by hand** | [02 Gradient descent](../02_gradient_descent/02_gradient_descent.ipynb) | the step downhill, and how long it may be |
# | | [03 SGD](../03_sgd/03_sgd.ipynb) | steps on a few examples at a time; learning rates that change |
# | | [04 Momentum](../04_momentum/04_momentum.ipynb) | steps that remember where they came from |
# | | [05 Adam](../05_adam/05_adam.ipynb) | a step length of its own for each parameter |
# | | [06 Regularization](../06_regularization/06_regularization.ipynb) | L1, L2, cross-validation, dropout, early stopping |
# | **Networks by hand** | [07 MLP](../07_mlp/07_mlp.ipynb) | a network of layers, trained by your own Adam |
# | | [08 CNN](../08_cnn/08_cnn.ipynb) | convolution and pooling, forward and backward |
# | **PyTorch and the GPU** | [09 To PyTorch](../09_to_pytorch/09_to_pytorch.ipynb) | your optimizers as PyTorch classes, step for step the same |
# | | [10 GPU CNN](../10_gpu_cnn/10_gpu_cnn.ipynb) | a published network: find its bugs, train it, save it |
# | | [11 Speed](../11_speed/11_speed.ipynb) | what a training step's time is made of, and how it gets shorter |
# | **The network's structure** | [12 Structure](../12_structure/12_structure.ipynb) | analyse, redesign, train, compare |
# | | [13 Adaptive](../13_adaptive/13_adaptive.ipynb) | networks that are pruned, that grow, that stop early |
# | **Looking further** | [14 Seeing inside](../14_seeing_inside/14_seeing_inside.ipynb) | what a network looks at |
# | | [15 Multimodal](../15_multimodal/15_multimodal.ipynb) | images, text and speech together |
# | | [16 Capstone](../16_capstone/16_capstone.ipynb) | one network under a budget, by everything you know |
#
# Each unit has a bug to find (the *clinic*) and ends with a quiz and a question to think about.

# %% given="setup"
try:
    from course_lib import CheckFailed, check, device, plots, predict, reveal, waits_for
except ModuleNotFoundError as error:
    raise SystemExit(f"{error}: run ./course start in the course's folder, or see docs/running.md") from None

from contextlib import suppress

import matplotlib.pyplot as plt
import numpy as np

from course_lib.objectives import Quadratic

plots.use_style()

# %% [markdown]
# ## Your machine
#
# What this course will run on. Nothing here needs a GPU before unit 10, and even there a CPU will do.

# %%
device.report()

# %% [markdown]
# ## How a check talks
#
# Under every exercise stands a locked cell such as `check("mean_square")`. It calls your function on several inputs
# and compares what it *returns* with results that are known to be right.
#
# The first exercise will ask for the **mean square** of $N$ numbers:
#
# $$\frac{1}{N} \sum_{i=1}^{N} x_i^2$$
#
# For the numbers 3 and 4 this is $(9 + 16) / 2 = 12.5$.
#
# Before you write it, watch the check judge two others. **Anna** adds up the squares and leaves it there. **Ben** returns the
# largest square. Both are wrong. What do you expect the check to say?
#
# Throughout the course you *predict* first: replace the three dots `...` by a letter **in quotes**, such as `"b"`, and run
# the cell. No points depend on it; but what you have guessed before you see it, you remember better.

# %%
predict(
    "first_check",
    ...,
    options={
        "a": "For both the same: wrong.",
        "b": "For both, what came out and what is right; for Anna also which mistake she made.",
        "c": "For both a Python error, with many lines.",
    },
)


# %%
def anna(x):
    return np.sum(x**2)


def ben(x):
    return np.max(x**2)


for answer in (anna, ben):
    with suppress(CheckFailed):  # a failed check stops its cell, by design; here both should have their turn
        check("mean_square", answer)

# %%
reveal(
    "first_check",
    "b",
    because="The check knows the mistakes that people often make here, and what numbers they "
    "lead to. Anna's numbers are exactly those of a forgotten division, so it names it. Ben's fit "
    "no mistake that it knows: then it shows you the first wrong case, names the hint nearest to it, and leaves the "
    "thinking to you.",
)

# %% [markdown]
# Both panels are red and have the same parts: the points so far, a sentence on what happened, a row (✓ or ✗) for each property
# that is looked at, and the first wrong value beside the right one. Both say where to read on: **Hint 1**. Hints are folded up
# beneath each exercise, named after what you see when you need them. Opening one costs nothing.
#
# ### Exercise: `mean_square`
#
# Now you. First run the check below **without changing anything**: amber, not written yet. Then write something wrong on
# purpose, Anna's line for example, and run both cells: red. Then write it right: green. You have then met all three colours
# of a check. (Your function is handed a NumPy *array*: `x**2` squares all its numbers at once.)


# %% exercise="mean_square"
def mean_square(x):
    """Mean of the squares: (1/N) * sum of x_i^2.

    x: N numbers in a NumPy array, of shape (N,).  Returns one number.
    """
    ### BEGIN SOLUTION
    return np.mean(x**2)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: my numbers are too large, and more so for long inputs</summary>
#
# A mean is a sum divided by how many there are. `len(x)` tells how many; `np.mean` does both at once.
# </details>
#
# <details><summary>Hint 2: it is wrong where numbers are below zero</summary>
#
# Square each number first, and only then take the mean.
# </details>

# %% check="mean_square"
check("mean_square")

# %% [markdown]
# **Three things worth knowing about checks.**
#
# *They allow for rounding.* Floats keep about 16 digits: `0.1 + 0.2` gives `0.30000000000000004`. So a value counts as right
# when it differs by less than about a millionth of itself. That lets rounding pass, and hardly anything else.
#
# *They are not the whole of grading.* Grading runs the same code on **other** inputs, which no notebook contains. A
# function that only returns the numbers from the panel is green here and earns hardly anything there.
#
# *They stop a run of all cells.* A failed check raises `CheckFailed`, so that "Run All" ends where you are needed. Repair,
# and run on from there.

# %% [markdown]
# ## Tables, and the axis that disappears
#
# Data in this course come as tables: one **row** for each example, one **column** for each feature (one thing that was measured).
# `X.shape` is `(N, D)`: N rows, D columns. The next cell begins with a table of shape (4, 3); what follows
# in it only draws. Many functions take an `axis`. What will `houses.mean(axis=0)` be?


# %% given="draw_table"
# four houses: square metres, rooms, age in years
houses = np.array([[90, 4, 10], [60, 2, 30], [120, 5, 0], [70, 3, 20]])


def draw_table(ax, values, x, y, fill="#CFE0EC"):
    """Draw numbers as a table whose upper left corner is (x, y); each cell is 1 wide and 1 high."""
    for (i, j), value in np.ndenumerate(np.atleast_2d(values)):
        left, bottom = x + j, y - i - 1
        ax.add_patch(plt.Rectangle((left, bottom), 1, 1, facecolor=fill, edgecolor="white", lw=2))
        ax.text(left + 0.5, bottom + 0.5, f"{value:g}", ha="center", va="center", fontsize=11)


def blank_axes(width, height, size):
    """Axes without ticks, `width` by `height` units, whose cells are square."""
    ax = plt.subplots(figsize=size)[1]
    ax.set(xlim=(0, width), ylim=(0, height), aspect="equal")
    ax.set_axis_off()
    return ax

# %%
predict(
    "axis0",
    ...,
    options={
        "a": "houses.mean(axis=0) has the shape (4,): one mean for each house",
        "b": "houses.mean(axis=0) has the shape (3,): one mean for each feature",
        "c": "houses.mean(axis=0) is one number",
    },
)

# %%
for axis in (0, 1):
    mean = houses.mean(axis=axis)
    print(f"houses.mean(axis={axis}) = {mean.round(1)}, shape {mean.shape}")

ax = blank_axes(12.2, 7.6, (7.0, 4.5))
draw_table(ax, houses, 1.6, 7)
draw_table(ax, houses.mean(axis=0), 1.6, 1.6, fill="#F6D9C6")
draw_table(ax, houses.mean(axis=1).round(1)[:, None], 7.2, 7, fill="#CDE9DF")
arrow = {"arrowstyle": "-|>", "linewidth": 2.5, "mutation_scale": 18}
ax.annotate("", (3.1, 1.75), (3.1, 2.85), arrowprops=arrow | {"color": plots.VERMILLION})
ax.annotate("", (7.0, 5.0), (4.9, 5.0), arrowprops=arrow | {"color": plots.GREEN})
ax.text(4.8, 1.1, "axis=0: down the rows, shape (3,)", va="center")
ax.text(8.5, 5.0, "axis=1:\nacross the columns,\nshape (4,)", va="center")
for j, name in enumerate(("m²", "rooms", "years")):
    ax.text(2.1 + j, 7.25, name, ha="center", color=plots.MUTED)
for i in range(4):
    ax.text(1.4, 6.5 - i, f"house {i}", ha="right", va="center", color=plots.MUTED)
plots.finding(ax, "The axis that you name is the one that disappears")

# %%
reveal(
    "axis0",
    {(4,): "a", (3,): "b", (): "c"}[houses.mean(axis=0).shape],
    because="axis=0 counts the rows. The mean runs down over the rows, so the 4 disappears "
    "from (4, 3) and the 3 stays. (With axis=1 square metres, rooms and years are averaged. NumPy does that too; it means nothing.)",
)

# %% [markdown]
# To subtract each feature's mean, you write `houses - houses.mean(axis=0)`: a table of shape (4, 3) minus three numbers. NumPy
# lines the shapes up **from the right**. Two lengths fit if they are equal, or if one of them is 1 or missing: then its numbers
# are used again and again, here the three in every row. Otherwise NumPy stops with an error. This is called **broadcasting**.

# %%
ax = blank_axes(14.6, 4.9, (7.0, 2.8))
mean = houses.mean(axis=0)
draw_table(ax, houses, 0.2, 4.3)
draw_table(ax, np.tile(mean, (3, 1)), 5.2, 3.3, fill="#FAEBE0")
draw_table(ax, mean, 5.2, 4.3, fill="#F6D9C6")
draw_table(ax, houses - mean, 10.2, 4.3, fill="#CDE9DF")
for x, sign in ((4.2, "−"), (9.2, "=")):
    ax.text(x, 2.3, sign, ha="center", va="center", fontsize=16)
for x, text in ((1.7, "(4, 3)"), (6.7, "(3,), used in every row"), (11.7, "(4, 3)")):
    ax.text(x, -0.05, text, ha="center", va="top", color=plots.MUTED)
plots.finding(ax, "Broadcasting: three numbers are used in all four rows")

# %% [markdown]
# ## One scale for every column
#
# A column in square metres holds numbers around 100, a column of rooms holds numbers around 4. To a network, both are
# just numbers, and you will see below what their sizes do. **Standardizing** gives every column mean 0 and standard deviation 1:
#
# $$Z_{ij} = \frac{X_{ij} - \mu_j}{\sigma_j}, \qquad \mu_j = \frac{1}{N} \sum_i X_{ij}, \qquad
# \sigma_j = \sqrt{\frac{1}{N} \sum_i (X_{ij} - \mu_j)^2}$$
#
# Two decisions are part of the definition. The standard deviation divides by $N$ (NumPy's default, `ddof=0`). And a
# column whose $\sigma_j$ is exactly 0 becomes a column of **zeros**.
#
# (Here too floats may surprise you: the mean of three tenths is rounded, so `np.full(3, 0.1).std()` is not 0 but about
# 0.00000000000000001. Only a $\sigma_j$ of exactly 0 counts.)
#
# ### Exercise: `standardize`


# %% exercise="standardize"
def standardize(X):
    """Bring every column to mean 0 and standard deviation 1; a constant column becomes zeros.

    X: (N, D), one row an example, one column a feature.  Returns a new array (N, D); X stays as it is.
    Z[:, j] = (X[:, j] - mean of column j) / (standard deviation of column j, with ddof=0)
    By hand: scipy.stats.zscore is not allowed here.
    """
    ### BEGIN SOLUTION
    mean = X.mean(axis=0)
    std = X.std(axis=0)
    return (X - mean) / np.where(std > 0, std, 1.0)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: nearly all values are wrong, or the shapes do not fit</summary>
#
# How many means do you need for a table of shape (N, D): N, D or one? Print `X.mean(...)` for the axis that you chose, and
# look at the first picture above: which axis should disappear?
# </details>
#
# <details><summary>Hint 2: NaN, or the constant column is wrong</summary>
#
# Where $\sigma_j$ is 0, every $X_{ij} - \mu_j$ is 0 already. So divide it by anything but 0, and it stays 0. `np.where(condition, a, b)`
# takes from `a` where the condition holds, and from `b` elsewhere.
# </details>
#
# <details><summary>Hint 3: close, but not equal</summary>
#
# Compare with the formula term by term. Is the mean gone? Is it divided by the standard deviation (`X.std`) and not by its
# square (`X.var`)? By $N$, not by $N - 1$?
# </details>
#
# <details><summary>Hint 4: "changed its argument in place", or whole numbers stop it</summary>
#
# `X -= m` writes into the array that you were handed; whoever called you still needs it. `Z = X - m` makes a new one, and a
# new one may hold fractions even where X holds whole numbers.
# </details>

# %% check="standardize"
check("standardize")

# %% [markdown]
# ## What it is good for
#
# An estate agent wants to know what a house is worth. Here are 200 houses, made up: living area, rooms, and how far the price
# lies above or below the average. A model predicts that as $w_1 \cdot \text{area} + w_2 \cdot \text{rooms}$, and its loss, the
# mean square of its errors (your `mean_square`), depends on the two weights. You will meet this loss in unit 01; here, start at
# the best weights and change one of them by 1: which change raises the loss more? (Both columns have had their means subtracted,
# so that only their *scales* differ from the standardized ones.)
#
# Each line in the pictures below joins weights with the same loss, as lines on a map join places of the same height; the
# star is the lowest point. In the direction in which the rings are narrow, the loss rises fast.

# %% folded=true given="prices"
rng = np.random.default_rng(0)
area = rng.normal(95, 25, size=200).clip(30, 180)
rooms = (area / 40 + rng.normal(1.2, 1.1, size=200)).round().clip(1, 7)
price = 3 * area + 15 * rooms + rng.normal(0, 25, size=200)  # in thousands
price -= price.mean()
X = np.column_stack([area, rooms])
X -= X.mean(axis=0)


def loss_of_weights(X):
    """The mean squared error as a function of the weights (w1, w2), up to a constant."""
    return Quadratic(A=2 / len(X) * X.T @ X, b=2 / len(X) * X.T @ price)


def draw_valley(ax, loss, name):
    """Contours of the loss within 3 of its minimum, on both axes."""
    w1, w2 = loss.minimizer
    height = loss(loss.minimizer)
    plots.contour_with_paths(
        lambda w: loss(w) - height,
        {},
        ax,
        xlabel="$w_1$ (area)",
        ylabel="$w_2$ (rooms)",
        minimum=(w1, w2),
        window=(w1 - 3, w1 + 3, w2 - 3, w2 + 3),
        equal=True,
    )
    ax.set_title(f"{name}: steepest / flattest = {loss.L / loss.mu:,.1f}", fontsize=10)


# %%
predict(
    "loud_column",
    ...,
    options={
        "a": "On the raw columns, a change of w1 (area) by 1 raises the loss far more.",
        "b": "On the raw columns, a change of w2 (rooms) by 1 raises the loss far more.",
        "c": "Both about the same: each is one weight.",
    },
)

# %%
with waits_for("standardize"):
    tables = {"raw": X, "standardized": standardize(X)}
    losses = {name: loss_of_weights(table) for name, table in tables.items()}
    fig, axes = plt.subplots(1, 2, figsize=(7.4, 3.9))
    for ax, (name, table) in zip(axes, tables.items(), strict=True):
        loss = losses[name]
        draw_valley(ax, loss, name)
        print(f"{name:12}  one unit from the star, the steepest way raises the loss {loss.L / loss.mu:,.1f} times as much as the flattest")
        print(f"{'':12}  mean squared error at the best weights: {np.mean((table @ loss.minimizer - price) ** 2):.1f}")
    before, after = (losses[name].L / losses[name].mu for name in tables)
    plots.finding(fig, "Standardizing turns a ravine into a bowl" if after < before / 10 else "The ravine has not become a bowl")
    plt.show()

    steep = np.diag(losses["raw"].A)
    reveal(
        "loud_column",
        "a" if steep[0] > 10 * steep[1] else "b" if steep[1] > 10 * steep[0] else "c",
        because=f"A change of w1 is multiplied by an area's distance from the average, {X[:, 0].std():.0f} square metres "
        f"typically; a change of w2 by that of the rooms, {X[:, 1].std():.1f}. The loss squares both: "
        f"the first change raises it {steep[0] / steep[1]:.0f} times as much.",
    )

# %% [markdown]
# Both pictures show the same houses, and the best predictions are equally good in both, as the print says. (The star has moved
# because a column that was divided by its $\sigma_j$ needs a weight $\sigma_j$ times as large.) In the raw ravine a step that
# suits the way across is far too short along it, and in unit 02 you will see gradient descent suffer from just that. In the bowl
# the directions are much more alike. (It is not round: large houses have more rooms, and no change of scale can take that apart.)

# %% [markdown]
# ## Clinic: the averages that would not go away
#
# Code from somebody else, with one bug in it. Look at the symptom, find the cause, repair it in place.
#
# Four learners sat four tests. `clinic_00` should say how far each mark lies above **that learner's own average**. So each row
# of its result should have mean 0. As it was delivered, the cell below prints the means -2, 2, -6 and 6 instead. No
# error, no warning.


# %% exercise="clinic_00"
def clinic_00(marks):
    """How far each mark is above its learner's own average.

    marks: (N, D), one row a learner, one column a test.  Returns (N, D), where every row has mean 0.
    """
    ### BEGIN SOLUTION
    average = marks.mean(axis=1, keepdims=True)
    return marks - average
    ### END SOLUTION
    ### BEGIN STUB
    # average = marks.mean(axis=1)
    # return marks - average
    ### END STUB


# %%
marks = np.array([[11, 9, 8, 12], [15, 13, 14, 14], [5, 8, 6, 5], [17, 18, 20, 17]])
with waits_for("clinic_00"):
    print("each learner's average:    ", marks.mean(axis=1))
    print("mean of each row of result:", clinic_00(marks).mean(axis=1))

# %% [markdown]
# <details><summary>Hint 1: where do I look?</summary>
#
# The averages themselves are right. Print the shapes of `marks` and of `average`, and draw, as in the picture of broadcasting,
# which number goes under which entry. Then try `clinic_00(marks[:, :3])`.
# </details>
#
# <details><summary>Hint 2: I know why, but how do I say it?</summary>
#
# Shapes are lined up from the right. To stand beside the rows, the four averages need the shape (4, 1). `keepdims` is a word
# worth looking up in the documentation of `np.mean`.
# </details>

# %% check="clinic_00"
check("clinic_00")

# %% [markdown]
# A table that happens to be square hid the mistake: where (4,) meets (4, 4), NumPy sees nothing wrong. That is why the
# checks of this course never use square tables alone; when you test your own code, take one with more rows than columns, too.

# %% [markdown]
# ## Where things are
#
# In a terminal, in the course's folder (JupyterLab has one: *File > New > Terminal*):
#
# | you want to | type |
# |---|---|
# | see how far you are | `./course progress` |
# | have a unit graded as a teacher would, with the quiz explained | `./course check 00` |
# | start a unit afresh (your old notebook is kept under a dated name) | `./course reset 00` |
# | know what is wrong with your installation | `./course doctor` |
#
# (On Windows: `python course progress`.) Your progress and predictions are kept in one file in the folder `.course`, on your machine and
# nowhere else.

# %% [markdown]
# ## Quiz
#
# Put the letter of the best answer in quotes, such as `"b"`, in place of the dots. The check below only says whether every
# question is answered; which answers are right, and why the others are not, you read in your feedback, or with
# `./course check 00`.
#
# **q1.** What does a check compare?
# - a) the text of your code with a model answer
# - b) the values that your function returns for several inputs, with values known to be right
# - c) what your function prints, with what it should print
# - d) nothing: it makes sure that your code runs without an error
#
# **q2.** With areas in square feet, every number in that column is 10.76 times as large. What changes in the *standardized* table?
# - a) the column of areas is 10.76 times as large
# - b) nothing, but for rounding
# - c) the column of areas no longer has mean 0
# - d) all columns change, since they share one scale
#
# **q3.** `X` has the shape (100, 3). Which shape has `X / X.sum(axis=1, keepdims=True)`? (`keepdims=True`: the axis stays, with length 1.)
# - a) (100, 3)
# - b) (3,)
# - c) (100,)
# - d) none: the shapes do not fit, and it stops with an error
#
# **q4.** Someone copies the expected numbers from the check's panels into their function. The check is green. What happens in grading?
# - a) full points: green is green
# - b) full points, unless a person reads the code
# - c) hardly any points: grading calls the function with other inputs
# - d) the notebook cannot be graded
#
# **q5.** `X` has the shape (4, 3), `m` has the shape (4,). What does `X - m` do?
# - a) it subtracts `m[i]` from every entry of row `i`
# - b) it subtracts the first three numbers of `m` from every row
# - c) it gives an array of shape (4,)
# - d) it stops with an error

# %% exercise="quiz_00"
### BEGIN SOLUTION
quiz_00 = {"q1": "b", "q2": "b", "q3": "a", "q4": "c", "q5": "d"}
### END SOLUTION
### BEGIN STUB
# quiz_00 = {"q1": ..., "q2": ..., "q3": ..., "q4": ..., "q5": ...}
### END STUB

# %% check="quiz_00"
check("quiz_00")

# %% [markdown]
# ## Recap
#
# - A **check** compares returned values, with a tolerance of about a millionth; it names the mistakes that it knows. Amber: not
#   written; red: not right; green: right on these inputs. Grading uses others.
# - `axis=0` makes the rows disappear, `axis=1` the columns. **Broadcasting** lines shapes up from the right.
# - **Standardizing**: $Z_{ij} = (X_{ij} - \mu_j) / \sigma_j$, a constant column becomes zeros. Its units no
#   longer matter, and the estate agent's ravine became something like a bowl.

# %% [markdown]
# ## Think about it
#
# In three to five sentences, to be read by a person: What do you want to be able to do when you have finished this course? And
# which mistake did you make in this unit (by accident or on purpose) that would have gone unnoticed without a check: how could you
# have found it yourself?

# %% [markdown] points=2 reflection="reflection_00"
# ### BEGIN SOLUTION
# I want to be able to train a small network for the photographs in my own work, and to know what to change when it does not
# learn. In the clinic my first repair used `axis=0`. It ran and gave a table of the right shape, so I thought that I was done. I
# could have found it by printing the means of the rows and of the columns of the result: the ones that should be 0 were not.
# A table that is not square would have shown the original bug at once.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# 1 point: a goal that is concrete enough to tell later whether it was reached.
# 1 point: a real mistake, and a way to find it without the course's check (a case worked out by hand, a property such as
# "the mean is 0", an input of another shape). "Be more careful" is not a way.
# ### END MARK SCHEME

# %% [markdown]
# ## Going further
#
# - [The absolute basics for beginners](https://numpy.org/doc/stable/user/absolute_beginners.html) and
#   [Broadcasting](https://numpy.org/doc/stable/user/basics.broadcasting.html) in NumPy's own documentation.
# - Y. LeCun, L. Bottou, G. Orr, K.-R. Müller, [Efficient BackProp](http://yann.lecun.com/exdb/publis/pdf/lecun-98b.pdf) (1998),
#   section 4.3: why inputs should have mean 0 and one scale.
# - D. Goldberg, [What every computer scientist should know about floating-point arithmetic](https://doi.org/10.1145/103162.103163) (1991).
#
# Next: [01 Gradients](../01_gradients/01_gradients.ipynb).
