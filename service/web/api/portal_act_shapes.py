"""What the API shows of what is done with portals: one declaration each, of which the answers are
made, and their description in OpenAPI."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from service.services.subscriber_shapes import Shape
from service.settings import PortalConfig
from service.storage.looks import PortalLook
from service.words import say


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedPortalShape(Shape):
    id: str
    name: str
    file: str = field(metadata={"description": "the text of its file"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PolledPortalShape(Shape):
    listings: int = field(metadata={"description": "that are due now"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalLookShape(Shape):
    id: str
    kind: str = field(
        metadata={"description": "probe, of an address; check, of a portal as configured"}
    )
    subject: str = field(metadata={"description": "the address, or the portal's id"})
    asked_at: datetime
    ended_at: datetime | None = field(
        metadata={"description": "null while it waits or is worked on"}
    )
    error: str | None = field(metadata={"description": "why nothing was found, in words"})
    found: dict[str, Any] | None = field(
        metadata={"description": "the portal, and its listings with posts, what was refused, why"}
    )


def show_added_portal(portal: PortalConfig, text: str) -> AddedPortalShape:
    return AddedPortalShape(id=portal.id, name=portal.name, file=text)


def show_look(one: PortalLook, language: str) -> PortalLookShape:
    report = None if one.report is None else {**one.report}
    if report is not None:
        report["listings"] = [_said(listing, language) for listing in report["listings"]]
    return PortalLookShape(
        id=one.id,
        kind=one.kind,
        subject=one.subject,
        asked_at=one.asked_at,
        ended_at=one.ended_at,
        error=None if one.error is None else say(one.error, language),
        found=report,
    )


def _said(listing: dict[str, Any], language: str) -> dict[str, Any]:
    coded = {name: listing[name] for name in ("error", "article_error")}
    return {**listing, **{name: text and say(text, language) for name, text in coded.items()}}
