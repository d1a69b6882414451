"""What of a post is too much for one message: cut from the end, counted, and said in the message
itself.

The post's page, whose address every message carries, holds all of it.
"""

from __future__ import annotations

from typing import Any

import orjson

MAX_BYTES = 256 << 10
"""Of a webhook's body: what receivers and gateways take by default begins at that."""

ROOM_BYTES = 4 << 10
"""Of it, for what is added for one unit: the address of its receipt."""

MAX_ITEMS = 100
LISTS = ("attachments", "mentions", "deadlines", "relations", "also_at", "places", "addressees")
TEXTS = ("summary", "title")


def cut_to_fit(data: dict[str, Any]) -> dict[str, Any]:
    """The same mapping with at most MAX_ITEMS in each list, and small enough. `cut` says how many
    items of each list, and how many characters of each text, are left out; empty: nothing."""
    cut: dict[str, int] = {}
    fitting = {**data, "cut": cut}
    for name in LISTS:
        _keep(fitting, cut, name, MAX_ITEMS)
    while len(orjson.dumps(fitting)) > MAX_BYTES - ROOM_BYTES:
        largest = max((*LISTS, *TEXTS), key=lambda name: len(orjson.dumps(fitting[name])))
        if not fitting[largest]:
            break
        _keep(fitting, cut, largest, len(fitting[largest]) // 2)
    return {
        **{name: value for name, value in fitting.items() if name != "receipt_url"},
        "receipt_url": None,
    }


def _keep(data: dict[str, Any], cut: dict[str, int], name: str, most: int) -> None:
    over = len(data[name]) - most
    if over > 0:
        data[name] = data[name][:most]
        cut[name] = cut.get(name, 0) + over
