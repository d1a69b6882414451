"""Everything that a post's own words tell, in one value. Owns no rule of its own; refuses to invent a word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from service.posts.classify import Rules, classify
from service.posts.document import understand_document
from service.posts.places import Gazetteer
from service.posts.when import find_deadlines, find_meeting
from service.text import LOCAL, clean, excerpt, find_moment, first_sentences, fold
from service.types import AttachmentLink, Place, Understanding, Urgency

_SUMMARY_CHARS = 400
_LEAD_CHARS = 600
_URGENCIES = (
    (re.compile(r"(?<!\w)hoả tốc(?!\w)"), Urgency.HOA_TOC),
    (re.compile(r"(?<!\w)thượng khẩn(?!\w)"), Urgency.THUONG_KHAN),
    (re.compile(r"(?<!\w)(?:công điện|văn bản|công văn|thông báo) khẩn(?!\w)|^khẩn\s?[:!-]|\(khẩn\)"), Urgency.KHAN),
)
_EVERY_COMMUNE = re.compile(
    r"(?:ubnd|uỷ ban nhân dân|đảng uỷ|chủ tịch ubnd|mttq|hđnd)(?: và ubnd)? (?:các |tất cả các )?"
    r"(?:xã|phường)(?:, phường)?(?:, thị trấn)"
    r"|(?:ubnd|uỷ ban nhân dân|đảng uỷ|chủ tịch ubnd|chủ tịch uỷ ban nhân dân) các (?:xã|phường)"
)


class Understander:
    """Reads posts by one set of rules and one gazetteer."""

    def __init__(self, rules: Rules, gazetteer: Gazetteer) -> None:
        self.rules = rules
        self.gazetteer = gazetteer

    def understand(
        self,
        title: str,
        text: str,
        *,
        hints: Sequence[str] = (),
        attachments: Iterable[AttachmentLink] = (),
        portal_name: str = "",
        published_at: datetime | None = None,
        attachment_text: str = "",
    ) -> Understanding:
        """`hints` are the categories of the sections that list the post; `attachment_text` is that of its PDFs."""
        title, lead = clean(title), lead_of(text)
        categories, why = classify(self.rules, title, lead, hints[0] if hints else None)
        document, mentions = understand_document(title, text, attachment_text)
        day = published_at.astimezone(LOCAL).date() if published_at else None
        whole = f"{title}\n{text}"
        begins_at, venue = find_meeting(whole, day)
        places = self.gazetteer.find(whole, day)
        return Understanding(
            categories=categories,
            why=why,
            document=document,
            mentions=mentions,
            places=places,
            addressees=self.addressees(f"{whole}\n{attachment_text}", places, day),
            urgency=urgency_of(f"{title}\n{lead}"),
            deadlines=find_deadlines(f"{whole}\n{attachment_text}", day),
            begins_at=begins_at if {"meetings", "events"} & set(categories) else None,
            venue=venue if {"meetings", "events"} & set(categories) else None,
            summary=summary_of(text),
        )

    def addressees(self, text: str, places: Sequence[Place], day: date | None) -> tuple[str, ...]:
        """Ids of the communes that are addressed: all where a text says so, else those it names."""
        folded = fold(text)
        if _EVERY_COMMUNE.search(folded) and day is not None:
            return tuple(place.id for place in self.gazetteer.held_on(day))
        return tuple(
            place.id
            for place in places
            if re.search(rf"(?:ubnd|đảng uỷ|uỷ ban nhân dân) {re.escape(fold(place.name))}", folded)
        )


def lead_of(text: str) -> str:
    """The beginning of the body, without the date labels and counters that portals print above it."""
    return " ".join(_paragraphs(text))[:_LEAD_CHARS]


def summary_of(text: str) -> str:
    """One or two sentences of the post's own, cut between words where they are very long."""
    sentences = first_sentences("\n".join(_paragraphs(text)), 2)
    first = first_sentences(sentences, 1)
    return excerpt(sentences if len(sentences) <= _SUMMARY_CHARS else first, _SUMMARY_CHARS)


def urgency_of(text: str) -> Urgency:
    """Hỏa tốc goes before thượng khẩn, thượng khẩn before khẩn."""
    folded = fold(text)
    return next((urgency for pattern, urgency in _URGENCIES if pattern.search(folded)), Urgency.NORMAL)


def _paragraphs(text: str) -> list[str]:
    lines = (clean(line) for line in text.split("\n"))
    return [
        line
        for line in lines
        if len(line) > 5 and not (len(line) < 60 and find_moment(line) and not line.endswith("."))
    ]
