"""Unit 04, momentum: steps that remember, and steps that measure their gradients."""

from grader.exercises.u04_momentum.adagrad_step import ADAGRAD_STEP
from grader.exercises.u04_momentum.clinic_04 import CLINIC_04
from grader.exercises.u04_momentum.ema import EMA
from grader.exercises.u04_momentum.ema_weights import EMA_WEIGHTS
from grader.exercises.u04_momentum.momentum_limit import MOMENTUM_LIMIT
from grader.exercises.u04_momentum.momentum_step import MOMENTUM_STEP
from grader.exercises.u04_momentum.nesterov_step import NESTEROV_STEP
from grader.exercises.u04_momentum.quiz_04 import QUIZ_04
from grader.exercises.u04_momentum.rmsprop_step import RMSPROP_STEP
from grader.exercises.u04_momentum.sgd import SGD_EXERCISE

EXERCISES = (
    MOMENTUM_STEP,
    MOMENTUM_LIMIT,
    NESTEROV_STEP,
    ADAGRAD_STEP,
    EMA,
    EMA_WEIGHTS,
    RMSPROP_STEP,
    SGD_EXERCISE,
    CLINIC_04,
    QUIZ_04,
)
