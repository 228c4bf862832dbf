"""Unit 11, structure: count, measure, rebuild and compare networks."""

from grader.exercises.u11_structure.clinic_11 import CLINIC_11
from grader.exercises.u11_structure.count_macs import COUNT_MACS
from grader.exercises.u11_structure.count_parameters import COUNT_PARAMETERS
from grader.exercises.u11_structure.depthwise_separable import DEPTHWISE_SEPARABLE
from grader.exercises.u11_structure.latency import LATENCY
from grader.exercises.u11_structure.pareto_front import PARETO_FRONT
from grader.exercises.u11_structure.quiz_11 import QUIZ_11
from grader.exercises.u11_structure.receptive_field import RECEPTIVE_FIELD
from grader.exercises.u11_structure.residual_block import RESIDUAL_BLOCK
from grader.exercises.u11_structure.scale_network import SCALE_NETWORK
from grader.exercises.u11_structure.small_net import SMALL_NET

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
