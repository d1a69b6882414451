"""The sitemap of the archive (https://www.sitemaps.org/protocol.html)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from xml.sax.saxutils import escape

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
)


def render_sitemap(pages: Iterable[str], posts: Iterable[tuple[str, datetime]]) -> bytes:
    """Pages that change at any time, and posts with the instant of their last change.

    >>> render_sitemap(["https://x.example/"], []).splitlines()[2]
    b'<url><loc>https://x.example/</loc></url>'
    """
    lines = [f"<url><loc>{escape(url)}</loc></url>\n" for url in pages]
    for url, updated_at in posts:
        day = updated_at.isoformat(timespec="seconds")
        lines.append(f"<url><loc>{escape(url)}</loc><lastmod>{day}</lastmod></url>\n")
    return "".join([_HEAD, *lines, "</urlset>\n"]).encode()
