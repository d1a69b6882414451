"""What is told of a webhook endpoint that fails: to whoever is behind it, and to the operator.
Coded.

Refuses to know who is written to and how.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from service.words import coded


class EndpointTrouble(StrEnum):
    FAILING = "failing"  # for so long that it will soon be disabled
    DISABLED = "disabled"  # by time and count
    GONE = "gone"  # it said so itself: 410
    UNASKED = "unasked"  # nobody asks for what it is owed


@dataclass(frozen=True, slots=True)
class TroubleLetter:
    subject: str
    paragraphs: tuple[str, ...]


def tell_trouble(
    trouble: EndpointTrouble,
    *,
    where: str,
    names: Sequence[str],
    since: datetime | None = None,
    until: datetime | None = None,
) -> TroubleLetter:
    """To the owner. `where` is the endpoint; `names` those of the subscriptions behind it, or their
    ids."""
    facts = {"where": where}
    facts |= {"since_at": since.isoformat()} if since else {}
    facts |= {"until_at": until.isoformat()} if until else {}
    code = f"endpoint.letter_{trouble.value}"
    which = coded("endpoint.letter_which", names=", ".join(names))
    return TroubleLetter(coded(code, **facts), (coded(f"{code}_body", **facts), which))


def tell_operator_too(letter: TroubleLetter, addresses: Sequence[str]) -> TroubleLetter:
    """The same to the operator, with who was told."""
    told = (
        coded("endpoint.letter_told", addresses=", ".join(addresses))
        if addresses
        else "endpoint.letter_untold"
    )
    return TroubleLetter(letter.subject, (*letter.paragraphs, told))
