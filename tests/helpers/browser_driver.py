"""A person at the course's JupyterLab: the server as `./course start` runs it, and a headless Chromium before it.

Nothing of the user is touched: settings, state and kernels' files go to folders of the test's own.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from helpers.needs import program
from playwright.sync_api import BrowserContext, Locator, Page, expect, sync_playwright

TOKEN = "a-token-of-the-tests"
PATIENCE = 90  # seconds for anything that a loaded machine may take long for; never waited for its own sake
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]
SETTINGS = {
    # Every cell is in the page, not only those in view, so that a test finds it without scrolling.
    "notebook-extension/tracker": {"windowingMode": "none"},
}


@contextmanager
def chromium() -> Iterator[BrowserContext]:
    """Headless Chromium that finds this machine only; what it draws is read, so it needs fonts as well."""
    executable = program("chromium")
    program("fonts")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        try:
            context = browser.new_context(viewport={"width": 1280, "height": 900})
            context.set_default_timeout(1000 * PATIENCE)
            expect.set_options(timeout=1000 * PATIENCE)
            yield context
        finally:
            browser.close()


@contextmanager
def local_page(context: BrowserContext) -> Iterator[Page]:
    """A page that must ask for nothing outside this machine: an address elsewhere fails the test at the end."""
    asked: list[str] = []
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: asked.append(socket.url))
    yield page
    page.close()
    elsewhere = [url for url in asked if not is_local(url)]
    assert asked, "the page asked for nothing at all: it was not watched"
    assert elsewhere == []


def is_local(url: str) -> bool:
    """Whether an address is on this machine."""
    parts = urlsplit(url)
    return parts.scheme in ("data", "blob", "file", "about") or parts.hostname in ("127.0.0.1", "localhost")


@dataclass
class Lab:
    """A running JupyterLab: its address, and the course's folder that it serves."""

    url: str
    root: Path

    def address(self, path: str) -> str:
        """The address of a page of the server, with the token that opens it."""
        return f"{self.url}{path}?token={TOKEN}"


@contextmanager
def jupyterlab(root: Path, unit: str, home: Path) -> Iterator[Lab]:
    """JupyterLab on the course in `root`, started as `./course start UNIT --no-browser` does; `home` is its own."""
    for name, settings in SETTINGS.items():
        path = home / "config" / "lab" / "user-settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings), encoding="utf-8")
    environment = os.environ | {
        "COURSE_ROOT": str(root),
        "COURSE_STATE_DIR": str(home / "state"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "config" / "lab" / "user-settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "config" / "lab" / "workspaces"),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_TOKEN": TOKEN,
    }
    code = f"import sys; from course_lib.commands.start import start; sys.exit(start({unit!r}, browser=False, port=0))"
    log = home / "lab.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=root,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        url = wait_for(lambda: _answering(home / "runtime", process, log), "JupyterLab to answer")
        yield Lab(url, root)
    finally:
        _end(process)


def _answering(runtime: Path, process: subprocess.Popen[bytes], log: Path) -> str | None:
    """The server's address, once it has written it down and answers there."""
    if process.poll() is not None:
        raise AssertionError(f"JupyterLab ended by itself:\n{log.read_text(encoding='utf-8')[-3000:]}")
    for path in runtime.glob("jpserver-*.json"):
        with suppress(OSError, ValueError):
            url = f"http://127.0.0.1:{json.loads(path.read_text(encoding='utf-8'))['port']}"
            with urllib.request.urlopen(f"{url}/api/status?token={TOKEN}", timeout=5):
                return url
    return None


def _end(process: subprocess.Popen[bytes]) -> None:
    """Shut the server down, which ends its kernels; where it does not listen, end all that it started."""
    process.terminate()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for(look: Callable[[], str | None], what: str) -> str:
    """The first thing that `look` finds, looking again until it does."""
    deadline = time.monotonic() + PATIENCE
    while (found := look()) is None:
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {PATIENCE} s in vain for {what}")
        time.sleep(0.1)
    return found


def choose(page: Page, menu: str, *items: str) -> None:
    """Go through JupyterLab's menus: `choose(page, "Settings", "Theme", "JupyterLab Dark")`."""
    page.locator(".lm-MenuBar-item").filter(has_text=menu).click()
    for item in items:
        page.locator(".lm-Menu-item").filter(has=page.get_by_text(item, exact=True)).click()


class Notebook:
    """One notebook open in JupyterLab."""

    def __init__(self, page: Page, lab: Lab, path: str) -> None:
        self.page = page
        # A workspace of its own: JupyterLab reopens what was open in one before.
        page.goto(lab.address(f"/lab/workspaces/{Path(path).parent.name}/tree/{path}"))
        self.panel = page.locator(".jp-NotebookPanel")
        # The status bar: before the kernel has answered, JupyterLab drops what it is asked to run.
        expect(page.locator("#jp-bottom-panel")).to_contain_text(re.compile(r"\| (Idle|空闲)"))

    def code_cell(self, start: str) -> Locator:
        """The code cell whose text starts so."""
        cells = self.panel.locator(".jp-CodeCell")
        # One element a line: without that, the browser's idea of a blank line comes between.
        texts = cells.evaluate_all(
            "cells => cells.map(c => [...c.querySelectorAll('.cm-line')].map(l => l.textContent).join('\\n'))"
        )
        return cells.nth(next(i for i, text in enumerate(texts) if text.startswith(start)))

    def write(self, cell: Locator, source: str) -> None:
        """Replace a cell's text, as with the keyboard."""
        cell.locator(".cm-content").click()
        self.page.keyboard.press("ControlOrMeta+A")
        self.page.keyboard.insert_text(source)

    def run(self, cell: Locator) -> str:
        """Run a cell with Shift+Enter; its outputs' text, once it has run."""
        cell.locator(".cm-content").click()
        prompt = cell.locator(".jp-InputArea-prompt")
        before = prompt.inner_text()
        self.page.keyboard.press("Shift+Enter")
        self.page.wait_for_function(
            "([prompt, before]) => /\\[\\d+\\]/.test(prompt.innerText) && prompt.innerText !== before",
            arg=[prompt.element_handle(), before],
        )
        return cell.locator(".jp-Cell-outputArea").inner_text()
