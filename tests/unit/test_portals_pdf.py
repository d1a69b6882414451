"""PDFs: the text of the first pages is read, a scan is marked, what is no PDF is none."""

import io

import pypdfium2

from service.portals.pdf import read_pdf
from service.posts.document import understand_document

_LETTER = (
    "UBND HUYỆN QUẢNG XƯƠNG",
    "Số: 06/CT-UBND",
    "CHỈ THỊ về tăng cường kỷ luật, kỷ cương hành chính; UBND các xã, thị trấn báo cáo trước ngày "
    "15/6/2023.",
)


def _pdf(*pages: tuple[str, ...]) -> bytes:
    """A PDF with a text layer: every character has a code of its own, which a ToUnicode map gives
    back."""
    codes = {
        char: code
        for code, char in enumerate(sorted({c for page in pages for line in page for c in line}), 1)
    }
    mapped = "\n".join(f"<{code:04x}> <{ord(char):04x}>" for char, code in codes.items())
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /U def /CMapType "
        "2 def\n"
        "1 begincodespacerange <0000> <ffff> endcodespacerange\n"
        f"{len(codes)} beginbfchar\n{mapped}\nendbfchar endcmap end end"
    )
    kids = " ".join(f"{6 + 2 * i} 0 R" for i in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type0 /BaseFont /F /Encoding /Identity-H"
        " /DescendantFonts [4 0 R] /ToUnicode 5 0 R >>",
        "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /F /DW 500"
        " /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>",
        _stream(cmap),
    ]
    for i, page in enumerate(pages):
        lines = [f"<{''.join(f'{codes[c]:04x}' for c in line)}> Tj 0 -20 Td" for line in page]
        objects += [
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 900 800] /Resources << /Font << /F 3 0 R "
            ">> >>"
            f" /Contents {7 + 2 * i} 0 R >>",
            _stream(f"BT /F 12 Tf 40 700 Td {' '.join(lines)} ET"),
        ]
    return _file(*objects)


def _file(*objects: str) -> bytes:
    body, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += f"{number} 0 obj\n{content}\nendobj\n".encode("latin-1")
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    return body + (
        f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer << /Size {size} /Root 1 0 R >>\n"
        f"startxref\n{len(body)}\n%%EOF\n"
    ).encode("latin-1")


def _stream(content: str) -> str:
    return f"<< /Length {len(content)} >>\nstream\n{content}\nendstream"


def test_the_text_of_the_first_pages_is_read_with_its_accents_and_lines() -> None:
    read = read_pdf(_pdf(_LETTER, ("Trang hai",), ("Trang ba",), ("Trang bốn",)))
    assert read is not None
    assert read.pages == 4
    assert not read.is_scan
    assert read.text.split("\n") == [*_LETTER, "Trang hai", "Trang ba"]


def test_what_a_pdf_says_completes_its_document() -> None:
    read = read_pdf(_pdf(_LETTER))
    assert read is not None
    document, _ = understand_document("Chỉ thị về kỷ cương hành chính", "", read.text)
    assert document is not None
    assert document.number == "06/CT-UBND"


def test_a_signed_scan_with_a_stamps_few_words_is_marked() -> None:
    read = read_pdf(_pdf(("Người ký: UBND huyện",), ()))
    assert read is not None
    assert read.is_scan
    assert read.text == "Người ký: UBND huyện"


def test_a_page_without_text_is_a_scan() -> None:
    document = pypdfium2.PdfDocument.new()
    document.new_page(200, 200)
    stream = io.BytesIO()
    document.save(stream)
    document.close()
    read = read_pdf(stream.getvalue())
    assert read is not None
    assert (read.text, read.pages, read.is_scan) == ("", 1, True)


def test_bytes_that_are_no_pdf_are_none() -> None:
    assert read_pdf(b"<html>") is None
    assert read_pdf(b"") is None
    assert read_pdf(_pdf(_LETTER)[:200]) is None


def test_a_pdf_that_claims_two_thousand_million_pages_is_read_like_any_other() -> None:
    read = read_pdf(_pdf(_LETTER).replace(b"/Count 1 >>", b"/Count 2147483647 >>"))
    assert read is not None
    assert read.text.split("\n") == [*_LETTER]
