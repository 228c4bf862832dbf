"""Search: what small changes of right answers give, recorded so that a check knows them again.

`edits` makes the changes and `words` says what each one is; `bench` runs them, in processes that are bounded;
`signatures` records what came out, for the visible cases on disk and for the private ones when a grader needs it.
"""
