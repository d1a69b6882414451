"""What a unit does on its own page: acknowledges, and looks after its channels.

What would stop something asks first, and says for whom (U1, U6).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from service.channels import kind_of
from service.errors import InvalidInput
from service.services import subscription_acts
from service.services.context import Actor, ActorKind
from service.services.receipt_acts import LinkSubject, acknowledge_on_page
from service.services.subscription_acts import RotationResult
from service.storage.posts import get_post
from service.storage.subscription_secrets import ROTATION_OVERLAP
from service.types import Subscription, SubscriptionStatus, Unit
from service.words import coded

if TYPE_CHECKING:
    from service.bootstrap import Loa

_OVERLAP_H = int(ROTATION_OVERLAP.total_seconds()) // 3600


@dataclass(frozen=True, slots=True)
class Question:
    """Asked before the act; all coded."""

    question: str
    said: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NewSecret:
    """Shown once, in this answer."""

    made: RotationResult


def offered(one: Subscription) -> list[str]:
    """What a unit may do to a channel of its own as it is now."""
    kind, status = kind_of(one.channel), one.status
    acts = []
    if kind.is_signed and status is SubscriptionStatus.ACTIVE:
        acts.append("test")
    if kind.is_signed:
        acts.append("rotate")
    if status is SubscriptionStatus.ACTIVE:
        acts.append("pause")
    if status in (SubscriptionStatus.PAUSED, SubscriptionStatus.DISABLED):
        acts.append("resume")
    return acts


def do_own_act(
    conn: Connection, loa: Loa, unit: Unit, form: Mapping[str, str]
) -> Question | NewSecret | str:
    """What was done, coded; or what is asked first, or made. Raises NotFound, InvalidInput,
    Conflict."""
    by = Actor(ActorKind.UNIT, "by.unit_page", unit.id)
    action, key, is_sure = form.get("action", ""), form.get("id", ""), form.get("sure") == "1"
    match action:
        case "acknowledge":
            return _acknowledge(conn, loa, unit, form)
        case "pause" | "rotate" if not is_sure:
            return _ask(unit, subscription_acts.own(conn, key, by), action)
        case "pause":
            done = subscription_acts.pause(conn, loa, key, by)
        case "resume":
            done = subscription_acts.resume(conn, loa, key, by)
        case "rotate":
            return NewSecret(subscription_acts.rotate(conn, loa, key, by))
        case "test":
            subscription_acts.test(conn, loa, key, by)
            done = subscription_acts.own(conn, key, by)
        case _:
            raise InvalidInput(
                "action",
                coded("bad.value", text=action[:100]),
                coded("allowed.among", names="acknowledge, pause, resume, rotate, test"),
            )
    return coded(f"unitpage.{action}", target=_target(done))


def _acknowledge(conn: Connection, loa: Loa, unit: Unit, form: Mapping[str, str]) -> str:
    try:
        about = LinkSubject(form.get("post", ""), int(form.get("revision", "")), unit.id)
    except ValueError as error:
        raise InvalidInput("revision", "bad.missing") from error
    acknowledge_on_page(conn, loa, about, form.get("by", ""), form.get("note", ""))
    return coded("unitpage.acknowledged", post=get_post(conn, about.post_id).title)


def _ask(unit: Unit, one: Subscription, action: str) -> Question:
    target = _target(one)
    if action == "pause":
        said = (coded("unitpage.pause_stops", unit=unit.name),)
        return Question(coded("unitpage.pause_sure", target=target), said)
    said = (coded("sure.rotate_overlap", hours=_OVERLAP_H),)
    return Question(coded("sure.rotate", target=target), said)


def _target(one: Subscription) -> str:
    """Where it goes, or what it is called where nobody is sent to."""
    return one.target if not kind_of(one.channel).is_asked else one.name or str(one.channel)
