"""Unit 07, a network from scratch: layers, the way back, a good start, and the class that holds them together."""

from grader.exercises.u07_mlp.clinic_07 import CLINIC_07
from grader.exercises.u07_mlp.he_init import HE_INIT
from grader.exercises.u07_mlp.linear_backward import LINEAR_BACKWARD
from grader.exercises.u07_mlp.linear_forward import LINEAR_FORWARD
from grader.exercises.u07_mlp.mlp import MLP_CLASS
from grader.exercises.u07_mlp.overfit_tiny_batch import OVERFIT_TINY_BATCH
from grader.exercises.u07_mlp.quiz_07 import QUIZ_07
from grader.exercises.u07_mlp.relu_backward import RELU_BACKWARD
from grader.exercises.u07_mlp.relu_forward import RELU_FORWARD
from grader.exercises.u07_mlp.value import VALUE

EXERCISES = (
    LINEAR_FORWARD,
    RELU_FORWARD,
    LINEAR_BACKWARD,
    RELU_BACKWARD,
    HE_INIT,
    MLP_CLASS,
    OVERFIT_TINY_BATCH,
    CLINIC_07,
    VALUE,
    QUIZ_07,
)
