"""Write the README's line of buttons for the repository's address in pyproject.toml.

    python tools/readme_buttons.py

Without an address there is none. Run it after a change of the address or of the units.
"""

from __future__ import annotations

import sys
from pathlib import Path

from course_lib.workspace import units
from grader.site.addresses import repository, with_buttons

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    """Write README.md anew where its buttons are not those of today."""
    readme = ROOT / "README.md"
    before = readme.read_text(encoding="utf-8")
    after = with_buttons(before, repository(ROOT), units())
    if after != before:
        readme.write_text(after, encoding="utf-8", newline="\n")
    print("README.md is as it was." if after == before else "README.md has new buttons.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
