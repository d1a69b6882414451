"""Addresses that an older Loa took and that no relay can be given: whoever is subscribed by one is
suspended, as if the mail had come back, and units hear of such contacts (U1)."""

from __future__ import annotations

from service.services.audit_acts import record
from service.services.context import Context
from service.services.loss_acts import tell_dead_contact
from service.storage.audit import find_subject
from service.storage.bounces import UNMAILABLE
from service.storage.engine import Database
from service.storage.subscriptions import get_subscription, set_status
from service.storage.units import list_units
from service.storage.unmailable import find_unmailable
from service.types import SubscriptionStatus
from service.values import can_be_mailed


def tell_unmailable(database: Database, ctx: Context) -> int:
    """Suspends what is active of them, so that it is told as every loss, and tells of contacts;
    returns how many there were news of."""
    now, told = ctx.clock(), 0
    with database.reading() as conn:
        found = find_unmailable(conn)
        units = [unit for unit in list_units(conn) if unit.name in found.units]
        active = [
            key
            for key in found.subscriptions
            if get_subscription(conn, key).status is SubscriptionStatus.ACTIVE
        ]
    for key in active:
        with database.writing() as conn:
            before = find_subject(conn, "subscription", key)
            set_status(conn, key, SubscriptionStatus.SUSPENDED, at=now, reason=UNMAILABLE)
            record(conn, now, "act.subscription_suspend", "subscription", key, before)
    for unit in units:
        with database.writing() as conn:
            for contact in unit.contacts:
                if not can_be_mailed(contact):
                    told += tell_dead_contact(conn, ctx, unit, contact, now, UNMAILABLE)
    return len(active) + told
