"""`lottery_rewind`: back to the first day, with the mask of the last."""

import numpy as np

from course_lib.judging.drivers.adaptive import state_arrays, stated_network, tensors
from grader.changes import change
from grader.exercises.u13_adaptive.common import UNIT, Layers, State, conv, linear, norm, random_state
from grader.spec import Case, Exercise, Group, Misconception


def rewind_cases(rng: np.random.Generator) -> list[Case]:
    small = [linear("first", 3, 4), {"name": "relu", "kind": "relu"}, linear("second", 4, 2)]
    mixed = [conv("conv", 1, 3, [2, 3]), norm("norm", 3), {"name": "flat", "kind": "flatten"}, linear("last", 6, 4)]

    def case(label: str, group: str, layers: Layers, share: float) -> Case:
        trained, initial = random_state(rng, layers), random_state(rng, layers)
        weights = {key: value for key, value in trained.items() if value.ndim > 1}
        masks = {key: (rng.random(value.shape) > share).astype(float) for key, value in weights.items()}
        for mask in masks.values():  # some of each, whatever chance says
            mask.flat[0], mask.flat[-1] = 0, 1
        X = rng.normal(size=(5, 3) if layers is small else (5, 1, 2, 4))
        inputs = {"layers": layers, "trained": trained, "initial": initial, "masks": masks, "X": X, "asks": group}
        return Case(label, group, inputs)

    return [
        case("two layers", "survivors", small, 0.5),
        case("a convolution and a linear layer", "survivors", mixed, 0.8),
        case("biases of two layers", "rest", small, 0.5),
        case("a normalization with its running mean", "rest", mixed, 0.7),
        case("two layers, three steps", "training", small, 0.5),
        case("a convolution, three steps", "training", mixed, 0.7),
        case("two layers, the first values", "initial", small, 0.5),
        case("a convolution, the first values", "initial", mixed, 0.6),
    ]


def rewind_oracle(
    layers: Layers, trained: State, initial: State, masks: State, X: np.ndarray, asks: str
) -> dict[str, np.ndarray]:
    """The weights times their masks; for the training, masks laid on again after each step."""
    import torch

    if asks == "initial":
        return dict(initial)
    start = {key: value * masks.get(key, 1.0) for key, value in initial.items()}
    if asks == "rest":
        return {key: value for key, value in start.items() if key not in masks}
    if asks == "survivors":
        return {key: value for key, value in start.items() if key in masks}
    model = stated_network(layers, start)
    velocity = {name: torch.zeros_like(p) for name, p in model.named_parameters()}
    kept = tensors(masks)
    for _ in range(3):
        params = dict(model.named_parameters())
        grads = torch.autograd.grad((model(torch.tensor(X)) ** 2).mean(), list(params.values()))
        with torch.no_grad():
            for (name, p), grad in zip(params.items(), grads, strict=True):
                velocity[name] = 0.9 * velocity[name] + grad
                p.copy_((p - 0.1 * velocity[name]) * kept.get(name, torch.ones(1)))
    return state_arrays(model, lambda name: name in masks)


def lottery_rewind(model, initial, masks):
    model.load_state_dict(initial, strict=False)
    for name, mask in masks.items():
        p = model.get_parameter(name)
        p.data *= mask
        p.register_hook(lambda grad, mask=mask: grad * mask)


def rewind_in_a_loop(model, initial, masks):
    import torch

    with torch.no_grad():
        for name, tensor in model.state_dict(keep_vars=True).items():
            if name in initial:
                tensor.copy_(initial[name])
            if name in masks:
                tensor[masks[name] == 0] = 0
                tensor.register_hook(lambda grad, mask=masks[name]: grad.masked_fill(mask == 0, 0.0))


UPSIDE_DOWN = "What should survive is 0, and what was pruned is back. In a mask 1 means: this weight stays."
LATE = (
    "Your hooks were made in a loop and look their mask up when they run: by then the loop's variable holds "
    "the last one, for all of them. Let a function that takes the mask make each hook."
)

LOTTERY_REWIND = Exercise(
    name="lottery_rewind",
    unit=UNIT,
    returns=("values",),
    driver="rewound_network",
    groups=(
        Group("survivors", "puts the surviving weights back to their first values, the others to zero", 2, hint=1),
        Group("rest", "puts everything else back as well", 1, hint=2),
        Group("training", "keeps pruned weights at zero while the network trains", 3, hint=3),
        Group("initial", "leaves the stored first values alone", 1, hint=2),
    ),
    cases=rewind_cases,
    reference=rewind_oracle,
    misconceptions=(
        Misconception(
            "keeps_the_trained_values",
            change(lottery_rewind, "    model.load_state_dict(initial, strict=False)\n", ""),
            "The survivors keep their trained values: that is pruning, not rewinding. The lottery asks what this "
            "structure can learn from the very numbers that it began with.",
        ),
        Misconception(
            "everything_comes_back",
            change(lottery_rewind, "        p.data *= mask\n", ""),
            "You bring back every weight, those that were pruned too. After loading the first values, the masks have "
            "to be laid over them.",
        ),
        Misconception(
            "product_thrown_away",
            change(lottery_rewind, "p.data *= mask", "p = p * mask"),
            "Weight times mask makes a new tensor, and only your variable means it: the model's own weight is not "
            "masked, and the hook hangs on the copy. Multiply in place.",
        ),
        Misconception(
            "mask_upside_down",
            change(lottery_rewind, "p.data *= mask", "p.data *= 1 - mask", "grad * mask", "grad * (1 - mask)"),
            UPSIDE_DOWN,
        ),
        Misconception(
            "values_upside_down",
            change(lottery_rewind, "p.data *= mask", "p.data *= 1 - mask"),
            UPSIDE_DOWN,
        ),
        Misconception(
            "biases_stay_trained",
            change(
                lottery_rewind,
                "    model.load_state_dict(initial, strict=False)\n",
                "",
                "p.data *= mask",
                "p.data.copy_(initial[name] * mask)",
            ),
            "You rewind the weights that have masks, and nothing else: biases and normalizations remember the "
            "training. The ticket starts from day one in every number.",
        ),
        Misconception(
            "running_statistics_stay",
            change(
                lottery_rewind,
                "model.load_state_dict(initial, strict=False)",
                "for name, p in model.named_parameters():\n        p.data.copy_(initial[name])",
            ),
            "Parameters are back at their first values, and the running mean and variance of the normalization are "
            "not: they are no parameters, and part of the state.",
        ),
        Misconception(
            "grows_back",
            change(lottery_rewind, "        p.register_hook(lambda grad, mask=mask: grad * mask)\n", ""),
            "Right after the call all is well. Then training fills the zeros in: their gradient is not zero, because a "
            "pruned weight would still like to help. Nothing stops it yet.",
        ),
        Misconception(
            "gradient_mask_upside_down",
            change(lottery_rewind, "grad * mask", "grad * (1 - mask)"),
            "The mask on your gradients is upside down: the survivors are frozen, and the pruned weights train.",
        ),
        Misconception(
            "nothing_trains",
            change(lottery_rewind, "grad * mask", "grad * 0"),
            "Your weights do not train at all any more, survivors included. Only the gradient of what was pruned "
            "should be 0.",
        ),
        Misconception(
            "hooks_forget_their_mask",
            change(lottery_rewind, ", mask=mask", ""),
            LATE,
            hint=4,
        ),
        Misconception(
            "hooks_forget_their_name",
            change(
                lottery_rewind,
                "for name, mask in masks.items():\n        p = model.get_parameter(name)\n",
                "for name, p in model.named_parameters():\n        mask = masks.get(name, 1)\n",
                "lambda grad, mask=mask: grad * mask",
                "lambda grad: grad * masks[name]",
            ),
            LATE,
            hint=4,
        ),
        Misconception(
            "hooks_have_the_last_mask_that_fits",
            change(lottery_rewind, ", mask=mask: grad * mask", ": grad * mask if grad.shape == mask.shape else grad"),
            LATE,
            hint=4,
        ),
        Misconception(
            "shares_memory_of_parameters",
            change(
                lottery_rewind,
                "model.load_state_dict(initial, strict=False)",
                "for name, p in model.named_parameters():\n        p.data = initial[name]",
            ),
            "Your parameters lie in the very memory of the stored first values, so what follows changes these. And the "
            "running mean and variance of a normalization are not put back: they are no parameters, and part of the "
            "state. Copy every number of `initial`.",
        ),
        Misconception(
            "shares_memory",
            change(lottery_rewind, "strict=False", "strict=False, assign=True"),
            "Your model trains in the very memory of the stored first values, and so changes them. The next rewinding "
            "would go back to a day that never was. Copy the numbers.",
        ),
        Misconception(
            "masks_the_stored_values",
            change(
                lottery_rewind,
                "model.load_state_dict(initial, strict=False)",
                "for name in masks:\n        initial[name] *= masks[name]\n    "
                "model.load_state_dict(initial, strict=False)",
            ),
            "You lay the masks over the stored first values themselves. The next rewinding, with other masks, could "
            "not bring those weights back: leave `initial` as it is.",
        ),
    ),
    also_right=(
        lottery_rewind,
        rewind_in_a_loop,
        change(lottery_rewind, "lambda grad, mask=mask: grad * mask", "mask.mul"),
        change(
            lottery_rewind,
            "for name, mask in masks.items():\n        p = model.get_parameter(name)\n        p.data *= mask\n"
            "        p.register_hook(lambda grad, mask=mask: grad * mask)",
            "for name, p in model.named_parameters():\n        if name in masks:\n"
            "            p.data = p.data * masks[name]\n"
            "            p.register_hook(lambda grad, name=name: grad * masks[name])",
        ),
        change(
            lottery_rewind,
            "model.load_state_dict(initial, strict=False)",
            "for name, value in model.state_dict().items():\n        value.copy_(initial.get(name, value))",
        ),
    ),
)
