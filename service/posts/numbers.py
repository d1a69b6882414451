"""Document numbers in running text, with the kind, the day and the issuer that stand around them.

A number is only taken where its shape and its letters are those of a document: `24/7`, `Quý 1/2024` are none.
The noisy forms of domain.md are taken as they come and given in one writing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from service.posts.issuer import find_issuer
from service.posts.kinds import KIND_OF_ABBREVIATION, KIND_OF_NAME, NOUN, PARTY_KIND_OF_ABBREVIATION
from service.text import find_dates, fold

_D = r"[-–—‐−]"
_NUMBER = re.compile(
    rf"(?<![\w/.,:])(?P<n>\d{{1,5}}[a-zA-Z]?)\s{{0,2}}"
    rf"(?:/\s?(?P<year>(?:19|20)\d\d)\s?/\s?(?P<legal>[A-ZĐÐ][A-ZĐÐa-z]{{0,5}}\d{{0,2}}(?:\s?{_D}\s?[A-ZĐÐ][\wĐÐ]{{0,12}})*)"
    rf"|/\s?(?P<state>[A-ZĐÐ][A-ZĐÐa-z]{{0,6}}\s?(?:{_D}|\.)\s?[A-ZĐÐ][\w&ĐÐ]{{0,12}}(?:(?:\s?{_D}\s?|[.,&])[A-ZĐÐ][\wĐÐ]{{0,12}}){{0,3}})"
    rf"|\s?{_D}\s?(?P<party>[A-ZĐÐ][A-ZĐÐa-z]{{0,4}}\s?/\s?[A-ZĐÐ][\wĐÐ]{{0,12}}(?:{_D}[A-ZĐÐ][\wĐÐ]{{0,12}})*)"
    rf"|{_D}?\s?(?P<loose>(?:GM|CĐ|CT|CV|KH|QĐ|TB|NQ|BC|KL|HD)\s?{_D}\s?[A-ZĐÐ][\wĐÐ]{{1,12}}(?:{_D}[A-ZĐÐ][\wĐÐ]{{0,12}})*))"
    r"(?![\w/])"
)
_LETTER_AFTER = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"  # 36a/NQ-CP
_LAW = re.compile(r"QH\d{1,2}")
_TIGHT = re.compile(rf" ?({_D}|[/.&,]) ?")
_BETWEEN_PARTS = re.compile(r"[^\w&]+")
_BETWEEN_LETTERS = re.compile(r"\s?[/.\-]\s?")
_NOUN_NEAR = re.compile(rf"(?<!\w)({NOUN})(?!\w)")
_CLOSE = re.compile(r"(?:[^.;,:]{0,40}\bsố|(?:\s(?:hoả tốc|thượng khẩn|khẩn))?)\s*+(?::\s*+)?")
_DATE_AFTER = re.compile(r"[\s,(]*(?:ký\s+)?(?:ban hành\s+)?ngày\s+", re.IGNORECASE)
_DATE_BEFORE = re.compile(r"(?<!\w)ngày\s+$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Found:
    """A document named in a text; the offsets are those of its number, `n` is its first part."""

    kind: str
    number: str
    issued_on: date | None
    issuer: str | None
    start: int
    end: int
    n: int


def normalise_number(text: str) -> str:
    """A number as its issuer writes it: no spaces, plain dashes, Đ for its lookalike.

    >>> normalise_number("704 /TB–VPUBND")
    '704/TB-VPUBND'
    """
    tight = _TIGHT.sub(lambda match: "-" if match[1] in "-–—‐−" else match[1], " ".join(text.split()))
    return tight.replace("Ð", "Đ")


def number_key(number: str) -> str:
    """The form in which two writings of a number are equal: `08 GM-HĐND`, `8/gm–hđnd` and `08-GM/HĐND` are one.

    >>> number_key("08 GM-HĐND") == number_key("8/GM–HĐND")
    True
    """
    return "/".join(part.lstrip("0") or part for part in _BETWEEN_PARTS.split(fold(number)) if part)


def find_numbers(text: str) -> list[Found]:
    """Every document number in a text, with what stands around it. The text is one that `clean` has seen."""
    found = []
    for match in _NUMBER.finditer(text):
        kind = _kind_before(text, match.start()) or _kind_of_letters(match)
        if kind is not None:
            issued_on = _issued_after(text, match.end()) or _issued_before(text, match.start())
            issuer = find_issuer(text, match.start(), match.end())
            n = int(match["n"].rstrip(_LETTER_AFTER))
            found.append(Found(kind, normalise_number(match[0]), issued_on, issuer, match.start(), match.end(), n))
    return found


def _kind_before(text: str, start: int) -> str | None:
    before = fold(text[max(start - 70, 0) : start])
    nouns = list(_NOUN_NEAR.finditer(before))
    return KIND_OF_NAME[nouns[-1][1]] if nouns and _CLOSE.fullmatch(before, nouns[-1].end()) else None


def _kind_of_letters(match: re.Match[str]) -> str | None:
    """The kind by the letters of the number; None when they are those of no document."""
    if match["legal"] and _LAW.fullmatch(match["legal"]):
        return "luat"
    letters = fold(match["legal"] or match["state"] or match["party"] or match["loose"])
    first = _BETWEEN_LETTERS.split(letters)[0]
    kinds = PARTY_KIND_OF_ABBREVIATION if match["party"] else KIND_OF_ABBREVIATION
    if first in kinds:
        return kinds[first]
    is_letter = bool(match["state"]) and len(first) >= 2 and match["state"][:2].isupper()
    return "cong-van" if is_letter else None


def _issued_after(text: str, end: int) -> date | None:
    match = _DATE_AFTER.match(text, end)
    dates = find_dates(text[match.end() : match.end() + 40]) if match else []
    return dates[0][0] if dates and dates[0][1] == 0 else None


def _issued_before(text: str, start: int) -> date | None:
    """The day with which the same sentence begins, where it tells of the issuing."""
    sentence = text[max(text.rfind(". ", 0, start) + 1, text.rfind("\n", 0, start) + 1, start - 300) : start]
    if "ban hành" not in fold(sentence):
        return None
    dates = [found for found in find_dates(sentence) if _DATE_BEFORE.search(sentence, 0, found[1])]
    return dates[0][0] if len(dates) == 1 else None
