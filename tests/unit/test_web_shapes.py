"""What the API says of an instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from service.web.api.shapes import instant


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=7))])
def test_an_instant_is_said_in_utc_whatever_its_zone(zone: timezone) -> None:
    assert instant(datetime(2026, 11, 23, 1, tzinfo=UTC).astimezone(zone)) == "2026-11-23T01:00:00Z"
