"""Unit 15, the capstone: a network under a budget, chosen honestly, compared honestly, and judged on hidden images."""

from grader.exercises.u15_capstone.capstone_net import CAPSTONE_NET
from grader.exercises.u15_capstone.clinic_15 import CLINIC_15
from grader.exercises.u15_capstone.compare_seeds import COMPARE_SEEDS
from grader.exercises.u15_capstone.quiz_15 import QUIZ_15

EXERCISES = (COMPARE_SEEDS, CLINIC_15, CAPSTONE_NET, QUIZ_15)
