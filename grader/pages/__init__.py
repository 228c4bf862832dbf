"""What people read of a grade: nbgrader's pages without a network or a script, and names and points in tables.

Everything that a learner wrote is shown here as text. Nothing here judges, and nothing asks who reads it.
"""
