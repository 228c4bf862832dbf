"""An IPython shell without a kernel: cells run in this process, and what a front end would show is recorded.

Lives inside the sandbox, so it imports only the standard library and IPython. Outputs keep their order, as from
ipykernel; their size is bounded as they are written, so that a flood is cut and not buffered.
"""

from __future__ import annotations

import base64
import io
import sys
from collections.abc import Callable
from signal import ITIMER_REAL, SIG_DFL, SIGALRM, default_int_handler, setitimer, signal
from time import monotonic
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

CUT = "\n... this cell's output was cut here: it is longer than a grader reads.\n"


class Recorder:
    """The outputs of the cell that runs, at most `limit` bytes of them."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.start()

    def start(self) -> None:
        """Forget the previous cell's outputs."""
        self.outputs: list[dict[str, Any]] = []
        self.by_id: dict[str, dict[str, Any]] = {}
        self.size = 0
        self.cut = False
        self.clear_next = False

    def stream(self, name: str, text: str) -> None:
        """Text on stdout or stderr; joined with the text before it on the same stream."""
        if self.cut or not text:
            return
        self._clear_if_asked()
        if self.size + len(text) > self.limit:
            text = text[: max(0, self.limit - self.size)] + CUT
            self.cut = True
        self.size += len(text)
        last = self.outputs[-1] if self.outputs else None
        if last and last["output_type"] == "stream" and last["name"] == name:
            last["parts"].append(text)
        else:
            self.outputs.append({"output_type": "stream", "name": name, "parts": [text]})

    def add(self, output: dict[str, Any], always: bool = False) -> None:
        """Any other output; dropped when the cell's budget is used up, except an error, which is small."""
        size = sum(len(str(value)) for value in output.get("data", {}).values())
        if self.size + size > self.limit and not always:
            self.stream("stderr", " " * (self.limit + 1 - self.size) if not self.cut else "")
            return
        self._clear_if_asked()
        self.size += size
        self.outputs.append(output)

    def clear(self, wait: bool) -> None:
        """`clear_output`: at once, or when the next output comes."""
        if wait:
            self.clear_next = True
        else:
            self.outputs = []

    def take(self) -> list[dict[str, Any]]:
        """The outputs in nbformat's form."""
        return [
            {"output_type": "stream", "name": o["name"], "text": "".join(o["parts"])} if "parts" in o else o
            for o in self.outputs
        ]

    def _clear_if_asked(self) -> None:
        if self.clear_next:
            self.outputs, self.clear_next = [], False


class _Stream(io.TextIOBase):
    """What `sys.stdout` and `sys.stderr` are while a cell runs."""

    encoding = "utf-8"

    def __init__(self, recorder: Recorder, name: str) -> None:
        self.recorder, self.name = recorder, name

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self.recorder.stream(self.name, text)
        return len(text)

    def writable(self) -> bool:
        return True


class _Publisher(DisplayPublisher):
    """`display(...)`, figures, HTML."""

    recorder: Recorder

    def publish(
        self,
        data: Any,
        metadata: Any = None,
        source: Any = None,
        *,
        transient: Any = None,
        update: bool = False,
        **more: Any,
    ) -> None:
        output = {"output_type": "display_data", "data": _plain(data), "metadata": metadata or {}}
        name = (transient or {}).get("display_id")
        if update:
            if name in self.recorder.by_id:
                self.recorder.by_id[name].update(data=output["data"], metadata=output["metadata"])
            return
        self.recorder.add(output)
        if name:
            self.recorder.by_id[name] = output

    def clear_output(self, wait: bool = False) -> None:
        self.recorder.clear(wait)


class _Hook(DisplayHook):
    """The value of a cell's last line."""

    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        publisher: Any = self.shell.display_pub  # type: ignore[union-attr]
        publisher.recorder.add(
            {
                "output_type": "execute_result",
                "data": _plain(format_dict),
                "metadata": md_dict or {},
                "execution_count": self.prompt_count,
            }
        )


class RecordingShell(InteractiveShell):
    """IPython's shell whose outputs go to a `Recorder`."""

    displayhook_class = _Hook
    display_pub_class = _Publisher
    recorder: Recorder
    system = InteractiveShell.system_piped  # `!command` is recorded, too

    @classmethod
    def make(cls, limit: int) -> RecordingShell:
        """The process's one shell, with inline figures, without history and without a terminal."""
        config = Config()
        config.HistoryManager.hist_file = ":memory:"
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        shell: Any = cls.instance(config=config)
        shell.recorder = Recorder(limit)
        shell.display_pub.recorder = shell.recorder
        shell.display_formatter.active = True
        shell.enable_matplotlib("inline")
        made: RecordingShell = shell
        return made

    def enable_gui(self, gui: Any = None) -> None:
        """There is no event loop of a window here."""

    def ask_exit(self) -> None:
        """`exit` in a cell ends nothing: the cells after it are graded."""

    def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
        self.recorder.add(
            {
                "output_type": "error",
                "ename": str(getattr(etype, "__name__", etype)),
                "evalue": str(evalue)[:10_000],
                "traceback": [str(line)[:20_000] for line in stb][:200],
            },
            always=True,
        )

    def show(self, data: dict[str, Any]) -> None:
        """Put out data as it is: nothing that a notebook has changed in how things are displayed has a say."""
        self.recorder.start()  # what the learner's code displayed meanwhile would take the place of the answer
        self.recorder.add({"output_type": "display_data", "data": data, "metadata": {}})

    def run_recorded(self, work: str | Callable[[], None], seconds: float) -> tuple[list[dict[str, Any]], int]:
        """Run a cell's source, or a function, for at most `seconds`; returns its outputs and its number."""
        self.recorder.start()
        number = self.execution_count
        kept = sys.stdout, sys.stderr, sys.stdin
        sys.stdout, sys.stderr = _Stream(self.recorder, "stdout"), _Stream(self.recorder, "stderr")
        sys.stdin = io.StringIO()
        late = _Alarm(seconds)
        try:
            with late:
                if isinstance(work, str):
                    self.run_cell(work, store_history=True)
                else:
                    work()
        except BaseException as error:  # an alarm between two lines of IPython's own, or IPython itself is broken
            self._showtraceback(type(error), error, [f"{type(error).__name__}: {error}"])
            self.execution_count = number + 1
        finally:
            sys.stdout, sys.stderr, sys.stdin = kept
        if late.rang:
            self.recorder.stream("stderr", f"This cell ran longer than {seconds:g} s and was stopped.\n")
        return self.recorder.take(), number


class _Alarm:
    """Interrupt the cell after `seconds`, and again every second in case it swallows the interrupt."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.started = monotonic()

    @property
    def rang(self) -> bool:
        return monotonic() - self.started >= self.seconds

    def __enter__(self) -> None:
        # Python's own handler of Ctrl-C: it adds no line of ours to the learner's traceback.
        signal(SIGALRM, default_int_handler)
        setitimer(ITIMER_REAL, self.seconds, 1.0)

    def __exit__(self, *_: object) -> None:
        setitimer(ITIMER_REAL, 0)
        signal(SIGALRM, SIG_DFL)


def _plain(data: dict[str, Any]) -> dict[str, Any]:
    """Pictures as base64 text, as ipykernel sends them; everything else as it is."""
    return {k: base64.b64encode(v).decode("ascii") + "\n" if isinstance(v, bytes) else v for k, v in data.items()}
