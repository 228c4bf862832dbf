"""`nesterov_step`: one step of Nesterov's momentum as torch has it: v = beta v + g, theta = theta - lr (g + beta v)."""

import numpy as np

from grader.changes import change
from grader.exercises.u04_momentum.momentum_step import velocity_cases
from grader.exercises.u04_momentum.steps import UNIT, by_torch
from grader.spec import Exercise, Group, Misconception


def nesterov_oracle(
    theta: np.ndarray, velocity: np.ndarray, grads: np.ndarray, lrs: np.ndarray, beta: float
) -> tuple[np.ndarray, np.ndarray]:
    """torch.optim.SGD(nesterov=True); it refuses beta = 0, where Nesterov is plain gradient descent."""
    import torch

    nesterov = beta > 0
    return by_torch(
        lambda params: torch.optim.SGD(params, lr=0.1, momentum=beta or 1e-300, nesterov=nesterov),
        "momentum_buffer",
        theta,
        velocity,
        grads,
        lrs,
    )


def nesterov_step(theta, velocity, grad, lr, beta):
    velocity = beta * velocity + grad
    ahead = grad + beta * velocity
    return theta - lr * ahead, velocity


def nesterov_after_heavy_ball(theta, velocity, grad, lr, beta):
    new = beta * velocity + grad
    without_old_bonus = theta + lr * beta * velocity
    return without_old_bonus - lr * new - lr * beta * new, new


def nesterov_expanded(theta, velocity, grad, lr, beta):
    return theta - lr * ((1 + beta) * grad + beta**2 * velocity), grad + beta * velocity


NESTEROV_STEP = Exercise(
    name="nesterov_step",
    unit=UNIT,
    returns=("theta", "velocity"),
    groups=(
        Group("first", "takes a first step of 1 + beta times the gradient, times lr", 1, hint=2),
        Group("carries", "looks ahead with the velocity of many steps", 2, hint=3),
        Group("coasts", "rolls on, looking ahead, where there is no gradient", 1, hint=1),
        Group("lr", "obeys a new learning rate at once", 1, hint=2),
        Group("shape", "works for parameters of any shape", 1, hint=2),
    ),
    cases=velocity_cases,
    reference=nesterov_oracle,
    driver="optimizer_steps",
    misconceptions=(
        Misconception(
            "heavy_ball",
            change(nesterov_step, "grad + beta * velocity", "velocity"),
            "This is heavy ball: the look-ahead is not there. If you did write g + beta v "
            "with the velocity from *before* this gradient, that sum is the new velocity itself. Which v is meant?",
            hint=1,
        ),
        Misconception(
            "whole_velocity_added",
            change(nesterov_step, "grad + beta * velocity", "grad + velocity"),
            "You add the gradient to the whole new velocity, so the gradient counts twice. The look-ahead is where the "
            "ball will roll with one more round of friction: what happens to the velocity in that round?",
        ),
        Misconception(
            "only_the_look_ahead",
            change(nesterov_step, "ahead = grad + ", "ahead = "),
            "You move by beta times the new velocity alone. That is where the ball would coast to next; the gradient "
            "that you have just measured is to be added in full.",
        ),
        Misconception(
            "look_ahead_stored",
            change(nesterov_step, "ahead, velocity", "ahead, ahead"),
            "You hand back the look-ahead in place of the velocity. So the next step "
            "looks ahead from a look-ahead, and drifts off. The look-ahead is for this step only: what is to be kept?",
            hint=3,
        ),
        Misconception(
            "average",
            change(nesterov_step, "+ grad", "+ (1 - beta) * grad", "ahead = grad", "ahead = (1 - beta) * grad"),
            "Your velocity is an average, with 1 - beta of each gradient; in torch's convention it is a sum: look at "
            "the table of conventions above.",
            about=("velocity",),
        ),
        Misconception(
            "lr_inside",
            change(nesterov_step, "+ grad", "+ lr * grad", "lr * ahead", "(lr * grad + beta * velocity)"),
            "The learning rate is inside your velocity. With a constant lr the path is the same; when lr drops, the "
            "old steps roll on at their old length. Keep the velocity free of lr, as in momentum_step.",
        ),
        Misconception(
            "old_velocity_returned",
            change(
                nesterov_step, "    velocity = beta * velocity + grad\n", "", "* velocity", "* (beta * velocity + grad)"
            ),
            "The velocity that comes back is the old one. The next step begins as if this gradient had never been.",
            hint=3,
        ),
        Misconception(
            "uphill",
            change(nesterov_step, "theta - lr", "theta + lr"),
            "Your theta goes along the velocity, uphill. The sum of gradients points to where the loss "
            "grows, look-ahead or not.",
        ),
        Misconception(
            "mutates",
            change(nesterov_step, "velocity = beta * velocity + grad", ("velocity *= beta\n    velocity += grad")),
            "The velocity that you were given was changed in place. Make a new array, so "
            "that whoever called you still has the old one.",
            hint=4,
        ),
        Misconception(
            "looks_twice_as_far",
            change(nesterov_step, "grad + beta * velocity", "grad + beta**2 * velocity"),
            "Your look-ahead lets friction act twice: beta squared. The ball rolls on for one round, so beta comes "
            "in once, on the velocity that has already seen this gradient.",
        ),
        Misconception(
            "lr_twice",
            change(nesterov_step, "+ grad", "+ lr * grad"),
            "The learning rate comes in twice: in your velocity, and once more where theta moves. The velocity is a "
            "sum of gradients alone; lr scales the step.",
        ),
        Misconception(
            "friction_on_the_gradient",
            change(nesterov_step, "beta * velocity + grad", "beta * (velocity + grad)"),
            "Your friction acts on the new gradient too, before it is in the velocity. Only the old velocity fades; "
            "the gradient enters in full.",
        ),
        Misconception(
            "lr_inside_downhill",
            change(nesterov_step, "+ grad", "- lr * grad", "lr * ahead", "(lr * grad - beta * velocity)"),
            "Your velocity is a step: it points downhill and has the learning rate inside, a convention that you find "
            "in many lecture notes. Here the velocity is a sum of gradients, without lr and without the minus sign.",
        ),
        Misconception(
            "velocity_added_as_a_step",
            change(nesterov_step, "lr * ahead", "(lr * grad - beta * velocity)"),
            "You add beta v to theta as if v were a step downhill with lr inside. Here v is a sum of gradients: it "
            "needs the same minus sign and the same lr as the gradient beside it.",
        ),
        Misconception(
            "lr_on_the_gradient_alone",
            change(nesterov_step, "lr * ahead", "(lr * grad + beta * velocity)"),
            "Your lr scales the gradient alone, and the look-ahead enters without it. lr belongs to the whole sum.",
        ),
    ),
    also_right=(
        nesterov_step,
        nesterov_after_heavy_ball,
        nesterov_expanded,
        change(nesterov_step, "theta - lr * ahead", "theta - lr * grad - lr * beta * velocity"),
        change(nesterov_step, "theta - lr * ahead, velocity", "[theta - ahead * lr, velocity]"),
        change(
            nesterov_step,
            "velocity = beta * velocity + grad",
            ("velocity = velocity.copy()\n    velocity *= beta\n    velocity += grad"),
        ),
    ),
)
