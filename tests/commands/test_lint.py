"""`./course lint`: each part finds a planted mistake, each Markdown rule what it is for, and neither anything else."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from course_lib.workspace import course_root
from grader.building.links import broken_links, slugs
from grader.building.markdown import findings
from grader.building.texts import Text, text_cells
from grader.commands import lint

ROOT = course_root()
fast = pytest.mark.fast
needs_git = pytest.mark.needs("git")

HEAD = "| a | b |\n|---|---|\n"

# A text in which one thing is amiss, and words of the sentence that says so.
AMISS = {
    "a number that begins a wrapped line": ("A good bridge to unit\n4. It is short.", "item of a list"),
    "the same within an item": ("- A good bridge to unit\n  04.", "item of a list"),
    "a number beneath a list of dots": ("- one of them\n2. another", "item of a list"),
    "a dash": ("This one\n- and that", "item of a list"),
    "a plus in a formula": ("The sum $a\n+ b$ grows", "item of a list"),
    "a plus in a block's formula": ("$$\na\n+ b\n$$", "item of a list"),
    "a star": ("two\n* three", "item of a list"),
    "a hash": ("as in issue\n# 5", "a heading"),
    "a comparison": ("whenever x\n> 5 holds", "a quote"),
    "dashes beneath a text": ("text\n---\nmore", "a heading by the line beneath"),
    "equal signs beneath a text": ("text\n===", "a heading by the line beneath"),
    "a cell too many": (f"{HEAD}| 1 | 2 | 3 |", "3 cells where its table has 2"),
    "a cell too few": (f"{HEAD}| 1 |", "1 cells where its table has 2"),
    "a head of another width": ("| a |\n|---|---|\n| 1 | 2 |", "2 cells where its table has 1"),
    "a text glued to a table's end": (f"{HEAD}| 1 | 2 |\nmore", "1 cells where"),
    "a table glued to a text": (f"text\n{HEAD}| 1 | 2 |", "beneath a line of text"),
    "a bar in a cell's code": (f"{HEAD}| `x|y` | 2 |", "splits the code"),
    "a bar in a cell's formula": (f"{HEAD}| $|x|$ | 2 |", "splits the formula"),
    "an escaped bar in a cell's formula": (f"{HEAD}| $\\|x\\|$ | 2 |", "splits the formula"),
    "a lone dollar": ("It costs $5 in all", "no partner"),
    "a lone dollar in a table": (f"{HEAD}| $5 | 2 |", "no partner"),
    "a formula over a paragraph's end": ("so $a +\n\nb$ is", "no partner"),
    "a blank line in a formula of its own": ("$$a\n\nb$$", "no partner"),
    "a blank beside a dollar": ("see $ x$ now", "blank beside a dollar"),
    "a formula glued to a word": ("the $n$th step", "glued to a letter"),
    "an underscore": ("the _name_ is", "become emphasis"),
    "two underscores": ("In __init__ it is set", "become emphasis"),
    "stars of a product": ("a*b*c is one number", "becomes emphasis"),
    "bold that is not closed": ("**bold text", "no partner"),
    "bold closed after a blank": ("**bold ** text", "no partner"),
    "a name in angle brackets": ("the word <unk> is new", "HTML tag <unk>"),
    "a block in angle brackets": ("<unk>\nis new", "HTML tag"),
    "a comparison that is a tag": ("where $a <b and c> d$", "HTML tag <b>"),
    "code in a summary": ("<details><summary>`None` is seen</summary>\n\ntext\n</details>", "block of HTML"),
    "a link without a target": ("see [this]()", "no target"),
    "a link with a blank": ("see [this] (that.md)", "stays text"),
    "a link to a name that nobody gives": ("see [this][that]", "stays text"),
}
# What looks like it and is as it should be.
FINE = {
    "lists": "Steps:\n- a\n- b\n\n1. x\n2. y\n   more of y\n3. z\n\n* a\n* b",
    "lists in lists": "- a:\n  - b\n  - c\n- d\n\n1. a:\n   1. b\n   2. c",
    "a question and its options": "**q1.** Which?\n- a) one\n- b) two, which\n  is wrapped\n- c) three",
    "numbers and signs within a line": "It is\n-1 or\n+2, or 3.5, or\n#x, or 4.5\n3.7 times a - b + c * d",
    "code": "```\n# x\n- y\n$ | __a__ <unk>\n```\n\nand `$x`, `a*b*c`, `__init__`, `<unk>`, `` `[a]()` ``",
    "emphasis in a language without blanks": "先**预测**再实验",
    "formulas": "$a_1^* b_1^*$, ($y$), $z$-axis: $|x|$\n\n$$\\begin{aligned}\na \\\\\n= c\n\\end{aligned}$$\n\n$$a$$",
    "a table": f"text\n\n{HEAD}| `x\\|y` | $a \\mid b$ |\n\ntext",
    "escapes": "2\\*3, \\$5 and \\[a\\](b)",
    "emphasis": "*em*, **st**, (**a**), foo_bar_x, **`code`** and **$x$**: 5 * 3",
    "a rule and headings": "# a\n## b\n\ntext\n\n---\n\ntext",
    "quotes": "> a\n> b",
    "HTML on purpose": "<details><summary>Hint 1: loss</summary>\n\ntext $x$\n</details>\n\n<!-- `note` -->\n\nx<br>y",
    "links": "[a](b.md), [words over\nlines](c.md), <https://a.b>, [0, 1], f(x)[0] and ![p](q.png)",
}


@fast
@pytest.mark.parametrize("case", AMISS)
def test_what_renders_otherwise_than_meant_is_found(case):
    source, words = AMISS[case]
    assert any(words in sentence for sentence in findings(Text("a.md", source)))


@fast
@pytest.mark.parametrize("case", FINE)
def test_what_renders_as_meant_is_left_alone(case):
    assert findings(Text("a.md", FINE[case])) == []


@fast
def test_a_finding_says_where_it_is():
    assert findings(Text("docs/a.md", "x\n\ny\n- z"))[0].startswith('docs/a.md:4: "- z" follows')
    in_cell = findings(Text("solutions/a/a.py", "## Title\n\ny\n- z", cell=7))[0]
    assert in_cell.startswith('solutions/a/a.py, cell 7 ("## Title"), line 4: "- z"')


@fast
def test_nbgraders_markers_are_no_headings(tmp_path):
    cell = "# %% [markdown]\n# ### BEGIN SOLUTION\n# text\n# - and\n# ### END SOLUTION\n"
    (tmp_path / "a.py").write_text(cell, encoding="utf-8")
    [text] = text_cells(tmp_path, "a.py")
    [sentence] = findings(text)
    assert "line 3" in sentence


# ---- Links -----------------------------------------------------------------------------------------------------------


def repository(folder: Path, **files: str) -> Path:
    """A git repository with these files, whose names have `__` for a slash; one without a text is not tracked."""
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_md", ".md").replace("_py", ".py").replace("_nb", ".ipynb")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        if text:
            subprocess.run(["git", "add", str(path)], cwd=folder, check=True)
    return folder


@fast
@needs_git
@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("docs/none.md", "git tracks no docs/none.md"),
        ("docs/private.md", "git tracks no docs/private.md"),
        ("docs/a.md#nothing", "no heading #nothing"),
        ("#nothing", "no heading #nothing"),
        ("/docs/a.md", "from this file's folder"),
        ("docs/a.md#the-loss-j-what-it-says", ""),
        ("docs/a.md#again-1", ""),
        ("docs", ""),
        ("./docs/../docs/a.md", ""),
        ("#top", ""),
        ("https://example.org/none.md", ""),
    ],
)
def test_a_link_leads_to_what_git_tracks(tmp_path, target, words):
    a = "# The *loss* `J`: what it says!\n\n## Again\n\n## Again\n"
    root = repository(tmp_path, README_md=f"# Top\n\n[x]({target})\n", docs__a_md=a, docs__private_md="")
    found = broken_links(root)
    assert len(found) == bool(words)
    assert all(words in sentence and sentence.startswith("README.md:3") for sentence in found)


@fast
@needs_git
def test_links_of_a_unit_are_those_of_the_learners_notebook(tmp_path):
    cell = "# %% [markdown]\n# ## B\n#\n# [x](../01_b/01_b.ipynb#b), [y](../02_c/02_c.ipynb), <img src='p.png'>\n"
    root = repository(tmp_path, solutions__01_b__01_b_py=cell, notebooks__01_b__01_b_nb="{}")
    found = broken_links(root)
    assert [sentence.split(" the link to ")[1].split()[0] for sentence in found] == ["../02_c/02_c.ipynb", "p.png"]


@fast
def test_anchors_are_githubs():
    source = "# a_b C-d\n\n## **x**, `y` & [z](w.md)\n\n## 2. Läuft's?\n"
    assert list(slugs(source)) == ["a_b-c-d", "x-y--z", "2-läufts"]


# ---- The command -----------------------------------------------------------------------------------------------------


@fast
def test_ruff_and_mypy_find_what_is_planted(tmp_path):
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in ("course_lib", "grader"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text('"""A package."""\n', encoding="utf-8")
    assert lint.ruff_check(tmp_path) + lint.ruff_format(tmp_path) + lint.mypy(tmp_path) == []
    planted = '"""A module."""\n\nimport os\n\nX: int = "one" \n'
    (tmp_path / "grader" / "planted.py").write_text(planted, encoding="utf-8")
    assert re.match(r"grader.planted\.py:3:8: F401", lint.ruff_check(tmp_path)[0])
    assert "planted.py" in lint.ruff_format(tmp_path)[0]
    [sentence] = lint.mypy(tmp_path)
    assert re.match(r"grader.planted\.py:5: error", sentence)


@fast
def test_every_import_contract_can_be_broken(tmp_path):
    """The first module of each contract gets an import that it is forbidden; of wings, the lowest of the top one."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in ("course_lib", "grader"):
        data = shutil.ignore_patterns("__pycache__", "*.json", "datasets", "templates")
        shutil.copytree(ROOT / package, tmp_path / package, ignore=data)
    assert lint.import_contracts(tmp_path) == []
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    for contract in contracts:
        if contract["type"] == "layers":
            top, lowest = (contract["layers"][place].split(" | ")[0] for place in (0, -1))
            importer, imported = (f"{contract['containers'][0]}.{wing}" for wing in (lowest, top))
        else:
            importer = contract.get("source_modules", ["course_lib"])[0]
            imported = contract.get("forbidden_modules", contract.get("protected_modules"))[0]
        path = tmp_path / importer.replace(".", "/")
        with (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).open("a", encoding="utf-8") as file:
            file.write(f"import {imported.replace('*', 'spec')}\n")
    found = lint.import_contracts(tmp_path)
    assert {f"{contract['name']} BROKEN" for contract in contracts} <= set(found)


@fast
@needs_git
def test_markdown_is_looked_at_in_files_and_notebooks(tmp_path):
    cell = "# %% [markdown]\n# unit\n# 4. It\n"
    root = repository(tmp_path, README_md="unit\n4. It\n", solutions__01_b__01_b_py=cell)
    assert [sentence.split(":")[0].split(",")[0] for sentence in lint.markdown_text(root)] == [
        "README.md",
        "solutions/01_b/01_b.py",
    ]


@fast
def test_the_command_says_a_line_a_part_and_fails_when_anything_was_found(monkeypatch, capsys):
    monkeypatch.setattr(lint, "PARTS", (("one", lambda root: []), ("two", lambda root: ["a.md:1: amiss"])))
    assert lint.main(fix=False) == 1
    assert capsys.readouterr().out == "one: clean\ntwo: not clean\n  a.md:1: amiss\n"
    monkeypatch.setattr(lint, "PARTS", (("one", lambda root: []),))
    assert lint.main(fix=False) == 0


@fast
def test_fixing_is_left_to_ruff(monkeypatch, tmp_path):
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "a.py").write_text('"""A module."""\n\nimport os\n\nX=1\n', encoding="utf-8")
    monkeypatch.setattr(lint, "course_root", lambda: tmp_path)
    monkeypatch.setattr(lint, "PARTS", (("ruff check", lint.ruff_check), ("ruff format", lint.ruff_format)))
    assert lint.main(fix=True) == 0
    assert (tmp_path / "a.py").read_text(encoding="utf-8") == '"""A module."""\n\nX = 1\n'


@needs_git
@pytest.mark.parametrize("part", [name for name, _ in lint.PARTS if name != "mypy"])
def test_the_repository_is_clean(part):
    """Of mypy, which takes as long as all tests of this file, `.ci/run` takes care."""
    assert dict(lint.PARTS)[part](ROOT) == []
