"""What axe-core finds on a page: the usual checker of accessibility, run in the browser that the tests drive."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

COUNTED = ("serious", "critical")
OPTIONS = {"resultTypes": ["violations"]}


def findings(page: Page, within: str = "html") -> list[str]:
    """What is serious or critical within an element, each with the first places; minor ones are a matter of taste."""
    violations = Axe().run(page, context=within, options=OPTIONS).response["violations"]
    return [
        f"{each['id']} ({each['impact']}): {each['help']}: "
        + "; ".join(f"{node['target']} {node['html'][:160]}" for node in each["nodes"][:4])
        for each in violations
        if each["impact"] in COUNTED
    ]
