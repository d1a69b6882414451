"""What administrative document a post is, relays, or mentions: kind, number, date of issue, issuer.

It *is* the document when its title says so and its text does not tell of the issuing; it *relays* one when its first
sentences say that somebody issued it; whatever else it names, it *mentions*. Files complete a document, never more.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from service.posts.filename import NameHint, hint_of_name
from service.posts.issuer import issuer_key
from service.posts.kinds import KIND_OF_NAME, NOUN
from service.posts.numbers import Found, find_numbers, normalise_number, number_key
from service.text import clean, find_dates, fold
from service.types import Document, Mention, Relation

__all__ = ["document_key", "find_numbers", "is_same_document", "normalise_number", "understand_document"]

_TEXT_CHARS = 20_000
_TELLING_CHARS = 700
_HEADING_CHARS = 1_500
_TITLE_NOUN = re.compile(rf"(?:\[[^\]]{{0,40}}\]\s*+)?(?:[^:]{{0,40}}:\s*+)?[\W_]*+(?P<noun>{NOUN})(?!\w)")
_BEFORE_OWN_NUMBER = re.compile(r"[\W_]*(?:[A-ZĐÐ]{2,4}\s+)?(?:[Ss]ố)?[\W_]*")  # `Số 06/CT-UBND`, `GM số 18 GM-HĐND`
_VERBAL = ("chương trình", "dự án", "lệnh")  # also plain words: at a title's start they count only with a number
_TELLS = re.compile(r"(?:ban hành|vừa ký|đã ký|vừa có|đã có|có|ra|gửi)\s[^.;,]{0,45}$")


def document_key(document: Document | Mention) -> str | None:
    """What all posts and mentions of one document share: its number, in one writing. None without a number.

    Numbers begin anew with every issuer and year: what shares a key is then compared by `is_same_document`.
    """
    return number_key(document.number) if document.number else None


def is_same_document(one: Document | Mention, other: Document | Mention) -> bool:
    """Whether two are one document: equal numbers, no day or issuer that differs, and one of them known to agree."""
    key = document_key(one)
    if key is None or key != document_key(other):
        return False
    pairs = [(one.issued_on, other.issued_on), (_organ(one), _organ(other))]
    known = [(mine, theirs) for mine, theirs in pairs if mine is not None and theirs is not None]
    return bool(known) and all(mine == theirs for mine, theirs in known)


def _organ(document: Document | Mention) -> str | None:
    return issuer_key(document.issuer) if document.issuer else None


def understand_document(
    title: str, text: str, attachment: str = "", names: Sequence[str] = ()
) -> tuple[Document | None, tuple[Mention, ...]]:
    """The document that a post is or relays, and those that it only mentions.

    `attachment` is the text of its files, `names` are what they are called: neither overrules the title.
    """
    title, text = clean(title), text[:_TEXT_CHARS]
    in_title, in_text = find_numbers(title), find_numbers(text)
    hints = [hint for hint in map(hint_of_name, names) if hint is not None]
    kind = _kind_of_title(title, in_title)
    told = next((f for f in in_text if f.start < _TELLING_CHARS and _is_told(text, f)), None)
    if kind is not None:
        document: Document | None = _titled(kind, in_title, in_text, told, attachment, hints)
    else:
        relayed = told or _named(in_text, hints)
        document = _document(relayed, Relation.RELAYS) if relayed else None
    if document is not None and document.issued_on is None and document.relation is Relation.IS:
        document = replace(document, issued_on=_heading_day(document, attachment))
    own = document_key(document) if document else None
    mentions: dict[str, Mention] = {}
    for found in (*in_title, *in_text):
        key = number_key(found.number)
        if key != own:
            mentions.setdefault(key, Mention(found.kind, found.number, found.issued_on, found.issuer))
    return document, tuple(mentions.values())


def _heading_day(document: Document, attachment: str) -> date | None:
    """The day in a file's own heading, where the file bears the document's number (Nghị định 30/2020, phụ lục I)."""
    heading = clean(attachment[:_HEADING_CHARS])
    if document_key(document) not in {number_key(found.number) for found in find_numbers(heading)}:
        return None
    return next((day for day, start, end in find_dates(heading) if "tháng" in fold(heading[start:end])), None)


def _kind_of_title(title: str, in_title: Sequence[Found]) -> str | None:
    noun = _TITLE_NOUN.match(fold(title))
    if noun is not None and (in_title or noun["noun"] not in _VERBAL):
        return KIND_OF_NAME[noun["noun"]]
    if in_title and _BEFORE_OWN_NUMBER.fullmatch(title, 0, in_title[0].start):
        return in_title[0].kind
    return None


def _titled(
    kind: str,
    in_title: Sequence[Found],
    in_text: Sequence[Found],
    told: Found | None,
    attachment: str,
    hints: Sequence[NameHint],
) -> Document:
    """The document that the title names by its kind, with the first number of that kind that is at hand."""
    if told is not None and told.kind != kind:
        told = None
    relation = Relation.RELAYS if told else Relation.IS
    of_kind = (f for f in (*in_title, *in_text[:3], *find_numbers(clean(attachment))) if f.kind == kind)
    named = _named([f for f in in_text if f.kind == kind], hints)
    used = next((f for f in in_title if f.kind == kind), None) or told or named or next(of_kind, None)
    if used is None:
        number = next((hint.number for hint in hints if hint.kind == kind and hint.number), None)
        return Document(kind, number, None, None, relation)
    if told is not None and number_key(told.number) == number_key(used.number):
        return Document(kind, used.number, told.issued_on or used.issued_on, told.issuer or used.issuer, relation)
    return _document(used, relation)


def _named(found: Sequence[Found], hints: Sequence[NameHint]) -> Found | None:
    """The one of a text's documents that a file is called after."""
    told = {(hint.kind, hint.n) for hint in hints}
    return next((f for f in found if (f.kind, f.n) in told), None)


def _document(found: Found, relation: Relation) -> Document:
    return Document(found.kind, found.number, found.issued_on, found.issuer, relation)


def _is_told(text: str, found: Found) -> bool:
    return _TELLS.search(fold(text[max(found.start - 60, 0) : found.start])) is not None
