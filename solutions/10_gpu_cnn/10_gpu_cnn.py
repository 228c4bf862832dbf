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
# # 10 · A CNN on the GPU
#
# **After this unit you can** read somebody's training program and say what is wrong with it, mend a convolutional network,
# write the training loop that you would sign with your name (seeds, modes, device, honest averages, a schedule, early
# stopping, a test set that is looked at once), save and resume it exactly, and watch it.
#
# | time | difficulty | builds on |
# |---|---|---|
# | 150 to 180 minutes, in two sittings | ●●●●○ | PyTorch's four lines and its Modules ([09 To PyTorch](../09_to_pytorch/09_to_pytorch.ipynb)); convolution and pooling ([08 CNN](../08_cnn/08_cnn.ipynb)); schedules ([03 SGD](../03_sgd/03_sgd.ipynb)) |
#
# Each check below runs your code on a few inputs and explains what it sees. No check needs a GPU: whatever runs on one
# runs on your processor too, only slower. If you skipped earlier units, a library's version stands in for your answers.

# %% given="setup"
try:
    from course_lib import check, earlier, not_while_grading, plots, predict, reveal, waits_for
except ModuleNotFoundError as error:
    raise SystemExit(f"{error}: run ./course start in the course's folder, or see docs/running.md") from None

import copy
import math
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from tqdm.auto import tqdm

from course_lib.data import load_fashion_mnist
from course_lib.device import report
from course_lib.fit import fit, image_tensors

plots.use_style()
X_all, y_all, X_test, y_test = image_tensors()
class_names = load_fashion_mnist().class_names

# %% [markdown]
# ## A program from an article
#
# Two convolutions, two linear layers, ten classes, one page: programs like this one appear in many articles and courses.
# This is one of them, with its real defects (the names are ours, and its running loss is a tensor, as in many copies of
# such programs). Read it slowly, as you would read a colleague's. How many things do you find that are wrong, and how many
# that are missing?
#
# ```python
# class CNN(nn.Module):
#     def __init__(self):
#         super().__init__()
#         self.conv1 = nn.Conv2d(1, 32, kernel_size=3, padding=1)
#         self.conv2 = nn.Conv2d(32, 64, kernel_size=3, padding=1)
#         self.fc1 = nn.Linear(64 * 7 * 7, 128)
#         self.fc2 = nn.Linear(128, 10)
#
#     def forward(self, x):
#         x = F.relu(self.conv1(x))
#         x = F.relu(self.conv2(x))
#         x = x.view(-1, 64 * 7 * 7)
#         x = F.relu(self.fc1(x))
#         x = self.fc2(x)
#         return F.log_softmax(x, dim=1)
#
# criterion = nn.CrossEntropyLoss()
# optimizer = optim.Adam(net.parameters(), lr=0.001)
#
# for epoch in range(10):
#     running_loss = 0.0
#     for inputs, labels in trainloader:
#         optimizer.zero_grad()
#         outputs = net(inputs)
#         loss = criterion(outputs, labels)
#         loss.backward()
#         optimizer.step()
#         running_loss += loss
#     print(f"epoch {epoch + 1}, loss {running_loss / len(trainloader)}")
# ```
#
# We take it apart, one defect at a time: the symptom, the cause, the repair. In six small exercises the broken code is
# what you are given; it earns nothing until it is mended. Then you write the whole anew.
#
# ## Where do the images go?
#
# The network, exactly as above, and eight images. What comes out?

# %%
predict(
    "rows",
    ...,
    options={
        "a": "(8, 10): ten numbers for each image",
        "b": "(128, 10): more rows than images",
        "c": "Nothing: the shapes do not fit, there is an error.",
    },
)


# %% given="published"
class Published(nn.Module):
    """The network of the article."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, kernel_size=3, padding=1)
        self.conv2 = nn.Conv2d(32, 64, kernel_size=3, padding=1)
        self.fc1 = nn.Linear(64 * 7 * 7, 128)
        self.fc2 = nn.Linear(128, 10)

    def maps(self, x):
        return nn.functional.relu(self.conv2(nn.functional.relu(self.conv1(x))))

    def forward(self, x):
        x = self.maps(x)
        x = x.view(-1, 64 * 7 * 7)
        x = nn.functional.relu(self.fc1(x))
        return nn.functional.log_softmax(self.fc2(x), dim=1)


# %%
torch.manual_seed(0)
published = Published()
images, labels = X_all[:8], y_all[:8]
with torch.no_grad():
    out = published(images)
print("images", tuple(images.shape), " maps", tuple(published.maps(images).shape), " out", tuple(out.shape))
try:
    nn.functional.cross_entropy(out, labels)
except ValueError as refusal:
    print("the loss refuses:", refusal)
reveal(
    "rows",
    "b" if len(out) == 128 else "a",
    because="64 maps of 28 x 28 are 50,176 numbers an image. view(-1, 3136) cuts them into 16 rows.",
)

# %% [markdown]
# The network is content: nothing stops it. Only the loss counts the labels and finds 16 times as many rows. (Had somebody
# "repaired" that by repeating each label 16 times, the program would run, and guess at a shirt from four of its 64 maps.)
# What one of these rows is, the next picture shows: the maps of the first image, sorted into rows as `view` does it.

# %%
with torch.no_grad():
    maps = published.maps(images[:1])
    rows = maps.view(-1, 64 * 7 * 7).reshape(16, 4, 28, 28)
fig, axes = plt.subplots(1, 2, figsize=(7.4, 2.6), width_ratios=(1, 5))
axes[0].imshow(images[0, 0], cmap="gray")
axes[0].set_xlabel("one image")
mosaic = np.full((4 * 30, 16 * 30), np.nan)
for row in range(16):
    for part in range(4):
        tile = rows[row, part].numpy()
        mosaic[part * 30 : part * 30 + 28, row * 30 : row * 30 + 28] = tile / max(tile.max(), 1e-6)
axes[1].imshow(mosaic, cmap="cividis")
axes[1].set(xticks=np.arange(16) * 30 + 14, xticklabels=range(16), xlabel="row of the matrix that fc1 gets")
for ax in axes:
    ax.set_yticks([])
    ax.grid(False)
axes[0].set_xticks([])
axes[1].set_ylabel("four maps a row")
plots.finding(fig, "The published flatten makes 16 examples of one image: each is four of its 64 maps")
plt.show()

# %% [markdown]
# `view` keeps every number, in its order, and only decides where a row ends. With `-1` you leave it to torch how many rows
# there are. The first axis is the batch, and nobody but you knows that.
#
# ### Exercise: `flatten_maps`
#
# Mend the line. Whatever the maps' number and size, and however they lie in memory, N images give N rows.


# %% exercise="flatten_maps"
def flatten_maps(maps):
    """One row for each image.  maps: a tensor (N, C, H, W).  Returns (N, C H W)."""
    ### BEGIN SOLUTION
    return maps.flatten(1)
    ### END SOLUTION
    ### BEGIN STUB
    # return maps.view(-1, 64 * 7 * 7)
    ### END STUB


# %% [markdown]
# <details><summary>Hint 1: the number of rows is wrong, or a row holds parts of other images</summary>
#
# Keep axis 0, the batch, and put the other three together. Which number do you know for sure, and which may torch work out?
# </details>
#
# <details><summary>Hint 2: an error about strides, or the numbers are in another order</summary>
#
# `view` cannot give a new shape to maps that do not lie in order, such as those with the channels last. `reshape` and
# `flatten` copy if they have to. Do not move any axis: C, H, W is the order that is wanted.
# </details>

# %% check="flatten_maps"
check("flatten_maps")

# %% [markdown]
# With this line the network fails loudly: rows of 50,176 numbers, and `fc1` wants 3,136. That is progress. 3,136 is
# $64 \cdot 7 \cdot 7$: whoever wrote it had two poolings in mind, 28 → 14 → 7, and lost them on the way to the page.
# They come back when you write the whole network.

# %% [markdown]
# ## One softmax or two?
#
# The network ends in `log_softmax`, and `CrossEntropyLoss` begins with one. Twice is wrong, then. Is it?

# %%
predict(
    "twice",
    ...,
    options={
        "a": "Wrong: the second one squashes the numbers again.",
        "b": "Not wrong: a second log_softmax changes nothing.",
        "c": "An error: the loss notices.",
    },
)

# %%
logits = torch.tensor(np.random.default_rng(0).normal(0, 3, size=(5, 10)))
once = torch.log_softmax(logits, dim=1)
twice = torch.log_softmax(once, dim=1)
gap = (once - twice).abs().max().item()
print(f"largest difference below 1e-12: {gap < 1e-12}")
print("sums of the exponentials after the first:", once.exp().sum(dim=1).numpy().round(12))
reveal(
    "twice",
    "b" if gap < 1e-12 else "a",
    because="log_softmax subtracts log(sum of exponentials); after the first time this sum is 1, and its logarithm 0.",
)

# %% [markdown]
# $\log\operatorname{softmax}(z)_k = z_k - \log\sum_j e^{z_j}$, and the exponentials of what comes out add up to 1: doing
# it again subtracts $\log 1 = 0$. It is **idempotent**. So the published network is redundant here, and not wrong.
#
# Its cousin is wrong, and just as common: a **softmax** at the end, "because I want probabilities". We make a network
# surer and surer of the right class and look at the loss.

# %% folded=true
def ends_of_a_network(classes=10):
    """The loss of a network that gets surer of the right class, with three different ends."""
    sureness, target = np.linspace(0, 12, 49), torch.tensor([1])
    ends = {
        "logits": (lambda z: z, plots.SKY, "-", 6),
        "log_softmax(logits)": (lambda z: torch.log_softmax(z, dim=1), plots.BLUE, "--", 2),
        "softmax(logits)": (lambda z: torch.softmax(z, dim=1), plots.VERMILLION, "-.", 2),
    }
    ax, floor = plt.subplots()[1], -math.log(math.e / (math.e + classes - 1))
    for name, (end, colour, style, width) in ends.items():
        losses = []
        for sure in sureness:
            z = torch.zeros(1, classes, dtype=torch.float64)
            z[0, 1] = sure
            losses.append(nn.functional.cross_entropy(end(z), target).item())
        ax.plot(sureness, losses, style, color=colour, linewidth=width, label=f"cross_entropy({name})")
    ax.axhline(floor, color=plots.MUTED, linestyle=":", linewidth=1.4, label=f"-log(e / (e + {classes - 1}))")
    ax.set(xlabel=f"logit of the right class (the other {classes - 1} are 0)", ylabel="loss", ylim=(0, None))
    ax.legend()
    plots.finding(ax, f"{classes} classes: two log_softmaxes are as good as one; a softmax before the loss keeps it above {floor:.3f}")


plots.play(ends_of_a_network, classes=(2, 1000, 1))

# %% [markdown]
# After the softmax the right class has at most 1 and the others at least 0, and the loss takes these for logits. The best
# that there is: $-\log \frac{e^1}{e^1 + 9 e^0} = 1.461$. The network still learns, slowly: where it is sure, the gradient
# is nearly gone. Whoever sees a loss that stops just above 1.46 with ten classes knows what to look for. (With the slider: the
# more classes, the higher the dotted floor.)
#
# ### Exercise: `loss_from_logits`
#
# Mend it: the mean cross-entropy, from logits.


# %% exercise="loss_from_logits"
def loss_from_logits(logits, labels):
    """The mean cross-entropy.  logits: (N, K), whatever the last layer gave.  labels: (N,).  Returns a 0-d tensor."""
    ### BEGIN SOLUTION
    return nn.functional.cross_entropy(logits, labels)
    ### END SOLUTION
    ### BEGIN STUB
    # probabilities = torch.softmax(logits, dim=1)
    # return nn.functional.cross_entropy(probabilities, labels)
    ### END STUB


# %% [markdown]
# <details><summary>Hint 1: the loss stays high, or it is too large by a factor</summary>
#
# `nn.functional.cross_entropy` takes logits, does the rest itself, and returns the mean. Which line is one too many?
# </details>
#
# <details><summary>Hint 2: infinite, negative, or wrong for large logits</summary>
#
# If you want to write it in steps: `log_softmax` along the classes (`dim=1`), then `nll_loss`. `log` of `softmax` is the
# same formula, and overflows.
# </details>

# %% check="loss_from_logits"
check("loss_from_logits")

# %% [markdown]
# ## Whose parameters?
#
# The article builds its optimizer from `net.parameters()`. No `net` was ever created there, and no `trainloader`. In
# a notebook that is worse than an error: a `net` from a cell that you deleted an hour ago is still in memory, and
# it is *this* one that the optimizer trains.
#
# ### Exercise: `set_up`
#
# Everything that training needs, made in the right order, out of what the function is handed.


# %% exercise="set_up"
def set_up(make_model, images, labels, lr, batch_size):
    """A new network, Adam for its parameters, and a loader that brings every example once an epoch, in a new order.

    make_model: function () -> nn.Module.  images: (N, ...).  labels: (N,).  Returns (model, optimizer, loader).
    """
    ### BEGIN SOLUTION
    model = make_model()
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    data = torch.utils.data.TensorDataset(images, labels)
    loader = torch.utils.data.DataLoader(data, batch_size=batch_size, shuffle=True)
    return model, optimizer, loader
    ### END SOLUTION
    ### BEGIN STUB
    # optimizer = torch.optim.Adam(net.parameters(), lr=lr)
    # model = make_model()
    # return model, optimizer, trainloader
    ### END STUB


# %% [markdown]
# <details><summary>Hint 1: a NameError, or the model does not move</summary>
#
# First the model, then the optimizer, from `model.parameters()` of this very model, with `lr=lr`. Call `make_model` once.
# </details>
#
# <details><summary>Hint 2: the loader</summary>
#
# `torch.utils.data.TensorDataset(images, labels)` keeps each image with its label. `torch.utils.data.DataLoader(data, ...)`
# cuts it into batches; it has arguments `batch_size` and `shuffle`.
# </details>

# %% check="set_up"
check("set_up")

# %% [markdown]
# What does it look like when optimizer and network do not belong together? No error, as you will see. Twenty steps of a
# linear classifier on 640 images, once with your `set_up`, once with the optimizer of a second network.

# %%
predict(
    "stranger",
    ...,
    options={
        "a": "The loss falls, but more slowly.",
        "b": "The loss stays exactly where it is.",
        "c": "The loss stays near log 10, and wanders a little from batch to batch.",
    },
)

# %% folded=true
with waits_for("set_up"):

    def losses_of_20_steps(stranger):
        """The loss of each batch; stranger: the optimizer moves another network."""
        torch.manual_seed(1)
        model, optimizer, loader = set_up(
            lambda: nn.Sequential(nn.Flatten(), nn.Linear(784, 10)), X_all[:640], y_all[:640], 0.005, 32
        )
        if stranger:
            optimizer = torch.optim.Adam(nn.Linear(784, 10).parameters(), lr=0.005)
        found = []
        for pixels, targets in loader:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(pixels), targets)
            loss.backward()
            optimizer.step()
            found.append(loss.item())
        return found

    ours, strangers = losses_of_20_steps(False), losses_of_20_steps(True)
    print("its own optimizer:  ", " ".join(f"{loss:.2f}" for loss in ours[::4]), "...", f"{ours[-1]:.2f}")
    print("another's optimizer:", " ".join(f"{loss:.2f}" for loss in strangers[::4]), "...", f"{strangers[-1]:.2f}")
    reveal(
        "stranger",
        "c" if strangers[-1] > 2.1 and np.ptp(strangers) > 0 else "b" if np.ptp(strangers) == 0 else "a",
        because="Nothing learns. The batches differ, so the loss wanders, and that looks like training.",
    )

# %% [markdown]
# `log 10 = 2.30` is the loss of somebody who knows nothing about ten classes. A loss that stays there for a hundred steps
# is a network that is not trained. Look for the optimizer first.

# %% [markdown]
# ## An honest mean
#
# The article adds up the batches' losses and divides by the number of batches. 60,000 images in batches of 128 are 468
# full ones and one of 96; our 10,000 are 78 full ones and one of 16. And it adds **tensors**: each one holds on to its
# graph, and the sum to all of them.
#
# Four batches of 128 with the loss 0.50, and a last one of 16 images with the loss 2.50. What is the mean loss?

# %%
predict("mean", ..., options={"a": "0.90", "b": "0.56", "c": "1.50"})

# %%
batch_losses, sizes = np.array([0.5, 0.5, 0.5, 0.5, 2.5]), np.array([128, 128, 128, 128, 16])
per_batch, per_example = batch_losses.mean(), np.average(batch_losses, weights=sizes)
print(f"every batch counts the same: {per_batch:.2f};  every example counts the same: {per_example:.2f}")
reveal("mean", "b" if round(per_example, 2) == 0.56 else "a", because="The 16 images are 3 % of all, and not a fifth.")

# %% [markdown]
# ### Exercise: `epoch_loss`
#
# $$\bar J = \frac{\sum_b n_b\, J_b}{\sum_b n_b}$$
#
# $J_b$ is the mean loss of batch $b$, $n_b$ its size.


# %% exercise="epoch_loss"
def epoch_loss(batches):
    """The mean loss over all examples of an epoch, a plain number.

    batches: an iterator of (loss, size): loss a 0-d tensor with its graph, the mean over the batch's `size` examples.
    """
    ### BEGIN SOLUTION
    total, count = 0.0, 0
    for loss, size in batches:
        total += loss.item() * size
        count += size
    return total / count
    ### END SOLUTION
    ### BEGIN STUB
    # running, count = 0.0, 0
    # for loss, size in batches:
    #     running += loss
    #     count += 1
    # return running / count
    ### END STUB


# %% [markdown]
# <details><summary>Hint 1: right for equal batches, wrong for others</summary>
#
# A mean times its number is a sum. Add up sums, count examples, divide once at the end.
# </details>
#
# <details><summary>Hint 2: the number is right, but graphs are kept</summary>
#
# `.item()` at the moment when the batch is there, and not at the end: a list of tensors holds all their graphs until then.
# </details>

# %% check="epoch_loss"
check("epoch_loss")

# %% [markdown]
# ## Looking without touching
#
# The article never evaluates. Whoever adds that in a hurry writes `model(images)` and is done. Three things are missing.
# Here is a network with dropout, trained for forty steps and still in **training mode**, looking at one and the same image:

# %%
torch.manual_seed(2)
dropping = nn.Sequential(nn.Flatten(), nn.Linear(784, 100), nn.ReLU(), nn.Dropout(0.5), nn.Linear(100, 10))
teacher = torch.optim.Adam(dropping.parameters(), lr=0.003)
for index in torch.arange(2560).split(64):
    teacher.zero_grad()
    nn.functional.cross_entropy(dropping(X_all[index]), y_all[index]).backward()
    teacher.step()
with torch.no_grad():  # 200 looks at each of ten images: whose answer changes most?
    looks = torch.stack([torch.softmax(dropping(X_all[9000:9010]), dim=1) for _ in range(200)])
own = looks[:, torch.arange(10), y_all[9000:9010]]
wavering = int(own.std(dim=0).argmax())
chances = own[:6, wavering].tolist()
print("probability of the right class, six looks at one image:", " ".join(f"{chance:.2f}" for chance in chances))
print(f"over 200 looks it lies between {own[:, wavering].min():.2f} and {own[:, wavering].max():.2f}")
print("and without no_grad autograd writes a graph each time:", dropping(X_all[:1]).grad_fn is not None)

# %% [markdown]
# | switch | what it does | what it does not |
# |---|---|---|
# | `model.eval()` | dropout stops dropping; batch normalization uses its running statistics and stops learning them | stop autograd |
# | `torch.no_grad()` | autograd records nothing: less memory, less time | touch any module |
# | `model.train(mode)` | puts the mode back, for whoever was training | |
#
# ### Exercise: `predict_probabilities`


# %% exercise="predict_probabilities"
def predict_probabilities(model, images):
    """Each class's probability, (N, K), as the finished network sees it. The model is left as it came, its mode too.

    model: images (N, ...) -> logits (N, K).
    """
    ### BEGIN SOLUTION
    mode = model.training
    model.eval()
    with torch.no_grad():
        probabilities = torch.softmax(model(images), dim=1)
    model.train(mode)
    return probabilities
    ### END SOLUTION
    ### BEGIN STUB
    # return torch.softmax(model(images), dim=1)
    ### END STUB


# %% [markdown]
# <details><summary>Hint 1: the values are wrong, or the running statistics move</summary>
#
# The model has to be in evaluation mode *while* it looks. The softmax runs along the classes.
# </details>
#
# <details><summary>Hint 2: the mode afterwards</summary>
#
# `model.training` says in which mode it came. Note it first, put it back last: `model.train(True)` is training mode,
# `model.train(False)` evaluation mode.
# </details>
#
# <details><summary>Hint 3: autograd records</summary>
#
# The forward pass itself has to stand in `with torch.no_grad():`. A `.detach()` afterwards comes too late.
# </details>

# %% check="predict_probabilities"
check("predict_probabilities")

# %% [markdown]
# ## Chance, twice
#
# Run the article's program twice, and you have two different results. Was the second one better because of your change, or
# by luck? Chance enters at two doors here, the weights at the start and the order of the examples (dropout and augmentation
# will be two more).
#
# You could open both with one key, `torch.manual_seed(seed)` at the top. Then somebody adds a layer. It draws its
# weights from the same stream, and every number drawn afterwards is another one, the order of the examples too: two
# networks are now compared on different batches. The order deserves a **generator of its own**.
#
# ### Exercise: `seeded_start`


# %% exercise="seeded_start"
def seeded_start(make_model, N, seed):
    """A network and an order of range(N), each decided by `seed` alone: by neither the other nor the other's size.

    make_model: function () -> nn.Module, which draws its weights from torch's global generator.
    Returns (model, order): order is a permutation, (N,).
    """
    ### BEGIN SOLUTION
    torch.manual_seed(seed)
    model = make_model()
    return model, torch.randperm(N, generator=torch.Generator().manual_seed(seed))
    ### END SOLUTION
    ### BEGIN STUB
    # model = make_model()
    # order = torch.randperm(N)
    # return model, order
    ### END STUB


# %% [markdown]
# <details><summary>Hint 1: the start differs, or is the same for every seed</summary>
#
# `torch.manual_seed(seed)` has to come before the line that draws. `seed` is the argument.
# </details>
#
# <details><summary>Hint 2: the order differs, or changes with the network, or is the same for every seed</summary>
#
# `torch.randperm(N, generator=...)` draws from a generator of your own, `torch.Generator()`. It too has a `manual_seed`
# (which returns the generator). A DataLoader takes such a generator as well.
# </details>

# %% check="seeded_start"
check("seeded_start")

# %% [markdown]
# A seed makes a run repeatable on *this* machine with *these* versions. It does not make a result true: for that you need
# several seeds, and the spread between them.
#
# ## Where to compute
#
# The article names no device, so that it computes on the CPU even beside the best GPU of the world. What is there on your machine?

# %%
machine = report()
device = torch.device(machine.accelerator)
machine

# %% [markdown]
# From here on `device` is that one: `cuda` for an NVIDIA card, `mps` for a Mac's, `cpu` for everything else. For a network
# of this size and 10,000 images the CPU is good enough, and nothing below asks for more. (In a program of your own,
# `torch.accelerator.current_accelerator()` finds out the same, and is None where there is only a CPU.)
#
# Two rules, and most of the errors that beginners meet come from breaking them:
#
# - **Everything that meets in an operation lies on one device.** The model is moved once, `model.to(device)`, and moves
#   itself. The optimizer is built *afterwards*: its state is made where the parameters are.
# - **A tensor does not move itself.** `images.to(device)` makes a new one, and `images` stays where it was.
#
# ### Exercise: `to_device`
#
# A batch is a pair here, a dict elsewhere, and a list of pairs of dicts in some detection data set. One function for all.
# (The check uses the device `"meta"`, which every machine has: its tensors have a shape and no values.)


# %% exercise="to_device"
def to_device(value, device):
    """`value` with every tensor in it on `device`.

    value: a tensor, or tuples, lists and dicts of such, nested as they like. Returns a new value of the same kind;
    what is no tensor stays as it is.
    """
    ### BEGIN SOLUTION
    if isinstance(value, torch.Tensor):
        return value.to(device)
    if isinstance(value, tuple | list):
        return type(value)(to_device(item, device) for item in value)
    if isinstance(value, dict):
        return {key: to_device(item, device) for key, item in value.items()}
    return value
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: a single tensor stays where it was</summary>
#
# Return what `.to(device)` returns, with the device that was handed over.
# </details>
#
# <details><summary>Hint 2: what is in a container, or in a container within one, stays behind</summary>
#
# The function may call itself for each item. `type(value)` is `list` for a list and `tuple` for a tuple, and makes a new
# one of any iterable.
# </details>
#
# <details><summary>Hint 3: the caller's own list or dict has changed</summary>
#
# No assignment to `value[...]`: build a new one, by a comprehension.
# </details>
#
# <details><summary>Hint 4: texts, numbers and None</summary>
#
# They have no `.to`. After the cases of tensor, tuple or list, and dict, one line is left for all else.
# </details>

# %% check="to_device"
check("to_device")

# %% [markdown]
# *A good place for a break.*
#
# ## The network, mended
#
# Now the whole, as it was meant. After each convolution a ReLU, after each ReLU a pooling that keeps the largest of 2 x 2:

# %% given="shapes"
def draw_shapes(stages):
    """One box for each stage: (name, channels or None, side or length, what led here)."""
    ax = plt.subplots(figsize=(7.4, 3.1))[1]
    x = 0.0
    for name, channels, side, how in stages:
        height = 0.5 + 2.1 * side / 28 if channels else 0.4 + 2.4 * math.log10(side) / 3.5
        width = 0.16 + 0.5 * (channels or 4) / 64
        colour = plots.SKY if channels else plots.ORANGE
        ax.add_patch(plt.Rectangle((x, -height / 2), width, height, facecolor=colour, edgecolor=plots.INK, linewidth=1.2))
        size = f"{channels} x {side} x {side}" if channels else f"{side:,}"
        ax.text(x + width / 2, height / 2 + 0.08, size, ha="center", va="bottom", fontsize=8.5)
        ax.text(x + width / 2, -1.5, name, ha="center", va="top", fontsize=9.5, weight="bold")
        ax.text(x + width / 2, -1.76, how, ha="center", va="top", fontsize=8.5, color=plots.MUTED)
        if x > 0:
            ax.annotate("", (x - 0.22, 0), (x - 0.72, 0), arrowprops={"arrowstyle": "->", "color": plots.MUTED, "lw": 1.6})
        x += width + 0.95
    ax.set(xlim=(-0.35, x - 0.3), ylim=(-2.35, 1.7))
    ax.set_axis_off()
    return ax


# %%
ax = draw_shapes(
    [
        ("image", 1, 28, ""),
        ("conv1", 32, 28, "3 x 3, ReLU"),
        ("pool", 32, 14, "2 x 2"),
        ("conv2", 64, 14, "3 x 3, ReLU"),
        ("pool", 64, 7, "2 x 2"),
        ("rows", None, 3136, "flatten"),
        ("fc1", None, 128, "ReLU"),
        ("fc2", None, 10, "logits"),
    ]
)
plots.finding(ax, "Two poolings bring 28 x 28 down to 7 x 7: this is where 64 * 7 * 7 comes from")
plt.show()

# %% [markdown]
# How many parameters are in there, and where do most of them sit? Guess first. (A convolution has
# $C_{out} \cdot C_{in} \cdot 3 \cdot 3$ weights, a linear layer outputs times inputs; and each has its biases.)

# %%
predict("where", ..., options={"a": "in conv1", "b": "in conv2", "c": "in fc1", "d": "in fc2"})

# %% [markdown]
# ### Exercise: `Net`
#
# The constructor makes the layers `conv1`, `conv2`, `fc1`, `fc2`, of the sizes of the drawing (a padding of 1 keeps 28 x 28 at
# 28 x 28), and `forward` computes the drawing from left to right. It returns logits.


# %% exercise="Net"
class Net(nn.Module):
    """The mended network: images (N, 1, 28, 28) to logits (N, 10). Its layers are conv1, conv2, fc1 and fc2."""

    def __init__(self):
        super().__init__()
        ### BEGIN SOLUTION
        self.conv1, self.conv2 = nn.Conv2d(1, 32, 3, padding=1), nn.Conv2d(32, 64, 3, padding=1)
        self.fc1, self.fc2 = nn.Linear(64 * 7 * 7, 128), nn.Linear(128, 10)
        ### END SOLUTION

    def forward(self, x):
        """x: (N, 1, 28, 28).  Returns (N, 10)."""
        ### BEGIN SOLUTION
        x = nn.functional.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = nn.functional.max_pool2d(torch.relu(self.conv2(x)), 2)
        x = torch.relu(self.fc1(x.flatten(1)))
        return self.fc2(x)
        ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the shapes do not fit, or the maps' values are wrong</summary>
#
# `nn.functional.max_pool2d(x, 2)` halves height and width by keeping the largest of each 2 x 2. It comes twice, after each
# ReLU. Then `x.flatten(1)` gives rows of 3,136, in the order in which the maps lie.
# </details>
#
# <details><summary>Hint 2: the values are nearly right</summary>
#
# Count the ReLUs: three. After conv1, after conv2, after fc1; none after fc2.
# </details>
#
# <details><summary>Hint 3: log-probabilities or probabilities</summary>
#
# What fc2 gives is what goes out. The loss does the rest.
# </details>
#
# <details><summary>Hint 4: there are no parameters, or no gradient reaches them</summary>
#
# Layers are attributes: `self.conv1 = nn.Conv2d(...)`. In a plain list nobody finds them (`nn.ModuleList` or
# `nn.Sequential` would do, but here their names are asked for).
# </details>

# %% check="Net"
check("Net")

# %%
with waits_for("Net"):
    counts = {name: sum(p.numel() for p in layer.parameters()) for name, layer in Net().named_children()}
    for name, count in counts.items():
        print(f"{name}: {count:7,} parameters, {count / sum(counts.values()):.1%}")
    print(f"together {sum(counts.values()):,}")
    reveal(
        "where",
        dict(zip(("conv1", "conv2", "fc1", "fc2"), "abcd", strict=True))[max(counts, key=counts.get)],
        because="fc1 has a weight for each of 3,136 numbers and each of 128 units. Unit 12 asks whether it needs them.",
    )

# %% [markdown]
# ## The loop, mended
#
# ### Exercise: `train_one_epoch`
#
# What was wrong with the article's program: the flatten and the two poolings that it lost, an optimizer for a `net` that nobody had
# made, a sum of tensors, divided by the number of batches. What was missing: any evaluation, seeds, a device. And the `log_softmax`
# was only one too many. Now everything in one place: mode, device, the four lines, an honest mean. The loss is the cross-entropy.


# %% exercise="train_one_epoch"
def train_one_epoch(model, loader, optimizer, device):
    """One step of `optimizer` for each batch (images, labels) of `loader`, in training mode.

    model: on `device` already.  Returns the mean loss over the examples that came, a plain number: each batch's loss as
    it was before the step.
    """
    ### BEGIN SOLUTION
    model.train()
    total, count = 0.0, 0
    for batch in loader:
        images, labels = to_device(batch, device)
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(labels)
        count += len(labels)
    return total / count
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the parameters are wrong after the epoch</summary>
#
# For each batch: `optimizer.zero_grad()`, the loss of `model(images)`, `loss.backward()`, `optimizer.step()`. Whatever lay in
# `.grad` before is not yours.
# </details>
#
# <details><summary>Hint 2: the mean loss</summary>
#
# It is your `epoch_loss`, batch by batch: `.item()`, times the number of labels, and divided once by all that came. Not
# `len(loader.dataset)`: a loader may leave examples out.
# </details>
#
# <details><summary>Hint 3: the mode</summary>
#
# The model may come from an evaluation. One line before the loop.
# </details>
#
# <details><summary>Hint 4: the device</summary>
#
# `images` and `labels`, both, to the `device` that was handed over. You have a function for that.
# </details>

# %% check="train_one_epoch"
check("train_one_epoch")

# %% [markdown]
# ### Exercise: `evaluate`


# %% exercise="evaluate"
def evaluate(model, loader, device):
    """The mean loss (cross-entropy) and the accuracy over the examples that come from `loader`, as plain numbers.

    Evaluation mode, nothing recorded; the model is left as it came, its mode too.
    """
    ### BEGIN SOLUTION
    mode = model.training
    model.eval()
    total, right, count = 0.0, 0, 0
    with torch.no_grad():
        for batch in loader:
            images, labels = to_device(batch, device)
            logits = model(images)
            total += nn.functional.cross_entropy(logits, labels, reduction="sum").item()
            right += (logits.argmax(dim=1) == labels).sum().item()
            count += len(labels)
    model.train(mode)
    return total / count, right / count
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: loss or accuracy are off by a little</summary>
#
# Add up over examples, divide once by the number that came. `reduction="sum"` gives a batch's sum at once.
# </details>
#
# <details><summary>Hint 2: the mode</summary>
#
# As in `predict_probabilities`: note it, switch, put it back.
# </details>
#
# <details><summary>Hint 3: autograd records, or tensors come back</summary>
#
# The loop stands in `with torch.no_grad():`, and `.item()` makes plain numbers.
# </details>
#
# <details><summary>Hint 4: the device</summary>
#
# Each batch, images and labels, to the `device` that was handed over.
# </details>

# %% check="evaluate"
check("evaluate")

# %% [markdown]
# ## A run that you would sign
#
# Three sets of images, three tasks. **Training** images make the gradients. **Validation** images decide: which learning
# rate, how many epochs, which of two ideas. The **test** images decide nothing. They are looked at once, at the end, and
# the number that they give is the one to report. Whoever looks at it earlier, and then changes something, has begun to
# train on the test set, with their own head as the optimizer.

# %% folded=true given="loaders"
order = torch.randperm(len(X_all), generator=torch.Generator().manual_seed(10))
train_part, val_part = order[:9000], order[9000:]


DICE = torch.Generator().manual_seed(1)  # their own: one more layer in the network must not change which images are mirrored


def mirrored(examples):
    """One batch of a list of examples, about half of its images mirrored."""
    images, labels = torch.utils.data.default_collate(examples)
    turned = torch.rand(len(images), 1, 1, 1, generator=DICE) < 0.5
    return torch.where(turned, images.flip(3), images), labels


def loader_of(X, y, batch_size, shuffle=False, collate=None):
    """Batches of (images, labels); the order of a shuffled one comes from a generator of its own."""
    data, generator = torch.utils.data.TensorDataset(X, y), torch.Generator().manual_seed(0)
    return torch.utils.data.DataLoader(data, batch_size, shuffle, generator=generator, collate_fn=collate)


mean, std = X_all[train_part].mean(), X_all[train_part].std()


def standard(X):
    """Images with mean 0 and spread 1, by the numbers of the training images: the others are not to be looked at."""
    return (X - mean) / std


val_loader = loader_of(standard(X_all[val_part]), y_all[val_part], 500)
test_loader = loader_of(standard(X_test), y_test, 500)
EarlyStopping = earlier("EarlyStopping")
print(f"{len(train_part):,} to train, {len(val_part):,} to decide, {len(X_test):,} to report")

# %% [markdown]
# ### Which learning rate?
#
# Unit 03's range test: a short run, in which the learning rate grows from step to step. An epoch of one batch is a step,
# so your `train_one_epoch` does it: handed a list with one batch, it returns this batch's loss from before the step. AdamW,
# from $10^{-5}$ to 0.3 in 60 steps, from three starts: one run of 60 noisy batches says little.

# %% folded=true
with waits_for("Net", "to_device", "train_one_epoch"):
    not_while_grading()
    lrs, runs = np.geomspace(1e-5, 0.3, 60), []
    range_loader = loader_of(standard(X_all[train_part]), y_all[train_part], 64, shuffle=True)
    for seed in range(3):
        torch.manual_seed(seed)
        model = Net().to(device)
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)
        range_losses = []
        for lr, batch in zip(lrs, range_loader, strict=False):
            optimizer.param_groups[0]["lr"] = lr
            range_losses.append(train_one_epoch(model, [batch], optimizer, device))
        runs.append(range_losses)
    mean_loss = np.mean(runs, axis=0)
    smooth = np.convolve(np.pad(mean_loss, 2, mode="edge"), np.full(5, 0.2), mode="valid")
    best = int(np.argmin(smooth))
    low, high = lrs[best] / 10, lrs[best] / 3
    ax = plt.subplots()[1]
    for range_losses in runs:
        ax.plot(lrs, range_losses, color=plots.SKY, linewidth=0.9, label="each batch's loss, three runs" if range_losses is runs[0] else None)
    ax.plot(lrs, smooth, color=plots.BLUE, label="their mean, over five neighbours")
    ax.axvline(lrs[best], color=plots.VERMILLION, linestyle="--", linewidth=1.4, label=f"lowest: {lrs[best]:.4f}")
    ax.axvspan(low, high, color=plots.GREEN, alpha=0.18, label="a tenth to a third of it")
    ax.set(xscale="log", xlabel="learning rate", ylabel="loss", ylim=(0, 3))
    ax.legend(fontsize=9.5)
    above = np.flatnonzero(smooth > smooth[best] + 0.4)
    left, right = max(above[above < best], default=-1) + 1, min(above[above > best], default=len(lrs)) - 1
    plots.finding(ax, f"From {lrs[left]:.4f} to {lrs[right]:.3f} the mean loss stays within 0.4 of its lowest: a range, not a number")
    plt.show()
    print(f"a tenth to a third of the lowest point: {low:.4f} to {high:.4f}; 0.003 lies in it: {low <= 0.003 <= high}")

# %% [markdown]
# At the left nothing happens, because the steps are too short; at the right the loss turns up. In between the curve hardly
# falls, and is noisy even as a mean of three runs: luck decides where it is lowest, and a whole run is less forgiving than one step. So
# the test gives a range and no more. A third to a tenth of the lowest point is the usual guess; whole runs, judged by validation
# images, would be the proof. We take 0.003, **warm up** to it from almost nothing, so that AdamW's first, badly estimated steps are
# short, and let it down to 0 along half a **cosine**.
#
# ### Where do schedule and clipping go?
#
# Your `train_one_epoch` knows neither, and need not. Clipping belongs between `backward` and `step`; this schedule steps
# after each batch. Both places are next to `optimizer.step()`, and an optimizer lets you hang something there:
# `register_step_pre_hook` and `register_step_post_hook`.
#
# How many epochs? We allow 9, in batches of 64. **Early stopping** (unit 06) keeps the parameters that had the lowest validation
# loss, and gives up when three epochs in a row brought no better ones. And `mirrored` turns about half of each batch's images around,
# others each time: a shoe that looks to the left is a shoe, and 9,000 images do the work of more. Which accuracy do you expect on the
# test images, at the end?

# %%
predict("accuracy", ..., options={"a": "about 80 %", "b": "about 85 %", "c": "about 89 %", "d": "about 95 %"})

# %% folded=false
MAX_EPOCHS, LR = 9, 0.003
with waits_for("Net", "to_device", "train_one_epoch", "evaluate"):
    not_while_grading()
    torch.manual_seed(0)
    trained = Net().to(device)
    optimizer = torch.optim.AdamW(trained.parameters(), lr=LR, weight_decay=0.05)
    train_loader = loader_of(standard(X_all[train_part]), y_all[train_part], 64, shuffle=True, collate=mirrored)
    updates = MAX_EPOCHS * len(train_loader)

    def warm_up_and_cosine(t):
        """The share of LR at update t: up in a straight line for a tenth of all updates, then half a cosine down."""
        first = updates // 10
        return (t + 1) / first if t < first else (1 + math.cos(math.pi * (t - first) / (updates - first))) / 2

    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, warm_up_and_cosine)

    def clip(optimizer, args, kwargs):
        nn.utils.clip_grad_norm_(trained.parameters(), max_norm=2.0)

    def advance(optimizer, args, kwargs):
        schedule.step()

    optimizer.register_step_pre_hook(clip)
    optimizer.register_step_post_hook(advance)

    stopper, history = EarlyStopping(patience=3), []
    for _ in tqdm(range(MAX_EPOCHS), desc="epochs", leave=False):
        train_loss = train_one_epoch(trained, train_loader, optimizer, device)
        val_loss, val_accuracy = evaluate(trained, val_loader, device)
        history.append((train_loss, val_loss, val_accuracy))
        if stopper.update(val_loss, [p.detach().cpu().numpy() for p in trained.parameters()]):
            break
    with torch.no_grad():
        for parameter, best_value in zip(trained.parameters(), stopper.best_params, strict=True):
            parameter.copy_(torch.from_numpy(best_value))
    best_epoch = 1 + int(np.argmin([val_loss for _, val_loss, _ in history]))
    for epoch, (train_loss, val_loss, val_accuracy) in enumerate(history, 1):
        mark = "  <- kept" if epoch == best_epoch else ""
        print(f"epoch {epoch:2}: loss {train_loss:.3f} training, {val_loss:.3f} validation; accuracy {val_accuracy:.1%}{mark}")

# %%
with waits_for("Net", "to_device", "train_one_epoch", "evaluate"):
    not_while_grading()
    numbers = np.arange(1, len(history) + 1)
    train_curve, val_curve, accuracies = (np.array(part) for part in zip(*history, strict=True))
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.7))
    left.plot(numbers, train_curve, "o-", color=plots.BLUE, label="training (during the epoch)")
    left.plot(numbers, val_curve, "s-", color=plots.VERMILLION, label="validation")
    left.plot(best_epoch, val_curve[best_epoch - 1], "o", markersize=14, markerfacecolor="none", markeredgecolor=plots.INK,
              markeredgewidth=1.8, label="kept")
    left.set(xlabel="epoch", ylabel="mean loss", ylim=(0, None), xticks=numbers)
    left.legend(fontsize=9.5)
    right.plot(numbers, 100 * accuracies, "s-", color=plots.VERMILLION)
    right.axvline(best_epoch, color=plots.INK, linestyle=":", linewidth=1.6)
    right.set(xlabel="epoch", ylabel="validation accuracy (%)", xticks=numbers)
    falls = "kept falling" if np.all(np.diff(train_curve) < 0) else "fell, though not in every epoch"
    plots.finding(fig, f"Training loss {falls}; validation loss was lowest after epoch {best_epoch}")
    plt.show()

# %% [markdown]
# The training loss goes on falling; the validation loss flattens and nearly comes to rest: what the network still learns about its
# 9,000 images is of little use for others. Early stopping has kept the ringed parameters. As the learning rate goes down to
# 0, the best epoch is usually one of the last; take the mirrored images away, and look where it lies then. (The first points
# look odd, the validation loss *below* the training loss: the training loss is a mean over the whole epoch, its bad beginning
# and mirrored images included, the validation loss is measured at the end.)
#
# Everything is decided. Now, once, the test images:

# %%
with waits_for("Net", "to_device", "train_one_epoch", "evaluate"):
    not_while_grading()
    test_loss, test_accuracy = evaluate(trained, test_loader, device)
    print(f"test: loss {test_loss:.3f}, accuracy {test_accuracy:.1%} of {len(y_test):,} images")
    expected = {"a": 0.80, "b": 0.85, "c": 0.89, "d": 0.95}
    reveal(
        "accuracy",
        min(expected, key=lambda letter: abs(expected[letter] - test_accuracy)),
        because="Of 2,000 images one standard deviation of luck is 0.7 percentage points: 89 and 88.5 are the same.",
    )

# %% [markdown]
# With all 60,000 training images, networks with two convolutions mostly reach 90 to 93 % (there is a table on the [data
# set's page](https://github.com/zalandoresearch/fashion-mnist)). And this is **one** seed: to claim that one idea beats another, train
# both with several seeds, and compare the distance with the spread. What does the network get wrong? Whoever looks at mistakes does so to
# change something, so these are **validation** images; the test images have had their one look. Here are the mistakes of
# which it was surest: below each image what it says, and in brackets what the label says.

# %%
with waits_for("Net", "to_device", "train_one_epoch", "evaluate", "predict_probabilities"):
    not_while_grading()
    X_val, y_val = X_all[val_part], y_all[val_part]
    probabilities = predict_probabilities(trained, standard(X_val).to(device)).cpu()
    sure, said = probabilities.max(dim=1)
    wrong = torch.nonzero(said != y_val).flatten()
    surest = wrong[torch.argsort(sure[wrong], descending=True)][:12]
    short = [name.split("/")[0].replace("Ankle boot", "Boot") for name in class_names]
    captions = [f"{short[said[i]]} ({short[y_val[i]]})" for i in surest]
    ax = plots.image_grid(X_val[surest].numpy(), captions, columns=6)
    plots.finding(ax, f"{len(wrong)} of {len(y_val):,} are wrong; with some of the surest one would rather ask who labelled them")
    plt.show()
    tops = torch.tensor([0, 2, 3, 4, 6])  # T-shirt, pullover, dress, coat, shirt
    among = (torch.isin(said[wrong], tops) & torch.isin(y_val[wrong], tops)).double().mean().item()
    print(f"{among:.0%} of the mistakes mix up T-shirts, pullovers, dresses, coats and shirts")

# %% [markdown]
# Look at the mistakes before you change the network. Most of these need more than a better optimizer: a shirt and a
# coat at 28 x 28 pixels may differ by a collar of three pixels.

# %% [markdown]
# ## Clinic: the loop that forgets
#
# A colleague has added a schedule, momentum and clipping to her loop: SGD with momentum 0.9, the learning rate halved after
# each epoch, the gradients' norm (over all parameters together) clipped to `max_norm`. Every line of it is a line that you
# find in good programs. Run the next two cells and look.


# %% exercise="clinic_10"
def clinic_10(model, batches, lr, epochs, max_norm):
    """Train with momentum 0.9 and clipped gradients; the learning rate begins at lr and is halved after each epoch.

    batches: a list of (images, labels).  Returns the learning rate of each step, a list of epochs * len(batches) numbers.
    """
    rates = []
    ### BEGIN SOLUTION
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    for _ in range(epochs):
        for X, y in batches:
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(X), y)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), max_norm=max_norm)
            optimizer.step()
        scheduler.step()
    ### END SOLUTION
    ### BEGIN STUB
    # for _ in range(epochs):
    #     optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    #     scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    #     for X, y in batches:
    #         scheduler.step()
    #         rates.append(optimizer.param_groups[0]["lr"])
    #         optimizer.zero_grad()
    #         loss = nn.functional.cross_entropy(model(X), y)
    #         loss.backward()
    #         optimizer.step()
    #         nn.utils.clip_grad_norm_(model.parameters(), max_norm=max_norm)
    ### END STUB
    return rates


# %% folded=true
with waits_for("clinic_10"):
    # One image, always the same, and far from right: the gradient hardly changes, and is far longer than max_norm.
    hard = [(torch.full((1, 4), 50.0, dtype=torch.float64), torch.tensor([0]))]

    def weights_after(epochs):
        """The weights after so many epochs of one step, and the steps' learning rates."""
        torch.manual_seed(0)
        model = nn.Linear(4, 3, bias=False, dtype=torch.float64)
        with torch.no_grad():
            model.weight.copy_(torch.tensor([[-1.0], [1.0], [0.0]]).expand(3, 4))
        rates = clinic_10(model, hard, 0.1, epochs, 0.5)
        return model.weight.detach().clone(), rates

    path = [weights_after(epochs) for epochs in range(5)]
    steps = [float((b[0] - a[0]).norm()) for a, b in zip(path, path[1:], strict=False)]
    lengths = [step / (0.1 * 0.5**t * 0.5) for t, step in enumerate(steps)]
    expected = [(1 - 0.9**t) / 0.1 for t in range(1, 5)]
    easy = [(torch.eye(4, dtype=torch.float64), torch.tensor([0, 1, 2, 0]))] * 4
    rates = clinic_10(nn.Linear(4, 3, bias=False, dtype=torch.float64), easy, 0.1, 3, 0.5)
    intended = np.repeat(0.1 * 0.5 ** np.arange(3), 4)
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.8))
    left.step(range(1, 13), intended, where="mid", color=plots.MUTED, linestyle=":", label="as announced")
    left.plot(range(1, 13), rates, "o", color=plots.VERMILLION, label="clinic_10")
    left.set(xlabel="step (four an epoch)", ylabel="learning rate", ylim=(0, 0.12), xticks=(1, 5, 9, 12))
    left.legend(fontsize=9.5)
    right.plot(range(1, 5), expected, ":", color=plots.MUTED, label="clipped, with momentum")
    right.plot(range(1, 5), lengths, "o", color=plots.VERMILLION, label="clinic_10")
    right.set(xlabel="step (one an epoch)", ylabel="length / (rate x max_norm)", yscale="log", xticks=range(1, 5))
    right.set_ylim(0.3, max(10, 3 * max(lengths)))
    right.legend(fontsize=9.5)
    well = np.allclose(rates, intended) and np.allclose(lengths, expected, rtol=1e-3)
    healthy = "Healthy: the schedule is the announced one, and the steps grow as momentum makes them"
    plots.finding(fig, healthy if well else "Not healthy yet: the points should lie on the dotted lines")
    plt.show()
    print("learning rates:", " ".join(f"{rate:.4f}" for rate in rates))
    print("lengths of four steps:", " ".join(f"{length:.2f}" for length in lengths), "  expected:", " ".join(f"{e:.2f}" for e in expected))

# %% [markdown]
# **Symptom 1**, right: the first step is more than a hundred times longer than $\alpha \cdot$ `max_norm`, although the gradient was
# "clipped". **Symptom 2**, left: the learning rate is never what was announced; it falls with every batch, and even the first
# step is taken with half of it (PyTorch warns of one cause). **Symptom 3**: at the beginning of each epoch the learning rate
# jumps up again, and in the printout the steps after the first have the length 0. After that leap there is no gradient left; but
# with momentum 0.9 the ball should roll on. Where is its velocity? Four causes. Repair `clinic_10`.
#
# <details><summary>Hint 1: the length of the first step</summary>
#
# Clipping changes what is in `.grad`. Who reads that, and when? And `max_norm` bounds the length of the whole gradient, not
# each entry's.
# </details>
#
# <details><summary>Hint 2: the learning rates</summary>
#
# This schedule counts epochs: its step belongs after an epoch's last batch. A scheduler steps after the optimizer did.
# </details>
#
# <details><summary>Hint 3: why does every epoch start from rest?</summary>
#
# The velocity lives in the optimizer. How many optimizers does this function make, and how many should it?
# </details>

# %% check="clinic_10"
check("clinic_10")

# %% [markdown]
# None of the four stops the program, and its loss may well fall. That is why such mistakes stay unseen for long. What shows them is
# a log of the learning rate and of the gradient's norm, at every step. How to write a log, and look at it, comes below.

# %% [markdown]
# *A good place to end the first sitting.*
#
# ## A run that survives
#
# Long runs die: somebody needs the machine, the battery is empty, the job's time is over. A **checkpoint** is a file from
# which the run goes on. Saving the parameters is not enough for that. What else does the next step depend on?
#
# | part | what it remembers | saved and loaded by |
# |---|---|---|
# | model | parameters and buffers | `.state_dict()`, `.load_state_dict(...)` |
# | optimizer | velocities, moments, counts of steps (unit 09) | `.state_dict()`, `.load_state_dict(...)` |
# | scheduler | how many epochs the schedule has counted | `.state_dict()`, `.load_state_dict(...)` |
# | torch's random numbers (the CPU's) | what dropout will drop next | `torch.get_rng_state()`, `torch.set_rng_state(...)` |
# | the loader's generator | in which order the next epoch comes | `.get_state()`, `.set_state(...)` |
# | the epoch | how many are done | a number |
#
# A run is killed after half of its epochs and resumed from a file that holds the model and the epoch **only**. What will the
# loss do?

# %%
predict(
    "resume",
    ...,
    options={
        "a": "Go on exactly as if nothing had happened",
        "b": "Part from the course of the run that was not killed",
        "c": "Begin again at log 10, as an untrained network does",
    },
)

# %% [markdown]
# ### Exercise: `Checkpoint`
#
# Save all six parts into one file, and bring them back into parts that were newly made. Two more demands, both from
# experience:
#
# - **Never half a file.** A process may be killed in the middle of a save, and then the only checkpoint is gone. Write to
#   another name in the same folder, and then rename: `new.replace(self.path)` puts the whole file in the old one's place, or
#   does nothing.
# - **No code in the file.** `torch.load(..., weights_only=True)` accepts tensors, numbers, texts, lists and dicts of these. A
#   whole pickled object could run anything when it is loaded.


# %% exercise="Checkpoint"
class Checkpoint:
    """The whole state of a training run in the file `path`, a pathlib.Path."""

    def __init__(self, path):
        self.path = path

    def save(self, epoch, model, optimizer, scheduler, generator):
        """Write everything that the next epoch depends on. epoch: how many are done. generator: the loader's."""
        ### BEGIN SOLUTION
        state = {
            "epoch": epoch,
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "scheduler": scheduler.state_dict(),
            "torch": torch.get_rng_state(),
            "generator": generator.get_state(),
        }
        new = self.path.with_suffix(".new")
        torch.save(state, new)
        new.replace(self.path)
        ### END SOLUTION

    def load(self, model, optimizer, scheduler, generator):
        """Bring everything back, into these parts and into torch's random numbers; returns the epoch."""
        ### BEGIN SOLUTION
        state = torch.load(self.path, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        scheduler.load_state_dict(state["scheduler"])
        torch.set_rng_state(state["torch"])
        generator.set_state(state["generator"])
        return state["epoch"]
        ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the resumed run takes another way, or the schedule begins again</summary>
#
# A dict with one entry for each row of the table, and `torch.save(state, file)`. In `load`, each part gets its own entry
# back. The epoch goes out as it came in: nothing is added.
# </details>
#
# <details><summary>Hint 2: right without dropout and shuffling, wrong with them</summary>
#
# Two sources of random numbers: torch's own, which dropout uses, and the generator that you are handed, which shuffles. A
# seed says where a generator began; its *state* says where it is.
# </details>
#
# <details><summary>Hint 3: killed in the middle of a save, or more than one file</summary>
#
# `self.path.with_suffix(".new")` is another name in the same folder. Save there. Only when the file is whole,
# `.replace(self.path)`. Nothing is removed or copied.
# </details>
#
# <details><summary>Hint 4: weights_only=True refuses the file</summary>
#
# Save what `state_dict()` and `get_state()` return, not the objects that have these methods.
# </details>

# %% check="Checkpoint"
check("Checkpoint")

# %% [markdown]
# Now a run of six epochs on a few images, with dropout and momentum. It is killed after three and resumed in two ways: by
# your checkpoint, and by a file with the model and the epoch only.


# %% given="resumable"
def parts_of_a_run(seed):
    """A new network with dropout in front, and all that trains it."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Dropout(0.2), nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 6)
    return model, optimizer, scheduler, torch.Generator().manual_seed(seed)


def epochs_of_a_run(parts, count):
    """Train on 2,000 images for some epochs; returns the loss of every batch."""
    model, optimizer, scheduler, generator = parts
    losses = []
    for _ in range(count):
        for index in torch.randperm(2000, generator=generator).split(100):
            loss = nn.functional.cross_entropy(model(X_all[index]), y_all[index])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        scheduler.step()
    return losses


# %% folded=true
with waits_for("Checkpoint"):
    not_while_grading()
    with tempfile.TemporaryDirectory() as folder:
        parts = parts_of_a_run(seed=0)
        whole = epochs_of_a_run(parts, 3)
        Checkpoint(Path(folder) / "run.pt").save(3, *parts)
        half_way = copy.deepcopy(parts[0].state_dict())
        whole += epochs_of_a_run(parts, 3)

        resumed = parts_of_a_run(seed=1)
        epoch = Checkpoint(Path(folder) / "run.pt").load(*resumed)
        after = epochs_of_a_run(resumed, 6 - epoch)
    model_only = parts_of_a_run(seed=1)
    model_only[0].load_state_dict(half_way)
    without = epochs_of_a_run(model_only, 3)
    same = all(torch.equal(a, b) for a, b in zip(parts[0].parameters(), resumed[0].parameters(), strict=True))
    print("parameters at the end equal, bit for bit:", same)
    print(f"mean loss of the last epoch: {np.mean(whole[100:]):.2f} never killed, {np.mean(without[40:]):.2f} resumed with the model only")

    ax = plt.subplots(figsize=(7.4, 3.6))[1]
    ax.plot(range(60, 120), without, color=plots.ORANGE, linestyle="--", label="resumed with the model only")
    ax.plot(whole, color=plots.SKY, linewidth=4, label="never killed")
    ax.plot(range(60, 120), after, color=plots.INK, linewidth=1, label="resumed from your checkpoint")
    ax.axvline(60, color=plots.MUTED, linestyle=":")
    ax.set(xlabel="update", ylabel="loss of the batch", ylim=(0.2, 1.5))
    ax.legend(loc="upper right")
    verdict = "lies on" if same and after == whole[60:] else "does not lie on"
    plots.finding(ax, f"With all six parts, the resumed run {verdict} the one that was never killed")
    plt.show()
    reveal(
        "resume",
        "a" if without == whole[60:] else "b",
        because="momentum is gone, the schedule begins again, and dropout and shuffling draw other numbers.",
    )

# %% [markdown]
# The thin dark line lies on the thick light one, to the last bit. The third run need not be much *worse* (compare the two means), and
# that is what makes this mistake so hard to see: it is another run. A result that came about in two halves could not be repeated by anyone.
#
# Equal to the last bit is what you get on one CPU with one number of threads. On a GPU two things are different. Dropout draws from the
# GPU's own random numbers (`torch.cuda.get_rng_state_all()` belongs in the file, too, or `torch.mps.get_rng_state()`), and some operations
# add up in an order that changes from run to run; on NVIDIA cards `torch.use_deterministic_algorithms(True)` forbids that.
#
# And a file knows where its tensors lay. Opened on a machine without that GPU, `torch.load` stops: "Attempting to deserialize
# object on a CUDA device but torch.cuda.is_available() is False". `torch.load(path, weights_only=True, map_location="cpu")`
# brings everything to the CPU first; `load_state_dict` then sends each tensor to where its parameter lies.
#
# ### Exercise: `resume_on`
#
# The run began on a laptop's CPU. Now a GPU is free. Make a network and its Adam that go on there. Remember the two rules
# about devices: the optimizer's moments have to lie where the parameters lie. (The check uses the device `"meta"` again.)

# %% exercise="resume_on"
def resume_on(make_model, model_state, optimizer_state, device):
    """A new network and an Adam for it, which go on from two state dicts, on `device`.

    make_model: function () -> nn.Module.  Returns (model, optimizer), and changes neither state dict; nor does further
    training change model_state.
    """
    ### BEGIN SOLUTION
    model = make_model()
    model.load_state_dict(model_state)
    model.to(device)
    optimizer = torch.optim.Adam(model.parameters())
    optimizer.load_state_dict(optimizer_state)
    return model, optimizer
    ### END SOLUTION

# %% [markdown]
# <details><summary>Hint 1: something lies on the wrong device, or the optimizer holds other parameters</summary>
#
# First the model, on its device. Only then the optimizer, from `model.parameters()` of this very model.
# </details>
#
# <details><summary>Hint 2: the next steps are wrong</summary>
#
# Both parts have a `load_state_dict`. The optimizer's brings the learning rate along, and sends each moment to the device of
# its parameter. It can do so only if the parameter is there already.
# </details>

# %% check="resume_on"
check("resume_on")

# %% [markdown]
# ## See what it does
#
# A `print` for each epoch is enough for three epochs. For thirty, in ten variants, there is **TensorBoard**: the run writes
# numbers, histograms and pictures into a folder, and a page in the browser draws them while the run goes on.
#
# | call | what the page shows |
# |---|---|
# | `writer.add_scalar(tag, value, epoch)` | a point of a curve |
# | `writer.add_histogram(tag, values, epoch)` | how values are spread, a ridge for each epoch |
# | `writer.add_images(tag, images, epoch)` | pictures; images (N, 1, H, W), floats from 0 to 1 |
# | `writer.add_graph(model, images)` | the network as a graph |
# | `writer.add_text(tag, text)` | notes: which settings this run had |
#
# A **tag** is a name such as `loss/train`. What stands before the slash puts curves together.
#
# ### Exercise: `log_to_tensorboard`
#
# After each epoch, log
#
# - four scalars: `loss/train`, `loss/valid`, `accuracy/train`, `accuracy/valid`;
# - for each parameter `weights/NAME`, and `gradients/NAME` if it has a gradient (frozen ones have none); NAME as
#   `model.named_parameters()` has it;
# - under `wrong predictions` the images that were predicted wrongly: the first 16 of them at most, and nothing at all if there
#   is none.


# %% exercise="log_to_tensorboard"
def log_to_tensorboard(writer, epoch, model, scores, images, labels, predicted):
    """Log one epoch.  scores: {"train": (loss, accuracy), "valid": (loss, accuracy)}.

    images: (N, 1, H, W) in [0, 1], labels and predicted: (N,), tensors.  Returns nothing.
    """
    ### BEGIN SOLUTION
    for part, (loss, accuracy) in scores.items():
        writer.add_scalar(f"loss/{part}", loss, epoch)
        writer.add_scalar(f"accuracy/{part}", accuracy, epoch)
    for name, param in model.named_parameters():
        writer.add_histogram(f"weights/{name}", param, epoch)
        if param.grad is not None:
            writer.add_histogram(f"gradients/{name}", param.grad, epoch)
    wrong = images[predicted != labels][:16]
    if len(wrong) > 0:
        writer.add_images("wrong predictions", wrong, epoch)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: scalars</summary>
#
# `scores.items()` brings the part's name and its pair (loss, accuracy). An f-string makes the tag. The epoch is the third
# argument, each time.
# </details>
#
# <details><summary>Hint 2: histograms</summary>
#
# `for name, param in model.named_parameters():`. The gradient lies in `param.grad`, and is `None` where there is none.
# </details>
#
# <details><summary>Hint 3: images</summary>
#
# `predicted != labels` is a mask, and `images[mask]` picks. First pick, then keep 16, then look whether any are left.
# </details>

# %% check="log_to_tensorboard"
check("log_to_tensorboard")

# %% [markdown]
# Three epochs on 1,000 images, logged into the folder `runs` beside this notebook.

# %% folded=true
with waits_for("log_to_tensorboard", "Net", "train_one_epoch", "evaluate", "predict_probabilities"):
    not_while_grading()
    from torch.utils.tensorboard import SummaryWriter

    torch.manual_seed(0)
    model = Net().to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    some = torch.utils.data.TensorDataset(X_all[:1000], y_all[:1000])
    loader = torch.utils.data.DataLoader(some, 50, shuffle=True, generator=torch.Generator().manual_seed(0))
    held_out = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X_all[9500:], y_all[9500:]), 250)
    with SummaryWriter("runs/first") as writer:
        writer.add_text("settings", "Adam, lr 0.001, batches of 50, 1,000 images")
        writer.add_graph(model, X_all[:1].to(device))
        for epoch in (1, 2, 3):
            train_one_epoch(model, loader, optimizer, device)
            parts = {"train": loader, "valid": held_out}
            scores = {part: evaluate(model, data, device) for part, data in parts.items()}
            predicted = predict_probabilities(model, X_all[9500:].to(device)).argmax(dim=1).cpu()
            log_to_tensorboard(writer, epoch, model, scores, X_all[9500:], y_all[9500:], predicted)
    print("logged into runs/first: three epochs of", ", ".join(scores))

# %% [markdown]
# Look at it in the browser. From a shell, in this folder:
#
# ```text
# tensorboard --logdir runs
# ```
#
# and open the address that it names. Or within JupyterLab, in a cell of your own (it opens a page below the cell):
#
# ```text
# %load_ext tensorboard
# %tensorboard --logdir runs
# ```
#
# Here is a still picture of the same folder, read back from the file:

# %%
with waits_for("log_to_tensorboard", "Net", "train_one_epoch", "evaluate", "predict_probabilities"):
    not_while_grading()
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    newest = max(Path("runs/first").iterdir(), key=lambda path: path.stat().st_mtime)
    log = EventAccumulator(str(newest))
    log.Reload()
    fig, axes = plt.subplots(1, 2, figsize=(7.4, 3.0))
    fell = []
    for ax, score in zip(axes, ("loss", "accuracy"), strict=True):
        for part, colour in (("train", plots.BLUE), ("valid", plots.ORANGE)):
            events = log.Scalars(f"{score}/{part}")
            ax.plot([e.step for e in events], [e.value for e in events], "o-", color=colour, label=part)
            fell += [events[-1].value < events[0].value] if score == "loss" else []
        ax.set(xlabel="epoch", ylabel=score, xticks=(1, 2, 3))
        ax.legend()
    fall = "both losses have fallen" if all(fell) else "not both losses have fallen"
    plots.finding(fig, f"What TensorBoard's first page shows: after three epochs {fall}")
    plt.show()
    wrong = (predicted != y_all[9500:]).nonzero().flatten()[:16]
    names = [name.split("/")[0].replace("Ankle boot", "Boot") for name in class_names]
    captions = [f"{names[predicted[i]]} ({names[y_all[9500 + i]]})" for i in wrong[:8]]
    ax = plots.image_grid(X_all[9500 + wrong[:8]], captions, columns=8)
    plots.finding(ax, f"{int((predicted != y_all[9500:]).sum())} of 500 are wrong. The first: what it says, and in brackets the label")
    plt.show()

# %% [markdown]
# Three looks that pay, in this order: the two losses (does the distance grow? that is overfitting, unit 06), the histograms
# of the gradients (a layer whose gradients are all near 0 does not learn), and the wrong predictions (often the label is
# wrong, and sometimes the image is not what you thought).

# %% [markdown]
# ## Hand in a network
#
# So far your code was checked. Now your **network** is: it will be shown 1,000 images that are in no part of the data that
# you have. Points come for 80, 85, 88 and 90 percent.
#
# The file is written by the next cell. Two epochs are there to see that all works; for the points you need more, and on
# a CPU a few minutes of patience: set `EPOCHS` to 40. Network and images all lie on `device` for the whole run. Each image is moved by
# up to two pixels and mirrored by chance every time it is seen (**augmentation**), and `course_lib.fit` is the loop that you wrote,
# with AdamW, warm-up and a cosine. You may change the recipe and all of its numbers, but the network has to stay your `Net`. To
# choose between recipes, hand `X[train_part]` and `y[train_part]` to `fit` and judge by `val_part`; only the file comes from all 10,000.

# %%
EPOCHS = 2
FILE = Path("trained_net.safetensors")


def shift_and_flip(images, generator):
    """(B, 1, 28, 28): each image moved by up to 2 pixels, and half of them mirrored."""
    count, where = len(images), images.device  # chance comes from the CPU, so that it is the same for every device
    down, right = (torch.randint(0, 5, (2, count, 1), generator=generator) + torch.arange(28)).to(where)
    padded = nn.functional.pad(images[:, 0], (2, 2, 2, 2))
    moved = padded[torch.arange(count, device=where)[:, None, None], down[:, :, None], right[:, None, :]][:, None]
    turned = (torch.rand(count, 1, 1, 1, generator=generator) < 0.5).to(where)
    return torch.where(turned, moved.flip(3), moved)


with waits_for("Net"):
    not_while_grading()
    if FILE.exists():
        print(f"{FILE} is there. Delete it, or give it another name, to train anew.")
    else:
        torch.manual_seed(0)
        net = Net().to(device)
        X, y = X_all.to(device), y_all.to(device)
        fit(net, X, y, epochs=EPOCHS, lr=0.002, weight_decay=0.05, augment=shift_and_flip)
        save_file({name: value.cpu().half().contiguous() for name, value in net.state_dict().items()}, FILE)
        print(f"{FILE} is written, after {EPOCHS} epochs.")

# %% [markdown]
# The weights are stored as float16, which halves the file and changes hardly any prediction. The format **safetensors** holds
# arrays and their names and nothing else: no code can hide in it, so it may be opened by strangers, such as a grader. Hand
# the file in **beside** the notebook.
#
# ### Exercise: `trained_net`
#
# Build your `Net`, load `trained_net.safetensors`, and say which class each image is. The images come as they are stored:
# whole numbers from 0 to 255.


# %% exercise="trained_net"
def trained_net(images):
    """Labels (N,), whole numbers 0 to 9, for images (N, 28, 28), a uint8 array, by the weights of the file."""
    ### BEGIN SOLUTION
    net = Net()
    net.load_state_dict(load_file("trained_net.safetensors"))
    net.eval()
    x = torch.from_numpy(images)[:, None] / 255
    with torch.no_grad():
        return net(x).argmax(dim=1)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: it guesses, or the file is not found</summary>
#
# `load_file("trained_net.safetensors")` gives a dict of tensors, just what `net.load_state_dict(...)` takes (it turns float16
# into the network's own float32). The file lies beside the notebook as soon as the cell above has run.
# </details>
#
# <details><summary>Hint 2: too few are right, or all the same</summary>
#
# In training the images were floats from 0 to 1 of shape (N, 1, 28, 28): divide by 255, as floats, and nothing else. If that is
# so, the network needs more training: `EPOCHS = 40`.
# </details>
#
# <details><summary>Hint 3: what comes back</summary>
#
# The logits have the shape (N, 10), and the class is where the largest of a row is: `argmax(dim=1)`. Before you predict,
# `net.eval()` and `torch.no_grad()`.
# </details>

# %% check="trained_net"
check("trained_net")

# %% [markdown]
# The check above uses 200 of the test images that you have for each line, so it is only a first impression: with so few
# images, two percent more or less are chance. (They had their one look above, so choose nothing by it.) The points come from the hidden ones.

# %% [markdown]
# ## Quiz
#
# Put the letter of the best answer in quotes, such as `"b"`, in place of the dots. What is right, and why the others are not, you read in your
# feedback, or with `./course check 10`.
#
# **q1.** A network for texts gives (32, 20, 64): 32 texts, 20 words, 64 numbers a word. A linear layer wants 640 numbers, and somebody
# writes `x.view(-1, 640)`. What reaches the layer?
# - a) 32 rows, each the first half of a text
# - b) nothing: there is an error
# - c) 64 rows, each half a text
# - d) 32 rows, each the mean of a text's halves
#
# **q2.** A classifier of 1,000 classes. Its loss began at 6.9, came down to 5.92 within an hour and has not moved for a day. Where do you
# look first?
# - a) at the learning rate: it is too small
# - b) for a softmax before the loss
# - c) at the optimizer: does it hold this network's parameters?
# - d) at the mean over batches: the last one is smaller
#
# **q3.** You train up to 50 epochs and want to keep the best one. Which number decides?
# - a) the loss on the training images
# - b) the accuracy on the test images: that is the one that is reported
# - c) the accuracy on a second set of test images
# - d) the loss on images that are used for nothing but such decisions
#
# **q4.** A trained network with batch normalization is evaluated under `torch.no_grad()`, but nobody called `eval()`. The images come
# sorted by class. What happens?
# - a) what it says of an image depends on its batch, and its running statistics are changed by looking
# - b) nothing: without gradients nothing in the network can change
# - c) an error, since training mode needs gradients
# - d) the accuracy is right, and only slower to compute
#
# **q5.** Four small batches are to make one step: `backward` is called four times, and the gradients add up. Where does
# `clip_grad_norm_` belong?
# - a) before the first `backward`
# - b) after each `backward`
# - c) after the fourth `backward`, before `step`
# - d) after `step`

# %% exercise="quiz_10"
### BEGIN SOLUTION
quiz_10 = {"q1": "c", "q2": "b", "q3": "d", "q4": "a", "q5": "c"}
### END SOLUTION
### BEGIN STUB
# quiz_10 = {"q1": ..., "q2": ..., "q3": ..., "q4": ..., "q5": ...}
### END STUB

# %% check="quiz_10"
check("quiz_10")

# %% [markdown]
# ## Recap
#
# - **The first axis is the batch.** `flatten(1)` and `reshape(N, -1)` keep it; `view(-1, F)` lets it go.
# - **Logits go into the loss.** log_softmax before cross_entropy is redundant, $\log\sum_k e^{\log p_k} = 0$; softmax there is wrong:
#   the loss stays above $-\log\frac{e}{e + K - 1}$, 1.461 for ten classes.
# - **An honest mean:** $\bar J = \sum_b n_b J_b / \sum_b n_b$, of plain numbers.
# - **Two switches:** `eval()` for the modules, `no_grad()` for autograd; put the mode back.
# - **Two doors for chance:** `manual_seed` for the start, a generator of its own for the order. Then several seeds.
# - **One device** for all that meets; the model moves itself, a tensor's `.to` returns a new one; the optimizer is built after the
#   move.
# - **In a step:** clear, forward, backward, clip, step, schedule. One optimizer for the whole run.
# - **Three sets:** training makes gradients, validation decides, test reports, once.
# - **A checkpoint** holds model, optimizer, schedule, both generators' states and the epoch; it is written under another name
#   and then renamed. On another device: first move the model, then build the optimizer, then load its state.

# %% [markdown]
# ## Think about it
#
# A friend sends you a program of 60 lines that trains a classifier, with the sentence: "It reaches 94 % on the test set, the best
# of the 30 settings that I tried." You have ten minutes, and may ask for one more run. In five to eight sentences, to be
# read by a person: what do you look at in the code, in which order, and why in this order? What do you say about the 94 %, and
# which run do you ask for?

# %% [markdown] points=3 reflection="reflection_10"
# ### BEGIN SOLUTION
# First the shapes, from the images to the loss, since a batch that is swallowed or broadcast makes all else meaningless, and
# one print shows it. Then the loss: logits or probabilities, mean or sum. Then the four lines: does the optimizer hold the
# parameters of this model, are gradients cleared, is anything between backward and step that belongs elsewhere. Then
# evaluation: mode, no_grad, an average over examples. These come first because they make a result wrong; seeds, device and
# speed come after, because they only make it hard to repeat or slow. The 94 % are too good: the best of 30 on the test set
# is partly luck, since the setting was chosen by that very number. I would ask for the chosen setting to be trained again with
# several seeds, chosen by validation images cut from the training set, and measured once on images that no choice has seen.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# 1 point: an order is given with a reason (what makes results wrong before what makes them slow or unrepeatable), naming at
# least three of: shapes, loss on logits, optimizer's parameters, zero_grad, modes, averaging. 1 point: says that the best
# of 30 on the test set is biased upwards because the test set took part in the choice. 1 point: asks for a run that settles
# it: choice on validation images, fresh test images or one look at the test set, and more than one seed. Half a
# point for a run without a reason.
# ### END MARK SCHEME

# %% [markdown]
# ## Going further
#
# Three papers with public code, and what to reproduce of each:
#
# - H. Xiao, K. Rasul, R. Vollgraf, [Fashion-MNIST](https://arxiv.org/abs/1708.07747) (2017);
#   [data and benchmarks](https://github.com/zalandoresearch/fashion-mnist). Reproduce: train your `Net` on all 60,000 images, and
#   find your place in their table.
# - I. Loshchilov, F. Hutter, [SGDR: Stochastic Gradient Descent with Warm Restarts](https://arxiv.org/abs/1608.03983) (2017), the
#   cosine; [code](https://github.com/loshchil/SGDR). Reproduce: a constant learning rate against half a cosine, each at
#   its own best, with three seeds.
# - R. Pascanu, T. Mikolov, Y. Bengio, [On the difficulty of training recurrent neural
#   networks](https://arxiv.org/abs/1211.5063) (2013), clipping by the norm; [code](https://github.com/pascanur/trainingRNNs).
#   Reproduce: the norm of your gradient at every step, and how many steps `max_norm=2.0` really clips.
#
# To read besides:
#
# - A. Karpathy, [A Recipe for Training Neural Networks](https://karpathy.github.io/2019/04/25/recipe/) (2019): look at the
#   data first, and the order in which to look for bugs.
# - L. N. Smith, [Cyclical Learning Rates for Training Neural Networks](https://arxiv.org/abs/1506.01186) (2017): the
#   learning-rate range test.
# - [Reproducibility](https://docs.pytorch.org/docs/stable/notes/randomness.html), by PyTorch's makers.
#
# Next: 11 Speed, where you ask what the time of a step is made of.
