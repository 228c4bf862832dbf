"""The course in other languages: what is extracted, the catalogues that hold translations, their checks and editions.

A catalogue is a PO file under `locale/LANGUAGE/`, which a translator edits. Nothing here decides what is right or how
many points it earns: ids, code and nbgrader's metadata come from the English edition alone.
"""
