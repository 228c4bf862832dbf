"""What `./course` does for a learner: one file a command, which takes its arguments and prints what came of it.

Whatever a command does that something else could want as well lives in the module that it is about. Nothing that a
notebook imports depends on this package.
"""
