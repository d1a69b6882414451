"""A relay that is slow, full, broken, silent or not what it says it is (D6): what becomes of mails
then."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from service.delivery.email import EmailChannel
from service.errors import InvalidInput
from service.storage.engine import Database
from service.types import State
from service.values import Relay
from tests.fakes import FakeClock
from tests.fakes_email import drain, make_channel, publish, states
from tests.fakes_ledger_mail import make_post, tell
from tests.fakes_mail import FakeRelay, running_relay


def test_D6_a_dead_relay_uses_up_no_attempt_and_loses_nothing(
    database: Database, clock: FakeClock, made: Callable[..., EmailChannel]
) -> None:
    publish(database, clock, "a@xa.example", "b@xa.example")
    dead = made(FakeRelay(port=1))
    for _ in range(30):
        drain(database, dead, clock)
        clock.advance(600)
    with running_relay() as relay:
        drain(database, made(relay), clock)
    assert relay.recipients == ["a@xa.example", "b@xa.example"]
    with database.reading() as conn:
        assert set(conn.execute(text("SELECT attempts FROM message")).scalars()) == {1}


def test_D6_a_refused_login_stops_the_channel_and_no_mail(
    database: Database, clock: FakeClock, at_url: Callable[..., EmailChannel]
) -> None:
    publish(database, clock, "a@xa.example")
    with running_relay(
        FakeRelay(), auth_require_tls=False, authenticator=lambda *_: _refuse()
    ) as relay:
        channel = at_url(f"smtp://user:wrong@127.0.0.1:{relay.port}")
        results = drain(database, channel, clock)
    assert relay.received == [] and states(database) == {"a@xa.example": "due"}
    assert "535" in results[0].detail and "wrong" not in results[0].detail


def _refuse() -> object:
    from aiosmtpd.smtp import AuthResult

    return AuthResult(success=False, handled=False)


def test_D6_a_relay_that_offers_no_starttls_gets_nothing(
    database: Database, clock: FakeClock, at_url: Callable[..., EmailChannel]
) -> None:
    publish(database, clock, "a@xa.example")
    with running_relay() as relay:
        results = drain(database, at_url(f"{relay.url}?starttls=1"), clock)
    assert relay.received == [] and "relay.no_starttls" in results[0].detail


def test_D6_a_relay_whose_certificate_proves_nothing_gets_nothing(
    database: Database, clock: FakeClock, tmp_path: Path, at_url: Callable[..., EmailChannel]
) -> None:
    publish(database, clock, "a@xa.example")
    with running_relay(tls=_self_signed(tmp_path)) as relay:
        results = drain(database, at_url(f"{relay.url}?starttls=1"), clock)
    assert relay.received == [] and "certificate" in results[0].detail.lower()


def _self_signed(folder: Path) -> ssl.SSLContext:
    from datetime import UTC, datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "relay")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = folder / "relay.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


@pytest.mark.parametrize(
    "url", ["http://x", "smtp://", "smtp://h?tls=1", "smtp://h:99999", "smtp://h?starttls=yes"]
)
def test_a_relay_address_that_is_none_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(InvalidInput, match="smtp_url"):
        Relay.parse(url)


def test_a_relay_address_is_read_whole() -> None:
    relay = Relay.parse("smtp://u%40x:p%2Fw@relay.example?starttls=1")
    assert (relay.host, relay.port, relay.user, relay.password) == (
        "relay.example",
        587,
        "u@x",
        "p/w",
    )
    assert relay.is_starttls and Relay.parse("smtps://h").port == 465 and "p/w" not in repr(relay)


def test_D6_greylisting_is_waited_out_for_each_address_alone(
    database: Database, clock: FakeClock, made: Callable[..., EmailChannel]
) -> None:
    publish(database, clock, "a@xa.example", "b@xa.example")
    seen: dict[str, int] = {}

    def greylist(address: str) -> str | None:
        seen[address] = seen.get(address, 0) + 1
        return "450 4.2.0 greylisted, try again" if seen[address] == 1 else None

    with running_relay(FakeRelay(at_rcpt=greylist)) as relay:
        channel = made(relay)
        drain(database, channel, clock)
        assert relay.received == [] and set(states(database).values()) == {"due"}
        clock.advance(10)
        drain(database, channel, clock)
    assert relay.recipients == ["a@xa.example", "b@xa.example"]
    assert set(states(database).values()) == {"sent"}


def test_D6_421_in_a_session_costs_no_mail_an_attempt(
    database: Database, clock: FakeClock, made: Callable[..., EmailChannel]
) -> None:
    publish(database, clock, "a@xa.example", "b@xa.example")
    answers = ["421 shutting down"]
    with running_relay(FakeRelay(at_rcpt=lambda _: answers.pop() if answers else None)) as relay:
        drain(database, made(relay), clock)
        clock.advance(10)
        drain(database, made(relay), clock)
    assert relay.recipients == ["a@xa.example", "b@xa.example"]
    with database.reading() as conn:
        assert set(conn.execute(text("SELECT attempts FROM message")).scalars()) == {1}


def test_D6_a_relay_that_bears_two_connections_gets_two_and_every_mail(
    database: Database, clock: FakeClock, made: Callable[..., EmailChannel]
) -> None:
    publish(database, clock, *(f"r{n}@xa.example" for n in range(8)))
    with running_relay(FakeRelay(max_sessions=2)) as relay:
        drain(database, made(relay), clock)
    assert len(relay.received) == 8 and relay.sessions == 2
    with database.reading() as conn:
        assert set(conn.execute(text("SELECT attempts FROM message")).scalars()) == {1}


def test_D6_a_relay_that_says_nothing_holds_up_no_more_than_its_time(
    database: Database, clock: FakeClock, at_url: Callable[..., EmailChannel]
) -> None:
    publish(database, clock, "a@xa.example")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        channel = make_channel(clock, f"smtp://127.0.0.1:{silent.getsockname()[1]}", timeout_s=0.2)
        results = drain(database, channel, clock)
        channel.close()
    assert states(database) == {"a@xa.example": "due"} and "timed out" in results[0].detail


def test_a_connection_that_died_while_it_rested_is_no_news(
    database: Database, clock: FakeClock, at_url: Callable[..., EmailChannel]
) -> None:
    publish(database, clock, "a@xa.example")
    with running_relay() as relay:
        channel = at_url(relay.url)
        drain(database, channel, clock)
        port = relay.port
    with running_relay(port=port) as relay:
        with database.writing() as conn:
            tell(conn, make_post(conn, clock(), "p2"), clock())
        results = drain(database, channel, clock)
    assert relay.recipients == ["a@xa.example"] and [one.state for one in results] == [State.SENT]


def test_a_mail_goes_over_tls_whole(
    database: Database,
    clock: FakeClock,
    at_url: Callable[..., EmailChannel],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publish(database, clock, *(f"r{n}@xa.example" for n in range(20)))
    with running_relay(tls=_self_signed(tmp_path), require_starttls=True) as relay:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "relay.pem"))
        drain(database, at_url(f"smtp://localhost:{relay.port}?starttls=1"), clock)
    assert len(relay.received) == 20


def test_D6_an_address_that_the_relay_does_not_know_is_suspended_and_one_it_dislikes_is_not(
    any_database: Database, clock: FakeClock, made: Callable[..., EmailChannel]
) -> None:
    publish(any_database, clock, "a@xa.example", "b@xa.example", "c@xa.example")
    codes = {
        "a@xa.example": "550 5.1.1 no such user",
        "b@xa.example": "554 5.7.1 we do not like you",
    }
    with running_relay(FakeRelay(at_rcpt=codes.get)) as relay:
        drain(any_database, made(relay), clock)
    with any_database.reading() as conn:
        rows = conn.execute(text("SELECT target, status FROM subscription ORDER BY target")).all()
    assert [tuple(row) for row in rows] == [
        ("a@xa.example", "suspended"), ("b@xa.example", "active"), ("c@xa.example", "active"),
    ]  # fmt: skip
