"""Unit 07, a network from scratch: layers, the way back, a good start, and the class that holds them together."""

from grader.exercises.u07_mlp.clinic import CLINIC_07
from grader.exercises.u07_mlp.init import HE_INIT
from grader.exercises.u07_mlp.linear import LINEAR_BACKWARD, LINEAR_FORWARD
from grader.exercises.u07_mlp.mlp import MLP
from grader.exercises.u07_mlp.overfit import OVERFIT_TINY_BATCH
from grader.exercises.u07_mlp.quiz import QUIZ_07
from grader.exercises.u07_mlp.relu import RELU_BACKWARD, RELU_FORWARD

EXERCISES = (
    LINEAR_FORWARD,
    RELU_FORWARD,
    LINEAR_BACKWARD,
    RELU_BACKWARD,
    HE_INIT,
    MLP,
    OVERFIT_TINY_BATCH,
    CLINIC_07,
    QUIZ_07,
)
