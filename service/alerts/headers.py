"""Mail headers as bytes, written here because no version of `email` can be trusted with a hostile
title.

Owns RFC 2047 encoded-words and folding. Refuses every character that could end a line, start a
header or turn text round; what it returns is ASCII, in lines of at most 76 octets where it folds.
"""

from __future__ import annotations

import re
from base64 import b64encode
from functools import lru_cache

from service.values import Mailbox

MAX_SUBJECT = 250
"""Characters of a subject that are shown; phones show about 60, and 10,000 help nobody."""

_CHUNK = 45
"""UTF-8 octets in one encoded-word: 60 octets of base64 and 12 of frame stay below RFC 2047's
75."""

_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # C0, DEL, C1 with U+0085
    # invisible, or turning text round
    "\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff]+"  # lone surrogates
)
_UNSAFE_BUT_LF = re.compile(_UNSAFE.pattern.replace("\x00-\x1f", "\x00-\t\v-\x1f"))
_SPACES = re.compile(r"\s+")
_PLAIN = re.compile(r"[A-Za-z0-9 .,:;/()'!?+-]*")


def visible_line(value: str) -> str:
    """A string as one line that shows what it is: nothing invisible, nothing that breaks a line."""
    return _SPACES.sub(" ", _UNSAFE.sub(" ", value)).strip()


def many_lines(value: str) -> str:
    """The same for running text: line ends are kept, as LF."""
    lines = (
        value.replace("\r\n", "\n")
        .replace("\r", "\n")
        .replace("\u2028", "\n")
        .replace("\u2029", "\n")
    )
    return "\n".join(visible_line(line) for line in lines.split("\n")).strip()


def without_controls(value: str) -> str:
    """Running text as it is written, in which LF alone steers anything."""
    return _UNSAFE_BUT_LF.sub(" ", value)


def shorten(value: str, limit: int) -> str:
    return value if len(value) <= limit else value[: limit - 1].rstrip() + "…"


def encode_phrase(value: str) -> bytes:
    """Unstructured text for a header's value: plain where it is harmless, else encoded-words (RFC
    2047, 2).

    A text that already looks like an encoded-word is encoded again, so that it is read as it was
    written.
    """
    text = visible_line(value)
    if len(text) <= 60 and _PLAIN.fullmatch(text) and "=?" not in text:
        return text.encode("ascii")
    words, chunk = [], b""
    for character in text:
        octets = character.encode()
        if len(chunk) + len(octets) > _CHUNK:
            words.append(chunk)
            chunk = b""
        chunk += octets
    words.append(chunk)
    return b"\r\n ".join(b"=?utf-8?B?" + b64encode(word) + b"?=" for word in words)


@lru_cache(512)
def subject(value: str) -> bytes:
    return encode_phrase(shorten(visible_line(value), MAX_SUBJECT)) or b"-"


def mailbox(box: Mailbox) -> bytes:
    """`Name <address>` as a header's value."""
    bare = str(box.address).encode("ascii")
    if not box.name:
        return bare
    phrase = encode_phrase(box.name)
    if not phrase.startswith(b"=?"):
        phrase = b'"' + phrase + b'"'
    return phrase + b" <" + bare + b">"
