"""What the pictures of a document's pages say, as far as it can be believed.

A number counts only where two readings of different pictures agree: what one reading cuts
(`06/CT-U`) looks as certain as what is right. Nothing here overrules what text says of a post, and
no number from here makes two posts one document.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from service.posts.filename import NameHint
from service.posts.heading import place_day
from service.posts.kinds import KIND_NAMES
from service.posts.numbers import DOUBLED_BAR, NumberMatch, find_numbers, number_at, number_key
from service.text import fold
from service.types import (
    OCR,
    Deadline,
    Document,
    Reason,
    Relation,
    ScannedFacts,
    ScanReading,
    Understanding,
    Urgency,
)

SCAN = "scan"
"""The rule of a reason that was read from a picture; and what changed, where a scan added to a
post."""
HEADING_LINES = 14
_KIND_LINES = 24
_MOST_WORDS = 300
_URGENCIES = tuple(Urgency)
_RUBBISH = r"[_|:'’‘`´.,~\-–—=*°^\\]"
_LABEL = re.compile(
    rf"(?m)^(?:{_RUBBISH}|[^\S\n]){{0,8}}[S$][ốôóỏồổõộòơớo0ðđ6]{{1,2}}[^\S\n]?[:.;,]?[^\S\n]*(?=\d)",
    re.IGNORECASE,
)
"""`Số:` as it is read from a picture."""
_ALONE = re.compile(rf"(?<=\s){_RUBBISH}{{1,4}}(?=\s)")
_TWICE = re.compile(r"([/–-])\1{1,3}(?=\w)")
_SPLIT_DAY = re.compile(r"(?<![\d/])(\d{1,2}) ?/ ?(\d{1,2}) ?/ ?((?:19|20)\d\d)(?![\d/])")
_MISREAD = (
    (re.compile(r"(?<=[\d/\-–])C[Il1](?=[\s\-–.]|UBND|HĐND|TTg)"), "CT"),
    (re.compile(r"(?<=[\d/])(?:T[TIl1]{2}r?|T[Il1]r)(?=[\-–])"), "TTr"),
)
"""Letters of a kind, by what is read of them and is none. Only ever with a reading that has it
right."""
_GOES_ON = re.compile(r"\w|\s?[-–/]\s?\w")
_BY_CAPITALS = {name.upper(): slug for slug, name in KIND_NAMES.items()}
_NAMES = "|".join(map(re.escape, sorted(_BY_CAPITALS, key=len, reverse=True)))
_CAPITALS = re.compile(rf"(?m)^[^\w\n]{{0,8}}({_NAMES})(?=[^\S\n]*$)")


@dataclass(frozen=True, slots=True)
class ScanHeading:
    """What two readings of a heading agree upon; None for what they do not."""

    kind: str | None
    number: str | None
    issued_on: date | None
    words: str


def mend(text: str) -> str:
    """A reading with what certainly is no letter of a document put right: Ð, a day with spaces in
    it, marks that stand alone, the label before the number.

    >>> mend("' Só: 12/CĐÐ-UBND _ trước 01/ 11/2026")
    'Số: 12/CĐ-UBND trước 01/11/2026'
    """
    text = DOUBLED_BAR.sub(r"\1Đ", text.replace("Ð", "Đ"))
    text = _SPLIT_DAY.sub(r"\1/\2/\3", text)
    head, tail = _parted(text)
    head = re.sub(r"[^\S\n]{2,}", " ", _ALONE.sub(" ", _TWICE.sub(r"\1", head)))
    return _LABEL.sub("Số: ", head) + tail


def _parted(text: str) -> tuple[str, str]:
    lines = text.split("\n")
    head = "\n".join(lines[:HEADING_LINES])
    return head, text[len(head) :]


def read_scan_heading(scan: ScanReading) -> ScanHeading:
    """The number that both readings have, the day that neither contradicts, the kind."""
    first, second = (_parted(mend(one))[0] for one in (scan.text, scan.second))
    found = _agreed(first, second)
    days = {day for day in (place_day(f"\n{first}"), place_day(f"\n{second}")) if day is not None}
    capitals = _CAPITALS.search("\n".join(mend(scan.text).split("\n")[:_KIND_LINES]))
    kind = found.kind if found else _BY_CAPITALS[capitals[1]] if capitals else None
    day = days.pop() if len(days) == 1 else None
    is_from_second = found is not None and found.number not in first and found.number in second
    words = _words(second if is_from_second else first, found, day)
    return ScanHeading(kind, found.number if found else None, day, words)


def _words(head: str, found: NumberMatch | None, day: date | None) -> str:
    """The lines of the number and of the day."""
    told = [
        line.strip()
        for line in head.split("\n")
        if (found is not None and line.startswith("Số: ") and _n(line) == found.n)
        or (day is not None and place_day(f"\n{line}") == day)
    ]
    return " / ".join(told)[:_MOST_WORDS]


def _n(line: str) -> int | None:
    digits = re.match(r"Số: (\d{1,5})", line)
    return int(digits[1]) if digits else None


def _agreed(first: str, second: str) -> NumberMatch | None:
    """The number that both have, as the one writes it that lost the fewest of its marks."""
    found = [*_seen_by_other(first, second), *_seen_by_other(second, first)]
    whole = [one for one in found if "/" in one.number]
    return max(whole, key=lambda one: len(one.number), default=None)


def _seen_by_other(one: str, other: str) -> Iterator[NumberMatch]:
    text = _righted(one)
    for start in _labels(text):
        found = number_at(text, start)
        if found is not None and _is_in(found.number, other, needs_right=text != one):
            yield found


def _righted(text: str) -> str:
    for pattern, right in _MISREAD:
        text = pattern.sub(right, text)
    return text


def _labels(text: str) -> Iterator[int]:
    return (label.end() for label in re.finditer(r"(?m)^Số: ", text))


def _is_in(number: str, reading: str, *, needs_right: bool) -> bool:
    """Whether a reading has this number, all of it, after its label; the marks between its letters
    may be lost."""
    told = _squeezed(number)
    for text in (reading,) if needs_right else (reading, _righted(reading)):
        for start in _labels(text):
            end = _end_of(told, text, start)
            if end is not None and not _GOES_ON.match(text, end):
                return True
    return False


def _end_of(told: str, text: str, start: int) -> int | None:
    at, left = start, told
    while left and at < len(text) and text[at] != "\n":
        letter = _squeezed(text[at])
        if letter and not left.startswith(letter):
            return None
        left = left[len(letter) :]
        at += 1
    return None if left else at


def _squeezed(text: str) -> str:
    return "".join(letter for letter in fold(text) if letter.isalnum())


def complete(
    facts: Understanding,
    scans: Sequence[ScanReading],
    due: Sequence[Deadline],
    urgency: tuple[Urgency, Reason | None],
    hints: Sequence[NameHint],
    said: str,
) -> Understanding:
    """What is known of a post, with what its scanned files add, of which there is one at least.

    `due`, `urgency`: read from them; `hints`: what its files are called; `said`: its title and
    text.
    """
    headings = [(scan, read_scan_heading(scan)) for scan in scans]
    scan, heading = next((one for one in headings if one[1].number), headings[0])
    document = facts.document
    is_free = document is None or (document.number is None and document.relation is Relation.IS)
    is_alike = document is None or document.kind in (None, heading.kind) or heading.kind is None
    may_be = is_free and is_alike
    is_raised = _URGENCIES.index(urgency[0]) > _URGENCIES.index(facts.urgency)
    raised = urgency[1] if is_raised else None
    scanned = ScannedFacts(
        sha256=scan.sha256,
        kind=heading.kind if may_be and (document is None or document.kind is None) else None,
        number=heading.number if may_be else None,
        issued_on=heading.issued_on
        if may_be and (document is None or document.issued_on is None)
        else None,
        urgency=urgency[0].value if raised else None,
        words=heading.words,
        confidence=scan.confidence,
    )
    if raised is not None:
        facts = replace(facts, urgency=urgency[0], urgency_why=replace(raised, rule=SCAN))
    known = {(one.on, one.at) for one in facts.deadlines} | {
        (one.on, None) for one in facts.deadlines
    }
    more = tuple(replace(one, source=OCR) for one in due if (one.on, one.at) not in known)
    facts = replace(facts, deadlines=(*facts.deadlines, *more))
    if document is not None and scanned.number and _is_named(heading, hints, said):
        document = replace(
            document, number=scanned.number, issued_on=document.issued_on or scanned.issued_on
        )
        facts = replace(facts, document=document)
    says = (scanned.kind, scanned.number, scanned.issued_on, scanned.urgency)
    return replace(facts, scanned=scanned) if any(says) or more else facts


def _is_named(heading: ScanHeading, hints: Sequence[NameHint], said: str) -> bool:
    """Whether a file's name or the post's words name the number too: then it is as good as text."""
    key = number_key(heading.number or "")
    n = key.partition("/")[0]
    if any(hint.kind == heading.kind and str(hint.n) == n for hint in hints):
        return True
    return any(number_key(found.number) == key for found in find_numbers(said))


def adds(before: Understanding, after: Understanding, today: date) -> bool:
    """Whether what a scan adds is worth to be told again: a number where there was none, a deadline
    that is ahead, an urgency."""
    was, now = before.scanned, after.scanned
    if now is None:
        return False
    if now.number is not None and (was is None or was.number != now.number):
        return True
    is_raised = now.urgency == after.urgency != before.urgency
    if is_raised:
        return True
    known = {(one.on, one.at, one.recurs) for one in before.deadlines}
    return any(
        one.source == OCR
        and (one.on, one.at, one.recurs) not in known
        and (one.recurs is not None or one.on is None or one.on >= today)
        for one in after.deadlines
    )


def number_of(document: Document | None, scanned: ScannedFacts | None) -> str:
    """What search knows a post by; empty where nobody knows a number."""
    own = document.number if document else None
    return own or (scanned.number if scanned else None) or ""
