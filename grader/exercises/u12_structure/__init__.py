"""Unit 12, structure: count, measure, rebuild and compare networks."""

from grader.exercises.u12_structure.clinic_12 import CLINIC_12
from grader.exercises.u12_structure.count_macs import COUNT_MACS
from grader.exercises.u12_structure.count_parameters import COUNT_PARAMETERS
from grader.exercises.u12_structure.depthwise_separable import DEPTHWISE_SEPARABLE
from grader.exercises.u12_structure.latency import LATENCY
from grader.exercises.u12_structure.pareto_front import PARETO_FRONT
from grader.exercises.u12_structure.quiz_12 import QUIZ_12
from grader.exercises.u12_structure.random_search import RANDOM_SEARCH
from grader.exercises.u12_structure.receptive_field import RECEPTIVE_FIELD
from grader.exercises.u12_structure.residual_block import RESIDUAL_BLOCK
from grader.exercises.u12_structure.scale_network import SCALE_NETWORK
from grader.exercises.u12_structure.small_net import SMALL_NET

EXERCISES = (
    COUNT_PARAMETERS,
    COUNT_MACS,
    RECEPTIVE_FIELD,
    LATENCY,
    RESIDUAL_BLOCK,
    DEPTHWISE_SEPARABLE,
    SCALE_NETWORK,
    PARETO_FRONT,
    RANDOM_SEARCH,
    SMALL_NET,
    CLINIC_12,
    QUIZ_12,
)
