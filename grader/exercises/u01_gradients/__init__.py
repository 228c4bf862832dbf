"""Unit 01, gradients: two losses with their gradients, and the test that finds a wrong one."""

from grader.exercises.u01_gradients.check import GRADIENT_CHECK
from grader.exercises.u01_gradients.clinic import CLINIC_01
from grader.exercises.u01_gradients.entropy import CROSS_ENTROPY
from grader.exercises.u01_gradients.mse import MSE_LOSS
from grader.exercises.u01_gradients.numerical import NUMERICAL_GRADIENT
from grader.exercises.u01_gradients.quiz import QUIZ_01
from grader.exercises.u01_gradients.softmax import SOFTMAX

EXERCISES = (MSE_LOSS, NUMERICAL_GRADIENT, GRADIENT_CHECK, SOFTMAX, CROSS_ENTROPY, CLINIC_01, QUIZ_01)
