"""Unit 08, convolutional networks: the convolution from its definition to a network that is trained in NumPy."""

from grader.exercises.u08_cnn.backward import CONV2D_BACKWARD
from grader.exercises.u08_cnn.clinic import CLINIC_08
from grader.exercises.u08_cnn.columns import IM2COL
from grader.exercises.u08_cnn.forward import CONV2D_FORWARD
from grader.exercises.u08_cnn.loops import CONV2D_LOOPS
from grader.exercises.u08_cnn.network import NUMPY_CNN
from grader.exercises.u08_cnn.norm import BATCHNORM_FORWARD
from grader.exercises.u08_cnn.norm_backward import BATCHNORM_BACKWARD
from grader.exercises.u08_cnn.pool_backward import MAXPOOL_BACKWARD
from grader.exercises.u08_cnn.pool_forward import MAXPOOL_FORWARD
from grader.exercises.u08_cnn.quiz import QUIZ_08
from grader.exercises.u08_cnn.sizes import OUTPUT_SIZE

EXERCISES = (
    OUTPUT_SIZE,
    CONV2D_LOOPS,
    IM2COL,
    CONV2D_FORWARD,
    CONV2D_BACKWARD,
    MAXPOOL_FORWARD,
    MAXPOOL_BACKWARD,
    NUMPY_CNN,
    BATCHNORM_FORWARD,
    BATCHNORM_BACKWARD,
    CLINIC_08,
    QUIZ_08,
)
