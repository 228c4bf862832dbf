"""How the text of a notebook's cells is read: as IPython reads it, then as Python, for what its names rest on.

Nothing here runs a cell or knows what an exercise is. Whatever needs a live kernel is in `course_lib.kernel`.
"""
