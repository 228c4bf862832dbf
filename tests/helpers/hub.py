"""A real JupyterHub as docs/hub.md sets one up, small: its proxy, unix users of the test's own, and what each may see.

Nothing of this machine is touched: users and their homes go when the test ends, all else lies in one temporary folder.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from helpers import needs
from helpers.browser_driver import wait_for
from helpers.course import ROOT

DEPLOY = ROOT / "deploy"
PASSWORD = "a-password-of-the-tests"
SETTINGS = '{"windowingMode": "none"}'  # every cell is in the page, so that a test finds it without scrolling

CONFIG = """
c = get_config()
load_subconfig({roles!r})
c.JupyterHub.bind_url = "http://127.0.0.1:{port}/"
c.JupyterHub.hub_ip = "127.0.0.1"
c.JupyterHub.hub_port = {hub_port}
c.JupyterHub.db_url = "sqlite:///{folder}/hub.sqlite"
c.JupyterHub.cookie_secret_file = "{folder}/cookie_secret"
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = {password!r}
c.Authenticator.allowed_users = {{*{users!r}}}
c.JupyterHub.spawner_class = "jupyterhub.spawner.LocalProcessSpawner"  # a server runs as the unix user of its name
c.Spawner.cmd = [{python!r}, "-m", "jupyterhub.singleuser"]
c.Spawner.default_url = "/lab"
c.Spawner.env_keep = ["PATH", "LANG", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"]
c.Spawner.environment = {{"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}}
c.Spawner.http_timeout = c.Spawner.start_timeout = 120
c.ConfigurableHTTPProxy.command = [{proxy!r}]
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
c.ConfigurableHTTPProxy.pid_file = "{folder}/proxy.pid"
"""


@dataclass
class Hub:
    """A running Hub: its address, its folder, and the unix names of those who are in it."""

    url: str
    folder: Path
    course: str
    teacher: str
    learners: list[str] = field(default_factory=list)

    @property
    def exchange(self) -> Path:
        """nbgrader's exchange."""
        return self.folder / "exchange"

    @property
    def python(self) -> Path:
        """The Python of everybody's servers; it has `course_lib`, and no `grader`."""
        return self.folder / "env" / "bin" / "python"

    def home(self, user: str) -> Path:
        """A user's home."""
        return Path(pwd.getpwnam(user).pw_dir)

    def run_as(self, user: str, *command: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command as that user, with their home as HOME; its output and errors as text."""
        entry = pwd.getpwnam(user)
        become = ["setpriv", "--reuid", user, "--regid", str(entry.pw_gid), "--init-groups"]
        environment = {"HOME": entry.pw_dir, "USER": user, "PATH": f"{self.python.parent}:{os.environ['PATH']}"}
        kept = {name: os.environ[name] for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE") if name in os.environ}
        return subprocess.run(
            [*become, *command], cwd=cwd or entry.pw_dir, env=environment | kept, capture_output=True, text=True
        )


@contextmanager
def jupyterhub(unit: str) -> Iterator[Hub]:
    """A Hub with the course's account (its class holds `unit`), a teacher and two learners; all are new unix users."""
    for name in ("root", "useradd", "setpriv", "proxy"):
        needs.program(name)
    folder = Path(tempfile.mkdtemp(prefix="hub-"))
    folder.chmod(0o755)
    names = [f"{name}-{os.getpid():x}" for name in ("optimization", "teacher", "ada", "bob")]
    try:
        for name in names:
            subprocess.run(["useradd", "--create-home", "--key", "HOME_MODE=0700", name], check=True)
        hub = Hub("", folder, names[0], names[1], names[2:])
        make_environment(hub)
        make_exchange(hub)
        make_class(hub, unit)
        with running(hub, names):
            yield hub
    finally:
        for name in names:
            subprocess.run(["pkill", "-KILL", "-u", name], capture_output=True)
            subprocess.run(["userdel", "--remove", name], capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)


def make_environment(hub: Hub) -> None:
    """What deploy/tljh/install.sh makes with pip: the course's packages and `course_lib`, without `grader`.

    The packages are this suite's own. A folder that a .pth file names has its own .pth files left unread, so the
    editable install of the course is not found through it.
    """
    environment, packages = hub.folder / "env", Path(sysconfig.get_path("purelib"))
    subprocess.run([needs.python_for_everybody(), "-m", "venv", "--without-pip", environment], check=True)
    (site,) = (environment / "lib").glob("python3*/site-packages")
    (site / "packages.pth").write_text(f"{packages}\n", encoding="utf-8")
    shutil.copytree(ROOT / "course_lib", site / "course_lib", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("etc", "share"):
        shutil.copytree(Path(sys.prefix) / name / "jupyter", environment / name / "jupyter", symlinks=True)
    shutil.copytree(ROOT / "course_lib/jupyter/labconfig", environment / "etc/jupyter/labconfig", dirs_exist_ok=True)
    shutil.copy(DEPLOY / "hub" / "jupyter_server_config.py", environment / "etc" / "jupyter")
    told = (DEPLOY / "hub" / "nbgrader_config.py").read_text(encoding="utf-8")
    assert "/srv/nbgrader/exchange" in told
    told = told.replace("/srv/nbgrader/exchange", str(hub.exchange))
    (environment / "etc" / "jupyter" / "nbgrader_config.py").write_text(told, encoding="utf-8")
    alembic = environment / "bin" / "alembic"  # nbgrader starts it by name to make a gradebook
    alembic.write_text(f"#!{hub.python}\nfrom alembic.config import main\n\nmain(prog='alembic')\n", encoding="utf-8")
    alembic.chmod(0o755)


def make_exchange(hub: Hub) -> None:
    """The shared folder, with docs/hub.md's modes: everybody may write, nobody may take another's place."""
    hub.exchange.mkdir()
    hub.exchange.chmod(0o1777)
    course = hub.exchange / "optimization"
    course.mkdir(mode=0o755)
    shutil.chown(course, hub.course, hub.course)


def make_class(hub: Hub, unit: str) -> None:
    """The course's own folder in its account's home, as a clone is, with one unit."""
    folder = hub.home(hub.course) / "class"
    folder.mkdir(mode=0o700)
    for name in ("course", "nbgrader_config.py", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, folder)
    for name in ("course_lib", "grader"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("notebooks", "solutions"):
        shutil.copytree(ROOT / name / unit, folder / name / unit, ignore=shutil.ignore_patterns("*.safetensors"))
    for name in [hub.course, hub.teacher, *hub.learners]:
        settings = hub.home(name) / ".jupyter/lab/user-settings/@jupyterlab/notebook-extension"
        settings.mkdir(parents=True)
        (settings / "tracker.jupyterlab-settings").write_text(SETTINGS, encoding="utf-8")
        for path in (hub.home(name), *hub.home(name).rglob("*")):
            shutil.chown(path, name, name)


@contextmanager
def running(hub: Hub, names: list[str]) -> Iterator[None]:
    """JupyterHub and its proxy, until the end of the block; their log is `hub.log` in the Hub's folder."""
    roles = (DEPLOY / "hub" / "jupyterhub_config.py").read_text(encoding="utf-8")
    for told, own in (('COURSE = "optimization"', f"COURSE = {hub.course!r}"), ('"teacher"', repr(hub.teacher))):
        assert told in roles
        roles = roles.replace(told, own)
    (hub.folder / "roles.py").write_text(roles, encoding="utf-8")
    port, hub_port, proxy_port = free_ports(3)
    config = CONFIG.format(
        roles=str(hub.folder / "roles.py"), port=port, hub_port=hub_port, proxy_port=proxy_port, folder=hub.folder,
        users=names, password=PASSWORD, python=str(hub.python), proxy=needs.program("proxy"),
    )  # fmt: skip
    private = hub.folder / "private"
    private.mkdir(mode=0o700)
    (private / "jupyterhub_config.py").write_text(config, encoding="utf-8")
    log = private / "hub.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterhub", "-f", private / "jupyterhub_config.py"],
            cwd=private, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            env=os.environ | {"CONFIGPROXY_AUTH_TOKEN": os.urandom(16).hex()},
        )  # fmt: skip
    hub.url = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: answering(hub.url, process, log), "JupyterHub to answer")
        yield
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=20)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def answering(url: str, process: subprocess.Popen[bytes], log: Path) -> str | None:
    """The address, once the Hub answers there."""
    if process.poll() is not None:
        raise AssertionError(f"JupyterHub ended by itself:\n{log.read_text(encoding='utf-8')[-3000:]}")
    with suppress(urllib.error.URLError, OSError), urllib.request.urlopen(f"{url}/hub/health", timeout=5):
        return url
    return None


def free_ports(count: int) -> list[int]:
    """Ports that nothing listens on just now, all different."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
