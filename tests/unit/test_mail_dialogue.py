"""What is said to a relay, and what its answers mean for a mail (D6), without any socket."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.alerts.bounce import Kind, refusal_kind
from service.delivery.dialogue import MAX_ANSWER, Dialogue, DialogueOutcome, ReplyVerdict
from service.words import coded


def answered(outcome: DialogueOutcome, code: int, words: str) -> ReplyVerdict:
    return ReplyVerdict(outcome, code, words, coded("relay.answered", said=words))


MAIL = b"Subject: x\r\n\r\n.one\r\n"
ASKED = b"MAIL FROM:<f@x>\r\nRCPT TO:<t@x>\r\nDATA\r\n"


def begun(*, is_pipelined: bool = True) -> Dialogue:
    dialogue = Dialogue(is_pipelined=is_pipelined)
    dialogue.begin("f@x", "t@x", MAIL)
    return dialogue


def said(dialogue: Dialogue, *answers: bytes) -> tuple[bytes, ReplyVerdict | None]:
    out, verdict = b"", None
    for answer in answers:
        more, verdict = dialogue.take(answer)
        out += more
    return out, verdict


def test_a_relay_that_pipelines_is_asked_once_and_given_a_mail_with_its_dots_doubled() -> None:
    dialogue = Dialogue(is_pipelined=True)
    assert dialogue.begin("f@x", "t@x", MAIL) == ASKED
    assert said(dialogue, b"250 ok\r\n250 ok\r\n354 go\r\n") == (
        b"Subject: x\r\n\r\n..one\r\n.\r\n",
        None,
    )
    assert dialogue.is_handed_over
    assert said(dialogue, b"250 2.0.0 taken as 4711\r\n")[1] == answered(
        DialogueOutcome.SENT, 250, "250 2.0.0 taken as 4711"
    )
    assert dialogue.begin("f@x", "t@x", MAIL) == ASKED


def test_a_relay_that_does_not_is_asked_step_by_step() -> None:
    dialogue = Dialogue(is_pipelined=False)
    assert dialogue.begin("f@x", "t@x", MAIL) == b"MAIL FROM:<f@x>\r\n"
    assert said(dialogue, b"250 ok\r\n") == (b"RCPT TO:<t@x>\r\n", None)
    assert said(dialogue, b"250-o", b"ne\r\n250 two\r\n") == (b"DATA\r\n", None)
    out, verdict = said(dialogue, b"354 go\r\n", b"250-one\r\n", b"250 two\r\n")
    assert out.endswith(b"\r\n.\r\n") and verdict == answered(
        DialogueOutcome.SENT, 250, "250 one two"
    )


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        (b"250 ok\r\n550 5.1.1 nobody\r\n503 no recipients\r\n", DialogueOutcome.REFUSED),
        (b"250 ok\r\n450 4.2.0 greylisted\r\n503 no recipients\r\n", DialogueOutcome.DEFERRED),
        (b"250 ok\r\n451 later\r\n503 no recipients\r\n", DialogueOutcome.DEFERRED),
        (b"250 ok\r\n452 full\r\n503 no recipients\r\n", DialogueOutcome.DEFERRED),
        (b"250 ok\r\n250 ok\r\n554 no\r\n", DialogueOutcome.REFUSED),
        (b"552 too big\r\n503 x\r\n503 x\r\n", DialogueOutcome.REFUSED),
        (b"250 ok\r\n250 ok\r\n354 go\r\n552 too big\r\n", DialogueOutcome.REFUSED),
        (b"250 ok\r\n250 ok\r\n354 go\r\n451 later\r\n", DialogueOutcome.DEFERRED),
        (b"250 ok\r\n250 ok\r\n354 go\r\n421 closing\r\n", DialogueOutcome.DOWN),
        (b"421 too many connections\r\n", DialogueOutcome.DOWN),
        (b"553 sender not allowed\r\n", DialogueOutcome.DOWN),
        (b"HTTP/1.1 400 Bad Request\r\n", DialogueOutcome.DOWN),
        (b"x" * (MAX_ANSWER + 1), DialogueOutcome.DOWN),
        (b"250-on and on\r\n" * 2000, DialogueOutcome.DOWN),
    ],
)
def test_D6_an_answer_is_the_recipients_fault_or_the_channels(
    answers: bytes, outcome: DialogueOutcome
) -> None:
    verdict = said(begun(), answers)[1]
    assert verdict is not None and verdict.outcome is outcome


def test_a_transaction_that_was_refused_is_reset_before_the_next() -> None:
    dialogue = begun()
    verdict = said(dialogue, b"250 ok\r\n550 nobody\r\n503 no recipients\r\n")[1]
    assert verdict == replace(
        answered(DialogueOutcome.REFUSED, 550, "550 nobody"), is_of_recipient=True
    )
    assert dialogue.begin("f@x", "t@x", MAIL) == b"RSET\r\n" + ASKED
    assert said(dialogue, b"250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n250 ok\r\n")[1] == answered(
        DialogueOutcome.SENT, 250, "250 ok"
    )


def test_a_relay_that_wants_the_mail_of_a_refused_recipient_is_given_none() -> None:
    dialogue = begun()
    assert said(dialogue, b"250 ok\r\n550 nobody\r\n354 go\r\n") == (b".\r\n", None)
    verdict = said(dialogue, b"554 no valid recipients\r\n")[1]
    assert (
        verdict is not None and verdict.outcome is DialogueOutcome.REFUSED and verdict.code == 550
    )


def test_D6_a_connection_lost_before_the_mail_is_nobodys_fault_and_after_it_unknown() -> None:
    dialogue = begun()
    assert dialogue.lost("reset").outcome is DialogueOutcome.DOWN
    said(dialogue, b"250 ok\r\n250 ok\r\n354 go\r\n")
    assert dialogue.lost("reset").outcome is DialogueOutcome.UNKNOWN


@given(st.lists(st.binary(max_size=40), max_size=20), st.booleans())
def test_no_answer_breaks_the_dialogue(pieces: list[bytes], is_pipelined: bool) -> None:
    dialogue = begun(is_pipelined=is_pipelined)
    for piece in pieces:
        if dialogue.take(piece)[1] is not None:
            break


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("550 5.1.1 no such user", Kind.HARD),
        ("550 5.2.1 mailbox disabled", Kind.SOFT),
        ("550 no such user", Kind.HARD),
        ("552 5.2.2 mailbox full", Kind.SOFT),
        ("554 5.7.1 relay access denied", Kind.OURS),
        ("550 5.7.26 unauthenticated sender", Kind.OURS),
        ("554 transaction failed", Kind.OURS),
    ],
)
def test_D6_a_refused_address_is_judged_by_what_the_refusal_speaks_of(
    answer: str, kind: Kind
) -> None:
    assert refusal_kind(answer) is kind
