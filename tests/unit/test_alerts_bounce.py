"""What a mail that came back proves: only what the seal and the report say, and nothing of what
cannot be read."""

from __future__ import annotations

import time

import pytest

from service.alerts.bounce import Bounce, Kind, envelope_sender, read, read_envelope
from service.errors import InvalidInput
from service.words import coded

KEY = "a key of tests"
MESSAGE = "01900000-0000-7000-8000-000000000001"
TO = envelope_sender("loa@mail.example", MESSAGE, KEY)


def dsn(to: str, action: str = "failed", status: str = "5.1.1") -> bytes:
    return (
        f"From: MAILER-DAEMON@mx.example\r\nTo: {to}\r\nSubject: Undelivered\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nSorry\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; lan@xa.example\r\nAction: {action}\r\nStatus: "
        f"{status}\r\n\r\n--b--\r\n"
    ).encode()


def test_D7_a_signed_bounce_names_its_message_and_a_forged_one_none() -> None:
    to = envelope_sender("loa@mail.example", MESSAGE, KEY)
    assert read_envelope(to.upper(), KEY) == MESSAGE and len(to.partition("@")[0]) <= 64
    assert read(dsn(to), KEY) == Bounce(
        Kind.HARD, MESSAGE, coded("bounce.reported", said="failed 5.1.1")
    )
    assert (
        read(dsn(to.replace("-8000-", "-8001-").replace("80000000", "80010000")), KEY).message_id
        is None
    )
    assert read(dsn(to), "another key").message_id is None
    assert read(dsn("loa@mail.example"), KEY).message_id is None


def test_D7_what_is_not_final_does_not_say_so() -> None:
    to = envelope_sender("loa@mail.example", MESSAGE, KEY)
    assert read(dsn(to, "delayed", "4.4.1"), KEY).kind is Kind.SOFT
    assert read(dsn(to, "failed", "4.2.2"), KEY).kind is Kind.SOFT
    assert read(dsn(to, "delivered", "2.0.0"), KEY).kind is Kind.NONE
    vacation = (
        f"From: lan@xa.example\r\nTo: {to}\r\nAuto-Submitted: auto-replied\r\n\r\nnghỉ phép\r\n"
    )
    assert read(vacation.encode(), KEY).kind is Kind.NONE
    complaint = (
        f"To: {to}\r\nContent-Type: multipart/report; report-type=feedback-report; "
        f'boundary="b"\r\n\r\n--b--\r\n'
    )
    assert read(complaint.encode(), KEY).kind is Kind.COMPLAINT
    with pytest.raises(InvalidInput):
        read(b"", KEY)


def test_D7_a_client_that_asks_for_no_more_mail_is_heard() -> None:
    to = envelope_sender("loa@mail.example", MESSAGE, KEY)
    asked = f"From: lan@xa.example\r\nTo: {to}\r\nSubject: Unsubscribe\r\n\r\nx\r\n"
    assert read(asked.encode(), KEY).kind is Kind.COMPLAINT
    about = asked.replace("Subject: Unsubscribe", "Subject: How to unsubscribe?")
    assert read(about.encode(), KEY).kind is Kind.NONE


def test_S1_no_field_of_a_returned_mail_is_read_at_the_square_of_its_length() -> None:
    to = envelope_sender("loa@mail.example", MESSAGE, KEY).encode()
    report = b"Content-Type: multipart/report; report-type=delivery-status"
    for fields in (
        report + b";" * 200_000,
        report + b";\r\n " * 40_000,
        report + b"; a*0*=x" * 25_000,
        report + b'; boundary="' + b'\\"' * 60_000,
        b"Content-Type: message/delivery-status\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        b"Action:" + b"\xb15" * 60_000 + b"\r\n\r\nX: " + b"\xb1" * 60_000,
    ):
        began = time.process_time()
        read(b"To: " + to + b"\r\nFrom: x@y\r\n" + fields + b"\r\n\r\nx\r\n", KEY)
        assert time.process_time() - began < 1, fields[:80]


def test_D7_a_mail_without_a_sender_breaks_no_parser() -> None:
    to = envelope_sender("loa@mail.example", MESSAGE, KEY)
    assert read(f"To: {to}\r\nSubject: x\r\n\r\nhi\r\n".encode(), KEY).kind is Kind.NONE


def test_D7_a_bounce_to_the_plain_address_is_known_by_the_return_path_it_brings_back() -> None:
    forged = TO.replace("-8000-", "-8001-").replace("80000000", "80010000")
    returned = (
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nSender: {forged}\r\nReturn-Path: "
        f"<{TO}>\r\n\r\n--b--\r\n"
    )
    assert (
        read(dsn("loa@mail.example").replace(b"--b--\r\n", returned.encode()), KEY).message_id
        == MESSAGE
    )


def plain(body: str, *headers: str) -> bytes:
    return "\r\n".join([f"To: {TO}", *headers, "", body]).encode("latin-1")


def test_D7_a_bounce_without_a_report_is_known_by_the_habits_of_its_system() -> None:
    qmail = (
        "Hi. This is the qmail-send program at mx.example.\r\n\r\n<lan@xa.example>:\r\nno mailbox "
        "here.\r\n"
    )
    assert read(plain(qmail, "From: MAILER-DAEMON@mx.example"), KEY) == Bounce(
        Kind.HARD, MESSAGE, "bounce.returned"
    )
    waiting = (
        "Delivery to the following recipient has been delayed:\r\n\r\n  lan@xa.example\r\n\r\n"
        "Message will be retried for 2 more day(s)\r\n"
    )
    assert read(plain(waiting, "From: MAILER-DAEMON@mx.example"), KEY) == Bounce(
        Kind.SOFT, MESSAGE, "bounce.deferred"
    )


@pytest.mark.parametrize(
    "sender",
    ["From: ", "From: Tr\u00e2n <lan@xa.example>", "From: l\u00e2n@xa.example", "From: <>"],
)
def test_D7_a_sender_written_in_any_way_breaks_no_parser(sender: str) -> None:
    assert read(plain("Tôi đã nhận".encode().decode("latin-1"), sender), KEY) == Bounce(
        Kind.NONE, MESSAGE, "bounce.none"
    )


def test_D7_a_report_that_cannot_be_read_is_refused_in_our_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    report = dsn(TO, action="\u00e9").decode().encode("latin-1")
    assert read(report, KEY).kind is Kind.NONE  # was too much for flufl.bounce

    def fall_over(_mail: object) -> None:
        raise AttributeError("lower")

    monkeypatch.setattr("flufl.bounce.all_failures", fall_over)
    with pytest.raises(InvalidInput, match="keep it and look at it"):
        read(report, KEY)


def test_D7_a_report_that_says_no_action_proves_nothing() -> None:
    assert read(dsn(TO).replace(b"Action: failed\r\n", b""), KEY).kind is Kind.NONE
