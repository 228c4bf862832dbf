"""One step of Nesterov's momentum, in the form that torch uses: v = beta v + g, theta = theta - lr (g + beta v)."""

import numpy as np

from grader.exercises.u04_momentum.steps import UNIT, by_torch
from grader.exercises.u04_momentum.velocity import velocity_cases
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


def nesterov_heavy_ball(theta: np.ndarray, velocity: np.ndarray, grad: np.ndarray, lr: float, beta: float) -> tuple:
    velocity = beta * velocity + grad
    return theta - lr * velocity, velocity


def nesterov_full_velocity(theta: np.ndarray, velocity: np.ndarray, grad: np.ndarray, lr: float, beta: float) -> tuple:
    velocity = beta * velocity + grad
    return theta - lr * (grad + velocity), velocity


def nesterov_only_ahead(theta: np.ndarray, velocity: np.ndarray, grad: np.ndarray, lr: float, beta: float) -> tuple:
    velocity = beta * velocity + grad
    return theta - lr * beta * velocity, velocity


def nesterov_keeps_ahead(theta: np.ndarray, velocity: np.ndarray, grad: np.ndarray, lr: float, beta: float) -> tuple:
    velocity = beta * velocity + grad
    velocity = grad + beta * velocity
    return theta - lr * velocity, velocity


def nesterov_average(theta: np.ndarray, velocity: np.ndarray, grad: np.ndarray, lr: float, beta: float) -> tuple:
    velocity = beta * velocity + (1 - beta) * grad
    return theta - lr * ((1 - beta) * grad + beta * velocity), velocity


def nesterov_lr_inside(theta: np.ndarray, velocity: np.ndarray, grad: np.ndarray, lr: float, beta: float) -> tuple:
    velocity = beta * velocity + lr * grad
    return theta - (lr * grad + beta * velocity), velocity


def nesterov_keeps_old(theta: np.ndarray, velocity: np.ndarray, grad: np.ndarray, lr: float, beta: float) -> tuple:
    return theta - lr * (grad + beta * (beta * velocity + grad)), velocity


def nesterov_uphill(theta: np.ndarray, velocity: np.ndarray, grad: np.ndarray, lr: float, beta: float) -> tuple:
    velocity = beta * velocity + grad
    return theta + lr * (grad + beta * velocity), velocity


def nesterov_mutates(theta: np.ndarray, velocity: np.ndarray, grad: np.ndarray, lr: float, beta: float) -> tuple:
    velocity *= beta
    velocity += grad
    return theta - lr * (grad + beta * velocity), velocity


def nesterov_expanded(theta: np.ndarray, velocity: np.ndarray, grad: np.ndarray, lr: float, beta: float) -> tuple:
    return theta - lr * ((1 + beta) * grad + beta**2 * velocity), grad + beta * velocity


def nesterov_after_heavy_ball(
    theta: np.ndarray, velocity: np.ndarray, grad: np.ndarray, lr: float, beta: float
) -> tuple:
    new = beta * velocity + grad
    without_old_bonus = theta + lr * beta * velocity
    return without_old_bonus - lr * new - lr * beta * new, new


def nesterov_copies(theta: np.ndarray, velocity: np.ndarray, grad: np.ndarray, lr: float, beta: float) -> tuple:
    velocity = velocity.copy()
    velocity *= beta
    velocity += grad
    step = velocity * beta
    step += grad
    return np.subtract(theta, lr * step), velocity


NESTEROV_STEP = Exercise(
    name="nesterov_step",
    unit=UNIT,
    returns=("theta", "velocity"),
    groups=(
        Group("first", "takes a first step of 1 + beta times the gradient, times lr", 1),
        Group("carries", "looks ahead with the velocity of many steps", 2),
        Group("coasts", "rolls on, looking ahead, where there is no gradient", 1),
        Group("lr", "obeys a new learning rate at once", 1),
        Group("shape", "works for parameters of any shape", 1),
    ),
    cases=velocity_cases,
    reference=nesterov_oracle,
    probe="optimizer_steps",
    misconceptions=(
        Misconception(
            "heavy_ball",
            nesterov_heavy_ball,
            "This is heavy ball: the velocity is right, and the look-ahead is not there. If you did write g + beta v "
            "with the velocity from *before* this gradient, that sum is the new velocity itself. Which v is meant?",
            hint=1,
        ),
        Misconception(
            "whole_velocity_added",
            nesterov_full_velocity,
            "You add the gradient to the whole new velocity, so the gradient counts twice. The look-ahead is where the "
            "ball will roll with one more round of friction: what happens to the velocity in that round?",
            hint=2,
        ),
        Misconception(
            "only_the_look_ahead",
            nesterov_only_ahead,
            "You move by beta times the new velocity alone. That is where the ball would coast to next; the gradient "
            "that you have just measured is to be added in full.",
            hint=2,
        ),
        Misconception(
            "look_ahead_stored",
            nesterov_keeps_ahead,
            "Your first theta is right, but you hand back the look-ahead in place of the velocity. So the next step "
            "looks ahead from a look-ahead, and drifts off. The look-ahead is for this step only: what is to be kept?",
            hint=3,
        ),
        Misconception(
            "average",
            nesterov_average,
            "Your velocity is an average, with 1 - beta of each gradient; in torch's convention it is a sum. All your "
            "steps have only 1 - beta of the right length: look at the table of conventions above.",
            hint=2,
        ),
        Misconception(
            "lr_inside",
            nesterov_lr_inside,
            "The learning rate is inside your velocity. With a constant lr the path is the same; when lr drops, the "
            "old steps roll on at their old length. Keep the velocity free of lr, as in momentum_step.",
            hint=2,
        ),
        Misconception(
            "old_velocity_returned",
            nesterov_keeps_old,
            "Your theta of the first step is right, but the velocity that comes back is the old one. The next step "
            "begins as if this gradient had never been.",
            hint=3,
        ),
        Misconception(
            "uphill",
            nesterov_uphill,
            "The velocity is right, and theta goes along it, uphill. The sum of gradients points to where the loss "
            "grows, look-ahead or not.",
            hint=2,
        ),
        Misconception(
            "mutates",
            nesterov_mutates,
            "All values are right, but the velocity that you were given was changed in place. Make a new array, so "
            "that whoever called you still has the old one.",
            hint=4,
        ),
    ),
    equivalents=(nesterov_expanded, nesterov_after_heavy_ball, nesterov_copies),
)
