"""Unit 13, networks that change themselves: prune, rewind, shrink, grow, search, leave early, distil and quantize."""

from grader.exercises.u13_adaptive.clinic_13 import CLINIC_13
from grader.exercises.u13_adaptive.distillation_loss import DISTILLATION_LOSS
from grader.exercises.u13_adaptive.early_exit import EARLY_EXIT
from grader.exercises.u13_adaptive.lottery_rewind import LOTTERY_REWIND
from grader.exercises.u13_adaptive.magnitude_prune import MAGNITUDE_PRUNE
from grader.exercises.u13_adaptive.mixed_op import MIXED_OP
from grader.exercises.u13_adaptive.net2deeper import NET2DEEPER
from grader.exercises.u13_adaptive.net2wider import NET2WIDER
from grader.exercises.u13_adaptive.prune_channels import PRUNE_CHANNELS
from grader.exercises.u13_adaptive.quantize_int8 import QUANTIZE_INT8
from grader.exercises.u13_adaptive.quiz_13 import QUIZ_13
from grader.exercises.u13_adaptive.successive_halving import SUCCESSIVE_HALVING

EXERCISES = (
    MAGNITUDE_PRUNE,
    LOTTERY_REWIND,
    PRUNE_CHANNELS,
    NET2WIDER,
    NET2DEEPER,
    SUCCESSIVE_HALVING,
    MIXED_OP,
    EARLY_EXIT,
    DISTILLATION_LOSS,
    QUANTIZE_INT8,
    CLINIC_13,
    QUIZ_13,
)
