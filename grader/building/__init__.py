"""What makes the notebooks from their scripts, and what proves that text and notebooks are as their author meant.

Everything here reads the repository's files and returns what it found or made. It may import specs and the recorder;
it prints nothing, runs no learner's code, and knows nothing of submissions or grades.
"""
