"""How the course draws: one style, contours with paths, and controls that move a picture.

`course_lib.plots` is what notebooks import; what several of its figures share is here, and nothing that only one needs.
"""
