"""Every sentence that a learner reads is a template with named values: `say("{got} of {all} differ.", got=2, all=3)`.

So a template can be looked up in another language before the values are put in; a sentence that is glued together
from pieces cannot.
"""

from __future__ import annotations


def say(template: str, /, **values: object) -> str:
    """The sentence, with its values. Raises KeyError for a value that the template names and nobody gave."""
    return template.format(**values)
