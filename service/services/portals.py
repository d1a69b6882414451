"""What may be done to what a portal published: let the alerts go that a flood held back."""

from __future__ import annotations

from sqlalchemy import Connection

from service.errors import NotFound
from service.services.context import Context
from service.storage import changes
from service.storage.counts import count_held


def release(conn: Connection, ctx: Context, portal_id: str) -> int:
    """Lets go what a flood of new posts held back: how many changes that were.

    Raises NotFound for a portal that is neither configured nor holds anything.
    """
    if portal_id not in {
        portal.id for portal in ctx.settings.portals
    } and portal_id not in count_held(conn):
        raise NotFound("portal", portal_id)
    return changes.release_flood(conn, portal_id)
