"""Files that are small here and without measure where somebody opens them: one of each kind that a
portal may link to, made when a test asks."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Callable

from tests.fakes_pdf import assemble

SIDE = 65_500
"""Pixels: as many as a JPEG may have on a side; four thousand million of them."""


# --- pictures -------------------------------------------------------------------------------------


def png(side: int = 60_000) -> bytes:
    """A gray of 3.6 thousand million pixels, rows and all, in some kilobytes of zeros."""
    rows = zlib.compress(bytes(1 << 20), 9) * 4
    parts = (b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)), (b"IDAT", rows)
    chunks = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in (*parts, (b"IEND", b""))
    )
    return b"\x89PNG\r\n\x1a\n" + chunks


def jpeg(side: int = SIDE, *, is_progressive: bool = True) -> bytes:
    """One that ends after its first block. A progressive one is kept whole by who decodes it: two
    bytes for each of its pixels."""
    table = bytes([0]) + bytes(64 * [1])
    codes = bytes([1] + [0] * 15) + b"\0"  # one code of one bit, for nothing at all

    def part(mark: int, data: bytes) -> bytes:
        return struct.pack(">BBH", 0xFF, mark, len(data) + 2) + data

    scan = b"\1\1\0\0\0\0" if is_progressive else b"\1\1\0\0\x3f\0"
    return (
        b"\xff\xd8"
        + part(0xDB, table)
        + part(
            0xC2 if is_progressive else 0xC0, struct.pack(">BHHB3B", 8, side, side, 1, 1, 0x11, 0)
        )
        + part(0xC4, b"\0" + codes)
        + part(0xC4, b"\x10" + codes)
        + part(0xDA, scan)
        + bytes(64)
        + b"\xff\xd9"
    )


def gif(frames: int = 50_000) -> bytes:
    """As large as a GIF can be, in thousands of frames of a few bytes each."""
    frame = b"\x21\xf9\4\4\0\0\0\0,\0\0\0\0" + struct.pack("<HH", 0xFFFF, 0xFFFF) + b"\0\2\2L\1\0"
    return b"GIF89a" + struct.pack("<HHBBB", 0xFFFF, 0xFFFF, 0x80, 0, 0) + bytes(6) + frame * frames


def tiff(side: int = 0x7FFFFFFF, pages: int = 1) -> bytes:
    """Strips that are not there, and with more `pages` a directory after the other; the last leads
    to the first again."""
    entries = ((256, side), (257, side), (258, 8), (259, 8), (262, 1), (273, 8), (277, 1), (279, 9))
    length = 2 + 12 * len(entries) + 4
    made = b""
    for number in range(pages):
        after = 8 + (number + 1) % pages * length
        fields = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
        made += struct.pack("<H", len(entries)) + fields + struct.pack("<I", after)
    return b"II*\0" + struct.pack("<I", 8) + made


def webp(frames: int = 20_000) -> bytes:
    """An animation of the greatest canvas, whose frames are cut off."""
    head = b"\2\0\0\0" + b"\xff\xff\xff" * 2
    body = b"VP8X" + struct.pack("<I", 10) + head + b"ANIM" + struct.pack("<I", 6) + bytes(6)
    frame = b"ANMF" + struct.pack("<I", 24) + bytes(6) + b"\xff\xff\xff" * 2 + bytes(4)
    frame += b"VP8L" + struct.pack("<I", 0)
    body += frame * frames
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


# --- office files ---------------------------------------------------------------------------------


def zipped(name: str, body: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(name, body)
    return made.getvalue()


def docx_of_zeros(size: int = 64 << 20) -> bytes:
    """A thousand times as large as it is."""
    return zipped("word/document.xml", b" " * size)


def xlsx_of_rows(rows: int = 1_000_000) -> bytes:
    return zipped("xl/worksheets/sheet1.xml", b"<sheetData>" + b"<row><c/></row>" * rows)


def zips_within_zips(levels: int = 5) -> bytes:
    """Each holds sixteen of the last: a million times as much at five storeys."""
    body = docx_of_zeros(1 << 20)
    for _ in range(levels):
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for number in range(16):
                archive.writestr(f"{number}.zip", body)
        body = made.getvalue()
    return body


def laughs(levels: int = 12, root: str = "rss") -> bytes:
    """Entities made of ten of the last: a million million of the first at twelve."""
    entities = '<!ENTITY e0 "ha">' + "".join(
        f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, levels + 1)
    )
    said = f"<channel><title>&e{levels};</title></channel>"
    return f'<?xml version="1.0"?><!DOCTYPE {root} [{entities}]><{root}>{said}</{root}>'.encode()


FILES: dict[str, Callable[[], bytes]] = {
    "png": png,
    "jpg": jpeg,
    "gif": gif,
    "tif": lambda: tiff(pages=3),
    "webp": webp,
    "docx": docx_of_zeros,
    "xlsx": xlsx_of_rows,
    "zip": zips_within_zips,
    "pptx": lambda: zipped("ppt/presentation.xml", laughs(root="p")),
}
"""By what they are called on the portal. What is one of these is kept as it came: nothing here
opens it."""


# --- PDFs of one picture --------------------------------------------------------------------------


def pdf_of(picture: bytes, how: str, side: int) -> bytes:
    """A page with a picture: its filters and colours are `how`."""
    drawn = b"q 595 0 0 842 0 0 cm /X Do Q"
    return assemble(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /XObject << /X 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawn), drawn),
        b"<< /Type /XObject /Subtype /Image /Width %d /Height %d %s /Length %d >>\nstream\n%s\n"
        b"endstream" % (side, side, how.encode(), len(picture), picture),
    )


def _jpeg_2000(side: int) -> bytes:
    """A codestream (ISO 15444-1, annex A) that announces a picture and holds none of it."""
    size = struct.pack(">HIIIIIIIIH3B", 0, side, side, 0, 0, side, side, 0, 0, 1, 7, 1, 1)
    how = struct.pack(">BBHBBBBBB", 0, 0, 1, 0, 5, 4, 4, 0, 1)
    parts = ((0x51, size), (0x52, how), (0x5C, b"\x40" + bytes([0x40] * 16)))
    body = b"".join(struct.pack(">BBH", 0xFF, mark, len(data) + 2) + data for mark, data in parts)
    return (
        b"\xff\x4f"
        + body
        + struct.pack(">BBHHIBB", 0xFF, 0x90, 10, 0, 14, 0, 1)
        + b"\xff\x93\xff\xd9"
    )


def _jbig2(side: int) -> bytes:
    """A page's size and a region as large, of which a few bytes are there (ISO 14492, 7.2)."""
    page = struct.pack(">IBBBI", 0, 48, 0, 1, 19) + struct.pack(">IIIIBH", side, side, 0, 0, 0, 0)
    region = (
        struct.pack(">IIIIB", side, side, 0, 0, 0)
        + b"\0"
        + bytes([3, 255, 253, 255, 2, 254, 254, 254])
    )
    data = region + bytes(64)
    return page + struct.pack(">IBBBI", 1, 38, 0, 1, len(data)) + data


_GRAY = "/ColorSpace /DeviceGray /BitsPerComponent"


def _zeros(side: int) -> bytes:
    """As many zeros as the picture has pixels, made a megabyte at a time."""
    packer = zlib.compressobj(6)
    parts = [packer.compress(bytes(1 << 20)) for _ in range(side * side // (1 << 20) + 1)]
    how = f"{_GRAY} 8 /Filter /FlateDecode"
    return pdf_of(b"".join((*parts, packer.flush())), how, side)


def _fax(side: int) -> bytes:
    """Every row as the one above it, a bit for each (ITU-T T.6)."""
    how = f"/K -1 /Columns {side} /Rows {side} /BlackIs1 true"
    how = f"{_GRAY} 1 /Filter /CCITTFaxDecode /DecodeParms << {how} >>"
    return pdf_of(b"\xff" * (side // 8), how, side)


PICTURES: dict[str, Callable[[int], bytes]] = {
    "zeros": _zeros,
    "jpeg": lambda side: pdf_of(
        jpeg(side, is_progressive=False), f"{_GRAY} 8 /Filter /DCTDecode", side
    ),
    "progressive jpeg": lambda side: pdf_of(jpeg(side), f"{_GRAY} 8 /Filter /DCTDecode", side),
    "jpeg 2000": lambda side: pdf_of(_jpeg_2000(side), "/Filter /JPXDecode", side),
    "jbig2": lambda side: pdf_of(_jbig2(side), f"{_GRAY} 1 /Filter /JBIG2Decode", side),
    "fax": _fax,
}


def gzip_members(size: int, each: bytes = b"") -> bytes:
    """So many bytes of members that hold next to nothing."""
    one = gzip.compress(each, 9, mtime=0)
    return one * (size // len(one))
