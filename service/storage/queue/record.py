"""What became of attempts, written down. A result counts only under the lease token it was claimed
with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from service.storage.answers import keep_answers
from service.storage.queue.capacity import host_groups_of, shift
from service.storage.queue.driver import statements_on
from service.storage.queue.endpoint_health import judge_endpoints
from service.storage.queue.ledger_rows import (
    AcceptedMessage,
    DeliveryUpdate,
    LeasedResult,
    MessageUpdate,
    RejectedAttempt,
)
from service.storage.queue.statements import Statements
from service.storage.schema import to_micros
from service.types import Result, State


def record_results(conn: Connection, results: Sequence[Result], now: datetime) -> list[Result]:
    """Writes what became of attempts; returns those that counted. One under a lease that was lost
    changes nothing."""
    latest = list({result.message_id: result for result in results}.values())
    if not latest:
        return []
    at = to_micros(now)
    with statements_on(conn) as statements:
        statements.steer()
        owned = statements.owned(latest)
        accepted = [one.result for one in owned if one.is_accepted_alone]
        others = [one.result for one in owned if not one.is_accepted_alone]
        if accepted:
            statements.write_sent([_sent(result, at) for result in accepted])
        if others:
            _write_others(statements, others, at)
    keep_answers(conn, [one.result for one in owned if one.result.answer])
    _free_places(conn, owned, now)
    return [one.result for one in owned]


def _write_others(statements: Statements, results: Sequence[Result], at: int) -> None:
    others = [result for result in results if result.state is not State.SENT]
    statements.write(
        [_sent(result, at) for result in results if result.state is State.SENT],
        [_written(result, at) for result in others],
        [_tried(result) for result in others if _is_attempt(result)],
        [_carried(result, at) for result in results if result.state is not State.DUE],
    )


def _free_places(conn: Connection, owned: Sequence[LeasedResult], now: datetime) -> None:
    host_groups = {one.endpoint_key: one.host_group_key for one in owned}
    unwell = {
        one.endpoint_key for one in owned if not one.is_well or one.result.state is not State.SENT
    }
    told = [one for one in owned if one.endpoint_key in unwell and _is_attempt(one.result)]
    moved = judge_endpoints(conn, told, now) if told else []
    if moved:
        host_groups.update(host_groups_of(conn, host_groups))
    endpoints = Counter(one.endpoint_key for one in owned)
    freed = Counter(dict.fromkeys(moved, 0))
    for key, n in endpoints.items():
        freed[host_groups[key]] -= n
    shift(conn, {key: -n for key, n in endpoints.items()}, freed)


def _is_attempt(result: Result) -> bool:
    """Whether something was tried: not so where it was handed back, held or skipped before anything
    was sent."""
    return (
        result.status is not None or result.took_s > 0 or result.state in (State.SENT, State.FAILED)
    )


def _sent(result: Result, at: int) -> AcceptedMessage:
    return AcceptedMessage(
        result.message_id,
        at,
        result.detail,
        to_micros(result.started_at),
        round(result.took_s * 1000),
        result.status,
    )


def _written(result: Result, at: int) -> MessageUpdate:
    return MessageUpdate(
        result.message_id,
        result.state.value,
        to_micros(result.due_at) if result.due_at else None,
        None if result.state in (State.DUE, State.HELD, State.SUSPENDED) else at,
        result.detail,
        int(result.is_final),
        int(_is_attempt(result)),
    )


def _tried(result: Result) -> RejectedAttempt:
    return RejectedAttempt(
        result.message_id, to_micros(result.started_at), round(result.took_s * 1000),
        result.state.value,
        result.status, result.detail,
    )  # fmt: skip


def _carried(result: Result, at: int) -> DeliveryUpdate:
    return DeliveryUpdate(
        result.message_id,
        result.state.value,
        None if result.state is State.HELD else at,
        None if result.state is State.SENT else result.detail,
    )
