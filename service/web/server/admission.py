"""The door for requests with a body: each is read whole before the application sees it, so many at
once.

Nobody waits for a body: what has not come in time is answered with 408, what ends before its end
with 400, and neither is acted on. One client has few of the places, so that one who stalls shuts
nobody else out.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

from service.web.server.admission_slots import AdmissionSlots
from service.web.server.exchange import plain_answer

BODIES = 64
"""Each holds MAX_BODY_BYTES of memory at most."""

A_CLIENT = 8
MAX_BODY_BYTES = 1 << 20
"""Of any request. The API has a tighter limit of its own; no form comes near this one."""

BODY_WITHIN_S = 20.0
"""For the whole body: 64 kB, the most that the API takes, come in that time at 3 kB a second."""

Later = Callable[[float, Callable[[], object]], object]
"""Calls something in so many seconds, in the thread that tells of bodies."""


class Door:
    """Reads bodies; `later` keeps the time."""

    def __init__(self, later: Later, bodies: int = BODIES, a_client: int = A_CLIENT) -> None:
        self._later = later
        self._places = AdmissionSlots(bodies, a_client)

    def take_in(
        self, exchange: Any, environ: dict[str, Any], client: str, act: Callable[[], object]
    ) -> None:
        """Calls `act` when the body is in the environ. Answers where there is no place for it, or
        it does not come.

        What says that it is too long is not read: the application refuses it.
        """
        said = environ.get("CONTENT_LENGTH", "0" if "HTTP_TRANSFER_ENCODING" not in environ else "")
        if said and (int(said) == 0 or int(said) > MAX_BODY_BYTES):
            environ["wsgi.input"] = BytesIO()
            act()
        elif self._places.take(client):
            _Reading(exchange, environ, act, lambda: self._places.give_back(client)).begin(
                self._later
            )
        else:
            exchange.response_bytes(*plain_answer(environ, 503, ("Retry-After", "1")))


class _Reading:
    """One body. Ends once: read, cut or late; and then holds on to nothing."""

    def __init__(
        self,
        exchange: Any,
        environ: dict[str, Any],
        act: Callable[[], object],
        give_back: Callable[[], object],
    ) -> None:
        self._held: tuple[Any, dict[str, Any], Callable[[], object]] | None = (
            exchange,
            environ,
            act,
        )
        self._give_back = give_back

    def begin(self, later: Later) -> None:
        if self._held is not None:
            later(BODY_WITHIN_S, self._be_late)
            self._held[0].read_body(MAX_BODY_BYTES, self._have)

    def _have(self, body: bytes | None) -> None:
        held = self._end()
        if held is None:
            return
        exchange, environ, act = held
        if body is None:
            exchange.response_bytes(*plain_answer(environ, 400))
            return
        environ["wsgi.input"] = BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        act()

    def _be_late(self) -> None:
        held = self._end()
        if held is not None:
            held[0].response_bytes(*plain_answer(held[1], 408))
            held[0].stop_reading()

    def _end(self) -> tuple[Any, dict[str, Any], Callable[[], object]] | None:
        """What it was about, the first time."""
        held, self._held = self._held, None
        if held is not None:
            self._give_back()
        return held
