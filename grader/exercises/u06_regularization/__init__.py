"""Unit 06, regularization: fit the training data less well, and new data better."""

from grader.exercises.u06_regularization.clinic import CLINIC_06
from grader.exercises.u06_regularization.decay import DECAY_STEP, L2_STEP
from grader.exercises.u06_regularization.dropout import DROPOUT_BACKWARD, DROPOUT_FORWARD
from grader.exercises.u06_regularization.penalties import L1_PENALTY, L2_PENALTY
from grader.exercises.u06_regularization.proximal import PROXIMAL_STEP, SOFT_THRESHOLD
from grader.exercises.u06_regularization.quiz import QUIZ_06
from grader.exercises.u06_regularization.stopping import EARLY_STOPPING

EXERCISES = (
    L2_PENALTY,
    L1_PENALTY,
    SOFT_THRESHOLD,
    PROXIMAL_STEP,
    L2_STEP,
    DECAY_STEP,
    DROPOUT_FORWARD,
    DROPOUT_BACKWARD,
    EARLY_STOPPING,
    CLINIC_06,
    QUIZ_06,
)
