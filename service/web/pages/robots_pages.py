"""What programs ask a site for by habit: `/robots.txt`, `/sitemap.xml`, `/favicon.ico`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flask import Blueprint, Response

from service.feeds.sitemap_xml import render_sitemap
from service.storage.posts import newest_updates
from service.web.pages.help_text import TOPICS
from service.web.site import base_path

if TYPE_CHECKING:
    from service.bootstrap import Loa

ICON = Path(__file__).parents[1] / "static" / "favicon.ico"
NOT_FOR_ROBOTS = (
    "/admin/", "/api/", "/subscribe", "/confirm/", "/unsubscribe/", "/manage/", "/restore/",
    "/receipts/", "/unit/", "/*?",
)  # fmt: skip
"""What is somebody's own, and what is found in endless variants."""
NAMED_POSTS = 5_000
"""In the sitemap, the newest: 0.6 MB, a tenth of what its format allows."""


def make_blueprint(loa: Loa) -> Blueprint:
    blueprint = Blueprint("robots", __name__)

    @blueprint.get("/robots.txt")
    def robots() -> Response:
        service = loa.settings.service
        base = base_path(service.public_url)
        lines = ["User-agent: *", *(f"Disallow: {base}{path}" for path in NOT_FOR_ROBOTS)]
        lines.append(f"Sitemap: {service.public_url.rstrip('/')}/sitemap.xml")
        return _kept("\n".join([*lines, ""]).encode(), "text/plain; charset=utf-8", 86_400)

    @blueprint.get("/sitemap.xml")
    def sitemap() -> Response:
        root = loa.settings.service.public_url.rstrip("/")
        pages = [f"{root}/", f"{root}/feeds/", f"{root}/status", f"{root}/help/"]
        pages += [f"{root}/help/{topic}" for topic in TOPICS]
        with loa.database.reading() as conn:
            updates = newest_updates(conn, NAMED_POSTS)
        posts = [(loa.links.post_url(post_id), updated_at) for post_id, updated_at in updates]
        return _kept(render_sitemap(pages, posts), "application/xml; charset=utf-8", 3_600)

    @blueprint.get("/favicon.ico")
    def favicon() -> Response:
        """Who asks for it by habit gets pictures of three sizes; pages name the drawing."""
        return _kept(ICON.read_bytes(), "image/x-icon", 86_400)

    return blueprint


def _kept(body: bytes, content_type: str, max_age_s: int) -> Response:
    headers = {"Cache-Control": f"public, max-age={max_age_s}"}
    return Response(body, content_type=content_type, headers=headers)
