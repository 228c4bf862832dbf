"""The judge, and all that it takes: cases and answers, how they travel, are run, compared, diagnosed and shown.

It runs in a learner's kernel and in the grader alike, and says the same in both. It knows no exercise by name, holds no
answer, and imports nothing of `grader`; what only a notebook's verbs need stands above it.
"""
