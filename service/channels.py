"""The table of channels: what each is like, for fan-out, places, health, targets and doors to ask.

A channel is one entry here and one file in `service/delivery/`, which its entry names. Nothing else
asks a channel for its name: a difference between two channels is a property in this table. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import NamedTuple

from service.alerts.chat_address import parse_chat
from service.alerts.target import parse_target
from service.errors import InvalidInput
from service.types import EMAIL, WEBHOOK, Channel
from service.values import MailAddress
from service.words import coded

PULL = Channel("pull")
"""An office asks for what it is owed; nothing is sent."""

WEBSUB = Channel("websub")
"""What a feed is told to its subscribers by, who are strangers."""

CHAT = Channel("chat")
"""A group or a person on a chat service, by an address of Apprise's."""

SMTP = "smtp"
"""The endpoint of mail: the relay."""
SMTP_DIGEST = SMTP + "#digest"
SMTP_BULK = SMTP + "#bulk"
"""The relay once more for what may wait: places of its own, so that 10,000 digests delay no
alert."""


class Grouping(Enum):
    """What one message carries of a change."""

    SUBSCRIPTION = auto()
    """One delivery: each subscription gets its own."""
    PERSON = auto()
    """Those of all subscriptions of one target, so that a person is told once."""


class Consent(Enum):
    """Who is asked before anything is sent to a new target that no operator vouches for."""

    ENDPOINT = auto()
    """The endpoint itself, by a message of its channel; it may move, be tested, and be asked
    again."""
    MAILBOX = auto()
    """The owner of the address, by mail."""
    OPERATOR = auto()
    """Nobody: it waits until an operator confirms it."""
    HUB = auto()
    """Its callback, as WebSub says (section 5.3); only the hub adds one, for a stranger."""
    TOKEN = auto()
    """Nobody, for nothing is sent anywhere: who has its token asks for what it is owed."""


class Address(NamedTuple):
    """A target, parsed. Where it holds secrets, `key` alone does: see `sealed_address`."""

    target: str
    """As it is shown and sent to."""
    key: str
    """The same for every spelling of one target, so that a person is found."""
    endpoint: str
    """What a cap of its own is for."""
    host: str
    """What endpoints share the places of."""


@dataclass(frozen=True, slots=True)
class ConcurrencyLimits:
    """How many messages may be in the air at once. `shared`: the endpoints of a channel that sends
    all by one provider, with their places, the most urgent first; empty where each target is an
    endpoint of a host."""

    per_endpoint: int = 2
    per_host: int = 16
    shared: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChannelKind:
    """What a channel is like. Two channels never share an endpoint's key, nor a prefix of
    groups."""

    name: Channel
    sender: str
    """`module:function` of `service.delivery`, which makes what sends: see
    `service.delivery.senders`."""
    parse: Callable[[str, bool], Address]
    """(target, whether private networks are allowed); raises InvalidInput for what cannot be sent
    to."""
    grouping: Grouping
    consent: Consent
    places: ConcurrencyLimits = field(default_factory=ConcurrencyLimits)
    prefix: str = ""
    """Of the groups of its messages, in the database for ever; its name where nothing is said."""
    is_judged: bool = True
    """Whether failures count against the endpoint: it is slow, warned of, disabled and probed."""
    digest_endpoint: str = ""
    """By which endpoint digests go, one of the shared ones; empty: all is sent at once."""
    digest_prefix: str = ""
    """Of the groups of its digests; `digest_` and its name where nothing is said."""
    is_signed: bool = False
    """Whether each subscription has a secret that its messages are signed with."""
    has_headers: bool = False
    """Whether a subscription may have request headers of its own."""
    is_asked: bool = False
    """Whether nothing is sent, and who has the subscription's token asks for its messages. Such a
    subscription has no target of its own: it is parsed from its id, and shown as none."""
    has_cloudevents: bool = False
    """Whether a subscription may ask for the headers of CloudEvents' binary mode."""
    is_sealed: bool = False
    """Whether its target holds secrets: the whole is kept sealed in the place of a signing secret,
    and what is shown and compared holds none."""
    is_worded: bool = False
    """Whether its messages are sentences, in the language of the subscription."""
    is_testable: bool = False
    """Whether it takes a test delivery though its endpoint is not asked for consent."""
    metavar: str = "TARGET"
    """What the command line calls its target."""
    help: str = ""
    """Of `loa subscription add` and its name, the first line a sentence; a plain one where nothing
    is said."""
    extra: tuple[str, str] | None = None
    """The extra of the distribution that it needs, and the module that shows that it is there."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "prefix", self.prefix or self.name)
        object.__setattr__(self, "digest_prefix", self.digest_prefix or f"digest_{self.name}")
        text = self.help or f"Alert {self.metavar} by {self.name}."
        object.__setattr__(self, "help", text)
        for word in (self.name, self.prefix):
            if re.fullmatch(r"[a-z][a-z0-9_]{0,30}", word) is None:  # it stands in SQL and in keys
                raise ValueError(
                    f"cannot take {word!r} for a channel: small letters and digits only"
                )


def _web_address(target: str, allow_private_networks: bool) -> Address:
    parsed = parse_target(target, allow_private_networks=allow_private_networks)
    return Address(parsed.url, parsed.url, parsed.endpoint_key, parsed.host_key)


def _own_place(target: str, _allow_private_networks: bool) -> Address:
    """Of a channel that is asked: `target` is its subscription's id, an endpoint of its own."""
    key = f"{PULL}:{target}"
    return Address(target, target, key, key)


def _callback(target: str, allow_private_networks: bool) -> Address:
    parsed = parse_target(target, allow_private_networks=allow_private_networks)
    return Address(
        parsed.url, parsed.url, f"{WEBSUB}:{parsed.endpoint_key}", f"{WEBSUB}:{parsed.host_key}"
    )


def _chat_address(target: str, allow_private_networks: bool) -> Address:
    parsed = parse_chat(target, allow_private_networks=allow_private_networks)
    place = f"{CHAT}:{parsed.place}"
    return Address(parsed.shown, parsed.whole, place, place)


def sealed_address(address: Address, mark: str) -> Address:
    """What may be kept in clear of an address that holds secrets. `mark`: of its key, the same for
    the same one; its beginning tells two of one server apart."""
    return Address(
        f"{address.target} ({mark[:6]})", mark, f"{address.endpoint}/{mark[:24]}", address.host
    )


def _mail_address(target: str, _allow_private_networks: bool) -> Address:
    address = MailAddress.parse(target)
    return Address(str(address), address.key, SMTP, SMTP)


CHANNELS: dict[Channel, ChannelKind] = {
    kind.name: kind
    for kind in (
        ChannelKind(
            name=WEBHOOK,
            sender="service.delivery.webhook:open_sender",
            parse=_web_address,
            grouping=Grouping.SUBSCRIPTION,
            consent=Consent.ENDPOINT,
            places=ConcurrencyLimits(
                per_endpoint=2, per_host=16
            ),  # the configuration says otherwise where it does
            prefix="hook",
            is_signed=True,
            has_headers=True,
            has_cloudevents=True,
            metavar="URL",
            help="""Alert URL by signed webhooks (Standard Webhooks); its secret is printed once.

            \b
            Example:
              loa subscription add webhook https://office.example/loa --category directives
            """,
        ),
        ChannelKind(
            name=EMAIL,
            sender="service.delivery.email:open_sender",
            parse=_mail_address,
            grouping=Grouping.PERSON,
            consent=Consent.MAILBOX,
            places=ConcurrencyLimits(shared={SMTP: 8, SMTP_DIGEST: 4, SMTP_BULK: 2}),
            prefix="mail",
            # a refusal is the recipient's (`storage.bounces`), a fault of the relay all mail's
            is_judged=False,
            digest_endpoint=SMTP_DIGEST,
            digest_prefix="digest",
            is_worded=True,
            metavar="ADDRESS",
            help="""Alert ADDRESS by email, at once or in a digest.

            \b
            Example:
              loa subscription add email vanthu@quangninh.example --frequency daily --confirmed
            """,
        ),
        ChannelKind(
            name=PULL,
            sender="service.delivery.pull:open_sender",
            parse=_own_place,
            grouping=Grouping.SUBSCRIPTION,
            consent=Consent.TOKEN,
            # what one office may have in hand, several of its clients together
            places=ConcurrencyLimits(per_endpoint=1000, per_host=1000),
            is_judged=False,  # it fails nobody: it is told when nobody asks
            is_signed=True,
            is_asked=True,
            metavar="",
            help="""Owe an office messages that it asks for itself, having no public address.

            Its token, with which it asks, and its secret, by which it verifies, are printed once.
            The office runs `loa pull` with them, or asks `GET /api/v1/stream` by a program of its
            own.

            \b
            Example:
              loa subscription add pull --unit "UBND xã Quảng Ninh" --json > office.json
            """,
        ),
        ChannelKind(
            name=WEBSUB,
            sender="service.delivery.websub:open_sender",
            parse=_callback,
            grouping=Grouping.SUBSCRIPTION,
            consent=Consent.HUB,
            places=ConcurrencyLimits(per_endpoint=1, per_host=4),
            is_judged=False,  # a stranger's that fails is ended, and nobody is told
        ),
        ChannelKind(
            name=CHAT,
            sender="service.delivery.chat:open_sender",
            parse=_chat_address,
            grouping=Grouping.SUBSCRIPTION,
            consent=Consent.OPERATOR,
            places=ConcurrencyLimits(per_endpoint=1, per_host=4),
            is_sealed=True,
            is_testable=True,
            is_worded=True,
            metavar="ADDRESS",
            help="""Alert a group or a person on a chat service, by an address of Apprise's.

            ADDRESS holds what lets one write there: given as -, it is read from standard input and
            stands in no history. Needs the extra: pip install 'loa[chat]'.

            \b
            Examples:
              loa subscription add chat - --name "Nhóm Telegram" --confirmed < address.txt
              loa subscription add chat ntfys://ntfy.office.example/loa --confirmed
            """,
            extra=("chat", "apprise"),
        ),
    )
}
"""In the order in which a fan-out walks them."""


ASKED = ", ".join(f"'{kind.name}'" for kind in CHANNELS.values() if kind.is_asked)
"""The channels that are asked, for a list in SQL."""


def added_channels() -> tuple[Channel, ...]:
    """Those whose subscriptions an operator adds; those of the hub come by themselves."""
    return tuple(kind.name for kind in CHANNELS.values() if kind.consent is not Consent.HUB)


def shown_as(channel: str, target: str, name: str) -> str:
    """What people are told that a subscription goes to: one that is asked for has no target, and is
    called by its channel and its own name."""
    if not kind_of(channel).is_asked:
        return target
    return f"{channel} ({name})" if name else channel


def kind_of(name: str) -> ChannelKind:
    """Raises InvalidInput where there is no such channel."""
    kind = CHANNELS.get(Channel(name))
    if kind is None:
        raise InvalidInput(
            "channel",
            coded("bad.channel", text=str(name)),
            coded("allowed.among", names=", ".join(CHANNELS)),
        )
    return kind
