"""D18: how we are called, and what of a relay's refusals speaks of us alone."""

from __future__ import annotations

import pytest

from service.alerts.refusal import is_relaying_denied
from service.delivery.dialogue import Dialogue, DialogueOutcome
from service.delivery.smtp import hello_name


@pytest.mark.parametrize(
    ("public_url", "sender", "name"),
    [
        ("https://loa.quangninh.gov.vn/tin", "loa@mail.example.vn", "loa.quangninh.gov.vn"),
        ("http://127.0.0.1:8080", "loa@example.vn", "example.vn"),
        ("http://[2001:db8::1]/", "loa@example.vn.", "example.vn"),
        ("http://localhost:8080", "loa@localhost", None),
        ("http://loa.localhost", "loa@10.0.0.1", None),
        ("", "", None),
    ],
)
def test_D18_we_are_called_by_a_name_that_relays_take(
    public_url: str, sender: str, name: str | None
) -> None:
    assert hello_name(public_url, sender) == name


@pytest.mark.parametrize(
    "answer",
    [
        "554 5.7.1 Relay access denied",
        "550 relaying denied",
        "550 5.7.1 Unable to relay for lan@xa.example",
        "530 5.7.0 Must issue a STARTTLS command first",
        "550 Authentication required",
        "553 sorry, that domain isn't in my list; we do not relay",
    ],
)
@pytest.mark.parametrize("is_pipelined", [False, True])
def test_D18_a_relay_that_relays_nothing_is_down_and_no_address_is_to_blame(
    answer: str, is_pipelined: bool
) -> None:
    dialogue = Dialogue(is_pipelined=is_pipelined)
    dialogue.begin("f@x.example", "t@x.example", b"x\r\n")
    verdicts = [
        dialogue.take(line)[1] for line in (b"250 ok\r\n", f"{answer}\r\n".encode(), b"554 no\r\n")
    ]
    verdict = next(one for one in verdicts if one is not None)
    assert (verdict.outcome, verdict.is_denied, verdict.is_of_recipient) == (
        DialogueOutcome.DOWN,
        True,
        False,
    )


@pytest.mark.parametrize(
    "answer",
    ["550 5.1.1 user unknown", "554 5.7.1 spam", "452 too many recipients", "550 no such user"],
)
def test_D18_other_refusals_are_of_the_recipient(answer: str) -> None:
    assert not is_relaying_denied(answer)
