"""D4, an endpoint that fails for long: warned, disabled by time and count, probed, healed, and who
is told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import orjson
import pytest
from sqlalchemy import text

from service.delivery.deliverer import Deliverer, DeliveryCounts
from service.delivery.webhook import WebhookChannel
from service.errors import Conflict
from service.settings import Settings
from service.storage.deliveries import list_deliveries, make_due_again
from service.storage.engine import Database
from service.storage.explanation import explain_delivery
from service.storage.queue import FAILED_LONG, GONE
from service.storage.subscriptions import get_subscription, set_status, status_reason
from service.storage.units import add_unit
from service.types import State, SubscriptionStatus
from service.words import say
from tests.fakes import FakeClock
from tests.fakes_ledger import BOX, LINKS, a_post, hook, tell
from tests.fakes_mail import letter_text
from tests.fakes_receiver import FakeReceiver, status

HOUR = 3600.0


@pytest.fixture
def receiver() -> Iterator[FakeReceiver]:
    with FakeReceiver({"/hook": status(500)}) as made:
        yield made


class Office:
    """A unit with one endpoint, and a Loa that disables after ten hours."""

    def __init__(
        self, database: Database, clock: FakeClock, receiver: FakeReceiver, *, contact: str = ""
    ) -> None:
        self.database, self.clock, self.receiver, self.n = database, clock, receiver, 0
        settings = Settings.model_validate(
            {
                "webhooks": {
                    "allow_private_networks": True,
                    "timeout_s": 2.0,
                    "disable_after_s": 10 * HOUR,
                    "retry_schedule_s": [0, 1800, 3600, 3600],
                },
                "operator": {"email": "huyen@example.vn"},
                "email": {"smtp_url": "smtp://127.0.0.1:9"},
            }
        )
        channel = WebhookChannel(settings.webhooks, LINKS, BOX, clock)
        self.deliverer = Deliverer(database, settings, clock, [channel])
        with database.writing() as conn:
            contacts = (contact,) if contact else ()
            unit = add_unit(conn, name="UBND xã Quảng Ninh", at=clock(), contacts=contacts)
            self.id = hook(conn, receiver.url(), unit_id=unit.id).id

    def publish(self, posts: int = 1) -> None:
        with self.database.writing() as conn:
            for _ in range(posts):
                self.n += 1
                tell(conn, a_post(f"post-{self.n}"), at=self.clock())

    def deliver(self, hours: float = 0.0) -> DeliveryCounts:
        self.clock.advance(hours * HOUR)
        return self.deliverer.deliver_due()

    @property
    def status(self) -> SubscriptionStatus:
        with self.database.reading() as conn:
            return get_subscription(conn, self.id).status

    def letters(self) -> list[tuple[str, str]]:
        """(address, subject) of what was written, by age."""
        with self.database.reading() as conn:
            rows = conn.execute(
                text("SELECT body FROM message WHERE channel = 'email' ORDER BY id")
            ).scalars()
            return [
                (body["address"], say(body["subject"], "vi")) for body in map(orjson.loads, rows)
            ]


def test_D4_warned_then_disabled_by_time_and_count_and_both_are_told_once(
    any_database: Database, clock: FakeClock, receiver: FakeReceiver
) -> None:
    office = Office(any_database, clock, receiver, contact="vanthu@example.vn")
    office.publish(5)
    office.deliver()
    for _ in range(3):
        office.deliver(1.3)
        assert office.status is SubscriptionStatus.ACTIVE
    assert office.letters() == []
    office.publish(5)
    office.deliver(1.5)
    office.deliver()
    assert [address for address, _ in office.letters()] == ["vanthu@example.vn", "huyen@example.vn"]
    assert all("không nhận được tin từ" in subject for _, subject in office.letters())
    office.deliver(2)
    office.deliver(0.1)
    assert len(office.letters()) == 2
    office.publish()
    office.deliver(3)
    office.deliver(0)
    assert office.status is SubscriptionStatus.DISABLED
    assert [address for address, _ in office.letters()][2:] == [
        "vanthu@example.vn",
        "huyen@example.vn",
    ]
    assert all("Đã ngừng gửi đến" in subject for _, subject in office.letters()[2:])
    office.deliver(1)
    assert len(office.letters()) == 4


def test_D4_time_in_which_loa_was_stopped_disables_nobody(
    database: Database, clock: FakeClock, receiver: FakeReceiver
) -> None:
    office = Office(database, clock, receiver)
    office.publish(30)
    office.deliver()
    receiver.answers["/hook"] = status(204)
    assert office.deliver(1000).sent == 30
    assert office.status is SubscriptionStatus.ACTIVE


def test_D4_one_success_in_between_begins_the_count_anew(
    database: Database, clock: FakeClock, receiver: FakeReceiver
) -> None:
    office = Office(database, clock, receiver)
    office.publish(8)
    for _ in range(3):
        office.deliver(1.5)
    receiver.answers["/hook"] = status(204)
    office.publish()
    assert office.deliver(1.5).sent == 9
    receiver.answers["/hook"] = status(500)
    office.publish(8)
    for _ in range(4):
        office.deliver(1.5)
    assert office.status is SubscriptionStatus.ACTIVE


def test_D4_an_outage_that_is_long_and_of_few_attempts_disables_nobody(
    database: Database, clock: FakeClock, receiver: FakeReceiver
) -> None:
    office = Office(database, clock, receiver)
    office.publish()
    for _ in range(8):
        office.deliver(100)
    assert office.status is SubscriptionStatus.ACTIVE


def disabled(database: Database, clock: FakeClock, receiver: FakeReceiver) -> Office:
    office = Office(database, clock, receiver)
    office.publish(8)
    for _ in range(4):
        office.deliver(1.5)
    office.publish()
    office.deliver(7)
    office.deliver()
    assert office.status is SubscriptionStatus.DISABLED
    return office


def test_D4_a_probe_that_fails_lets_one_message_through_and_closes_again(
    any_database: Database, clock: FakeClock, receiver: FakeReceiver
) -> None:
    office = disabled(any_database, clock, receiver)
    before = len(receiver.received)
    office.publish(3)
    for hours in (1, 1, 1):
        office.deliver(hours)
    assert len(receiver.received) == before
    for _ in range(3):
        office.deliver(6.1)
        office.deliver(1)
    assert len(receiver.received) == before + 3
    assert office.status is SubscriptionStatus.DISABLED
    with any_database.reading() as conn:
        states = {delivery.state for delivery in list_deliveries(conn)}
        assert states <= {State.SUSPENDED, State.FAILED}
        said = explain_delivery(conn, a_post("post-10"), office.id).words("vi")
        assert any(say(FAILED_LONG, "vi") in line for line in said)


def test_D4_a_probe_that_is_answered_heals_all_by_itself(
    any_database: Database, clock: FakeClock, receiver: FakeReceiver
) -> None:
    office = disabled(any_database, clock, receiver)
    office.publish(3)
    office.deliver(0.5)
    receiver.answers["/hook"] = status(204)
    assert office.deliver(7).sent == 12
    assert office.status is SubscriptionStatus.ACTIVE
    with any_database.reading() as conn:
        assert {delivery.state for delivery in list_deliveries(conn)} == {State.SENT}
    assert {orjson.loads(one.body)["data"]["id"] for one in receiver.received[-12:]} == {
        f"post-{i}" for i in range(1, 13)
    }


def test_D4_an_endpoint_with_nothing_left_to_send_is_probed_by_a_test_delivery(
    any_database: Database, clock: FakeClock, receiver: FakeReceiver
) -> None:
    office = disabled(any_database, clock, receiver)
    with any_database.writing() as conn:
        conn.execute(
            text("UPDATE message SET state = 'skipped', done_at = 1 WHERE channel = 'webhook'")
        )
    receiver.answers["/hook"] = status(204)
    assert office.deliver(7).sent == 1
    assert orjson.loads(receiver.received[-1].body)["type"] == "subscription.test"
    assert office.status is SubscriptionStatus.ACTIVE


def test_D4_an_operator_who_resumes_it_sends_what_was_missed_at_once(
    any_database: Database, clock: FakeClock, receiver: FakeReceiver
) -> None:
    office = disabled(any_database, clock, receiver)
    with any_database.writing() as conn:
        with pytest.raises(Conflict, match="resume it first"):
            make_due_again(conn, at=clock(), subscription_id=office.id)
        set_status(conn, office.id, SubscriptionStatus.ACTIVE, at=clock())
    receiver.answers["/hook"] = status(204)
    office.publish()
    assert office.deliver().sent == 10


def test_D3_410_disables_at_once_and_tells_owner_and_operator_by_mail(
    any_database: Database, clock: FakeClock, receiver: FakeReceiver
) -> None:
    receiver.answers["/hook"] = status(410)
    office = Office(any_database, clock, receiver, contact="vanthu@example.vn")
    office.publish()
    assert office.deliver().failed == 1
    assert office.status is SubscriptionStatus.DISABLED
    with any_database.reading() as conn:
        assert status_reason(conn, office.id) == GONE
    office.publish()
    office.deliver(0.1)
    office.deliver(0.1)
    assert len(receiver.received) == 1
    assert [address for address, _ in office.letters()] == ["vanthu@example.vn", "huyen@example.vn"]
    assert all("410" in subject for _, subject in office.letters())


def test_an_owner_is_shown_their_own_subscription_alone_and_the_operator_no_path(
    any_database: Database,
    clock: FakeClock,
    receiver: FakeReceiver,
    caplog: pytest.LogCaptureFixture,
) -> None:
    receiver.answers["/hook?key=of-another"] = status(500)
    office = Office(any_database, clock, receiver, contact="vanthu@example.vn")
    with any_database.writing() as conn:
        other = add_unit(conn, name="UBND xã Quảng Hải", at=clock(), contacts=("khac@example.vn",))
        hook(conn, receiver.url() + "?key=of-another", unit_id=other.id)
    for hours in (0, 2, 2, 2, 5, 0):
        office.publish(2)
        office.deliver(hours)
    with any_database.reading() as conn:
        rows = (
            conn.execute(text("SELECT body FROM message WHERE channel = 'email' ORDER BY id"))
            .scalars()
            .all()
        )
    said: dict[str, str] = {}
    for body in map(orjson.loads, rows):
        said[body["address"]] = said.get(body["address"], "") + letter_text(body)
    assert set(said) == {"vanthu@example.vn", "khac@example.vn", "huyen@example.vn"}
    assert "/hook" in said["vanthu@example.vn"] and "/hook" not in said["huyen@example.vn"]
    own, others = "UBND xã Quảng Ninh", other.name
    assert own in said["vanthu@example.vn"] and others not in said["vanthu@example.vn"]
    assert others in said["khac@example.vn"] and own not in said["khac@example.vn"]
    assert own in said["huyen@example.vn"] and others in said["huyen@example.vn"]
    assert receiver.url("") in said["huyen@example.vn"]
    assert "disabled" in caplog.text and "/hook" not in caplog.text


def test_everything_that_failed_since_a_time_can_be_replayed(
    any_database: Database, clock: FakeClock, receiver: FakeReceiver
) -> None:
    receiver.answers["/hook"] = status(422)
    office = Office(any_database, clock, receiver)
    office.publish(2)
    office.deliver()
    clock.advance(HOUR)
    office.publish(3)
    assert office.deliver().failed == 3
    receiver.answers["/hook"] = status(204)
    with any_database.writing() as conn:
        assert (
            make_due_again(
                conn, at=clock(), since=clock() - timedelta(minutes=1), is_failed_only=True
            )
            == 3
        )
    assert office.deliver().sent == 3
    with any_database.writing() as conn:
        assert make_due_again(conn, at=clock(), is_failed_only=True) == 2
        one = list_deliveries(conn)[0]
        assert make_due_again(conn, at=clock(), delivery_id=one.id) == 1
    assert office.deliver().sent == 3
