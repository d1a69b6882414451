"""What a chat service is addressed by. Pure.

An address is one of Apprise's (`tgram://…`, `ntfys://host/topic`, `jsons://host/path`); it holds
what lets one write there, so what is shown of it holds none of that. Only services of this table
are sent to: each asks a server over the network and does nothing on this machine.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from service.alerts.headers import shorten, visible_line
from service.alerts.own_headers import MASK
from service.alerts.target import parse_target
from service.errors import InvalidInput
from service.words import coded

MAX_ADDRESS = 2000

SERVED: Mapping[str, str] = {
    "discord": "discord:NotifyDiscord",
    "feishu": "feishu:NotifyFeishu",
    "gchat": "google_chat:NotifyGoogleChat",
    "lark": "lark:NotifyLark",
    "line": "line:NotifyLine",
    "mailgun": "mailgun:NotifyMailgun",
    "pover": "pushover:NotifyPushover",
    "sendgrid": "sendgrid:NotifySendGrid",
    "slack": "slack:NotifySlack",
    "tgram": "telegram:NotifyTelegram",
    "viber": "viber:NotifyViber",
    "wxteams": "webexteams:NotifyWebexTeams",
    "zalo": "zalo:NotifyZalo",
    "zulip": "zulip:NotifyZulip",
}
"""Services at an address of their own, by scheme: `module:class` of `apprise.plugins`. What follows
the scheme is secret."""

_BOTH: Mapping[str, str] = {
    "apprise": "apprise_api:NotifyAppriseAPI",
    "bark": "bark:NotifyBark",
    "form": "custom_form:NotifyForm",
    "gotify": "gotify:NotifyGotify",
    "json": "custom_json:NotifyJSON",
    "matrix": "matrix:NotifyMatrix",
    "mmost": "mattermost:NotifyMattermost",
    "nctalk": "nextcloudtalk:NotifyNextcloudTalk",
    "ntfy": "ntfy:NotifyNtfy",
    "rocket": "rocketchat:NotifyRocketChat",
    "signal": "signal_api:NotifySignalAPI",
    "synology": "synology:NotifySynology",
    "xml": "custom_xml:NotifyXML",
}
"""Services on a server that the address names: by http, and with an `s` by https."""

PLAIN = frozenset(_BOTH)
HOSTED: Mapping[str, str] = {
    **_BOTH,
    **{f"{scheme}s": plugin for scheme, plugin in _BOTH.items()},
    "mailtos": "email:NotifyEmail",
    "workflow": "workflows:NotifyWorkflows",
    "workflows": "workflows:NotifyWorkflows",
}
PLUGINS: Mapping[str, str] = {**SERVED, **HOSTED}

_SCHEME = re.compile(r"^([a-z]{2,12})://", re.IGNORECASE)
_PARAMETERS = frozenset(
    {"to", "from", "name", "reply", "user", "pass", "token", "auth", "priority", "tags", "xtags",
    "topic", "thread", "channel", "room", "silent", "smtp", "region"}
)  # fmt: skip
"""What may stand after `?`: whom it goes to and how it looks. Whatever would read a file, leave the
check of certificates out, follow redirects or try again by itself is not among them."""
_OWN_FIELDS = ("+", "-", ":")
"""How a request header, a parameter and a field of a custom service begin."""


@dataclass(frozen=True, slots=True)
class ChatAddress:
    """`shown` holds no secret, nor does `place`; `whole` does. `place`: scheme and server."""

    whole: str
    shown: str
    place: str


def parse_chat(written: str, *, allow_private_networks: bool = False) -> ChatAddress:
    """Takes an address apart. Raises InvalidInput (field `url`), which never repeats the
    address."""
    whole = written.strip()
    found = _SCHEME.match(whole)
    is_written = len(whole) <= MAX_ADDRESS and all(0x20 < ord(c) != 0x7F for c in whole)
    if found is None or not is_written or "\\" in whole:
        raise _refused("bad.chat_address", "allowed.chat_address")
    scheme = found.group(1).lower()
    if scheme not in PLUGINS:
        raise _refused(
            coded("bad.chat_service", text=scheme),
            coded("allowed.among", names=", ".join(sorted(PLUGINS))),
        )
    try:
        parts = urlsplit(whole)
        asked = [unquote(one.partition("=")[0]) for one in parts.query.split("&") if one]
    except ValueError as error:
        raise _refused("bad.chat_address", "allowed.chat_address") from error
    for name in asked:
        if name.lower() not in _PARAMETERS and not name.startswith(_OWN_FIELDS):
            raise _refused(
                coded("bad.chat_parameter", text=shorten(visible_line(name), 40)),
                coded("allowed.among", names=", ".join(sorted(_PARAMETERS))),
            )
    rest = whole[len(found.group(0)) :]
    if not rest.strip("/"):
        raise _refused("bad.chat_address", "allowed.chat_address")
    place = _place(scheme, parts, allow_private_networks)
    return ChatAddress(f"{scheme}://{rest}", f"{place}/{MASK}", place)


def _place(scheme: str, parts: SplitResult, allow_private_networks: bool) -> str:
    if scheme in SERVED:
        return f"{scheme}:/"
    is_topic = scheme in ("ntfy", "ntfys") and not parts.path.strip("/")
    if is_topic and not re.search(r"(?:^|&)to=", parts.query):
        return f"{scheme}:/"  # of ntfy.sh: what stands in the place of a host is its topic
    is_plain = scheme in PLAIN
    try:
        port = "" if parts.port is None or scheme == "mailtos" else f":{parts.port}"
    except ValueError as error:
        raise _refused("bad.chat_address", "allowed.chat_address") from error
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    server = parse_target(
        f"{'http' if is_plain else 'https'}://{shown}{port}/",
        allow_private_networks=allow_private_networks,
    )
    return f"{scheme}://{server.host_key.partition('://')[2]}"


def _refused(problem: str, allowed: str) -> InvalidInput:
    return InvalidInput("url", problem, allowed)
