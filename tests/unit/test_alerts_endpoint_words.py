"""What is told of an endpoint that fails: every trouble, in every language, with what is known."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from service.alerts.endpoint_words import (
    EndpointTrouble,
    TroubleLetter,
    UnitLeft,
    tell_back,
    tell_operator_too,
    tell_owner_how,
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
@pytest.mark.parametrize("trouble", list(EndpointTrouble))
def test_the_operator_learns_who_was_told_and_by_what_command_it_is_mended(
    trouble: EndpointTrouble, language: str
) -> None:
    letter = tell_trouble(trouble, where="w", names=["n"])
    told = tell_operator_too(trouble, letter, ["a@x.example", "b@x.example"], ["0199"])
    assert said(told, language)[-1].endswith("a@x.example, b@x.example")
    assert "`loa subscription " in said(told, language)[-2]
    assert "0199`" in said(told, language)[-2]
    untold = tell_operator_too(trouble, letter, [])
    assert said(untold, language)[-1] not in said(letter, language)
    assert untold.subject == letter.subject


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("trouble", list(EndpointTrouble))
def test_each_unit_is_said_to_hear_by_what_is_left_or_by_nothing(
    trouble: EndpointTrouble, language: str
) -> None:
    units = [UnitLeft("xã A", ("a@x.example", "pull")), UnitLeft("xã B", ())]
    letter = tell_trouble(trouble, where="w", names=["n"], units=units, since=SINCE, until=SINCE)
    back = tell_back(trouble, where="w", names=["n"], units=units[:1], at=SINCE)
    *_, some, none = said(letter, language)
    assert "xã A" in some and "a@x.example, pull" in some
    assert "xã B" in none and none != some.replace("xã A", "xã B")
    (hears,) = said(back, language)[3:]
    assert "a@x.example, pull" in hears and hears != some
    assert "{" not in some + none + hears


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("trouble", list(EndpointTrouble))
def test_that_a_trouble_is_over_is_told_with_since_when(
    trouble: EndpointTrouble, language: str
) -> None:
    letter = tell_back(trouble, where="w", names=["n"], at=SINCE)
    subject, body, _ = said(letter, language)
    assert "w" in subject and "10:00" in body and "{" not in subject + body
    assert said(tell_operator_too(None, letter, ["a@x.example"]), language)[-1].endswith("example")


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("trouble", list(EndpointTrouble))
def test_a_chat_group_is_no_web_server(trouble: EndpointTrouble, language: str) -> None:
    letter = tell_trouble(
        trouble, where="ntfy", names=["n"], since=SINCE, until=SINCE, is_chat=True
    )
    assert "2xx" not in "".join(said(letter, language)) and "410" not in said(letter, language)[1]


@pytest.mark.parametrize("operator", ["", "truc@huyen.example"])
def test_an_owner_learns_whom_to_ask_where_it_cannot_mend_it_alone(operator: str) -> None:
    letter = tell_trouble(EndpointTrouble.GONE, where="w", names=["n"])
    asked = said(tell_owner_how(EndpointTrouble.GONE, letter, operator), "en")[-1]
    assert (operator in asked) and "{" not in asked and "()" not in asked
    failing = tell_trouble(EndpointTrouble.FAILING, where="w", names=["n"])
    assert tell_owner_how(EndpointTrouble.FAILING, failing, operator) == failing
