"""What happens in a kernel that somebody works in: where figures appear, what has run, and what is told after a cell.

Nothing here decides what is right or wrong. What is done to a kernel that grades is in `course_lib.graded`.
"""
