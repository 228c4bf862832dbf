"""`count_parameters`: how many numbers training may move, each counted once."""

from typing import Any

import numpy as np

from grader.spec import Case, Exercise, Group, Misconception

UNIT = "11_structure"
Layer = dict[str, Any]


def conv(name: str, C: int, F: int, kernel: Any, more: Layer | None = None, **options: Any) -> Layer:
    return {"name": name, "kind": "conv", "args": [C, F, kernel], "options": options, **(more or {})}


def linear(name: str, D: int, M: int, more: Layer | None = None, **options: Any) -> Layer:
    return {"name": name, "kind": "linear", "args": [D, M], "options": options, **(more or {})}


def norm(name: str, C: int, more: Layer | None = None) -> Layer:
    return {"name": name, "kind": "norm", "args": [C], "options": {}, **(more or {})}


def plain(name: str, kind: str) -> Layer:
    return {"name": name, "kind": kind}


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


def count_all_that_is_saved(model: Any, trainable_only: bool = False) -> int:
    if trainable_only:
        return sum(p.numel() for p in model.parameters() if p.requires_grad)
    return sum(value.numel() for value in model.state_dict().values())


def count_with_buffers(model: Any, trainable_only: bool = False) -> int:
    total = sum(p.numel() for p in model.parameters() if p.requires_grad or not trainable_only)
    return total + sum(b.numel() for b in model.buffers())


def count_by_layer(model: Any, trainable_only: bool = False) -> int:
    total = 0
    for _, part in model.named_modules(remove_duplicate=False):
        for p in part.parameters(recurse=False):
            if p.requires_grad or not trainable_only:
                total += p.numel()
    return total


def count_only_trainable(model: Any, trainable_only: bool = False) -> int:
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def count_frozen_too(model: Any, trainable_only: bool = False) -> int:
    return sum(p.numel() for p in model.parameters())


def count_weights(model: Any, trainable_only: bool = False) -> int:
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad or not trainable_only]
    return sum(p.numel() for name, p in named if name.endswith("weight"))


def count_tensors(model: Any, trainable_only: bool = False) -> int:
    return len([p for p in model.parameters() if p.requires_grad or not trainable_only])


def count_outer_layers(model: Any, trainable_only: bool = False) -> int:
    total = 0
    for layer in model.children():
        for p in layer.parameters(recurse=False):
            if p.requires_grad or not trainable_only:
                total += p.numel()
    return total


def count_by_identity(model: Any, trainable_only: bool = False) -> int:
    seen: dict = {}
    for part in model.modules():
        for p in part.parameters(recurse=False):
            seen[id(p)] = p.numel() if p.requires_grad or not trainable_only else 0
    return sum(seen.values())


def count_in_numpy(model: Any, trainable_only: bool = False) -> int:
    arrays = [p.detach().numpy() for _, p in model.named_parameters() if not trainable_only or p.requires_grad]
    return int(sum(np.prod(array.shape) for array in arrays))


COUNT_PARAMETERS = Exercise(
    name="count_parameters",
    unit=UNIT,
    returns=("count",),
    probe="counted_network",
    groups=(
        Group("layers", "counts the weights and biases of layers, also of those inside blocks", 1),
        Group("buffers", "leaves out what is saved and never trained", 1),
        Group("shared", "counts what two layers share only once", 1),
        Group("frozen", "counts frozen parameters unless only trainable ones are asked for", 1),
    ),
    cases=parameter_cases,
    reference=parameter_formula,
    misconceptions=(
        Misconception(
            "all_that_is_saved",
            count_all_that_is_saved,
            "You count what state_dict() saves. That holds buffers too, such as the running mean and variance of a "
            "normalization, which no optimizer moves; and it lists what two layers share under both names.",
            hint=1,
        ),
        Misconception(
            "buffers_too",
            count_with_buffers,
            "You count buffers. A running mean is computed, and saved along with the model, yet no gradient ever moves "
            "it. Parameters are what model.parameters() hands to an optimizer.",
            hint=1,
        ),
        Misconception(
            "shared_twice",
            count_by_layer,
            "You add up layer by layer, and what two layers share is counted for both. There is only one tensor: one "
            "gradient, one place in memory. When do two names mean the same parameter?",
            hint=2,
        ),
        Misconception(
            "frozen_left_out",
            count_only_trainable,
            "You leave frozen parameters out even where nobody asked for that. They take memory and time as all others "
            "do. Only trainable_only=True is the question that leaves them out.",
            hint=3,
        ),
        Misconception(
            "frozen_always_in",
            count_frozen_too,
            "You never look at trainable_only. When it is True, parameters that need no gradient are not to be "
            "counted: each parameter knows whether it needs one.",
            hint=3,
        ),
        Misconception(
            "weights_only",
            count_weights,
            "You count weights and forget biases. They are few, but they are parameters: of a linear layer from D to M "
            "there are D times M weights and M biases.",
            hint=1,
        ),
        Misconception(
            "tensors",
            count_tensors,
            "You count tensors: a matrix of a million entries counts as one. How many numbers does a tensor hold?",
            hint=1,
        ),
        Misconception(
            "outer_layers_only",
            count_outer_layers,
            "You look at the outermost layers only, and a block's own layers are passed over. A model's parameters() "
            "goes down into everything that it is made of.",
            hint=1,
        ),
    ),
    equivalents=(count_by_identity, count_in_numpy),
)
