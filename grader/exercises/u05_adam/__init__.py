"""Unit 05, Adam: both ideas of unit 04 in one step, without their bias."""

from grader.exercises.u05_adam.adam import ADAM
from grader.exercises.u05_adam.adam_moments import ADAM_MOMENTS
from grader.exercises.u05_adam.adam_step import ADAM_STEP
from grader.exercises.u05_adam.adamw_step import ADAMW_STEP
from grader.exercises.u05_adam.amsgrad_step import AMSGRAD_STEP
from grader.exercises.u05_adam.bias_correction import BIAS_CORRECTION
from grader.exercises.u05_adam.clinic_05 import CLINIC_05
from grader.exercises.u05_adam.quiz_05 import QUIZ_05

EXERCISES = (ADAM_MOMENTS, BIAS_CORRECTION, ADAM_STEP, ADAM, ADAMW_STEP, AMSGRAD_STEP, CLINIC_05, QUIZ_05)
