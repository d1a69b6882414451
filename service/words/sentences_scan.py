"""Words about pages that are pictures: what reads them, and why one was not read."""

from __future__ import annotations

from collections.abc import Mapping

SCANS: Mapping[str, tuple[str, str]] = {
    "ocr.absent": (
        "không chạy được chương trình {command!r}: {said}",
        "the program {command!r} cannot be run: {said}",
    ),
    "ocr.language": (
        "chương trình {command!r} không có dữ liệu tiếng Việt (vie), chỉ có: {found}",
        "the program {command!r} has no Vietnamese data (vie), only: {found}",
    ),
    "ocr.late": ("đọc một trang lâu hơn {wall_s:g} giây", "a page took longer than {wall_s:g} s"),
    "ocr.failed": (
        "chương trình đọc trang kết thúc với mã {ended}, hoặc quá giới hạn",
        "the program that reads pages ended with {ended}, or met a limit",
    ),
    "ocr.no_table": (
        "chương trình đọc trang không in ra bảng các từ mà in: {said!r}",
        "the program that reads pages printed no table of words, but: {said!r}",
    ),
    "ocr.unsure": (
        "chữ trên bản quét không đủ rõ để đọc",
        "the words of the scan are not clear enough to be read",
    ),
    "ocr.damaged": ("tệp PDF bị hỏng", "the PDF is damaged"),
    "ocr.no_copy": ("không có bản lưu của tệp", "there is no copy of the file"),
    "ocr.gave_up": (
        "đã thử đọc nhiều lần mà không xong",
        "reading it was tried several times and never ended",
    ),
    "scan.note": (
        "đọc từ bản quét, cần đối chiếu bản gốc",
        "read from a scan, to be compared with the original",
    ),
    "scan.short": ("bản quét", "scan"),
}
