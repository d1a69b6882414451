"""One request on the wire: a wall-clock deadline over all of it, and caps on what is received and inflated.

requests speaks HTTP; the sockets under it are ours, so that no drip of headers or body outlives the deadline.
Refuses addresses that nobody configured, proxies and credentials of the environment, and cookies.
"""

from __future__ import annotations

import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from service.errors import FetchError
from service.portals.addresses import is_public
from service.types import Outcome

Resolve = Callable[[str, int], list[tuple[Any, ...]]]
"""(host, port) → rows as `socket.getaddrinfo` gives them; raises OSError."""

_HEADERS_AND_FRAMING = 262_144  # beside the body's cap: header block, chunk sizes, TLS is counted inside
_OUR_NETWORK = frozenset({100, 101, 51, 50})  # ENETDOWN, ENETUNREACH on Linux and on BSD


def resolve_name(host: str, port: int) -> list[tuple[Any, ...]]:
    return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))


@dataclass(slots=True)
class Leash:
    """What one request may still use up; every socket of the request asks it."""

    url: str
    deadline: float
    """On the monotonic clock."""
    wire_left: int
    trusted: frozenset[str]
    resolve: Resolve
    timeout_s: float
    peer: tuple[Any, ...] | None = field(default=None)
    """The address that was dialled last; None before."""
    has_dialled: bool = False
    """Whether the present exchange opened a connection; False while it uses one that was kept alive."""

    def left_s(self) -> float:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise FetchError(f"cannot fetch {self.url!r}: no whole answer in {self.timeout_s:g} s", Outcome.NETWORK)
        return left

    def count(self, received: int) -> int:
        self.wire_left -= received
        if self.wire_left < 0:
            raise FetchError(f"cannot fetch {self.url!r}: the answer is larger than allowed", Outcome.TOO_BIG)
        return received


_leash: ContextVar[Leash] = ContextVar("leash")


class _Socket(socket.socket):
    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        return _receive(self, super().recv_into, args, kwargs)


class _TlsSocket(ssl.SSLSocket):
    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        return _receive(self, super().recv_into, args, kwargs)


def _receive(sock: socket.socket, receive: Callable[..., int], args: Any, kwargs: Any) -> int:
    leash = _leash.get()
    sock.settimeout(leash.left_s())
    try:
        return leash.count(receive(*args, **kwargs))
    except TimeoutError:
        leash.left_s()
        raise


def _look_up(leash: Leash, host: str, port: int) -> list[tuple[Any, ...]]:
    """Resolves in a thread of its own: getaddrinfo knows no deadline."""
    answer: queue.SimpleQueue[list[tuple[Any, ...]] | OSError | UnicodeError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answer.put(leash.resolve(host, port))
        except (OSError, UnicodeError) as error:
            answer.put(error)

    threading.Thread(target=ask, daemon=True, name="loa-resolve").start()
    try:
        found = answer.get(timeout=leash.left_s())
    except queue.Empty:
        raise FetchError(f"cannot fetch {leash.url!r}: no answer about the name {host!r}", Outcome.NETWORK) from None
    if isinstance(found, OSError) and found.errno in _OUR_NETWORK:
        raise translate(leash, found) from found
    if isinstance(found, Exception):
        is_silent = isinstance(found, socket.gaierror) and found.errno == socket.EAI_AGAIN
        words = "cannot be looked up now" if is_silent else "is not known"
        raise FetchError(f"cannot fetch {leash.url!r}: the name {host!r} {words}", Outcome.NETWORK) from found
    return found


def _guard(leash: Leash, host: str, address: str) -> None:
    if host.lower() not in leash.trusted and not is_public(address):
        raise FetchError(
            f"cannot fetch {leash.url!r}: {host!r} is on a private network", Outcome.REDIRECTED, location=leash.url
        )


def _dial(host: str, port: int) -> socket.socket:
    """Connects to the first address that answers, each of them guarded before any is tried."""
    leash = _leash.get()
    rows = _look_up(leash, host.strip("[]"), port)
    for row in rows:
        _guard(leash, host.strip("[]"), row[4][0])
    failure: OSError | None = None
    for family, kind, protocol, _, address in rows:
        sock = _Socket(family, kind, protocol)
        try:
            sock.settimeout(leash.left_s())
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            sock.close()
            failure = error
        except FetchError:
            sock.close()
            raise
        else:
            leash.peer = address
            leash.has_dialled = True
            return sock
    raise translate(leash, failure or OSError("no address")) from failure


class _Connection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _dial(self._dns_host, self.port or 80)


class _TlsConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _dial(self._dns_host, self.port or 443)


class _Pool(HTTPConnectionPool):
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
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        conn.cert_reqs = "CERT_REQUIRED"


class _Session(requests.Session):
    """Looks at no redirect: even where it follows none, requests would parse the next address."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


def open_session(context: ssl.SSLContext, user_agent: str) -> requests.Session:
    """A session that trusts `context` and nothing of its surroundings."""
    context.sslsocket_class = _TlsSocket
    session = _Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
    session.headers.clear()
    session.headers.update({"User-Agent": user_agent, "Accept": "*/*", "Accept-Encoding": "gzip, deflate"})
    adapter = _Adapter(context)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def translate(leash: Leash, error: BaseException) -> FetchError:
    """What a foreign exception means, in one line and one outcome."""
    seen: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in seen:
        seen.append(cause)
        reason = getattr(cause, "reason", None)
        nested = reason if isinstance(reason, BaseException) else next(iter(_nested(cause)), None)
        cause = nested or cause.__cause__ or cause.__context__
    for known in seen:
        if isinstance(known, FetchError):
            return known
        if isinstance(known, OSError) and known.errno in _OUR_NETWORK and not isinstance(known, ssl.SSLError):
            return FetchError(f"cannot fetch {leash.url!r}: our own network is down", Outcome.OWN_NETWORK)
    innermost = seen[-1]
    words = str(innermost) or type(innermost).__name__
    return FetchError(f"cannot fetch {leash.url!r}: {words}", Outcome.NETWORK)


def _nested(error: BaseException) -> Iterator[BaseException]:
    return (arg for arg in error.args if isinstance(arg, BaseException))


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
        todo += [*_nested(one)]
        todo += [
            c for c in (one.__cause__, one.__context__, getattr(one, "reason", None)) if isinstance(c, Exception)
        ]
    return None


def exchange(
    session: requests.Session, leash: Leash, method: str, headers: Mapping[str, str | bytes], cap: int
) -> requests.Response:
    """Sends one request and returns at its headers; the body is read by `service.portals.body`.

    Raises FetchError, or requests.RequestException where the cause is TLS: see `tls_fault`.
    """
    _leash.set(leash)
    try:
        return _exchange_once(session, leash, method, headers, cap)
    except FetchError as error:
        if error.outcome is not Outcome.NETWORK or leash.has_dialled:
            raise
    return _exchange_once(session, leash, method, headers, cap)  # what was kept alive was closed by the host


def _exchange_once(
    session: requests.Session, leash: Leash, method: str, headers: Mapping[str, str | bytes], cap: int
) -> requests.Response:
    leash.wire_left = cap + _HEADERS_AND_FRAMING
    leash.has_dialled = False
    try:
        return session.request(
            method, leash.url, headers=dict(headers), stream=True, allow_redirects=False, timeout=leash.left_s()
        )
    except (requests.RequestException, OSError, ValueError, UnicodeError) as error:
        if tls_fault(error) is not None and leash.has_dialled:
            raise
        raise translate(leash, error) from error
