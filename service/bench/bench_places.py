"""`loa bench places`: what the places of all provinces cost beside those of one: to load, to keep,
to find in a text."""

from __future__ import annotations

import statistics
import time
import tracemalloc
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from service.posts.gazetteer import Gazetteer
from service.posts.place_units import PortalArea
from service.settings.layers import shipped
from service.settings.models import Settings
from service.settings.place_files import (
    PlaceTables,
    place_tables,
    read_gazetteer,
    shipped_gazetteer,
)
from service.text import fold

ONE = "38"
DAY = date(2024, 1, 28)
CHARS = 24_000
_BUDGET_MB = {"one": 2.0, "all": 25.0}
_SEED = Path(__file__).parents[1] / "demo" / "seed.txt"


def run(quick: bool = False) -> list[dict[str, Any]]:
    """Times are CPU, interleaved, the median of many."""
    tables = place_tables(Settings(places_dir=shipped() / "places"))
    one, every = (_loaded(tables, codes) for codes in ((ONE,), tables.all_codes))
    rows = [
        {
            "what": "memory of the places of one province and of all",
            "ours": {"all_mb": every.megabytes, "units": every.units},
            "baseline": {"one_mb": one.megabytes, "units": one.units},
            "ratio": round(every.megabytes / one.megabytes, 1),
            "budget": "one <= 2 MB, all <= 25 MB",
            "met": one.megabytes <= _BUDGET_MB["one"] and every.megabytes <= _BUDGET_MB["all"],
        },
        {
            "what": "loading the places of all provinces, beside one",
            "ours": {"all_s": every.seconds},
            "baseline": {"one_s": one.seconds},
            "ratio": round(every.seconds / one.seconds, 1),
            "budget": "all <= 1 s",
            "met": every.seconds <= 1,
        },
    ]
    seed = _SEED.read_text(encoding="utf-8")
    for chars in (174, CHARS):
        text = (seed * (chars // len(seed) + 1))[:chars]
        rows.append(_find(one, every, text, 20 if quick else 100))
    return rows


class _GazetteerCost:
    """The gazetteer of some provinces, with what it took."""

    def __init__(self, gazetteer: Gazetteer, seconds: float, megabytes: float) -> None:
        self.gazetteer = gazetteer
        self.seconds = round(seconds, 3)
        self.megabytes = round(megabytes, 2)
        self.units = len(gazetteer.places)
        self.area: PortalArea = gazetteer.members(ONE, ("huyện quảng xương",))


def _loaded(tables: PlaceTables, codes: Sequence[str]) -> _GazetteerCost:
    shipped_gazetteer.cache_clear()
    began = time.process_time()
    read_gazetteer(tables, codes)
    seconds = time.process_time() - began
    shipped_gazetteer.cache_clear()
    tracemalloc.start()
    gazetteer = read_gazetteer(tables, codes)
    megabytes = tracemalloc.get_traced_memory()[0] / 1e6
    tracemalloc.stop()
    return _GazetteerCost(gazetteer, seconds, megabytes)


def _find(one: _GazetteerCost, every: _GazetteerCost, text: str, repeats: int) -> dict[str, Any]:
    sides: dict[str, list[float]] = {"one": [], "all": [], "fold": []}
    for _ in range(repeats):
        for name, act in (
            ("one", lambda: one.gazetteer.find(text, DAY, one.area)),
            ("all", lambda: every.gazetteer.find(text, DAY, every.area)),
            ("fold", lambda: fold(text)),
        ):
            began = time.process_time()
            act()
            sides[name].append((time.process_time() - began) * 1e3)
    ms = {name: round(statistics.median(values), 3) for name, values in sides.items()}
    ratio = round(ms["all"] / ms["one"], 2)
    return {
        "what": f"places in a text of {len(text):,} characters, all provinces beside one",
        "ours": {"all_ms": ms["all"]},
        "baseline": {"one_ms": ms["one"], "folding_ms": ms["fold"]},
        "ratio": ratio,
        "budget": "<= 1.2 x one province",
        "met": ratio <= 1.2,
    }
