"""What goes wrong in the class MLP. Each class could be pasted into a notebook as it stands, so nothing is shared."""

import numpy as np


class MLPZeros:
    def __init__(self, sizes: list, rng: np.random.Generator) -> None:
        self.params: list = []
        for fan_in, fan_out in zip(sizes[:-1], sizes[1:], strict=True):
            self.params += [np.zeros((fan_in, fan_out)), np.zeros(fan_out)]

    def values(self, X: np.ndarray) -> list:
        values = [X]
        for i in range(0, len(self.params), 2):
            Z = values[-1] @ self.params[i] + self.params[i + 1]
            values.append(np.maximum(0, Z) if i + 2 < len(self.params) else Z)
        return values

    def forward(self, X: np.ndarray) -> np.ndarray:
        return self.values(X)[-1]

    def loss_and_grads(self, X: np.ndarray, y: np.ndarray) -> tuple:
        values, rows = self.values(X), np.arange(len(y))
        e = np.exp(values[-1] - values[-1].max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        loss = -np.log(p[rows, y]).mean()
        d = (p - np.eye(p.shape[1])[y]) / len(y)
        grads: list = []
        for i in range(len(self.params) - 2, -1, -2):
            grads = [values[i // 2].T @ d, d.sum(axis=0), *grads]
            d = (d @ self.params[i].T) * (values[i // 2] > 0)
        return loss, grads


class MLPReluOnLogits:
    def __init__(self, sizes: list, rng: np.random.Generator) -> None:
        self.params: list = []
        for fan_in, fan_out in zip(sizes[:-1], sizes[1:], strict=True):
            self.params += [rng.normal(0, np.sqrt(2 / fan_in), (fan_in, fan_out)), np.zeros(fan_out)]

    def values(self, X: np.ndarray) -> list:
        values = [X]
        for i in range(0, len(self.params), 2):
            Z = values[-1] @ self.params[i] + self.params[i + 1]
            values.append(np.maximum(0, Z))
        return values

    def forward(self, X: np.ndarray) -> np.ndarray:
        return self.values(X)[-1]

    def loss_and_grads(self, X: np.ndarray, y: np.ndarray) -> tuple:
        values, rows = self.values(X), np.arange(len(y))
        e = np.exp(values[-1] - values[-1].max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        loss = -np.log(p[rows, y]).mean()
        d = (p - np.eye(p.shape[1])[y]) / len(y) * (values[-1] > 0)
        grads: list = []
        for i in range(len(self.params) - 2, -1, -2):
            grads = [values[i // 2].T @ d, d.sum(axis=0), *grads]
            d = (d @ self.params[i].T) * (values[i // 2] > 0)
        return loss, grads


class MLPWithoutRelu:
    def __init__(self, sizes: list, rng: np.random.Generator) -> None:
        self.params: list = []
        for fan_in, fan_out in zip(sizes[:-1], sizes[1:], strict=True):
            self.params += [rng.normal(0, np.sqrt(2 / fan_in), (fan_in, fan_out)), np.zeros(fan_out)]

    def values(self, X: np.ndarray) -> list:
        values = [X]
        for i in range(0, len(self.params), 2):
            Z = values[-1] @ self.params[i] + self.params[i + 1]
            values.append(Z)
        return values

    def forward(self, X: np.ndarray) -> np.ndarray:
        return self.values(X)[-1]

    def loss_and_grads(self, X: np.ndarray, y: np.ndarray) -> tuple:
        values, rows = self.values(X), np.arange(len(y))
        e = np.exp(values[-1] - values[-1].max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        loss = -np.log(p[rows, y]).mean()
        d = (p - np.eye(p.shape[1])[y]) / len(y)
        grads: list = []
        for i in range(len(self.params) - 2, -1, -2):
            grads = [values[i // 2].T @ d, d.sum(axis=0), *grads]
            d = d @ self.params[i].T
        return loss, grads


class MLPSoftmaxFirst:
    def __init__(self, sizes: list, rng: np.random.Generator) -> None:
        self.params: list = []
        for fan_in, fan_out in zip(sizes[:-1], sizes[1:], strict=True):
            self.params += [rng.normal(0, np.sqrt(2 / fan_in), (fan_in, fan_out)), np.zeros(fan_out)]

    def values(self, X: np.ndarray) -> list:
        values = [X]
        for i in range(0, len(self.params), 2):
            Z = values[-1] @ self.params[i] + self.params[i + 1]
            values.append(np.maximum(0, Z) if i + 2 < len(self.params) else Z)
        e = np.exp(values[-1] - values[-1].max(axis=1, keepdims=True))
        values[-1] = e / e.sum(axis=1, keepdims=True)
        return values

    def forward(self, X: np.ndarray) -> np.ndarray:
        return self.values(X)[-1]

    def loss_and_grads(self, X: np.ndarray, y: np.ndarray) -> tuple:
        values, rows = self.values(X), np.arange(len(y))
        e = np.exp(values[-1])
        p = e / e.sum(axis=1, keepdims=True)
        loss = -np.log(p[rows, y]).mean()
        d = (p - np.eye(p.shape[1])[y]) / len(y)
        grads: list = []
        for i in range(len(self.params) - 2, -1, -2):
            grads = [values[i // 2].T @ d, d.sum(axis=0), *grads]
            d = (d @ self.params[i].T) * (values[i // 2] > 0)
        return loss, grads


class MLPBackwards:
    def __init__(self, sizes: list, rng: np.random.Generator) -> None:
        self.params: list = []
        for fan_in, fan_out in zip(sizes[:-1], sizes[1:], strict=True):
            self.params += [rng.normal(0, np.sqrt(2 / fan_in), (fan_in, fan_out)), np.zeros(fan_out)]

    def values(self, X: np.ndarray) -> list:
        values = [X]
        for i in range(0, len(self.params), 2):
            Z = values[-1] @ self.params[i] + self.params[i + 1]
            values.append(np.maximum(0, Z) if i + 2 < len(self.params) else Z)
        return values

    def forward(self, X: np.ndarray) -> np.ndarray:
        return self.values(X)[-1]

    def loss_and_grads(self, X: np.ndarray, y: np.ndarray) -> tuple:
        values, rows = self.values(X), np.arange(len(y))
        e = np.exp(values[-1] - values[-1].max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        loss = -np.log(p[rows, y]).mean()
        d = (p - np.eye(p.shape[1])[y]) / len(y)
        grads: list = []
        for i in range(len(self.params) - 2, -1, -2):
            grads += [values[i // 2].T @ d, d.sum(axis=0)]
            d = (d @ self.params[i].T) * (values[i // 2] > 0)
        return loss, grads


class MLPNoMask:
    def __init__(self, sizes: list, rng: np.random.Generator) -> None:
        self.params: list = []
        for fan_in, fan_out in zip(sizes[:-1], sizes[1:], strict=True):
            self.params += [rng.normal(0, np.sqrt(2 / fan_in), (fan_in, fan_out)), np.zeros(fan_out)]

    def values(self, X: np.ndarray) -> list:
        values = [X]
        for i in range(0, len(self.params), 2):
            Z = values[-1] @ self.params[i] + self.params[i + 1]
            values.append(np.maximum(0, Z) if i + 2 < len(self.params) else Z)
        return values

    def forward(self, X: np.ndarray) -> np.ndarray:
        return self.values(X)[-1]

    def loss_and_grads(self, X: np.ndarray, y: np.ndarray) -> tuple:
        values, rows = self.values(X), np.arange(len(y))
        e = np.exp(values[-1] - values[-1].max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        loss = -np.log(p[rows, y]).mean()
        d = (p - np.eye(p.shape[1])[y]) / len(y)
        grads: list = []
        for i in range(len(self.params) - 2, -1, -2):
            grads = [values[i // 2].T @ d, d.sum(axis=0), *grads]
            d = d @ self.params[i].T
        return loss, grads


class MLPOnCopies:
    def __init__(self, sizes: list, rng: np.random.Generator) -> None:
        self.params: list = []
        for fan_in, fan_out in zip(sizes[:-1], sizes[1:], strict=True):
            self.params += [rng.normal(0, np.sqrt(2 / fan_in), (fan_in, fan_out)), np.zeros(fan_out)]
        self.own = [param.copy() for param in self.params]

    def values(self, X: np.ndarray) -> list:
        values = [X]
        for i in range(0, len(self.own), 2):
            Z = values[-1] @ self.own[i] + self.own[i + 1]
            values.append(np.maximum(0, Z) if i + 2 < len(self.own) else Z)
        return values

    def forward(self, X: np.ndarray) -> np.ndarray:
        return self.values(X)[-1]

    def loss_and_grads(self, X: np.ndarray, y: np.ndarray) -> tuple:
        values, rows = self.values(X), np.arange(len(y))
        e = np.exp(values[-1] - values[-1].max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        loss = -np.log(p[rows, y]).mean()
        d = (p - np.eye(p.shape[1])[y]) / len(y)
        grads: list = []
        for i in range(len(self.own) - 2, -1, -2):
            grads = [values[i // 2].T @ d, d.sum(axis=0), *grads]
            d = (d @ self.own[i].T) * (values[i // 2] > 0)
        return loss, grads


class MLPAccumulates:
    def __init__(self, sizes: list, rng: np.random.Generator) -> None:
        self.params: list = []
        self.sums: list = []
        for fan_in, fan_out in zip(sizes[:-1], sizes[1:], strict=True):
            self.params += [rng.normal(0, np.sqrt(2 / fan_in), (fan_in, fan_out)), np.zeros(fan_out)]

    def values(self, X: np.ndarray) -> list:
        values = [X]
        for i in range(0, len(self.params), 2):
            Z = values[-1] @ self.params[i] + self.params[i + 1]
            values.append(np.maximum(0, Z) if i + 2 < len(self.params) else Z)
        return values

    def forward(self, X: np.ndarray) -> np.ndarray:
        return self.values(X)[-1]

    def loss_and_grads(self, X: np.ndarray, y: np.ndarray) -> tuple:
        values, rows = self.values(X), np.arange(len(y))
        e = np.exp(values[-1] - values[-1].max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        loss = -np.log(p[rows, y]).mean()
        d = (p - np.eye(p.shape[1])[y]) / len(y)
        grads: list = []
        for i in range(len(self.params) - 2, -1, -2):
            grads = [values[i // 2].T @ d, d.sum(axis=0), *grads]
            d = (d @ self.params[i].T) * (values[i // 2] > 0)
        self.sums = [a + b for a, b in zip(self.sums, grads, strict=True)] if self.sums else grads
        return loss, self.sums


class MLPAveragesAgain:
    def __init__(self, sizes: list, rng: np.random.Generator) -> None:
        self.params: list = []
        for fan_in, fan_out in zip(sizes[:-1], sizes[1:], strict=True):
            self.params += [rng.normal(0, np.sqrt(2 / fan_in), (fan_in, fan_out)), np.zeros(fan_out)]

    def values(self, X: np.ndarray) -> list:
        values = [X]
        for i in range(0, len(self.params), 2):
            Z = values[-1] @ self.params[i] + self.params[i + 1]
            values.append(np.maximum(0, Z) if i + 2 < len(self.params) else Z)
        return values

    def forward(self, X: np.ndarray) -> np.ndarray:
        return self.values(X)[-1]

    def loss_and_grads(self, X: np.ndarray, y: np.ndarray) -> tuple:
        values, rows = self.values(X), np.arange(len(y))
        e = np.exp(values[-1] - values[-1].max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        loss = -np.log(p[rows, y]).mean()
        d = (p - np.eye(p.shape[1])[y]) / len(y)
        grads: list = []
        for i in range(len(self.params) - 2, -1, -2):
            grads = [values[i // 2].T @ d / len(y), d.mean(axis=0), *grads]
            d = (d @ self.params[i].T) * (values[i // 2] > 0)
        return loss, grads


class MLPWeightsOnly:
    def __init__(self, sizes: list, rng: np.random.Generator) -> None:
        self.params: list = []
        for fan_in, fan_out in zip(sizes[:-1], sizes[1:], strict=True):
            self.params += [rng.normal(0, np.sqrt(2 / fan_in), (fan_in, fan_out)), np.zeros(fan_out)]

    def values(self, X: np.ndarray) -> list:
        values = [X]
        for i in range(0, len(self.params), 2):
            Z = values[-1] @ self.params[i] + self.params[i + 1]
            values.append(np.maximum(0, Z) if i + 2 < len(self.params) else Z)
        return values

    def forward(self, X: np.ndarray) -> np.ndarray:
        return self.values(X)[-1]

    def loss_and_grads(self, X: np.ndarray, y: np.ndarray) -> tuple:
        values, rows = self.values(X), np.arange(len(y))
        e = np.exp(values[-1] - values[-1].max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        loss = -np.log(p[rows, y]).mean()
        d = (p - np.eye(p.shape[1])[y]) / len(y)
        grads: list = []
        for i in range(len(self.params) - 2, -1, -2):
            grads = [values[i // 2].T @ d, *grads]
            d = (d @ self.params[i].T) * (values[i // 2] > 0)
        return loss, grads


class MLPMaskOfTheGradient:
    def __init__(self, sizes: list, rng: np.random.Generator) -> None:
        self.params: list = []
        for fan_in, fan_out in zip(sizes[:-1], sizes[1:], strict=True):
            self.params += [rng.normal(0, np.sqrt(2 / fan_in), (fan_in, fan_out)), np.zeros(fan_out)]

    def values(self, X: np.ndarray) -> list:
        values = [X]
        for i in range(0, len(self.params), 2):
            Z = values[-1] @ self.params[i] + self.params[i + 1]
            values.append(np.maximum(0, Z) if i + 2 < len(self.params) else Z)
        return values

    def forward(self, X: np.ndarray) -> np.ndarray:
        return self.values(X)[-1]

    def loss_and_grads(self, X: np.ndarray, y: np.ndarray) -> tuple:
        values, rows = self.values(X), np.arange(len(y))
        e = np.exp(values[-1] - values[-1].max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        loss = -np.log(p[rows, y]).mean()
        d = (p - np.eye(p.shape[1])[y]) / len(y)
        grads: list = []
        for i in range(len(self.params) - 2, -1, -2):
            grads = [values[i // 2].T @ d, d.sum(axis=0), *grads]
            d = d @ self.params[i].T
            d = d * (d > 0)
        return loss, grads
