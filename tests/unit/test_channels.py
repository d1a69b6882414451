"""The table of channels: its entries agree with each other and with the files that they name."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

import service
from service.alerts.target import host_of
from service.channels import (
    CHANNELS,
    CHAT,
    PULL,
    ChannelKind,
    Consent,
    kind_of,
    sealed_address,
)
from service.errors import InvalidInput
from service.types import EMAIL, WEBHOOK, Channel
from service.words.labels import LABELS

ROOT = Path(service.__file__).parent


@pytest.mark.parametrize("kind", CHANNELS.values(), ids=list(CHANNELS))
def test_an_entry_names_one_file_of_delivery_that_opens_it(kind: ChannelKind) -> None:
    module, _, function = kind.sender.partition(":")
    assert re.fullmatch(r"service\.delivery\.\w+", module)
    assert callable(getattr(import_module(module), function))
    assert f"channel.{kind.name}" in LABELS


def test_no_two_channels_share_what_tells_them_apart() -> None:
    kinds = list(CHANNELS.values())
    for of in (lambda kind: kind.prefix, lambda kind: kind.digest_prefix, lambda kind: kind.sender):
        assert len({of(kind) for kind in kinds}) == len(kinds)
    shared = [key for kind in kinds for key in kind.places.shared]
    assert len(set(shared)) == len(shared)
    assert all(kind.digest_endpoint in kind.places.shared for kind in kinds if kind.digest_endpoint)


def test_what_is_in_databases_for_ever_stays_as_it_is() -> None:
    assert [(kind.name, kind.prefix) for kind in CHANNELS.values()] == [
        ("webhook", "hook"),
        ("email", "mail"),
        ("pull", "pull"),
        ("websub", "websub"),
        ("chat", "chat"),
    ]
    assert kind_of(EMAIL).digest_prefix == "digest"
    assert list(kind_of(EMAIL).places.shared.items()) == [
        ("smtp", 8),
        ("smtp#digest", 4),
        ("smtp#bulk", 2),
    ]


def test_a_target_is_parsed_by_its_channel() -> None:
    hook = kind_of(WEBHOOK).parse("https://Office.example/loa?a=1", False)
    assert hook == (
        "https://office.example/loa?a=1", "https://office.example/loa?a=1", "https://office.example:443/loa",
        "https://office.example:443",
    )  # fmt: skip
    assert kind_of(EMAIL).parse("Van.Thu@Office.example", False) == (
        "Van.Thu@office.example", "van.thu@office.example", "smtp", "smtp",
    )  # fmt: skip
    for channel in (WEBHOOK, EMAIL):
        with pytest.raises(InvalidInput):
            kind_of(channel).parse("nowhere", False)
    assert kind_of(WEBHOOK).parse("http://127.0.0.1/", True).host == "http://127.0.0.1:80"


def test_the_target_of_a_channel_that_is_asked_is_an_endpoint_of_its_own() -> None:
    assert kind_of(PULL).parse("0199", False) == ("0199", "0199", "pull:0199", "pull:0199")
    assert [kind.name for kind in CHANNELS.values() if kind.is_asked] == [PULL]


def test_a_channel_that_is_none_is_refused_by_name() -> None:
    with pytest.raises(InvalidInput, match="webhook, email, pull"):
        kind_of("fax")


@pytest.mark.parametrize("name", ["", "Fax", "fax'", "fax:1", "f" * 40])
def test_a_name_that_could_not_stand_in_a_key_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="for a channel"):
        replace(kind_of(EMAIL), name=Channel(name))


def test_of_a_target_that_holds_secrets_its_mark_is_kept() -> None:
    whole = kind_of(CHAT).parse("tgram://123:abc/group", False)
    assert whole == ("tgram://••••••", "tgram://123:abc/group", "chat:tgram:/", "chat:tgram:/")
    mark = "0123456789" * 4
    kept = sealed_address(whole, mark)
    assert kept == ("tgram://•••••• (012345)", mark, f"chat:tgram://{mark[:24]}", "chat:tgram:/")
    assert host_of(kept.endpoint) == f"chat:tgram://{mark[:24]}"


def test_a_prefix_and_that_of_digests_are_the_name_where_nothing_is_said() -> None:
    mail = kind_of(EMAIL)
    kind = ChannelKind(Channel("fax"), "a:b", mail.parse, mail.grouping, Consent.OPERATOR)
    assert (kind.prefix, kind.digest_prefix) == ("fax", "digest_fax")
    assert kind.help == "Alert TARGET by fax."


ALLOWED = {
    "types/vocabulary.py": "names the two",
    "channels.py": "the table",
    "delivery/webhook.py": "is the one",
    "delivery/email.py": "is the other",
    "delivery/pull.py": "is the third",
    "delivery/pull_source.py": "what hands out for it",
    "delivery/deliverer.py": "webhooks have places in the configuration",
    "services/optin.py": "the page for persons is about mail",
    "storage/mails.py": "mail's own file",
    "storage/erasure.py": "an address is erased",
    "storage/units.py": "whose a mailbox is",
    "storage/unmailable.py": "an address that no relay takes",
    "demo/demonstration.py": "shows both",
}
"""Files that may name a channel, and why; all else asks the table."""


def test_nobody_else_asks_a_channel_for_its_name() -> None:
    naming = {
        str(path.relative_to(ROOT))
        for path in ROOT.rglob("*.py")
        if not {"bench", "receivers"} & set(path.parts)  # measured, and shown to others
        and any(
            isinstance(node, ast.Name) and node.id in ("WEBHOOK", "EMAIL", "PULL")
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
        )
    }
    assert naming == set(ALLOWED)


IN_SQL = {
    f"storage/{noun}.py"
    for noun in (
        "bounces",
        "suspension_breaker",
        "erasure",
        "losses",
        "mails",
        "outages",
        "owners",
        "personal_data",
        "subscription_secrets",
    )
}
"""Statements about mailboxes: what bounces, whom to write to, whose links lie in mail that was
sent."""


def test_sql_names_a_channel_only_where_it_is_about_mailboxes() -> None:
    naming = {
        str(path.relative_to(ROOT))
        for path in ROOT.rglob("*.py")
        if not {"bench", "migrations"} & set(path.parts)
        and re.search(r"channel = '(webhook|email)'", path.read_text("utf-8"))
    }
    assert naming == IN_SQL
