"""Unit 03, stochastic gradient descent: minibatches, their noise, and learning rates that change."""

from grader.exercises.u03_sgd.clinic_03 import CLINIC_03
from grader.exercises.u03_sgd.cosine_decay import COSINE_DECAY
from grader.exercises.u03_sgd.gradient_noise import GRADIENT_NOISE
from grader.exercises.u03_sgd.linear_warmup import LINEAR_WARMUP
from grader.exercises.u03_sgd.lr_range_test import LR_RANGE_TEST
from grader.exercises.u03_sgd.minibatches import MINIBATCHES
from grader.exercises.u03_sgd.quiz_03 import QUIZ_03
from grader.exercises.u03_sgd.sgd_epoch import SGD_EPOCH
from grader.exercises.u03_sgd.step_decay import STEP_DECAY

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
