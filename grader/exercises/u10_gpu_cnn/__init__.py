"""Unit 10, a CNN on the GPU: a published program is found out, mended and trained, and survives."""

from grader.exercises.u10_gpu_cnn.checkpoint import CHECKPOINT
from grader.exercises.u10_gpu_cnn.clinic_10 import CLINIC_10
from grader.exercises.u10_gpu_cnn.epoch_loss import EPOCH_LOSS
from grader.exercises.u10_gpu_cnn.evaluate import EVALUATE
from grader.exercises.u10_gpu_cnn.flatten_maps import FLATTEN_MAPS
from grader.exercises.u10_gpu_cnn.log_to_tensorboard import LOG_TO_TENSORBOARD
from grader.exercises.u10_gpu_cnn.loss_from_logits import LOSS_FROM_LOGITS
from grader.exercises.u10_gpu_cnn.net import NET
from grader.exercises.u10_gpu_cnn.predict_probabilities import PREDICT_PROBABILITIES
from grader.exercises.u10_gpu_cnn.quiz_10 import QUIZ_10
from grader.exercises.u10_gpu_cnn.resume_on import RESUME_ON
from grader.exercises.u10_gpu_cnn.seeded_start import SEEDED_START
from grader.exercises.u10_gpu_cnn.set_up import SET_UP
from grader.exercises.u10_gpu_cnn.to_device import TO_DEVICE
from grader.exercises.u10_gpu_cnn.train_one_epoch import TRAIN_ONE_EPOCH
from grader.exercises.u10_gpu_cnn.trained_net import TRAINED_NET

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
    CHECKPOINT,
    RESUME_ON,
    LOG_TO_TENSORBOARD,
    TRAINED_NET,
    QUIZ_10,
)
