"""How long a host asks us to wait."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_MAX_RETRY_AFTER_S = 86_400.0  # a day: the cap of every back-off


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds to wait, within [0, a day], of a Retry-After header (RFC 9110, 10.2.3); None for
    rubbish."""
    text = (value or "").strip()
    if not text:
        return None
    if text.lstrip("+-").isdecimal() and text.isascii():
        return min(max(float(text[:20]), 0.0), _MAX_RETRY_AFTER_S)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError, IndexError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max((at - now).total_seconds(), 0.0), _MAX_RETRY_AFTER_S)
