"""Archived files of posts, as a download: whatever a portal uploaded is never shown as a page of
ours. A PDF may be read in the browser too, in a sandbox without an origin. And pictures of first
pages, which are ours."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING
from urllib.parse import quote

from flask import Blueprint, Response

from service.alerts.links import MAX_NAME
from service.errors import NotFound
from service.portals.file_kinds import file_kind_of
from service.text import clean

if TYPE_CHECKING:
    from service.bootstrap import Loa

_DIGEST = re.compile(r"[0-9a-f]{64}")


def make_blueprint(loa: Loa) -> Blueprint:
    blueprint = Blueprint("attachments", __name__)

    @blueprint.get("/attachments/<digest>/<name>")
    def download(digest: str, name: str) -> Response:
        return _send(loa, digest, name, "attachment", "application/octet-stream")

    @blueprint.get("/attachments/<digest>/view/<name>")
    def view(digest: str, name: str) -> Response:
        """A PDF, and nothing else: a browser's reader of PDF gives it no page of ours to act on."""
        return _send(loa, digest, name, "inline", "application/pdf", only="pdf")

    @blueprint.get("/covers/<digest>.png")
    def cover(digest: str) -> Response:
        """The first page, as we drew it: a picture of ours, whatever is in the file."""
        if not _DIGEST.fullmatch(digest):
            raise NotFound("attachment", digest)
        try:
            picture = loa.archive.folder.cover_of(digest).read_bytes()
        except FileNotFoundError as error:
            raise NotFound("attachment", digest) from error
        response = Response(picture, content_type="image/png")
        response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
        response.headers["Cache-Control"] = "public, max-age=86400"
        response.set_etag(digest)
        return response

    return blueprint


def _send(
    loa: Loa, digest: str, name: str, how: str, content_type: str, only: str | None = None
) -> Response:
    """Raises NotFound where it is not kept, or not of the only kind that is wanted."""
    if not _DIGEST.fullmatch(digest):
        raise NotFound("attachment", digest)
    size, parts = loa.archive.open(digest)
    head = next(parts, b"")
    kind = file_kind_of(head)
    if kind is None or (only and kind != only):  # kept before kinds were told
        raise NotFound("attachment", digest)
    response = Response(chain((head,), parts), content_type=content_type)
    response.content_length = size
    response.headers["Content-Disposition"] = (
        f"{how}; filename*=UTF-8''{quote(clean(name)[-MAX_NAME:], safe='')}"
    )
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.set_etag(digest)
    return response
