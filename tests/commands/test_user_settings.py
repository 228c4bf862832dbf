"""A user's own settings of Jupyter, IPython and Matplotlib: `./course start` goes before them, the doctor tells."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from helpers.course import ROOT

from course_lib.commands import user_settings
from course_lib.commands.findings import ERROR, OK, WARNING

ADDRESS = re.compile(r"http://localhost:(\d+)/lab/tree/(\S+?\.ipynb)\?token=(\w+)")
IN_THE_WAY = {
    "root_dir": "{home}",
    "notebook_dir": "{home}",
    "preferred_dir": "{home}",
    "base_url": "/mine/",
    "ip": "192.0.2.1",
    "port": 80,
    "port_retries": 0,
    "certfile": "/nowhere.pem",
    "sock": "{home}/sock",
    "custom_display_url": "http://elsewhere.example",
    "default_url": "/nowhere",
    "contents_manager_class": "no_such_package.Manager",
    "jpserver_extensions": {"no_such_extension": True},
}
OF_OTHER_CLASSES = {
    "LabApp": {"default_url": "/nowhere"},
    "GatewayClient": {"url": "http://127.0.0.1:9"},
    "FileContentsManager": {"root_dir": "{home}"},
}


@contextmanager
def started(home: Path, **environment: str) -> Iterator[str]:
    """`./course start 00` by a user whose home folder this is; what it printed up to its address."""
    log = home / "start.log"
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("JUPYTER")}
    own = {"HOME": str(home), "COURSE_ROOT": str(ROOT), "COURSE_HOME": str(home / "my 课程"), "PYTHONPATH": str(ROOT)}
    code = "import sys; from course_lib.commands.start import start; sys.exit(start('00', browser=False, port=0))"
    with log.open("wb") as output:
        lab = subprocess.Popen(
            [sys.executable, "-c", code],
            env=inherited | own | environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=home,
            start_new_session=True,
        )
    try:
        while not ADDRESS.search(said := log.read_text(encoding="utf-8")):
            assert lab.poll() is None, said[-3000:]
            time.sleep(0.1)
        yield said
    finally:
        lab.send_signal(signal.SIGTERM)
        lab.wait()


def opened(said: str) -> dict[str, object]:
    """What the server says of the notebook at the address that was printed."""
    found = ADDRESS.search(said)
    assert found is not None
    url = f"http://localhost:{found[1]}/api/contents/{found[2]}?content=0&token={found[3]}"
    without_proxy = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for _ in range(100):  # the address is printed a moment before somebody answers there
        try:
            with without_proxy.open(url, timeout=60) as answer:
                return dict(json.load(answer))
        except urllib.error.HTTPError:
            raise
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"nobody answers at {url}")


def of_home(settings: dict[str, object], home: Path) -> dict[str, object]:
    return dict(json.loads(json.dumps(settings).replace("{home}", str(home))))


@pytest.mark.parametrize("kind", ["json", "py", "config path"])
def test_the_address_that_start_prints_has_the_notebook(tmp_path: Path, kind: str) -> None:
    settings = of_home({"ServerApp": IN_THE_WAY} | OF_OTHER_CLASSES, tmp_path)
    folder = tmp_path / (".jupyter" if kind != "config path" else "etc")
    folder.mkdir()
    if kind == "py":
        lines = [f"c.{name}.{key} = {value!r}" for name, section in settings.items() for key, value in section.items()]
        text = "\n".join(["c = get_config()", *lines])
        (folder / "jupyter_server_config.py").write_text(text, encoding="utf-8")
        (folder / "jupyter_lab_config.py").write_text("this is no Python", encoding="utf-8")
    else:
        (folder / "jupyter_server_config.json").write_text(json.dumps(settings), encoding="utf-8")
        (folder / "jupyter_config.json").write_text("{", encoding="utf-8")
    proxy = {"http_proxy": "http://127.0.0.1:9", "no_proxy": ""}
    with started(tmp_path, JUPYTER_CONFIG_PATH=str(tmp_path / "etc"), **proxy) as said:
        assert opened(said)["path"] == "work/00_start_here/00_start_here.ipynb"
    assert (tmp_path / "my 课程" / "work" / "01_gradients").is_dir()


def test_a_kernel_of_the_course_runs_no_start_up_file(tmp_path: Path) -> None:
    """The environment that start hands on is tried with a kernel's own program."""
    startup = tmp_path / ".ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00.py").write_text("from math import *\nprint('a start-up file')\n", encoding="utf-8")
    code = "from course_lib.commands.start import lab_environment; import json; print(json.dumps(lab_environment()))"
    own = {"HOME": str(tmp_path), "COURSE_HOME": str(tmp_path / "mine"), "PYTHONPATH": str(ROOT)}
    run = {"capture_output": True, "text": True, "check": True, "timeout": 120}
    given = json.loads(subprocess.run([sys.executable, "-c", code], env=os.environ | own, **run).stdout)
    program = [sys.executable, "-m", "IPython", "--no-banner", "--colors=NoColor", "-c", "print('tau' in globals())"]
    Path(given["IPYTHONDIR"]).mkdir(parents=True)
    assert subprocess.run(program, env=given, **run).stdout == "False\n"
    theirs = {key: value for key, value in given.items() if key != "IPYTHONDIR"}
    assert subprocess.run(program, env=theirs, **run).stdout == "a start-up file\nTrue\n", "else this proves nothing"


# ---- The doctor ------------------------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in list(os.environ):
        if name.startswith(("JUPYTER", "IPYTHON", "PYTHON", "MPL")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "jupyter"))
    (tmp_path / "jupyter").mkdir()
    return tmp_path


@pytest.mark.fast
def test_without_settings_there_is_nothing_to_tell(home: Path) -> None:
    assert [finding.status for finding in user_settings.check_python_settings()] == [OK]


@pytest.mark.fast
def test_settings_are_told_by_file_and_a_password_is_told_too(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(user_settings, "why_jupyterlab_fails", lambda: "")
    python, data = home / "jupyter" / "jupyter_server_config.py", home / "jupyter" / "jupyter_config.json"
    python.write_text("c.ServerApp.root_dir = '/x'\n# c.ServerApp.port = 1\nraise SystemExit(3)\n", encoding="utf-8")
    data.write_text('{"IdentityProvider": {"hashed_password": "argon2:x"}}', encoding="utf-8")
    (home / "jupyter" / "jupyter_lab_config.py").write_text("c = (", encoding="utf-8")
    found = {
        finding.what.split(" ")[0]: finding for finding in user_settings.check_jupyter() if str(home) in finding.what
    }
    assert f"{python} sets ServerApp.root_dir; ./course start decides" in found[str(python)].what
    assert found[str(python)].status == OK
    assert found[str(data)].status == WARNING and "asks for the password" in found[str(data)].remedy
    assert "cannot be read" in found[str(home / "jupyter" / "jupyter_lab_config.py")].what


def test_a_setting_that_stops_jupyterlab_is_an_error_with_jupyterlabs_reason(home: Path) -> None:
    path = home / "jupyter" / "jupyter_server_config.json"
    path.write_text('{"ServerApp": {"allow_origin_pat": 3}}', encoding="utf-8")
    *_, finding = user_settings.check_jupyter()
    assert finding.status == ERROR
    assert "allow_origin_pat" in finding.what and str(path) in finding.remedy
    path.write_text('{"ServerApp": {"root_dir": "/tmp"}}', encoding="utf-8")
    assert ERROR not in [finding.status for finding in user_settings.check_jupyter()]


@pytest.mark.fast
def test_a_backend_a_variable_and_start_up_files_are_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.setenv("PYTHONSTARTUP", "/home/me/start.py")
    startup = home / ".ipython" / "profile_default" / "startup" / "10-numpy.py"
    startup.parent.mkdir(parents=True)
    startup.touch()
    found = user_settings.check_python_settings()
    assert [finding.status for finding in found] == [WARNING] * 3
    for word, finding in zip(("MPLBACKEND is Agg", "PYTHONSTARTUP", str(startup)), found, strict=True):
        assert word in finding.what and finding.remedy
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    assert not any("MPLBACKEND" in finding.what for finding in user_settings.check_python_settings())
