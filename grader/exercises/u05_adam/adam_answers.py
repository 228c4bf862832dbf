"""Wrong and right classes for the exercise `Adam`; each could be pasted into a notebook as it stands."""

import numpy as np


class AdamRebinds:
    def __init__(
        self, params: list, lr: float = 0.001, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8
    ) -> None:
        self.params, self.lr, self.beta1, self.beta2, self.eps = params, lr, beta1, beta2, eps
        self.m = [np.zeros_like(p) for p in params]
        self.v = [np.zeros_like(p) for p in params]
        self.t = 0

    def step(self, grads: list) -> None:
        self.t += 1
        for i, grad in enumerate(grads):
            self.m[i] = self.beta1 * self.m[i] + (1 - self.beta1) * grad
            self.v[i] = self.beta2 * self.v[i] + (1 - self.beta2) * grad**2
            m_hat, v_hat = self.m[i] / (1 - self.beta1**self.t), self.v[i] / (1 - self.beta2**self.t)
            self.params[i] = self.params[i] - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)


class AdamCountsPerParameter:
    def __init__(
        self, params: list, lr: float = 0.001, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8
    ) -> None:
        self.params, self.lr, self.beta1, self.beta2, self.eps = params, lr, beta1, beta2, eps
        self.m = [np.zeros_like(p) for p in params]
        self.v = [np.zeros_like(p) for p in params]
        self.t = 0

    def step(self, grads: list) -> None:
        for param, m, v, grad in zip(self.params, self.m, self.v, grads, strict=True):
            self.t += 1
            m[...] = self.beta1 * m + (1 - self.beta1) * grad
            v[...] = self.beta2 * v + (1 - self.beta2) * grad**2
            m_hat, v_hat = m / (1 - self.beta1**self.t), v / (1 - self.beta2**self.t)
            param -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)


class AdamFromZero:
    def __init__(
        self, params: list, lr: float = 0.001, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8
    ) -> None:
        self.params, self.lr, self.beta1, self.beta2, self.eps = params, lr, beta1, beta2, eps
        self.m = [np.zeros_like(p) for p in params]
        self.v = [np.zeros_like(p) for p in params]
        self.t = 0

    def step(self, grads: list) -> None:
        for param, m, v, grad in zip(self.params, self.m, self.v, grads, strict=True):
            m[...] = self.beta1 * m + (1 - self.beta1) * grad
            v[...] = self.beta2 * v + (1 - self.beta2) * grad**2
            m_hat, v_hat = m / np.float64(1 - self.beta1**self.t), v / np.float64(1 - self.beta2**self.t)
            param -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
        self.t += 1


class AdamNeverCounts:
    def __init__(
        self, params: list, lr: float = 0.001, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8
    ) -> None:
        self.params, self.lr, self.beta1, self.beta2, self.eps = params, lr, beta1, beta2, eps
        self.m = [np.zeros_like(p) for p in params]
        self.v = [np.zeros_like(p) for p in params]
        self.t = 1

    def step(self, grads: list) -> None:
        for param, m, v, grad in zip(self.params, self.m, self.v, grads, strict=True):
            m[...] = self.beta1 * m + (1 - self.beta1) * grad
            v[...] = self.beta2 * v + (1 - self.beta2) * grad**2
            m_hat, v_hat = m / (1 - self.beta1**self.t), v / (1 - self.beta2**self.t)
            param -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)


class AdamUncorrected:
    def __init__(
        self, params: list, lr: float = 0.001, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8
    ) -> None:
        self.params, self.lr, self.beta1, self.beta2, self.eps = params, lr, beta1, beta2, eps
        self.m = [np.zeros_like(p) for p in params]
        self.v = [np.zeros_like(p) for p in params]
        self.t = 0

    def step(self, grads: list) -> None:
        for param, m, v, grad in zip(self.params, self.m, self.v, grads, strict=True):
            m[...] = self.beta1 * m + (1 - self.beta1) * grad
            v[...] = self.beta2 * v + (1 - self.beta2) * grad**2
            param -= self.lr * m / (np.sqrt(v) + self.eps)


class AdamStoresCorrected:
    def __init__(
        self, params: list, lr: float = 0.001, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8
    ) -> None:
        self.params, self.lr, self.beta1, self.beta2, self.eps = params, lr, beta1, beta2, eps
        self.m = [np.zeros_like(p) for p in params]
        self.v = [np.zeros_like(p) for p in params]
        self.t = 0

    def step(self, grads: list) -> None:
        self.t += 1
        for param, m, v, grad in zip(self.params, self.m, self.v, grads, strict=True):
            m[...] = self.beta1 * m + (1 - self.beta1) * grad
            v[...] = self.beta2 * v + (1 - self.beta2) * grad**2
            m /= 1 - self.beta1**self.t
            v /= 1 - self.beta2**self.t
            param -= self.lr * m / (np.sqrt(v) + self.eps)


class AdamOneState:
    def __init__(
        self, params: list, lr: float = 0.001, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8
    ) -> None:
        self.params, self.lr, self.beta1, self.beta2, self.eps = params, lr, beta1, beta2, eps
        self.m, self.v, self.t = 0.0, 0.0, 0

    def step(self, grads: list) -> None:
        self.t += 1
        for param, grad in zip(self.params, grads, strict=True):
            self.m = self.beta1 * self.m + (1 - self.beta1) * grad
            self.v = self.beta2 * self.v + (1 - self.beta2) * grad**2
            m_hat, v_hat = self.m / (1 - self.beta1**self.t), self.v / (1 - self.beta2**self.t)
            param -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)


class AdamByShape:
    def __init__(
        self, params: list, lr: float = 0.001, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8
    ) -> None:
        self.params, self.lr, self.beta1, self.beta2, self.eps = params, lr, beta1, beta2, eps
        self.m = {p.shape: np.zeros_like(p) for p in params}
        self.v = {p.shape: np.zeros_like(p) for p in params}
        self.t = 0

    def step(self, grads: list) -> None:
        self.t += 1
        for param, grad in zip(self.params, grads, strict=True):
            key = param.shape
            self.m[key] = self.beta1 * self.m[key] + (1 - self.beta1) * grad
            self.v[key] = self.beta2 * self.v[key] + (1 - self.beta2) * grad**2
            m_hat, v_hat = self.m[key] / (1 - self.beta1**self.t), self.v[key] / (1 - self.beta2**self.t)
            param -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)


class AdamForgets:
    def __init__(
        self, params: list, lr: float = 0.001, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8
    ) -> None:
        self.params, self.lr, self.beta1, self.beta2, self.eps = params, lr, beta1, beta2, eps
        self.t = 0

    def step(self, grads: list) -> None:
        self.t += 1
        for param, grad in zip(self.params, grads, strict=True):
            m = (1 - self.beta1) * grad
            v = (1 - self.beta2) * grad**2
            m_hat, v_hat = m / (1 - self.beta1**self.t), v / (1 - self.beta2**self.t)
            param -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)


class AdamFirstOnly:
    def __init__(
        self, params: list, lr: float = 0.001, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8
    ) -> None:
        self.params, self.lr, self.beta1, self.beta2, self.eps = params, lr, beta1, beta2, eps
        self.m = [np.zeros_like(p) for p in params]
        self.v = [np.zeros_like(p) for p in params]
        self.t = 0

    def step(self, grads: list) -> None:
        self.t += 1
        for param, m, v, grad in zip(self.params, self.m, self.v, grads, strict=True):
            m[...] = self.beta1 * m + (1 - self.beta1) * grad
            v[...] = self.beta2 * v + (1 - self.beta2) * grad**2
            m_hat, v_hat = m / (1 - self.beta1**self.t), v / (1 - self.beta2**self.t)
            param -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
            return


class AdamEpsInside:
    def __init__(
        self, params: list, lr: float = 0.001, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8
    ) -> None:
        self.params, self.lr, self.beta1, self.beta2, self.eps = params, lr, beta1, beta2, eps
        self.m = [np.zeros_like(p) for p in params]
        self.v = [np.zeros_like(p) for p in params]
        self.t = 0

    def step(self, grads: list) -> None:
        self.t += 1
        for param, m, v, grad in zip(self.params, self.m, self.v, grads, strict=True):
            m[...] = self.beta1 * m + (1 - self.beta1) * grad
            v[...] = self.beta2 * v + (1 - self.beta2) * grad**2
            m_hat, v_hat = m / (1 - self.beta1**self.t), v / (1 - self.beta2**self.t)
            param -= self.lr * m_hat / np.sqrt(v_hat + self.eps)


class AdamBetasSwapped:
    def __init__(
        self, params: list, lr: float = 0.001, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8
    ) -> None:
        self.params, self.lr, self.beta1, self.beta2, self.eps = params, lr, beta2, beta1, eps
        self.m = [np.zeros_like(p) for p in params]
        self.v = [np.zeros_like(p) for p in params]
        self.t = 0

    def step(self, grads: list) -> None:
        self.t += 1
        for param, m, v, grad in zip(self.params, self.m, self.v, grads, strict=True):
            m[...] = self.beta1 * m + (1 - self.beta1) * grad
            v[...] = self.beta2 * v + (1 - self.beta2) * grad**2
            m_hat, v_hat = m / (1 - self.beta1**self.t), v / (1 - self.beta2**self.t)
            param -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)


class AdamUphill:
    def __init__(
        self, params: list, lr: float = 0.001, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8
    ) -> None:
        self.params, self.lr, self.beta1, self.beta2, self.eps = params, lr, beta1, beta2, eps
        self.m = [np.zeros_like(p) for p in params]
        self.v = [np.zeros_like(p) for p in params]
        self.t = 0

    def step(self, grads: list) -> None:
        self.t += 1
        for param, m, v, grad in zip(self.params, self.m, self.v, grads, strict=True):
            m[...] = self.beta1 * m + (1 - self.beta1) * grad
            v[...] = self.beta2 * v + (1 - self.beta2) * grad**2
            m_hat, v_hat = m / (1 - self.beta1**self.t), v / (1 - self.beta2**self.t)
            param += self.lr * m_hat / (np.sqrt(v_hat) + self.eps)


class AdamFixedLr:
    def __init__(
        self, params: list, lr: float = 0.001, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8
    ) -> None:
        self.params, self.lr, self.beta1, self.beta2, self.eps = params, lr, beta1, beta2, eps
        self.first_lr = lr
        self.m = [np.zeros_like(p) for p in params]
        self.v = [np.zeros_like(p) for p in params]
        self.t = 0

    def step(self, grads: list) -> None:
        self.t += 1
        for param, m, v, grad in zip(self.params, self.m, self.v, grads, strict=True):
            m[...] = self.beta1 * m + (1 - self.beta1) * grad
            v[...] = self.beta2 * v + (1 - self.beta2) * grad**2
            m_hat, v_hat = m / (1 - self.beta1**self.t), v / (1 - self.beta2**self.t)
            param -= self.first_lr * m_hat / (np.sqrt(v_hat) + self.eps)


class AdamSquaresGradients:
    def __init__(
        self, params: list, lr: float = 0.001, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8
    ) -> None:
        self.params, self.lr, self.beta1, self.beta2, self.eps = params, lr, beta1, beta2, eps
        self.m = [np.zeros_like(p) for p in params]
        self.v = [np.zeros_like(p) for p in params]
        self.t = 0

    def step(self, grads: list) -> None:
        self.t += 1
        for param, m, v, grad in zip(self.params, self.m, self.v, grads, strict=True):
            m[...] = self.beta1 * m + (1 - self.beta1) * grad
            grad **= 2
            v[...] = self.beta2 * v + (1 - self.beta2) * grad
            m_hat, v_hat = m / (1 - self.beta1**self.t), v / (1 - self.beta2**self.t)
            param -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)


class AdamByIndex:
    def __init__(
        self, params: list, lr: float = 0.001, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8
    ) -> None:
        self.params, self.lr, self.beta1, self.beta2, self.eps = list(params), lr, beta1, beta2, eps
        self.state: dict = {}

    def step(self, grads: list) -> None:
        for i, grad in enumerate(grads):
            m, v, t = self.state.get(i, (0.0, 0.0, 0))
            m, v, t = self.beta1 * m + (1 - self.beta1) * grad, self.beta2 * v + (1 - self.beta2) * grad**2, t + 1
            self.state[i] = m, v, t
            root = np.sqrt(1 - self.beta2**t)
            length = self.lr * root / (1 - self.beta1**t)
            self.params[i][...] = self.params[i] - length * m / (np.sqrt(v) + self.eps * root)


class AdamInPlace:
    def __init__(
        self, params: list, lr: float = 0.001, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8
    ) -> None:
        self.params, self.lr, self.beta1, self.beta2, self.eps = params, lr, beta1, beta2, eps
        self.m = [np.zeros_like(p) for p in params]
        self.v = [np.zeros_like(p) for p in params]
        self.t = 0

    def step(self, grads: list) -> None:
        self.t += 1
        for param, m, v, grad in zip(self.params, self.m, self.v, grads, strict=True):
            m += (1 - self.beta1) * (grad - m)
            v *= self.beta2
            v += (1 - self.beta2) * np.square(grad)
            denominator = np.sqrt(v / (1 - self.beta2**self.t))
            denominator += self.eps
            np.subtract(param, self.lr / (1 - self.beta1**self.t) * m / denominator, out=param)


class AdamWithPowers:
    def __init__(
        self, params: list, lr: float = 0.001, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8
    ) -> None:
        self.params, self.lr, self.beta1, self.beta2, self.eps = params, lr, beta1, beta2, eps
        self.m, self.v = [0.0] * len(params), [0.0] * len(params)
        self.power1 = self.power2 = 1.0

    def step(self, grads: list) -> None:
        self.power1 *= self.beta1
        self.power2 *= self.beta2
        for i in range(len(grads)):
            self.m[i] = self.beta1 * self.m[i] + grads[i] * (1 - self.beta1)
            self.v[i] = self.beta2 * self.v[i] + grads[i] * grads[i] * (1 - self.beta2)
            corrected = self.m[i] / (1 - self.power1), self.v[i] / (1 - self.power2)
            self.params[i][:] -= self.lr * corrected[0] / (corrected[1] ** 0.5 + self.eps)
