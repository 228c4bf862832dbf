"""Unit 15, many modalities: words, sounds and images of the same things in one space."""

from grader.exercises.u15_multimodal.attention import ATTENTION
from grader.exercises.u15_multimodal.attention_encoder import ATTENTION_ENCODER
from grader.exercises.u15_multimodal.audio_encoder import AUDIO_ENCODER
from grader.exercises.u15_multimodal.clinic_15 import CLINIC_15
from grader.exercises.u15_multimodal.info_nce import INFO_NCE
from grader.exercises.u15_multimodal.late_fusion import LATE_FUSION
from grader.exercises.u15_multimodal.log_mel import LOG_MEL
from grader.exercises.u15_multimodal.modality_dropout import MODALITY_DROPOUT
from grader.exercises.u15_multimodal.quiz_15 import QUIZ_15
from grader.exercises.u15_multimodal.recall_at_k import RECALL_AT_K
from grader.exercises.u15_multimodal.text_encoder import TEXT_ENCODER
from grader.exercises.u15_multimodal.tokenize import TOKENIZE
from grader.exercises.u15_multimodal.zero_shot import ZERO_SHOT

EXERCISES = (
    TOKENIZE,
    TEXT_ENCODER,
    LOG_MEL,
    AUDIO_ENCODER,
    INFO_NCE,
    ZERO_SHOT,
    RECALL_AT_K,
    ATTENTION,
    ATTENTION_ENCODER,
    LATE_FUSION,
    MODALITY_DROPOUT,
    CLINIC_15,
    QUIZ_15,
)
