"""Mail to whoever operates Loa."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from service.settings import Settings
from service.storage.mails import queue_letter


def tell_operator(
    conn: Connection,
    settings: Settings,
    key: str,
    subject: str,
    paragraphs: Sequence[str],
    now: datetime,
) -> str | None:
    """One plain mail to `operator.email`, in codes; None without an operator, without a relay, or
    the second time."""
    if not settings.operator.email or not settings.email.smtp_url:
        return None
    return queue_letter(
        conn,
        key=f"operator:{key}",
        address=settings.operator.email,
        subject=subject,
        paragraphs=paragraphs,
        now=now,
        language=settings.service.language,
    )
