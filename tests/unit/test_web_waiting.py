"""Clients that wait without a thread each: who is answered when, and who is forgotten."""

from __future__ import annotations

import threading
from typing import Any

import orjson
import pytest
from werkzeug.exceptions import TooManyRequests

from service.delivery.prepare import SignedMessage
from service.delivery.pull_source import PullRequest
from service.errors import StorageError
from service.web.server.waiting import A_TOKEN, LongPolls, WaitingRequest

EMPTY = (200, [("Content-Type", "application/json"), ("Content-Length", "15")], b'{"messages":[]}')


class Client:
    """What stands for an exchange."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, str], bytes]] = []
        self.is_gone = False

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.answers.append((status, dict(headers), body))
        self.is_gone = True

    @property
    def messages(self) -> list[dict[str, str]]:
        ((status, headers, body),) = self.answers
        assert status == 200 and int(headers["Content-Length"]) == len(body)
        return list(orjson.loads(body)["messages"])


class Ledger:
    """What stands for the ledger: messages by endpoint, each handed out once."""

    def __init__(self) -> None:
        self.owed: dict[str, list[str]] = {}
        self.asked: list[int] = []
        self.notes = 0
        self.is_away = False

    def due(self) -> set[str]:
        if self.is_away:
            raise StorageError("it is away")
        return {key for key, ids in self.owed.items() if ids}

    def hand_out(self, asks: list[PullRequest]) -> list[list[SignedMessage]]:
        self.asked.append(len(asks))
        found = []
        for ask in asks:
            ids = [id_ for key in ask.keys for id_ in self.owed.pop(key, [])]
            found.append([SignedMessage(id_, 1, "v1,x", b"{}") for id_ in ids])
        return found

    def write_notes(self) -> None:
        self.notes += 1


class Room:
    def __init__(self) -> None:
        self.at = 0.0
        self.ledger = Ledger()
        self.waits = LongPolls(
            self.ledger, lambda one: {"webhook-id": one.message_id}, now=lambda: self.at
        )

    def wait(self, *keys: str, owner: str = "", wait_s: float = 30) -> Client:
        client: Any = Client()
        wait = WaitingRequest(owner or keys[0], PullRequest(keys, 100), wait_s)
        self.waits.require_room(wait)
        self.waits.hold(wait, client, EMPTY)
        return client


@pytest.fixture
def room() -> Room:
    return Room()


def test_who_is_owed_something_is_answered_and_nobody_else(room: Room) -> None:
    one, other = room.wait("a"), room.wait("b")
    room.waits.look()
    assert one.answers == other.answers == []
    room.ledger.owed = {"a": ["m"], "c": ["n"]}
    room.waits.look()
    assert one.messages == [{"webhook-id": "m"}]
    assert other.answers == [] and room.waits.count == 1


def test_one_message_goes_to_the_one_who_has_waited_longest(room: Room) -> None:
    first, second = room.wait("a"), room.wait("a")
    room.ledger.owed = {"a": ["m"]}
    room.waits.look()
    assert first.messages and second.answers == []
    room.ledger.owed = {"a": ["n"]}
    room.waits.look()
    assert second.messages == [{"webhook-id": "n"}]


def test_a_unit_that_waits_for_several_is_answered_once(room: Room) -> None:
    unit = room.wait("a", "b", owner="unit")
    room.ledger.owed = {"a": ["m"], "b": ["n"]}
    room.waits.look()
    assert len(unit.messages) == 2
    room.ledger.owed = {"b": ["o"]}
    room.waits.look()
    assert len(unit.answers) == 1 and room.waits.count == 0


def test_who_got_nothing_since_another_was_first_waits_on(room: Room) -> None:
    client = room.wait("a")
    room.ledger.due = lambda: {"a"}  # type: ignore[method-assign] # a stop switch, or no place
    room.waits.look()
    assert client.answers == [] and room.waits.count == 1


def test_when_its_time_is_over_the_answer_is_empty(room: Room) -> None:
    client = room.wait("a", wait_s=10)
    room.at = 9
    room.waits.look()
    assert client.answers == []
    room.at = 11
    room.waits.look()
    assert client.messages == [] and room.waits.count == 0


def test_S10_who_hung_up_is_forgotten_and_nothing_is_leased_for_him(room: Room) -> None:
    client = room.wait("a")
    client.is_gone = True
    room.ledger.owed = {"a": ["m"]}
    room.waits.look()
    assert client.answers == [] and sum(room.ledger.asked) == 0
    room.at = 2
    room.waits.look()
    assert room.waits.count == 0


def test_as_many_wait_with_one_token_as_may_and_no_more(room: Room) -> None:
    for _ in range(A_TOKEN):
        room.wait("a", owner="token")
    with pytest.raises(TooManyRequests):
        room.wait("a", owner="token")
    room.wait("a", owner="another")
    room.at = 31
    room.waits.look()
    room.wait("a", owner="token")


def test_of_several_that_found_room_at_once_no_more_are_held_than_may(room: Room) -> None:
    wait = WaitingRequest("token", PullRequest(("a",), 100), 30)
    clients: list[Any] = [Client() for _ in range(A_TOKEN + 2)]
    for client in clients:
        room.waits.hold(wait, client, EMPTY)
    refused = [client.answers[0][0] for client in clients if client.answers]
    assert refused == [429, 429] and room.waits.count == A_TOKEN


def test_when_the_server_ends_all_are_let_go_and_nobody_waits_any_more(room: Room) -> None:
    clients = [room.wait("a"), room.wait("b")]
    is_ending = threading.Event()
    thread = threading.Thread(target=room.waits.keep_looking, args=(is_ending.is_set,))
    thread.start()
    is_ending.set()
    thread.join(10)
    assert [client.messages for client in clients] == [[], []]
    assert room.wait("a").messages == []


def test_a_database_that_is_away_ends_no_wait(room: Room) -> None:
    client, is_ending = room.wait("a"), threading.Event()
    room.ledger.is_away = True
    thread = threading.Thread(target=room.waits.keep_looking, args=(is_ending.is_set,))
    thread.start()
    room.ledger.owed, room.ledger.is_away = {"a": ["m"]}, False
    while not client.answers:
        is_ending.wait(0.01)
    is_ending.set()
    thread.join(10)
    assert client.messages == [{"webhook-id": "m"}]
