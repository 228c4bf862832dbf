"""Unit 16, the capstone: a network under a budget, chosen honestly, compared honestly, and judged on hidden images."""

from grader.exercises.u16_capstone.capstone_net import CAPSTONE_NET
from grader.exercises.u16_capstone.clinic_16 import CLINIC_16
from grader.exercises.u16_capstone.compare_seeds import COMPARE_SEEDS
from grader.exercises.u16_capstone.quiz_16 import QUIZ_16

EXERCISES = (COMPARE_SEEDS, CLINIC_16, CAPSTONE_NET, QUIZ_16)
