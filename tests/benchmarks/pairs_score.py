"""Scores the joining of posts of one document on labelled pairs: `python -m
tests.benchmarks.pairs_score FILE [-v]`.

FILE is JSON lines: `{"a", "b", "same"}`; `a` and `b` have number, kind, issuer, issued_on and portal
(a host). Prints how many were joined that are one, and how many that are two.
"""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

from service.posts.provinces import province_of_host
from service.posts.same import is_same_document
from service.types import Document, Relation


def document_of(one: dict[str, Any]) -> Document:
    day = date.fromisoformat(one["issued_on"]) if one["issued_on"] else None
    return Document(one["kind"], one["number"], day, one["issuer"], Relation.IS)


def main(path: str, *, is_verbose: bool) -> None:
    joined = same = false = other = 0
    for line in Path(path).read_text("utf-8").splitlines():
        row = json.loads(line)
        areas = province_of_host(row["a"]["portal"]), province_of_host(row["b"]["portal"])
        titles = row["a"].get("title", ""), row["b"].get("title", "")
        told = is_same_document(document_of(row["a"]), document_of(row["b"]), areas, titles)
        same, other = same + row["same"], other + (not row["same"])
        joined, false = joined + (told and row["same"]), false + (told and not row["same"])
        if is_verbose and told != row["same"]:
            print(row["why"], *[[v[k] for k in ("number", "issuer", "issued_on", "portal")]
                                for v in (row["a"], row["b"])])  # fmt: skip
    print(f"joined: {joined} of {same}, {joined / max(same, 1):.3f}")
    print(f"false joins: {false} of {other}")


if __name__ == "__main__":
    main(next(one for one in sys.argv[1:] if one != "-v"), is_verbose="-v" in sys.argv)
