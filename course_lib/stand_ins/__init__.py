"""What stands in for an answer of an earlier unit that you skipped: the same thing, as a library has it.

`course_lib.earlier` looks here: one module a unit, and in it one function or class an exercise, of the same name and
signature. Nothing here is written from scratch, which is what exercises are for; each stand-in hands its work to a
library that the exercise's own unit does not allow, and the grader's sandbox holds only those of earlier units.
"""
