"""A class graded: the gradebook and the journal, pure tasks for worker processes, and one writer.

What was handed in comes from `grader.submissions`; what is said of a class is in `grader.reports`. Nothing here prints,
and nothing of `grader.audit` is known here.
"""
