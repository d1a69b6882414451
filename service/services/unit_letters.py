"""Letters to the people of a unit: one for each person, however often an address is named."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from service.services.context import Context
from service.storage.mails import queue_letter
from service.values import address_key
from service.words import code_of


@dataclass(frozen=True, slots=True)
class UnitLetter:
    """`subject` and `paragraphs` are coded. `button`: (purpose of the link, its subject, label).
    `key` makes it once."""

    key: str
    address: str
    subject: str
    paragraphs: Sequence[str]
    button: tuple[str, tuple[str, ...], str] | None = None


def letters_to(
    addresses: Iterable[str],
    about: str,
    subject: str,
    paragraphs: Sequence[str],
    *,
    without: str = "",
    button: tuple[str, tuple[str, ...], str] | None = None,
) -> list[UnitLetter]:
    """One for each person but `without`. `about`: what makes the letter once for each of them."""
    people = {address_key(one): one for one in addresses}
    people.pop(address_key(without), None)
    return [
        UnitLetter(f"{about}:{key}", to, subject, paragraphs, button) for key, to in people.items()
    ]


def queue_letters(conn: Connection, ctx: Context, letters: Iterable[UnitLetter]) -> int:
    """Those that were not queued before; how many. None where no mail can be sent."""
    if not ctx.settings.email.smtp_url:
        return 0
    queued = [
        queue_letter(
            conn,
            key=letter.key,
            address=letter.address,
            subject=letter.subject,
            paragraphs=letter.paragraphs,
            now=ctx.clock(),
            language=ctx.settings.service.language,
            button=letter.button,
        )
        for letter in letters
    ]
    return sum(one is not None for one in queued)


BY_OPERATOR = frozenset({"by.operator", "by.command", "by.vouched"})
"""Whoever did it need not be told."""


def letters_to_operator(
    ctx: Context, reason: str | None, about: str, subject: str, paragraphs: Sequence[str]
) -> list[UnitLetter]:
    """One, unless it is the operator who did it. `reason`: coded; None: nobody did."""
    operator = ctx.settings.operator.email
    if not operator or code_of(reason or "") in BY_OPERATOR:
        return []
    return [UnitLetter(f"{about}:operator", operator, subject, paragraphs)]
