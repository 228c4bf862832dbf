"""Sections have the same ids in all languages, so that a link to one, and the switch of languages, find it in each.

What a heading's id is made from is its text, and of Chinese text Sphinx makes `id1`, `id2`, ... So the sections of a
page get the ids of the English page's in their order, and its names for links in Markdown.
"""

from __future__ import annotations

from docutils import nodes
from sphinx.transforms import SphinxTransform


class ShareSections(SphinxTransform):
    """Note the ids of an English page; give them to the same page of another language.

    A page with another number of sections than the English one keeps its own.
    """

    default_priority = 250  # before MyST resolves links to headings

    def apply(self, **kwargs: object) -> None:
        """Called by Sphinx for each page that it has read."""
        sections = list(self.document.findall(nodes.section))
        slugs: dict[str, tuple[int, str, str]] = getattr(self.document, "myst_slugs", {})
        anchors, name = self.config.course_anchors, self.env.current_document.docname
        if not self.config.course_edition.folder:
            anchors[name] = [section["ids"][0] for section in sections], dict(slugs)
            return
        ids, english = anchors.get(name, ([], {}))
        if len(ids) != len(sections):
            return
        for section, first in zip(sections, ids, strict=True):
            section["ids"] = [first, *(each for each in section["ids"] if each != first)]
            self.document.ids[first] = section
        slugs |= english
        self.env.metadata[name]["myst_slugs"] = slugs
