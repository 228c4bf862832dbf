"""Unit 13, seeing inside: which pixels a network's answer hangs on, and how to tell a map from a pretty picture."""

from grader.exercises.u13_seeing_inside.clinic import CLINIC_13
from grader.exercises.u13_seeing_inside.grad_cam import GRAD_CAM
from grader.exercises.u13_seeing_inside.integrated import INTEGRATED
from grader.exercises.u13_seeing_inside.occlusion import OCCLUSION
from grader.exercises.u13_seeing_inside.quiz import QUIZ_13
from grader.exercises.u13_seeing_inside.saliency import SALIENCY
from grader.exercises.u13_seeing_inside.slices import FILTER_NORMALIZED, LOSS_SLICE
from grader.exercises.u13_seeing_inside.smoothgrad import SMOOTHGRAD

EXERCISES = (
    SALIENCY,
    SMOOTHGRAD,
    INTEGRATED,
    GRAD_CAM,
    OCCLUSION,
    FILTER_NORMALIZED,
    LOSS_SLICE,
    CLINIC_13,
    QUIZ_13,
)
