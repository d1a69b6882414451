"""Who did what: each act that is marked `audited` leaves one row, in the transaction of the act.

Who acts, and from where, is what a door says once for all that it does (`acting`), as a log's
context is: an act cannot forget to pass it on. An act within an act leaves no row of its own, and
one that is refused leaves none.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ParamSpec, TypeVar

from sqlalchemy import Connection

from service.storage.audit import AuditEntry, AuditSubject, find_subject, list_audit, write_audit

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Origin:
    """`door`: command, api, page, desk or job. `who`: a token's name, a login; empty: whoever had
    the link. `source`: the address that asked; empty: this machine."""

    door: str
    who: str = ""
    source: str = ""


_JOB = Origin("job")
_ORIGIN: ContextVar[Origin] = ContextVar("origin", default=_JOB)
_IS_WITHIN: ContextVar[bool] = ContextVar("is_within", default=False)


def acting(origin: Origin | None) -> None:
    """From now on, in this thread, it is they who act; None: the service itself."""
    _ORIGIN.set(origin or _JOB)


def audited(act: str, kind: str, key: str = "") -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Marks an act on (connection, context, …). `key`: the argument that names its subject; empty:
    what it returns is the subject, or says how many there were."""

    def mark(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def with_row(*args: P.args, **kwargs: P.kwargs) -> R:
            if _IS_WITHIN.get():
                return function(*args, **kwargs)
            given = signature.bind(*args, **kwargs).arguments
            conn, now = given["conn"], given["ctx"].clock()
            asked = _key_of(given[key]) if key else ""
            before = find_subject(conn, kind, asked) if key else None
            with _within():
                result = function(*args, **kwargs)
            named = before.id if before else asked or _id_of(result)
            record(conn, now, act, kind, named, before, _more(result))
            return result

        return with_row

    return mark


@contextmanager
def _within() -> Iterator[None]:
    outer = _IS_WITHIN.set(True)
    try:
        yield
    finally:
        _IS_WITHIN.reset(outer)


def record(
    conn: Connection,
    at: datetime,
    act: str,
    kind: str,
    subject_id: str = "",
    before: AuditSubject | None = None,
    more: dict[str, Any] | None = None,
) -> None:
    """Writes one row. `before`: the subject as it was; `more`: what else is kept of the end."""
    after = find_subject(conn, kind, subject_id)
    old, new = dict(before.shown if before else {}), dict(after.shown if after else {})
    if before is None:
        new = {name: value for name, value in new.items() if value}
    changed = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    origin, named = _ORIGIN.get(), after or before
    write_audit(
        conn,
        at=at,
        door=origin.door,
        who=origin.who,
        source=origin.source,
        act=act,
        kind=kind,
        subject_id=subject_id,
        subject=named.name if named else subject_id,
        before={name: old[name] for name in changed if name in old} or None,
        after={**{name: new[name] for name in changed if name in new}, **(more or {})} or None,
    )


def _key_of(named: Any) -> str:
    """Of several subjects of one act the ids, side by side."""
    return named if isinstance(named, str) else " ".join(named)


def _id_of(result: object) -> str:
    """Of what an act returns: what it made, alone or beside its secret."""
    one = result[-1] if isinstance(result, tuple) else getattr(result, "subscription", result)
    found = getattr(one, "id", None) or getattr(one, "post_id", None)
    return found if isinstance(found, str) else ""


def _more(result: object) -> dict[str, Any] | None:
    """How many there were, where that is what an act returns; whose receipt it is."""
    if isinstance(result, int):
        return {"n": result}
    unit_id = getattr(result, "unit_id", None)
    return {"unit": unit_id} if unit_id and hasattr(result, "post_id") else None


def search(
    conn: Connection,
    *,
    q: str = "",
    act: str | None = None,
    door: str | None = None,
    before: str | None = None,
    limit: int | None = None,
) -> list[AuditEntry]:
    """The last first; see `list_audit`."""
    return list_audit(conn, q=q.strip(), act=act, door=door, before=before, limit=limit)
