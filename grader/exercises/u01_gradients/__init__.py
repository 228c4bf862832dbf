"""Unit 01, gradients: two losses with their gradients, and the test that finds a wrong one."""

from grader.exercises.u01_gradients.clinic_01 import CLINIC_01
from grader.exercises.u01_gradients.cross_entropy import CROSS_ENTROPY
from grader.exercises.u01_gradients.gradient_check import GRADIENT_CHECK
from grader.exercises.u01_gradients.mse_loss import MSE_LOSS
from grader.exercises.u01_gradients.numerical_gradient import NUMERICAL_GRADIENT
from grader.exercises.u01_gradients.quiz_01 import QUIZ_01
from grader.exercises.u01_gradients.softmax import SOFTMAX

EXERCISES = (MSE_LOSS, NUMERICAL_GRADIENT, GRADIENT_CHECK, SOFTMAX, CROSS_ENTROPY, CLINIC_01, QUIZ_01)
