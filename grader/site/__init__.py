"""The course as pages to look at: units with their outputs, guides, a plan, a gallery and a glossary.

What stands here turns files of the repository into a folder of sources and has Sphinx make pages of it; what a kernel
answered is kept by its fingerprint. Nothing here judges or grades, and no answer, no quiz letter and no private value
may pass through to a page: `proof` reads every file that was written.
"""
