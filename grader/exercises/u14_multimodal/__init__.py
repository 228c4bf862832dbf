"""Unit 14, many modalities: words, sounds and images of the same things in one space."""

from grader.exercises.u14_multimodal.audio import AUDIO_ENCODER
from grader.exercises.u14_multimodal.clinic import CLINIC_14
from grader.exercises.u14_multimodal.fusion import LATE_FUSION
from grader.exercises.u14_multimodal.missing import MODALITY_DROPOUT
from grader.exercises.u14_multimodal.pairs import INFO_NCE
from grader.exercises.u14_multimodal.quiz import QUIZ_14
from grader.exercises.u14_multimodal.retrieval import RECALL_AT_K, ZERO_SHOT
from grader.exercises.u14_multimodal.sound import LOG_MEL
from grader.exercises.u14_multimodal.text import TEXT_ENCODER
from grader.exercises.u14_multimodal.words import TOKENIZE

EXERCISES = (
    TOKENIZE,
    TEXT_ENCODER,
    LOG_MEL,
    AUDIO_ENCODER,
    INFO_NCE,
    ZERO_SHOT,
    RECALL_AT_K,
    LATE_FUSION,
    MODALITY_DROPOUT,
    CLINIC_14,
    QUIZ_14,
)
