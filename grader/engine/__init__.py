"""Grading a class fast: pure tasks for worker processes, and one writer.

`execute` and `page` turn text into text, in any process, on any machine that has the course installed. `book` is the
only one that writes the gradebook, and `grader.grade` the only one that writes files.
"""
