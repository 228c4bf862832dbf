"""Another language at the moment of showing: which one, its catalogues, and the editions of notebooks made from them.

All that is judged, counted or kept is English, and nothing here changes it: what has no translation is shown as it is.
What extracts texts and looks translations over is an author's, in `grader/languages/`.
"""
