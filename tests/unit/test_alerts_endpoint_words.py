"""What is told of an endpoint that fails: every trouble, in every language, with what is known."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from service.alerts.endpoint_words import (
    EndpointTrouble,
    TroubleLetter,
    tell_operator_too,
    tell_trouble,
)
from service.words import say

SINCE = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


def said(letter: TroubleLetter, language: str) -> list[str]:
    return [say(one, language) for one in (letter.subject, *letter.paragraphs)]


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("trouble", list(EndpointTrouble))
def test_a_trouble_is_told_with_where_since_when_and_which_subscriptions(
    trouble: EndpointTrouble, language: str
) -> None:
    where = "https://office.example:443/loa"
    subject, *paragraphs = said(
        tell_trouble(trouble, where=where, names=["Văn thư"], since=SINCE, until=SINCE), language
    )
    whole = "\n".join((subject, *paragraphs))
    assert where in subject
    assert "Văn thư" in whole
    day = "23/11/2026" if language == "vi" else "23 November 2026"
    assert ("10:00" in whole and day in whole) is (trouble is not EndpointTrouble.GONE)
    assert "{" not in whole
    assert "{" not in "\n".join(said(tell_trouble(trouble, where=where, names=["x"]), language))


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_operator_learns_who_was_told(language: str) -> None:
    letter = tell_trouble(EndpointTrouble.GONE, where="w", names=["n"])
    told = tell_operator_too(letter, ["a@x.example", "b@x.example"])
    assert said(told, language)[-1].endswith("a@x.example, b@x.example")
    untold = tell_operator_too(letter, [])
    assert said(untold, language)[-1] not in said(letter, language)
    assert untold.subject == letter.subject
