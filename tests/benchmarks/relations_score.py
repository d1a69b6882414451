"""Scores the reading of relations on labelled references: `python -m
tests.benchmarks.relations_score FILE [-v]`.

FILE is JSON lines: `{"text", "document": {"number"}, "relations": [{"relation", "number"}]}`; a
document without a number has `kind` and `issued_on`. Prints the precision and recall of what is more
than a mention, and the share of all references that are right.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from service.posts.numbers import number_key
from service.posts.relations import find_links
from service.types import Link


def own_number(row: dict[str, Any]) -> str | None:
    """Of the document that is read; None for a news text."""
    return row["document"]["number"] if row["document"] else None


def _key(one: dict[str, Any]) -> str:
    return number_key(one["number"]) if one["number"] else f"{one['kind']} {one['issued_on']}"


def main(path: str, *, is_verbose: bool) -> None:
    right = found = wanted = same = references = 0
    for line in Path(path).read_text("utf-8").splitlines():
        row = json.loads(line)
        told = {
            (_key(asdict(one.of)), one.link.value)
            for one in find_links(row.get("title", ""), row["text"], own_number(row))
        }
        meant = {(_key(one), one["relation"]) for one in row["relations"]}
        telling, meaning = (
            {pair for pair in pairs if pair[1] != Link.MENTIONS} for pairs in (told, meant)
        )
        right, found = right + len(telling & meaning), found + len(telling)
        wanted += len(meaning)
        same, references = same + len(told & meant), references + len(meant)
        if is_verbose and told != meant:
            print(row["id"], "only found", sorted(told - meant), "only meant", sorted(meant - told))
    print(f"precision: {right} of {found}, {right / max(found, 1):.3f}")
    print(f"recall: {right} of {wanted}, {right / max(wanted, 1):.3f}")
    print(f"all references: {same} of {references}, {same / max(references, 1):.3f}")


if __name__ == "__main__":
    main(next(one for one in sys.argv[1:] if one != "-v"), is_verbose="-v" in sys.argv)
