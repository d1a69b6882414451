"""PDFs: a scan is marked, what is no PDF is none."""

import io

import pypdfium2

from service.portals.pdf import read_pdf


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
