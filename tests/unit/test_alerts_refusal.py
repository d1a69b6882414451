"""What the words of a refusal mean: only a mailbox or host that does not exist ends a subscription
at once (D20)."""

from __future__ import annotations

import pytest

from service.alerts.bounce import envelope_sender, read, refusal_kind
from service.alerts.refusal import Kind, kind_of_refusal, says_something

KEY = "k" * 40
MESSAGE = "01900000-0000-7000-8000-000000000001"
TO = envelope_sender("loa@mail.example", MESSAGE, KEY)

REFUSALS = [
    # there is no such mailbox or host
    ("550 5.1.1 <lan@xa.example>: Recipient address rejected: User unknown in virtual mailbox " "table", "", Kind.HARD),
    ("550 No such user here", "5.0.0", Kind.HARD),
    ("550-5.1.1 The email account that you tried to reach does\n not exist. Please try again",
    "5.1.1", Kind.HARD),
    ("550 5.4.1 Recipient address rejected: Access denied. AS(201806281)", "", Kind.HARD),
    ("554 delivery error: dd This user doesn't have a mail.example account", "5.0.0", Kind.HARD),
    ("553 5.3.0 Addressee unknown, relay=[192.0.2.10]", "", Kind.HARD),
    ("550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found", "", Kind.HARD),
    ("Host or domain name not found. Name service error for name=xa.example: Host not found",
    "5.4.4", Kind.HARD),
    ("DNS lookup failure: host mx.xa.example not found", "", Kind.HARD),
    ("556 5.1.10 Recipient address has null MX", "", Kind.HARD),
    ("smtp; 550 5.1.1", "", Kind.HARD),
    # it exists, or nobody can know yet
    ("552 5.2.2 Mailbox full", "5.2.2", Kind.SOFT),
    ("550 5.1.1 <lan@xa.example>: mailbox full", "5.1.1", Kind.SOFT),
    ("550 5.2.1 The email account that you tried to reach is inactive", "", Kind.SOFT),
    ("550 5.2.1 The user is receiving mail at a rate that prevents additional messages", "",
    Kind.SOFT),
    ("450 4.1.1 User unknown for now", "", Kind.SOFT),
    ("451 4.7.1 Greylisted, please come back in 300 seconds", "", Kind.SOFT),
    ("the group may not exist, or you may not have permission to post", "", Kind.OURS),
    ("550 quota: hộp thư đầy", "", Kind.SOFT),
    ("550", "", Kind.SOFT),
    # it speaks of us
    ("554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using zen.spamhaus.org",
    "5.7.1", Kind.OURS),
    ("550 5.7.1 Message contains spam or malicious content", "5.7.1", Kind.OURS),
    ("550-5.7.1 This message does not have authentication information or fails to pass", "5.7.1",
    Kind.OURS),
    ("550 5.7.1 Your domain doesn't have aligned SPF", "5.7.1", Kind.OURS),
    ("550 5.7.25 name of your server not found in DNS", "", Kind.OURS),
    ("550 5.7.1 no such user, not found in directory", "", Kind.HARD),
    ("550 5.7.26 This mail is unauthenticated", "5.7.26", Kind.OURS),
    ("550 Rejected because 192.0.2.7 is on a blocklist", "5.0.0", Kind.OURS),
    ("553 5.1.8 <loa@gov.example>: Sender address rejected: Domain not found", "5.1.8", Kind.OURS),
    ("553 5.1.8 Domain of sender address root@gov.example does not exist", "", Kind.OURS),
    ("552 5.3.4 Message size exceeds fixed limit", "5.3.4", Kind.OURS),
    ("554 5.7.1 <lan@xa.example>: Relay access denied", "5.7.1", Kind.OURS),
    ("550 5.1.1", "5.7.1", Kind.HARD),
    ("554 5.4.6 Too many hops", "", Kind.OURS),
    ("5.1.0 - Unknown address error 550-'5.7.1 <x@mail.example>... Access denied'", "5.0.0",
    Kind.OURS),
    ("521 5.5.0 go away", "", Kind.OURS),
]  # fmt: skip


@pytest.mark.parametrize(("words", "status", "kind"), REFUSALS)
def test_D20_one_table_says_what_a_refusal_speaks_of(words: str, status: str, kind: Kind) -> None:
    assert kind_of_refusal(words, status) is kind


@pytest.mark.parametrize(("words", "status", "kind"), REFUSALS)
def test_D20_a_report_and_the_answer_to_RCPT_are_read_by_the_same_table(
    words: str, status: str, kind: Kind
) -> None:
    one_line = " ".join(words.split())
    report = (
        f"From: MAILER-DAEMON@mx.example\r\nTo: {TO}\r\nSubject: Undelivered\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nIt was not possible.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; lan@xa.example\r\nAction: failed\r\nStatus: {status}\r\n"
        f"Diagnostic-Code: smtp; {one_line} abc\r\n\r\n--b--\r\n"
    )
    assert read(report.encode(), KEY).kind is kind
    if one_line[:3].isdigit():
        assert refusal_kind(one_line) is kind_of_refusal(one_line)


@pytest.mark.parametrize(
    "host", ["mail.spam.example", "relay.xa.example", "mx-policy.example", "blocked-by.example"]
)
def test_D20_what_a_host_is_called_says_nothing(host: str) -> None:
    words = (
        f"host {host}[192.0.2.1] said: 550 5.1.1 <lan@{host}>: User unknown (in reply to RCPT TO "
        f"command)"
    )
    assert kind_of_refusal(words) is Kind.HARD


@pytest.mark.parametrize(
    ("stage", "kind"),
    [
        ("RCPT TO command", Kind.HARD),
        ("MAIL FROM command", Kind.OURS),
        ("end of DATA command", Kind.SOFT),
    ],
)
def test_D20_when_it_was_said_tells_of_what(stage: str, kind: Kind) -> None:
    body = f"<lan@xa.example>: host mx.example said: 550 Unknown user lan (in reply to {stage})"
    mail = (
        f"From: MAILER-DAEMON@mx.example\r\nTo: {TO}\r\nSubject: Undelivered Mail\r\n\r\n{body}\r\n"
    )
    assert read(mail.encode(), KEY).kind is kind


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("abuse", Kind.COMPLAINT), ("fraud", Kind.COMPLAINT), ("opt-out", Kind.COMPLAINT),
        ("", Kind.COMPLAINT),
        ("auth-failure", Kind.OURS), ("virus", Kind.OURS), ("not-spam", Kind.NONE),
        ("other", Kind.NONE),
    ],
)  # fmt: skip
def test_D20_only_a_person_complains(said: str, kind: Kind) -> None:
    mail = (
        f"To: {TO}\r\nContent-Type: multipart/report; report-type=feedback-report; "
        f'boundary="b"\r\n\r\n'
        f"--b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: {said}\r\nVersion: "
        f"1\r\n\r\n--b--\r\n"
    )
    assert read(mail.encode(), KEY).kind is kind


def test_D20_a_report_without_words_is_read_by_the_text_beside_it_and_by_its_status() -> None:
    def report(text: str, status: str, encoding: str = "7bit", code: str = "smtp; 550") -> bytes:
        return (
            f"From: MAILER-DAEMON@mx.example\r\nTo: {TO}\r\n"
            'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
            f"--b\r\nContent-Type: text/html\r\n\r\n<p>{text}</p>\r\nReceived: by spam.example; "
            f"blocked\r\n"
            f"--b\r\nContent-Type: message/delivery-status\r\nContent-Transfer-Encoding: "
            f"{encoding}\r\n\r\n"
            f"Reporting-MTA: dns; mx.example\r\n\r\nAction: failed\r\nStatus: {status}\r\n"
            f"Diagnostic-Code: {code}\r\n\r\n--b--\r\n"
        ).encode()

    assert read(report("550 user unknown", "5.0.0"), KEY).kind is Kind.HARD
    assert read(report("It failed", "5.1.1"), KEY).kind is Kind.HARD
    assert read(report("It failed", "5.7.1"), KEY).kind is Kind.OURS
    split = report("It failed", "5.0.0", "quoted-printable", "smtp; 550 5.2.=\r\n2 Mailbox Full")
    assert read(split, KEY).kind is Kind.SOFT


def test_D20_a_broken_report_is_read_as_a_text() -> None:
    mail = (
        f"From: MAILER-DAEMON@mx.example\r\nTo: {TO}\r\nSubject: Undelivered\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="other"\r\n\r\n'
        "--b\r\n\r\n<lan@xa.example>: host mx.example said: 550 5.1.1 does not "
        "exist\r\n\r\n--b--\r\n"
    )
    assert read(mail.encode(), KEY).kind is Kind.HARD
    assert (
        read(f"Return-Path: <>\r\nTo: {TO}\r\n\r\n550 no such user\r\n".encode(), KEY).kind
        is Kind.HARD
    )
    bare = f"From: MAILER-DAEMON@mx.example\r\nTo: {TO}\r\nContent-Type: image/png\r\n\r\n\r\n"
    assert read(bare.encode(), KEY).kind is Kind.NONE
    pictures = (
        f'To: {TO}\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: '
        f"image/png\r\n\r\n--b--"
    )
    assert read(pictures.encode(), KEY).kind is Kind.NONE
    old = f"To: {TO}\r\nSubject: complaint about message from 192.0.2.1\r\n\r\nx\r\n"
    assert read(old.encode(), KEY).kind is Kind.COMPLAINT


def test_D20_words_that_nobody_knows_say_nothing() -> None:
    assert not says_something("Xin chào")
    assert says_something("5.1.1") and says_something("user unknown")
