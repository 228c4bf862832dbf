"""Grading on arrival as services of a JupyterHub, one a unit: append this to jupyterhub_config.py.

The Hub starts them, starts them again when they end, and stops them with itself. On Kubernetes, where the Hub's own
machine has neither the course nor a sandbox, run `./course grade UNIT --watch` in a deployment of its own instead.
"""

c = get_config()  # noqa: F821 - JupyterHub puts it here
COURSE, ACCOUNT = "/srv/course", "instructor"
UNITS, ATTEMPTS = ("02", "03"), 3

c.JupyterHub.services += [
    {
        "name": f"watch-{unit}",
        "command": [f"{COURSE}/course", "grade", unit, "--watch", "--attempts", str(ATTEMPTS)],
        "cwd": COURSE,
        "user": ACCOUNT,  # the Hub must run as root to start it as somebody else
    }
    for unit in UNITS
]
