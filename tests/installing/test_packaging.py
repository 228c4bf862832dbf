"""pyproject.toml, environment.yml and constraints.txt say the same; notebooks and course_lib never import grader."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from rattler import MatchSpec

from course_lib.commands.doctor import closure, read_pins

pytestmark = pytest.mark.fast

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CONSTRAINTS = (ROOT / "constraints.txt").read_text(encoding="utf-8")
PINS = read_pins(CONSTRAINTS)
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
CONDA_NAMES = {"torch": "pytorch"}
PYPI_ONLY = {"math-core"}  # not on conda-forge: there `pip: -e .` brings them

RUNTIME = [Requirement(text) for text in PROJECT["dependencies"]]
CONDA_RUNTIME = [requirement for requirement in RUNTIME if requirement.name not in PYPI_ONLY]
EXTRAS = {name: list(map(Requirement, texts)) for name, texts in PROJECT["optional-dependencies"].items()}
ALL = [*RUNTIME, *EXTRAS["test"]]


def platform_only() -> dict[str, str]:
    """The pins with a comment: what a freeze on Linux without a GPU never shows, and where it is needed."""
    return {
        canonicalize_name(name): where for name, where in re.findall(r"^([\w.-]+)==\S+ +# (.+)$", CONSTRAINTS, re.M)
    }


@pytest.mark.parametrize("requirement", ALL, ids=lambda requirement: requirement.name)
def test_the_bootstrap_can_read_each_requirement(requirement: Requirement) -> None:
    assert re.fullmatch(r">=[\d.]+", str(requirement.specifier)), "`./course` compares `name>=1.2` and nothing else"
    assert not requirement.extras
    assert requirement.marker is None


@pytest.mark.parametrize("requirement", ALL, ids=lambda requirement: requirement.name)
def test_each_requirement_is_pinned_within_its_bounds(requirement: Requirement) -> None:
    assert requirement.specifier.contains(PINS[canonicalize_name(requirement.name)])


@pytest.mark.parametrize("requirement", CONDA_RUNTIME, ids=lambda requirement: requirement.name)
def test_each_runtime_requirement_is_in_the_conda_environment(requirement: Requirement) -> None:
    specs = {spec.name.normalized: spec for text in CONDA if isinstance(text, str) for spec in [MatchSpec(text)]}
    spec = specs[CONDA_NAMES.get(requirement.name, requirement.name)]
    assert str(spec.version) == str(requirement.specifier)


@pytest.mark.parametrize("extra", EXTRAS)
def test_the_tests_have_what_every_extra_brings(extra: str) -> None:
    assert {str(requirement) for requirement in EXTRAS[extra]} <= {str(requirement) for requirement in EXTRAS["test"]}


def test_the_conda_environment_has_python_pip_the_course_and_no_more() -> None:
    specs = {spec.name.normalized: spec for text in CONDA if isinstance(text, str) for spec in [MatchSpec(text)]}
    assert str(specs["python"].version) == PROJECT["requires-python"]
    expected = {CONDA_NAMES.get(requirement.name, requirement.name) for requirement in CONDA_RUNTIME}
    assert specs.keys() == {"python", "pip"} | expected
    assert [entry["pip"] for entry in CONDA if isinstance(entry, dict)] == [["-e ."]]


def test_every_installed_package_of_the_closure_is_pinned_at_its_version() -> None:
    found = closure([f"{PROJECT['name']}[test]"])
    found.pop(PROJECT["name"])
    different = {
        name: (version, PINS.get(name))
        for name, version in found.items()
        if version is None or version.split("+")[0] != PINS.get(name)
    }
    assert different == {}, "name: (installed, pinned); constraints.txt says how to renew it"


def test_nothing_is_pinned_that_nothing_needs() -> None:
    superfluous = PINS.keys() - closure([f"{PROJECT['name']}[test]"]).keys() - platform_only().keys()
    assert superfluous == set()


def test_what_other_platforms_need_is_pinned_too() -> None:
    """Among what the closure's packages require on Windows or macOS, whichever Python."""
    needed = set()
    here = default_environment()
    systems = [("win32", "nt", "Windows", "AMD64"), ("darwin", "posix", "Darwin", "arm64")]
    elsewhere = [
        here
        | {"sys_platform": sys_platform, "os_name": os_name, "platform_system": system, "platform_machine": machine}
        | {"python_version": f"3.{minor}", "python_full_version": f"3.{minor}.0", "extra": ""}
        for sys_platform, os_name, system, machine in systems
        for minor in range(11, 15)
    ]
    for name in closure([f"{PROJECT['name']}[test]"]):
        for requirement in map(Requirement, metadata.requires(name) or []):
            if requirement.marker is not None and any(requirement.marker.evaluate(e) for e in elsewhere):
                needed.add(canonicalize_name(requirement.name))
    assert {"pywinpty", "colorama", "appnope"} <= needed, "the walk above must find the well-known ones"
    assert needed - PINS.keys() == set()


def test_every_pin_can_be_installed_by_the_oldest_python_that_is_promised() -> None:
    """A pip freeze under 3.11.7 may hold what the 3.11.2 of a Debian 12 refuses."""
    oldest = PROJECT["requires-python"].removeprefix(">=") + ".0"
    refusing = {
        f"{name} {PINS[name]} needs Python {needs}"
        for name in closure([f"{PROJECT['name']}[test]"]).keys() & PINS.keys()
        if (needs := metadata.metadata(name).get("Requires-Python")) and not SpecifierSet(needs).contains(oldest)
    }
    assert refusing == set(), "pin an older version of it"


def test_pins_fit_every_build_and_are_sorted() -> None:
    lines = [line for line in CONSTRAINTS.splitlines() if not line.startswith("#")]
    assert len(lines) == len(PINS)
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+(  # [\w ]+)?", line) for line in lines), "no local suffix such as +cpu"
    assert list(PINS) == sorted(PINS)
    assert PINS["torch"] == "2.13.0"


# ---- Imports go one way ----------------------------------------------------------------------------------------------


def imports(tree: ast.AST, *, deferred: bool = True) -> Iterator[str]:
    """The modules that a piece of source imports; without `deferred`, not those inside functions."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
        elif deferred or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from imports(node, deferred=deferred)


def parse(path: Path) -> ast.AST:
    """A Python file, or the code cells of a notebook without their magics."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        cells = [cell["source"] for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
        text = "\n".join("".join(source) for source in cells)
        text = re.sub(r"^\s*[%!].*$", "", text, flags=re.M)
    return ast.parse(text, str(path))


@cache
def imported_by(path: Path, *, deferred: bool = True) -> frozenset[str]:
    """The modules that a file imports, found once for all who ask."""
    return frozenset(imports(parse(path), deferred=deferred))


def offenders(paths: list[Path], package: str, *, deferred: bool = True) -> list[str]:
    """Those of the files that import the package."""
    assert paths, "nothing to look at: this test would pass on anything"
    return [
        str(path.relative_to(ROOT))
        for path in paths
        if any(module.split(".")[0] == package for module in imported_by(path, deferred=deferred))
    ]


def test_what_a_learner_runs_never_imports_the_grader() -> None:
    assert offenders(sorted((ROOT / "course_lib").rglob("*.py")), "grader") == []
    assert offenders(sorted((ROOT / "solutions").glob("*/*.py")), "grader") == []
    assert offenders(sorted((ROOT / "notebooks").glob("*/*.ipynb")), "grader") == []


def test_what_the_code_imports_is_declared() -> None:
    provided = metadata.packages_distributions()
    optional = [f"{PROJECT['name']}[{extra}]" for extra in EXTRAS.keys() - {"test"}]
    declared = closure([PROJECT["name"], *optional]).keys()
    undeclared = set()
    for path in [
        *(ROOT / "course_lib").rglob("*.py"),
        *(ROOT / "grader").rglob("*.py"),
        *ROOT.glob("solutions/*/*.py"),
    ]:
        for module in {module.split(".")[0] for module in imported_by(path)} - {"", "course_lib", "grader"}:
            names = {canonicalize_name(name) for name in provided.get(module, [module])}
            ours = (path.parent / f"{module}.py").is_file()  # a script's neighbour
            if module not in sys.stdlib_module_names and not ours and not names & declared:
                undeclared.add(f"{module} in {path.relative_to(ROOT)}")
    assert undeclared == set(), "add it to pyproject.toml, environment.yml and constraints.txt"


def test_course_lib_imports_torch_only_inside_functions() -> None:
    paths = sorted((ROOT / "course_lib").rglob("*.py"))
    assert offenders(paths, "torch", deferred=False) == []
    assert "course_lib/commands/doctor.py" in offenders(paths, "torch"), (
        "the search must find the ones inside functions"
    )


def test_the_bootstrap_needs_the_standard_library_alone() -> None:
    for name in ("course", "course_lib/commands/environment.py"):
        found = {module.split(".")[0] for module in imports(ast.parse((ROOT / name).read_text(encoding="utf-8")))}
        assert found <= sys.stdlib_module_names, name


CHECKS = ("course_lib.judging.judge", "course_lib.judging.drivers", "course_lib.kernel.ran")
"""What a notebook needs at its first check, and a first cell does not wait for."""


@pytest.mark.parametrize("heavy", ["torch", "matplotlib.pyplot", "grader", *CHECKS])
def test_importing_course_lib_is_light(heavy: str) -> None:
    assert "course_lib" in loaded() and heavy not in loaded()


@cache
def loaded() -> frozenset[str]:
    """The modules that `import course_lib` leaves in a new process."""
    code = "import course_lib, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    return frozenset(done.stdout.split())


def test_every_data_file_beside_the_code_is_declared_as_package_data() -> None:
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    assert tools["packages"]["find"]["include"] == ["course_lib*", "grader*"]
    for package, patterns in tools["package-data"].items():
        folder = ROOT / package
        declared = {path for pattern in patterns for path in folder.glob(pattern)}
        data = {path for path in folder.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")}
        assert data - declared == set(), "an installed course would lack these: see package-data in pyproject.toml"


@pytest.mark.needs("git")
@pytest.mark.parametrize("folder", ["course_lib", "grader", "notebooks", "tests", "docs"])
def test_nothing_that_the_course_is_made_of_is_ignored_by_git(folder: str) -> None:
    """A line of .gitignore meant for a class's folder once kept a template of that name out of the repository."""
    if not (ROOT / ".git").exists():
        pytest.skip("this copy of the course is not a git checkout, so nothing in it can be ignored")
    asked = ["git", "ls-files", "--others", "--ignored", "--exclude-standard", "--", folder]
    ignored = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    kept = [name for name in ignored if not re.search(r"__pycache__/|\.ipynb_checkpoints/|docs/_build/", name)]
    assert kept == []
