"""Attacks that reach out: network, the course's and the instructor's files, environment, other submissions."""

from __future__ import annotations

from dataclasses import replace

from grader.audit.attacks.attack import Aftermath, Attack, adding
from grader.audit.attacks.draft import Draft

FILES = "files outside of the sandbox"
SECRETS = "secrets"

NETWORK = """
import socket
for family, kind, address in (
    (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", PORT)),
    (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", PORT)),
    (socket.AF_UNIX, socket.SOCK_STREAM, "\\0course-audit-PORT"),
    (socket.AF_INET, socket.SOCK_STREAM, ("192.0.2.1", 80)),
):
    try:
        with socket.socket(family, kind) as s:
            s.settimeout(0.3)
            s.connect(address)
            s.send(b"MARK")
    except OSError as error:
        print(error)
try: print(socket.getaddrinfo("example.org", 80))
except OSError as error: print(error)
"""

WRITING = """
import os, sqlite3
for place in PLACES + ["/", "/site", "/inside", "/usr", "/etc", "/proc/1/root"]:
    for name in ("attack-MARK", "course_lib/check.py", "nbgrader_config.py"):
        try:
            with open(os.path.join(place, name), "a") as file: file.write("# MARK")
        except OSError: pass
    try:
        with sqlite3.connect(os.path.join(place, "gradebook.db")) as database:
            database.execute("UPDATE grade SET auto_score = 100")
    except sqlite3.Error: pass
    for folder, _, names in os.walk(os.path.join(place, "submitted")):
        for name in names: os.remove(os.path.join(folder, name))
"""

READING = """
import glob, os
for place in PLACES + ["/", "/root", "/home", "/proc/1/root", "/proc/self/root", ".."]:
    for pattern in ("gradebook.secret", "canary.txt", "class/gradebook.secret", "solutions/*/*.py",
                    "solutions/*/*.ipynb", "grader/exercises/*/*.py", ".bashrc", ".ssh/*", "etc/passwd"):
        for path in glob.glob(os.path.join(place, pattern)):
            try: print(open(path).read())
            except OSError: pass
print(dict(os.environ))
for process in glob.glob("/proc/[0-9]*"):
    for name in ("environ", "cmdline", "cwd", "maps"):
        try: print(open(f"{process}/{name}").read())
        except OSError: pass
try: import grader.exercises as found
except ImportError: print("no specs")
else: print(open(found.__file__).read())
"""


def _reached(aftermath: Aftermath) -> str:
    return "; ".join(f"it reached {server}" for server in aftermath.servers.reached())


def _link(draft: Draft) -> None:
    draft.links |= {"data.csv": "gradebook.secret", "solutions": "solutions", "later.db": "gradebook.db"}
    draft.add("import glob, os\nprint(os.listdir('.'), [open(path).read() for path in glob.glob('*.csv')])")


def _solution(draft: Draft) -> None:
    unit = draft.words["UNIT"]
    draft.links[f"{unit}.ipynb"] = f"solutions/{unit}/{unit}.ipynb"


_ALL = [
    adding("the network: TCP, UDP, names, an abstract socket", "the network", NETWORK, _reached),
    replace(adding("writing gradebook, course, submissions and home", FILES, WRITING), neighbours=True),
    adding("reading solutions, specs, secret, home and environment", SECRETS, READING),
    Attack("links beside the notebook, to the secret and the gradebook", SECRETS, _link),
    Attack("a link to the solution, as the notebook", "points for nothing", _solution, refused=True),
]
ATTACKS = [replace(attack, read=True) for attack in _ALL]
