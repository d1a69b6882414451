"""What was sent, to read: its beginning, without what confirms or acknowledges in somebody's
place."""

from __future__ import annotations

import orjson

from service.alerts.kept_answer import KEPT_BYTES

_MASKED = frozenset({"challenge", "confirm_url", "receipt_url"})


def shown_body(body: str) -> str:
    """Of the JSON of a webhook."""
    sent = orjson.loads(body)
    data = sent.get("data", {})
    masked = {name: "…" if name in _MASKED and value else value for name, value in data.items()}
    shown = orjson.dumps({**sent, "data": masked}, option=orjson.OPT_INDENT_2).decode()
    return shown if len(shown) <= KEPT_BYTES else f"{shown[:KEPT_BYTES]}…"
