"""Departments, police, schools and unions that a document's `Kính gửi` names, as it names them.

The communes' own organs are left out: whoever stands for a commune is addressed by its place.
"""

from __future__ import annotations

import re

from service.posts.organ_names import read_organ
from service.text import fold

_TO = re.compile(r"(?<!\w)kính (?:gửi|chuyển)\s?+:?[^\S\n]*+", re.IGNORECASE)
_ITEM = re.compile(r"(?:^|[;,:\n]|(?<=\s)và\s)[\s\-–+•*]{0,6}")
_SENTENCE_END = re.compile(r"(?<!TP)\.(?=\s)")
_GOES_ON = re.compile(r"[^\S\n]*+[-–+•*]")
_OF_PLACES = re.compile(r"(?<!\w)(?:ubnd|uỷ ban nhân dân|hđnd|hội đồng nhân dân|đảng uỷ)(?!\w)")
_BLOCK_CHARS = 1500  # forty addressees of a line each
_MOST = 40


def organs_addressed(text: str) -> tuple[str, ...]:
    """Each once, in order; none where no line says `Kính gửi`."""
    to = _TO.search(text)
    if to is None:
        return ()
    block = _block(text[to.end() : to.end() + _BLOCK_CHARS])
    found: dict[str, str] = {}
    past = 0
    for item in _ITEM.finditer(block):
        if item.end() < past or item.end() == len(block) or len(found) == _MOST:
            continue
        end = read_organ(block, item.end())
        if end is None:
            continue
        past = end
        name = " ".join(block[item.end() : end].split())
        if not _OF_PLACES.search(fold(name)):
            found.setdefault(fold(name), name)
    return tuple(found.values())


def _block(text: str) -> str:
    """The line of `Kính gửi`, and those of the list below it."""
    lines = text.split("\n")
    kept = [lines[0]]
    for line in lines[1:]:
        if not _GOES_ON.match(line) and kept[-1].rstrip()[-1:] not in (":", ";", ","):
            break
        kept.append(line)
    block = "\n".join(kept)
    end = _SENTENCE_END.search(block)
    return block[: end.start()] if end else block
