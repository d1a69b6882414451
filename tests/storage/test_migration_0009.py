"""0009: what was watched without a gap."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from service.storage.engine import open_database
from tests.fakes_versions import make_version


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_L20_gaps_that_were_found_before_coverage_was_kept_are_kept(
    kind: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue(f"{kind}_url")
    listing = (
        "INSERT INTO listing (portal_id, url, baseline_at, next_poll_at, last_ok_at)"
        " VALUES ('p', :url, 10, 0, 90)"
    )
    polled = (
        "INSERT INTO poll (id, portal_id, listing_url, started_at, took_ms, outcome, tallies)"
        " VALUES (:id, 'p', :url, :at, 1, :outcome, '{}')"
    )
    history = [("new", 20), ("network", 30), ("possible_gap", 40), ("unchanged", 50)]
    rows: list[tuple[str, dict[str, object]]] = [(listing, {"url": "/a"}), (listing, {"url": "/b"})]
    rows += [
        (polled, {"id": f"a{at}", "url": "/a", "at": at, "outcome": outcome})
        for outcome, at in history
    ]
    rows.append((polled, {"id": "b", "url": "/b", "at": 60, "outcome": "possible_gap"}))
    make_version(url, "0005", rows)
    database = open_database(url)
    with database.reading() as conn:
        gaps = conn.execute(text("SELECT listing_url, from_at, to_at FROM gap ORDER BY 1")).all()
        until = conn.execute(text("SELECT DISTINCT covered_to FROM listing")).scalars().all()
    assert [tuple(row) for row in gaps] == [("/a", 20, 40), ("/b", 10, 60)]
    assert until == [90]
    database.close()
