"""A reader takes an answer at a pace, or is cut off (S5)."""

from __future__ import annotations

import threading
from asyncio import InvalidStateError
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from service.web.server.exchange import PIECE_BYTES, SLOWEST_BYTES_PER_S, TAKEN_WITHIN_S, Exchange

SIZE = 20_000_000


class Taken:
    """What the server promises: the reader has taken a piece."""

    def __init__(self, take: Callable[[], None]) -> None:
        self._take = take

    def add_done_callback(self, act: Callable[[Any], object]) -> None:
        self._take()
        act(self)

    def result(self) -> None:
        return None


class Reader:
    """A server whose reader takes each piece in so many seconds, by a clock of its own."""

    def __init__(self, bytes_per_s: float) -> None:
        self.at = 0.0
        self.sent = 0
        self._pace = bytes_per_s

    def now(self) -> float:
        return self.at

    def send(self, message: dict[str, Any]) -> Taken | None:
        body = message.get("body", b"")
        self.sent += len(body)

        def take() -> None:
            self.at += len(body) / self._pace

        return Taken(take) if message.get("more_body") else None


def parts(size: int = SIZE, part: int = 128 << 10) -> Iterator[bytes]:
    for start in range(0, size, part):
        yield b"x" * min(part, size - start)


@pytest.mark.parametrize(
    ("pace", "is_whole"),
    [
        (1e9, True),
        (20_000, True),
        (SLOWEST_BYTES_PER_S + 1, True),
        (SLOWEST_BYTES_PER_S / 2, False),
        (1, False),
    ],
)
def test_S5_a_reader_that_only_drips_is_cut_off(pace: float, is_whole: bool) -> None:
    reader = Reader(pace)
    Exchange(reader, now=reader.now).response_iter(200, [], parts())
    assert (reader.sent == SIZE) is is_whole
    assert reader.at <= TAKEN_WITHIN_S + SIZE / SLOWEST_BYTES_PER_S + PIECE_BYTES / pace


@pytest.mark.parametrize("size", [SIZE, PIECE_BYTES + 1])
def test_S5_one_big_part_has_as_much_time_as_many_small_ones(size: int) -> None:
    reader = Reader(SLOWEST_BYTES_PER_S * 1.5)
    Exchange(reader, now=reader.now).response_iter(200, [], iter((b"x" * size,)))
    assert reader.sent == size


def test_S5_who_hangs_up_is_sent_no_more() -> None:
    reader = Reader(1e9)
    exchange = Exchange(reader, now=reader.now)
    exchange.is_gone = True
    exchange.response_iter(200, [], parts())
    assert reader.sent == 0


class Stalling:
    """A server whose reader takes nothing until the event."""

    def __init__(self, taken: threading.Event) -> None:
        self._taken = taken
        self.asked = threading.Event()

    def send(self, message: dict[str, Any]) -> Stalling | None:
        return self if message.get("more_body") else None

    def add_done_callback(self, act: Callable[[Any], object]) -> None:
        def tell() -> None:
            self._taken.wait(30)
            act(self)

        threading.Thread(target=tell, daemon=True).start()
        self.asked.set()

    def result(self) -> None:
        if not self._taken.is_set():
            raise InvalidStateError


def test_S5_readers_that_take_nothing_keep_none_of_the_turns_from_others() -> None:
    taken = threading.Event()
    stalling = [Stalling(taken) for _ in range(8)]
    threads = [
        threading.Thread(target=Exchange(one).response_iter, args=(200, [], parts(PIECE_BYTES + 1)))
        for one in stalling
    ]
    for thread in threads:
        thread.start()
    assert all(one.asked.wait(10) for one in stalling)
    reader = Reader(1e9)
    Exchange(reader, now=reader.now).response_iter(200, [], parts())
    assert reader.sent == SIZE
    taken.set()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


def test_S5_a_file_that_cannot_be_read_on_keeps_no_turn() -> None:
    def broken() -> Iterator[bytes]:
        yield b"x"
        raise OSError("gone")

    for _ in range(4):
        with pytest.raises(OSError, match="gone"):
            Exchange(Reader(1e9)).response_iter(200, [], broken())
    reader = Reader(1e9)
    Exchange(reader, now=reader.now).response_iter(200, [], parts())
    assert reader.sent == SIZE
