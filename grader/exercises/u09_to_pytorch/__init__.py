"""Unit 09, to PyTorch: gradients that nobody has to derive, and your own optimizers beside the library's."""

from grader.exercises.u09_to_pytorch.autograd_gradients import AUTOGRAD_GRADIENTS
from grader.exercises.u09_to_pytorch.base import BASE
from grader.exercises.u09_to_pytorch.clinic_09 import CLINIC_09
from grader.exercises.u09_to_pytorch.lion import LION
from grader.exercises.u09_to_pytorch.muon import MUON
from grader.exercises.u09_to_pytorch.port_cnn import PORT_CNN
from grader.exercises.u09_to_pytorch.quiz_09 import QUIZ_09
from grader.exercises.u09_to_pytorch.regularized_loss import REGULARIZED_LOSS
from grader.exercises.u09_to_pytorch.torch_adam import TORCH_ADAM
from grader.exercises.u09_to_pytorch.torch_adam_w import TORCH_ADAMW
from grader.exercises.u09_to_pytorch.torch_sgd import TORCH_SGD

EXERCISES = (
    AUTOGRAD_GRADIENTS,
    BASE,
    TORCH_SGD,
    TORCH_ADAM,
    TORCH_ADAMW,
    REGULARIZED_LOSS,
    PORT_CNN,
    LION,
    MUON,
    CLINIC_09,
    QUIZ_09,
)
