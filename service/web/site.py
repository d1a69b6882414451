"""What every page says of the site itself: the path it lies below, and its categories by name."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Response
from werkzeug.wrappers import Response as AnyResponse

if TYPE_CHECKING:
    from service.bootstrap import Loa


def base_path(public_url: str) -> str:
    """The path of `public_url` without its last slash: what stands before every link within the
    site.

    >>> base_path("https://x.example/loa/"), base_path("https://x.example")
    ('/loa', '')
    """
    return urlsplit(public_url).path.rstrip("/")


def category_name(loa: Loa, category_id: str, language: str) -> str:
    """A category's label; its id where it is configured no more."""
    for category in loa.rules.categories:
        if category.id == category_id:
            return category.names.get(language) or category.names.get("vi", category_id)
    return category_id


def with_script(page: str, *, asks: bool = False) -> Response:
    """A page with a script of our own, which works without it too. `asks`: it calls the API of this
    service; nothing else is ever called."""
    response = Response(page, content_type="text/html; charset=utf-8")
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    response.headers["Content-Security-Policy"] = policy + ("; connect-src 'self'" if asks else "")
    return response


def keep_private(response: AnyResponse) -> AnyResponse:
    """For pages that are somebody's own: no cache and no search engine keeps them."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
