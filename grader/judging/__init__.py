"""What only the grader has for judging: references, private cases, answers as they come back, and what is told.

The judge itself is `course_lib.judging`, the same for learner and grader. Nothing here runs a learner's code, and
nothing here is released.
"""
