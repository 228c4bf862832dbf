"""An IPython extension: a plain kernel, as a notebook is graded in where there is no sandbox, gets the same names.

`%load_ext`, or a kernel's `--ext=course_lib.graded.kernel`, makes it understand cells that come with their part in the
unit (`packed`). Everything else it runs as it did.
"""

from __future__ import annotations

import functools
import json
import os
import sys
from typing import Any

from course_lib.check import GRADING
from course_lib.graded.names import Names

MARK = "#course-part "


def packed(source: str, role: str, name: str) -> str:
    """A cell's source with its part in the unit, as one line for this kernel."""
    return MARK + json.dumps([source, role, name])


def load_ipython_extension(shell: Any) -> None:
    """Called by IPython."""
    kernel = shell.kernel
    names, run, shown = Names(shell), kernel.do_execute, shell.display_pub
    publish, clear = shown.publish, shown.clear_output
    streams = sys.stdout, sys.stderr
    loads, folder = json.loads, os.environ.get(GRADING, "")

    async def whole(*arguments: Any, **more: Any) -> Any:
        """Run a cell; where it breaks IPython itself, the kernel answers all the same."""
        try:
            return await run(*arguments, **more)
        except Exception as error:
            done = {"status": "error", "ename": type(error).__name__, "evalue": str(error), "traceback": []}
            return {**done, "execution_count": shell.execution_count, "payload": [], "user_expressions": {}}
        finally:
            names.around.put_back_code()  # the kernel's own code needs it before the next cell
            sys.stdout, sys.stderr = streams

    @functools.wraps(run)
    async def do_execute(code: str, silent: bool, *arguments: Any, **more: Any) -> Any:
        if not code.startswith(MARK):
            return await run(code, silent, *arguments, **more)
        source, role, name = loads(code[len(MARK) :])
        if role == "check":
            publish(data=names.answer(name, folder), metadata={})
            shell.execution_count += 1
            done = {"status": "ok", "execution_count": shell.execution_count - 1}
            return {**done, "payload": [], "user_expressions": {}}
        reply: Any = None
        attempts = names.attempts(role, name)
        for _ in attempts:
            if reply is not None:
                clear()
            reply = await whole(source, silent, *arguments, **more)
            if reply["status"] == "ok" or reply.get("ename") == "KeyboardInterrupt":
                break
        attempts.close()
        return reply

    kernel.do_execute = do_execute
