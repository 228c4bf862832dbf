"""What people do in good faith to a notebook that is all right: scratch cells, other tools, other files, other names.

None of it may cost a point. Scratch cells stand between the first answer and its check, so that they could harm the
first exercise as well as those below.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable

from grader.audit.corruptions.damage import Damage, Notebook, code, copied, mark, text

SCRATCH, ANSWER, NAME = "scratch cells", "how an answer is written", "what was handed in"
PICTURE = "data:image/png;base64," + "iVBORw0KGgoAAAANSUhEUgAA" * 30_000
"""A picture as Colab writes it into a text cell; 720 kB."""

SCRATCHES = {
    "help on a forbidden function": "import numpy as np\ntry:\n    import scipy.stats\n    help(scipy.stats.zscore)\n"
    "except ImportError:\n    pass",
    "a variable called check": "check = FIRST(np.array([1.0, 2.0]))",
    "a function called check": "def check(a, b=None):\n    return a == b",
    "np is 5": "np = 5",
    "plt is a list": "plt = []",
    "the answer of the first exercise is overwritten by its value": "value = FIRST(np.array([1.0, 2.0]))\nnp = value",
    "%reset -f": "%reset -f",
    "the check and numpy are deleted": "del check, np",
    "all names are cleared": "keep = FIRST\nglobals().clear()\nFIRST = keep",
    "builtins are deleted": "import builtins\ndel builtins.len, builtins.sum, builtins.isinstance",
    "builtins are overwritten": "sum = 3\nlen = 'x'\nlist = [1]\nmax = min = abs = range = None",
    "print is replaced": "import builtins\nbuiltins.print = None",
    "get_ipython is something else": "get_ipython = None\nIn = Out = _ = __ = 7",
    "the streams are closed": "import sys\nsys.stdout = sys.stderr = None",
    "the environment is cleared": "import os\nos.environ.clear()",
    "another working folder": "import os\nos.chdir('/')",
    "an exit that was replaced": "import sys\nsys.exit = exit = quit = lambda *args: None",
    "modules taken out": "import sys\nfor name in list(sys.modules):\n    if name.startswith(('course_lib', 'json')):\n"
    "        del sys.modules[name]",
    "a hook that raises": "def hook(*args):\n    raise ValueError('mine')\n"
    "get_ipython().events.register('pre_run_cell', hook)\nget_ipython().events.register('post_run_cell', hook)",
    "warnings are errors": "import warnings\nwarnings.simplefilter('error')\nnp.seterr(all='raise')",
    "a seed for all random numbers": "np.random.seed(0)\nimport random\nrandom.seed(0)",
    "a class called Outcome, and one called Reference": "class Outcome: pass\nclass Reference: pass",
    "an error": "1 / 0",
    "a syntax error": "def broken(:\n    pass",
    "a question for a person": "name = input('Your name? ')",
    "magic and shell lines": "%matplotlib inline\n!echo hello\n%timeit -n 1 -r 1 FIRST(np.ones(3))\nFIRST?",
    "progress bars": "from tqdm import tqdm\nfor i in tqdm(range(3)):\n    pass",
    "8,000 lines of one blank": " \n" * 8_000,
}

MODULE = b"def helper(x):\n    return x\n"


def _scratch(source: str) -> Callable[[Notebook], None]:
    def do(nb: Notebook) -> None:
        nb.insert(code(source.replace("FIRST", nb.first)), nb.first)

    return do


def _answers(change: Callable[[str, str], str]) -> Callable[[Notebook], None]:
    """Change the text of both answers; `change` gets the name, too."""

    def do(nb: Notebook) -> None:
        for name in (nb.first, nb.second):
            nb.find(name)["source"] = change(text(nb.find(name)), name)

    return do


def _as_list(answer: str, name: str) -> str:
    """What the answer gives, as plain lists and numbers, in a tuple where there are several."""
    return (
        f"{answer}\n\n\n_{name} = {name}\n\n\ndef {name}(*args):\n    value = _{name}(*args)\n"
        "    if isinstance(value, tuple):\n        return tuple(np.asarray(part).tolist() for part in value)\n"
        "    return np.asarray(value).tolist()"
    )


def _copied_below(nb: Notebook) -> None:
    for cell in list(nb.cells):
        nb.cells.insert(nb.cells.index(cell) + 1, copied(cell))


def _picture(nb: Notebook) -> None:
    reflection = next(c for c in nb.cells if mark(c).get("solution") and c["cell_type"] == "markdown")
    reflection["source"] = f"{text(reflection)}\n\nAs I saw it:\n\n![image.png]({PICTURE})"


def _no_break_spaces(nb: Notebook) -> None:
    for cell in nb.cells:
        if cell["cell_type"] == "markdown":
            cell["source"] = text(cell).replace(" ", "\u00a0")


def _widgets(nb: Notebook) -> None:
    state = {f"{number:032x}": {"model_name": "IntSliderModel", "state": {"value": 3}} for number in range(2_000)}
    kind = "application/vnd.jupyter.widget-state+json"
    nb.data["metadata"]["widgets"] = {kind: {"state": state, "version_major": 2, "version_minor": 0}}


def _words(nb: Notebook) -> Notebook:
    reflection = next(c for c in nb.cells if mark(c).get("solution") and c["cell_type"] == "markdown")
    reflection["source"] = text(reflection) + "\n\nDas Maß ist größer: «voilà»"
    return nb


def _encoded(encoding: str) -> Callable[[Notebook], bytes]:
    return lambda nb: json.dumps(_words(nb).data, indent=1, ensure_ascii=False).encode(encoding, "replace")


def _named(name: str, blank: str = "", more: dict[str, bytes] | None = None) -> Callable[..., dict[str, bytes]]:
    """The right notebook under a name, and, under another one, the one that was handed out. UNIT is the unit's name."""

    def files(right: bytes, released: bytes, unit: str) -> dict[str, bytes]:
        found = {name: right} | ({blank: released} if blank else {}) | (more or {})
        return {key.replace("UNIT", unit): data for key, data in found.items()}

    return files


def _zipped(name: str, inside: str) -> Callable[..., dict[str, bytes]]:
    def files(right: bytes, released: bytes, unit: str) -> dict[str, bytes]:
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as archive:
            archive.writestr(inside.replace("UNIT", unit), right)
        return {name.replace("UNIT", unit): data.getvalue()}

    return files


def _untouched(nb: Notebook) -> None:
    """Nothing was changed in the notebook itself."""


FILES = {
    "as a browser's second download": _named("UNIT (1).ipynb"),
    "with capital letters": _named("00_Start_Here.ipynb"),
    "with the ending of a text file": _named("UNIT.ipynb.txt"),
    "as JSON": _named("UNIT.json"),
    "without an ending": _named("UNIT"),
    "under a name of one's own": _named("my homework, final.ipynb"),
    "as an archive": _zipped("UNIT.zip", "UNIT.ipynb"),
    "as an archive of a folder": _zipped("homework.zip", "homework/UNIT.ipynb"),
    "as an archive, under the notebook's own name": _zipped("UNIT.ipynb", "UNIT.ipynb"),
    "beside a dated copy": _named("UNIT.ipynb", "UNIT.2026-11-01T101500.ipynb"),
    "beside two dated copies": _named("UNIT.ipynb", "UNIT.2026-11-01T101500-2.ipynb"),
    "beside an untouched copy": _named("UNIT.ipynb", "UNIT-Copy1.ipynb"),
    "in the copy, beside the untouched one": _named("UNIT-Copy1.ipynb", "UNIT.ipynb"),
    "beside a checkpoint": _named("UNIT.ipynb", ".ipynb_checkpoints/UNIT-checkpoint.ipynb"),
    "beside a module of one's own": _named("UNIT.ipynb", more={"helpers.py": MODULE, "notes.txt": b"x"}),
    "beside modules with the names of libraries": _named("UNIT.ipynb", more={"statistics.py": b"x =", "math.py": b""}),
}

HABITS = [
    *(Damage(f"a scratch cell: {name}", SCRATCH, _scratch(source)) for name, source in SCRATCHES.items()),
    Damage("every cell copied below itself", SCRATCH, _copied_below, "was there 2 times"),
    Damage("lines of IPython in answers", ANSWER, _answers(lambda a, n: f"%load_ext autoreload\n{a}\n!echo done")),
    Damage("answers that are timed", ANSWER, _answers(lambda a, n: f"%%time\n{a}")),
    Damage("a comparison below each answer", ANSWER, _answers(lambda a, n: f"{a}\n\nprint({n}, 'scipy.stats.zscore')")),
    Damage("lists and tuples in place of arrays", ANSWER, _answers(_as_list)),
    Damage("progress bars imported in answers", ANSWER, _answers(lambda a, n: f"from tqdm.auto import tqdm\n{a}")),
    Damage(
        "numpy imported under its own name", ANSWER, _answers(lambda a, n: f"import numpy\nimport numpy as np\n{a}")
    ),
    Damage("a picture of 720 kB, pasted into the reflection", NAME, _picture),
    Damage("no-break spaces in all texts", NAME, _no_break_spaces),
    Damage("the state of two thousand widgets", NAME, _widgets),
    *(
        Damage(f"saved as {name}", NAME, _encoded(encoding), by_intake=True)
        for name, encoding in {"UTF-16": "utf-16", "Windows-1252": "cp1252", "Latin-1": "latin-1"}.items()
    ),
    *(Damage(f"handed in {name}", NAME, _untouched, by_intake=True, files=files) for name, files in FILES.items()),
]
