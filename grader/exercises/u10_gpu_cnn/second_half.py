"""The exercises of this unit's second half: what stands around the training loop."""

from grader.exercises.u10_gpu_cnn.amp import AMP_STEP
from grader.exercises.u10_gpu_cnn.artefact import TRAINED_NET
from grader.exercises.u10_gpu_cnn.checkpoint import CHECKPOINT
from grader.exercises.u10_gpu_cnn.logging import LOG_TO_TENSORBOARD
from grader.exercises.u10_gpu_cnn.resume import RESUME_ON
from grader.exercises.u10_gpu_cnn.throughput import THROUGHPUT

SECOND_HALF = (CHECKPOINT, RESUME_ON, LOG_TO_TENSORBOARD, THROUGHPUT, AMP_STEP, TRAINED_NET)
