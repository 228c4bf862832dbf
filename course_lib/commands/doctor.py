"""`./course doctor`: look at this machine, and say for each thing whether it is well and what to do if not.

Every look is a function that returns findings and changes nothing; `main` prints them.
"""

from __future__ import annotations

import contextlib
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from importlib import metadata
from pathlib import Path

from course_lib.commands.findings import ERROR, OK, WARNING, Finding
from course_lib.commands.user_settings import check_jupyter, check_python_settings
from course_lib.errors import CourseError
from course_lib.private_files import exposed
from course_lib.workspace import course_root, home

PROJECT = "optimization-course"
GIGABYTE = 1e9
REINSTALL = f"In the course's folder, run {sys.executable} -m pip install -e . -c constraints.txt"


def check_python() -> list[Finding]:
    """The interpreter's version and place, and whether other users may run it."""
    version = platform.python_version()
    what = f"Python {version} at {sys.executable}, on {platform.system()} {platform.machine()}"
    return [Finding(OK, what), *check_shared_python(Path(sys.executable))]


def check_shared_python(executable: Path, root: int = 0) -> list[Finding]:
    """A warning when the interpreter lies in a folder that only the user id `root` may enter, such as root's home."""
    if os.name != "posix":
        return []
    base = executable.resolve()
    for folder in base.parents:
        status = folder.stat()
        if status.st_uid == root and not status.st_mode & 0o001:
            return [
                Finding(
                    WARNING,
                    f"Only root can run this environment: its Python, {base}, lies in {folder}, closed to others",
                    "If other users need it, delete .venv and make it with a Python that all can run, for example "
                    "/usr/bin/python3 course doctor.",
                )
            ]
    return []


def course_packages(pins: dict[str, str]) -> dict[str, str | None]:
    """Name to installed version of what the course needs (None: absent) and of what else is pinned and here.

    Raises `CourseError` when the course itself is not installed in this environment.
    """
    found = closure([PROJECT])
    if found[PROJECT] is None:
        raise CourseError(f"The course is not installed in {sys.prefix}. {REINSTALL}")
    for name in pins.keys() - found.keys():
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def closure(roots: Iterable[str]) -> dict[str, str | None]:
    """The requirements (`name[extra]`) and all that they require on this platform: canonical name to version."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    found: dict[str, str | None] = {}
    waiting = [Requirement(root) for root in roots]
    seen: set[tuple[str, str]] = set()
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        for extra in {"", *requirement.extras} - {extra for known, extra in seen if known == name}:
            seen.add((name, extra))
            try:
                package = metadata.distribution(name)
            except metadata.PackageNotFoundError:
                found[name] = None
                continue
            found[name] = package.version
            needs = [Requirement(text) for text in package.requires or []]
            waiting += [need for need in needs if need.marker is None or need.marker.evaluate({"extra": extra})]
    return found


def read_pins(text: str) -> dict[str, str]:
    """The lines `name==version` of constraints.txt: canonical name to version."""
    from packaging.utils import canonicalize_name

    pins = re.findall(r"^([\w.-]+)==([^\s#]+)", text, re.M)
    return {canonicalize_name(name): version for name, version in pins}


def check_packages(found: dict[str, str | None], pins: dict[str, str]) -> list[Finding]:
    """Each package against its pin. An absent one is an error, another version (usual with conda) worth a warning."""
    absent = [f"{name} {pins.get(name, '')}".strip() for name, version in sorted(found.items()) if version is None]
    pinned = {name: version for name, version in sorted(found.items()) if version is not None and name in pins}
    other = [f"{name} {v} ({pins[name]})" for name, v in pinned.items() if v.split("+")[0] != pins[name]]
    findings = [Finding(OK, f"{len(pinned) - len(other)} packages at their pinned versions")]
    if other:
        what = f"{len(other)} packages not at their pinned versions (in brackets): {', '.join(other)}"
        findings.append(Finding(WARNING, what, f"They may well work; the course is tested with the pins. {REINSTALL}"))
    if absent:
        findings.append(Finding(ERROR, f"{len(absent)} packages are missing: {', '.join(absent)}", REINSTALL))
    return findings


def check_cpu() -> list[Finding]:
    """The cores that this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limits = [
        f"{name}={os.environ[name]}" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS") if name in os.environ
    ]
    what = f"{cores} CPU core{'s' * (cores > 1)}" + (f" ({', '.join(limits)})" if limits else "")
    if cores == 1:
        return [Finding(WARNING, what, "Everything runs, but takes longer than the units say.")]
    return [Finding(OK, what)]


def check_gpu() -> list[Finding]:
    """What PyTorch computes on, against what `nvidia-smi` says is there."""
    card = ask(["nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"])
    try:
        import torch
    except (ImportError, OSError) as error:
        return [Finding(ERROR, f"PyTorch cannot be imported: {error}", "Delete .venv and run ./course doctor.")]
    threads = f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads"
    if torch.cuda.is_available():
        names = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
        return [Finding(OK, f"{threads}, GPU: {', '.join(names)}")]
    if torch.backends.mps.is_available():
        return [Finding(OK, f"{threads}, GPU: Apple (MPS)")]
    if card is None:
        return [Finding(OK, f"{threads}, no GPU: every unit runs on the CPU as well")]
    if torch.version.cuda is None:
        remedy = "Delete .venv and run ./course doctor: it installs the build for GPUs."
        return [Finding(WARNING, f"There is a GPU ({card}), but {threads} was built without CUDA", remedy)]
    remedy = f"Update its driver to one for CUDA {torch.version.cuda} or newer; see what nvidia-smi says."
    return [Finding(WARNING, f"There is a GPU ({card}), but {threads} cannot use it", remedy)]


def check_sandbox() -> list[Finding]:
    """Whether bubblewrap can run a program here. Grading a class needs it, learning does not."""
    why = "Only grading other people's notebooks needs it."
    if sys.platform != "linux":
        remedy = f"{why} Grade on Linux (on Windows: in WSL), or with --unsandboxed if you trust every submission."
        return [Finding(WARNING, "No sandbox for grading on this system", remedy)]
    if shutil.which("bwrap") is None:
        return [Finding(WARNING, "bubblewrap is not installed", f"{why} Install it: sudo apt install bubblewrap.")]
    if ask(["bwrap", "--unshare-all", "--ro-bind", "/", "/", "true"]) is None:
        remedy = (
            f"{why} The system forbids user namespaces: on Ubuntu, sudo sysctl -w "
            "kernel.apparmor_restrict_unprivileged_userns=0; in a container, start it with --privileged."
        )
        return [Finding(WARNING, "bubblewrap is installed but cannot make a sandbox", remedy)]
    return [Finding(OK, "bubblewrap makes a sandbox for grading")]


def check_disk(root: Path) -> list[Finding]:
    """Free space in the folder of your copies, and the right to write there."""
    free = shutil.disk_usage(root).free / GIGABYTE
    what = f"{free:.1f} GB free in {root}"
    space = Finding(OK, what)
    if free < 0.1:
        space = Finding(ERROR, what, "Your answers can no longer be saved: free some space first.")
    elif free < 1:
        space = Finding(WARNING, what, "Checkpoints and downloads of the later units need about 1 GB.")
    if os.access(root, os.W_OK):
        return [space]
    remedy = "Your copies of the notebooks go into its folder `work`: set COURSE_HOME to a folder of your own."
    return [space, Finding(ERROR, f"{root} cannot be written", remedy)]


def check_private_files(root: Path) -> list[Finding]:
    """Whether other users of this machine can read what is graded here; nothing where no class is graded."""
    found = exposed(root)
    if not found:
        return [Finding(OK, "Nobody else can read the class's files")] if (root / "gradebook.db").exists() else []
    named = ", ".join(f"{each.path.relative_to(root)} ({each.path.stat().st_mode & 0o777:o})" for each in found)
    modes = {each.mode for each in found}
    remedy = " ".join(
        f"chmod {mode:o} {' '.join(shlex.quote(str(each.path)) for each in found if each.mode == mode)};"
        for mode in sorted(modes)
    )
    shared = " Where a group of teachers shares the class: chmod g+ws on its folders, and the group keeps its rights."
    return [
        Finding(
            WARNING,
            f"Other users of this machine can read {named}",
            f"./course grade closes them, or now: {remedy.removesuffix(';')}.{shared}",
        )
    ]


def check_kernel() -> list[Finding]:
    """Whether Jupyter's kernel `python3` is there and is this environment's."""
    try:
        from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
    except ImportError:
        return [Finding(ERROR, "Jupyter is missing", REINSTALL)]
    try:
        spec = KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel:
        remedy = f"Run {sys.executable} -m pip install --force-reinstall --no-deps ipykernel."
        return [Finding(ERROR, "Jupyter finds no kernel named python3", remedy)]
    program = spec.argv[0]
    # Jupyter puts its own interpreter in the place of a bare name.
    if re.fullmatch(r"python[\d.]*", program) or Path(program).absolute() == Path(sys.executable).absolute():
        return [Finding(OK, f"Jupyter's kernel python3, from {spec.resource_dir}")]
    remedy = f"Notebooks would run in another environment. Delete the folder {spec.resource_dir}."
    return [Finding(WARNING, f"Jupyter's kernel python3 runs {program}", remedy)]


def existing(folder: Path) -> Path:
    """The folder, or the nearest above it that is there already."""
    return next(each for each in (folder, *folder.parents) if each.is_dir())


def ask(command: list[str], seconds: float = 10) -> str | None:
    """The first line that a command prints, None when it is not there, fails, or takes too long."""
    try:
        done = subprocess.run(command, capture_output=True, timeout=seconds, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return next(iter(done.stdout.decode(errors="replace").splitlines()), "")


def looks() -> list[Callable[[], list[Finding]]]:
    """All looks, in the order of the report."""
    root = course_root()
    pins = read_pins((root / "constraints.txt").read_text(encoding="utf-8"))
    return [
        check_python,
        lambda: check_packages(course_packages(pins), pins),
        check_cpu,
        check_gpu,
        check_kernel,
        check_jupyter,
        check_python_settings,
        lambda: check_disk(existing(home())),
        check_sandbox,
        lambda: check_private_files(root),
    ]


def report(finding: Finding) -> str:
    """A finding as the lines that are printed."""
    return f"{finding.status} {finding.what}." + (f"\n    {finding.remedy}" if finding.remedy else "")


def main() -> int:
    """`./course doctor`: 1 when something keeps the course from being used, else 0."""
    findings = []
    for look in looks():
        for finding in look():
            print(report(finding), flush=True)
            findings.append(finding)
    statuses = [finding.status for finding in findings]
    if ERROR in statuses:
        print(
            f"\n{statuses.count(ERROR)} of these keep the course from working here: do what the lines with {ERROR} say."
        )
        return 1
    print(
        "\nEverything the course needs is here."
        + (" The lines with ! are worth a look." if WARNING in statuses else "")
    )
    return 0
