"""How the values of posts are laid down in rows, and read back: no SQL here, and no decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row

from service.storage.dating_column import dating_from_json
from service.types import (
    AttachmentLink,
    Deadline,
    Document,
    DocumentLink,
    Link,
    Mention,
    Place,
    PortalName,
    Post,
    Reason,
    Relation,
    Rescheduling,
    ScannedFacts,
    Understanding,
    Urgency,
)


def attachments_to_json(attachments: tuple[AttachmentLink, ...]) -> list[dict[str, Any]]:
    return [asdict(link) for link in attachments]


def attachments_from_json(value: list[dict[str, Any]]) -> tuple[AttachmentLink, ...]:
    return tuple(AttachmentLink(**link) for link in value)


def facts_to_json(understanding: Understanding) -> dict[str, Any]:
    """The Understanding as a mapping; orjson writes its dates, instants and enums."""
    return asdict(understanding)


def facts_from_json(facts: Mapping[str, Any]) -> Understanding:
    return Understanding(
        categories=tuple(facts["categories"]),
        why=tuple(Reason(**reason) for reason in facts["why"]),
        document=_document(facts["document"]),
        mentions=tuple(
            Mention(
                mention["kind"], mention["number"], _day(mention["issued_on"]), mention["issuer"]
            )
            for mention in facts["mentions"]
        ),
        places=tuple(Place(**place) for place in facts["places"]),
        addressees=tuple(facts["addressees"]),
        urgency=Urgency(facts["urgency"]),
        urgency_why=Reason(**why) if (why := facts.get("urgency_why")) else None,
        deadlines=deadlines_from_json(facts["deadlines"]),
        relations=relations_from_json(facts.get("relations", ())),
        read_deadlines=None
        if (read := facts.get("read_deadlines")) is None
        else deadlines_from_json(read),
        read_relations=None
        if (found := facts.get("read_relations")) is None
        else relations_from_json(found),
        scanned=_scanned(facts.get("scanned")),
        rescheduled=_rescheduled(facts.get("rescheduled")),
        begins_at=None
        if facts["begins_at"] is None
        else datetime.fromisoformat(facts["begins_at"]),
        venue=facts["venue"],
        summary=facts["summary"],
        concerns=tuple(facts["concerns"]),
    )


def deadlines_from_json(value: Sequence[Mapping[str, Any]]) -> tuple[Deadline, ...]:
    """Rows of before there were owners have a day and words alone."""
    return tuple(
        Deadline(
            _day(one["on"]),
            one["text"],
            at=datetime.fromisoformat(at) if (at := one.get("at")) else None,
            owner=one.get("owner"),
            owner_words=one.get("owner_words", ""),
            task=one.get("task", ""),
            recurs=one.get("recurs"),
            is_unsure=one.get("is_unsure", False),
            source=one.get("source"),
        )
        for one in value
    )


def relations_from_json(value: Sequence[Mapping[str, Any]]) -> tuple[DocumentLink, ...]:
    return tuple(map(_link, value))


def _scanned(one: Mapping[str, Any] | None) -> ScannedFacts | None:
    if one is None:
        return None
    return ScannedFacts(**{**one, "issued_on": _day(one["issued_on"])})


def _link(one: Mapping[str, Any]) -> DocumentLink:
    of = one["of"]
    mention = Mention(of["kind"], of["number"], _day(of["issued_on"]), of["issuer"])
    return DocumentLink(Link(one["link"]), mention, one["words"], one["post_id"], one.get("source"))


def _rescheduled(one: Mapping[str, Any] | None) -> Rescheduling | None:
    if one is None:
        return None
    at = datetime.fromisoformat(one["begins_at"]) if one["begins_at"] else None
    link = None if one["link"] is None else Link(one["link"])
    return Rescheduling(link, one["post_id"], at, one["venue"], one["times"])


def _document(facts: Mapping[str, Any] | None) -> Document | None:
    if facts is None:
        return None
    return Document(
        kind=facts["kind"],
        number=facts["number"],
        issued_on=_day(facts["issued_on"]),
        issuer=facts["issuer"],
        relation=Relation(facts["relation"]),
    )


def _day(value: str | None) -> date | None:
    return None if value is None else date.fromisoformat(value)


def post_from_row(row: Row[Any]) -> Post:
    """A Post of a row that joins `post` with its latest `revision`."""
    return Post(
        id=row.id,
        revision=row.revision,
        portal=PortalName(row.portal_id, row.portal_name),
        url=row.url,
        title=row.title,
        html=row.html,
        text=row.text,
        understanding=facts_from_json(row.facts),
        attachments=attachments_from_json(row.attachments),
        published_at=row.published_at,
        updated_at=row.updated_at,
        first_seen_at=row.first_seen_at,
        withdrawn_at=row.withdrawn_at,
        dating=dating_from_json(row.dating, row.published_at),
    )
