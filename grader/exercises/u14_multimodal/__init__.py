"""Unit 14, many modalities: words, sounds and images of the same things in one space."""

from grader.exercises.u14_multimodal.audio_encoder import AUDIO_ENCODER
from grader.exercises.u14_multimodal.clinic_14 import CLINIC_14
from grader.exercises.u14_multimodal.info_nce import INFO_NCE
from grader.exercises.u14_multimodal.late_fusion import LATE_FUSION
from grader.exercises.u14_multimodal.log_mel import LOG_MEL
from grader.exercises.u14_multimodal.modality_dropout import MODALITY_DROPOUT
from grader.exercises.u14_multimodal.quiz_14 import QUIZ_14
from grader.exercises.u14_multimodal.recall_at_k import RECALL_AT_K
from grader.exercises.u14_multimodal.text_encoder import TEXT_ENCODER
from grader.exercises.u14_multimodal.tokenize import TOKENIZE
from grader.exercises.u14_multimodal.zero_shot import ZERO_SHOT

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
