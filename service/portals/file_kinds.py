"""What kind of file some bytes are, by the first of them: what is none of these is linked and never
republished."""

from __future__ import annotations

_PDF_WITHIN = 1024  # readers find the header in so many bytes (ISO 32000-1, annex H.3.4.1)
_KINDS = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),  # doc, xls, ppt: MS-CFB, 2.2
    (b"PK\x03\x04", "zip"),  # docx, xlsx, pptx, odt, ods too
    (b"PK\x05\x06", "zip"),  # an empty one
    (b"Rar!\x1a\x07", "rar"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"{\\rtf", "rtf"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
)


def file_kind_of(head: bytes) -> str | None:
    """The kind by at least a kilobyte of a file's beginning; None where it is none that we keep."""
    for magic, kind in _KINDS:
        if head.startswith(magic):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    before, found, _ = head[:_PDF_WITHIN].partition(b"%PDF-")
    return "pdf" if found and b"<" not in before else None  # a page that names it is a page
