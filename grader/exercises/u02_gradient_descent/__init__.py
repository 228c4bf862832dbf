"""Unit 02, gradient descent: one step, a whole run, and how long a step may be."""

from grader.exercises.u02_gradient_descent.clinic import CLINIC_02
from grader.exercises.u02_gradient_descent.descent import GD_STEP, GRADIENT_DESCENT
from grader.exercises.u02_gradient_descent.line_search import BACKTRACKING_LINE_SEARCH
from grader.exercises.u02_gradient_descent.quiz import QUIZ_02
from grader.exercises.u02_gradient_descent.softmax_regression import FIT_SOFTMAX_REGRESSION
from grader.exercises.u02_gradient_descent.step_length import BEST_LR, CONTRACTION_FACTOR, MAX_STABLE_LR

EXERCISES = (
    GD_STEP,
    GRADIENT_DESCENT,
    MAX_STABLE_LR,
    CONTRACTION_FACTOR,
    BEST_LR,
    BACKTRACKING_LINE_SEARCH,
    FIT_SOFTMAX_REGRESSION,
    CLINIC_02,
    QUIZ_02,
)
