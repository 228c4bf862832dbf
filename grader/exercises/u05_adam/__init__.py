"""Unit 05, Adam: both ideas of unit 04 in one step, without their bias."""

from grader.exercises.u05_adam.adam import ADAM
from grader.exercises.u05_adam.adamw import ADAMW_STEP
from grader.exercises.u05_adam.amsgrad import AMSGRAD_STEP
from grader.exercises.u05_adam.clinic import CLINIC_05
from grader.exercises.u05_adam.correction import BIAS_CORRECTION
from grader.exercises.u05_adam.moments import ADAM_MOMENTS
from grader.exercises.u05_adam.quiz import QUIZ_05
from grader.exercises.u05_adam.step import ADAM_STEP

EXERCISES = (ADAM_MOMENTS, BIAS_CORRECTION, ADAM_STEP, ADAM, ADAMW_STEP, AMSGRAD_STEP, CLINIC_05, QUIZ_05)
