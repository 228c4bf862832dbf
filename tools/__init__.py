"""What an author ran once to make a file that the course ships: embedded images, spoken words.

None of it is installed with the course, and nothing of the course imports it.
"""
