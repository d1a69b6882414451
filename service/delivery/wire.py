"""libcurl's multi interface in one thread: requests in, answers out, driven by epoll.

The guard is on every handle: one policy for each multi, or a laxer handle would leave its
connection to others.
"""

from __future__ import annotations

import resource
import select
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import certifi
import pycurl

from service.alerts.kept_answer import KEPT_BYTES
from service.delivery.guard import guard_for, is_allowed
from service.delivery.prepare import Request
from service.delivery.resolve import Resolver
from service.delivery.stream_watch import Watch
from service.settings import WebhookSettings
from service.values import is_ip_address

MAX_ANSWER_BYTES = 16_384
_UNRESOLVED = 6  # libcurl's own code for it


@dataclass(slots=True)
class WireAnswer:
    """What came of a request. `status` 0: no status line; `error` 0: libcurl met none."""

    request: Request
    status: int
    error: int
    is_guarded: bool
    retry_after_s: float | None
    took_s: float
    body: bytes = b""


class _Slot:
    """A handle that is used again and again, with what it carries now."""

    def __init__(
        self, settings: WebhookSettings, authority: str, opened: Callable[[], None]
    ) -> None:
        self.request: Request | None = None
        self.is_guarded = False
        self.body: list[bytes] = []
        self.kept = 0
        self.started_at = 0.0
        self.has_addresses = False
        guard = guard_for(
            self._refuse, opened, allow_private_networks=settings.allow_private_networks
        )
        self.curl = _handle(guard, settings.timeout_s, authority)
        self.curl.setopt(pycurl.WRITEFUNCTION, self._write)

    def _refuse(self) -> None:
        self.is_guarded = True

    def _write(self, data: bytes) -> None:
        if self.request is not None and (self.request.challenge or self.kept < KEPT_BYTES):
            self.body.append(data)
            self.kept += len(data)


def _handle(guard: Callable[[int, Any], Any], timeout_s: float, authority: str) -> Any:
    """A handle with all that no request changes."""
    curl = pycurl.Curl()
    for option, value in (
        (pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS),
        (pycurl.REDIR_PROTOCOLS, 0),
        (pycurl.FOLLOWLOCATION, 0),
        (pycurl.PROXY, ""),
        (pycurl.NOPROXY, "*"),
        (pycurl.NETRC, pycurl.NETRC_IGNORED),
        (pycurl.NOSIGNAL, 1),
        (pycurl.CONNECTTIMEOUT_MS, int(timeout_s * 1000)),
        (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS),
        (pycurl.MAXFILESIZE, MAX_ANSWER_BYTES),
        (pycurl.CAINFO, authority),
        (pycurl.OPENSOCKETFUNCTION, guard),
        (pycurl.POST, 1),
    ):
        curl.setopt(option, value)
    return curl


class Wire:
    """Sends requests that a place was found for. Not for several threads."""

    def __init__(
        self,
        settings: WebhookSettings,
        *,
        dns_servers: list[str] | None = None,
        dns_port: int | None = None,
        authority: str | None = None,
    ) -> None:
        self._settings = settings
        self._authority = authority or certifi.where()
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_MAXCONNECTS, _kept_connections(settings.concurrency))
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._set_timer)
        self._watched = Watch()
        self._timer_at: float | None = None
        self._free: list[_Slot] = []
        self._slots: dict[Any, _Slot] = {}
        self._unresolved: defaultdict[str, list[tuple[Request, float]]] = defaultdict(list)
        self._done: deque[WireAnswer] = deque()
        self._resolver = Resolver(servers=dns_servers, port=dns_port)

    def send(self, request: Request) -> None:
        """Begins a request, after its name is resolved. It ends `timeout_s` from now, the name
        included."""
        started_at = time.monotonic()
        host = request.target.host
        if is_ip_address(host):
            self._dial(request, (host,), started_at)
            return
        answer = self._resolver.ask(host)
        if answer is None:
            self._unresolved[host].append((request, started_at))
        else:
            self._dial(request, answer.addresses, started_at)

    def poll(self, timeout_s: float) -> list[WireAnswer]:
        """Moves everything on, waiting at most so long; what has ended since."""
        if self._unresolved:
            timeout_s = min(timeout_s, 0.005)
        if self._done:
            timeout_s = 0
        if self._timer_at is not None:
            timeout_s = min(timeout_s, max(0.0, self._timer_at - time.monotonic()))
        for fd, events in self._watched.poll(timeout_s):
            mask = (pycurl.CSELECT_IN if events & (select.EPOLLIN | select.EPOLLHUP) else 0) | (
                pycurl.CSELECT_OUT if events & select.EPOLLOUT else 0
            )
            self._multi.socket_action(
                fd, mask | (pycurl.CSELECT_ERR if events & select.EPOLLERR else 0)
            )
        if self._timer_at is not None and self._timer_at <= time.monotonic():
            self._timer_at = None
            self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
        self._collect()
        self._dial_resolved()
        ended, self._done = list(self._done), deque()
        return ended

    def wake(self) -> None:
        """Ends the wait of a `poll`; from any thread."""
        self._watched.wake()

    def close(self) -> None:
        for curl in list(self._slots):
            self._multi.remove_handle(curl)
        self._multi.close()
        self._watched.close()
        self._resolver.close()

    def _dial_resolved(self) -> None:
        for answer in self._resolver.answers():
            for request, started_at in self._unresolved.pop(answer.name, []):
                self._dial(request, answer.addresses, started_at)
        late = time.monotonic() - self._settings.timeout_s
        for host in [host for host, waiting in self._unresolved.items() if waiting[0][1] < late]:
            for request, started_at in self._unresolved.pop(host):
                self._end(request, _UNRESOLVED, started_at)

    def _dial(self, request: Request, addresses: tuple[str, ...], started_at: float) -> None:
        left_ms = int((started_at + self._settings.timeout_s - time.monotonic()) * 1000)
        if not addresses or left_ms <= 0:
            self._end(request, _UNRESOLVED, started_at)
            return
        if not is_allowed(addresses, allow_private_networks=self._settings.allow_private_networks):
            self._end(request, 7, started_at, is_guarded=True)
            return
        slot = self._free.pop() if self._free else self._new_slot()
        slot.request, slot.is_guarded, slot.started_at = request, False, started_at
        slot.body.clear()
        slot.kept = 0
        curl, target = slot.curl, request.target
        curl.setopt(pycurl.TIMEOUT_MS, left_ms)
        curl.setopt(pycurl.URL, target.url)
        curl.setopt(pycurl.HTTPHEADER, request.headers)
        if request.is_get:
            curl.setopt(pycurl.HTTPGET, 1)
        else:
            curl.setopt(pycurl.POSTFIELDS, request.body)  # makes it a POST, whatever was before
        if addresses != (target.host,):
            shown = ",".join(f"[{a}]" if ":" in a else a for a in addresses)
            curl.setopt(pycurl.RESOLVE, [f"+{target.host}:{target.port}:{shown}"])
            slot.has_addresses = True
        elif slot.has_addresses:  # or it would give an old answer for another name again
            curl.setopt(pycurl.RESOLVE, [])
            slot.has_addresses = False
        self._slots[curl] = slot
        self._multi.add_handle(curl)

    def _new_slot(self) -> _Slot:
        return _Slot(self._settings, self._authority, self._watched.opened)

    def _end(
        self, request: Request, error: int, started_at: float, *, is_guarded: bool = False
    ) -> None:
        took_s = max(time.monotonic() - started_at, 1e-6)
        self._done.append(WireAnswer(request, 0, error, is_guarded, None, took_s))

    def _collect(self) -> None:
        while True:
            left, ended, failed = self._multi.info_read()
            for curl in ended:
                self._close(curl, 0)
            for curl, error, _text in failed:
                self._close(curl, error)
            if not left:
                return

    def _close(self, curl: Any, error: int) -> None:
        slot = self._slots.pop(curl)
        self._multi.remove_handle(curl)
        assert slot.request is not None
        asked = curl.getinfo(pycurl.RETRY_AFTER)
        self._done.append(
            WireAnswer(
                slot.request,
                curl.getinfo(pycurl.RESPONSE_CODE),
                error,
                slot.is_guarded and error != 0,
                asked or None,
                max(time.monotonic() - slot.started_at, 1e-6),
                b"".join(slot.body),
            )
        )
        slot.request = None
        self._free.append(slot)

    def _watch(self, event: int, fd: int, _multi: Any, _known: Any) -> None:
        if event == pycurl.POLL_REMOVE:
            self._watched.rest(fd)
            return
        mask = (select.EPOLLIN if event & pycurl.POLL_IN else 0) | (
            select.EPOLLOUT if event & pycurl.POLL_OUT else 0
        )
        self._watched.want(fd, mask)

    def _set_timer(self, timeout_ms: int) -> None:
        self._timer_at = None if timeout_ms < 0 else time.monotonic() + timeout_ms / 1000


def _kept_connections(concurrency: int) -> int:
    """Four hosts for each place, but at most half of the files this process may open: the rest is
    others'."""
    return max(
        concurrency, min(4 * concurrency, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2)
    )
