"""The instructor's side: exercise specs, the recorder, the build, grading.

It holds the answers. Nothing in `notebooks/` or `course_lib/` may import it; it may import `course_lib`.
"""
