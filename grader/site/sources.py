"""Lay out what Sphinx reads: a folder with a source for each page, and what goes along with the pages as it is."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat

from course_lib.language import editions
from course_lib.language.choice import ENGLISH
from course_lib.sentences import say
from course_lib.told import shown
from course_lib.workspace import course_root, locales
from grader.languages.documents import document
from grader.languages.extraction import documents
from grader.site import front, gallery, words
from grader.site.addresses import Repository, repository
from grader.site.audit import without_answers
from grader.site.editions import FIRST, Edition
from grader.site.filling import TEMPLATES
from grader.site.links import relinked
from grader.site.outputs import Outputs
from grader.site.units import Figures, about, for_colab, released, write_page

GUIDES = (
    (say("For you"), ("docs/running.md", "CONTRIBUTING.md")),
    (say("For teachers and authors"), ("docs/instructors.md", "docs/authoring.md", "docs/site.md")),
    (say("How it is made"), ("docs/architecture.md", "docs/audit.md", "docs/performance.md", "CHANGELOG.md")),
)
"""The files that become pages as they are, by heading in the list of pages; another file of docs/ goes to the last."""
ELSEWHERE = {"docs/README.md": "", "docs/glossary.md": "glossary.md"}
"""Files of docs/ that are no guide, and their pages: the list of the docs is the site's own list."""
RECORDS = ("docs/audit.md", "CHANGELOG.md")
"""Pages that hold every word of the course: the search leaves them out, so that it finds where a word is explained."""
UNSEARCHED = "---\nnosearch: true\n---\n\n"
STATIC = Path(__file__).parent / "static"
FONTS = Path(__file__).parents[1] / "pages" / "templates" / "fonts"


class Sources:
    """The sources of one edition in `folder`: `pages/` for Sphinx, `extra/` and `static/` to go along.

    All of it is made in the language of now, which is the edition's.
    """

    def __init__(
        self, folder: Path, units: Sequence[str], outputs: Mapping[str, Outputs], edition: Edition = FIRST
    ) -> None:
        self.root = course_root()
        self.edition = edition
        self.language = edition.language
        self.pages, self.extra, self.static, self.words = (
            folder / name for name in ("pages", "extra", "static", "words")
        )
        self.units = [about(unit, self.language) for unit in units]
        self.outputs = outputs
        self.figures = Figures()
        self.english: set[str] = set()
        """The pages that there is no translation of."""
        self.home: Repository = repository(self.root)
        self.guides = guides(self.root)
        self.at = {path: page for _, listed in self.guides for path, page in listed.items()}
        self.at |= {path: page for path, page in ELSEWHERE.items() if page and (self.root / path).is_file()}
        self.at |= {"README.md": "index.md"} | {
            f"notebooks/{unit}/{unit}.ipynb": f"units/{unit}.ipynb" for unit in units
        }

    def write(self) -> None:
        """Write all of it."""
        for path, page in self.at.items():
            if path.endswith(".md") and path != "README.md":
                text = self._document(path)
                if text == self._read(path) and self.language != ENGLISH:
                    self.english.add(page.removesuffix(".md"))
                text = without_answers(text) if path == "docs/audit.md" else text
                self._put(page, (UNSEARCHED if path in RECORDS else "") + self._relinked(text, path, page))
        shutil.copytree(self.root / "docs" / "images", self.pages / "guides" / "images")
        for one in self.units:
            self._write_unit(one.unit)
            self._put(f"gallery/{one.unit}.md", gallery.page(one))
        self._put("gallery/index.md", gallery.index(self.units))
        readme = self._document("README.md")
        self._put("plan.md", front.plan(self.units, self._from_unit))
        self._put("index.md", front.front(self.units, readme, self._shown(), self._contents()))
        shutil.copytree(STATIC, self.static)
        shutil.copy(FONTS / "course-math.woff2", self.static)
        shutil.copy(FONTS / "LICENSE-GUST-FONT.txt", self.static)
        (self.static / "words.js").write_text(words.for_the_browser(), encoding="utf-8")
        words.for_the_theme(self.words, self.language)

    def _write_unit(self, unit: str) -> None:
        path, page = f"notebooks/{unit}/{unit}.ipynb", f"units/{unit}.ipynb"

        def links(text: str) -> str:
            return self._relinked(text, path, page)

        write_page(unit, self.outputs.get(unit, {}), links, self.home, self.figures, self.pages / "units")
        (self.extra / "notebooks").mkdir(parents=True, exist_ok=True)
        english = editions.loads((self.root / path).read_bytes()) or {}
        told = editions.dumps(editions.edition(english, unit, self.language, locales()))
        (self.extra / "notebooks" / f"{unit}.ipynb").write_bytes(told)
        if self.home.name:
            (self.extra / "colab").mkdir(exist_ok=True)
            nbformat.write(for_colab(unit, self.home), self.extra / "colab" / f"{unit}.ipynb")

    def _shown(self) -> list[tuple[front.Shown, str, str]]:
        """The figures of the front page that there are outputs of."""
        found = []
        for one in front.BEST:
            if one.unit in self.outputs:
                picture = front.picture(one, released(one.unit).cells, self.outputs[one.unit])
                if picture is not None:
                    file = f"front-{one.unit}.png"
                    (self.pages / file).write_bytes(picture[0])
                    found.append((one, file, picture[1]))
        return found

    def _contents(self) -> list[tuple[str, list[str]]]:
        """The list of all pages, beside each of them, by heading."""
        looked_up = ["gallery/index", *(["glossary"] if "glossary.md" in self.at.values() else [])]
        units = ["plan", *(f"units/{one.unit}" for one in self.units)]
        listed = [(shown("The units"), units), (shown("Look it up"), looked_up)]
        return listed + [(shown(t), [page.removesuffix(".md") for page in pages.values()]) for t, pages in self.guides]

    def _relinked(self, text: str, path: str, page: str) -> str:
        return relinked(text, path, page, self.at, self.home)

    def _from_unit(self, unit: str, text: str) -> str:
        """A piece of a unit's text, for a page at the root."""
        return self._relinked(text, f"notebooks/{unit}/{unit}.ipynb", "plan.md")

    def _document(self, path: str) -> str:
        """A file of the repository in the edition's language; English where it has no translation."""
        if self.language == ENGLISH or Path(path) not in documents():
            return self._read(path)
        return document(Path(path), self.language, anchor="")  # `sections.py` gives its headings the English ids

    def _read(self, path: str) -> str:
        return (self.root / path).read_text(encoding="utf-8")

    def _put(self, page: str, text: str) -> None:
        target = self.pages / page
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def guides(root: Path) -> list[tuple[str, dict[str, str]]]:
    """The guides that are there by heading: file -> source of its page."""
    named = {path for _, paths in GUIDES for path in paths} | ELSEWHERE.keys()
    others = [path for path in (f"docs/{file.name}" for file in sorted(root.glob("docs/*.md"))) if path not in named]
    made = []
    for index, (title, paths) in enumerate(GUIDES):
        listed = [*paths, *(others if index == len(GUIDES) - 1 else [])]
        made.append((title, {p: f"guides/{Path(p).stem.lower()}.md" for p in listed if (root / p).is_file()}))
    return made


def configuration(sources: Sources, anchors: dict[str, Any]) -> dict[str, Any]:
    """Sphinx's configuration. anchors: what `sections.py` knows of the English pages; it is filled by their build."""
    title = shown("How deep networks are optimized")
    return {
        "extensions": ["myst_nb", "sphinx_copybutton", "grader.site.extension"],
        "project": title,
        "author": "The optimization-course authors",
        "copyright": shown("the optimization-course authors. Text and figures: CC BY 4.0; code: MIT"),
        "language": sources.language,
        "locale_dirs": [str(sources.words)],
        "templates_path": [str(TEMPLATES)],
        "course_texts": sources.figures.texts,
        "course_address": sources.home.address,
        "course_edition": sources.edition,
        "course_english": sources.english,
        "course_anchors": anchors,
        "myst_enable_extensions": ["colon_fence", "dollarmath", "amsmath"],
        "myst_dmath_allow_labels": False,
        "myst_heading_anchors": 4,
        "nb_execution_mode": "off",
        "nb_merge_streams": True,
        "nb_code_prompt_show": shown("Show the code"),
        "nb_code_prompt_hide": shown("Hide the code"),
        "linkcheck_anchors": False,
        "linkcheck_timeout": 30,
        "linkcheck_retries": 3,
        "html_math_renderer": "course-mathml",
        "html_theme": "sphinx_book_theme",
        "html_title": title,
        "html_theme_options": {
            "home_page_in_toc": False,
            "show_navbar_depth": 1,
            "show_toc_level": 2,
            "article_header_end": ["language-switch.html", "article-header-buttons.html"],
            "toc_title": shown("Contents"),
            "search_bar_text": shown("Search..."),
            "navbar_persistent": [],  # the search has its place beside the list of pages
            "use_download_button": False,
            "use_fullscreen_button": False,
            "repository_url": sources.home.address,
            "use_repository_button": bool(sources.home.name),
            "pygments_light_style": "a11y-high-contrast-light",
            "pygments_dark_style": "a11y-high-contrast-dark",
        },
        "html_context": {"default_mode": "auto"},
        "html_static_path": [str(sources.static)],
        "html_css_files": ["site.css"],
        "html_js_files": ["words.js", "site.js"],
        "html_extra_path": [str(sources.extra)],
        "html_copy_source": False,
        "html_show_sourcelink": False,
        "html_show_sphinx": False,
    }
