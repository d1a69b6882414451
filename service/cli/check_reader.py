"""Whether scanned files can be read: by which program, and with which language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.cli.finding import Finding

if TYPE_CHECKING:
    from service.bootstrap import Loa

WHAT = "scanned files"


def check_reader(loa: Loa) -> Finding:
    from service.portals.tesseract import LANGUAGE, OcrError, Tesseract

    command = loa.settings.ocr.command
    if not command:
        return Finding(WHAT, "ok", "marked as such and not read, since ocr.command is empty")
    try:
        name = Tesseract(command).describe()
    except OcrError as error:
        remedy = (
            'apt-get install tesseract-ocr tesseract-ocr-vie; or ocr.command = "" to do without'
        )
        return Finding(WHAT, "warning", f"they are not read: {error}", remedy)
    return Finding(WHAT, "ok", f"read by {name.removesuffix(LANGUAGE)}with {LANGUAGE}")
