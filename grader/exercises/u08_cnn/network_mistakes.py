"""What goes wrong in the class NumpyCNN.

The layers have the names that they have in the notebook, where each class could be pasted; here they are a library's.
"""

from typing import Any

import numpy as np

from course_lib.stand_ins.u01_gradients import cross_entropy
from course_lib.stand_ins.u07_mlp import he_init, linear_backward, linear_forward, relu_backward, relu_forward
from course_lib.stand_ins.u08_cnn import conv2d_backward, conv2d_forward, maxpool_backward, maxpool_forward


class CNNWithoutRelu:
    def __init__(self, rng: Any, shape: tuple = (1, 28, 28), filters: tuple = (8, 32), classes: int = 10) -> None:
        (C, height, width), (A, B) = shape, filters
        W1 = he_init(rng, C * 25, A).T.reshape(A, C, 5, 5)
        W2 = he_init(rng, A * 9, B).T.reshape(B, A, 3, 3)
        W3 = he_init(rng, B * (height // 4) * (width // 4), classes)
        self.params: list = [W1, np.zeros(A), W2, np.zeros(B), W3, np.zeros(classes)]

    def forward(self, X: np.ndarray) -> np.ndarray:
        W1, b1, W2, b2, W3, b3 = self.params
        A, conv1 = conv2d_forward(X, W1, b1, padding=2)
        A, pool1 = maxpool_forward(A, 2)
        A, conv2 = conv2d_forward(A, W2, b2, padding=1)
        A, pool2 = maxpool_forward(A, 2)
        logits, dense = linear_forward(A.reshape(len(A), -1), W3, b3)
        self.caches = conv1, pool1, conv2, pool2, A.shape, dense
        return logits

    def loss_and_grads(self, X: np.ndarray, y: np.ndarray) -> tuple:
        loss, d = cross_entropy(self.forward(X), y)
        conv1, pool1, conv2, pool2, shape, dense = self.caches
        d, dW3, db3 = linear_backward(d, dense)
        d = maxpool_backward(d.reshape(shape), pool2)
        d, dW2, db2 = conv2d_backward(d, conv2)
        d = maxpool_backward(d, pool1)
        d, dW1, db1 = conv2d_backward(d, conv1)
        return loss, [dW1, db1, dW2, db2, dW3, db3]


class CNNNoMask:
    def __init__(self, rng: Any, shape: tuple = (1, 28, 28), filters: tuple = (8, 32), classes: int = 10) -> None:
        (C, height, width), (A, B) = shape, filters
        W1 = he_init(rng, C * 25, A).T.reshape(A, C, 5, 5)
        W2 = he_init(rng, A * 9, B).T.reshape(B, A, 3, 3)
        W3 = he_init(rng, B * (height // 4) * (width // 4), classes)
        self.params: list = [W1, np.zeros(A), W2, np.zeros(B), W3, np.zeros(classes)]

    def forward(self, X: np.ndarray) -> np.ndarray:
        W1, b1, W2, b2, W3, b3 = self.params
        A, conv1 = conv2d_forward(X, W1, b1, padding=2)
        A, relu1 = relu_forward(A)
        A, pool1 = maxpool_forward(A, 2)
        A, conv2 = conv2d_forward(A, W2, b2, padding=1)
        A, relu2 = relu_forward(A)
        A, pool2 = maxpool_forward(A, 2)
        logits, dense = linear_forward(A.reshape(len(A), -1), W3, b3)
        self.caches = conv1, relu1, pool1, conv2, relu2, pool2, A.shape, dense
        return logits

    def loss_and_grads(self, X: np.ndarray, y: np.ndarray) -> tuple:
        loss, d = cross_entropy(self.forward(X), y)
        conv1, relu1, pool1, conv2, relu2, pool2, shape, dense = self.caches
        d, dW3, db3 = linear_backward(d, dense)
        d = maxpool_backward(d.reshape(shape), pool2)
        d, dW2, db2 = conv2d_backward(d, conv2)
        d = maxpool_backward(d, pool1)
        d, dW1, db1 = conv2d_backward(d, conv1)
        return loss, [dW1, db1, dW2, db2, dW3, db3]


class CNNBackwards:
    def __init__(self, rng: Any, shape: tuple = (1, 28, 28), filters: tuple = (8, 32), classes: int = 10) -> None:
        (C, height, width), (A, B) = shape, filters
        W1 = he_init(rng, C * 25, A).T.reshape(A, C, 5, 5)
        W2 = he_init(rng, A * 9, B).T.reshape(B, A, 3, 3)
        W3 = he_init(rng, B * (height // 4) * (width // 4), classes)
        self.params: list = [W1, np.zeros(A), W2, np.zeros(B), W3, np.zeros(classes)]

    def forward(self, X: np.ndarray) -> np.ndarray:
        W1, b1, W2, b2, W3, b3 = self.params
        A, conv1 = conv2d_forward(X, W1, b1, padding=2)
        A, relu1 = relu_forward(A)
        A, pool1 = maxpool_forward(A, 2)
        A, conv2 = conv2d_forward(A, W2, b2, padding=1)
        A, relu2 = relu_forward(A)
        A, pool2 = maxpool_forward(A, 2)
        logits, dense = linear_forward(A.reshape(len(A), -1), W3, b3)
        self.caches = conv1, relu1, pool1, conv2, relu2, pool2, A.shape, dense
        return logits

    def loss_and_grads(self, X: np.ndarray, y: np.ndarray) -> tuple:
        loss, d = cross_entropy(self.forward(X), y)
        conv1, relu1, pool1, conv2, relu2, pool2, shape, dense = self.caches
        d, dW3, db3 = linear_backward(d, dense)
        d = relu_backward(maxpool_backward(d.reshape(shape), pool2), relu2)
        d, dW2, db2 = conv2d_backward(d, conv2)
        d = relu_backward(maxpool_backward(d, pool1), relu1)
        d, dW1, db1 = conv2d_backward(d, conv1)
        return loss, [dW3, db3, dW2, db2, dW1, db1]


class CNNChannelsLast:
    def __init__(self, rng: Any, shape: tuple = (1, 28, 28), filters: tuple = (8, 32), classes: int = 10) -> None:
        (C, height, width), (A, B) = shape, filters
        W1 = he_init(rng, C * 25, A).T.reshape(A, C, 5, 5)
        W2 = he_init(rng, A * 9, B).T.reshape(B, A, 3, 3)
        W3 = he_init(rng, B * (height // 4) * (width // 4), classes)
        self.params: list = [W1, np.zeros(A), W2, np.zeros(B), W3, np.zeros(classes)]

    def forward(self, X: np.ndarray) -> np.ndarray:
        W1, b1, W2, b2, W3, b3 = self.params
        A, conv1 = conv2d_forward(X, W1, b1, padding=2)
        A, relu1 = relu_forward(A)
        A, pool1 = maxpool_forward(A, 2)
        A, conv2 = conv2d_forward(A, W2, b2, padding=1)
        A, relu2 = relu_forward(A)
        A, pool2 = maxpool_forward(A, 2)
        logits, dense = linear_forward(A.transpose(0, 2, 3, 1).reshape(len(A), -1), W3, b3)
        self.caches = conv1, relu1, pool1, conv2, relu2, pool2, A.transpose(0, 2, 3, 1).shape, dense
        return logits

    def loss_and_grads(self, X: np.ndarray, y: np.ndarray) -> tuple:
        loss, d = cross_entropy(self.forward(X), y)
        conv1, relu1, pool1, conv2, relu2, pool2, shape, dense = self.caches
        d, dW3, db3 = linear_backward(d, dense)
        d = relu_backward(maxpool_backward(d.reshape(shape).transpose(0, 3, 1, 2), pool2), relu2)
        d, dW2, db2 = conv2d_backward(d, conv2)
        d = relu_backward(maxpool_backward(d, pool1), relu1)
        d, dW1, db1 = conv2d_backward(d, conv1)
        return loss, [dW1, db1, dW2, db2, dW3, db3]


class CNNSoftmaxFirst:
    def __init__(self, rng: Any, shape: tuple = (1, 28, 28), filters: tuple = (8, 32), classes: int = 10) -> None:
        (C, height, width), (A, B) = shape, filters
        W1 = he_init(rng, C * 25, A).T.reshape(A, C, 5, 5)
        W2 = he_init(rng, A * 9, B).T.reshape(B, A, 3, 3)
        W3 = he_init(rng, B * (height // 4) * (width // 4), classes)
        self.params: list = [W1, np.zeros(A), W2, np.zeros(B), W3, np.zeros(classes)]

    def forward(self, X: np.ndarray) -> np.ndarray:
        W1, b1, W2, b2, W3, b3 = self.params
        A, conv1 = conv2d_forward(X, W1, b1, padding=2)
        A, relu1 = relu_forward(A)
        A, pool1 = maxpool_forward(A, 2)
        A, conv2 = conv2d_forward(A, W2, b2, padding=1)
        A, relu2 = relu_forward(A)
        A, pool2 = maxpool_forward(A, 2)
        logits, dense = linear_forward(A.reshape(len(A), -1), W3, b3)
        self.caches = conv1, relu1, pool1, conv2, relu2, pool2, A.shape, dense
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True)

    def loss_and_grads(self, X: np.ndarray, y: np.ndarray) -> tuple:
        p = self.forward(X)
        loss, d = cross_entropy(p, y)
        d = p * (d - (d * p).sum(axis=1, keepdims=True))
        conv1, relu1, pool1, conv2, relu2, pool2, shape, dense = self.caches
        d, dW3, db3 = linear_backward(d, dense)
        d = relu_backward(maxpool_backward(d.reshape(shape), pool2), relu2)
        d, dW2, db2 = conv2d_backward(d, conv2)
        d = relu_backward(maxpool_backward(d, pool1), relu1)
        d, dW1, db1 = conv2d_backward(d, conv1)
        return loss, [dW1, db1, dW2, db2, dW3, db3]


class CNNReluOnLogits:
    def __init__(self, rng: Any, shape: tuple = (1, 28, 28), filters: tuple = (8, 32), classes: int = 10) -> None:
        (C, height, width), (A, B) = shape, filters
        W1 = he_init(rng, C * 25, A).T.reshape(A, C, 5, 5)
        W2 = he_init(rng, A * 9, B).T.reshape(B, A, 3, 3)
        W3 = he_init(rng, B * (height // 4) * (width // 4), classes)
        self.params: list = [W1, np.zeros(A), W2, np.zeros(B), W3, np.zeros(classes)]

    def forward(self, X: np.ndarray) -> np.ndarray:
        W1, b1, W2, b2, W3, b3 = self.params
        A, conv1 = conv2d_forward(X, W1, b1, padding=2)
        A, relu1 = relu_forward(A)
        A, pool1 = maxpool_forward(A, 2)
        A, conv2 = conv2d_forward(A, W2, b2, padding=1)
        A, relu2 = relu_forward(A)
        A, pool2 = maxpool_forward(A, 2)
        logits, dense = linear_forward(A.reshape(len(A), -1), W3, b3)
        self.caches = conv1, relu1, pool1, conv2, relu2, pool2, A.shape, dense
        logits, self.last = relu_forward(logits)
        return logits

    def loss_and_grads(self, X: np.ndarray, y: np.ndarray) -> tuple:
        loss, d = cross_entropy(self.forward(X), y)
        conv1, relu1, pool1, conv2, relu2, pool2, shape, dense = self.caches
        d = relu_backward(d, self.last)
        d, dW3, db3 = linear_backward(d, dense)
        d = relu_backward(maxpool_backward(d.reshape(shape), pool2), relu2)
        d, dW2, db2 = conv2d_backward(d, conv2)
        d = relu_backward(maxpool_backward(d, pool1), relu1)
        d, dW1, db1 = conv2d_backward(d, conv1)
        return loss, [dW1, db1, dW2, db2, dW3, db3]


class CNNOnCopies:
    def __init__(self, rng: Any, shape: tuple = (1, 28, 28), filters: tuple = (8, 32), classes: int = 10) -> None:
        (C, height, width), (A, B) = shape, filters
        W1 = he_init(rng, C * 25, A).T.reshape(A, C, 5, 5)
        W2 = he_init(rng, A * 9, B).T.reshape(B, A, 3, 3)
        W3 = he_init(rng, B * (height // 4) * (width // 4), classes)
        self.params: list = [W1, np.zeros(A), W2, np.zeros(B), W3, np.zeros(classes)]
        self.own = [param.copy() for param in self.params]

    def forward(self, X: np.ndarray) -> np.ndarray:
        W1, b1, W2, b2, W3, b3 = self.own
        A, conv1 = conv2d_forward(X, W1, b1, padding=2)
        A, relu1 = relu_forward(A)
        A, pool1 = maxpool_forward(A, 2)
        A, conv2 = conv2d_forward(A, W2, b2, padding=1)
        A, relu2 = relu_forward(A)
        A, pool2 = maxpool_forward(A, 2)
        logits, dense = linear_forward(A.reshape(len(A), -1), W3, b3)
        self.caches = conv1, relu1, pool1, conv2, relu2, pool2, A.shape, dense
        return logits

    def loss_and_grads(self, X: np.ndarray, y: np.ndarray) -> tuple:
        loss, d = cross_entropy(self.forward(X), y)
        conv1, relu1, pool1, conv2, relu2, pool2, shape, dense = self.caches
        d, dW3, db3 = linear_backward(d, dense)
        d = relu_backward(maxpool_backward(d.reshape(shape), pool2), relu2)
        d, dW2, db2 = conv2d_backward(d, conv2)
        d = relu_backward(maxpool_backward(d, pool1), relu1)
        d, dW1, db1 = conv2d_backward(d, conv1)
        return loss, [dW1, db1, dW2, db2, dW3, db3]


class CNNSums:
    def __init__(self, rng: Any, shape: tuple = (1, 28, 28), filters: tuple = (8, 32), classes: int = 10) -> None:
        (C, height, width), (A, B) = shape, filters
        W1 = he_init(rng, C * 25, A).T.reshape(A, C, 5, 5)
        W2 = he_init(rng, A * 9, B).T.reshape(B, A, 3, 3)
        W3 = he_init(rng, B * (height // 4) * (width // 4), classes)
        self.params: list = [W1, np.zeros(A), W2, np.zeros(B), W3, np.zeros(classes)]

    def forward(self, X: np.ndarray) -> np.ndarray:
        W1, b1, W2, b2, W3, b3 = self.params
        A, conv1 = conv2d_forward(X, W1, b1, padding=2)
        A, relu1 = relu_forward(A)
        A, pool1 = maxpool_forward(A, 2)
        A, conv2 = conv2d_forward(A, W2, b2, padding=1)
        A, relu2 = relu_forward(A)
        A, pool2 = maxpool_forward(A, 2)
        logits, dense = linear_forward(A.reshape(len(A), -1), W3, b3)
        self.caches = conv1, relu1, pool1, conv2, relu2, pool2, A.shape, dense
        return logits

    def loss_and_grads(self, X: np.ndarray, y: np.ndarray) -> tuple:
        loss, d = cross_entropy(self.forward(X), y)
        d = d * len(y)
        conv1, relu1, pool1, conv2, relu2, pool2, shape, dense = self.caches
        d, dW3, db3 = linear_backward(d, dense)
        d = relu_backward(maxpool_backward(d.reshape(shape), pool2), relu2)
        d, dW2, db2 = conv2d_backward(d, conv2)
        d = relu_backward(maxpool_backward(d, pool1), relu1)
        d, dW1, db1 = conv2d_backward(d, conv1)
        return loss, [dW1, db1, dW2, db2, dW3, db3]


class CNNAveragesAgain:
    def __init__(self, rng: Any, shape: tuple = (1, 28, 28), filters: tuple = (8, 32), classes: int = 10) -> None:
        (C, height, width), (A, B) = shape, filters
        W1 = he_init(rng, C * 25, A).T.reshape(A, C, 5, 5)
        W2 = he_init(rng, A * 9, B).T.reshape(B, A, 3, 3)
        W3 = he_init(rng, B * (height // 4) * (width // 4), classes)
        self.params: list = [W1, np.zeros(A), W2, np.zeros(B), W3, np.zeros(classes)]

    def forward(self, X: np.ndarray) -> np.ndarray:
        W1, b1, W2, b2, W3, b3 = self.params
        A, conv1 = conv2d_forward(X, W1, b1, padding=2)
        A, relu1 = relu_forward(A)
        A, pool1 = maxpool_forward(A, 2)
        A, conv2 = conv2d_forward(A, W2, b2, padding=1)
        A, relu2 = relu_forward(A)
        A, pool2 = maxpool_forward(A, 2)
        logits, dense = linear_forward(A.reshape(len(A), -1), W3, b3)
        self.caches = conv1, relu1, pool1, conv2, relu2, pool2, A.shape, dense
        return logits

    def loss_and_grads(self, X: np.ndarray, y: np.ndarray) -> tuple:
        loss, d = cross_entropy(self.forward(X), y)
        d = d / len(y)
        conv1, relu1, pool1, conv2, relu2, pool2, shape, dense = self.caches
        d, dW3, db3 = linear_backward(d, dense)
        d = relu_backward(maxpool_backward(d.reshape(shape), pool2), relu2)
        d, dW2, db2 = conv2d_backward(d, conv2)
        d = relu_backward(maxpool_backward(d, pool1), relu1)
        d, dW1, db1 = conv2d_backward(d, conv1)
        return loss, [dW1, db1, dW2, db2, dW3, db3]


class CNNAccumulates:
    def __init__(self, rng: Any, shape: tuple = (1, 28, 28), filters: tuple = (8, 32), classes: int = 10) -> None:
        (C, height, width), (A, B) = shape, filters
        W1 = he_init(rng, C * 25, A).T.reshape(A, C, 5, 5)
        W2 = he_init(rng, A * 9, B).T.reshape(B, A, 3, 3)
        W3 = he_init(rng, B * (height // 4) * (width // 4), classes)
        self.params: list = [W1, np.zeros(A), W2, np.zeros(B), W3, np.zeros(classes)]
        self.grads: list = [0.0] * 6

    def forward(self, X: np.ndarray) -> np.ndarray:
        W1, b1, W2, b2, W3, b3 = self.params
        A, conv1 = conv2d_forward(X, W1, b1, padding=2)
        A, relu1 = relu_forward(A)
        A, pool1 = maxpool_forward(A, 2)
        A, conv2 = conv2d_forward(A, W2, b2, padding=1)
        A, relu2 = relu_forward(A)
        A, pool2 = maxpool_forward(A, 2)
        logits, dense = linear_forward(A.reshape(len(A), -1), W3, b3)
        self.caches = conv1, relu1, pool1, conv2, relu2, pool2, A.shape, dense
        return logits

    def loss_and_grads(self, X: np.ndarray, y: np.ndarray) -> tuple:
        loss, d = cross_entropy(self.forward(X), y)
        conv1, relu1, pool1, conv2, relu2, pool2, shape, dense = self.caches
        d, dW3, db3 = linear_backward(d, dense)
        d = relu_backward(maxpool_backward(d.reshape(shape), pool2), relu2)
        d, dW2, db2 = conv2d_backward(d, conv2)
        d = relu_backward(maxpool_backward(d, pool1), relu1)
        d, dW1, db1 = conv2d_backward(d, conv1)
        found = [dW1, db1, dW2, db2, dW3, db3]
        self.grads = [total + grad for total, grad in zip(self.grads, found, strict=True)]
        return loss, self.grads


class CNNNoPadding:
    def __init__(self, rng: Any, shape: tuple = (1, 28, 28), filters: tuple = (8, 32), classes: int = 10) -> None:
        (C, height, width), (A, B) = shape, filters
        W1 = he_init(rng, C * 25, A).T.reshape(A, C, 5, 5)
        W2 = he_init(rng, A * 9, B).T.reshape(B, A, 3, 3)
        W3 = he_init(rng, B * (height // 4) * (width // 4), classes)
        self.params: list = [W1, np.zeros(A), W2, np.zeros(B), W3, np.zeros(classes)]

    def forward(self, X: np.ndarray) -> np.ndarray:
        W1, b1, W2, b2, W3, b3 = self.params
        A, conv1 = conv2d_forward(X, W1, b1)
        A, relu1 = relu_forward(A)
        A, pool1 = maxpool_forward(A, 2)
        A, conv2 = conv2d_forward(A, W2, b2)
        A, relu2 = relu_forward(A)
        A, pool2 = maxpool_forward(A, 2)
        logits, dense = linear_forward(A.reshape(len(A), -1), W3, b3)
        self.caches = conv1, relu1, pool1, conv2, relu2, pool2, A.shape, dense
        return logits

    def loss_and_grads(self, X: np.ndarray, y: np.ndarray) -> tuple:
        loss, d = cross_entropy(self.forward(X), y)
        conv1, relu1, pool1, conv2, relu2, pool2, shape, dense = self.caches
        d, dW3, db3 = linear_backward(d, dense)
        d = relu_backward(maxpool_backward(d.reshape(shape), pool2), relu2)
        d, dW2, db2 = conv2d_backward(d, conv2)
        d = relu_backward(maxpool_backward(d, pool1), relu1)
        d, dW1, db1 = conv2d_backward(d, conv1)
        return loss, [dW1, db1, dW2, db2, dW3, db3]
