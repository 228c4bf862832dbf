"""Unit 14, seeing inside: which pixels a network's answer hangs on, and how to tell a map from a pretty picture."""

from grader.exercises.u14_seeing_inside.clinic_14 import CLINIC_14
from grader.exercises.u14_seeing_inside.filter_normalized import FILTER_NORMALIZED
from grader.exercises.u14_seeing_inside.grad_cam import GRAD_CAM
from grader.exercises.u14_seeing_inside.integrated_gradients import INTEGRATED
from grader.exercises.u14_seeing_inside.loss_slice import LOSS_SLICE
from grader.exercises.u14_seeing_inside.maximize_activation import MAXIMIZE
from grader.exercises.u14_seeing_inside.occlusion import OCCLUSION
from grader.exercises.u14_seeing_inside.quiz_14 import QUIZ_14
from grader.exercises.u14_seeing_inside.saliency import SALIENCY
from grader.exercises.u14_seeing_inside.smoothgrad import SMOOTHGRAD

EXERCISES = (
    SALIENCY,
    SMOOTHGRAD,
    INTEGRATED,
    GRAD_CAM,
    OCCLUSION,
    MAXIMIZE,
    FILTER_NORMALIZED,
    LOSS_SLICE,
    CLINIC_14,
    QUIZ_14,
)
