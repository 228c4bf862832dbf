"""`./course doctor`: each thing that can be amiss is named, with what to do about it."""

from __future__ import annotations

import builtins
import os
import subprocess
import sys
from collections import namedtuple
from pathlib import Path
from types import SimpleNamespace

import pytest

from course_lib.commands import doctor
from course_lib.commands.doctor import ERROR, OK, WARNING, Finding
from course_lib.errors import CourseError

pytestmark = pytest.mark.fast


def statuses(findings: list[Finding]) -> list[str]:
    return [finding.status for finding in findings]


def test_a_report_on_this_machine_ends_well_and_names_what_it_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notebooks").mkdir()
    root = Path(doctor.__file__).parents[2]
    (tmp_path / "constraints.txt").write_text((root / "constraints.txt").read_text())
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path))
    assert doctor.main() == 0
    report = capsys.readouterr().out
    for word in ("Python 3.", "packages at their pinned versions", "CPU core", "PyTorch", "kernel python3", "GB free"):
        assert word in report
    assert "Everything the course needs is here." in report


def test_an_error_makes_the_exit_status_1_and_a_warning_does_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bad, odd = Finding(ERROR, "no disk", "Buy one."), Finding(WARNING, "slow disk", "Wait.")
    monkeypatch.setattr(doctor, "looks", lambda: [lambda: [odd], lambda: [bad]])
    assert doctor.main() == 1
    report = capsys.readouterr().out
    assert "✗ no disk.\n    Buy one." in report
    assert "1 of these keep" in report
    monkeypatch.setattr(doctor, "looks", lambda: [lambda: [odd]])
    assert doctor.main() == 0


def test_packages_are_compared_with_their_pins() -> None:
    pins = doctor.read_pins("# pinned\nnumpy==2.4.6\ntorch==2.13.0\npywinpty==3.1.2  # Windows\nSend2Trash==2.2.0\n")
    assert pins == {"numpy": "2.4.6", "torch": "2.13.0", "pywinpty": "3.1.2", "send2trash": "2.2.0"}
    found = {"numpy": "2.4.6", "torch": "2.13.0+cpu", "send2trash": "2.2.0", "optimization-course": "0.1.0"}
    assert doctor.check_packages(found, pins) == [Finding(OK, "3 packages at their pinned versions")]
    fine, other, absent = doctor.check_packages(found | {"numpy": "2.3.1", "send2trash": None}, pins)
    assert fine.what.startswith("1 packages")
    assert (other.status, absent.status) == (WARNING, ERROR)
    assert "numpy 2.3.1 (2.4.6)" in other.what
    assert "send2trash 2.2.0" in absent.what
    assert f"{sys.executable} -m pip install" in absent.remedy


def test_the_closure_follows_requirements_extras_and_markers() -> None:
    found = doctor.closure(["optimization-course"])
    assert {"numpy", "torch", "nbgrader", "sqlalchemy", "sympy"} <= found.keys()
    assert None not in found.values()
    assert "pytest" not in found
    assert "pytest" in doctor.closure(["optimization-course[test]"])
    assert doctor.closure(["no-such-package"]) == {"no-such-package": None}
    if sys.platform != "win32":
        assert "pywinpty" not in found


def test_a_course_that_is_not_installed_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "PROJECT", "no-such-course")
    with pytest.raises(CourseError, match=r"not installed.*pip install -e \."):
        doctor.course_packages({})


def test_a_python_in_roots_closed_home_is_told(tmp_path: Path) -> None:
    home = tmp_path / "home"
    python = home / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    link = tmp_path / "python"
    link.symlink_to(python)
    me = home.stat().st_uid
    home.chmod(0o700)
    [finding] = doctor.check_shared_python(link, root=me)
    assert finding.status == WARNING
    assert f"lies in {home.resolve()}, closed to others" in finding.what
    assert "delete .venv" in finding.remedy
    assert doctor.check_shared_python(link, root=me + 1) == [], "a person's own home may be closed"
    home.chmod(0o711)
    assert not any(f"lies in {home.resolve()}," in each.what for each in doctor.check_shared_python(link, root=me))


@pytest.mark.parametrize(
    ("free", "expected"), [(5e9, [OK]), (0.5e9, [WARNING]), (0.05e9, [ERROR])], ids=["roomy", "tight", "full"]
)
def test_free_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: float, expected: list[str]) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: usage(1e12, 0, free))
    assert statuses(doctor.check_disk(tmp_path)) == expected


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    *_, finding = doctor.check_disk(tmp_path)
    assert finding.status == ERROR
    assert "set COURSE_HOME" in finding.remedy


def script(folder: Path, name: str, body: str) -> None:
    """An executable of that name, found first on the path."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def test_a_sandbox_must_run_not_only_be_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("PATH", f"{tmp_path}")
    [finding] = doctor.check_sandbox()
    assert (finding.status, "apt install bubblewrap" in finding.remedy) == (WARNING, True)
    script(tmp_path, "bwrap", "exit 1")
    [finding] = doctor.check_sandbox()
    assert (finding.status, "user namespaces" in finding.remedy) == (WARNING, True)
    script(tmp_path, "bwrap", '[ "$*" = "--unshare-all --ro-bind / / true" ]')
    assert statuses(doctor.check_sandbox()) == [OK]
    monkeypatch.setattr(sys, "platform", "win32")
    [finding] = doctor.check_sandbox()
    assert (finding.status, "WSL" in finding.remedy) == (WARNING, True)


def fake_torch(cuda: bool, mps: bool, built_for: str | None) -> SimpleNamespace:
    return SimpleNamespace(
        __version__="2.13.0",
        get_num_threads=lambda: 2,
        version=SimpleNamespace(cuda=built_for),
        backends=SimpleNamespace(mps=SimpleNamespace(is_available=lambda: mps)),
        cuda=SimpleNamespace(
            is_available=lambda: cuda, device_count=lambda: 1, get_device_name=lambda index: "H100", version=built_for
        ),
    )


@pytest.mark.parametrize(
    ("torch", "card", "status", "words"),
    [
        (fake_torch(True, False, "13.0"), "H100, 80 GB, 580", OK, "GPU: H100"),
        (fake_torch(False, True, None), None, OK, "Apple"),
        (fake_torch(False, False, None), None, OK, "no GPU"),
        (fake_torch(False, False, None), "H100, 80 GB, 580", WARNING, "built without CUDA"),
        (fake_torch(False, False, "13.0"), "H100, 80 GB, 470", WARNING, "driver"),
    ],
    ids=["cuda", "mps", "cpu", "cpu build on a gpu machine", "old driver"],
)
def test_what_pytorch_computes_on(
    monkeypatch: pytest.MonkeyPatch, torch: SimpleNamespace, card: str | None, status: str, words: str
) -> None:
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setattr(doctor, "ask", lambda command: card)
    [finding] = doctor.check_gpu()
    assert finding.status == status
    assert words in finding.what + finding.remedy


def test_a_torch_that_cannot_be_loaded_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refuse(name: str, *arguments: object, **options: object) -> object:
        if name == "torch":
            raise OSError("libtorch.so: cannot open shared object file")
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", refuse)
    [finding] = doctor.check_gpu()
    assert finding.status == ERROR
    assert "libtorch.so" in finding.what


def test_a_single_core_is_worth_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0}, raising=False)
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    [finding] = doctor.check_cpu()
    assert (finding.status, finding.what) == (WARNING, "1 CPU core (OMP_NUM_THREADS=1)")


def kernel(folder: Path, program: str) -> None:
    path = folder / "kernels" / "python3" / "kernel.json"
    path.parent.mkdir(parents=True)
    path.write_text(f'{{"argv": ["{program}", "-m", "ipykernel_launcher"], "display_name": "Python 3"}}')


@pytest.mark.parametrize(("program", "status"), [("python", OK), (sys.executable, OK), ("/opt/other/python", WARNING)])
def test_the_kernel_must_be_this_environments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, status: str
) -> None:
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    kernel(tmp_path, program)
    [finding] = doctor.check_kernel()
    assert finding.status == status
    assert status == OK or "another environment" in finding.remedy


def test_a_command_that_hangs_fails_or_is_not_there_has_no_answer(tmp_path: Path) -> None:
    script(tmp_path, "slow", "sleep 20")
    script(tmp_path, "bad", "echo no; exit 3")
    script(tmp_path, "good", "echo first; echo second")
    assert doctor.ask([str(tmp_path / "slow")], seconds=0.05) is None
    assert doctor.ask([str(tmp_path / "bad")]) is None
    assert doctor.ask([str(tmp_path / "missing")]) is None
    assert doctor.ask([str(tmp_path / "good")]) == "first"


def test_importing_the_doctor_imports_no_torch() -> None:
    code = "import sys, course_lib.commands.doctor; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
