"""Objectives against torch.autograd, scipy and algebra; and as data."""

import math

import numpy as np
import pytest
import scipy.optimize
import torch

from course_lib.errors import CourseError
from course_lib.objectives import OBJECTIVES, AbsValue, Cubic, LogSumExp, Quadratic, Rosenbrock, Sine, from_spec

pytestmark = pytest.mark.fast

rng = np.random.default_rng(1)
A = rng.standard_normal((3, 3))
A = A @ A.T + np.eye(3)
b = rng.standard_normal(3)
M, c = rng.standard_normal((5, 3)), rng.standard_normal(5)
w = np.array([0.5, -2.0, 3.0])


def t(array):
    return torch.tensor(array, dtype=torch.float64)


CASES = {
    "quadratic": (Quadratic(A, b), lambda x: 0.5 * x @ t(A) @ x - t(b) @ x, 3),
    "quadratic without b": (Quadratic(A), lambda x: 0.5 * x @ t(A) @ x, 3),
    "rosenbrock": (Rosenbrock(), lambda x: (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2, 2),
    "rosenbrock, other": (Rosenbrock(2.0, 5.0), lambda x: (2 - x[0]) ** 2 + 5 * (x[1] - x[0] ** 2) ** 2, 2),
    "log_sum_exp": (LogSumExp(M, c), lambda x: torch.logsumexp(t(M) @ x + t(c), 0), 3),
    "sine": (Sine(w), lambda x: torch.sin(t(w) * x).sum(), 3),
    "sine, one w": (Sine(2.0), lambda x: torch.sin(2 * x).sum(), 4),
    "cubic": (Cubic(w), lambda x: (t(w) * x**3).sum(), 3),
    "abs_value": (AbsValue(), lambda x: x.abs().sum(), 3),
}


@pytest.mark.parametrize("name", CASES)
def test_value_and_gradient_agree_with_autograd(name):
    f, torch_f, n = CASES[name]
    for theta in (rng.standard_normal(n), np.zeros(n)):
        x = t(theta).requires_grad_()
        value = torch_f(x)
        value.backward()
        before = theta.copy()
        assert f.value(theta) == f(theta) == pytest.approx(value.item(), rel=1e-12, abs=1e-12)
        assert isinstance(f.value(theta), float)
        np.testing.assert_allclose(f.grad(theta), x.grad.numpy(), rtol=1e-12, atol=1e-12)
        np.testing.assert_array_equal(theta, before)


def test_every_kind_of_objective_is_tested_above():
    assert {type(f) for f, _, _ in CASES.values()} == set(OBJECTIVES.values())


def test_integers_and_lists_are_taken_as_float64():
    f = Quadratic([[2, 0], [0, 4]], [1, 1])
    assert f.value([1, 2]) == 6.0
    assert f.grad([1, 2]).dtype == np.float64


def test_curvatures_and_minimizer_of_a_quadratic():
    f = Quadratic(A, b)
    eigenvalues = np.linalg.eigvalsh(A)
    assert (f.mu, f.L) == (pytest.approx(eigenvalues[0]), pytest.approx(eigenvalues[-1]))
    np.testing.assert_allclose(f.grad(f.minimizer), 0, atol=1e-12)
    found = scipy.optimize.minimize(f, np.zeros(3), jac=f.grad, tol=1e-10).x
    np.testing.assert_allclose(f.minimizer, found, atol=1e-6)


def test_gradient_descent_is_stable_just_below_two_over_L_and_not_above():
    f = Quadratic(A, b)
    for factor, falls in ((0.99, True), (1.01, False)):
        theta = f.minimizer + np.linalg.eigh(A)[1][:, -1]
        start = f(theta)
        for _ in range(50):
            theta = theta - factor * 2 / f.L * f.grad(theta)
        assert (f(theta) < start) == falls


def test_rosenbrock_is_scipys():
    for theta in rng.standard_normal((5, 2)):
        assert Rosenbrock()(theta) == pytest.approx(scipy.optimize.rosen(theta))
        np.testing.assert_allclose(Rosenbrock().grad(theta), scipy.optimize.rosen_der(theta))
    assert Rosenbrock()(Rosenbrock().minimizer) == 0


def test_log_sum_exp_does_not_overflow():
    f = LogSumExp(np.array([[1000.0], [-1000.0]]))
    assert f([1.0]) == 1000.0
    np.testing.assert_array_equal(f.grad([1.0]), [1000.0])


def test_a_central_difference_of_the_cubic_is_wrong_by_exactly_c_h_squared():
    f, x, h = Cubic(2.0), 0.5, 0.25  # powers of two: no rounding
    assert (f(x + h) - f(x - h)) / (2 * h) - f.grad(x) == 2.0 * h**2


def test_from_spec_makes_what_the_data_says():
    f = from_spec({"name": "quadratic", "A": A, "b": b})
    assert isinstance(f, Quadratic)
    assert f(np.ones(3)) == Quadratic(A, b)(np.ones(3))
    assert isinstance(from_spec({"name": "rosenbrock"}), Rosenbrock)
    assert math.isclose(from_spec({"name": "sine", "w": 2.0})(np.array([0.25])), math.sin(0.5))


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ({"name": "quadratik"}, "no objective 'quadratik'"),
        ({}, "no objective None"),
        ({"name": "sine", "frequency": 1.0}, "'sine' has no frequency"),
        ({"name": "quadratic"}, "'quadratic' needs A"),
        ({"name": "quadratic", "A": np.ones((2, 3))}, "symmetric square"),
        ({"name": "quadratic", "A": np.array([[1.0, 2.0], [0.0, 1.0]])}, "symmetric square"),
        ({"name": "quadratic", "A": np.eye(2), "b": np.ones(3)}, "b of shape"),
        ({"name": "log_sum_exp", "A": np.eye(2), "b": np.ones(3)}, "b of shape"),
    ],
)
def test_a_spec_that_makes_no_sense_is_refused_with_a_sentence(spec, says):
    with pytest.raises(CourseError, match=says):
        from_spec(spec)


def test_a_quadratic_without_a_single_minimum_says_so():
    with pytest.raises(CourseError, match="no single minimum"):
        _ = Quadratic(np.diag([1.0, 0.0])).minimizer
