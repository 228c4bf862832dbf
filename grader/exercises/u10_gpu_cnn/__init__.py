"""Unit 10, a CNN on the GPU: a published program is found out, mended, trained and made fast."""

from grader.exercises.u10_gpu_cnn.device import TO_DEVICE
from grader.exercises.u10_gpu_cnn.evaluate import EVALUATE
from grader.exercises.u10_gpu_cnn.net import NET
from grader.exercises.u10_gpu_cnn.train import TRAIN_ONE_EPOCH

EXERCISES = (
    TO_DEVICE,
    NET,
    TRAIN_ONE_EPOCH,
    EVALUATE,
)
