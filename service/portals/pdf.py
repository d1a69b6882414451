"""The text of a PDF's first pages. Reads bytes that were fetched; refuses to guess what a scan
shows.

Whatever a file does to its reader, a poll goes on without its text.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.text import clean_text

if TYPE_CHECKING:
    import pypdfium2

_FIRST_PAGES = 3
_MOST_CHARS = 20_000
# A signed scan carries a stamp's few words at most; a page of a letter has a thousand characters
# and more. One page
# of text before scanned annexes is the letter itself.
_SCAN_CHARS = 60


@dataclass(frozen=True, slots=True)
class PdfText:
    """`is_scan`: all pages are pictures, and `text` says little or nothing. `pages`: how many the
    file has."""

    text: str
    pages: int
    is_scan: bool


def read_pdf(body: bytes) -> PdfText | None:
    """The first pages' text; None for what cannot be read: damaged, or locked by a password.

    PDFium has no limit of its own and may fall over: call it by `service.portals.sandbox`.
    """
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(body)
    except pypdfium2.PdfiumError:
        return None
    with contextlib.closing(document):
        pages = len(document)
        texts = [_page_text(document, index) for index in range(min(pages, _FIRST_PAGES))]
    text = clean_text("\n".join(texts))[:_MOST_CHARS]
    return PdfText(text, pages, is_scan=all(len(page.strip()) < _SCAN_CHARS for page in texts))


def _page_text(document: pypdfium2.PdfDocument, index: int) -> str:
    import pypdfium2

    try:
        with (
            contextlib.closing(document[index]) as page,
            contextlib.closing(page.get_textpage()) as textpage,
        ):
            return str(textpage.get_text_bounded())
    except pypdfium2.PdfiumError:
        return ""
