"""Portals added, edited, removed and polled at once by an operator: in their files, which stay the
truth, and which an operator may edit as well.

A file is written before its row of the log; every process then reads the files again (`is_newer`).
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection

from service.errors import ConfigurationError, Conflict, InvalidInput, NotFound
from service.services.audit_acts import audited, record
from service.services.context import Context
from service.settings import PortalConfig, portal_files
from service.storage.audit import AuditSubject
from service.storage.listings import know_listings, poll_at_once
from service.storage.meta import get_meta, put_meta
from service.storage.schema import to_micros
from service.words import coded

_CHANGED = "portal_files"
_MOST_CHARS = 50_000


def add(conn: Connection, ctx: Context, text: str) -> PortalConfig:
    """A portal as its file describes it, which is named after it. Raises InvalidInput for a file
    that cannot be read, Conflict where the portal is there, or nothing can be written."""
    named = _parse_id(text)
    path = portal_files.new_portal_file(ctx.settings, named)
    if path.exists() or portal_files.find_portal_file(ctx.settings, named) is not None:
        raise Conflict(coded("conflict.portal_there", name=named))
    portal = _write(ctx, path, text)
    _keep(conn, ctx, "act.portal_add", portal, {}, {"file": text})
    return portal


def edit(conn: Connection, ctx: Context, portal_id: str, text: str) -> PortalConfig:
    """Its file is this text from now on. Raises as `add`; NotFound; InvalidInput for another id,
    under which its posts would be another portal's."""
    path = file_of(ctx, portal_id)
    if _parse_id(text) != portal_id:
        raise InvalidInput("file", coded("bad.portal_id", name=portal_id))
    before = portal_files.read_portal_text(path)
    portal = _write(ctx, path, text)
    _keep(conn, ctx, "act.portal_edit", portal, {"file": before}, {"file": text})
    return portal


def remove(conn: Connection, ctx: Context, portal_id: str) -> PortalConfig:
    """It is polled no more; its posts stay. Raises NotFound, Conflict."""
    path = file_of(ctx, portal_id)
    (portal,) = [one for one in ctx.settings.portals if one.id == portal_id]
    text = portal_files.read_portal_text(path)
    try:
        portal_files.remove_portal_file(path)
    except OSError as error:
        raise _unwritable(path, error) from error
    _keep(conn, ctx, "act.portal_remove", portal, {"file": text}, {})
    return portal


def restore(conn: Connection, ctx: Context, portal_id: str) -> PortalConfig:
    """One that was removed is read again. Raises NotFound, InvalidInput, Conflict."""
    folder = ctx.settings.portals_dir
    try:
        portal = portal_files.restore_portal_file(ctx.settings, portal_id)
    except ConfigurationError as error:
        raise _unreadable(error) from error
    except OSError as error:
        raise _unwritable(folder, error) from error
    if portal is None:
        raise NotFound("portal", portal_id)
    _keep(conn, ctx, "act.portal_restore", portal, {}, {"restored": True})
    return portal


def reread(conn: Connection, ctx: Context) -> int:
    """Every process reads the files again, which somebody edited: how many portals there are.
    Raises InvalidInput where they cannot be read."""
    try:
        settings = portal_files.read_portals_again(ctx.settings)
    except ConfigurationError as error:
        raise _unreadable(error) from error
    put_meta(conn, _CHANGED, str(to_micros(ctx.clock())))
    record(conn, ctx.clock(), "act.portals_reread", "portal", more={"n": len(settings.portals)})
    return len(settings.portals)


@audited("act.portal_poll", "portal", "portal_id")
def poll_now(conn: Connection, ctx: Context, portal_id: str) -> int:
    """Its listings are due at once: how many. Raises NotFound."""
    portal = next((one for one in ctx.settings.portals if one.id == portal_id), None)
    if portal is None:
        raise NotFound("portal", portal_id)
    now = ctx.clock()
    know_listings(conn, [(portal_id, one.url) for one in portal.listings], now)
    return poll_at_once(conn, portal_id, [one.url for one in portal.listings], now)


def changed_at(conn: Connection) -> str:
    """Moves on whenever the files were changed at a door, for processes to read them again."""
    return get_meta(conn, _CHANGED) or ""


def file_of(ctx: Context, portal_id: str) -> Path:
    """Raises NotFound for a portal that is not configured by a file of its own."""
    configured = portal_id in {one.id for one in ctx.settings.portals}
    path = portal_files.find_portal_file(ctx.settings, portal_id) if configured else None
    if path is None:
        raise NotFound("portal", portal_id)
    return path


def _parse_id(text: str) -> str:
    if len(text) > _MOST_CHARS:
        raise InvalidInput("file", coded("bad.long_of", n=len(text), limit=_MOST_CHARS))
    found = portal_files.id_in(text)
    if found is None:
        raise InvalidInput("file", "bad.portal_no_id")
    return found


def _write(ctx: Context, path: Path, text: str) -> PortalConfig:
    try:
        return portal_files.write_portal_file(ctx.settings, path, text)
    except ConfigurationError as error:
        raise _unreadable(error) from error
    except OSError as error:
        raise _unwritable(path, error) from error


def _unreadable(error: ConfigurationError) -> InvalidInput:
    return InvalidInput("file", coded("bad.portal_file", said=str(error)))


def _unwritable(path: Path, error: OSError) -> Conflict:
    return Conflict(coded("conflict.portal_file", path=str(path), said=error.strerror or ""))


def _keep(
    conn: Connection,
    ctx: Context,
    act: str,
    portal: PortalConfig,
    before: dict[str, str],
    after: dict[str, object],
) -> None:
    now = ctx.clock()
    put_meta(conn, _CHANGED, str(to_micros(now)))
    record(conn, now, act, "portal", portal.id, AuditSubject(portal.id, portal.name, before), after)
