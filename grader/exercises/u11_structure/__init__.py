"""Unit 11, structure: count, measure, rebuild and compare networks."""

from grader.exercises.u11_structure.clinic import CLINIC_11
from grader.exercises.u11_structure.field import RECEPTIVE_FIELD
from grader.exercises.u11_structure.front import PARETO_FRONT
from grader.exercises.u11_structure.macs import COUNT_MACS
from grader.exercises.u11_structure.parameters import COUNT_PARAMETERS
from grader.exercises.u11_structure.quiz import QUIZ_11
from grader.exercises.u11_structure.residual import RESIDUAL_BLOCK
from grader.exercises.u11_structure.scaling import SCALE_NETWORK
from grader.exercises.u11_structure.separable import DEPTHWISE_SEPARABLE
from grader.exercises.u11_structure.small import SMALL_NET
from grader.exercises.u11_structure.timing import LATENCY

EXERCISES = (
    COUNT_PARAMETERS,
    COUNT_MACS,
    RECEPTIVE_FIELD,
    LATENCY,
    RESIDUAL_BLOCK,
    DEPTHWISE_SEPARABLE,
    SCALE_NETWORK,
    PARETO_FRONT,
    SMALL_NET,
    CLINIC_11,
    QUIZ_11,
)
