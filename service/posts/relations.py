"""How a document stands to the others that it names: what it replaces, amends, extends, cancels,
postpones, moves, reminds of, answers or relays.

The verb has to be the document's own, and stand in one clause with the number: `sửa đổi` inside the
title of a law that is cited, what is only planned, denied or was done by another says nothing, and
then it is a mention.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from service.posts.numbers import NumberMatch, find_numbers, number_key
from service.posts.relation_answers import is_answered, is_consulted
from service.posts.relation_beyond import is_repeated, link_beyond
from service.posts.relation_clauses import (
    END,
    NEW_SUBJECT,
    clause_start,
    verb_after,
    verb_before,
)
from service.posts.relation_objects import as_meant
from service.posts.relation_verbs import IGNORE, PAPER, SELF
from service.posts.sentences import with_joined_lines
from service.posts.unnumbered import find_unnumbered
from service.text import clean
from service.types import DocumentLink, Link, Mention

_CHARS = 20_000
_MOST = 100
_AFTER_CHARS = 200
_QUOTE_CHARS = 200
_CARRIES_OUT = re.compile(
    r"[\W\d_]{0,6}(?:để |nhằm )?(?:thực hiện|triển khai"
    r"|theo (?:chỉ đạo|đề nghị|tinh thần|yêu cầu))(?!\w)",
    IGNORE,
)
_CITES = re.compile(
    r"[\W\d_]{0,6}(?:căn cứ(?! (?:nội dung )?(?:đề nghị|kiến nghị))|xét (?:tờ trình|đề nghị)"
    r"(?! của [^.;]{1,80}có ý kiến))(?!\w)",
    IGNORE,
)
_IN_NEWS = re.compile(
    rf"{SELF}(?:(?:vừa|mới) (?:ký )?(?:ban hành|phát hành|có)|phát đi)\s{PAPER}(?: số:?)?\s?$",
    IGNORE,
)
_CONDITIONAL = re.compile(r"[\W\d_]{0,6}(?:trường hợp|nếu)(?!\w)", IGNORE)
_LISTED = re.compile(
    r"[^.;()]{0,90}(?:[,;]|và|cùng)\s(?:[-+\d.)]{1,3}\s|[a-hđ]\)\s)?(?:(?:\w+\s){1,6})?số:?\s?$"
    rf"|[^.;()]{{0,90}}(?:[,;]|và|cùng)\s(?:\w+\s){{0,4}}{PAPER}\s$"
    r"|\s?(?:,|và)\s$",
    IGNORE,
)
_ASIDE = re.compile(r"\s?\([^()]{1,20}\)")
"""`HĐND xã Đắk Drô (cũ)`."""
_LAWS = ("luat", "bo-luat", "phap-lenh", "nghi-dinh", "thong-tu", "thong-tu-lien-tich")
_OF_ALL = (Link.REMINDS, Link.RELAYS)
"""What is said once behind an enumeration is said of all in it."""
_VERB_BETWEEN = re.compile(
    rf"{SELF}(?:sửa đổi|bổ sung|thay thế|bãi bỏ|theo|quy định|hướng dẫn|thực hiện|căn cứ)(?!\w)",
    IGNORE,
)


def find_links(
    title: str, text: str, own: str | None = None, near: date | None = None
) -> tuple[DocumentLink, ...]:
    """Every other document that a text names, the first time that it says what becomes of it; `own`
    is the document's own number, `near` its day. One without a number is told of only where
    something becomes of it."""
    flat = with_joined_lines(f"{title}\n{text}")[:_CHARS]
    named = find_numbers(flat)[:_MOST]
    quoted = [one for one in named if _is_quoted(flat, one)]
    numbers = [one for one in named if one not in quoted]
    own_key = number_key(own) if own else None
    found: dict[str, DocumentLink] = {}
    last: Link | None = None
    for place, one in enumerate(numbers):
        key = number_key(one.number)
        if key == own_key:
            last = None
            continue
        before = numbers[place - 1] if place else None
        link, words = _link(flat, numbers, place, own, last)
        if link is Link.MENTIONS and before is not None:
            if last is not None and _is_listed(flat[before.end : one.start]):
                link = last
        elif link in _OF_ALL and before is not None and _is_listed(flat[before.end : one.start]):
            _tell_of_first(found, number_key(before.number), link)
        last = link
        known = found.get(key)
        if known is None or (known.link is Link.MENTIONS and link is not Link.MENTIONS):
            mention = Mention(one.kind, one.number, one.issued_on, one.issuer)
            found[key] = DocumentLink(link, mention, words)
    for one in quoted:
        mention = Mention(one.kind, one.number, one.issued_on, one.issuer)
        if (key := number_key(one.number)) != own_key:
            found.setdefault(key, DocumentLink(Link.MENTIONS, mention, clean(one.number)))
    for other in _unnumbered(flat, numbers, own, near):
        found.setdefault(f"{other.of.kind} {other.of.issued_on}", other)
    return tuple(found.values())


def _tell_of_first(found: dict[str, DocumentLink], key: str, link: Link) -> None:
    earlier = found.get(key)
    if earlier is not None and earlier.link is Link.MENTIONS:
        found[key] = replace(earlier, link=link)


def _is_listed(between: str) -> bool:
    """Whether two numbers with these words between them are of one enumeration."""
    said = _ASIDE.sub("", between)
    return _LISTED.fullmatch(said) is not None and _VERB_BETWEEN.search(said) is None


def _is_quoted(text: str, one: NumberMatch) -> bool:
    """Whether it stands in quotes: it is told of, not changed."""
    before = text[text.rfind("\n", 0, one.start) + 1 : one.start]
    after = text[one.end : one.end + _QUOTE_CHARS].partition("\n")[0]
    is_open = before.count('"') % 2 == 1 or before.rfind("“") > before.rfind("”")
    return is_open and ('"' in after or "”" in after)


def _unnumbered(
    text: str, numbers: Sequence[NumberMatch], own: str | None, near: date | None
) -> Iterator[DocumentLink]:
    """What becomes of those that are named by kind and day."""
    known = {(one.kind, one.issued_on) for one in numbers}
    for one in find_unnumbered(text, near):
        if (one.kind, one.issued_on) in known or (near is not None and one.issued_on == near):
            continue
        among = sorted([*numbers, one], key=lambda other: other.start)
        link, words = _link(text, among, among.index(one), own, None)
        if link is not Link.MENTIONS:
            yield DocumentLink(link, Mention(one.kind, None, one.issued_on, one.issuer), words)


def _link(
    text: str, numbers: Sequence[NumberMatch], place: int, own: str | None, last: Link | None
) -> tuple[Link, str]:
    """What becomes of one number, and the words of its clause; `last`: of the number before."""
    one = numbers[place]
    start = clause_start(text, one.start)
    stop = END.search(text, one.end, one.end + _AFTER_CHARS)
    end = stop.start() if stop else min(one.end + _AFTER_CHARS, len(text))
    said = clean(text[start:end])
    if _CITES.match(text, start) and not NEW_SUBJECT.search(text, start, one.start):
        is_asked = one.kind == "cong-van" and is_consulted(text, one)
        return (Link.ANSWERS if is_asked else Link.MENTIONS), said
    if _CONDITIONAL.match(text, start):
        return Link.MENTIONS, said
    own_key = number_key(own) if own else None
    earlier = [
        n
        for n in numbers[max(place - 8, 0) : place]
        if n.start >= start and number_key(n.number) != own_key
    ]
    verb = verb_before(text, start, one.start, earlier, last)
    carries_out = _CARRIES_OUT.match(text, start) and "," not in text[start : one.start]
    if verb is None and not carries_out:
        verb = verb_after(text, one.end, end)
    if verb is not None:
        link = as_meant(text, verb, (start, end), one, own)
        if link is not Link.MENTIONS or verb[1] < one.start:
            return link, said
    beyond = link_beyond(text, numbers, place)
    if beyond is not None:
        return beyond, said
    if is_repeated(text, start, one, own):
        return Link.REMINDS, said
    if own is None and _IN_NEWS.search(text, start, one.start):
        return Link.RELAYS, said
    is_reply = one.kind not in _LAWS and is_answered(text, start, one)
    return (Link.ANSWERS if is_reply else Link.MENTIONS), said
