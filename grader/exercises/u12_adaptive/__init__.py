"""Unit 12, networks that change themselves: prune, rewind, shrink, grow, search and leave early."""

from grader.exercises.u12_adaptive.channels import PRUNE_CHANNELS
from grader.exercises.u12_adaptive.clinic import CLINIC_12
from grader.exercises.u12_adaptive.deeper import NET2DEEPER
from grader.exercises.u12_adaptive.exits import EARLY_EXIT
from grader.exercises.u12_adaptive.halving import SUCCESSIVE_HALVING
from grader.exercises.u12_adaptive.prune import MAGNITUDE_PRUNE
from grader.exercises.u12_adaptive.quiz import QUIZ_12
from grader.exercises.u12_adaptive.rewind import LOTTERY_REWIND
from grader.exercises.u12_adaptive.wider import NET2WIDER

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
