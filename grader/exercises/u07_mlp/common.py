"""What the exercises of this unit share: which of a forward pass's two results a case looks at."""

UNIT = "07_mlp"
OUT, CACHE = [True, False], [False, True]
"""What is kept of (out, cache), so that one of them wrong does not cost the other."""
