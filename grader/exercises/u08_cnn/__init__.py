"""Unit 08, convolutional networks: the convolution from its definition to a network that is trained in NumPy."""

from grader.exercises.u08_cnn.batchnorm_backward import BATCHNORM_BACKWARD
from grader.exercises.u08_cnn.batchnorm_forward import BATCHNORM_FORWARD
from grader.exercises.u08_cnn.clinic_08 import CLINIC_08
from grader.exercises.u08_cnn.col2im import COL2IM
from grader.exercises.u08_cnn.conv2d_backward import CONV2D_BACKWARD
from grader.exercises.u08_cnn.conv2d_forward import CONV2D_FORWARD
from grader.exercises.u08_cnn.conv2d_loops import CONV2D_LOOPS
from grader.exercises.u08_cnn.im2col import IM2COL
from grader.exercises.u08_cnn.layernorm_forward import LAYERNORM_FORWARD
from grader.exercises.u08_cnn.maxpool_backward import MAXPOOL_BACKWARD
from grader.exercises.u08_cnn.maxpool_forward import MAXPOOL_FORWARD
from grader.exercises.u08_cnn.numpy_cnn import NUMPY_CNN
from grader.exercises.u08_cnn.output_size import OUTPUT_SIZE
from grader.exercises.u08_cnn.quiz_08 import QUIZ_08

EXERCISES = (
    OUTPUT_SIZE,
    CONV2D_LOOPS,
    IM2COL,
    CONV2D_FORWARD,
    COL2IM,
    CONV2D_BACKWARD,
    MAXPOOL_FORWARD,
    MAXPOOL_BACKWARD,
    NUMPY_CNN,
    BATCHNORM_FORWARD,
    BATCHNORM_BACKWARD,
    LAYERNORM_FORWARD,
    CLINIC_08,
    QUIZ_08,
)
