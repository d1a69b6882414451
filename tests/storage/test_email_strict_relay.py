"""D18: a relay that wants to be greeted by a name, that relays nothing for us, that spells its
extensions small."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import text

from service.delivery.email import EmailChannel
from service.storage.engine import Database
from service.words import code_of
from tests.fakes import FakeClock
from tests.fakes_email import drain, publish, states
from tests.fakes_strict_relay import StrictRelay, running

DENIED = "554 5.7.1 Relay access denied"


def test_D18_a_relay_that_refuses_an_address_literal_is_greeted_by_a_name(
    database: Database, clock: FakeClock, at_url: Callable[..., EmailChannel]
) -> None:
    publish(database, clock, "a@xa.example")
    with running(StrictRelay(refuses_literals=True)) as relay:
        drain(database, at_url(relay.url), clock)
    assert relay.taken == ["a@xa.example"]
    assert "." in relay.helloed[0] and not relay.helloed[0].startswith("[")


def test_D18_a_relay_that_relays_nothing_stops_the_channel_and_nothing_fails_for_good(
    database: Database, clock: FakeClock, at_url: Callable[..., EmailChannel]
) -> None:
    publish(database, clock, "a@xa.example", "b@xa.example")
    with running(StrictRelay(denied={"*": DENIED})) as relay:
        channel = at_url(relay.url)
        for _ in range(40):
            results = drain(database, channel, clock)
            clock.advance(3_600)
        assert {code_of(one.detail) for one in results} == {"relay.denies"}
        assert set(states(database).values()) == {"due"}
        with database.reading() as conn:
            assert set(conn.execute(text("SELECT attempts FROM message")).scalars()) == {0}
            assert conn.execute(text("SELECT count(*) FROM bounce")).scalar_one() == 0
        relay.denied.clear()
        drain(database, channel, clock)
    assert sorted(relay.taken) == ["a@xa.example", "b@xa.example"]


def test_D18_a_relay_that_relays_for_others_is_not_stopped_by_one_recipient(
    database: Database, clock: FakeClock, at_url: Callable[..., EmailChannel]
) -> None:
    publish(database, clock, "a@xa.example", "b@abroad.example", "c@xa.example")
    with running(StrictRelay(denied={"b@abroad.example": DENIED})) as relay:
        channel = at_url(relay.url)
        for _ in range(4):
            drain(database, channel, clock)
            clock.advance(600)
    assert sorted(relay.taken) == ["a@xa.example", "c@xa.example"]
    assert states(database)["b@abroad.example"] == "due"
    with database.reading() as conn:
        assert (
            max(conn.execute(text("SELECT attempts FROM message WHERE state = 'due'")).scalars())
            > 0
        )


def test_D18_extensions_are_known_in_any_case(
    database: Database, clock: FakeClock, at_url: Callable[..., EmailChannel]
) -> None:
    publish(database, clock, "a@xa.example")
    with running(StrictRelay(extensions=("auth login", "size 9999999"))) as relay:
        drain(database, at_url(f"smtp://user:secret@127.0.0.1:{relay.port}"), clock)
    assert relay.logins == 1 and relay.taken == ["a@xa.example"]
