"""How to drive a learner's object for one case; `PROBES` has each probe by its name in a spec.

A probe takes the object and the case's inputs and returns what the learner's code returned. Inputs that are functions
cannot travel as data: a case describes one, and the probe makes it. Both lives of `check` run these, so they hold no
answer, and none knows which unit it serves.
"""

from course_lib.probes import (
    adaptive,
    artefacts,
    attribution,
    base,
    checkpoints,
    descent,
    loops,
    machinery,
    modalities,
    networks,
    optimizers,
    pieces,
    structure,
    training,
)
from course_lib.probes.base import Probe

MODULES = (
    adaptive,
    artefacts,
    attribution,
    base,
    checkpoints,
    descent,
    loops,
    machinery,
    modalities,
    networks,
    optimizers,
    pieces,
    structure,
    training,
)

PROBES: dict[str, Probe] = {name: probe for module in MODULES for name, probe in module.PROBES.items()}

__all__ = ["PROBES", "Probe"]
