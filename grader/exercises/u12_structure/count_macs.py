"""`count_macs`: the multiplications of a forward pass, by layer."""

import numpy as np

from course_lib.judging.drivers.base import all_of
from course_lib.judging.drivers.structure import described_network
from grader.changes import change
from grader.exercises.u12_structure.common import UNIT, Layer, conv, linear, norm, plain
from grader.spec import Case, Exercise, Group, Misconception


def mac_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, layers: list[Layer], *shape: int, training: bool = False) -> Case:
        return Case(label, group, {"layers": layers, "shape": list(shape), "training": training, "asks": group})

    C, F, D = (int(size) for size in rng.choice(np.arange(2, 8), 3, replace=False))
    H, W = int(rng.integers(9, 14)), int(rng.integers(15, 20))
    block = {
        "name": "block",
        "kind": "chain",
        "layers": [conv("a", F, F, 3, padding=1), norm("n", F), conv("b", F, C, 1)],
    }
    mean = [plain("mean", "mean"), plain("flat", "flatten")]
    bends = [plain(f"relu{number}", "relu") for number in range(int(rng.integers(1, 40)))]
    trained = [conv("conv", C, F, 3), norm("bn", F), *bends, *mean, linear("fc", F, D)]
    return [
        case("one convolution", "conv", [conv("conv1", C, F, 3, padding=1)], C, H, W),
        case("no padding, a kernel of 3 x 5", "conv", [conv("conv1", C, F, [3, 5]), plain("r", "relu")], C, H, W),
        case("stride 2", "conv", [conv("conv1", C, F, 3, stride=2, padding=1)], C, H, W),
        case("two convolutions and a pooling", "conv", [conv("a", C, F, 3), plain("p", "pool"), block], C, H, W),
        case("depthwise", "grouped", [conv("depthwise", 2 * C, 2 * C, 3, padding=1, groups=2 * C)], 2 * C, H, W),
        case("two groups, stride 2", "grouped", [conv("conv", 2 * C, 2 * F, 3, groups=2, stride=2)], 2 * C, H, W),
        case("dilation 2", "grouped", [conv("conv", C, F, 3, dilation=2), conv("next", F, C, 1, groups=1)], C, H, W),
        case("linear layers", "linear", [plain("f", "flatten"), linear("fc1", C * 6, F), linear("fc2", F, 1)], C, 2, 3),
        case("convolution, mean, linear", "linear", [conv("conv", C, F, 3), *mean, linear("fc", F, D)], C, H, W),
        case("linear on each row of an image", "linear", [linear("rows", W, D, bias=False)], C, H, W),
        case(
            "one layer twice",
            "twice",
            [conv("a", C, C, 3, padding=1), {"name": "b", "kind": "again", "of": "a"}],
            C,
            H,
            W,
        ),
        case(
            "one layer twice, before and after a pooling",
            "twice",
            [conv("a", C, C, 3, padding=1), plain("p", "pool"), {"name": "b", "kind": "again", "of": "a"}],
            C,
            H,
            W,
        ),
        case("a model in training", "trace", trained, C, H, W, training=True),
        case("a model in evaluation", "trace", trained, C, W, H),
    ]


def macs_by_dispatch(
    layers: list[Layer], shape: list[int], training: bool, asks: str
) -> tuple[dict[str, int] | None, dict[str, bool | str] | None]:
    """PyTorch's FlopCounterMode, which sees the operations that run and asks no layer; it counts two for each MAC."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    if asks == "trace":
        parts = all_of(True, len(list(described_network(layers).modules())), "parts")
        return None, {"no hook is left": parts, "mode as before": parts, "state as before": True}
    model = described_network(layers).eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(torch.zeros(1, *shape))
    counts = {key.removeprefix("Sequential."): sum(by.values()) // 2 for key, by in counter.get_flop_counts().items()}
    names = [name for name, part in model.named_modules() if isinstance(part, torch.nn.Conv2d | torch.nn.Linear)]
    return {name: counts[name] for name in names}, None


def count_macs(model, shape):
    import torch
    from torch import nn

    macs = {}

    def noting(name):
        def hook(layer, inputs, output):
            sums, products = output.numel(), layer.weight[0].numel()
            macs[name] = macs.get(name, 0) + sums * products

        return hook

    handles = []
    for name, layer in model.named_modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            handles.append(layer.register_forward_hook(noting(name)))
    before = model.training
    model.eval()
    with torch.no_grad():
        model(torch.zeros(1, *shape))
    model.train(before)
    for handle in handles:
        handle.remove()
    return macs


def macs_by_shapes(model, shape):
    import copy

    import torch
    from torch import nn

    twin, counts = copy.deepcopy(model).eval(), {}
    for name, part in twin.named_modules():
        if not isinstance(part, nn.Conv2d | nn.Linear):
            continue
        counts[name] = 0

        def hook(layer, given, out, name=name):
            if isinstance(layer, nn.Linear):
                counts[name] += layer.in_features * layer.out_features * (given[0].numel() // layer.in_features)
            else:
                (kh, kw), (_, _, height, width) = layer.kernel_size, out.shape
                counts[name] += kh * kw * layer.in_channels // layer.groups * layer.out_channels * height * width

        part.register_forward_hook(hook)
    twin(torch.randn(1, *shape))
    return counts


linear_once = change(count_macs, "output.numel()", "output.numel() if layer.weight.ndim == 4 else layer.out_features")
LINEAR_ONCE = (
    "Your linear layers count as if they met a single vector. On an image, nn.Linear works on each row of the last "
    "axis: once for each vector that comes in."
)
TWICE = (
    "Your counts are twice too large. Does a multiplication with its addition count as two (FLOPs are twice the MACs, "
    "and mixing the two up is how papers come to differ), or did two examples go through the model?"
)
BIASES = (
    "You add something for biases. Adding a bias multiplies nothing: MACs count multiplications, each with the "
    "addition that goes with it."
)

COUNT_MACS = Exercise(
    name="count_macs",
    unit=UNIT,
    returns=("macs", "trace"),
    driver="counted_macs",
    groups=(
        Group("conv", "counts convolutions of any kernel, stride and padding", 2, hint=2),
        Group("grouped", "counts only the channels that an output looks at", 2, hint=3),
        Group("linear", "counts linear layers at each place where they are used", 1, hint=3),
        Group("twice", "counts a layer as often as it runs", 1, hint=4),
        Group("trace", "leaves the model as it found it", 2, hint=5),
    ),
    cases=mac_cases,
    reference=macs_by_dispatch,
    forbidden=("torch.utils.flop_counter", "torch.profiler"),
    misconceptions=(
        Misconception(
            "operations",
            change(count_macs, "sums * products", "2 * sums * products"),
            TWICE,
        ),
        Misconception(
            "operations_of_one_vector",
            change(linear_once, "sums * products", "2 * sums * products"),
            f"{TWICE} And there is more. {LINEAR_ONCE}",
        ),
        Misconception(
            "size_of_the_input",
            change(
                count_macs,
                "            macs[name] =",
                "            if layer.weight.ndim == 4:\n"
                "                sums = layer.out_channels * inputs[0].shape[-2:].numel()\n"
                "            macs[name] =",
            ),
            "You multiply by the height and width of what goes in. A convolution computes one sum of products for each "
            "place of what comes out: with a stride, or without padding, there are fewer of those.",
        ),
        Misconception(
            "groups_ignored",
            change(count_macs, "weight[0].numel()", "weight[0].numel() * getattr(layer, 'groups', 1)"),
            "You count every input channel for every output channel. With groups, an output looks only at the channels "
            "of its own group. The shape of the layer's weight knows how many these are.",
        ),
        Misconception(
            "square_kernels",
            change(
                count_macs,
                "layer.weight[0].numel()",
                "layer.weight.shape[1] * (layer.kernel_size[0] ** 2 if layer.weight.ndim == 4 else 1)",
            ),
            "You take every kernel for a square. One of 3 x 5 has 15 places, neither 9 nor 25.",
            hint=3,
        ),
        Misconception(
            "assigned",
            change(count_macs, "macs.get(name, 0) + ", ""),
            "A layer that runs twice in one pass works twice, and your count keeps only its last run. The hook is "
            "called at each run: what should it do with what is there already?",
        ),
        Misconception(
            "biases_too",
            change(count_macs, "sums * products", "sums * (products + (layer.bias is not None))"),
            BIASES,
        ),
        Misconception(
            "biases_once",
            change(
                count_macs, "sums * products", "sums * products + (layer.bias.numel() if layer.bias is not None else 0)"
            ),
            BIASES,
        ),
        *(
            Misconception(
                f"biases_of_{name}",
                change(
                    right, "sums * products", "sums * products + (layer.out_features if layer.weight.ndim < 3 else 0)"
                ),
                says,
            )
            for name, right, says in (
                ("linear_layers", count_macs, BIASES),
                ("one_vector", linear_once, f"{BIASES} And there is more. {LINEAR_ONCE}"),
            )
        ),
        Misconception(
            "every_filter_for_each_sum",
            change(count_macs, "layer.weight[0].numel()", "layer.weight.numel()"),
            "You multiply each number that comes out by all of the layer's weights. One output is one sum, with the "
            "products of one filter (or one row of the matrix) only.",
        ),
        Misconception(
            "nothing_counted",
            change(count_macs, "            macs[name] = macs.get(name, 0) + sums * products\n", ""),
            "Your dict is always empty. Does an image go through the model while the hooks are there, and do they "
            "write into the dict that you return?",
            hint=1,
        ),
        Misconception(
            "names_mixed_up",
            change(count_macs, "def noting(name):", "def noting(_):"),
            "Your hooks look their layer's name up when they run, and by then the loop's variable holds the last one: "
            "all counts go there. Each hook has to keep the name that it was made with.",
            hint=1,
        ),
        Misconception(
            "outer_layers_only",
            change(count_macs, "named_modules", "named_children"),
            "You look at the outermost layers only. What lies inside a block has a name of its own, such as block.a, "
            "and works as well.",
            hint=1,
        ),
        Misconception(
            "linear_once",
            linear_once,
            LINEAR_ONCE,
        ),
        Misconception(
            "hooks_left",
            change(count_macs, "    for handle in handles:\n        handle.remove()\n", ""),
            "Your hooks are still there after the pass: whoever uses this model from now on calls them each time. A "
            "hook is a guest; take it away when the pass is done.",
        ),
        Misconception(
            "statistics_moved",
            change(count_macs, "    model.eval()\n", ""),
            "The model came in training mode, and your pass of zeros went through it like that: the running mean and "
            "variance of each normalization have moved. Measure in evaluation mode, and put the mode back.",
        ),
        Misconception(
            "left_in_evaluation",
            change(count_macs, "    model.train(before)\n", ""),
            "The model came in training mode and leaves in evaluation mode. Whoever trains on after your count trains "
            "without dropout and with frozen statistics, and will not know why.",
        ),
        Misconception(
            "always_to_training",
            change(count_macs, "model.train(before)", "model.train()"),
            "You switch to training mode at the end, whatever mode the model came in. Note the mode that it has, and "
            "put that one back.",
        ),
    ),
    also_right=(
        count_macs,
        macs_by_shapes,
        change(
            count_macs,
            "            sums, products = output.numel(), layer.weight[0].numel()\n",
            "",
            "sums * products",
            "output.numel() * layer.weight[0].numel()",
        ),
        change(count_macs, "torch.zeros(1, *shape)", "torch.rand([1] + list(shape))"),
        change(count_macs, "sums * products", "products * int(np.prod(output.shape[1:]))"),
    ),
)
