"""Unit 06, regularization: fit the training data less well, and new data better."""

from grader.exercises.u06_regularization.clinic_06 import CLINIC_06
from grader.exercises.u06_regularization.decay_step import DECAY_STEP
from grader.exercises.u06_regularization.dropout_backward import DROPOUT_BACKWARD
from grader.exercises.u06_regularization.dropout_forward import DROPOUT_FORWARD
from grader.exercises.u06_regularization.early_stopping import EARLY_STOPPING
from grader.exercises.u06_regularization.k_fold import K_FOLD
from grader.exercises.u06_regularization.l1_penalty import L1_PENALTY
from grader.exercises.u06_regularization.l2_penalty import L2_PENALTY
from grader.exercises.u06_regularization.l2_step import L2_STEP
from grader.exercises.u06_regularization.proximal_step import PROXIMAL_STEP
from grader.exercises.u06_regularization.quiz_06 import QUIZ_06
from grader.exercises.u06_regularization.soft_threshold import SOFT_THRESHOLD

EXERCISES = (
    L2_PENALTY,
    L1_PENALTY,
    SOFT_THRESHOLD,
    PROXIMAL_STEP,
    K_FOLD,
    L2_STEP,
    DECAY_STEP,
    DROPOUT_FORWARD,
    DROPOUT_BACKWARD,
    EARLY_STOPPING,
    CLINIC_06,
    QUIZ_06,
)
