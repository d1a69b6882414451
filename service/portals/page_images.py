"""Pictures of a PDF's pages: for a program that reads them, and the first one for people.

Each is bounded whatever the page's size: a poster gets as many pixels as a letter. PDFium has no
limit of its own and may fall over: call these by `service.portals.sandbox`.
"""

from __future__ import annotations

import contextlib
import math
import struct
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pypdfium2

MOST_PIXELS = 9_000_000
"""A4 at 300 dpi has 8.7 million."""
COVER_WIDTH = 720
"""Pixels: a phone shows 360 to 430 of its own, two or three of the screen's each."""
COVER_HEIGHT = 1_440
_MOST_SIDE = 20_000  # pixels; tesseract refuses more than 32,767
_POINTS = 72  # an inch
_GRAY_BITS = bytes(value & 0xF0 for value in range(256))
_LOW_BITS = bytes(value >> 4 for value in range(256))


def render_page(body: bytes, index: int, dpi: int, is_red: bool, share: float) -> bytes | None:
    """A page as PGM; None where there is none of that number, or it cannot be read.

    `is_red`: its red channel, in which red ink (a stamp) is white. `share`: of its height, from the
    top.
    """
    with _page(body, index) as page:
        if page is None:
            return None
        width, height = page.get_size()
        most = math.sqrt(MOST_PIXELS / (width * height))
        scale = min(dpi / _POINTS, most, _MOST_SIDE / max(width, height))
        columns, rows, pixels = _pixels(page, scale, is_red=is_red)
    rows = max(1, int(rows * share))
    return b"P5 %d %d 255\n" % (columns, rows) + pixels[: columns * rows]


def render_cover(body: bytes) -> bytes | None:
    """The first page as PNG of 16 grays; None where it cannot be read."""
    with _page(body, 0) as page:
        if page is None:
            return None
        width, height = page.get_size()
        columns, rows, pixels = _pixels(page, min(COVER_WIDTH / width, COVER_HEIGHT / height))
    return _png(columns, rows, pixels)


@contextlib.contextmanager
def _page(body: bytes, index: int) -> Iterator[pypdfium2.PdfPage | None]:
    import pypdfium2

    with contextlib.ExitStack() as stack:
        try:
            document = stack.enter_context(contextlib.closing(pypdfium2.PdfDocument(body)))
            page = (
                stack.enter_context(contextlib.closing(document[index]))
                if index < len(document)
                else None
            )
        except pypdfium2.PdfiumError:
            page = None
        yield page if page is not None and min(page.get_size()) > 0 else None


def _pixels(
    page: pypdfium2.PdfPage, scale: float, *, is_red: bool = False
) -> tuple[int, int, bytes]:
    """Columns, rows and a byte for each pixel, row by row."""
    bitmap = page.render(
        scale=scale, grayscale=not is_red, rev_byteorder=is_red, may_draw_forms=False
    )
    with contextlib.closing(bitmap):
        step = bitmap.n_channels
        rows = bytes(bitmap.buffer)
        used = bitmap.width * step
        pixels = (
            rows[start : start + used : step]
            for start in range(0, bitmap.height * bitmap.stride, bitmap.stride)
        )
        return bitmap.width, bitmap.height, b"".join(pixels)


def _png(columns: int, rows: int, pixels: bytes) -> bytes:
    packed = (
        b"\0" + _packed(pixels[row * columns : (row + 1) * columns]) for row in range(rows)
    )  # each row says that nothing was done to it
    head = struct.pack(">IIBBBBB", columns, rows, 4, 0, 0, 0, 0)
    body = zlib.compress(b"".join(packed), 9)
    return (
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")
    )


def _packed(row: bytes) -> bytes:
    """Two pixels a byte, the left one in the upper half."""
    left = row[0::2].translate(_GRAY_BITS)
    right = row[1::2].translate(_LOW_BITS).ljust(len(left), b"\0")
    both = int.from_bytes(left) | int.from_bytes(right)
    return both.to_bytes(len(left))


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
