"""Workers killed at random instants: the promise that nothing is lost, kept on both databases."""

from __future__ import annotations

import pytest

from service.bench.bench_crash import crash


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_D1_workers_killed_at_any_instant_lose_nothing_and_repeat_only_what_was_in_flight(
    request: pytest.FixtureRequest, kind: str
) -> None:
    found = crash(
        request.getfixturevalue(f"{kind}_url"), for_s=5.0, workers=1 if kind == "sqlite" else 2
    )
    assert (found["missing"], found["strangers"]) == (0, 0)
    assert found["kills"] > 1
    assert found["repeated"] <= found["bound"]
