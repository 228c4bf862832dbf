"""Run learners' code where it can compute and nothing else: bubblewrap around a preloaded worker that forks.

`inside/` is all of this package that exists in the sandbox; `bwrap` says what else does; `worker` is the outside's
handle. Nothing here judges, and nothing here reads what came back as anything but data.
"""
