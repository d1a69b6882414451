"""The examples of the OpenAPI document: what the program was asked and answered in a test, without
what is another at each run. Written anew by `WRITE_EXAMPLES=1 pytest tests/journeys/test_web_contract.py`."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parent.parent / "service" / "web" / "api" / "examples.json"

Examples = dict[str, dict[str, Any]]

_DRAWN = (
    (re.compile(r"whsec_[\w+/=-]+"), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
    (re.compile(r"loa_(pull_)?[\w-]{30,}"), r"loa_\1…"),
    (re.compile(r"(?<=/receipts/)[\w.-]+"), "…"),
    (re.compile(r"v1(a?),[\w+/=]+"), r"v1\1,…"),
)
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_DIGEST = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}$")
_REAL_TIME = ("webhook-timestamp",)


def keep_example(kept: Examples, endpoint: str, asked: Any, given: Any) -> None:
    """The first that has a body; of a list the first item."""
    example = kept.setdefault(endpoint, {})
    if asked is not None and "asks" not in example:
        example["asks"] = asked
    if given is not None and "gives" not in example:
        is_page = isinstance(given, dict) and set(given) == {"items", "next"}
        example["gives"] = {**given, "items": given["items"][:1]} if is_page else given


def check_examples(kept: Examples) -> None:
    """Raises AssertionError where the file says another thing than the program."""
    now = _without_chance(kept)
    before: Examples = json.loads(FILE.read_text("utf-8")) if FILE.exists() else {}
    if os.environ.get("WRITE_EXAMPLES"):
        text = json.dumps({**before, **now}, ensure_ascii=False, indent=1, sort_keys=True)
        FILE.write_text(text + "\n", "utf-8")
        return
    for endpoint, example in now.items():
        assert before[endpoint] == example, (endpoint, "WRITE_EXAMPLES=1 writes it anew")


def _without_chance(kept: Examples) -> Examples:
    names: dict[str, str] = {}

    def clean(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: clean(one, name) for name, one in value.items()}
        if isinstance(value, list):
            return [clean(one, key) for one in value]
        if key in _REAL_TIME:
            return type(value)(1764000000)
        if not isinstance(value, str):
            return value
        for pattern, instead in _DRAWN:
            value = pattern.sub(instead, value)
        value = _DIGEST.sub("9f2c" * 16, value)
        return _ID.sub(lambda found: names.setdefault(found[0], _numbered(len(names))), value)

    return {endpoint: clean(example) for endpoint, example in sorted(kept.items())}


def _numbered(n: int) -> str:
    return f"0199a1b2-0000-7000-8000-{n + 1:012d}"
