"""A class on a real JupyterHub, in a real browser: from release to feedback, and who can read what of others."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from helpers.browser_driver import PATIENCE, Lab, Notebook, choose, chromium, local_page
from helpers.course import ROOT, source_notebook
from helpers.hub import PASSWORD, Hub, jupyterhub
from nbformat import NotebookNode
from playwright.sync_api import BrowserContext, FrameLocator, Locator, Page, Response, expect

from grader.exercises import find_exercise
from grader.submissions.samples import fill, find_cell, paste_misconception

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900), pytest.mark.needs("root", "proxy", "chromium", "bwrap")]

UNIT = "00_start_here"
EXERCISE = "standardize"
COMMENT = "That a table which is not square would have shown it is well seen."


@dataclass
class Loop:
    """A class that has gone from release to feedback."""

    hub: Hub
    browser: BrowserContext
    pictures: Path
    seconds: float = 0.0

    @property
    def ada(self) -> str:
        return self.hub.learners[0]

    @property
    def bob(self) -> str:
        return self.hub.learners[1]


@pytest.fixture(scope="module")
def loop(tmp_path_factory) -> Iterator[Loop]:
    with jupyterhub(UNIT) as hub, chromium() as browser:
        played = Loop(hub, browser, tmp_path_factory.mktemp("pictures"))
        write_roster(hub)
        started = time.monotonic()
        play(played)
        played.seconds = time.monotonic() - started
        print(f"the whole loop: {played.seconds:.0f} s")
        yield played


def write_roster(hub: Hub) -> None:
    roster = hub.home(hub.course) / "class" / "roster.csv"
    ada, bob = hub.learners
    roster.write_text(
        f"id,first_name,last_name,email\n{ada},Ada,Lovelace,ada@example.org\n{bob},Bob,O'Neill,\n", encoding="utf-8"
    )
    done = hub.run_as(hub.course, "python", "-m", "nbgrader", "db", "student", "import", roster, cwd=roster.parent)
    assert done.returncode == 0, done.stderr


def play(loop: Loop) -> None:
    """The whole loop, as a teacher and two learners click through it."""
    hub = loop.hub
    with signed_in(loop, hub.teacher) as teacher:
        page = open_course(teacher, hub)
        view, row = open_formgrader(page)
        photograph(loop, page, "formgrader")
        row.locator(".assign a").click()
        said = say_ok(view, "Successfully created the student version")
        assert "[DEBUG]" not in said
        row.locator(".release a").click()
        say_ok(view, "Successfully released")

        solved = fill(released(), source_notebook(UNIT))
        work_and_submit(loop, loop.ada, solved, right=True)
        wrong = fill(released(), source_notebook(UNIT))
        paste_misconception(wrong, find_exercise(EXERCISE))
        work_and_submit(loop, loop.bob, wrong, right=False)

        row.locator(".collect a").click()
        said = say_ok(view, "Successfully collected")
        assert "cheating" not in said
        row.locator(".num-submissions a").click()
        for name in ("Lovelace, Ada", "O'Neill, Bob"):
            line = view.locator("#main-table tr").filter(has_text=name)
            expect(line.locator(".status")).to_have_text("needs autograding")
            line.locator(".autograde a").click()
            say_ok(view, "Successfully autograded")
            expect(line.locator(".status")).to_have_text("needs manual grading")
        photograph(loop, page, "submissions")
        grade_by_hand(loop, page, view)
        return_feedback(loop, page)
    for learner in hub.learners:
        fetch_feedback(loop, learner)


@contextmanager
def signed_in(loop: Loop, user: str) -> Iterator[Page]:
    """A browser of the user's own, signed in at the Hub."""
    own = loop.browser.browser.new_context(viewport={"width": 1280, "height": 900})
    own.set_default_timeout(1000 * PATIENCE)
    with local_page(own) as page:
        page.goto(f"{loop.hub.url}/hub/login?next=/hub/home")
        page.fill("#username_input", user)
        page.fill("#password_input", PASSWORD)
        page.click("#login_submit")
        page.wait_for_url("**/hub/home")
        yield page
    own.close()


def open_course(page: Page, hub: Hub) -> Page:
    """The teacher at the course's server, which is another account's."""
    page.goto(f"{hub.url}/hub/spawn/{hub.course}")
    page.get_by_role("button", name="Authorize").click()
    wait_for_lab(page)
    return page


def wait_for_lab(page: Page) -> None:
    page.wait_for_url("**/lab**")
    page.locator(".lm-MenuBar-item").filter(has_text="Nbgrader").wait_for()


def open_formgrader(page: Page) -> tuple[FrameLocator, Locator]:
    """The formgrader inside JupyterLab, and the unit's row in it."""
    choose(page, "Nbgrader", "Formgrader")
    view = page.frame_locator("iframe[src*='/formgrader']")
    row = view.locator("#main-table tr").filter(has_text=UNIT)
    row.locator(".status").wait_for()
    return view, row


def work_and_submit(loop: Loop, learner: str, notebook: NotebookNode, right: bool) -> None:
    """Fetch the unit, answer it, see what the live check says, and hand in; all but one answer were typed before."""
    answer = find_cell(notebook, EXERCISE).source
    find_cell(notebook, EXERCISE).source = find_cell(released(), EXERCISE).source
    with signed_in(loop, learner) as page:
        page.goto(f"{loop.hub.url}/hub/spawn")
        wait_for_lab(page)
        assignments = open_assignments(page)
        assignments.get_by_role("button", name="Fetch", exact=True).click()
        assignments.get_by_role("button", name="Submit", exact=True).wait_for()
        photograph(loop, page, "fetched")
        path = loop.hub.home(learner) / UNIT / f"{UNIT}.ipynb"
        path.write_text(nbformat.writes(notebook), encoding="utf-8")

        lab = HubLab(f"{loop.hub.url}/user/{learner}", loop.hub.home(learner))
        opened = Notebook(page, lab, f"{UNIT}/{UNIT}.ipynb")
        opened.run(opened.code_cell(find_cell(released(), "given_setup").source))
        cell = opened.code_cell(f"def {EXERCISE}(")
        opened.write(cell, answer)
        opened.run(cell)
        check = opened.code_cell(f'check("{EXERCISE}")')
        said = opened.run(check)
        assert f"{EXERCISE}: {'all right' if right else 'not right yet'}" in said
        check.scroll_into_view_if_needed()
        photograph(loop, page, "right" if right else "wrong")
        page.keyboard.press("ControlOrMeta+s")
        expect(page.locator(".jp-mod-dirty")).to_have_count(0)

        assignments = open_assignments(page)
        assignments.get_by_role("button", name="Submit", exact=True).click()
        assignments.locator("#submitted_assignments_list .list_item").filter(has_text=UNIT).first.wait_for()
        photograph(loop, page, "submitted")


class HubLab(Lab):
    """A learner's JupyterLab on the Hub: signing in opens it, and no token."""

    def address(self, path: str) -> str:
        return f"{self.url}{path}"


def open_assignments(page: Page) -> Locator:
    choose(page, "Nbgrader", "Assignment List")
    return page.locator("#nbgrader-assignment-list")


def grade_by_hand(loop: Loop, page: Page, view: FrameLocator) -> None:
    """Points and a comment for the reflection of the first learner."""
    view.locator("a").filter(has_text="Manual Grading").first.click()
    for _ in ("the unit", "its notebook"):
        view.locator("#main-table a").filter(has_text=UNIT).click()
    # The numbers of submissions are drawn by lot; the name stands hidden beside it.
    row = view.locator("#main-table tr").filter(has=view.locator(".name-shown", has_text="Lovelace, Ada"))
    row.locator("a.name-hidden").click()
    points = view.locator("#reflection_00")
    points.scroll_into_view_if_needed()
    with page.expect_response(lambda answer: is_saving(answer, "grade")):
        points.fill("2")
        points.press("Tab")
    comment = view.locator("#reflection_00-comment")
    with page.expect_response(lambda answer: is_saving(answer, "comment")):
        comment.fill(COMMENT)
        comment.press("Tab")
    photograph(loop, page, "by-hand")


def is_saving(answer: Response, what: str) -> bool:
    return answer.request.method == "PUT" and f"/formgrader/api/{what}/" in answer.url


def return_feedback(loop: Loop, page: Page) -> None:
    """Make the pages and hand them back, for the whole class."""
    hub = loop.hub
    frame = page.frame(url=re.compile("/formgrader"))
    frame.goto(f"{hub.url}/user/{hub.course}/formgrader/manage_assignments")
    view = page.frame_locator("iframe[src*='/formgrader']")
    row = view.locator("#main-table tr").filter(has_text=UNIT)
    row.locator(".generate-feedback a").click()
    say_ok(view, "Successfully generated feedback")
    row.locator(".release-feedback a").click()
    say_ok(view, "Successfully released feedback")
    photograph(loop, page, "returned")


def fetch_feedback(loop: Loop, learner: str) -> None:
    """The learner fetches the page and reads it."""
    with signed_in(loop, learner) as page:
        page.goto(f"{loop.hub.url}/user/{learner}/lab")
        wait_for_lab(page)
        assignments = open_assignments(page)
        assignments.get_by_role("button", name="Fetch Feedback").click()
        assignments.locator("a").filter(has_text="view feedback").wait_for()
        photograph(loop, page, "feedback-fetched")
        fetched = feedback_of(loop.hub, learner).relative_to(loop.hub.home(learner))
        page.goto(f"{loop.hub.url}/user/{learner}/files/{fetched}")
        expect(page.locator("body")).to_contain_text("standardize")
        assert (COMMENT in page.inner_text("body")) == (learner == loop.ada)
        photograph(loop, page, "feedback")


def feedback_of(hub: Hub, learner: str) -> Path:
    """The page that the learner fetched."""
    (page,) = (hub.home(learner) / UNIT / "feedback").glob(f"*/{UNIT}.html")
    return page


def say_ok(view: FrameLocator, sentence: str) -> str:
    """Close the formgrader's message, which must say so; its whole text."""
    message = view.locator(".modal-dialog:visible")
    expect(message).to_contain_text(sentence)
    text = message.inner_text()
    message.get_by_role("button", name="OK").click()
    expect(message).to_have_count(0)
    return text


def photograph(loop: Loop, page: Page, name: str) -> None:
    page.screenshot(path=loop.pictures / f"{len(list(loop.pictures.iterdir())):02d}-{name}.png")


def released() -> NotebookNode:
    return nbformat.read(ROOT / "notebooks" / UNIT / f"{UNIT}.ipynb", as_version=4)


def test_everybody_read_their_own_feedback(loop):
    assert "all right" in feedback_of(loop.hub, loop.ada).read_text(encoding="utf-8")
    assert find_exercise(EXERCISE).misconceptions[0].says in feedback_of(loop.hub, loop.bob).read_text(encoding="utf-8")


def reads(loop: Loop, user: str, path: Path) -> bool:
    """Whether the user gets at what lies there, be it a file or a folder's list."""
    look = "import os, sys; p = sys.argv[1]; os.listdir(p) if os.path.isdir(p) else open(p, 'rb').read()"
    return loop.hub.run_as(user, loop.hub.python, "-c", look, path).returncode == 0


def test_a_learner_reads_nothing_of_others(loop):
    hub, inbound = loop.hub, loop.hub.exchange / "optimization" / "inbound"
    course = hub.home(hub.course) / "class"
    (handed_in,) = inbound.glob(f"{loop.ada}+*")
    closed = [
        hub.home(loop.ada), hub.home(loop.ada) / UNIT / f"{UNIT}.ipynb", feedback_of(hub, loop.ada),
        inbound, hub.exchange / "optimization" / "feedback", hub.home(hub.teacher), hub.home(hub.course), course,
        course / "gradebook.db", course / "gradebook.secret", course / "submitted", course / "autograded" / loop.ada,
        course / "feedback" / loop.ada, course / "solutions" / UNIT / f"{UNIT}.py", course / "grader" / "exercises",
        hub.folder / "private" / "hub.log",
    ]  # fmt: skip
    assert all(path.exists() for path in [*closed, handed_in])
    assert [path for path in closed if reads(loop, loop.bob, path)] == []
    own = hub.home(loop.bob) / UNIT / f"{UNIT}.ipynb"
    assert reads(loop, loop.bob, own), "what is looked with can see something"
    assert reads(loop, hub.course, course / "gradebook.db")


def test_learners_have_the_checks_and_no_answers(loop):
    tried = loop.hub.run_as(loop.bob, loop.hub.python, "-c", "import course_lib; import grader")
    assert "No module named 'grader'" in tried.stderr


def test_a_learner_takes_nobodys_place_in_the_exchange(loop):
    hub = loop.hub
    course = hub.exchange / "optimization"
    for command in (["mv", course, hub.exchange / "taken"], ["rm", "-r", course / "outbound" / UNIT]):
        assert hub.run_as(loop.bob, *command).returncode != 0
    (handed_in,) = (course / "inbound").glob(f"{loop.ada}+*")
    forged = course / "inbound" / handed_in.name.replace(handed_in.name.split("+")[2], "2030-01-01 00:00:00 UTC")
    assert hub.run_as(loop.bob, "mkdir", forged).returncode == 0
    done = hub.run_as(
        hub.course, hub.python, "-m", "nbgrader", "collect", UNIT, "--update", cwd=hub.home(hub.course) / "class"
    )
    assert f"bears the name of {loop.ada} and belongs to {loop.bob}" in done.stderr
    assert (hub.home(hub.course) / "class" / "submitted" / loop.ada / UNIT / f"{UNIT}.ipynb").is_file()


def test_a_learner_opens_no_server_of_others(loop):
    with signed_in(loop, loop.bob) as page:
        for other in (loop.ada, loop.hub.course):
            page.goto(f"{loop.hub.url}/user/{other}/lab")
            expect(page.locator("body")).to_contain_text(re.compile("40[34]"))


def test_a_wrong_password_opens_nothing(loop):
    own = loop.browser.browser.new_context()
    with local_page(own) as page:
        page.goto(f"{loop.hub.url}/hub/login")
        page.fill("#username_input", loop.ada)
        page.fill("#password_input", "another")
        page.click("#login_submit")
        expect(page.locator("body")).to_contain_text("Invalid username or password")
    own.close()
