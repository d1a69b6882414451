"""Document numbers in running text, with the kind, the day and the issuer that stand around them.

A number is only taken where its shape and its letters are those of a document: `24/7`, `Quý 1/2024`
are none. The noisy forms of domain.md are taken as they come and given in one writing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from service.posts.issuer import DAY, find_issuer, organ_after
from service.posts.kinds import (
    ABBREVIATIONS,
    KIND_OF_ABBREVIATION,
    KIND_OF_NAME,
    NOUN,
    PARTY_KIND_OF_ABBREVIATION,
)
from service.text import find_dates, fold

_D = r"[-–—‐‑−\u00ad]"
_KINDS = "|".join(
    re.escape(a).replace("Đ", "[ĐÐ]") for a in sorted(ABBREVIATIONS.values(), key=len, reverse=True)
)
_GLUED_ISSUERS = (
    r"UBND|H[ĐÐ]ND|TTg|TTG|UBTVQH\d{0,2}|VPUBND|VPCP|CTUBND|MTTQ|UBMTTQ|BC[ĐÐ]|BCH|BNV|BTC|BYT|BCA|BQP|BNG|BTP|BXD|BCT"
    r"|BKHCN|BGD[ĐÐ]T|BNNMT|BNNPTNT|BVHTTDL|BDTTG|BTNMT|BGTVT|BKH[ĐÐ]T|BTTTT|BL[ĐÐ]TBXH|NHNN"
)
_GLUED = rf"(?:(?:{_KINDS})\s?(?:{_GLUED_ISSUERS})|(?:N[ĐÐ]|NQ|Q[ĐÐ])\s?CP)"
_PARTY_ISSUER = rf"[A-ZĐÐ][\wĐÐ]{{0,12}}(?:{_D}[A-ZĐÐ][\wĐÐ]{{0,12}})*"
_NUMBER = re.compile(
    rf"(?<![\w/.,:])(?P<n>\d{{1,5}}[a-zA-Z]?)\s{{0,2}}"
    rf"(?:/\s?(?:(?P<year>(?:19|20)\d\d)\s?/\s?)?(?P<glued>{_GLUED})(?![\w/]|\s?{_D})"
    rf"|/\s?(?:(?:19|20)\d\d)\s?/\s?(?P<legal>[A-ZĐÐ][A-ZĐÐa-z]{{0,12}}\d{{0,2}}(?:\s?{_D}\s?[A-ZĐÐ][\wĐÐ]{{0,12}})*)"
    rf"|/\s?(?P<state>[A-ZĐÐ][A-ZĐÐa-z]{{0,6}}\d{{0,2}}\s?(?:{_D}|\.)\s?[A-ZĐÐ][\w&ĐÐ]{{0,12}}(?:(?:\s?{_D}\s?|[.,&])[A-ZĐÐ][\wĐÐ]{{0,12}}){{0,3}})"
    rf"|\s?{_D}\s?(?P<party>[A-ZĐÐ][A-ZĐÐa-z]{{0,4}}\s?/\s?{_PARTY_ISSUER})"
    rf"|(?P<spaced>(?<=\s)(?:{_KINDS})\s?/\s?{_PARTY_ISSUER})"
    rf"|{_D}?\s?(?P<loose>(?:GM|CĐ|CT|CV|KH|QĐ|TB|NQ|BC|KL|HD)\s?{_D}\s?[A-ZĐÐ][\wĐÐ]{{1,12}}(?:{_D}[A-ZĐÐ][\wĐÐ]{{0,12}})*)"
    rf"|/\s?(?P<bare>[A-ZĐÐ][A-ZĐÐa-z]{{1,9}})(?!\s?{_D}))"
    r"(?![\w/])"
)
_SEPARATED = re.compile(rf"/(?P<kind>{_KINDS}|N[ĐÐ]|NQ)[ ]?(?P<issuer>{_GLUED_ISSUERS}|CP)$")
_SPACED = re.compile(rf"^(?P<n>\d{{1,5}}[a-zA-Z]?) (?P<rest>(?:{_KINDS})/)")
_LETTER_AFTER = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"  # 36a/NQ-CP
_SHARED_CHARS = 80
_FIRST_PART = re.compile(r"\d{1,5}")
_SHARES = re.compile(
    r"(?<!\w)số:?\s(?P<numbers>\d{1,5}(?:\s?,\s?\d{1,5}){0,8})\s?(?:,\svà|,|và)\s(?:số\s)?$",
    re.IGNORECASE,
)
_LAW = re.compile(r"QH\d{1,2}")
_TIGHT = re.compile(rf" ?({_D}|[/.&,]) ?")
DOUBLED_BAR = re.compile(r"(?<!\w)([QNC])ĐĐ(?!\w)")
"""A kind in which two code points were written for one letter; `QLĐĐ` and `ĐKĐĐ` are right so."""
_BETWEEN_PARTS = re.compile(r"[^\w&]+")
_BETWEEN_LETTERS = re.compile(r"\s?[/.\-]\s?")
_NOUN_NEAR = re.compile(rf"(?<!\w)({NOUN})(?!\w)")
_CLOSE = re.compile(r"(?:[^.;,:]{0,40}\bsố|(?:\s(?:hoả tốc|thượng khẩn|khẩn))?)\s*+(?::\s*+)?")
_DATE_AFTER = re.compile(
    rf"[\s,(]{{0,4}}(?:đề\s)?(?:được\s)?(?:ký\s)?(?:ban hành\s)?(?:ngày\s{{1,2}}(?=\d)|(?={DAY}))",
    re.IGNORECASE,
)
_OPENS = re.compile(r"(?:^\s{0,3}|,\s)(?:(?:vào|sáng|chiều)\s)?ngày\s+$", re.IGNORECASE)
_TOLD = re.compile(
    r"(?<!\w)(?:ban hành|ký|có|gửi|ra)\s(?![^.;,]{0,60}(?:kèm theo|thực hiện|theo|căn cứ|triển "
    r"khai))[^.;,]{0,60}$",
    re.IGNORECASE,
)
_DATE_BEFORE = re.compile(r"(?<!\w)ngày\s+$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class NumberMatch:
    """A document named in a text; the offsets are those of its number, `n` is its first part."""

    kind: str
    number: str
    issued_on: date | None
    issuer: str | None
    start: int
    end: int
    n: int


def normalise_number(text: str) -> str:
    """A number as its issuer writes it: no spaces, plain dashes, also where they were lost, Đ for
    its lookalike.

    >>> normalise_number("704 /TB–VPUBND"), normalise_number("30/2020/NĐCP")
    ('704/TB-VPUBND', '30/2020/NĐ-CP')
    """
    tight = _TIGHT.sub(
        lambda match: match[1] if match[1] in "/.&," else "-", " ".join(text.split())
    )
    tight = DOUBLED_BAR.sub(r"\1Đ", tight.replace("Ð", "Đ"))
    return _SPACED.sub(r"\g<n>-\g<rest>", _SEPARATED.sub(r"/\g<kind>-\g<issuer>", tight))


def number_key(number: str) -> str:
    """The form in which two writings of a number are equal: `08 GM-HĐND`, `8/gm–hđnd` and
    `08-GM/HĐND` are one.

    >>> number_key("08 GM-HĐND") == number_key("8/GM–HĐND")
    True
    """
    return "/".join(part.lstrip("0") or part for part in _BETWEEN_PARTS.split(fold(number)) if part)


def find_numbers(text: str) -> list[NumberMatch]:
    """Every document number in a text, with what stands around it. The text is one that `clean` has
    seen."""
    found: list[NumberMatch] = []
    for match in _NUMBER.finditer(text):
        last = _found(text, match)
        if last is not None:
            found += [*_sharing_letters(text, last), last]
    return found


def _sharing_letters(text: str, last: NumberMatch) -> Iterator[NumberMatch]:
    """`các Thông báo số 371, 372 và 374/TB-UBND`: those before the last."""
    before = _SHARES.search(text, max(last.start - _SHARED_CHARS, 0), last.start)
    if before is None:
        return
    letters = last.number.lstrip("0123456789")
    for one in _FIRST_PART.finditer(text, *before.span("numbers")):
        number = f"{one[0]}{letters}"
        yield replace(last, number=number, start=one.start(), end=one.end(), n=int(one[0]))


def number_at(text: str, start: int) -> NumberMatch | None:
    """The number that stands at an offset, after a label that says that it is one."""
    match = _NUMBER.match(text, start)
    if match is None:
        return None
    return _found(text, match) or (_made(text, match, "cong-van") if match["bare"] else None)


def _found(text: str, match: re.Match[str]) -> NumberMatch | None:
    kind = _kind_before(text, match.start())
    if match["bare"] and (kind is None or not match["bare"][:2].isupper()):
        return None
    kind = kind or _kind_of_letters(match)
    return _made(text, match, kind) if kind is not None else None


def _made(text: str, match: re.Match[str], kind: str) -> NumberMatch:
    issued_on = _issued_after(text, match.end()) or _issued_before(text, match.start())
    issuer = find_issuer(text, match.start(), match.end())
    n = int(match["n"].rstrip(_LETTER_AFTER))
    return NumberMatch(
        kind, normalise_number(match[0]), issued_on, issuer, match.start(), match.end(), n
    )


def _kind_before(text: str, start: int) -> str | None:
    before = fold(text[max(start - 70, 0) : start])
    nouns = list(_NOUN_NEAR.finditer(before))
    return (
        KIND_OF_NAME[nouns[-1][1]] if nouns and _CLOSE.fullmatch(before, nouns[-1].end()) else None
    )


def _kind_of_letters(match: re.Match[str]) -> str | None:
    """The kind by the letters of the number; None when they are those of no document."""
    if match["legal"] and _LAW.fullmatch(match["legal"]):
        return "luat"
    groups = ("glued", "legal", "state", "party", "spaced", "loose", "bare")
    raw = next(match[group] for group in groups if match[group])
    if match["glued"] or (match["legal"] and "-" not in raw):
        raw = normalise_number(f"/{raw}")[1:]
    first = _BETWEEN_LETTERS.split(fold(raw))[0]
    kinds = (
        PARTY_KIND_OF_ABBREVIATION if match["party"] or match["spaced"] else KIND_OF_ABBREVIATION
    )
    if first in kinds:
        return kinds[first]
    is_letter = bool(match["state"]) and len(first) >= 2 and match["state"][:2].isupper()
    return "cong-van" if is_letter else None


def _issued_after(text: str, end: int) -> date | None:
    """The day after the number, or after the organ that follows it: `số 5/KH-UBND của UBND xã ngày
    3/2/2026`."""
    match = _DATE_AFTER.match(text, end)
    if match is None and (organ := organ_after(text, end)) is not None:
        match = _DATE_AFTER.match(text, organ[1])
    dates = find_dates(text[match.end() : match.end() + 40]) if match else []
    return dates[0][0] if dates and dates[0][1] == 0 else None


def _issued_before(text: str, start: int) -> date | None:
    """The day with which the same sentence begins, where it tells of the issuing."""
    sentence = text[
        max(text.rfind(". ", 0, start) + 1, text.rfind("\n", 0, start) + 1, start - 300) : start
    ]
    if not _TOLD.search(sentence):
        return None
    dates = [found for found in find_dates(sentence) if _DATE_BEFORE.search(sentence, 0, found[1])]
    if len(dates) != 1:
        return None
    opening = _OPENS.search(sentence, 0, dates[0][1])
    is_of_other = (
        opening is not None and "/" in sentence[: opening.start()][-20:].rpartition(" ")[2]
    )
    return dates[0][0] if opening is not None and not is_of_other else None
