"""PDFs that say what a test wants them to say, and one of a picture alone."""

from __future__ import annotations

_CMAP = b"""/CIDInit /ProcSet findresource begin 12 dict begin begincmap
/CMapName /Plain def /CMapType 2 def
1 begincodespacerange <0000> <FFFF> endcodespacerange
1 beginbfrange <0000> <FFFF> <0000> endbfrange
endcmap CMapName currentdict /CMap defineresource pop end end"""


def make_pdf(*lines: str) -> bytes:
    """One page; each character is its own glyph, so that any language can be read back. No lines: a
    scan."""
    shown = b" ".join(
        b"1 0 0 1 60 %d Tm <%s> Tj" % (780 - 18 * place, line.encode("utf-16-be").hex().encode())
        for place, line in enumerate(lines)
    )
    words = b"BT /F1 12 Tf %s ET" % shown
    font = (
        b"<< /Type /Font /Subtype /Type0 /BaseFont /Plain /Encoding /Identity-H /DescendantFonts "
        b"[6 0 R]"
        b" /ToUnicode 7 0 R >>"
    )
    glyphs = (
        b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Plain /DW 500 /FontDescriptor 8 0 R"
        b" /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>"
    )
    descriptor = (
        b"<< /Type /FontDescriptor /FontName /Plain /Flags 4 /FontBBox [0 0 1000 1000] "
        b"/ItalicAngle 0"
        b" /Ascent 800 /Descent -200 /CapHeight 700 /StemV 80 >>"
    )
    return assemble(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        _stream(words),
        font,
        glyphs,
        _stream(_CMAP),
        descriptor,
    )


def _stream(content: bytes) -> bytes:
    return b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content)


def assemble(*objects: bytes) -> bytes:
    """A file of these objects, the first of which is its catalogue."""
    body, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    trailer = (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer << /Size %d /Root 1 0 R "
        b">>\nstartxref\n%d\n%%%%EOF\n"
    )
    return body + trailer % (size, table, size, len(body))
