"""Scores the reading of a document's own facts on labelled texts: `python -m
tests.benchmarks.facts_score FILE [-v]`.

FILE is JSON lines: `{"title", "text", "published", "number", "issuer", "issued_on"}`; `issuer_also`
and `number_also` are right too, `"*"` is not judged, null must be empty. Prints precision and recall
of each.
"""

from __future__ import annotations

import json
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from service.posts.issuer import issuer_key
from service.posts.numbers import number_key
from service.posts.rules import parse_rules
from service.posts.understand import Understander
from tests.fakes_places import parse_places

_CONFIG = Path(__file__).parents[2] / "config"


def _wanted(row: dict[str, Any], name: str, key: Any) -> set[Any]:
    also = row.get(f"{name}_also") or []
    every = [row[name], *(also if isinstance(also, list) else [also])]
    return {key(one) for one in every if one}


def main(path: str, *, is_verbose: bool) -> None:
    reader = Understander(
        parse_rules(tomllib.loads((_CONFIG / "categories.toml").read_text("utf-8"))),
        parse_places(tomllib.loads((_CONFIG / "places.toml").read_text("utf-8"))),
    )
    keys = {"number": number_key, "issuer": issuer_key, "issued_on": str}
    counts = {name: [0, 0, 0] for name in keys}
    for line in Path(path).read_text("utf-8").splitlines():
        row = json.loads(line)
        at = datetime.fromisoformat(row["published"]).replace(hour=2, tzinfo=UTC)
        document = reader.understand(
            row["title"], row["text"], attachment_text=row.get("file") or "", published_at=at
        ).document
        for name, key in keys.items():
            if row.get(name, "*") == "*":
                continue
            told = getattr(document, name) if document else None
            wanted = _wanted(row, name, key)
            is_right = told is not None and key(told) in wanted
            count = counts[name]
            count[0], count[1] = count[0] + is_right, count[1] + (told is not None)
            count[2] += bool(wanted)
            if is_verbose and not is_right and (told or wanted):
                print(row["id"], name, "found", told, "meant", row[name])
    for name, (right, found, wanted_count) in counts.items():
        precision, recall = right / max(found, 1), right / max(wanted_count, 1)
        print(f"{name}: {right} right of {found} found, {wanted_count} labelled,"
              f" precision {precision:.3f}, recall {recall:.3f}")  # fmt: skip


if __name__ == "__main__":
    main(next(one for one in sys.argv[1:] if one != "-v"), is_verbose="-v" in sys.argv)
