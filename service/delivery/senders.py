"""Opens what sends for each channel of the table, each apart: one that cannot be opened stops no
other."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Protocol, cast

from service.alerts.keys import Keyring
from service.channels import CHANNELS, ChannelKind
from service.delivery.channel import Channel, StreamingChannel
from service.errors import LoaError
from service.services.context import Context
from service.types import Channel as ChannelName
from service.words import coded

_log = logging.getLogger(__name__)

Sender = Channel | StreamingChannel


class Parts(Context, Protocol):
    """What a channel may take of a Loa."""

    @property
    def keyring(self) -> Keyring: ...


@dataclass(slots=True)
class Senders:
    """`opened` in the order of the table; `down`: why the others are not, coded, by channel."""

    opened: list[Sender] = field(default_factory=list)
    down: dict[ChannelName, str] = field(default_factory=dict)


def open_senders(parts: Parts) -> Senders:
    """Opens all that can be opened. What is wrong with a channel is said, and raises nothing.

    Raises what is wrong with the parts that all share, as ConfigurationError for a key that is
    lost.
    """
    senders = Senders()
    _ = (
        parts.keyring,
        parts.links,
        parts.secret_box,
        parts.rules,
    )  # made here, where a fault is nobody's own
    for kind in CHANNELS.values():
        try:
            senders.opened.append(_opener(kind)(parts))
        except LoaError as error:
            _log.error("cannot open the channel %r, the others go on: %s", kind.name, error)
            senders.down[kind.name] = _said(kind, str(error))
        except Exception as error:  # a bug of one channel, logged whole: the others must go on
            _log.exception("cannot open the channel %r, the others go on", kind.name)
            senders.down[kind.name] = _said(kind, type(error).__name__)
    return senders


def _said(kind: ChannelKind, error: str) -> str:
    return coded("channel.down", channel=kind.name, error=error)


def _opener(kind: ChannelKind) -> Callable[[Parts], Sender]:
    module, _, function = kind.sender.partition(":")
    return cast(Callable[[Parts], Sender], getattr(import_module(module), function))
