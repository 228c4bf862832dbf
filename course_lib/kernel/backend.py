"""Where figures appear: in the notebook's page, whatever was set up outside the notebook.

Matplotlib draws with a backend, and MPLBACKEND, a matplotlibrc or a start-up file may have chosen one that shows
nothing in a page. A backend that was made for some page (`module://...`, as those of ipympl and PyCharm) is a choice
that stays.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from typing import Any

VARIABLE = "MPLBACKEND"
INLINE = "module://matplotlib_inline.backend_inline"
MADE_FOR_A_PAGE = ("inline", "ipympl", "widget")  # as Matplotlib calls such a `module://...`


def kernel_shell() -> Any:
    """IPython's shell where a notebook's kernel runs this code, None in a script, a terminal and a grader."""
    ipython = sys.modules.get("IPython")  # not imported: then there is no kernel
    shell = ipython.get_ipython() if ipython is not None else None
    return shell if getattr(shell, "kernel", None) is not None else None


def shows_in_a_page(name: str) -> bool:
    """Whether a backend's name stands for one that draws into a notebook's page and is installed."""
    if name in MADE_FOR_A_PAGE:
        name = {"inline": INLINE}.get(name, "module://ipympl.backend_nbagg")
    if not name.startswith("module://"):
        return False
    try:
        return importlib.util.find_spec(name.removeprefix("module://")) is not None
    except (ImportError, ValueError):
        return False


def forget_unusable_choice() -> None:
    """In a kernel, before Matplotlib is there: drop a MPLBACKEND that shows nothing, or that no Matplotlib knows.

    `import matplotlib` itself refuses an unknown name, so this comes with the import of the course's plots.
    """
    chosen = os.environ.get(VARIABLE)
    if chosen and "matplotlib" not in sys.modules and kernel_shell() is not None and not shows_in_a_page(chosen):
        os.environ[VARIABLE] = INLINE


def bring_inline() -> None:
    """In a kernel, have figures drawn into the page, or print one sentence that says why they will not be.

    Elsewhere nothing is changed: a script keeps the backend that it chose.
    """
    shell = kernel_shell()
    if shell is None:
        return
    import matplotlib as mpl

    # The setting as it is: asking for it through rcParams would load a backend.
    chosen = dict.__getitem__(mpl.rcParams, "backend")
    if isinstance(chosen, str) and shows_in_a_page(chosen) and not _is_inline(chosen):
        return
    try:
        # Also where it is inline already: after a start-up file's %pylab the hooks that show figures may be missing.
        shell.enable_matplotlib("inline")
    except Exception as error:  # of whatever kind: no picture must not mean no notebook
        print(
            f"Pictures cannot be shown in this notebook: {error}. The backend is {chosen!r} (from {VARIABLE} or "
            f"matplotlibrc). Unset it, restart the kernel, and see that the package matplotlib-inline is installed."
        )
        return
    still = mpl.get_backend()
    if not _is_inline(still):
        print(
            f"Pictures go to the backend {still!r}, not into this page: run %matplotlib inline, or restart the kernel."
        )


def _is_inline(name: str) -> bool:
    return name == "inline" or name.endswith("backend_inline")
