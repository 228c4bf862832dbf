"""Unit 00: how a check talks, shown on two small functions, and one broadcasting accident to repair."""

from grader.exercises.u00_start_here.clinic_00 import CLINIC_00
from grader.exercises.u00_start_here.mean_square import MEAN_SQUARE
from grader.exercises.u00_start_here.quiz_00 import QUIZ_00
from grader.exercises.u00_start_here.standardize import STANDARDIZE

EXERCISES = (MEAN_SQUARE, STANDARDIZE, CLINIC_00, QUIZ_00)
