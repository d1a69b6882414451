"""The checks of `loa check` that ask others: the relay, the portals, our own public address."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from service.cli.finding import Finding
from service.errors import (
    ConfigurationError,
    DeliveryError,
    InvalidInput,
    LoaError,
    PortalError,
    StorageError,
)

if TYPE_CHECKING:
    from service.bootstrap import Loa
    from service.settings import PortalConfig

RELAY_TIMEOUT_S = 10.0
ADDRESS_TIMEOUT_S = 5.0
EXPIRY_WARNING = timedelta(days=14)
LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")


def look_at_relay(loa: Loa) -> Finding:
    from service.delivery.smtp import ask_recipient, hello_name, open_smtp_session
    from service.settings.trust import relay_context
    from service.values import Mailbox, Relay

    if not loa.settings.email.smtp_url:
        return Finding(
            "mail relay", "warning", "none: email subscriptions are refused", "set email.smtp_url"
        )
    try:
        relay = Relay.parse(loa.settings.email.smtp_url, "email.smtp_url")
        context = relay_context(loa.settings.network.ca_file)
        sender = str(Mailbox.parse(loa.settings.email.from_, "email.from").address)
        hello = hello_name(loa.settings.service.public_url, sender)
        opened = open_smtp_session(relay, RELAY_TIMEOUT_S, context, hello)
        refused = ask_recipient(
            opened, sender, loa.settings.operator.email or sender, RELAY_TIMEOUT_S
        )
    except (DeliveryError, ConfigurationError, InvalidInput, OSError) as error:
        return Finding(
            "mail relay", "bad", str(error), "start the relay, or correct email.smtp_url"
        )
    if refused:
        remedy = "let the relay relay for this machine, or put user:password@ into email.smtp_url"
        return Finding(
            "mail relay",
            "bad",
            f"{relay.host}:{relay.port} takes no mail of ours: {refused}",
            remedy,
        )
    return Finding("mail relay", "ok", f"{relay.host}:{relay.port} accepts us")


def look_at_portals(loa: Loa) -> Iterator[Finding]:
    if not loa.settings.portals:
        folder = loa.settings.portals_dir
        yield Finding(
            "portals", "warning", f"none in {folder}", "loa portal probe URL --write FILE"
        )
    for portal in loa.settings.portals:
        yield from _portal(loa, portal)


def _portal(loa: Loa, portal: PortalConfig) -> Iterator[Finding]:
    from service.cli.dry_run import check_listing

    for listing in portal.listings:
        what = f"portal {portal.id}"
        try:
            found = check_listing(loa.fetcher, portal, listing, loa.settings.service.locale)
        except LoaError as error:
            yield Finding(what, "bad", str(error), "correct the portal's file")
            continue
        remedy = f"loa portal check {portal.id}; correct its file or wait for the portal"
        if found["error"]:
            yield Finding(what, "bad", f"{found['outcome']}: {found['error']}", remedy)
        elif not found["posts"]:
            yield Finding(what, "bad", f"{listing.url} shows no post", remedy)
        else:
            yield Finding(what, "ok", f"{listing.url} shows {len(found['posts'])} posts")
    yield from _certificate(loa, portal)


def _certificate(loa: Loa, portal: PortalConfig) -> Iterator[Finding]:
    """Nothing without TLS; a certificate that is refused was told by the listings."""
    try:
        certificate = loa.fetcher.certificate(portal)
    except PortalError:
        return
    if certificate is None:
        return
    left = certificate.expires_at - loa.clock()
    detail = f"certificate by {certificate.issuer} until {certificate.expires_at:%Y-%m-%d}"
    is_short = left < EXPIRY_WARNING
    remedy = "tell the portal's owner that it must be renewed" if is_short else ""
    yield Finding(f"portal {portal.id}", "warning" if is_short else "ok", detail, remedy)


def look_at_public_address(loa: Loa) -> Finding:
    import requests

    url = loa.settings.service.public_url
    session = requests.Session()
    session.trust_env = False  # neither a proxy nor .netrc stands between us and ourselves
    try:
        answer = session.get(f"{url}/healthz", timeout=ADDRESS_TIMEOUT_S, allow_redirects=False)
    except requests.RequestException as error:
        if not _is_started(loa):
            detail = f"{url} does not answer: Loa is not started"
            return Finding("public address", "warning", detail, "start `loa serve`, check again")
        detail = f"{url} does not answer: {type(error).__name__}"
        return Finding("public address", "bad", detail, "correct service.public_url")
    if answer.status_code != 200 and not _is_started(loa):
        detail = f"{url}/healthz answers {answer.status_code}: Loa is not started"
        return Finding("public address", "warning", detail, "start `loa serve`, check again")
    if answer.status_code != 200:
        detail = f"{url}/healthz answers {answer.status_code}"
        return Finding(
            "public address",
            "bad",
            detail,
            "let the proxy pass it on, or correct service.public_url",
        )
    if urlsplit(url).hostname in LOCAL_NAMES:
        detail = f"{url} answers, but only on this machine"
        return Finding(
            "public address", "warning", detail, "set service.public_url to what readers reach"
        )
    return Finding("public address", "ok", f"{url} answers")


def _is_started(loa: Loa) -> bool:
    """Whether anything of this Loa is at work: what is not started is not ill."""
    from service.delivery.alone import is_somebody_delivering
    from service.storage.beats import is_any_worker_alive
    from service.storage.engine import sqlite_path
    from service.storage.file import is_empty_file

    path = sqlite_path(loa.settings.database.url)
    try:
        if path is not None and is_empty_file(path):
            return False
        with loa.database.reading() as conn:
            return is_any_worker_alive(conn) or is_somebody_delivering(loa.database)
    except StorageError:
        return False  # what is wrong with the database is told by its own line
