"""On a bare machine the suite passes and says what it left out; where CI is set, nothing is left out unseen."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import needs
from helpers.course import ROOT

TESTS = """
import pytest
from helpers import needs
from grader.sandbox.sandbox import Sandbox

@pytest.mark.needs("chromium")
def test_that_says_what_it_needs():
    pass

@pytest.mark.needs("postgres")
def test_of_a_server():
    pass

@pytest.mark.needs("git", "postgres")
def test_that_clones():
    pass

def test_that_draws_a_page():
    needs.program("fonts")

def test_that_starts_a_sandbox_without_saying_so():
    with Sandbox("01_gradients") as worker:
        worker._started()

def test_that_needs_nothing():
    pass
"""


def on_a_bare_machine(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """pytest on a few tests, with this suite's conftest and a PATH on which there is nothing."""
    (folder / "bin").mkdir()
    (folder / "test_few.py").write_text(TESTS, encoding="utf-8")
    (folder / "helpers").mkdir()
    for name in ("conftest.py", "helpers/needs.py"):
        shutil.copy(ROOT / "tests" / name, folder / name)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    needs: programs\n    gpu: a GPU\n", encoding="utf-8")
    bare = {"PATH": str(folder / "bin"), "POSTGRES": str(folder), "PYTHONPATH": str(ROOT)}
    kept = {name: value for name, value in os.environ.items() if name != "CI" and not name.startswith("PYTEST")}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-c", str(folder / "pytest.ini"), str(folder)]
    return subprocess.run(
        command, cwd=folder, env=kept | bare | environment, capture_output=True, text=True, timeout=200
    )


def test_what_lacks_a_program_is_skipped_counted_and_named_with_what_installs_it(tmp_path: Path) -> None:
    done = on_a_bare_machine(tmp_path)
    assert done.returncode == 0, done.stdout
    assert "1 passed, 5 skipped" in done.stdout
    for package in ("bubblewrap", "chromium", "postgresql", "git", "fontconfig fonts-dejavu-core"):
        (line,) = [line for line in done.stdout.splitlines() if line.endswith(f"sudo apt-get install {package}")]
        assert line.startswith("1 test skipped: needs ")


def test_where_ci_is_set_a_missing_program_is_a_failure(tmp_path: Path) -> None:
    done = on_a_bare_machine(tmp_path, CI="true")
    assert done.returncode == 1
    assert "1 passed" in done.stdout and "skipped" not in done.stdout
    assert done.stdout.count("Nothing is left out where CI is set.") >= 5


COLLECT = """
import json, sys
started = []
sys.addaudithook(lambda event, given: started.append(str(given[0])) if event == "subprocess.Popen" else None)
import pytest
status = pytest.main(["--collect-only", "-p", "no:cacheprovider"])
print(json.dumps(started))
sys.exit(status)
"""


@pytest.mark.timeout(600)
def test_all_tests_are_found_where_there_is_a_python_and_nothing_else(tmp_path: Path) -> None:
    """The packages that the tests import may be there; no program is, and no file of a person's own."""
    for folder in ("bin", "home"):
        (tmp_path / folder).mkdir()
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    bare = {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path / "home"), "POSTGRES": str(tmp_path)}
    command = [sys.executable, "-c", COLLECT]
    done = subprocess.run(command, cwd=ROOT, env=bare, capture_output=True, text=True, timeout=580)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr
    found = {line.partition("::")[0] for line in done.stdout.splitlines() if "::" in line}
    assert found == {path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("test_*.py")}
    started = {Path(program).name for program in json.loads(done.stdout.splitlines()[-1])}
    assert not started & {"git", "initdb", "bwrap", *needs.BROWSERS}, "a file starts it when it is imported"


@pytest.mark.fast
def test_who_calls_git_says_so() -> None:
    for path in (ROOT / "tests").rglob("test_*.py"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"""\[\*?["']git["']""", text) or 'needs("git")' in text, path


@pytest.mark.fast
def test_continuous_integration_sets_ci() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert script.index('export CI="${CI:-true}"') < script.index("\n./course test")


@pytest.mark.fast
@pytest.mark.parametrize("name", sorted(needs.PROGRAMS.keys() - {"bash", "root", "proxy"}))  # bash runs the script
def test_continuous_integration_installs_what_tests_need(name: str) -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    packages = needs.PROGRAMS[name].install.removeprefix("sudo apt-get install ")
    assert f"missing+=({packages})" in script


@pytest.mark.fast
def test_continuous_integration_brings_the_proxy_by_npm_and_leaves_no_lock_file() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    brings = re.search(r"\n    npm install (.*) --prefix (\S+) configurable-http-proxy@[\d.]+\n", script)
    assert brings and "--no-package-lock" in brings[1] and brings[2] == ".course/hub"
    assert "missing+=(nodejs)" in script and "missing+=(npm)" in script
