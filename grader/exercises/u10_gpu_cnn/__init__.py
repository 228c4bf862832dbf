"""Unit 10, a CNN on the GPU: a published program is found out, mended, trained and made fast."""

from grader.exercises.u10_gpu_cnn.average import EPOCH_LOSS
from grader.exercises.u10_gpu_cnn.clinic import CLINIC_10
from grader.exercises.u10_gpu_cnn.device import TO_DEVICE
from grader.exercises.u10_gpu_cnn.evaluate import EVALUATE
from grader.exercises.u10_gpu_cnn.flatten import FLATTEN_MAPS
from grader.exercises.u10_gpu_cnn.logits import LOSS_FROM_LOGITS
from grader.exercises.u10_gpu_cnn.modes import PREDICT_PROBABILITIES
from grader.exercises.u10_gpu_cnn.net import NET
from grader.exercises.u10_gpu_cnn.quiz import QUIZ_10
from grader.exercises.u10_gpu_cnn.second_half import SECOND_HALF
from grader.exercises.u10_gpu_cnn.seeds import SEEDED_START
from grader.exercises.u10_gpu_cnn.setting_up import SET_UP
from grader.exercises.u10_gpu_cnn.train import TRAIN_ONE_EPOCH

EXERCISES = (
    FLATTEN_MAPS,
    LOSS_FROM_LOGITS,
    SET_UP,
    EPOCH_LOSS,
    PREDICT_PROBABILITIES,
    SEEDED_START,
    TO_DEVICE,
    NET,
    TRAIN_ONE_EPOCH,
    EVALUATE,
    CLINIC_10,
    *SECOND_HALF,
    QUIZ_10,
)
