"""Header values may carry credentials: they are sealed one by one, and opened with their own key
only."""

from __future__ import annotations

import pytest

from service.alerts.owing import OWN_FAULTS, UNDER
from service.alerts.own_headers import open_value, seal_headers
from service.alerts.signing import SecretBox
from service.errors import ConfigurationError, InvalidInput
from service.types import SubscriptionStatus

BOX = SecretBox("one")


def test_values_are_sealed_names_are_not_and_each_is_opened_with_its_own_key_only() -> None:
    kept = seal_headers({"Authorization": "Bearer x", "X-Empty": "", "tenant_id": "7"}, BOX)
    assert "Bearer" not in str(kept)
    assert {name: open_value(value, BOX) for name, value in kept.items()} == {
        "Authorization": "Bearer x", "X-Empty": "", "tenant_id": "7",
    }  # fmt: skip
    with pytest.raises(ConfigurationError):
        open_value(kept["Authorization"], SecretBox("two"))


def test_what_an_older_loa_kept_plain_is_read() -> None:
    assert open_value("Bearer x", BOX) == "Bearer x"


@pytest.mark.parametrize(
    "headers",
    [{"": "1"}, {"X" * 65: "1"}, {"X A": "1"}, {"Host": "x"}, {"Proxy-X": "x"}, {"A": "\x7f"},
    {"A": "x" * 1001},
     {f"X-{n}": "1" for n in range(11)}],
    ids=lambda headers: ascii(next(iter(headers)))[:12],
)  # fmt: skip
def test_what_would_forge_or_break_the_request_is_not_kept(headers: dict[str, str]) -> None:
    with pytest.raises(InvalidInput) as refused:
        seal_headers(headers, BOX)
    assert refused.value.field == "headers"


def test_every_status_but_the_active_one_says_what_becomes_of_what_is_owed() -> None:
    assert set(UNDER) == set(SubscriptionStatus) - {SubscriptionStatus.ACTIVE}
    assert not any("'" in words for words in (*OWN_FAULTS, *(words for _, words in UNDER.values())))
