"""Units and subscriptions by command."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journeys.cli import Terminal

UNIT = "UBND xã Quảng Ninh"


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


def test_a_unit_is_added_shown_and_removed(terminal: Terminal) -> None:
    contacts = ["--contact", "a@xa.example", "--contact", "b@xa.example"]
    added = terminal.json("unit", "add", "--name", UNIT, "--place", "quang-ninh-16540", *contacts)
    assert added["contacts"] == ["a@xa.example", "b@xa.example"]
    assert terminal.json("unit", "show", UNIT)["id"] == added["id"]
    assert UNIT in terminal.run("unit", "list").stdout
    terminal.run("unit", "remove", added["id"])
    assert terminal.json("unit", "list") == []
    assert "there is no unit" in terminal.refused("unit", "show", UNIT)


def test_a_unit_needs_a_known_place_a_name_of_its_own_and_real_addresses(
    terminal: Terminal,
) -> None:
    assert "an id of places.toml" in terminal.refused(
        "unit", "add", "--name", "A", "--place", "atlantis-1"
    )
    assert "no mail address" in terminal.refused(
        "unit", "add", "--name", "A", "--contact", "a@b\r\nBcc: c@d"
    )
    terminal.run("unit", "add", "--name", "A")
    assert "there is one of that name" in terminal.refused("unit", "add", "--name", "A")


def test_units_come_from_a_spreadsheet_and_twice_changes_nothing(
    terminal: Terminal, tmp_path: Path
) -> None:
    file = tmp_path / "units.csv"
    file.write_text(
        f"\ufeffname;place;contacts\n{UNIT};quang-ninh-16540;a@x.example b@x.example\nB;;\n",
        "utf-8",
    )
    assert terminal.json("unit", "import", str(file)) == {"added": 2, "updated": 0, "unchanged": 0}
    assert terminal.json("unit", "import", str(file)) == {"added": 0, "updated": 0, "unchanged": 2}
    file.write_text("name,place,contacts\nB,quang-ninh-16540,b@x.example\n", "utf-8")
    assert terminal.json("unit", "import", str(file)) == {"added": 0, "updated": 1, "unchanged": 0}
    assert terminal.json("unit", "show", "B")["contacts"] == ["b@x.example"]


def test_a_spreadsheet_with_a_bad_line_is_refused_whole(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "units.csv"
    file.write_text(
        "name,place,contacts\nA,,\n,quang-ninh-16540,\nB,atlantis,\nA,,\nC,,nobody\n", "utf-8"
    )
    said = terminal.refused("unit", "import", str(file))
    for number in (3, 4, 5, 6):
        assert f"line {number}:" in said
    assert terminal.json("unit", "list") == []
    file.write_text("tên,xã\nA,B\n", "utf-8")
    assert "name,place,contacts" in terminal.refused("unit", "import", str(file))


def test_a_webhook_s_secret_is_shown_once(terminal: Terminal) -> None:
    terminal.run("unit", "add", "--name", UNIT)
    added = terminal.json(
        "subscription",
        "add",
        "webhook",
        "https://office.example/loa",
        "--unit",
        UNIT,
        "--category",
        "directives",
    )
    assert set(added) == {"id", "channel", "target", "status", "secret"}
    assert added["status"] == "pending"
    assert added["secret"].startswith("whsec_")
    for arguments in (
        ("subscription", "list"),
        ("subscription", "show", added["id"]),
        ("unit", "show", UNIT),
    ):
        assert added["secret"] not in terminal.run(*arguments).output
        assert added["secret"] not in terminal.run(*arguments, "--json").output
    rotated = terminal.json("subscription", "rotate", added["id"])
    assert rotated["secret"] != added["secret"]


def test_a_subscription_goes_through_its_life(terminal: Terminal) -> None:
    added = terminal.json("subscription", "add", "webhook", "https://office.example/loa")
    assert "has not confirmed" in terminal.refused("subscription", "resume", added["id"])
    for command, status in (
        ("confirm", "active"),
        ("pause", "paused"),
        ("resume", "active"),
        ("remove", "removed"),
    ):
        assert terminal.json("subscription", command, added["id"])[0]["status"] == status
    assert "it was removed" in terminal.refused("subscription", "resume", added["id"])
    assert terminal.json("subscription", "list") == []
    assert len(terminal.json("subscription", "list", "--status", "removed")) == 1


def test_edit_replaces_the_filters_it_names(terminal: Terminal) -> None:
    added = terminal.json(
        "subscription",
        "add",
        "webhook",
        "https://office.example/loa",
        "--category",
        "directives",
        "--keyword",
        "rét",
    )
    edited = terminal.json(
        "subscription", "edit", added["id"], "--category", "meetings", "--category", "events"
    )
    assert edited["filters"]["categories"] == ["events", "meetings"]
    assert edited["filters"]["keywords"] == ["rét"]
    everything = terminal.json("subscription", "edit", added["id"], "--everything")
    assert not any(everything["filters"].values())
    assert "nothing to change" in terminal.refused("subscription", "edit", added["id"])
    assert "always immediate" in terminal.refused(
        "subscription", "edit", added["id"], "--frequency", "daily"
    )


@pytest.mark.parametrize(
    ("option", "value", "wanted"),
    [
        ("--category", "directive", "did you mean 'directives'?"),
        ("--portal", "quangxuong", "there is no portal"),
        ("--place", "atlantis", "an id of places.toml"),
        ("--keyword", " ", "is empty"),
        ("--unit", "nobody", "there is no unit"),
    ],
)
def test_a_filter_that_could_never_match_is_refused(
    terminal: Terminal, option: str, value: str, wanted: str
) -> None:
    assert wanted in terminal.refused(
        "subscription", "add", "webhook", "https://office.example/", option, value
    )
    assert terminal.json("subscription", "list") == []


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/", "ftp://office.example/", "https://u:p@office.example/", "x"]
)
def test_a_target_that_may_not_be_called_is_refused(terminal: Terminal, url: str) -> None:
    terminal.refused("subscription", "add", "webhook", url)


def test_email_is_refused_with_the_reason_where_no_relay_is_configured(terminal: Terminal) -> None:
    assert "email.smtp_url is empty" in terminal.refused(
        "subscription", "add", "email", "a@x.example"
    )
    terminal.configure('[email]\nsmtp_url = "smtp://127.0.0.1:1"\n')
    added = terminal.json(
        "subscription", "add", "email", "a@x.example", "--frequency", "daily", "--confirmed"
    )
    assert (added["status"], added["secret"]) == ("active", None)
    assert terminal.json("subscription", "show", added["id"])["frequency"] == "daily"
    assert "no mail address" in terminal.refused(
        "subscription", "add", "email", "a@x.example\nBcc: b@x.example"
    )


def test_a_test_delivery_goes_through_the_ledger(terminal: Terminal) -> None:
    target = ("subscription", "add", "webhook", "https://office.example/loa")
    pending = terminal.json(*target)
    asked = terminal.run("subscription", "test", pending["id"])
    assert "it is asked once more to confirm" in asked.stderr
    assert terminal.json("subscription", "show", pending["id"])["status"] == "pending"
    active = terminal.json(*target, "--confirmed")
    assert terminal.json("subscription", "test", active["id"])["message"]
