"""The address of a page as a QR code, for whoever holds its print: drawn here, within the page."""

from __future__ import annotations

from functools import lru_cache

import segno
from markupsafe import Markup


@lru_cache(256)
def qr_svg(address: str) -> Markup:
    """An `<svg>` without size, styles or script; error correction M, as a copier needs."""
    code = segno.make(address, error="m", micro=False)
    return Markup(code.svg_inline(omitsize=True, svgclass="qr", lineclass=None, border=2))  # noqa: S704  # made of squares, no text of the address
