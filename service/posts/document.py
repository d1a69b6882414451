"""What administrative document a post is, relays, or mentions: kind, number, date of issue, issuer.

It *is* the document that its title names and whose issuing its text does not tell of, or that the
heading of its own text names; it *relays* one when its first sentences say that somebody issued it;
whatever else it names, it *mentions*. Files complete a document by their heading and their names
alone: what they cite is never what they are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from service.posts.filename import NameHint, hint_of_name
from service.posts.heading import DocumentHeading, read_heading
from service.posts.issuer import is_one_organ, issuer_of_title
from service.posts.kinds import KIND_OF_NAME, NOUN
from service.posts.numbers import NumberMatch, find_numbers, number_key
from service.text import clean, fold
from service.types import Document, Mention, Relation

_TEXT_CHARS = 20_000
_TELLING_CHARS = 700
_TITLE_NOUN = re.compile(
    rf"(?:\[[^\]]{{0,40}}\]\s*+)?(?:[^:]{{0,40}}:\s*+)?[\W_]*+(?P<noun>{NOUN})(?!\w)"
)
_BEFORE_OWN_NUMBER = re.compile(
    r"[\W_]*(?:[A-ZĐÐ]{2,4}\s+)?(?:[Ss]ố)?[\W_]*"
)  # `Số 06/CT-UBND`, `GM số 18 GM-HĐND`
_VERBAL = (
    "chương trình",
    "dự án",
    "lệnh",
)  # also plain words: at a title's start they count only with a number
_TELLS = re.compile(r"(?:ban hành|vừa ký|đã ký|vừa có|đã có|có|ra|gửi)\s(?P<rest>[^.;,]{0,45})$")
_CITES = re.compile(r"(?<!\w)(?:thực hiện|theo|căn cứ|triển khai|kèm theo|tại|về)(?!\w)")
_LEADS = re.compile(rf"[\W_]*+(?:{NOUN})(?: hoả tốc| khẩn)? số ?:? ?")
_ON_A_MATTER = re.compile(r"[\W_]*+(?:v/v|về việc)(?!\w)[\s:]*+")
_PROMULGATED = frozenset(
    [
        "quy-che",
        "quy-dinh",
        "ke-hoach",
        "chuong-trinh",
        "phuong-an",
        "de-an",
        "du-an",
        "quy-hoach",
        "huong-dan",
    ]
)  # what a decision or a resolution enacts: its heading bears the number of both
_ENACTING = frozenset({"quyet-dinh", "nghi-quyet"})
_MATTER_CHARS = 20  # of a title: what is shorter stands in many headings


def document_key(document: Document | Mention) -> str | None:
    """What all posts and mentions of one document share: its number, in one writing. None without a
    number.

    Numbers begin anew with every issuer and year: what shares a key is then compared by
    `same.is_same_document`.
    """
    return number_key(document.number) if document.number else None


def understand_document(
    title: str, text: str, attachment: str = "", names: Sequence[str] = ()
) -> tuple[Document | None, tuple[Mention, ...]]:
    """The document that a post is or relays, and those that it only mentions.

    `attachment` is the text of its files, `names` are what they are called: neither overrules the
    title.
    """
    title, text = clean(title), text[:_TEXT_CHARS]
    in_title, in_text = find_numbers(title), find_numbers(text)
    hints = [hint for hint in map(hint_of_name, names) if hint is not None]
    kind = _kind_of_title(title, in_title)
    own, of_file = read_heading(text), read_heading(attachment) if attachment else None
    told = (
        None
        if own
        else next((f for f in in_text if f.start < _TELLING_CHARS and _is_told(text, f)), None)
    )
    document = (
        _titled(kind, in_title, _DocumentBody(text, in_text, own, of_file, told, hints))
        if kind is not None
        else _untitled(title, in_text, own, of_file, told, hints)
    )
    if document is not None:
        document = _completed(document, title, (*in_title, *in_text), own or of_file)
    own_key = document_key(document) if document else None
    mentions: dict[str, Mention] = {}
    for found in (*in_title, *in_text):
        key = number_key(found.number)
        if key != own_key:
            mentions.setdefault(
                key, Mention(found.kind, found.number, found.issued_on, found.issuer)
            )
    return document, tuple(mentions.values())


@dataclass(frozen=True, slots=True)
class _DocumentBody:
    """All that stands below a title."""

    text: str
    numbers: Sequence[NumberMatch]
    own: DocumentHeading | None
    of_file: DocumentHeading | None
    told: NumberMatch | None
    hints: Sequence[NameHint]


def _untitled(
    title: str,
    in_text: Sequence[NumberMatch],
    own: DocumentHeading | None,
    of_file: DocumentHeading | None,
    told: NumberMatch | None,
    hints: Sequence[NameHint],
) -> Document | None:
    """What a post is whose title names no kind: its own heading's, one told of, or its file's on
    that matter."""
    if own is not None and own.number is not None:
        return Document(own.kind, own.number, None, None, Relation.IS)
    relayed = told or _named(in_text, hints)
    if relayed is not None:
        return Document(
            relayed.kind, relayed.number, relayed.issued_on, relayed.issuer, Relation.RELAYS
        )
    if of_file is not None and of_file.number is not None and _is_matter(title, of_file):
        return Document(of_file.kind, of_file.number, None, None, Relation.IS)
    return None


def _is_matter(title: str, heading: DocumentHeading) -> bool:
    """Whether a title is what a heading says that its document is about; `V/v …` is the form of a
    công văn."""
    folded = fold(title)
    marked = _ON_A_MATTER.match(folded)
    matter = folded[marked.end() :] if marked else folded
    if marked and heading.kind == "cong-van":
        return True
    return len(matter) >= _MATTER_CHARS and matter in fold(heading.words)


def _completed(
    document: Document, title: str, found: Sequence[NumberMatch], heading: DocumentHeading | None
) -> Document:
    """Day and issuer from wherever they stand beside the document's number, or in its own
    heading."""
    key = document_key(document)
    same = [f for f in found if key is not None and number_key(f.number) == key]
    days = [f.issued_on for f in same if f.issued_on]
    issuers = [f.issuer for f in same if f.issuer]
    day = document.issued_on or (days[0] if len(set(days)) == 1 else None)
    named = issuer_of_title(title) if document.relation is Relation.IS else None
    issuer = document.issuer or named or (issuers[0] if issuers else None)
    if document.relation is Relation.IS and heading is not None and _is_of(heading, document):
        day = day or heading.issued_on
        is_fuller = issuer is not None and not is_one_organ(issuer)
        issuer = heading.issuer if heading.issuer and (is_fuller or issuer is None) else issuer
    return replace(document, issued_on=day, issuer=issuer)


def _is_of(heading: DocumentHeading, document: Document) -> bool:
    """Whether a heading is that of the document: its number, or its kind where one of the two bears
    no number."""
    if heading.number is not None and document.number is not None:
        return number_key(heading.number) == document_key(document)
    return heading.kind == document.kind


def _kind_of_title(title: str, in_title: Sequence[NumberMatch]) -> str | None:
    noun = _TITLE_NOUN.match(fold(title))
    if noun is not None and (in_title or noun["noun"] not in _VERBAL):
        return KIND_OF_NAME[noun["noun"]]
    if in_title and _BEFORE_OWN_NUMBER.fullmatch(title, 0, in_title[0].start):
        return in_title[0].kind
    return None


def _titled(kind: str, in_title: Sequence[NumberMatch], body: _DocumentBody) -> Document:
    """The document that the title names by its kind, with the first number of that kind that is its
    own."""
    told = body.told if body.told is not None and body.told.kind == kind else None
    relation = Relation.RELAYS if told else Relation.IS
    used = next((f for f in in_title if f.kind == kind), None)
    if used is None and body.own is not None:
        own_kind = kind if body.own.kind in (kind, "cong-van", None) else body.own.kind
        number = body.own.number or _hinted(kind, body.hints)
        return Document(own_kind, number, None, None, relation)
    used = (
        used
        or told
        or _named([f for f in body.numbers if f.kind == kind], body.hints)
        or _leading(kind, body)
    )
    if used is not None:
        return Document(kind, used.number, used.issued_on, used.issuer, relation)
    heading = body.of_file
    if heading is not None and heading.number is not None and _completes(heading, kind, relation):
        return Document(heading.kind, heading.number, None, None, relation)
    return Document(kind, _hinted(kind, body.hints), None, None, relation)


def _completes(heading: DocumentHeading, kind: str, relation: Relation) -> bool:
    """Whether a file's heading is that of a titled document: of its kind, or the decision that
    enacts it."""
    enacts = heading.kind in _ENACTING and kind in _PROMULGATED and relation is Relation.IS
    return heading.kind == kind or enacts


def _hinted(kind: str, hints: Sequence[NameHint]) -> str | None:
    return next((hint.number for hint in hints if hint.kind == kind and hint.number), None)


def _leading(kind: str, body: _DocumentBody) -> NumberMatch | None:
    """The document with whose name and number a line of the text begins: its subject, which nothing
    cites."""
    for found in body.numbers[:3]:
        line = body.text.rfind("\n", 0, found.start) + 1
        if (
            found.kind == kind
            and found.start - line < 60
            and _LEADS.fullmatch(fold(body.text[line : found.start]))
        ):
            return found
    return None


def _named(found: Sequence[NumberMatch], hints: Sequence[NameHint]) -> NumberMatch | None:
    """The one of a text's documents that a file is called after."""
    told = {(hint.kind, hint.n) for hint in hints}
    return next((f for f in found if (f.kind, f.n) in told), None)


def _is_told(text: str, found: NumberMatch) -> bool:
    telling = _TELLS.search(fold(text[max(found.start - 60, 0) : found.start]))
    return telling is not None and not _CITES.search(telling["rest"])
