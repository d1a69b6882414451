"""A post as `loa post show` prints it for people."""

from __future__ import annotations

from service.cli.common import echo_facts, local
from service.cli.dating_shape import dating_lines
from service.services.post_shapes import WholePostShape
from service.storage.posts import Revision
from service.types import Post, Reason, Understanding
from service.values import Locale
from service.words import label


def _reason_text(reason: Reason) -> str:
    """An operator's decision rests on no words."""
    said = f" {reason.words!r}" if reason.words else ""
    return f"{reason.category}:{said} ({reason.rule})"


def _urgency_text(facts: Understanding) -> str:
    why = facts.urgency_why
    if why is None:
        return facts.urgency.value
    said = f": {why.words!r}" if why.words else ""
    return f"{facts.urgency}{said} ({why.rule})"


def echo_post(
    item: Post,
    history: list[Revision],
    is_overruled: bool,
    locale: Locale,
    whole: WholePostShape,
) -> None:
    facts = item.understanding
    document, scanned = facts.document, facts.scanned
    why = [_reason_text(reason) for reason in facts.why]
    echo_facts(
        {
            "id": item.id,
            "title": item.title,
            "portal": f"{item.portal.name} ({item.portal.id})",
            "url": item.url,
            "published": local(item.published_at, locale),
            "published says": dating_lines(item.dating, locale),
            "first seen": local(item.first_seen_at, locale),
            "withdrawn": local(item.withdrawn_at, locale),
            "categories": ", ".join(item.categories)
            + (" (overruled by a person)" if is_overruled else ""),
            "why": why,
            "urgency": _urgency_text(facts),
            "document": document
            and " ".join(
                map(str, filter(None, (document.number, document.issued_on, document.issuer)))
            ),
            "by the scan": scanned
            and f"{' '.join(map(str, filter(None, (scanned.number, scanned.issued_on))))} "
            f"({scanned.words!r}, to be compared with the original)",
            "places": [f"{place.name} ({place.id})" for place in facts.places],
            "deadlines": [
                f"{one.recurs or one.at or one.on}: {one.task} ({one.owner_words or one.owner}"
                f"{', unsure' if one.is_unsure else ''}{', by a scan' if one.is_scanned else ''}; "
                f"{one.text!r})"
                for one in facts.deadlines
            ],
            "readings": [
                f"{one.key}  {one.kind}: {label('rule', one.rule, 'en')}"
                f"{f' {one.words!r}' if one.words else ''}"
                for one in whole.readings
            ],
            "decisions": [
                f"{one.id}  {one.kind}, {local(one.at, locale)}" for one in whole.decisions
            ],
            "attachments": [link.url for link in item.attachments],
            "history": [
                f"{r.number}  {local(r.seen_at, locale)}  {', '.join(r.what) or 'first seen'}"
                for r in history
            ],
        }
    )
