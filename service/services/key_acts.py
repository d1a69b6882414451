"""The key of the service replaced: what it made still opens for a while, what it sealed is sealed
anew (S8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from service.alerts.signing import SecretBox
from service.errors import ConfigurationError
from service.services.audit_acts import record
from service.services.context import Context
from service.settings import key_file, secret
from service.storage.engine import Database
from service.storage.reseal import ResealResult, reseal
from service.storage.signing_keys import rotate_signing_key


@dataclass(frozen=True, slots=True)
class Rotation:
    """`until`: when the old key ends; None where no new one was made, but what was left half-done
    was finished."""

    resealed: ResealResult
    until: datetime | None = None


def rotate(database: Database, ctx: Context, keep: timedelta) -> Rotation:
    """Makes a new key and seals anew under it; or only the latter, where an earlier rotation was
    cut short.

    With a configured key that is the operator's to change, only what is sealed is changed. Raises
    ConfigurationError where he has not changed it.
    """
    finished = reseal(database, ctx.secret_box)
    service = ctx.settings.service
    if service.secret_key and not service.old_secret_keys:
        raise ConfigurationError(
            "cannot rotate a key that is configured: put a new one (openssl rand -hex 32) into "
            "service.secret_key and the one of now into service.old_secret_keys, restart, and "
            "run this again"
        )
    if finished.done:  # of one that was cut short before the public key was renewed
        _renew_public(database, ctx, ctx.secret_box)
    if finished.done or service.secret_key:
        return Rotation(finished)
    path = secret.key_file(ctx.settings)
    until = key_file.rotate_key_file(path, ctx.clock(), keep)
    box = SecretBox(secret.keyring(ctx.settings, ctx.clock))
    resealed = reseal(database, box)
    _renew_public(database, ctx, box)
    return Rotation(resealed, until)


def _renew_public(database: Database, ctx: Context, box: SecretBox) -> None:
    """Who had the key could open the one that signs for everybody: another takes its place."""
    with database.writing() as conn:
        rotate_signing_key(conn, box, ctx.clock())
        record(conn, ctx.clock(), "act.key_rotate", "service")
