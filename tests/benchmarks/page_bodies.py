"""How much of an article's text is found, and how much else: ours, on public page sets that were
fetched before.

Fetches nothing. Two sets are understood, each by its folder:

- https://github.com/adbar/trafilatura, folder `tests`: `evaldata.json` names an address, a file,
  and pieces of
  text that must and must not be found; the files lie in `cache` and `eval`. Counted is each piece.
- https://github.com/scrapinghub/article-extraction-benchmark, its root: `ground-truth.json` has
  whole texts by
  key, the pages lie in `html/KEY.html.gz`. Compared are runs of four words, as its own
  `evaluate.py` does, by page.

Only the half whose address or key has a sha1 that begins with an even hexadecimal digit is looked
at; the other half is kept for a blind measurement.

    python tests/benchmarks/page_bodies.py FOLDER [--beside trafilatura] [--verbose]

`--beside trafilatura` reads the same pages with it, where it is installed: pages empty for us alone
are then named.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha1
from importlib import import_module
from pathlib import Path

from service.errors import LoaError
from service.portals.article import read_article_tree
from service.portals.dom import parse_tree
from service.types import Page

FETCHED_AT = datetime(2026, 11, 28, tzinfo=UTC)
WORDS = 4
_TOKEN = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Case:
    """`wanted` and `unwanted` are pieces; `whole` is the text itself, where the set has that."""

    url: str
    source: bytes
    wanted: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()
    whole: str | None = None


def is_open(key: str) -> bool:
    return int(sha1(key.encode(), usedforsecurity=False).hexdigest()[0], 16) % 2 == 0


def cases(folder: Path) -> Iterator[Case]:
    """The open half of the set that is there."""
    if (folder / "evaldata.json").is_file():
        for url, told in json.loads((folder / "evaldata.json").read_text("utf-8")).items():
            path = next(
                (
                    one
                    for one in (folder / sub / told["file"] for sub in ("cache", "eval"))
                    if one.is_file()
                ),
                None,
            )
            if path is not None and is_open(url):
                yield Case(url, path.read_bytes(), tuple(told["with"]), tuple(told["without"]))
        return
    for key, told in json.loads((folder / "ground-truth.json").read_text("utf-8")).items():
        if is_open(key):
            source = gzip.decompress((folder / "html" / f"{key}.html.gz").read_bytes())
            yield Case(
                told.get("url") or f"https://example.org/{key}", source, whole=told["articleBody"]
            )


def ours(case: Case) -> str:
    page = Page(case.url, 200, "text/html", case.source, None, None, "", fetched_at=FETCHED_AT)
    try:
        return read_article_tree(parse_tree(page)).text
    except LoaError:
        return ""


def trafilaturas(case: Case) -> str:
    extract = import_module("trafilatura").extract
    return (
        extract(case.source, include_comments=False, include_tables=True, include_formatting=False)
        or ""
    )


def pieces_found(case: Case, text: str) -> tuple[float, float, float]:
    """True positives, false positives, false negatives."""
    said = " ".join(text.split())
    hits = sum(" ".join(one.split()) in said for one in case.wanted)
    return (
        hits,
        sum(" ".join(one.split()) in said for one in case.unwanted),
        len(case.wanted) - hits,
    )


def runs_shared(case: Case, text: str) -> tuple[float, float, float]:
    """The same as shares of one page, by runs of words."""
    want, got = _runs(case.whole or ""), _runs(text)
    both = sum((want & got).values())
    extra, missed = sum(got.values()) - both, sum(want.values()) - both
    whole = both + extra + missed
    return (both / whole, extra / whole, missed / whole) if whole else (1.0, 0.0, 0.0)


def _runs(text: str) -> Counter[tuple[str, ...]]:
    tokens = _TOKEN.findall(text)
    return Counter(
        tuple(tokens[at : at + WORDS]) for at in range(max(1, len(tokens) - WORDS + 1)) if tokens
    )


def score(counted: list[tuple[float, float, float]], *, by_page: bool) -> dict[str, float]:
    if by_page:
        precision = sum(
            hit / (hit + extra) if hit + extra else 1.0 for hit, extra, _ in counted
        ) / len(counted)
        recall = sum(
            hit / (hit + missed) if hit + missed else 1.0 for hit, _, missed in counted
        ) / len(counted)
    else:
        hits, extra, missed = (sum(column) for column in zip(*counted, strict=True))
        precision, recall = hits / max(hits + extra, 1), hits / max(hits + missed, 1)
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    return {"f1": round(f1, 3), "precision": round(precision, 3), "recall": round(recall, 3)}


def measure(
    read: Callable[[Case], str], chosen: list[Case], *, is_verbose: bool
) -> tuple[dict[str, float], set[str]]:
    """The figures, and the addresses of pages on which nothing was found."""
    counted, spent, empty = [], [], set()
    for case in chosen:
        started = time.process_time()
        text = read(case)
        spent.append(time.process_time() - started)
        counted.append(pieces_found(case, text) if case.whole is None else runs_shared(case, text))
        if not text.strip():
            empty.add(case.url)
        if is_verbose and (counted[-1][1] or counted[-1][2]):
            print(
                *(round(one, 3) for one in counted[-1]),
                len(text),
                case.url,
                sep="\t",
                file=sys.stderr,
            )
    figures = score(counted, by_page=chosen[0].whole is not None)
    half = sum(missed > hit for hit, _, missed in counted)
    return {
        **figures, "empty": len(empty), "under_half": half,
        "ms_a_page": round(1000 * sum(spent) / len(spent), 1),
        "ms_slowest": round(1000 * max(spent)),
    }, empty  # fmt: skip


def main() -> None:
    asked = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    asked.add_argument("folder", type=Path)
    asked.add_argument("--beside", choices=["trafilatura"])
    asked.add_argument("--verbose", action="store_true")
    told = asked.parse_args()
    chosen = list(cases(told.folder))
    if not chosen:
        sys.exit("no page of either set in this folder")
    figures, empty = measure(ours, chosen, is_verbose=told.verbose)
    rows: dict[str, object] = {"pages": len(chosen), "ours": figures}
    if told.beside:
        rows["trafilatura"], others = measure(trafilaturas, chosen, is_verbose=False)
        rows["empty_for_us_alone"] = sorted(empty - others)
    print(json.dumps(rows, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
