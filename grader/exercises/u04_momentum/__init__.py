"""Unit 04, momentum: steps that remember, and steps that measure their gradients."""

from grader.exercises.u04_momentum.adagrad import ADAGRAD_STEP
from grader.exercises.u04_momentum.average import EMA, EMA_WEIGHTS
from grader.exercises.u04_momentum.clinic import CLINIC_04
from grader.exercises.u04_momentum.nesterov import NESTEROV_STEP
from grader.exercises.u04_momentum.quiz import QUIZ_04
from grader.exercises.u04_momentum.rmsprop import RMSPROP_STEP
from grader.exercises.u04_momentum.sgd import SGD
from grader.exercises.u04_momentum.velocity import MOMENTUM_STEP

EXERCISES = (
    EMA,
    EMA_WEIGHTS,
    MOMENTUM_STEP,
    NESTEROV_STEP,
    ADAGRAD_STEP,
    RMSPROP_STEP,
    SGD,
    CLINIC_04,
    QUIZ_04,
)
