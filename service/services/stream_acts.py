"""What may be done with messages that are asked for."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from service.services.context import Context
from service.storage import queue
from service.storage.pull_streams import PullStream
from service.storage.queue import AcknowledgeResult


def acknowledge(
    conn: Connection, ctx: Context, streams: Sequence[PullStream], ids: Sequence[str]
) -> AcknowledgeResult:
    """Ends messages of these subscriptions, whether their leases still hold or not: who says that
    he has one has it. May be done again."""
    return queue.end_pulled(conn, [one.id for one in streams], ids, ctx.clock())
