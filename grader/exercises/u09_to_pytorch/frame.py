"""What goes wrong around an update: the same edits of every optimizer of this unit, and what is said about them.

The right answers all begin alike, so that each of these texts stands in each of them.
"""

from collections.abc import Mapping
from typing import Any

from grader.changes import change
from grader.spec import Misconception

Mistakes = Mapping[str, tuple[tuple[str, ...], str]]
"""name: (the edit, what is said)."""

FRAME: Mistakes = {
    "rebinds": (
        ("p -= ", "p = p - "),
        'The model\'s parameters do not move. Is check("Base") all right? If so: `p = p - ...` makes a new tensor and '
        "calls it p; the model still holds the old one. Which operation writes into the tensor itself?",
    ),
    "uphill": (
        ("p -= ", "p += "),
        "Your parameters climb. What autograd leaves in p.grad points to where the loss grows, exactly like the "
        "gradients that you derived by hand.",
    ),
    "settings_of_the_constructor": (
        (
            'for p in group["params"]:\n',
            'for p in group["params"]:\n                    group = self.defaults\n',
        ),
        "You take the settings from self.defaults. These are only what a group without its own settings starts with: "
        "a group's own settings are ignored, and so is every schedule. Ask the group, at each step.",
    ),
    "none_unexpected": (
        ("                    if p.grad is None:\n                        continue\n", ""),
        "A parameter that took no part in the loss has p.grad = None, not zeros, and there your step stops with an "
        "error. A frozen layer is enough to make that happen. Such a parameter is to be passed over.",
    ),
    "none_as_zero": (
        ("continue", "p.grad = torch.zeros_like(p)"),
        "You take a missing gradient for a gradient of zero. Then weight decay and what is remembered of old "
        "gradients still move the parameter. None means: not part of this loss; it stays where it is, and so does "
        "its state.",
    ),
    "stops_at_none": (
        ("continue", "return loss"),
        "At the first parameter without a gradient your loop ends, and those that come after it stand still. Pass "
        "over this one only: which statement goes on with the next round of a loop?",
    ),
    "state_outside": (
        (
            "super().__init__(groups, settings)",
            "super().__init__(groups, settings)\n            self.memory = {}",
            "self.state[p]",
            "self.memory.setdefault(p, {})",
        ),
        "What you remember lives in an attribute of your own. state_dict() knows only self.state, so a training run "
        "that is saved and resumed starts again with an empty memory, and nobody is told.",
    ),
    "lr_of_the_constructor": (
        ('p -= group["lr"]', 'p -= self.defaults["lr"]'),
        "Your step keeps the learning rate that the constructor was given: a group's own lr is ignored, and so is "
        "every schedule. Ask the group, at each step.",
    ),
    "lr_of_the_first_group": (
        ('p -= group["lr"]', 'p -= self.param_groups[0]["lr"]'),
        "You step with the first group's learning rate in all groups. Each group has its own: ask the one whose "
        "parameter it is.",
    ),
    "first_group_only": (
        ("in self.param_groups:", "in self.param_groups[:1]:"),
        "Only the first parameter group moves. There may be several, each with its own settings: one loop over the "
        "groups, and in it one over a group's parameters.",
    ),
    "settings_of_the_first_group": (
        (
            'for p in group["params"]:\n',
            'for p in group["params"]:\n                    group = self.param_groups[0]\n',
        ),
        "You use the first group's settings for the parameters of all groups. Each group has its own: ask the one "
        "whose parameter it is.",
    ),
    "forgets": (
        ("self.state[p]", "{}"),
        "Nothing of yours lives from one step to the next: every step begins as if it were the first. What is to be "
        "remembered of a parameter belongs in its state.",
    ),
    "one_memory_for_all": (
        ("self.state[p]", 'self.state["all"]'),
        "All your parameters share one memory, so that each goes on from what another one left there. Every "
        "parameter needs its own: self.state[p].",
    ),
    "clears_the_gradients": (
        ("            return loss\n", "            self.zero_grad()\n            return loss\n"),
        "Your step clears the gradients when it is done. Whoever adds gradients up over several calls of backward "
        "still needs them: clearing is the training loop's business, by zero_grad.",
    ),
    "closure_last": (
        (
            "            with torch.enable_grad():\n                loss = None if closure is None else closure()\n",
            "",
            "            return loss\n",
            "            with torch.enable_grad():\n                return None if closure is None else closure()\n",
        ),
        "You call the closure after the parameters have moved, so that each step takes the gradients of the one "
        "before, and the first step has none. It comes first: it computes the gradients that this step needs.",
    ),
    "closure_ignored": (
        (
            "            with torch.enable_grad():\n                loss = None if closure is None else closure()\n",
            "            loss = None\n",
        ),
        "Your step never calls the closure, so that there are no gradients and nothing moves. `step(closure)` asks "
        "you to call it first: it computes loss and gradients.",
    ),
    "loss_forgotten": (
        ("return loss", "return None"),
        "You call the closure and keep its loss to yourself. step(closure) returns it: that is how whoever trains "
        "gets to see the loss.",
    ),
    "closure_without_grad": (
        ("            with torch.enable_grad():\n                loss =", "            loss ="),
        "The closure runs under no_grad, because your whole step does. So its loss has no history, and backward "
        "stops with an error. For this one call recording has to be switched on again.",
    ),
}

ADAM: Mistakes = {
    "no_bias_correction": (
        ("m / (1 - b1**t), v / (1 - b2**t)", "m, v"),
        "Your moments are not corrected for their start at zero: with the usual betas the first step is 3.16 times "
        "too long (0.1 over the root of 0.001). Divide each moment by its 1 - beta^t.",
    ),
    "eps_inside": (
        ('(v_hat.sqrt() + group["eps"])', '(v_hat + group["eps"]).sqrt()'),
        "Your eps is inside the root, where 1e-8 acts like 1e-4 outside of it: tiny gradients are braked much too "
        "hard. First the root, then eps.",
    ),
    "one_clock": (
        (
            "for group in",
            'self.t = getattr(self, "t", 0) + 1\n            for group in',
            't = state["t"] = state.get("t", 0) + 1',
            "t = self.t",
        ),
        "Your t counts calls of step, one clock for all. A parameter that gets its first gradient late then misses "
        "the bias correction that it needs. Each parameter counts its own steps: t belongs in its state, "
        "beside m and v.",
    ),
    "clock_starts_at_zero": (
        ('t = state["t"] = state.get("t", 0) + 1', 't = state.get("t", 0)\n                    state["t"] = t + 1'),
        "At the first step your t is 0, and 1 - beta^0 is 0: zero by zero. Count first and correct then, so that the "
        "first step has t = 1.",
    ),
    "clock_starts_at_two": (
        ('state.get("t", 0)', 'state.get("t", 1)'),
        "At the first step your t is 2 already, one too large from there on: the bias is corrected too little. The "
        "first step has t = 1.",
    ),
    "clock_stands_still": (
        ('t = state["t"] = state.get("t", 0) + 1', "t = 1"),
        "Your t stays at 1, so that every step is corrected as if it were the first. Count the steps of each "
        "parameter, in self.state[p].",
    ),
    "v_uncorrected": (
        ("v / (1 - b2**t)", "v"),
        "You correct m and not v. In the first steps v is far too small, and the steps are far too long. Both "
        "averages start at zero; each is divided by its own 1 - beta^t.",
    ),
    "m_uncorrected": (
        ("m / (1 - b1**t)", "m"),
        "You correct v and not m, so that the first steps are too short. Both averages start at zero; each is "
        "divided by its own 1 - beta^t.",
    ),
    "corrects_the_root": (
        ("v_hat.sqrt()", "v.sqrt() / (1 - b2**t)"),
        "You divide the root of v by 1 - beta2^t. It is v that is corrected, before the root is taken.",
    ),
    "root_forgotten": (
        ("v_hat.sqrt()", "v_hat"),
        "You divide by the average of the squares itself. Its root has the gradient's own unit, so that the first "
        "step is lr long, whatever the size of the gradient.",
    ),
    "variance": (
        ("g**2", "(g - m) ** 2"),
        "Your v averages squares of g - m, which is a variance around m. Adam's v averages the squares of the "
        "gradient itself.",
    ),
    "clock_runs_ahead": (
        ('t = state["t"] = state.get("t", 0) + 1', 't = self.t = getattr(self, "t", 0) + 1'),
        "Your t goes up at every parameter, not at every step: the first one is right, and for each one after it the "
        "clock runs ahead. Let each parameter count its own steps, in self.state[p].",
    ),
}


DECAY = 'p *= 1 - group["lr"] * group["weight_decay"]'
"""How right answers decay, where that is apart from the gradient."""
DECAY_FIRST = DECAY + "\n" + " " * 20
"""With the way to the line after it, where the decay is taken away."""
KEPT = (
    't = state["t"] = state.get("t", 0) + 1\n'
    '                    m = state["m"] = b1 * state.get("m", 0) + (1 - b1) * g\n'
    '                    v = state["v"] = b2 * state.get("v", 0) + (1 - b2) * g**2',
    "if not state:\n"
    "                        state.update(t=torch.tensor(0.0), m=torch.zeros_like(p), v=torch.zeros_like(p))\n"
    '                    state["t"] += 1\n'
    '                    t = state["t"].item()\n'
    '                    m, v = state["m"].lerp_(g, 1 - b1), state["v"].mul_(b2).addcmul_(g, g, value=1 - b2)',
)
"""Another right way to keep both moments: zeros made once, and changed in place."""


def frame_mistakes(right: Any, *without: str, **hints: int) -> tuple[Misconception, ...]:
    """The mistakes of `FRAME`, except some; hints: of those that have another than their property's."""
    return _mistakes(right, {name: known for name, known in FRAME.items() if name not in without}, hints)


def decay_mistakes(right: Any, term: str, without: str, turned: str) -> tuple[Misconception, ...]:
    """The decay left out, and with the other sign; term: the text that decays, and what replaces it."""
    return (
        Misconception(
            "ignores_the_decay",
            change(right, term, without),
            "The setting weight_decay changes nothing in your step: the parameters are not pulled towards zero.",
        ),
        Misconception(
            "decay_uphill",
            change(right, term, turned),
            "Your weight decay has the wrong sign: it drives the parameters away from zero.",
        ),
    )


def adam_mistakes(right: Any, **hints: int) -> tuple[Misconception, ...]:
    """The same for `ADAM`, what `TorchAdam` and `TorchAdamW` have in common."""
    return _mistakes(right, ADAM, hints)


def _mistakes(right: Any, known: Mistakes, hints: Mapping[str, int]) -> tuple[Misconception, ...]:
    return tuple(
        Misconception(name, change(right, *edit), says, hints.get(name)) for name, (edit, says) in known.items()
    )
