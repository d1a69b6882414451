"""What the storage tests of mail share."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from service.delivery.email import EmailChannel
from tests.fakes import FakeClock
from tests.fakes_email import make_channel


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
