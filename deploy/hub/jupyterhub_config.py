"""For JupyterHub: who teaches. Teachers and assistants open the course's server and act there as the course's account.

The class belongs to an account of its own, so that there is one owner of the gradebook and of the exchange, and no
teacher's private files lie beside them. Put your names here; names are those that people sign in with.
"""

COURSE = "optimization"  # the account whose home holds the folder `class`
INSTRUCTORS = ["teacher"]  # may start and stop the course's server, and use it
ASSISTANTS = []  # may use it: they grade, and see everything that is graded

c = get_config()  # noqa: F821 - traitlets puts it here
c.JupyterHub.load_groups = {
    f"{COURSE}-instructors": {"users": [*INSTRUCTORS]},
    f"{COURSE}-assistants": {"users": [*ASSISTANTS]},
}
use = [f"access:servers!user={COURSE}", f"read:users:name!user={COURSE}", f"read:servers!user={COURSE}"]
c.JupyterHub.load_roles = [
    {
        "name": f"{COURSE}-instructors",
        "description": "start, stop and use the course's server",
        "scopes": [*use, f"servers!user={COURSE}"],
        "groups": [f"{COURSE}-instructors"],
    },
    {
        "name": f"{COURSE}-assistants",
        "description": "use the course's server",
        "scopes": use,
        "groups": [f"{COURSE}-assistants"],
    },
]
