"""The tests of the tests: what `./course audit` runs to prove that nobody fools the grader, by accident or on purpose.

`mutants` makes small mistakes in the course's own solutions, `trial` has them judged in the sandbox, `claims` holds
every spec to its misconceptions and equivalents, `attacks/` and `corruptions/` hand in what nobody should.
`report` writes what came out as docs/audit.md; `equivalent` lists mutants that are right after all, with the reason.
"""

from grader.audit.command import main

__all__ = ["main"]
