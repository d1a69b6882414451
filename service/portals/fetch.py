"""Fetches from portals: politely, conditionally, within a deadline and within caps, never off the
portal's host.

The only way by which anything of a portal reaches this machine. Refuses what robots.txt forbids,
what is too large or too slow, and redirects that leave the host; follows the few that stay, by
hand.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import requests

from service.errors import FetchError
from service.portals.addresses import host_key, port_of, split_address
from service.portals.gate import HostGate
from service.portals.http_body import read_http_body
from service.portals.http_wire import exchange, open_http_session, tls_fault
from service.portals.recognise import recognise_refusal
from service.portals.redirect import RequestChain, location_of, refresh_of, target_of
from service.portals.request_budget import RequestBudget, Resolve, resolve_name
from service.portals.retry_after import parse_retry_after
from service.portals.robots import MAX_BYTES, Robots
from service.portals.same_site import refuse_address, refuse_file, trusted_origins
from service.portals.tls import (
    Certificate,
    explain_certificate,
    portal_context,
    read_certificate,
    shown_certificate,
)
from service.portals.urls import encode_once
from service.settings import PollingSettings, PortalConfig
from service.settings.trust import authorities
from service.types import UNCONDITIONAL, Clock, Outcome, Page, Validators
from service.words import coded

_Trust = tuple[Path | None, bool]
"""A portal's own `ca_file`, and whether it needs old ciphers: one TLS context for each."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})
_PAGE_HEAD = 16_384  # in which a page leads on
_ERROR_BODY = 65_536  # enough of a refusal to recognise who refuses


@dataclass(frozen=True, slots=True)
class FileState:
    """What a host says of a file without sending it. None where it says nothing."""

    bytes: int | None
    etag: str | None
    last_modified: str | None
    is_unchanged: bool
    """True for a 304; False says only that it may have changed."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """The end of a chain of redirects: headers are in, the body is not yet read."""

    response: requests.Response
    budget: RequestBudget
    moved_to: str | None
    chain: RequestChain
    has_cookie: bool
    """It asked for a cookie that was not sent yet."""


def _conditions(validators: Validators) -> dict[str, str | bytes]:
    """The validators exactly as they came: as bytes of Latin-1, the charset HTTP headers were read
    in."""
    named = {"If-None-Match": validators.etag, "If-Modified-Since": validators.last_modified}
    return {name: value.encode("latin-1", "replace") for name, value in named.items() if value}


def _header(response: requests.Response, name: str) -> str | None:
    value = response.headers.get(name)
    return value.strip()[:1024] or None if value else None


def _length(response: requests.Response) -> int | None:
    text = response.headers.get("Content-Length", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else None


def _is_html(page: Page) -> bool:
    media = page.content_type.partition(";")[0].strip().lower()
    return media in ("text/html", "application/xhtml+xml", "")


class Fetcher:
    """Safe to be used from several threads.

    `sleep` waits for a host's turn; `resolve` looks names up: both are handed in by tests.
    `ca_file` is that of all portals (`network.ca_file`), empty for the public roots alone.
    """

    def __init__(
        self,
        polling: PollingSettings,
        gate: HostGate,
        clock: Clock,
        *,
        sleep: Callable[[float], None] = time.sleep,
        resolve: Resolve = resolve_name,
        ca_file: str = "",
    ) -> None:
        self._ca_file = ca_file
        self._polling = polling
        self._gate = gate
        self._clock = clock
        self._sleep = sleep
        self._resolve = resolve
        self._robots = Robots(gate, clock, polling.user_agent)
        self._contexts: dict[_Trust, ssl.SSLContext] = {}
        self._sessions: dict[tuple[_Trust, frozenset[tuple[str, int]]], requests.Session] = {}
        self._lock = threading.Lock()

    def get(
        self, url: str, validators: Validators = UNCONDITIONAL, *, portal: PortalConfig
    ) -> Page | None:
        """The page at `url`; None when it is unchanged: a 304, or the very bytes of
        `validators.sha256`.

        A page that moved for good is never None, so that `moved_to` reaches the operator.
        Raises FetchError with the outcome that the poll ends in.
        """
        cap = self._polling.max_body_bytes
        answer = self._ask("GET", url, _conditions(validators), portal, cap)
        if answer.response.status_code == 304:
            if answer.moved_to is None:
                return None
            answer.response.close()
            answer = self._ask("GET", url, {}, portal, cap)
        page = self._led_on(self._page(answer, cap), answer, portal, cap)
        return None if page.sha256 == validators.sha256 and page.moved_to is None else page

    def _led_on(self, page: Page, answer: _Answer, portal: PortalConfig, cap: int) -> Page:
        """What a page shows that only leads to another of its host, by a refresh of its header or
        its head."""
        while True:
            refresh = answer.response.headers.get("Refresh")
            if not refresh and not _is_html(page):
                return page
            to = refresh_of(refresh, page.body[:_PAGE_HEAD].decode("utf-8", "replace"))
            if to is None or (
                not answer.has_cookie
                and (not to or target_of(page.url, to) in (page.url, *answer.chain.visited))
            ):
                return page  # it stays, or loads itself again: it is what it shows
            answer.chain.step(to, is_permanent=False, has_cookie=answer.has_cookie)
            self._wait(host_key(split_address(answer.chain.budget.url)), 0.0)
            answer = self._walk(answer.chain, portal, cap)
            if not 200 <= answer.response.status_code < 300:
                raise self._refusal(answer)
            page = self._page(answer, cap)

    def head(
        self,
        url: str,
        *,
        portal: PortalConfig,
        etag: str | None = None,
        last_modified: str | None = None,
    ) -> FileState:
        """What the host says of a file. Raises FetchError, also where HEAD is not allowed."""
        refuse_file(encode_once(url), portal)
        headers = _conditions(Validators(etag, last_modified))
        response = self._ask(
            "HEAD", url, {**headers, "Accept-Encoding": "identity"}, portal, 0
        ).response
        response.close()
        return FileState(
            _length(response),
            _header(response, "ETag"),
            _header(response, "Last-Modified"),
            response.status_code == 304,
        )

    def download(self, url: str, *, portal: PortalConfig, cap: int) -> Page:
        """A file whole, up to `cap` bytes, of the portal's site. Raises FetchError(TOO_BIG)
        beyond."""
        refuse_file(encode_once(url), portal)
        return self._page(self._ask("GET", url, {}, portal, cap), cap)

    def certificate(self, portal: PortalConfig) -> Certificate | None:
        """The certificate of the portal's host, verified; None without TLS. Raises FetchError when
        it is refused."""
        parts = split_address(portal.base_url)
        if parts.scheme != "https" or parts.hostname is None:
            return None
        budget = self._budget(portal.base_url, portal)
        context = self._context(portal)
        try:
            rows = self._resolve(parts.hostname, port_of(parts))
            with (
                socket.create_connection(rows[0][4][:2], timeout=budget.timeout_s) as plain,
                context.wrap_socket(plain, server_hostname=parts.hostname) as encrypted,
            ):
                return read_certificate(parts.hostname, dict(encrypted.getpeercert() or {}))
        except ssl.SSLError as error:
            raise self._tls_error(budget, parts.hostname, port_of(parts), error) from error
        except OSError as error:
            raise FetchError(
                coded("fetch.unreachable", url=portal.base_url, said=str(error)), Outcome.NETWORK
            ) from error

    def forget_connections(self) -> None:
        """Closes what is kept alive; the next request dials anew."""
        self.close()

    def close(self) -> None:
        for session in self._sessions.values():
            session.close()

    # --- one request, politely ---------------------------------------------------------------

    def _ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str | bytes],
        portal: PortalConfig,
        cap: int,
    ) -> _Answer:
        url = encode_once(url)
        refuse_address(url, portal)
        key = host_key(split_address(url))
        delay_s = self._robots.crawl_delay(
            url, key, lambda address: self._robots_text(address, portal)
        )
        self._wait(key, delay_s)
        answer = self._follow(method, url, headers, portal, cap)
        if answer.response.status_code == 304 or 200 <= answer.response.status_code < 300:
            return answer
        raise self._refusal(answer)

    def _wait(self, key: str, delay_s: float) -> None:
        wait_s = self._gate.reserve(
            key, max(delay_s, self._polling.min_delay_per_host_s), self._clock()
        )
        if wait_s > 0:
            self._sleep(wait_s)

    def _robots_text(self, address: str, portal: PortalConfig) -> str:
        self._wait(host_key(split_address(address)), 0.0)
        answer = self._follow("GET", address, {}, portal, MAX_BYTES)
        if answer.response.status_code != 200:
            raise self._refusal(answer)
        body = read_http_body(answer.response, answer.budget, MAX_BYTES, is_truncating=True)
        return body.decode("utf-8-sig", "replace")

    def _follow(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str | bytes],
        portal: PortalConfig,
        cap: int,
    ) -> _Answer:
        """Sends, and follows what stays on the host. One deadline for the whole chain."""
        budget = self._budget(url, portal)
        return self._walk(RequestChain(method, headers, budget), portal, cap)

    def _walk(self, chain: RequestChain, portal: PortalConfig, cap: int) -> _Answer:
        budget = chain.budget
        while True:
            response = self._send(
                chain.method, budget, {**chain.headers, **chain.cookies.header()}, portal, cap
            )
            fields = response.raw.headers
            has_cookie = chain.cookies.take(fields.getlist("Set-Cookie"))
            try:
                location = location_of(fields.getlist("Location"), budget.url)
            except FetchError:
                response.close()
                raise
            if response.status_code not in _REDIRECTS or location is None:
                return _Answer(response, budget, chain.moved_to, chain, has_cookie)
            response.close()
            chain.step(
                location, is_permanent=response.status_code in _PERMANENT, has_cookie=has_cookie
            )

    def _send(
        self,
        method: str,
        budget: RequestBudget,
        headers: Mapping[str, str | bytes],
        portal: PortalConfig,
        cap: int,
    ) -> requests.Response:
        parts = split_address(budget.url)
        try:
            return exchange(self._session(portal), budget, method, headers, cap)
        except requests.RequestException as error:
            fault = tls_fault(error)
            assert fault is not None, "exchange translates everything else"
            raise self._tls_error(budget, parts.hostname or "", port_of(parts), fault) from error

    def _budget(self, url: str, portal: PortalConfig) -> RequestBudget:
        timeout_s = self._polling.timeout_s
        return RequestBudget(
            url, time.monotonic() + timeout_s, 0, trusted_origins(portal), self._resolve, timeout_s
        )

    def _context(self, portal: PortalConfig) -> ssl.SSLContext:
        trust = portal.ca_file, portal.legacy_tls
        with self._lock:
            if trust not in self._contexts:
                roots = authorities(self._ca_file)
                made = portal_context(
                    roots, portal.ca_file, self._clock(), is_legacy=portal.legacy_tls
                )
                self._contexts[trust] = made
            return self._contexts[trust]

    def _session(self, portal: PortalConfig) -> requests.Session:
        """One for all portals that may reach the same private hosts: what is kept alive was guarded
        when dialled."""
        context = self._context(portal)
        key = (portal.ca_file, portal.legacy_tls), trusted_origins(portal)
        with self._lock:
            if key not in self._sessions:
                self._sessions[key] = open_http_session(context, self._polling.user_agent)
            return self._sessions[key]

    # --- what came ---------------------------------------------------------------------------

    def _page(self, answer: _Answer, cap: int) -> Page:
        response = answer.response
        body = read_http_body(response, answer.budget, cap)
        return Page(
            url=answer.budget.url,
            status=response.status_code,
            content_type=response.headers.get("Content-Type", ""),
            body=body,
            etag=_header(response, "ETag"),
            last_modified=_header(response, "Last-Modified"),
            sha256=sha256(body).hexdigest(),
            moved_to=answer.moved_to,
            fetched_at=self._clock(),
        )

    def _refusal(self, answer: _Answer) -> FetchError:
        """What a status other than 2xx means; its body tells a challenge and maintenance from a
        mere fault."""
        response, url = answer.response, answer.budget.url
        try:
            body = read_http_body(response, answer.budget, _ERROR_BODY, is_truncating=True)
        except FetchError:
            body = b""  # the status says enough
        response.close()
        return FetchError(
            coded("fetch.answered", url=url, status=response.status_code),
            recognise_refusal(response.status_code, response.headers, body),
            retry_after_s=parse_retry_after(response.headers.get("Retry-After"), self._clock()),
            status=response.status_code,
        )

    @staticmethod
    def _tls_error(budget: RequestBudget, host: str, port: int, error: ssl.SSLError) -> FetchError:
        left_s = max(0.1, min(5.0, budget.deadline - time.monotonic()))
        address = (str(budget.peer[0]), port) if budget.peer else (host, port)
        is_chain = isinstance(error, ssl.SSLCertVerificationError)
        shown = shown_certificate(host, address, left_s) if is_chain else None
        return FetchError(
            coded("fetch.tls", url=budget.url, reason=explain_certificate(error, host, shown)),
            Outcome.TLS,
        )
