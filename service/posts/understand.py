"""Everything that a post's own words tell, in one value. Owns no rule of its own; refuses to invent
a word."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime

from service.posts.classify import classify
from service.posts.document import understand_document
from service.posts.kinds import KIND_NAMES
from service.posts.places import Gazetteer
from service.posts.rules import Rules
from service.posts.sentences import joined_lines, lead_of, summary_of
from service.posts.when import find_deadlines, find_meeting
from service.text import LOCAL, clean, fold
from service.types import AttachmentLink, Document, Place, Reason, Relation, Understanding, Urgency

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
    r"(?P<kinds>(?:xã|phường|thị trấn)(?:(?:, | và |/| - )(?:xã|phường|thị trấn))*)(?!\w)"
    r"|(?:ubnd|uỷ ban nhân dân|đảng uỷ) (?P<pair>(?:xã|phường)(?:, phường)?, thị trấn)(?!\w)"
)
_KIND = re.compile(r"xã|phường|thị trấn")


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
    ) -> Understanding:
        """`hints` are the categories of the sections that list the post; `attachment_text` is that
        of its PDFs."""
        title, text = clean(title), text[:_TEXT_CHARS]
        lead = lead_of(text, title)
        categories, why = classify(self.rules, title, lead, hints)
        names = [name for link in attachments for name in (link.name, link.url)]
        document, mentions = understand_document(title, text, attachment_text, names)
        document = _decided(document, why)
        day = published_at.astimezone(LOCAL).date() if published_at else None
        whole = f"{title}\n{text}"
        places = self.gazetteer.find(whole, day)
        in_files = joined_lines(attachment_text)
        signed_on = document.issued_on if document else None
        is_addressed = document is not None or not {categories[0]} & {
            self.rules.fallback,
            *self.rules.with_calendar,
        }
        addressees = self.addressees(f"{whole}\n{in_files}", places, day) if is_addressed else ()
        begins_at, venue = (
            find_meeting(f"{whole}\n{in_files}", day)
            if self.rules.with_calendar & set(categories)
            else (None, None)
        )
        urgency, urgency_why = urgency_of(f"{title}\n{lead}", attachment_text)
        return Understanding(
            categories=categories,
            why=why,
            document=document,
            mentions=mentions,
            places=places,
            addressees=addressees,
            urgency=urgency,
            urgency_why=urgency_why,
            deadlines=find_deadlines(f"{whole}\n{in_files}", day, signed_on, self.days_off),
            begins_at=begins_at,
            venue=venue,
            summary=summary_of(text, title),
            concerns=self.gazetteer.with_former([*(place.id for place in places), *addressees]),
        )

    def addressees(self, text: str, places: Sequence[Place], day: date | None) -> tuple[str, ...]:
        """Ids of the communes addressed: every one of the kinds that a text names together, else
        those it names."""
        folded = fold(text)
        together = _EVERY_COMMUNE.search(folded)
        if together:
            kinds = _KIND.findall(together["kinds"] or together["pair"])
            return tuple(place.id for place in self.gazetteer.held_on(day, kinds))
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
