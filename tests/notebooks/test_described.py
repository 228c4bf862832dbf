"""What a figure says to somebody who does not see it: its findings, its panels, what is drawn; never nothing."""

from __future__ import annotations

import matplotlib as mpl

mpl.use("agg")
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
import pytest  # noqa: E402
from helpers.kernel import kernel  # noqa: E402

from course_lib import plots  # noqa: E402
from course_lib.drawing.described import MOST, UNKNOWN, describe  # noqa: E402
from course_lib.drawing.spoken import spoken  # noqa: E402

AXES = {"xlabel": "step", "ylabel": "loss"}


@pytest.fixture(autouse=True)
def _style():
    with plt.rc_context():
        plots.use_style()
        yield
        plt.close("all")


@pytest.mark.fast
@pytest.mark.parametrize(
    ("written", "said"),
    [
        (r"$2/\lambda$", "2/λ"),
        ("two\nlines", "two lines"),
        ("cross-\nentropy", "cross-entropy"),
        (r"with $\beta$ = 0.9, $\kappa^{1.00}$ and $x^2$", "with β = 0.9, κ^1.00 and x²"),
        (r"$\frac{\kappa}{2} \ln 10^6$", "κ/2 ln 10^6"),
        (r"$\frac{a + b}{\sqrt{c}}$", "(a + b)/√c"),
        (r"$\|\nabla J(\theta_t)\|^2$", "‖∇ J(θ_t)‖²"),
        (r"$\hat m_{t + 1}$", "m hat_(t + 1)"),
        (r"$\mathrm{loss}\,(\alpha)$", "loss (α)"),
        (r"right $-$ left", "right − left"),
        (r"costs \$5 or \$6", "costs $5 or $6"),
        (r"$\unheardof{x}$", "unheardof x"),
    ],
)
def test_a_formula_is_said_as_text(written, said):
    assert spoken(written) == said


@pytest.mark.fast
def test_the_finding_comes_first_and_then_what_is_drawn():
    curves = {"SGD": [2.3, 1.0, 0.4], "Adam": [2.3, 0.5, 0.1]}
    ax = plots.loss_curves(curves, xlabel="step", ylabel="loss", logy=True)
    long = r"Adam is lower at $2/\lambda$, said in so many words that they do not fit on a single line of a title"
    plots.finding(ax, long)
    assert "\n" in ax.get_title(loc="left")
    assert describe(ax.figure) == (
        "Adam is lower at 2/λ, said in so many words that they do not fit on a single line of a title. "
        "Loss over step (vertical axis logarithmic), 2 lines: SGD (2.3 to 0.4), Adam (2.3 to 0.1)."
    )


@pytest.mark.fast
def test_lines_without_a_finding_and_without_ends():
    ax = plots.loss_curves({"SGD": [2, 1], "Adam": [2, 0]}, **AXES)
    assert describe(ax.figure) == "Loss over step, 2 lines: SGD, Adam."
    ax.axhline(1.0)  # an aid to the eye
    assert "2 lines" in describe(ax.figure)


@pytest.mark.fast
def test_images_and_the_wrong_ones_among_them():
    ax = plots.image_grid(np.zeros((12, 4, 4)), ["Coat"] * 12, wrong=[True] * 4 + [False] * 8)
    assert describe(ax.figure) == "12 images, 4 of them marked as wrong."


@pytest.mark.fast
def test_panels_are_told_in_order_and_what_all_show_once():
    fig, axes = plt.subplots(1, 2)
    for ax, steps in zip(axes, (10, 100), strict=True):
        plots.image_grid(np.zeros((5, 4, 4)), ax=ax)
        ax.set_title(f"after {steps} steps")
    plots.finding(fig, "Silhouettes come first")
    assert (
        describe(fig)
        == "Silhouettes come first. 2 panels, in each 5 images. In order: after 10 steps; after 100 steps."
    )

    fig, (left, right) = plt.subplots(1, 2)
    path = {"plain": np.ones((5, 2))}
    plots.contour_with_paths(lambda t: float(t @ t), path, left, xlabel=r"$\theta_1$", ylabel=r"$\theta_2$")
    right.bar(["a", "b"], [1, 2])
    right.set(ylabel="count")
    plots.finding(right, "More of b")
    assert describe(fig) == (
        "2 panels. Panel 1: θ_2 over θ_1, contours, a line: plain. Panel 2: More of b. Count, 2 bars: a, b."
    )


@pytest.mark.fast
def test_what_panels_share_is_said_of_each():
    fig, axes = plt.subplots(2, 1, sharex=True)
    axes[0].plot([1, 2], label="one")
    axes[1].plot([1, 2])
    axes[1].plot([2, 1])
    axes[1].set(xlabel="step", ylabel="loss")
    assert describe(fig) == "2 panels. Panel 1: Step, a line: one. Panel 2: Loss over step, 2 lines."


@pytest.mark.fast
@pytest.mark.parametrize(
    ("draw", "said"),
    [
        (lambda ax: ax.scatter([1, 2], [3, 4]), "2 points."),
        (lambda ax: ax.plot([1, 2], [3, 4], "o"), "Marked points."),
        (lambda ax: ax.imshow(np.eye(3)), "An image."),
        (
            lambda ax: (ax.imshow(np.ones((2, 3))), ax.set(xlabel="said", ylabel="true")),
            "True over said, a map of 2 by 3 values.",
        ),
        (lambda ax: ax.pcolormesh(np.eye(3)), "A map in colours."),
        (lambda ax: ax.hist([1, 2, 2, 3], bins=3), "3 bars."),
        (lambda ax: ax.text(0, 0, "input"), "A drawing with the words: input."),
        (lambda ax: (ax.text(0, 0, "0.5"), ax.text(1, 0, "7")), "A drawing with 2 numbers or signs."),
        (lambda ax: ax.add_patch(plt.Rectangle((0, 0), 1, 1)), "A drawing."),
        (lambda ax: None, "Empty axes, in which nothing is drawn."),
        (lambda ax: ax.plot(["a", "b", "c"], [1, 2, 3], label="$a$"), "A line: a (1 to 3)."),
        (lambda ax: ax.plot([1, 2, 3], [1, np.nan, np.inf], label="a"), "A line: a."),
        (lambda ax: ax.axvline(1, label="the limit"), "A line: the limit."),
    ],
)
def test_every_kind_of_drawing_has_a_sentence(draw, said):
    fig, ax = plt.subplots()
    draw(ax)
    assert describe(fig) == said


@pytest.mark.fast
def test_a_twin_is_no_panel_and_a_bar_of_colours_neither():
    fig, ax = plt.subplots()
    ax.set_ylabel("loss")
    ax.plot([1, 2])
    ax.twinx().plot([2, 1])
    assert describe(fig) == "Loss, a line; a line."
    fig, ax = plt.subplots()
    fig.colorbar(ax.imshow(np.eye(3)), label="weight")
    assert describe(fig) == "An image."


@pytest.mark.fast
def test_a_long_text_ends_and_trouble_is_no_error(monkeypatch):
    fig, ax = plt.subplots()
    plots.finding(ax, "word " * 1000)
    assert describe(fig).endswith(" word ...") and len(describe(fig)) <= MOST
    monkeypatch.setattr(type(fig), "get_suptitle", lambda self: 1 / 0)
    assert describe(fig) == UNKNOWN


START = "from course_lib import plots\nimport matplotlib.pyplot as plt\nplots.use_style()"
FIGURE = "ax = plt.subplots()[1]\nax.plot([1, 2])\nplots.finding(ax, 'It rises')\nplt.show()"
WORDS = "It rises. A line."


def test_a_kernel_puts_the_words_beside_the_picture_whatever_its_format(tmp_path):
    formats = {
        "": "image/png",
        "%matplotlib inline\n": "image/png",
        "%config InlineBackend.figure_format = 'retina'\n": "image/png",
        "%config InlineBackend.figure_format = 'svg'\n%matplotlib inline\n": "image/svg+xml",
        "%config InlineBackend.figure_format = 'jpeg'\n": "image/jpeg",
    }
    with kernel(tmp_path, COURSE_STATE_DIR=str(tmp_path)) as running:
        running.run(START)
        before = None
        for choice, kind in formats.items():
            (output,) = running.run(choice + FIGURE).outputs
            assert kind in output["data"]
            assert output["metadata"][kind]["alt"] == WORDS
            assert output["data"]["text/plain"] == WORDS  # VS Code's alternative of a picture
            if kind == "image/png" and "retina" not in choice:
                assert before in (None, output["data"][kind])  # the same picture as ever
                before = output["data"][kind]
        assert "width" in running.run(list(formats)[2] + FIGURE).outputs[0]["metadata"]["image/png"]  # retina's own
        (empty,) = running.run("plt.figure()").outputs[:1]
        assert empty["data"] == {"text/plain": "<Figure size 770x462 with 0 Axes>"}


def test_words_change_no_pixel(tmp_path):
    with kernel(tmp_path, COURSE_STATE_DIR=str(tmp_path)) as running:
        running.run(START)
        (told,) = running.run(FIGURE).outputs
        running.run(
            "from matplotlib.figure import Figure\n"
            "bundles = get_ipython().display_formatter.mimebundle_formatter\nbundles.pop(Figure)\n"
            "from matplotlib_inline.backend_inline import set_matplotlib_formats\nset_matplotlib_formats('png')"
        )
        (plain,) = running.run(FIGURE).outputs
        assert plain["metadata"] == {}
        assert plain["data"]["image/png"] == told["data"]["image/png"]
