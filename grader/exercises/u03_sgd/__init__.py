"""Unit 03, stochastic gradient descent: minibatches, their noise, and learning rates that change."""

from grader.exercises.u03_sgd.batches import MINIBATCHES
from grader.exercises.u03_sgd.clinic import CLINIC_03
from grader.exercises.u03_sgd.epoch import SGD_EPOCH
from grader.exercises.u03_sgd.noise import GRADIENT_NOISE
from grader.exercises.u03_sgd.quiz import QUIZ_03
from grader.exercises.u03_sgd.range_test import LR_RANGE_TEST
from grader.exercises.u03_sgd.schedules import COSINE_DECAY, STEP_DECAY
from grader.exercises.u03_sgd.warmup import LINEAR_WARMUP

EXERCISES = (
    MINIBATCHES,
    SGD_EPOCH,
    GRADIENT_NOISE,
    STEP_DECAY,
    COSINE_DECAY,
    LINEAR_WARMUP,
    LR_RANGE_TEST,
    CLINIC_03,
    QUIZ_03,
)
