"""What a person sees in the figures: paths, labels, findings, marks; nothing clipped, nothing warned of."""

import subprocess
import sys
import warnings

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.colors import to_hex, to_rgb

from course_lib import plots
from course_lib.errors import CourseError
from course_lib.objectives import Quadratic, Rosenbrock

pytestmark = pytest.mark.fast

AXES = {"xlabel": "update", "ylabel": "loss (nats)"}
PLANE = {"xlabel": r"$\theta_1$", "ylabel": r"$\theta_2$"}
RAVINE = Quadratic(np.diag([10.0, 1.0]))


@pytest.fixture(autouse=True)
def styled():
    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.simplefilter("error")
        plots.use_style()
        try:
            yield
            for number in plt.get_fignums():
                hold_all_inside(plt.figure(number))
        finally:
            plt.close("all")


def hold_all_inside(figure):
    """All that is drawn lies within the page: no label, title or legend is cut off."""
    figure.canvas.draw()
    box = figure.get_tightbbox(figure.canvas.get_renderer())
    width, height = figure.get_size_inches()
    assert box.x0 > -0.01
    assert box.y0 > -0.01
    assert box.x1 < width + 0.01
    assert box.y1 < height + 0.01


def descend(f, start, lr, steps):
    path = [np.array(start, dtype=float)]
    for _ in range(steps):
        path.append(path[-1] - lr * f.grad(path[-1]))
    return np.array(path)


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def line(ax, label):
    return next(each for each in ax.lines if each.get_label() == label)


def luminance(colour):
    channels = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return np.dot([0.2126, 0.7152, 0.0722], channels)


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


# --- Style -----------------------------------------------------------------------------------------------------


def test_importing_plots_imports_no_matplotlib():
    code = "import sys; from course_lib import plots; assert 'matplotlib' not in sys.modules, 'matplotlib'"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_words_are_readable_on_the_card_and_lines_are_visible():
    assert contrast(plots.INK, plots.CARD) > 7
    assert contrast(plots.MUTED, plots.CARD) > 4.5
    assert all(contrast(colour, plots.CARD) > 2 for colour in plots.PALETTE)
    assert matplotlib.rcParams["figure.facecolor"] == matplotlib.rcParams["savefig.facecolor"] == plots.CARD


def test_fourteen_lines_look_all_different():
    ax = plots.loss_curves({f"run {i}": np.full(5, 1.0 + i) for i in range(14)}, **AXES)
    looks = {(each.get_color(), each.get_linestyle()) for each in ax.lines}
    assert len(looks) == 14


@pytest.mark.parametrize(
    "draw",
    [
        lambda: plots.contour_with_paths(RAVINE, {"gd": descend(RAVINE, (1, -2), 0.1, 9)}, xlabel="x"),
        lambda: plots.loss_curves({"gd": [1.0, 0.5]}, ylabel="loss"),
        lambda: plots.error_plot([0.1, 0.01], {"forward": [1.0, 0.1]}),
        lambda: plots.sweep([0.1, 1.0], [1.0, 2.0], xlabel="lr"),
    ],
)
def test_no_plot_without_names_on_its_axes(draw):
    with pytest.raises(TypeError, match="label"):
        draw()


# --- Contours and paths ----------------------------------------------------------------------------------------


def test_paths_are_drawn_whole_over_contours():
    paths = {f"lr = {lr}": descend(RAVINE, (1, -2), lr, 40) for lr in (0.01, 0.1, 0.18)}
    ax = plots.contour_with_paths(RAVINE, paths, minimum=(0, 0), **PLANE)
    assert ax.get_xlabel() == PLANE["xlabel"]
    assert ax.get_ylabel() == PLANE["ylabel"]
    for label, path in paths.items():
        np.testing.assert_array_equal(np.transpose(line(ax, label).get_data()), path)
        assert (path >= [ax.get_xlim()[0], ax.get_ylim()[0]]).all()
        assert (path <= [ax.get_xlim()[1], ax.get_ylim()[1]]).all()
    assert legend(ax) == [*paths, "minimum"]
    assert len({line(ax, label).get_color() for label in paths}) == 3
    assert len(ax.collections) >= 2  # shade and contours


def test_a_path_that_runs_away_does_not_shrink_the_picture_and_says_so():
    with np.errstate(all="ignore"):
        wild = descend(Rosenbrock(), (-1.2, 1.0), 0.01, 40)  # overflows to nan
    assert not np.isfinite(wild).all()
    tame = descend(Rosenbrock(), (-1.2, 1.0), 0.001, 3000)
    ax = plots.contour_with_paths(Rosenbrock(), {"wild": wild, "tame": tame}, minimum=(1, 1), **PLANE)
    assert ax.get_xlim()[1] - ax.get_xlim()[0] < 4
    assert legend(ax) == ["wild\n(leaves the picture)", "tame", "minimum"]
    drawn = np.transpose(line(ax, "wild\n(leaves the picture)").get_data())
    assert np.isfinite(drawn).all()
    assert np.abs(drawn).max() < 1000


def test_a_slowly_diverging_path_shows_its_first_steps():
    path = descend(RAVINE, (1, -2), 0.21, 60)
    ax = plots.contour_with_paths(RAVINE, {"lr = 0.21": path}, minimum=(0, 0), **PLANE)
    assert legend(ax)[0].endswith("(leaves the picture)")
    assert ax.get_xlim()[0] < path[1, 0] < ax.get_xlim()[1]
    assert ax.get_xlim()[1] < 5


@pytest.mark.parametrize("start", [(1.0, 0.0), (0.0, 0.0), (1e-8, 1e-8)])
def test_paths_along_an_axis_or_of_no_length_still_have_a_picture(start):
    ax = plots.contour_with_paths(RAVINE, {"gd": descend(RAVINE, start, 0.05, 20)}, equal=True, **PLANE)
    assert ax.get_ylim()[1] > ax.get_ylim()[0]
    assert ax.get_aspect() == 1.0


def test_a_given_window_is_kept_and_flat_or_partly_infinite_functions_draw():
    window = (-1.0, 2.0, -3.0, 3.0)
    ax = plots.contour_with_paths(lambda t: 1.0, {}, window=window, **PLANE)
    assert (*ax.get_xlim(), *ax.get_ylim()) == window
    plots.contour_with_paths(lambda t: np.inf if t[0] < 0 else float(t @ t), {}, window=window, **PLANE)


@pytest.mark.parametrize(
    ("paths", "says"),
    [
        ({"gd": np.zeros((3, 3))}, r"'gd' has shape \(3, 3\)"),
        ({"gd": [[np.nan, 0.0]]}, "'gd' starts at a value that is not finite"),
        ({}, "needs a window"),
    ],
)
def test_paths_that_cannot_be_drawn_are_a_sentence(paths, says):
    with pytest.raises(CourseError, match=says):
        plots.contour_with_paths(RAVINE, paths, **PLANE)


# --- Curves ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("band", "edge"), [("std", 1.0 + np.std([0.0, 1.0, 2.0])), ("minmax", 2.0)])
def test_seeds_become_a_mean_and_a_band(band, edge):
    ax = plots.loss_curves({"SGD": np.repeat([[0.0], [1.0], [2.0]], 5, axis=1)}, band=band, **AXES)
    np.testing.assert_array_equal(line(ax, "SGD").get_ydata(), np.ones(5))
    assert ax.collections[0].get_paths()[0].vertices[:, 1].max() == pytest.approx(edge)
    assert ax.get_ylabel() == "loss (nats)"


def test_one_run_has_no_band_and_own_x_values_are_used():
    x = {"epochs": [0, 10, 20], "updates": [0, 1]}
    ax = plots.loss_curves({"epochs": [3, 2, 1], "updates": [3, 1]}, x=x, **AXES)
    assert len(ax.collections) == 0
    assert list(line(ax, "epochs").get_xdata()) == [0, 10, 20]
    assert legend(ax) == ["epochs", "updates"]


@pytest.mark.parametrize("logy", [True, False])
def test_an_exploding_curve_does_not_flatten_the_others(logy):
    steps = np.arange(300)
    with np.errstate(over="ignore"):
        wild = np.exp(steps * 3.0)  # up to inf
    tame = np.exp(-steps / 50)
    ax = plots.loss_curves({"tame": tame, "wild": [wild, wild]}, logy=logy, **AXES)
    bottom, top = ax.get_ylim()
    assert top < 50
    assert bottom <= tame.min()


def test_a_band_on_a_logarithmic_axis_never_reaches_below_the_runs():
    runs = np.array([[1e-3] * 5, [1.0] * 5, [1e-3] * 5])  # the mean less one std would be negative
    ax = plots.loss_curves({"SGD": runs}, logy=True, **AXES)
    assert ax.collections[0].get_paths()[0].vertices[:, 1].min() == pytest.approx(1e-3)


def test_curves_of_the_wrong_shape_are_a_sentence():
    with pytest.raises(CourseError, match=r"'SGD' have shape \(2, 2, 2\)"):
        plots.loss_curves({"SGD": np.zeros((2, 2, 2))}, **AXES)


def test_errors_against_h_have_guides_of_their_order():
    h = 10.0 ** np.arange(-8, 0)
    ax = plots.error_plot(
        h,
        {"forward": h, "exact": np.zeros(8)},
        orders={"forward": 1, "exact": 2},
        xlabel="step h",
        ylabel="absolute error",
    )
    assert ax.get_xscale() == ax.get_yscale() == "log"
    guide = line(ax, "falls like $h^1$")
    slope = np.polyfit(np.log(guide.get_xdata()), np.log(guide.get_ydata()), 1)[0]
    assert slope == pytest.approx(1)
    assert to_hex(guide.get_color()) == to_hex(line(ax, "forward").get_color())
    assert "falls like $h^2$" not in legend(ax)  # an error of zero has no slope


# --- Sweeps ----------------------------------------------------------------------------------------------------

LRS = 10.0 ** np.linspace(-3, 0, 13)


def crosses(ax):
    return [each for each in ax.lines if each.get_marker() == "x" and np.size(each.get_xdata())]


def rings(ax):
    return [each for each in ax.lines if each.get_marker() == "o" and each.get_linestyle() == "None"]


def test_a_sweep_rings_the_best_and_marks_the_diverged():
    losses = (np.log10(LRS) + 1.5) ** 2 + 0.1
    losses[-3], losses[-2], losses[-1] = 50.0, np.inf, np.nan
    ax = plots.sweep(
        LRS,
        losses,
        start_loss=10.0,
        limit=(0.2, "2 / L"),
        xlabel="learning rate",
        ylabel="loss after 60 steps",
    )
    (ring,) = rings(ax)
    assert ring.get_xdata()[0] == LRS[np.argmin(losses[:-3])]
    (cross,) = crosses(ax)
    np.testing.assert_array_equal(cross.get_xdata(), LRS[-3:-2])  # the first: beyond it all diverged
    assert (np.asarray(cross.get_ydata()) > 0.9).all()  # of the axis
    assert legend(ax) == ["worse than at the start"]  # a loss of 50 is finite
    assert ax.texts[0].get_text() == "2 / L"
    assert ax.get_xscale() == "log"


def test_several_sweeps_keep_their_crosses_apart():
    runs = np.tile((np.log10(LRS) + 1.5) ** 2 + 0.1, (3, 1))
    runs[1, -1] = np.nan  # one seed of three diverged: so does the learning rate
    ax = plots.sweep(LRS, {"SGD": runs, "Adam": runs}, xlabel="learning rate", ylabel="loss")
    first, second = crosses(ax)
    assert first.get_ydata()[0] != second.get_ydata()[0]
    assert first.get_color() == line(ax, "SGD").get_color() != second.get_color()
    assert legend(ax) == ["SGD", "Adam", "diverged"]


def test_a_sweep_in_which_all_diverged_is_crosses_alone():
    ax = plots.sweep(LRS, np.full(13, np.inf), xlabel="learning rate", ylabel="loss")
    assert rings(ax) == []
    assert [cross.get_xdata()[0] for cross in crosses(ax)] == [LRS[0]]
    assert legend(ax) == ["diverged"]


def test_a_learning_rate_that_diverged_between_two_that_did_not_has_its_own_cross():
    losses = np.linspace(1, 2, 13)
    losses[[4, 11, 12]] = np.nan
    (cross,) = crosses(plots.sweep(LRS, losses, xlabel="learning rate", ylabel="loss"))
    np.testing.assert_array_equal(cross.get_xdata(), LRS[[4, 11]])


def test_bands_in_one_picture_differ_by_more_than_their_colour():
    for count in (6, 200):
        ax = plt.subplots()[1]
        plots.bands(ax, np.arange(count), np.ones(count), label="one")
        assert line(ax, "one").get_marker() == "None"
        plots.bands(ax, np.arange(count), np.zeros(count), label="two")
        ax.set_xscale("symlog")
        ax.figure.canvas.draw()
        assert {line(ax, "one").get_marker(), line(ax, "two").get_marker()} == {"o", "s"}
        assert (line(ax, "two").get_markevery() is None) == (count == 6)


def test_paths_in_one_picture_differ_by_more_than_their_colour():
    for steps in (20, 200):
        paths = {name: descend(RAVINE, (1, -2), lr, steps) for name, lr in (("slow", 0.01), ("fast", 0.05))}
        ax = plots.contour_with_paths(RAVINE, paths, **PLANE)
        marks = [line(ax, label).get_marker() for label in paths]
        assert len(set(marks)) == 2 and "None" not in marks
        alone = plots.contour_with_paths(RAVINE, {"slow": paths["slow"]}, **PLANE)
        assert line(alone, "slow").get_marker() == ("." if steps == 20 else "None")


def test_curves_in_one_picture_differ_by_more_than_their_colour():
    curves = {"SGD": np.linspace(2, 1, 40), "Adam": np.linspace(2, 0, 40)}
    for ax in (
        plots.loss_curves(curves, xlabel="update", ylabel="loss"),
        plots.sweep(np.geomspace(0.001, 1, 40), curves, xlabel="learning rate", ylabel="loss"),
    ):
        marks = [line(ax, label).get_marker() for label in curves]
        assert len(set(marks)) == 2
        assert "None" not in marks
    ax = plots.loss_curves(curves, xlabel="update", ylabel="loss", x=np.arange(1, 41), logx=True)
    marked = np.log([line(ax, "SGD").get_xdata()[i] for i in line(ax, "SGD").get_markevery()])
    assert len(marked) == 6 and np.ptp(np.diff(marked)) < 0.5  # equal distances on the page
    assert plots.loss_curves({"": [2, 1]}, xlabel="update", ylabel="loss").lines[0].get_marker() == "None"


# --- Images ----------------------------------------------------------------------------------------------------


def test_images_with_their_labels_and_the_wrong_ones_marked():
    images = np.random.default_rng(0).random((11, 28, 28))
    labels = ["T-shirt/top", "Ankle boot", *["Coat"] * 9]
    ax = plots.image_grid(images, labels, wrong=[False, True] + [False] * 9)
    plots.finding(ax, "One of eleven is named wrongly")
    assert len(ax.images) == 11
    for shown, image in zip(ax.images, images, strict=True):
        np.testing.assert_array_equal(shown.get_array(), image)
    words = [text.get_text().replace("\n", " ").replace("/ ", "/") for text in ax.texts]
    assert words[0] == "T-shirt/top"
    assert words[1].endswith("Ankle boot")
    assert words[1] != "Ankle boot"  # a mark beside the colour, for those who see no colour
    assert to_hex(ax.texts[1].get_color()) == to_hex(plots.WRONG_INK)


@pytest.mark.parametrize("shape", [(1, 5, 7), (3, 1, 28, 28), (4, 8, 8, 3)])
def test_one_image_channels_and_colour(shape):
    ax = plots.image_grid(np.random.default_rng(0).random(shape))
    assert len(ax.images) == shape[0]


def test_signed_images_are_centred_on_zero():
    ax = plots.image_grid(np.array([[[-1.0, 3.0]]]), signed=True)
    assert ax.images[0].get_clim() == (-3.0, 3.0)


@pytest.mark.parametrize(
    ("images", "labels", "says"),
    [
        (np.zeros((28, 28)), None, r"shape \(28, 28\)"),
        (np.zeros((0, 28, 28)), None, r"shape \(0, 28, 28\)"),
        (np.zeros((2, 5, 28, 28)), None, r"shape \(2, 5, 28, 28\)"),
        (np.zeros((2, 28, 28)), ["Coat"], "2 images but 1 label"),
    ],
)
def test_images_that_make_no_grid_are_a_sentence(images, labels, says):
    with pytest.raises(CourseError, match=says):
        plots.image_grid(images, labels)


# --- Findings --------------------------------------------------------------------------------------------------

LONG = "Above 2 / L the steps grow; just below it they bounce across the ravine and hardly move along it at all"


def test_a_finding_is_the_title_at_the_left_and_wraps():
    ax = plots.loss_curves({"SGD": [1.0, 0.5]}, **AXES)
    assert plots.finding(ax, LONG) is None
    title = ax.get_title(loc="left")
    assert title.replace("\n", " ") == LONG
    assert 1 <= title.count("\n") <= 2
    plots.finding(ax, "Short")
    assert ax.get_title(loc="left") == "Short"


def test_a_formula_in_a_finding_is_not_broken():
    ax = plots.loss_curves({"SGD": [1.0, 0.5]}, **AXES)
    formula = r"$\theta_{t + 1} = \theta_t - \alpha \nabla J ( \theta_t )$"
    plots.finding(ax, f"Each step follows the rule that you wrote down, that is {formula} and nothing else at all")
    assert formula in ax.get_title(loc="left")


def test_findings_of_panels_and_of_the_whole_stay_clear_of_each_other():
    figure, axes = plt.subplots(1, 2, figsize=(7, 3.6))
    for ax in axes:
        plots.loss_curves({"SGD": [1.0, 0.5]}, ax, **AXES)
        plots.finding(ax, LONG)
    plots.finding(figure, LONG)
    figure.canvas.draw()
    left, right = (ax._left_title for ax in axes)
    assert left.get_window_extent().x1 < right.get_window_extent().x0
    assert figure.get_suptitle().replace("\n", " ") == LONG


# --- Play ------------------------------------------------------------------------------------------------------


def test_outside_a_notebook_play_draws_the_defaults_once():
    drawn = []
    assert plots.play(lambda lr=0.3, nesterov=False: drawn.append((lr, nesterov)), lr=(0.1, 1.0, 0.1)) is None
    assert drawn == [(0.3, False)]


def test_a_control_without_a_default_to_draw_with_is_a_sentence():
    with pytest.raises(CourseError, match="'lr' with a default"):
        plots.play(lambda lr: None, lr=(0.1, 1.0, 0.1))
    with pytest.raises(CourseError, match="'momentum' with a default"):
        plots.play(lambda lr=1.0: None, momentum=[0.0, 0.9])
