"""What a visitor meets at the repository's door is true: commands, versions, times, the picture, the licences."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
import tomllib
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator
from PIL import Image

pytestmark = pytest.mark.fast

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WORKFLOW = ROOT / ".github" / "workflows" / "tests.yml"
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("[0-9]-*.yml"))
PAGES = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "CODE_OF_CONDUCT.md", "LICENSE-CC-BY-4.0.md", "docs/README.md"]
COMMAND = re.compile(r"(?:\./course|python course)((?: +[^\s`|\"]+)*)")


def read(name: str | Path) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def script(path: Path) -> ModuleType:
    """A script as a module, whatever its suffix; `course` has none."""
    loader = SourceFileLoader(path.stem, str(path))
    module = importlib.util.module_from_spec(
        importlib.util.spec_from_loader(path.stem, loader) or pytest.fail(str(path))
    )
    loader.exec_module(module)
    return module


# ---- Commands --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "docs/README.md",
        ".ci/run",
        ".devcontainer/devcontainer.json",
        *[str(path.relative_to(ROOT)) for path in sorted((ROOT / ".github").rglob("*.*"))],
    ],
)
def test_every_command_that_is_named_is_one(name: str) -> None:
    commands = {command.name: command for command in script(ROOT / "course").COMMANDS}
    for words in COMMAND.findall(read(name)):
        verb, *others = words.split() or [""]
        if not re.fullmatch(r"[a-z]+", verb):
            continue  # the program itself
        assert verb in commands, f"{name} names ./course {verb}, which there is not"
        flags = {flag for names, _ in commands[verb].arguments for flag in names if flag.startswith("-")}
        unknown = [word for word in others if word.startswith("--") and word not in flags]
        assert not unknown or commands[verb].passes_on, f"{name}: ./course {verb} has no {unknown}"


def test_the_commands_are_found() -> None:
    assert COMMAND.findall("`./course test --fast` or\npython course start") == [" test --fast", " start"]
    assert len(COMMAND.findall(read("README.md"))) > 12


# ---- Versions --------------------------------------------------------------------------------------------------------


def test_the_newest_change_and_the_citation_are_of_this_version() -> None:
    newest = re.search(r"^## \[([\d.]+)\] - (\d{4}-\d\d-\d\d)$", read("CHANGELOG.md"), re.M)
    citation = yaml.safe_load(read("CITATION.cff"))
    assert newest and newest[1] == PROJECT["version"] == citation["version"]
    assert citation["date-released"] == newest[2]


def test_versions_in_the_changelog_descend() -> None:
    versions = re.findall(r"^## \[([\d.]+)\]", read("CHANGELOG.md"), re.M)
    assert versions == sorted(versions, key=lambda text: [int(part) for part in text.split(".")], reverse=True)


def test_the_citation_is_what_its_format_asks_for() -> None:
    """Of the Citation File Format 1.2.0: what is required, and the form of what this file has."""
    text = {"type": "string", "minLength": 1}
    entity = {"type": "object", "properties": {"name": text}, "required": ["name"], "additionalProperties": False}
    schema: dict[str, Any] = {
        "type": "object",
        "required": ["authors", "cff-version", "message", "title"],
        "additionalProperties": False,
        "properties": {
            "cff-version": {"const": "1.2.0"},
            "type": {"enum": ["software", "dataset"]},
            "message": text,
            "title": text,
            "abstract": text,
            "authors": {"type": "array", "items": entity, "minItems": 1, "uniqueItems": True},
            "version": text,
            "date-released": {"type": "string", "pattern": r"^\d{4}-(0[1-9]|1[012])-(0[1-9]|[12]\d|3[01])$"},
            "license": {"const": "MIT"},
            "keywords": {"type": "array", "items": text, "minItems": 1, "uniqueItems": True},
        },
    }
    Draft7Validator(schema).validate(yaml.safe_load(read("CITATION.cff")))


# ---- Workflows, forms, environments ----------------------------------------------------------------------------------


def test_the_workflow_tests_the_pythons_that_are_promised() -> None:
    jobs = yaml.safe_load(read(WORKFLOW))["jobs"]
    promised = [text.rsplit(" ", 1)[1] for text in PROJECT["classifiers"] if re.search(r"Python :: 3\.\d+$", text)]
    assert jobs["fast"]["strategy"]["matrix"]["python"] == promised
    assert promised[0] == PROJECT["requires-python"].removeprefix(">=")
    assert jobs["learners"]["strategy"]["matrix"]["os"] == ["macos-latest", "windows-latest"]


def test_the_workflow_caches_by_the_pins_and_runs_everything_once() -> None:
    jobs = yaml.safe_load(read(WORKFLOW))["jobs"]
    for job in (jobs["fast"], jobs["learners"]):
        (python,) = [step["with"] for step in job["steps"] if "setup-python" in step.get("uses", "")]
        assert (python["cache"], python["cache-dependency-path"]) == ("pip", "constraints.txt")
    (run,) = [step["run"] for step in jobs["full"]["steps"] if ".ci/" in step.get("run", "")]
    assert os.access(ROOT / run, os.X_OK)
    assert "secrets." not in read(WORKFLOW)


def test_the_files_that_learners_systems_test_are_there_and_fast() -> None:
    steps = yaml.safe_load(read(WORKFLOW))["jobs"]["learners"]["steps"]
    files = re.findall(r"tests/\S+\.py", " ".join(step.get("run", "") for step in steps))
    assert len(files) > 10
    for name in files:
        assert (ROOT / name).is_file(), f"{name} has moved: .github/workflows/tests.yml names it"
        assert "pytestmark = pytest.mark.fast" in read(name)


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_an_issue_form_has_what_github_asks_for(path: Path) -> None:
    form = yaml.safe_load(read(path))
    assert (
        form.keys() <= {"name", "description", "title", "labels", "body"}
        and {"name", "description", "body"} <= form.keys()
    )
    for field in form["body"]:
        kind, attributes = field["type"], field["attributes"]
        assert kind in ("markdown", "input", "textarea", "dropdown")
        assert attributes["value" if kind == "markdown" else "label"]
        assert kind == "markdown" or re.fullmatch(r"[\w-]+", field["id"])
        assert kind != "dropdown" or len(attributes["options"]) > 1
    names = [field["id"] for field in form["body"] if "id" in field]
    assert len(names) == len(set(names))
    assert any(field.get("validations", {}).get("required") for field in form["body"])


def test_there_is_a_form_for_each_thing_to_report() -> None:
    assert [path.stem for path in FORMS] == ["1-cell", "2-diagnosis", "3-bug"]
    assert yaml.safe_load(read(".github/ISSUE_TEMPLATE/config.yml")) == {"blank_issues_enabled": True}


def test_binder_has_the_conda_environment() -> None:
    """pip is run beside the file that names it, so the course is one folder up from there."""
    ours, binder = (yaml.safe_load(read(name)) for name in ("environment.yml", "binder/environment.yml"))
    assert ours["dependencies"][-1] == {"pip": ["-e ."]}
    assert binder == {**ours, "dependencies": [*ours["dependencies"][:-1], {"pip": ["-e .."]}]}


@pytest.mark.skipif(os.name != "posix", reason="Binder runs Linux")
@pytest.mark.needs("bash")
def test_binder_lays_out_a_learners_copies(tmp_path: Path) -> None:
    assert os.access(ROOT / "binder" / "postBuild", os.X_OK)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    there = {**os.environ, "COURSE_HOME": str(tmp_path), "PATH": path}
    subprocess.run([str(ROOT / "binder" / "postBuild")], cwd=ROOT, env=there, check=True, timeout=60)
    made = {path.stem for path in (tmp_path / "work").glob("*/*.ipynb")}
    assert made == {path.stem for path in ROOT.glob("notebooks/*/*.ipynb")}


@pytest.mark.skipif(os.name != "posix", reason="Binder runs Linux")
@pytest.mark.needs("bash")
def test_binder_starts_jupyterlab_with_the_course_s_extension() -> None:
    there = {**os.environ, "REPO_DIR": str(ROOT), "JUPYTER_PATH": "/elsewhere"}
    start = [str(ROOT / "binder" / "start"), "printenv", "JUPYTER_PATH"]
    said = subprocess.run(start, env=there, check=True, timeout=60, capture_output=True, text=True).stdout
    ours, theirs = said.strip().split(":")
    assert theirs == "/elsewhere" and (Path(ours) / "labextensions").is_dir()


def test_the_development_container_makes_the_environment_and_forwards_jupyter() -> None:
    container = json.loads(read(".devcontainer/devcontainer.json"))
    assert container["postCreateCommand"] == "./course doctor"
    assert container["forwardPorts"] == [8888]
    minor = re.search(r"/python:(3\.\d+)-", container["image"])
    assert minor and f"Programming Language :: Python :: {minor[1]}" in PROJECT["classifiers"]


# ---- The README ------------------------------------------------------------------------------------------------------


def units_as_they_say_themselves() -> list[tuple[str, str, str]]:
    """Title, address of the learner's edition, and time, from each unit's own first cell."""
    found = []
    for path in sorted(ROOT.glob("solutions/*/*.py")):
        source = path.read_text(encoding="utf-8")
        title = re.search(r"^# # (.+)$", source, re.M)
        time = re.search(r"^# \| time \|.*\n# \|[-|]+\n# \| ([^|]+) \|", source, re.M)
        assert title and time, path
        found.append((title[1], f"notebooks/{path.stem}/{path.stem}.ipynb", time[1]))
    return found


def test_the_table_of_units_says_what_the_units_say() -> None:
    rows = re.findall(r"^\| \[(\d\d · [^\]]+)\]\(([^)]+)\) \| ([^|]+) \| [^|]+ \|$", read("README.md"), re.M)
    assert rows == units_as_they_say_themselves()
    assert len(rows) == 17


def test_the_readme_stays_short() -> None:
    assert len(read("README.md").splitlines()) < 110


def test_the_picture_shows_what_a_check_says_today() -> None:
    from course_lib.judging.render import text

    panel = script(ROOT / "tools" / "check_panel.py")
    with Image.open(panel.PICTURE) as picture:
        assert picture.size[0] == panel.WIDTH * panel.SCALE
        shown = picture.info[panel.SAYS]
    assert shown == text(panel.verdict()), "run `python tools/check_panel.py`"
    alt = re.search(r"!\[([^\]]+)\]\(docs/images/check-panel\.png\)", read("README.md"))
    assert alt
    numbers = re.findall(r"\d+\.\d+|\d of \d", alt[1].replace("\n", " "))
    assert numbers and all(number in shown for number in numbers)


def test_the_readme_shows_the_figures_of_the_front_page() -> None:
    """The text of a picture is what its unit says of it, and the words below it are the site's."""
    from grader.site.front import BEST

    tool = script(ROOT / "tools" / "front_figures.py")
    alts, _, captions = [line.strip("| ").split(" | ") for line in table_with("docs/images/unit-")]
    for shown, alt, caption in zip(BEST, alts, captions, strict=True):
        with Image.open(tool.place(shown)) as picture:
            said = picture.info[tool.SAYS]
        assert alt == f"![{said}](docs/images/{tool.place(shown).name})", "run `python tools/front_figures.py`"
        assert caption == shown.says


def table_with(words: str) -> list[str]:
    """The rows of the README's table whose first row has these words."""
    lines = read("README.md").splitlines()
    first = next(i for i, line in enumerate(lines) if words in line)
    return lines[first : first + 3]


# ---- Pages -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAGES)
def test_what_a_page_links_to_is_there(name: str) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", read(name))
    assert links
    for link in links:
        assert re.match(r"https://", link) or (ROOT / name).parent.joinpath(link).exists(), f"{name}: {link}"


def test_the_index_of_the_docs_has_every_page() -> None:
    listed = re.findall(r"^\| \[(\w+\.md)\]", read("docs/README.md"), re.M)
    assert sorted(listed) == sorted(path.name for path in ROOT.glob("docs/*.md") if path.name != "README.md")


def test_both_licences_are_declared_and_there() -> None:
    assert PROJECT["license"] == "MIT AND CC-BY-4.0"
    assert all((ROOT / name).is_file() for name in PROJECT["license-files"])
    for name in ("LICENSE", "LICENSE-CC-BY-4.0.md"):
        assert name in PROJECT["license-files"] and f"({name})" in read("README.md")
    assert "https://creativecommons.org/licenses/by/4.0/legalcode" in read("LICENSE-CC-BY-4.0.md")


@pytest.mark.parametrize("name", [*PAGES, "CITATION.cff"])
def test_no_page_names_an_address_of_a_person(name: str) -> None:
    assert not re.search(r"[\w.+-]+@[\w-]+\.\w+", read(name))
