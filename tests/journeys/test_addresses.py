"""F1: one grammar for a mail address at every door, and what an older Loa took is shown, never
lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from service.bootstrap import Loa
from service.errors import ConfigurationError
from service.settings import load
from service.storage.mails import queue_letter
from service.storage.subscriptions import list_subscriptions
from service.types import EMAIL
from service.words import code_of, say
from tests.fakes import FakeClock
from tests.fakes_web import Web, make_web
from tests.journeys.cli import Terminal
from tests.unit.test_values import UNMAILABLE

BAD = [
    address for address in UNMAILABLE if address and "\ud800" not in address and len(address) < 200
]
NAMED = {str(n): address for n, address in enumerate(BAD)}
SMTP = '[email]\nsmtp_url = "smtp://127.0.0.1:1"\n'


@pytest.fixture
def web(sqlite_url: str, clock: FakeClock) -> Iterator[Web]:
    made = make_web(sqlite_url, clock)
    yield made
    made.loa.close()


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    made = Terminal(tmp_path)
    made.configure(SMTP)
    return made


@pytest.mark.parametrize("number", NAMED)
def test_D17_F1_no_door_takes_what_no_relay_can_be_given(web: Web, number: str) -> None:
    address = NAMED[number]
    for path, body in (
        ("/api/v1/subscriptions", {"channel": "email", "target": address}),
        ("/api/v1/units", {"name": "x", "contacts": [address]}),
    ):
        assert web.client.post(path, json=body, headers=web.operator).status_code == 422, path
    assert web.client.post("/subscribe", data={"address": address}).status_code == 422
    with web.loa.database.reading() as conn:
        assert list_subscriptions(conn) == []
    quoted = f"'''{address}'''"
    with pytest.raises(ConfigurationError, match=r"operator\.email"):
        load(None, {"LOA_OPERATOR__EMAIL": quoted})
    if "<" not in address:  # a sender may have a name; what is none stops mail alone
        down = Loa(
            load(None, {"LOA_EMAIL__FROM": quoted, "LOA_SERVICE__SECRET_KEY": "k" * 40})
        ).senders.down
        assert set(down) == {EMAIL}


def test_F1_no_command_takes_what_no_relay_can_be_given(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "units.csv"
    for address in BAD:
        if address.startswith("-"):
            continue
        for arguments in (
            ("subscription", "add", "email", address),
            ("unit", "add", "--name", "A", "--contact", address),
        ):
            assert "no mail address" in terminal.refused(*arguments)
    file.write_text("name,place,contacts\nA,,văn.thư@example.vn\nB,,a..b@example.vn\n", "utf-8")
    said = terminal.refused("unit", "import", str(file))
    assert "line 2:" in said and "line 3:" in said


def test_D17_F1_what_can_be_mailed_goes_to_its_own_owner_at_every_door(web: Web) -> None:
    for address, shown in (
        ("o'brien@example.vn", "o'brien@example.vn"),
        ("can-bo@faß.de", "can-bo@xn--fa-hia.de"),
    ):
        body = {"channel": "email", "target": address, "confirmed": True}
        assert (
            web.client.post("/api/v1/subscriptions", json=body, headers=web.operator).json["target"]
            == shown
        )
        unit = {"name": address, "contacts": [address]}
        assert web.client.post("/api/v1/units", json=unit, headers=web.operator).json[
            "contacts"
        ] == [shown]
        assert web.client.post("/subscribe", data={"address": address.upper()}).status_code == 200


@pytest.mark.parametrize(
    ("name", "value", "key"),
    [
        ("LOA_SERVICE__PUBLIC_URL", "https://loa..example", "service.public_url"),
        ("LOA_SERVICE__TITLE", "Loa\u202ebản tin", "service.title"),
    ],
)
def test_F1_what_would_end_the_service_later_is_a_mistake_of_the_configuration(
    name: str, value: str, key: str
) -> None:
    with pytest.raises(ConfigurationError, match=key.replace(".", r"\.")):
        load(None, {name: value})


def test_F1_an_address_of_an_older_loa_loads_is_shown_fails_with_a_reason_and_can_be_erased(
    terminal: Terminal,
) -> None:
    import sqlite3
    from contextlib import closing

    added = terminal.json("subscription", "add", "email", "van.thu@example.vn", "--confirmed")
    terminal.run("unit", "add", "--name", "UBND xã A", "--contact", "van.thu@example.vn")
    with closing(sqlite3.connect(terminal.database)) as raw, raw:
        raw.execute(
            "UPDATE subscription SET target = 'văn.thư@example.vn', target_key = "
            "'văn.thư@example.vn'"
        )
        raw.execute("UPDATE unit SET contacts = '[\"x@example.vn.\"]'")
    assert terminal.json("subscription", "show", added["id"])["target"] == "văn.thư@example.vn"
    assert terminal.json("unit", "show", "UBND xã A")["contacts"] == ["x@example.vn."]
    told = terminal.run("check", code=1).stdout
    assert added["id"] in told and "UBND xã A" in told and "no relay can be given" in told
    assert terminal.json("erase", "văn.thư@example.vn") == {"erased": 1}
    assert "no mail address" in terminal.refused("erase", "văn.thư@example.vn")


def test_F1_a_letter_to_an_address_of_an_older_loa_fails_with_a_reason_and_stops_nothing(
    web: Web, clock: FakeClock
) -> None:
    with web.loa.database.writing() as conn:
        key = queue_letter(
            conn,
            key="old",
            address="văn.thư@example.vn",
            subject="s",
            paragraphs=["p"],
            now=clock(),
            language="vi",
        )
    assert key is not None
    web.loa.deliverer.deliver_due()
    with web.loa.database.reading() as conn:
        (row,) = conn.execute(text("SELECT state, detail FROM message")).all()
    assert (row.state, code_of(row.detail)) == ("failed", "message.unwritable")
    assert say(row.detail, "vi") == "không gửi được: address is not an email address"
