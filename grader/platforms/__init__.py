"""A class on its learning platform: rosters that come from it, grades and feedback pages that go back.

What a platform's file looks like stands in `formats`, who is who in `matching`, and nothing is guessed: whoever cannot
be told apart is named. Names of uploaded files are `grader.submissions.platforms`' business, and nothing here prints.
"""
