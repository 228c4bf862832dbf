"""The pieces of a page (a cell's text, code, an output), each made within the page's time or shown as plain text.

A page always comes, with points, verdicts and comments. What of it takes too long to be set, or is longer than anybody
sets, stands there as it was typed, under a sentence that says why.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from html import escape, unescape
from threading import local
from typing import Any

from markupsafe import Markup

from grader.sandbox.time_limit import HelperError, TooLongError, get_ready, run_limited

PIECE_SECONDS, PAGE_SECONDS = 5.0, 20.0
"""What a piece may take, and all pieces of a page together. A usual page takes a tenth of a second."""
MOST_CODE, MOST_MARKUP = 20_000, 100_000
"""Characters: code longer than that gets no colours, other text is not set at all."""
MOST_SHOWN = 500_000
"""Characters of one plain piece; the graded notebook has the rest."""
TOO_SLOW = "This is shown as plain text: to set it took longer than is allowed for a page."
TOO_LONG = "This is shown as plain text: it is too long to be set."
TOO_ODD = "This is shown as plain text: it could not be set, nested too deep perhaps."

PICTURE = re.compile(r"data:image/[a-z+.-]{1,20};base64,[A-Za-z0-9+/=]+")
TAG = re.compile(r"<[^<>]{1,2000}>")
_page = local()


def begin_page() -> None:
    """A page begins now: all that is made in this thread until the next one shares its time."""
    _page.left = PAGE_SECONDS


class PlainError(Exception):
    """A piece is to be shown as plain text; the text is the sentence that says why."""


def made(make: Callable[..., str], *arguments: Any) -> str:
    """What `make` gives, in the time that is left. Raises `PlainError`, at once where none is left."""
    left = getattr(_page, "left", PAGE_SECONDS)
    if left <= 0:
        raise PlainError(TOO_SLOW)
    get_ready()
    begun = time.monotonic()
    try:
        return run_limited(make, *arguments, seconds=min(left, PIECE_SECONDS))
    except TooLongError:
        raise PlainError(TOO_SLOW) from None
    except HelperError:
        raise
    except Exception:  # a parser's, about a text that no person writes
        raise PlainError(TOO_ODD) from None
    finally:
        _page.left = left - (time.monotonic() - begun)


def too_long(markup: str) -> bool:
    """Whether nobody would read a text of this length; a picture that stands in it as data does not count."""
    return len(markup) > MOST_MARKUP and len(PICTURE.sub("", markup)) > MOST_MARKUP


def as_plain(text: str, why: str) -> Markup:
    """A text as it was typed, under the sentence that says why it is plain."""
    left_out = len(text) - MOST_SHOWN
    if left_out > 0:
        text, why = text[:MOST_SHOWN], f"{why} Its last {left_out:,} characters are left out."
    return Markup(f"<p><em>{why}</em></p>\n<pre>{escape(text, quote=False)}</pre>")


def text_of(html: str) -> str:
    """What a piece of HTML says without its tags, roughly; it takes time by its length only."""
    return unescape(TAG.sub(" ", html)).strip()
