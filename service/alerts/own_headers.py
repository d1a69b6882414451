"""The request headers of a webhook's own, which may carry credentials: checked, and sealed value by
value.

A kept value is `{"sealed": …}`; a plain text is one that an older Loa kept.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING

from service.errors import InvalidInput
from service.words import coded

if TYPE_CHECKING:
    from service.alerts.signing import SecretBox

MASK = "••••••"

_LIMIT = 10
_RESERVED_PREFIXES = ("webhook-", "content-", "transfer-", "proxy-")
_RESERVED = frozenset(
    {"host", "connection", "keep-alive", "expect", "te", "trailer", "upgrade", "user-agent", "date"}
)

SealedValue = Mapping[str, str]
"""A sealed value, under the one key `sealed`."""


def seal_headers(headers: Mapping[str, str], box: SecretBox) -> dict[str, SealedValue]:
    """As they are kept. Raises InvalidInput for those that would forge or break the request."""
    check_headers(headers)
    return {name: _seal(value, box) for name, value in headers.items()}


def reseal_headers(kept: Mapping[str, str | SealedValue], box: SecretBox) -> dict[str, SealedValue]:
    """The same values under the present key; what was taken once is not checked again."""
    return {name: _seal(open_value(value, box), box) for name, value in kept.items()}


def sealed_bytes(kept: Mapping[str, str | SealedValue]) -> list[bytes]:
    """What of it is sealed: a plain value, of an older Loa, is not."""
    return [
        base64.b64decode(value["sealed"]) for value in kept.values() if not isinstance(value, str)
    ]


def _seal(value: str, box: SecretBox) -> SealedValue:
    return {"sealed": base64.b64encode(box.encrypt(value)).decode()}


def open_value(kept: str | SealedValue, box: SecretBox) -> str:
    """The value as it is sent. Raises ConfigurationError when it was sealed with another key."""
    return kept if isinstance(kept, str) else box.decrypt(base64.b64decode(kept["sealed"]))


def check_headers(headers: Mapping[str, str]) -> None:
    """Raises InvalidInput for headers that would forge or break the request."""
    if len(headers) > _LIMIT:
        raise InvalidInput("headers", "bad.headers_many", coded("allowed.at_most", limit=_LIMIT))
    for name, value in headers.items():
        if not (
            0 < len(name) <= 64
            and name.isascii()
            and name.replace("-", "").replace("_", "").isalnum()
        ):
            raise InvalidInput("headers", "bad.headers_name", "allowed.header_name")
        if name.lower().startswith(_RESERVED_PREFIXES) or name.lower() in _RESERVED:
            raise InvalidInput(
                "headers", coded("bad.headers_own", text=name), "allowed.another_name"
            )
        if len(value) > 1000 or not value.isascii() or not (value.isprintable() or not value):
            raise InvalidInput(
                "headers", coded("bad.headers_value", text=name), "allowed.header_value"
            )
