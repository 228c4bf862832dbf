"""From scripts and specs to what is released, and the proof that it is in sync and gives no answer away.

Only authors run this. How a script becomes a notebook is in `grader.scripts`, which a class's configuration imports.
"""
