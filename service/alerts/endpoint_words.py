"""What is told of a channel that fails, and when it is back: to whoever is behind it, and to the
operator. Coded.

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


@dataclass(frozen=True, slots=True)
class UnitLeft:
    """A unit behind the channel, and by what it still hears."""

    name: str
    targets: tuple[str, ...]


def tell_trouble(
    trouble: EndpointTrouble,
    *,
    where: str,
    names: Sequence[str],
    since: datetime | None = None,
    until: datetime | None = None,
    units: Sequence[UnitLeft] = (),
    is_chat: bool = False,
) -> TroubleLetter:
    """To the owner. `where` is the endpoint; `names` those of the subscriptions behind it, or their
    ids."""
    facts = {"where": where}
    facts |= {"since_at": since.isoformat()} if since else {}
    facts |= {"until_at": until.isoformat()} if until else {}
    code = f"endpoint.letter_{trouble.value}"
    body = f"{code}_chat" if is_chat and trouble is not EndpointTrouble.UNASKED else f"{code}_body"
    return TroubleLetter(
        coded(code, **facts), (coded(body, **facts), _which(names), *map(say_left, units))
    )


def tell_back(
    trouble: EndpointTrouble,
    *,
    where: str,
    names: Sequence[str],
    at: datetime,
    units: Sequence[UnitLeft] = (),
) -> TroubleLetter:
    """The trouble is over, since `at`."""
    code = "endpoint.letter_asked" if trouble is EndpointTrouble.UNASKED else "endpoint.letter_back"
    facts = {"where": where, "since_at": at.isoformat()}
    return TroubleLetter(
        coded(code, **facts),
        (coded(f"{code}_body", **facts), _which(names), *map(say_hears, units)),
    )


def tell_owner_how(trouble: EndpointTrouble, letter: TroubleLetter, operator: str) -> TroubleLetter:
    """The same with what its owner can do who cannot mend it alone. `operator`: an address, or
    empty."""
    if trouble is EndpointTrouble.FAILING:
        return letter
    how = coded("endpoint.letter_owner", operator=f" ({operator})" if operator else "")
    return TroubleLetter(letter.subject, (*letter.paragraphs, how))


def tell_operator_too(
    trouble: EndpointTrouble | None,
    letter: TroubleLetter,
    addresses: Sequence[str],
    subscriptions: Sequence[str] = (),
) -> TroubleLetter:
    """The same to the operator, with who was told, and the commands that help: of each of the
    `subscriptions`, by id. `trouble`: None where it is over."""
    told = (
        coded("endpoint.letter_told", addresses=", ".join(addresses))
        if addresses
        else "endpoint.letter_untold"
    )
    how = () if trouble is None else tuple(_command(trouble, one) for one in subscriptions)
    return TroubleLetter(letter.subject, (*letter.paragraphs, *how, told))


def _command(trouble: EndpointTrouble, subscription_id: str) -> str:
    match trouble:
        case EndpointTrouble.FAILING:
            return coded("endpoint.letter_try", command=f"loa subscription test {subscription_id}")
        case EndpointTrouble.UNASKED:
            return coded(
                "endpoint.letter_new_token", command=f"loa subscription rotate {subscription_id}"
            )
    return coded("endpoint.letter_resume", command=f"loa subscription resume {subscription_id}")


def _which(names: Sequence[str]) -> str:
    return coded("endpoint.letter_which", names=", ".join(names))


def say_hears(unit: UnitLeft) -> str:
    """By what it hears; coded."""
    return coded("endpoint.letter_hears", unit=unit.name, targets=", ".join(unit.targets))


def say_left(unit: UnitLeft) -> str:
    """By what it still hears, or that nothing is left; coded."""
    if not unit.targets:
        return coded("endpoint.letter_none_left", unit=unit.name)
    return coded("endpoint.letter_left", unit=unit.name, targets=", ".join(unit.targets))
