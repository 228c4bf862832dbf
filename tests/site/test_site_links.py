"""Links between files become links between pages, and code that looks like a link stays code."""

from __future__ import annotations

import pytest

from grader.site.addresses import Repository
from grader.site.links import relinked

pytestmark = pytest.mark.fast

PAGES = {
    "docs/running.md": "guides/running.md",
    "notebooks/01_a/01_a.ipynb": "units/01_a.ipynb",
    "README.md": "index.md",
}
GITHUB = Repository("https://github.com/someone/course")


@pytest.mark.parametrize(
    ("text", "there", "without"),
    [
        ("[a](../01_a/01_a.ipynb)", "[a](01_a.ipynb)", None),
        ("[a](../../docs/running.md#on-colab)", "[a](../guides/running.md#on-colab)", None),
        ("[`a` and\nb](../../README.md)", "[`a` and\nb](../index.md)", None),
        ("[a](https://arxiv.org/abs/1)", "[a](https://arxiv.org/abs/1)", None),
        ("[a](#quiz)", "[a](#quiz)", None),
        ("[a](../../LICENSE.md)", "[a](https://github.com/someone/course/blob/main/LICENSE.md)", "a"),
        ("[a](../../binder)", "[a](https://github.com/someone/course/tree/main/binder)", "a"),
        ("`x` and `f[i](../01_a/01_a.ipynb)`", "`x` and `f[i](../01_a/01_a.ipynb)`", None),
        ("```\n[a](../../LICENSE.md)\n```\n[a](../../LICENSE.md)", None, "```\n[a](../../LICENSE.md)\n```\na"),
    ],
)
def test_a_link_leads_to_the_page_else_to_the_repository_else_nowhere(
    text: str, there: str | None, without: str | None
) -> None:
    path, page = "notebooks/02_b/02_b.ipynb", "units/02_b.ipynb"
    if there is not None:
        assert relinked(text, path, page, PAGES, GITHUB) == there
    expected = without if without is not None else there
    assert relinked(text, path, page, PAGES, Repository()) == expected
