"""`momentum_step`: one step of momentum, in torch's convention: v = beta v + g, theta = theta - lr v."""

import numpy as np

from grader.changes import change
from grader.exercises.u04_momentum.steps import UNIT, by_torch, steps_case
from grader.spec import Case, Exercise, Group, Misconception


def velocity_cases(rng: np.random.Generator) -> list[Case]:
    """For `momentum_step` and `nesterov_step` alike."""
    normal = rng.normal
    rest = ("velocity", 0.0)

    def moving(*shape: int) -> tuple[str, np.ndarray]:
        return "velocity", normal(size=shape)

    drop, grow = np.where(np.arange(6) < 3, 0.5, 0.05), np.linspace(0.02, 0.2, 5)
    return [
        steps_case("one parameter, from rest", "first", rest, [2.0], [[4.0]], 0.1, beta=0.9),
        steps_case("five parameters, from rest", "first", rest, normal(size=5), normal(size=(1, 5)), 0.3, beta=0.8),
        steps_case("beta = 0", "first", moving(3), normal(size=3), normal(size=(4, 3)), 0.2, beta=0.0),
        steps_case("a constant gradient", "carries", rest, [1.0, -2.0], np.tile([1.0, -0.5], (6, 1)), 0.1, beta=0.9),
        steps_case("gradients that change", "carries", rest, normal(size=4), normal(size=(8, 4)), 0.2, beta=0.7),
        steps_case("already moving", "carries", moving(3), normal(size=3), normal(size=(5, 3)), 0.1, beta=0.95),
        steps_case("no gradient, but moving", "coasts", moving(3), normal(size=3), np.zeros((4, 3)), 0.1, beta=0.6),
        steps_case("the learning rate drops", "lr", rest, normal(size=2), normal(size=(6, 2)) + 2, drop, beta=0.9),
        steps_case("the learning rate grows", "lr", moving(3), normal(size=3), normal(size=(5, 3)), grow, beta=0.5),
        steps_case("a 3x4 matrix", "shape", rest, normal(size=(3, 4)), normal(size=(3, 3, 4)), 0.1, beta=0.9),
        steps_case(
            "shape (2, 3, 4)",
            "shape",
            moving(2, 3, 4),
            normal(size=(2, 3, 4)),
            normal(size=(2, 2, 3, 4)),
            0.3,
            beta=0.8,
        ),
    ]


def momentum_oracle(
    theta: np.ndarray, velocity: np.ndarray, grads: np.ndarray, lrs: np.ndarray, beta: float
) -> tuple[np.ndarray, np.ndarray]:
    """torch.optim.SGD; with momentum 0 it does not keep its buffer at all, so that 0 is a very small number here."""
    import torch

    return by_torch(
        lambda params: torch.optim.SGD(params, lr=0.1, momentum=beta or 1e-300),
        "momentum_buffer",
        theta,
        velocity,
        grads,
        lrs,
    )


def momentum_step(theta, velocity, grad, lr, beta):
    velocity = beta * velocity + grad
    theta = theta - lr * velocity
    return theta, velocity


def momentum_copies(theta, velocity, grad, lr, beta):
    theta, velocity = theta.copy(), velocity.copy()
    velocity *= beta
    velocity += grad
    theta -= lr * velocity
    return theta, velocity


def momentum_loop(theta, velocity, grad, lr, beta):
    new_theta, new_velocity = np.empty(theta.shape), np.empty(theta.shape)
    for index in np.ndindex(*theta.shape):
        new_velocity[index] = grad[index] + beta * velocity[index]
        new_theta[index] = theta[index] - lr * new_velocity[index]
    return new_theta, new_velocity


MOMENTUM_STEP = Exercise(
    name="momentum_step",
    unit=UNIT,
    returns=("theta", "velocity"),
    groups=(
        Group("first", "takes a first step like gradient descent", 1, hint=2),
        Group("carries", "adds up the gradients of many steps and fades the old ones", 2, hint=1),
        Group("coasts", "keeps rolling for a while where there is no gradient", 1, hint=3),
        Group("lr", "obeys a new learning rate at once", 1, hint=2),
        Group("shape", "works for parameters of any shape", 1, hint=1),
    ),
    cases=velocity_cases,
    reference=momentum_oracle,
    driver="optimizer_steps",
    misconceptions=(
        Misconception(
            "average",
            change(momentum_step, "+ grad", "+ (1 - beta) * grad"),
            "Your velocity is an average of the gradients; in this convention it is a fading sum. From the first step "
            "on, your steps have only 1 - beta of the right length. Both conventions exist, and a learning rate for "
            "the one is no good for the other.",
            hint=1,
        ),
        Misconception(
            "lr_inside",
            change(momentum_step, "+ grad", "+ lr * grad", "- lr * velocity", "- velocity"),
            "You put the learning rate into the velocity. As long as lr stays the same, theta walks the same path. "
            "When lr drops, your old steps, with the old lr inside, roll on. In torch's convention the velocity is "
            "made of gradients alone.",
        ),
        Misconception(
            "velocity_points_downhill",
            change(momentum_step, "+ grad", "- grad", "theta - lr", "theta + lr"),
            "Your theta is right: two minus signs cancel. But your velocity points downhill, and this convention "
            "stores the sum of the gradients, which points uphill; the minus comes when theta moves. Whoever reads "
            "your velocity would go the wrong way.",
        ),
        Misconception(
            "lr_inside_downhill",
            change(momentum_step, "+ grad", "- lr * grad", "- lr * velocity", "+ velocity"),
            "Your velocity is the step itself: it points downhill and has the learning rate inside. That is a "
            "convention you find in many books. Here the velocity is a sum of gradients, without lr and without the "
            "minus sign, so that a new lr counts at once.",
        ),
        Misconception(
            "forgets",
            change(momentum_step, "beta * velocity + grad", "1.0 * grad"),
            "Your step takes no notice of the velocity that it is handed: each one is plain gradient descent, as if it "
            "started from rest. What was the second argument for?",
            hint=3,
        ),
        Misconception(
            "one_step_late",
            change(
                momentum_step,
                ("    velocity = beta * velocity + grad\n    theta = theta - lr * velocity\n"),
                ("    theta = theta - lr * velocity\n    velocity = beta * velocity + grad\n"),
            ),
            "Theta moves by the velocity from before this gradient: your first step stands still, and each gradient "
            "arrives one step late. Renew the velocity first, then move with the new one.",
            hint=3,
        ),
        Misconception(
            "old_velocity_returned",
            change(
                momentum_step, "    velocity = beta * velocity + grad\n", "", "* velocity", "* (beta * velocity + grad)"
            ),
            "You hand back the velocity that you were given. So the next step starts "
            "from the same old velocity, and nothing ever adds up. Which velocity does the next step need?",
            hint=3,
        ),
        Misconception(
            "uphill",
            change(momentum_step, "theta - lr", "theta + lr"),
            "Your theta goes along the velocity, which is uphill: it is made of gradients. Where does "
            "the minus sign of gradient descent belong here?",
        ),
        Misconception(
            "looks_ahead",
            change(momentum_step, "lr * velocity", "lr * (grad + beta * velocity)"),
            "This is Nesterov's step, which comes later: you add the gradient once more, with beta of the new "
            "velocity. Heavy ball moves by the velocity itself, no more.",
            hint=1,
        ),
        Misconception(
            "gradient_counted_twice",
            change(momentum_step, "lr * velocity", "lr * (velocity + grad)"),
            "This gradient counts twice: your theta moves by the new velocity, which has it inside, and by the "
            "gradient once more. Heavy ball moves by the velocity itself, no more.",
            hint=1,
        ),
        Misconception(
            "never_fades",
            change(momentum_step, "beta * velocity", "velocity"),
            "Your velocity never fades: each gradient counts in full for ever, as on ice. Without friction a ball "
            "swings through its valley without end. Which number is the friction here?",
            hint=1,
        ),
        Misconception(
            "two_conventions_mixed",
            change(momentum_step, "+ grad", "+ (1 - beta) * grad if velocity.any() else grad"),
            "Your first step from rest is right; at the second one you part from the right path. You start with the "
            "whole gradient, as in a sum, and go on with 1 - beta of it, as in an average. That mixes two conventions: "
            "here every gradient enters in full.",
        ),
        Misconception(
            "returned_in_reverse",
            change(momentum_step, "return theta, velocity", "return velocity, theta"),
            "Your values come back in the wrong order: theta first, then the velocity. The next "
            "step would take your velocity for a place to stand on.",
            hint=3,
        ),
        Misconception(
            "mutates",
            change(momentum_step, "velocity = beta * velocity + grad", ("velocity *= beta\n    velocity += grad")),
            "You changed the velocity that you were given in place: whoever keeps it, to "
            "compare two learning rates from the same point say, finds it changed. Make a new array here; in the "
            "class SGD below, changing in place will be what we want.",
            hint=4,
        ),
        Misconception(
            "lr_twice",
            change(momentum_step, "+ grad", "+ lr * grad"),
            "The learning rate comes in twice: in your velocity, and once more where theta moves. The velocity is a "
            "sum of gradients alone; lr scales the step.",
        ),
        Misconception(
            "friction_on_the_gradient",
            change(momentum_step, "beta * velocity + grad", "beta * (velocity + grad)"),
            "Your friction acts on the new gradient too, so that even the first step from rest has only beta of its "
            "length. Only the old velocity fades; the gradient enters in full.",
            hint=1,
        ),
        Misconception(
            "average_of_steps",
            change(momentum_step, "+ grad", "+ (1 - beta) * lr * grad", "- lr * velocity", "- velocity"),
            "Your velocity is an average of steps: each gradient enters with 1 - beta and with lr. Here it is a sum of "
            "the gradients as they are, and lr comes in where theta moves.",
        ),
    ),
    also_right=(
        momentum_step,
        momentum_copies,
        momentum_loop,
        change(momentum_step, "theta - lr * velocity", "theta - lr * grad - (lr * velocity - lr * grad)"),
        change(momentum_step, "beta * velocity + grad", "np.add(np.multiply(beta, velocity), grad)"),
        change(momentum_step, "return theta, velocity", "return [theta, velocity]"),
    ),
)
