"""What is asked of portals and posts by command, against the sample portal of the demo."""

from __future__ import annotations

import json
import sqlite3
import tomllib
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.bootstrap import open_loa
from service.demo.sample import DIRECTIVES, NEWS, live_post
from service.demo.sample_portal import SamplePortal
from service.poll.listing_leases import Leases
from service.settings import shipped
from service.web.app import create_app
from tests.journeys.cli import Terminal

ARTICLE = "Tăng cường trách nhiệm trong công tác tham mưu"


@pytest.fixture
def portal() -> Iterator[SamplePortal]:
    sample = SamplePortal()
    sample.start()
    yield sample
    sample.stop()


@pytest.fixture
def terminal(tmp_path: Path, portal: SamplePortal) -> Terminal:
    """One portal configured; every post is alerted, so that there is a ledger to look at."""
    made = Terminal(tmp_path)
    made.configure(
        "[polling]\nmin_delay_per_host_s = 0.0\nalert_on_first_poll = true\nmax_alert_age_days = "
        "9000\n"
        "[webhooks]\nallow_private_networks = true\n"
    )
    (tmp_path / "portals" / "mau.toml").write_text(
        f'id = "mau"\nname = "Cổng mẫu"\nbase_url = "{portal.base_url}"\nkind = "td-portal"\n'
        f'[[listings]]\nurl = "{DIRECTIVES}"\ncategory = "directives"\n',
        encoding="utf-8",
    )
    return made


@pytest.mark.parametrize(
    ("place", "province", "districts", "said"),
    [
        ("Thanh Hóa", "38", None, "speaks for Thanh Hóa (38)"),
        ("Quảng Xương", "38", ["Huyện Quảng Xương"], "Huyện Quảng Xương"),
        ("Bắc Giang", "Bắc Giang", None, "speaks for Bắc Ninh (24), Bắc Giang"),
        ("xã Quảng Hải, Quảng Xương", "38", None, "is today Xã Quảng Ninh"),
        ("xã Lộc Thái", "75", None, "is today Phường Lộc Ninh"),
    ],
)
def test_what_a_probed_portal_speaks_for_may_be_named(
    terminal: Terminal,
    portal: SamplePortal,
    tmp_path: Path,
    place: str,
    province: str,
    districts: list[str] | None,
    said: str,
) -> None:
    file = tmp_path / "portals" / "moi.toml"
    address = portal.base_url + NEWS
    heard = terminal.run("portal", "probe", address, "--place", place, "--write", str(file))
    assert said in heard.stderr
    written = tomllib.loads(file.read_text("utf-8"))
    assert (written["province"], written.get("districts")) == (province, districts)
    refused = terminal.refused("portal", "probe", address, "--place", "xã Tân Thành")
    assert "one province, district or commune: " in refused


def test_a_portal_nobody_described_is_probed_and_its_file_is_used_as_it_is(
    terminal: Terminal, portal: SamplePortal, tmp_path: Path
) -> None:
    file = tmp_path / "portals" / "tim-thay.toml"
    (tmp_path / "portals" / "mau.toml").unlink()
    address = portal.base_url + NEWS
    found = terminal.json("portal", "probe", address, "--write", str(file))
    assert set(found) == {"url", "kind", "feed", "posts", "rejected", "article"}
    assert len(found["posts"]) == 30
    assert found["article"]["body_chars"] > 0
    written = tomllib.loads(file.read_text("utf-8"))
    assert written["listings"]
    assert written["id"] == "tim-thay"
    assert "exists" in terminal.refused("portal", "probe", address, "--write", str(file))
    said = terminal.run("portal", "probe", address).stderr
    assert "its province cannot be told from its address" in said
    checked = terminal.json("portal", "check")
    assert len(checked["portals"][0]["listings"][0]["posts"]) == 30
    said = terminal.run("portal", "probe", address, "--write", str(tmp_path / "again.toml"))
    assert "posts" in said.stdout and "30" in said.stdout
    assert "loa portal check again" in said.stderr
    for unfit in ("Cổng mẫu.toml", "all.toml"):
        made = tmp_path / unfit
        terminal.run("portal", "probe", address, "--write", str(made))
        assert tomllib.loads(made.read_text("utf-8"))["id"] == "127-0-0-1"


def test_a_probe_says_where_nothing_can_be_read(terminal: Terminal) -> None:
    said = terminal.refused("portal", "probe", "http://127.0.0.1:1/tin", code=1)
    assert "http://127.0.0.1:1/" in said
    assert "no such" not in said


def test_check_shows_what_would_be_read_and_stores_nothing(terminal: Terminal) -> None:
    (listing,) = terminal.json("portal", "check", "mau")["portals"][0]["listings"]
    for one in listing["posts"]:
        assert all(witness["source"] and witness["said"] for witness in one["dated_by"])
    assert any(one["dated_by"] for one in listing["posts"])
    assert set(listing) == {"url", "kind", "feed", "posts", "rejected", "article"}
    assert len(listing["posts"]) == 4
    shown = terminal.run("portal", "check").stdout
    assert "first article" in shown and "published" in shown
    assert terminal.json("post", "list")["posts"] == []


def test_portals_are_listed_with_their_health(terminal: Terminal) -> None:
    assert "not yet polled" in terminal.run("portal", "list").stdout
    assert "new" in terminal.run("poll").stdout
    (listing,) = terminal.json("portal", "list", "mau")["portals"][0]["listings"]
    assert [(past["outcome"], past["tallies"]["new"]) for past in listing["history"]] == [
        ("new", 4)
    ]
    assert terminal.run("portal", "list", "mau").stdout.count("new") > terminal.run(
        "portal", "list"
    ).stdout.count("new")
    assert (listing["outcome"], listing["error"]) == ("new", None)
    assert listing["last_ok_at"].endswith("Z")


def test_a_flood_is_held_until_it_is_released(terminal: Terminal, portal: SamplePortal) -> None:
    terminal.run("poll")
    terminal.environ["LOA_POLLING__FLOOD_LIMIT"] = "1"
    for minute in range(3):
        portal.publish(live_post(datetime(2026, 11, 23, 3, minute, tzinfo=UTC)))
    (listing,) = terminal.json("poll")["portals"][0]["listings"]
    assert (listing["outcome"], listing["held"]) == ("held", 3)
    (listing,) = terminal.json("poll")["portals"][0]["listings"]
    assert (listing["outcome"], listing["held"]) == ("unchanged", 0)
    assert terminal.json("portal", "list")["portals"][0]["held"] == 3
    assert (
        "alerts of 3 changes back: loa portal release mau" in terminal.run("portal", "list").stderr
    )
    assert "loa portal release mau" in terminal.run("delivery", "list", "--state", "held").stderr
    (found,) = [
        one
        for one in terminal.json("check", "--offline")["checks"]
        if "a flood holds" in one["detail"]
    ]
    assert (found["verdict"], found["remedy"]) == ("warning", "loa portal release mau")
    assert "3 held changes go out" in terminal.run("portal", "release", "mau").stdout
    assert "nothing was held" in terminal.run("portal", "release", "mau").stdout
    assert terminal.json("portal", "release", "mau") == {"portals": [{"id": "mau", "released": 0}]}


def test_a_flood_that_is_held_is_seen_over_http_until_it_is_released(
    terminal: Terminal, portal: SamplePortal
) -> None:
    terminal.run("poll")
    token = terminal.json("token", "create", "--name", "huyện")["token"]
    terminal.environ["LOA_POLLING__FLOOD_LIMIT"] = "1"
    for minute in range(3):
        portal.publish(live_post(datetime(2026, 11, 23, 3, minute, tzinfo=UTC)))
    terminal.run("poll")
    terminal.run("poll")
    assert _held_over_http(terminal, token) == (
        3,
        ["polling: a flood holds 3 changes back: loa portal release"],
        3,
        1,
    )
    terminal.run("portal", "release", "mau")
    assert _held_over_http(terminal, token) == (0, [], 0, 0)


def _held_over_http(terminal: Terminal, token: str) -> tuple[int, list[str], int, int]:
    """What the API, readiness and two metrics say."""
    loa = open_loa(terminal.config, {})
    client = create_app(loa).test_client()
    of_api = client.get("/api/v1/portals", headers={"Authorization": f"Bearer {token}"}).json[
        "items"
    ][0]["held"]
    ready = client.get("/readyz")
    figures = dict(
        line.rsplit(" ", 1) for line in client.get("/metrics").text.splitlines() if line[:1] != "#"
    )
    loa.close()
    assert ready.status_code == 200
    changes, alarms = figures['loa_held_changes{portal="mau"}'], figures['loa_alarms{kind="held"}']
    return of_api, ready.json["warnings"], int(float(changes)), int(float(alarms))


def test_a_portal_that_another_process_polls_is_said_to_be(
    terminal: Terminal, portal: SamplePortal
) -> None:
    terminal.run("poll")
    loa = open_loa(terminal.config, {})
    leases = Leases(loa.database, loa.clock)
    held = leases.take("mau", f"{portal.base_url}{DIRECTIVES}", is_forced=True)
    assert held is not None
    told = terminal.run("poll", "--json")
    leases.drop(held)
    loa.close()
    assert "mau is being polled by another process" in told.stderr
    assert '"portals": []' in told.stdout


def test_a_post_is_found_shown_and_recategorised_for_good(terminal: Terminal) -> None:
    terminal.run("poll")
    (found,) = terminal.json("post", "list", "--search", "tang cuong trach nhiem")["posts"]
    assert found["title"].startswith(ARTICLE)
    shown = terminal.json("post", "show", found["id"])
    assert (shown["is_overruled"], shown["document"]["number"]) == (False, "06/CT-UBND")
    assert [revision["number"] for revision in shown["revisions"]] == [1]
    for wanted in ("Cổng mẫu (mau)", "06/CT-UBND", "first seen", ".pdf"):
        assert wanted in terminal.run("post", "show", found["id"]).stdout
    changed = terminal.json("post", "recategorise", found["id"], "meetings", "directives")
    assert changed["categories"] == ["meetings", "directives"]
    assert (
        "is in meetings now" in terminal.run("post", "recategorise", found["id"], "meetings").stdout
    )
    terminal.run("poll")
    assert terminal.json("post", "show", found["id"])["categories"] == ["meetings"]
    (row,) = map(json.loads, terminal.run("post", "corrections").stdout.splitlines())
    assert (row["title"], row["primary"], row["also"]) == (found["title"], "meetings", [])
    (score,) = terminal.json("bench", "classify", "--mine")
    assert (score["ours"]["strict"], score["ours"]["posts"]) == (0, 1)
    assert score["ours"]["wrong"][0]["said"] == "directives"
    shown_to_people = terminal.run("post", "show", found["id"]).stdout
    assert "overruled by a person" in shown_to_people and "''" not in shown_to_people
    assert "did you mean 'meetings'?" in terminal.refused(
        "post", "recategorise", found["id"], "meeting"
    )


def test_stored_posts_are_read_again_by_rules_that_changed(terminal: Terminal) -> None:
    hook = (
        "subscription",
        "add",
        "webhook",
        "http://127.0.0.1:8999/",
        "--category",
        "meetings",
        "--confirmed",
    )
    owner = terminal.json(*hook)["id"]
    terminal.run("poll")
    (found,) = terminal.json("post", "list", "--search", "tang cuong trach nhiem")["posts"]
    why = ("why", found["id"], owner)
    assert terminal.json("post", "recategorise", "--by-rules") == {"posts": []}
    assert terminal.json(*why)["was_owed"] is False
    rule = (
        '[[categories.rules]]\nname = "of this office"\nrank = 0\nwords = ["công tác tham mưu"]\n\n'
    )
    shown = (shipped() / "categories.toml").read_text("utf-8")
    changed = shown.replace('[[categories]]\nid = "events"', rule + '[[categories]]\nid = "events"')
    (terminal.folder / "categories.toml").write_text(changed, "utf-8")
    assert ARTICLE in terminal.run("post", "recategorise", "--by-rules").stdout
    assert terminal.json("post", "show", found["id"])["categories"][0] == "meetings"
    assert terminal.json(*why)["was_owed"] is True
    terminal.run("post", "recategorise", found["id"], "events")
    assert (
        "no post is read differently" in terminal.run("post", "recategorise", "--by-rules").stdout
    )
    (lifted,) = terminal.json("post", "recategorise", "--by-rules", found["id"])["posts"]
    assert (lifted["id"], lifted["categories"][0]) == (found["id"], "meetings")
    assert terminal.json("post", "show", found["id"])["is_overruled"] is False
    with closing(sqlite3.connect(terminal.database)) as conn:
        rows = conn.execute(
            "SELECT act, subject_id, door FROM audit WHERE kind = 'post'"
        ).fetchall()
    assert [row for row in rows if row[1] == found["id"]] == [
        (act, found["id"], "command")
        for act in ("act.post_by_rules", "act.post_categories", "act.post_by_rules")
    ]
    assert "no-such-post" in terminal.refused("post", "recategorise", "--by-rules", "no-such-post")
    assert "--by-rules" in terminal.refused("post", "recategorise", found["id"])


def test_posts_are_listed_page_by_page(terminal: Terminal) -> None:
    terminal.run("poll")
    first = terminal.json("post", "list", "--limit", "3")
    second = terminal.json("post", "list", "--limit", "3", "--before", first["before"])
    ids = [post["id"] for page in (first, second) for post in page["posts"]]
    assert (len(ids), len(set(ids)), second["before"]) == (4, 4, None)
    assert "--before" in terminal.run("post", "list", "--limit", "3").stderr
    assert ARTICLE in terminal.run("post", "list").stdout


def test_U4_urgency_is_decided_by_a_command_and_read_again_by_the_rules(
    terminal: Terminal,
) -> None:
    terminal.run("poll")
    post_id = terminal.json("post", "list", "--search", "tang cuong trach nhiem")["posts"][0]["id"]
    assert "urgency" in terminal.run("post", "show", post_id).stdout
    assert terminal.json("post", "urgency", post_id, "hoa-toc")["urgency"] == "hoa-toc"
    assert "hoa-toc (operator)" in terminal.run("post", "show", post_id).stdout
    said = terminal.run("post", "urgency", post_id, "thuong-khan").stdout
    assert "is thuong-khan now" in said
    terminal.run("poll")
    assert terminal.json("post", "show", post_id)["urgency"] == "thuong-khan"
    assert "thuong-khan" in terminal.refused("post", "urgency", post_id, "x")
    (read,) = terminal.json("post", "recategorise", "--by-rules", post_id)["posts"]
    assert (read["urgency"], read["urgency_why"]) == ("normal", None)
