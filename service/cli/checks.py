"""The checks of `loa check`: each looks at one thing and says what to do about it. None raises for
what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.cli.check_archive import check_archive
from service.cli.check_areas import check_areas, count_places
from service.cli.check_lost import check_lost
from service.cli.check_reader import check_reader
from service.cli.finding import Finding
from service.errors import (
    ConfigurationError,
    StorageError,
)

if TYPE_CHECKING:
    from service.alerts.keys import Keyring
    from service.alerts.links import Links
    from service.alerts.signing import SecretBox
    from service.bootstrap import Loa
    from service.posts.gazetteer import Gazetteer
    from service.posts.rules import Rules
    from service.settings import Settings
    from service.types import Clock

CONFIGURED = ("rules and places", "secret key")
"""Findings about the configuration: where one of these is bad, it cannot be used."""


def find_all(loa: Loa, *, is_offline: bool) -> list[Finding]:
    findings = [*_configuration(loa), *_database(loa)]
    if is_offline:
        return findings
    from service.cli.checks_outside import look_at_portals, look_at_public_address, look_at_relay

    outside = [look_at_relay(loa), *look_at_portals(loa), look_at_public_address(loa)]
    return [*findings, *outside]


def _configuration(loa: Loa) -> Iterator[Finding]:
    from service.cli.common import config_path
    from service.settings import shipped

    own = config_path()
    where = (
        f"{own.absolute()} over {shipped() / 'loa.toml'}" if own else str(shipped() / "loa.toml")
    )
    yield Finding("configuration", "ok", where)
    counted = f"{len(loa.settings.portals)} in {loa.settings.portals_dir}"
    yield Finding("portal files", "ok", counted)
    try:
        counts = f"{len(loa.rules.categories)} categories of {loa.settings.categories_file}"
        loa.understander  # noqa: B018  # reads rules and places, which is the check
        yield Finding("rules and places", "ok", f"{counts}; {count_places(loa)}")
    except ConfigurationError as error:
        yield Finding("rules and places", "bad", str(error), "mend the file")
    else:
        yield from check_areas(loa)
        yield check_reader(loa)
        yield from _channels(loa)
    yield _secret_key(loa)
    if not loa.settings.operator.email:
        remedy = "set operator.email"
        yield Finding(
            "operator", "warning", "nobody is told of bad portals and disabled endpoints", remedy
        )


@dataclass(frozen=True, slots=True)
class _CheckParts:
    """What channels are opened with to see whether they can be: the key is none, for looking makes
    none."""

    settings: Settings
    clock: Clock
    rules: Rules
    gazetteer: Gazetteer
    links: Links
    secret_box: SecretBox
    keyring: Keyring


def _channels(loa: Loa) -> Iterator[Finding]:
    """Those that could not be opened: the others, and feeds, go on without them."""
    from service.alerts.keys import as_keyring
    from service.alerts.links import Links
    from service.alerts.signing import SecretBox
    from service.delivery.senders import open_senders
    from service.words.say import ENGLISH, say

    links = Links("none", loa.settings.service.public_url)
    down = open_senders(
        _CheckParts(
            loa.settings,
            loa.clock,
            loa.rules,
            loa.gazetteer,
            links,
            SecretBox("none"),
            as_keyring("none"),
        )
    ).down
    for name, why in down.items():
        yield Finding(
            f"channel {name}", "bad", say(why, ENGLISH), "correct it; all other channels go on"
        )


def _secret_key(loa: Loa) -> Finding:
    """The key is read, never made."""
    from service.settings.secret import key_file
    from service.storage.subscription_secrets import count_unopened

    is_sqlite = loa.settings.database.url.startswith("sqlite:///")
    is_configured = bool(loa.settings.service.secret_key)
    try:
        if (
            is_sqlite
            and not is_configured
            and not key_file(loa.settings).exists()
            and not _needs_key(loa)
        ):
            return Finding(
                "secret key", "ok", f"{key_file(loa.settings)} is made by the first start"
            )
        box = loa.secret_box
        with loa.database.reading() as conn:
            foreign = count_unopened(conn, box)
    except ConfigurationError as error:
        remedy = (
            f"put {key_file(loa.settings)} back"
            if is_sqlite
            else "set LOA_SERVICE__SECRET_KEY_FILE"
        )
        return Finding("secret key", "bad", str(error), remedy)
    except StorageError:
        foreign = 0  # what is wrong with the database is told below
    if foreign:
        said = (
            f"{foreign} webhook secrets were sealed with another key: nothing can be signed for "
            f"them"
        )
        return Finding(
            "secret key",
            "bad",
            said,
            "put the old key back, or loa subscription rotate ID for each",
        )
    if is_configured:
        return Finding("secret key", "ok", "configured")
    return Finding("secret key", "ok", f"{key_file(loa.settings)}; belongs into every backup")


def _needs_key(loa: Loa) -> bool:
    from service.storage.engine import sqlite_path
    from service.storage.file import is_empty_file
    from service.storage.subscription_secrets import needs_key

    path = sqlite_path(loa.settings.database.url)
    if path is None or is_empty_file(path):
        return False
    with loa.database.reading() as conn:
        return needs_key(conn)


def _database(loa: Loa) -> Iterator[Finding]:
    """What stands in the database is told as far as it can be read: an older or newer Loa may have
    written it."""
    from service.storage.engine import HEAD, sqlite_path
    from service.storage.file import is_empty_file, refuse_to_replace
    from service.storage.inspect import inspect_database, shown_address

    url = loa.settings.database.url
    try:
        address = shown_address(url)
        path = sqlite_path(url)
        if path is not None and is_empty_file(path):
            refuse_to_replace(path)
            yield Finding(
                "database", "warning", f"{address} is not there yet", "loa serve makes it"
            )
            return
        facts = inspect_database(loa.database, loa.clock().isoformat())
        if not facts.version and path is not None:
            refuse_to_replace(path)
    except StorageError as error:
        yield Finding("database", "bad", str(error), _database_remedy(url, str(error)))
        return
    size = "" if facts.bytes is None else f", {facts.bytes / 1e6:.1f} MB"
    if facts.version > HEAD:
        said = (
            f"{address} is at version {facts.version}{size}: a newer Loa wrote it, this one knows "
            f"{HEAD}"
        )
        yield Finding(
            "database",
            "bad",
            said,
            "start the newer Loa that wrote it, or restore a backup (help: /help/machine#restore)",
        )
    elif facts.version < HEAD:
        said = (
            f"{address} is at version {facts.version or 'none'}{size}; this Loa works with {HEAD}"
        )
        remedy = "end older processes, make a backup, start this one: it migrates"
        yield Finding("database", "warning", said, remedy)
    else:
        yield Finding("database", "ok", f"{address}, version {facts.version}{size}, takes writes")
    if facts.version:
        yield from _told(_fence, loa, "restore fence")
        yield from _told(_held_back, loa, "delivery")
        yield from _told(_beside, loa, "workers")
        yield from _told(_proxy, loa, "proxy")
        yield from _told(_deaf, loa, "units")
        yield from _told(_addresses, loa, "addresses")
        yield from _told(check_lost, loa, "filters")
        yield from _told(check_archive, loa, "archive")


def _told(look: Callable[[Loa], Iterable[Finding]], loa: Loa, what: str) -> Iterator[Finding]:
    try:
        yield from list(look(loa))
    except StorageError as error:
        yield Finding(what, "bad", f"cannot be read: {error}", "see the database's line")


def _beside(loa: Loa) -> Iterator[Finding]:
    """What the workers on this database say of themselves, and its clock."""
    from service.storage.beats import late_beats
    from service.storage.clock_guard import went_back
    from service.storage.quarantine import list_quarantined

    with loa.database.reading() as conn:
        late, asides, back = (
            late_beats(conn),
            list_quarantined(conn, loa.clock()),
            went_back(conn, loa.clock()),
        )
    for beat in late:
        standing = " ".join(beat.standing)
        said = f"worker {beat.worker} has not beaten for {beat.age_s:.0f} s {standing}".rstrip()
        yield Finding("workers", "warning", said, "look at its log; start it again if it is gone")
    for aside in asides:
        said = (
            f"{aside.url} stopped Loa and is put aside until "
            f"{aside.until.isoformat(timespec='seconds')}"
        )
        yield Finding(
            f"portal {aside.portal_id}",
            "warning",
            said,
            "tell who wrote Loa; the page is tried again then",
        )
    if back is not None:
        said = (
            f"it went back by {back.by.total_seconds():.0f} s at "
            f"{back.at.isoformat(timespec='seconds')}"
        )
        yield Finding("clock", "warning", said, "look at the time server")


def _proxy(loa: Loa) -> Iterator[Finding]:
    from service.storage.proxy_sightings import WORDS, is_proxy_seen

    if loa.settings.server.trusted_proxies:
        return
    with loa.database.reading() as conn:
        is_seen = is_proxy_seen(conn, loa.clock())
    if is_seen:
        yield Finding("proxy", "warning", WORDS, "set server.trusted_proxies to how many there are")


def _database_remedy(url: str, said: str) -> str:
    if "--new-database" in said:
        return "put the file back, or restore a backup (help: /help/machine#restore)"
    if url.startswith("postgresql"):
        if "No module" in said:
            return "install the driver: pip install 'loa[postgres]'"
        return (
            "start PostgreSQL, or correct database.url: host, port, user, password, name of the "
            "database"
        )
    if "locked" in said:
        return "end the process that keeps it locked (fuser FILE shows it), and check again"
    return "free or mend the disk, or restore a backup (help: /help/machine#restore)"


def _fence(loa: Loa) -> Iterator[Finding]:
    from service.settings.secret import fence_file

    if loa.fence.is_restored():
        remedy = "loa delivery release --since WHEN, or --discard"
        yield Finding(
            "restore fence",
            "bad",
            "the database was restored from a backup: nothing is sent",
            remedy,
        )
    else:
        yield Finding("restore fence", "ok", f"{fence_file(loa.settings)}; belongs into no backup")


def _held_back(loa: Loa) -> Iterator[Finding]:
    """What waits until an operator says so: the stop switch, and floods."""
    from service.cli.common import local
    from service.services.silences import undecided
    from service.storage.counts import count_held
    from service.storage.deliveries import paused_at
    from service.words import say

    with loa.database.reading() as conn:
        paused, held, silent = paused_at(conn), count_held(conn), undecided(conn)
    if paused is not None:
        said = (
            f"the stop switch is off since {local(paused, loa.settings.service.locale)}: nothing "
            f"is sent"
        )
        yield Finding("delivery", "warning", said, "loa delivery resume")
    for portal_id, count in held.items():
        said = f"a flood holds the alerts of {count} changes back"
        yield Finding(f"portal {portal_id}", "warning", said, f"loa portal release {portal_id}")
    for portal_id, codes in silent.items():
        for code, count in codes.items():
            if code != "flood":
                said = f"{count} posts were told to nobody: {say(f'silence.{code}', 'en')}"
                remedy = f"loa post silent --portal {portal_id} --code {code}"
                yield Finding(f"portal {portal_id}", "warning", said, remedy)


def _deaf(loa: Loa) -> Iterator[Finding]:
    """Units that are owed receipts and hear by no channel (U1)."""
    from service.services.unit_acts import deaf_units

    with loa.database.reading() as conn:
        deaf = deaf_units(conn, loa)
    for unit in deaf:
        remedy = f"loa subscription add email ADDRESS --unit {unit.id}"
        yield Finding("units", "warning", f"{unit.name!r} hears by no channel", remedy)


def _addresses(loa: Loa) -> Iterator[Finding]:
    """Nothing where every address that is kept can be mailed."""
    from service.storage.unmailable import find_unmailable

    with loa.database.reading() as conn:
        found = find_unmailable(conn)
    for key in found.subscriptions:
        said = f"subscription {key} has an address that no relay can be given: its mails fail"
        yield Finding(
            "addresses", "bad", said, f"loa subscription remove {key}, and add the right address"
        )
    for name in found.units:
        said = f"unit {name!r} has a contact that no relay can be given"
        yield Finding(
            "addresses", "bad", said, "loa unit import, with a contact that can be mailed"
        )
