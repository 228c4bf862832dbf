"""What exists inside the sandbox: the bubblewrap command line, and the packages of a unit.

The system is there read-only, without network, home directories or this course's solutions and specs. Packages are
bound one by one, so that what a unit does not allow is not there at all.
"""

from __future__ import annotations

import contextlib
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from functools import cache
from pathlib import Path, PurePosixPath

import course_lib
from course_lib.judging.packages import package_paths, packages_of
from grader.sandbox import seccomp

SITE = "/site"
STAND_INS = f"{SITE}/course_lib/stand_ins"
CASES_BYTES = 256 * 2**20
SHARED_BYTES = 64 * 2**20
"""Memory that processes share under /dev/shm: locks, and the batches of a DataLoader's workers."""


@cache
def unavailable() -> str | None:
    """Why submissions cannot be sandboxed on this machine, in a sentence with a remedy; None when they can."""
    if sys.platform != "linux":
        return f"The sandbox needs Linux and bubblewrap; this is {sys.platform}."
    if shutil.which("bwrap") is None:
        return "The sandbox needs bubblewrap, which is not installed (on Debian or Ubuntu: apt-get install bubblewrap)."
    if (missing := seccomp.unsupported()) is not None:
        return missing
    trial = [*_namespaces(), "--ro-bind", "/", "/", "true"]
    tried = subprocess.run(trial, capture_output=True, text=True, check=False)
    if tried.returncode:
        return f"bubblewrap is installed and does not work here: {tried.stderr.strip()[:300]}"
    return None


def command(unit: str, work_bytes: int, nodes: Sequence[Path] = ()) -> list[str]:
    """The command line up to the program: namespaces, the read-only system, a unit's packages, one writable folder.

    Of what stands in for answers, only earlier units' is there. `/cases` takes the private inputs; it is apart from
    the folder that a learner's files can fill. nodes: the device nodes of one GPU.
    """
    base = Path(sys.base_prefix)
    python = Path(sys.executable).resolve()
    line = [*_namespaces(), "--die-with-parent", "--new-session", "--as-pid-1", "--clearenv"]
    line += ["--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys"]  # else a plain user's sandbox owns a part of it
    line += ["--dev", "/dev", "--ro-bind", "/usr", "/usr"]
    for name in ("bin", "lib", "lib64", "lib32"):
        path = Path("/") / name
        if path.is_symlink():
            line += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            line += ["--ro-bind", str(path), str(path)]
    for name in ("ld.so.cache", "localtime", "alternatives"):
        line += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    if not base.is_relative_to("/usr"):
        line += [*_directories(base.parent), "--ro-bind", str(base), str(base)]
    if not python.is_relative_to(base) and not python.is_relative_to("/usr"):
        line += [*_directories(python.parent), "--ro-bind", str(python), str(python)]
    for site in _foreign_site_packages(base):
        line += ["--tmpfs", str(site)]
    line += ["--perms", "0755", "--dir", SITE]
    for name, path in sorted(package_paths(packages_of(unit)).items()):
        line += [*_directories(PurePosixPath(SITE, name).parent), "--ro-bind", str(path), f"{SITE}/{name}"]
    library = Path(course_lib.__file__).parent
    line += ["--ro-bind", str(library), f"{SITE}/course_lib", "--perms", "0755", "--tmpfs", STAND_INS]
    for path in sorted((library / "stand_ins").glob("*.py")):
        if not re.match(r"u\d\d_", path.name) or path.name[1:3] < unit[:2]:
            line += ["--ro-bind", str(path), f"{STAND_INS}/{path.name}"]
    line += ["--ro-bind", str(Path(__file__).parent / "inside"), "/inside"]
    for node in nodes:
        line += ["--dev-bind", str(node), f"/dev/{node.name}"]
    line += ["--perms", "0755", "--size", str(CASES_BYTES), "--tmpfs", "/cases"]
    line += ["--perms", "1777", "--size", str(work_bytes), "--tmpfs", "/work", "--chdir", "/work"]
    line += ["--perms", "1777", "--size", str(SHARED_BYTES), "--tmpfs", "/dev/shm"]
    for mount in ("/dev", STAND_INS, *map(str, _foreign_site_packages(base)), "/"):
        line += ["--remount-ro", mount]
    for name, value in _environment().items():
        line += ["--setenv", name, value]
    if nodes:  # CUDA counts the devices whose nodes it can open: the only one is number 0, whatever its node's number
        line += ["--setenv", "CUDA_VISIBLE_DEVICES", "0"]
    return [*line, str(python), "-s", "-S", "-P", "/inside/zygote.py"]


def user() -> int | None:
    """The user that a child becomes when the grader is root; None when a user namespace does it."""
    return 60_000 + os.getpid() % 4_000 if os.geteuid() == 0 else None


def tasks_beside() -> int:
    """How many tasks outside count against the sandbox's limit of processes: all of this user's before Linux 5.14."""
    if user() is not None or tuple(map(int, re.findall(r"\d+", platform.release())[:2])) >= (5, 14):
        return 0
    count = 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if process.stat().st_uid == os.geteuid():
                count += len(list((process / "task").iterdir()))
    return count


def _namespaces() -> list[str]:
    line = ["bwrap", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    if os.geteuid() == 0:
        # Root keeps the host's user numbers, so that a child can become a real other user, with its own limits.
        kept = [word for name in ("SETUID", "SETGID", "KILL", "DAC_OVERRIDE") for word in ("--cap-add", f"CAP_{name}")]
        return [*line, "--cap-drop", "ALL", *kept]
    return [*line, "--unshare-user", "--disable-userns", "--uid", "65534", "--gid", "65534"]


def _environment() -> dict[str, str]:
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    kept = {name: os.environ[name] for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE") if name in os.environ}
    return (
        threads
        | kept
        | {
            "PATH": "/usr/bin:/bin",
            "HOME": "/work",
            "LANG": "C.UTF-8",
            "PYTHONPATH": SITE,
            "PYTHONDONTWRITEBYTECODE": "1",
            "IPYTHONDIR": "/work",
            "MPLCONFIGDIR": "/work",
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        }
    )


def _directories(path: Path | PurePosixPath) -> list[str]:
    """Make the folders above a mount point, open for everybody to pass through."""
    line: list[str] = []
    for folder in [*reversed(path.parents), path]:
        if str(folder) not in ("/", SITE) and not str(folder).startswith("/usr"):
            line += ["--perms", "0755", "--dir", str(folder)]
    return line


def _foreign_site_packages(base: Path) -> list[Path]:
    """Folders of packages that come with the base Python or the system: not a unit's business."""
    stdlib = Path(sysconfig.get_path("stdlib"))
    found = [stdlib / "site-packages", stdlib / "dist-packages", Path("/usr/lib/python3/dist-packages")]
    found += Path("/usr/local/lib").glob("python3*/*-packages")
    return [path for path in found if path.is_dir()]
