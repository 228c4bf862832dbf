"""Grading on arrival: `./course grade UNIT --watch`.

Here is what is new about it: where submissions arrive, when one is whole, how often a learner may, and the loop that
goes on. How a submission is graded and what is noted of it is `grader.grading`'s, and must not be decided here again.
"""
