"""One request on the wire: a wall-clock deadline over all of it, and caps on what is received and
inflated.

requests speaks HTTP; the sockets under it are ours, so that no drip of headers or body outlives the
deadline. Refuses addresses that nobody configured, proxies and credentials of the environment, and
cookies.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from http.client import BadStatusLine, HTTPResponse
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from service.errors import FetchError
from service.portals.dial import dial
from service.portals.request_budget import RequestBudget, inside, translate
from service.types import Outcome

_HEADERS_AND_FRAMING = (
    262_144  # beside the body's cap: header block, chunk sizes, TLS is counted inside
)
_MOST_INTERIM = 16
_LONGEST_LINE = 65_536  # as http.client allows a header line

_budget: ContextVar[RequestBudget] = ContextVar("budget")


class _Socket(socket.socket):
    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        return _receive(self, super().recv_into, args, kwargs)


class _TlsSocket(ssl.SSLSocket):
    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        return _receive(self, super().recv_into, args, kwargs)


def _receive(sock: socket.socket, receive: Callable[..., int], args: Any, kwargs: Any) -> int:
    budget = _budget.get()
    sock.settimeout(budget.left_s())
    try:
        return budget.count(receive(*args, **kwargs))
    except TimeoutError:
        budget.left_s()
        raise


class _Response(HTTPResponse):
    """Passes over every interim answer (RFC 9110, 15.2: a client must be able to parse them), not
    only 100."""

    def _read_status(self) -> tuple[str, int, str]:
        for _ in range(_MOST_INTERIM):
            version, status, reason = super()._read_status()  # type: ignore[misc]  # private, and typeshed's is silent
            if not 101 < status < 200:
                return version, status, reason
            while self.fp.readline(_LONGEST_LINE).strip():
                # the fields of the interim answer, up to its empty line; counted as all that is
                # received
                pass
        raise BadStatusLine("interim answers without end")


class _Connection(HTTPConnection):
    response_class = _Response

    def _new_conn(self) -> socket.socket:
        return dial(_budget.get(), self._dns_host.strip("[]"), self.port or 80, _Socket)


class _TlsConnection(HTTPSConnection):
    response_class = _Response

    def _new_conn(self) -> socket.socket:
        return dial(_budget.get(), self._dns_host.strip("[]"), self.port or 443, _Socket)


class _ConnectionPool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class _Adapter(HTTPAdapter):
    """Keeps one SSLContext for every host: stock requests reads the CA bundle again for each."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__(pool_connections=32, pool_maxsize=4)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, ssl_context=self._context)
        self.poolmanager.pool_classes_by_scheme = {"http": _ConnectionPool, "https": _TlsPool}

    def cert_verify(self, conn: Any, _url: str, _verify: Any, _cert: Any) -> None:
        conn.cert_reqs = "CERT_REQUIRED"


class _Session(requests.Session):
    """Looks at no redirect: even where it follows none, requests would parse the next address."""

    def get_redirect_target(self, _resp: requests.Response) -> None:
        return None


def open_http_session(context: ssl.SSLContext, user_agent: str) -> requests.Session:
    """A session that trusts `context` and nothing of its surroundings."""
    context.sslsocket_class = _TlsSocket
    session = _Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
    session.headers.clear()
    session.headers.update(
        {"User-Agent": user_agent, "Accept": "*/*", "Accept-Encoding": "gzip, deflate"}
    )
    adapter = _Adapter(context)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def tls_fault(error: BaseException) -> ssl.SSLError | None:
    """The TLS fault inside a foreign exception; None when it is about something else."""
    todo, seen = [error], set()
    while todo:
        one = todo.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, ssl.SSLError):
            return one
        todo += [*inside(one)]
        todo += [
            c
            for c in (one.__cause__, one.__context__, getattr(one, "reason", None))
            if isinstance(c, Exception)
        ]
    return None


def exchange(
    session: requests.Session,
    budget: RequestBudget,
    method: str,
    headers: Mapping[str, str | bytes],
    cap: int,
) -> requests.Response:
    """Sends one request and returns at its headers; `service.portals.http_body` reads the body.

    Raises FetchError, or requests.RequestException where the cause is TLS: see `tls_fault`.
    """
    _budget.set(budget)
    try:
        return _exchange_once(session, budget, method, headers, cap)
    except FetchError as error:
        if error.outcome is not Outcome.NETWORK or budget.has_dialled:
            raise
    return _exchange_once(
        session, budget, method, headers, cap
    )  # what was kept alive was closed by the host


def _exchange_once(
    session: requests.Session,
    budget: RequestBudget,
    method: str,
    headers: Mapping[str, str | bytes],
    cap: int,
) -> requests.Response:
    budget.wire_left = cap + _HEADERS_AND_FRAMING
    budget.has_dialled = False
    try:
        return session.request(
            method,
            budget.url,
            headers=dict(headers),
            stream=True,
            allow_redirects=False,
            timeout=budget.left_s(),
        )
    except (requests.RequestException, OSError, ValueError, UnicodeError) as error:
        if tls_fault(error) is not None and budget.has_dialled:
            raise
        raise translate(budget, error) from error
