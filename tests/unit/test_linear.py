"""No expression of the program takes longer than its text is long, whatever a stranger writes (S1)."""

from __future__ import annotations

import pytest

from tests.patterns import Place, all_patterns, unseen
from tests.slow_text import is_slow, make, slow_texts

PLACES = sorted(all_patterns(), key=lambda place: place.where)
TRUSTED = frozenset({"service.demo.sample:_PDF", "service.web.memory:_MAPPING"})
"""See no foreign text: the demo's own seed page, and what the kernel says of our memory."""


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.where)
@pytest.mark.timeout(300)
def test_S1_no_text_made_of_its_own_parts_slows_an_expression_down(place: Place) -> None:
    if place.where in TRUSTED:
        return
    for text in slow_texts(place.pattern):
        assert not is_slow(lambda size, text=text: work(place, make(text, size))), (
            f"{place.where} ({place.pattern.pattern!r}) is slow on {text!r}"
        )


def work(place: Place, text: str):  # type: ignore[no-untyped-def]  # a call with nothing to say
    subject = text.encode("utf-8", "replace") if isinstance(place.pattern.pattern, bytes) else text
    return lambda: place.pattern.search(subject)  # type: ignore[arg-type]  # as the pattern is, so the subject


def test_S1_no_expression_is_made_where_nobody_can_look_at_it() -> None:
    assert unseen() == []


def test_S1_the_measure_itself_knows_a_slow_expression() -> None:
    import re

    slow = Place("here", re.compile(r"\s*a?\s*$"))
    assert any(is_slow(lambda size, text=text: work(slow, make(text, size))) for text in slow_texts(slow.pattern))
