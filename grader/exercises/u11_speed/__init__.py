"""Unit 11, speed: what the time of a training step is made of, measured, predicted and made shorter."""

from grader.exercises.u11_speed.amp_step import AMP_STEP
from grader.exercises.u11_speed.clinic_11 import CLINIC_11
from grader.exercises.u11_speed.quiz_11 import QUIZ_11
from grader.exercises.u11_speed.throughput import THROUGHPUT

EXERCISES = (
    THROUGHPUT,
    CLINIC_11,
    AMP_STEP,
    QUIZ_11,
)
