"""Buttons follow from one address: none without it, and with it each fills in what the other side asks for."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import nbformat
import pytest
import yaml
from helpers.course import ROOT, UNITS

from grader.site.addresses import BRANCH, CELL_FORM, COLAB_BRANCH, Repository, buttons, repository, with_buttons
from grader.site.units import for_colab, released

pytestmark = pytest.mark.fast

HOME = Repository("https://github.com/someone/a-course")
UNIT = "02_gradient_descent"


def test_without_an_address_there_is_the_download_alone() -> None:
    for home in (Repository(), Repository("https://example.org/course")):
        drawn = buttons(home, UNIT)
        assert drawn.count("<a ") == 1 and f'href="../notebooks/{UNIT}.ipynb"' in drawn


def test_with_an_address_colab_binder_and_the_form_are_there() -> None:
    drawn = buttons(HOME, UNIT)
    assert f'href="https://colab.research.google.com/github/someone/a-course/blob/{COLAB_BRANCH}/{UNIT}.ipynb"' in drawn
    assert "https://mybinder.org/v2/gh/someone/a-course/main?urlpath=lab%2Ftree%2Fwork%2F" in drawn
    assert drawn.count("<a ") == 4


def test_a_report_fills_in_fields_that_the_form_has() -> None:
    form = yaml.safe_load((ROOT / ".github" / "ISSUE_TEMPLATE" / CELL_FORM).read_text(encoding="utf-8"))
    fields = {part["id"] for part in form["body"] if "id" in part}
    address = urlsplit(HOME.report(UNIT, 'print(f"{a:+.1f} & b")'))
    asked = parse_qs(address.query)
    assert address.path == "/someone/a-course/issues/new"
    assert asked.keys() - {"template", "title"} <= fields
    assert asked["template"] == [CELL_FORM] and asked["cell"] == ['print(f"{a:+.1f} & b")']


def test_the_address_is_pyprojects(tmp_path: Path) -> None:
    for text, address in (
        ("", ""),
        ("[project.urls]\n", ""),
        ('[project.urls]\nRepository = "https://github.com/a/b/"\n', "https://github.com/a/b"),
    ):
        (tmp_path / "pyproject.toml").write_text(f'[project]\nname = "x"\n{text}', encoding="utf-8")
        assert repository(tmp_path).address == address
    assert Repository("https://github.com/a/b.git").name == "a/b"


def test_the_readme_has_the_buttons_of_todays_address() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert with_buttons(readme, repository(ROOT), UNITS) == readme, "run `python tools/readme_buttons.py`"


def test_the_readme_gets_buttons_and_loses_them() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    drawn = with_buttons(readme, HOME, UNITS)
    assert all(f"/{COLAB_BRANCH}/{unit}.ipynb" in drawn for unit in UNITS)
    assert with_buttons(drawn, HOME, UNITS) == drawn
    assert with_buttons(drawn, Repository(), UNITS) == with_buttons(readme, Repository(), UNITS)


def test_colabs_notebook_is_the_learners_after_a_cell_that_installs_the_course() -> None:
    made = for_colab(UNIT, HOME)
    nbformat.validate(made)
    assert f'%pip install --quiet "git+{HOME.address}"' in made.cells[0].source
    assert made.cells[1:] == released(UNIT).cells
    assert len({cell["id"] for cell in made.cells}) == len(made.cells)


def test_binder_opens_the_copy_that_it_lays_out() -> None:
    assert unquote(urlsplit(HOME.binder(UNIT)).query) == f"urlpath=lab/tree/work/{UNIT}/{UNIT}.ipynb"
    assert "work_copy" in (ROOT / "binder" / "postBuild").read_text(encoding="utf-8")


def test_the_workflow_pushes_the_branch_that_colab_opens() -> None:
    workflow = (ROOT / ".github" / "workflows" / "site.yml").read_text(encoding="utf-8")
    jobs = yaml.safe_load(workflow)["jobs"]
    steps = [step for job in jobs.values() for step in job["steps"]]
    pushed = next(step for step in steps if step.get("name") == "Notebooks for Colab")
    assert pushed["run"].rstrip().endswith(f" {COLAB_BRANCH}") and "pages/colab" in pushed["run"]
    assert f"branches: [{BRANCH}]" in workflow
    commands = [step["run"] for step in steps if step.get("run", "").startswith("./course")]
    assert commands == ["./course site --check --to pages", "./course site --links"]
    cached = next(step for step in steps if "cache@" in step.get("uses", ""))
    assert cached["with"]["path"] == ".course/site/outputs"
