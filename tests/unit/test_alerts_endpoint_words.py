"""What is told of an endpoint that fails: every trouble, in every language, with what is known."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from service.alerts.endpoint_words import Trouble, say_to_operator, say_trouble

SINCE = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("trouble", list(Trouble))
def test_a_trouble_is_told_with_where_since_when_and_which_subscriptions(trouble: Trouble, language: str) -> None:
    where = "https://office.example:443/loa"
    zone = ZoneInfo("Asia/Ho_Chi_Minh")
    said = say_trouble(
        trouble, where=where, names=["Văn thư"], language=language, zone=zone, since=SINCE, until=SINCE
    )
    whole = "\n".join((said.subject, *said.paragraphs))
    assert where in said.subject
    assert "Văn thư" in whole
    assert ("10:00 23/11/2026" in whole) is (trouble is not Trouble.GONE)
    assert "{" not in whole
    unknown = say_trouble(trouble, where=where, names=["x"], language=language, zone=zone)
    assert "{" not in "\n".join((unknown.subject, *unknown.paragraphs))


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_operator_learns_who_was_told(language: str) -> None:
    said = say_trouble(Trouble.GONE, where="w", names=["n"], language=language, zone=ZoneInfo("UTC"))
    assert (
        say_to_operator(said, ["a@x.example", "b@x.example"], language)
        .paragraphs[-1]
        .endswith("a@x.example, b@x.example")
    )
    assert say_to_operator(said, [], language).paragraphs[-1]
    assert say_to_operator(said, [], language).subject == said.subject
