"""Pictures of pages, bounded whatever the page is."""

from __future__ import annotations

import io
import struct
import zlib

import pypdfium2
import pytest

from service.portals.page_images import (
    COVER_HEIGHT,
    COVER_WIDTH,
    MOST_PIXELS,
    render_cover,
    render_page,
)
from tests.fakes_pdf import make_pdf


def blank(width: float, height: float) -> bytes:
    document = pypdfium2.PdfDocument.new()
    document.new_page(width, height)
    stream = io.BytesIO()
    document.save(stream)
    document.close()
    return stream.getvalue()


def size_of(picture: bytes | None) -> tuple[int, int]:
    assert picture is not None
    head, columns, rows, _ = picture.replace(b"\n", b" ", 1).split(b" ", 3)
    assert head == b"P5"
    return int(columns), int(rows)


@pytest.mark.parametrize("is_red", [False, True])
def test_a_letter_has_the_asked_dots_an_inch_and_a_byte_for_each(is_red: bool) -> None:
    picture = render_page(blank(595, 842), 0, 200, is_red, 1.0)
    columns, rows = size_of(picture)
    assert (abs(columns - 1653), abs(rows - 2339)) <= (2, 2)
    assert picture is not None
    assert len(picture) == columns * rows + len(f"P5 {columns} {rows} 255\n")
    assert picture.endswith(b"\xff" * columns)


def test_a_share_of_a_page_is_its_top() -> None:
    whole = size_of(render_page(blank(595, 842), 0, 100, False, 1.0))
    half = size_of(render_page(blank(595, 842), 0, 100, False, 0.5))
    assert half == (whole[0], whole[1] // 2)


@pytest.mark.parametrize("size", [(2384, 3370), (14_400, 14_400), (14_400, 20)])
def test_a_poster_gets_as_many_pixels_as_a_letter(size: tuple[int, int]) -> None:
    columns, rows = size_of(render_page(blank(*size), 0, 300, False, 1.0))
    assert columns * rows <= MOST_PIXELS * 1.01
    assert max(columns, rows) <= 20_001


def test_a_page_that_is_not_there_and_a_file_that_is_none_have_no_picture() -> None:
    assert render_page(blank(595, 842), 1, 300, False, 1.0) is None
    assert render_page(b"no pdf", 0, 300, False, 1.0) is None
    assert render_cover(b"no pdf") is None


@pytest.mark.parametrize("size", [(595, 842), (842, 595), (301, 900), (10, 5_000)])
def test_a_cover_is_a_picture_that_fits_a_phone(size: tuple[int, int]) -> None:
    cover = render_cover(blank(*size))
    assert cover is not None
    assert cover.startswith(b"\x89PNG\r\n\x1a\n")
    columns, rows, bits, colours = struct.unpack(">IIBB", cover[16:26])
    assert (bits, colours) == (4, 0)
    assert 0 < columns <= COVER_WIDTH + 1 and 0 < rows <= COVER_HEIGHT + 1
    start = cover.index(b"IDAT")
    (length,) = struct.unpack(">I", cover[start - 4 : start])
    data = zlib.decompress(cover[start + 4 : start + 4 + length])
    assert len(data) == rows * (1 + (columns + 1) // 2)


def test_a_cover_of_words_is_small_and_not_white() -> None:
    cover = render_cover(make_pdf(*["Chỉ thị về việc phòng, chống rét"] * 30))
    assert cover is not None
    assert len(cover) < 200_000
