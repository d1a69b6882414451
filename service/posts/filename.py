"""What the name of an attached file says of a document: a hint that completes what a title begins,
no more."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from service.posts.kinds import ABBREVIATIONS, KIND_NAMES, KIND_OF_ABBREVIATION
from service.text import fold_plain, slugify

# Names lose their accents, and then two kinds may share one abbreviation: the more frequent is
# meant.
_RARER = ("du-an", "hop-dong", "quy-dinh", "thong-tu")
_PLAIN = {
    fold_plain(letters): letters
    for letters in sorted(
        ABBREVIATIONS, key=lambda letters: KIND_OF_ABBREVIATION[letters] not in _RARER
    )
}
_PLAIN_NAMES = {slugify(name): slug for slug, name in KIND_NAMES.items()}
_UPLOAD = re.compile(r"^[0-9a-f]{16}")  # what this family of portals puts before a name
_KIND = "|".join(sorted(_PLAIN, key=len, reverse=True))
_NAME = "|".join(sorted(_PLAIN_NAMES, key=len, reverse=True))
_MEANINGLESS = re.compile(
    r"(?:[0-9a-f]{8}[0-9a-f -]{0,40}|[0-9 .-]{1,60}|(?:scan|img|doc|document|file|untitled"
    r"|attachment|tai lieu|van ban|vb|cv)[ .-]?[0-9 ()]{0,20})",
    re.IGNORECASE,
)
_LONG_NAME = 200
_WHOLE = re.compile(
    rf"(?<![a-z0-9])(?P<n>\d{{1,5}}[a-c]?)-(?:(?P<year>(?:19|20)\d\d)-)?(?P<kind>{_KIND})-(?P<issuer>[a-z]+\d{{0,2}})(?![a-z0-9])"
)
_GLUED = re.compile(
    rf"(?<![a-z0-9])(?:(?P<kind>{_KIND})-?(?:so-)?|(?P<name>{_NAME})-(?:so-)?)(?P<n>\d{{1,5}})(?![a-z0-9])"
)
_ISSUERS = {"ttg": "TTg", "hdnd": "HĐND", "bcd": "BCĐ", "du": "ĐU"}
_PARTY = ("tw", "tu", "hu", "du")


@dataclass(frozen=True, slots=True)
class NameHint:
    """`n` is the number's first part, without leading zeros; `number` the whole, None where only
    the part is told."""

    kind: str
    n: int
    number: str | None


def say_file_name(name: str, document: str = "") -> str:
    """A file's name as people read it: without what the portal puts before it; where it then says
    nothing, the `document` that it is the only file of.

    >>> say_file_name("a78e75d1702156ddCt_06.pdf"), say_file_name("scan0007.pdf", "Chỉ thị 06/CT")
    ('Ct 06.pdf', 'Chỉ thị 06/CT.pdf')
    """
    stem, dot, ending = name.rpartition(".")
    if not dot or not ending.isalnum() or len(ending) > _LONGEST_ENDING:
        stem, ending = name, ""
    stem = " ".join((_UPLOAD.sub("", stem) or stem).replace("_", " ").split())
    if document and len(stem) < _LONG_NAME and _MEANINGLESS.fullmatch(stem):
        stem = document
    return f"{stem}.{ending}" if ending else stem


_LONGEST_ENDING = 5


def hint_of_name(name: str) -> NameHint | None:
    """The kind and number that a file's name tells; None where it tells none.

    >>> hint_of_name("06-CT-UBND.pdf")
    NameHint(kind='chi-thi', n=6, number='06/CT-UBND')
    """
    stem = unquote(name).rpartition("/")[2]
    stem = _UPLOAD.sub("", stem.rpartition(".")[0] or stem)
    slug = slugify(stem)
    whole = _WHOLE.search(slug)
    if whole:
        letters = _PLAIN[whole["kind"]]
        issuer = _ISSUERS.get(whole["issuer"], whole["issuer"].upper())
        year = f"{whole['year']}/" if whole["year"] else ""
        kind_letters = ABBREVIATIONS[letters]
        is_party = whole["issuer"] in _PARTY
        number = (
            f"{whole['n']}-{kind_letters}/{issuer}"
            if is_party
            else f"{whole['n']}/{year}{kind_letters}-{issuer}"
        )
        return NameHint(KIND_OF_ABBREVIATION[letters], _digits(whole["n"]), number)
    glued = _GLUED.search(slug)
    if glued is None:
        return None
    kind = (
        _PLAIN_NAMES[glued["name"]]
        if glued["name"]
        else KIND_OF_ABBREVIATION[_PLAIN[glued["kind"]]]
    )
    return NameHint(kind, _digits(glued["n"]), None)


def _digits(n: str) -> int:
    return int("".join(filter(str.isdecimal, n)))
