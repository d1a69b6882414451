"""A new channel is one entry in the table and one file that sends; everything else asks the
table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from service.bootstrap import Loa
from service.channels import CHANNELS, ChannelKind, ConcurrencyLimits, Grouping
from service.errors import Conflict, InvalidInput
from service.services import subscription_acts as acts
from service.services.context import OPERATOR
from service.services.subscription_checks import SubscriptionRequest
from service.storage import deliveries
from service.storage.digests import gather_digests
from service.storage.queue import continue_fanouts
from service.types import Frequency, State, SubscriptionStatus
from tests.fakes import FakeClock
from tests.fakes_file_channel import FILE, NAME
from tests.fakes_ledger import a_post, hook, tell
from tests.fakes_web import make_loa
from tests.journeys.cli import Terminal


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, ChannelKind]]:
    """The table of channels, with the third one in it."""
    monkeypatch.setitem(CHANNELS, NAME, FILE)
    return CHANNELS  # type: ignore[return-value] # a channel's name is a string


@pytest.fixture(params=["sqlite", "postgresql"])
def loa(request: pytest.FixtureRequest, table: object, clock: FakeClock) -> Iterator[Loa]:
    made = make_loa(request.getfixturevalue(f"{request.param}_url"), clock)
    yield made
    made.close()


def add(loa: Loa, target: Path, **more: object) -> str:
    with loa.database.writing() as conn:
        request = SubscriptionRequest(NAME, str(target), **{"is_confirmed": True, **more})  # type: ignore[arg-type] # its fields
        return acts.add(conn, loa, request, OPERATOR).subscription.id


def publish(loa: Loa, post_id: str = "post-1") -> None:
    with loa.database.writing() as conn:
        tell(conn, a_post(post_id), at=loa.clock())


def rows(loa: Loa, query: str) -> list[tuple[object, ...]]:
    with loa.database.reading() as conn:
        return [tuple(row) for row in conn.execute(text(query))]


def test_a_subscription_of_a_new_channel_is_added_owed_claimed_sent_and_recorded(
    loa: Loa, clock: FakeClock, tmp_path: Path
) -> None:
    target = tmp_path / "alerts.txt"
    key = add(loa, target)
    clock.advance(60)
    publish(loa)
    assert loa.deliverer.deliver_due().as_dict() == {
        "sent": 1,
        "failed": 0,
        "retry": 0,
        "suspended": 0,
        "skipped": 0,
    }
    message = rows(loa, "SELECT id, channel, state, group_key, subscription_id FROM message")
    assert [row[1:3] for row in message] == [("file", "sent")]
    assert str(message[0][3]).startswith("file:")
    assert message[0][4] == key
    ((written, _, body),) = (line.partition(" ") for line in target.read_text().splitlines())
    assert written == message[0][0]
    assert json.loads(body)["data"]["id"] == "post-1"
    with loa.database.reading() as conn:
        (delivery,) = deliveries.list_deliveries(conn)
    assert (delivery.channel, delivery.state) == (NAME, State.SENT)
    assert rows(loa, "SELECT cap, in_flight, failures FROM endpoint WHERE channel = 'file'") == [
        (1, 0, 0)
    ]
    assert loa.deliverer.deliver_due().sent == 0


def test_its_failures_count_against_its_endpoint_and_a_success_heals(
    loa: Loa, clock: FakeClock, tmp_path: Path
) -> None:
    folder = tmp_path / "later"
    add(loa, folder / "alerts.txt")
    clock.advance(60)
    publish(loa)
    assert loa.deliverer.deliver_due().failed == 1
    assert rows(loa, "SELECT failures, status FROM endpoint WHERE channel = 'file'") == [(1, "ok")]
    folder.mkdir()
    clock.advance(60)
    publish(loa, "post-2")
    assert loa.deliverer.deliver_due().sent == 2
    assert rows(loa, "SELECT failures, status FROM endpoint WHERE channel = 'file'") == [(0, "ok")]


def test_its_places_are_those_of_its_entry(loa: Loa, clock: FakeClock, tmp_path: Path) -> None:
    add(loa, tmp_path / "alerts.txt")
    assert rows(loa, "SELECT key, cap FROM host_group WHERE channel = 'file' ORDER BY cap") == [
        (f"file:{tmp_path}#slow", 1),
        (f"file:{tmp_path}", 4),
    ]
    CHANNELS[NAME] = replace(FILE, places=ConcurrencyLimits(3, 8))
    loa.deliverer.deliver_due()
    assert rows(loa, "SELECT cap FROM endpoint WHERE channel = 'file'") == [(3,)]
    assert rows(loa, "SELECT cap FROM host_group WHERE channel = 'file' ORDER BY cap") == [
        (2,),
        (8,),
    ]


def test_what_it_has_no_use_for_is_refused(loa: Loa, tmp_path: Path) -> None:
    target = tmp_path / "alerts.txt"
    for more, field in (
        ({"headers": {"X-A": "1"}}, "headers"),
        ({"frequency": Frequency.DAILY}, "frequency"),
    ):
        with pytest.raises(InvalidInput, match=field):
            add(loa, target, **more)
    with pytest.raises(InvalidInput, match="no absolute path"):
        add(loa, Path("alerts.txt"))
    key = add(loa, target)
    with loa.database.writing() as conn:
        with pytest.raises(Conflict, match="only webhooks are signed"):
            acts.rotate(conn, loa, key, OPERATOR)
        with pytest.raises(Conflict, match="subscribed by file"):
            acts.test(conn, loa, key, OPERATOR)


def test_nobody_is_asked_where_the_entry_says_so_until_an_operator_confirms(
    loa: Loa, clock: FakeClock, tmp_path: Path
) -> None:
    key = add(loa, tmp_path / "alerts.txt", is_confirmed=False)
    assert rows(loa, "SELECT id FROM message") == []
    with loa.database.writing() as conn:
        assert acts.confirm(conn, loa, key, OPERATOR).status is SubscriptionStatus.ACTIVE


def test_one_person_gets_one_message_where_the_entry_says_so(
    loa: Loa, clock: FakeClock, tmp_path: Path
) -> None:
    CHANNELS[NAME] = replace(FILE, grouping=Grouping.PERSON)
    for _ in range(3):
        add(loa, tmp_path / "alerts.txt")
    add(loa, tmp_path / "other.txt")
    clock.advance(60)
    publish(loa)
    with loa.database.writing() as conn:
        conn.execute(text("UPDATE change SET fanned_out_at = NULL, fanout_after = 'gone:x'"))
    # the reader is one for single messages: a channel of persons brings its own
    assert loa.deliverer.deliver_due().skipped == 2
    grouped = rows(loa, "SELECT group_key, state FROM message ORDER BY group_key")
    assert [(str(key).partition(":")[0], state) for key, state in grouped] == [
        ("file", "skipped")
    ] * 2
    assert rows(loa, "SELECT count(*), count(DISTINCT message_id) FROM delivery") == [(4, 2)]


def test_digests_of_a_new_channel_are_gathered_by_its_own_endpoint(
    loa: Loa, clock: FakeClock, tmp_path: Path
) -> None:
    CHANNELS[NAME] = replace(
        FILE,
        grouping=Grouping.PERSON,
        is_judged=False,
        parse=lambda target, _private: FILE.parse(target, False)._replace(
            endpoint="disk", host="disk"
        ),
        places=ConcurrencyLimits(shared={"disk": 4, "disk#digest": 2}),
        digest_endpoint="disk#digest",
    )
    add(loa, tmp_path / "alerts.txt", frequency=Frequency.DAILY)
    clock.advance(60)
    publish(loa)
    runs = {Frequency.DAILY: clock() + timedelta(days=1)}
    made = gather_digests(loa.database, runs, date(2026, 11, 24), clock())
    assert made == 1
    digest = rows(loa, "SELECT channel, endpoint_key, group_key FROM message")
    assert digest == [
        ("file", "disk#digest", f"digest_file:daily:2026-11-24:{tmp_path}/alerts.txt")
    ]
    assert gather_digests(loa.database, runs, date(2026, 11, 24), clock()) == 0


def test_a_fan_out_walks_all_channels_and_begins_again_behind_one_that_is_gone(
    loa: Loa, clock: FakeClock, tmp_path: Path
) -> None:
    add(loa, tmp_path / "alerts.txt")
    with loa.database.writing() as conn:
        hook(conn, "http://a.example/1")
    clock.advance(60)
    publish(loa)
    assert rows(loa, "SELECT channel FROM message ORDER BY channel") == [("file",), ("webhook",)]
    with loa.database.writing() as conn:
        conn.execute(text("UPDATE change SET fanned_out_at = NULL, fanout_after = 'gone:x'"))

    assert continue_fanouts(loa.database, clock()) == 1
    assert rows(loa, "SELECT channel FROM message ORDER BY channel") == [("file",), ("webhook",)]
    assert rows(loa, "SELECT count(*) FROM delivery") == [(2,)]


def test_the_command_line_offers_it(table: object, tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    target = tmp_path / "alerts.txt"
    added = terminal.json(
        "subscription", "add", "file", str(target), "--confirmed", "--category", "directives"
    )
    assert (added["channel"], added["status"], added["secret"]) == ("file", "active", None)
    assert "No such option" in terminal.refused(
        "subscription", "add", "file", str(target), "--header", "a: b"
    )
    assert "No such command" in terminal.refused("subscription", "add", "fax", "123")
    assert [one["channel"] for one in terminal.json("subscription", "list")] == ["file"]
