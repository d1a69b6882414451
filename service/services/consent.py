"""The text to which a person consents, as it is said here, and which of its versions was shown."""

from __future__ import annotations

from urllib.parse import urlsplit

from service.services.context import Context
from service.words.sentences_consent import CONSENT_TEXTS, CONSENT_VERSION


def say_consent(ctx: Context, language: str, version: str = CONSENT_VERSION) -> list[str]:
    """Its sentences: purpose, who is responsible, what is kept, rights; none of a version that is
    not known here (data of a newer Loa)."""
    service, operator, kept = ctx.settings.service, ctx.settings.operator, ctx.settings.retention
    host = urlsplit(service.public_url).hostname or ""
    controller = operator.name or f"{service.title} ({host})"
    if operator.email:
        controller += f", {operator.email}"
    facts = {
        "controller": controller,
        "mails": _say_lasting(kept.messages_days, language),
        "log": _say_lasting(kept.audit_days, language),
    }
    texts = CONSENT_TEXTS.get(version, {})
    return [pair[language == "en"].format(**facts) for pair in texts.values()]


def _say_lasting(days: int, language: str) -> str:
    """`90 ngày`; whole years as such."""
    years, rest = divmod(days, 365)
    n, vi, en = (years, "năm", "year") if years and not rest else (days, "ngày", "day")
    return f"{n} {vi}" if language == "vi" else f"{n} {en}{'' if n == 1 else 's'}"


def known_version(shown: str | None) -> str | None:
    """The version that a form says it showed; None where it said none that ever was."""
    return shown if shown in CONSENT_TEXTS else None
