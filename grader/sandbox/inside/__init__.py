"""What runs inside the sandbox: its process 1, and what that forks for each submission.

The folder is bound to `/inside`, where its files import each other by their bare names. There is no `grader` in there,
so nothing here may import it; what of `course_lib` is needed is imported by its name once the packages are in place.
"""
