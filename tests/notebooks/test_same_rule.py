"""A kernel and the grader say the same of an answer that leaves its work to a library, and of one that does not."""

import nbformat
import pytest
from helpers import needs
from helpers.kernel import kernel
from helpers.submissions import brief, classroom, right
from nbformat.v4 import new_code_cell

from grader.grading.grade_class import grade_class
from grader.grading.run import GradeOptions
from grader.submissions.samples import find_cell, hand_in

UNIT, NAME = "01_gradients", "numerical_gradient"
FIRST = "import numpy as np\nfrom course_lib import check"
CENTRAL = """
    grad = np.zeros(np.shape(theta))
    for index in np.ndindex(grad.shape):
        step = np.zeros(grad.shape)
        step[index] = h
        grad[index] = (f(theta + step) - f(theta - step)) / (2 * h)
    return grad
"""
RIGHT = f"def numerical_gradient(f, theta, h=1e-5):{CENTRAL}"
LIBRARY = "    return np.gradient(f(theta))\n"
# fmt: off
# ruff: noqa: E501 - a table
ANSWERS: dict[str, tuple[list[str], str]] = {
    "plain": ([RIGHT], ""),
    "a_line_magic": (["%load_ext autoreload\n" + RIGHT], ""),
    "a_cell_magic": (["%%time\n" + RIGHT], ""),
    "compared_in_the_cell": ([f"{RIGHT}\nprint(np.gradient(np.arange(3.0)))"], ""),
    "compared_in_another_cell": (["help(np.gradient)\nref = np.gradient", RIGHT], ""),
    "an_older_version": ([f"def numerical_gradient(f, theta, h=1e-5):\n{LIBRARY}", RIGHT], ""),
    "forbidden_plainly": ([f"def numerical_gradient(f, theta, h=1e-5):\n{LIBRARY}"], "Line 2 of your cell, `return np.gradient(f(theta))`, leaves the work to np.gradient."),
    "forbidden_below_a_magic": ([f"%load_ext autoreload\n!true\ndef numerical_gradient(f, theta, h=1e-5):\n{LIBRARY}"], "Line 4 of your cell"),
    "forbidden_below_two_magics": ([f"\n%%capture\ndef numerical_gradient(f, theta, h=1e-5):\n{LIBRARY}"], "Line 4 of your cell"),
    "forbidden_in_a_class": ([f"class Slopes:\n    def __call__(self, f, theta, h=1e-5):\n    {LIBRARY}\nnumerical_gradient = Slopes()"], "Line 3 of your cell"),
    "forbidden_by_another_name": (["from numpy import gradient as slopes", "def numerical_gradient(f, theta, h=1e-5):\n    return slopes(f(theta))"], "Line 2 of your cell, `return slopes(f(theta))`, leaves the work to slopes (numpy.gradient)."),
    "forbidden_in_a_helper": ([f"def helper(f, theta):\n{LIBRARY}", "def numerical_gradient(f, theta, h=1e-5):\n    return helper(f, theta)"], "Line 2 of another cell, `return np.gradient(f(theta))`, which your numerical_gradient uses, leaves"),
    "a_file_that_a_cell_writes": (["%%writefile central.py\nimport numpy as np\n" + RIGHT, "from central import numerical_gradient"], ""),
    "forbidden_in_a_file": ([f"%%writefile sloping.py\nimport numpy as np\ndef numerical_gradient(f, theta, h=1e-5):\n{LIBRARY}", "from sloping import numerical_gradient"], "Line 3 of sloping.py"),
    "right_version_that_raised": ([f"def numerical_gradient(f, theta, h=1e-5):\n{LIBRARY}", "import nothing_of_the_kind\n" + RIGHT], "Line 2 of your cell"),
}
# fmt: on


def handed_in(cells):
    """A notebook without experiments that is right but for this exercise, whose last cell is the answer's; the others stand above."""
    notebook = brief(UNIT)
    answer = find_cell(notebook, NAME)
    *above, answer.source = cells
    at = next(i for i, cell in enumerate(notebook.cells) if cell is answer)
    notebook.cells[at:at] = [new_code_cell(source) for source in above]
    return nbformat.writes(notebook)


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    """What the check says in one kernel, in which all the answers are run one after another."""
    folder = tmp_path_factory.mktemp("live")
    said = {}
    needs.program("bash")  # a cell's line that begins with ! asks the shell
    with kernel(folder, COURSE_STATE_DIR=str(folder)) as running:
        assert running.run(FIRST).error is None
        for title, (cells, _) in ANSWERS.items():
            for source in cells:
                running.run(source)
            said[title] = running.run(f'check("{NAME}")').text
    return said


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    room = classroom(tmp_path_factory.mktemp("graded"), UNIT)
    room.register(UNIT)
    for title, (cells, _) in ANSWERS.items():
        hand_in(handed_in(cells), room.root / "submitted", title, UNIT)
    results = grade_class(
        room, UNIT, room.root / "submitted", GradeOptions(feedback=False), workers=2, say=lambda line: None
    )
    checks = {result.student: result.checks for result in results}
    return {title: next(c for c in checks[title] if c.exercise == NAME) for title in ANSWERS}


@pytest.mark.parametrize("title", ANSWERS)
def test_a_kernel_and_the_grader_say_the_same(title, live, graded):
    sentence = ANSWERS[title][1]
    check = graded[title]
    if sentence:
        assert sentence in live[title] and sentence in check.text
        assert check.earned == 0
    else:
        assert "all right" in live[title], live[title]
        assert check.earned == check.points, check.text


def test_a_class_is_judged_by_its_text_as_a_function_is(tmp_path):
    setup = "import torch\nfrom course_lib import check"
    scratch = "help(torch.optim.SGD)\nref = torch.optim.Adam([torch.zeros(1, requires_grad=True)])"
    with kernel(tmp_path, COURSE_STATE_DIR=str(tmp_path)) as running:
        running.run(setup, timeout=120)
        running.run("%matplotlib inline\nclass TorchSGD(torch.optim.SGD):\n    pass")
        assert (
            "Line 2 of your cell, `class TorchSGD(torch.optim.SGD):`, leaves" in running.run('check("TorchSGD")').text
        )
        answer = find_cell(right("09_to_pytorch"), "TorchSGD").source
        running.run(scratch)
        running.run(find_cell(right("09_to_pytorch"), "Base").source)
        running.run(answer)
        assert "all right" in running.run('check("TorchSGD")', timeout=120).text
        running.run("mine = torch.optim.SGD\nclass Mine(mine):\n    pass")
        assert "Line 2 of your cell, `class Mine(mine):`" in running.run('check("TorchSGD", Mine)').text
        running.run("TorchSGD.step = torch.optim.SGD.step")
        assert "Line 1 of another cell" in running.run('check("TorchSGD")').text


CLASSES = {
    "TorchAdam": "class TorchAdam(torch.optim.Adam):\n    pass",
    "TorchAdamW": "%%time\nclass TorchAdamW(torch.optim.AdamW):\n    pass",
    "Muon": "%matplotlib inline\nclass Muon(torch.optim.Optimizer):\n"
    "    def step(self):\n        torch.optim.SGD(self.param_groups, lr=0.1).step()",
    "MLP": "%%capture\nclass MLP:\n    def forward(self, X):\n"
    "        return torch.nn.functional.linear(torch.tensor(X), self.W)",
    "NumpyCNN": "import scipy.signal\nclass NumpyCNN:\n    def forward(self, X):\n"
    "        return scipy.signal.correlate2d(X, self.W)",
    "TextEncoder": "class TextEncoder(nn.Module):\n    def __init__(self, words):\n        super().__init__()\n"
    "        self.bag = nn.EmbeddingBag(words, 4)",
}
"""Classes that leave their work to a library, in cells with lines of IPython's own."""


@pytest.fixture(scope="module")
def torch_kernel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("classes")
    with kernel(folder, COURSE_STATE_DIR=str(folder)) as running:
        running.run("import numpy as np\nimport torch\nfrom torch import nn\nfrom course_lib import check", timeout=120)
        yield running


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_in_a_notebook_is_held_to_the_rule_of_its_exercise(name, torch_kernel):
    torch_kernel.run(CLASSES[name])
    seen = torch_kernel.run(f'check("{name}")', timeout=120)
    assert seen.error["ename"] == "CheckFailed" and "leaves the work to " in seen.text, seen.text
    assert f"In {name} you write from scratch" in seen.text
    assert "0 of " in seen.text.splitlines()[0]
