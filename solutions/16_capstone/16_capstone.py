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
# # 16 · Capstone: one network, under a budget
#
# **After this unit you have** taken a network from an empty cell to a number that you can defend: designed it under a
# budget, chosen it without fooling yourself, compared it with an error bar, and written down what you found.
#
# | time | difficulty | builds on |
# |---|---|---|
# | 5 to 10 hours, in several sittings | ●●●●● | all of the course; most of all [10](../10_gpu_cnn/10_gpu_cnn.ipynb) (a loop to trust) and [12](../12_structure/12_structure.ipynb) (where parameters and time go) |
#
# There are three parts. In the first, two short exercises give you the tools of an honest experiment. The second is
# yours: one network, everything allowed that you have learned. The third is a report, read by a person.

# %% given="setup"
try:
    from course_lib import check, earlier, not_while_grading, plots, predict, reveal, waits_for
except ModuleNotFoundError as error:
    raise SystemExit(f"{error}: run ./course start in the course's folder, or see docs/running.md") from None

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from course_lib.fit import accuracy, fit, image_tensors

plots.use_style()
Net, count_parameters, count_macs = earlier("Net", "count_parameters", "count_macs")

X_all, y_all, X_test, y_test = image_tensors()

# %% [markdown]
# ## The brief
#
# Name what is on a picture of Fashion-MNIST. Your network is judged on 1,000 images that are in no learner's copy of
# the course, and has to keep to this:
#
# | | at most | why |
# |---|---|---|
# | numbers in the network: its parameters, and the means and variances that batch normalization keeps | 100,000 | it is to fit where memory is dear; the grader counts them in the file that you hand in; one of 64 bits counts as two |
# | multiplications for one image | 8,000,000 | seconds depend on the machine, what a second is filled with does not |
# | images to learn from | the 10,000 that come with the course | so that everybody has the same |
# | training | half an hour on a laptop | you say in your report how long it took |
#
# Everything else is open: layers, connections, optimizer, schedule, regularization, augmentation, pruning, distillation
# from a larger network of your own.
#
# Fashion-MNIST is public, and the full set holds the hidden images, too. Nobody hinders you from looking; but then your
# number says nothing, and you least of all could trust it.
#
# ### How it is graded
#
# | part | points | by |
# |---|---|---|
# | `compare_seeds`, `clinic_16` | 4 and 6 | their checks |
# | your network | 12 | the hidden images: 2 points for both budgets and 60 % right; then 2, 3, 3 and 2 more at 85, 88, 89 and 90 %. Over a budget, there are none |
# | your report | 10 | a person, by the table in Part 3 |
# | the quiz | 4 | its answers |
#
# A class may also compare its networks on a leaderboard. Accuracy is one column there, size another: a network of half the
# size that is a little less accurate stands on the Pareto front (unit 12) beside the larger one.
#
# Two yardsticks to begin with. `starter` is a beginning to improve on, `Net` is the network of unit 10.

# %% given="yardsticks"
MOST_PARAMETERS, MOST_MULTIPLICATIONS = 100_000, 8_000_000


def starter():
    """A network to start from: far within both budgets, and not very good yet."""
    return nn.Sequential(
        nn.Conv2d(1, 8, 5, stride=2, padding=2), nn.ReLU(),
        nn.Conv2d(8, 16, 3, stride=2, padding=1), nn.ReLU(),
        nn.Flatten(), nn.Linear(16 * 7 * 7, 10),
    )


def costs(model):
    """(numbers in the network, multiplications for one image), by what you wrote in unit 12."""
    buffers = sum(buffer.numel() * max(1, buffer.element_size() // 4) for buffer in model.buffers())  # 64 bits: two
    return count_parameters(model) + buffers, sum(count_macs(model, (1, 28, 28)).values())


# %%
fig, ax = plt.subplots(figsize=(7.0, 4.2))
ax.fill_between([1e3, MOST_PARAMETERS], 1e4, MOST_MULTIPLICATIONS, color=plots.GREEN, alpha=0.18, linewidth=0)
for name, model, colour in (("starter", starter(), plots.BLUE), ("Net of unit 10", Net(), plots.VERMILLION)):
    parameters, multiplications = costs(model)
    ax.plot(parameters, multiplications, "o", color=colour, markersize=9)
    ax.annotate(name, (parameters, multiplications), (8, -4), textcoords="offset points")
    print(f"{name:15} {parameters:8,} numbers   {multiplications:10,} multiplications")
ax.text(1.2e3, 0.72 * MOST_MULTIPLICATIONS, "within both budgets", va="top", color=plots.GREEN)
ax.set(xscale="log", yscale="log", xlim=(1e3, 3e6), ylim=(1e4, 1e8), xlabel="numbers in the network", ylabel="multiplications")
plots.finding(ax, "The network of unit 10 holds too many numbers; the starter has much room")
plt.show()

# %% [markdown]
# ## Part 1: the tools of an honest experiment
#
# Cut 2,000 images off for **validation**: whatever you try, you look at those. The 2,000 test images are looked at *once*,
# at the very end, and the 1,000 hidden ones by the grader alone. (`check("capstone_net")` looks at 500 of the test images,
# too, and tells you no more than which thresholds you pass. That is a look all the same: run it when you have chosen.)

# %% given="split"
order = torch.randperm(len(X_all), generator=torch.Generator().manual_seed(15))
X_train, y_train = X_all[order[:8000]], y_all[order[:8000]]
X_valid, y_valid = X_all[order[8000:]], y_all[order[8000:]]

# %% [markdown]
# ### How sure is one number?
#
# The same starter, the same data, the same learning rate; only the seed differs, which decides the first weights and
# the order of the images. How far apart will five runs be, in points of accuracy (a point is one percent)?

# %%
predict(
    "seeds",
    ...,
    options={
        "a": "They are equal: nothing that matters has changed.",
        "b": "less than 0.2 points apart",
        "c": "between 0.2 and 4 points apart",
        "d": "more than 4 points apart",
    },
)


# %% given="run"
def run(make, seed, lr, epochs=2, images=4000, augment=None, batch_size=64):
    """Train a fresh network of `make` on the first `images` training images; its accuracy on the validation images."""
    torch.manual_seed(seed)
    model = make()
    fit(model, X_train[:images], y_train[:images], epochs=epochs, lr=lr, seed=seed, augment=augment, batch_size=batch_size)
    return accuracy(model, X_valid, y_valid)


# %%
with waits_for():
    not_while_grading()
    sweep = {lr: run(starter, 0, lr) for lr in (0.003, 0.01, 0.03, 0.1)}
    lr = max(sweep, key=sweep.get)
    runs = np.array([run(starter, seed, lr) for seed in range(1, 6)])
    chance = np.sqrt(runs.mean() * (1 - runs.mean()) / len(y_valid))
    print(f"best learning rate of {list(sweep)}: {lr}")
    print("five seeds:", "  ".join(f"{value:.2%}" for value in runs))
    print(f"from lowest to highest: {100 * np.ptp(runs):.2f} points")
    print(f"standard error of one accuracy on {len(y_valid)} images: {100 * chance:.2f} points")
    apart = 100 * np.ptp(runs)
    reveal(
        "seeds",
        "a" if apart == 0 else "b" if apart < 0.2 else "c" if apart <= 4 else "d",
        because="Other first weights and another order lead to another network. Two single runs of two recipes may differ "
        "as much, even if the recipes are equally good.",
    )

# %% [markdown]
# Two kinds of chance are at work. One is the seed's, which you just saw. The other is the images': an accuracy $p$,
# measured on $n$ images, has a standard error of $\sqrt{p(1-p)/n}$, as any share in a poll has. More seeds help against
# the first, more images against the second.
#
# ### Exercise: `compare_seeds`
#
# To compare two recipes, give both the *same* seeds. Then a seed's luck (a lucky order, for instance) lifts both, and
# cancels in the difference. With $d_s = a_s - b_s$ for the seeds $s = 1, \dots, S$:
#
# $$\bar d = \frac1S \sum_s d_s, \qquad \text{error of } \bar d \;=\; \sqrt{\frac{1}{S}\cdot\frac{1}{S-1}\sum_s (d_s - \bar d)^2}$$
#
# The sum over $S - 1$ estimates the variance of one difference; a mean of $S$ of them has $1/S$ of that. As a rule of
# thumb, a difference of less than two errors may well be chance. With few seeds the error itself is known badly, so ask for
# more: 2.8 errors with five seeds, 4.3 with three (Student's $t$ distribution, for 95 %).


# %% exercise="compare_seeds"
def compare_seeds(first, second):
    """How far the first recipe is ahead, on average over seeds, and the standard error of that mean.

    first, second: (S,), results of both recipes with the same S seeds, in the same order; S > 1.
    Returns (difference, error), by the formulas above: scipy.stats stays closed.
    """
    ### BEGIN SOLUTION
    d = first - second
    return d.mean(), d.std(ddof=1) / np.sqrt(len(d))
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the difference is wrong</summary>
#
# Positive where the first is ahead. Take the difference seed by seed, keep the signs, then take the mean.
# </details>
#
# <details><summary>Hint 2: the error is too large where seeds differ much</summary>
#
# Results (0.80, 0.90) and (0.79, 0.89): each recipe scatters by ten points, and the first is ahead by one point *every
# time*. The formula wants the scatter of the $d_s$, which is 0 here.
# </details>
#
# <details><summary>Hint 3: the error is off by a factor</summary>
#
# Differences 1 and 3: their mean is 2, the squares of what is left are 1 and 1; $(1 + 1)/(S - 1) = 2$; divided by $S$: 1;
# its root: 1. `np.std` divides by $S$ unless you say `ddof=1`.
# </details>

# %% check="compare_seeds"
check("compare_seeds")

# %% [markdown]
# Now use it. Does it help the starter if half of the batches are mirrored, left to right? A shirt stays a shirt. Both
# recipes have five seeds, and the learning rate that was best *without* mirroring; with it, another one might be better.

# %%
predict(
    "mirror",
    ...,
    options={
        "a": "Mirroring helps: more pictures to learn from, and more than chance.",
        "b": "Mirroring hurts, and more than chance.",
        "c": "Five seeds cannot tell.",
    },
)


# %% folded=true
def mirrored(batch, generator):
    """Half of the batches, mirrored left to right."""
    return batch.flip(3) if torch.rand((), generator=generator) < 0.5 else batch


with waits_for("compare_seeds"):
    not_while_grading()
    mirrors = np.array([run(starter, seed, lr, augment=mirrored) for seed in range(1, 6)])
    difference, error = compare_seeds(mirrors, runs)
    certain = abs(difference) > 2.8 * error  # five seeds
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.0, 3.9), width_ratios=(3, 2))
    for plain, mirror in zip(100 * runs, 100 * mirrors, strict=True):
        left.plot([0, 1], [plain, mirror], "o-", color=plots.MUTED, markersize=7, linewidth=1.2)
        right.plot(0, mirror - plain, "o", color=plots.MUTED, markersize=7)
    left.set_xticks([0, 1], ["as they are", "mirrored"])
    left.set(xlim=(-0.3, 1.3), ylabel="validation accuracy, in %")
    right.errorbar([1], [100 * difference], yerr=[280 * error], fmt="o", color=plots.ORANGE, capsize=5, markersize=8)
    right.axhline(0, color=plots.MUTED, linestyle=":", linewidth=1)
    right.set_xticks([0, 1], ["each seed", "mean\n± 2.8 errors"])
    right.set(xlim=(-0.6, 1.6), ylabel="mirrored minus plain, in points")
    verdict = "is more than chance" if certain else "may be chance"
    plots.finding(fig, f"Mirroring, in this short run: {100 * difference:+.1f} points, and that {verdict}")
    plt.show()
    print(f"mirrored minus plain: {100 * difference:+.2f} points, error {100 * error:.2f}, from {len(runs)} seeds")
    reveal(
        "mirror",
        "c" if not certain else "a" if difference > 0 else "b",
        because="On the validation images every boot and every sneaker points to the same side. Mirrored ones are a task more "
        "to learn in the same number of updates, and two epochs are few.",
    )

# %% [markdown]
# Each grey line is one seed with both recipes, and its dot on the right is that line's rise or fall. Augmentation is there
# to keep a network from learning its images by heart. In two epochs it hardly does, so there is little to prevent: what
# helps in a long run need not help in a short one. Test a recipe at the length at which you will use it.

# %% [markdown]
# ### What choosing does to a number
#
# You try 50 recipes and keep the one with the best validation accuracy. Suppose, to see what luck alone does, that all
# 50 are *equally good*: each names 90 % of all images right. What accuracy will the best of them show on 1,000
# validation images, typically?

# %%
predict("best", ..., options={"a": "90 %, as all of them", "b": "about 92 %", "c": "about 97 %"})

# %%
rng = np.random.default_rng(0)
tried = np.array([1, 2, 5, 10, 20, 50, 100, 200])
fig, ax = plt.subplots(figsize=(7.0, 4.2))
for images, colour in ((250, plots.VERMILLION), (1000, plots.ORANGE), (4000, plots.BLUE)):
    best = np.array([rng.binomial(images, 0.9, size=(2000, k)).max(axis=1).mean() / images for k in tried])
    ax.plot(tried, 100 * best, "o-", color=colour, label=f"{images:,} validation images")
    if images == 1000:
        shown = best[tried == 50][0]
ax.axhline(90, color=plots.MUTED, linestyle=":")
ax.set(xscale="log", xlabel="recipes tried, all of them equally good", ylabel="validation accuracy of the best, in %")
ax.set_xticks(tried, [str(k) for k in tried])
ax.minorticks_off()
ax.legend(loc="upper left")
plots.finding(ax, "The more you try, the better the best one looks, though nothing is better")
plt.show()
print(f"the best of 50 equal recipes shows {shown:.1%} on 1,000 images; it has 90.0%")
reveal(
    "best",
    min({"a": 0.90, "b": 0.92, "c": 0.97}.items(), key=lambda item: abs(item[1] - shown))[0],
    because="One accuracy scatters by 0.95 points here, and the largest of 50 lies more than two of these above the mean. "
    "Whatever was chosen because it is high is too high.",
)

# %% [markdown]
# So a validation accuracy is good for *choosing*, and no longer good for *reporting* once it has chosen. That is what the
# test set is for, and why it must choose nothing: not the recipe, not the epoch at which you stop, not the seed.
#
# ## Clinic: the search that always succeeds
#
# A colleague has trained $R$ recipes with $S$ seeds each and noted both accuracies after each of $E$ epochs. Her code picks
# recipe and epoch, and says what accuracy to expect. It has never had a bad result, not even with recipes that are all
# the same. Run the two cells.


# %% exercise="clinic_16"
def clinic_16(valid, test):
    """Choose a recipe and an epoch, and say what accuracy to expect of them.

    valid, test: (R, S, E), accuracies of R recipes with S seeds after each of E epochs, on validation and test images.
    Returns (recipe, epoch, accuracy): two whole numbers counted from 0, and the accuracy to report.
    """
    ### BEGIN SOLUTION
    mean = valid.mean(axis=1)
    recipe, epoch = np.unravel_index(mean.argmax(), mean.shape)
    return recipe, epoch, test[recipe, :, epoch].mean()
    ### END SOLUTION
    ### BEGIN STUB
    # best = test.max(axis=(1, 2))
    # recipe = int(best.argmax())
    # epoch = int(test[recipe].max(axis=0).argmax())
    # return recipe, epoch, float(best[recipe])
    ### END STUB


# %%
with waits_for("clinic_16"):
    rng = np.random.default_rng(1)
    surplus = []
    for _ in range(300):  # 300 searches among ten recipes that are all the same, 90 % in truth
        valid, test = (rng.binomial(1000, 0.9, size=(10, 3, 5)) / 1000 for _ in range(2))
        surplus.append(100 * (clinic_16(valid, test)[2] - 0.9))
    off = np.mean(surplus)
    fig, ax = plt.subplots(figsize=(7.0, 3.6))
    ax.hist(surplus, bins=np.arange(-3, 4.1, 0.25), color=plots.SKY)
    ax.axvline(0, color=plots.MUTED, linestyle=":", label="the truth")
    ax.axvline(off, color=plots.VERMILLION, label="mean of the reports")
    ax.legend(loc="upper left")
    ax.set(xlabel="reported accuracy minus the true one, in points", ylabel="searches")
    healthy = abs(off) < 0.15
    plots.finding(ax, "Healthy: right on average" if healthy else f"Not healthy: it reports {off:.1f} points too much")
    plt.show()
    print(f"the report is off by {off:+.2f} points on average")

# %% [markdown]
# **Symptom:** the reports lie above the truth, every time. An honest one is off as often to one side as to the other. Find
# the causes (there are three) and repair `clinic_16`.
#
# <details><summary>Hint 1: who chooses?</summary>
#
# Go through the lines and ask of each: does it look at `test`? Recipe and epoch are to be chosen by `valid` alone.
# </details>
#
# <details><summary>Hint 2: what is compared?</summary>
#
# A pair of recipe and epoch has $S$ results. Its mean over the seeds, `valid.mean(axis=1)`, is one number a pair, (R, E); the
# highest wins. `np.unravel_index(table.argmax(), table.shape)` is the place of the largest in a table.
# </details>
#
# <details><summary>Hint 3: what is reported?</summary>
#
# Nothing that was chosen by may be reported. What has not chosen anything? And which of its $S$ numbers tells what the next
# run will do?
# </details>

# %% check="clinic_16"
check("clinic_16")

# %% [markdown]
# ## Part 2: your network
#
# From here on it is yours. What works for most people:
#
# 1. **Analyse.** Where do the starter's numbers and multiplications go? What is its training accuracy? If *that* is
#    low, it needs capacity, better optimization or more epochs; if the gap between training and validation is wide,
#    regularization. The next cell begins.
# 2. **One change at a time**, in the order of what it costs you: learning rate and schedule; augmentation (mirroring,
#    shifts by a pixel or two); batch normalization; depth and width where the maps are small; connections; the rest.
# 3. **Write down each try**, also the bad ones: what, why, the result with its error. The report wants this table.
# 4. **Short runs first**, and the last three candidates at full length, with three seeds.

# %% given="analyse"
def show_costs(model, name):
    """Bars: what share of the numbers, and of the multiplications, each convolution and each linear layer has."""
    macs = count_macs(model, (1, 28, 28))
    numbers = {layer: sum(p.numel() for p in model.get_submodule(layer).parameters()) for layer in macs}
    total, _ = costs(model)
    labels = [f"{layer} ({type(model.get_submodule(layer)).__name__})" for layer in macs]
    at = np.arange(len(macs))
    fig, ax = plt.subplots(figsize=(7.0, 1.7 + 0.45 * len(macs)))
    shares = [100 * np.array(list(numbers.values())) / total, 100 * np.array(list(macs.values())) / sum(macs.values())]
    ax.barh(at - 0.2, shares[0], 0.38, color=plots.BLUE, label="numbers")
    ax.barh(at + 0.2, shares[1], 0.38, color=plots.ORANGE, label="multiplications")
    ax.set_yticks(at, labels)
    ax.invert_yaxis()
    ax.set(xlabel="share of the whole network, in %")
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    says = [f"{labels[share.argmax()]}, {share.max():.0f} %" for share in shares]
    says = f"{name}: most numbers in {says[0]}; most multiplications in {says[1]}"
    plots.finding(fig, says)
    plt.show()


# %%
with waits_for():
    not_while_grading()
    show_costs(starter(), "starter")
    torch.manual_seed(1)
    model = starter()
    fit(model, X_train[:4000], y_train[:4000], epochs=2, lr=lr, seed=1, batch_size=64)
    seen, unseen = accuracy(model, X_train[:4000], y_train[:4000]), accuracy(model, X_valid, y_valid)
    print(f"the starter after two epochs: {seen:.1%} of its 4,000 training images right, {unseen:.1%} of the validation images")

# %% [markdown]
# Both are well below 90 %, and they are not far apart: this network has not learned its own images yet.
#
# ### Exercise: `capstone_net`
#
# `capstone_structure` builds your network, untrained. `capstone_net` builds it, loads what was trained from
# `capstone_net.safetensors`, and returns it (whoever grades it switches it to evaluation mode). Images come as a
# tensor (N, 1, 28, 28) between 0 and 1; ten logits each go out. Anything that has to happen to the images
# (subtracting a mean, for instance) happens inside the network.


# %% exercise="capstone_net"
def capstone_structure():
    """Your network, untrained: an nn.Module from images (N, 1, 28, 28) in [0, 1] to logits (N, 10)."""
    ### BEGIN SOLUTION
    def layer(inputs, outputs):
        return [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]

    class Residual(nn.Module):
        def __init__(self, channels):
            super().__init__()
            self.body = nn.Sequential(*layer(channels, channels))

        def forward(self, x):
            return x + self.body(x)

    return nn.Sequential(
        nn.Conv2d(1, 24, 5, stride=2, padding=2, bias=False), nn.BatchNorm2d(24), nn.ReLU(),  # 14 x 14
        *layer(24, 48), nn.MaxPool2d(2),  # 7 x 7
        *layer(48, 72), Residual(72),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.1), nn.Linear(72, 10),
    )
    ### END SOLUTION


def capstone_net():
    """Your network with its trained weights, loaded from the file capstone_net.safetensors beside this notebook.

    By load_file alone: a grader opens no file that may hold code, so that torch.load and pickle are refused.
    """
    ### BEGIN SOLUTION
    model = capstone_structure()
    model.load_state_dict(load_file("capstone_net.safetensors"))
    return model.eval()
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: over a budget</summary>
#
# Two rules of thumb. A 3 x 3 convolution from $a$ to $b$ channels has $9ab$ numbers, on any map; it takes $9ab$ multiplications
# at *each place* of its map. So numbers sit where channels are many, multiplications where maps are large. And a linear
# layer behind a flattened map has (channels x height x width x outputs) numbers: `nn.AdaptiveAvgPool2d(1)` before
# `nn.Flatten()` leaves channels x outputs.
# </details>
#
# <details><summary>Hint 2: it guesses, or gives the same label to all</summary>
#
# `load_file` gives a dict, `model.load_state_dict(...)` puts it into the layers, and the names must fit: build the network
# by the same function for training and for loading. (Numbers that were saved in half the size become float32 again as
# they are loaded.) And the network must have been saved *after* training.
# </details>
#
# Train it here, or in a notebook of your own; what counts is the file. The cell below keeps the best: it writes the file only
# if the new network is better on the validation images than the one in it. A file that does not fit your present structure
# is put aside, as `capstone_net.safetensors.before`. With `EPOCHS = 2` the cell shows that all parts fit; that is too
# little for a network with some depth and moved images, which may well be behind the starter still. Raise it when you mean it.

# %% given="augment"
def shifted(batch, generator):
    """Each image mirrored or not, and moved by up to two pixels each way; what moves in is black."""
    N = len(batch)
    flip = torch.rand(N, 1, 1, 1, generator=generator) < 0.5
    padded = nn.functional.pad(torch.where(flip, batch.flip(3), batch), (2, 2, 2, 2))
    down, right = torch.randint(0, 5, (2, N, 1), generator=generator)
    rows, columns = down + torch.arange(28), right + torch.arange(28)  # (N, 28) each: where every image is cut out
    return padded[torch.arange(N)[:, None, None], :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def save_half(model, path):
    """Save all of a model's tensors, floats in half the size: float16 costs hardly any accuracy."""
    tensors = {name: value.half() if value.is_floating_point() else value for name, value in model.state_dict().items()}
    save_file({name: value.contiguous() for name, value in tensors.items()}, path)


# %%
EPOCHS, LR, WEIGHT_DECAY, SEED = 2, 0.01, 0.05, 0

with waits_for():  # an error in your network shows as it is
    not_while_grading()
    torch.manual_seed(SEED)
    network = capstone_structure()
    parameters, multiplications = costs(network)
    print(f"{parameters:,} of {MOST_PARAMETERS:,} numbers, {multiplications:,} of {MOST_MULTIPLICATIONS:,} multiplications")
    fit(network, X_train, y_train, epochs=EPOCHS, lr=LR, weight_decay=WEIGHT_DECAY, seed=SEED, augment=shifted)
    new = accuracy(network, X_valid, y_valid)
    seen, kept, file = accuracy(network, X_train, y_train), 0.0, Path("capstone_net.safetensors")
    if file.exists():
        try:
            kept = accuracy(capstone_net(), X_valid, y_valid)
        except NotImplementedError:
            print("Write capstone_net, too: until then, each run writes over the file.")
        except RuntimeError:  # of another structure
            file.rename("capstone_net.safetensors.before")
    if new > kept:
        save_half(network, file)
    print(f"this run: {seen:.1%} of the training images right, {new:.1%} of the validation images")
    print(f"the file: {max(new, kept):.1%} of the validation images ({'written now' if new > kept else 'kept'})")

# %% [markdown]
# The file's number is the best of all your runs, so it is a little too high, as you saw above. That is fine: it chooses.
#
# To compare two candidates, give both the same seeds. Here they are your network with moved images and with the images as
# they are; put your own two in their place, and more epochs.

# %%
with waits_for("compare_seeds"):
    not_while_grading()
    setting = {"lr": LR, "epochs": 2, "images": 4000, "batch_size": 128}
    moved = np.array([run(capstone_structure, seed, augment=shifted, **setting) for seed in range(3)])
    still = np.array([run(capstone_structure, seed, **setting) for seed in range(3)])
    difference, error = compare_seeds(moved, still)
    print("moved:      ", "  ".join(f"{value:.2%}" for value in moved))
    print("as they are:", "  ".join(f"{value:.2%}" for value in still))
    print(f"moved minus as they are: {100 * difference:+.2f} points, error {100 * error:.2f}, from {len(moved)} seeds")

# %% [markdown]
# When you have chosen, hand the file over to the check.

# %% check="capstone_net"
check("capstone_net")

# %% [markdown]
# The check uses 500 of the test images, the grader 1,000 others; a network that stands just above a threshold here may
# stand just below it there. $\sqrt{0.9 \cdot 0.1 / 1000}$ is 0.95 points: leave yourself some air.
#
# ### The end: one look at the test set
#
# When everything is chosen, and not before, run this cell once. It goes into your report.

# %% folded=true
with waits_for("capstone_net"):
    not_while_grading()
    model = capstone_net().eval()
    share = accuracy(model, X_test, y_test)
    with torch.no_grad():
        named = model(X_test).argmax(1)
    classes = ["T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot"]
    table = np.zeros((10, 10), dtype=int)
    np.add.at(table, (y_test.numpy(), named.numpy()), 1)
    wrong = table - np.diag(np.diag(table))
    fig, ax = plt.subplots(figsize=(7.0, 5.6))
    ax.imshow(wrong, cmap="Blues", vmax=max(1, 1.6 * wrong.max()))
    for (i, j), count in np.ndenumerate(table):
        if count:
            ax.text(j, i, count, ha="center", va="center", fontsize=9, color=plots.MUTED if i == j else "black")
    ax.set_xticks(range(10), classes, rotation=45, ha="right")
    ax.set_yticks(range(10), classes)
    ax.set(xlabel="named", ylabel="shown")
    ax.grid(False)
    i, j = np.unravel_index(wrong.argmax(), wrong.shape)
    plots.finding(ax, f"Most often wrong: a {classes[i]} named {classes[j]}, {wrong[i, j]} of {table[i].sum()}")
    plt.show()
    error = np.sqrt(share * (1 - share) / len(y_test))
    print(f"test accuracy {share:.1%}, give or take {100 * error:.1f} points for the choice of images")
    print(f"accuracy on its training images {accuracy(model, X_train, y_train):.1%}")
    show_costs(model, "your network")

# %% [markdown]
# ## Part 3: the report
#
# One page, 400 to 700 words, to be read by a person who has not seen your notebook. It has five parts. Each earns two points,
# or one where it is there but thin:
#
# | part | what it says | both points if |
# |---|---|---|
# | 1. **What** you built | a table or a sketch of the layers, parameters and multiplications, settings, how long training took | one could build and train it again, and both costs are within the budgets |
# | 2. **Why** it looks like that | which measurement led to which change, and what did not work | at least two changes, each led by a measurement (not by "it is known to"), and at least one try that failed |
# | 3. **How you compared** | validation, seeds, errors; the two candidates that were closest, with $\bar d$ and its error | validation is apart from test, both have the same seeds, and the conclusion respects the error. "I cannot say" earns both points where it is true; a choice by the test set earns none |
# | 4. **What it does** | the test accuracy from one look; which classes it takes for one another; one picture of what it sees (unit 14) or of where its costs are (above), named by its title | the accuracy has its error, the confusions are named, the picture says something |
# | 5. **What you would do next** | a next step, and what you do not know | the step follows from what you found, and the limits are honest |
#
# The accuracy has its own points above: a network that fell short, well explained, earns all ten here.

# %% [markdown] points=10 reflection="reflection_16"
# ### BEGIN SOLUTION
# **What.** A network of 90,330 numbers and 5.96 million multiplications (budgets: 100,000 and 8 million): a 5 x 5 convolution
# with stride 2 to 24 maps of 14 x 14, a 3 x 3 convolution to 48, pooling to 7 x 7, a 3 x 3 convolution to 72, one residual layer
# of 72, the mean of each map, dropout of 0.1, and a linear layer; batch normalization and ReLU after every convolution. AdamW,
# warmed up to 0.01 and let down along a cosine, weight decay 0.05, batches of 128, 50 epochs on the 8,000 training images, each
# mirrored or not and moved by up to two pixels: about four minutes on one core.
#
# **Why.** In the starter, 85 % of the numbers sit in the linear layer behind the flattened map. After two epochs it names
# 84.5 % of its own 4,000 training images right and 82.3 % of the validation images. It has not learned what it was shown, so
# capacity comes before regularization, and its numbers sit in the wrong place. First change: the mean of each map in place of
# flattening. The linear layer now has 730 numbers, less than one percent; the rest went into convolutions. Second change:
# the starter's convolutions do 92 % of its multiplications, on maps of 14 x 14 and 7 x 7, so I put the width where the maps are
# 7 x 7. A filter is used 49 times there, and 784 times on the whole image. What did not work: in a short run, moving and
# mirroring the images lost 1.43 points. I kept both for the long run, because even with them the network ended at 94.8 % on its
# training images against 89.8 % on the validation images: from there on it learns by heart. Whether they helped over 50
# epochs, I have not measured.
#
# **How I compared.** 8,000 images to train, 2,000 to validate; the test images chose nothing. My two closest candidates were
# the same network with moved images (74.55, 73.10, 74.50 % after two epochs of 4,000 images, seeds 0 to 2) and with the images as
# they are (75.10, 74.85, 76.50 %). The mean difference is -1.43 points, its error 0.45, so 3.2 errors. With three seeds one should
# ask for 4.3: I cannot say that moving hurts, only that in two epochs there is no sign of help. The validation accuracy
# chose the file, so I do not report it as the result.
#
# **What it does.** Test accuracy, from one look: 91.0 %, with an error of 0.6 points. Shirts are its trouble: of 200 it names
# 57 wrong, 20 of them coats, 19 T-shirts, 8 pullovers. Bags and boots are nearly always right (196 of 200 each). The picture "your
# network: most numbers in 10.body.0" shows where the budgets went: the last convolution has 52 % of the numbers and 38 %
# of the multiplications, the one on 14 x 14 maps 11 % and 34 %.
#
# **Next.** The pair above again, at 50 epochs and with five seeds, as short runs cannot decide it. Then the outputs of a larger
# network as a teacher. I do not know what the residual connection brings, for I never left it out, nor how much of the
# 91.0 % is the luck of one seed: at full length I trained once.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# The table above the answer, which the learner has, too: two points for each part; one where it is there but thin.
# 1 What: layers, both costs within the budgets, training time and settings, so that one could build it again.
# 2 Why: at least two changes, each led by a measurement (not by "it is known to"), and at least one try that failed.
# 3 How compared: validation apart from test, the same seeds for both, a mean difference with an error, and a conclusion that
#   respects it ("cannot say" earns full points where it is true). A choice by the test set earns 0 here.
# 4 What it does: test accuracy from one look with its error, confusions named, a picture of what it sees or where its costs are.
# 5 Next: a next step that follows from the findings, and an honest statement of what is not known.
# The accuracy itself is graded above; a network that fell short, well explained, earns all ten.
# ### END MARK SCHEME

# %% [markdown]
# ## Quiz
#
# Put the letter of the best answer in quotes, such as `"b"`, in place of the dots. What is right, and why the others are not, you read in your
# feedback, or with `./course check 16`.
#
# **q1.** You tried 50 recipes and report the best one's validation accuracy, 92.1 %. What is wrong with the number?
# - a) nothing: it was measured on images that were not trained on
# - b) it is too high on average, because it was chosen for being high
# - c) it is too low or too high, equally likely
# - d) nothing, if the validation set is large
#
# **q2.** Over five seeds, recipe A is ahead of B by 0.4 points, with an error of 0.3. What do you conclude?
# - a) A is better
# - b) they are equally good
# - c) A is better once the two seeds that disagree are left out
# - d) the data cannot tell them apart; more seeds might
#
# **q3.** Network A has 90,000 parameters and 91.2 %, B has 45,000 and 90.9 %. Which one is better?
# - a) A
# - b) B
# - c) neither beats the other: both are on the Pareto front
# - d) they cannot be compared
#
# **q4.** Training accuracy 99 %, validation 88 %. What do you try first?
# - a) augmentation, weight decay or dropout
# - b) a better optimizer
# - c) a larger network
# - d) look at the test set to see which one is right

# %% exercise="quiz_16"
### BEGIN SOLUTION
quiz_16 = {"q1": "b", "q2": "d", "q3": "c", "q4": "a"}
### END SOLUTION
### BEGIN STUB
# quiz_16 = {"q1": ..., "q2": ..., "q3": ..., "q4": ...}
### END STUB

# %% check="quiz_16"
check("quiz_16")

# %% [markdown]
# ## Recap, of this unit and of the course
#
# - **A number has an error:** $\sqrt{p(1-p)/n}$ from the images, the scatter over seeds from the training.
# - **Compare pairs:** the same seeds for both, $\bar d$ and its error; less than two errors may be chance, and
#   with few seeds even more.
# - **Choose by validation, report by test.** What has chosen cannot judge.
# - **A budget makes structure matter:** parameters sit in wide layers, multiplications in large maps.
# - $\theta_{t+1} = \theta_t - \alpha \nabla J(\theta_t)$ is still what happens, at every step of it: first with all
#   examples (02), then with some (03), with a memory (04), with a scale for each parameter (05), towards smaller weights
#   (06), through networks that you wrote (07, 08), on a GPU (09, 10), and inside a search over structures (12 to 16).

# %% [markdown]
# ## Going further
#
# - R. Agarwal and others, [Deep Reinforcement Learning at the Edge of the Statistical Precipice](https://arxiv.org/abs/2108.13264)
#   (2021); [code](https://github.com/google-research/rliable). *Reproduce:* its bootstrap interval in place of 2.8 errors, on
#   your own five seeds.
# - B. Recht and others, [Do ImageNet Classifiers Generalize to ImageNet?](https://arxiv.org/abs/1902.10811) (2019);
#   [code](https://github.com/modestyachts/ImageNetV2). *Reproduce:* compare your test accuracy with the hidden one.
# - T. He and others, [Bag of Tricks for Image Classification with CNNs](https://arxiv.org/abs/1812.01187) (2019);
#   [code](https://github.com/dmlc/gluon-cv). *Reproduce:* the table that adds one trick at a time, on your network.
# - M. Tan, Q. Le, [EfficientNet](https://arxiv.org/abs/1905.11946) (2019);
#   [code](https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet). *Reproduce:* scale depth, width and
#   resolution together, then each alone, at equal multiplications.
# - K. Jordan, [94% on CIFAR-10 in 3.29 Seconds on a Single GPU](https://arxiv.org/abs/2404.00498) (2024);
#   [code](https://github.com/KellerJordan/cifar10-airbench). *Reproduce:* its alternating flip in place of random mirroring.
# - G. Hinton, O. Vinyals, J. Dean, [Distilling the Knowledge in a Neural Network](https://arxiv.org/abs/1503.02531) (2015);
#   [code, by others](https://github.com/haitongli/knowledge-distillation-pytorch). *Reproduce:* teach your capstone network with the outputs of unit 10's.
