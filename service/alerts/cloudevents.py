"""The headers of a webhook in CloudEvents' binary mode (1.0, HTTP binding 3.1): what the body
says of itself, where a router looks for it. The body stays as it is. Pure."""

from __future__ import annotations

import orjson


def cloudevents_headers(message_id: str, source: str, body: bytes) -> dict[str, str]:
    """Of a body of ours. `source`: the address of this Loa.

    >>> body = b'{"type":"post.updated","timestamp":"2024-01-28T02:16:00Z","data":{"id":"p"}}'
    >>> cloudevents_headers("m", "https://loa.example", body)["ce-type"]
    'post.updated'
    """
    said = orjson.loads(body)
    headers = {
        "ce-specversion": "1.0",
        "ce-id": message_id,
        "ce-source": source,
        "ce-type": said["type"],
        "ce-time": said["timestamp"],
    }
    data = said["data"]
    return {**headers, "ce-subject": data.get("id") or data["subscription_id"]}
