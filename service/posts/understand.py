"""Everything that a post's own words tell, in one value. Owns no rule of its own; refuses to invent
a word."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime

from service.posts.addressed import organs_addressed
from service.posts.classify import classify
from service.posts.document import understand_document
from service.posts.filename import hint_of_name
from service.posts.gazetteer import Gazetteer
from service.posts.kinds import KIND_NAMES
from service.posts.place_units import PortalArea
from service.posts.relations import find_links
from service.posts.rules import Rules
from service.posts.scanned import complete, mend
from service.posts.sentences import joined_lines, lead_of, summary_of
from service.posts.tasks import find_tasks
from service.posts.when import find_meeting
from service.text import LOCAL, clean, fold
from service.types import (
    AttachmentLink,
    Deadline,
    Document,
    Place,
    Reason,
    Relation,
    ScanReading,
    Understanding,
    Urgency,
)

_TEXT_CHARS = 200_000  # a hundred pages; what is longer is a hostile page or a whole code of law
_STAMP_CHARS = 600  # a document's urgency is stamped beside its heading
_URGENCIES = (
    (re.compile(r"(?<!\w)hoả tốc(?!\w)"), Urgency.HOA_TOC),
    (re.compile(r"(?<!\w)thượng khẩn(?!\w)"), Urgency.THUONG_KHAN),
    (
        re.compile(
            r"(?<!\w)(?:công điện|điện|văn bản|công văn|thông báo|chỉ thị|chỉ đạo|giấy mời) "
            r"khẩn(?!\w| trương| cấp)"
            r"|^khẩn\s?[:!-]|\(khẩn\)"
        ),
        Urgency.KHAN,
    ),
)
_STAMP = re.compile(r"(?m)^[^\S\n]*+khẩn[^\S\n]*+$")
_EVERY_COMMUNE = re.compile(
    r"(?:ubnd|uỷ ban nhân dân|đảng uỷ|cấp uỷ|mttq|hđnd|chính quyền|địa phương)"
    r"(?:,? (?:và )?(?:hđnd|ubnd|đảng uỷ|mttq)){0,8} (?:tại )?(?:các |tất cả các |toàn bộ các )"
    r"(?P<kinds>(?:xã|phường|thị trấn|đặc khu)"
    r"(?:(?:, và |, | và |/| - )(?:xã|phường|thị trấn|đặc khu))*)(?!\w)"
    r"|(?:ubnd|uỷ ban nhân dân|đảng uỷ) "
    r"(?P<pair>(?:xã|phường)(?:, phường)?, (?:thị trấn|đặc khu))(?!\w)"
)
_KIND = re.compile(r"xã|phường|thị trấn|đặc khu")


class Understander:
    """Reads posts by one set of rules and one gazetteer; `days_off` are not counted as working
    days."""

    def __init__(self, rules: Rules, gazetteer: Gazetteer, days_off: Collection[date] = ()) -> None:
        self.rules = rules
        self.gazetteer = gazetteer
        self.days_off = days_off

    def understand(
        self,
        title: str,
        text: str,
        *,
        hints: Sequence[str] = (),
        attachments: Iterable[AttachmentLink] = (),
        published_at: datetime | None = None,
        attachment_text: str = "",
        portal: str = "",
        scans: Sequence[ScanReading] = (),
    ) -> Understanding:
        """`hints` are the categories of the sections that list the post; `attachment_text` is that
        of its PDFs; `portal` is the id of who published it: places are read by its area; `scans`
        complete what all of these leave open."""
        title, text = clean(title), text[:_TEXT_CHARS]
        lead = lead_of(text, title)
        categories, why = classify(self.rules, title, lead, hints)
        names = [name for link in attachments for name in (link.name, link.url)]
        document, mentions = understand_document(title, text, attachment_text, names)
        document = _decided(document, why)
        categories, why = self._by_document(categories, why, document)
        day = published_at.astimezone(LOCAL).date() if published_at else None
        whole = f"{title}\n{text}"
        area = self.gazetteer.area_of(portal)
        places = self.gazetteer.find(whole, day, area)
        in_files = joined_lines(attachment_text)
        signed_on = document.issued_on if document else None
        is_addressed = document is not None or not {categories[0]} & {
            self.rules.fallback,
            *self.rules.with_calendar,
        }
        everything = f"{whole}\n{in_files}"
        communes = self.addressees(everything, places, day, area) if is_addressed else ()
        begins_at, venue = (
            find_meeting(everything, day)
            if self.rules.with_calendar & set(categories)
            else (None, None)
        )
        urgency, urgency_why = urgency_of(f"{title}\n{lead}", attachment_text)
        facts = Understanding(
            categories=categories,
            why=why,
            document=document,
            mentions=mentions,
            places=places,
            addressees=(*communes, *organs_addressed(everything)) if is_addressed else (),
            urgency=urgency,
            urgency_why=urgency_why,
            deadlines=self._tasks(title, f"{text}\n{in_files}", day, signed_on),
            relations=find_links(
                title,
                f"{text}\n{in_files}",
                document.number if document else None,
                signed_on or day,
            ),
            begins_at=begins_at,
            venue=venue,
            summary=summary_of(text, title),
            concerns=self.concerns((*(place.id for place in places), *communes), day),
        )
        if not scans:
            return facts
        readings = [mend(scan.text) for scan in scans]
        told = (hint for name in names if (hint := hint_of_name(name)) is not None)
        return complete(
            facts,
            scans,
            [
                due
                for reading in readings
                for due in self._tasks(title, joined_lines(reading), day, signed_on)
            ],
            max((urgency_of("", reading) for reading in readings), key=_how_urgent),
            list(told),
            whole,
        )

    def _by_document(
        self,
        categories: tuple[str, ...],
        why: tuple[Reason, ...],
        document: Document | None,
    ) -> tuple[tuple[str, ...], tuple[Reason, ...]]:
        """What neither words nor a section put anywhere is where its document belongs."""
        home = self.rules.of_documents
        is_open = categories[0] == self.rules.fallback and why[0].rule in ("fallback", "section")
        is_own = document is not None and document.relation is Relation.IS
        number = document.number if document is not None and is_own else None
        if not is_open or home is None or number is None:
            return categories, why
        return (home,), (Reason(home, "document", number),)

    def _tasks(
        self, title: str, text: str, day: date | None, signed_on: date | None
    ) -> tuple[Deadline, ...]:
        return find_tasks(
            title,
            text,
            day,
            signed_on,
            self.days_off,
            lambda words: tuple(place.id for place in self.gazetteer.find(words, day)),
        )

    def concerns(self, ids: Sequence[str], day: date | None) -> tuple[str, ...]:
        """These places, what became of those that stood no longer on the day, and all that any of
        them took in."""
        later = [
            heir.place.id
            for unit in filter(None, map(self.gazetteer.unit, ids))
            if not unit.stood_on(day) and (day is None or unit.ends_on is not None)
            for heir in self.gazetteer.present(unit.place.id)
        ]
        return self.gazetteer.with_former([*ids, *later])

    def addressees(
        self, text: str, places: Sequence[Place], day: date | None, area: PortalArea
    ) -> tuple[str, ...]:
        """Ids of the communes addressed: every one of the kinds that a text names together, those
        of the portal's area that stood on the day, else those it names."""
        folded = fold(text)
        together = _EVERY_COMMUNE.search(folded)
        if together:
            kinds = _KIND.findall(together["kinds"] or together["pair"])
            return tuple(place.id for place in self.gazetteer.held_on(day, kinds, area))
        return tuple(
            place.id
            for place in places
            if any(
                f"{organ} {fold(place.name)}" in folded
                for organ in ("ubnd", "đảng uỷ", "uỷ ban nhân dân")
            )
        )


def urgency_of(text: str, attachment: str = "") -> tuple[Urgency, Reason | None]:
    """How urgent it is, with the words that say so; None where nothing does.

    Hỏa tốc goes before thượng khẩn, thượng khẩn before khẩn; a file's stamp counts like a title's
    word. The rule is `text` or `file`: where the words stand.
    """
    folded, stamped = fold(text), "\n".join(map(fold, attachment[:_STAMP_CHARS].split("\n")))
    stamps = (*_URGENCIES, (_STAMP, Urgency.KHAN))
    for (pattern, urgency), (stamp, _) in zip((*_URGENCIES, _URGENCIES[-1]), stamps, strict=True):
        for rule, said in (("text", pattern.search(folded)), ("file", stamp.search(stamped))):
            if said is not None:
                return urgency, Reason(urgency.value, rule, said[0].strip())
    return Urgency.NORMAL, None


def _how_urgent(found: tuple[Urgency, Reason | None]) -> int:
    return list(Urgency).index(found[0])


def _decided(document: Document | None, why: Sequence[Reason]) -> Document | None:
    """A document without a number is one only where the category was decided by its noun: a Luật sư
    is no Luật."""
    if (
        document is None
        or document.number is not None
        or document.relation is not Relation.IS
        or document.kind is None
    ):
        return document
    return document if why[0].words.startswith(fold(KIND_NAMES[document.kind])) else None
