"""The rule "from scratch" sees through aliases, names the line, and lets everything else pass."""

import pytest

from course_lib.from_scratch import find_forbidden, forbidden_problem

pytestmark = pytest.mark.fast

RULES = ("np.gradient", "torch", "scipy.special.softmax")


@pytest.mark.parametrize(
    ("source", "line", "name"),
    [
        ("def f(x):\n    return np.gradient(x)", 2, "np.gradient"),
        ("import numpy\ny = numpy.gradient(x)", 2, "numpy.gradient"),
        ("import numpy as n\n\ny = n.gradient(x)", 3, "n.gradient"),
        ("from numpy import gradient as g\ny = g(x)", 1, "numpy.gradient"),
        ("import torch", 1, "torch"),
        ("def f():\n    from torch.nn import functional\n    return functional", 2, "torch.nn.functional"),
        ("import torch.nn.functional as F\nF.softmax(x)", 1, "torch.nn.functional"),
        ("def f(x):\n    return F.softmax(x)", 2, "F.softmax"),
        ("from scipy.special import softmax", 1, "scipy.special.softmax"),
        ("g = np.gradient\ng(x)", 1, "np.gradient"),
    ],
)
def test_the_call_is_found_at_its_line(source, line, name):
    assert find_forbidden(source, RULES) == (line, name)


@pytest.mark.parametrize(
    "source",
    [
        "def gradient(x):\n    return x\n\ngradient(2)",
        "y = np.exp(x)",
        "np = 3",
        "# np.gradient would do it",
        "text = 'torch'",
        "x.gradient",
        "self.np.gradient",
        "from scipy.special import logsumexp",
        "F, C, KH, KW = W.shape\nout = out.reshape(N, F, OH, OW)",
        "def f(F):\n    return F",
        "def f(:",
    ],
)
def test_everything_else_passes(source):
    assert find_forbidden(source, RULES) is None


def test_the_sentence_names_line_and_exercise():
    problem = forbidden_problem("numerical_gradient", ["x = 1", "\n\ny = np.gradient(x)"], RULES)
    assert problem is not None and problem.line == 3
    assert "Line 3 of your cell, `y = np.gradient(x)`, leaves the work to np.gradient." in problem.message
    assert forbidden_problem("numerical_gradient", ["import torch"], ()) is None
