"""What an administrative document says: of itself, of others, and of what is to be done until when.
Values alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

OCR = "ocr"
"""The source of what was read from pictures of pages: to be compared with the original."""

OVERRULED = "operator"
"""The rule, or the source, where a person decided."""


class Relation(StrEnum):
    """What a post has to do with the document it names."""

    IS = "is"
    RELAYS = "relays"


class Link(StrEnum):
    """How a document stands to another that it names."""

    REPLACES = "replaces"
    AMENDS = "amends"
    EXTENDS = "extends"
    CANCELS = "cancels"
    POSTPONES = "postpones"
    MOVES = "moves"
    REMINDS = "reminds"
    ANSWERS = "answers"
    RELAYS = "relays"
    MENTIONS = "mentions"


@dataclass(frozen=True, slots=True)
class Document:
    """What an administrative document says of itself. Kinds are slugs: `chi-thi`, `cong-van`, …"""

    kind: str | None
    number: str | None
    issued_on: date | None
    issuer: str | None
    relation: Relation


@dataclass(frozen=True, slots=True)
class Mention:
    """A document that a text names without being it."""

    kind: str | None
    number: str | None
    """None where it is named by its kind and day alone."""
    issued_on: date | None = None
    issuer: str | None = None


@dataclass(frozen=True, slots=True)
class Deadline:
    """Until when something is owed, by whom, and what: as the words of a document say it."""

    on: date | None
    """None where it comes again and again: then `recurs` says when."""
    text: str
    """The words it came from."""
    at: datetime | None = None
    """The hour, where one is said; else the day's end is meant."""
    owner: str | None = None
    """`communes`, `anyone`, `other` (an office that is none), or the id of a place; None where
    nobody read it."""
    owner_words: str = ""
    """The words that name the owner."""
    task: str = ""
    recurs: str | None = None
    """A rule of RFC 5545, section 3.3.10."""
    is_unsure: bool = False
    """Whether no words near the day say who owes it."""
    source: str | None = None
    """`OCR` where the words were read from a scanned file, `OVERRULED` where a person said it;
    None: from text."""

    @property
    def is_scanned(self) -> bool:
        return self.source == OCR


@dataclass(frozen=True, slots=True)
class DocumentLink:
    """A document that another replaces, amends, reminds of …, with the words that say so."""

    link: Link
    of: Mention
    words: str
    post_id: str | None = None
    """The post that is that document; None where none is known."""
    source: str | None = None
    """`OVERRULED` where a person said it; None: from text."""


@dataclass(frozen=True, slots=True)
class Rescheduling:
    """What another document made of a meeting."""

    link: Link | None
    """None: nothing; a person decided that it was read wrongly."""
    post_id: str
    """The post that says so, or that was read so."""
    begins_at: datetime | None
    """When it begins now; None where that is not said, or not certain."""
    venue: str | None
    times: int
    """How often it was rescheduled."""

    @property
    def is_off(self) -> bool:
        """Whether it does not take place, at least not on a day that is known."""
        return self.link in (Link.CANCELS, Link.POSTPONES)

    @property
    def is_unsure(self) -> bool:
        """Whether the calendar can only say that somebody has to look."""
        return self.link is not None and not self.is_off and self.begins_at is None


@dataclass(frozen=True, slots=True)
class ScanReading:
    """What was read from the pictures of a file's first pages."""

    sha256: str
    """Of the file."""
    text: str
    second: str
    """The heading, read again from another picture of it: what both say is believed."""
    confidence: float
    """Mean of the words, 0 to 100."""


@dataclass(frozen=True, slots=True)
class ScannedFacts:
    """What a scanned file adds to what text says of a post. Each is None where text says it, or
    the file does not."""

    sha256: str
    """Of the file."""
    kind: str | None
    number: str | None
    """Read alike twice. No key: it never makes two posts one document."""
    issued_on: date | None
    urgency: str | None
    """Where it is more urgent than the text says: the post's own now."""
    words: str
    """The lines that they were read from."""
    confidence: float
    """Mean of the file's words, 0 to 100."""
    source: str = OCR
