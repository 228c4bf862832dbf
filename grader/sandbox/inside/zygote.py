"""Process 1 of the sandbox: preloads what notebooks import, then forks a supervisor for each submission.

Neither this process nor anything that the learner's is forked from ever reads a submission, so that a process's own
memory tells nothing of an earlier one. The learner's process has no way back: it is another user or lacks every
capability, it cannot signal process 1 nor look into its memory, and its only open files are pipes to its supervisor.
When a submission has ended, everything that it left (processes, files) is removed before the next one comes.

From outside come, for each submission, a head (limits, which cells are checks), its cells, and when these have run the
private inputs. Back go a report, what the cells showed, each check's answer, and whether this sandbox is still clean.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import resource
import shutil
import signal
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

WORK = "/work"
PR_SET_DUMPABLE = 4
ENDED, NOT_CLEAN, NO_MORE = 0, 1, 2


def main() -> None:
    """Serve submissions from standard input until it closes."""
    settings = json.loads(sys.argv[1])
    jobs, results = os.dup(0), os.dup(1)
    null = os.open("/dev/null", os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    with contextlib.suppress(OSError):  # where memory runs out, the kernel takes it from here first
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))  # the grader's own limit is none of a submission's
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    here = str(Path(__file__).parent)
    sys.path.insert(0, here)
    from frames import read_frame, write_frame
    from rehearsal import rehearse
    from supervisor import keep

    lists = json.loads(read_frame(jobs) or b"{}")
    shell = _preload(settings, lists)
    if settings["told"]:
        _tell(json.loads(read_frame(jobs) or b"{}"))
    sys.path.remove(here)  # what lies there is not for the learner
    for name in ("beside", "frames", "supervisor", "learner", "memory", "rehearsal", "shell"):
        del sys.modules[name]
    names = _names(shell, rehearse)
    _empty()  # the first notebook finds what all others find
    gc.collect()
    gc.freeze()  # the children share these objects' pages
    with contextlib.suppress(AttributeError):  # glibc's: what is free is put in order once, and not in every child
        ctypes.CDLL(None).malloc_trim(0)
    write_frame(results, b'{"ready": true}')
    while True:
        child = os.fork()
        if child == 0:
            code = NOT_CLEAN
            try:
                ended = keep(jobs, results, settings, shell, names)
                code = NO_MORE if ended is None else ENDED if ended else NOT_CLEAN
            finally:
                os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code == NO_MORE:
            return
        clean = _sweep() == 0 and code == ENDED
        write_frame(results, json.dumps({"clean": clean}).encode())
        if not clean:
            return


def _preload(settings: dict[str, Any], lists: dict[str, str]) -> Any:
    """Import what notebooks import; `lists` are Matplotlib's of fonts, by the names of the files where it looks."""
    from beside import find_beside
    from shell import RecordingShell

    for name, text in lists.items():
        Path(WORK, name).write_text(text, encoding="utf-8")
    for module in settings["preload"]:
        with contextlib.suppress(ImportError):
            import_module(module)
    shell = RecordingShell.make(settings["output_bytes"])
    find_beside(WORK)
    return shell


def _tell(words: dict[str, Any]) -> None:
    """Have what the course shows be in another language than English, with a font for its figures."""
    told, foreign = import_module("course_lib.told"), import_module("course_lib.drawing.foreign")
    told.hear(words)
    told.shown("-")  # what is made once is made before the forks
    foreign.use_font()


def _names(shell: Any, rehearse: Any) -> Any:
    """The names and surroundings of a notebook before its first cell; to look at them all takes longer than a fork."""
    os.environ.update(HOME=WORK, TMPDIR=WORK, MPLCONFIGDIR=WORK, COURSE_STATE_DIR=WORK)
    os.environ["COURSE_GRADED"] = "1"  # long experiments are left out
    # A worker of a DataLoader knows the classes of a notebook's cells only as a fork of the learner's process.
    import_module("multiprocessing").set_start_method("fork", force=True)
    made = import_module("course_lib.graded.names").Names
    rehearse(shell, made, Path(WORK))
    names = made(shell)
    names.around.put_back()
    return names


def _sweep() -> int:
    """Kill whatever a submission left running, empty what it could write; returns how many processes there were.

    Files that cannot be removed count as one.
    """
    left = 0
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass  # had ended already
    with contextlib.suppress(ProcessLookupError):
        while True:
            os.kill(-1, signal.SIGKILL)
            try:
                while os.waitpid(-1, os.WNOHANG)[0]:
                    left += 1
            except ChildProcessError:
                break
            time.sleep(0.005)
    return left + (not _empty())


def _empty() -> bool:
    """Empty what a submission can write, and its private inputs; whether all is gone."""
    for folder in (Path(WORK), Path("/cases"), Path("/dev/shm")):
        for path in folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
    return not any(any(folder.iterdir()) for folder in (Path(WORK), Path("/dev/shm")))


if __name__ == "__main__":
    main()
