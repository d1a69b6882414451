"""Bytes to text, whatever the portal claims: BOM, then valid UTF-8, header, meta, and last a trial.

Bytes that are valid UTF-8 beyond ASCII are UTF-8: no other charset produces them by accident. Text
is made NFC where it is taken out of the page (`service.text.clean`), not here: most of a page is
markup.
"""

from __future__ import annotations

import codecs
import re
import unicodedata

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(rb"<meta[^>]{0,200}?charset\s*+=\s*+(?:[\"']\s*+)?([\w.:-]{2,40})", re.I)
_XML = re.compile(rb"^\s*<\?xml[^>]{0,100}?encoding\s*+=\s*+[\"']([\w.:-]{2,40})", re.I)
_IN_HEADER = re.compile(r"charset\s*+=\s*+(?:[\"']\s*+)?([\w.:-]{2,40})", re.I)
_WESTERN = frozenset({"ascii", "iso8859-1", "cp1252"})
_TEXTUAL = _WESTERN | {
    "utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1258", "cp1250", "cp1251", "cp1254",
    "iso8859-15",
    "big5", "gbk", "gb2312", "gb18030", "shift_jis", "euc_jp", "euc_kr", "koi8-r", "cp874",
    "tis-620",
}  # fmt: skip
# Letters that Vietnamese alone has: their number tells windows-1258 from its western neighbours.
_VIETNAMESE = re.compile("[\u1ea0-\u1ef9\u0102\u0103\u0110\u0111\u01a0\u01a1\u01af\u01b0]")
_TRIAL = 20_000  # bytes are enough to tell charsets apart
# share of broken sequences among those beyond ASCII, in a page that is UTF-8 but for a cut
_TOLERATED = 0.02


def _lookup(label: str | bytes | None) -> str | None:
    """Python's name for a charset label that a page may declare; None for unknown and for non-text
    codecs."""
    if not label:
        return None
    text = label.decode("ascii", "replace") if isinstance(label, bytes) else label
    try:
        name = codecs.lookup(text).name
    except (LookupError, ValueError):
        return None
    if name not in _TEXTUAL:
        return None
    return (
        "cp1252" if name in _WESTERN else name
    )  # WHATWG Encoding: the label latin-1 means windows-1252


def _score(body: bytes, name: str) -> int:
    text = unicodedata.normalize("NFC", body[:_TRIAL].decode(name, "replace"))
    return len(_VIETNAMESE.findall(text)) - 5 * text.count("\ufffd")


def _is_nearly_utf8(body: bytes) -> bool:
    text = body.decode("utf-8", "replace")
    beyond = sum(1 for char in text if char > "\x7f")
    return (
        text.count("\ufffd") <= max(1, int(beyond * _TOLERATED))
        and text.count("\ufffd") * 4 < beyond
    )


def _utf16_without_bom(body: bytes) -> str | None:
    start = body[:400]
    if start.count(0) * 3 < len(start):
        return None
    return "utf-16-le" if start[1::2].count(0) >= start[::2].count(0) else "utf-16-be"


def _told_by_start(body: bytes) -> str | None:
    marked = next((name for mark, name in _BOMS if body.startswith(mark)), None)
    return marked or _utf16_without_bom(body)


def _find_without_utf8(body: bytes, content_type: str) -> str:
    in_header, in_meta, in_xml = (
        _IN_HEADER.search(content_type),
        _DECLARED.search(body),
        _XML.match(body),
    )
    labels = (in_header and in_header[1], in_meta and in_meta[1], in_xml and in_xml[1])
    declared = [
        name for name in map(_lookup, labels) if name and not name.startswith(("utf-16", "utf-32"))
    ]
    if _is_nearly_utf8(body):
        return "utf-8"
    for name in declared:
        if name in _WESTERN or name == "utf-8":
            continue
        if _score(body, name) >= 0:
            return name
    return "cp1258" if _score(body, "cp1258") > 0 else "cp1252"


def is_plain_utf8(body: bytes) -> bool:
    """Whether the bytes are UTF-8 without a mark: then nothing is to be decoded."""
    if _told_by_start(body) is not None:
        return False
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def decode(body: bytes, content_type: str = "") -> str:
    """The text of a page. Never raises: what no charset explains becomes U+FFFD."""
    name = _told_by_start(body)
    if name is None:
        try:
            return body.decode("utf-8")
        except UnicodeDecodeError:
            name = _find_without_utf8(body, content_type)
    text = body.decode(name, "replace")
    if name == "cp1258":
        text = unicodedata.normalize(
            "NFC", text
        )  # its tone marks are combining characters by design
    return text.removeprefix("\ufeff")
