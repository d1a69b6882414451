"""The files that a page links to or shows: what is one, what it is called, what it holds.

A file is told by the name at the end of its address; else by a viewer around it, by `download`, by
the words of its link, or by a handler whose address says that it hands out files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from urllib.parse import parse_qsl, unquote, urlsplit

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
_ENDINGS = {media_type: ending for ending, media_type in MEDIA_TYPES.items()}
_UNKNOWN = "application/octet-stream"
_MAX_NAME = 255
_NAME_WORDS = 3  # `Tải về`, `Xem tệp` and `tại đây` name nothing
_SUFFIXES = "|".join(ending[1:] for ending in sorted(MEDIA_TYPES, key=len, reverse=True))
_NAMED = re.compile(
    rf"(?<![^\s:(\"'])[^\s:(\"'][^:\n\"'<>|]{{0,200}}?\.(?:{_SUFFIXES})(?![\w.])", re.I
)
"""A file's name among words: `Công văn số 12.pdf`, `Tải về : kh-407.pdf (1,2 MB)`."""
_BEFORE_NAME = re.compile(
    r"^(?:tải về|tải xuống|tải|xem|download|file|tệp|tập tin)(?:\s+(?:file|tệp|tập tin))?\s+", re.I
)
_UNREADABLE = re.compile(r"[0-9a-f-]{16,}+|\d{8,}+|[\w-]{0,3}", re.I)
_UPLOAD = re.compile(r"^(?:[0-9a-f]{32}|[0-9a-f]{16})[-_]?(?=[^\s.]{3})(?=[^.]*[g-z])", re.I)
"""What upload handlers put before a name; `service.posts.filename` knows it too."""
_HANDLER = re.compile(
    r"(?:getfile|get_file|getdocument|filehandler|viewfile|openfile|getattach\w{0,12}|tai-?(?:file|tep|ve)|linkclick"
    r"|downloadfile|filedownload|download_file)(?:\.(?:aspx|ashx|php|jsp|do))?/?$|/download(?:s)?(?:\.(?:aspx|ashx|php|jsp|do))?(?:/[^/]{1,80})?$"
    r"|/\w{0,30}download\w{0,30}\.(?:aspx|ashx|php|jsp|do)$",
    re.I,
)
_ASKS = frozenset(
    {"download", "fileticket", "fileid", "file_id", "attachmentid", "idfile", "tepid"}
)
_SHOWN_BY = frozenset(
    {"url", "file", "src", "sourcedoc", "document", "doc", "path", "docurl", "pdf", "link", "furl"}
)
_BESIDE = re.compile(
    rf"\s*+[(\[]\s*+\.?({_SUFFIXES})(?:[\s,;|-]++\d[^()\[\]\n]{{0,40}}+)?\s*+[)\]]", re.I
)
"""What stands behind a link to a file: `(.pdf, 840 KB)`, `[DOCX]`."""
_MOST_BESIDE = 80
_VIEWER = re.compile(r"viewer|gview|pdfjs|officeapps|embed\.aspx|_layouts|/doc\.aspx", re.I)
_QUOTED = re.compile(r"['\"]([^'\"<>\s]{1,500})['\"]")
_FRAMES = {"iframe": ("src", "data-src"), "embed": ("src",), "object": ("data",), "frame": ("src",)}
_LOOKED_AT = "a, iframe, embed, object, [onclick]"


def media_type_of(url: str) -> str | None:
    """What the name at the end of an address promises; None when it is no file to keep."""
    return MEDIA_TYPES.get(PurePosixPath(unquote(urlsplit(url).path)).suffix.lower())


def file_name(url: str) -> str:
    """The last part of the path, readable."""
    return clean(unquote(urlsplit(url).path, errors="replace").rsplit("/", 1)[-1])[-_MAX_NAME:]


def find_attachments(
    scopes: Iterable[LexborNode], base_url: str, title: str = ""
) -> tuple[AttachmentLink, ...]:
    """The files that some elements link to or show, each address once, in order.

    `title` is the article's: it names a file whose own name nobody can read.
    """
    found: dict[str, AttachmentLink] = {}
    for scope in scopes:
        for node in scope.css(_LOOKED_AT):
            for url, media_type, told in _files_of(node, base_url):
                url = url.partition("#")[0]
                words = (
                    clean(text_of(node))
                    if node.tag not in _FRAMES
                    else clean(attribute(node, "title"))
                )
                found.setdefault(
                    url, AttachmentLink(url, _name(words, told, url, media_type, title), media_type)
                )
    return tuple(found.values())


def _files_of(node: LexborNode, base_url: str) -> Iterator[tuple[str, str, str]]:
    """Address, media type and the name that the element tells (or nothing), of the file behind an
    element."""
    if node.tag in _FRAMES:
        for name in _FRAMES[node.tag]:
            url = resolve_link(base_url, attribute(node, name))
            if url is None:
                continue
            if (shown := _shown_in(url)) is not None:
                yield *shown, ""
                return
            told = attribute(node, "type").lower()
            media_type = told if told in _ENDINGS else _media_in_path(url)
            if media_type is not None:
                yield url, media_type, ""
            return
        return
    href = attribute(node, "href").strip()
    url = resolve_link(base_url, href) if href and not href.startswith("#") else None
    if url is not None and (found := _linked(node, url)) is not None:
        yield found
        return
    for said in (
        attribute(node, "onclick"),
        href if href.lower().startswith("javascript:") else "",
    ):
        for quoted in _QUOTED.findall(unquote(said[:2_000])):
            opened = resolve_link(base_url, quoted)
            if opened is not None and (shown := _shown_in(opened)) is not None:
                yield *shown, ""
                return


def _shown_in(url: str) -> tuple[str, str] | None:
    """The file at an address, or the one that a viewer at it shows; None where neither is."""
    if media_type := media_type_of(url):
        return url, media_type
    parts = urlsplit(url)
    inner = [
        value
        for key, value in parse_qsl(parts.query, max_num_fields=50)
        if key.lower() in _SHOWN_BY
    ]
    if parts.fragment:
        inner.append(unquote(parts.fragment))
    for value in inner:
        shown = resolve_link(url, value.strip())
        if shown is not None and (media_type := media_type_of(shown)):
            return shown.partition("#")[0], media_type
    return None


def _linked(node: LexborNode, url: str) -> tuple[str, str, str] | None:
    words = clean(text_of(node))
    told = next((name for name in map(_named, _places(node, words)) if name), "")
    if media_type := media_type_of(url):
        return url, media_type, told
    if _VIEWER.search(url) and (shown := _shown_in(url)) is not None:
        return *shown, told
    media_type = _media_of_name(told) if told else _media_inside(url) or _media_beside(node)
    if "download" in node.attrs or told or media_type or _is_handler(url):
        return url, media_type or _UNKNOWN, told
    return None


def is_file(link: LexborNode, url: str) -> bool:
    """Whether a link leads to a file rather than to a page."""
    return _linked(link, url) is not None


def _places(node: LexborNode, words: str) -> Iterator[str]:
    yield attribute(node, "download")
    yield words
    yield attribute(node, "title")


def _named(text: str) -> str:
    found = _NAMED.search(text[:1_000]) if "://" not in text else None
    return _BEFORE_NAME.sub("", clean(found[0])) if found else ""


def _media_of_name(name: str) -> str | None:
    return MEDIA_TYPES.get(PurePosixPath(name).suffix.lower())


def _media_inside(url: str) -> str | None:
    """What a part of the path or a parameter names: `/TB+12.docx/9b1d…`, `?file=/vb/12.pdf`."""
    values = (value for _, value in parse_qsl(urlsplit(url).query, max_num_fields=50))
    return _media_in_path(url) or next(
        filter(None, (_media_of_name(one.strip()) for one in values)), None
    )


def _media_in_path(url: str) -> str | None:
    """What a part of the path names: `/TB+12.docx/9b1d…?t=17`."""
    names = unquote(urlsplit(url).path).split("/")
    return next(filter(None, (_media_of_name(name.strip()) for name in names)), None)


def _media_beside(node: LexborNode) -> str | None:
    """What the words right behind a link say of it."""
    after = node.next
    said = (after.text_content or "")[:_MOST_BESIDE] if after and after.is_text_node else ""
    found = _BESIDE.match(said) if said else None
    return MEDIA_TYPES[f".{found[1].lower()}"] if found is not None else None


def _is_handler(url: str) -> bool:
    parts = urlsplit(url)
    asked = {
        key.lower()
        for key, value in parse_qsl(parts.query, max_num_fields=50)
        if value not in ("", "0", "false")
    }
    return bool(asked & _ASKS) or (
        _HANDLER.search(parts.path) is not None and bool(asked or parts.path[-1:].isdigit())
    )


def _name(words: str, told: str, url: str, media_type: str, title: str) -> str:
    """What a file is called: by its link's words, with the ending that tells a computer what it is.

    An address, or a word such as `Tải về`, is no name: then the file's own counts, and the
    article's title where nobody could read that.
    """
    own = _UPLOAD.sub("", file_name(url))
    ending = PurePosixPath(own).suffix if _media_of_name(own) else _ENDINGS.get(media_type, "")
    if told and not _is_unreadable(told):
        return told[-_MAX_NAME:]
    fits = "://" not in words and len(words) <= _MAX_NAME - len(ending) and is_title(words)
    if fits and len(words.split()) >= _NAME_WORDS:
        return _ended(words, ending)
    if _media_of_name(own) and not _is_unreadable(own):
        return own
    if title:
        return _ended(title[: _MAX_NAME - len(ending)].rstrip(" ."), ending)
    return own or (_ended(words, ending) if fits else _ended("tep", ending))


def _is_unreadable(name: str) -> bool:
    return _UNREADABLE.fullmatch(PurePosixPath(name).stem) is not None


def _ended(name: str, ending: str) -> str:
    return name if name.lower().endswith(ending.lower()) else name + ending
