"""Unit 02, gradient descent: one step, a whole run, and how long a step may be."""

from grader.exercises.u02_gradient_descent.backtracking_line_search import BACKTRACKING_LINE_SEARCH
from grader.exercises.u02_gradient_descent.best_lr import BEST_LR
from grader.exercises.u02_gradient_descent.clinic_02 import CLINIC_02
from grader.exercises.u02_gradient_descent.contraction_factor import CONTRACTION_FACTOR
from grader.exercises.u02_gradient_descent.fit_softmax_regression import FIT_SOFTMAX_REGRESSION
from grader.exercises.u02_gradient_descent.gd_step import GD_STEP
from grader.exercises.u02_gradient_descent.gradient_descent import GRADIENT_DESCENT
from grader.exercises.u02_gradient_descent.max_stable_lr import MAX_STABLE_LR
from grader.exercises.u02_gradient_descent.power_iteration import POWER_ITERATION
from grader.exercises.u02_gradient_descent.quiz_02 import QUIZ_02

EXERCISES = (
    GD_STEP,
    GRADIENT_DESCENT,
    MAX_STABLE_LR,
    CONTRACTION_FACTOR,
    BEST_LR,
    POWER_ITERATION,
    BACKTRACKING_LINE_SEARCH,
    FIT_SOFTMAX_REGRESSION,
    CLINIC_02,
    QUIZ_02,
)
