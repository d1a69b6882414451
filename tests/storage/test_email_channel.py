"""What becomes of mails between the ledger and a relay that fails in every way (D6, D13, D14)."""

from __future__ import annotations

import email
import ssl
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import text

from service.delivery.email import EmailChannel
from service.delivery.smtp import parse_relay
from service.errors import ConfigurationError
from service.settings import Settings
from service.storage.engine import Database
from service.storage.ledger import claim_due, record_results
from service.storage.subscriptions import set_status
from service.storage.units import add_unit
from service.types import Channel, Frequency, Result, SubscriptionStatus
from tests.fakes import FakeClock
from tests.fakes_ledger_mail import LINKS, make_post, subscribe, tell
from tests.fakes_mail import FakeRelay, running_relay

LABELS = {"directives": {"vi": "Chỉ đạo điều hành", "en": "Directives"}}


def make_channel(clock: FakeClock, url: str, **email_settings: object) -> EmailChannel:
    settings = Settings.model_validate(
        {"email": {"smtp_url": url, "rate_per_s": 10_000, "from": "Loa <loa@mail.example>", **email_settings}}
    )
    return EmailChannel(settings, LINKS, "a key of tests", clock, LABELS, timeout_s=2.0, random=lambda: 0.5)


def drain(database: Database, channel: EmailChannel, clock: FakeClock, *, record: object = None) -> list[Result]:
    """Claims and sends until nothing is due; gives every result in order."""
    seen: list[Result] = []

    def write(results: Sequence[Result]) -> None:
        seen.extend(results)
        with database.writing() as conn:
            record_results(conn, results, clock())

    while True:
        with database.writing() as conn:
            claimed = claim_due(conn, channel=Channel.EMAIL, now=clock(), limit=8, lease_s=30)
        if not claimed:
            return seen
        channel.send(database, claimed, write, Event())


def publish(database: Database, clock: FakeClock, *addresses: str) -> None:
    with database.writing() as conn:
        for address in addresses:
            subscribe(conn, address, clock())
        tell(conn, make_post(conn, clock()), clock())


def states(database: Database) -> dict[str, str]:
    query = text(
        "SELECT s.target, d.state FROM delivery d JOIN subscription s ON s.id = d.subscription_id ORDER BY s.target"
    )
    with database.reading() as conn:
        return {row.target: row.state for row in conn.execute(query)}


@pytest.fixture
def at_url(clock: FakeClock) -> Iterator[Callable[..., EmailChannel]]:
    """Makes channels for a relay's address, and closes them when the test ends."""
    opened: list[EmailChannel] = []

    def make(url: str) -> EmailChannel:
        opened.append(make_channel(clock, url))
        return opened[-1]

    yield make
    for channel in opened:
        channel.close()


@pytest.fixture
def made(at_url: Callable[..., EmailChannel]) -> Callable[..., EmailChannel]:
    return lambda relay: at_url(relay.url)


def test_a_mail_goes_out_once_with_its_reason_receipt_and_verp(
    any_database: Database, clock: FakeClock, made: Callable[..., EmailChannel]
) -> None:
    with any_database.writing() as conn:
        unit = add_unit(conn, name="UBND xã Quảng Ninh", at=clock())
        subscribe(conn, "chi.lan@xa.example", clock(), unit_id=unit.id, name="Lan")
        tell(conn, make_post(conn, clock()), clock())
    with running_relay() as relay:
        drain(any_database, made(relay), clock)
        drain(any_database, made(relay), clock)
    (one,) = relay.received
    mail = email.message_from_bytes(one.mail, policy=email.policy.default)
    html = mail.get_body(("html",)).get_content()  # type: ignore[union-attr]  # it has one
    assert "https://loa.example/receipts/" in html and "UBND xã Quảng Ninh" in html and "“Lan”" in html
    assert "Chỉ đạo điều hành" in html
    assert one.sender.startswith("loa+b-") and one.sender.endswith("@mail.example")
    assert states(any_database) == {"chi.lan@xa.example": "sent"}


def test_D6_a_refusal_is_that_recipients_alone(
    database: Database, clock: FakeClock, made: Callable[..., EmailChannel]
) -> None:
    publish(database, clock, *(f"{n}@xa.example" for n in ("a", "b", "c", "d", "e")))
    codes = {"b@xa.example": "550 no such user", "c@xa.example": "451 greylisted", "d@xa.example": "452 full"}
    late = {"e@xa.example": "552 too big"}
    with running_relay(FakeRelay(at_rcpt=codes.get, at_data=late.get)) as relay:
        channel = made(relay)
        drain(database, channel, clock)
        assert states(database) == {
            "a@xa.example": "sent", "b@xa.example": "failed", "c@xa.example": "due", "d@xa.example": "due",
            "e@xa.example": "failed",
        }  # fmt: skip
        codes.clear()
        clock.advance(10)
        drain(database, channel, clock)
    assert relay.recipients == ["a@xa.example", "c@xa.example", "d@xa.example"]


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


def test_D6_a_lost_answer_is_repeated_under_the_same_message_id(
    database: Database, clock: FakeClock, made: Callable[..., EmailChannel]
) -> None:
    publish(database, clock, "a@xa.example")
    with running_relay(FakeRelay(drop_after_data={"a@xa.example"})) as relay:
        channel = made(relay)
        drain(database, channel, clock)
        clock.advance(10)
        drain(database, channel, clock)
    first, second = relay.received
    assert first.mail == second.mail and states(database) == {"a@xa.example": "sent"}


def test_D6_a_refused_login_stops_the_channel_and_no_mail(
    database: Database, clock: FakeClock, at_url: Callable[..., EmailChannel]
) -> None:
    publish(database, clock, "a@xa.example")
    with running_relay(FakeRelay(), auth_require_tls=False, authenticator=lambda *_: _refuse()) as relay:
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
    assert relay.received == [] and "STARTTLS" in results[0].detail


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
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = folder / "relay.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


def test_D13_five_subscriptions_of_one_person_are_one_mail_that_names_every_reason(
    any_database: Database, clock: FakeClock, made: Callable[..., EmailChannel]
) -> None:
    with any_database.writing() as conn:
        for n, frequency in enumerate(["immediate", "daily", "immediate", "weekly", "immediate"]):
            subscribe(conn, "Lan@xa.example", clock(), name=f"số {n}", frequency=Frequency(frequency))
        tell(conn, make_post(conn, clock()), clock())
    with running_relay() as relay:
        drain(any_database, made(relay), clock)
    (one,) = relay.received
    body = email.message_from_bytes(one.mail, policy=email.policy.default).get_body(("plain",))
    assert body is not None
    assert all(f"số {n}" in body.get_content() for n in range(5))


def test_D14_removed_gets_nothing_and_paused_waits(
    database: Database, clock: FakeClock, made: Callable[..., EmailChannel]
) -> None:
    publish(database, clock, "a@xa.example", "b@xa.example")
    with database.writing() as conn:
        ids = list(conn.execute(text("SELECT id FROM subscription ORDER BY target")).scalars())
        set_status(conn, ids[0], SubscriptionStatus.REMOVED, at=clock())
        set_status(conn, ids[1], SubscriptionStatus.PAUSED, at=clock())
    with running_relay() as relay:
        channel = made(relay)
        drain(database, channel, clock)
        assert relay.received == []
        with database.writing() as conn:
            set_status(conn, ids[1], SubscriptionStatus.ACTIVE, at=clock())
        drain(database, channel, clock)
    assert relay.recipients == ["b@xa.example"]


@pytest.mark.parametrize("url", ["http://x", "smtp://", "smtp://h?tls=1", "smtp://h:99999", "smtp://h?starttls=yes"])
def test_a_relay_address_that_is_none_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ConfigurationError, match="smtp_url"):
        parse_relay(url)


def test_a_relay_address_is_read_whole() -> None:
    relay = parse_relay("smtp://u%40x:p%2Fw@relay.example?starttls=1")
    assert (relay.host, relay.port, relay.user, relay.password) == ("relay.example", 587, "u@x", "p/w")
    assert relay.is_starttls and parse_relay("smtps://h").port == 465 and "p/w" not in repr(relay)
