"""Asks before what cannot be undone, or stops something for somebody: a page that says what and for
whom, and has the button; and tells afterwards what was done.

The same address is asked twice: first by the button of a list, then by that of the page, whose form
says `sure`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from flask import flash, render_template, request
from sqlalchemy import Connection

from service.channels import kind_of
from service.errors import NotFound
from service.services import silences
from service.services.portal_acts import file_of
from service.services.reminders import REMIND_WITHIN
from service.services.undo_acts import UNDO_WITHIN
from service.storage import counts, receipts
from service.storage.losses import active_targets
from service.storage.posts import get_post
from service.storage.subscription_secrets import ROTATION_OVERLAP
from service.storage.subscriptions import get_subscription, list_subscriptions
from service.storage.tokens import list_tokens
from service.storage.units import get_unit
from service.words import coded

if TYPE_CHECKING:
    from service.bootstrap import Loa

_SHOWN = 10


def is_sure() -> bool:
    return request.form.get("sure") == "1"


def tell_done(code: str, undo: str = "") -> None:
    """Says on the next page what was done, in its reader's language. `undo`: where it is undone,
    below /admin/."""
    flash(code, undo or "message")


def ask_to_remove_unit(conn: Connection, loa: Loa, unit_id: str) -> str:
    unit = get_unit(conn, unit_id)
    ending = list_subscriptions(conn, unit_id=unit.id)
    said = [coded("sure.unit_stops", n=len(ending))]
    n = receipts.count_open(
        conn, unit.id, loa.settings.receipts.categories, loa.clock() - REMIND_WITHIN
    )
    if n:
        said.append(coded("sure.unit_open", n=n))
    if unit.contacts:
        said.append(coded("sure.unit_contacts", contacts=", ".join(unit.contacts)))
    said.append(coded("sure.unit_kept", days=UNDO_WITHIN.days))
    return _page(coded("sure.unit_remove", unit=unit.name), said, [one.target for one in ending])


def ask_to_remove_subscription(conn: Connection, key: str) -> str:
    one = get_subscription(conn, key)
    said = [coded("sure.subscription_stops", target=one.target)]
    waiting = counts.count_waiting(conn, key)
    if waiting:
        said.append(coded("sure.subscription_waiting", n=waiting))
    if one.unit_id is not None:
        unit = get_unit(conn, one.unit_id)
        left = active_targets(conn, one.unit_id, without=one.id)
        facts = {"unit": unit.name, "targets": ", ".join(left)}
        said.append(coded("sure.left" if left else "sure.none_left", **facts))
    said.append(coded("sure.subscription_kept", days=UNDO_WITHIN.days))
    return _page(coded("sure.subscription_remove", target=one.target), said)


def ask_to_rotate(conn: Connection, key: str) -> str:
    one = get_subscription(conn, key)
    hours = int(ROTATION_OVERLAP.total_seconds()) // 3600
    said = [coded("sure.rotate_overlap", hours=hours)]
    if one.unit_id is not None:
        said.append(coded("sure.for_unit", unit=get_unit(conn, one.unit_id).name))
    target = kind_of(one.channel).name if kind_of(one.channel).is_asked else one.target
    return _page(coded("sure.rotate", target=target), said)


def ask_to_remove_portal(conn: Connection, loa: Loa, portal_id: str) -> str:
    """Raises NotFound for one that has no file."""
    path = file_of(loa, portal_id)
    (name,) = [one.name for one in loa.settings.portals if one.id == portal_id]
    found = list_subscriptions(conn)
    alone = [one for one in found if one.filters.portals == (portal_id,)]
    said = [coded("sure.portal_stops", n=len(alone)), coded("sure.portal_kept", path=str(path))]
    return _page(coded("sure.portal_remove", portal=name), said, [one.target for one in alone])


def ask_to_revoke(conn: Connection, token_id: str) -> str:
    """Raises NotFound for a token that is not there, or is none any more."""
    found = next((one for one in list_tokens(conn) if one.id == token_id), None)
    if found is None or found.revoked_at is not None:
        raise NotFound("token", token_id)
    said = ["sure.token_stops"]
    if found.unit_id is not None:
        said.append(coded("sure.token_unit", unit=get_unit(conn, found.unit_id).name))
    return _page(coded("sure.token_revoke", name=found.name), said)


def ask_of_portal(conn: Connection, loa: Loa, portal_id: str, act: str) -> str:
    """`act`: release, or discard."""
    by = silences.undecided(conn).get(portal_id, {})
    n = by.get(silences.FLOOD, 0) if act == "release" else sum(by.values())
    name = next((one.name for one in loa.settings.portals if one.id == portal_id), portal_id)
    if act == "release":
        return _page(coded("sure.release", n=n, portal=name), ["sure.release_sends"])
    return _page(coded("sure.discard", n=n, portal=name), ["sure.discard_stops"])


def ask_to_withdraw(conn: Connection, post_id: str) -> str:
    post = get_post(conn, post_id)
    n = counts.count_sent(conn, post_id)
    return _page(coded("sure.withdraw", post=post.title), [coded("sure.withdraw_tells", n=n)])


def ask_to_replay(conn: Connection) -> str:
    failed = counts.count_failed(conn)
    targets = [f"{target} ({n})" for target, n in failed]
    n = sum(n for _, n in failed)
    return _page(coded("sure.replay", n=n), ["sure.replay_sends"], targets)


def _page(question: str, said: Sequence[str], items: Sequence[str] = ()) -> str:
    return render_template(
        "admin/sure.html",
        question=question,
        said=said,
        items=items[:_SHOWN],
        more=max(0, len(items) - _SHOWN),
    )
