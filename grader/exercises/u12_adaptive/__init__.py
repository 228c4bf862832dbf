"""Unit 12, networks that change themselves: prune, rewind, shrink, grow, search and leave early."""

from grader.exercises.u12_adaptive.clinic_12 import CLINIC_12
from grader.exercises.u12_adaptive.early_exit import EARLY_EXIT
from grader.exercises.u12_adaptive.lottery_rewind import LOTTERY_REWIND
from grader.exercises.u12_adaptive.magnitude_prune import MAGNITUDE_PRUNE
from grader.exercises.u12_adaptive.net2deeper import NET2DEEPER
from grader.exercises.u12_adaptive.net2wider import NET2WIDER
from grader.exercises.u12_adaptive.prune_channels import PRUNE_CHANNELS
from grader.exercises.u12_adaptive.quiz_12 import QUIZ_12
from grader.exercises.u12_adaptive.successive_halving import SUCCESSIVE_HALVING

EXERCISES = (
    MAGNITUDE_PRUNE,
    LOTTERY_REWIND,
    PRUNE_CHANNELS,
    NET2WIDER,
    NET2DEEPER,
    SUCCESSIVE_HALVING,
    EARLY_EXIT,
    CLINIC_12,
    QUIZ_12,
)
