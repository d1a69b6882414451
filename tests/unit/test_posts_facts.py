"""Facts of made posts and files of many kinds, as golden pairs: `tests/data/facts.jsonl`,
`tests/data/due.jsonl`.

In them `"*"` is not judged; a day owed may have its hour (`2026-11-30T17:00`) or be a recurrence
rule.
"""

import json
import re
import tomllib
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from service.posts.due_words import Due
from service.posts.rules import parse_rules
from service.posts.understand import Understander
from service.text import LOCAL, fold
from service.types import Understanding
from tests.due_days import find_due
from tests.fakes_places import parse_places

_ROOT = Path(__file__).parents[2]
_DATA = _ROOT / "tests/data"
FACTS = [json.loads(line) for line in (_DATA / "facts.jsonl").read_text("utf-8").splitlines()]
DUE = [json.loads(line) for line in (_DATA / "due.jsonl").read_text("utf-8").splitlines()]
_UNDERSTANDER = Understander(
    parse_rules(tomllib.loads((_ROOT / "config" / "categories.toml").read_text("utf-8"))),
    parse_places(tomllib.loads((_ROOT / "config" / "places.toml").read_text("utf-8"))),
)


def test_L21_the_golden_pairs_are_many_and_each_is_another() -> None:
    assert len({(pair["title"], pair["text"], pair["file"]) for pair in FACTS}) == len(FACTS) >= 50
    assert len({pair["text"] for pair in DUE}) == len(DUE) >= 40


def _understood(pair: dict[str, Any]) -> Understanding:
    at = datetime.combine(date.fromisoformat(pair["published"]), datetime.min.time(), tzinfo=UTC)
    return _UNDERSTANDER.understand(
        pair["title"], pair["text"], attachment_text=pair["file"], published_at=at.replace(hour=2)
    )


def _told(known: Understanding) -> dict[str, str | None]:
    document = known.document
    begins = (
        known.begins_at.astimezone(LOCAL).strftime("%Y-%m-%dT%H:%M") if known.begins_at else None
    )
    if document is None:
        return {"kind": None, "number": None, "issuer": None, "issued": None, "begins": begins}
    issued = document.issued_on.isoformat() if document.issued_on else None
    number = re.sub(r"[\s/–-]+", "-", document.number) if document.number else None
    issuer = fold(document.issuer) if document.issuer else None
    return {
        "kind": document.kind,
        "number": number,
        "issuer": issuer,
        "issued": issued,
        "begins": begins,
    }


@pytest.mark.parametrize("pair", FACTS, ids=lambda pair: pair["title"][:60])
def test_L21_a_posts_facts_are_those_of_its_own_document(pair: dict[str, Any]) -> None:
    known = _understood(pair)
    wanted = {
        key: pair[key]
        for key in ("kind", "number", "issuer", "issued", "begins")
        if pair[key] != "*"
    }
    if wanted.get("number"):
        wanted["number"] = re.sub(r"[\s/–-]+", "-", wanted["number"])
    if wanted.get("issuer"):
        wanted["issuer"] = fold(wanted["issuer"])
    told = _told(known)
    assert {key: told[key] for key in wanted} == wanted
    assert {one.recurs or str(one.on) for one in known.deadlines} == {
        due if due.startswith("FREQ") else due[:10] for due in pair["due"]
    }


def _stated(due: Due) -> str:
    day = due.on.isoformat() if due.on else ""
    return due.every or (f"{day}T{due.at:%H:%M}" if due.at else day)


@pytest.mark.parametrize("pair", DUE, ids=lambda pair: pair["text"][:60])
def test_U5_what_is_owed_is_found_with_its_day_and_hour_and_nothing_else(
    pair: dict[str, Any],
) -> None:
    issued = date.fromisoformat(pair["issued"])
    found = find_due(
        pair["text"], issued, issued, [date.fromisoformat(day) for day in pair["days_off"]]
    )
    assert {_stated(due) for due in found} == set(pair["due"])
    assert all(due.words in pair["text"] for due in found)
