"""The text of a PDF's first pages. Reads bytes that were fetched; refuses to guess what a scan shows.

PDFium has no limit of its own and may fall over, so it works in a child process: this module, run as a program, which
reads the file on stdin and answers in JSON on stdout. Whatever a file does to it, a poll goes on without its text.
"""

from __future__ import annotations

import contextlib
import json
import logging
import resource
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from service.text import clean_text

if TYPE_CHECKING:
    import pypdfium2

_log = logging.getLogger(__name__)

DEADLINE_S = 10.0
"""For one file; a letter takes a fifth of a second, most of it to start the child."""
_MOST_MEMORY = 1 << 30  # bytes of address space, of which Python and PDFium take a fifth
_FIRST_PAGES = 3
_MOST_CHARS = 20_000
# A signed scan carries a stamp's few words at most; a page of a letter has a thousand characters and more. One page
# of text before scanned annexes is the letter itself.
_SCAN_CHARS = 60


@dataclass(frozen=True, slots=True)
class PdfText:
    """`is_scan`: all pages are pictures, and `text` says little or nothing. `pages`: how many the file has."""

    text: str
    pages: int
    is_scan: bool


def read_pdf(body: bytes, deadline_s: float = DEADLINE_S) -> PdfText | None:
    """The first pages' text; None for what cannot be read: damaged, locked by a password, too much work."""
    try:
        child = subprocess.run(  # noqa: S603  # our own interpreter, our own module
            [sys.executable, "-m", __name__],
            input=body,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PYTHONPATH": str(Path(__file__).parents[2])},
            timeout=deadline_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        _log.warning("a PDF of %d bytes is not read: it took longer than %s s", len(body), deadline_s)
        return None
    except OSError as error:
        _log.warning("a PDF is not read: no child process could be started: %s", error)
        return None
    if child.returncode != 0:
        _log.warning("a PDF of %d bytes is not read: the child process ended with %d", len(body), child.returncode)
        return None
    said = json.loads(child.stdout)
    return None if said is None else PdfText(**said)


def _answer() -> None:
    """The child's work: it gives up memory and time before it touches a byte of the file."""
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    seconds = int(DEADLINE_S) + 1  # should the parent be killed, nobody else ends a child that spins
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    found = _read(sys.stdin.buffer.read())
    json.dump(asdict(found) if found is not None else None, sys.stdout)


def _read(body: bytes) -> PdfText | None:
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
        with contextlib.closing(document[index]) as page, contextlib.closing(page.get_textpage()) as textpage:
            return str(textpage.get_text_bounded())
    except pypdfium2.PdfiumError:
        return ""


if __name__ == "__main__":
    _answer()
