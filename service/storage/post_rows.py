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
    Mention,
    Place,
    PortalName,
    Post,
    Reason,
    Relation,
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
        begins_at=None
        if facts["begins_at"] is None
        else datetime.fromisoformat(facts["begins_at"]),
        venue=facts["venue"],
        summary=facts["summary"],
        concerns=tuple(facts["concerns"]),
    )


def deadlines_from_json(value: Sequence[Mapping[str, str]]) -> tuple[Deadline, ...]:
    return tuple(Deadline(date.fromisoformat(one["on"]), one["text"]) for one in value)


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
