"""What is said of a class: tables, one page with figures, the leaderboard.

They are made from `Result` objects and from what the journal kept; nothing here runs or judges anything, and what shows
learners' names stays in a folder that git ignores.
"""
