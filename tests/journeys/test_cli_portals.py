"""What is asked of portals and posts by command, against the sample portal of the demo."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.demo.portal import SamplePortal
from service.demo.sample import DIRECTIVES, NEWS, live_post
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
        "[polling]\nmin_delay_per_host_s = 0.0\nalert_on_first_poll = true\nmax_alert_age_days = 9000\n"
        "[webhooks]\nallow_private_networks = true\n"
    )
    (tmp_path / "portals" / "mau.toml").write_text(
        f'id = "mau"\nname = "Cổng mẫu"\nbase_url = "{portal.base_url}"\nkind = "td-portal"\n'
        f'[[listings]]\nurl = "{DIRECTIVES}"\ncategory = "directives"\n',
        encoding="utf-8",
    )
    return made


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
    assert tomllib.loads(file.read_text("utf-8"))["listings"]
    assert "exists" in terminal.refused("portal", "probe", address, "--write", str(file))
    checked = terminal.json("portal", "check")
    assert len(checked["portals"][0]["listings"][0]["posts"]) == 30
    said = terminal.run("portal", "probe", address, "--write", str(tmp_path / "again.toml"))
    assert "posts" in said.stdout and "30" in said.stdout
    assert "loa portal check" in said.stderr


def test_a_probe_says_where_nothing_can_be_read(terminal: Terminal) -> None:
    said = terminal.refused("portal", "probe", "http://127.0.0.1:1/tin", code=1)
    assert "http://127.0.0.1:1/" in said
    assert "no such" not in said


def test_check_shows_what_would_be_read_and_stores_nothing(terminal: Terminal) -> None:
    (listing,) = terminal.json("portal", "check", "mau")["portals"][0]["listings"]
    assert set(listing) == {"url", "kind", "feed", "posts", "rejected", "article"}
    assert len(listing["posts"]) == 4
    shown = terminal.run("portal", "check").stdout
    assert "first article" in shown and "published" in shown
    assert terminal.json("post", "list")["posts"] == []


def test_portals_are_listed_with_their_health(terminal: Terminal) -> None:
    assert "not yet polled" in terminal.run("portal", "list").stdout
    assert "new" in terminal.run("poll").stdout
    (listing,) = terminal.json("portal", "list", "mau")["portals"][0]["listings"]
    assert (listing["outcome"], listing["error"]) == ("new", None)
    assert listing["last_ok_at"].endswith("Z")


def test_a_flood_is_held_until_it_is_released(terminal: Terminal, portal: SamplePortal) -> None:
    terminal.run("poll")
    terminal.environ["LOA_POLLING__FLOOD_LIMIT"] = "1"
    for minute in range(3):
        portal.publish(live_post(datetime(2026, 11, 23, 3, minute, tzinfo=UTC)))
    (listing,) = terminal.json("poll")["portals"][0]["listings"]
    assert (listing["outcome"], listing["held"]) == ("held", 3)
    assert "3 held changes go out" in terminal.run("portal", "release", "mau").stdout
    assert "nothing was held" in terminal.run("portal", "release", "mau").stdout
    assert terminal.json("portal", "release", "mau") == {"portals": [{"id": "mau", "released": 0}]}


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
    assert "is in meetings now" in terminal.run("post", "recategorise", found["id"], "meetings").stdout
    terminal.run("poll")
    assert terminal.json("post", "show", found["id"])["categories"] == ["meetings"]
    assert "overruled by a person" in terminal.run("post", "show", found["id"]).stdout
    assert "did you mean 'meetings'?" in terminal.refused("post", "recategorise", found["id"], "meeting")


def test_posts_are_listed_page_by_page(terminal: Terminal) -> None:
    terminal.run("poll")
    first = terminal.json("post", "list", "--limit", "3")
    second = terminal.json("post", "list", "--limit", "3", "--before", first["before"])
    ids = [post["id"] for page in (first, second) for post in page["posts"]]
    assert (len(ids), len(set(ids)), second["before"]) == (4, 4, None)
    assert "--before" in terminal.run("post", "list", "--limit", "3").stderr
    assert ARTICLE in terminal.run("post", "list").stdout
