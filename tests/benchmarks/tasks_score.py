"""Scores the reading of tasks on labelled texts: `python -m tests.benchmarks.tasks_score FILE
[--places TSV] [-v]`.

FILE is JSON lines: `{"issued_on", "title", "text", "tasks": [{"due", "owner"}]}`; `due` is a day, an
hour (`2026-11-30T17:00+07:00`) or a recurrence rule, `owner` is `communes`, `other`, `anyone`, the
id of a place, or null where the text names nobody: then it is not judged. The labels of rows that
are `coarse` know no ids and call persons `other`.
TSV: code, kind, name, old district, first day, last day, successors.
Prints day-or-hour F1 (each due of a text once), the share of labelled (due, owner) pairs with the
right owner among the dues that were found, and the share of found dues that no label has.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

from service.posts.doers import ANYONE, COMMUNES, OTHER, PlaceFinder
from service.posts.gazetteer import Gazetteer
from service.posts.tasks import find_tasks
from service.text import slugify
from service.types import Deadline
from tests.fakes_places import parse_places

_ROOT = Path(__file__).parents[2]
_COMMUNE = re.compile(r"(?i:xã|phường|đặc khu|thị trấn) [A-ZĐÀ-Ỹ]")


def gazetteer_of(tsv: str | None) -> Gazetteer:
    """Of the configuration; with those units of a table that still stand, where one is named."""
    shipped = tomllib.loads((_ROOT / "config" / "places.toml").read_text("utf-8"))
    if tsv is None:
        return parse_places(shipped)
    places = []
    for line in Path(tsv).read_text("utf-8").splitlines():
        code, kind, name, _, first, last, *_ = [*line.split("\t"), *[""] * 7]
        if last or not first or kind not in ("xã", "phường", "thị trấn"):
            continue
        place_id = f"{slugify(name)}-{code}"
        places.append(
            {"id": place_id, "kind": kind, "name": name, "from": date.fromisoformat(first)}
        )
    return parse_places({**shipped, "places": places})


def any_commune(words: str) -> tuple[str, ...]:
    """For labels without ids: every commune is one of them."""
    return (COMMUNES,) if _COMMUNE.search(words) else ()


def _finder(gazetteer: Gazetteer, day: date) -> PlaceFinder:
    return lambda words: tuple(place.id for place in gazetteer.find(words, day))


def owner_of(row: dict[str, Any], one: Deadline) -> str | None:
    return OTHER if row.get("coarse") and one.owner == ANYONE else one.owner


def stated(one: Deadline) -> str:
    """As a label has it: the hour of what recurs is not judged."""
    if one.recurs:
        return one.recurs.partition(";BYHOUR")[0]
    return one.at.isoformat(timespec="minutes") if one.at else str(one.on)


def main(path: str, tsv: str | None, *, is_verbose: bool) -> None:
    gazetteer = gazetteer_of(tsv)
    right = found = wanted = owners = owned = 0
    for line in Path(path).read_text("utf-8").splitlines():
        row = json.loads(line)
        day = date.fromisoformat(row["issued_on"])
        told = find_tasks(
            row["title"],
            row["text"],
            day,
            day,
            places_in=any_commune if row.get("coarse") else _finder(gazetteer, day),
        )
        pairs = {(stated(one), owner_of(row, one)) for one in told}
        meant = {(task["due"], task["owner"]) for task in row["tasks"]}
        dues, meant_dues = {due for due, _ in pairs}, {due for due, _ in meant}
        right, found, wanted = (
            right + len(dues & meant_dues),
            found + len(dues),
            wanted + len(meant_dues),
        )
        judged = {pair for pair in meant if pair[0] in dues and pair[1] is not None}
        owned, owners = owned + len(judged), owners + len(judged & pairs)
        if is_verbose and pairs != meant:
            print(
                row.get("id"),
                "only found",
                sorted(pairs - meant),
                "only meant",
                sorted(meant - pairs),
            )
    f1 = 2 * right / max(found + wanted, 1)
    print(f"day or hour: {right} right of {found} found, {wanted} labelled, F1 {f1:.3f}")
    print(f"owner: {owners} of {owned}, {owners / max(owned, 1):.3f}")
    print(f"invented: {found - right} of {found}, {(found - right) / max(found, 1):.3f}")


if __name__ == "__main__":
    arguments = [one for one in sys.argv[1:] if one != "-v"]
    table = arguments[arguments.index("--places") + 1] if "--places" in arguments else None
    main(arguments[0], table, is_verbose="-v" in sys.argv)
