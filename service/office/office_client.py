"""Asks a Loa for what an office is owed, over HTTP, and believes nothing that is not signed."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import requests
from requests.auth import AuthBase

from service.alerts.verifying import Verifier
from service.errors import ConfigurationError, RemoteError
from service.office.credentials import Credentials

CONNECT_S = 10.0
ANSWER_S = 20.0
"""Beside what the server was asked to wait."""
MAX_BYTES = 64 << 20
"""Of an answer: 100 messages of the longest fit several times."""

KEY_PATH = "/.well-known/loa-webhook-key"


@dataclass(frozen=True, slots=True)
class HandedMessage:
    """A message as it was handed out. `fault`: why it is not believed; empty where it is."""

    id: str
    timestamp: str
    signature: str
    body: bytes
    fault: str = ""

    @property
    def headers(self) -> dict[str, str]:
        return {
            "webhook-id": self.id,
            "webhook-timestamp": self.timestamp,
            "webhook-signature": self.signature,
        }


@dataclass(frozen=True, slots=True)
class Statement:
    day: str
    ids: tuple[str, ...]


class OfficeClient:
    """Not for several threads. Without a secret of its own it verifies by the public keys of the
    Loa that it asks."""

    def __init__(
        self, url: str, credentials: Credentials, now_s: Callable[[], float] = time.time
    ) -> None:
        self._url = url.rstrip("/")
        self._now_s = now_s
        self._credentials = credentials
        self._session = requests.Session()
        self._session.auth = _Bearer(credentials.token)
        self._fetched: tuple[str, ...] = ()

    def ask(self, wait_s: float, limit: int) -> list[HandedMessage]:
        """The oldest that are owed, under a lease. Raises RemoteError for what may pass,
        ConfigurationError for what will not."""
        query = {"wait_s": f"{wait_s:g}", "limit": str(limit)}
        return self._messages(self._get("/api/v1/stream", query, wait_s))

    def fetch(self, ids: Sequence[str]) -> list[HandedMessage]:
        """These once more, those that are still kept."""
        return self._messages(self._get("/api/v1/stream", [("id", one) for one in ids], 0))

    def acknowledge(self, ids: Sequence[str]) -> None:
        answer = self._send("POST", "/api/v1/stream/ack", ANSWER_S, json={"ids": list(ids)})
        self._read(answer)

    def statement(self, day: str) -> Statement:
        """What was owed on a day. Raises RemoteError where it is not signed, or does not agree with
        its own digest."""
        answer = self._send("GET", "/api/v1/statement", ANSWER_S, params={"day": day})
        body = self._read(answer)
        signed = {key: answer.headers.get(key, "") for key in _SIGNED}
        fault = self._fault(signed, body)
        said = _parsed(body)
        ids = sorted(str(one) for one in said.get("ids", ()))
        digest = hashlib.sha256("".join(f"{one}\n" for one in ids).encode()).hexdigest()
        if not fault and (said.get("digest") != f"sha256:{digest}" or said.get("day") != day):
            fault = "its digest or day is not that of its ids"
        if fault:
            raise RemoteError(f"cannot believe the statement of {day}: {fault}")
        return Statement(day, tuple(ids))

    def _messages(self, body: bytes) -> list[HandedMessage]:
        found = []
        for one in _parsed(body).get("messages", ()):
            signed = {key: str(one.get(key, "")) for key in _SIGNED}
            text = str(one.get("body", "")).encode("utf-8", "surrogatepass")
            message_id, timestamp, signature = signed.values()
            fault = self._fault(signed, text)
            found.append(HandedMessage(message_id, timestamp, signature, text, fault))
        return found

    def _fault(self, signed: dict[str, str], body: bytes) -> str:
        given = self._credentials
        if given.secrets or given.public_keys:
            return Verifier(given.secrets, given.public_keys).fault(signed, body, self._now_s())
        fault = Verifier((), self._fetched).fault(signed, body, self._now_s())
        if fault:  # none was asked for yet, or they were replaced
            said = _parsed(self._get(KEY_PATH, {}, 0))
            self._fetched = tuple(str(one.get("key")) for one in said.get("keys", ()))
            fault = Verifier((), self._fetched).fault(signed, body, self._now_s())
        return fault

    def _get(self, path: str, query: Any, wait_s: float) -> bytes:
        return self._read(self._send("GET", path, ANSWER_S + wait_s, params=query))

    def _send(self, method: str, path: str, within_s: float, **more: Any) -> requests.Response:
        try:
            return self._session.request(
                method,
                self._url + path,
                timeout=(CONNECT_S, within_s),
                allow_redirects=False,
                stream=True,
                **more,
            )
        except requests.RequestException as error:
            raise RemoteError(f"cannot ask {self._url}: {_brief(error)}") from error

    def _read(self, answer: requests.Response) -> bytes:
        with answer:
            try:
                body: bytes = answer.raw.read(MAX_BYTES + 1, decode_content=True)
            except Exception as error:  # urllib3 has many; all mean that it broke off
                raise RemoteError(f"{self._url} broke off its answer: {error}") from error
        if answer.status_code == 200 and len(body) <= MAX_BYTES:
            return body
        self._refuse(answer, body)
        raise RemoteError(
            f"{self._url} answered {answer.status_code}{_detail(body)}", _retry_after(answer)
        )

    def _refuse(self, answer: requests.Response, body: bytes) -> None:
        if 300 <= answer.status_code < 400:
            raise ConfigurationError(
                f"{self._url} answers {answer.status_code} (a redirect to "
                f"{answer.headers.get('Location')!r}), which is not followed with a token; give "
                "that address to --url"
            )
        if answer.status_code in (400, 401, 403, 404, 405, 409, 422):
            raise ConfigurationError(f"{self._url} answers {answer.status_code}{_detail(body)}")


_SIGNED = ("webhook-id", "webhook-timestamp", "webhook-signature")


class _Bearer(AuthBase):
    """As an `auth`, so that no netrc file puts another in its place."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except ValueError as error:
        raise RemoteError("the answer is no JSON; is --url the address of a Loa?") from error
    if not isinstance(said, dict):
        raise RemoteError("the answer is no JSON object; is --url the address of a Loa?")
    return said


def _detail(body: bytes) -> str:
    try:
        return f": {_parsed(body)['detail']}"
    except (RemoteError, KeyError):
        return ""


def _retry_after(answer: requests.Response) -> float | None:
    said = answer.headers.get("Retry-After", "")
    return float(said) if said.isascii() and said.isdigit() and len(said) < 6 else None


def _brief(error: Exception) -> str:
    """Without the chain of names that urllib3 puts around it."""
    cause: BaseException = error
    while cause.__context__ is not None or cause.__cause__ is not None:
        cause = cause.__cause__ or cause.__context__ or cause
    return str(cause) or type(cause).__name__
