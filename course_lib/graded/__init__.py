"""What is done to a process that runs a notebook for a grade: names that stay, surroundings put back, one package list.

The sandbox and a plain kernel use the same modules, so that both grade alike. Nothing here judges, or knows an answer.
"""
