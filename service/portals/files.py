"""The files that a page links to: what is one, what it is called, what it holds."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from selectolax.lexbor import LexborNode

from service.portals.dom import attribute, text_of
from service.portals.titles import is_title
from service.portals.urls import resolve_link
from service.text import clean
from service.types import AttachmentLink

_OFFICE = "application/vnd.openxmlformats-officedocument"
_OPEN = "application/vnd.oasis.opendocument"
MEDIA_TYPES = {
    ".pdf": "application/pdf",
    ".doc": "application/msword",
    ".docx": f"{_OFFICE}.wordprocessingml.document",
    ".xls": "application/vnd.ms-excel",
    ".xlsx": f"{_OFFICE}.spreadsheetml.sheet",
    ".ppt": "application/vnd.ms-powerpoint",
    ".pptx": f"{_OFFICE}.presentationml.presentation",
    ".odt": f"{_OPEN}.text",
    ".ods": f"{_OPEN}.spreadsheet",
    ".rtf": "application/rtf",
    ".zip": "application/zip",
    ".rar": "application/vnd.rar",
    ".7z": "application/x-7z-compressed",
}
_MAX_NAME = 255
_NAME_WORDS = 3  # `Tải về`, `Xem tệp` and `tại đây` name nothing


def media_type_of(url: str) -> str | None:
    """What the name at the end of an address promises; None when it is no file to keep."""
    return MEDIA_TYPES.get(PurePosixPath(unquote(urlsplit(url).path)).suffix.lower())


def file_name(url: str) -> str:
    """The last part of the path, readable."""
    return clean(unquote(urlsplit(url).path, errors="replace").rsplit("/", 1)[-1])[-_MAX_NAME:]


def _name(text: str, url: str) -> str:
    """What a file is called: by its link's words, with the ending that tells a computer what it is.

    An address, or a word such as `Tải về`, is no name: then the file's own counts.
    """
    own = file_name(url)
    ending = PurePosixPath(own).suffix
    if "://" in text or len(text) > _MAX_NAME - len(ending) or not is_title(text) or len(text.split()) < _NAME_WORDS:
        return own
    return text if text.lower().endswith(ending.lower()) else text + ending


def find_attachments(scopes: Iterable[LexborNode], base_url: str) -> tuple[AttachmentLink, ...]:
    """The files that anchors of some elements lead to, each address once, in order."""
    found: dict[str, AttachmentLink] = {}
    for scope in scopes:
        for link in scope.css("a[href]"):
            url = resolve_link(base_url, attribute(link, "href"))
            media_type = media_type_of(url) if url else None
            if url is None or media_type is None:
                continue
            url = url.partition("#")[0]
            text = clean(text_of(link))
            found.setdefault(url, AttachmentLink(url, _name(text, url), media_type))
    return tuple(found.values())
