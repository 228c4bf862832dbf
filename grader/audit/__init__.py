"""The tests of the tests: what `./course audit` runs to prove that nobody fools the grader, by accident or on purpose.

`mutants` makes small mistakes in the course's own solutions, `trial` has them judged in the sandbox, `contract` holds
every spec to its misconceptions and right answers, `attacks/` and `corruptions/` hand in what nobody should.
`report` writes what came out as docs/audit.md; `equivalent` lists mutants that are right after all, with the reason.
"""
