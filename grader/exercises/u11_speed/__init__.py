"""Unit 11, speed: what the time of a training step is made of, measured, predicted and made shorter."""

from grader.exercises.u11_speed.amp_step import AMP_STEP
from grader.exercises.u11_speed.average_gradients import AVERAGE_GRADIENTS
from grader.exercises.u11_speed.clinic_11 import CLINIC_11
from grader.exercises.u11_speed.predict_step_time import PREDICT_STEP_TIME
from grader.exercises.u11_speed.quiz_11 import QUIZ_11
from grader.exercises.u11_speed.throughput import THROUGHPUT

EXERCISES = (
    THROUGHPUT,
    CLINIC_11,
    PREDICT_STEP_TIME,
    AMP_STEP,
    AVERAGE_GRADIENTS,
    QUIZ_11,
)
