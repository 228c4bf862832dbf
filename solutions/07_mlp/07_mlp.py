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
# # 07 · A network from scratch
#
# A sorting hall gets tons of donated clothes. A camera hangs over the belt, beside it sits a small computer, and for
# each piece it has to say into which of ten boxes: shirt, coat, trousers, ... The weighted sums of pixels of unit 02
# are right five times in six. That sounds good until somebody has to pick one piece in six out of the wrong box.
# This unit builds what the belt needs next, a network, and every line of it is yours.
#
# **After this unit you can** read a network as a graph, carry a gradient back through it layer by layer, give it
# weights to start from that let signals live, check all of it before you trust it, and train it on pictures of
# clothes with the Adam that you wrote yourself.
#
# | time | difficulty | builds on |
# |---|---|---|
# | 150 to 190 minutes, in two sittings (the bonus: 40 more) | ●●●●○ | gradients and cross-entropy ([01 Gradients](../01_gradients/01_gradients.ipynb)); Adam ([05 Adam](../05_adam/05_adam.ipynb)) for the training at the end |
#
# Each check below runs your function on a few inputs and explains what it sees. Two answers of earlier units are used
# again, `cross_entropy` and `Adam`: yours if they are finished, else a library's. The next cell says which.

# %% given="setup"
try:
    from course_lib import check, earlier, not_while_grading, plots, predict, reveal, waits_for
except ModuleNotFoundError as error:
    raise SystemExit(f"{error}: run ./course start in the course's folder, or see docs/running.md") from None

import matplotlib.pyplot as plt
import numpy as np

from course_lib.data import load_fashion_mnist, subset

plots.use_style()
cross_entropy, Adam = earlier("cross_entropy", "Adam")

# %% [markdown]
# ## Why layers, and why not only linear ones
#
# Softmax regression (unit 02) computes its logits by *one* linear step, $XW + b$. Its borders between classes are
# straight. An obvious idea is to do two such steps, one after the other, with a matrix each. What can
# $(X W_1 + b_1)\,W_2 + b_2$ do that one step cannot?

# %%
predict(
    "two_linear",
    ...,
    options={
        "a": "It can bend the borders a little.",
        "b": "It can bend them as far as you like, with enough columns in W1.",
        "c": "Nothing at all.",
    },
)

# %%
rng = np.random.default_rng(0)
X, W1, b1, W2, b2 = (rng.normal(size=shape) for shape in ((6, 2), (2, 50), (50,), (50, 3), (3,)))
two_steps = (X @ W1 + b1) @ W2 + b2
one_step = X @ (W1 @ W2) + (b1 @ W2 + b2)
print(f"largest difference between the two steps and one step: {np.abs(two_steps - one_step).max():.1e}")
reveal(
    "two_linear",
    "c" if np.allclose(two_steps, one_step) else "a",
    because="Multiply it out: X (W1 W2) + (b1 W2 + b2). A matrix times a matrix is a matrix, and one step has it too.",
)

# %% [markdown]
# So something that is *not* linear has to stand between the two. It can be very simple. The usual choice is **ReLU**,
# the rectified linear unit: what is positive stays, the rest becomes zero. A network of this kind is called a
# **multilayer perceptron**, MLP for short:
#
# $$X \;\xrightarrow{\;\text{linear } W_1,\, b_1\;}\; Z \;\xrightarrow{\;\text{ReLU}\;}\; H
#   \;\xrightarrow{\;\text{linear } W_2,\, b_2\;}\; \text{logits} \;\xrightarrow{\;\text{cross-entropy}\;}\; J$$
#
# You build it from two kinds of layers. Each has a function for the way forward and one for the way back. The forward
# function returns two things: `out`, the result, and `cache`, what the way back will need. Here the rule is the same
# for every layer: **keep what came in.**
#
# ### Exercise: `linear_forward`
#
# Examples are rows. Write the shapes beside your line: $(N, D)$ times $(D, M)$ leaves $(N, M)$, and $b$, $(M,)$, is
# added to each row.


# %% exercise="linear_forward"
def linear_forward(X, W, b):
    """A linear layer: out = X W + b.

    X: (N, D), an example in each row.  W: (D, M).  b: (M,).
    Returns (out, cache): out (N, M), and cache, the pair (X, W).  In NumPy, without torch.
    """
    ### BEGIN SOLUTION
    return X @ W + b, (X, W)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the shapes do not fit, or the values are wrong</summary>
#
# One example, (1, 2) and (0, 0, 0) for $b$, with $W = \begin{pmatrix} 3 & 0 & 1 \\ 1 & -1 & 0 \end{pmatrix}$: the
# first output is $1 \cdot 3 + 2 \cdot 1 = 5$, a *column* of $W$ for each output. `A @ B` multiplies matrices, `A * B`
# entry by entry. And a vector (M,) is added to every row of an (N, M) array all by itself.
# </details>
#
# <details><summary>Hint 2: out is right, the cache is not</summary>
#
# Return two things: `out` first, then one pair with `X` and `W`, in this order and unchanged. `return a, (b, c)` does
# that.
# </details>

# %% check="linear_forward"
check("linear_forward")

# %% [markdown]
# ### Exercise: `relu_forward`
#
# $\text{out} = \max(0, x)$, entry by entry, for an array of any shape (in unit 08 it will be a stack of images).


# %% exercise="relu_forward"
def relu_forward(X):
    """ReLU, entry by entry: out = max(0, X).

    X: an array of any shape.  Returns (out, cache): out of X's shape, and cache, which is X.  In NumPy, without torch.
    """
    ### BEGIN SOLUTION
    return np.maximum(0, X), X
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: wrong values, or a single row comes out</summary>
#
# (-2, 0, 3, 0.5) becomes (0, 0, 3, 0.5). NumPy has two functions: `np.max(X, 0)` searches *along axis 0*;
# `np.maximum(a, b)` compares entry by entry.
# </details>
#
# <details><summary>Hint 2: out is right, the cache is not</summary>
#
# The cache is what came in, `X` itself.
# </details>
#
# <details><summary>Hint 3: "changed its argument in place"</summary>
#
# `X[X < 0] = 0` writes into the caller's array. Make a new one.
# </details>

# %% check="relu_forward"
check("relu_forward")

# %% [markdown]
# ## The way back, with numbers
#
# Training needs $\partial J / \partial W$ for every weight, however deep it sits. Numerical gradients (unit 01) would
# evaluate the network twice *per weight*, 160,000 times for a small one, for a single step. The **chain rule** gets all
# of them for the work of about three evaluations: you will count one matrix product a layer on the way forward, and two
# on the way back. It says: *along a path, slopes multiply.*
#
# The smallest network there is: one input $x$, one weight, one bias, a ReLU, and half a squared error as the loss.
#
# | forward | value | backward: how fast does $J$ change with it? | value |
# |---|---|---|---|
# | $x$, $w$, $b$ | 3, 2, -1 | | |
# | $z = wx + b$ | 5 | | |
# | $a = \max(0, z)$ | 5 | | |
# | $J = \frac12 (a - 4)^2$ | 0.5 | | |
# | | | $\partial J / \partial a = a - 4$ | 1 |
# | | | $\partial J / \partial z = \partial J / \partial a \cdot 1$, since $a$ follows $z$ step for step | 1 |
# | | | $\partial J / \partial w = \partial J / \partial z \cdot x$ | 3 |
# | | | $\partial J / \partial b = \partial J / \partial z \cdot 1$ | 1 |
# | | | $\partial J / \partial x = \partial J / \partial z \cdot w$ | 2 |
#
# Read the right side slowly, from top to bottom. After the first line, each takes *a* line further up (the last three all
# take $\partial J/\partial z$) and multiplies it by *one local slope*, for which it needs no more than what went through
# this very place on the way forward. That is all of **backpropagation**. (Elsewhere you will read *forward pass* and
# *backward pass*, and *computational graph* for the picture below. Do you believe the 3? Take $w = 2.01$: then
# $z = a = 5.03$ and $J = 0.530$, that is 0.030 more for 0.01.)
#
# Now let $b = -8$ and the rest as before. How fast does $J$ change with $w$?

# %%
predict(
    "silent",
    ...,
    options={
        "a": "by -12: the error is 0 - 4 = -4, times x = 3",
        "b": "by 3, as before",
        "c": "not at all",
    },
)


# %%
def smallest_network(w, b, x=3.0):
    """J of the smallest network, its target being 4."""
    return (max(0.0, w * x + b) - 4) ** 2 / 2


def slope_in_w(b, h=0.001):
    """The slope of J with respect to w at w = 2, measured."""
    return (smallest_network(2 + h, b) - smallest_network(2 - h, b)) / (2 * h)


print(f"b = -1:  J = {smallest_network(2, -1)},  measured dJ/dw: {slope_in_w(-1):.4f}")
print(f"b = -8:  J = {smallest_network(2, -8)},  measured dJ/dw: {slope_in_w(-8):.4f}")
reveal(
    "silent",
    min({"a": -12.0, "b": 3.0, "c": 0.0}.items(), key=lambda item: abs(item[1] - slope_in_w(-8)))[0],
    because="z = 2 * 3 - 8 = -2, so the unit is silent: a = 0, and a little more or less of w leaves it 0. The local slope "
    "of ReLU is 0 there, and whatever stands above is multiplied by it.",
)

# %% [markdown]
# A silent unit is wrong by 4 here and learns nothing from it. (With many examples, it is silent for some and active for
# others.) Now the same in the large. From here on a name such as `dW` stands for $\partial J/\partial W$: **an array of
# $W$'s shape** that says, for each entry, how fast the loss changes with it.

# %% folded=true
def draw_graph():
    """The network as a graph: values go right, gradients come back left, each of the shape of its value."""
    slots = ["X", "linear", "Z", "ReLU", "H", "linear", "logits", "cross-\nentropy", "J"]
    shapes = ["(N, 784)", "", "(N, 100)", "", "(N, 100)", "", "(N, 10)", "", "a number"]
    fig, ax = plt.subplots(figsize=(7.4, 4.0))

    def arrow(start, end, colour):
        ax.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": colour, "lw": 1.8, "shrinkA": 0, "shrinkB": 0})

    for i, (name, shape) in enumerate(zip(slots, shapes, strict=True)):
        if shape:
            for colour, sign, text in ((plots.BLUE, 1, name), (plots.VERMILLION, -1, "1" if name == "J" else f"d{name}")):
                ax.text(i, 0.62 * sign, text, ha="center", va="center", color=colour, weight="bold", fontsize=11.5)
                ax.text(i, 1.0 * sign, shape, ha="center", va="center", color=colour, fontsize=8.5)
            continue
        ax.add_patch(plt.Rectangle((i - 0.44, -0.5), 0.88, 1.0, facecolor=plots.GRID, edgecolor=plots.MUTED))
        ax.text(i, 0, name, ha="center", va="center", fontsize=9.5)
        for left, right in ((i - 1, i - 0.44), (i + 0.44, i + 1)):
            arrow((left, 0.25), (right, 0.25), plots.BLUE)
            arrow((right, -0.25), (left, -0.25), plots.VERMILLION)
    for i, number, shape in ((1, 1, "(784, 100)"), (5, 2, "(100, 10)")):
        for colour, sign, d in ((plots.BLUE, 1, ""), (plots.VERMILLION, -1, "d")):
            text = f"${d}W_{number}$ {shape}\n${d}b_{number}$"
            ax.text(i, 2.25 * sign, text, ha="center", va="center", color=colour, fontsize=10)
        arrow((i, 1.85), (i, 0.5), plots.BLUE)
        arrow((i, -0.5), (i, -1.85), plots.VERMILLION)
    ax.text(7, 2.2, "labels y", ha="center", va="center", color=plots.MUTED, fontsize=10)
    arrow((7, 1.95), (7, 0.5), plots.MUTED)
    ax.set(xlim=(-0.6, 8.6), ylim=(-2.65, 2.65))
    ax.set_axis_off()
    plots.finding(ax, "Values go right (blue); gradients come back left, each in the shape of its value")
    plt.show()


draw_graph()

# %% [markdown]
# The way back starts at the loss with a 1 and meets the layers in reverse. Each layer receives `dout`, the gradient of
# the loss **with respect to** its output, $\partial J/\partial\, \text{out}$. The layer has two duties: to **pass on**
# the gradient with respect to its input, which is the `dout` of the layer below, and to **deliver** the gradients
# with respect to its own weights. No layer knows anything about the others. So you can write them, and check them,
# one at a time.
#
# ## Back through the linear layer
#
# Write the layer with indices, example $n$, input $d$, output $m$:
#
# $$\text{out}_{nm} = \sum_d x_{nd}\, w_{dm} + b_m$$
#
# Now take one number and ask: **along which paths does it reach the loss?**
#
# - $x_{nd}$ goes into every output $m$ of its own example, each time with slope $w_{dm}$:
#   $\;dX_{nd} = \sum_m \text{dout}_{nm}\, w_{dm}$
# - $w_{dm}$ goes into output $m$ of every example $n$, each time with slope $x_{nd}$:
#   $\;dW_{dm} = \sum_n x_{nd}\, \text{dout}_{nm}$
# - $b_m$ goes into output $m$ of every example, each time with slope 1:
#   $\;db_m = \sum_n \text{dout}_{nm}$
#
# Here is the second half of the chain rule: **where a value is used several times, what comes back adds up.** One
# weight serves all $N$ examples, so $N$ contributions meet in its gradient. (They *add*: the mean over the examples
# was taken in the loss, and its $1/N$ is already in `dout`.)
#
# ### Exercise: `linear_backward`
#
# Turn each of the three sums into one NumPy expression. The shapes lead you: `dX` is $(N, D)$, and you have `dout`,
# $(N, M)$, and `W`, $(D, M)$. Only when $D = M$ do the shapes not tell you whether to
# transpose $W$.


# %% exercise="linear_backward"
def linear_backward(dout, cache):
    """The way back through out = X W + b.

    dout: (N, M), the gradient of the loss with respect to out.  cache: the pair (X, W) of linear_forward, X (N, D), W (D, M).
    Returns (dX, dW, db): the gradients with respect to X (N, D), W (D, M) and b (M,).  In NumPy, without torch.
    """
    ### BEGIN SOLUTION
    X, W = cache
    return dout @ W.T, X.T @ dout, dout.sum(axis=0)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: where do I begin?</summary>
#
# `X, W = cache`. Then three expressions, returned in the order `dX, dW, db`. Each is made of `dout` and *one* more
# thing; `dout` is in all three: a layer's own slopes say nothing without it.
# </details>
#
# <details><summary>Hint 2: a matrix product fails, or its result has the wrong shape</summary>
#
# In $\sum_m \text{dout}_{nm} w_{dm}$ the index $m$ is the *last* one of both. `A @ B` sums over the last index of A
# and the *first* of B: so one of the two has to be transposed. In $\sum_n x_{nd}\, \text{dout}_{nm}$ the index $n$ is
# the first one of both.
# </details>
#
# <details><summary>Hint 3: db, or a factor</summary>
#
# $b_m$ has one entry for each output. The axis of the examples disappears by a sum: no mean, no loop in which the last
# example wins, no axis of length 1 left over.
# </details>
#
# <details><summary>Hint 4: "changed its argument in place"</summary>
#
# `dout` and the arrays in the cache belong to others, too. Make new arrays.
# </details>

# %% check="linear_backward"
check("linear_backward")

# %% [markdown]
# ## Back through ReLU
#
# ReLU has no weights, so it only passes on. Its slope is 1 where the input was positive, and 0 where it was negative.
# At exactly 0 there is a kink and no slope; everybody takes 0 there.
#
# ### Exercise: `relu_backward`


# %% exercise="relu_backward"
def relu_backward(dout, cache):
    """The way back through ReLU: dout where the input was above 0, and 0 elsewhere (also at an input of exactly 0).

    dout: the gradient of the loss with respect to out, any shape.  cache: X of relu_forward, the same shape.
    Returns dX, the same shape.  In NumPy, without torch.
    """
    ### BEGIN SOLUTION
    return dout * (cache > 0)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: which entries pass?</summary>
#
# dout = (5, 6, -7, -8) and inputs of (1, -1, 2, -2) give (5, 0, -7, 0). The *inputs* decide. What passes is dout,
# with its own sign and size.
# </details>
#
# <details><summary>Hint 2: only inputs of exactly 0 are wrong</summary>
#
# At 0 nothing passes: "above 0" leaves the 0 out.
# </details>
#
# <details><summary>Hint 3: "changed its argument in place"</summary>
#
# `dout[...] = 0` writes into an array that somebody else may still need. A product makes a new one.
# </details>

# %% check="relu_backward"
check("relu_backward")

# %% [markdown]
# > **A good place for a break.** Both kinds of layers now go forward and back. When you come back, put the cursor here and
# > choose *Run > Run All Above Selected Cell*.
#
# ## Where to start
#
# Not at zero: there the hidden values and the way back through $W_2$ are zero, and no weight gets a gradient. Nor all
# alike: then all units of a layer compute the same and get the same gradient, for ever. So the weights are drawn at
# random, around 0. But how large should they be? A unit adds up $D$ terms $x_d w_d$. If the weights are independent with
# mean 0, the variances add up: the sum has $D$ times the variance of a weight, times the mean square of the $x_d$. ReLU
# then throws away the negative half, and half of the mean square with it. To get out of the layer what came into it, take
#
# $$\operatorname{Var}(w) = \frac{2}{D}, \qquad D = \text{fan\_in}$$
#
# This is **He initialization** (2015). *fan_in* is the number of values that come into a unit, *fan_out* the number
# of units.
#
# ### Exercise: `he_init`
#
# A formula for the variance, mind you; random generators ask for the standard deviation.


# %% exercise="he_init"
def he_init(rng, fan_in, fan_out):
    """Random weights for a linear layer, independent, normal with mean 0 and variance 2 / fan_in.

    rng: a NumPy generator, which every number is drawn from.  Returns (fan_in, fan_out) floats.  Without torch.
    """
    ### BEGIN SOLUTION
    return rng.normal(0, np.sqrt(2 / fan_in), size=(fan_in, fan_out))
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the spread is wrong</summary>
#
# For fan_in = 200 the variance is 0.01 and the standard deviation 0.1. `rng.normal(mean, deviation, size=...)` takes
# the deviation. The 2 is inside the root, and fan_out plays no part in it.
# </details>
#
# <details><summary>Hint 2: the shape, or weights that are equal</summary>
#
# One number for every pair (input, unit): `size=(fan_in, fan_out)`, centred on 0, none of them copied.
# </details>
#
# <details><summary>Hint 3: the same numbers every time, or others for the same seed</summary>
#
# Draw from the `rng` that you are handed. A generator that is made inside the function starts anew at each call;
# `np.random.randn` has a hidden one of its own.
# </details>

# %% check="he_init"
check("he_init")

# %% [markdown]
# ## The network
#
# Now put the layers together. `sizes = [784, 100, 10]` means: 784 values in, one hidden layer of 100 units, 10 logits
# out. Between two linear layers stands a ReLU; **behind the last one stands none**, and no softmax either:
# `cross_entropy` wants the logits as they are.
#
# ### Exercise: `MLP`
#
# `forward` is given: it forgets what `run` has kept. You write the other three, and the check has points for each:
# write the constructor, run the check, then go on to `run`, and to `loss_and_grads` last.
#
# - The constructor fills `self.params` with $W_1, b_1, W_2, b_2, \dots$: weights by your `he_init`, biases of zeros.
# - `run` goes forward through your layers and keeps every cache.
# - `loss_and_grads` goes forward, through `cross_entropy(logits, y)`, which returns the loss and its gradient with
#   respect to the logits, and then all the way back.
#
# An optimizer will change the arrays in `self.params` in place, so read them there, every time.


# %% exercise="MLP"
class MLP:
    """Linear layers with ReLU between them, as many as `sizes` says, and the cross-entropy of the logits.

    sizes: values in, units of each hidden layer, classes; such as [784, 100, 10].  rng: a NumPy generator.
    params: the list W1, b1, W2, b2, ...: (sizes[0], sizes[1]), (sizes[1],), (sizes[1], sizes[2]), ...
    In NumPy, without torch.
    """

    def __init__(self, sizes, rng):
        self.params = []
        ### BEGIN SOLUTION
        for fan_in, fan_out in zip(sizes[:-1], sizes[1:], strict=True):
            self.params += [he_init(rng, fan_in, fan_out), np.zeros(fan_out)]
        ### END SOLUTION

    def forward(self, X):
        """The logits (N, C) of the examples X (N, D)."""
        return self.run(X)[0]

    def run(self, X):
        """The logits (N, C) of X (N, D), and the list of all caches in their order: linear, ReLU, linear, ..., linear."""
        ### BEGIN SOLUTION
        caches = []
        for i in range(0, len(self.params), 2):
            if i > 0:
                X, cache = relu_forward(X)
                caches.append(cache)
            X, cache = linear_forward(X, self.params[i], self.params[i + 1])
            caches.append(cache)
        return X, caches
        ### END SOLUTION

    def loss_and_grads(self, X, y):
        """The mean cross-entropy (a number) of X (N, D) with labels y (N,), and its gradients in the order of params."""
        ### BEGIN SOLUTION
        logits, caches = self.run(X)
        loss, d = cross_entropy(logits, y)
        grads = []
        for i in reversed(range(len(caches))):
            if i % 2 == 1:
                d = relu_backward(d, caches[i])
            else:
                d, dW, db = linear_backward(d, caches[i])
                grads = [dW, db, *grads]
        return loss, grads
        ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the constructor</summary>
#
# `zip(sizes[:-1], sizes[1:])` gives the pairs (784, 100) and (100, 10): fan_in and fan_out of each layer. For each, two
# arrays are appended to `self.params`.
# </details>
#
# <details><summary>Hint 2: the logits, or the loss, are wrong</summary>
#
# Layer number $k$ has `self.params[2 * k]` and `self.params[2 * k + 1]`. `range(0, len(self.params), 2)` walks over the
# places of the weights. How many ReLUs are there in a network with one linear layer? None. And the loss wants logits:
# neither ReLU nor softmax behind the last layer.
# </details>
#
# <details><summary>Hint 3: the number or the order of the gradients</summary>
#
# One for each array in `params`, in that order. The way back meets the last layer first: so put what you find *in
# front* of the list, `[dW, db, *grads]`, or turn the list round in the end (and mind that each pair stays dW, db).
# </details>
#
# <details><summary>Hint 4: gradients before the last layer are wrong</summary>
#
# Every step forward has its step back, in reverse order, with the cache of that very step: linear, ReLU, linear, ...,
# linear. In the list of caches, the linear ones are at the even places. What comes out of one step back goes into the
# next: one variable, `d`, runs through them all. And nothing here divides by $N$.
# </details>
#
# <details><summary>Hint 5: right once, wrong the second time; or the optimizer moves nothing</summary>
#
# Between two calls, a network keeps nothing but `self.params`. Start with fresh lists in each call, and read the arrays
# from `self.params` each time: no copies.
# </details>

# %% check="MLP"
check("MLP")

# %% [markdown]
# ## What it can do
#
# Two classes of points, two moons that reach into each other. Your network, with no hidden layer, with one of four
# units, and with two of 32 each. With ReLU between the layers, what will the border look like?

# %%
predict(
    "border",
    ...,
    options={
        "a": "a straight line, still",
        "b": "a smooth curve",
        "c": "a line made of straight pieces",
    },
)

# %% given="moons"
def two_moons(count, rng):
    """Points (2 count, 2) on two half circles that reach into each other, with noise, and their classes (2 count,)."""
    angles = rng.uniform(0, np.pi, size=(2, count))
    upper = np.stack([np.cos(angles[0]), np.sin(angles[0])], axis=1)
    lower = np.stack([1 - np.cos(angles[1]), 0.4 - np.sin(angles[1])], axis=1)
    points = np.concatenate([upper, lower]) + rng.normal(0, 0.13, size=(2 * count, 2))
    return points - np.array([0.5, 0.2]), np.repeat([0, 1], count)


def fit(net, X, y, lr, steps):
    """Move a network's parameters by Adam, all examples in every step."""
    optimizer = Adam(net.params, lr)
    for _ in range(steps):
        optimizer.step(net.loss_and_grads(X, y)[1])
    return net


# %% folded=true
with waits_for("MLP"):
    points, classes = two_moons(100, np.random.default_rng(1))
    across, up = np.meshgrid(np.linspace(-2.0, 2.0, 161), np.linspace(-1.4, 1.4, 113))
    plane = np.stack([across.ravel(), up.ravel()], axis=1)
    SHAPES = {"no hidden layer": [2, 2], "one hidden layer of 4": [2, 4, 2], "two hidden layers of 32": [2, 32, 32, 2]}
    fitted = [
        fit(MLP(sizes, np.random.default_rng(3)), points, classes, lr=0.03, steps=300) for sizes in SHAPES.values()
    ]
    fig, axes = plt.subplots(1, 3, figsize=(7.4, 3.2), sharey=True)
    for ax, name, net in zip(axes, SHAPES, fitted, strict=True):
        margin = np.diff(net.forward(plane), axis=1).reshape(across.shape)
        right = np.mean(net.forward(points).argmax(axis=1) == classes)
        ax.contourf(across, up, margin, levels=[-1e9, 0, 1e9], colors=[plots.BLUE, plots.ORANGE], alpha=0.2)
        ax.contour(across, up, margin, levels=[0], colors=plots.INK, linewidths=1.8)
        for k, colour, marker in ((0, plots.BLUE, "o"), (1, plots.ORANGE, "^")):
            ax.scatter(*points[classes == k].T, s=7, color=colour, marker=marker)
        ax.set(xlabel="$x_1$", aspect="equal")
        ax.set_title(f"{name}\n{right:.1%} right", fontsize=11)
        print(f"{name}: {right:.1%} of 200 points right")
    axes[0].set_ylabel("$x_2$")
    plots.finding(fig, "ReLU bends the border: a few units bend it a few times, many units often")
    plt.show()

    line = np.stack([np.linspace(-2, 2, 2001), np.zeros(2001)], axis=1)  # straight through the plane
    bends = np.abs(np.diff(fitted[1].forward(line)[:, 0], 2)) > 1e-9
    kinks = np.sum(np.diff(bends.astype(int)) == 1)
    print(f"along a line through the plane, a logit of the network with 4 units has {kinks} kinks, and is straight between them")
    reveal(
        "border",
        "a" if not bends.any() else "c" if bends.mean() < 0.05 else "b",
        because="Between two kinks a ReLU is straight, and sums of straight pieces are straight pieces. Each unit adds one "
        "fold; with many of them the pieces become so short that the border looks round.",
    )

# %% [markdown]
# The last layer can still do nothing but cut straight. So what has the hidden layer done to the plane? With *two*
# hidden units one can look: their two outputs are again a point in a plane. Here is the smallest network that can
# bend a border, `[2, 2, 2]`, and a task with one bend: what lies above a V is one class, what lies below it the other.
#
# On the left, the points and the border. On the right, the same points and the same border on their way through the
# hidden layer: at 0 they are as they came, at 1 they have gone through the linear step, at 2 through ReLU as well.

# %% folded=true
with waits_for("MLP"):
    rng = np.random.default_rng(0)
    valley = rng.uniform(-1.5, 1.5, size=(500, 2))
    height = valley[:, 1] - 1.2 * np.abs(valley[:, 0]) + 0.6
    valley, sides = valley[np.abs(height) > 0.2], (height > 0).astype(int)[np.abs(height) > 0.2]

    def eight_starts(units):
        """Networks with so many hidden units, from eight starts, and the share that each of them gets right."""
        nets = [fit(MLP([2, units, 2], np.random.default_rng(seed)), valley, sides, lr=0.03, steps=300) for seed in range(8)]
        return nets, [np.mean(net.forward(valley).argmax(axis=1) == sides) for net in nets]

    starts, rights = eight_starts(2)
    ticks = np.linspace(-1.5, 1.5, 13)
    threads = [np.stack([np.full(200, x), np.linspace(-1.5, 1.5, 200)], axis=1) for x in ticks]
    threads += [thread[:, ::-1] for thread in threads]

    def on_the_way(at, net, way):
        """Points (N, 2) on their way through the hidden layer: at 1 linear, at 2 through ReLU as well."""
        linear = linear_forward(at, net.params[0], net.params[1])[0]
        hidden = relu_forward(linear)[0]
        return (1 - way) * at + way * linear if way < 1 else (2 - way) * linear + (way - 1) * hidden

    best_start = int(np.argmax(rights))

    def draw_fold(way=2.0, start=best_start):
        net = starts[start]
        fig, (left, right) = plt.subplots(1, 2, figsize=(7.4, 4.0))
        across, up = np.meshgrid(np.linspace(-1.5, 1.5, 121), np.linspace(-1.5, 1.5, 121))
        margin = np.diff(net.forward(np.stack([across.ravel(), up.ravel()], axis=1)), axis=1).reshape(across.shape)
        border = [part for part in left.contour(across, up, margin, levels=[0], colors=plots.INK).allsegs[0] if len(part)]
        for ax, at in ((left, 0.0), (right, way)):
            for thread in threads:
                ax.plot(*on_the_way(thread, net, at).T, "-", color=plots.MUTED, linewidth=0.6, alpha=0.6)
            for k, colour, marker in ((0, plots.BLUE, "o"), (1, plots.ORANGE, "^")):
                ax.scatter(*on_the_way(valley[sides == k], net, at).T, s=9, color=colour, marker=marker)
            for part in border:
                ax.plot(*on_the_way(part, net, at).T, "-", color=plots.INK, linewidth=2.4)
        left.set(xlabel="$x_1$", ylabel="$x_2$", aspect="equal", title="the plane of the inputs")
        bound = "" if way >= 1 else "on its way to the "
        right.set(xlabel=f"{bound}first hidden unit", ylabel=f"{bound}second hidden unit", title=f"on the way: {way:g} of 2")
        plots.finding(fig, f"Bent before the hidden layer, straight behind it: {rights[start]:.0%} right (start {start})"
                      if rights[start] > 0.98 else f"This start got stuck: {rights[start]:.0%} right (start {start})")

    plots.play(draw_fold, way=(0.0, 2.0, 0.05), start=(0, 7, 1))
    for units, shares in ((2, rights), (4, eight_starts(4)[1])):
        print(f"{units} hidden units: {sum(share > 0.98 for share in shares)} of 8 starts get (nearly) everything right; each: "
              + ", ".join(f"{share:.0%}" for share in shares))

# %% [markdown]
# Drag `way` from 0 to 2. Up to 1, the plane is turned and stretched, and nothing bends. From 1 to 2, ReLU presses
# everything that is negative flat against the axes, and the bent border becomes a straight one. This is what a hidden
# layer buys: it folds the plane until a straight cut is enough. Nobody told it where to fold; the gradients did.
#
# Now try other values of `start`. With as few as two units, some starts end with a fold in a useless place, or with a
# unit that is silent for nearly all points. Among more units, enough begin in a useful place: compare the two lines of
# the printout. That is one reason why networks are made wider than the task seems to need.
#
# > **A good place for a break.** Your network exists, and it bends borders: that is the first sitting. In the second
# > one it is tested, and then trained on clothes. When you come back, put the cursor here and choose *Run > Run All Above Selected Cell*.

# %% [markdown]
# ## Trust it? Three tests before any training
#
# A network with a wrong gradient often still learns, only worse, so that nobody notices. (In the clinic below, two of
# three gradients are wrong, and the loss falls.) Three tests take a minute.
#
# ### Test 1: the gradients of the whole network
#
# For a network with many parameters, check along *random directions*: shift all parameters a little along a direction
# $u$, forward and back, and compare the measured slope of the loss with $\nabla J \cdot u$. Two evaluations check
# everything at once. When is the measured slope far off although your gradient is right?

# %%
predict(
    "kinks",
    ...,
    options={
        "a": "when h is large: then some ReLU changes sides between the two evaluations",
        "b": "when h is tiny, and only then: rounding",
        "c": "never: ReLU's kinks are too rare to matter",
    },
)

# %% given="clothes"
fashion = load_fashion_mnist(flatten=True, dtype=np.float64)
CENTRE, SPREAD = fashion.X_train.mean(), fashion.X_train.std()
X_train, X_test = (fashion.X_train - CENTRE) / SPREAD, (fashion.X_test - CENTRE) / SPREAD
y_train, y_test = fashion.y_train, fashion.y_test

# %% folded=true
with waits_for("MLP"):
    def slope_along(net, X, y, direction, h):
        """The slope of the loss along a direction, a list of arrays like net.params: measured from both sides."""
        here, sides = [param.copy() for param in net.params], []
        for shift in (h, -h):
            for param, start, part in zip(net.params, here, direction, strict=True):
                param[...] = start + shift * part
            sides.append(net.loss_and_grads(X, y)[0])
        for param, start in zip(net.params, here, strict=True):
            param[...] = start
        return (sides[0] - sides[1]) / (2 * h)

    def errors_of(sizes, spoil=1.0):
        """Relative errors (10 directions, hs) of grad . u; `spoil` multiplies the gradient of the first weights."""
        rng = np.random.default_rng(5)
        X, y = subset(X_train, y_train, 50)
        net, rows = MLP(sizes, rng), []
        grads = net.loss_and_grads(X, y)[1]
        grads[0] = spoil * grads[0]
        for _ in range(10):
            direction = [rng.normal(size=param.shape) for param in net.params]
            claimed = sum(np.vdot(grad, part) for grad, part in zip(grads, direction, strict=True))
            rows.append([abs(slope_along(net, X, y, direction, h) / claimed - 1) for h in hs])
        return np.array(rows)

    hs = np.logspace(-9, -1, 17)
    errors = {
        "no hidden layer": np.median(errors_of([784, 10]), axis=0),
        "one hidden layer with ReLU": np.median(errors_of([784, 30, 10]), axis=0),
        "the same, with $dW_1$ 10% too long": np.median(errors_of([784, 30, 10], spoil=1.1), axis=0),
    }
    ax = plots.error_plot(hs, errors, xlabel="step h", ylabel="relative error of the slope")
    for curve, marker in zip(ax.lines, "os^", strict=True):
        curve.set(marker=marker, markersize=5)
    ax.legend()
    plots.finding(ax, "At a small h, a right gradient agrees in six digits and more; at a large one ReLUs change sides")
    plt.show()
    at = {h: int(np.argmin(np.abs(np.log10(hs / h)))) for h in (1e-6, 1e-3)}
    for name, values in errors.items():
        print(f"{name.replace('$', ''):33}" + "   ".join(f"error at h = {h:.0e}: {values[i]:.0e}" for h, i in at.items()))
    straight, relu = errors["no hidden layer"][at[1e-3]], errors["one hidden layer with ReLU"][at[1e-3]]
    reveal(
        "kinks",
        "a" if relu > 5 * straight else "c",
        because="A long step carries some unit's input across 0 for some image. The loss then has a corner between the two "
        "evaluations, and the mean of two slopes is measured.",
    )

# %% [markdown]
# So: for networks with ReLU take a small step, in float64, and a tolerance of about $10^{-6}$. A mistake, even one of
# 10% in a single array, does not get smaller with $h$.
#
# ### Test 2: the first loss
#
# A network that knows nothing should *say* that it knows nothing. If all ten logits were equal, each class would get
# the probability 1/10, and the loss would be $\log 10 = 2.30$. Now take your `MLP` with the weights that `he_init`
# gives it, and 500 images. How large is the very first loss?

# %%
predict(
    "first_loss",
    ...,
    options={
        "a": "2.30, to within a hundredth or two",
        "b": "about 3",
        "c": "about 10",
        "d": "anything from 0 to 20: it is random",
    },
)

# %% folded=true
with waits_for("MLP"):
    factors = np.array([0.01, 0.1, 0.3, 1, 3, 10])
    first_losses = np.zeros((5, len(factors)))
    for seed in range(5):
        for j, factor in enumerate(factors):
            net = MLP([784, 100, 10], np.random.default_rng(seed))
            net.params[-2] *= factor
            first_losses[seed, j] = net.loss_and_grads(X_train[:500], y_train[:500])[0]
    ax = plt.subplots()[1]
    plots.bands(ax, factors, first_losses, label="first loss (five seeds, their range)", band="minmax")
    ax.lines[-1].set_marker("o")
    ax.axhline(np.log(10), color=plots.MUTED, linestyle="--", linewidth=1.4)
    ax.text(0.0105, np.log(10) * 1.07, "log 10 = 2.30", color=plots.MUTED)
    ax.set(xscale="log", yscale="log", xlabel="the last layer's weights, times He's", ylabel="loss before any training")
    ax.set_xticks(factors, [f"{factor:g}" for factor in factors])
    ax.set_yticks([2, 3, 5, 10, 20, 30], ["2", "3", "5", "10", "20", "30"])
    ax.minorticks_off()
    ax.legend()
    plots.finding(ax, "A first loss far above log 10 means: the network is sure of itself, and knows nothing")
    plt.show()
    for factor, values in zip(factors, first_losses.T, strict=True):
        print(f"last weights times {factor:<5g} first loss {values.mean():6.2f}   ({values.min():.2f} to {values.max():.2f})")
    fresh = [MLP([784, 100, 10], np.random.default_rng(seed)).forward(X_train[:500]) for seed in range(5)]
    spread = np.mean([logits.var(axis=1).mean() for logits in fresh])
    drawn = np.random.default_rng(0).normal(0, np.sqrt(2), size=(100000, 10))
    by_chance = np.mean(np.log(np.exp(drawn).sum(axis=1)) - drawn[:, 0])
    print(f"variance of the ten logits of an image, with He's weights: {spread:.2f}")
    print(f"ten logits drawn at random, normal with variance 2: mean loss {by_chance:.2f}")
    usual = first_losses[:, 3]
    reveal(
        "first_loss",
        "d" if np.ptp(usual) > 5 else min({"a": 2.3, "b": 3.0, "c": 10.0}.items(), key=lambda item: abs(item[1] - usual.mean()))[0],
        because="Logits that differ by chance are opinions without a reason. On average they cost something: a class that "
        "chance favours is hardly ever the right one.",
    )

# %% [markdown]
# Where does the surplus come from? He's weights keep the mean square of the values near 1 in the hidden layer, and a
# logit adds up 100 of them with weights of variance $2/100$. So the logits of an image have a variance of about 2,
# and ten random numbers with a variance of 2 have a mean loss of about 3.1, 0.8 above $\log 10$. (The
# network's variance is a little below 2, and so its loss is about 3.0.)
# If *your* first loss is 3.0, nothing is wrong with your code. If you want the 2.30, multiply the last layer's weights
# by 0.1, which is common practice; the picture shows that this is all it takes.
#
# Ten times $\log 10$ is not healthy: the first steps would go into unlearning opinions that chance has made. And
# clearly below $\log 10$ at the start? Random weights cannot know the labels: then look at the loss itself.
#
# ### Test 3: learn 50 images by heart
#
# A healthy network can learn a handful of examples by heart, until the loss is near zero. If yours cannot, something
# is broken: a gradient, the optimizer, the labels. It takes a second, and it finds most of what is wrong.
#
# ### Exercise: `overfit_tiny_batch`
#
# You are handed a network (with `forward` and `loss_and_grads`, as yours) and an optimizer that holds its parameters.
# All examples go into every step. Note the loss at the start and after each step.


# %% exercise="overfit_tiny_batch"
def overfit_tiny_batch(net, optimizer, X, y, steps):
    """Train on the same few examples, all of them in every step.

    net: has forward(X) -> logits (N, C) and loss_and_grads(X, y) -> (loss, grads); it stays trained.
    optimizer: holds its parameters, and has step(grads).
    X: (N, D).  y: (N,) labels.  steps: how many steps.
    Returns (losses, accuracy): the loss at the start and after each step, (steps + 1,), and the share of the examples
    whose largest logit is the right one in the end, from 0 to 1.
    """
    ### BEGIN SOLUTION
    losses = np.zeros(steps + 1)
    for t in range(steps):
        losses[t], grads = net.loss_and_grads(X, y)
        optimizer.step(grads)
    losses[steps], _ = net.loss_and_grads(X, y)
    return losses, np.mean(net.forward(X).argmax(axis=1) == y)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the loss does not fall, or only the first step is right</summary>
#
# In every step, two things: ask the network for loss and gradients *now*, then hand the gradients to `optimizer.step`.
# The optimizer has the parameters already.
# </details>
#
# <details><summary>Hint 2: one loss too few, or one step too many</summary>
#
# Posts and fences: `steps` steps, `steps + 1` losses. One loss stands before the first step, and after the last step
# comes one more loss, and no step.
# </details>
#
# <details><summary>Hint 3: the accuracy</summary>
#
# After all steps, `net.forward(X)` gives (N, C): the class with the largest logit of *each row*, compared with y, and
# the mean of these True and False.
# </details>

# %% check="overfit_tiny_batch"
check("overfit_tiny_batch")

# %% [markdown]
# Fifty images, with their labels, and then once more with labels that are **drawn at random**, so that there is
# nothing to understand. What will the accuracy on these fifty be, after 100 steps of your Adam?

# %%
predict(
    "by_heart",
    ...,
    options={
        "a": "100% with the right labels, about 10% with random ones",
        "b": "100% with the right labels, about half with random ones",
        "c": "100% with both",
    },
)

# %% folded=true
with waits_for("MLP", "overfit_tiny_batch"):
    few, few_labels = subset(X_train, y_train, 50)
    curves, reached, on_new = ({"right labels": [], "random labels": []} for _ in range(3))
    for seed in range(3):
        rng = np.random.default_rng(seed)
        for name, labels in (("right labels", few_labels), ("random labels", rng.integers(0, 10, size=50))):
            net = MLP([784, 100, 10], rng)
            losses, accuracy = overfit_tiny_batch(net, Adam(net.params, 0.001), few, labels, 100)
            curves[name].append(losses)
            reached[name].append(accuracy)
            on_new[name].append(np.mean(net.forward(X_test).argmax(axis=1) == y_test))
    ax = plots.loss_curves(curves, xlabel="step", ylabel="loss on the 50 images", logy=True, band="minmax")
    ax.axhline(np.log(10), color=plots.MUTED, linestyle="--", linewidth=1.4)
    ax.text(101, np.log(10) * 1.15, "log 10", color=plots.MUTED, ha="right")
    plots.finding(ax, "Healthy: the network learns 50 images by heart, even when their labels are nonsense"
                  if min(min(values) for values in reached.values()) > 0.98 else "Not healthy: 50 images are not learned by heart")
    plt.show()
    for name, values in reached.items():
        last = np.array(curves[name])[:, -1]
        print(f"{name:14} accuracy {min(values):.0%} to {max(values):.0%}, last loss {last.min():.4f} to {last.max():.4f};"
              f"   on the 2,000 test images {np.mean(on_new[name]):.0%} right")
    chance = min(reached["random labels"])
    reveal(
        "by_heart",
        "c" if chance > 0.95 else "b" if chance > 0.3 else "a",
        because="The network has 79,510 parameters for 50 images. It does not need a reason to remember a label.",
    )

# %% [markdown]
# This is a test of the *machine*, not of what it has understood: on new images, the network with random labels does no
# better than guessing (the end of each printed line). Only images that it has not seen can tell what it has understood.
#
# > **A good place for a break.** Your network has passed its three tests. When you come back, put the cursor here and choose
# > *Run > Run All Above Selected Cell*.

# %% [markdown]
# ## Signals in deep networks
#
# Why so much care about $2/\text{fan\_in}$? With one hidden layer, weights that are too small do little harm (those that are
# too large do: Test 2). In a deep network every layer adds its factor. Take eight hidden layers of 100
# units, and three ways to begin, all of them random and around 0: with a standard deviation of 0.01 in every layer (an old
# habit), with one of 0.3, and with He's. And, because networks were built so until about 2010, a fourth network with
# $\text{sigmoid}(z) = 1/(1 + e^{-z})$ in place of ReLU, whose weights have the variance $1/\text{fan\_in}$. We send 500
# images through, and look at every layer: the active units' values, and the gradients of the weights. With 0.01
# everywhere, how much is left in the eighth hidden layer of what was there in the first?

# %%
predict(
    "deep_signal",
    ...,
    options={"a": "about a tenth", "b": "about a thousandth", "c": "less than a millionth"},
)

# %% folded=true
with waits_for("MLP"):
    STARTS = {"0.01 everywhere": 0.01, "He": None, "0.3 everywhere": 0.3}

    def look_inside(deviation):
        """For each layer: its active units' values on 500 images, its weights' gradients, its units' spread over the images."""
        net = MLP([784] + [100] * 8 + [10], np.random.default_rng(0))
        for W in net.params[::2]:
            if deviation is not None:
                W *= deviation / W.std()
        hidden, active, spread = X_train[:500], [], []
        for i in range(0, len(net.params) - 2, 2):
            hidden = relu_forward(linear_forward(hidden, net.params[i], net.params[i + 1])[0])[0]
            active.append(hidden[hidden > 0])
            spread.append(hidden.std(axis=0).mean())  # of a unit over the images
        grads = [np.abs(grad[grad != 0]) for grad in net.loss_and_grads(X_train[:500], y_train[:500])[1][:-2:2]]
        return active, grads, spread

    def look_inside_smooth(curve, slope):
        """The same with another curve in place of ReLU, `slope` being its derivative in terms of its output."""
        sizes, rng = [784] + [100] * 8 + [10], np.random.default_rng(0)
        weights = [rng.normal(0, fan_in**-0.5, size=(fan_in, out)) for fan_in, out in zip(sizes[:-1], sizes[1:], strict=True)]
        values, grads = [X_train[:500]], []
        for W in weights[:-1]:
            values.append(curve(values[-1] @ W))
        d = cross_entropy(values[-1] @ weights[-1], y_train[:500])[1]
        for W, before, after in zip(weights[:0:-1], values[-2::-1], values[:0:-1], strict=True):
            d = (d @ W.T) * slope(after)
            grads.insert(0, np.abs(before.T @ d).ravel())
        spread = [each.std(axis=0).mean() for each in values[1:]]
        return [np.abs(each[each != 0]) for each in values[1:]], [grad[grad > 0] for grad in grads], spread

    inside = {name: look_inside(deviation) for name, deviation in STARTS.items()}
    inside["sigmoid"] = look_inside_smooth(lambda z: 1 / (1 + np.exp(-z)), lambda out: out * (1 - out))
    tanh = look_inside_smooth(np.tanh, lambda out: 1 - out**2)
    fig, axes = plt.subplots(2, 4, figsize=(7.4, 7.0), sharey=True, sharex="row")
    for column, (name, rows) in zip(axes.T, inside.items(), strict=True):
        for ax, layers, colour in zip(column, rows[:2], (plots.BLUE, plots.VERMILLION), strict=True):
            for depth, values in enumerate(layers, start=1):
                heights, edges = np.histogram(np.log10(values), bins=np.arange(-16, 6.1, 0.25))
                middle = (edges[:-1] + edges[1:]) / 2
                ax.fill_between(middle, -depth, -depth + 0.85 * heights / heights.max(), color=colour, alpha=0.75, linewidth=0)
        column[0].set_title(name, fontsize=11.5)
        column[0].set(xlabel=r"$\log_{10}$ |value|", xlim=(-12, 6), xticks=[-10, -5, 0, 5])
        column[1].set(xlabel=r"$\log_{10}$ |gradient|", xlim=(-15, 3), xticks=[-15, -10, -5, 0])
    for ax in axes[:, 0]:
        ax.set(ylabel="hidden layer", yticks=-np.arange(1, 9), yticklabels=[str(k) for k in range(1, 9)])
    plots.finding(fig, "With ReLU and He's weights, values and gradients keep their size through eight layers")
    plt.show()
    print(f"{'layer 1, layer 8':16} {'active values, rms':>20} {'spread over images':>20} {'|gradient|, median':>20}")
    for name, (active, grads, spread) in (inside | {"(tanh)": tanh}).items():
        size, middle = [np.sqrt(np.mean(each**2)) for each in active], [np.median(grad) for grad in grads]
        print(f"{name:16}" + "".join(f"   {pair[0]:8.1e}, {pair[-1]:7.1e}" for pair in (size, spread, middle)))
    small_start = inside["0.01 everywhere"][0]
    left_over = np.sqrt(np.mean(small_start[-1] ** 2) / np.mean(small_start[0] ** 2))
    print(f"0.01 everywhere: the values of layer 8 are {left_over:.0e} times as large as those of layer 1")
    reveal(
        "deep_signal",
        min({"a": 0.1, "b": 1e-3, "c": 1e-8}.items(), key=lambda item: abs(np.log(item[1] / left_over)))[0],
        because="In each layer a unit adds up 100 terms with weights of about 0.01, and ReLU takes half of the mean square: a "
        "factor of 0.01 * sqrt(100 / 2) = 0.07, seven times over.",
    )

# %% [markdown]
# A factor per layer becomes a power. With 0.01 the signal dies out on its way forward, and the gradients of all eight
# layers are near $10^{-12}$: no plain step of any sensible length moves anything, and even Adam's
# $\varepsilon = 10^{-8}$ is far above them. With 0.3 the values grow from layer to layer, and the gradients of all
# layers are hundreds to thousands of times as large as with He's weights. Those hold the factor near 1: the last layer sees a signal,
# and the first layer gets a gradient.
#
# **Why not sigmoid?** Look at the fourth column. The values *look* healthy in every layer: all near 0.5. But the slope of
# a sigmoid is at most $\frac14$, and each layer multiplies by it, both ways. Forward, what *differs* from image to image
# dies out (the printout's middle): the last layer sees 0.5 nearly alike for every image. On the way back, seven layers
# further down, about $(1/4)^7 = 0.00006$ of the gradient arrives: this is the **vanishing gradient**, one reason why
# networks stayed shallow for so long. Where a ReLU is active its slope is exactly 1. (tanh, with slopes up to 1, fares
# better; its trouble begins when units saturate.) ReLU has a price, too: see "dead units" below.

# %% [markdown]
# ## Your network, your Adam, ten kinds of clothes
#
# Everything so far comes together: 10,000 images, batches of 100, six epochs, Adam with a learning rate that falls to
# zero along a straight line. The learning rate is chosen **without a look at the test set**: train on 5,000 training
# images for two epochs, measure on 2,000 others, three seeds for each. To see what the hidden layer is worth, the
# same for a network without one (that is softmax regression), at *its* best learning rate.
#
# How much better on the 2,000 test images will the network with 100 hidden units be?

# %%
predict(
    "hidden_layer",
    ...,
    options={"a": "not at all", "b": "1 to 5 percentage points", "c": "more than 5 percentage points"},
)

# %% given="training"
def accuracy_of(net, X, y):
    """The share of the examples X (N, D) whose largest logit is that of their label."""
    return np.mean(np.argmax(net.forward(X), axis=1) == y)


def train(sizes, lr, seed, X, y, epochs, after_epoch=None):
    """A new network, trained by Adam on shuffled batches of 100; lr falls to 0 along a straight line.

    after_epoch: a function that gets the network after every epoch.
    """
    rng = np.random.default_rng(seed)
    net = MLP(sizes, rng)
    optimizer = Adam(net.params, lr)
    total, done = epochs * (len(y) // 100), 0
    for _ in range(epochs):
        order = rng.permutation(len(y))
        for start in range(0, len(y), 100):
            batch = order[start : start + 100]
            optimizer.lr = lr * (1 - done / total)
            optimizer.step(net.loss_and_grads(X[batch], y[batch])[1])
            done += 1
        if after_epoch is not None:
            after_epoch(net)
    return net


# %% folded=true
with waits_for("MLP"):
    NETWORKS = {"no hidden layer": [784, 10], "100 hidden units": [784, 100, 10]}
    shuffled = np.random.default_rng(0).permutation(len(y_train))
    fit_part, choice = shuffled[:5000], shuffled[5000:7000]
    LRS = [0.001, 0.003, 0.01, 0.03]
    chosen = {}
    for name, sizes in NETWORKS.items():
        found = np.zeros((3, len(LRS)))
        for seed, j in np.ndindex(found.shape):
            net = train(sizes, LRS[j], seed, X_train[fit_part], y_train[fit_part], epochs=2)
            found[seed, j] = accuracy_of(net, X_train[choice], y_train[choice])
        chosen[name] = LRS[found.mean(axis=0).argmax()]
        shown = "   ".join(f"{lr:g}: {value:.3f}" for lr, value in zip(LRS, found.mean(axis=0), strict=True))
        print(f"{name:17} accuracy on the 2,000 images for choosing, by learning rate:   {shown}")

    history, finals, nets = {}, {}, {}  # nets: all three of each kind
    for name, sizes in NETWORKS.items():
        rows, finals[name], nets[name] = [], [], []
        for seed in range(3):
            rows.append([])

            def note(net, row=rows[-1]):
                row.append((accuracy_of(net, X_train[:1000], y_train[:1000]), accuracy_of(net, X_test, y_test)))

            nets[name].append(train(sizes, chosen[name], seed, X_train, y_train, epochs=6, after_epoch=note))
            finals[name].append(rows[-1][-1][1])
        history[name] = np.array(rows)  # (seeds, epochs, training and test)
    ax = plt.subplots()[1]
    for (name, values), colour, marker in zip(history.items(), (plots.ORANGE, plots.BLUE), "^o", strict=True):
        plots.bands(ax, np.arange(1, 7), 100 * values[:, :, 1], label=f"{name}, test", band="minmax", color=colour)
        ax.lines[-1].set_marker(marker)
        ax.plot(np.arange(1, 7), 100 * values[:, :, 0].mean(axis=0), ":" + marker, color=colour, label=f"{name}, training")
    ax.set(xlabel="epoch", ylabel="accuracy, percent")
    ax.legend(loc="lower right")
    gain = 100 * (np.mean(finals["100 hidden units"]) - np.mean(finals["no hidden layer"]))
    plots.finding(ax, f"On new images the hidden layer is worth {gain:.1f} points, each at the best of four rates")
    plt.show()
    for name, values in finals.items():
        print(f"{name:17} learning rate {chosen[name]:g}, test accuracy {np.mean(values):.1%} ({min(values):.1%} to {max(values):.1%})")
    print(f"the hidden layer is worth {gain:.1f} percentage points")
    reveal(
        "hidden_layer",
        "a" if gain < 0.5 else "b" if gain <= 5 else "c",
        because="Most of these images can be told apart by a weighted sum of their pixels. The next cell shows some of the "
        "others.",
    )

# %%
with waits_for("MLP"):
    guesses = {name: np.array([net.forward(X_test).argmax(axis=1) for net in trained]) for name, trained in nets.items()}
    with_layer, without = (np.sum(guesses[name] == y_test, axis=0) for name in ("100 hidden units", "no hidden layer"))
    gained, lost = np.flatnonzero((with_layer == 3) & (without == 0)), np.flatnonzero((with_layer == 0) & (without == 3))
    names = fashion.class_names
    in_short = [name.replace("Ankle boot", "Boot").replace("T-shirt/top", "T-shirt") for name in names]
    labels = [f"{in_short[y_test[i]]} not {in_short[guesses['no hidden layer'][0, i]]}" for i in gained[:16]]
    ax = plots.image_grid(fashion.X_test[gained[:16]].reshape(-1, 28, 28), labels)
    plots.finding(ax, "What only the networks with a hidden layer got right, all three of them")
    plt.show()
    print(f"all three with a hidden layer right, all three without one wrong: {len(gained)} images; the reverse: {len(lost)}")
    print(f"on a belt with 3,000 pieces a day, the hidden layer keeps about {30 * gain:.0f} of them out of the wrong box")
    rights = {k: np.mean(guesses["100 hidden units"][:, y_test == k] == k) for k in range(10)}
    print("right in each class: " + ", ".join(f"{names[k]} {rights[k]:.0%}" for k in sorted(rights, key=rights.get)))

# %% [markdown]
# A percentage point or two sounds like little. Here are pieces behind it: a weighted sum of pixels puts them into the
# wrong box every time, and a network that you wrote line by line, down to the derivative of every layer, does not. Many
# lie between shirts, pullovers and coats, where no single pixel decides; *which pixels go together* does, and that is
# what a hidden unit can look at. (The printout counts the reverse, too. A border that moves also loses somebody.) The
# hall will still want a person to look at the shirts.

# %% [markdown]
# ## Is the learning rate right? Look at the updates
#
# The loss says *that* something is wrong, not where. A number to look at for every layer: how large is an update,
# compared with the weights that it changes?
#
# $$\text{update-to-data ratio} = \frac{\operatorname{std}(\text{update of } W)}{\operatorname{std}(W)}$$
#
# We train for 600 steps with a learning rate that falls to zero, as above, and watch the hidden layer's $W$: at
# 0.003, a good rate in the sweep, at one that is a hundred times smaller, and at one that is thirty times larger. In
# the *first* step, Adam moves every weight by $\alpha$, and He's weights have a spread of $\sqrt{2/784} = 0.05$; so
# with $\alpha = 0.003$ the ratio begins at 0.06. How large is it in the middle of training, at step 300?

# %%
predict(
    "update_ratio",
    ...,
    options={
        "a": "still about 0.06: Adam's steps are about alpha long",
        "b": "a few thousandths",
        "c": "about 0.00001",
    },
)

# %% folded=true
with waits_for("MLP"):
    not_while_grading()
    best_lr = 0.003  # fixed, since the text speaks of its numbers; in the sweep 0.01 does about as well
    moments = np.unique(np.concatenate([np.arange(1, 10), np.geomspace(10, 599, 40).round()])).astype(int)

    def watched(lr, seed):
        """600 steps: the update-to-data ratio of W1 at the `moments`, all losses, and the network."""
        rng = np.random.default_rng(seed)
        net = MLP([784, 100, 10], rng)
        optimizer, row, losses = Adam(net.params, lr), [], []
        for step in range(1, 601):
            batch = rng.choice(len(y_train), 100, replace=False)
            optimizer.lr = lr * (1 - (step - 1) / 600)
            loss, grads = net.loss_and_grads(X_train[batch], y_train[batch])
            before = net.params[0].copy() if step in moments else None
            optimizer.step(grads)
            losses.append(loss)
            if before is not None:
                row.append(np.std(net.params[0] - before) / np.std(before))
        return row, np.mean(losses[-50:]), net

    runs = {lr: [watched(lr, seed) for seed in range(2)] for lr in (best_lr / 100, best_lr, 30 * best_lr)}
    ratios = {rf"$\alpha$ = {lr:.2g}": np.array([row for row, _, _ in each]) for lr, each in runs.items()}
    ax = plots.loss_curves(
        ratios, xlabel="step", ylabel="update-to-data ratio of $W_1$", logx=True, logy=True, x=moments, band="minmax"
    )
    ax.axhline(1e-3, color=plots.MUTED, linestyle="--", linewidth=1.4)
    ax.text(1, 1.15e-3, "a thousandth", color=plots.MUTED)
    ax.legend(loc="lower left")
    best = ratios[rf"$\alpha$ = {best_lr:.2g}"].mean(axis=0)
    first, middle = best[0], best[np.argmin(np.abs(moments - 300))]
    plots.finding(ax, f"At a good rate: {first:.2g} in the first step, {middle:.2g} in the middle, then down with $\\alpha$")
    plt.show()
    print(f"{'alpha':>7} {'ratio in step 1':>17} {'30':>8} {'300':>8} {'std of W1':>11} {'loss, last 50':>15} {'silent for all 10,000':>23}")
    for lr, each in runs.items():
        row = np.mean([row for row, _, _ in each], axis=0)
        at = {step: row[np.argmin(np.abs(moments - step))] for step in (1, 30, 300)}
        silent = [np.mean(~(linear_forward(X_train, *net.params[:2])[0] > 0).any(axis=0)) for _, _, net in each]
        print(f"{lr:7.2g} {at[1]:17.1e} {at[30]:8.1e} {at[300]:8.1e} {np.mean([np.std(net.params[0]) for _, _, net in each]):11.2f} "
              f"{np.mean([loss for _, loss, _ in each]):15.2f} {np.mean(silent):23.0%}")
    reveal(
        "update_ratio",
        min({"a": 6e-2, "b": 3e-3, "c": 1e-5}.items(), key=lambda item: abs(np.log(item[1] / middle)))[0],
        because="In the first step all gradients look alike to Adam, and every weight moves by alpha. Later those of "
        "different batches contradict each other, and the moving average of gradients is much smaller than their size.",
    )

# %% [markdown]
# A rule of thumb that you will find says "around $10^{-3}$": a change in the third digit. Measured here, with Adam at
# a good $\alpha$: **some hundredths in the first step, below a hundredth after thirty, a few thousandths for most of
# training**, and then down with $\alpha$. So read it at the right moment. Whoever sees 0.06 in the first step and makes
# $\alpha$ smaller for that reason throws away what the sweep has found. At a rate a hundred times too small the ratio
# is below a thousandth from the first step on, and after 600 steps the loss has come no further than about 0.9.
#
# The rate that is too large begins above 1: its first update is larger than all that was there. After thirty steps
# its ratio looks harmless, for a bad reason: the weights have become ten times as large. And look at the last column
# of the printout: a part of its hidden units is silent *for every one of the 10,000 images*. Such a unit is called
# **dead**. Its slope is 0 everywhere, so no gradient reaches its weights, and hardly anything brings it back. A few
# dead units are common and do no harm; if it is a tenth of them or more, the first steps were too long.

# %% [markdown]
# ## Clinic: the block that learned with half its heart
#
# Deep networks of today are made of **blocks with a skip connection**: a value $h$ goes through a branch *and* past
# it, and both meet in a sum. Somebody wrote such a network with its gradients by hand, a regression with half the
# mean squared error:
#
# $$h = \operatorname{relu}(X W_1), \qquad \text{out} = \bigl(h + \operatorname{relu}(h W_2)\bigr)\, W_3$$
#
# The loss falls when it is trained, and it was considered finished. Run the next three cells.


# %% exercise="clinic_07"
def clinic_07(X, Y, W1, W2, W3):
    """A block with a skip connection: loss = sum((out - Y)^2) / (2 N), and its gradients.

    X: (N, D).  Y: (N, M).  W1: (D, H).  W2: (H, H).  W3: (H, M).  Returns (loss, dW1, dW2, dW3).
    In NumPy, without torch.
    """
    ### BEGIN SOLUTION
    h = np.maximum(0, X @ W1)
    branch = np.maximum(0, h @ W2)
    total = h + branch
    error = (total @ W3 - Y) / len(X)
    loss = len(X) * np.sum(error**2) / 2
    dW3 = total.T @ error
    dtotal = error @ W3.T
    dbranch = dtotal * (branch > 0)
    dW2 = h.T @ dbranch
    dh = dtotal + dbranch @ W2.T
    dW1 = X.T @ (dh * (h > 0))
    return loss, dW1, dW2, dW3
    ### END SOLUTION
    ### BEGIN STUB
    # h = np.maximum(0, X @ W1)
    # branch = np.maximum(0, h @ W2)
    # total = h
    # total += branch
    # error = (total @ W3 - Y) / len(X)
    # loss = len(X) * np.sum(error**2) / 2
    # dW3 = total.T @ error
    # dtotal = error @ W3.T
    # dbranch = dtotal * (branch > 0)
    # dW2 = h.T @ dbranch
    # dh = dtotal
    # dh = dbranch @ W2.T
    # dW1 = X.T @ (dh * (h > 0))
    # return loss, dW1, dW2, dW3
    ### END STUB


# %% given="block"
rng = np.random.default_rng(7)
X_block = rng.normal(size=(40, 3))
Y_block = np.abs(X_block[:, :1]) - np.maximum(0, X_block[:, 1:2] + X_block[:, 2:])


def block_weights(seed):
    """W1, W2 and W3 to start from. The branch starts small, as is usual for such blocks."""
    rng = np.random.default_rng(seed)
    return [scale * rng.normal(size=shape) for scale, shape in ((0.5, (3, 6)), (0.1, (6, 6)), (0.5, (6, 1)))]


def measured_gradients(weights, h=1e-6):
    """The gradients of clinic_07's loss with respect to the three matrices, by central differences."""
    found = []
    for k, W in enumerate(weights):
        slopes = np.zeros(W.shape)
        for index in np.ndindex(W.shape):
            sides = []
            for shift in (h, -h):
                moved = [V.copy() for V in weights]
                moved[k][index] += shift
                sides.append(clinic_07(X_block, Y_block, *moved)[0])
            slopes[index] = (sides[0] - sides[1]) / (2 * h)
        found.append(slopes)
    return found


# %% folded=true
with waits_for("clinic_07"):
    claimed, measured = clinic_07(X_block, Y_block, *block_weights(0))[1:], measured_gradients(block_weights(0))
    wrongness = [np.abs(c - m).max() / np.abs(m).max() for c, m in zip(claimed, measured, strict=True)]

    def losses_with(gradients):
        """120 steps of gradient descent from three starts: (3, 120)."""
        losses = np.zeros((3, 120))
        for seed in range(3):
            weights = block_weights(seed)
            for t in range(120):
                losses[seed, t] = clinic_07(X_block, Y_block, *weights)[0]
                weights = [W - 0.1 * dW for W, dW in zip(weights, gradients(weights), strict=True)]
        return losses

    fig, (left, right) = plt.subplots(1, 2, figsize=(7.4, 4.1))
    left.bar(["$dW_1$", "$dW_2$", "$dW_3$"], np.maximum(wrongness, 1e-12), color=plots.VERMILLION, bottom=1e-13)
    left.set(yscale="log", ylim=(1e-13, 10), ylabel="largest error, relative")
    left.axhline(1e-6, color=plots.MUTED, linestyle="--", linewidth=1.4)
    left.text(-0.4, 1.6e-6, "tolerance", color=plots.MUTED, fontsize=9)
    descents = {
        "gradients of clinic_07": losses_with(lambda weights: clinic_07(X_block, Y_block, *weights)[1:]),
        "measured gradients": losses_with(measured_gradients),
    }
    plots.loss_curves(descents, right, xlabel="step", ylabel="loss (band: three starts)", logy=True, band="minmax")
    right.lines[-1].set_linestyle("--")
    right.set_yticks([0.03, 0.1, 0.3, 1], ["0.03", "0.1", "0.3", "1"])
    right.minorticks_off()
    right.legend(fontsize=9)
    healthy = max(wrongness) < 1e-5
    plots.finding(fig, "Healthy: the gradients are the measured ones" if healthy
                  else "Not healthy yet: the loss falls, and two of three gradients are wrong")
    plt.show()
    for name, value in zip(("dW1", "dW2", "dW3"), wrongness, strict=True):
        print(f"{name}: largest error {value:.0e} of the largest entry")
    for name, losses in descents.items():
        print(f"{name:30} mean loss {losses[:, 0].mean():.3f} at the start, {losses[:, -1].mean():.4f} after 119 steps")

# %% [markdown]
# **The symptom.** The loss itself is right. The gradient of the last matrix is right, those of the two before it are
# not. The loss falls all the same, only not as far as with measured gradients: without these to compare with, nobody
# would have noticed. There are two causes. Find both. When it is healthy, the picture says so.
#
# <details><summary>Hint 1: the line of dW2 looks right. Why is its value wrong?</summary>
#
# It needs the $h$ that went into the branch. Print `h` before and after the line with `+=`. `total = h` gives a second
# name to the same array, and `+=` changes the array, under all of its names.
# </details>
#
# <details><summary>Hint 2: what comes back to h?</summary>
#
# In the formula, $h$ is used twice: straight in the sum, and through $W_2$. Along each of these two ways a gradient
# comes back. Which of the two survives in `dh`?
# </details>

# %% check="clinic_07"
check("clinic_07")

# %% [markdown]
# Two of the most frequent mistakes in backpropagation by hand: a **fan-out assigned, not added up**, and a **cached
# value that was changed afterwards**. Neither raises an error, and with both the loss falls. Automatic
# differentiation (unit 09) adds up by itself; it also refuses to go back through values that were changed in place.
# Now you know why. And if you would like to build one yourself, go on; else go straight to the quiz.

# %% [markdown]
# ## Bonus: a graph that finds its own way back
#
# Unit after unit you have derived each way back by hand, and the clinic has shown how that goes wrong. But the two
# halves of the chain rule are the same in every network: *along a path slopes multiply; what comes back along several paths
# adds up*. So let the numbers themselves remember what they were made from, and write the way back once, for every
# graph there is. This is **reverse-mode automatic differentiation**, the heart of PyTorch (unit 09), in forty lines.
# Allow some 40 minutes.
#
# A `Value` holds a number (`data`), the Values that it was made from (`parents`), and for each of them the **local
# slope**: how fast this number changes with that one. In $p = a \cdot b$ with $a = 2$ and $b = -3$, $p$ is
# `Value(-6, (a, b), (-3, 2))`: if $a$ grows by a little, $p$ changes by $b = -3$ times as much. Each operation only
# knows its own slopes. Then `backward()` of the result does the rest: its own gradient is 1, and every Value hands on
# to its parents its gradient times the local slope.
#
# The one difficulty is the order. Every Value is to hand on just once. Take $q = p \cdot c$ and $J = p + q$: $p$ is used in
# two places. When may it hand on what it has received?

# %%
predict(
    "order",
    ...,
    options={
        "a": "as soon as something has arrived",
        "b": "when all that it was used in has handed on",
        "c": "at any time: sums do not mind the order",
    },
)

# %%
a, b, c = 2.0, -3.0, 5.0


def J_of(a):
    """J = p + q with p = a b and q = p c."""
    p = a * b
    return p + p * c


measured = (J_of(a + 1e-6) - J_of(a - 1e-6)) / 2e-6
handed_on = {"a": 1.0 * b, "b": (1.0 + c) * b}  # p hands on the 1 that J gives it, or waits for q's part, which is c
print(f"p hands on at once: dJ/da = {handed_on['a']}    p waits: dJ/da = {handed_on['b']}    measured: {measured:.4f}")
reveal(
    "order",
    min(handed_on, key=lambda letter: abs(handed_on[letter] - measured)),
    because="p gets 1 straight from J, and c from J through q. If it hands on the 1 and then counts as done, q's part "
    "never gets to a. And to hand on again whenever something comes is right, but then one chain of 60 doublings takes 2 to the "
    "60 steps.",
)

# %% [markdown]
# So the way back needs an order in which every Value comes after all that it was used in: a **topological order** of
# the graph, from the result to the leaves. It is easily found in reverse: *before you write a Value into the list, write
# all of its parents*; each Value once. Then read the list from its end.
#
# ### Exercise: `Value` (bonus)
#
# Write `__add__`, `__mul__`, `relu` and `backward`. Python calls `__add__` for `v + w`, and also for `v + 2`: then
# `other` is a plain number. (For `2 + v` it calls `__radd__`, which is given.) Each call of `backward` sets the
# gradients of everything in its graph afresh. (PyTorch adds to what is there, and leaves the zeroing to you: unit 09.)


# %% exercise="Value"
class Value:
    """A number that knows what it was made from.

    data: the number.  grad: after backward() of a result, how fast that result changes with this number.
    parents: the Values that it was made from.  slopes: for each of them, how fast data changes with it, a plain number.
    In plain Python or NumPy, without torch.
    """

    def __init__(self, data, parents=(), slopes=()):
        self.data, self.grad = float(data), 0.0
        self.parents, self.slopes = parents, slopes

    def __add__(self, other):
        """A new Value: self + other. other: a Value or a plain number."""
        ### BEGIN SOLUTION
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0))
        ### END SOLUTION

    def __mul__(self, other):
        """A new Value: self * other. other: a Value or a plain number."""
        ### BEGIN SOLUTION
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data))
        ### END SOLUTION

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def relu(self):
        """A new Value: max(0, self). Its slope is 0 at an input of exactly 0, too."""
        ### BEGIN SOLUTION
        return Value(max(0.0, self.data), (self,), (1.0 if self.data > 0 else 0.0,))
        ### END SOLUTION

    def backward(self):
        """Set grad of everything that self was made from, and of self: how fast self changes with it.

        Whatever grad was before is forgotten; data stays as it is. Returns nothing.
        """
        ### BEGIN SOLUTION
        order, seen = [], set()

        def visit(value):
            if value not in seen:
                seen.add(value)
                for parent in value.parents:
                    visit(parent)
                order.append(value)

        visit(self)
        for value in order:
            value.grad = 0.0
        self.grad = 1.0
        for value in reversed(order):
            for parent, slope in zip(value.parents, value.slopes, strict=True):
                parent.grad += slope * value.grad
        ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: an operation fails, or a sum, a product or a ReLU has a wrong value</summary>
#
# Each operation returns a *new* Value, `Value(number, (its operands), (their slopes))`, and changes none of its
# operands. If `other` is no Value (`isinstance(other, Value)` tells), make one of it first. A tuple of one has a
# comma: `(self,)`.
# </details>
#
# <details><summary>Hint 2: the gradients of a single product, sum or ReLU are wrong</summary>
#
# Make $a$ a little larger, and see what the result does. $a + b$ grows just as much: slope 1. $a \cdot b$ grows by $b$
# times as much. $\max(0, a)$ grows as much where $a$ is positive, and not at all elsewhere. On the way back the result
# begins with 1, and each parent receives *local slope times the gradient of what it was used in*. The slopes are plain
# numbers: other.data, not other.
# </details>
#
# <details><summary>Hint 3: a Value that is used twice, such as a in a * a, has a wrong gradient</summary>
#
# Through each of its uses something comes back, and it adds up. In `a * a` both parents are the same Value.
# </details>
#
# <details><summary>Hint 4: diamonds are wrong, or it takes for ever</summary>
#
# Make the list first, hand on afterwards. A function inside `backward` that calls itself does it: is this Value in the
# list of those seen? Then nothing. Else note it as seen, call yourself for each parent, and only then append it. The
# result ends up last: go through the list in reverse. A set knows quickly whether it holds something.
# </details>
#
# <details><summary>Hint 5: right at the first call, wrong at the second</summary>
#
# Once the list is made, set `grad` of everything in it to 0, then that of the result to 1. `data` is only read.
# </details>

# %% check="Value"
check("Value")

# %% [markdown]
# Now let it judge the clinic. The very same block, written with nothing but `+`, `*` and `relu`, and not one line about
# gradients:

# %% folded=false
with waits_for("Value", "clinic_07"):
    def values_of(array):
        """A matrix as lists of Values."""
        return [[Value(x) for x in row] for row in array]

    def product(A, B):
        """The matrix product of two matrices of Values."""
        return [[sum(x * y for x, y in zip(row, column, strict=True)) for column in zip(*B, strict=True)] for row in A]

    def rectified(A):
        """ReLU of a matrix of Values."""
        return [[x.relu() for x in row] for row in A]

    X_few, Y_few, block = X_block[:8], Y_block[:8], [values_of(W) for W in block_weights(0)]
    h = rectified(product(values_of(X_few), block[0]))
    branch = rectified(product(h, block[1]))
    total = [[x + y for x, y in zip(*rows, strict=True)] for rows in zip(h, branch, strict=True)]
    errors = [out[0] + (-1) * y for out, y in zip(product(total, block[2]), Y_few[:, 0], strict=True)]
    loss = sum(error * error for error in errors) * (1 / (2 * len(X_few)))
    loss.backward()
    by_hand = clinic_07(X_few, Y_few, *block_weights(0))
    print(f"loss: {loss.data:.6f} by Values, {by_hand[0]:.6f} by clinic_07")
    for name, W, claimed in zip(("dW1", "dW2", "dW3"), block, by_hand[1:], strict=True):
        found = np.array([[x.grad for x in row] for row in W])
        print(f"{name}: largest difference between the two {np.abs(found - claimed).max():.1e}")

# %% [markdown]
# A repaired clinic agrees with it to the last digit; an unrepaired one is caught in `dW1` and `dW2`. Skip connections,
# shared weights, any graph at all: nobody has to derive its way back any more. What PyTorch adds to this idea is that a
# node holds a whole array and a layer's backward is one matrix product, as in your `linear_backward`. With an object
# for each number, one step of the clothes network on 100 images would make 16 million of them: 8 million products, and
# as many sums. (And a function that calls itself stops at a depth of about 1,000 in Python: a longer chain needs a loop
# with a list of its own.)

# %% [markdown]
# ## Quiz
#
# Put the letter of the best answer in quotes, such as `"b"`, in place of the dots. What is right, and why the others are not, you read in your
# feedback, or with `./course check 07`.
#
# **q1.** Somebody replaces every ReLU of a network with two hidden layers by $f(z) = 3z + 1$: "no kink, and no unit ever dies".
# What can the new network do?
# - a) as much as before: it has the same number of parameters
# - b) bend the borders between the classes, only more gently
# - c) what one linear layer can do
# - d) nothing, because no gradient passes through it
#
# **q2.** Two layers of a network use the *same* matrix $W$. For one of its entries, 0.6 comes back from the upper layer and
# -0.2 from the lower one. What is the gradient of this entry?
# - a) 0.2
# - b) 0.4
# - c) -0.2
# - d) -0.12
#
# **q3.** One hidden layer. $W_1$ is drawn by He's formula, and all of $W_2$, the last layer's weights, is zero. What happens?
# - a) The first loss is far above $\log K$.
# - b) Nothing: weights of zero never get a gradient, so the network does not learn.
# - c) $W_2$ learns; $W_1$ stays as it was drawn, for ever.
# - d) In the first step only the last layer gets a gradient; from the second step on, $W_1$ gets one as well.
#
# **q4.** *Two* classes, equally frequent, a fresh network, and the first loss is 2.3. What do you think?
# - a) It is sure of itself, and knows nothing: are the logits too large?
# - b) The weights at the start are too small.
# - c) All is well: 2.3 is $\log 10$.
# - d) The learning rate is too high.
#
# **q5.** Your network learns 50 images by heart. Trained on all 10,000 it is right on 93% of them, and on 11% of the test
# images (ten classes). Where do you look first?
# - a) at the gradient of the first layer
# - b) at how the test images and their labels are prepared
# - c) at the learning rate
# - d) at the number of hidden units

# %% exercise="quiz_07"
### BEGIN SOLUTION
quiz_07 = {"q1": "c", "q2": "b", "q3": "d", "q4": "a", "q5": "b"}
### END SOLUTION
### BEGIN STUB
# quiz_07 = {"q1": ..., "q2": ..., "q3": ..., "q4": ..., "q5": ...}
### END STUB

# %% check="quiz_07"
check("quiz_07")

# %% [markdown]
# ## Recap
#
# - **A layer** has a way forward, `out, cache = forward(...)`, and a way back, `backward(dout, cache)`. A gradient has the
#   shape of what it belongs to.
# - **Chain rule:** along a path slopes multiply; where a value is used several times, what comes back adds up.
# - **Linear:** $\text{out} = XW + b$. Back: $dX = \text{dout}\, W^\top$, $\;dW = X^\top \text{dout}$, $\;db = \sum_n \text{dout}_n$.
# - **ReLU:** $\max(0, x)$. Back: dout where the input was above 0. Without it, all layers are one.
# - **He initialization:** mean 0, variance $2/\text{fan\_in}$, so that values and gradients keep their size through many layers.
# - **Before training:** gradients along random directions, with a small $h$; the first loss (for ten classes and He's
#   weights about $\log 10 + 0.7 = 3.0$; with the last layer times 0.1, $\log 10 = 2.3$); 50 images learned by heart.
# - **Sigmoid's** slope is at most 1/4, and eight layers multiply eight of them: the gradient vanishes. ReLU's is 1 or 0; a
#   unit where it is 0 for every image is dead.
# - **While training:** the learning rate, chosen on images that are neither training nor test; the update-to-data ratio
#   (Adam at a good rate: some hundredths in the first step, a few thousandths for most of training).
# - **Any graph (bonus):** local slopes, a topological order, and from the result back: add slope times gradient.

# %% [markdown]
# ## Think about it
#
# A friend has written a network of twelve layers by hand. The first loss is 2.303 for ten classes, exactly
# $\log 10$. During training it stays there, whatever the learning rate. He has drawn all weights with a standard
# deviation of 0.01. In five to eight sentences, to be read by a person: what do you think is going on, and why is the first loss
# no warning here? Which two or three things would you have him look at or try, in which order, and what would each of
# them tell?

# %% [markdown] points=3 reflection="reflection_07"
# ### BEGIN SOLUTION
# With weights of 0.01 and, say, a hundred units, each layer multiplies the signal by about 0.07, so after twelve
# layers nothing of the input is left: all logits are equal to their biases, whatever the image. That gives exactly
# log 10 = 2.3, so the first loss looks healthy because the network says "I do not know" for the wrong reason. On the
# way back the gradients shrink by the same factors, so that no weight gets a gradient worth mentioning, and no
# learning rate makes up for a factor of 10^-13. First I would have him print the spread of the values and of the
# gradients layer by layer: if both fall by a constant factor, it is the start. Then draw the weights by He's formula
# and look at the same numbers again. If the loss then still stays, let the network learn 50 images by heart and check
# its gradients along random directions: that tells a mistake in the way back from a bad start.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# 1 point: the signal (and the gradient) shrinks by a factor in each layer, because the weights are too small for the
# number of inputs. 1 point: equal logits give log 10, so the first loss cannot tell "no opinion" from "no signal". 1
# point: a sensible order with what each look tells: values and gradients by depth, He initialization, then 50 images
# by heart or a gradient check. "Raise the learning rate" alone is none.
# ### END MARK SCHEME

# %% [markdown]
# ## Going further
#
# - D. Rumelhart, G. Hinton, R. Williams, [Learning representations by back-propagating
#   errors](https://doi.org/10.1038/323533a0) (Nature, 1986): four pages that made it known. (S. Linnainmaa had the way
#   back through any graph in 1970, P. Werbos proposed it for networks.)
# - K. He, X. Zhang, S. Ren, J. Sun, [Delving Deep into Rectifiers](https://arxiv.org/abs/1502.01852) (2015): where
#   $2/\text{fan\_in}$ comes from; X. Glorot, Y. Bengio, [Understanding the difficulty of training deep feedforward neural
#   networks](https://proceedings.mlr.press/v9/glorot10a.html) (2010): histograms by depth, as you have drawn them.
# - C. Zhang and others, [Understanding deep learning requires rethinking
#   generalization](https://arxiv.org/abs/1611.03530) (2017): whole data sets with random labels, learned by heart.
# - A. Karpathy, [micrograd](https://github.com/karpathy/micrograd): automatic differentiation in about a hundred lines, and
#   [A Recipe for Training Neural Networks](https://karpathy.github.io/2019/04/25/recipe/): the three tests, and more.
# - [CS231n, backpropagation](https://cs231n.github.io/optimization-2/): the chain rule as circuits.
#
# Next: 08 CNN, where a layer looks at an image through a small window.
