"""What is owed to a host, whichever portal, process or machine asks: a delay between requests, its
robots.txt.

Implements `portals.gate.HostGate` on the `host` table. Waiting is the caller's.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import BigInteger, case, literal, select, type_coerce

from service.portals.gate import StoredRobots
from service.storage import schema
from service.storage.engine import Database
from service.storage.schema import Instant
from service.storage.upsert import insert_into

# requests that may queue for one host; a booking further ahead is a clock that was set back
_QUEUE = 100
_MIN_QUEUE_S = 60.0


class StoredHostGate:
    """The HostGate that all workers on one database share."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def robots(self, host_key: str) -> StoredRobots | None:
        """What is known of the host's robots.txt; None when it was never asked for."""
        host = schema.host
        statement = select(host.c.robots_body, host.c.robots_fetched_at, host.c.robots_error)
        with self._database.reading() as conn:
            row = conn.execute(statement.where(host.c.name == host_key)).one_or_none()
        if row is None or row.robots_fetched_at is None:
            return None
        return StoredRobots(row.robots_body, row.robots_fetched_at, row.robots_error)

    def store_robots(self, host_key: str, robots: StoredRobots) -> None:
        values = {
            "robots_body": robots.body,
            "robots_fetched_at": robots.fetched_at,
            "robots_error": robots.error,
        }
        with self._database.writing() as conn:
            statement = insert_into(conn, schema.host).values(
                name=host_key, next_request_at=robots.fetched_at, **values
            )
            conn.execute(
                statement.on_conflict_do_update(index_elements=[schema.host.c.name], set_=values)
            )

    def reserve(self, host_key: str, delay_s: float, now: datetime) -> float:
        """Books the next free instant of the host and returns the seconds to wait for it."""
        delay = timedelta(seconds=delay_s)
        latest = now + timedelta(seconds=max(_MIN_QUEUE_S, _QUEUE * delay_s))
        booked = schema.host.c.next_request_at
        start = case(
            (booked < now, literal(now, Instant)),
            (booked > latest, literal(now, Instant)),
            else_=booked,
        )
        delay_us = delay // timedelta(microseconds=1)
        with self._database.writing() as conn:
            statement = insert_into(conn, schema.host).values(
                name=host_key, next_request_at=now + delay
            )
            row = conn.execute(
                statement.on_conflict_do_update(
                    index_elements=[schema.host.c.name],
                    set_={
                        "next_request_at": type_coerce(
                            type_coerce(start, BigInteger) + delay_us, Instant
                        )
                    },
                ).returning(booked)
            ).one()
        wait: timedelta = row.next_request_at - delay - now
        return max(0.0, wait.total_seconds())
