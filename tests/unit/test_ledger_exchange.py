"""Trades: one at a time, here or beside; what they raise reaches whoever takes their outcome."""

from __future__ import annotations

import threading

import pytest

from service.delivery.ledger_exchange import LedgerExchange
from service.errors import StorageError


@pytest.mark.parametrize("is_beside", [False, True])
def test_the_outcome_of_a_trade_is_taken_once(is_beside: bool) -> None:
    trades: LedgerExchange[int] = LedgerExchange(is_beside=is_beside, ended=lambda: None)
    trades.begin(lambda: 7)
    trades.wait()
    assert trades.is_running
    assert (trades.take(), trades.take(), trades.is_running) == (7, None, False)
    trades.close()


@pytest.mark.parametrize("is_beside", [False, True])
def test_what_a_trade_raises_is_raised_to_who_takes_it_and_the_next_one_runs(
    is_beside: bool,
) -> None:
    def fail() -> int:
        raise StorageError("away")

    trades: LedgerExchange[int] = LedgerExchange(is_beside=is_beside, ended=lambda: None)
    trades.begin(fail)
    trades.wait()
    with pytest.raises(StorageError, match="away"):
        trades.take()
    assert not trades.is_running
    trades.begin(lambda: 8)
    trades.wait()
    assert trades.take() == 8
    trades.close()


def test_a_trade_beside_lets_its_caller_go_on_and_tells_when_it_has_ended() -> None:
    may_end, has_ended = threading.Event(), threading.Event()
    trades: LedgerExchange[bool] = LedgerExchange(is_beside=True, ended=has_ended.set)
    trades.begin(lambda: may_end.wait(10))
    assert trades.take() is None
    assert trades.is_running
    may_end.set()
    assert has_ended.wait(10)
    assert trades.take() is True
    trades.close()
