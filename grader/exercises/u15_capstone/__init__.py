"""Unit 15, the capstone: a network under a budget, chosen honestly, compared honestly, and judged on hidden images."""

from grader.exercises.u15_capstone.artefact import CAPSTONE_NET
from grader.exercises.u15_capstone.clinic import CLINIC_15
from grader.exercises.u15_capstone.compare import COMPARE_SEEDS
from grader.exercises.u15_capstone.quiz import QUIZ_15

EXERCISES = (COMPARE_SEEDS, CLINIC_15, CAPSTONE_NET, QUIZ_15)
