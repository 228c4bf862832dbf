"""`count_parameters`: how many numbers training may move, each counted once."""

import numpy as np

from grader.changes import change
from grader.exercises.u12_structure.common import UNIT, Layer, conv, linear, norm, plain
from grader.spec import Case, Exercise, Group, Misconception


def parameter_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, layers: list[Layer], trainable_only: bool = False) -> Case:
        return Case(label, group, {"layers": layers, "trainable_only": trainable_only})

    C, F, D, M = (int(size) for size in rng.choice(np.arange(3, 16), 4, replace=False))
    frozen, first = {"frozen": True}, linear("first", C * F, D)
    body = [conv("conv1", C, F, 3, bias=False), norm("bn1", F), plain("relu", "relu")]
    return [
        case("one linear layer", "layers", [linear("fc", D, M)]),
        case("a convolution with a bias", "layers", [conv("conv", C, F, [3, 5])]),
        case("a convolution in groups", "layers", [conv("conv", 2 * C, 4 * C, 3, groups=C, bias=False)]),
        case(
            "a block within the network",
            "layers",
            [
                {"name": "block", "kind": "chain", "layers": [conv("a", C, F, 1), conv("b", F, D, 3)]},
                linear("fc", D, M),
            ],
        ),
        case("batch normalization", "buffers", body),
        case("a table that is no parameter", "buffers", [linear("fc", D, M, {"table": [C, F]}), linear("out", M, C)]),
        case(
            "one layer used twice", "shared", [first, linear("fc", D, D), {"name": "fc2", "kind": "again", "of": "fc"}]
        ),
        case(
            "two layers with one weight",
            "shared",
            [first, linear("there", D, D), linear("back", D, D, {"tied": "there"})],
        ),
        case("a frozen layer, all", "frozen", [conv("conv", C, F, 3, frozen), linear("fc", F, M)]),
        case("a frozen layer, trainable only", "frozen", [conv("conv", C, F, 3, frozen), linear("fc", F, M)], True),
        case("all frozen, trainable only", "frozen", [linear("fc", D, M, frozen)], True),
        case("nothing frozen, trainable only", "frozen", [*body, linear("fc", F, M)], True),
    ]


def parameter_formula(layers: list[Layer], trainable_only: bool) -> int:
    """Products of the sizes in the description; no network is made."""
    total = 0
    for layer in layers:
        if trainable_only and layer.get("frozen"):
            continue
        if layer["kind"] == "chain":
            total += parameter_formula(layer["layers"], trainable_only)
        elif layer["kind"] == "norm":
            total += 2 * layer["args"][0]
        elif layer["kind"] in ("conv", "linear"):
            inputs, outputs, *kernel = layer["args"]
            options = layer["options"]
            places = int(np.prod(np.broadcast_to(kernel[0], 2))) if kernel else 1
            weight = inputs // options.get("groups", 1) * outputs * places
            total += weight * ("tied" not in layer) + outputs * options.get("bias", True)
    return total


def count_parameters(model, trainable_only=False):
    total = 0
    for p in model.parameters():
        if p.requires_grad or not trainable_only:
            total += p.numel()
    return total


def count_by_identity(model, trainable_only=False):
    seen = {}
    for part in model.modules():
        for p in part.parameters(recurse=False):
            seen[id(p)] = p.numel() if p.requires_grad or not trainable_only else 0
    return sum(seen.values())


def count_in_a_list(model, trainable_only=False):
    return sum([p.nelement() for p in model.parameters() if not trainable_only or p.requires_grad])


COUNT_PARAMETERS = Exercise(
    name="count_parameters",
    unit=UNIT,
    returns=("count",),
    driver="counted_network",
    groups=(
        Group("layers", "counts the weights and biases of layers, also of those inside blocks", 1, hint=1),
        Group("buffers", "leaves out what is saved and never trained", 1, hint=1),
        Group("shared", "counts what two layers share only once", 1, hint=2),
        Group("frozen", "counts frozen parameters unless only trainable ones are asked for", 1, hint=3),
    ),
    cases=parameter_cases,
    reference=parameter_formula,
    misconceptions=(
        Misconception(
            "all_that_is_saved",
            change(
                count_parameters,
                "return total",
                "return total if trainable_only else sum(value.numel() for value in model.state_dict().values())",
            ),
            "You count what state_dict() saves. That holds buffers too, such as the running mean and variance of a "
            "normalization, which no optimizer moves; and it lists what two layers share under both names.",
        ),
        Misconception(
            "all_that_is_saved_always",
            change(
                count_parameters, "return total", "return sum(value.numel() for value in model.state_dict().values())"
            ),
            "You count what state_dict() saves, whatever trainable_only says. That holds buffers too, such as the "
            "running mean and variance of a normalization; it lists what two layers share under both names; and it "
            "does not tell what is frozen.",
        ),
        Misconception(
            "buffers_too",
            change(count_parameters, "return total", "return total + sum(b.numel() for b in model.buffers())"),
            "You count buffers. A running mean is computed, and saved along with the model, yet no gradient ever moves "
            "it. Parameters are what model.parameters() hands to an optimizer.",
        ),
        Misconception(
            "shared_twice",
            change(
                count_parameters,
                "for p in model.parameters():",
                "for _, p in model.named_parameters(remove_duplicate=False):",
            ),
            "You add up layer by layer, and what two layers share is counted for both. There is only one tensor: one "
            "gradient, one place in memory. When do two names mean the same parameter?",
        ),
        Misconception(
            "one_weight_in_two_layers",
            change(
                count_parameters,
                "for p in model.parameters():",
                "for p in [p for part in model.modules() for p in part.parameters(recurse=False)]:",
            ),
            "You go from layer to layer. Two layers may hold one and the same tensor as their weight, and then you "
            "count it for each: one gradient moves it, so it counts once.",
        ),
        Misconception(
            "once_a_level",
            change(
                count_parameters,
                "for p in model.parameters():",
                "for p in [p for part in model.modules() for p in part.parameters()]:",
            ),
            "You ask every part of the model for all its parameters, and the model itself is one of these parts: "
            "whatever lies inside another part is counted again. parameters() alone goes down into everything.",
        ),
        Misconception(
            "frozen_left_out",
            change(count_parameters, "p.requires_grad or not trainable_only", "p.requires_grad"),
            "You leave frozen parameters out even where nobody asked for that. They take memory and time as all others "
            "do. Only trainable_only=True is the question that leaves them out.",
        ),
        Misconception(
            "frozen_always_in",
            change(count_parameters, "        if p.requires_grad or not trainable_only:\n    ", ""),
            "You never look at trainable_only. When it is True, parameters that need no gradient are not to be "
            "counted: each parameter knows whether it needs one.",
        ),
        Misconception(
            "only_the_frozen",
            change(
                count_parameters, "p.requires_grad or not trainable_only", "not (p.requires_grad and trainable_only)"
            ),
            "With trainable_only=True you count what is frozen and leave the trainable ones out: your condition is "
            "the wrong way round.",
        ),
        Misconception(
            "the_other_way_round",
            change(count_parameters, "or not trainable_only", "or trainable_only"),
            "Your trainable_only does the opposite of what it says: you leave frozen parameters out when it is "
            "False, and count them when it is True.",
        ),
        Misconception(
            "weights_only",
            change(
                count_parameters,
                "for p in model.parameters():",
                "for p in [p for name, p in model.named_parameters() if name.endswith('weight')]:",
            ),
            "You count weights and forget biases. They are few, but they are parameters: of a linear layer from D to M "
            "there are D times M weights and M biases.",
        ),
        Misconception(
            "normalizations_left_out",
            change(
                count_parameters,
                "for p in model.parameters():",
                "for p in [p for m in model.modules() if not hasattr(m, 'eps') for p in m.parameters(recurse=False)]:",
            ),
            "You count the layers that convolve or multiply, and no others. A normalization has a weight and a bias "
            "for each channel, and training moves them.",
        ),
        Misconception(
            "tensors",
            change(count_parameters, "p.numel()", "1"),
            "You count tensors: a matrix of a million entries counts as one. How many numbers does a tensor hold?",
        ),
        Misconception(
            "outer_layers_only",
            change(
                count_parameters,
                "for p in model.parameters():",
                "for p in [p for layer in model.children() for p in layer.parameters(recurse=False)]:",
            ),
            "You look at the outermost layers only, and a block's own layers are passed over. A model's parameters() "
            "goes down into everything that it is made of.",
        ),
    ),
    also_right=(
        count_parameters,
        count_by_identity,
        count_in_a_list,
        change(count_parameters, "p.numel()", "p.data.view(-1).shape[0]"),
        change(count_parameters, "p in model.parameters()", "p in dict(model.named_parameters()).values()"),
    ),
)
