"""What `./course` does for instructors and authors: one file a command, and the only floor that prints.

A command takes its arguments, calls what does the work, and says what came of it; its return value is the exit status.
Nothing outside of this package imports from it, and whatever two commands need lives below it.
"""
