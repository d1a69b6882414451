"""No expression of the program takes longer than its text is long, whatever a stranger writes
(S1)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from service.moments.label import find_moment, parse_moment
from tests.patterns import Place, all_patterns, unseen
from tests.slow_text import is_slow, make, slow_texts

PARTS = 24
"""Each has some of the expressions, which are looked for when the first part begins: every worker of
the tests collects them all, and one of them tries them."""

TRUSTED = frozenset({"service.demo.sample:_PDF", "service.web.server.memory:_MAPPING"})
"""See no foreign text: the demo's own seed page, and what the kernel says of our memory."""


@cache
def places() -> list[Place]:
    found = [place for place in all_patterns() if place.where not in TRUSTED]
    assert len(found) > 500
    return sorted(found, key=lambda place: place.where)


@pytest.mark.xdist_group("expressions")
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.timeout(300)
def test_S1_no_text_made_of_its_own_parts_slows_an_expression_down(part: int) -> None:
    slow = {
        place.where: (place.pattern.pattern, found)
        for place in places()[part::PARTS]
        if (found := _slow_text(place)) is not None
    }
    assert slow == {}


def _slow_text(place: Place) -> tuple[str, str] | None:
    """The first that slows it down."""
    for text in slow_texts(place.pattern):
        if is_slow(lambda size, text=text: work(place, make(text, size))):
            return text
    return None


def work(place: Place, text: str) -> Callable[[], object]:
    """The expression at work on a text, in the way in which its module uses it."""
    subject: Any = (
        text.encode("utf-8", "replace") if isinstance(place.pattern.pattern, bytes) else text
    )
    if place.uses and place.uses <= {"match", "fullmatch"}:
        return lambda: [getattr(place.pattern, use)(subject) for use in sorted(place.uses)]
    return lambda: place.pattern.search(subject)


@pytest.mark.xdist_group("expressions")
def test_S1_no_expression_is_made_where_nobody_can_look_at_it() -> None:
    assert unseen() == []


def test_S1_the_measure_itself_knows_a_slow_expression() -> None:
    import re

    slow = Place("here", re.compile(r"\s*a?\s*$"))
    assert any(
        is_slow(lambda size, text=text: work(slow, make(text, size)))
        for text in slow_texts(slow.pattern)
    )


@pytest.mark.parametrize("unit", ["1\nh\t", "\t", "1/", "ngày 1 tháng ", "chủ nhật "])
def test_S1_a_date_is_looked_for_in_no_more_than_is_of_use(unit: str) -> None:
    def act(size: int) -> Callable[[], object]:
        text = "1 h" + unit * (size // len(unit))
        return lambda: (find_moment(text), parse_moment(text))

    assert not is_slow(act)
