"""A signed link is good for its own purpose and key only, and says the same thing for ever."""

from __future__ import annotations

import pytest

from service.alerts.links import Links, Purpose
from service.errors import InvalidInput

LINKS = Links("a key of tests", "https://loa.example/")


@pytest.mark.parametrize("purpose", Purpose)
def test_a_link_is_read_back_for_its_own_purpose_only(purpose: Purpose) -> None:
    token = LINKS.token(purpose, "s1", "xã Quảng Ninh")
    assert LINKS.url(purpose, "s1", "xã Quảng Ninh") == f"https://loa.example/{purpose}/{token}"
    assert LINKS.read(purpose, token) == ("s1", "xã Quảng Ninh")
    for other in set(Purpose) - {purpose}:
        with pytest.raises(InvalidInput):
            LINKS.read(other, token)


@pytest.mark.parametrize("token", ["", "x", "x.y", "\ud800", "é.é", "..."])
def test_what_was_not_signed_here_is_refused_in_our_words(token: str) -> None:
    with pytest.raises(InvalidInput):
        LINKS.read(Purpose.UNSUBSCRIBE, token)


def test_a_link_of_another_key_is_refused() -> None:
    with pytest.raises(InvalidInput):
        LINKS.read(
            Purpose.MANAGE, Links("another key", "https://loa.example").token(Purpose.MANAGE, "s1")
        )


def test_a_receipt_names_post_revision_and_unit() -> None:
    token = LINKS.receipt_url("p1", 2, "u1").rpartition("/")[2]
    assert LINKS.read(Purpose.RECEIPT, token) == ("p1", "2", "u1")
    assert LINKS.post_url("p1") == "https://loa.example/posts/p1"
