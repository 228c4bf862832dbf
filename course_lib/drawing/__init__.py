"""How the course draws: one style, contours with paths, controls that move a picture, and what a figure says in words.

`course_lib.plots` is what notebooks import; what several of its figures share is here, and nothing that only one needs.
The words are read from a figure when it is shown, so no function that draws has to know of them.
"""
