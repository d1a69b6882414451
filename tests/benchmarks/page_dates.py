"""How often the day of a page is right: ours beside htmldate, on public page sets that were fetched
before.

Fetches nothing. The sets are those of https://github.com/adbar/htmldate, folder `tests`:
`eval_default.json` and
`eval_mediacloud_2020.json` name an address, a file and a day each; the files lie in `cache`, `eval`
and `test_set`. Only the half whose address has a sha1 that begins with an even hexadecimal digit is
looked at; the other half is kept for a blind measurement.

    python tests/benchmarks/page_dates.py FOLDER [--verbose]

`right` and `wrong` are shares of all pages; what is left of them has no day.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha1
from pathlib import Path

from service.errors import LoaError
from service.instants import Source, Witness
from service.moments.address import by_address
from service.moments.label import find_moment
from service.moments.vote import day_of, vote
from service.portals.article_dates import witnesses_of
from service.portals.contents import Contents
from service.portals.dom import Tree, parse_tree
from service.portals.guessed_dates import guessed
from service.portals.page_heading import find_heading
from service.portals.prose import find_parts
from service.types import Page

SETS = ("eval_default.json", "eval_mediacloud_2020.json")
FOLDERS = ("cache", "eval", "test_set")
FETCHED_AT = datetime(2026, 11, 28, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Case:
    url: str
    path: Path
    day: str


def cases(folder: Path) -> Iterator[Case]:
    """The open half of the sets that are there."""
    for name in SETS:
        for url, told in json.loads((folder / name).read_text("utf-8")).items():
            path = next(
                (one for one in (folder / sub / told["file"] for sub in FOLDERS) if one.is_file()),
                None,
            )
            if (
                path is not None
                and int(sha1(url.encode(), usedforsecurity=False).hexdigest()[0], 16) % 2 == 0
            ):
                yield Case(url, path, told["date"])


def ours(case: Case) -> str | None:
    page = Page(
        case.url, 200, "text/html", case.path.read_bytes(), None, None, "", fetched_at=FETCHED_AT
    )
    try:
        return day_as_printed(parse_tree(page))
    except LoaError:
        return None


def day_as_printed(tree: Tree) -> str | None:
    """The day that a page says, on the calendar of the place where it was written: the sets know no
    other."""
    regions = Contents(tree.root)
    found = find_parts(tree, regions)
    body = found.main if found is not None else None
    address = by_address(tree.url)
    told = witnesses_of(tree, find_heading(tree, body, regions).node, body, None)
    heard = vote([*told, *((address,) if address else ())], FETCHED_AT)
    if heard.moment is None and (guess := guessed(tree, FETCHED_AT)) is not None:
        return _printed(guess)
    shown = [one for one in heard.agreed if one.source is Source.ARTICLE]
    best = next(
        (one for one in [*shown, *heard.agreed] if one in shown or one.moment == heard.moment), None
    )
    return None if best is None else _printed(best)


def _printed(one: Witness) -> str:
    words = re.split(r"T?\d{1,2}:\d{2}", one.said)[0]
    return day_of(find_moment(words) or one.moment).isoformat()


def htmldates(case: Case) -> str | None:
    from htmldate import find_date

    return find_date(
        case.path.read_bytes(), url=case.url, original_date=True, max_date="2026-11-28"
    )


def measure(
    read: Callable[[Case], str | None], chosen: list[Case], *, is_verbose: bool
) -> dict[str, float]:
    counted: Counter[str] = Counter()
    started = time.process_time()
    for case in chosen:
        day = read(case)
        said = "right" if day == case.day else "none" if day is None else "wrong"
        counted[said] += 1
        if is_verbose and said != "right":
            print(f"{said}\t{case.path.name}\t{case.day}\t{day}", file=sys.stderr)
    spent = (time.process_time() - started) / max(len(chosen), 1)
    return {**{name: round(counted[name] / max(len(chosen), 1), 3) for name in ("right", "wrong",
    "none")},
            "ms_a_page": round(spent * 1000, 1)}  # fmt: skip


def main() -> None:
    asked = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    asked.add_argument("folder", type=Path)
    asked.add_argument("--verbose", action="store_true")
    told = asked.parse_args()
    chosen = list(cases(told.folder))
    rows = {
        "pages": len(chosen),
        "ours": measure(ours, chosen, is_verbose=told.verbose),
        "htmldate": measure(htmldates, chosen, is_verbose=False),
    }
    print(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
