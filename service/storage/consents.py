"""To which text, when, and from which page and language somebody consented."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, delete, insert, select

from service.storage.schema_web import consent


class ConsentStep(StrEnum):
    ASKED = "asked"
    """By whoever typed the address."""
    CONFIRMED = "confirmed"
    """By whoever opened the mail that was sent there."""


@dataclass(frozen=True, slots=True)
class RecordedConsent:
    """`text_version`: None where no text was shown (an old page, a program, an office's own
    import)."""

    subscription_id: str
    step: ConsentStep
    text_version: str | None
    page: str
    language: str
    at: datetime


def record_consent(conn: Connection, given: RecordedConsent) -> None:
    """In the place of what was recorded for the same step before."""
    where = (consent.c.subscription_id == given.subscription_id, consent.c.step == given.step.value)
    conn.execute(delete(consent).where(*where))
    conn.execute(
        insert(consent).values(
            subscription_id=given.subscription_id,
            step=given.step.value,
            text_version=given.text_version,
            page=given.page,
            language=given.language,
            at=given.at,
        )
    )


def consents_of(conn: Connection, subscription_ids: Collection[str]) -> list[RecordedConsent]:
    """By time."""
    query = select(consent).where(consent.c.subscription_id.in_(subscription_ids))
    rows = conn.execute(query.order_by(consent.c.at, consent.c.step)).mappings()
    return [RecordedConsent(**{**row, "step": ConsentStep(row["step"])}) for row in rows]


def forget_consents(conn: Connection, subscription_ids: Sequence[str]) -> None:
    conn.execute(delete(consent).where(consent.c.subscription_id.in_(subscription_ids)))
