"""An example of every request body and of every answer, for the OpenAPI document.

`examples.json` is what the program was asked and answered in a test, which fails where it would
answer something else; no key, address or link in it opens anything.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import orjson


@cache
def _all() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = orjson.loads(
        Path(__file__).with_name("examples.json").read_bytes()
    )
    return found


def with_example(media: dict[str, Any], endpoint: str, part: str) -> dict[str, Any]:
    """A media type with its example. `part`: asks, or gives."""
    example = _all().get(endpoint, {})
    if part not in example and part == "gives":
        return media
    return {**media, "example": example.get(part, {})}  # a body whose fields may all be left out
